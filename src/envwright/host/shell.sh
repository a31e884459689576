# The program of a session's shell: it evaluates the lines of its stdin (see shell.py).
# It is sent as one line: no comment below this head, and ; wherever a line would end a command.
# shellcheck shell=sh disable=SC2015,SC2154,SC2317 # || is for both; what is sent calls and sets
umask 022; cd /; trap : HUP; export LC_ALL=C LANG=C;
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH";
for _ew_tool in cat dd; do command -v "$_ew_tool" >/dev/null ||
 { echo "$_ew_tool: not found" >&2; exit 127; }; done;
_ew_code=0; _ew_nl=$(printf '\nx'); _ew_nl=${_ew_nl%x};
_ew_hang_up() { trap : HUP; kill -s HUP -- -$$; };
_ew_take() { dd bs=65536 count="$1" iflag=count_bytes,fullblock status=none 9>&-; };
_ew_run() { (eval "$_ew_script") </dev/null 9>&-; _ew_code=$?; };
_ew_source() { eval "$_ew_script" </dev/null; _ew_code=$?; };
_ew_feed() {
 { exec 9>&-; _ew_take "$1" && IFS= read -r _ew_end || { _ew_hang_up; sleep 60; }; } |
 { exec 9>&-; (eval "$_ew_script"); _ew_code=$?; cat >/dev/null; exit "$_ew_code"; };
 _ew_code=$?; };
_ew_mark() { printf '%s %s\n' "$1" "$_ew_code"; printf '%s\n' "$1" >&2; };
{ cat; _ew_hang_up; } 2>/dev/null |
{ while IFS= read -r _ew_line; do eval "$_ew_line"; done; _ew_hang_up; };
exit 0
