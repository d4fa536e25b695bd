// LaunchDarkly's Node SDK and SQL put a hundred thousand users into the same
// variations.  Node's SDK (and Python's) computes buckets in double precision:
// bucket_precision "double", the default.  Go's computes them in single.  Where a
// segment's rule has a weight and a kind that a context lacks, Node's SDK takes
// the rule and Go's does not: SQL does as Go's, and no segment here is so.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument } from './buckets.js';
import { context, document } from './documents_launchdarkly.js';
import { launchdarkly } from './sdks.js';

const flags = Object.keys(document.flags);
const client = new pg.Client();
let sdk, contexts;

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await importDocument(client, 'launchdarkly', document);
	contexts = await createPeople(client, context);
	sdk = await launchdarkly(document);
});
after(async () => {
	sdk.close();
	await client.end();
});

test('every flag has the same value for everybody', async (t) => {
	const expressions = Object.fromEntries(flags.map((flag) => [flag, `wishflags.flag_value('${flag}', context, '"code"'::jsonb)`]));
	await compare(t, client, contexts, expressions, async (context) => {
		const state = await sdk.allFlagsState(context);
		return Object.fromEntries(flags.map((flag) => [flag, state.valid ? state.getFlagValue(flag) : 'code']));
	});
});

test('a text key is the key of a user', async (t) => {
	const { rows } = await client.query('SELECT id FROM people ORDER BY n');
	await compare(t, client, contexts, {
		rollout: "wishflags.flag_eval('rollout', id)",
		three: `wishflags.flag_value('three', id, '"code"'::jsonb)`,
	}, async (context, n) => ({
		rollout: await sdk.variation('rollout', { kind: 'user', key: rows[n].id }, false),
		three: await sdk.variation('three', { kind: 'user', key: rows[n].id }, 'code'),
	}));
});

test('the whole results are the same', async () => {
	const { rows } = await client.query(`SELECT n, flag, (wishflags.flag_explain(flag, context, '"code"')).vendor
		FROM people, unnest($1::text[]) flag WHERE n % 50 = 1`, [flags]);
	for (const { n, flag, vendor } of rows) {
		const { value, variationIndex, reason } = await sdk.variationDetail(flag, contexts[n - 1], 'code');
		assert.deepEqual(vendor, { value, variationIndex, reason }, `${flag} ${JSON.stringify(contexts[n - 1])}`);
	}
});

test('buckets of single precision, as the Go SDK computes them', async (t) => {
	const single = { flags: { single: { ...document.flags.three, key: 'single' } } };
	await importDocument(client, 'launchdarkly', single, { name: 'single', bucket_precision: 'single' });
	const { rows } = await client.query('SELECT id FROM people ORDER BY n');
	const { fround } = Math;
	const { salt, variations, fallthrough: { rollout } } = single.flags.single;
	await compare(t, client, contexts, { single: `wishflags.flag_value('single', id, '"code"'::jsonb)` }, (context, n) => {
		if (rows[n].id === '') return { single: 'code' };
		const bits = parseInt(createHash('sha1').update(`single.${salt}.${rows[n].id}`).digest('hex').slice(0, 15), 16);
		const bucket = fround(fround(bits) / fround(0xfffffffffffffff));
		let sum = 0;
		const arm = rollout.variations.find(({ weight }) => bucket < (sum = fround(sum + fround(weight / 100_000))));
		return { single: variations[(arm ?? rollout.variations.at(-1)).variation] };
	});
});
