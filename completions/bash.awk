# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Rows of options.awk as a completion of bash, which needs nothing of bash-completion but to be found by it.
BEGIN { FS = "\t"; function_name = name; gsub(/[^A-Za-z0-9]/, "_", function_name) }
{
	if ($2 == "must" && $1 ~ /^--/) options = options " " $1 "="
	else options = options " " $1
	if ($2 == "no") next
	known = known "|" $1
	if ($2 == "may") glued = glued "|" $1
	if ($3 == "list") action = "_list \"" $4 "\""
	else if ($4 != "") action = "COMPREPLY=($(compgen -W \"" $4 "\" -- \"$cur\"))"
	else if ($3 == "file") action = "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
	else if ($3 == "directory") action = "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
	else action = "compopt +o default"
	gsub(/_list/, "_" function_name "_list", action)
	cases = cases "\t" $1 ") " action " ;;\n"
}
END {
	f = "_" function_name
	print "# Made from what " name " --help prints."
	print "# The last word of a list with commas, in which ^ switches off."
	print f "_list() {"
	print "\tlocal before= word=$cur"
	print "\t[[ $word != *,* ]] || before=${word%,*}, word=${word##*,}"
	print "\t[[ $word != ^* ]] || before+=^ word=${word#^}"
	print "\tcompopt -o nospace +o default"
	print "\tCOMPREPLY=($(compgen -P \"$before\" -W \"$1\" -- \"$word\"))"
	print "}"
	print f "_value() { # OPTION"
	print "\tcase $1 in"
	printf "%s", cases
	print "\t*) return 1 ;;"
	print "\tesac"
	print "}"
	print f "() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} glued="
	print "\tCOMPREPLY=()"
	print "\t# Bash takes --name=value apart at its equal sign, and a list at others."
	print "\tif [[ $cur == = ]]; then glued=yes cur="
	print "\telif [[ $option == = ]]; then glued=yes option=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\tfi"
	print "\tif [[ ! $glued ]]; then"
	print "\t\tcase $option in"
	print "\t\t" (glued == "" ? "''" : substr(glued, 2)) ") option= ;;"
	print "\t\tesac"
	print "\tfi"
	print "\tif " f "_value \"$option\" || [[ $glued ]]; then return; fi"
	print "\tif [[ $cur == -* ]]; then"
	print "\t\tCOMPREPLY=($(compgen -W \"" substr(options, 2) "\" -- \"$cur\"))"
	print "\t\t[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace"
	print "\tfi"
	print "}"
	print "complete -o default -F " f " " name
}
