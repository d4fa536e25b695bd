// Schema diffs as the tools read them: Mermaid's own parser, Graphviz, and
// two parsers of XML, with names that mean something in each of the languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { instance } from '@viz-js/viz';
import { XMLValidator } from 'fast-xml-parser';
import { JSDOM } from 'jsdom';
import pg from 'pg';

const pool = new pg.Pool({ max: 1 });
const { window } = new JSDOM('');
let mermaid;
let viz;

const names = [
	'direction LR', 'pk', 'FK-x', 'uk', '1st', 'a b', 'end', 'class', 'style', 'classDef', 'subgraph', 'erDiagram', 'title',
	'"', '""', '`', '```', '<b>', '&amp;', '&', '#quot;', '#35;', '%%', '%%{init: {}}%%', '{', '}', '[', ']', '\\', '|', '~x~', '*x*', '__x__',
	'a\nb', 'a\tb', 'a\rb', '\u0001', '\u007f', 'accTitle: x', 'Ümläut', '日本語', '😀', '\uffff', '-->', ']]>', '<!--', '1. x', '- x', ';',
	'o{', '||--o{', 'a'.repeat(63),
];

const quoted = (name) => pg.escapeIdentifier(name);

async function render(format, options = {}) {
	const { rows } = await pool.query(
		"SELECT wishflags.schema_diff_render(s, NULL, $1, $2) AS text FROM public.base", [format, JSON.stringify(options)]);
	return rows[0].text;
}

// What Mermaid shows for the entities in a text, which it keeps like this.
const shown = (text) => text.replace(/ﬂ°°(\d+)¶ß/g, (_, n) => String.fromCodePoint(n));

before(async () => {
	globalThis.window = window;
	globalThis.document = window.document;
	mermaid = (await import('mermaid')).default;
	mermaid.initialize({});
	viz = await instance();
	await pool.query(`CREATE EXTENSION wishflags; SET wishflags.guard = off; CREATE SCHEMA r;
		CREATE TABLE public.base AS SELECT wishflags.schema_snapshot('{r}') AS s`);
	for (const [i, name] of names.entries()) {
		await pool.query(`CREATE TABLE r.${quoted(name)} (id int PRIMARY KEY, ${quoted(name)} text DEFAULT ${pg.escapeLiteral(name)},
			parent int CONSTRAINT ${quoted(name)} REFERENCES r.${quoted(names[Math.floor(i / 2)])})`
			.replace(/, (id|parent) text/, ', x text'));
		await pool.query(`COMMENT ON TABLE r.${quoted(name)} IS ${pg.escapeLiteral(name)}`);
		await pool.query(`CREATE VIEW r.${quoted(`v${name}`.slice(0, 63))} AS SELECT ${pg.escapeLiteral(name)}::text AS t`);
	}
});
after(() => pool.end());

test('Mermaid parses the diagram, with every table, column and relation by its name', async () => {
	const text = await render('mermaid', { max_tables: 1000 });
	assert.equal((await mermaid.parse(text)).diagramType, 'er');
	const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
	const entities = [...db.getEntities().values()];
	assert.equal(entities.length, names.length);
	const { rows } = await pool.query(`SELECT 'r.' || quote_ident(relname) AS table, quote_ident(a.attname) AS column
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 2
		WHERE relnamespace = 'r'::regnamespace AND relkind = 'r'`);
	// Control characters cannot be shown; they are all the same character.
	const visible = (s) => s.replace(/[\u0000-\u001f\u007f]/g, '\ufffd');
	for (const row of rows) {
		const entity = entities.find((e) => shown(e.alias) === `"+ ${visible(row.table)}"` || shown(e.alias) === `+ ${visible(row.table)}`);
		assert.ok(entity, `${row.table} among ${entities.map((e) => shown(e.alias))}`);
		assert.equal(entity.attributes.length, 3);
		const column = entity.attributes[1];
		assert.match(shown(column.comment), /^\+ added/);
		assert.ok(column.name === row.column || shown(column.comment).includes(visible(row.column)), row.column);
	}
	assert.equal(db.getRelationships().length, names.length);
});

test('Mermaid parses a diagram of nothing, of no more than a few tables, and of all', async () => {
	for (const options of [{ max_tables: 1 }, { max_tables: 7 }, { all: true }])
		assert.equal((await mermaid.parse(await render('mermaid', options))).diagramType, 'er');
	const { rows } = await pool.query("SELECT wishflags.schema_diff_render(s, s, 'mermaid') AS text FROM public.base");
	assert.equal((await mermaid.parse(rows[0].text)).diagramType, 'er');
});

test('Graphviz draws the graph, a node a table and an edge a foreign key', async () => {
	const result = viz.render(await render('dot', { max_tables: 1000 }), { format: 'json' });
	assert.equal(result.status, 'success', JSON.stringify(result.errors));
	assert.deepEqual(result.errors.filter((e) => e.level === 'error'), []);
	const graph = JSON.parse(result.output);
	assert.equal(graph.objects.length, names.length);
	assert.equal(graph.edges.length, names.length);
});

for (const format of ['svg', 'html']) {
	test(`the ${format} is well-formed, has no script and asks for nothing`, async () => {
		const text = await render(format, { max_tables: 1000 });
		assert.equal(XMLValidator.validate(text), true);
		const document = new window.DOMParser().parseFromString(text, 'application/xml');
		assert.equal(document.documentElement.localName, format);
		assert.equal(document.querySelectorAll('parsererror, script, link, img, image, use, iframe, [href], [src]').length, 0);
		assert.doesNotMatch(text, /url\(|@import/);
		for (const element of document.querySelectorAll('*')) {
			for (const attribute of element.attributes)
				assert.doesNotMatch(attribute.name, /^on/);
		}
	});
}

test('the page shows the names as they are, also to a parser of HTML', async () => {
	const { document } = new JSDOM(await render('html', { picture: false })).window;
	const titles = [...document.querySelectorAll('summary code')].map((e) => e.textContent);
	assert.ok(titles.includes('table r."<b>"'), titles.join('\n'));
	assert.ok(titles.includes('table r."&amp;"'));
	assert.ok(titles.includes('table r."]]>"'));
	assert.equal(document.querySelectorAll('details').length, 2 * names.length);
});

test('no tables overlap in the drawing', async () => {
	const document = new window.DOMParser().parseFromString(await render('svg', { max_tables: 1000 }), 'application/xml');
	const boxes = [...document.querySelectorAll('rect.wf-card')].map((card) => {
		const [x, y] = card.parentElement.getAttribute('transform').match(/-?\d+/g).map(Number);
		return { x, y, right: x + Number(card.getAttribute('width')), bottom: y + Number(card.getAttribute('height')) };
	});
	assert.equal(boxes.length, names.length);
	for (const [i, a] of boxes.entries()) {
		assert.ok(a.x >= 0 && a.y >= 0);
		for (const b of boxes.slice(i + 1))
			assert.ok(a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y, JSON.stringify([a, b]));
	}
});

test('a table that refers to itself is drawn inside the drawing, with its curve', async () => {
	await pool.query('CREATE SCHEMA loop; CREATE TABLE loop.t (a_rather_long_name_of_a_key bigint PRIMARY KEY, parent bigint REFERENCES loop.t DEFAULT 1234567890123456)');
	const { rows } = await pool.query(`SELECT wishflags.schema_diff_render(s #- '{objects,table,loop.t}' #- '{objects,column}'
		#- '{objects,constraint}' #- '{objects,default}', s, 'svg') AS text FROM (SELECT wishflags.schema_snapshot('{loop}') AS s) x`);
	const document = new window.DOMParser().parseFromString(rows[0].text, 'application/xml');
	const left = Number(document.querySelector('svg > g[transform]').getAttribute('transform').match(/\d+/)[0]);
	const circles = [...document.querySelectorAll('circle')];
	assert.equal(circles.length, 2);
	for (const c of circles)
		assert.ok(left + Number(c.getAttribute('cx')) + Number(c.getAttribute('r')) < Number(document.documentElement.getAttribute('width')));
});
