#!/bin/bash
# First stage of PID 1: makes the container look like a WSL distribution, then becomes systemd.
set -u
release=6.6.87.2-microsoft-standard-WSL2
mkdir -p /run/standin /run/WSL /mnt/wsl /mnt/c
mkdir -m 1777 /run/standin/requests

# WSL's ini dialect needs no more than this here: first value wins, # begins a comment.
setting() {
    sed -n "/^\[$1\]/,/^\[/s/^ *$2 *= *\"\{0,1\}\([^\"#]*\).*/\1/pI" /etc/wsl.conf 2>/dev/null |
        sed 's/ *$//' | head -n 1
}

# --- What the kernel says ---
echo "Linux version $release (root@439a258ad544) (gcc (GCC) 11.2.0, GNU ld (GNU Binutils) 2.37)" \
    "#1 SMP PREEMPT_DYNAMIC Thu Jun  5 18:30:46 UTC 2025" >/run/standin/version
echo "$release" >/run/standin/osrelease
# The virtual machine outlives a distribution that is terminated, not a shutdown.
[ -s /var/lib/standin-boot-id ] || cat /proc/sys/kernel/random/uuid >/var/lib/standin-boot-id
mount --bind /run/standin/version /proc/version
mount --bind /run/standin/osrelease /proc/sys/kernel/osrelease
mount --bind /var/lib/standin-boot-id /proc/sys/kernel/random/boot_id
sed "s/^btime .*/btime $(stat -c %Y /var/lib/standin-boot-id)/" /proc/stat >/run/standin/stat
mount --bind /run/standin/stat /proc/stat

# --- Interop ---
# The table of binary formats is one for all containers and the host. It is mounted read-only
# once it has our entry: systemd-shutdown would wipe it for every other stand-in, too.
mountpoint -q /proc/sys/fs/binfmt_misc ||
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
[ -e /proc/sys/fs/binfmt_misc/WSLInterop ] ||
    echo ':WSLInterop:M::MZ::/init:P' >/proc/sys/fs/binfmt_misc/register
mount -o remount,bind,ro /proc/sys/fs/binfmt_misc
[ "$(setting interop enabled)" = false ] || : >/run/WSL/1_interop

# --- Drive C ---
root=$(setting automount root)
root=${root:-/mnt}
root=${root%/}
drive=$root/c
options=$(setting automount options)
# shellcheck disable=SC1003 # a backslash, no quote
image='/C:\' # its name is what /proc/mounts shows as the source of the drive
if [ ! -s "$image" ]; then
    truncate -s 4G "$image"
    mkntfs -F -Q -q -L Windows "$image" >/dev/null
fi
if [ "$(setting automount enabled)" != false ]; then
    mkdir -p "$drive"
    case ",$options," in
    *,metadata,*) access=permissions ;;
    *) access=umask=000,uid=1000,gid=1000 ;;
    esac
    ntfs-3g -o "windows_names,noatime,$access" "$image" "$drive"
    if [ ! -d "$drive/Users" ]; then
        cp -r /opt/drive_c/. "$drive/"
        mkdir "$drive/Windows"
        [ "$access" != permissions ] || chown -R 1000:1000 "$drive"
    fi
    mount --bind /opt/windows "$drive/Windows"
    plan9="aname=drvfs;path=C:\\;uid=1000;gid=1000;${options:+${options//,/;};}symlinkroot=$root/"
    plan9="$plan9,cache=5,access=client,msize=65536,trans=fd,rfd=5,wfd=5"
    printf '%s\n' "C:\\134 $drive 9p rw,noatime,$plan9 0 0" \
        "rw,noatime - 9p C:\\134 rw,$plan9" >/run/standin/drvfs
fi
# Wine looks for its drive by a link.
ln -sfn "$drive" /opt/wine/dosdevices/c:

# --- What WSL hands to sessions ---
# The PATH of Windows is appended by wsl.exe when it starts a session, and by nothing else.
if [ "$(setting interop appendWindowsPath)" != false ]; then
    windows=$drive/Windows/system32:$drive/Windows:$drive/Windows/System32/WindowsPowerShell/v1.0
fi
printf '%s\n' "windows=${windows-}" "default=$(setting user default)" >/run/standin/session
sed -i '/^WSL_/d' /etc/environment 2>/dev/null
printf '%s\n' WSL_DISTRO_NAME=Debian WSL_INTEROP=/run/WSL/1_interop >>/etc/environment

# WSL takes silence for no; here most files that tests write mean nothing by it.
[ "$(setting boot systemd)" != false ] || exec /usr/lib/standin/bare.sh
exec /lib/systemd/systemd "$@"
