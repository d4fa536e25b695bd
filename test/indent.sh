#!/bin/sh
# make indent: lays out the C sources as PostgreSQL's pgindent does.
#
# CHECK=1 changes nothing, prints what would change, and fails if anything.

. "$(dirname "$0")/lib.sh"

wf_need build indent
wf_begin

files=$(cd "$top" && find src -name '*.c' -o -name '*.h' | sort)

# pg_bsd_indent must be told what is a type: the server's, from its headers,
# and ours; "FlagHash" tables come from lib/simplehash.h by their prefix.
typedefs() {
	headers=$("$(wf_server_config)" --includedir-server)
	{
		find "$headers" -name '*.h' -exec cat {} +
		cd "$top" && cat $files
	} | perl -0777 -ne '
		s{/\*.*?\*/}{}gs;
		my %type;
		$type{$_} = 1 for qw(size_t ssize_t off_t time_t pid_t uid_t gid_t mode_t FILE va_list
			int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t intptr_t
			socklen_t regex_t DIR jmp_buf sigjmp_buf bool);
		$type{$1} = 1 while /^\}[ \t]*(\w+)[ \t]*;/gm;
		$type{$1} = 1 while /\btypedef\b[^;{}()]*?\b(\w+)[ \t]*(?:\[[^\]]*\])?;/g;
		$type{$1} = 1 while /\btypedef\b[^;{}()]*\([ \t]*\*[ \t]*(\w+)\)/g;
		while (/^#define[ \t]+SH_PREFIX[ \t]+(\w+)/gm) { $type{"$1_hash"} = $type{"$1_iterator"} = 1; }
		$type{$1} = 1 while /^#define[ \t]+SH_ELEMENT_TYPE[ \t]+(\w+)/gm;
		# Names that are columns or functions as well, as pgindent leaves out.
		delete @type{qw(ANY FD_SET U abs allocfunc boolean date digit ilist interval iterator other
			pointer printfunc reference string timestamp type wrap)};
		print join("\n", sort keys %type), "\n";
	'
}
typedefs > "$T/typedefs"

# What pgindent does before and after: // comments become /* */, comments that
# begin with dashes keep their shape, return types their blank.  The last two
# lines undo what pg_bsd_indent makes of designated initialisers and of
# variables that are named like the type "text".
lay_out() {
	perl -0777 -pe '
		s/[ \t]+$//gm;
		s{^([ \t]*)//(.*)$}{$1/* $2 */}gm;
		s{/\* +---}{/*---X_X}g;
	' "$1" > "$T/in.c"
	# "text" is a name for variables too; where it is no type, do not say so.
	if grep -qE '(^|[^A-Za-z_])text +\*' "$1"; then
		cp "$T/typedefs" "$T/types"
	else
		grep -vx text "$T/typedefs" > "$T/types"
	fi
	pg_bsd_indent -bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 -i4 -l79 -lp -lpl -nip \
		-npro -sac -tpg -ts4 -U"$T/types" "$T/in.c" "$T/out.c" > "$T/indent.err" 2>&1 ||
		{ sed "s|^|$1: |" "$T/indent.err" >&2; return 1; }
	perl -0777 -pe '
		s{/\*---X_X}{/* ---}g;
		s{\*/(/\*.*\*/)$}{*/\t$1}gm;
		s{^([A-Za-z_]\S*)[ \t]+\*$}{$1 *}gm;
		s{,\.(?=\w+ = )}{, .}g;
		s{\btext ([-+])(?=\w)}{text $1 }g;
	' "$T/out.c" > "$T/laid"
}

changed=0
failed=0
for file in $files; do
	lay_out "$top/$file" || { failed=$((failed + 1)); continue; }
	cmp -s "$T/laid" "$top/$file" && continue
	changed=$((changed + 1))
	if [ -n "${CHECK-}" ]; then
		diff -u --label "$file" --label "$file, laid out" "$top/$file" "$T/laid" || :
	else
		say "$file"
		cat "$T/laid" > "$top/$file"
	fi
done
if [ "$failed" -gt 0 ]; then die "pg_bsd_indent cannot read $failed files"; fi
say "$changed files changed"
[ -z "${CHECK-}" ] || [ "$changed" = 0 ]
