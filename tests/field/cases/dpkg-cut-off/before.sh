# shellcheck shell=sh
apt-get update -qq && cd /tmp && apt-get download -qq less && dpkg --unpack ./less_*.deb
