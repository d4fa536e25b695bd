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
import { compare, createPeople, importDocument, pick } from './buckets.js';
import { unleash } from './sdks.js';

const strategy = (name, parameters, rest) => ({ name, parameters, constraints: [], segments: [], variants: [], ...rest });
const rollout = (percent, stickiness, groupId, rest) => strategy('flexibleRollout', { rollout: String(percent), stickiness, groupId }, rest);
const variants = (stickiness, weights, rest = {}) => Object.entries(weights).map(([name, weight]) => ({
	name, weight, weightType: 'fix', stickiness, payload: { type: 'string', value: `value of ${name}` }, ...rest[name],
}));
const feature = (name, strategies, rest) => ({ name, type: 'release', project: 'default', enabled: true, stale: false, impressionData: false, strategies, variants: [], dependencies: [], ...rest });
const document = {
	version: 2,
	features: [
		feature('rollout', [rollout(37, 'default', 'rollout')]),
		feature('größe 字 🎁', [rollout(1, 'userId', 'größe'), rollout(50, 'userId', '字🎁')]),
		feature('session', [rollout(60, 'sessionId', 'session', { constraints: [{ contextName: 'plan', operator: 'IN', values: ['pro'], inverted: false }] })]),
		feature('company', [rollout(45, 'company', 'company')]),
		feature('old', [strategy('gradualRolloutUserId', { percentage: '20', groupId: 'old' }), strategy('gradualRolloutSessionId', { percentage: '30', groupId: 'old' })]),
		feature('colour', [strategy('default', {})], { variants: variants('default', { red: 333, grün: 333, 青: 334 }) }),
		feature('by_company', [rollout(80, 'userId', 'by_company')], {
			variants: variants('company', { a: 100, b: 250, c: 650 }, { c: { overrides: [{ contextName: 'userId', values: ['null', 'é'] }, { contextName: 'plan', values: ['trial'] }] } }),
		}),
		feature('in_strategy', [
			rollout(40, 'default', 'in_strategy', { segments: [2], variants: variants('default', { 'strategy a': 500, 'strategy b': 500 }) }),
			rollout(70, 'company', 'second', { variants: variants('company', { 'company a': 1, 'company b': 998, 'company c': 1 }) }),
			rollout(90, 'sessionId', 'third'),
		], { variants: variants('userId', { rest: 1000 }) }),
		feature('child', [rollout(66, 'default', 'child')], { dependencies: [{ feature: 'colour', enabled: true, variants: ['red', '青'] }, { feature: 'company', enabled: false }] }),
	],
	segments: [{ id: 2, name: 'Firmen', constraints: [{ contextName: 'company', operator: 'STR_STARTS_WITH', values: ['Æ', 'C'], caseInsensitive: true, inverted: false }] }],
};
const flags = document.features.map(({ name }) => name);
const client = new pg.Client();
let sdk, contexts;

function context(id, random) {
	return {
		userId: id || 'nobody',
		sessionId: pick(random, [`s${Math.floor(random() * 1e9)}`, `会話${Math.floor(random() * 1e6)}`]),
		properties: { company: pick(random, ['Ærø', '株式会社', `c${Math.floor(random() * 5000)}`, '🏳️‍🌈', '12']), plan: pick(random, ['pro', 'free', 'trial']) },
	};
}

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
	const bytes = (text) => Buffer.from(text).toString('latin1');
	utf8.features[0].strategies[0].parameters.groupId = bytes('größe');
	const other = await unleash(utf8);
	await compare(t, client, contexts, { utf8: "wishflags.flag_variant('utf8', context)" },
		({ userId }) => ({ utf8: other.getVariant('utf8', { userId: bytes(userId) }).name }));
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
