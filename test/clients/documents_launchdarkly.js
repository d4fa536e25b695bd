// A document of LaunchDarkly whose flags split people in the ways that it has.
import { pick } from './buckets.js';

const weights = (...list) => list.map((weight, variation) => ({ variation, weight }));
const flag = (key, variations, rest) => ({
	key, version: 3, on: true, salt: `salt of ${key}`, variations, offVariation: 0, fallthrough: { variation: 0 },
	prerequisites: [], targets: [], contextTargets: [], rules: [], clientSide: false, trackEvents: false, ...rest,
});
const clause = (contextKind, attribute, op, values, negate = false) => ({ contextKind, attribute, op, values, negate });
export const document = {
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
			rules: [{
				id: 'r', clauses: [clause('organization', 'plan', 'in', ['pro'])],
				rollout: { contextKind: 'organization', seed: -7, variations: weights(20_000, 40_000, 40_000) },
			}],
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
		// Segments whose members are kept elsewhere.
		big: flag('big', ['out', 'in', 'org'], {
			rules: [
				{ id: 'b1', clauses: [clause(undefined, '', 'segmentMatch', ['big orgs'])], variation: 2 },
				{ id: 'b2', clauses: [clause('user', 'key', 'matches', ['^[0-9]']), clause(undefined, '', 'segmentMatch', ['never filled', 'big'])], variation: 1 },
			],
		}),
		after_big: flag('after_big', ['no', 'yes'], { prerequisites: [{ key: 'big', variation: 0 }], fallthrough: { variation: 1 } }),
	},
	segments: {
		big: {
			key: 'big', version: 1, salt: 'b', unbounded: true, generation: 3, included: [], excluded: [],
			rules: [{ id: 'some', clauses: [clause('user', 'key', 'matches', ['[13579]$'])] }],
		},
		'never filled': { key: 'never filled', version: 1, salt: 'n', unbounded: true, included: [], excluded: [], rules: [{ id: 'all', clauses: [] }] },
		'big orgs': {
			key: 'big orgs', version: 1, salt: 'o', unbounded: true, unboundedContextKind: 'organization', generation: 1, included: [], excluded: [],
			rules: [{ id: 'some', clauses: [clause('organization', 'key', 'matches', ['[0-4]$'])] }],
		},
		testers: {
			key: 'testers', version: 1, salt: 'σ', included: ['00', 'İ'], excluded: ['true', 'ß'],
			rules: [
				{ id: 'half', clauses: [clause('user', 'company', 'in', ['Ærø', 12, '株式会社'])], weight: 51_500 },
				{ id: 'by zip', clauses: [clause('user', 'key', 'matches', ['[0-9]$'])], weight: 25_000, bucketBy: 'company', rolloutContextKind: 'user' },
			],
		},
		others: {
			key: 'others', version: 1, salt: 'others', included: [], excluded: [],
			rules: [
				{ id: 'nested', clauses: [clause(undefined, '', 'segmentMatch', ['testers'])] },
				{ id: 'rest', clauses: [clause('user', 'key', 'contains', [''])], weight: 40_000 },
			],
		},
	},
};

export function context(id, random) {
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
