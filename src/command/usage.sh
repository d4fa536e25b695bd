
# ---- what --help says --------------------------------------------------------

usage() {
	case ${1-} in
		snapshot) cat <<'EOF'
Usage: wishflags snapshot SOURCE [OPTION]...

Prints the schema of SOURCE as a snapshot (JSON).

SOURCE is a database (a connection string or URI, or its name), a .sql file,
or a folder of .sql files.  The database need not have the extension.

  --schema NAME      only this schema; may be repeated
  --scope NAME       only what this tool models: drizzle, prisma
  --no-owners, --no-grants, --no-comments
                     leave these out
  -o, --output FILE  write into FILE
  --bindir DIR       where the server's programs are

Example: wishflags snapshot 'host=db.example.com dbname=shop' -o shop.json
EOF
		;;
		diff) cat <<'EOF'
Usage: wishflags diff FROM TO [OPTION]...

Prints the script that turns the schema of FROM into that of TO.

FROM and TO are each a database (a connection string or URI, or its name), a
snapshot file (.json; Drizzle's too), a .sql file, or a folder of .sql files
in the order of their names, of Drizzle's journal, or of their subfolders.

  --format FORMAT    sql (default), text, json, markdown, mermaid, dot, svg, html
  --no-online        one transaction; default: without long locks
  --lock-timeout T   how long a blocking statement may wait, as 5s (default); 0: for ever
  --rollback         the way back instead
  --allow-data-loss  also when the script loses data
  --schema NAME      only this schema; may be repeated
  --scope NAME       only what this tool models: drizzle, prisma
  --no-owners, --no-grants, --no-comments
                     leave these out; owners and grants of DDL files always are
  -o, --output FILE  write into FILE
  --bindir DIR       where the server's programs are

Exit status: 0 no difference, 1 differences, 2 trouble.

Example: wishflags diff dbname=shop migrations/ --format text
EOF
		;;
		drift) cat <<'EOF'
Usage: wishflags drift DATABASE BASELINE [OPTION]...

Prints what differs in DATABASE from BASELINE.

DATABASE is a connection string or URI, or the name of a database.  BASELINE is
a name that schema_baseline() was given there, a snapshot file (.json), a
snapshot of Drizzle (meta/NNNN_snapshot.json), a .sql file (also one that
"prisma migrate diff --from-empty --script" printed), or a folder of them.

  --format FORMAT    text (default), json, or sql: the script that leads the
                     database back to the baseline
  --no-online, --lock-timeout T, --allow-data-loss
                     for the script, as of wishflags diff
  --schema NAME      only this schema of DDL files; may be repeated
  --scope NAME       only what this tool models, where DDL files are compared:
                     drizzle, prisma
  --no-comments      leave comments out; owners and grants of DDL files are
  -o, --output FILE  write into FILE
  --bindir DIR       where the server's programs are

Exit status: 0 no drift, 1 drift, 2 trouble.

Example: wishflags drift dbname=shop drizzle/meta/0042_snapshot.json
EOF
		;;
		check|report) cat <<EOF
Usage: wishflags $1 PATH... [OPTION]...

Prints what migrations would break, block, lose or fail at, and which comments
take findings back.

PATH is a .sql file or a folder of migrations, as Drizzle, Prisma, Flyway,
golang-migrate, dbmate, goose, node-pg-migrate, sqitch and Atlas lay them out; they are read in
their order, and of their up parts only.

Without --database, each file is checked on a private server that has run those
before it, and every table that is there counts as large.

  --database CONNINFO
                     check on this database, which has the extension: its tables
                     and their sizes count, and nothing is run; of a folder those
                     files are left out that were run, by the tool's ledger
  --since GITREF     print the files only that are new or changed since this
                     commit; also what must not happen to the older ones, and
                     sources of the schema that changed without a new migration
  --sources GLOB     what these sources are, from the top of the work tree; may
                     be repeated; default: as drizzle.config.* says or
                     src/**/schema.ts and **/schema/**/*.ts, **/*.prisma
  --format FORMAT    text (default), markdown, json, sarif, junit, github, html
  --severity S       least severity to print: info, low (default), medium, high, critical
  --fail-on S        least severity to fail for: high (default of check), or never
                     (of report)
  --last N           print the last N files only
  --ignore RULE      leave a rule out; may be repeated
  --alias TEXT       comments that begin with it take findings back, as those of
                     wishflags do; /.../ is a regular expression; may be repeated
  --stats FILE       sizes of the tables where the migrations will run, as
                     wishflags stats prints them
  --platform P       where they will run: postgresql, aurora, rds, cloudsql, azure,
                     supabase; default: as the stats say
  --target-version N major version of PostgreSQL that the migrations will run on
  --in-transaction, --no-transaction
                     whether the runner wraps each file in a transaction;
                     default: as the tool does
  --record CONNINFO  keep what was found in this database, which has the extension
  --timing           tell how long the check of each file took
  --progress         tell which file is checked, also where no terminal is
  -o, --output FILE  write into FILE
  --bindir DIR       where the server's programs are

Exit status: 0 no finding to fail for, 1 findings, 2 trouble.

Example: wishflags $1 drizzle --since origin/main --format github
EOF
		;;
		replay) cat <<'EOF'
Usage: wishflags replay PATH... [OPTION]...

Runs migrations in their order on a private server that is empty at first, each
after it was checked, and prints the fingerprint of the schema that they make.
Stops at the first that fails.

PATH is as for wishflags check.

  --severity S       least severity to print: info, low, medium, high (default), critical
  --fail-on S        least severity of a finding to fail for; default: never
  --ignore RULE, --alias TEXT, --target-version N, --in-transaction,
  --no-transaction, --timing
                     as for wishflags check
  --schema NAME      fingerprint of this schema only; may be repeated
  --no-owners, --no-grants, --no-comments
                     leave these out of the fingerprint
  -o, --output FILE  write into FILE
  --bindir DIR       where the server's programs are

Exit status: 0 all have run, 1 one has not or findings, 2 trouble.

Example: wishflags replay prisma/migrations
EOF
		;;
		rehearse) cat <<'EOF'
Usage: wishflags rehearse PATH... --database CONNINFO [OPTION]...

Runs migrations for real on a database that has the extension, each on what
those before it make, rolls all of it back, and prints what each statement took:
locks, rewrites, reads, rows, time.

PATH is as for wishflags check.  What a folder has that was run already, by the
tool's ledger in the database, is left out.

  --database CONNINFO
                     where; its tables are locked while it runs
  --in-transaction, --no-transaction
                     whether the runner wraps each file in a transaction;
                     default: as the tool does
  --lock-timeout T   how long a statement may wait for a lock, as 2s; default 500ms
  --force            also where a table is large
  --format FORMAT    text (default), json
  -o, --output FILE  write into FILE
  --bindir DIR       where the server's programs are

Exit status: 0 it would run, 1 it would fail, 2 trouble.

Example: wishflags rehearse drizzle/0042_new.sql --database dbname=staging
EOF
		;;
		rollback) cat <<'EOF'
Usage: wishflags rollback PATH... --database CONNINFO [OPTION]...

Undoes the newest migration, or all after a version, newest first: by its down
part where it has one, else by a script from the schema that was there before,
which is made by running the files before it on a private server.

PATH is as for wishflags check; the tool's ledger in the database tells which
files were run.

  --database CONNINFO
                     where; it need not have the extension
  --to VERSION       undo all that were run after this one; 0: all
  --dry-run          print the scripts and run nothing
  --allow-data-loss  also where rows are lost
  --ledger           remove the migrations from the tool's ledger too;
                     default: print the statement that does so
  --lock-timeout T   how long a statement may wait for a lock; default 5s
  --bindir DIR       where the server's programs are

Exit status: 0 undone, 1 refused as data would be lost, 2 trouble.

Example: wishflags rollback drizzle --database dbname=shop --dry-run
EOF
		;;
		version) cat <<'EOF'
Usage: wishflags version [PATH...] [--database CONNINFO]

Prints the version of this command and, of a database, that of the extension
and the newest migration by the ledger of each tool that has one there.  With
PATH, as for wishflags check, also the files that were not run yet.

Example: wishflags version drizzle --database dbname=shop
EOF
		;;
		stats) cat <<'EOF'
Usage: wishflags stats CONNINFO [OPTION]...

Prints the sizes of the tables of a database (JSON), for wishflags check --stats
and the option "stats" of migration_breaking_check(): rows, bytes, writes, and
no data.

CONNINFO is a connection string or URI, or the name of a database, of PostgreSQL
15 or newer.  It need not have the extension, and may be a managed server or a
standby; only the catalog is read.  Tables on which the role has no privilege are
left out, and counted in "hidden_tables"; a member of pg_read_all_stats sees all.

  -o, --output FILE  write into FILE
  --bindir DIR       where psql is

Example: wishflags stats 'host=db.example.com dbname=shop' -o stats.json
EOF
		;;
		sandbox) cat <<'EOF'
Usage: wishflags sandbox SOURCE NAME [OPTION]...

Makes the database NAME, next to SOURCE on its server, with the schema of SOURCE
and a sample of its rows: those that are drawn, and all that they refer to.

SOURCE is a database (a connection string or URI, or its name) that has the
extension; the role needs CREATEDB, and may read what is copied.

  --schema NAME      only this schema; may be repeated
  --sample HOW       how many rows of each table: 500, 1%, or a file with the
                     argument "sample" of wishflags.sandbox_create(); default: 1000
  --mask HOW         suggested, or a file with its argument "mask"
  --drop             replace a database that this command has made before
  --bindir DIR       where psql is

Exit status: 0 made, 2 trouble; then there is no such database.

Example: wishflags sandbox dbname=shop shop_sandbox --sample 1% --mask suggested
EOF
		;;
		*) cat <<'EOF'
Usage: wishflags COMMAND ...

  snapshot SOURCE           the schema of a database or of DDL files, as JSON
  diff FROM TO              the script from one schema to another
  drift DATABASE BASELINE   what a database has that its baseline has not
  check PATH...             what migrations would break, block, lose or fail at
  report PATH...            the same, without failing
  replay PATH...            do all migrations run, and which schema do they make
  rehearse PATH...          what migrations do to a database, and roll it back
  rollback PATH...          undo migrations
  version                   what is installed, and what was run
  stats CONNINFO            sizes of a database's tables, for check --stats
  sandbox SOURCE NAME       a new database with some of a database's rows, masked

wishflags COMMAND --help tells more.  A file .wishflags at the top of a project can
have options and paths, a line "key = value" each, such as "path = drizzle",
"fail-on = critical", "alias = schema-validation: skip".
EOF
		;;
	esac
}
