"""examples/team: a lead's day with six machines, one that is down, and one that is left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from command import envwright
from machines.sshd import Sshds, image_with_sshd, sshds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from command import Said
    from machines.engine import Network
    from machines.machine import Machine

EXAMPLE = Path(__file__).parents[2] / "examples/team"
PACKAGES = ("less", "jq", "make", "brotli", "vim-tiny")
UP = ("ada", "bela", "chen", "dora", "emil", "fatima")
DOWN = "Host hugo-laptop\n    HostName 127.0.0.1\n    Port 1\n    BatchMode yes\n"
WAITING = "command:environment "
"""What waits for a start of systemd: nothing but sshd runs on these machines."""
OLD_JQ = """\
mkdir -p /tmp/jq/DEBIAN && cd /tmp
{
    printf 'Package: jq\\nVersion: 1.6-2\\nArchitecture: all\\n'
    printf 'Maintainer: a <a@b.example>\\nDescription: an older one\\n'
} >jq/DEBIAN/control
dpkg-deb --build jq jq.deb >/dev/null && dpkg -i jq.deb >/dev/null 2>&1
"""
"""An older jq than the company's scripts need, as somebody would install it by hand."""


class Team:
    """A copy of the example, and the machines that its inventory names."""

    def __init__(self, folder: Path, fleet: Sshds) -> None:
        self.folder = folder
        self._fleet = fleet
        self._names = dict(zip(UP, fleet.names, strict=True))
        config = fleet.config.read_text("utf-8")
        for person, name in self._names.items():
            config = config.replace(f"Host {name}\n", f"Host {person}-laptop\n")
        (folder / "ssh").write_text(config + DOWN, "utf-8")

    def sh(self, person: str, script: str) -> str:
        """Run a script on a person's machine, as root."""
        return self._fleet.sh(self._names[person], script)

    def run(self, verb: str, *options: str, limit: str = "!@ssh/gita-laptop") -> Said:
        """Run a verb for the machines of a limit: by default, for all but one."""
        words = (verb, "-i", "inventory.yaml", "--limit", limit, "--report", "out")
        ssh = f"-F {self.folder}/ssh"
        return envwright(*words, *options, cwd=self.folder, ENVWRIGHT_SSH_OPTIONS=ssh)

    @property
    def summary(self) -> Any:
        """The summary of the last run."""
        return json.loads((self.folder / "out/summary.json").read_text("ascii"))

    def outcomes(self) -> dict[str, str]:
        """What the last run came to, by persons."""
        return {person(host["host"]): host["outcome"] for host in self.summary["hosts"]}

    def drift(self) -> dict[str, list[str]]:
        """What differs on whose machines, but for what waits for a start of systemd."""
        return {
            each["id"]: [person(host) for host in each["hosts"]]
            for each in self.summary["drift"]
            if not each["id"].startswith(WAITING)
        }


def person(host: str) -> str:
    return host.removeprefix("@ssh/").removesuffix("-laptop")


@pytest.fixture(scope="module")
def team(
    debian13: Machine, engine: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Team]:
    """The team, each of whose machines has had its first apply."""
    folder = tmp_path_factory.mktemp("company") / "team"
    shutil.copytree(EXAMPLE, folder)
    # What many machines would fetch, one does: the image has it.
    debian13.install("openssh-server", "sudo", *PACKAGES)
    with image_with_sshd(debian13.name) as image, sshds(image, len(UP), engine) as fleet:
        made = Team(folder, fleet)
        said = made.run("apply", "--yes", "--canary", "canaries")
        assert (said.code, made.outcomes()) == (1, all_are("restart"))
        yield made


def all_are(word: str, **others: str) -> dict[str, str]:
    return {**dict.fromkeys(UP, word), "hugo": "unreachable", **others}


def test_each_machine_is_as_base_role_and_person_say_and_proves_it(team: Team) -> None:
    said = team.run("verify")
    assert (said.code, team.outcomes()) == (1, all_are("proven"))
    seen = {
        "ada": team.sh("ada", "su - ada -c 'echo $EDITOR $PGHOST'"),
        "bela": team.sh("bela", "getent passwd bela | cut -d: -f7"),
        "chen": team.sh("chen", "su - chen -c 'echo $PGHOST:$EDITOR'"),
        "dora": team.sh("dora", "su - dora -c 'cat .npmrc'"),
        "emil": team.sh("emil", "command -v make; command -v brotli"),
        "fatima": team.sh("fatima", "su - fatima -c 'sudo -n true' 2>/dev/null || echo refused"),
    }
    assert {person: text.split() for person, text in seen.items()} == {
        "ada": ["vim.tiny", "db.example.com"],
        "bela": ["/bin/dash"],
        "chen": [":nano"],
        "dora": ["registry=https://npm.example.com/", "save-exact=true"],
        "emil": ["/usr/bin/make", "/usr/bin/brotli"],
        "fatima": ["refused"],
    }


def test_a_version_that_drifted_is_told_by_machine_and_mended_there_alone(team: Team) -> None:
    team.sh("chen", OLD_JQ)
    said = team.run("plan")
    assert (said.code, team.drift()) == (1, {"package:jq": ["chen"]})
    assert "  package:jq  on 1: @ssh/chen-laptop\n" in said.out
    said = team.run("apply", "--yes", limit="@ssh/chen-laptop")
    assert team.sh("chen", "jq --version").startswith("jq-1.7")


def test_versions_of_one_machine_are_locked_for_all(team: Team) -> None:
    words = ("lock", "-i", "inventory.yaml", "--limit", "@ssh/ada-laptop,@ssh/chen-laptop")
    made = envwright(*words, cwd=team.folder, ENVWRIGHT_SSH_OPTIONS=f"-F {team.folder}/ssh")
    assert (made.code, made.err) == (0, "")
    team.sh("chen", OLD_JQ)
    said = team.run("plan", "--locked", limit="@ssh/ada-laptop,@ssh/chen-laptop")
    assert (said.code, team.drift()) == (2, {"package:jq": ["chen"]})
    said = team.run("apply", "--yes", "--locked", limit="@ssh/chen-laptop")
    assert team.sh("chen", "jq --version").startswith("jq-1.7")


def test_mistakes_of_two_people_are_told_with_both_places_and_stop_nobody_else(team: Team) -> None:
    mistakes = {
        "bela": "files: {/etc/motd: {content: mine}}\n",
        "fatima": "packages: {absent: [jq]}\n",
    }
    files = {team.folder / f"people/{person}.yaml": text for person, text in mistakes.items()}
    before = {file: file.read_text("utf-8") for file in files}
    for file, text in files.items():
        file.write_text(f"{before[file]}{text}", "utf-8")
    try:
        said = team.run("plan")
    finally:
        for file, text in before.items():
            file.write_text(text, "utf-8")
    assert (said.code, team.drift()) == (1, {})
    assert team.outcomes() == all_are("differs", bela="failed", fatima="failed")
    assert said.err.startswith(
        "error: @ssh/bela-laptop: people/bela.yaml:4:20: files./etc/motd is locked by "
        "base.yaml:18: the company's lawyers want it\n"
        "    files: {/etc/motd: {content: mine}}\n"
        "                       ^\n"
        "hint: remove it here; only base.yaml can lift the lock\n"
        "error: @ssh/fatima-laptop: package:jq is wanted twice, differently: by packages "
        "(base.yaml:5) and by packages (people/fatima.yaml:4)\n"
        "hint: remove one of the two\n"
        "error: @ssh/hugo-laptop: nothing listens on its ssh port\n"
    )
