# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What --help prints, as rows: OPTION, ARGUMENT (no, must, may), KIND (file, directory, list, words, other), WORDS, TEXT; tabs between.
# A list has commas between its words, each of which may end with "=" .

# remember OPTION ARGUMENT VALUE TEXT: --extract and --extract=DIR are one option, whose value may be left out.
function remember(option, argument, value, text) {
	if (!(option in argument_of)) {
		order[++count] = option
		argument_of[option] = argument
		value_of[option] = value
		text_of[option] = text
		return
	}
	if (argument_of[option] != argument) argument_of[option] = "may"
	if (value_of[option] == "") value_of[option] = value
	else if (value != "" && value != value_of[option]) value_of[option] = value_of[option] "|" value
	text_of[option] = text_of[option] "\n" text
}

# One spelling: "-b BYTES", "--tar[=f]", "--[no-]xattrs", "-d0 ... -d9".
function spelling(one, text,    option, value) {
	if (one ~ /^-[a-z]0 \.\.\. /) return remember(substr(one, 1, 2), "must", "0|1|2|3|4|5|6|7|8|9", text)
	if (one ~ /^--\[no-\]/) {
		sub(/^--\[no-\]/, "", one)
		remember("--" one, "no", "", text)
		return remember("--no-" one, "no", "", text)
	}
	if (!match(one, /^(--[a-z0-9A-Z-]+|-[A-Za-z])/)) return
	option = substr(one, 1, RLENGTH)
	value = substr(one, RLENGTH + 1)
	if (value == "") return remember(option, "no", "", text)
	if (match(value, /^ \[\^\][a-z0-9-]+/)) {
		feature_words = feature_words " " substr(value, 5, RLENGTH - 4)
		return
	}
	if (value ~ /^\[=/) {
		gsub(/^\[=|\]$/, "", value)
		return remember(option, "may", value, text)
	}
	if (value ~ /^[= ]/) remember(option, "must", substr(value, 2), text)
}

function flush(    parts, i, n) {
	if (spec == "") return
	if (section == "-o") {
		n = split(spec, parts, /, */)
		for (i = 1; i <= n; i++)
			if (match(parts[i], /^[a-z_-]+=?/)) mount_words = mount_words " " substr(parts[i], 1, RLENGTH)
	} else if (text !~ /^as for/) {
		n = split(spec, parts, /, -/)
		for (i = 1; i <= n; i++) spelling((i > 1 ? "-" : "") parts[i], text)
	}
	spec = text = ""
}

/^Known, not built/ { flush(); exit }
/^[^ ]/ || /^$/ { flush(); section = ($0 ~ /^Options of -o/) ? "-o" : (/^$/ ? "" : section); next }
/^ ? ? ? ? ? ?-/ || (section == "-o" && /^  [a-z]/) {
	flush()
	line = $0
	sub(/^ +/, "", line)
	spec = line
	text = ""
	# The text stands behind two blanks; where a long spelling has reached its column, behind one.
	if (match(line, /   */) || (line !~ /^-[^-]/ && match(line, /[^,] [a-z]/) && ++RSTART)) {
		spec = substr(line, 1, RSTART - 1)
		text = substr(line, RSTART)
		sub(/^ +/, "", text)
	}
	next
}
spec != "" { line = $0; sub(/^ +/, "", line); text = text (text == "" ? "" : " ") line }

# The words among the parts of a value: "UUID|random|clear" has two. NAMES of what is to be put in have capitals.
function words_of(value,    parts, i, n, words) {
	n = split(value, parts, / *\| */)
	for (i = 1; i <= n; i++)
		if (parts[i] ~ /^[a-z0-9][a-z0-9-]*$/) words = words " " parts[i]
	return substr(words, 2)
}

# said TEXT WORDS: those that the text has as words of their own
function said(text, words,    parts, i, n, found) {
	n = split(words, parts, " ")
	for (i = 1; i <= n; i++)
		if (text ~ ("(^|[^a-z0-9])" parts[i] "([^a-z0-9]|$)")) found = found " " parts[i]
	return substr(found, 2)
}

# Of -E: each row has its feature in the spelling, but for the first one, whose text is the list.
function features(text,    parts, i, n, list) {
	sub(/\n.*/, "", text)
	n = split(text, parts, /, */)
	for (i = 1; i <= n; i++) {
		sub(/ .*/, "", parts[i])
		list = list " " parts[i]
	}
	return list feature_words
}

END {
	flush()
	if (mount_words != "") remember("-o", "must", "OPTION,", "options of the mount, with commas between them")
	for (i = 1; i <= count; i++) {
		option = order[i]
		value = value_of[option]
		text = text_of[option]
		kind = "other"
		words = words_of(value)
		if (value ~ /^ALG/) words = said(text, "sha256 sha512 fsverity none lz4 lz4hc lzma deflate zstd")
		if (value ~ /^FORM/) words = said(text, "table csv ndjson sha256sum sha512sum fsverity json")
		if (value ~ /^TYPE/) words = said(text, "erofs")
		if (value ~ /^BYTES/) words = said(text, "512 1024 2048 4096")
		if (value ~ /^WHICH/) words = said(text, "full inode off")
		if (value ~ /^\[\^\]FEATURE/) { kind = "list"; words = features(text) }
		else if (option == "-o" || value ~ /^OPTION,/) { kind = "list"; words = mount_words }
		else if (words != "") kind = "words"
		else if (value ~ /FILE|PATH|IMAGE|LOCATION/) kind = "file"
		else if (value ~ /^DIR/) kind = "directory"
		gsub(/\n/, "; ", text)
		sub(/^ +/, "", words)
		printf "%s\t%s\t%s\t%s\t%s\n", option, argument_of[option], kind, words, shorten(text)
	}
}

# Up to 70 characters, whole words.
function shorten(text) {
	sub(/^\.\.\. (and )?/, "", text)
	if (length(text) <= 70) return text
	text = substr(text, 1, 71)
	sub(/ [^ ]*$/, "", text)
	sub(/[,;:(]$/, "", text)
	return text " ..."
}
