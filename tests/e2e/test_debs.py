"""Packages from files: plan shows what comes along, and refuses what is not as it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from box import Box
from machines.debfiles import SITE, item, publish, serve
from machines.debs import deb, tar
from machines.packages import Package

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    debian13.install("ca-certificates")
    return Box(debian13, tmp_path)


def failed(box: Box) -> list[str]:
    """The lines of verify about checks that fail."""
    return [line for line in box.run("verify").out.splitlines() if line.startswith("  failed")]


VERSION = "dpkg-query -W -f '${Version} ${db:Status-Abbrev}' ew-tool"
LEFT = "ls -d /var/cache/envwright-debs /tmp/tmp.* 2>/dev/null || :"


def test_a_file_is_installed_with_its_dependencies_as_the_plan_shows(
    box: Box, server: Server
) -> None:
    wanted = item(publish(server, "1.0-1"), "1.0-1")
    box.write(f"packages: {{debs: {{{wanted}}}}}\n")
    shown = box.run("plan")
    assert shown.code == 2
    assert (
        f"  + package:ew-tool  packages (box.yaml:2)\n      version: 1.0-1\n      file: {SITE}/"
        in shown.out
    )
    assert "and to install with that, 2: libncurses6, sl\n" in shown.out
    assert box.machine.sh(LEFT) == ""
    said = box.run("apply", "--yes")
    assert (said.code, said.err) == (0, ""), said
    assert box.machine.sh(f"ew-tool; {VERSION}; test -x /usr/games/sl") == "tool\n1.0-1 ii "
    assert box.machine.sh(LEFT) == ""
    assert "Nothing to do" in box.run("plan").out
    assert failed(box) == []
    box.machine.sh("dpkg --remove ew-tool; rm -f /usr/bin/ew-tool")
    assert failed(box)[0] == "  failed  package:ew-tool"
    assert "  + package:ew-tool" in box.run("plan").out


def test_a_newer_version_stays_unless_the_file_is_to_take_its_place(
    box: Box, server: Server
) -> None:
    older, newer = (item(publish(server, v), v) for v in ("1.0-1", "1.0-1+u2"))
    box.write(f"packages: {{debs: {{{newer}}}}}\n")
    assert box.run("apply", "--yes").code == 0
    assert box.machine.sh(VERSION) == "1.0-1+u2 ii "
    box.write(f"packages: {{debs: {{{older}}}}}\n")
    assert "Nothing to do" in box.run("plan").out
    assert failed(box) == []
    box.write(f"packages: {{debs: {{{older[:-1]}, downgrade: true}}}}}}\n")
    assert "version: 1.0-1+u2 -> 1.0-1\n" in box.run("plan").out
    assert failed(box) == ["  failed  package:ew-tool"]
    assert box.run("apply", "--yes").code == 0
    assert box.machine.sh(VERSION) == "1.0-1 ii "


def test_a_file_that_is_not_what_the_environment_says_is_refused(box: Box, server: Server) -> None:
    box.machine.sh("apt-get purge -y -qq ew-tool 2>/dev/null || :")
    sha256, architecture = (
        publish(server, "1.0-2"),
        box.machine.sh("dpkg --print-architecture").strip(),
    )
    control = {"Package": "ew-tool", "Version": "1", "Architecture": "all"}
    odd = deb(Package("ew-tool", ("1",), {}, {}), control, tar({}))
    unread = serve(server, odd.replace(b"control.tar.gz", b"control.tar.qq"))
    foreign = publish(server, "1.0-3", Architecture="s390x")
    wrong = {
        item(sha256, "1.0-1"): (
            f"{sha256}.deb holds ew-tool 1.0-2 all (name, version, architecture), not ew-tool "
            f"1.0-1 {architecture}"
        ),
        item(sha256, "1.0-2").replace(f"sha256: {sha256}", f"sha256: {'a' * 64}"): (
            f"{sha256}.deb has the SHA-256 {sha256}, not {'a' * 64}"
        ),
        item(foreign, "1.0-3"): (
            f"{foreign}.deb holds ew-tool 1.0-3 s390x (name, version, architecture), not ew-tool "
            f"1.0-3 {architecture}"
        ),
        item(unread, "1"): (
            f"{unread}.deb cannot be read by the machine's dpkg (uses unknown compression for "
            "member 'control.tar.qq', giving up)"
        ),
    }
    for wanted, fault in wrong.items():
        assert box.refuses(f"packages: {{debs: {{{wanted}}}}}\n", "plan") == (
            f"error: HOST: {SITE}/{fault}: correct `debs`, or ask the publisher why the file is "
            "another one\nhint: nothing was changed\n"
        )


def test_a_file_that_cannot_be_fetched_is_told_before_anything_is_changed(box: Box) -> None:
    gone = item("a" * 64, "1", "ew-gone")
    box.write(f"packages: {{debs: {{{gone}}}}}\n")
    url = f"{SITE}/{'a' * 64}.deb"
    assert f"apt says: {url}: Failed to fetch {url}" in box.run("plan").out
    before = box.machine.sh("cat /var/lib/dpkg/status")
    said = box.run("apply", "--yes")
    assert said.code == 1
    assert f"E: {url}: Failed to fetch" in said.out + said.err
    assert box.machine.sh("cat /var/lib/dpkg/status") == before


def test_a_newer_version_of_a_source_is_told(box: Box, server: Server) -> None:
    wanted = item(publish(server, "0.1", Package="cowsay", Depends="perl"), "0.1", "cowsay")
    box.write(f"packages: {{debs: {{{wanted}}}}}\n")
    version = box.machine.sh("apt-cache madison cowsay").split("|")[1].strip()
    assert (
        f"note: apt's sources have cowsay {version}, which is newer than the file of the package: "
        "the next upgrade takes that version; `hold: [cowsay]` keeps the one of the file\n"
    ) in box.run("plan").out
