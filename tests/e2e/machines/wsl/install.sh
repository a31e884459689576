#!/bin/bash
# First build step of the WSL stand-in: packages, Wine's console part, a Windows drive to copy.
set -eu
export DEBIAN_FRONTEND=noninteractive
# Half of Wine is for graphics and old C libraries, which no console needs.
dlls=/usr/lib/x86_64-linux-gnu/wine/x86_64-windows
for part in 'd3d*' 'wined3d.dll' 'mshtml.*' 'msvc[pr][0-9]*' 'msvcrtd.dll' 'x3d*' 'xa*' 'xinput*' \
    'winedbg.exe' '*.msstyles' 'jscript.dll' 'gdiplus.dll'; do
    echo "path-exclude=$dlls/$part"
done >/etc/dpkg/dpkg.cfg.d/standin
echo force-unsafe-io >>/etc/dpkg/dpkg.cfg.d/standin
apt-get update -qq
# As the genuine root file systems of WSL: with sudo, Python and the certificates' tool.
apt-get install -y -qq --no-install-recommends sudo python3-minimal ca-certificates ntfs-3g tcc \
    wine64 >/dev/null

# The Windows user is the Linux user: Windows programs run as who started them there.
useradd -m -s /bin/bash -u 1000 dev
mkdir -p /opt/wine /opt/drive_c
chown dev: /opt/wine
cat >/tmp/prefix.sh <<'END'
set -eu
. /usr/lib/standin/wine.env
key='HKLM\Software\Microsoft\Windows NT\CurrentVersion\ProfileList'
# To a file: Wine's services keep a pipe open for ever.
{
    wine64 wineboot -i
    wine64 reg add "$key" /v ProfilesDirectory /t REG_EXPAND_SZ /d '%SystemDrive%\Users' /f
    wineserver64 -w
} </dev/null >/tmp/prefix.log 2>&1
cd /opt/wine/dosdevices
rm -f z: c:
ln -s /mnt/c c:
# A UNC path is looked up below dosdevices/unc: both names of this distribution's files.
for server in wsl.localhost 'wsl$'; do
    mkdir -p "unc/$server"
    ln -s / "unc/$server/Debian"
done
END
# A Wine that lacks something starts its shell over and over.
su dev -c 'ulimit -u 500; exec timeout 60 bash /tmp/prefix.sh' || { cat /tmp/prefix.log; exit 1; }

# Windows stays outside the drive and is mounted into it: a drive is made in a moment. Its files
# are those of the package once more: one copy is enough.
mv /opt/wine/drive_c/windows /opt/windows
for dll in "$dlls"/*; do
    twin=/opt/windows/system32/${dll##*/}
    [ ! -f "$twin" ] || ! cmp -s "$dll" "$twin" || ln -f "$dll" "$twin"
done
ln -s system32 /opt/windows/System32
find /opt/windows -name '*.exe' -exec chmod 0755 {} +
mv /opt/wine/drive_c/users /opt/drive_c/Users
rm -r /opt/wine/drive_c /tmp/prefix.*
mkdir "/opt/drive_c/Program Files"
apt-get clean
rm -rf /var/lib/apt/lists/*
