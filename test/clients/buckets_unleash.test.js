// Unleash's Node SDK and SQL put a hundred thousand users into the same
// variants.  Node's murmurhash3js hashes the low bytes of UTF-16 code units:
// hash_encoding "utf16-low".  The SDKs on Yggdrasil and most others hash UTF-8,
// the default; for ASCII it is the same.  The rest of what Node does by itself
// is left out here: an empty user id is none, variants of a strategy follow their
// own stickiness before the strategy's, those of a strategy without groupId are
// of the group "undefined", and who lacks the property they go by gets any.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument } from './buckets.js';
import { context, document, feature, rollout, variants } from './documents_unleash.js';
import { inUtf8, unleash } from './sdks.js';

const flags = document.features.map(({ name }) => name);
const client = new pg.Client();
let sdk, contexts;

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await importDocument(client, 'unleash', document, { hash_encoding: 'utf16-low' });
	contexts = await createPeople(client, context);
	sdk = await unleash(document);
});
after(async () => {
	sdk.destroy();
	await client.end();
});

test('every flag has the same state and variant for everybody', async (t) => {
	const expressions = {};
	for (const flag of flags) {
		if (flag !== 'colour') expressions[flag] = `wishflags.flag_eval('${flag}', context)`;
		if (['colour', 'by_company', 'in_strategy'].includes(flag)) expressions[`${flag} variant`] = `wishflags.flag_variant('${flag}', context)`;
	}
	await compare(t, client, contexts, expressions, (context) => {
		const answers = {};
		for (const flag of flags) {
			if (expressions[flag]) answers[flag] = sdk.isEnabled(flag, context);
			if (expressions[`${flag} variant`]) answers[`${flag} variant`] = sdk.getVariant(flag, context).name;
		}
		return answers;
	});
});

test('a text key is the user id', async (t) => {
	const { rows } = await client.query('SELECT id FROM people ORDER BY n');
	// Without a user Node takes a random number.
	await compare(t, client, contexts, {
		rollout: "wishflags.flag_eval('rollout', id) AND id <> ''",
		colour: "CASE WHEN id <> '' THEN wishflags.flag_variant('colour', id) END",
	}, (context, n) => {
		const { id } = rows[n];
		return { rollout: id !== '' && sdk.isEnabled('rollout', { userId: id }), colour: id === '' ? null : sdk.getVariant('colour', { userId: id }).name };
	});
});

test('without the option SQL hashes UTF-8: Node does where each code unit is a byte of it', async (t) => {
	const utf8 = {
		version: 2,
		features: [feature('utf8', [rollout(50, 'userId', 'größe')], { variants: variants('default', { a: 1, b: 2, c: 3 }) })],
	};
	await importDocument(client, 'unleash', utf8, { name: 'utf8' });
	utf8.features[0].strategies[0].parameters.groupId = inUtf8('größe');
	const other = await unleash(utf8);
	await compare(t, client, contexts, { utf8: "wishflags.flag_variant('utf8', context)" },
		({ userId }) => ({ utf8: other.getVariant('utf8', { userId: inUtf8(userId) }).name }));
	other.destroy();
});

test('the whole results are the same', async () => {
	const { rows } = await client.query(`SELECT n, flag, (wishflags.flag_explain(flag, context)).vendor
		FROM people, unnest($1::text[]) flag WHERE n % 50 = 1`, [flags]);
	for (const { n, flag, vendor } of rows) {
		const { featureEnabled, ...variant } = sdk.getVariant(flag, contexts[n - 1]);
		assert.deepEqual(vendor, { enabled: featureEnabled, variant: JSON.parse(JSON.stringify(variant)) }, `${flag} ${JSON.stringify(contexts[n - 1])}`);
	}
});
