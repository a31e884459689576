"""What must hold of a machine before Docker's own engine comes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.model.proof import Requirement
from envwright.resources.preflight import FolderFits, OptionsApart

from .daemon import DAEMON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

    from .daemon import Daemon

# The links of Docker Desktop lead nowhere while it is not started (docker/for-win#14222).
DESKTOP = """\
for path in /usr/bin/docker /usr/local/bin/docker /var/run/docker.sock; do
[ -L "$path" ] || continue
case $(readlink -m "$path") in /mnt/wsl/docker-desktop/*) exit 1 ;; esac
done
"""
# A process that has ended leaves its file behind, and another one may have its number by now. That
# `read` fails says nothing: the file of dockerd has no line end.
STRAY = """\
[ -d /run/systemd/system ] && [ -s /run/docker.pid ] || exit 0
read -r pid </run/docker.pid
read -r name </proc/"$pid"/comm
[ "$name" = dockerd ] || exit 0
while read -r group; do
case $group in */docker.service | */docker.service/*) exit 0 ;; esac
done </proc/"$pid"/cgroup
exit 1
"""
# WSL's kernel has nftables since 5.15.57.1 (microsoft/WSL#6655).
NFTABLES = """\
IFS=.- read -r major minor patch rest </proc/sys/kernel/osrelease
case $rest in *microsoft*) ;; *) exit 0 ;; esac
[ "$major" -gt 5 ] && exit
[ "$major" = 5 ] && [ "$minor" -gt 15 ] && exit
[ "$major" = 5 ] && [ "$minor" = 15 ] && [ "$patch" -ge 57 ] && exit
case $(readlink -f /usr/sbin/iptables) in *legacy*) exit 0 ;; esac
exit 1
"""
PACKAGED = ("/usr/bin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock")
"""The command line of docker-ce's unit (contrib/init/systemd of moby/moby)."""
NAMES = {
    "D": "debug",
    "G": "group",
    "H": "hosts",
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "b": "bridge",
    "cdi-spec-dir": "cdi-spec-dirs",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "feature": "features",
    "host": "hosts",
    "insecure-registry": "insecure-registries",
    "l": "log-level",
    "label": "labels",
    "log-opt": "log-opts",
    "node-generic-resource": "node-generic-resources",
    "p": "pidfile",
    "registry-mirror": "registry-mirrors",
    "s": "storage-driver",
    "storage-opt": "storage-opts",
}
"""The options of dockerd whose keys in daemon.json have other names (daemon/command of moby)."""
FLAT = (
    "builder",
    "default-network-opts",
    "default-ulimits",
    "features",
    "log-opts",
    "runtimes",
)
"""The keys of daemon.json whose values dockerd takes for tables, not for groups of further keys."""
ELSEWHERE = "has neither Linux owners nor what the layers of images need"
NETWORK = "is a network drive, on which the layers of images do not work"
MEMORY = "is in memory: images and volumes would be gone after a restart"
UNFIT = {
    **dict.fromkeys(("9p", "drvfs", "virtiofs", "wslfs"), ELSEWHERE),
    **dict.fromkeys(("exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vfat"), ELSEWHERE),
    **dict.fromkeys(("cifs", "fuse.sshfs", "nfs", "nfs4", "smb3"), NETWORK),
    **dict.fromkeys(("ramfs", "tmpfs"), MEMORY),
}


def requirements(daemon: Daemon, machine: Machine) -> Iterator[Requirement]:
    """Return the requirements of an engine, first those of other engines."""
    yield from _alone()
    yield _options_apart()
    yield _data_root(daemon)
    if machine.wsl:
        yield Requirement(
            "the kernel has the nftables that iptables writes to",
            NFTABLES,
            "this kernel of WSL is older than 5.15.57 and has no nftables, so that iptables writes "
            "no rules and Docker does not start",
            "run `wsl --update` in Windows, or `apt-get install iptables` and "
            "`update-alternatives --set iptables /usr/sbin/iptables-legacy` here",
        )


def _alone() -> Iterator[Requirement]:
    yield Requirement(
        "Docker Desktop does not serve this distribution",
        DESKTOP,
        "Docker Desktop's integration serves this distribution; docker-ce would fight it for "
        "/var/run/docker.sock",
        "turn the integration off: Docker Desktop, Settings, Resources, WSL integration; where "
        "Docker Desktop is gone, remove its links: /usr/bin/docker and /var/run/docker.sock",
    )
    yield Requirement(
        "Docker is not installed as a snap",
        "[ ! -e /snap/bin/docker ]",
        "Docker is installed as a snap; its daemon and docker-ce's would fight for "
        "/var/run/docker.sock",
        "save the containers and volumes that you need, then run `snap remove docker`",
    )
    yield Requirement(
        "no Docker daemon runs outside of docker.service",
        STRAY,
        "a Docker daemon runs that docker.service did not start, so that docker.service cannot "
        "start; /run/docker.pid names its process",
        "stop it by `kill $(cat /run/docker.pid)`, and remove what starts it: another unit, a line "
        "in a profile, `command` in /etc/wsl.conf",
    )


def _options_apart() -> Requirement:
    return OptionsApart(
        name="no key of daemon.json is an option of the daemon, too",
        path=DAEMON,
        unit="docker.service",
        packaged=PACKAGED,
        names=NAMES,
        flat=FLAT,
        merged=("runtimes",),
        variables=("/etc/default/docker",),
        refusal=f"Docker would not start: {DAEMON} has $keys, and ExecStart of $place gives "
        "$options",
        hint=f"leave $keys out of the environment and of {DAEMON}, or have ExecStart without "
        "$options by a drop-in in the environment: "
        '`systemd: {docker.service: {drop_ins: {options: "[Service]\\nExecStart=\\n'
        'ExecStart=$command\\n"}}}`',
        at=("daemon",),
    )


def _data_root(daemon: Daemon) -> Requirement:
    return FolderFits(
        name="the images and volumes lie on a disk of Linux",
        path=DAEMON,
        key="data-root",
        default=daemon.data_root or "/var/lib/docker",
        unfit=UNFIT,
        refusal="Docker's folder $folder lies on $mount ($kind), which $reason",
        hint="name a folder on a disk of Linux as `data-root` of `docker: {daemon: ...}`",
        at=("daemon", "data-root") if daemon.data_root else ("daemon",),
    )
