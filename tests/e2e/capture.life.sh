# shellcheck shell=sh
# What a person did by hand to the machine that test_capture.py captures.
set -e
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sudo tree cron >/dev/null
apt-mark hold tree
useradd -m -s /bin/bash dev
useradd -m -s /bin/sh -u 2001 anna
usermod -aG sudo,adm dev
echo 'dev:a-secret-password' | chpasswd
echo 'dev ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/dev
echo '%adm ALL=(root) NOPASSWD: /usr/bin/true' >/etc/sudoers.d/adm
chmod 440 /etc/sudoers.d/dev /etc/sudoers.d/adm
install -d -m 700 -o dev -g dev /home/dev/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo dev@laptop' \
    >/home/dev/.ssh/authorized_keys
echo 'machine git.example.com login dev password t0p-s3cret' >/home/dev/.netrc
echo 'export GREETING={{ user }}' >/home/dev/.bash_aliases
printf '[user]\n\tname = Una Dev\n' >/home/dev/.gitconfig
ln -s .bash_aliases /home/dev/.bash_login
chmod 600 /home/dev/.netrc /home/dev/.ssh/authorized_keys
chown -hR dev:dev /home/dev
echo 'export API_TOKEN=abcdefgh12345' >/home/anna/.zshenv
chown anna:anna /home/anna/.zshenv
cat >/etc/systemd/system/mine.service <<'END'
[Unit]
Description=Mine {% raw %}

[Service]
ExecStart=/bin/sleep infinity

[Install]
WantedBy=multi-user.target
END
mkdir -p /etc/systemd/system/cron.service.d
printf '[Service]\nNice=10\n' >/etc/systemd/system/cron.service.d/nice.conf
systemctl daemon-reload
systemctl enable --quiet --now mine.service
systemctl disable --quiet fstrim.timer
systemctl mask --quiet apt-daily.timer
echo 'vm.swappiness = 10' >/etc/sysctl.d/99-mine.conf
mkdir /mnt/scratch
echo 'tmpfs /mnt/scratch tmpfs size=64m,mode=1777 0 0' >>/etc/fstab
mount /mnt/scratch
printf '[boot]\nsystemd=true\n[interop]\nappendWindowsPath=false\n' >/etc/wsl.conf
echo '0 4 * * * root /usr/bin/true' >/etc/cron.d/mine
ln -sf ../usr/share/zoneinfo/Europe/Berlin /etc/localtime
echo Europe/Berlin >/etc/timezone
printf '#!/bin/sh\necho hello\n' >/usr/local/bin/hello
chmod 755 /usr/local/bin/hello
echo 'export EDITOR=vim' >/etc/profile.d/editor.sh
echo 'Mine' >/etc/issue
