# shellcheck shell=sh
echo 4.4.0-26100-Microsoft >/run/osrelease
mount --bind /run/osrelease /proc/sys/kernel/osrelease
