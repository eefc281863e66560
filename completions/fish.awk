# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Rows of options.awk as completions of fish.
BEGIN { FS = "\t"; print "# Made from what " name " --help prints." }
{
	text = $5
	gsub(/\\/, "\\\\", text)
	gsub(/'/, "\\'", text)
	line = "complete -c " name ($1 ~ /^--/ ? " -l " substr($1, 3) : " -s " substr($1, 2))
	if ($2 == "must") line = line ($3 == "file" || $3 == "directory" ? " -r" : " -x")
	else if ($4 != "") line = line " -f"
	words = $4
	gsub(/ /, ",", words)
	# A list has commas between its words, in which ^ switches off.
	if ($3 == "list") line = line " -a '(commandline -ct | string replace -r \"[^,^]*\\$\" \"\"){" words "}'"
	else if ($4 != "") line = line " -a '" $4 "'"
	else if ($3 == "directory") line = line " -a '(__fish_complete_directories)'"
	print line " -d '" text "'"
}
