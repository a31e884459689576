# shellcheck shell=sh
mkdir -p /home/old && echo kept >/home/old/note && chown -R 3333:3333 /home/old
