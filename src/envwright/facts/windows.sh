# How Windows is asked for links and files, behind interop.sh (see windows.py).
# shellcheck shell=sh disable=SC2154 # the question and interop.sh set these
ew_path() { stat -c %F -- "$(wslpath -u "$1")" | tr '\n' '\t'; printf '\0'; }
ew_folder() { wslpath -u "$(printf %s "$ew_said" | sed -n "$1p")"; }
ew_file() { case $1 in
 /*) ew_at=$1/$2;;
 *) ew_at=;;
 esac
 printf '%s\t' "$ew_at"
 case $ew_options in
 *metadata*) stat -c '%U %G' -- "$1" | tr '\n' '\t';;
 *) printf ' \t';;
 esac
 printf '%s\t' "$(stat -c %F -- "$ew_at")"
 [ ! -f "$ew_at" ] || { stat -c .%.6Z -- "$ew_at"; ew_read "$ew_at"; }; printf '\0'; }
# By the program of safepath, which follows no link; before the content stands which file it is.
ew_read() { perl -e "$ew_change" get "$1" | { IFS= read -r _; base64 -w0; }; }
