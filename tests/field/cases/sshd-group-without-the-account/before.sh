# shellcheck shell=sh
apt-get update -qq
apt-get install -y -qq --no-install-recommends sudo openssh-server >/dev/null
useradd --create-home --shell /bin/bash dev
echo 'dev ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/dev
