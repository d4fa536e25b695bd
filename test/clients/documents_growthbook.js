// A document of GrowthBook whose flags split people in the ways that it has.
import { pick } from './buckets.js';

export const document = {
	status: 200,
	features: {
		rollout: { defaultValue: false, rules: [{ id: 'r1', force: true, coverage: 0.37 }] },
		rollout_v2: {
			defaultValue: 'old',
			rules: [
				{
					id: 'eu', condition: { country: { $in: ['DE', 'FR'] } }, force: 'new', coverage: 0.255,
					hashVersion: 2, hashAttribute: 'company', seed: 'größe-字',
				},
				{ id: 'rest', condition: { $not: { 'plan.name': 'free' } }, force: 'beta', coverage: 0.5, hashVersion: 2, seed: 'β' },
			],
		},
		experiment: {
			defaultValue: 0,
			rules: [{
				id: 'e', key: 'prices', variations: [1.5, 2, 2.5], weights: [0.2, 0.3, 0.5], coverage: 0.9,
				hashVersion: 2, seed: 'prices-2', phase: '1', name: 'Prices',
				meta: [{ key: 'low' }, { key: 'middle', name: 'Middle' }, { key: 'high' }],
			}],
		},
		experiment_v1: { defaultValue: 'none', rules: [{ variations: ['a', 'b', 'c', 'd'] }, { force: 'rest' }] },
		namespaced: {
			defaultValue: 'out',
			rules: [
				{ key: 'x', variations: ['x0', 'x1'], namespace: ['layer', 0, 0.4] },
				{ key: 'y', variations: ['y0', 'y1'], namespace: ['layer', 0.4, 0.8], weights: [0.1, 0.9] },
			],
		},
		ranges: {
			defaultValue: {},
			rules: [{
				key: 'ranges', hashAttribute: 'device', hashVersion: 2,
				variations: [{ layout: 'list' }, { layout: 'grid', columns: [2, 3] }, { layout: null }],
				ranges: [[0, 0.1], [0.25, 0.6], [0.6, 0.9999]],
				filters: [
					{ seed: 'holdout', ranges: [[0.05, 0.8]] },
					{ seed: 'region', attribute: 'company', hashVersion: 1, ranges: [[0, 0.5], [0.6, 1]] },
				],
			}],
		},
		numbers: { defaultValue: 'out', rules: [{ force: 'in', hashAttribute: 'score', range: [0.2, 0.7] }] },
		holdout: { defaultValue: true, rules: [{ force: 'held', coverage: 0.1, seed: 'holdout' }] },
		dependent: {
			defaultValue: 'default',
			rules: [
				{
					parentConditions: [{ id: 'holdout', condition: { value: { $ne: 'held' } }, gate: true }],
					condition: { company: { $inGroup: 'friends' } }, force: 'friend',
				},
				{ parentConditions: [{ id: 'experiment', condition: { value: { $gte: 2 } } }], variations: ['control', 'treatment'], hashVersion: 2 },
			],
		},
	},
	savedGroups: { friends: ['Ærø', '株式会社', 'c7', 12] },
};

export function context(id, random) {
	return {
		id,
		company: pick(random, ['Ærø', '株式会社', 'c7', 12, '🎁🎂', `c${Math.floor(random() * 5000)}`]),
		device: pick(random, [undefined, null, '', [...id].slice(0, 3).join(''), `${Math.floor(random() * 1e9)}`, '📱' + id]),
		score: pick(random, [Math.floor(random() * 1e6), random() * 1000, -random(), 1e21 * random(), 1e-7 * random(), 0, 1.0, true]),
		country: pick(random, ['DE', 'FR', 'US', 'JP', undefined]),
		plan: { name: pick(random, ['free', 'pro']) },
	};
}
