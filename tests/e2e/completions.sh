#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Completions: each shell finds them where `make install` puts them, as it finds others, and offers options and values.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
made=$top_builddir/completions
[ -e "$made/stamp" ] || skip_all "no completions in this build: for another machine, or with sanitizers"

# Where the shells look.
bash_dir=$work/share/bash-completion/completions zsh_dir=$work/share/zsh/site-functions fish_dir=$work/share/fish/vendor_completions.d
mkdir -p "$bash_dir" "$zsh_dir" "$fish_dir" "$work/home" "$work/bin" "$work/here/directory" && touch "$work/here/file"
for tool in "$made"/bash/*; do
	tool=${tool##*/}
	cp "$made/bash/$tool" "$bash_dir/"
	cp "$made/zsh/$tool" "$zsh_dir/_$tool"
	cp "$made/fish/$tool" "$fish_dir/$tool.fish"
	# fish wants to find the program, too.
	ln -s "$top_builddir/$tool" "$work/bin/"
done
export PATH=$work/bin:$PATH
cd "$work/here" || exit 99

# ask_SHELL LINE: what can stand in the place of the last word of LINE, sorted, one a line
cat >"$work/ask.bash" <<'END'
. /usr/share/bash-completion/bash_completion
compopt() { :; } # there is no line that is edited
line=$1
# As bash takes a line apart.
IFS=$'\n' read -r -d '' -a COMP_WORDS < <(sed 's/=/\n=\n/g; s/ /\n/g' <<<"$line" | sed '/^$/d')
case $line in *' ' | *=) COMP_WORDS+=('') ;; esac
case $line in *=) unset 'COMP_WORDS[-1]' ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
_completion_loader "${COMP_WORDS[0]}"
function=$(complete -p "${COMP_WORDS[0]}" | sed 's/.* -F \([^ ]*\).*/\1/')
"$function" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
END
ask_bash() { BASH_COMPLETION_USER_DIR=$work/share/bash-completion HOME=$work/home bash --norc "$work/ask.bash" "$1" 2>&1 | sed '/^$/d' | sort -u; }

# A shell on a terminal of zsh's own; what is offered to compadd comes between two marks.
cat >"$work/ask.zsh" <<'END'
zmodload zsh/zpty || exit 99
zpty ask "PS1= HOME=$HOME zsh -f -i"
zpty -w ask "fpath=($2 \$fpath); autoload -Uz compinit && compinit -u -D -d $HOME/dump; setopt no_list_beep; unsetopt zle_bracketed_paste 2>/dev/null
compadd() { local -a __o; builtin compadd -O __o \"\$@\"; print -rl -- \$__o >>$HOME/offered; builtin compadd \"\$@\"; }
done-completing() { print -r -- done >>$HOME/finished }; zle -N done-completing; bindkey '^X' done-completing; bindkey '^I' complete-word; print READY'!'"
zpty -r ask line '*READY!*'
zpty -n -w ask "$1"$'\t\x18'
repeat 200; do [[ -e $HOME/finished ]] && break; sleep 0.05; done
zpty -d ask
END
ask_zsh() {
	rm -f "$work/home/offered" "$work/home/finished"
	HOME=$work/home timeout 30 zsh -f "$work/ask.zsh" "$1" "$zsh_dir" >"$work/.zsh" 2>&1
	# Without the option whose value it is.
	sed '/^$/d' "$work/home/offered" 2>/dev/null | sort -u
}
ask_fish() {
	HOME=$work/home XDG_CONFIG_HOME=$work/home fish --no-config -c 'set -g fish_complete_path $argv[1]; complete -C $argv[2]' "$fish_dir" "$1" 2>&1 |
		cut -f 1 | sort -u
}

# offers SHELL LINE WANTED...: all of these; WANTED "!word": not this one
offers() {
	local shell=$1 line=$2 wanted got
	shift 2
	got=$("ask_$shell" "$line")
	for wanted; do
		case $wanted in
		!*) ! grep -qxFe "${wanted#!}" <<<"$got" ;;
		*) grep -qxFe "$wanted" <<<"$got" ;;
		esac && continue
		fail "$shell: '$line': $wanted"
		head -n 20 <<<"$got"
		return
	done
	pass "$shell: '$line'"
}
long_options() { "$1" --help | grep -oE '^ {1,6}-.*' | grep -oE -- '(^ +|^ +-[A-Za-z], )--[a-z][a-z-]+' | sed 's/.*--/--/' | sort -u; }
all_of() { # SHELL TOOL: each option of --help
	local got missing
	[ "$(long_options "$2" | wc -l)" -ge 2 ] || fail "--help of $2"
	got=$("ask_$1" "${2##*/} --" | sed 's/=$//' | sort -u)
	missing=$(comm -23 <(long_options "$2") <(echo "$got"))
	same "$1: all options of ${2##*/}" "" "$missing"
}

for shell in bash zsh fish; do
	command -v $shell >/dev/null || { skip "no $shell"; continue; }
	[ $shell != bash ] || [ -e /usr/share/bash-completion/bash_completion ] || { skip "no bash-completion"; continue; }
	for tool in "$MKFS" "$DUMP" "$FSCK"; do all_of $shell "$tool"; done
	case $shell in
	# With the option in front, as the word is.
	fish) glue=--ishare-fingerprint= ;;
	*) glue= ;;
	esac
	offers $shell 'mkfs.erofs --ishare-fingerprint=' "${glue}sha256" "${glue}fsverity" '!file'
	offers $shell 'mkfs.erofs -z ' lz4hc zstd '!file'
	offers $shell 'mkfs.erofs --sort ' path none '!lz4'
	offers $shell 'umount.erofs -t ' erofs
	# Where no value is wanted, or one of another kind.
	if [ $shell = fish ]; then glue=--html=; else glue=; fi
	case $shell in
	zsh) offers $shell 'dump.erofs --json ' file directory ;;
	fish) offers $shell 'dump.erofs --json ' file directory/ ;;
	esac
	[ $shell = zsh ] || offers $shell 'dump.erofs --html=f' "${glue}file"
done
if command -v fish >/dev/null; then
	offers fish 'mkfs.erofs -E fragments,zta' fragments,ztailpacking
	offers fish 'mount.erofs -o verify,inode_s' verify,inode_share
fi
if [ -e /usr/share/bash-completion/bash_completion ]; then
	offers bash 'mkfs.erofs -E fragments,^zta' 'fragments,^ztailpacking'
	offers bash 'mount.erofs -o verify,inode_s' verify,inode_share
	offers bash 'mkfs.erofs --work' --workers=
	offers bash 'mkfs.erofs --tar ' '!f'
fi
if command -v zsh >/dev/null; then
	offers zsh 'mkfs.erofs -E fragments,zta' ztailpacking
	offers zsh 'mount.erofs -o verify,inode_s' inode_share
fi

# Under another name, as distributions install it beside another program's.
"$MKFS" --help | sh "$top_srcdir/completions/make.sh" bash mkfs.erofs-ishare >"$bash_dir/mkfs.erofs-ishare"
[ ! -e /usr/share/bash-completion/bash_completion ] || offers bash 'mkfs.erofs-ishare --work' --workers=
check_not "no options: no completions" sh "$top_srcdir/completions/make.sh" bash none </dev/null
finish
