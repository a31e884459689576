#!/bin/bash
# Second build step of the WSL stand-in: its own programs go where WSL and Windows have theirs.
set -eu
cd /usr/lib/standin
mv standin-*.* /etc/systemd/system/
mv standin/* .
rmdir standin
chmod 0755 . ./*.exe ./*.sh init
tcc -shared -nostdlib -o /usr/lib/standin.so shim.c

ln -s /usr/lib/standin/wsl.exe /opt/windows/system32/wsl.exe
ln -sf /usr/lib/standin/powershell.exe /opt/windows/system32/WindowsPowerShell/v1.0/

ln -s /usr/lib/standin/init /init
ln -s /init /usr/bin/wslpath
ln -s /init /usr/bin/wslinfo
echo '%sudo ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/standin
usermod -aG sudo dev
printf '[boot]\nsystemd=true\n' >/etc/wsl.conf
printf '[user]\ndefault=dev\n' >>/etc/wsl.conf
systemctl -q enable standin-wine.service standin-restart.path
# The interop entry is made by the first stage of the boot; systemd would wipe the table.
systemctl -q mask systemd-binfmt.service proc-sys-fs-binfmt_misc.automount
echo /usr/lib/standin.so >/etc/ld.so.preload
