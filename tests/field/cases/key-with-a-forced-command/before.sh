# shellcheck shell=sh
useradd --create-home dev
