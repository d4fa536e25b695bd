// Five vendors' own SDKs, each loaded with a document and nothing else: no
// network, no telemetry.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { GrowthBookClient } from '@growthbook/growthbook';
import { init } from '@launchdarkly/node-server-sdk';
import { FileDataSourceFactory } from '@launchdarkly/node-server-sdk/integrations';
import { FlagdCore } from '@openfeature/flagd-core';
import { Flagsmith, LocalFileHandler } from 'flagsmith-nodejs';
import { InMemStorageProvider, Unleash } from 'unleash-client';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export function growthbook(document) {
	return new GrowthBookClient().initSync({ payload: structuredClone(document) });
}

// flagd-core's resolution of a flag, asked for the type that its variants have.
export function flagd(document) {
	const core = new FlagdCore(undefined, silent);
	core.setConfigurations(JSON.stringify(document));
	const methods = {};
	for (const [flag, { variants }] of Object.entries(document.flags)) {
		const type = typeof Object.values(variants)[0];
		methods[flag] = `resolve${type[0].toUpperCase()}${type.slice(1)}Evaluation`;
	}
	return (flag, context) => core[methods[flag]](flag, 'code', context);
}

// A text, or all in an object, whose code units are the bytes of its UTF-8: what
// hashes code units as if they were bytes then hashes UTF-8.
export function inUtf8(value) {
	if (typeof value === 'string') return Buffer.from(value).toString('latin1');
	return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inUtf8(member)])) : value;
}

export async function flagsmith(document) {
	await writeFile('flagsmith.json', JSON.stringify(document));
	return new Flagsmith({ offlineMode: true, offlineHandler: new LocalFileHandler('flagsmith.json') });
}

// To be closed with close().
export async function launchdarkly(document) {
	await writeFile('launchdarkly.json', JSON.stringify(document));
	const client = init('none', {
		updateProcessor: new FileDataSourceFactory({ paths: ['launchdarkly.json'] }).getFactory(),
		sendEvents: false, diagnosticOptOut: true, logger: silent,
	});
	return client.waitForInitialization({ timeout: 10 });
}

// To be closed with destroy().  An interval of 0 keeps it from asking the URL.
export async function unleash(document) {
	const client = new Unleash({
		appName: 'test', url: 'http://127.0.0.1:9', refreshInterval: 0, disableMetrics: true, skipInstanceCountWarning: true,
		storageProvider: new InMemStorageProvider(), bootstrap: { data: document.features, segments: document.segments },
	});
	await once(client, 'ready');
	return client;
}
