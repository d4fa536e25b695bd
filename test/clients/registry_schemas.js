// Pairs of Avro schemas, a writer's and a reader's that came of it by random
// edits, the same for the same seed.

// mulberry32
function random(seed) {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
const DEFAULTS = { null: null, boolean: true, int: 1, long: 2, float: 1.5, double: 2.5, bytes: 'b', string: 's' };

export function anyPair(seed) {
	const next = random(seed);
	const below = (n) => Math.floor(next() * n);
	const pick = (list) => list[below(list.length)];
	let names = 0;

	const defaultOf = (type) => {
		if (Array.isArray(type)) return defaultOf(type[0]);
		if (typeof type === 'string') return DEFAULTS[type];
		switch (type.type) {
			case 'array': return [];
			case 'map': return {};
			case 'enum': return type.symbols[0];
			case 'fixed': return 'x'.repeat(type.size);
			default: return undefined;
		}
	};
	const field = (name, depth) => {
		const f = { name, type: type(depth) };
		const value = defaultOf(f.type);
		if (value !== undefined && next() < 0.4) f.default = value;
		return f;
	};
	const type = (depth) => {
		const kind = depth <= 0 ? 0 : below(10);
		if (kind < 4) return pick(PRIMITIVES);
		switch (kind) {
			case 4: return { type: 'array', items: type(depth - 1) };
			case 5: return { type: 'map', values: type(depth - 1) };
			case 6: return { type: 'enum', name: `E${names++}`, symbols: ['A', 'B', 'C'].slice(0, 1 + below(3)) };
			case 7: return { type: 'fixed', name: `F${names++}`, size: 1 + below(3) };
			case 8: return union(depth);
			default: return record(depth - 1);
		}
	};
	const union = (depth) => {
		const branches = [];
		for (let i = 1 + below(3); i > 0; i--) {
			const branch = type(depth - 1);
			const kind = (t) => (typeof t === 'string' ? t : (t.name ?? t.type));
			if (!Array.isArray(branch) && !branches.some((b) => kind(b) === kind(branch))) branches.push(branch);
		}
		return branches.length > 0 ? branches : ['null'];
	};
	const record = (depth) => ({
		type: 'record', name: `R${names++}`,
		fields: Array.from({ length: 1 + below(4) }, (_, i) => field(`f${i}`, depth)),
	});

	const edit = (t, depth) => {
		if (next() < 0.12) return type(depth);
		if (next() < 0.1) return ['null', t].filter((b, i) => i === 0 || (b !== 'null' && !Array.isArray(b)));
		if (Array.isArray(t)) {
			const branches = t.filter(() => next() < 0.85).map((b) => (next() < 0.2 && typeof b === 'string' ? b : b));
			if (next() < 0.3 && !branches.includes('string')) branches.push('string');
			return branches.length > 0 ? branches : t;
		}
		if (typeof t === 'string') {
			const wider = { int: ['long', 'float', 'double'], long: ['float', 'double', 'int'], float: ['double', 'long'], string: ['bytes'], bytes: ['string'] };
			return wider[t] && next() < 0.4 ? pick(wider[t]) : t;
		}
		switch (t.type) {
			case 'array': return { ...t, items: edit(t.items, depth - 1) };
			case 'map': return { ...t, values: edit(t.values, depth - 1) };
			case 'enum': {
				const symbols = next() < 0.5 ? t.symbols : ['A', 'B', 'C', 'D'].filter(() => next() < 0.7);
				const e = { ...t, symbols: symbols.length > 0 ? symbols : ['A'] };
				if (next() < 0.2) e.default = e.symbols[0];
				if (next() < 0.1) { e.name = `X${e.name}`; if (next() < 0.5) e.aliases = [t.name]; }
				return e;
			}
			case 'fixed': return next() < 0.2 ? { ...t, size: t.size + 1 } : t;
			default: {
				const fields = [];
				for (const f of t.fields) {
					const fate = next();
					if (fate < 0.15) continue;
					const g = { name: f.name, type: edit(f.type, depth - 1) };
					const value = defaultOf(g.type);
					if (value !== undefined && next() < 0.4) g.default = value;
					if (fate > 0.85) { g.name = `renamed_${f.name}`; if (next() < 0.6) g.aliases = [f.name]; }
					fields.push(g);
				}
				if (next() < 0.4) fields.push(field('added', depth - 1));
				const r = { ...t, fields: fields.length > 0 ? fields : t.fields };
				if (next() < 0.08) { r.name = `X${r.name}`; if (next() < 0.5) r.aliases = [t.name]; }
				return r;
			}
		}
	};

	const writer = record(3);
	return [writer, edit(writer, 3)];
}
