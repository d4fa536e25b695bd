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

# What the caller's shell is set to must not reach the servers, the clients
# and the inner make: connection defaults, language, jobserver.
for name in $(env | sed -n 's/^\(PG[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES LANGUAGE
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# ---- which server -----------------------------------------------------------

# wf_server_config: the pg_config of the server to build for.  That is
# PG_CONFIG where it was given; else the one on the PATH if a server belongs to
# it (Debian's may be that of a client); else the newest server that Debian or
# Ubuntu have installed; else the one that their package would bring.
wf_server_config() {
	found=$("$pg_config" --bindir 2>/dev/null || :)
	case $found in
		# Debian's pg_config on the PATH stands for the newest of these.
		/usr/lib/postgresql/*/bin) found=$found/pg_config ;;
		*) found=$(command -v "$pg_config" || :) ;;
	esac
	if [ "$pg_config" != pg_config ]; then
		say "${found:-$pg_config}"
		return
	fi
	if [ -n "$found" ] && [ -x "$("$found" --bindir)/postgres" ] && wf_supported "$(wf_major_of "$found")"; then
		say "$found"
		return
	fi
	for major in 18 17 16 15; do
		[ -x "/usr/lib/postgresql/$major/bin/postgres" ] || continue
		say "/usr/lib/postgresql/$major/bin/pg_config"
		return
	done
	major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
	say "/usr/lib/postgresql/${major:-15}/bin/pg_config"
}

wf_supported() { [ "${1:-0}" -ge 15 ] && [ "$1" -le 18 ]; }

# wf_major_of PG_CONFIG: the server's major version; that of a Debian path is
# known before the package is there.
wf_major_of() {
	case $1 in
		/usr/lib/postgresql/*/bin/pg_config) say "$1" | cut -d / -f 5 ;;
		*) "$1" --version 2>/dev/null | sed 's/[^0-9]*\([0-9]*\).*/\1/' ;;
	esac
}
wf_major() { wf_major_of "$(wf_server_config)"; }

# wf_dir NAME: a folder of the server, "bindir" and so on; empty when there is
# no server yet.
wf_dir() { "$(wf_server_config)" "--$1" 2>/dev/null || :; }

# ---- what must be there -----------------------------------------------------

# wf_missing FEATURE...: prints the Debian packages that FEATURE needs and the
# machine lacks.  Features: build, server, tap, pgtap, pgbouncer, indent,
# python, scipy, node, chroot.
wf_missing() {
	config=$(wf_server_config)
	major=$(wf_major_of "$config")
	for feature in "$@"; do
		case $feature in
			build)
				command -v make >/dev/null 2>&1 || say make
				command -v gcc >/dev/null 2>&1 || say gcc
				[ -f /usr/include/stdio.h ] || say libc6-dev
				[ -f /usr/include/pcre2.h ] || say libpcre2-dev
				[ -f "$(wf_dir pgxs)" ] && [ -f "$(wf_dir includedir-server)/postgres.h" ] \
					|| say "postgresql-server-dev-$major"
				;;
			server)
				[ -x "$(wf_dir bindir)/initdb" ] && [ -x "$(wf_dir bindir)/postgres" ] || say "postgresql-$major"
				;;
			tap)
				perl -MIPC::Run -e 1 2>/dev/null || say libipc-run-perl
				perl -MTest::More -e 1 2>/dev/null && command -v prove >/dev/null 2>&1 || say perl
				command -v git >/dev/null 2>&1 || say git
				;;
			pgtap)
				[ -f "$(wf_dir sharedir)/extension/pgtap.control" ] || say "postgresql-$major-pgtap"
				command -v pg_prove >/dev/null 2>&1 || say libtap-parser-sourcehandler-pgtap-perl
				;;
			pgbouncer)
				command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || say pgbouncer
				;;
			indent)
				command -v pg_bsd_indent >/dev/null 2>&1 || say pg-bsd-indent
				;;
			python)
				command -v python3 >/dev/null 2>&1 || say python3
				;;
			scipy)
				/usr/bin/python3 -c 'import numpy, scipy.stats' 2>/dev/null || say python3-numpy python3-scipy
				;;
			node)
				command -v node >/dev/null 2>&1 || say nodejs
				command -v npm >/dev/null 2>&1 || say npm
				;;
			chroot)
				command -v debootstrap >/dev/null 2>&1 || say debootstrap
				;;
		esac
	done
}

# wf_need FEATURE...: installs what is missing (as root on Debian or Ubuntu,
# asking first on a terminal), or prints the one line that would and stops.
wf_need() {
	have_apt=$(command -v apt-get || :)
	wf_lists "$@"
	packages=$(wf_missing "$@" | sort -u | tr '\n' ' ')
	packages=${packages% }
	major=$(wf_major)
	[ -z "$major" ] && die "$(wf_server_config) does not run; PG_CONFIG names the server's pg_config"
	wf_supported "$major" || die "$(wf_server_config) belongs to PostgreSQL $major; wishflags needs 15 to 18"
	[ -n "$packages" ] || return 0
	line="apt-get install -y --no-install-recommends $packages"
	if [ -z "$have_apt" ]; then
		die "missing on this machine, by their Debian names: $packages"
	fi
	case $(wf_server_config):$packages in
		/usr/lib/postgresql/*) ;;
		*:*postgresql-*)
			die "the server of $(wf_server_config) comes from no package and lacks what these would bring: $packages" ;;
	esac
	if [ "$(id -u)" != 0 ]; then
		say "Missing on this machine: $packages" >&2
		say "Install it as root, then run this again:" >&2
		say "  sudo apt-get update && sudo $line" >&2
		exit 1
	fi
	if [ -t 0 ] && [ -t 1 ]; then
		say "Missing on this machine: $packages"
		printf 'Install it now? [Y/n] '
		read -r answer
		case $answer in [nN]*) say "Run it yourself: $line"; exit 1 ;; esac
	else
		say "Installing what is missing: $packages"
	fi
	wf_install "$packages"
	packages=$(wf_missing "$@" | tr '\n' ' ')
	[ -z "$packages" ] || die "still missing after the installation: $packages"
}

# wf_lists FEATURE...: a machine that has never asked for Debian's package
# lists does not know which PostgreSQL its Debian brings.
wf_lists() {
	[ "$(id -u)" = 0 ] && [ -n "$have_apt" ] || return 0
	[ -n "$(wf_missing "$@")" ] || return 0
	apt-cache show postgresql >/dev/null 2>&1 || wf_apt update
}

# wf_apt ARGUMENT...: apt-get, silent unless it fails.
wf_apt() {
	apt_log=$(mktemp)
	if ! DEBIAN_FRONTEND=noninteractive apt-get "$@" > "$apt_log" 2>&1 </dev/null; then
		tail -n 20 "$apt_log" >&2
		rm -f "$apt_log"
		die "apt-get $1 failed"
	fi
	rm -f "$apt_log"
}

# wf_install PACKAGES: Debian's server package would make and start a cluster,
# and pgbouncer's a service; nobody asked for one, so that is off while the
# packages are installed.
wf_install() {
	wf_apt update
	case " $1" in
		*' postgresql-'*)
			wf_apt install -y --no-install-recommends postgresql-common
			no_cluster=/etc/postgresql-common/createcluster.d/zz-wishflags.conf
			mkdir -p "$(dirname "$no_cluster")"
			say 'create_main_cluster = false' > "$no_cluster"
			trap 'rm -f "$no_cluster"' EXIT
			trap 'exit 130' INT TERM HUP
			;;
		*' pgbouncer'*)
			if [ ! -e /usr/sbin/policy-rc.d ]; then
				no_cluster=/usr/sbin/policy-rc.d
				printf '#!/bin/sh\nexit 101\n' > "$no_cluster"
				chmod 755 "$no_cluster"
				trap 'rm -f "$no_cluster"' EXIT
				trap 'exit 130' INT TERM HUP
			fi
			;;
	esac
	# The list is meant to be split.
	# shellcheck disable=SC2086
	wf_apt install -y --no-install-recommends $1
	if [ -n "${no_cluster-}" ]; then
		rm -f "$no_cluster"
		trap - EXIT INT TERM HUP
	fi
}

# ---- a private place, removed on exit ---------------------------------------

# wf_begin: makes $T, the temporary folder, in WF_BASE if that is set, and
# removes it on exit with every process in it.  The folder's path is short,
# because a socket's path must be.
wf_begin() {
	umask 022
	# From here on it is this server, whatever the PATH says later.
	pg_config=$(wf_server_config)
	# Programs must run from there.
	for base in ${WF_BASE-} /tmp /var/tmp "${HOME:-/}"; do
		T=$(mktemp -d "$base/wf.XXXXXX" 2>/dev/null) || continue
		say '#!/bin/sh' > "$T/try"
		chmod 755 "$T/try"
		if "$T/try" 2>/dev/null; then break; fi
		rm -rf "$T"
		T=
	done
	[ -n "${T-}" ] || die "programs cannot run from /tmp, /var/tmp or the home directory"
	trap wf_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 141' PIPE
	trap 'exit 143' TERM
	chmod 755 "$T"
	T_USER=$(id -un)
	if [ "$(id -u)" = 0 ]; then
		# The server refuses to run as root.
		T_USER=nobody
		id postgres >/dev/null 2>&1 && T_USER=postgres
	fi
	mkdir "$T/run" "$T/run/tmp" "$T/run/home"
	chown -R "$T_USER" "$T/run"
	# The TAP tests put their sockets there.
	TMPDIR=$T/run/tmp
	export TMPDIR
	# Neither make nor PGXS can work in a path with blanks.
	src=$top
	case $top in
		*[!A-Za-z0-9_./+,@-]*) ln -s "$top" "$T/src"; src=$T/src ;;
	esac
}

wf_end() {
	status=$?
	set +e
	trap '' HUP INT PIPE TERM
	trap - EXIT
	cd /
	find "$T" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		kill -QUIT "$(head -n 1 "$pidfile")" 2>/dev/null
	done
	wf_sweep TERM
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(wf_inside)" ] || break
		sleep 0.3
		[ "$try" != 9 ] || wf_sweep KILL
	done
	rm -rf "$T" 2>/dev/null || { sleep 1; rm -rf "$T"; }
	exit "$status"
}

# wf_inside: the processes that work in the temporary folder, by /proc.
wf_inside() {
	find /proc/[0-9]* -maxdepth 1 -name cwd -lname "$T/*" 2>/dev/null | cut -d / -f 3 | grep -vx "$$"
}
wf_sweep() {
	for pid in $(wf_inside); do
		kill -"$1" "$pid" 2>/dev/null
	done
}

# as_user COMMAND...: runs it as the user that the servers run as, without the
# caller's start-up and password files.
as_user() {
	if [ "$(id -un)" = "$T_USER" ]; then
		env HOME="$T/run/home" "$@"
	else
		# That user may not be allowed into the folder where we stand.
		runuser -u "$T_USER" -- env HOME="$T/run/home" sh -c 'cd . 2>/dev/null || cd /; exec "$@"' sh "$@"
	fi
}

# ---- build and stage --------------------------------------------------------

# wf_make GOAL...: the Makefile's PGXS half, in the build folder B.
wf_make() {
	make -C "$B" -f "$src/Makefile" PG_CONFIG="$(wf_server_config)" with_llvm=no "$@"
}

# WF_STAGED is BIN of a caller that has built and staged already.

# wf_build: builds into build/<major> of the checkout, or into $T where the
# checkout is not ours to write.  Sets B.
wf_build() {
	[ -z "${WF_STAGED-}" ] || return 0
	B=$top/build/$(wf_major)
	if [ "$src" != "$top" ] ||
		! { mkdir -p "$B" 2>/dev/null && [ -w "$B" ] && [ "$(stat -c %u "$B")" = "$(id -u)" ]; }; then
		B=$T/build
		mkdir -p "$B"
	fi
	log=$T/build.log
	wf_make -j "$(nproc)" WF_CFLAGS="${WF_CFLAGS-}" > "$log" 2>&1 || { cat "$log" >&2; die "the build failed"; }
	case ${WF_CFLAGS-} in
		*-Werror*) if grep 'warning: ' "$log" >&2; then die "the build has warnings"; fi ;;
	esac
}

# wf_stage: puts a copy of the server with the extension into $T/pg.  Sets
# BIN; PATH begins with it.
wf_stage() {
	BIN=${WF_STAGED:-$T/pg$(wf_dir bindir)}
	[ -n "${WF_STAGED-}" ] || wf_copy_server
	PATH=$BIN:$PATH
	export PATH
}
wf_copy_server() {
	for dir in "$(wf_dir bindir)" "$(wf_dir pkglibdir)" "$(wf_dir sharedir)"; do
		mkdir -p "$T/pg$dir"
		cp -a "$dir/." "$T/pg$dir/"
	done
	# What is installed on this machine is not what is being tested.
	rm -f "$T/pg$(wf_dir sharedir)/extension/wishflags"* "$T/pg$(wf_dir pkglibdir)/wishflags"*
	wf_make DESTDIR="$T/pg" install > "$T/install.log" 2>&1 ||
		{ cat "$T/install.log" >&2; die "the installation failed"; }
}

# wf_quick_initdb: makes the staged initdb one that copies, see initdb.sh.
wf_quick_initdb() {
	[ -z "${WF_STAGED-}" ] || return 0
	mv "$BIN/initdb" "$BIN/initdb.real"
	cp "$top/test/initdb.sh" "$BIN/initdb"
	chmod 755 "$BIN/initdb"
	mkdir "$BIN/initdb.kept"
	chown "$T_USER" "$BIN/initdb.kept"
}

# ---- servers ----------------------------------------------------------------

# wf_start NAME [CONFIG-LINE...]: a private server on a socket in $T/run/NAME.s.
# Sets PGHOST, PGPORT, PGUSER, PGDATABASE; the server's superuser is
# "postgres".
wf_start() {
	name=$1
	shift
	data=$T/run/$name
	as_user mkdir -m 700 "$data.s"
	as_user "$BIN/initdb" -D "$data" -U postgres --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 -N > "$T/$name.initdb" 2>&1 \
		|| { cat "$T/$name.initdb" >&2; die "initdb failed"; }
	{
		say "listen_addresses = ''"
		say "unix_socket_directories = '$data.s'"
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
	PGHOST=$data.s PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	export PGHOST PGPORT PGUSER PGDATABASE
}

# wf_stop NAME
wf_stop() {
	as_user "$BIN/pg_ctl" -D "$T/run/$1" -w -m fast stop > "$T/$1.stop" 2>&1 || cat "$T/$1.stop" >&2
}
