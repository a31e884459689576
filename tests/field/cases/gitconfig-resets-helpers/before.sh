# shellcheck shell=sh
useradd --create-home gil --shell /bin/bash
