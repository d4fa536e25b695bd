
# ---- the project's settings ------------------------------------------------------

# A file .wishflags in the folder where the command stands, or above it up to the top
# of the work tree, has lines "key = value": options for those who give none.  Which
# key is for which commands:
declare -A settings_of=(
	[path]='check report replay rehearse rollback version'
	[format]='check report'
	[severity]='check report'
	[fail-on]='check'
	[ignore]='check report replay'
	[alias]='check report replay'
	[sources]='check report'
	[stats]='check report'
	[platform]='check report'
	[target-version]='check report replay'
	[in-transaction]='check report replay rehearse'
	[schema]='replay'
)

# read_settings WORDS: the options that the file has for this command, into settings,
# its paths into paths.  WORDS is how many words follow them on the command line: so
# origins[N] is the place in the file of the option that comes when N are left.
settings=() origins=() origin=''
read_settings() {
	local file folder=$PWD line key value number=0 n places=()
	while [ ! -f "$folder/.wishflags" ]; do
		[ ! -e "$folder/.git" ] && [ -n "$folder" ] || return 0
		folder=${folder%/*}
	done
	file=$folder/.wishflags
	[ -r "$file" ] || fail "\"$file\" may not be read"
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1)) origin="$file:$number: "
		line=$(trim "$line")
		case $line in ''|'#'*) continue ;; esac
		[[ $line == *=* ]] || fail "this is no \"key = value\"" "$(known_settings)"
		key=$(trim "${line%%=*}") value=$(trim "${line#*=}")
		[ -n "$key" ] && [ -n "${settings_of[$key]-}" ] || fail "there is no key \"$key\"" "$(known_settings)"
		[ -n "$value" ] || fail "\"$key\" has no value"
		case " ${settings_of[$key]} " in *" $command "*) add_setting ;; esac
	done < "$file"
	origin=''
	for ((n = 0; n < ${#places[@]}; n++)); do origins[$1 + ${#places[@]} - n]=${places[n]}; done
}

trim() {
	local text=${1##+([[:space:]])}
	printf '%s' "${text%%+([[:space:]])}"
}

known_settings() { printf 'Known keys: %s.' "$(printf '%s\n' "${!settings_of[@]}" | sort | paste -sd , | sed 's/,/, /g')"; }

# add_setting: a key and its value, which read_settings has read.  Files are named from
# the folder of the file.
add_setting() {
	case $key in path|stats) [[ $value == /* || $folder == "$PWD" ]] || value=$folder/$value ;; esac
	case $key:$value in
		path:*) paths+=("$value"); return ;;
		in-transaction:true) settings+=(--in-transaction) ;;
		in-transaction:false) settings+=(--no-transaction) ;;
		in-transaction:*) fail "in-transaction takes true or false" ;;
		*) settings+=("--$key=$value") ;;
	esac
	places+=("$origin")
}
