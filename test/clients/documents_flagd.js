// A document of flagd whose flags split people in the ways that it has.
import { pick } from './buckets.js';

const fractional = (...list) => ({ fractional: list });
const flag = (variants, defaultVariant, targeting) => ({ state: 'ENABLED', variants, defaultVariant, targeting });
export const document = {
	$schema: 'https://flagd.dev/schema/v0/flags.json',
	flags: {
		half: flag({ on: true, off: false }, 'off', fractional(['on', 50], ['off', 50])),
		colours: flag({ red: '#f00', green: '#0f0', blue: '#00f', grey: '#888' }, 'grey',
			fractional(['red', 25], ['green', 33], ['blue', 41], ['grey'])),
		by_company: flag({ a: { price: 1 }, b: { price: 1.5 }, c: { price: null } }, 'c',
			fractional({ var: 'company' }, ['a', 1], ['b', 2], ['c', 3])),
		shared: flag({ x: 1, y: 2, z: 3 }, 'z', fractional({ cat: ['seed', { var: 'targetingKey' }] }, ['x', 7], ['y', 0], ['z', 5])),
		fine: flag({ rare: 'rare', usual: 'usual' }, 'usual', fractional(['rare', 2_147_483], ['usual', 2_145_336_164])),
		rules: flag({ in: 'in', half: 'half', out: 'out' }, 'out', {
			if: [
				{ $ref: 'is company' }, fractional(
					{ cat: [{ var: '$flagd.flagKey' }, { var: 'plan' }, { var: 'targetingKey' }] },
					['in', { '*': [{ var: 'level' }, 10] }], ['out', 50],
				),
				{ starts_with: [{ var: 'targetingKey' }, 'user'] }, fractional(['half', 1], [null, 1]),
				null,
			],
		}),
		switch: flag({ true: 'yes', false: 'no' }, 'false', fractional([true, 30], [{ '==': [{ var: 'plan' }, 'pro'] }, 70])),
		versions: flag({ new: 2, old: 1 }, 'old', {
			if: [{ sem_ver: [{ var: 'version' }, '>=', '2.1.0'] }, fractional({ var: 'version' }, ['new', 2], ['old', 1]), 'old'],
		}),
	},
	$evaluators: { 'is company': { in: [{ var: 'company' }, ['c7', 'c12', 'c99', 'Aero']] } },
	metadata: { set: 'clients' },
};

export function context(id, random) {
	return {
		targetingKey: id,
		company: pick(random, ['Ærø', '株式会社', 'c7', 'c12', 'Aero', `c${Math.floor(random() * 5000)}`, '🎁🎂']),
		plan: pick(random, ['pro', 'free']),
		level: Math.floor(random() * 12),
		version: `${Math.floor(random() * 4)}.${Math.floor(random() * 4)}.${Math.floor(random() * 200)}`,
	};
}
