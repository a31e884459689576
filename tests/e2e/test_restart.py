"""Restarts under WSL: seen whoever made them, and crossed by one command with nobody there."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from box import Box
from checkout import copy_checkout
from command import Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine

UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"
NAP = f'systemd: {{nap.service: {{content: "{UNIT}", running: true, enabled: true}}}}\n'
BARE = "wsl: {boot: {systemd: true}, user: {default: dev}}\n"
TERMINATE = "`wsl --terminate Debian`"
WSL = "/mnt/c/Windows/System32/wsl.exe"
RESUME = "/var/lib/envwright/resume"
LEFT = (
    f"ls -d {RESUME} /etc/systemd/system/envwright-resume.service "
    "/etc/systemd/system/multi-user.target.wants/envwright-resume.service"
)
SECONDS = 180


class Inside(NamedTuple):
    """A stand-in for WSL with envwright in it."""

    machine: Machine
    command: str

    def envwright(self, arguments: str, text: str = "", *, settings: str = "") -> Said:
        """Run it there, as root; `text` is written to box.yaml first."""
        if text:
            self.machine.put("/root/box.yaml", f"name: box\n{text}")
        script = f"cd; {settings} {self.command} {arguments}"
        argv = ["docker", "exec", self.machine.name, "sh", "-c", script]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    def outcome(self) -> dict[str, Any]:
        """Wait until a run has gone on after a restart, and take its outcome."""
        file = "/var/lib/envwright/resumed.json"
        deadline = time.monotonic() + SECONDS
        show = f"[ ! -e {RESUME} ] && cat {file}"
        # Docker's own complaints of a machine that is restarting are no JSON.
        while not (found := self.machine.sh(show, check=False)).startswith("{"):
            assert time.monotonic() < deadline, self.machine.sh(f"cat {RESUME}d.log", check=False)
            time.sleep(0.2)
        assert self.machine.sh(LEFT, check=False) == ""
        self.machine.sh(f"rm {file}")
        return json.loads(found)  # type: ignore[no-any-return] # what envwright wrote


IDENTITY = "cat /proc/sys/kernel/random/boot_id; sed 's/.*) //' /proc/1/stat | cut -d' ' -f20"
UP = (
    '[ -d /mnt/c/Windows ] && [ "$(cat /proc/1/comm)" != boot.sh ] && '
    "{ systemctl is-system-running --wait; echo up; }"
)


def identity(machine: Machine) -> dict[str, Any]:
    boot, ticks = machine.sh(IDENTITY).split()
    return {"boot_id": boot, "pid_1": int(ticks)}


def restart(machine: Machine, how: str = "--terminate Debian") -> None:
    """Restart a machine as a person does it in Windows; it may be one without systemd."""
    before = machine.sh(IDENTITY)
    machine.sh(f"cd /mnt/c; {WSL} {how}")
    deadline = time.monotonic() + SECONDS
    while True:
        said = machine.sh(f"{IDENTITY}; {UP}", check=False)
        if said.endswith("up\n") and not said.startswith(before):
            return
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


def make_bare(machine: Machine) -> None:
    """Bring a machine to where systemd is not PID 1, and nothing of before is left."""
    machine.sh("rm -f /etc/systemd/system/nap.service /var/lib/envwright/resumed.*")
    machine.put("/etc/wsl.conf", "[boot]\nsystemd=false\n")
    restart(machine)
    assert machine.sh("cat /proc/1/comm") == "bare.sh\n"


@pytest.fixture(scope="module")
def inside(wsl: Machine) -> Inside:
    command = copy_checkout(wsl)
    wsl.sh(f"cd; {command} --version")
    return Inside(wsl, command)


@pytest.fixture
def bare(inside: Inside) -> Iterator[Inside]:
    make_bare(inside.machine)
    yield inside
    inside.machine.put("/etc/wsl.conf", "[boot]\nsystemd=true\n")
    restart(inside.machine)


def test_one_command_leads_from_bare_to_verified_through_the_restart(bare: Inside) -> None:
    machine, before = bare.machine, identity(bare.machine)
    planned = bare.envwright("plan box.yaml", BARE + NAP)
    assert planned.code == 2
    assert f"After {TERMINATE} (systemd is not PID 1 yet):" in planned.out.splitlines()
    left = bare.envwright("apply box.yaml --yes --restart")
    assert (left.code in {3, 137}, left.err) == (True, "")
    assert left.out.splitlines()[-1] == (
        f"Windows runs {TERMINATE} now. envwright goes on by itself: {RESUME}d.log has what it "
        f"says, {RESUME}d.json the outcome."
    )
    outcome = bare.outcome()
    after = identity(machine)
    assert (outcome["environment"], outcome["exit_code"]) == ("box", 0)
    assert outcome["restarts"] == [{"before": before, "after": after}]
    assert before["pid_1"] != after["pid_1"]
    log = machine.sh(f"cat {RESUME}d.log")
    assert log.endswith("\nVerified: 6 passed, 0 failed, 0 skipped.\n")
    assert machine.sh("cat /proc/1/comm; systemctl is-active nap") == "systemd\nactive\n"
    assert bare.envwright("plan box.yaml").code == 0
    events = machine.sh("tail -n 11 /var/lib/envwright/journal.jsonl").splitlines()
    assert [json.loads(line)["event"] for line in events if "restart" in line] == [
        "restart",
        "restarted",
    ]


def test_a_kill_after_the_restart_was_asked_for_does_not_stop_it(bare: Inside) -> None:
    bare.machine.put("/root/box.yaml", f"name: box\n{BARE}{NAP}")
    bare.machine.sh(
        f"cd; setsid {bare.command} apply box.yaml --yes --restart >said 2>&1 & "
        "until grep -q 'Windows runs' said; do sleep 0.05; done; kill -KILL -$!"
    )
    outcome = bare.outcome()
    log = bare.machine.sh(f"cat {RESUME}d.log")
    assert (outcome["exit_code"], len(outcome["restarts"])) == (0, 1), log


def test_a_run_that_is_killed_after_the_restart_is_taken_up_once_more(bare: Inside) -> None:
    machine = bare.machine
    slow = NAP.replace("[Service]\\n", "[Service]\\nExecStartPre=/bin/sleep 5\\n")
    slow = slow.replace("enabled: true", "enabled: false")  # else the boot starts it
    bare.envwright("apply box.yaml --yes --restart", BARE + slow)
    at_it = "tail -n 1 /var/lib/envwright/journal.jsonl | grep 'begin.*service:nap'"
    cut = "systemctl kill --signal=KILL envwright-resume.service"
    deadline = time.monotonic() + SECONDS
    while not machine.sh(f"{at_it} && {cut}", check=False):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert '"attempts": 1,' in machine.sh(f"cat {RESUME}/ticket.json")
    restart(machine)
    outcome = bare.outcome()
    assert (outcome["exit_code"], len(outcome["restarts"])) == (0, 2)


def test_a_restart_by_hand_is_seen(inside: Inside) -> None:
    text = "wsl: {interop: {appendWindowsPath: true}}\n"
    applied = inside.envwright("apply box.yaml --yes --no-verify", text)
    assert (applied.code, applied.out.splitlines()[-2:]) == (
        3,
        [
            f"Takes effect after {TERMINATE}: keys:/etc/wsl.conf.",
            (
                f"To go on, run {TERMINATE} in Windows and `envwright apply` again; "
                "or run `envwright apply --restart`."
            ),
        ],
    )
    planned = inside.envwright("plan box.yaml")
    assert (planned.code, planned.out.splitlines()[-2:]) == (
        3,
        [
            "Nothing to do: all 1 resources are as they should be.",
            f"In place, takes effect after {TERMINATE}: keys:/etc/wsl.conf.",
        ],
    )
    restart(inside.machine)
    assert inside.envwright("plan box.yaml").code == 0


def test_the_virtual_machines_restart_is_more_than_the_distributions(inside: Inside) -> None:
    text = "windows: {wslconfig: {wsl2: {memory: 3GB}}}\n"
    assert inside.envwright("apply box.yaml --yes", text).code == 3
    restart(inside.machine)
    planned = inside.envwright("plan box.yaml")
    assert (planned.code, planned.out.splitlines()[-1]) == (
        3,
        "In place, takes effect after `wsl --shutdown`: windows-keys:.wslconfig.",
    )
    before = identity(inside.machine)
    inside.envwright("apply box.yaml --yes --restart")
    outcome = inside.outcome()
    assert outcome["restarts"] == [{"before": before, "after": identity(inside.machine)}]
    assert before["boot_id"] != identity(inside.machine)["boot_id"]
    assert inside.envwright("plan box.yaml").code == 0


def test_a_secret_that_nobody_could_give_after_the_restart_is_refused_before(
    inside: Inside,
) -> None:
    text = (
        "secrets: {token: {env: TOKEN}}\n"
        'files: {/root/token: {content: "{{ secret.token }}"}}\n'
        "wsl: {interop: {enabled: true}}\n"
    )
    said = inside.envwright("apply box.yaml --yes --restart", text, settings="TOKEN=hunter22")
    assert (said.code, said.err) == (
        1,
        (
            "error: @local: after the restart nobody could go on: box.yaml:2: no secret 'token': "
            "the environment variable TOKEN is not set\n"
            "hint: restart by hand and apply again; nothing was changed\n"
        ),
    )
    assert inside.machine.sh(f"ls /root/token {RESUME}", check=False) == ""


def test_without_interop_a_restart_is_refused_and_nothing_is_done(inside: Inside) -> None:
    inside.machine.put("/etc/wsl.conf", "[interop]\nenabled=false\n")
    inside.machine.restart()
    text = "files: {/root/new: {content: x}}\nwsl: {user: {default: dev}}\n"
    before = inside.machine.sh("cat /etc/wsl.conf")
    said = inside.envwright("apply box.yaml --yes --restart", text)
    assert (said.code, said.err) == (
        1,
        (
            "error: @local: Windows cannot be asked for a restart: "
            "Windows programs do not run: see [interop] in /etc/wsl.conf\n"
            "hint: without --restart, envwright says what to do by hand; nothing was changed\n"
        ),
    )
    assert inside.machine.sh(f"cat /etc/wsl.conf; ls -d /root/new {RESUME}; :") == before
    inside.machine.put("/etc/wsl.conf", "[boot]\nsystemd=true\n")
    inside.machine.restart()


def test_seen_from_outside_one_command_waits_for_the_restart(wsl: Machine, tmp_path: Path) -> None:
    make_bare(wsl)
    before = identity(wsl)
    box = Box(wsl, tmp_path)
    box.write(BARE + NAP)
    said = box.run("apply", "--yes", "--restart")
    assert (said.code, said.err) == (0, ""), said.out
    assert said.out.endswith("\nVerified: 6 passed, 0 failed, 0 skipped.\n")
    assert identity(wsl)["pid_1"] != before["pid_1"]
    assert wsl.sh(LEFT, check=False) == ""
    assert box.run("plan").code == 0


def test_where_there_is_no_wsl_nothing_is_restarted(debian13: Machine, tmp_path: Path) -> None:
    box = Box(debian13, tmp_path)
    box.write("files: {/root/new: {content: x}}\n")
    said = box.run("apply", "--yes", "--restart")
    assert (said.code, said.err) == (0, "")
    told = "This machine does not run under WSL: nothing here waits for a restart."
    assert told in said.out.splitlines()
