// Drizzle's own migrator on the example's migrations, and Drizzle's queries
// with flags in them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { bigint, pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';

const example = `${process.env.WF_EXAMPLE}/drizzle`;
const pool = new pg.Pool({ max: 1 });
const db = drizzle(pool);
const users = pgTable('users', {
	id: bigint('id', { mode: 'number' }).primaryKey(),
	email: text('email').notNull(),
	name: text('name').notNull(),
});
const on = (flag, key) => sql`wishflags.flag_eval(${flag}, ${key})`;

// The example's folder as it stood after its first n migrations.
async function firstMigrations(n) {
	const folder = await mkdtemp('./migrations-');
	await cp(example, folder, { recursive: true });
	const path = `${folder}/meta/_journal.json`;
	const journal = JSON.parse(await readFile(path, 'utf8'));
	journal.entries = journal.entries.slice(0, n);
	await writeFile(path, JSON.stringify(journal));
	return { migrationsFolder: folder };
}

async function applied() {
	const { rows } = await pool.query('SELECT count(*)::int AS n FROM drizzle.__drizzle_migrations');
	return rows[0].n;
}

before(async () => {
	await pool.query('CREATE EXTENSION wishflags');
});
after(() => pool.end());

test('an empty database takes all migrations, under the guard', async () => {
	await pool.query('CREATE DATABASE drizzle_empty');
	const other = new pg.Pool({ database: 'drizzle_empty', max: 1 });
	await other.query('CREATE EXTENSION wishflags');
	await migrate(drizzle(other), { migrationsFolder: example });
	const { rows } = await other.query('SELECT count(*)::int AS n FROM drizzle.__drizzle_migrations');
	assert.equal(rows[0].n, 9);
	await other.end();
});

test('with rows in the tables the guard refuses the dangerous ones, and nothing of them stays', async () => {
	await migrate(db, await firstMigrations(3));
	await pool.query(`INSERT INTO users (id, email, name) SELECT i, 'u' || i, 'U' FROM generate_series(1, 1000) i`);
	await pool.query(`INSERT INTO wishlists (id, owner_id, title) VALUES (1, 1, 'Books')`);
	await pool.query(`INSERT INTO items (wishlist_id, store, url, title, note) VALUES (1, 'etsy', 'u', 't', 'n')`);
	await assert.rejects(migrate(db, { migrationsFolder: example }), (error) => {
		const refusal = error.cause ?? error;
		assert.equal(refusal.code, 'WF001');
		assert.match(refusal.message, /rule "index-not-concurrent"/);
		assert.match(refusal.hint, /migration of its own/);
		assert.match(refusal.hint, /CREATE INDEX CONCURRENTLY "items_store_index"/);
		return true;
	});
	assert.equal(await applied(), 3);
});

test('with the guard off the migrator applies the rest', async () => {
	await pool.query("SET wishflags.guard = 'off'");
	await migrate(db, { migrationsFolder: example });
	await pool.query('RESET wishflags.guard');
	assert.equal(await applied(), 9);
});

test('the command reads the ledger of Drizzle, and what it undoes Drizzle runs again', async () => {
	const command = (name, ...options) => spawnSync('wishflags', [name, example, '--database', 'dbname=drizzle_command', ...options], { encoding: 'utf8' });
	await pool.query('CREATE DATABASE drizzle_command');
	const other = new pg.Pool({ database: 'drizzle_command', max: 1 });
	const migrated = async () => (await other.query('SELECT count(*)::int AS n FROM drizzle.__drizzle_migrations')).rows[0].n;
	await migrate(drizzle(other), await firstMigrations(8));
	let { stdout } = command('version');
	assert.match(stdout, /^drizzle    drizzle\.__drizzle_migrations: 8 run, /m);
	assert.deepEqual(stdout.match(/^not run    .*$/gm).map((line) => line.replace(/.*\//, '')), ['0008_list_name.sql']);
	await migrate(drizzle(other), { migrationsFolder: example });
	assert.doesNotMatch(command('version').stdout, /^not run/m);
	({ stdout } = command('rollback', '--to', '0003', '--ledger', '--allow-data-loss'));
	assert.equal(stdout.match(/^undone/gm).length, 5);
	assert.equal(await migrated(), 4);
	await migrate(drizzle(other), { migrationsFolder: example });
	assert.equal(await migrated(), 9);
	await other.end();
});

test('a flag in a query of Drizzle', async () => {
	await pool.query("SELECT wishflags.flag_create('half')");
	await pool.query("SELECT wishflags.flag_enable('half')");
	await pool.query("SELECT wishflags.flag_rollout('half', 50)");
	const chosen = await db.select({ id: users.id }).from(users).where(on('half', users.id));
	assert.ok(chosen.length > 400 && chosen.length < 600, `${chosen.length} of 1000`);
	const [row] = await db.select({ on: on('half', users.id) }).from(users).where(eq(users.id, chosen[0].id));
	assert.equal(row.on, true);
});
