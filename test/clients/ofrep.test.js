// OpenFeature's own SDKs and OFREP providers, of servers and of browsers,
// against a bridge onto wishflags.ofrep_evaluate() and ofrep_evaluate_all().
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { OpenFeature as WebOpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { EventSource } from 'eventsource';
import pg from 'pg';
import { startBridge } from './ofrep_bridge.js';

const client = new pg.Client();
const pro = { targetingKey: 'u1', plan: 'pro' };
const answers = [];
let bridge, server;

// What browsers have and Node has not yet.
globalThis.EventSource ??= EventSource;

// The providers' fetch, which keeps what was answered.
async function fetchAndKeep(request, options) {
	const response = await fetch(request, options);
	const path = new URL(request.url).pathname;
	answers.push({ path, status: response.status, etag: response.headers.get('etag'), body: await response.clone().text() });
	return response;
}

function post(path, body, headers = {}) {
	return fetchAndKeep(new Request(bridge.url + path, { method: 'POST', body, headers }));
}

// A client of the web SDK in a domain of its own.
async function webClient(domain, context, options) {
	const provider = new OFREPWebProvider({ baseUrl: bridge.url, cacheMode: 'disabled', fetchImplementation: fetchAndKeep, ...options });
	await WebOpenFeature.setContext(domain, context);
	await WebOpenFeature.setProviderAndWait(domain, provider);
	return WebOpenFeature.getClient(domain);
}

// Resolves once n requests have been answered.
async function answered(n) {
	while (answers.length < n) await new Promise((resolve) => setTimeout(resolve, 10));
}

// Resolves at the next change that the web client is told of.
function nextChange(web) {
	return new Promise((resolve) => {
		web.addHandler(ProviderEvents.ConfigurationChanged, function changed(details) {
			web.removeHandler(ProviderEvents.ConfigurationChanged, changed);
			resolve(details.flagsChanged);
		});
	});
}

before(async () => {
	await client.connect();
	await client.query('CREATE EXTENSION wishflags');
	await client.query(`SELECT wishflags.flag_create('banner', enabled => true, definition => '{
		"variants": {"red": {"colour": "red"}, "blue": {"colour": "blue"}}, "off": "blue", "default": "blue",
		"rules": [{"id": "hidden rule", "when": {"attribute": "plan", "in": ["pro", "hidden plan"]}, "serve": "red"}],
		"metadata": {"team": "web", "since": 2026, "beta": true, "links": ["a", 1]}}')`);
	await client.query(`SELECT wishflags.flag_create('title', enabled => true, definition => '{
		"variants": {"long": "Wishes of yours", "short": "Wishes"}, "default": "short", "off": "short"}')`);
	await client.query(`SELECT wishflags.flag_create('size', enabled => true, definition => '{
		"variants": {"s": 1.5, "none": 0}, "default": "s", "off": "none"}')`);
	await client.query(`SELECT wishflags.flag_create('half', rollout => 50, enabled => true)`);
	await client.query(`SELECT wishflags.flag_create('größe 字', enabled => true)`);
	await client.query(`SELECT wishflags.flag_create('nothing', enabled => true, rollout => 0,
		definition => '{"variants": {"a": "A"}, "default": "a", "off": null}')`);
	await client.query(`SELECT wishflags.flag_create('inside', enabled => true)`);
	await client.query(`UPDATE wishflags.flags SET client_visible = true WHERE key <> 'inside'`);
	bridge = await startBridge();
	await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: bridge.url, fetchImplementation: fetchAndKeep }));
	server = OpenFeature.getClient();
});
after(async () => {
	await OpenFeature.close();
	await WebOpenFeature.close();
	await bridge.stop();
	await client.end();
});

test('server: values of all types, with reason, variant and metadata', async () => {
	assert.deepEqual(await server.getObjectDetails('banner', {}, pro), {
		flagKey: 'banner', value: { colour: 'red' }, variant: 'red', reason: 'TARGETING_MATCH',
		flagMetadata: { team: 'web', since: 2026, beta: true, links: '["a", 1]' },
	});
	assert.deepEqual(await server.getObjectValue('banner', {}, { targetingKey: 'u1' }), { colour: 'blue' });
	assert.equal(await server.getStringValue('title', 'code', pro), 'Wishes');
	assert.equal(await server.getNumberValue('size', 7, pro), 1.5);
	assert.equal(await server.getBooleanValue('größe 字', false, pro), true);
	assert.equal(await server.getBooleanValue('inside', false, pro), true);
});

test('server: everybody gets what flag_eval() says', async () => {
	const { rows } = await client.query(`SELECT i::text AS key, wishflags.flag_eval('half', i) AS on FROM generate_series(1, 200) i`);
	for (const { key, on } of rows) {
		assert.equal(await server.getBooleanValue('half', !on, { targetingKey: key }), on);
	}
});

test('server: what is not found, not asked rightly or not of the type is an error, and the value the default in the code', async () => {
	const code = async (...parameters) => {
		const { value, reason, errorCode } = await server.getBooleanDetails(...parameters);
		assert.equal(reason, 'ERROR');
		return [value, errorCode];
	};
	assert.deepEqual(await code('no such flag', true, pro), [true, 'FLAG_NOT_FOUND']);
	assert.deepEqual(await code('half', true, {}), [true, 'TARGETING_KEY_MISSING']);
	assert.deepEqual(await code('title', true, pro), [true, 'TYPE_MISMATCH']);
});

test('server: an entry without a value is the default in the code', async () => {
	const { value, variant } = await server.getStringDetails('nothing', 'code', pro);
	assert.deepEqual([value, variant], ['code', undefined]);
	assert.equal(answers.at(-1).status, 200);
});

test('requests that no SDK sends', async () => {
	for (const body of ['{"context": []}', '{"context": "u1"}', '[]', 'no json', '']) {
		for (const path of ['/ofrep/v1/evaluate/flags/half', '/ofrep/v1/evaluate/flags']) {
			const response = await post(path, body);
			assert.equal(response.status, 400, `${path} ${body}`);
			assert.equal((await response.json()).errorCode, 'INVALID_CONTEXT');
		}
	}
	assert.equal((await fetch(`${bridge.url}/ofrep/v1/evaluate/flags`)).status, 404);
	assert.equal((await fetch(bridge.url)).status, 404);
});

test('web: all flags that clients may see, and no others', async () => {
	const web = await webClient('all', pro, { changeDetection: 'none' });
	assert.deepEqual(web.getObjectValue('banner', {}), { colour: 'red' });
	assert.equal(web.getStringValue('title', 'code'), 'Wishes');
	assert.equal(web.getNumberValue('size', 7), 1.5);
	assert.equal(web.getBooleanValue('größe 字', false), true);
	assert.deepEqual(JSON.parse(answers.at(-1).body).flags.map((flag) => flag.key).sort(),
		['banner', 'größe 字', 'half', 'nothing', 'size', 'title']);
	const hidden = web.getBooleanDetails('inside', true);
	assert.deepEqual([hidden.value, hidden.errorCode], [true, 'FLAG_NOT_FOUND']);
	const { value, reason, errorCode } = web.getStringDetails('nothing', 'code');
	assert.deepEqual([value, reason, errorCode], ['code', 'SPLIT', undefined]);
	assert.equal(web.getBooleanDetails('title', true).errorCode, 'TYPE_MISMATCH');
});

test('web: without a targeting key only what depends on it fails', async () => {
	const web = await webClient('anonymous', {}, { changeDetection: 'none' });
	const { value, errorCode } = web.getBooleanDetails('half', true);
	assert.deepEqual([value, errorCode], [true, 'TARGETING_KEY_MISSING']);
	assert.equal(web.getStringValue('title', 'code'), 'Wishes');
});

test('web: another context gets other values', async () => {
	const web = await webClient('context', pro, { changeDetection: 'none' });
	await WebOpenFeature.setContext('context', { targetingKey: 'u1', plan: 'free' });
	assert.deepEqual(web.getObjectValue('banner', {}), { colour: 'blue' });
});

test('web: polling is answered 304 until something changes', async () => {
	const web = await webClient('polling', pro, { changeDetection: 'polling', pollInterval: 20 });
	const first = answers.at(-1);
	assert.match(first.etag, /^"[0-9a-f]{32}"$/);
	const seen = answers.length;
	await answered(seen + 3);
	for (const { status, etag, body } of answers.slice(seen)) assert.deepEqual([status, etag, body], [304, first.etag, '']);
	const change = nextChange(web);
	await client.query(`SELECT wishflags.flag_disable('size')`);
	assert.deepEqual(await change, ['size']);
	assert.equal(web.getNumberValue('size', 7), 0);
	assert.notEqual(answers.findLast(({ status }) => status === 200).etag, first.etag);
	await WebOpenFeature.clearProviders();
});

test('web: a change in SQL reaches the client by an event', async (t) => {
	const web = await webClient('events', pro);
	const took = [];
	for (let i = 0; i < 10; i++) {
		const on = i % 2 === 1;
		const change = nextChange(web);
		const start = performance.now();
		await client.query(`SELECT wishflags.flag_${on ? 'enable' : 'disable'}('banner')`);
		assert.deepEqual(await change, ['banner']);
		took.push(performance.now() - start);
		assert.deepEqual(web.getObjectValue('banner', {}), { colour: on ? 'red' : 'blue' });
	}
	await WebOpenFeature.clearProviders();
	took.sort((a, b) => a - b);
	t.diagnostic(`from the statement to the new value: ${took[5].toFixed(1)} ms (median of ${took.length}; ` +
		'50 ms of it the provider waits for further events)');
});

test('web: an event for a flag that is not for clients changes nothing', async () => {
	const seen = answers.length;
	const web = await webClient('quiet', pro);
	let changes = 0;
	web.addHandler(ProviderEvents.ConfigurationChanged, () => changes++);
	// The flags, then the answers to the event at the start and to the change.
	await answered(seen + 2);
	await client.query(`SELECT wishflags.flag_disable('inside')`);
	await answered(seen + 3);
	assert.deepEqual(answers.slice(seen).map(({ status }) => status), [200, 304, 304]);
	assert.equal(changes, 0);
});

test('no answer tells of rules', () => {
	assert.ok(answers.length > 200);
	for (const { body } of answers) assert.doesNotMatch(body, /hidden|rule|when|plan/);
});
