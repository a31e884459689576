"""Preflight checks: what a daemon would refuse of its file, judged by the file as it will be."""

from __future__ import annotations

from typing import Any

import pytest

from envwright.facts import Disks, Facts, MountPoint, Stat, Status, Text, UnitFiles
from envwright.model.proof import Fault
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.mount import Mount
from envwright.resources.preflight import DataFits, FolderFits, OptionsApart

FILE, UNIT = "/etc/d.json", "/usr/lib/systemd/system/d.service"
APART = OptionsApart(
    name="apart",
    path=FILE,
    unit="d.service",
    packaged=("/d", "-H", "fd://"),
    names={"H": "hosts", "host": "hosts", "label": "labels", "add-runtime": "runtimes"},
    flat=("features",),
    merged=("runtimes",),
    variables=("/etc/default/d",),
    refusal="$keys in $place as $options",
    hint="$command",
)


def unit(line: str) -> dict[str, str]:
    return {UNIT: f"[Service]\nExecStart=/d {line}\n"}


def keys(**values: Any) -> Keys:
    return Keys(path=FILE, dialect="json", keys=values)


def drop_in(line: str, *, present: bool = True) -> File:
    content = f"[Service]\nExecStart=\nExecStart=/d {line}\n"
    return File(path="/etc/systemd/system/d.service.d/x.conf", content=content, present=present)


@pytest.mark.parametrize(
    ("text", "files", "resources", "fault"),
    [
        ('{"debug": true}', unit("-H fd://"), [], None),
        (
            '{"hosts": []}',
            unit("-H fd:// --x=1"),
            [],
            (f"`hosts` in {UNIT} as `-H fd://`", "/d --x=1"),
        ),
        ('{"hosts": []}', {}, [], ("`hosts` in the package's d.service as `-H fd://`", "/d")),
        (None, unit("--host=a"), [keys(hosts=["b"])], (f"`hosts` in {UNIT} as `--host=a`", "/d")),
        ('{"hosts": []}', unit("-H a"), [keys(hosts=None)], None),
        ('{"hosts": []}', unit("-H a"), [drop_in("--debug")], None),
        (
            '{"debug": true}',
            unit("-H a"),
            [drop_in("--debug -Hb")],
            ("`debug` in /etc/systemd/system/d.service.d/x.conf as `--debug`", "/d -Hb"),
        ),
        (
            '{"debug": 1}',
            {**unit(""), drop_in("").path: "[Service]\nExecStart=\nExecStart=/d --debug\n"},
            [drop_in("", present=False)],
            None,
        ),
        (
            '{"labels": [], "hosts": []}',
            unit("--label a=b -H x --label c=d"),
            [],
            (f"`labels` and `hosts` in {UNIT} as `--label a=b` and `-H x` and `--label c=d`", "/d"),
        ),
        ('{"runtimes": {"x": {}}}', unit("--add-runtime x=y"), [], None),
        (
            '{"proxies": {"http-proxy": "x"}}',
            unit("--http-proxy y"),
            [],
            (f"`http-proxy` in {UNIT} as `--http-proxy y`", "/d"),
        ),
        ('{"features": {"debug": true}}', unit("--debug"), [], None),
        ('{"debug": true}', unit("$OPTS"), [], (f"`debug` in {UNIT} as `--debug`", "/d")),
        ("{no json", unit("--debug"), [], None),
    ],
)
def test_a_key_that_is_an_option_too_is_told_with_the_command_line_without_it(
    text: str | None, files: dict[str, str], resources: list[Any], fault: tuple[str, str] | None
) -> None:
    variables = Text("/etc/default/d")
    facts = Facts({Text(FILE): text, UnitFiles("d.service"): files, variables: "OPTS=--debug\n"})
    assert set(APART.questions()) == {Text(FILE), UnitFiles("d.service"), variables}
    assert APART.fault(facts, resources) == (Fault(*fault) if fault else None)


FITS = FolderFits(
    name="fits",
    path=FILE,
    key="root",
    default="/var/d",
    unfit={"9p": "is slow", "fuse.sshfs": "is strange"},
    refusal="$folder on $mount ($kind) $reason",
    hint="h",
)
MOUNTS = {
    "/": "ext4",
    "/mnt/c": "9p",
    "/mnt/c/disk": "ext4",
    "/srv": "fuse.sshfs",
}


@pytest.mark.parametrize(
    ("text", "link", "resources", "refusal"),
    [
        ("", "", [], ""),
        ('{"root": "/mnt/c/d"}', "", [], "/mnt/c/d on /mnt/c (9p) is slow"),
        ('{"root": "/mnt/cd"}', "", [], ""),
        ('{"root": "/mnt/c/disk/d"}', "", [], ""),
        ('{"root": "/srv"}', "", [], "/srv on /srv (fuse.sshfs) is strange"),
        ("", "/mnt/c/d", [], "/mnt/c/d on /mnt/c (9p) is slow"),
        ("", "../srv/d", [], ""),
        ('{"root": "/srv"}', "", [keys(root="/var/e")], ""),
        ("", "", [keys(root="/srv/e")], "/srv/e on /srv (fuse.sshfs) is strange"),
        ('{"root": "/srv/d"}', "", [Mount(target="/srv", source="/x", kind="ext4")], ""),
    ],
)
def test_a_folder_on_a_file_system_that_does_not_fit_is_told(
    text: str, link: str, resources: list[Any], refusal: str
) -> None:
    mounts = {path: MountPoint("x", kind, (), "/") for path, kind in MOUNTS.items()}
    status = Status("link", "0777", "root", "root", 1, link) if link else None
    facts = Facts({Text(FILE): text, Disks(): mounts, Stat("/var/d"): status})
    assert FITS.fault(facts, resources) == (Fault(refusal, "h") if refusal else None)


DATA = DataFits.of("Stand-in", "/var/d")


@pytest.mark.parametrize(
    ("link", "resources", "refusal"),
    [
        ("", [], ""),
        (
            "/mnt/c/d",
            [],
            (
                "the data of Stand-in in /mnt/c/d lies on /mnt/c (9p), which is a drive of "
                "Windows, which has neither Linux owners nor the locks of a server"
            ),
        ),
        ("/mnt/c/d", [Mount(target="/mnt/c", source="/x", kind="ext4")], ""),
    ],
)
def test_data_on_a_drive_that_does_not_fit_is_told(
    link: str, resources: list[Any], refusal: str
) -> None:
    mounts = {path: MountPoint("x", kind, (), "/") for path, kind in MOUNTS.items()}
    status = Status("link", "0777", "root", "root", 1, link) if link else None
    facts = Facts({Disks(): mounts, Stat("/var/d"): status})
    hint = "move the data to a disk of Linux, and mount that or let a link lead there"
    assert DATA.fault(facts, resources) == (Fault(refusal, hint) if refusal else None)
