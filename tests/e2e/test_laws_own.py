"""The laws for the name of a machine and for a person's own proofs.

The engine of a test machine, a container, mounts the files of its name. The machine is a stand-in
for one whose files these are: the mounts are taken away.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import Law2, Law3, drift
from pydantic import ValidationError
from workstation import Workstation, workstation

from envwright.errors import RefusedError
from envwright.model.catalogue import discover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine, NewMachine

HOSTS = "# mine\n127.0.0.1 localhost\n127.0.1.1 old-name\n"
LEFT_OUT = "(*system*envwright-nightly) ERROR (Syntax error, this crontab file will be ignored)"
"""What cron says of a file that it does not read."""


@pytest.fixture(scope="module")
def machine(start_machine: NewMachine) -> Machine:
    """The machine as its engine starts it."""
    return start_machine("debian13")


@pytest.fixture(scope="module")
def bare(machine: Machine) -> Iterator[Workstation]:
    """A machine with a name and files of its own; with the engine's, plan refuses the name."""
    with workstation(machine, law_environment("own")) as opened:
        with pytest.raises(RefusedError, match="the engine of this container gives it its name"):
            opened.plan()
        machine.sh("umount /etc/hosts /etc/hostname; echo old-name >/etc/hostname")
        machine.put("/etc/hosts", HOSTS)
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2):
    """A second apply."""


def test_the_machine_has_the_name_and_finds_itself(converged: Workstation) -> None:
    look = "uname -n; hostname -f; getent hosts box; cat /etc/hostname"
    assert converged.machine.sh(look).split() == [
        "box.example.com",
        "box.example.com",
        *("127.0.1.1", "box.example.com", "box"),
        "box.example.com",
    ]
    hosts = converged.machine.sh("cat /etc/hosts")
    assert hosts == (
        f"{HOSTS}# envwright: hostname begin\n127.0.1.1\tbox.example.com box\n"
        "# envwright: hostname end\n"
    )


def test_a_check_that_fails_is_told_with_what_it_said(converged: Workstation) -> None:
    results = {r.id: (r.outcome, r.reason) for r in converged.verify()}
    own = {id_: said for id_, said in results.items() if id_.startswith("check ")}
    assert own == {
        "check the name is short for programs": ("passed", ""),
        "check nobody is the machine": ("passed", ""),
        "check there is no such program": ("passed", ""),
    }
    converged.machine.sh("mv /usr/bin/hostname /usr/bin/hostname.away")
    try:
        told = [
            (failure.id, failure.reason.splitlines()[-1]) for failure in converged.plan().failures
        ]
    finally:
        converged.machine.sh("mv /usr/bin/hostname.away /usr/bin/hostname")
    assert told == [
        ("check the name is short for programs", "it ended with exit code 127, not with 0")
    ]


def test_what_is_cleaned_stays_clean_and_bash_completes(converged: Workstation) -> None:
    machine = converged.machine
    # The image of the test machine has a setting of its own that removes packages.
    machine.sh("rm -f /etc/apt/apt.conf.d/docker-clean; apt-get install -y -qq --reinstall gzip")
    assert machine.sh("ls /var/cache/apt/archives/*.deb 2>/dev/null | wc -l") == "0\n"
    assert machine.sh("run-parts --test /etc/update-motd.d") == ""
    assert converged.plan().settled


def test_a_program_that_changes_gets_new_completions(converged: Workstation) -> None:
    converged.machine.sh("touch /usr/bin/nproc")
    made = {"command:completion bash nproc", "command:completion zsh nproc"}
    assert converged.changed() == made
    converged.apply()
    assert converged.changed() == set()


def some_schedules(count: int) -> list[str]:
    """Return schedules at random, of which some are none."""
    dice = random.Random(7)
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))

    def field(least: int, largest: int) -> str:
        low, high = dice.choices(range(least - (dice.random() < 0.05), largest + 1), k=2)
        low, high = (low, high) if dice.random() < 0.05 else sorted((low, high))
        kinds = ("*", f"{low}", f"{low}-{high}", f"{low}-{high}/{dice.randint(0, 9)}", "*/5")
        return ",".join(dice.choices(kinds, k=dice.randint(1, 3)))

    return [" ".join(field(*pair) for pair in bounds) for _ in range(count)]


def taken(schedule: str) -> bool:
    """Whether the section takes a schedule."""
    job = {"schedule": schedule, "run": "true", "user": "root"}
    try:
        discover()["cron"].model_validate({"a": job})
    except ValidationError:
        return False
    return True


def test_cron_reads_every_schedule_that_an_environment_can_have(converged: Workstation) -> None:
    schedules = list(filter(taken, some_schedules(600)))
    assert 200 < len(schedules) < 500
    asked = "".join(f"{schedule} true\n" for schedule in schedules)
    read = "while IFS= read -r line; do printf '%s\\n' \"$line\" | crontab -n - >/dev/null || "
    assert converged.machine.sh(f'{read}echo "$line"; done', text=asked) == ""


def test_cron_runs_the_command_as_it_is_written(converged: Workstation) -> None:
    machine = converged.machine
    # cron runs it once a minute.
    machine.sh("for _ in $(seq 130); do [ ! -s /run/ticked ] || exit 0; sleep 0.5; done; exit 1")
    assert machine.sh("cat /run/ticked").strip().isdecimal()
    machine.sh("journalctl --sync")
    said = machine.sh("journalctl --no-pager --output cat --identifier cron-tick")
    assert set(said.splitlines()) == {"ticked 100%"}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("chage -E 1 nobody", "the account nobody has expired, and cron runs nothing for it"),
        (f"logger -t cron '{LEFT_OUT}'; journalctl --sync", f"cron says: {LEFT_OUT}"),
    ],
)
def test_a_job_that_cron_does_not_run_is_told_by_plan(
    converged: Workstation, script: str, said: str
) -> None:
    converged.machine.sh(script)
    failures = [(one.id, one.reason.splitlines()[0]) for one in converged.plan().failures]
    converged.machine.sh("chage -E -1 nobody; sleep 1.1; touch /etc/cron.d/envwright-nightly")
    assert failures == [("cron takes the job nightly", said)]
    assert converged.plan().settled


def test_a_name_that_nothing_resolves_is_told_by_plan(converged: Workstation) -> None:
    # The file is right, and nobody asks it.
    converged.machine.sh(
        "cp /etc/nsswitch.conf /root/; sed -i s/^hosts:.*/hosts:dns/ /etc/nsswitch.conf"
    )
    told = [failure.id for failure in converged.plan().failures]
    converged.machine.sh("mv /root/nsswitch.conf /etc/nsswitch.conf")
    assert told == ["the machine resolves its own name"]


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []
