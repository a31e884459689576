"""Which machine, which environment: what the command line says of places that are none."""

from __future__ import annotations

import json
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
            ["error: nowhere.py: no such inventory", "hint: name a file of hosts"],
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
                "error: --limit 'laptops': team.py has no such host or group",
                (
                    "hint: name a host or a group (* and ? stand for any text), or the outcome of "
                    "the last run: @same, @differs, @changed, @restart, @proven, @unproven, "
                    "@unreachable, @locked, @refused, @interrupted, @failed, @skipped"
                ),
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


TEAM = """
team:
  environment: base.yaml
  vars: {region: eu}
  extends: [eu.yaml]
  hosts: {"@ssh/anna@box": {vars: {editor: vim}}, "@ssh/bert@box": null}
spare: {hosts: ["@docker/spare"]}
"""


def test_the_hosts_of_an_inventory_are_listed_with_what_each_is_to_be(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "team.yaml").write_text(TEAM)
    said = run("hosts", "-i", f"{tmp_path}/team.yaml")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "@ssh/anna@box  base.yaml\n"
        "    groups: team\n"
        "    layers: eu.yaml\n"
        "    vars: region=eu, editor=vim\n"
        "@ssh/bert@box  base.yaml\n"
        "    groups: team\n"
        "    layers: eu.yaml\n"
        "    vars: region=eu\n"
        "@docker/spare  (no environment)\n"
        "    groups: spare\n"
    )
    listed = run("hosts", "-i", f"{tmp_path}/team.yaml", "--limit", "*anna*", "--json")
    assert json.loads(listed.out) == {
        "version": 1,
        "hosts": [
            {
                "host": "@ssh/anna@box",
                "environment": "base.yaml",
                "groups": ["team"],
                "vars": {"region": "eu", "editor": "vim"},
                "extends": ["eu.yaml"],
            }
        ],
    }


def test_what_an_inventory_says_of_a_host_makes_its_plan(run: Run, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "name: base\nvars: {who: nobody, more: false}\n"
        "files:\n  /nowhere/a: {content: '{{ who }}'}\n  /nowhere/b: {when: more, content: b}\n"
    )
    (tmp_path / "anna.yaml").write_text("files: {/nowhere/c: {content: c}}\n")
    data = {
        "environment": f"{tmp_path}/base.yaml",
        "vars": {"who": "anna", "more": True},
        "extends": [f"{tmp_path}/anna.yaml"],
    }
    (tmp_path / "team.py").write_text(f"hosts = [('@local', {data!r})]\n")
    planned = json.loads(run("plan", "-i", f"{tmp_path}/team.py", "--json").out)
    assert [(c["id"], c["after"]["content"]) for c in planned["changes"]] == [
        ("file:/nowhere/a", "anna"),
        ("file:/nowhere/b", "b"),
        ("file:/nowhere/c", "c"),
    ]
    own = run("plan", "-i", f"{tmp_path}/team.py", "--json", "--var", "who=bert")
    assert json.loads(own.out)["changes"][0]["after"]["content"] == "bert"
