"""runtimes: mise, the versions in a person's own file, what is installed, and who finds it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

from envwright.model.resource import FileKey
from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

MISE = f"  mise: {{url: https://x.test/mise.tar.gz, sha256: {'a' * 64}}}\n"
SECTION = f"""\
runtimes:
  users: [dev]
  node: "22"
  tools: {{npm: ["@scope/na_me.x@5.6.3"], uv: [ruff@0.7.0]}}
  settings: {{node.mirror_url: "https://x.test/node/"}}
{MISE}"""
CONFIG = "keys:/home/dev/.config/mise/config.toml"
OF_DEV = [
    "command:runtime node 22 of dev",
    "command:runtime npm:@scope/na_me.x 5.6.3 of dev",
    "command:runtime pipx:ruff 0.7.0 of dev",
]


def test_versions_stand_in_the_persons_file_and_are_installed_runtimes_first(
    tmp_path: Path,
) -> None:
    found = states(tmp_path, SECTION)
    assert found[CONFIG] == {
        "kind": "file",
        "owner": "dev",
        "group": "dev",
        FileKey("settings/node/mirror_url"): "https://x.test/node/",
        FileKey("tools/node"): "22",
        FileKey("tools/npm:@scope~1na_me.x"): "5.6.3",
        FileKey("tools/pipx:ruff"): "0.7.0",
    }
    commands = [id_ for id_ in found if id_.startswith("command:runtime")]
    assert commands == OF_DEV
    assert [found[id_] for id_ in commands] == [{"value": "installed"}] * 3
    assert found["link:/usr/local/bin/mise"]["target"] == "/usr/local/mise/bin/mise"


def test_without_an_archive_mise_is_a_package_that_apt_must_know(tmp_path: Path) -> None:
    made = compile_section(tmp_path, 'runtimes: {users: [dev], node: "22"}\n')
    assert "package:mise" in [resource.id for resource in made.resources]
    assert [need.refusal for need in made.requirements if not need.name.startswith("there is")] == [
        "apt knows no package mise"
    ]
    source = 'packages: {sources: {mise: {}}}\nruntimes: {users: [dev], node: "22"}\n'
    made = compile_section(tmp_path, source)
    assert "apt has mise" not in [need.name for need in made.requirements]


def test_shims_come_first_in_path_of_logins_and_services(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION)
    shims = "${HOME}/.local/share/mise/shims"
    assert found["file:/etc/environment.d/99-path-62-envwright-runtimes.conf"][
        "content"
    ].splitlines()[1:] == [f'PATH="{shims}:${{PATH:-/usr/local/bin:/usr/bin:/bin}}"']
    profile = found["file:/etc/profile.d/62-envwright-runtimes.sh"]["content"]
    script = f"HOME=/h PATH=/usr/bin\n{profile}{profile}echo $PATH"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "/h/.local/share/mise/shims:/usr/bin\n"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("node: latest", 'a version in quotes, as "22" or "22.11.0"'),
        ("node: lts", 'a version in quotes, as "22" or "22.11.0"'),
        ('node: "22/../.."', 'a version in quotes, as "22" or "22.11.0"'),
        ("tools: {npm: [typescript]}", "NAME@VERSION"),
        ("tools: {npm: [typescript@latest]}", "NAME@VERSION"),
        ('settings: {"a/b": 1}', "a setting of mise, `node.mirror_url`"),
    ],
)
def test_what_means_another_thing_tomorrow_is_refused(
    tmp_path: Path, fields: str, said: str
) -> None:
    (error,) = refusals(tmp_path, f"runtimes:\n  users: [dev]\n  {fields}\n{MISE}")
    assert said in error


def test_a_machine_for_which_mise_is_not_published_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path, SECTION, replace(DEBIAN, architecture="riscv64")) == [
        "2:1: mise is published for amd64 and arm64, and not for riscv64"
    ]


def put(home: Path, *files: str) -> None:
    """Make programs below mise's folder, and links from `LINK -> TARGET`."""
    for file in files:
        name, _, target = file.partition(" -> ")
        path = home / ".local/share/mise" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target:
            path.symlink_to(target)
        else:
            path.touch(0o755)


def seen(tmp_path: Path, home: Path) -> str:
    """Return what the plan's question says of node 22 in a home of this computer."""
    made = compile_section(tmp_path, SECTION)
    (command,) = (each for each in made.resources if each.id == OF_DEV[0])
    assert isinstance(command, Command)
    # The script itself, without the change of account that root alone can make.
    (inner,) = re.findall(r"sh -c '(.*)' </dev/null", command.observe, re.DOTALL)
    script = inner.replace("'\"'\"'", "'")
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    run = ["sh", "-c", script]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


WHOLE = ("installs/node/22.11.0/bin/node", "installs/node/22 -> ./22.11.0", "shims/node -> /m")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "missing"),
        (WHOLE, "installed"),
        (("installs/node/22/bin/node", "shims/node -> /m"), "installed"),
        (("installs/node/221.0.0/bin/node", "shims/node -> /m"), "missing"),
        (("installs/node/20.1.0/bin/node", "shims/node -> /m"), "missing"),
        (("installs/node/22 -> ./22.11.0", "shims/node -> /m"), "missing"),
        (("installs/node/22.11.0/bin/npm", "shims/npm -> /m", "shims/node -> /m"), "missing"),
        (WHOLE[:2], "no shim node"),
    ],
)
def test_what_is_installed_is_told_by_files_alone(
    tmp_path: Path, files: tuple[str, ...], said: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    put(home, *files)
    assert seen(tmp_path, home) == said


def test_a_version_whose_installation_was_cut_off_is_not_installed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    put(home, *WHOLE)
    mark = home / ".cache/mise/node/22.11.0/incomplete"
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert seen(tmp_path, home) == "missing"


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []
