# assemble.awk: SQL scripts of the extension, put together from their parts.
#
# A line "@include FILE@" stands for a file below top, "@stats_query@" for the
# query of migration_stats_export(), which stands in the command: that runs it
# where there is no extension.

function put(file,    line, got) {
	while ((got = (getline line < file)) > 0)
		expand(line)
	if (got < 0) {
		print "assemble.awk: cannot read " file | "cat >&2"
		exit 1
	}
	close(file)
}

function expand(line) {
	if (line ~ /^@include .*@$/)
		put(top "/" substr(line, 10, length(line) - 10))
	else if (line == "@stats_query@")
		put_stats_query(top "/src/command/stats.sh")
	else
		print line
}

function put_stats_query(file,    line, inside) {
	while ((getline line < file) > 0) {
		if (line == "STATS_QUERY")
			inside = 0
		if (inside)
			print line
		if (line ~ /<<.STATS_QUERY.$/)
			inside = 1
	}
	close(file)
}

{ expand($0) }
