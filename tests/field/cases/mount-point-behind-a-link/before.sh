# shellcheck shell=sh
mkdir -p /srv/projects
ln -s /srv/projects /projects
