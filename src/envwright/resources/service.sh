#!/bin/sh
# Waits whether a unit ($unit), which was just started, stays up. systemd(1) takes a simple service
# for started before it has read its files, and starts one with Restart= again and again: only time
# shows these. Ends with 0 where the unit is up, else prints the last words of the unit.
# shellcheck disable=SC2154 # Service puts `unit=NAME` before this script.

property() { systemctl show --property="$1" --value -- "$unit"; }

is_up() {
  case $(property ActiveState) in
    failed) return 1 ;;
    inactive | deactivating) [ "$type" = oneshot ]; return ;;
  esac
  case $(property SubState) in auto-restart*) return 1 ;; esac
  [ "${1:-0}" = 0 ]
}

type=$(property Type)
left=25
# What has no process of its own (a timer, a oneshot that is done) has shown already that it works.
case $unit-$type in *.service-oneshot) left=1 ;; *.service-*) ;; *) left=1 ;; esac
while is_up "$(property NRestarts)"; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || exit 0
  sleep 0.1
done
journalctl --sync 2>/dev/null
journalctl --quiet --no-pager --output=cat --lines=12 --unit="$unit"
exit 1
