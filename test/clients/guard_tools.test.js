// Migration tools on a guarded database: what is harmless passes, a refusal
// shows in the tool's own output and leaves nothing half done, and its HINT,
// followed to the letter in the tool's own way, succeeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import {
	dbMigrate, drizzleKit, drizzleKitBefore, drizzleKitJs, drizzleOrm, drizzleOrmJs, graphileMigrate, knex, kysely, nodePgMigrate,
	postgrator, prismaMigrate, sequelize, typeorm,
} from './guard_tools.js';

const begin = { sql: ["CREATE TYPE state AS ENUM ('new')", "CREATE TABLE orders (id int PRIMARY KEY, customer int, state state DEFAULT 'new')"] };
const harmless = { sql: ['ALTER TABLE orders ADD COLUMN note text'] };
const index = { sql: ['CREATE INDEX orders_customer ON orders (customer)'] };
const bypass = (tool) => {
	const sql = ["SET LOCAL wishflags.bypass = 'nobody writes at night'", 'CREATE INDEX orders_note ON orders (note)'];
	return { sql: tool.inTransaction ? tool.inTransaction(sql) : sql };
};
const label = { sql: ["ALTER TYPE state ADD VALUE 'paid'"] };
// Tools print strings of several lines in their own ways: quoted, joined, indented.
const plain = (output) => output.replace(/\\n|[`"'+]/g, ' ').replace(/\s+/g, ' ');

async function withDatabase(name, work) {
	const own = new pg.Client();
	await own.connect();
	await own.query(`CREATE DATABASE ${name}`);
	const client = new pg.Client({ database: name, application_name: 'the test' });
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	try {
		await work(async (sql) => (await client.query({ text: sql, rowMode: 'array' })).rows);
	} finally {
		await client.end();
		await own.query(`DROP DATABASE ${name} WITH (FORCE)`);
		await own.end();
	}
}

// What the guard says in the last refusal, which shows as well.
async function refusal(query) {
	const [row] = await query(`SELECT rule, application_name, evidence->>'tool', evidence->>'hint' FROM wishflags.guard_log
		WHERE outcome = 'refused' ORDER BY occurred_at DESC LIMIT 1`);
	const [rule, application, tool, hint] = row;
	return { rule, application, tool, hint };
}

async function start(tool, db, query) {
	for (const migrations of [[begin], [begin, harmless]]) {
		const { ok, output } = await tool.migrate(db, migrations);
		assert.ok(ok, output);
		if (migrations.length === 1)
			await query('INSERT INTO orders SELECT g, g % 7 FROM generate_series(1, 1000) g');
	}
	assert.deepEqual(await query(tool.ledger), [['2']]);
}

// The tool refuses the third migration, its output says why; nothing of it stays.
async function refused(tool, db, query, third, rule) {
	const { ok, output } = await tool.migrate(db, [begin, harmless, third]);
	assert.ok(!ok, output);
	const said = await refusal(query);
	assert.equal(said.rule, rule);
	assert.equal(said.application, tool.application ?? null);
	assert.equal(said.tool, tool.name);
	if (!tool.silent) {
		assert.match(output, new RegExp(`blocked by rule "${rule}"`));
		assert.ok(plain(output).includes(plain(said.hint)), `${said.hint}\n\nis not in\n\n${output}`);
	}
	assert.deepEqual(await query(tool.ledger), [['2']]);
	assert.deepEqual(await query("SELECT to_regclass('orders_customer'), (SELECT count(*)::int FROM pg_enum WHERE enumlabel = 'paid')"), [[null, 0]]);
	return said.hint;
}

async function finished(tool, db, query, migrations) {
	const { ok, output } = await tool.migrate(db, migrations);
	assert.ok(ok, output);
	assert.deepEqual(await query(tool.ledger), [[String(migrations.length)]]);
}

// Both ways past the guard are in its log: the enum's HINT, and the migration with a reason of its own.
async function bypassed(tool, query) {
	assert.deepEqual(await query(`SELECT rule, reason, evidence->>'tool' FROM wishflags.guard_log WHERE outcome = 'bypassed' ORDER BY occurred_at`),
		[['enum-add-value', 'the reason', tool.name], ['index-not-concurrent', 'nobody writes at night', tool.name]]);
}

const lines = (hint) => hint.replace(/^[^\n]*\n/, '');

// The statements of an enum's HINT: in the transaction of the tool, or with their own.
const steps = (hint) => lines(hint).split(/;\s*/).filter((step) => step.trim());

for (const tool of [knex, nodePgMigrate, typeorm, prismaMigrate, sequelize, kysely, dbMigrate, graphileMigrate, postgrator]) {
	test(`${tool.name}`, () => withDatabase('tool_one', async (query) => {
		await start(tool, 'tool_one', query);
		const hint = await refused(tool, 'tool_one', query, index, 'index-not-concurrent');
		if (tool.way)
			assert.match(hint, tool.way);
		const safe = { sql: [lines(hint)], outside: true };
		const enumHint = await refused(tool, 'tool_one', query, label, 'enum-add-value');
		await finished(tool, 'tool_one', query, [begin, harmless, safe]);
		await finished(tool, 'tool_one', query, [begin, harmless, safe, { sql: steps(enumHint) }, bypass(tool)]);
		assert.deepEqual(await query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_customer'::regclass`), [[true]]);
		await bypassed(tool, query);
	}));
}

for (const [name, tool] of [
	['drizzle-kit 0.31.11 with pg, which shows no error of the server', { ...drizzleKit, silent: true }],
	['drizzle-kit 0.31.11 with postgres.js, which shows warnings', drizzleKitJs],
	['drizzle-kit 0.31.9', drizzleKitBefore],
	["Drizzle's migrate() with pg", drizzleOrm],
	["Drizzle's migrate() with postgres.js", drizzleOrmJs],
]) {
	test(name, () => withDatabase('tool_one', async (query) => {
		await start(tool, 'tool_one', query);
		const hint = await refused(tool, 'tool_one', query, index, 'index-not-concurrent');
		assert.match(hint, /run this by psql, and let the migration say CREATE INDEX IF NOT EXISTS/);
		const enumHint = await refused(tool, 'tool_one', query, label, 'enum-add-value');
		await query(lines(hint));
		const safe = { sql: [index.sql[0].replace('INDEX', 'INDEX IF NOT EXISTS')] };
		await finished(tool, 'tool_one', query, [begin, harmless, safe]);
		await finished(tool, 'tool_one', query, [begin, harmless, safe, { sql: steps(enumHint) }, bypass(tool)]);
		await bypassed(tool, query);
	}));
}
