// What flag_export() gives is what was imported, and after changes in SQL each
// vendor's own SDK, loaded with the export, says what SQL says.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument } from './buckets.js';
import * as fromFlagd from './documents_flagd.js';
import * as fromFlagsmith from './documents_flagsmith.js';
import * as fromGrowthbook from './documents_growthbook.js';
import * as fromLaunchdarkly from './documents_launchdarkly.js';
import * as fromUnleash from './documents_unleash.js';
import { flagd, flagsmith, growthbook, inUtf8, launchdarkly, unleash } from './sdks.js';

const PEOPLE = 3000;
const client = new pg.Client();

async function query(text, ...parameters) {
	const { rows } = await client.query({ text, values: parameters, rowMode: 'array' });
	return rows[0][0];
}

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
});
afterEach(() => client.query('DROP TABLE people; DELETE FROM wishflags.flags; DELETE FROM wishflags.flag_documents'));
after(() => client.end());

// Imports, compares the export, changes flags, and returns the next export.
// change: flags by name, with what is done to their definitions.
async function exportAfter(format, { document, context }, options, disabled, change) {
	await importDocument(client, format, document, options);
	assert.deepEqual(await query('SELECT wishflags.flag_export($1)', format), JSON.parse(JSON.stringify(document)));

	const people = await createPeople(client, context, PEOPLE);
	await client.query('SELECT wishflags.flag_disable($1)', [disabled]);
	for (const [flag, alter] of Object.entries(change)) {
		const definition = await query('SELECT definition FROM wishflags.flags WHERE key = $1', flag);
		alter(definition);
		await client.query('SELECT wishflags.flag_define($1, $2)', [flag, JSON.stringify(definition)]);
	}
	const exported = await query('SELECT wishflags.flag_export($1)', format);
	assert.notDeepEqual(exported, document);
	return { people, exported };
}

// Holds, for all people, what SQL says of each flag against ask(context)(flag).
function agree(t, people, flags, sql, ask, constant) {
	const expressions = Object.fromEntries(flags.map((flag) => [flag, sql.replaceAll('FLAG', `'${flag}'`)]));
	return compare(t, client, people, expressions, async (context) => {
		const answer = await ask(context);
		return Object.fromEntries(flags.map((flag) => [flag, answer(flag)]));
	}, constant);
}

test('Unleash', async (t) => {
	const { people, exported } = await exportAfter('unleash', fromUnleash, { hash_encoding: 'utf16-low' }, 'company', {
		rollout: ({ strategies }) => { strategies[0].parameters.rollout = '90'; },
		colour: ({ variants }) => { variants[0].weight = 1; },
	});
	const sdk = await unleash(exported);
	const flags = exported.features.map(({ name }) => name);
	const sql = 'jsonb_build_array(wishflags.flag_eval(FLAG, context), wishflags.flag_variant(FLAG, context))';
	await agree(t, people, flags, sql, (context) => (flag) =>
		[sdk.isEnabled(flag, context), sdk.getVariant(flag, context).name], ['company']);
	assert.equal(sdk.isEnabled('company', people[0]), false);
	sdk.destroy();
});

test('flagd', async (t) => {
	const { people, exported } = await exportAfter('flagd', fromFlagd, {}, 'half', {
		colours: (flag) => { flag.targeting.fractional[0][1] = 1000; },
		rules: (flag) => { flag.targeting.if[0] = { starts_with: [{ var: 'plan' }, 'pr'] }; },
	});
	const resolve = flagd(exported);
	await agree(t, people, Object.keys(exported.flags), 'wishflags.flag_variant(FLAG, context)', (context) => (flag) =>
		resolve(flag, inUtf8(context)).variant ?? null, ['half']);
	assert.equal(resolve('half', people[0]).reason, 'DISABLED');
});

// A feature that is off is left out, as GrowthBook itself leaves it out.
test('GrowthBook', async (t) => {
	const { people, exported } = await exportAfter('growthbook', fromGrowthbook, {}, 'namespaced', {
		rollout: ({ rules }) => { rules[0].coverage = 0.8; },
		experiment: ({ rules }) => { rules[0].weights = [0.8, 0.1, 0.1]; },
	});
	const sdk = growthbook(exported);
	const flags = Object.keys(fromGrowthbook.document.features);
	await agree(t, people, flags, "wishflags.flag_value(FLAG, context, 'null'::jsonb)", (attributes) => (flag) =>
		sdk.evalFeature(flag, { attributes }).value, ['namespaced']);
	assert.equal(sdk.evalFeature('namespaced', { attributes: people[0] }).source, 'unknownFeature');
});

test('LaunchDarkly', async (t) => {
	const { people, exported } = await exportAfter('launchdarkly', fromLaunchdarkly, {}, 'three', {
		rollout: ({ fallthrough }) => { fallthrough.rollout.variations.reverse(); },
		segments: ({ rules }) => { rules.shift(); },
	});
	const sdk = await launchdarkly(exported);
	const sql = `wishflags.flag_value(FLAG, context, '"code"'::jsonb)`;
	await agree(t, people, Object.keys(exported.flags), sql, async (context) => {
		const state = await sdk.allFlagsState(context);
		return (flag) => (state.valid ? state.getFlagValue(flag) : 'code');
	}, ['three', 'dependent']);
	assert.deepEqual((await sdk.variationDetail('three', { kind: 'user', key: 'u1' }, 'code')).reason, { kind: 'OFF' });
	sdk.close();
});

test('Flagsmith', async (t) => {
	const { people, exported } = await exportAfter('flagsmith', fromFlagsmith, {}, 'by_trait', {
		colour: ({ variants }) => { variants[0].weight = 50; },
		text: ({ variants }) => { variants[0].weight = 60; variants.pop(); },
		price: (feature) => { feature.key = 'another'; feature.variants.push({ value: 14, weight: 5, priority: 3 }); },
		segmented: (feature) => { feature.variants = [{ value: 'v1', weight: 20 }, { value: 'v2', weight: 30 }, { value: 'v0', weight: 10, priority: 1 }]; },
	});
	const changed = ['colour', 'price', 'text', 'segmented', 'by_trait'];
	const others = ({ feature_states, project, ...rest }) => [rest, feature_states.filter(({ feature }) => !changed.includes(feature.name))];
	assert.deepEqual(others(exported), others(JSON.parse(JSON.stringify(fromFlagsmith.document))));

	const sdk = await flagsmith(exported);
	const sql = `jsonb_build_array(wishflags.flag_value(FLAG, context, '"none"'::jsonb), wishflags.flag_eval(FLAG, context))`;
	await agree(t, people, exported.feature_states.map(({ feature }) => feature.name), sql, async ({ identity }) => {
		const flags = await sdk.getIdentityFlags(identity.identifier, identity.traits);
		return (flag) => [flags.getFeatureValue(flag), flags.isFeatureEnabled(flag)];
	});
	assert.equal((await sdk.getIdentityFlags('a', {})).isFeatureEnabled('by_trait'), false);
});
