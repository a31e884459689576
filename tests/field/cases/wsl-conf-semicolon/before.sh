# shellcheck shell=sh
printf '[boot]\nsystemd=true\n; who works here\n[user]\ndefault=root\n' >/etc/wsl.conf
