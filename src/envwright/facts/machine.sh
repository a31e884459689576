# What every session asks first, each answer ended by a NUL (see machine.py).
# shellcheck shell=sh
cat /etc/os-release; printf '\0'
dpkg --print-architecture; printf '\0'
read -r ew_kernel </proc/sys/kernel/osrelease; printf '%s\0' "$ew_kernel"
[ -e /init ] && [ -d /run/WSL ] && echo wsl; printf '\0'
[ "$WSL_DISTRO_NAME" ] || ! [ -e /init ] || WSL_DISTRO_NAME=$(wslpath -am / | cut -d/ -f4)
printf '%s\0' "$WSL_DISTRO_NAME"
[ -d /run/systemd/system ] && echo booted; printf '\0'
cat /etc/passwd; printf '\0'
cat /etc/group; printf '\0'
grep -Eiq '^[[:space:]]*USERGROUPS_ENAB[[:space:]]+yes' /etc/login.defs ||
    useradd -D | sed -n 's/^GROUP=//p'
