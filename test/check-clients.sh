#!/bin/sh
# make check-clients: the extension as applications meet it: node-pg, Drizzle,
# OpenFeature's SDKs by OFREP, the SDKs of the systems whose flags it takes in,
# migration tools under the guard, and the manual's JavaScript.  Ends with rates
# of evaluation, which are printed and not judged.  Fetches the clients by npm
# into the temporary folder, so it needs a network.  UPDATE=1 writes what the
# manual's JavaScript prints into README.md.

. "$(dirname "$0")/lib.sh"

wf_need build server node
wf_begin
wf_build
wf_stage

clients=$T/run/node
cp -R "$top/test/clients" "$clients"

# fetch OPTION...: what package-lock.json names.
fetch() {
	(cd "$clients" && npm ci --cache "$T/npm" --ignore-scripts --no-audit --no-fund "$@") > "$T/npm.log" 2>&1
}

# The migration tools are development packages: the rest can do without them.
fetch || {
	tail -n 5 "$T/npm.log" >&2
	fetch --omit=dev || { cat "$T/npm.log" >&2; die "npm could not fetch the clients"; }
	say "skipped: guard_tools.test.js, since npm could not fetch the migration tools (see above)"
	rm "$clients/guard_tools.test.js"
}

passed=0
failed=0

# count_in LOG PASSED-PATTERN FAILED-PATTERN: the numbers that the harness
# printed; one that broke off has failed.
count_in() {
	ok=$(sed -n "s/^$2//p" "$1" | tail -n 1)
	bad=$(sed -n "s/^$3//p" "$1" | tail -n 1)
	[ -n "$ok$bad" ] || bad=1
	passed=$((passed + ${ok:-0}))
	failed=$((failed + ${bad:-0}))
}

wf_start clients
cd "$clients"
for test in *.test.js; do
	say "== $test"
	PGDATABASE=${test%.test.js}
	createdb "$PGDATABASE"
	WF_EXAMPLE=$top/docs/examples/wishlist node --test --test-reporter=tap "$test" > "$T/test.log" 2>&1 || :
	cat "$T/test.log"
	count_in "$T/test.log" '# pass ' '# fail '
done

# The manual's JavaScript runs between its SQL.
say "== README.md"
cd "$top"
perl "$top/test/docs.pl" ${UPDATE:+--update} --js "$clients" README.md > "$T/test.log" 2>&1 || :
cat "$T/test.log"
passed=$((passed + $(grep -c '^ok ' "$T/test.log" || :)))
failed=$((failed + $(grep -c '^not ok ' "$T/test.log" || :)))
grep -q '^1\.\.' "$T/test.log" || failed=$((failed + 1))

say "== rate.js"
cd "$clients"
PGDATABASE=rate
createdb "$PGDATABASE"
if node rate.js; then passed=$((passed + 1)); else failed=$((failed + 1)); fi

say "$passed passed, $failed failed"
[ "$failed" = 0 ]
