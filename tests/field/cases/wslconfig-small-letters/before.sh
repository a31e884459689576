# shellcheck shell=sh
printf '[WSL2]\nMemory = 8gb\nprocessors=4' >/mnt/c/Users/dev/.wslconfig
