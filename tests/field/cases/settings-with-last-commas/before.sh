# shellcheck shell=sh
useradd --create-home vic
