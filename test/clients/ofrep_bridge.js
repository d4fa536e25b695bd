// An OFREP server: HTTP around wishflags.ofrep_evaluate(), _evaluate_all() and
// _event().  Whoever may reach it may evaluate any flag: put it behind what
// tells your own services from others, and leave to browsers the bulk path only.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import pg from 'pg';

const FLAGS = '/ofrep/v1/evaluate/flags';
const EVENTS = '/ofrep/v1/events';

export async function startBridge(port = 0) {
	const pool = new pg.Pool();
	const listener = new pg.Client();
	const streams = new Set();

	async function evaluate(request, path) {
		const body = JSON.stringify(parsed(await text(request)));
		const { rows } = path === FLAGS
			? await pool.query('SELECT * FROM wishflags.ofrep_evaluate_all($1, $2)', [body, request.headers['if-none-match']])
			: await pool.query('SELECT * FROM wishflags.ofrep_evaluate($1, $2)', [decodeURIComponent(path.slice(FLAGS.length + 1)), body]);
		if (rows[0].body?.flags) rows[0].body.eventStreams = [{ type: 'sse', endpoint: { requestUri: EVENTS } }];
		return rows[0];
	}

	const server = createServer(async (request, response) => {
		const path = request.url.split('?')[0];
		if (request.method === 'GET' && path === EVENTS) {
			response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders();
			streams.add(response);
			response.on('close', () => streams.delete(response));
			// What has changed while the client was connecting.
			response.write(await event());
		} else if (request.method === 'POST' && (path === FLAGS || path.startsWith(`${FLAGS}/`))) {
			const { status, headers, body } = await evaluate(request, path).catch(failure);
			response.writeHead(status, headers).end(body && JSON.stringify(body));
		} else response.writeHead(404).end();
	});

	async function event() {
		const { rows } = await pool.query('SELECT wishflags.ofrep_event() AS event');
		return rows[0].event;
	}

	await listener.connect();
	listener.on('notification', async () => {
		const news = await event();
		for (const stream of streams) stream.write(news);
	});
	await listener.query('LISTEN wishflags');
	await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${server.address().port}`,
		async stop() {
			server.close();
			server.closeAllConnections();
			await Promise.all([listener.end(), pool.end()]);
		},
	};
}

// What is no JSON is no request either, which is for SQL to say.
function parsed(body) {
	try {
		return JSON.parse(body);
	} catch {
		return null;
	}
}

function failure(error) {
	console.error(error);
	const body = { key: '', errorCode: 'GENERAL', errorDetails: 'the evaluation failed' };
	return { status: 500, headers: { 'Content-Type': 'application/json' }, body };
}
