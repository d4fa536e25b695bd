// What the tests of buckets share: a hundred thousand ids, and the comparison
// of what an SDK and SQL make of each.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

const COUNT = 100_000;

const ODD = [
	'', ' ', '0', '-0', '1e3', '00', 'null', 'undefined', 'true', 'NaN', '-', '.', ':', ',', '\t', '\n', '"', "'", '\\', '%',
	'é', 'e\u0301', 'ß', 'ẞ', 'İ', 'ı', '\u00a0', '\u200b', '\u200d', '\ufeff', '\ufffd', '\u{10000}', '\u{10ffff}',
];
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i));
const ALPHABETS = {
	ascii: range(0x20, 0x7e),
	latin: [...range(0xc0, 0x17f), ...range(0x391, 0x3a1), ...range(0x3b1, 0x3c9), ...range(0x410, 0x44f), ...'aeiounrstlcdm'],
	cjk: [...range(0x4e00, 0x4fff), ...range(0x3041, 0x3096), ...range(0xac00, 0xad00), ...range(0x20000, 0x200ff)],
	emoji: [...range(0x1f600, 0x1f64f), ...'🎁 🎂 🛒 🧸 ⌚ ❤️ ❤️‍🔥 👍🏽 👩‍💻 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 🇯🇵 1️⃣ ⛄️'.split(' ')],
};

// Mulberry32: the same numbers, from 0 to below 1, in every run.
export function generator(seed) {
	return () => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

export const pick = (random, list) => list[Math.floor(random() * list.length)];

function word(random, alphabet, longest) {
	let text = '';
	for (let left = 1 + Math.floor(random() * longest); left > 0; left--) text += pick(random, ALPHABETS[alphabet]);
	return text;
}

function randomId(random) {
	const digits = () => String(Math.floor(random() * 10 ** (1 + Math.floor(random() * 15))));
	const hex = (n) => Array.from({ length: n }, () => Math.floor(random() * 16).toString(16)).join('');
	const kind = Math.floor(random() * 100);
	if (kind < 25) return digits();
	if (kind < 40) return `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(random, ['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
	if (kind < 50) return `user${digits()}@example.com`;
	if (kind < 60) return word(random, 'ascii', 24);
	if (kind < 72) return word(random, 'latin', 20);
	if (kind < 84) return word(random, 'cjk', 12);
	if (kind < 93) return word(random, 'emoji', 6);
	if (kind < 96) return word(random, 'ascii', 4) + word(random, 'latin', 4) + word(random, 'cjk', 4) + word(random, 'emoji', 4);
	if (kind < 98) return word(random, pick(random, Object.keys(ALPHABETS)), 600);
	return pick(random, ODD);
}

// A table people (n, id, context), with a context made of each id, and the
// contexts.  No id begins as an object does: as a text key it would be refused.
export async function createPeople(client, makeContext, count = COUNT) {
	const random = generator(1);
	const ids = Array.from({ length: count }, () => randomId(random).replace(/^\{/, '('));
	const texts = ids.map((id) => JSON.stringify(makeContext(id, random)));
	await client.query('CREATE TABLE people (n int, id text, context jsonb)');
	await client.query(`INSERT INTO people SELECT n, id, context::jsonb
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS p (id, context, n)`, [ids, texts]);
	return texts.map((text) => JSON.parse(text));
}

// Imports a document; raises unless all its flags have been taken in.
export async function importDocument(client, format, document, options = {}) {
	const { rows } = await client.query('SELECT * FROM wishflags.flag_import($1, $2, $3)', [format, JSON.stringify(document), options]);
	const refused = rows.filter(({ action }) => action === 'refused');
	assert.deepEqual(refused, []);
	return rows;
}

// Compares, for all people at once, each answer of SQL (name: expression) with
// what answer(context) returns under that name, and says what it found.  All but
// the constant ones must split the people.
export async function compare(t, client, contexts, expressions, answer, constant = []) {
	const names = Object.keys(expressions);
	const { rows } = await client.query({
		text: `SELECT ${names.map((name) => expressions[name]).join(', ')} FROM people ORDER BY n`,
		rowMode: 'array',
	});
	assert.equal(rows.length, contexts.length);
	const found = names.map((name) => ({ name, different: [], shares: new Map() }));
	for (let n = 0; n < rows.length; n++) {
		let expected = answer(contexts[n], n);
		if (expected instanceof Promise) expected = await expected;
		found.forEach(({ name, different, shares }, column) => {
			if (!isDeepStrictEqual(rows[n][column], expected[name])) different.push({ context: contexts[n], expected: expected[name], got: rows[n][column] });
			const text = JSON.stringify(expected[name]);
			shares.set(text, (shares.get(text) ?? 0) + 1);
		});
	}
	for (const { name, different, shares } of found) {
		const split = [...shares].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([text, n]) => `${text} ${((n * 100) / rows.length).toFixed(1)} %`);
		t.diagnostic(`${name}: ${different.length} of ${rows.length} differ (${split.join(', ')})`);
	}
	for (const { name, different, shares } of found) {
		assert.ok(shares.size > 1 || constant.includes(name), `${name} splits nobody`);
		assert.equal(different.length, 0, `${name}: ${JSON.stringify(different.slice(0, 3), null, 1)}`);
	}
}
