// The four kinds of key as node-pg sends them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const client = new pg.Client();
const uuid = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

async function value(text, ...parameters) {
	const { rows } = await client.query({ text, values: parameters, rowMode: 'array' });
	return rows[0][0];
}

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await client.query("SELECT wishflags.flag_create('half'), wishflags.flag_create('nobody')");
	await client.query("SELECT wishflags.flag_enable('half'), wishflags.flag_enable('nobody')");
	await client.query("SELECT wishflags.flag_rollout('half', 50), wishflags.flag_rollout('nobody', 0)");
});
after(() => client.end());

test('text, bigint and context give one user one answer', async () => {
	for (let id = 1; id <= 200; id++) {
		const untyped = await value('SELECT wishflags.flag_eval($1, $2)', 'half', id);
		assert.equal(typeof untyped, 'boolean');
		assert.equal(await value(`SELECT wishflags.flag_eval('half', ${id})`), untyped);
		assert.equal(await value(`SELECT wishflags.flag_eval('half', '${id}')`), untyped);
		assert.equal(await value('SELECT wishflags.flag_eval($1, $2)', 'half', BigInt(id)), untyped);
		assert.equal(await value('SELECT wishflags.flag_eval($1, $2::bigint)', 'half', id), untyped);
		assert.equal(await value('SELECT wishflags.flag_eval($1, $2::text)', 'half', String(id)), untyped);
		assert.equal(await value('SELECT wishflags.flag_eval($1, $2::jsonb)', 'half', { targetingKey: String(id) }), untyped);
	}
});

test('a uuid, however it is written, is its canonical text', async () => {
	const expected = await value('SELECT wishflags.flag_eval($1, $2)', 'half', uuid);
	assert.equal(await value('SELECT wishflags.flag_eval($1, $2::uuid)', 'half', uuid), expected);
	assert.equal(await value('SELECT wishflags.flag_eval($1, $2::uuid)', 'half', uuid.toUpperCase()), expected);
});

test('a named prepared statement sees a change at its next execution', async () => {
	const ask = { name: 'ask', text: 'SELECT wishflags.flag_eval($1, $2) AS on', values: ['nobody', 'u1'] };
	assert.equal((await client.query(ask)).rows[0].on, false);
	await client.query("SELECT wishflags.flag_rollout('nobody', 100)");
	assert.equal((await client.query(ask)).rows[0].on, true);
	await client.query("SELECT wishflags.flag_rollout('nobody', 0)");
	assert.equal((await client.query(ask)).rows[0].on, false);
});

test('a text key cannot bring in a context', async () => {
	const notices = [];
	client.on('notice', (notice) => notices.push(`${notice.message} ${notice.hint}`));
	const key = JSON.stringify({ targetingKey: 'u1' });
	await client.query("SELECT wishflags.flag_rollout('nobody', 100)");
	assert.equal(await value('SELECT wishflags.flag_eval($1, $2)', 'nobody', key), false);
	assert.equal(await value('SELECT wishflags.flag_eval($1, $2)', 'nobody', key), false);
	assert.equal(notices.length, 1, notices.join('\n'));
	assert.match(notices[0], /cast it: .*::jsonb/);
});

test('a null key and an unknown flag are false, not null', async () => {
	assert.equal(await value('SELECT wishflags.flag_eval($1, $2)', 'no such flag', 'u1'), false);
	assert.equal(await value('SELECT wishflags.flag_eval($1, $2)', 'half', null), false);
});
