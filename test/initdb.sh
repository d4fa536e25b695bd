#!/bin/sh
# The initdb of the tests: makes a data directory with the arguments it is given
# once, and copies it from then on.  Stands in the place of the server's own,
# which wf_quick_initdb has moved aside.

real=$0.real
data=
rest=
take=
for argument; do
	case $take$argument in
		-D | --pgdata) take=data: ;;
		data:*) data=$argument take= ;;
		--pgdata=*) data=${argument#*=} ;;
		-A | -E | -U | --auth | --encoding | --locale | --username) rest="$rest $argument" take=value: ;;
		value:* | -N | --no-sync | --data-checksums | --auth*=* | --encoding=* | --locale=* | --username=*) rest="$rest $argument" take= ;;
		# What a copy may not have is for the server's own to make.
		*) exec "$real" "$@" ;;
	esac
done
[ -n "$data" ] && [ -z "$(ls -A "$data" 2>/dev/null)" ] || exec "$real" "$@"

# The servers of one test may meet, so each has an identifier of its own.
store=$(dirname "$0")/initdb.kept
mkdir "$store/taken.$PPID" 2>/dev/null || exec "$real" "$@"

# initdb writes the time zone of the environment into the configuration.
kept=$store/$(id -u).$({ echo "$rest"; env | grep -E '^(L[AC]|TZ=)' | sort; } | cksum | tr ' ' .)
if [ ! -d "$kept" ]; then
	"$real" "$@" || exit
	# Of two that make it at a time the first stays.
	cp -R "$data" "$kept.$$" && mv -T "$kept.$$" "$kept" 2>/dev/null || rm -rf "$kept.$$"
	exit 0
fi
mkdir -p -m 700 "$data" && chmod 700 "$data" && cp -R "$kept/." "$data"
