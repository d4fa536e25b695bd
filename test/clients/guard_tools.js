// Migration tools on a guarded database: each as its users start it, with
// the files they write.  A tool is {name, terse, migrate(db, migrations)};
// migrate() runs those that have not run, and returns {ok, output}.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import * as prisma from '@prisma/schema-engine-wasm/schema_engine_bg';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as migrateDrizzle } from 'drizzle-orm/node-postgres/migrator';
import { drizzle as drizzleJs } from 'drizzle-orm/postgres-js';
import { migrate as migrateDrizzleJs } from 'drizzle-orm/postgres-js/migrator';
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import Postgrator from 'postgrator';
import postgres from 'postgres';

const bin = (name) => join(import.meta.dirname, 'node_modules', '.bin', name);

// A folder with these files: beside the packages, so that the tools find theirs, or elsewhere.
async function within(files, work, beside = import.meta.dirname) {
	const folder = await mkdtemp(join(beside, 'tool-'));
	try {
		for (const [path, text] of Object.entries(files)) {
			await mkdir(dirname(join(folder, path)), { recursive: true });
			await writeFile(join(folder, path), text);
		}
		return await work(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const url = (db) => `postgres://${process.env.PGUSER}@/${db}?host=${process.env.PGHOST}&port=${process.env.PGPORT}`;

function run(db, cwd, program, args, env = {}) {
	const { status, stdout, stderr } = spawnSync(program, args, {
		cwd, encoding: 'utf8', timeout: 60000, env: { ...process.env, PGDATABASE: db, DATABASE_URL: url(db), NO_COLOR: '1', ...env },
	});
	return { ok: status === 0, output: stdout + stderr };
}

const command = (db, files, name, ...args) => within(files, (folder) => run(db, folder, bin(name), args));

// What a program shows that lets the error pass: what Node.js prints of it.
async function program(work, end) {
	try {
		await work();
		return { ok: true, output: '' };
	} catch (error) {
		return { ok: false, output: inspect(error) };
	} finally {
		await end();
	}
}

const each = (migrations, text) => Object.fromEntries(migrations.map((migration, i) => text(migration, i + 1)));
const quoted = ({ sql }) => JSON.stringify(sql);

export const knex = {
	name: 'knex',
	ledger: 'SELECT count(*) FROM knex_migrations',
	migrate: (db, migrations) => command(db, {
		'knexfile.cjs': "module.exports = { client: 'pg', connection: {}, migrations: { directory: './m', loadExtensions: ['.cjs'] } };",
		...each(migrations, (m, i) => [`m/${i}.cjs`, `
			exports.up = async (knex) => { for (const sql of ${quoted(m)}) await knex.raw(sql); };
			exports.down = async () => {};
			${m.outside ? 'exports.config = { transaction: false };' : ''}`]),
	}, 'knex', '--knexfile', 'knexfile.cjs', 'migrate:latest'),
	way: /exports\.config = \{ transaction: false \};/,
};

export const nodePgMigrate = {
	name: 'node-pg-migrate',
	ledger: 'SELECT count(*) FROM pgmigrations',
	migrate: (db, migrations) => command(db, each(migrations, (m, i) => [`m/${i}.mjs`, `
		export const up = (pgm) => {
			${m.outside ? 'pgm.noTransaction();' : ''}
			for (const sql of ${quoted(m)}) pgm.sql(sql);
		};
		export const down = false;`]), 'node-pg-migrate', 'up', '-m', 'm'),
	way: /call pgm\.noTransaction\(\)/,
};

export const typeorm = {
	name: 'TypeORM',
	ledger: 'SELECT count(*) FROM migrations',
	migrate: (db, migrations) => command(db, {
		'source.cjs': `const { DataSource } = require('typeorm');
			const { PGHOST: host, PGPORT: port, PGUSER: username, PGDATABASE: database } = process.env;
			module.exports = new DataSource({ type: 'postgres', host, port: Number(port), username, database, migrations: ['m/*.cjs'] });`,
		...each(migrations, (m, i) => [`m/${i}.cjs`, `exports.M${i} = class {
			name = 'M${1700000000000 + i}';
			${m.outside ? 'transaction = false;' : ''}
			async up(runner) { for (const sql of ${quoted(m)}) await runner.query(sql); }
			async down() {}
		};`]),
	}, 'typeorm', 'migration:run', '-d', 'source.cjs', ...(migrations.some((m) => m.outside) ? ['--transaction', 'each'] : [])),
	way: /write transaction = false; in the migration's class, and run with --transaction each/,
};

const drizzleFiles = (migrations) => ({
	'drizzle.config.cjs': `const { PGHOST: host, PGPORT, PGUSER: user, PGDATABASE: database } = process.env;
		module.exports = { dialect: 'postgresql', out: './m', dbCredentials: { host, port: Number(PGPORT), user, database, ssl: false } };`,
	'm/meta/_journal.json': JSON.stringify({
		version: '7', dialect: 'postgresql',
		entries: migrations.map((m, i) => ({ idx: i, version: '7', when: i + 1, tag: String(i + 1), breakpoints: true })),
	}),
	...each(migrations, (m, i) => [`m/${i}.sql`, m.sql.join(';\n--> statement-breakpoint\n')]),
});

export const drizzleKit = {
	name: 'Drizzle',
	ledger: 'SELECT count(*) FROM drizzle.__drizzle_migrations',
	migrate: (db, migrations) => command(db, drizzleFiles(migrations), 'drizzle-kit', 'migrate', '--config', 'drizzle.config.cjs'),
};

// 0.31.10 and 0.31.11 print no error.
export const drizzleKitBefore = {
	...drizzleKit,
	migrate: (db, migrations) => within(drizzleFiles(migrations), (folder) => run(db, folder, process.execPath,
		[join(import.meta.dirname, 'node_modules/drizzle-kit-0-31-9/bin.cjs'), 'migrate', '--config', 'drizzle.config.cjs'])),
};

// drizzle-kit takes postgres.js where it finds no pg.
export const drizzleKitJs = {
	...drizzleKit,
	application: 'postgres.js',
	migrate: (db, migrations) => within(drizzleFiles(migrations), async (folder) => {
		const packages = join(import.meta.dirname, 'node_modules');
		await mkdir(join(folder, 'node_modules'));
		for (const name of await readdir(packages)) {
			if (name !== 'pg')
				await symlink(join(packages, name), join(folder, 'node_modules', name));
		}
		return run(db, folder, process.execPath, ['node_modules/drizzle-kit/bin.cjs', 'migrate', '--config', 'drizzle.config.cjs'],
			{ NODE_OPTIONS: '--preserve-symlinks --preserve-symlinks-main' });
	}, tmpdir()),
};

// Drizzle's migrator as applications call it.
export const drizzleOrm = {
	...drizzleKit,
	migrate: (db, migrations) => within(drizzleFiles(migrations), (folder) => {
		const pool = new pg.Pool({ database: db, max: 1 });
		return program(() => migrateDrizzle(drizzle(pool), { migrationsFolder: join(folder, 'm') }), () => pool.end());
	}),
};

export const drizzleOrmJs = {
	...drizzleKit,
	application: 'postgres.js',
	migrate: (db, migrations) => within(drizzleFiles(migrations), (folder) => {
		const { PGHOST, PGPORT, PGUSER } = process.env;
		const client = postgres({ host: PGHOST, port: Number(PGPORT), user: PGUSER, database: db, max: 1, onnotice: () => {} });
		return program(() => migrateDrizzleJs(drizzleJs(client), { migrationsFolder: join(folder, 'm') }), () => client.end());
	}),
};

export const sequelize = {
	name: 'Sequelize',
	ledger: 'SELECT count(*) FROM "SequelizeMeta"',
	migrate: (db, migrations) => command(db, {
		'config.json': JSON.stringify({ development: {
			dialect: 'postgres', host: process.env.PGHOST, port: process.env.PGPORT, username: process.env.PGUSER, database: db,
		} }),
		...each(migrations, (m, i) => [`m/${i}.cjs`, m.outside ? `exports.up = async (queryInterface) => {
			for (const sql of ${quoted(m)}) await queryInterface.sequelize.query(sql);
		};` : `exports.up = (queryInterface) => queryInterface.sequelize.transaction(async (transaction) => {
			for (const sql of ${quoted(m)}) await queryInterface.sequelize.query(sql, { transaction });
		});`]),
	}, 'sequelize-cli', 'db:migrate', '--config', 'config.json', '--migrations-path', 'm'),
	way: /call queryInterface\.sequelize\.query\(\) without a transaction/,
};

export const kysely = {
	name: 'Kysely',
	ledger: 'SELECT count(*) FROM kysely_migration',
	migrate(db, migrations) {
		const database = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ database: db, max: 2 }) }) });
		const provider = { getMigrations: async () => each(migrations, (m, i) => [`m${i}`, {
			up: async (own) => { for (const text of m.sql) await sql.raw(text).execute(own); },
		}]) };
		const migrator = new Migrator({ db: database, provider, disableTransactions: migrations.at(-1).outside });
		return program(async () => {
			const { error } = await migrator.migrateToLatest();
			if (error)
				throw error;
		}, () => database.destroy());
	},
	way: /give the Migrator disableTransactions: true/,
};

export const dbMigrate = {
	name: 'db-migrate',
	ledger: 'SELECT count(*) FROM migrations',
	migrate: (db, migrations) => command(db, {
		'package.json': '{}',
		'database.json': JSON.stringify({ dev: {
			driver: 'pg', host: process.env.PGHOST, port: process.env.PGPORT, user: process.env.PGUSER, database: db,
		} }),
		...each(migrations, (m, i) => [`m/2026010100000${i}-m.js`, `
			exports.up = async (db) => { for (const sql of ${quoted(m)}) await db.runSql(sql); };
			exports.down = async () => {};
			exports._meta = { version: 1 };`]),
	}, 'db-migrate', 'up', '-m', 'm', ...(migrations.at(-1).outside ? ['--non-transactional'] : [])),
	way: /run db-migrate up --non-transactional/,
};

// Committed migrations, each with its hash as graphile-migrate commit writes it.
function graphileFiles(migrations) {
	let previous = '';
	return each(migrations, (m, i) => {
		const body = `${m.outside ? '--! no-transaction\n' : ''}${m.sql.join(';\n')};\n`;
		const hash = `sha1:${createHash('sha1').update(`${`${previous}\n${body.trim()}`.trim()}\n`).digest('hex')}`;
		const text = `--! Previous: ${previous || '-'}\n--! Hash: ${hash}\n\n${body}`;
		previous = hash;
		return [`migrations/committed/00000${i}.sql`, text];
	});
}

export const graphileMigrate = {
	name: 'graphile-migrate',
	ledger: 'SELECT count(*) FROM graphile_migrate.migrations',
	migrate: (db, migrations) => command(db, {
		'.gmrc': JSON.stringify({ connectionString: url(db) }), ...graphileFiles(migrations),
	}, 'graphile-migrate', 'migrate'),
	way: /write --! no-transaction as the first line of current\.sql/,
};

export const postgrator = {
	name: 'Postgrator',
	ledger: 'SELECT count(*) FROM schemaversion WHERE version > 0',
	migrate: (db, migrations) => within(each(migrations, (m, i) => [`${i}.do.sql`, m.sql.join(';\n')]), async (folder) => {
		const client = new pg.Client({ database: db });
		await client.connect();
		const own = new Postgrator({ driver: 'pg', migrationPattern: join(folder, '*'), database: db, execQuery: (query) => client.query(query) });
		return program(() => own.migrate(), () => client.end());
	}),
};

let loaded;
const engines = new Map();

// The engine behind prisma migrate deploy, and prisma migrate resolve for what failed before.
async function prismaEngine(db) {
	if (!loaded) {
		const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm').replace(/\.js$/, '_bg.wasm');
		loaded = await WebAssembly.instantiate(await readFile(path), { './schema_engine_bg.js': prisma });
		prisma.__wbg_set_wasm(loaded.instance.exports);
		loaded.instance.exports.__wbindgen_start();
	}
	const { bindSqlAdapterFactory } = await import('@prisma/driver-adapter-utils');
	const { PGHOST: host, PGPORT: port, PGUSER: user } = process.env;
	// The engine keeps its connection, which holds the lock of migrations.
	if (!engines.has(db)) {
		const adapter = new PrismaPg({ host, port: Number(port), user, database: db, allowExitOnIdle: true }, { onPoolError: () => {}, onConnectionError: () => {} });
		engines.set(db, await prisma.SchemaEngine.new({ datamodels: [['schema.prisma', 'datasource db { provider = "postgresql" }']] },
			() => {}, bindSqlAdapterFactory(adapter)));
	}
	return engines.get(db);
}

export const prismaMigrate = {
	name: 'Prisma',
	// It sends statement by statement, so that SET LOCAL wants a transaction of the file's own.
	inTransaction: (sql) => ['BEGIN', ...sql, 'COMMIT'],
	ledger: 'SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
	async migrate(db, migrations) {
		const engine = await prismaEngine(db);
		const list = {
			baseDir: '/', shadowDbInitScript: '', lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
			migrationDirectories: migrations.map((m, i) => ({
				path: `${i + 1}_m`, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: m.sql.join(';\n') } },
			})),
		};
		try {
			await engine.applyMigrations({ migrationsList: list, filters: { externalTables: [], externalEnums: [] } });
			return { ok: true, output: '' };
		} catch (error) {
			await engine.markMigrationRolledBack({ migrationName: `${migrations.length}_m` });
			return { ok: false, output: error.message };
		}
	},
};
