# shellcheck shell=sh
printf '[wsl2]\r\n;kernel=C:\\\\kernel\r\nmemory=16GB  # half of it\r\n' >/mnt/c/Users/dev/.wslconfig
