// GrowthBook's JavaScript SDK and SQL put a hundred thousand users into the
// same variations.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument } from './buckets.js';
import { context, document } from './documents_growthbook.js';
import { growthbook } from './sdks.js';

const client = new pg.Client();
const sdk = growthbook(document);
let contexts;

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await importDocument(client, 'growthbook', document);
	contexts = await createPeople(client, context);
});
after(() => client.end());

test('every flag has the same value for everybody', async (t) => {
	const flags = Object.keys(document.features);
	const expressions = Object.fromEntries(flags.map((flag) => [flag, `wishflags.flag_value('${flag}', context, 'null'::jsonb)`]));
	await compare(t, client, contexts, expressions, (attributes) =>
		Object.fromEntries(flags.map((flag) => [flag, sdk.evalFeature(flag, { attributes }).value])));
});

test('a text key is the id, and flag_eval() is isOn()', async (t) => {
	await compare(t, client, contexts, {
		rollout: "wishflags.flag_eval('rollout', id)",
		experiment: "wishflags.flag_eval('experiment', id)",
		experiment_v1: "wishflags.flag_value('experiment_v1', id, 'null'::jsonb)",
	}, ({ id }) => ({
		rollout: sdk.isOn('rollout', { attributes: { id } }),
		experiment: sdk.isOn('experiment', { attributes: { id } }),
		experiment_v1: sdk.evalFeature('experiment_v1', { attributes: { id } }).value,
	}));
});

test('the whole results are the same', async () => {
	const { rows } = await client.query(`SELECT n, flag, (wishflags.flag_explain(flag, context)).vendor
		FROM people, unnest($1::text[]) flag WHERE n % 50 = 1`, [Object.keys(document.features)]);
	for (const { n, flag, vendor } of rows) {
		const result = sdk.evalFeature(flag, { attributes: contexts[n - 1] });
		assert.deepEqual(vendor, JSON.parse(JSON.stringify(result)), `${flag} ${JSON.stringify(contexts[n - 1])}`);
	}
});
