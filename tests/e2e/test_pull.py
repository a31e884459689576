"""Pull mode on a machine that boots systemd: a timer that follows signed commits and no others."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from checkout import copy_checkout
from repositories import Key, Repository
from snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server

BARE = "/srv/git/team.git"
FILE = f"file://{BARE}"
HTTPS = "https://files.envwright.test/team.git"
SERVICE = "envwright-pull.service"
SECONDS = 150
EVERY_SECOND = """\
[Timer]
OnCalendar=
OnCalendar=*:*:*
RandomizedDelaySec=0
FixedRandomDelay=false
AccuracySec=100ms
"""
"""Laid over the timer, so that a test need not wait for an hour."""
KEPT = """\
ls -d /etc/envwright /var/lib/envwright/pull /var/lib/systemd/timers/*envwright* 2>/dev/null
systemctl list-unit-files --no-legend 'envwright*'
systemctl list-units --all --no-legend --plain 'envwright*'
systemctl list-timers --all --no-legend 'envwright*'
"""


@dataclass(frozen=True)
class Team:
    """A team's repository on this computer, and a machine that is to follow a copy of it."""

    machine: Machine
    repository: Repository
    run: str

    def envwright(self, words: str, *, code: int = 0) -> str:
        """Run envwright in the machine, and want an exit code; what it said."""
        script = f"cd; {self.run} {words} 2>&1; echo $?"
        said, _, ended = self.machine.sh(script).removesuffix("\n").rpartition("\n")
        assert int(ended) == code, f"{ended}\n{said}"
        return f"{said}\n"

    def wants(self, content: str) -> str:
        """An environment of one file."""
        return f"name: team\nfiles: {{/srv/wanted: {{content: {content}}}}}\n"

    def bare(self, folder: Path) -> Path:
        """Make a bare copy, as servers have it, that plain files of https will serve, too."""
        made = folder / "team.git"
        shutil.rmtree(made, ignore_errors=True)
        self.repository.git("clone", "--quiet", "--bare", ".", str(made))
        self.repository.git(f"--git-dir={made}", "update-server-info")
        return made

    def push(self, to: str = BARE) -> None:
        """Bring the repository to the machine, in place of what is there."""
        made = self.bare(self.repository.folder.parent)
        pack = ["tar", "-C", str(made), "--owner=root", "--group=root", "-cf", "-", "."]
        packed = subprocess.run(pack, capture_output=True, check=True).stdout
        self.machine.sh(f"rm -rf {to} && mkdir -p {to}")
        unpack = ["docker", "exec", "-i", self.machine.name, "tar", "-C", to, "-xf", "-"]
        subprocess.run(unpack, input=packed, check=True)

    def fire(self) -> str:
        """Let systemd run the service once, as the timer does; the result that it names."""
        show = f"systemctl show --property=Result --value {SERVICE}"
        return self.machine.sh(f"systemctl start {SERVICE}; {show}").strip()

    def status(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.envwright("pull status --json"))
        return value

    def wanted(self) -> str:
        """The file that the environment wants, as it is."""
        return self.machine.sh("cat /srv/wanted 2>/dev/null || echo absent")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: Key.new(folder, name) for name in ("alice", "mallory", "deploy")}


@pytest.fixture(scope="module")
def run(debian13: Machine) -> str:
    """The command of envwright in the machine, installed; git is there, as after a first time."""
    words = copy_checkout(debian13)
    debian13.sh(f"cd; {words} --version")
    return words


@pytest.fixture
def team(debian13: Machine, run: str, keys: dict[str, Key], tmp_path: Path) -> Iterator[Team]:
    """A team whose repository has a signed commit; afterwards the machine follows nobody."""
    made = Team(debian13, Repository.new(tmp_path / "team"), run)
    made.repository.commit(*keys["alice"].settings, **{"team.yaml": made.wants("right")})
    debian13.put("/root/signers", keys["alice"].allowed())
    debian13.sh("rm -f /srv/wanted")
    made.push()
    yield made
    made.envwright("pull remove --yes --no-verify")


def install(team: Team, options: str = "", url: str = FILE) -> str:
    words = f"pull install {url} team.yaml --signers /root/signers {options} --yes"
    return team.envwright(words)


def test_it_is_installed_fires_applies_and_is_removed_without_a_trace(team: Team) -> None:
    team.machine.install("git", "openssh-client")  # which stay: others may use them
    before = left(team)
    assert team.machine.sh(KEPT, check=False) == ""
    said = install(team, "--apply")
    assert "  + file:/etc/envwright/pull/allowed_signers\n" in said
    assert said.endswith("\nVerified: 15 passed, 0 failed, 0 skipped.\n")
    assert install(team, "--apply").endswith(
        "\nNothing to do: all 14 resources are as they should be.\n"
        "`envwright verify` also makes 1 check of what takes longer.\n"
    )
    listed = team.machine.sh("systemctl list-timers --no-legend envwright-pull.timer")
    assert listed.endswith("envwright-pull.timer envwright-pull.service\n")
    folder = "/etc/systemd/system/envwright-pull.timer.d"
    team.machine.put(f"{folder}/now.conf", EVERY_SECOND)
    restart = "systemctl daemon-reload && systemctl restart envwright-pull.timer"
    wait = "until [ -s /var/lib/envwright/pull/status.json ]; do sleep 0.2; done"
    team.machine.sh(f"{restart} && timeout {SECONDS} sh -c '{wait}'; rm -r {folder}; {restart}")
    team.machine.sh(f"while systemctl -q is-active {SERVICE}; do sleep 0.2; done")
    assert team.wanted() == "right"
    assert team.machine.sh(f"systemctl show --property=TriggeredBy --value {SERVICE}") == (
        "envwright-pull.timer\n"
    )
    status = team.status()
    assert status["last_run"]["last_good"]["commit"] == team.repository.git("rev-parse", "HEAD")
    assert status["timer"]["last_trigger"] != ""
    journal = team.machine.sh(f"journalctl --no-pager -o cat -u {SERVICE}")
    assert "Verified: 1 passed, 0 failed, 0 skipped.\n" in journal
    team.envwright("pull remove --yes")
    assert team.machine.sh(KEPT, check=False) == ""
    assert sorted(left(team) ^ before) == []
    assert team.envwright("pull remove --yes").endswith(
        "\nNothing to do: all 5 resources are as they should be.\n"
    )


SERVED = """\
import urllib.request
for line in urllib.request.urlopen("http://127.0.0.1:9100/metrics").read().decode().splitlines():
    if line.startswith(("envwright_", "node_textfile_")): print(line)
"""


def test_prometheus_node_exporter_serves_what_a_run_came_to(team: Team) -> None:
    team.machine.install("prometheus-node-exporter")
    install(team, "--apply")
    assert team.fire() == "success"
    begun = datetime.fromisoformat(team.status()["last_run"]["time"]).timestamp()
    commit = team.repository.git("rev-parse", "HEAD")
    served = served_by(team.machine)
    labels = f'{{commit="{commit}",environment="team.yaml",mode="apply",ref="HEAD"}}'
    assert {
        name: served[name]
        for name in (
            f"envwright_pull_info{labels}",
            'envwright_pull_last_run_outcome{outcome="applied"}',
            'envwright_pull_last_run_outcome{outcome="failed"}',
            "envwright_pull_last_good_timestamp_seconds",
            "envwright_pull_differing_resources",
            "node_textfile_scrape_error",
        )
    } == {
        f"envwright_pull_info{labels}": 1,
        'envwright_pull_last_run_outcome{outcome="applied"}': 1,
        'envwright_pull_last_run_outcome{outcome="failed"}': 0,
        "envwright_pull_last_good_timestamp_seconds": begun,
        "envwright_pull_differing_resources": 1,
        "node_textfile_scrape_error": 0,
    }
    team.envwright("pull remove --yes --no-verify")
    assert [*filter(lambda name: "envwright" in name, served_by(team.machine))] == []


def served_by(machine: Machine) -> dict[str, float]:
    """What node_exporter serves about us and about the files that it reads."""
    lines = machine.sh(f"python3 -c {shlex.quote(SERVED)}").splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def left(team: Team) -> set[str]:
    """What there is on the machine, but for what was applied and what Python keeps of its own."""
    return {line for line in snapshot(team.machine) if " /srv" not in line and "/opt" not in line}


def test_what_is_not_signed_by_a_signer_or_goes_back_is_refused(
    team: Team, keys: dict[str, Key]
) -> None:
    install(team, "--apply")
    first = team.repository.git("rev-parse", "HEAD")
    alice, mallory = keys["alice"].settings, keys["mallory"].settings
    team.repository.commit(*alice, **{"team.yaml": team.wants("newer")})
    team.push()
    assert (team.fire(), team.wanted()) == ("success", "newer")
    good = team.status()["last_run"]["last_good"]
    said = []
    for settings in ((), mallory):
        team.repository.commit(*settings, **{"team.yaml": team.wants("wrong")})
        team.push()
        said.append(refused(team, good))
    team.repository.git("reset", "--quiet", "--hard", first)
    team.push()
    said.append(refused(team, good))
    assert [line.rpartition(": ")[2].split(" ", 2)[2] for line in said] == [
        "is not signed",
        "is signed by a key that is not among the pinned ones",
        f"is older than {good['commit'][:12]}, which was accepted before",
    ]


def refused(team: Team, good: dict[str, str]) -> str:
    """Fire, want a refusal that changes nothing and that all who ask are told; its message."""
    assert (team.fire(), team.wanted()) == ("exit-code", "newer")
    last = team.status()["last_run"]
    assert (last["outcome"], last["changes"], last["last_good"]) == ("refused", [], good)
    message = str(last["error"]["message"])
    assert f"error: {message}\n" in team.envwright("pull status")
    assert f"error: {message}\n" in team.machine.sh(f"journalctl --no-pager -o cat -u {SERVICE}")
    return message


def test_where_it_only_plans_nothing_is_changed(team: Team) -> None:
    install(team)
    before = snapshot(team.machine)
    assert team.fire() == "success"
    assert sorted(snapshot(team.machine) ^ before) == []
    last = team.status()["last_run"]
    assert (last["outcome"], last["exit_code"]) == ("differs", 2)
    assert last["changes"] == [{"id": "file:/srv/wanted", "verb": "create"}]
    assert "  create  file:/srv/wanted\n" in team.envwright("pull status")


def test_it_follows_over_ssh_by_a_deploy_key_and_a_pinned_host_key(
    team: Team, keys: dict[str, Key]
) -> None:
    team.machine.install("openssh-server")
    team.machine.sh("id git >/dev/null 2>&1 || useradd --create-home git; systemctl start ssh")
    deploy, public = keys["deploy"].file, keys["deploy"].file.with_name("deploy.pub")
    team.machine.put("/home/git/.ssh/authorized_keys", public.read_text("utf-8"))
    team.machine.put("/root/deploy", deploy.read_text("utf-8"), mode="0600")
    team.push("/home/git/team.git")
    team.machine.sh(
        "chown -R git: /home/git; "
        "sed 's/^/localhost /' /etc/ssh/ssh_host_ed25519_key.pub > /root/known"
    )
    options = "--apply --identity /root/deploy --known-hosts /root/known"
    said = install(team, options, "git@localhost:team.git")
    secret = deploy.read_text("utf-8").splitlines()[2]
    assert "content: (hidden: holds secrets)" in said
    assert secret not in said
    assert (team.fire(), team.wanted()) == ("success", "right")
    assert install(team, options, "ssh://git@localhost/home/git/team.git")
    assert team.fire() == "success"
    team.machine.sh("ssh-keygen -q -t ed25519 -N '' -f /root/other")
    team.machine.sh("sed 's/^/localhost /' /root/other.pub > /root/known")
    install(team, options, "ssh://git@localhost/home/git/team.git")
    assert team.fire() == "exit-code"
    message = team.status()["last_run"]["error"]["message"]
    assert message.startswith(
        "ssh://git@localhost/home/git/team.git HEAD: the server's host key is not a known one\n"
    )


def test_it_follows_over_https_what_the_machine_trusts(team: Team, server: Server) -> None:
    made = team.bare(server.root / "files.envwright.test")
    try:
        install(team, "--apply --ref main --every 15m", HTTPS)
        assert (team.fire(), team.wanted()) == ("success", "right")
    finally:
        shutil.rmtree(made)
    assert team.fire() == "exit-code"
    message = team.status()["last_run"]["error"]["message"]
    assert message.startswith(f"{HTTPS} main: there is no repository\n")


def test_a_program_that_others_can_change_is_not_installed(team: Team) -> None:
    team.machine.sh("chmod g+w,o+w /opt/src/envwright/pull")
    before = snapshot(team.machine)
    said = team.envwright(f"pull install {FILE} team.yaml --signers /root/signers --yes", code=1)
    assert sorted(snapshot(team.machine) ^ before) == []
    team.machine.sh("chmod go-w /opt/src/envwright/pull")
    assert said.startswith(
        "error: the timer would run /opt/src/envwright as root, and "
        "/opt/src/envwright/pull can be changed by others\n"
    )
