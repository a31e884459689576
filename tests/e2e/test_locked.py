"""The lock of versions on a machine: recorded by `lock --host`, kept by --locked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from box import Box

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

PACKAGES = "packages: [hello, awk]\n"
OLD_HELLO = """\
mkdir -p /tmp/hello/DEBIAN && cd /tmp
{
    printf 'Package: hello\\nVersion: 1.0\\nArchitecture: all\\n'
    printf 'Maintainer: a <a@b.example>\\nDescription: an older one\\n'
} >hello/DEBIAN/control
dpkg-deb --build hello hello.deb >/dev/null && dpkg -i hello.deb >/dev/null 2>&1
"""
"""An older hello than apt has, as somebody would install it by hand."""


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    """A box whose lock has the versions that apt offers."""
    box = Box(debian13, tmp_path)
    box.write(PACKAGES)
    debian13.sh("dpkg --purge hello; apt-get update -q")
    assert box.run("lock").code == 0
    return box


def lock(box: Box) -> Any:
    return json.loads((box.folder / "envwright.lock").read_text())


def version(box: Box) -> str:
    return box.machine.sh("dpkg-query -Wf '${Version}' hello")


def test_a_machine_with_another_version_gets_that_of_the_lock(box: Box) -> None:
    assert box.run("apply", "--yes", "--locked").code == 0
    offered = version(box)
    assert lock(box) == {
        "version": 1,
        "layers": {},
        "machines": {"debian-13-amd64": {"package:awk": "", "package:hello": offered}},
    }
    box.machine.sh(OLD_HELLO)
    assert (box.run("plan").code, box.run("plan", "--locked").code) == (0, 2)
    assert (box.run("apply", "--yes", "--locked").code, version(box)) == (0, offered)
    plans = [box.run("plan", "--locked") for _ in range(2)]
    assert plans[0] == plans[1]  # the second is the cached result of the first


def test_what_the_lock_does_not_have_is_refused_before_anything_is_changed(box: Box) -> None:
    box.write(PACKAGES.replace("awk", "awk, jq"))
    said = box.run("apply", "--yes", "--locked").err.splitlines()
    hint = said.pop()
    assert said == [
        "error: envwright.lock does not fit box on debian-13-amd64:",
        "    package:jq: no version",
        "    wanted by packages (box.yaml:2)",
    ]
    assert hint.startswith("hint: `envwright lock FILE --host HOST` records what is missing")


def test_a_lock_moves_by_upgrade_alone_and_tells_what_moves(box: Box) -> None:
    box.machine.sh(OLD_HELLO)
    offered = lock(box)["machines"]["debian-13-amd64"]["package:hello"]
    stays = box.run("lock")
    assert stays.out.splitlines() == [
        "HOST (debian-13-amd64):",
        "  package:awk  no version of its own",
        f"  package:hello  {offered}",
        "envwright.lock is as it was.",
    ]
    moves = box.run("lock", "--upgrade", "hello", "--json")
    assert json.loads(moves.out)["machines"] == [
        {
            "host": "HOST",
            "kind": "debian-13-amd64",
            "versions": [
                {"id": "package:awk", "before": "", "after": ""},
                {"id": "package:hello", "before": offered, "after": "1.0"},
            ],
        }
    ]
    unknown = box.run("lock", "--upgrade", "hallo")
    assert (unknown.code, unknown.err) == (
        1,
        (
            "error: neither a layer nor a resource with a version has 'hallo' in its name\n"
            "hint: `envwright lock` without --upgrade lists what it records\n"
        ),
    )
