# shellcheck shell=sh
printf '  memory=17825792000\n  [wsl2]\n  [experimental]\n  [wsl2]\nswap=0\n' >/mnt/c/Users/dev/.wslconfig
