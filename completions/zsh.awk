# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Rows of options.awk as a completion of zsh.
BEGIN { FS = "\t"; print "#compdef " name; print "# Made from what " name " --help prints."; print "_arguments -s -S \\" }
{
	text = $5
	gsub(/\\/, "\\\\", text)
	gsub(/\[/, "\\[", text)
	gsub(/\]/, "\\]", text)
	gsub(/:/, "\\:", text)
	gsub(/'/, "'\\''", text)
	if ($3 == "list") {
		action = "_values -s , word"
		n = split($4, words, " ")
		for (i = 1; i <= n; i++) {
			sub(/=$/, "\\:value\\:_files", words[i])
			action = action " \"" words[i] "\""
		}
	} else if ($4 != "") action = "(" $4 ")"
	else if ($3 == "file") action = "_files"
	else if ($3 == "directory") action = "_files -/"
	else action = ""
	glue = ""
	if ($1 ~ /^--/) glue = ($2 == "must") ? "=" : ($2 == "may") ? "=-" : ""
	else if ($2 == "must") glue = "+"
	printf "  '*%s%s[%s]%s' \\\n", $1, glue, text, ($2 == "no") ? "" : (($2 == "may") ? "::" : ":") "value:" action
}
END { print "  '*:file:_files'" }
