#!/bin/sh
# make demo: builds the extension, starts a private server and plays a guided
# tour on the wishlist example; with a terminal it leaves a psql open.  With
# MIGRATIONS=dir it checks the migrations in that folder instead.
#
# ITEMS=n chooses how many items the tour's tables hold.  Everything lies in
# one temporary folder, which is removed on exit.

. "$(dirname "$0")/lib.sh"
. "$top/test/demo/migrations.sh"

migrations=${MIGRATIONS-}
items=${ITEMS:-200000}
example=$top/docs/examples/wishlist

case $items in
	''|*[!0-9]*) die "ITEMS is \"$items\"; it should be a number, as in: make demo ITEMS=1000000" ;;
esac
[ -z "$migrations" ] || find_migrations "$migrations"

# run_sql ARGUMENT...: psql as the tour's user sees it.
run_sql() {
	psql -X -P pager=off "$@"
}

# play_tour: the example's tables, a seed, then the tour itself.  psql stops at
# the first statement that fails and was not meant to.
play_tour() {
	createdb wishlist
	PGDATABASE=wishlist
	for name in 0000_wishlists 0001_prices 0002_shares; do
		run_sql -q -1 -v ON_ERROR_STOP=1 -f "$example/drizzle/$name.sql"
	done
	say "Filling the example's tables with $items items ..."
	run_sql -q -v items="$items" -f "$example/seed.sql"
	cd "$example"
	run_sql -q -v ON_ERROR_STOP=1 < tour.sql 2>&1 || die "the tour stopped: see the last error above"
	cd "$top"
}

# stay: a psql for whoever has watched.
stay() {
	[ -t 0 ] && [ -t 1 ] || return 0
	cat <<-EOF

	This is psql, on the private server that the tour has just used.  To try:

	  SELECT * FROM wishflags.flag_overview;
	  SELECT * FROM wishflags.migration_breaking_check('ALTER TABLE items ADD UNIQUE (url)');
	  CREATE INDEX ON items (title);
	  SELECT * FROM wishflags.status();

	\\q or Ctrl-D ends it, and removes the server with all that is in it.

	EOF
	# In the terminal's foreground alone, so that Ctrl-C reaches psql and not make.
	perl -MPOSIX -e 'setpgid(0, 0); $SIG{TTOU} = "IGNORE"; tcsetpgrp(0, getpid());
		$SIG{TTOU} = "DEFAULT"; exec @ARGV' psql -X -P expanded=auto || :
}

wf_need build server
wf_begin
say "Building wishflags $(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/wishflags.control") for PostgreSQL $(wf_major) ..."
wf_build
wf_stage
say "Starting a private server in $T ..."
wf_start demo

if [ -n "$migrations" ]; then
	check_migrations
else
	play_tour
	stay
fi
