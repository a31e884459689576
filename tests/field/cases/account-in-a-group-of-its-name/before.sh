# shellcheck shell=sh
groupadd --gid 2222 crew
