#!/bin/bash
# PID 1 where wsl.conf asks for no systemd: it waits for what Windows does by systemd's units else.
set -u
cd "$(readlink /opt/wine/dosdevices/c:)/Windows" &&
    setpriv --reuid=dev --regid=dev --clear-groups bash -c \
        '. /usr/lib/standin/wine.env; wineserver64 -p; wine64 cmd.exe /c exit' </dev/null &
trap 'exit 0' TERM RTMIN+3
cd /
until [ -n "$(ls /run/standin/requests)" ]; do
    sleep 0.1 &
    wait -n # also for what lost its parent
done
[ ! -e /run/standin/requests/shutdown ] || rm -f /var/lib/standin-boot-id
sync
