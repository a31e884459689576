# Puts the proxies of the login shell of $1 before the variables in $2 and the rest: see as_user.py.
# shellcheck shell=sh
# shellcheck disable=SC2154 # `said` is of login_shell.sh
if ew_ask "$1" env >/dev/null; then
    shift
    while IFS= read -r ew_variable; do
        [ -z "$ew_variable" ] || set -- "$ew_variable" "$@"
    done <<END
$(printf '%s\n' "$said" | grep -E '^(http|https|no|all|HTTP|HTTPS|NO|ALL)_(proxy|PROXY)=')
END
else
    shift
fi
