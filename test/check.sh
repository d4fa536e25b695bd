#!/bin/sh
# make check: builds the extension and runs all its tests on private servers.
#
# SUITES="style regress isolation pgtap upgrade docs demo tap" chooses suites,
# TESTS="name..." tests within them; SEED, SEQUENCES and SEQUENCE go to the random
# edits of 050_schema_property.  Two suites run at a time, the TAP tests
# beside the others, and two of them at a time.  Ends with a line "N passed, N failed".

. "$(dirname "$0")/lib.sh"

suites=${SUITES:-style regress isolation pgtap upgrade docs demo tap}
tests=${TESTS-}

for suite in $suites; do
	case $suite in
		style|regress|isolation|pgtap|upgrade|docs|demo|tap) ;;
		*) die "there is no suite \"$suite\"" ;;
	esac
done

wf_need build server tap pgtap
case " $suites " in *" tap "*) wf_need scipy pgbouncer ;; esac
# Hundreds of data directories come and go: in memory where there is plenty.
gigabytes() { awk -v limit="$1" '$2 >= limit * 1048576 { found = 1 } END { exit !found }'; }
if [ -z "${WF_BASE-}" ] && df -kP /dev/shm 2>/dev/null | awk 'NR == 2 { print "free", $4 }' | gigabytes 8 &&
	grep MemAvailable /proc/meminfo | gigabytes 12; then
	WF_BASE=/dev/shm
fi
wf_begin
server=$(wf_server_config)
WF_CFLAGS="${WF_CFLAGS--Werror}" wf_build
wf_stage
wf_quick_initdb

pgxs=$(dirname "$(dirname "$(wf_dir pgxs)")")

# The tests read copies: the user that the servers run as may not be allowed
# into the checkout.
cp -R "$top/sql" "$top/expected" "$top/test" "$T/run/"
chown -R "$T_USER" "$T/run"
chmod -R u+w "$T/run/sql" "$T/run/expected" "$T/run/test"

# ---- counting ---------------------------------------------------------------

passed=0
failed=0

# count PASSED FAILED
count() {
	passed=$((passed + $1))
	failed=$((failed + $2))
}

# chosen FOLDER SUFFIX: the names of the folder's tests, those in TESTS only
# where that is set.
chosen() {
	for file in "$1"/*"$2"; do
		[ -f "$file" ] || continue
		name=$(basename "$file" "$2")
		case " ${tests:-$name} " in *" $name "*) say "$name" ;; esac
	done
}

# ---- pg_regress and its isolation twin --------------------------------------

# regress_like PROGRAM INPUT-DIR DATABASE TEST...
regress_like() {
	program=$1 dir=$2 dbname=$3
	shift 3
	as_user mkdir "$dir/out"
	log=$dir/out.log
	(cd "$dir/out" && as_user env PATH="$PATH" "$program" --inputdir="$dir" --outputdir="$dir/out" \
		--bindir="$BIN" --host="$PGHOST" --port="$PGPORT" --user=postgres --dlpath="$T" \
		--load-extension=wishflags --dbname="$dbname" "$@") > "$log" 2>&1 || :
	grep -E "^(ok |not ok |test )" "$log" || cat "$log"
	ok=$(grep -cE '(\.\.\. ok|^ok )' "$log" || :)
	bad=$(grep -cE '(\.\.\. FAILED|^not ok )' "$log" || :)
	# A run that breaks off has not passed what it did not reach.
	[ $((ok + bad)) -ge $# ] || bad=$(($# - ok))
	count "$ok" "$bad"
	if [ -s "$dir/out/regression.diffs" ]; then
		cat "$dir/out/regression.diffs"
		# What came out stays in the build folder, for a look or as new answer.
		mkdir -p "$B/results"
		cp "$dir"/out/results/*.out "$B/results/"
	fi
}

# The database is named as by make installcheck, for messages that name it.
suite_regress() {
	# The list and its order stand in the Makefile.
	list=
	for name in $(wf_make -s print-REGRESS); do
		case " ${tests:-$name} " in *" $name "*) list="$list $name" ;; esac
	done
	[ -n "$list" ] || return 0
	wf_start regress
	# shellcheck disable=SC2086
	regress_like "$pgxs/test/regress/pg_regress" "$T/run" contrib_regression $list
	wf_stop regress
}

suite_isolation() {
	list=$(chosen "$T/run/test/isolation/specs" .spec)
	[ -n "$list" ] || return 0
	wf_start isolation
	# shellcheck disable=SC2086
	regress_like "$pgxs/test/isolation/pg_isolation_regress" "$T/run/test/isolation" isolation_regression $list
	wf_stop isolation
}

# ---- TAP --------------------------------------------------------------------

# prove_like COMMAND...: a harness that prints "Files=.., Tests=..".
prove_like() {
	log=$T/run/prove.$suite.log
	rc=0
	"$@" > "$log" 2>&1 || rc=$?
	cat "$log"
	total=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$log" | tail -n 1)
	total=${total:-0}
	bad=$(sed -n 's/.*Failed: \([0-9]*\)).*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
	# A file that dies without a failed test is a failure too.
	[ "$rc" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	count $((total > bad ? total - bad : 0)) "$bad"
}

suite_pgtap() {
	list=$(chosen "$T/run/test/pgtap" .sql)
	[ -n "$list" ] || return 0
	wf_start pgtap
	"$BIN/createdb" pgtap
	"$BIN/psql" -XqAtd pgtap -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' \
		-c 'CREATE EXTENSION pgtap' -c 'CREATE EXTENSION wishflags'
	cd "$T/run/test/pgtap"
	prove_like pg_prove --psql-bin "$BIN/psql" -d pgtap $(for name in $list; do say "$name.sql"; done)
	wf_stop pgtap
}

suite_tap() {
	list=$(chosen "$T/run/test/t" .pl)
	[ -n "$list" ] || return 0
	cd "$T/run/test"
	prove_like as_user env PATH="$PATH" PG_REGRESS="$pgxs/test/regress/pg_regress" \
		TESTDATADIR="$T/run/tap" TESTLOGDIR="$T/run/tap_log" TESTDIR="$T/run" \
		prove -j 2 -I "$pgxs/test/perl" -I "$T/run/test/t" $(for name in $list; do say "t/$name.pl"; done)
}

# ---- the rest ---------------------------------------------------------------

suite_style() {
	if sh "$top/test/check-style.sh"; then count 1 0; else count 0 1; fi
	# Other modules share the server's name space with this one.
	foreign=$(nm -D --defined-only "$B/wishflags.so" | awk '{print $3}' |
		grep -vE '^(wf_|pg_finfo_wf_|Pg_magic_func$|_PG_init$)' || :)
	if [ -z "$foreign" ]; then count 1 0; else say "exported without the prefix wf_:" $foreign; count 0 1; fi
}

suite_upgrade() {
	. "$top/test/upgrade.sh"
	upgrade_all
}

# The manual's examples; UPDATE=1 writes their real output into the checkout.
# The policy page is what migration_policy() prints, and nothing else.
policy_page() {
	page=$top/docs/SCHEMA-EVOLUTION-POLICY.md
	"$BIN/createdb" policy
	"$BIN/psql" -XqAtd policy -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION wishflags' \
		-c "SELECT wishflags.migration_policy('markdown')" | sed '$d' > "$T/run/policy.md"
	if [ "${UPDATE-}" = 1 ]; then cp "$T/run/policy.md" "$page"; fi
	if diff "$page" "$T/run/policy.md"; then count 1 0; else count 0 1; fi
}

suite_docs() {
	wf_start docs
	cd "$top"
	# README first; a page is read in the order of its lines, in its own database.
	set -- README.md docs/*.md docs/examples/wishlist/README.md
	if [ "${UPDATE-}" = 1 ]; then set -- --update "$@"; fi
	prove_like prove --exec perl test/docs.pl :: "$@"
	policy_page
	wf_stop docs
}

suite_demo() {
	PG_CONFIG=$server WF_STAGED=$BIN prove_like prove -v --exec sh "$top/test/demo/test.sh"
}

# ---- run --------------------------------------------------------------------

# lane SUITE...: the suites one after another.  A suite leaves its counts in
# $T/count.SUITE; one that breaks off leaves none and counts as failed.
lane() {
	cd "$T/run"
	set +e
	for suite in "$@"; do
		(
			set -e
			say "== $suite"
			suite_"$suite"
			say "$passed $failed" > "$T/count.$suite"
		)
	done
}

# Background jobs and wait, so that a signal ends the run at once.
first=
second=
for suite in $suites; do
	if [ "$suite" = tap ]; then second=$suite; else first="$first $suite"; fi
done
[ -n "$first" ] || { first=$second second=; }
beside=
if [ -n "$second" ]; then
	lane "$second" > "$T/second.out" 2>&1 </dev/null &
	beside=$!
fi
# shellcheck disable=SC2086
lane $first </dev/null &
wait $! || :
if [ -n "$beside" ]; then
	wait "$beside" || :
	cat "$T/second.out"
fi

for suite in $suites; do
	if [ -f "$T/count.$suite" ]; then
		read -r ok bad < "$T/count.$suite"
		count "$ok" "$bad"
	else
		say "suite $suite broke off"
		count 0 1
	fi
done
[ $((passed + failed)) -gt 0 ] || die "no test was run"

say "$passed passed, $failed failed"
[ "$failed" = 0 ]
