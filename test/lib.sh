# lib.sh: what the scripts in test/ share: find or install what is missing,
# build, stage a private copy of the server with the extension in it, start
# and stop private servers.  Sourced, never run.
#
# Nothing is written into the system's server directories: the server's bin,
# lib and share trees are copied into a temporary folder (a PostgreSQL
# installation may be moved as long as its folders keep their distance), and
# the extension is installed into the copy.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd -P)
pg_config=${PG_CONFIG:-pg_config}

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# ---- what must be there -----------------------------------------------------

# wf_missing FEATURE...: prints the Debian packages that FEATURE needs and the
# machine lacks.  Features: build, server, tap, pgtap, indent, python.
wf_missing() {
	for feature in "$@"; do
		major=$(wf_major)
		libdir=/usr/lib/postgresql/$major
		case $feature in
			build)
				command -v gcc >/dev/null 2>&1 || say gcc libc6-dev
				command -v "$pg_config" >/dev/null 2>&1 \
					&& [ -f "$("$pg_config" --pgxs)" ] \
					&& [ -f "$("$pg_config" --includedir-server)/postgres.h" ] \
					|| say "postgresql-server-dev-$major"
				;;
			server)
				[ -x "$(wf_bindir)/initdb" ] || say "postgresql-$major"
				;;
			tap)
				perl -MIPC::Run -e 1 2>/dev/null || say libipc-run-perl
				command -v prove >/dev/null 2>&1 || say perl
				;;
			pgtap)
				[ -f "$(wf_sharedir)/extension/pgtap.control" ] || say "postgresql-$major-pgtap"
				command -v pg_prove >/dev/null 2>&1 || say libtap-parser-sourcehandler-pgtap-perl
				;;
			indent)
				command -v pg_bsd_indent >/dev/null 2>&1 || say pg-bsd-indent
				;;
			python)
				command -v python3 >/dev/null 2>&1 || say python3
				;;
		esac
	done
}

# wf_need FEATURE...: installs what is missing (as root on Debian or Ubuntu,
# asking first on a terminal), or prints the one line that would and stops.
wf_need() {
	packages=$(wf_missing "$@" | tr '\n' ' ')
	[ -n "$packages" ] || return 0
	line="apt-get install -y --no-install-recommends $packages"
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		say "Missing on this machine: $packages" >&2
		say "Install it as root, then run this again:" >&2
		say "  sudo $line" >&2
		exit 1
	fi
	if [ -t 0 ] && [ -t 1 ]; then
		say "Missing on this machine: $packages"
		printf 'Install it now? [Y/n] '
		read -r answer
		case $answer in [nN]*) say "Run it yourself: $line"; exit 1 ;; esac
	fi
	# Debian's package would make and start a cluster; nobody asked for one.
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		mkdir -p /etc/postgresql-common
		say 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
	fi
	apt_log=$(mktemp)
	{ DEBIAN_FRONTEND=noninteractive apt-get update &&
	  DEBIAN_FRONTEND=noninteractive $line; } > "$apt_log" 2>&1 </dev/null || {
		tail -n 20 "$apt_log" >&2
		rm -f "$apt_log"
		die "could not install $packages"
	}
	rm -f "$apt_log"
	packages=$(wf_missing "$@" | tr '\n' ' ')
	[ -z "$packages" ] || die "still missing after the installation: $packages"
}

# The server's major version: of PG_CONFIG where it exists, else the newest
# that is installed, else Debian's own.
wf_major() {
	if command -v "$pg_config" >/dev/null 2>&1; then
		"$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
	else
		found=$(ls /usr/lib/postgresql 2>/dev/null | sort -n | tail -n 1)
		[ -n "$found" ] || found=$(apt-cache depends postgresql 2>/dev/null |
			sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
		say "${found:-15}"
	fi
}

# Debian's pg_config without server-dev knows the client only, so the folders
# are asked of the server's own version where there is one.
wf_server_config() {
	own=/usr/lib/postgresql/$(wf_major)/bin/pg_config
	if [ -x "$own" ]; then say "$own"; else say "$pg_config"; fi
}
wf_bindir() { "$(wf_server_config)" --bindir 2>/dev/null || say "/usr/lib/postgresql/$(wf_major)/bin"; }
wf_sharedir() { "$(wf_server_config)" --sharedir 2>/dev/null || say "/usr/share/postgresql/$(wf_major)"; }

# ---- a private place, removed on exit ---------------------------------------

# wf_begin: makes $T, the temporary folder, and removes it on exit with every
# server in it.  The folder's path is short, because a socket's path must be.
wf_begin() {
	umask 022
	T=$(mktemp -d /tmp/wf.XXXXXX)
	chmod 755 "$T"
	T_USER=$(id -un)
	if [ "$(id -u)" = 0 ]; then
		# The server refuses to run as root.
		T_USER=nobody
		id postgres >/dev/null 2>&1 && T_USER=postgres
	fi
	mkdir "$T/run"
	chown "$T_USER" "$T/run"
	trap wf_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

wf_end() {
	status=$?
	set +e
	trap - EXIT INT TERM HUP
	for pidfile in "$T"/run/*/postmaster.pid; do
		[ -f "$pidfile" ] && kill -QUIT "$(head -n 1 "$pidfile")" 2>/dev/null
	done
	wait
	# A server that is just ending may still write.
	rm -rf "$T" 2>/dev/null || { sleep 1; rm -rf "$T"; }
	exit "$status"
}

# as_user COMMAND...: runs it as the user that the servers run as.
as_user() {
	if [ "$(id -un)" = "$T_USER" ]; then "$@"; else runuser -u "$T_USER" -- "$@"; fi
}

# ---- build and stage --------------------------------------------------------

# wf_build: builds into build/<major> of the checkout, or into $T where the
# checkout is not ours to write.  Sets B.
wf_build() {
	config=$(wf_server_config)
	B=$top/build/$("$config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	if ! { mkdir -p "$B" 2>/dev/null && [ -w "$B" ] && [ "$(stat -c %u "$B")" = "$(id -u)" ]; }; then
		B=$T/build
		mkdir -p "$B"
	fi
	log=$T/build.log
	make -C "$B" -f "$top/Makefile" -j "$(nproc)" PG_CONFIG="$config" with_llvm=no \
		WF_CFLAGS="${WF_CFLAGS-}" > "$log" 2>&1 || { cat "$log" >&2; die "the build failed"; }
	if grep -i 'warning' "$log" >&2; then die "the build has warnings"; fi
}

# wf_stage: puts a copy of the server with the extension into $T/pg.  Sets
# BIN; PATH begins with it.
wf_stage() {
	config=$(wf_server_config)
	BIN=$T/pg$("$config" --bindir)
	for dir in "$("$config" --bindir)" "$("$config" --pkglibdir)" "$("$config" --sharedir)"; do
		mkdir -p "$T/pg$dir"
		cp -a "$dir/." "$T/pg$dir/"
	done
	make -C "$B" -f "$top/Makefile" PG_CONFIG="$config" with_llvm=no DESTDIR="$T/pg" install \
		> "$T/install.log" 2>&1 || { cat "$T/install.log" >&2; die "the installation failed"; }
	PATH=$BIN:$PATH
	export PATH
}

# ---- servers ----------------------------------------------------------------

# wf_start NAME [CONFIG-LINE...]: a private server on a socket in $T/run.
# Sets PGHOST, PGPORT, PGUSER; the server's superuser is "postgres".
wf_start() {
	name=$1
	shift
	data=$T/run/$name
	as_user "$BIN/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N > "$T/$name.initdb" 2>&1 \
		|| { cat "$T/$name.initdb" >&2; die "initdb failed"; }
	{
		say "listen_addresses = ''"
		say "unix_socket_directories = '$T/run'"
		say "port = 5432"
		say "fsync = off"
		say "log_line_prefix = '%m [%p] %q%a '"
		say "max_prepared_transactions = 2"
		for line in "$@"; do say "$line"; done
	} >> "$data/postgresql.conf"
	as_user "$BIN/pg_ctl" -D "$data" -l "$T/run/$name.log" -w start > "$T/$name.start" 2>&1 || {
		cat "$T/$name.start" "$T/run/$name.log" >&2
		die "the server did not start"
	}
	PGHOST=$T/run PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	export PGHOST PGPORT PGUSER PGDATABASE
}

wf_stop() {
	as_user "$BIN/pg_ctl" -D "$T/run/$1" -w -m fast stop > "$T/$1.stop" 2>&1 || cat "$T/$1.stop" >&2
}
