// A document of Unleash whose flags split people in the ways that it has.
import { pick } from './buckets.js';

const strategy = (name, parameters, rest) => ({ name, parameters, constraints: [], segments: [], variants: [], ...rest });
export const rollout = (percent, stickiness, groupId, rest) =>
	strategy('flexibleRollout', { rollout: String(percent), stickiness, groupId }, rest);
export const variants = (stickiness, weights, rest = {}) => Object.entries(weights).map(([name, weight]) => ({
	name, weight, weightType: 'fix', stickiness, payload: { type: 'string', value: `value of ${name}` }, ...rest[name],
}));
export const feature = (name, strategies, rest) => ({
	name, type: 'release', project: 'default', enabled: true, stale: false, impressionData: false,
	strategies, variants: [], dependencies: [], ...rest,
});
const constraint = (contextName, operator, values, rest) => ({ contextName, operator, values, inverted: false, ...rest });
export const document = {
	version: 2,
	features: [
		feature('rollout', [rollout(37, 'default', 'rollout')]),
		feature('größe 字 🎁', [rollout(1, 'userId', 'größe'), rollout(50, 'userId', '字🎁')]),
		feature('session', [rollout(60, 'sessionId', 'session', { constraints: [constraint('plan', 'IN', ['pro'])] })]),
		feature('company', [rollout(45, 'company', 'company')]),
		feature('old', [
			strategy('gradualRolloutUserId', { percentage: '20', groupId: 'old' }),
			strategy('gradualRolloutSessionId', { percentage: '30', groupId: 'old' }),
		]),
		feature('colour', [strategy('default', {})], { variants: variants('default', { red: 333, grün: 333, 青: 334 }) }),
		feature('by_company', [rollout(80, 'userId', 'by_company')], {
			variants: variants('company', { a: 100, b: 250, c: 650 }, {
				c: { overrides: [{ contextName: 'userId', values: ['null', 'é'] }, { contextName: 'plan', values: ['trial'] }] },
			}),
		}),
		feature('in_strategy', [
			rollout(40, 'default', 'in_strategy', { segments: [2], variants: variants('default', { 'strategy a': 500, 'strategy b': 500 }) }),
			rollout(70, 'company', 'second', { variants: variants('company', { 'company a': 1, 'company b': 998, 'company c': 1 }) }),
			rollout(90, 'sessionId', 'third'),
		], { variants: variants('userId', { rest: 1000 }) }),
		feature('child', [rollout(66, 'default', 'child')], {
			dependencies: [{ feature: 'colour', enabled: true, variants: ['red', '青'] }, { feature: 'company', enabled: false }],
		}),
	],
	segments: [{ id: 2, name: 'Firmen', constraints: [constraint('company', 'STR_STARTS_WITH', ['Æ', 'C'], { caseInsensitive: true })] }],
};

export function context(id, random) {
	return {
		userId: id || 'nobody',
		sessionId: pick(random, [`s${Math.floor(random() * 1e9)}`, `会話${Math.floor(random() * 1e6)}`]),
		properties: {
			company: pick(random, ['Ærø', '株式会社', `c${Math.floor(random() * 5000)}`, '🏳️‍🌈', '12']),
			plan: pick(random, ['pro', 'free', 'trial']),
		},
	};
}
