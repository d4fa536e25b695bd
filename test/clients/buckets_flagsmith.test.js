// Flagsmith's Node SDK, evaluating locally, and SQL give a hundred thousand
// identities the same values.  Where Node's SDK (8.1) and Flagsmith's engine in
// Python differ, SQL does as the engine, and the document stays clear of it: a
// PERCENTAGE_SPLIT by the bare name of a trait is false in Node.  Identities' own
// overrides have variants, as in Node.
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument } from './buckets.js';
import { context, document } from './documents_flagsmith.js';
import { flagsmith } from './sdks.js';

const features = document.feature_states.map(({ feature }) => feature.name);
const client = new pg.Client();
let sdk, contexts;

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await importDocument(client, 'flagsmith', document);
	contexts = await createPeople(client, context);
	sdk = await flagsmith(document);
});
after(() => client.end());

test('every feature has the same value and state for everybody, and a text key is the identifier', async (t) => {
	const expressions = {};
	for (const name of features) {
		expressions[name] = `wishflags.flag_value('${name}', context, '"none"'::jsonb)`;
		if (['half', 'price'].includes(name)) expressions[`${name} enabled`] = `wishflags.flag_eval('${name}', context)`;
	}
	for (const name of ['half', 'text']) {
		expressions[`${name} by key`] = `wishflags.flag_value('${name}', coalesce(nullif(id, ''), 'nobody'), '"none"'::jsonb)`;
	}
	await compare(t, client, contexts, expressions, async ({ identity }) => {
		const flags = await sdk.getIdentityFlags(identity.identifier, identity.traits);
		const answers = {};
		for (const name of features) {
			answers[name] = answers[`${name} by key`] = flags.getFeatureValue(name);
			answers[`${name} enabled`] = flags.isFeatureEnabled(name);
		}
		return answers;
	});
});
