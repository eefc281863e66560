#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# make.sh bash|zsh|fish NAME <HELP: completions for the program that is called as NAME, from what it prints with --help.
# What an option's value can be comes from its spelling (--sort=path|none), or from the text, by options.awk.
set -eu
here=$(dirname "$0")
case ${1:-} in
bash | zsh | fish) ;;
*) echo "usage: make.sh bash|zsh|fish NAME <HELP" >&2 && exit 2 ;;
esac
# In two steps, so that a failure of the first one is seen.
rows=$(LC_ALL=C awk -f "$here/options.awk")
[ -n "$rows" ] || { echo "make.sh: $2 --help shows no options" >&2 && exit 1; }
printf '%s\n' "$rows" | LC_ALL=C awk -v name="$2" -f "$here/$1.awk"
