#!/bin/sh
# make check-versions: make check against other PostgreSQL versions, each in a
# chroot of the Debian release that brings it.
#
# VERSIONS="17 18" chooses versions; SUITES and TESTS are those of make check.
# The chroots are made once, in CHROOTS (/var/cache/wishflags), about 2 GB
# each.  Needs root.  Ends with a line "N passed, N failed".

. "$(dirname "$0")/lib.sh"

versions=${VERSIONS:-17 18}
chroots=${CHROOTS:-/var/cache/wishflags}

release_of() {
	case $1 in
		15) say bookworm ;;
		17) say trixie ;;
		18) say sid ;;
		*) die "no Debian release brings PostgreSQL $1; there are 15, 17 and 18" ;;
	esac
}
for version in $versions; do release_of "$version" > /dev/null; done

if [ "$(id -u)" != 0 ]; then
	say "make check-versions needs root: it makes Debian chroots with PostgreSQL" >&2
	say "$versions in $chroots and runs make check in them." >&2
	say "Run: sudo make check-versions" >&2
	exit 1
fi
wf_need chroot
mkdir -p "$chroots" && [ -w "$chroots" ] || die "$chroots cannot be written; name another folder: make check-versions CHROOTS=dir"

umask 022
logs=$(mktemp -d)
source=
trap 'rm -rf "$logs" ${source:+"$source"}' EXIT
trap 'exit 130' INT TERM HUP

# The mirror this machine installs from, if it is Debian's; else debootstrap's
# own.
mirror() {
	sed -nE 's,^(URIs: *|deb +(\[[^]]*\] *)?)(http[^ ]*/debian/?)( .*)?$,\3,p' \
		/etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | head -n 1
}

# make_chroot RELEASE: whole or not at all.
make_chroot() {
	new=$chroots/$1.new
	[ ! -e "$new" ] || { umount "$new/proc" 2>/dev/null || :; rm -rf --one-file-system "$new"; }
	say "making $chroots/$1"
	# shellcheck disable=SC2046
	debootstrap --variant=minbase --include=make "$1" "$new" $(mirror) > "$logs/debootstrap" 2>&1 ||
		{ tail -n 20 "$logs/debootstrap" >&2; die "debootstrap $1 failed"; }
	umount "$new/proc" 2>/dev/null || :
	# The lists of sid are often past the date that they promise.
	say 'Acquire::Check-Valid-Until "false";' > "$new/etc/apt/apt.conf.d/99wishflags"
	printf 'path-exclude=/usr/share/%s/*\n' doc man locale > "$new/etc/dpkg/dpkg.cfg.d/wishflags"
	mv "$new" "$chroots/$1"
}

# inside ROOT COMMAND...: with a process table of its own, so that nothing
# started there outlives it and no mount is left behind.
inside() {
	root=$1
	shift
	unshare --mount --pid --fork --kill-child --propagation private --mount-proc="$root/proc" \
		chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root TERM="${TERM:-dumb}" "$@"
}

# The working tree as it is, without what git ignores.
pack() {
	if git -c safe.directory="$top" -C "$top" rev-parse --git-dir > /dev/null 2>&1; then
		git -c safe.directory="$top" -C "$top" ls-files -co --exclude-standard -z |
			tar -C "$top" --null --ignore-failed-read -T - -cf - 2>/dev/null
	else
		tar -C "$top" --exclude=./build --exclude='*.o' --exclude='*.so' --exclude='*.bc' -cf - .
	fi
}

# older_server ROOT SOURCE: this machine's server with the extension, and what of
# its libraries the chroot lacks, into SOURCE/older: pg_upgrade needs both
# servers.  Prints the settings that name them to the tests.
older_server() {
	older=$2/older
	mkdir -p "$older/libraries"
	cp -a "$T/pg/." "$older"
	for library in $(ldd "$BIN/postgres" "$BIN/pg_ctl" "$BIN/psql" | awk '$2 == "=>" { print $3 }' | sort -u); do
		name=${library##*/}
		[ -n "$(find "$1/lib/" "$1/usr/lib/" -name "$name" -print -quit)" ] || cp -L "$library" "$older/libraries/"
	done
	say "OLDER_BINDIR=${older#"$1"}$(wf_dir bindir) OLDER_LIBRARIES=${older#"$1"}/libraries"
}

# Where this machine has a server to upgrade from.
if own=$(wf_server_config) && [ -x "$own" ]; then
	wf_need build server
	wf_begin
	trap 'status=$?; rm -rf "$logs" ${source:+"$source"}; (exit $status); wf_end' EXIT
	wf_build
	wf_stage
	own=$(wf_major)
else
	own=
fi

passed=0
failed=0
for version in $versions; do
	release=$(release_of "$version")
	root=$chroots/$release
	[ -d "$root" ] || make_chroot "$release"
	say "=== PostgreSQL $version"
	source=$(mktemp -d "$root/tmp/wishflags.XXXXXX")
	chmod 755 "$source"
	pack | tar -C "$source" -xf -
	older=
	[ -z "$own" ] || [ "$own" -ge "$version" ] || older=$(older_server "$root" "$source")
	# shellcheck disable=SC2086
	inside "$root" PG_CONFIG="/usr/lib/postgresql/$version/bin/pg_config" $older \
		SUITES="${SUITES-}" TESTS="${TESTS-}" sh "${source#"$root"}/test/check.sh" 2>&1 </dev/null | tee "$logs/$version"
	rm -rf "$source"
	source=
	sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$logs/$version" | tail -n 1)
	case $sum in
		'') say "PostgreSQL $version gave no result"; failed=$((failed + 1)) ;;
		*) passed=$((passed + ${sum%% *})); sum=${sum#*passed, }; failed=$((failed + ${sum%% *})) ;;
	esac
done
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
