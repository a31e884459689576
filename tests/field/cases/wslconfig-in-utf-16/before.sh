# shellcheck shell=sh
printf '[wsl2]\r\nmemory=6GB\r\nswap=0\r\n' |
    perl -pe 'BEGIN { binmode STDOUT; print "\xff\xfe" } s/(.)/$1\0/gs' >/mnt/c/Users/dev/.wslconfig
