# shellcheck shell=sh
useradd --create-home --shell /bin/bash una
