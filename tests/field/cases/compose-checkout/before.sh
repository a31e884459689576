# shellcheck shell=sh
useradd --create-home --shell /bin/bash dev 2>/dev/null || id dev
