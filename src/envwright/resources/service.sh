#!/bin/sh
# Waits whether a unit that was just started stays up. systemd takes a simple service for started
# before the service has read its files (systemd.service(5), Type=), and starts one with Restart=
# again and again: only time tells. Ends with 0 where the unit is up, else prints its last words.
# shellcheck disable=SC2154 # Service puts `unit=NAME; set -- FILE ...` before this script.

# Asks systemd for the unit's type, active state, sub-state, and starts by Restart= so far.
ask() {
  type='' active='' sub='' restarts=''
  while IFS='=' read -r name value; do
    case $name in
      Type) type=$value ;;
      ActiveState) active=$value ;;
      SubState) sub=$value ;;
      NRestarts) restarts=$value ;;
    esac
  done <<EOF
$(systemctl show --property=Type,ActiveState,SubState,NRestarts -- "$unit")
EOF
}

is_up() {
  case $active:$sub in
    active:* | reloading:*) ;;
    activating:auto-restart*) return 1 ;;
    activating:*) ;;
    inactive:*) [ "$type" = oneshot ] || return 1 ;;
    *) return 1 ;;
  esac
  [ "${restarts:-0}" = 0 ]
}

# The journal since the newest of the files changed, for the unit was started after that: what the
# unit's own processes say, and how systemd saw them end. systemd alone can fill a page, as where
# sessions outlive their sshd.
last_words() {
  journalctl --sync 2>/dev/null
  since=
  for file in "$@"; do
    changed=$(stat -c %.6Z -- "$file" 2>/dev/null) || continue
    [ -n "$since" ] && [ "${changed%.*}" -le "${since%.*}" ] || since=$changed
  done
  set -- --quiet --no-pager --output=cat ${since:+"--since=@$since"}
  journalctl "$@" --lines=10 _SYSTEMD_UNIT="$unit"
  journalctl "$@" --lines=3 _PID=1 UNIT="$unit"
}

left=20
while ask && is_up; do
  # What has no process of its own (a timer, a oneshot that is done) has shown that it works.
  case $type in '' | oneshot) exit 0 ;; esac
  left=$((left - 1))
  [ "$left" -gt 0 ] || exit 0
  sleep 0.1
done
last_words "$@"
exit 1
