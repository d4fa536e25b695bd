#!/bin/sh
# make conformance CASES=dir: runs given cases on a private server.
#
# The folder holds case files (*.jsonl) and the runners that know them:
# flags.py (cases with a "flag"), migrations.py ("expected_rules") and
# schema_diff.py ("from_sql").
#
# A folder may also hold real material: migrations with meta/_journal.json, each
# read alone, without an error and a syntax error ("files"), and each called
# failing before it is run if and only if it fails then ("history"); schemas
# X_a.sql, X_b.sql, X_c.sql, where each must become the next and turn back
# ("pairs");
# PostgreSQL's own regression database as regressionNN.sql, NN being the server's
# major version, which must equal its restored copy, come from an empty database
# and become one, and stand random edits, there and back ("regression").
#
#   ONLY="flags migrations schema_diff files history pairs regression"   runs these only
#   SEEDS="1 2 3"  the seeds of the random edits
#   EDITS=200      so many with each seed
#   STRIDE=n       every n-th case of schema_diff.py, which takes a second each
#   VERBOSE=1      prints each failed case
#   FLOORS=file    lines "runner/suite n": a suite passes when at least n of its
#                  cases do, and suites are counted instead of cases
#
# Ends with a line "N passed, N failed".

. "$(dirname "$0")/lib.sh"

cases=${CASES-}
[ -n "$cases" ] || die "say where the cases are: make conformance CASES=dir"
cases=$(cd "$cases" 2>/dev/null && pwd -P) || die "there is no folder \"$CASES\""
floors=${FLOORS-}
[ -z "$floors" ] || [ -f "$floors" ] || die "there is no file \"$floors\""
[ -z "$floors" ] || floors=$(cd "$(dirname "$floors")" && pwd -P)/$(basename "$floors")

wf_need build server python
wf_begin
wf_build
wf_stage
wf_start conformance "full_page_writes = off" "synchronous_commit = off" "autovacuum = off" "max_locks_per_transaction = 256"
createdb conformance
psql -Xqd conformance -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION wishflags'
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# files_with KEY: the case files whose cases have it.
files_with() {
	for file in "$cases"/*.jsonl; do
		if [ -f "$file" ] && head -n 1 "$file" | grep -q "\"$1\":"; then say "$file"; fi
	done
}

# run RUNNER KEY FUNCTION ARGUMENT...: leaves "runner/suite passed" lines in
# $T/scores and the runner's "N passed, N failed" in $T/sums.
run() {
	runner=$1 key=$2 function=$3
	shift 3
	case " ${ONLY:-$runner} " in *" $runner "*) ;; *) return 0 ;; esac
	files=$(files_with "$key")
	[ -n "$files" ] || return 0
	[ -f "$cases/$runner.py" ] || { say "== $runner: left out, no $runner.py among the cases"; return 0; }
	if [ "$(psql -XAtd conformance -c "SELECT count(*) FROM pg_proc WHERE proname = '$function' AND pronamespace = 'wishflags'::regnamespace")" = 0 ]; then
		say "== $runner: left out, wishflags.$function is not there"
		return 0
	fi
	say "== $runner"
	printf '%s\n' "$files" > "$T/files"
	[ -z "${VERBOSE-}" ] || set -- -v "$@"
	while read -r file; do set -- "$@" "$file"; done < "$T/files"
	rc=0
	python3 "$cases/$runner.py" "$@" > "$T/$runner.out" 2>&1 || rc=$?
	cat "$T/$runner.out"
	if ! tail -n 1 "$T/$runner.out" | grep -E '^[0-9]+ passed, [0-9]+ failed$' >> "$T/sums"; then
		say "$runner.py broke off with status $rc"
		say "0 passed, 1 failed" >> "$T/sums"
	fi
	sed -nE \
		-e "s,^([a-z_]+) caught ([0-9]+)/[0-9]+\, quiet ([0-9]+)/.*,$runner/\1 \2 \3,p" \
		-e "s,^([a-z_]+) ([0-9]+)/[0-9]+( \(.*)?$,$runner/\1 \2 0,p" "$T/$runner.out" |
		while read -r suite one two; do say "$suite $((one + two))"; done >> "$T/scores"
}

# history: does a check say of each migration whether it will fail?  Each is
# checked and then run in a transaction of its own, on what stands.
run_history() {
	case " ${ONLY:-history} " in *" history "*) ;; *) return 0 ;; esac
	[ -f "$cases/meta/_journal.json" ] || return 0
	say "== history"
	load history /dev/null
	ok=0
	bad=0
	called_and_failed=0
	called=0
	failed=0
	for tag in $(sed -n 's/.*"tag": *"\([^"]*\)".*/\1/p' "$cases/meta/_journal.json"); do
		WF_FILE=$cases/$tag.sql psql -XqAtd history -v ON_ERROR_STOP=1 > "$T/findings" <<-'SQL' || die "$tag could not be checked"
			\set text `cat "$WF_FILE"`
			SELECT f.line, f.rule, f.message
			FROM wishflags.migration_breaking_check(:'text', '{"in_transaction": true, "validate_data": true}') f
			WHERE f.kind = 'fails' AND f.severity IN ('high', 'critical');
		SQL
		says=0
		[ ! -s "$T/findings" ] || says=1
		is=0
		PGOPTIONS='-c wishflags.guard=off' psql -Xq1d history -v ON_ERROR_STOP=1 -f "$cases/$tag.sql" > "$T/run.log" 2>&1 || is=1
		called=$((called + says))
		failed=$((failed + is))
		called_and_failed=$((called_and_failed + says * is))
		if [ $says = $is ]; then
			ok=$((ok + 1))
		else
			bad=$((bad + 1))
			say "wrong of $tag: $(grep -h -m 1 -e 'ERROR' -e '|' "$T/run.log" "$T/findings" | head -n 1)"
		fi
	done
	say "failed: $failed, of these called $called_and_failed; called: $called; ran and not called: $((ok - called_and_failed))"
	awk -v b=$called_and_failed -v c=$called -v f=$failed 'BEGIN { printf "precision %.3f, recall %.3f\n", c ? b / c : 1, f ? b / f : 1 }'
	say "$ok passed, $bad failed" | tee -a "$T/sums"
	say "history/$(basename "$cases") $ok" >> "$T/scores"
}

# files: what a check of each file alone says of its syntax.
run_files() {
	case " ${ONLY:-files} " in *" files "*) ;; *) return 0 ;; esac
	[ -f "$cases/meta/_journal.json" ] || return 0
	say "== files"
	ok=0
	bad=0
	for file in "$cases"/*.sql; do
		faults=$(WF_FILE=$file psql -XqAtd conformance -v ON_ERROR_STOP=1 2>&1 <<-'SQL'
			\set text `cat "$WF_FILE"`
			SELECT f.line, f.message FROM wishflags.migration_breaking_check(:'text') f WHERE f.rule = 'syntax-error';
		SQL
		) || faults="$faults (raised)"
		if [ -z "$faults" ]; then ok=$((ok + 1)); else bad=$((bad + 1)); say "$(basename "$file"): $faults"; fi
	done
	say "$ok passed, $bad failed" | tee -a "$T/sums"
	say "files/$(basename "$cases") $ok" >> "$T/scores"
}

# plain_dump DATABASE: the lines of its schema in no order.  pg_dump writes
# DEFAULT NULL, which no catalog holds, at inherited columns as the OIDs of
# parent and child happen to be.
plain_dump() {
	pg_dump -s -N wishflags -N property "$1" | sed -e 's/,$//' -e 's/ DEFAULT NULL$//' |
		grep -vE '^(--|\\|SET |SELECT pg_catalog\.set_config|$)' | LC_ALL=C sort
}

# load DATABASE FILE: makes it anew from what of the file can be run here.
load() {
	dropdb --if-exists --force "$1"
	createdb "$1"
	psql -Xq -d "$1" -f "$2" > /dev/null 2>&1
	psql -Xq -d "$1" -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' \
		-c 'CREATE EXTENSION IF NOT EXISTS wishflags'
}

# pair FROM TO: whether the one schema file becomes the other and turns back.
pair() {
	for side in from to; do
		file=$1
		[ "$side" = from ] || file=$2
		load "pair_$side" "$file" || return 1
		# Rows that a file brings could forbid what the schemas allow.
		psql -Xq -d "pair_$side" -v ON_ERROR_STOP=1 <<-'SQL' || return 1
			SET client_min_messages = warning;
			SELECT format('TRUNCATE %s CASCADE', string_agg(c.oid::regclass::text, ', '))
			FROM pg_class c WHERE relkind IN ('r', 'p') AND c.oid >= 16384
			AND relnamespace <> 'wishflags'::regnamespace HAVING count(*) > 0 \gexec
		SQL
		psql -XqAtd "pair_$side" -c 'SELECT wishflags.schema_snapshot()' > "$T/$side.json" || return 1
		plain_dump "pair_$side" > "$T/$side.dump"
	done
	for target in to from; do
		WF_FILE=$T/$target.json psql -XqAtd pair_from -v ON_ERROR_STOP=1 > "$T/script.sql" <<-'SQL' || return 1
			\set target `cat "$WF_FILE"`
			SELECT wishflags.schema_diff_sql(wishflags.schema_snapshot(), :'target', '{"online": false, "allow_data_loss": true}');
		SQL
		PGOPTIONS='-c wishflags.guard=off' psql -Xqd pair_from -v ON_ERROR_STOP=1 -f "$T/script.sql" > /dev/null || return 1
		plain_dump pair_from > "$T/result.dump"
		diff "$T/result.dump" "$T/$target.dump" || return 1
	done
}

run_pairs() {
	case " ${ONLY:-pairs} " in *" pairs "*) ;; *) return 0 ;; esac
	ls "$cases"/*_a.sql > /dev/null 2>&1 || return 0
	say "== pairs"
	ok=0
	bad=0
	for to in "$cases"/*_[b-z].sql; do
		last=${to%.sql}
		from=${last%_*}_$(printf %s "${last##*_}" | tr b-z a-y).sql
		[ -f "$from" ] || continue
		if pair "$from" "$to" > "$T/pair.log" 2>&1; then
			ok=$((ok + 1))
		else
			bad=$((bad + 1))
			say "$(basename "$from") to $(basename "$to"):"
			head -n 20 "$T/pair.log"
		fi
	done
	say "$ok passed, $bad failed" | tee -a "$T/sums"
	say "pairs/$(basename "$cases") $ok" >> "$T/scores"
}

# The states of a database are kept and compared by test/t/property/edits.sql.
states="$top/test/t/property/edits.sql"

# copy NAME FROM: a database anew, as the other is.
copy() { dropdb --if-exists --force "$1" && createdb -T "$2" "$1"; }

# become DATABASE FROM TO DUMP: whether the script between two kept states, run
# where the first is, leaves no difference to the second, nor to its dump.
become() {
	psql -XqAtd "$1" -v ON_ERROR_STOP=1 -c "SELECT property.script('$2', '$3', '{\"online\": false}')" > "$T/script.sql" || return 1
	newest=$(psql -XqAtd "$1" -c 'SELECT max(oid) FROM pg_class')
	psql -Xqd "$1" -v ON_ERROR_STOP=1 -f "$T/script.sql" > /dev/null || return 1
	psql -Xqd "$1" -v ON_ERROR_STOP=1 -c "CALL property.expect('$3', $newest)" || return 1
	plain_dump "$1" > "$T/result.dump"
	diff "$T/result.dump" "$4"
}

# states_into DATABASE FROM: with the states that the other has kept.
states_into() {
	psql -Xqd "$2" -c 'COPY property.states TO STDOUT' |
		psql -Xqd "$1" -v ON_ERROR_STOP=1 -c 'TRUNCATE property.states' -c 'COPY property.states FROM STDIN'
}

# keep DATABASE STATE: what the state is, by name.
keep() { psql -Xqd "$1" -v ON_ERROR_STOP=1 -c "CALL property.keep('$2')"; }

# edited SEED: an edited copy of the database and the dump of it.
edited() {
	copy edited original || return 1
	# Most event triggers do not run then, which would forbid what follows.
	psql -XqAtd edited -v ON_ERROR_STOP=1 -c 'SET session_replication_role = replica' -c "SELECT setseed(sin($1 * 10000))" \
		-c "SELECT property.edit(1000, ${EDITS:-200})" -c "CALL property.keep('edited')" > "$T/edits" || return 1
	plain_dump edited > "$T/edited.dump"
}

restored() {
	copy restored empty
	pg_dump -s -N wishflags -N property original | psql -Xqd restored > /dev/null 2>&1
	states_into restored original || return 1
	psql -Xqd restored -v ON_ERROR_STOP=1 -c "CALL property.expect('original', 0)" || return 1
	for database in original restored; do
		psql -XqAtd "$database" -c 'SELECT wishflags.schema_fingerprint()' > "$T/$database.fingerprint"
		plain_dump "$database" > "$T/$database.dump"
	done
	cmp "$T/original.fingerprint" "$T/restored.fingerprint" && diff "$T/original.dump" "$T/restored.dump"
}
from_empty() { states_into empty original && become empty empty original "$T/original.dump"; }
to_empty() { copy emptied original && become emptied original empty "$T/empty.dump"; }
forth() { copy forth original && states_into forth edited && become forth original edited "$T/edited.dump"; }
back() { become edited edited original "$T/original.dump"; }

# attempt SUITE COMMAND...: counts it, and shows the first lines of a failure.
attempt() {
	suite=$1
	shift
	if "$@" > "$T/attempt.log" 2>&1; then
		say "$suite" >> "$T/regression.passed"
	else
		say "$suite" >> "$T/regression.failed"
		say "not ok   $suite: $*"
		head -n "${LINES_SHOWN:-20}" "$T/attempt.log"
	fi
}

run_regression() {
	case " ${ONLY:-regression} " in *" regression "*) ;; *) return 0 ;; esac
	file=$cases/regression$(wf_major).sql
	[ -f "$file" ] || return 0
	say "== regression"
	PGOPTIONS='-c wishflags.guard=off -c client_min_messages=error'
	export PGOPTIONS
	psql -Xqc 'CREATE ROLE property_owner' -c 'CREATE ROLE property_reader'
	: > "$T/regression.passed"
	: > "$T/regression.failed"
	# What is tested comes first, so that it uses nothing of the file.
	load empty /dev/null
	psql -Xqd empty -v ON_ERROR_STOP=1 -f "$states"
	keep empty empty
	copy original empty
	psql -Xqd original -f "$file" > /dev/null 2>&1
	keep original original
	for database in original empty; do plain_dump "$database" > "$T/$database.dump"; done
	attempt restored restored
	attempt empty from_empty
	attempt empty to_empty
	for seed in ${SEEDS:-1 2 3}; do
		edited "$seed" || die "seed $seed could not be edited"
		attempt forth forth
		attempt back back
	done
	say "$(wc -l < "$T/regression.passed") passed, $(wc -l < "$T/regression.failed") failed" | tee -a "$T/sums"
	for suite in restored empty forth back; do
		say "regression/$suite $(grep -cx "$suite" "$T/regression.passed")" >> "$T/scores"
	done
}

: > "$T/scores"
: > "$T/sums"
dsn="host=$PGHOST port=$PGPORT user=$PGUSER"
run flags flag flag_eval_document --dsn "$dsn dbname=conformance"
run migrations expected_rules migration_breaking_check --dsn "$dsn dbname=conformance"
run schema_diff from_sql schema_diff_sql --dsn "$dsn" --jobs 2 --stride "${STRIDE:-1}"
run_files
run_history
run_pairs
run_regression

if [ -z "$floors" ]; then
	awk '{p += $1; f += $3} END {printf "%d passed, %d failed\n", p, f; exit f > 0}' "$T/sums"
	exit
fi

say "== floors"
passed=0
failed=0
while read -r suite score; do
	floor=$(sed -n "s,^$suite ,,p" "$floors")
	if [ "$score" -ge "${floor:-0}" ]; then
		say "ok       $suite: $score, floor ${floor:-none yet}"
		passed=$((passed + 1))
	else
		say "not ok   $suite: $score, floor $floor"
		failed=$((failed + 1))
	fi
done < "$T/scores"
# A suite with a floor that gave no score has fallen.
while read -r suite floor; do
	case $suite in ''|'#'*) continue ;; esac
	case " ${ONLY:-${suite%%/*}} " in *" ${suite%%/*} "*) ;; *) continue ;; esac
	grep -q "^$suite " "$T/scores" || { say "not ok   $suite: no result, floor $floor"; failed=$((failed + 1)); }
done < "$floors"
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
