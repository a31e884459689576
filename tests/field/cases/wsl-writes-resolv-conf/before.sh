# shellcheck shell=sh
printf '[boot]\nsystemd=true\n' >/etc/wsl.conf
