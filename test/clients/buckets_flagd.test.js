// flagd's evaluator for JavaScript and SQL put a hundred thousand users into
// the same variants.  @openfeature/flagd-core 4.0 has the second fractional
// algorithm ("v2", the default), and hashes with imurmurhash, which for other
// text than ASCII is no murmur3 of any bytes.  flagd itself hashes UTF-8, and
// so does SQL; so is flagd-core made to, by text whose code units are the bytes
// of UTF-8.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument, pick } from './buckets.js';
import { flagd } from './sdks.js';

const fractional = (...list) => ({ fractional: list });
const flag = (variants, defaultVariant, targeting) => ({ state: 'ENABLED', variants, defaultVariant, targeting });
const document = {
	$schema: 'https://flagd.dev/schema/v0/flags.json',
	flags: {
		half: flag({ on: true, off: false }, 'off', fractional(['on', 50], ['off', 50])),
		colours: flag({ red: '#f00', green: '#0f0', blue: '#00f', grey: '#888' }, 'grey', fractional(['red', 25], ['green', 33], ['blue', 41], ['grey'])),
		by_company: flag({ a: { price: 1 }, b: { price: 1.5 }, c: { price: null } }, 'c', fractional({ var: 'company' }, ['a', 1], ['b', 2], ['c', 3])),
		shared: flag({ x: 1, y: 2, z: 3 }, 'z', fractional({ cat: ['seed', { var: 'targetingKey' }] }, ['x', 7], ['y', 0], ['z', 5])),
		fine: flag({ rare: 'rare', usual: 'usual' }, 'usual', fractional(['rare', 2_147_483], ['usual', 2_145_336_164])),
		rules: flag({ in: 'in', half: 'half', out: 'out' }, 'out', {
			if: [{ $ref: 'is company' }, fractional({ cat: [{ var: '$flagd.flagKey' }, { var: 'plan' }, { var: 'targetingKey' }] }, ['in', { '*': [{ var: 'level' }, 10] }], ['out', 50]),
				{ starts_with: [{ var: 'targetingKey' }, 'user'] }, fractional(['half', 1], [null, 1]), null],
		}),
		switch: flag({ true: 'yes', false: 'no' }, 'false', fractional([true, 30], [{ '==': [{ var: 'plan' }, 'pro'] }, 70])),
		versions: flag({ new: 2, old: 1 }, 'old', { if: [{ sem_ver: [{ var: 'version' }, '>=', '2.1.0'] }, fractional({ var: 'version' }, ['new', 2], ['old', 1]), 'old'] }),
	},
	$evaluators: { 'is company': { in: [{ var: 'company' }, ['c7', 'c12', 'c99', 'Aero']] } },
	metadata: { set: 'clients' },
};
const flags = Object.keys(document.flags);
const client = new pg.Client();
const sdk = flagd(document);
let contexts;

function context(id, random) {
	return {
		targetingKey: id,
		company: pick(random, ['Ærø', '株式会社', 'c7', 'c12', 'Aero', `c${Math.floor(random() * 5000)}`, '🎁🎂']),
		plan: pick(random, ['pro', 'free']),
		level: Math.floor(random() * 12),
		version: `${Math.floor(random() * 4)}.${Math.floor(random() * 4)}.${Math.floor(random() * 200)}`,
	};
}

const methods = { boolean: 'resolveBooleanEvaluation', string: 'resolveStringEvaluation', number: 'resolveNumberEvaluation', object: 'resolveObjectEvaluation' };

// What flagd-core makes of a flag, asked for the type that its variants have.
function resolve(name, context) {
	return sdk[methods[typeof Object.values(document.flags[name].variants)[0]]](name, 'code', context);
}

function answer(context, names = flags) {
	const answers = {};
	for (const name of names) {
		const { value, variant } = resolve(name, context);
		answers[name] = variant ?? null;
		answers[`${name} value`] = value;
	}
	return answers;
}

function expressions() {
	const list = {};
	for (const name of flags) {
		list[name] = `wishflags.flag_variant('${name}', context)`;
		if (['half', 'by_company', 'shared'].includes(name)) list[`${name} value`] = `wishflags.flag_value('${name}', context, '"code"'::jsonb)`;
	}
	return list;
}

const utf8 = (value) => (typeof value === 'string' ? Buffer.from(value).toString('latin1') : value);
const inUtf8 = (context) => Object.fromEntries(Object.entries(context).map(([name, value]) => [name, utf8(value)]));

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await importDocument(client, 'flagd', document);
	contexts = await createPeople(client, context);
});
after(() => client.end());

test('every flag has the same variant for everybody', async (t) => {
	await compare(t, client, contexts, expressions(), (context) => answer(inUtf8(context)));
});

test('a text key is the targeting key', async (t) => {
	const { rows } = await client.query('SELECT id FROM people ORDER BY n');
	await compare(t, client, contexts, {
		half: "wishflags.flag_variant('half', id)", 'half value': "to_jsonb(wishflags.flag_eval('half', id))", colours: "wishflags.flag_variant('colours', id)",
	}, (context, n) => answer({ targetingKey: utf8(rows[n].id) }, ['half', 'colours']));
});

test('as it is, flagd-core has the same variant for ASCII, and others for other text', (t) => {
	let ascii = 0;
	let others = 0;
	let differ = 0;
	for (const { targetingKey } of contexts) {
		const same = resolve('colours', { targetingKey }).variant === resolve('colours', { targetingKey: utf8(targetingKey) }).variant;
		if (/^[\x00-\x7f]*$/.test(targetingKey)) {
			ascii++;
			assert.ok(same);
		} else {
			others++;
			differ += !same;
		}
	}
	t.diagnostic(`colours: 0 of ${ascii} ASCII ids differ, ${differ} of ${others} others`);
});

test('the whole results are the same', async () => {
	const { rows } = await client.query(`SELECT n, flag, (wishflags.flag_explain(flag, context, '"code"')).vendor
		FROM people, unnest($1::text[]) flag WHERE n % 50 = 1`, [flags]);
	for (const { n, flag, vendor } of rows) {
		const { value, variant, reason, errorCode, flagMetadata } = resolve(flag, inUtf8(contexts[n - 1]));
		const { value: ours, variant: name, reason: why, errorCode: code, metadata } = vendor;
		assert.deepEqual([ours, name, why, code || undefined, metadata], [value, variant, reason, errorCode, flagMetadata], `${flag} ${JSON.stringify(contexts[n - 1])}`);
	}
});
