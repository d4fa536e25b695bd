// Tools that are not written in JavaScript, as the statements that they send by
// their documentation: the lock, the ledger and the transaction of each, around
// a statement that the guard refuses, and around what its HINT says.  Looked up:
// Rails: API documentation of ActiveRecord::Migration (disable_ddl_transaction!) and
//   Migrator (with_advisory_lock, generate_migrator_advisory_lock_id).
// Flyway: flyway-database-postgresql, PostgreSQLAdvisoryLockTemplate (the lock),
//   PostgreSQLDatabase (the ledger; one connection if the lock is the session's),
//   PostgreSQLDatabaseType (its application_name, a property that the driver does not know).
// Alembic: API documentation of MigrationContext.autocommit_block.
// Django: Writing migrations (non-atomic migrations), Database migration operations
//   (AddIndexConcurrently), MigrationExecutor and MigrationRecorder.
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, test } from 'node:test';
import { crc32 } from 'node:zlib';
import pg from 'pg';

let client;

before(async () => {
	const own = new pg.Client();
	await own.connect();
	try {
		await own.query('CREATE EXTENSION wishflags');
	} finally {
		await own.end();
	}
});
afterEach(() => client?.end());
beforeEach(async () => {
	client = new pg.Client();
	await client.connect();
	await client.query(`DROP TABLE IF EXISTS orders; DROP SCHEMA public CASCADE; CREATE SCHEMA public; DELETE FROM wishflags.guard_log;
		CREATE TYPE state AS ENUM ('new'); CREATE TABLE orders (id int PRIMARY KEY, customer int, state state);
		INSERT INTO orders SELECT g, g % 7 FROM generate_series(1, 1000) g`);
});

const unsafe = 'CREATE INDEX orders_customer ON orders (customer)';
const one = async (sql) => Object.values((await client.query(sql)).rows[0])[0];

const inTransaction = async (work) => {
	await client.query('BEGIN');
	try {
		await work();
		await client.query('COMMIT');
	} catch (error) {
		await client.query('ROLLBACK');
		throw error;
	}
};

// migrate(version, statement, outside): one migration, in the tool's transaction or outside.
const tools = {
	Rails: {
		application: '/srv/shop/bin/rails',
		way: /disable_ddl_transaction!/,
		prepare: `CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);
			CREATE TABLE ar_internal_metadata (key varchar NOT NULL PRIMARY KEY, value varchar, created_at timestamp NOT NULL, updated_at timestamp NOT NULL)`,
		async migrate(version, statement, outside) {
			const lock = 2053462845n * BigInt(crc32(client.database));
			assert.equal(await one(`SELECT pg_try_advisory_lock(${lock})`), true);
			await client.query('SELECT version FROM schema_migrations ORDER BY version ASC');
			const work = async () => {
				await client.query(statement);
				await client.query(`INSERT INTO schema_migrations (version) VALUES ('${version}') RETURNING version`);
			};
			try {
				await (outside ? work() : inTransaction(work));
			} finally {
				await client.query(`SELECT pg_advisory_unlock(${lock})`);
			}
		},
		ledger: 'SELECT count(*)::int FROM schema_migrations',
	},
	Flyway: {
		application: 'PostgreSQL JDBC Driver',
		way: /executeInTransaction=false.*postgresql\.transactional\.lock=false/,
		prepare: `CREATE TABLE flyway_schema_history (installed_rank int NOT NULL, version varchar(50), description varchar(200) NOT NULL,
			type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL,
			installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL, success boolean NOT NULL);
			ALTER TABLE flyway_schema_history ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
			CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success)`,
		// By default the lock and the ledger belong to a transaction on a connection of their own, which
		// CONCURRENTLY would wait for; with transactional.lock=false the one connection's session has the lock.
		async migrate(version, statement, outside) {
			const record = (own) => own.query(`INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by,
				execution_time, success) VALUES (${version}, '${version}', 'm', 'SQL', 'V${version}__m.sql', current_user, 1, true)`);
			const lock = (0x466c79776179n + 1n).toString();
			if (outside) {
				assert.equal(await one(`SELECT pg_try_advisory_lock(${lock})`), true);
				await client.query(statement);
				await record(client);
				assert.equal(await one(`SELECT pg_advisory_unlock(${lock})`), true);
				return;
			}
			const main = new pg.Client({ application_name: 'PostgreSQL JDBC Driver' });
			await main.connect();
			try {
				await main.query('BEGIN');
				await main.query(`SELECT pg_try_advisory_xact_lock(${lock})`);
				await inTransaction(() => client.query(statement));
				await record(main);
				await main.query('COMMIT');
			} finally {
				await main.end();
			}
		},
		ledger: 'SELECT count(*)::int FROM flyway_schema_history',
	},
	Alembic: {
		application: '',
		way: /autocommit_block\(\)/,
		prepare: 'CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)',
		// The block commits what came before it, and a new transaction takes the ledger's row.
		async migrate(version, statement, outside) {
			if (outside)
				await client.query(statement);
			await inTransaction(async () => {
				if (!outside)
					await client.query(statement);
				await client.query(version === 1 ? "INSERT INTO alembic_version (version_num) VALUES ('1')" :
					`UPDATE alembic_version SET version_num = '${version}' WHERE alembic_version.version_num = '${version - 1}'`);
			});
		},
		ledger: 'SELECT version_num::int FROM alembic_version',
	},
	Django: {
		application: '',
		way: /atomic = False/,
		prepare: 'CREATE TABLE django_migrations (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL)',
		async migrate(version, statement, outside) {
			const work = async () => {
				await client.query(statement);
				await client.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '${version}', now())`);
			};
			await (outside ? work() : inTransaction(work));
		},
		ledger: 'SELECT count(*)::int FROM django_migrations',
	},
};

for (const [name, tool] of Object.entries(tools)) {
	test(name, async () => {
		await client.query(tool.prepare);
		await client.query(`SET application_name = '${tool.application}'`);
		await tool.migrate(1, 'ALTER TABLE orders ADD COLUMN note text');
		let hint;
		await assert.rejects(tool.migrate(2, unsafe), (error) => {
			assert.equal(error.code, 'WF001');
			assert.match(error.message, /rule "index-not-concurrent"/);
			assert.match(error.hint, tool.way);
			({ hint } = error);
			return true;
		});
		assert.equal(await one(tool.ledger), 1);
		assert.equal(await one("SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'"), 0);
		await tool.migrate(2, hint.replace(/^[^\n]*\n/, ''), true);
		await assert.rejects(tool.migrate(3, "ALTER TYPE state ADD VALUE 'paid'"), (error) => {
			assert.match(error.message, /rule "enum-add-value"/);
			({ hint } = error);
			return true;
		});
		await tool.migrate(3, hint.replace(/^[^\n]*\n/, ''));
		await tool.migrate(4, "SET LOCAL wishflags.bypass = 'nobody writes at night'; CREATE INDEX orders_note ON orders (note)");
		assert.equal(await one(tool.ledger), 4);
		assert.equal(await one("SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_customer'::regclass"), true);
		const { rows } = await client.query(`SELECT outcome, rule, application_name, evidence->>'tool' AS tool, reason FROM wishflags.guard_log
			WHERE coalesce(application_name, '') = '${tool.application}' ORDER BY occurred_at`);
		assert.deepEqual(rows.map((row) => `${row.outcome} ${row.rule} ${row.tool}, ${row.reason}`), [
			`refused index-not-concurrent ${name}, null`, `refused enum-add-value ${name}, null`,
			`bypassed enum-add-value ${name}, the reason`, `bypassed index-not-concurrent ${name}, nobody writes at night`]);
	});
}
