#!/bin/sh
# make check-clients: the extension as applications meet it: node-pg, Drizzle,
# and the manual's JavaScript.  Fetches the clients by npm into the temporary
# folder, so it needs a network.

. "$(dirname "$0")/lib.sh"

wf_need build server node
wf_begin
wf_build
wf_stage

clients=$T/run/clients
cp -R "$top/test/clients" "$clients"
(cd "$clients" && npm ci --ignore-scripts --no-audit --no-fund > "$T/npm.log" 2>&1) ||
	{ cat "$T/npm.log" >&2; die "npm could not fetch the clients"; }

wf_start clients
failed=0
cd "$clients"
for test in *.test.js; do
	createdb "${test%.test.js}"
	PGDATABASE=${test%.test.js} WF_EXAMPLE=$top/docs/examples/wishlist node --test "$test" || failed=$((failed + 1))
done
cd "$top"
test/docs.pl --js "$clients" README.md || failed=$((failed + 1))
[ "$failed" = 0 ]
