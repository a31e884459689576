# shellcheck shell=sh
useradd --create-home --uid 1000 ubuntu
