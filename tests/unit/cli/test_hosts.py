"""Which machine, which environment: what the command line says of places that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import error

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        (
            ["--host", "@dokcer/box"],
            [
                "error: @dokcer/box: there is no connector @dokcer; did you mean @docker?",
                (
                    "hint: a host is @local, @ssh/[user@]host[:port], @docker/ID, @podman/ID, "
                    "@chroot/DIR or a name of ssh"
                ),
            ],
        ),
        (
            ["--host", "127.0.0.1:1"],
            [
                "error: 127.0.0.1:1: nothing listens on its ssh port",
                "ssh: connect to host 127.0.0.1 port 1: Connection refused",
                "hint: check the port, and that sshd runs there",
            ],
        ),
        (
            ["--host", "@local", "--inventory", "team.py"],
            [
                "error: --host and --inventory both say where",
                "hint: --limit takes some of an inventory",
            ],
        ),
        (
            ["--limit", "laptops"],
            ["error: --limit is for an --inventory", "hint: name one host by --host"],
        ),
        (
            ["--inventory", "nowhere.py"],
            ["error: nowhere.py: no such inventory", "hint: name a Python file of hosts"],
        ),
        (
            ["--inventory", "empty.py"],
            [
                "error: empty.py names no host",
                "hint: an inventory is a list: hosts = ['@ssh/dev@laptop', ...]",
            ],
        ),
        (
            ["--inventory", "team.py", "--limit", "laptops"],
            [
                "error: team.py names no host that matches laptops",
                "hint: an inventory is a list: hosts = ['@ssh/dev@laptop', ...]",
            ],
        ),
    ],
)
def test_a_place_that_is_none_is_refused(
    where: list[str], lines: list[str], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty.py").write_text("hosts = []\n")
    (tmp_path / "team.py").write_text("hosts = ['@local']\n")
    assert run("plan", "box.yaml", *where, text="packages: [git]\n") == error(*lines)


def test_an_inventory_that_names_no_environment_needs_one_on_the_command_line(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "team.py").write_text("hosts = ['@local']\n")
    assert run("plan", "--inventory", "team.py") == error(
        "error: no environment is named for @local",
        "hint: name a file: envwright plan environments/quickstart.yaml",
    )


def test_an_export_is_for_one_machine(run: Run) -> None:
    where = ("--host", "@docker/a", "--host", "@docker/b")
    assert run("export", "pyinfra", "box.yaml", *where, text="packages: [git]\n") == error(
        "error: an export is for one machine, not @docker/a, @docker/b", "hint: name one"
    )
