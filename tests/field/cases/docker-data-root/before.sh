# shellcheck shell=sh
mkdir -p /mnt/memory && mount -t tmpfs memory /mnt/memory
