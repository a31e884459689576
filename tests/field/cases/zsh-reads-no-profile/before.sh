# shellcheck shell=sh
useradd --create-home --shell /usr/bin/fish fay
