// Reports of the checker as their readers take them: SARIF by OASIS' schema,
// JUnit by a reader of test reports, with names that mean something in both.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { XMLValidator } from 'fast-xml-parser';
import { parse } from 'junit2json';
import pg from 'pg';

const pool = new pg.Pool({ max: 1 });
const severities = ['info', 'low', 'medium', 'high', 'critical'];
const files = [
	{ file: 'db/0001_init.sql', sql: 'SELECT 1;' },
	{ file: 'db/0002_"quoted" & <b>.sql', sql: 'SET lock_timeout = 1000;\nCREATE INDEX ON public.item (a);\n\n\tDROP TABLE public.item;' },
	{ file: 'db/Größe ]]> %41.sql', sql: '-- wishflags: ignore drop-column\nALTER TABLE public.item DROP "a\\b";\nDROP TABLE "--> \u{1f600}\u0001";', in_transaction: true },
	{ file: 'db/0004_bad.sql', sql: 'CREATE TABL x; DROP SCHEMA public CASCADE; TRUNCATE public.item' },
];
let found;

async function report(format, of = files) {
	const { rows } = await pool.query('SELECT wishflags.migration_report($1, $2) AS text', [JSON.stringify(of), format]);
	return rows[0].text;
}

before(async () => {
	await pool.query(`CREATE EXTENSION wishflags; CREATE TABLE public.item (id int PRIMARY KEY, a text);
		INSERT INTO public.item SELECT g FROM generate_series(1, 5000) g`);
	found = JSON.parse(await report('json'));
});
after(() => pool.end());

test('SARIF is valid by the schema of version 2.1.0, with each finding in its place', async () => {
	const path = createRequire(import.meta.url).resolve('@microsoft/jest-sarif').replace(/index\.js$/, 'schemas/sarif-2.1.0-rtm.5.json');
	const schema = JSON.parse(await readFile(path, 'utf8'));
	const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
	addFormats(ajv);
	const validate = ajv.compile(schema);
	for (const of of [files, []]) {
		const log = JSON.parse(await report('sarif', of));
		assert.ok(validate(log), JSON.stringify(validate.errors));
		assert.equal(log.version, '2.1.0');
	}
	// The schema is read: what is none is refused.
	assert.ok(!validate({ version: '2.1.0', runs: [{ results: [{}] }] }));

	const [run] = JSON.parse(await report('sarif')).runs;
	const expected = found.files.flatMap((f) => f.findings.map((g) => [f.file, g.line, g.col, g.rule]));
	assert.ok(expected.length > 8);
	assert.deepEqual(run.results.map((r) => {
		const { artifactLocation, region } = r.locations[0].physicalLocation;
		return [decodeURIComponent(artifactLocation.uri), region.startLine, region.startColumn, r.ruleId];
	}), expected);
	const rules = new Set(run.tool.driver.rules.map((r) => r.id));
	assert.deepEqual([...rules].sort(), [...new Set(expected.map((e) => e[3]))].sort());
});

test('JUnit is well-formed and read as a suite a file and a case a finding', async () => {
	const text = await report('junit');
	assert.equal(XMLValidator.validate(text), true);
	const { tests, failures, testsuite } = await parse(text);
	assert.deepEqual(testsuite.map((s) => s.name), found.files.map((f) => f.file));
	for (const [i, suite] of testsuite.entries()) {
		const { findings } = found.files[i];
		const failed = findings.filter((g) => severities.indexOf(g.severity) >= severities.indexOf('medium'));
		assert.equal(suite.tests, Math.max(findings.length, 1));
		assert.equal(suite.testcase.length, suite.tests);
		assert.equal(suite.failures, failed.length);
		assert.deepEqual(suite.testcase.filter((c) => c.failure).map((c) => c.name), failed.map((g) => `${g.rule} at ${g.line}:${g.col}`));
		assert.deepEqual(suite.testcase.filter((c) => c.failure).map((c) => c.failure[0].type), failed.map((g) => g.severity));
	}
	assert.equal(tests, testsuite.reduce((n, s) => n + s.tests, 0));
	assert.equal(failures, testsuite.reduce((n, s) => n + s.failures, 0));
	assert.equal((await parse(await report('junit', []))).tests, 0);
});
