"""A fleet over SSH: six machines of their own, one that drifted, one that is not there."""

from __future__ import annotations

import json
import os
import pty
from typing import TYPE_CHECKING, Any

import pytest
from command import Said, envwright
from machines.sshd import Sshds, image_with_sshd, sshds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.engine import Network
    from machines.machine import Machine

SECRET = "correct-horse-battery"
ENVIRONMENT = """\
name: team
secrets: {token: {env: EW_TOKEN}}
files:
  /etc/motd: {content: "welcome\\n"}
  /srv/token: {content: "{{ secret.token }}", mode: "0600"}
"""
AWAY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def fleet(debian13: Machine, engine: Network) -> Iterator[Sshds]:
    debian13.install("openssh-server")
    with image_with_sshd(debian13.name) as image, sshds(image, 6, engine) as started:
        yield started


class Team:
    """The fleet as an inventory, and one machine more that does not answer."""

    def __init__(self, fleet: Sshds, folder: Path) -> None:
        self.fleet, self.folder = fleet, folder
        self.hosts = [f"@ssh/{name}" for name in fleet.names]
        (folder / "team.yaml").write_text(ENVIRONMENT)
        self.inventory = folder / "team.py"
        hosts = [*self.hosts[:3], AWAY, *self.hosts[3:]]
        self.inventory.write_text(f"team = ({hosts!r}, {{'environment': 'team.yaml'}})\n")

    def run(self, verb: str, *options: str, stdin: int | str = "") -> Said:
        settings = {"EW_TOKEN": SECRET, "ENVWRIGHT_SSH_OPTIONS": f"-F {self.fleet.config}"}
        words = (verb, "-i", "team.py", *options)
        said = envwright(*words, cwd=self.folder, stdin=stdin, **settings)
        assert SECRET not in said.out + said.err
        return said

    def json(self, verb: str, *options: str) -> tuple[int, dict[str, str], Any]:
        """Run a verb; its exit code, the outcome of each host, and the whole document."""
        said = self.run(verb, "--json", *options)
        document = json.loads(said.out)
        return said.code, {h["host"]: h["outcome"] for h in document["hosts"]}, document

    def all(self, word: str, **others: str) -> dict[str, str]:
        return {**dict.fromkeys(self.hosts, word), AWAY: others.get("away", "unreachable")}


@pytest.fixture
def team(fleet: Sshds, tmp_path: Path) -> Team:
    return Team(fleet, tmp_path)


def test_a_fleet_is_planned_applied_proven_and_its_drift_is_told_and_mended(team: Team) -> None:
    ids = ["file:/etc/motd", "file:/srv/token"]
    code, outcomes, document = team.json("plan")
    assert (code, outcomes) == (1, team.all("differs"))
    assert document["drift"] == [{"id": id_, "hosts": team.hosts} for id_ in ids]

    code, outcomes, document = team.json("apply", "--yes", "--parallel", "3", "--log-dir", "logs")
    assert (code, outcomes) == (1, team.all("changed"))
    assert [len(h["result"]["checks"]) for h in document["hosts"] if h["result"]] == [2] * 6
    logs = sorted((team.folder / "logs").iterdir())
    assert [log.name for log in logs] == sorted(
        ["127.0.0.1_1.log", *(f"ssh_{name}.log" for name in team.fleet.names)]
    )
    assert [SECRET in log.read_text() for log in logs] == [False] * 7
    assert "Verified: 2 passed, 0 failed, 0 skipped." in logs[1].read_text()
    seen = [team.fleet.sh(name, "cat /srv/token") for name in team.fleet.names]
    assert seen == [SECRET] * 6

    assert team.json("plan")[:2] == (1, team.all("same"))
    assert team.json("apply", "--yes")[:2] == (1, team.all("same"))
    assert team.json("verify")[:2] == (1, team.all("proven"))

    drifted = team.hosts[4]
    team.fleet.sh(team.fleet.names[4], "echo drift >/etc/motd")
    said = team.run("plan")
    assert said.code == 1
    assert f"\n1 of 7 differ:\n  file:/etc/motd  on 1: {drifted}\n" in said.out
    assert said.out.endswith("\n7 hosts: 5 same, 1 unreachable, 1 differ.\n")
    assert said.err.startswith(f"error: {AWAY}: nothing listens on its ssh port\n")
    code, outcomes, document = team.json("verify")
    assert (code, outcomes) == (1, {**team.all("proven"), drifted: "unproven"})
    assert document["drift"] == [{"id": "file:/etc/motd", "hosts": [drifted]}]
    code, outcomes, _ = team.json("apply", "--yes")
    assert (code, outcomes) == (1, {**team.all("same"), drifted: "changed"})
    assert team.fleet.sh(team.fleet.names[4], "cat /etc/motd") == "welcome"


def test_a_step_that_fails_on_one_machine_is_no_other_s(team: Team) -> None:
    for name in team.fleet.names:
        team.fleet.sh(name, "rm -f /etc/motd")
    # What no file can replace: the step fails there, and only there.
    team.fleet.sh(team.fleet.names[1], "mkdir -p /etc/motd/full")
    code, outcomes, document = team.json("apply", "--yes", "--limit", "@ssh/*")
    broken = team.hosts[1]
    expected = {**dict.fromkeys(team.hosts, "changed"), broken: outcomes[broken]}
    assert (code, outcomes) == (1, expected)
    (error,) = [host["error"] for host in document["hosts"] if host["error"]]
    assert outcomes[broken] in {"failed", "refused"}
    assert "/etc/motd" in error["message"]
    team.fleet.sh(team.fleet.names[1], "rm -r /etc/motd")
    code, outcomes, _ = team.json("apply", "--yes", "--limit", "@ssh/*")
    assert (code, outcomes) == (0, {**dict.fromkeys(team.hosts, "same"), broken: "changed"})


def drifted(team: Team) -> dict[str, str]:
    """The machines whose motd is not as the environment has it."""
    shown = zip(team.hosts, team.fleet.names, strict=True)
    seen = {host: team.fleet.sh(name, "cat /etc/motd") for host, name in shown}
    return {host: text for host, text in seen.items() if text != "welcome"}


def drift(team: Team) -> None:
    for name in team.fleet.names:
        team.fleet.sh(name, "echo drift >/etc/motd")


def test_a_canary_that_fails_keeps_all_others_from_being_begun(team: Team) -> None:
    drift(team)
    lock = "nohup flock --close /run/envwright/lock sleep 60 >/dev/null 2>&1 & echo $!"
    held = f"mkdir -p -m 0700 /run/envwright; {lock}"
    holder = team.fleet.sh(team.fleet.names[0], held)
    options = ("--yes", "--limit", "@ssh/*", "--report", "out")
    code, outcomes, document = team.json("apply", *options, "--canary", "1")
    others = team.hosts[1:]
    assert (code, outcomes) == (1, {team.hosts[0]: "locked", **dict.fromkeys(others, "skipped")})
    stopped = {
        "message": f"{team.hosts[0]} failed, and goes before all others: "
        "5 other hosts were not begun",
        "hint": "mend what is told above, then apply again",
    }
    summary = json.loads((team.folder / "out/summary.json").read_text())
    assert (summary["state"], summary["error"], document["error"]) == ("stopped", stopped, stopped)
    assert drifted(team) == dict.fromkeys(team.hosts, "drift")

    team.fleet.sh(team.fleet.names[0], f"kill {holder}")
    code, outcomes, _ = team.json("apply", "--yes", "--limit", "@failed,@skipped", "--canary", "2")
    assert (code, outcomes) == (0, dict.fromkeys(team.hosts, "changed"))
    assert drifted(team) == {}


@pytest.mark.parametrize(("answers", "code", "left"), [("y\ny\n", 0, 0), ("y\nn\n", 1, 5)])
def test_the_others_follow_a_canary_only_where_a_person_agrees(
    answers: str, code: int, left: int, team: Team
) -> None:
    drift(team)
    ours, theirs = pty.openpty()
    os.write(ours, answers.encode())
    try:
        said = team.run("apply", "--limit", "@ssh/*", "--canary", team.hosts[2], stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    first = f"\nMake these changes on {team.hosts[2]} first? [y/N] "
    second = "\nMake these changes on the 5 other hosts, too? [y/N] "
    stopped = (
        "error: 5 other hosts were not begun: nobody agreed to that\n"
        "hint: apply again when you are content with those that went first\n"
    )
    assert (said.code, said.err) == (code, first + second + stopped * (left > 0))
    assert drifted(team) == dict.fromkeys((team.hosts[:2] + team.hosts[3:])[:left], "drift")


def test_two_runs_at_the_same_fleet_do_not_mix(team: Team) -> None:
    team.json("apply", "--yes", "--limit", "@ssh/*")
    name = team.fleet.names[0]
    team.fleet.sh(name, "rm -f /etc/motd; mkdir -p -m 0700 /run/envwright")
    held = "nohup flock /run/envwright/lock sleep 300 >/dev/null 2>&1 &"
    team.fleet.sh(name, held)
    code, outcomes, _ = team.json("apply", "--yes", "--limit", "@ssh/*")
    assert (code, outcomes) == (1, {**dict.fromkeys(team.hosts, "same"), team.hosts[0]: "locked"})
