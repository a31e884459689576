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
printf '\0'
[ -e /init ] && { wslinfo --version || wslinfo --wsl-version; } | head -n 1; printf '\0'
# Each process would cost a millisecond of every plan: what follows starts none.
[ -e /dev/dxg ] && echo gpu
for ew_file in /sys/bus/pci/devices/*/vendor; do
    [ -r "$ew_file" ] && read -r ew_vendor <"$ew_file" && [ "$ew_vendor" = 0x10de ] && echo gpu
done
printf '\0'
read -r _ ew_size _ </proc/meminfo; printf '%s\0' "$ew_size"
read -r ew_cpus </sys/devices/system/cpu/online; printf '%s\0' "$ew_cpus"
{ [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -s /run/systemd/container ]; } && echo container
printf '\0'
set -- /usr/share/xsessions/*.desktop /usr/share/wayland-sessions/*.desktop
for ew_name do [ ! -e "$ew_name" ] || { echo desktop; break; }; done
