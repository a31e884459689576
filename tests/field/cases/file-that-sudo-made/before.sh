# shellcheck shell=sh
useradd --create-home sue
