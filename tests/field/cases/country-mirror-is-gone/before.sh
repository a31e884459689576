# shellcheck shell=sh
sources=/etc/apt/sources.list.d/ubuntu.sources
sed -i 's|^URIs: .*|URIs: http://pt.archive.ubuntu.com/ubuntu/|' $sources
sed -i '1i # See http://help.ubuntu.com/community/UpgradeNotes' $sources
