// flagd's evaluator for JavaScript and SQL put a hundred thousand users into
// the same variants.  @openfeature/flagd-core 4.0 has the second fractional
// algorithm ("v2", the default), and hashes with imurmurhash, which for other
// text than ASCII is no murmur3 of any bytes, and which SQL has as hash_encoding
// "utf16-units".  flagd itself hashes UTF-8, and so does SQL by default; so is
// flagd-core made to, by text whose code units are the bytes of UTF-8.  A unit that is null is the targeting key in flagd and in SQL, an
// error in flagd-core: no context here lacks a unit.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument } from './buckets.js';
import { context, document } from './documents_flagd.js';
import { flagd, inUtf8 } from './sdks.js';

const flags = Object.keys(document.flags);
const client = new pg.Client();
const resolve = flagd(document);
let contexts;

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
		half: "wishflags.flag_variant('half', id)",
		'half value': "to_jsonb(wishflags.flag_eval('half', id))",
		colours: "wishflags.flag_variant('colours', id)",
	}, (context, n) => answer({ targetingKey: inUtf8(rows[n].id) }, ['half', 'colours']));
});

test('the whole results are the same', async () => {
	const { rows } = await client.query(`SELECT n, flag, (wishflags.flag_explain(flag, context, '"code"')).vendor
		FROM people, unnest($1::text[]) flag WHERE n % 50 = 1`, [flags]);
	for (const { n, flag, vendor } of rows) {
		const { value, variant, reason, errorCode = '', flagMetadata: metadata } = resolve(flag, inUtf8(contexts[n - 1]));
		const { metadataEmpty, ...ours } = vendor;
		assert.deepEqual(ours, { value, variant, reason, errorCode, metadata }, `${flag} ${JSON.stringify(contexts[n - 1])}`);
	}
});

test('by hash_encoding "utf16-units" they are the same as flagd-core has them, beyond ASCII too', async (t) => {
	const beyond = contexts.filter(({ targetingKey }) => /[^\x00-\x7f]/.test(targetingKey));
	const moved = beyond.filter(({ targetingKey }) =>
		resolve('colours', { targetingKey }).variant !== resolve('colours', { targetingKey: inUtf8(targetingKey) }).variant);
	t.diagnostic(`colours: ${moved.length} of ${beyond.length} ids beyond ASCII have another variant than by UTF-8`);
	assert.ok(moved.length > 0);
	await importDocument(client, 'flagd', document, { hash_encoding: 'utf16-units' });
	await compare(t, client, contexts, expressions(), (context) => answer(context));
});
