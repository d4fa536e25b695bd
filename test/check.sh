#!/bin/sh
# make check: builds the extension and runs all its tests on private servers.
#
# SUITES="regress isolation pgtap tap style" chooses suites, TESTS="name..."
# tests within them.  Ends with a line "N passed, N failed".

. "$(dirname "$0")/lib.sh"

suites=${SUITES:-style regress isolation pgtap tap}
tests=${TESTS-}

wf_need build server tap pgtap
wf_begin
WF_CFLAGS="${WF_CFLAGS--Werror}" wf_build
wf_stage

passed=0
failed=0
config=$(wf_server_config)
pgxs=$(dirname "$(dirname "$("$config" --pgxs)")")

# The tests read copies: the user that the servers run as may not be allowed
# into the checkout.
cp -R "$top/sql" "$top/expected" "$top/test" "$T/run/"
chown -R "$T_USER" "$T/run"

count() {
	passed=$((passed + $1))
	failed=$((failed + $2))
}

# regress_like PROGRAM DIR TEST...: pg_regress or its isolation twin.
regress_like() {
	program=$1 dir=$2
	shift 2
	mkdir -p "$dir/out"
	chown "$T_USER" "$dir/out"
	log=$T/regress.log
	(cd "$dir/out" && as_user env PATH="$PATH" "$program" --inputdir="$dir" --outputdir="$dir/out" \
		--bindir="$BIN" --host="$PGHOST" --port="$PGPORT" --user=postgres --dlpath="$T" \
		--load-extension=wishflags --dbname="$dbname" "$@") > "$log" 2>&1 || :
	grep -E '(^test |^ok |^not ok |\.\.\. )' "$log" || cat "$log"
	ok=$(grep -cE '(\.\.\. ok|^ok )' "$log" || :)
	bad=$(grep -cE '(\.\.\. FAILED|^not ok )' "$log" || :)
	[ $((ok + bad)) -ge $# ] || bad=$(($# - ok))
	count "$ok" "$bad"
	if [ -s "$dir/out/regression.diffs" ]; then
		cat "$dir/out/regression.diffs"
		# What came out stays in the build folder, for a look or as new answer.
		mkdir -p "$B/results"
		cp "$dir"/out/results/*.out "$B/results/"
	fi
}

suite_style() {
	if "$top/test/check-style.sh"; then count 1 0; else count 0 1; fi
}

suite_regress() {
	wf_start regress
	dbname=regression
	# The list stands in the Makefile.
	list=${tests:-$(make -s -C "$B" -f "$top/Makefile" PG_CONFIG="$config" print-REGRESS)}
	regress_like "$pgxs/test/regress/pg_regress" "$T/run" $list
	wf_stop regress
}

suite_isolation() {
	specs=$(cd "$top/test/isolation/specs" && ls ./*.spec 2>/dev/null | sed 's|^\./||; s/\.spec$//')
	[ -z "$tests" ] || specs=$tests
	[ -n "$specs" ] || return 0
	wf_start isolation
	dbname=isolation_regression
	regress_like "$pgxs/test/isolation/pg_isolation_regress" "$T/run/test/isolation" $specs
	wf_stop isolation
}

# prove_like COMMAND...: a harness that prints "Files=.., Tests=..".
prove_like() {
	log=$T/prove.log
	rc=0
	"$@" > "$log" 2>&1 || rc=$?
	cat "$log"
	total=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$log" | tail -n 1)
	bad=$(sed -n 's/.*Failed: \([0-9]*\)).*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
	# A file that dies without a failed test is a failure too.
	[ "$rc" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	count $((${total:-0} > bad ? ${total:-0} - bad : 0)) "$bad"
}

suite_pgtap() {
	files=$(cd "$top/test/pgtap" && ls ./*.sql 2>/dev/null | sed 's|^\./||')
	[ -z "$tests" ] || files=$(for t in $tests; do say "$t.sql"; done)
	[ -n "$files" ] || return 0
	wf_start pgtap
	"$BIN/createdb" pgtap
	"$BIN/psql" -XqAtd pgtap -c 'CREATE EXTENSION pgtap' -c 'SET client_min_messages = warning' \
		-c 'CREATE EXTENSION wishflags'
	cd "$T/run/test/pgtap"
	prove_like pg_prove --psql-bin "$BIN/psql" -d pgtap $files
	cd "$top"
	wf_stop pgtap
}

suite_tap() {
	files=$(cd "$top/test/t" && ls ./*.pl 2>/dev/null | sed 's|^\./||')
	[ -z "$tests" ] || files=$(for t in $tests; do say "$t.pl"; done)
	[ -n "$files" ] || return 0
	cd "$T/run/test"
	files=$(for f in $files; do say "t/$f"; done)
	prove_like as_user env PATH="$PATH" PG_REGRESS="$pgxs/test/regress/pg_regress" \
		TESTDATADIR="$T/run/tap" TESTLOGDIR="$T/run/tap_log" TESTDIR="$T/run" PGHOST= PGPORT= \
		prove -I "$pgxs/test/perl" -I "$T/run/test/t" $files
	cd "$top"
}

for suite in $suites; do
	say "== $suite"
	suite_"$suite"
done

say "$passed passed, $failed failed"
[ "$failed" = 0 ]
