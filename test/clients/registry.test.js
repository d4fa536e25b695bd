// Schemas for a registry, held against the libraries that read such schemas:
// avsc, ajv and protobufjs; and the verdicts on their changes against avsc's
// own resolution of a writer's schema by a reader's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import avsc from 'avsc';
import pg from 'pg';
import protobuf from 'protobufjs';
import { anyPair } from './registry_schemas.js';

const DECIMAL_PROTO = `syntax = "proto3"; package confluent.type;
	message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`;
// Every value comes as its text, so that the mapping is done here.
const client = new pg.Client({ types: { getTypeParser: () => (text) => text } });
const one = async (sql, parameters) => Object.values((await client.query(sql, parameters)).rows[0])[0];
const schemaOf = (name, format, options = {}) =>
	one('SELECT wishflags.registry_schema($1::text, $2, $3)', [name, format, JSON.stringify(options)]);

before(async () => {
	await client.connect();
	await client.query(`
		SET client_min_messages = warning;
		SET TimeZone = 'UTC';
		CREATE EXTENSION wishflags;
		CREATE SCHEMA shop;
		CREATE TYPE shop.mood AS ENUM ('sad', 'it''s, ok');
		CREATE TYPE shop.address AS (street text, zip varchar(10), place point);
		CREATE DOMAIN shop.email AS text NOT NULL CHECK (VALUE ~ '@');
		CREATE TABLE shop.numbers (id bigserial PRIMARY KEY, i2 smallint, i4 int NOT NULL DEFAULT 7, i8 bigint DEFAULT 4503599627370497,
			f4 real, f8 float8 DEFAULT 0.25, n numeric, n2 numeric(10,2) NOT NULL DEFAULT -12.5, zero numeric(9,3) DEFAULT 0,
			big numeric(40,3) DEFAULT 123456789012345678901234567890.125, b boolean DEFAULT true, o oid);
		CREATE TABLE shop.times (id int PRIMARY KEY, d date DEFAULT '1969-12-31', t time DEFAULT '00:00:01', t3 time(3), ts timestamp DEFAULT now() NOT NULL,
			ts3 timestamp(3) DEFAULT '1969-12-31 23:59:59.999', tz timestamptz DEFAULT '2020-01-01 12:00+02', ttz timetz, i interval DEFAULT '1 mon 1 day');
		CREATE TABLE shop.texts (id int PRIMARY KEY, t text, v varchar(5) NOT NULL DEFAULT 'it''s', c char(3), u uuid DEFAULT gen_random_uuid(),
			j json, jb jsonb NOT NULL DEFAULT '{"a": [1]}', x xml, e shop.email, m shop.mood DEFAULT 'it''s, ok', ip inet, r int4range);
		CREATE TABLE shop.rest (id int PRIMARY KEY, y bytea, b1 bit(1) DEFAULT B'1', b5 bit(5) DEFAULT B'10001', a int[], aa text[], am shop.mood[],
			ad shop.address, ads shop.address[], p point, "Odd-Näme" int, "9" int, "a_b" int, "aB" int, "select" text);
		INSERT INTO shop.numbers (i2, i8, n) VALUES (-1, NULL, 1.5), (32767, DEFAULT, NULL);
		INSERT INTO shop.times (id, t3) VALUES (1, '23:59:59.999');
		INSERT INTO shop.times VALUES (2, '2024-02-29', NULL, NULL, '2024-02-29 12:34:56.789012', NULL, NULL, NULL, NULL);
		INSERT INTO shop.texts (id, e, jb) VALUES (1, 'a@b', DEFAULT), (2, 'c@d', '"text"');
		INSERT INTO shop.rest (id, y, a, aa, am, ad, ads, p, "Odd-Näme") VALUES
			(1, '\\x00ff', '{1,NULL}', '{a,"b c"}', '{sad}', ROW('s', NULL, '(1,2)'), ARRAY[ROW('x', 'y', NULL)]::shop.address[], '(3,4)', 5),
			(2, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL)`);
});
after(() => client.end());

const TABLES = ['shop.numbers', 'shop.times', 'shop.texts', 'shop.rest'];

// Integers as big-endian two's complement, as a Decimal has them.
function unscaled(text, scale) {
	const [whole, fraction = ''] = text.split('.');
	let value = BigInt(whole + fraction.padEnd(scale, '0'));
	const bytes = [];
	do {
		bytes.unshift(Number(BigInt.asUintN(8, value)));
		value >>= 8n;
	} while (!((value === 0n && bytes[0] < 128) || (value === -1n && bytes[0] >= 128)));
	return Buffer.from(bytes);
}
const microseconds = (text) => {
	const [moment, fraction = ''] = text.split('.');
	return Date.parse(moment.replace(' ', 'T') + 'Z') * 1000 + Number(fraction.padEnd(6, '0'));
};
// What Debezium makes of a text of PostgreSQL, by Connect's name of the type.
const CONVERT = {
	'org.apache.kafka.connect.data.Decimal': (v, s) => unscaled(v, s.scale),
	'io.debezium.data.VariableScaleDecimal': (v) => {
		const scale = (v.split('.')[1] ?? '').length;
		return { scale, value: unscaled(v, scale) };
	},
	'io.debezium.data.Bits': (v) => Buffer.from([parseInt(v, 2)]),
	'io.debezium.data.geometry.Point': (v) => {
		const [x, y] = v.slice(1, -1).split(',').map(Number);
		return { x, y, wkb: null, srid: null };
	},
	'io.debezium.time.Date': (v) => Date.parse(v) / 86400000,
	'io.debezium.time.Time': (v) => microseconds(`1970-01-01 ${v}`) / 1000,
	'io.debezium.time.MicroTime': (v) => microseconds(`1970-01-01 ${v}`),
	'io.debezium.time.Timestamp': (v) => Math.floor(microseconds(v) / 1000),
	'io.debezium.time.MicroTimestamp': microseconds,
	'io.debezium.time.MicroDuration': (v) => (v === '1 mon 1 day' ? 2716200000000 : Number(v)),
	boolean: (v) => v === 't' || v === '1' || v === true,
	int: Number, long: Number, float: Number, double: Number,
	bytes: (v) => Buffer.from(v.slice(2), 'hex'),
	string: String,
};

// A value of the row's text (or of to_jsonb, inside arrays and types) for an Avro schema.
function avroValue(value, schema) {
	if (Array.isArray(schema)) return value === null ? null : avroValue(value, schema.find((s) => s !== 'null'));
	const name = schema['connect.name'];
	if (CONVERT[name]) return CONVERT[name](value, schema);
	if (schema.type === 'array') return JSON.parse(value).map((v) => avroValue(v, schema.items));
	if (schema.type === 'record')
		return Object.fromEntries(schema.fields.map((f) => [f.name, avroValue((typeof value === 'string' ? JSON.parse(value) : value)[f.name], f.type)]));
	if (name && typeof schema === 'object') return CONVERT[schema.type](value);
	return CONVERT[schema.type ?? schema](value);
}

test('avsc reads every Avro schema and carries rows through it', async () => {
	for (const table of TABLES) {
		const schema = JSON.parse(await schemaOf(table, 'avro'));
		const type = avsc.Type.forSchema(structuredClone(schema));
		// Names stand for records that were met before.
		const known = {};
		const expand = (s) => {
			if (Array.isArray(s)) return s.map(expand);
			if (typeof s === 'string') return known[s] ?? s;
			const e = { ...s };
			if (e.type === 'record') {
				e.fields = s.fields.map((f) => ({ ...f, type: expand(f.type) }));
				known[`${s.namespace}.${s.name}`] = e;
			}
			if (e.items) e.items = expand(e.items);
			return e;
		};
		const full = expand(schema);
		const { rows, fields } = await client.query(`SELECT whole_row.*, to_jsonb(whole_row) AS whole FROM ${table} whole_row ORDER BY 1`);
		assert.ok(rows.length >= 2);
		for (const row of rows) {
			const whole = JSON.parse(row.whole);
			const columns = fields.map((f) => f.name);
			const value = Object.fromEntries(full.fields.map((f, i) => {
				const column = columns[i];
				// Arrays and types with columns are easier in JSON.
				const structured = whole[column] !== null && typeof whole[column] === 'object' && !/Json/.test(JSON.stringify(f.type));
				return [f.name, avroValue(structured ? JSON.stringify(whole[column]) : row[column], f.type)];
			}));
			assert.ok(type.isValid(value, { errorHook: (path, v, t) => assert.fail(`${table} ${path.join('.')}: ${v} is no ${t}`) }));
			assert.deepEqual(JSON.parse(JSON.stringify(type.fromBuffer(type.toBuffer(value)))), JSON.parse(JSON.stringify(value)));
		}
	}
});

test('the defaults in a schema are what a row takes', async () => {
	const expected = {
		'shop.numbers': { i4: '7', i8: '4503599627370497', f8: '0.25', n2: '-12.50', zero: '0.000', big: '123456789012345678901234567890.125', b: 't' },
		'shop.times': { d: '1969-12-31', t: '00:00:01', ts3: '1969-12-31 23:59:59.999', i: '1 mon 1 day' },
		'shop.texts': { v: "it's", m: "it's, ok" },
		'shop.rest': { b1: '1', b5: '10001' },
	};
	for (const [table, defaults] of Object.entries(expected)) {
		const schema = JSON.parse(await schemaOf(table, 'avro'));
		const type = avsc.Type.forSchema(structuredClone(schema));
		for (const [column, text] of Object.entries(defaults)) {
			const field = schema.fields.find((f) => f.name === column);
			const value = type.field(column).defaultValue();
			// A default is of the first branch, which avsc's reader may wrap.
			assert.deepEqual(value, avroValue(text, Array.isArray(field.type) ? field.type[0] : field.type), `${table}.${column}`);
		}
	}
	const times = JSON.parse(await schemaOf('shop.times', 'avro'));
	assert.equal(times.fields.find((f) => f.name === 'tz').default, '2020-01-01T10:00:00Z');
	assert.equal(times.fields.find((f) => f.name === 'ts').default, 0);
	const texts = JSON.parse(await schemaOf('shop.texts', 'avro'));
	assert.equal(texts.fields.find((f) => f.name === 'u').default, '00000000-0000-0000-0000-000000000000');
	assert.deepEqual(JSON.parse(texts.fields.find((f) => f.name === 'jb').default), { a: [1] });
});

test('ajv compiles every JSON Schema, and rows of to_jsonb are valid', async () => {
	const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
	for (const table of TABLES) {
		for (const content_model of ['open', 'closed']) {
			ajv.compile(JSON.parse(await schemaOf(table, 'json', { content_model })));
			const validate = ajv.compile(JSON.parse(await schemaOf(table, 'json', { content_model, values: 'to_jsonb' })));
			const { rows } = await client.query(`SELECT to_jsonb(whole_row) AS r FROM ${table} whole_row`);
			for (const { r } of rows) {
				const row = JSON.parse(r);
				assert.ok(validate(row), `${table}: ${JSON.stringify(validate.errors)}`);
				assert.equal(validate({ ...row, unheard_of: 1 }), content_model === 'open');
				const { id, ...without } = row;
				assert.equal(validate(without), false);
				assert.equal(validate({ ...row, id: 'one' }), false);
			}
		}
	}
});

test('a message of Connect is valid under the JSON Schema of Connect', async () => {
	const ajv = new Ajv({ strict: false });
	const validate = ajv.compile(JSON.parse(await schemaOf('shop.times', 'json')));
	const row = { id: 1, d: 19000, t: 1, t3: null, ts: 5, ts3: 6, tz: '2020-01-01T00:00:00Z', ttz: null, i: 0 };
	assert.ok(validate(row));
	assert.equal(validate({ ...row, d: '2020-01-01' }), false);
});

test('protobufjs reads every .proto and carries a row', async () => {
	for (const table of TABLES) {
		const root = new protobuf.Root();
		protobuf.parse(DECIMAL_PROTO, root);
		protobuf.parse(await schemaOf(table, 'protobuf'), root, { keepCase: true });
		root.resolveAll();
		const type = root.lookupType(`${table}.Value`);
		const { rows } = await client.query(`SELECT attname, attnum FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`, [table]);
		assert.deepEqual(type.fieldsArray.map((f) => f.id).sort((a, b) => a - b), rows.map((r) => Number(r.attnum)));
		const message = type.create({ id: 5 });
		assert.equal(Number(type.decode(type.encode(message).finish()).id), 5);
	}
	const rest = (await schemaOf('shop.rest', 'protobuf'));
	assert.match(rest, /json_name = "Odd-Näme"/);
	assert.match(rest, /json_name = "a_b"[^]*json_name = "aB"/);
});

test('all options give schemas that can be read', async () => {
	const options = [
		...['double', 'string'].map((decimal_handling) => ({ decimal_handling })),
		...['adaptive_time_microseconds', 'connect'].map((time_precision) => ({ time_precision })),
		{ interval_handling: 'string' }, { binary_handling: 'base64' }, { name_adjustment: 'avro_unicode' },
		{ prefix: 'my-server.eu' }, { part: 'key' },
	];
	for (const table of TABLES)
		for (const option of options) {
			avsc.Type.forSchema(JSON.parse(await schemaOf(table, 'avro', option)));
			new Ajv({ strict: false }).compile(JSON.parse(await schemaOf(table, 'json', option)));
			protobuf.parse(await schemaOf(table, 'protobuf', option), { keepCase: true });
		}
});

test('messages in the frame of the wire are what avsc reads', async () => {
	const type = avsc.Type.forSchema(JSON.parse(await schemaOf('shop.rest', 'avro', { part: 'key' })));
	const payload = type.toBuffer({ id: 77 });
	const framed = Buffer.from((await one('SELECT wishflags.registry_wire(258, $1)', [payload])).slice(2), 'hex');
	assert.deepEqual([...framed.subarray(0, 5)], [0, 0, 0, 1, 2]);
	assert.equal(type.fromBuffer(framed.subarray(5)).id, 77);
});

test('verdicts on generated pairs are those of avsc', async () => {
	const pairs = [];
	for (let seed = 1; seed <= 600; seed++) {
		const [writer, reader] = anyPair(seed);
		let reads = true;
		try {
			avsc.Type.forSchema(structuredClone(reader)).createResolver(avsc.Type.forSchema(structuredClone(writer)));
		} catch {
			reads = false;
		}
		pairs.push({ seed, writer, reader, reads });
	}
	const { rows } = await client.query(`
		SELECT (p->>'seed')::int AS seed, coalesce(string_agg(c.kind || ' ' || c.path || ': ' || c.message, '; '), '') AS why
		FROM jsonb_array_elements($1::jsonb) p
		LEFT JOIN LATERAL wishflags.registry_compat(p->'writer', p->'reader') c ON true GROUP BY 1 ORDER BY 1`, [JSON.stringify(pairs)]);
	const differing = rows.filter((row, i) => (row.why === '') !== pairs[i].reads)
		.map((row) => ({ ...pairs[Number(row.seed) - 1], why: row.why }));
	assert.deepEqual(differing.map((d) => JSON.stringify(d)), []);
	// Neither all nor none, or nothing was proved.
	const readable = pairs.filter((p) => p.reads).length;
	assert.ok(readable > 100 && readable < 500, `${readable} of 600 are readable`);
	console.log(`# ${pairs.length} pairs, ${readable} readable`);
});
