# shellcheck shell=sh
useradd --create-home --shell /bin/bash Jane.Doe
useradd --create-home --expiredate 1 JanexDoe
