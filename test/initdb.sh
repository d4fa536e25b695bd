#!/bin/sh
# The initdb of the tests: makes a data directory with the arguments it is given
# once, and copies it from then on.  Stands in the place of the server's own,
# which wf_quick_initdb has moved aside.

real=$0.real
data=
rest=
take=
for argument; do
	if [ -n "$take" ]; then
		data=$argument take=
	elif [ "$argument" = -D ]; then
		take=1
	else
		rest="$rest $argument"
	fi
done
# What is not plain is for the server's own to judge.
case $data:$rest in :* | *file* | *waldir*) exec "$real" "$@" ;; esac
[ -z "$(ls -A "$data" 2>/dev/null)" ] || exec "$real" "$@"

kept=$(dirname "$0")/initdb.kept/$(id -u).$({ echo "$rest"; env | grep '^L[AC]' | sort; } | cksum | tr ' ' .)
if [ ! -d "$kept" ]; then
	"$real" "$@" || exit
	# Of two that make it at a time the first stays.
	cp -R "$data" "$kept.$$" && mv -T "$kept.$$" "$kept" 2>/dev/null || rm -rf "$kept.$$"
	exit 0
fi
mkdir -p -m 700 "$data" && chmod 700 "$data" && cp -R "$kept/." "$data"
