# shellcheck shell=sh
useradd --create-home --shell /bin/bash dot
rm /home/dot/.bashrc
