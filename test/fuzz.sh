#!/bin/sh
# make fuzz: random input for flags, documents of other systems, previews, schemas,
# migrations and the guard, then sessions that disturb each other, on a private server.
#
# SEED=0.1 (-1 to 1) and ROUNDS=3000 say what is tried, TESTS="flags documents preview
# schema rename migration guard sessions" chooses.  A test fails by an internal error, an answer
# that should not be, a statement that does not end, or a crash; what led to it
# is printed.

. "$(dirname "$0")/lib.sh"

tests=${TESTS:-flags documents preview schema rename migration guard sessions}
seed=${SEED:-0.1}
rounds=${ROUNDS:-3000}

wf_need build server
wf_begin
wf_build
wf_stage
wf_start fuzz
chmod -R a+rX "$top/test/fuzz" 2>/dev/null || :
failed=0

# run ARGUMENT...: psql in the test's database, quietly.
run() { psql -XqAtd "fuzz_$name" "$@"; }

# listed FUNCTION: a test that lists what went wrong.
listed() {
	run -v ON_ERROR_STOP=1 -f "$top/test/fuzz/$name.sql" \
		-c "SELECT setseed($seed)" -c "SELECT left(f, 2000) FROM fuzz.$name($rounds) f" | sed 1d
}

# What may not be in the output of a test whose other errors are expected.
wrong() { grep -E 'XX[0-9A-Z]{3}|could not judge|server closed|could not write its log row' || :; }

test_flags() { listed; }

# A statement a document, so that one that does not end is found.
test_documents() {
	run -v ON_ERROR_STOP=1 -f "$top/test/fuzz/documents.sql" -f "$top/test/fuzz/extremes.sql"
	run 2>&1 <<-SQL
		SET client_min_messages = error;
		SET statement_timeout = '60s';
		SELECT format('SELECT left(f, 2000) FROM fuzz.document(%s) f', sin($seed * 1000 + n)) FROM generate_series(1, $rounds) n \gexec
		SET statement_timeout = '30min';
		SELECT left(f, 2000) FROM fuzz.extreme() f;
		SELECT left(f, 2000) FROM fuzz.large() f;
	SQL
}
test_schema() { listed; }
test_preview() { listed; }

# A round renames a whole schema several times.
test_rename() { rounds=$((rounds / 100)) listed; }

# A statement a call, so that one that does not end is found.
test_migration() {
	run -v ON_ERROR_STOP=1 -c 'SET wishflags.guard = off' -c 'SET client_min_messages = warning' -f "$top/test/fuzz/migration.sql"
	run 2>&1 <<-SQL | grep . || :
		SET client_min_messages = error;
		SET search_path = yard, public;
		SET statement_timeout = '60s';
		SELECT format('SELECT left(fuzz.migration(%L), 2000)', sin($seed * 1000 + n)) FROM generate_series(1, $rounds) n \gexec
		SELECT fuzz.left_behind();
	SQL
}

test_guard() {
	run -v ON_ERROR_STOP=1 -f "$top/test/fuzz/guard.sql"
	for mode in on warn; do
		run 2>&1 <<-SQL | wrong
			\\set VERBOSITY verbose
			SET client_min_messages = warning;
			SET statement_timeout = '30s';
			SET wishflags.guard = $mode;
			SET search_path = den, public;
			SELECT setseed($seed);
			SELECT fuzz.statement() FROM generate_series(1, $rounds / 4) \\gexec
		SQL
	done
}

# One session makes the extension anew, another the flags, two evaluate.
test_sessions() {
	run -c 'CREATE TABLE numbers AS SELECT g FROM generate_series(1, 2000) g'
	export PGOPTIONS='-c client_min_messages=error -c min_parallel_table_scan_size=0 -c parallel_setup_cost=0'
	turns=$((rounds / 60))
	for session in extension flags evaluate evaluate; do
		case $session in
			extension) text='DROP EXTENSION IF EXISTS wishflags; CREATE EXTENSION wishflags;' ;;
			flags) text="SELECT wishflags.flag_create('a', enabled => true);
				BEGIN; DELETE FROM wishflags.flags; SAVEPOINT s; SELECT wishflags.flag_create('b');
				SELECT wishflags.flag_eval('b', 'x'); ROLLBACK TO s; SELECT wishflags.flag_eval('b', 'x'); COMMIT;" ;;
			evaluate) text="SELECT count(*) FROM numbers WHERE wishflags.flag_eval('a', g::text);
				SELECT wishflags.flag_eval('a', g), wishflags.flag_variant('b', g) FROM generate_series(1, 5) g;" ;;
		esac
		(
			echo '\set VERBOSITY verbose'
			turn=0
			while [ $turn -lt $turns ]; do
				say "$text"
				turn=$((turn + 1))
			done
		) | run > "$T/session.$session.$!" 2>&1 &
		pids="${pids-} $!"
	done
	# shellcheck disable=SC2086
	wait $pids || :
	# The server's own answer where a function goes away under a statement.
	cat "$T"/session.* | grep -v 'cache lookup failed for function' | wrong
}

for name in $tests; do
	case $name in
		flags|documents|preview|schema|rename|migration|guard|sessions) ;;
		*) die "there is no test \"$name\"" ;;
	esac
	createdb "fuzz_$name"
	run -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION wishflags' -f "$top/test/fuzz/common.sql"
	rc=0
	found=$(test_"$name" 2>&1) || rc=$?
	if [ "$rc" = 0 ] && [ -z "$found" ]; then
		say "ok $name"
	else
		say "not ok $name (status $rc)" "$found" | cut -c 1-4000 | head -n 40
		failed=$((failed + 1))
	fi
done
if grep -E 'TRAP:|terminated by signal' "$T/run/fuzz.log"; then failed=$((failed + 1)); fi
wf_stop fuzz
[ "$failed" = 0 ]
