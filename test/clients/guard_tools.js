// Migration tools on a guarded database: each as its users start it, with
// the files they write.  A tool is {name, terse, migrate(db, migrations)};
// migrate() runs those that have not run, and returns {ok, output}.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import * as prisma from '@prisma/schema-engine-wasm/schema_engine_bg';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as migrateDrizzle } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

const bin = (name) => join(import.meta.dirname, 'node_modules', '.bin', name);

// A folder beside the packages, so that the tools find theirs.
async function within(files, work) {
	const folder = await mkdtemp(join(import.meta.dirname, 'tool-'));
	try {
		for (const [path, text] of Object.entries(files)) {
			await mkdir(join(folder, path, '..'), { recursive: true });
			await writeFile(join(folder, path), text);
		}
		return await work(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

async function command(db, files, name, ...args) {
	return within(files, (folder) => {
		const url = `postgres://${process.env.PGUSER}@/${db}?host=${process.env.PGHOST}&port=${process.env.PGPORT}`;
		const { status, stdout, stderr } = spawnSync(bin(name), args, {
			cwd: folder, encoding: 'utf8', timeout: 60000, env: { ...process.env, PGDATABASE: db, DATABASE_URL: url, NO_COLOR: '1' },
		});
		return { ok: status === 0, output: stdout + stderr };
	});
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
	'drizzle.config.cjs': `const { PGHOST, PGPORT, PGUSER, PGDATABASE } = process.env;
		module.exports = { dialect: 'postgresql', out: './m',
			dbCredentials: { url: 'postgres://' + PGUSER + '@localhost/' + PGDATABASE + '?host=' + PGHOST + '&port=' + PGPORT } };`,
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

// Drizzle's migrator as applications call it, with what Node.js prints of an error.
export const drizzleOrm = {
	...drizzleKit,
	migrate: (db, migrations) => within(drizzleFiles(migrations), async (folder) => {
		const pool = new pg.Pool({ database: db, max: 1 });
		try {
			await migrateDrizzle(drizzle(pool), { migrationsFolder: join(folder, 'm') });
			return { ok: true, output: '' };
		} catch (error) {
			return { ok: false, output: `${error.message}\n${error.cause?.message}\nHINT: ${error.cause?.hint}` };
		} finally {
			await pool.end();
		}
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
