// How many users a second an SDK puts into buckets in its own process, and SQL
// in one query, with one flag and one core.  A measurement, not a test.
import pg from 'pg';
import * as fromFlagd from './documents_flagd.js';
import * as fromUnleash from './documents_unleash.js';
import { importDocument } from './buckets.js';
import { flagd, unleash } from './sdks.js';

const USERS = 200_000;
const ROUNDS = 5;
const ids = Array.from({ length: USERS }, (_, i) => `user${i}@example.com`);
const client = new pg.Client();
await client.connect();
await client.query('CREATE EXTENSION wishflags');
await client.query('SET max_parallel_workers_per_gather = 0');
await client.query('CREATE TABLE users AS SELECT id FROM unnest($1::text[]) id', [ids]);
await client.query('VACUUM ANALYZE users');
await importDocument(client, 'unleash', fromUnleash.document, { only: ['rollout'] });
await importDocument(client, 'flagd', fromFlagd.document, { only: ['half'] });
const unleashClient = await unleash(fromUnleash.document);
const resolve = flagd(fromFlagd.document);

async function fastest(count) {
	let seconds = Infinity;
	let found;
	for (let round = 0; round < ROUNDS; round++) {
		const start = performance.now();
		found = await count();
		seconds = Math.min(seconds, (performance.now() - start) / 1000);
	}
	return { rate: USERS / seconds, found };
}

async function report(name, goal, flag, isOn) {
	const sdk = await fastest(() => {
		let on = 0;
		for (const id of ids) on += isOn(id);
		return on;
	});
	const sql = await fastest(async () => {
		const { rows } = await client.query(`SELECT count(*)::int AS on FROM users WHERE wishflags.flag_eval('${flag}', id)`);
		return rows[0].on;
	});
	if (sdk.found !== sql.found) throw new Error(`${name}: ${sdk.found} users in the SDK, ${sql.found} in SQL`);
	const millions = ({ rate }) => `${(rate / 1e6).toFixed(2)} million a second`;
	console.log(`${name}: ${millions(sdk)} in Node, ${millions(sql)} in SQL: ${(sql.rate / sdk.rate).toFixed(1)} times (goal: ${goal})`);
}

await report('unleash-client', 7, 'rollout', (id) => unleashClient.isEnabled('rollout', { userId: id }));
await report('flagd-core', 3, 'half', (id) => resolve('half', { targetingKey: id }).value);
unleashClient.destroy();
await client.end();
