# Has Windows start a session and print its PATH, behind interop.sh (see session.py).
# shellcheck shell=sh
[ "$distribution" ] || { echo 'nobody says what this distribution is called in Windows'; exit 77; }
ew_said=$(ew_run wsl.exe --distribution "$distribution" ${user:+--user "$user"} \
 --exec printenv PATH | tr -d '\0')
path=$(printf '%s\n' "$ew_said" | sed -n '/^\//p' | tail -n 1)
[ "$path" ] || {
 printf 'wsl.exe started no session: %s\n' "$(printf %s "$ew_said" | tr '\n' ' ')"; exit 77; }
