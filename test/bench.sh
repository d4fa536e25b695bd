#!/bin/sh
# make bench: runs the benchmarks in test/bench/ on a private server and prints
# their ratios, each against a baseline of the same run.
#
# TESTS="flags check" chooses; a benchmark is a script that finds the server by
# PGHOST, PGPORT, PGUSER and PGDATABASE (a database of its own with the
# extension), its programs on PATH, their folder in BIN; over TCP at 127.0.0.1,
# with the password in PGPASSWORD.  TOP is the checkout, PG_CONFIG the server's.

. "$(dirname "$0")/lib.sh"

tests=${TESTS-}

wf_need build server
wf_begin
wf_build
wf_stage
PG_CONFIG=$(wf_server_config)
TOP=$src
PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export BIN PG_CONFIG TOP PGPASSWORD
# No two runs on a machine may want the same port.
tcp_port=$(perl -MIO::Socket::INET -e \
	'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
wf_start bench \
	"listen_addresses = '127.0.0.1'" "port = $tcp_port" \
	"shared_buffers = 512MB" "work_mem = 256MB" "maintenance_work_mem = 256MB" "max_wal_size = 8GB" \
	"checkpoint_timeout = 1h" "max_locks_per_transaction = 256" "synchronous_commit = off" "autovacuum = off" "jit = off" \
	"max_parallel_workers_per_gather = 0"
PGPORT=$tcp_port
psql -Xq -c "ALTER ROLE postgres PASSWORD '$PGPASSWORD'"

run=0
failed=0
for script in "$top"/test/bench/*.sh; do
	[ -f "$script" ] || continue
	name=$(basename "$script" .sh)
	case " ${tests:-$name} " in *" $name "*) ;; *) continue ;; esac
	say "== $name"
	createdb "bench_$name"
	PGDATABASE=bench_$name psql -Xq -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION wishflags'
	rc=0
	(cd "$T" && PGDATABASE=bench_$name exec sh "$script") </dev/null || rc=$?
	[ "$rc" = 0 ] || { say "$name failed with status $rc"; failed=$((failed + 1)); }
	dropdb --force "bench_$name"
	run=$((run + 1))
done
[ "$run" -gt 0 ] || die "there is no such benchmark: ${tests:-test/bench/*.sh}"
[ "$failed" = 0 ]
