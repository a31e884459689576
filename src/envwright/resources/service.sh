#!/bin/sh
# Waits whether a unit that was just started stays up. systemd takes a simple service for started
# before the service has read its files (systemd.service(5), Type=), and starts one with Restart=
# again and again: only time tells. Ends with 0 where the unit is up, else prints its last words.
# shellcheck disable=SC2086,SC2154 # Service puts `unit=NAME; own=MATCHES; about=MATCHES; looks=N;
# set -- FILE ...` before this script.

# Asks systemd how the unit's files loaded, for its type, its states, its starts by Restart= so far,
# and when it last started.
ask() {
  load='' type='' active='' sub='' restarts='' started=''
  while IFS='=' read -r name value; do
    case $name in
      LoadState) load=$value ;;
      Type) type=$value ;;
      ActiveState) active=$value ;;
      SubState) sub=$value ;;
      NRestarts) restarts=$value ;;
      ExecMainStartTimestamp) started=$value ;;
    esac
  done <<EOF
$(TZ=UTC systemctl show --property="$properties" -- "$unit")
EOF
}

is_up() {
  [ "$load" = loaded ] || return 1 # a file that systemd cannot use; the old process may still run
  case $active:$sub in
    active:* | reloading:* | refreshing:*) ;;
    activating:auto-restart*) return 1 ;;
    activating:*) ;;
    inactive:*) [ "$type" = oneshot ] || return 1 ;;
    *) return 1 ;;
  esac
  # A crash long ago is none of now.
  [ "${restarts:-0}" = 0 ] || [ "$(date +%s)" -gt $(($(date -d "$started" +%s) + 10)) ]
}

# The journal since the newest of the files changed, for the unit was started after that: what the
# unit's own processes say, and what systemd says of the unit (also in the process that becomes the
# unit's). In one list, systemd alone could fill the page, as where sessions outlive their sshd.
last_words() {
  journalctl --sync 2>/dev/null
  since=
  for file in "$@"; do
    changed=$(stat -c %.6Z -- "$file" 2>/dev/null) || continue
    [ -n "$since" ] && [ "${changed%.*}" -le "${since%.*}" ] || since=$changed
  done
  set -- --quiet --no-pager --output=cat ${since:+"--since=@$since"}
  journalctl "$@" --lines=10 $own
  journalctl "$@" --lines=8 $about
}

properties=LoadState,Type,ActiveState,SubState,NRestarts,ExecMainStartTimestamp
while ask && is_up; do
  # What has no process of its own (a timer, a oneshot that is done) has shown that it works.
  case $type in '' | oneshot) exit 0 ;; esac
  looks=$((looks - 1))
  [ "$looks" -gt 0 ] || exit 0
  sleep 0.1
done
last_words "$@"
exit 1
