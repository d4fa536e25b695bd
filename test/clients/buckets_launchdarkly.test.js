// LaunchDarkly's Node SDK and SQL put a hundred thousand users into the same
// variations.  Node's SDK (and Python's) computes buckets in double precision:
// bucket_precision "double", the default.  Go's computes them in single.  Where a
// segment's rule has a weight and a kind that a context lacks, Node's SDK takes
// the rule and Go's does not: SQL does as Go's, and no segment here is so.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { compare, createPeople, importDocument, pick } from './buckets.js';
import { launchdarkly } from './sdks.js';

const weights = (...list) => list.map((weight, variation) => ({ variation, weight }));
const flag = (key, variations, rest) => ({
	key, version: 3, on: true, salt: `salt of ${key}`, variations, offVariation: 0, fallthrough: { variation: 0 },
	prerequisites: [], targets: [], contextTargets: [], rules: [], clientSide: false, trackEvents: false, ...rest,
});
const clause = (contextKind, attribute, op, values, negate = false) => ({ contextKind, attribute, op, values, negate });
const document = {
	flags: {
		rollout: flag('rollout', [false, true], { fallthrough: { rollout: { variations: weights(63_000, 37_000) } } }),
		three: flag('three', ['a', 'b', 'c'], { salt: 'Größe-字-🎁', fallthrough: { rollout: { variations: weights(33_333, 33_333, 33_334) } } }),
		fine: flag('fine', [0, 1, 2, 3], { fallthrough: { rollout: { variations: weights(1, 12_345, 20_007, 67_647), bucketBy: 'company' } } }),
		short: flag('short', ['a', 'b'], { fallthrough: { rollout: { variations: weights(10_000, 20_000), contextKind: 'user', bucketBy: '/address/zip' } } }),
		experiment: flag('experiment', [{ price: 1 }, { price: 1.5 }, { price: null }], {
			fallthrough: {
				rollout: {
					kind: 'experiment', seed: 61, contextKind: 'user',
					variations: [{ variation: 0, weight: 10_000 }, { variation: 1, weight: 20_000 }, { variation: 0, weight: 70_000, untracked: true }],
				},
			},
		}),
		organizations: flag('organizations', ['none', 'x', 'y'], {
			rules: [{ id: 'r', clauses: [clause('organization', 'plan', 'in', ['pro'])], rollout: { contextKind: 'organization', seed: -7, variations: weights(20_000, 40_000, 40_000) } }],
			fallthrough: { rollout: { contextKind: 'device', variations: weights(50_000, 0, 50_000) } },
		}),
		segments: flag('segments', ['out', 'testers', 'others'], {
			rules: [
				{ id: 's1', clauses: [clause(undefined, '', 'segmentMatch', ['testers'])], variation: 1 },
				{ id: 's2', clauses: [clause(undefined, '', 'segmentMatch', ['others'], true)], variation: 2 },
			],
		}),
		dependent: flag('dependent', ['off', 'on', 'targeted'], {
			prerequisites: [{ key: 'three', variation: 1 }], targets: [{ variation: 2, values: ['', ' ', 'null', 'é', '\u{10ffff}', '0'] }],
			fallthrough: { rollout: { variations: weights(0, 50_000, 50_000) } },
		}),
	},
	segments: {
		testers: {
			key: 'testers', version: 1, salt: 'σ', included: ['00', 'İ'], excluded: ['true', 'ß'],
			rules: [
				{ id: 'half', clauses: [clause('user', 'company', 'in', ['Ærø', 12, '株式会社'])], weight: 51_500 },
				{ id: 'by zip', clauses: [clause('user', 'key', 'matches', ['[0-9]$'])], weight: 25_000, bucketBy: 'company', rolloutContextKind: 'user' },
			],
		},
		others: {
			key: 'others', version: 1, salt: 'others', included: [], excluded: [],
			rules: [{ id: 'nested', clauses: [clause(undefined, '', 'segmentMatch', ['testers'])] }, { id: 'rest', clauses: [clause('user', 'key', 'contains', [''])], weight: 40_000 }],
		},
	},
};
const flags = Object.keys(document.flags);
const client = new pg.Client();
let sdk, contexts;

function context(id, random) {
	const user = {
		key: id,
		company: pick(random, ['Ærø', '株式会社', 12, `c${Math.floor(random() * 5000)}`, Math.floor(random() * 2 ** 53), -3, 2.5, true, null]),
		address: { zip: pick(random, [undefined, '', `${Math.floor(random() * 1e5)}`, Math.floor(random() * 1e5), ['10115']]) },
	};
	switch (Math.floor(random() * 4)) {
		case 0: return { key: id, country: 'DE', custom: { company: user.company } };
		case 1: return { kind: 'multi', user, organization: { key: `org ${id}`, plan: pick(random, ['pro', 'free']) } };
		case 2: return { kind: 'device', key: `📱${id}` };
		default: return { kind: 'user', ...user };
	}
}

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
