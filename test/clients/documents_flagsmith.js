// A document of Flagsmith whose flags split people in the ways that it has.
import { pick } from './buckets.js';

const API_KEY = 'Schlüssel-字';
const NAMES = ['colour', 'price', 'half', 'text', 'segmented', 'by_trait', 'off'];
const uuid = (id) => `0b1d4a0e-0000-4000-8000-${String(id).padStart(12, '0')}`;
// The state of a feature; priority is that of a segment's.
const state = (name, key, enabled, value, variants = [], priority = undefined) => ({
	...(typeof key === 'number' ? { django_id: key, featurestate_uuid: uuid(key) } : { featurestate_uuid: key }),
	enabled, feature_state_value: value, feature: { id: 100 + NAMES.indexOf(name), name, type: 'STANDARD' },
	multivariate_feature_state_values: variants.map(([id, percentage_allocation, value]) => ({
		id, percentage_allocation, mv_fs_value_uuid: uuid(id), multivariate_feature_option: { id: id + 5, value },
	})),
	...(priority !== undefined && { feature_segment: { priority } }),
});
const identity = (identifier, id, state) => ({
	identifier, identity_uuid: uuid(id), environment_api_key: API_KEY, created_date: '2026-01-01T00:00:00Z',
	identity_traits: [], identity_features: [state],
});
const segment = (id, name, rules, feature_states = []) => ({ id, name, rules, feature_states });
const all = (...conditions) => ({ type: 'ALL', rules: [{ type: 'ANY', rules: [], conditions }], conditions: [] });
const split = (property_, value) => ({ operator: 'PERCENTAGE_SPLIT', property_, value });
export const document = {
	id: 7, api_key: API_KEY, name: 'Production', allow_client_traits: true, updated_at: '2026-01-02T03:04:05.000000+00:00',
	feature_states: [
		state('colour', 501, true, 'none', [[9, 20, 'red'], [3, 30.5, 'grün'], [12, 25, '青']]),
		state('price', 502, true, 10, [[1, 33.3, 11], [2, 33.3, 12], [4, 33.4, 13]]),
		state('half', 503, false, null),
		state('text', 'fe4b9f0a-62a9-4a7b-9f3f-2e8c3a5b6d71', true, 'control', [[20, 0.01, 'rare'], [21, 99, 'usual']]),
		state('segmented', 505, true, 'default'),
		state('by_trait', 506, true, false),
		state('off', 507, false, 'kept', [[30, 50, 'also kept']]),
	],
	project: {
		id: 1, name: 'Wishes', hide_disabled_flags: false,
		organisation: { id: 1, name: 'O', feature_analytics: false, stop_serving_flags: false, persist_trait_data: true },
		segments: [
			segment(41, 'a half', [all(split('', '50'))], [state('half', 603, true, 'on', [], 0)]),
			segment(42, 'ein Viertel', [all(split('$.identity.identifier', '25.5'))], [
				state('segmented', 604, true, 'quarter', [[50, 40, 'quarter, varied'], [51, 10, 'quarter, rarely']], 2),
			]),
			segment(43, '株式会社', [all({ operator: 'IN', property_: 'company', value: 'Ærø,株式会社,12' }), all(split('$.identity.key', '80'))], [
				state('segmented', 605, true, 'company', [[60, 50, 'company, varied']], 1),
				state('colour', 606, true, 'company', [[61, 70, 'schwarz']], 5),
			]),
			segment(44, 'by company', [all(split('$.identity.traits.company', '37'))], [state('by_trait', 607, true, true, [], 3)]),
			segment(45, 'not that', [
				{ type: 'NONE', rules: [], conditions: [split('', '90'), { operator: 'EQUAL', property_: 'plan', value: 'pro' }] },
			], [
				state('price', 608, false, 0, [], 9),
			]),
		],
	},
	identity_overrides: [
		identity('null', 1, state('colour', 701, true, 'mine')),
		identity('é', 2, state('half', 702, true, 'yours')),
		identity('ß', 3, state('colour', 703, true, 'not that', [[80, 100, 'weiß']])),
		// What they are given is the same, so one key splits them all.
		...['0', 'true', 'NaN', '\u0131', '\u{10000}'].map((identifier, n) =>
			identity(identifier, 4 + n, state('price', 704 + n, true, 0, [[81, 30, 1], [82, 30, 2]]))),
	],
};

// The identity as Flagsmith's engine has it; its SDK refuses an empty one.
export function context(id, random) {
	return {
		identity: {
			identifier: id || 'nobody',
			traits: {
				company: pick(random, ['Ærø', '株式会社', 12, `c${Math.floor(random() * 5000)}`, Math.floor(random() * 1e6)]),
				plan: pick(random, ['pro', 'free']),
			},
		},
	};
}
