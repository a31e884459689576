# shellcheck shell=sh
mkdir -p /srv/company && : >/srv/company/Packages
