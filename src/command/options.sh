
# ---- the command line --------------------------------------------------------

# one_of OPTION VALUE WORD...: the value, if it is one of the words.
one_of() {
	local option=$1 value=$2 words word
	shift 2
	words=$*
	for word; do [ "$word" != "$value" ] || { printf '%s' "$value"; return; }; done
	wrong_use "$option takes one of ${words// /, }"
}

# number OPTION VALUE
number() {
	[[ $2 =~ ^[0-9]{1,6}$ ]] || wrong_use "$1 takes a number"
	printf '%s' "$2"
}

# json_string TEXT
json_string() {
	[[ $1 != *[[:cntrl:]]* ]] || wrong_use "a text on the command line has a control character"
	local text=${1//\\/\\\\}
	printf '"%s"' "${text//\"/\\\"}"
}

command=${1-}
case $command in
	snapshot|diff|drift|check|report|replay|rehearse|rollback|version|stats|sandbox) shift ;;
	--version) set -- version; command=version; shift ;;
	-h|--help|help) usage; exit 0 ;;
	'') usage >&2; exit 2 ;;
	*) printf 'wishflags: there is no command "%s"\n' "$command" >&2; usage >&2; exit 2 ;;
esac

words=() paths=() schemas=() bindir='' output='' format='' scope=''
online=true timeout= rollback=false allow_data_loss=false owners=true grants=true comments=true narrowed=
sample='' mask='' drop=''
database='' severity='' fail_on='' last=0 target='' wrapped='' ignored='[]' aliases='[]' stats='' platform=''
since='' sources=() timing=false progress='' record='' to='' dry_run='' ledger='' force=false
read_settings $#
set -- "${settings[@]}" "$@"
while [ $# -gt 0 ]; do
	origin=${origins[$#]-}
	case $1 in
		--format=*|--schema=*|--scope=*|--output=*|--bindir=*|--lock-timeout=*|--database=*|--stats=*|--platform=*|--severity=*|--fail-on=*|--last=*|--ignore=*|--target-version=*|--since=*|--sources=*|--record=*|--alias=*|--to=*)
			set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
		--sample=*|--mask=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
	esac
	case $1 in
		-h|--help) usage "$command"; exit 0 ;;
		--format|--schema|--scope|--output|-o|--bindir|--lock-timeout|--database|--stats|--platform|--severity|--fail-on|--last|--ignore|--target-version|--since|--sources|--record|--alias|--to)
			[ $# -ge 2 ] || wrong_use "$1 takes a value"
			case $1 in
				--format) format=$2 ;;
				--schema) schemas+=("$2"); narrowed=yes ;;
				--scope) scope=$2; narrowed=yes ;;
				--bindir) bindir=$2 ;;
				--lock-timeout) timeout=$2 ;;
				--database) database=$2 ;;
				--severity) severity=$(one_of "$1" "$2" info low medium high critical) || exit 2 ;;
				--fail-on) fail_on=$(one_of "$1" "$2" info low medium high critical never) || exit 2 ;;
				--last) last=$(number "$1" "$2") || exit 2 ;;
				--target-version) target=$(number "$1" "$2") || exit 2 ;;
				--stats) stats=$2; [ -f "$stats" ] || fail "there is no file \"$stats\"" "Make it: wishflags stats CONNINFO -o $stats" ;;
				--platform) platform=$(one_of "$1" "$2" postgresql aurora rds cloudsql azure supabase) || exit 2 ;;
				--ignore)
					[[ $2 =~ ^[a-z-]+$ ]] || wrong_use "$1 takes a rule"
					ignored="${ignored%]}$([ "$ignored" = '[]' ] || printf ', ')\"$2\"]" ;;
				--alias) aliases="${aliases%]}$([ "$aliases" = '[]' ] || printf ', ')$(json_string "$2")]" ;;
				--since) since=$2 ;;
				--sources) sources+=("$2") ;;
				--record) record=$2 ;;
				--to) to=$2 ;;
				*) output=$2 ;;
			esac
			shift ;;
		--sample|--mask)
			[ $# -ge 2 ] || wrong_use "$1 takes a value"
			printf -v "${1#--}" '%s' "$2"
			shift ;;
		--drop) drop=yes ;;
		--in-transaction) wrapped=true ;;
		--no-transaction) wrapped=false ;;
		--timing) timing=true ;;
		--progress) progress=lines ;;
		--dry-run) dry_run=yes ;;
		--ledger) ledger=yes ;;
		--force) force=true ;;
		--online) online=true ;;
		--no-online) online=false ;;
		--rollback) rollback=true ;;
		--allow-data-loss) allow_data_loss=true ;;
		--no-owners) owners=false narrowed=yes ;;
		--no-grants) grants=false narrowed=yes ;;
		--no-comments) comments=false narrowed=yes ;;
		--) shift; words+=("$@"); break ;;
		-*) wrong_use "there is no option \"$1\"" ;;
		*) words+=("$1") ;;
	esac
	shift
done
origin=''
# Of a version there is nothing to ask without a database.
[ ${#words[@]} -gt 0 ] || { [ "$command" = version ] && [ -z "$database" ]; } || words=("${paths[@]}")
case $format in
	''|sql|text|json|markdown|mermaid|dot|svg|html) ;;
	sarif|junit|github) [ "$command" = check ] || [ "$command" = report ] || wrong_use "there is no format \"$format\"" ;;
	*) wrong_use "there is no format \"$format\"" ;;
esac
# As PostgreSQL writes an array.
schema_array='{'
for name in "${schemas[@]}"; do
	name=${name//\\/\\\\}
	schema_array="$schema_array${comma-}\"${name//\"/\\\"}\""
	comma=,
done
schema_array="$schema_array}"

# Of the functions that write scripts.
script_options="\"online\": $online, \"allow_data_loss\": $allow_data_loss"
if [ -n "$timeout" ]; then
	[[ $timeout =~ ^[0-9.]+\ ?[a-z]*$ ]] || wrong_use "--lock-timeout takes a time, as 5s"
	script_options="$script_options, \"lock_timeout\": \"$timeout\""
fi
