"""Facts of units and mounts: what systemctl and the kernel say, on old machines and new ones."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from standins import local_session

from envwright.facts import Disks, MountPoint, Mounts, Unit, UnitStatus, unescape

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "docker.service",
    "apt-daily.timer",
    "cron.service",
    "nothere.service",
    "crashed.service",
    "loop.service",
)

SHOWN = b"""\
Id=docker.service
Names=docker.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no
ExecMainStartTimestamp=Sat 2026-11-21 08:49:50.123456 UTC
ActiveEnterTimestamp=Sat 2026-11-21 08:49:51.000000 UTC

Id=apt-daily.timer
Names=apt-daily.timer
LoadState=loaded
ActiveState=active
UnitFileState=static
NeedDaemonReload=yes
ActiveEnterTimestamp=Sat 2026-11-21 08:49:51.500000 UTC

Id=cron.service
Names=cron.service crond.service
LoadState=masked
ActiveState=inactive
UnitFileState=masked
NeedDaemonReload=no
ExecMainStartTimestamp=Sat 2026-11-21 08:49:50.123456 UTC
ActiveEnterTimestamp=

Id=nothere.service
Names=nothere.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
NeedDaemonReload=no

Id=crashed.service
Names=crashed.service
LoadState=loaded
ActiveState=failed
UnitFileState=disabled
NeedDaemonReload=no
ExecMainStartTimestamp=Sat 2026-11-21 08:49:50 UTC

Id=loop.service
Names=loop.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
UnitFileState=enabled
NeedDaemonReload=no
"""
EXPECTED = {
    Unit("docker.service"): UnitStatus(
        "loaded", "active", "enabled", stale=False, started=1795250990.123456
    ),
    Unit("apt-daily.timer"): UnitStatus(
        "loaded", "active", "static", stale=True, started=1795250991.5
    ),
    Unit("cron.service"): UnitStatus("masked", "inactive", "masked", stale=False, started=None),
    Unit("nothere.service"): UnitStatus("not-found", "inactive", "", stale=False, started=None),
    Unit("crashed.service"): UnitStatus("loaded", "failed", "disabled", stale=False, started=None),
    Unit("loop.service"): UnitStatus(
        "loaded", "activating", "enabled", stale=False, started=None, sub="auto-restart"
    ),
}


def test_units_are_read_as_systemctl_shows_them() -> None:
    assert Unit.parse([Unit(name) for name in NAMES], SHOWN) == EXPECTED


def test_without_microseconds_a_start_is_known_to_the_second() -> None:
    old = SHOWN.replace(b".123456", b"").replace(b".000000", b"").replace(b".500000", b"")
    answers = Unit.parse([Unit("docker.service")], old)
    assert answers[Unit("docker.service")].started == 1795250990.0


def test_an_active_unit_without_a_time_has_none() -> None:
    words = b"Names=-.mount\nLoadState=loaded\nActiveState=active\nActiveEnterTimestamp=n/a\n"
    expected = UnitStatus("loaded", "active", "", stale=False, started=None)
    assert Unit.parse([Unit("-.mount")], words) == {Unit("-.mount"): expected}


def test_a_unit_answers_to_each_of_its_names() -> None:
    answers = Unit.parse([Unit("crond.service"), Unit("unasked.service")], SHOWN)
    assert answers == {Unit("crond.service"): EXPECTED[Unit("cron.service")]}


def ask_systemctl(folder: Path, fake: str, *, booted: bool, names: tuple[str, ...]) -> bytes:
    """Run the script of the question where `systemctl` is a fake one."""
    (folder / "systemctl").write_text(f"#!/bin/sh\n{fake}\n")
    (folder / "systemctl").chmod(0o755)
    state = folder / "state"
    if booted:
        state.mkdir()
    script = Unit.script([Unit(name) for name in names])
    script = script.replace("/run/systemd/system", shlex.quote(str(state)))
    with local_session() as session:
        return session.run(f"PATH={folder}:$PATH; {script}").stdout


def test_an_old_systemctl_that_knows_no_timestamps_is_asked_without(tmp_path: Path) -> None:
    fake = f"""case $* in *--timestamp*) exit 1;; esac
[ "$TZ" = UTC ] && cat <<'END'\n{SHOWN.decode()}END"""
    shown = ask_systemctl(tmp_path, fake, booted=True, names=NAMES)
    assert Unit.parse([Unit(name) for name in NAMES], shown) == EXPECTED


@pytest.mark.parametrize("unknown", ["", "echo not-found"])
def test_without_systemd_only_what_starts_at_boot_is_known(tmp_path: Path, unknown: str) -> None:
    fake = f"case $4 in docker*) echo enabled;; *) {unknown or ':'}; exit 1;; esac"
    names = ("docker.service", "a'b.service")
    shown = ask_systemctl(tmp_path, fake, booted=False, names=names)
    assert Unit.parse([Unit(name) for name in names], shown) == {
        Unit("docker.service"): UnitStatus("offline", "", "enabled", stale=False, started=None),
        Unit("a'b.service"): UnitStatus("offline", "", "", stale=False, started=None),
    }


RESTARTED = b"""\
Id=loop.service
Names=loop.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=static
FragmentPath=/etc/systemd/system/loop.service
ExecMainStartTimestamp=Sat 2026-11-21 08:49:50.500000 UTC
NRestarts=3
WantedBy=
TriggeredBy=loop.timer

NOW=1795251000.250000000
"""


def test_a_unit_that_was_restarted_tells_how_long_ago() -> None:
    assert Unit.parse([Unit("loop.service")], RESTARTED) == {
        Unit("loop.service"): UnitStatus(
            "loaded",
            "active",
            "static",
            stale=False,
            started=1795250990.5,
            sub="running",
            restarts=3,
            age=9.75,
            fragment="/etc/systemd/system/loop.service",
            pulled=True,
        )
    }


@pytest.mark.parametrize(("restarts", "asked"), [(0, False), (12, True)])
def test_the_time_is_asked_only_where_a_unit_was_restarted(
    tmp_path: Path, *, restarts: int, asked: bool
) -> None:
    fake = f"printf 'Names=x.service\\nNRestarts={restarts}\\n'"
    shown = ask_systemctl(tmp_path, fake, booted=True, names=("x.service",))
    assert (b"\nNOW=" in shown) is asked


MOUNTINFO = rb"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard
23 22 0:21 / /proc rw,nosuid,nodev,noexec - proc proc rw
40 22 0:40 / /mnt/scratch rw,relatime - tmpfs tmpfs rw,size=1024k
41 40 0:41 / /mnt/scratch ro,nosuid - tmpfs second rw,size=65536k,mode=1777
42 22 8:1 /opt/my\040docker /srv/a\011b\134c rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
43 22 0:43 / /mnt/d rw,noatime - 9p D:\134 rw,aname=drvfs;path=D:\134;metadata,trans=fd
44 22 0:44 / /sys ro -  none rw
"""


def test_mounts_are_the_topmost_of_each_path_with_what_is_escaped_made_plain() -> None:
    scratch = ("ro", "nosuid", "size=65536k", "mode=1777")
    first = MountPoint("tmpfs", "tmpfs", ("rw", "relatime", "size=1024k"), "/")
    assert Mounts.parse([Mounts()], MOUNTINFO) == {
        Mounts(): {
            "/": MountPoint("/dev/sda1", "ext4", ("rw", "relatime", "discard"), "/"),
            "/proc": MountPoint("proc", "proc", ("rw", "nosuid", "nodev", "noexec"), "/"),
            "/mnt/scratch": MountPoint("second", "tmpfs", scratch, "/", (first,)),
            "/srv/a\tb\\c": MountPoint("/dev/sda1", "ext4", ("rw", "relatime"), "/opt/my docker"),
            "/mnt/d": MountPoint(
                "D:\\",
                "9p",
                ("rw", "noatime", r"aname=drvfs;path=D:\134;metadata", "trans=fd"),
                "/",
            ),
            "/sys": MountPoint("none", "", ("ro",), "/"),
        }
    }


def test_disks_are_the_mounts_that_stay_while_containers_come_and_go() -> None:
    lines = (
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
        "2 1 0:2 / /proc rw - proc proc rw",
        "3 1 0:3 / /run/user/1000 rw - tmpfs tmpfs rw",
        "4 1 0:4 / /var/lib/docker/overlay2/a/merged rw - overlay overlay rw",
        "5 1 0:5 net:[1] /run/docker/netns/a rw - nsfs nsfs rw",
        "6 1 0:6 / /mnt/c rw - 9p drvfs rw",
        "7 1 0:7 / /running rw,noexec - tmpfs tmpfs rw",
    )
    shown = subprocess.run(
        ["sh", "-c", Disks.script([Disks()]).removesuffix(" /proc/self/mountinfo")],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=True,
    ).stdout
    assert Disks.parse([Disks()], shown) == {
        Disks(): {
            "/": MountPoint("/dev/sda1", "ext4", ("rw",), "/"),
            "/mnt/c": MountPoint("drvfs", "9p", ("rw",), "/"),
            "/running": MountPoint("tmpfs", "tmpfs", ("rw", "noexec"), "/"),
        }
    }


BURIED = b"""\
22 1 8:1 / / rw - ext4 /dev/sda1 ro
40 22 0:40 / /mnt/scratch rw - tmpfs below rw
41 40 0:41 / /mnt/scratch/deep rw - tmpfs deep rw
42 22 0:42 / /mnt rw - tmpfs above rw
43 42 0:43 / /mnt/other rw - tmpfs other rw
44 44 0:44 / /loop rw - tmpfs loop rw
"""


def test_a_mount_below_a_directory_that_a_later_mount_took_cannot_be_seen() -> None:
    found = Mounts.parse([Mounts()], BURIED)[Mounts()]
    hidden = {path: mount.hidden_by for path, mount in found.items() if mount.hidden_by}
    assert hidden == {"/mnt/scratch": "/mnt", "/mnt/scratch/deep": "/mnt"}
    seen = {path: mount for path, mount in found.items() if not mount.hidden_by}
    assert {path: mount.source for path, mount in seen.items()} == {
        "/": "/dev/sda1",
        "/loop": "loop",
        "/mnt": "above",
        "/mnt/other": "other",
    }
    assert seen["/"].options == ("ro",)


def test_this_machine_tells_its_mounts() -> None:
    with local_session() as session:
        output = session.run(Mounts.script([Mounts()])).stdout
    assert Mounts.parse([Mounts()], output)[Mounts()]["/proc"].kind == "proc"


def test_octal_escapes_are_undone_and_nothing_else() -> None:
    assert unescape(r"a\040b\011c\134d\x41\9") == "a b\tc\\d\\x41\\9"
