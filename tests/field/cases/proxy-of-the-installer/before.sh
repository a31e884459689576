# shellcheck shell=sh
useradd --create-home gil
