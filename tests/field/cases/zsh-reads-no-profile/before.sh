# shellcheck shell=sh
useradd --create-home --shell /usr/bin/fish fay
# As the installer of Ubuntu leaves it. Users' services read the file, too, behind environment.d.
echo 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"' >/etc/environment
echo 'NOTES=/srv/notes' >>/etc/environment
