"""The laws for compilers, `cc` and what debuggers need, and what was done to `cc` before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import envwright
from effects import CPP, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, drift
from machines import kernel
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import NewMachine

ID = "command:alternative cc"
CORES = "a program that crashes leaves a core dump, which gdb opens"
PROFILE, PROFILES = "each person profiles a program by perf", 2
CHOICE = "manual /usr/bin/gcc-14"
ALTERNATIVES = "/var/lib/dpkg/alternatives"
SET_BY_HAND = (
    "update-alternatives --install /usr/bin/cc cc /usr/bin/c99-gcc 50 && "
    "update-alternatives --set cc /usr/bin/c99-gcc"
)
"""A compiler that no package registers, as persons register one that they built."""


@pytest.fixture(scope="module")
def bare(start_machine: NewMachine) -> Iterator[Workstation]:
    """A machine without a compiler."""
    machine = start_machine("debian13")
    kernel.stand_in(machine, yama__ptrace_scope="0")
    with workstation(machine, law_environment("cpp")) as opened:
        yield opened


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    said = {r.id: f"{r.outcome}: {r.reason}" for r in converged.verify()}
    left = {id_: words for id_, words in said.items() if words != "passed: "}
    # Where the computer below hands core dumps to a program of its own, no machine sees them; where
    # it lets nobody but root profile, no machine does.
    kernel_below = Path("/proc/sys/kernel")
    if (kernel_below / "core_pattern").read_text("utf-8").startswith("|"):
        assert left.pop(CORES).startswith("skipped: the kernel hands core dumps to ")
    if int((kernel_below / "perf_event_paranoid").read_text("utf-8")) > PROFILES:
        assert left.pop(PROFILE).startswith("skipped: the kernel or the container lets no perf")
    assert left == {}


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    # Packages are broken by the laws of other environments; a compiler comes back slowly.
    assert drift(converged, without=("package:",)) == []


@pytest.mark.parametrize(("capability", "effect"), rows(CPP), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


@dataclass(frozen=True)
class Found:
    """What somebody did to cc, what plan says of it before apply, and what tidies up."""

    script: str
    before: str | None
    after: str = "true"


FOUND = {
    "a manual choice": Found(
        SET_BY_HAND,
        "manual /usr/bin/c99-gcc",
        "update-alternatives --remove cc /usr/bin/c99-gcc",
    ),
    "a link by hand": Found(
        "ln -sf /usr/bin/c99-gcc /usr/bin/cc",
        f"{CHOICE}, and /usr/bin/cc leads to /usr/bin/c99-gcc",
    ),
    "a link that is gone": Found("rm /usr/bin/cc", f"{CHOICE}, and /usr/bin/cc leads to nothing"),
    "a group that is gone": Found("update-alternatives --remove-all cc", None),
    "a link by hand without a group": Found(
        "update-alternatives --remove-all cc; ln -s gcc-14 /usr/bin/cc",
        "no choice, and /usr/bin/cc leads to gcc-14",
    ),
    "a choice of /etc by hand": Found(
        "ln -sf /usr/bin/c99-gcc /etc/alternatives/cc", "manual /usr/bin/c99-gcc"
    ),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_was_done_to_cc_is_told_and_mended(converged: Workstation, what: str) -> None:
    found, machine = FOUND[what], converged.machine
    machine.sh("ln -sfn gcc-14 /usr/bin/c99-gcc")
    machine.sh(found.script)
    plan = converged.plan()
    told = {c.resource.id: (c.difference.before or {}).get("value") for c in plan.changes}
    assert told == {ID: found.before}
    assert converged.apply(plan) == [ID]
    assert converged.plan().settled
    look = f"readlink /usr/bin/cc /etc/alternatives/cc; head -n 1 {ALTERNATIVES}/cc"
    assert machine.sh(look) == "/etc/alternatives/cc\n/usr/bin/gcc-14\nmanual\n"
    machine.sh(found.after)
    assert converged.changed() == set()


UNFIT = {
    "a program of its own": (
        "rm /usr/bin/cc && cp /usr/bin/true /usr/bin/cc",
        (
            "/usr/bin/cc is a file of its own, and update-alternatives puts no link in its place: "
            "move the file away, or set `cc: keep`"
        ),
        "rm /usr/bin/cc",
    ),
    "a group with its link elsewhere": (
        f"sed -i 's,^/usr/bin/cc$,/usr/local/bin/cc,' {ALTERNATIVES}/cc",
        (
            "the link of the group cc is /usr/local/bin/cc and not /usr/bin/cc: remove the group "
            "by `update-alternatives --remove-all cc`, or set `cc: keep`"
        ),
        "update-alternatives --remove-all cc",
    ),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_cannot_become_the_choice_is_refused_and_left(
    converged: Workstation, what: str
) -> None:
    script, said, person = UNFIT[what]
    converged.machine.sh(script)
    with pytest.raises(EnvwrightError) as refused:
        converged.apply()
    assert said in str(refused.value)
    converged.machine.sh(person)
    assert converged.apply() == [ID]
    assert converged.plan().settled


def test_a_cc_that_is_found_before_is_told_and_a_wrapper_of_the_compiler_is_none(
    converged: Workstation,
) -> None:
    machine, cc = converged.machine, "/usr/local/bin/cc"
    machine.put(cc, '#!/bin/sh\nexec /usr/bin/cc "$@"\n')
    machine.sh(f"chmod 755 {cc}")
    assert converged.plan().settled
    machine.put(cc, '#!/bin/sh\n[ "$1" = -dumpversion ] && echo 9 || exec gcc-14 "$@"\n')
    machine.sh(f"chmod 755 {cc}")
    failures = [(one.id, one.reason.splitlines()[0]) for one in converged.plan().failures]
    version = machine.sh("gcc-14 -dumpversion").strip()
    said = f"{cc} is gcc 9, not gcc {version}"
    assert failures == [("cc is gcc-14", said)]
    machine.sh(f"rm {cc}")
    assert converged.plan().settled


def test_undo_gives_a_person_the_own_choice_back(converged: Workstation, tmp_path: Path) -> None:
    machine = converged.machine
    machine.sh(f"ln -sfn gcc-14 /usr/bin/c99-gcc; {SET_BY_HAND}")
    look = f"cat {ALTERNATIVES}/cc; readlink /usr/bin/cc /etc/alternatives/cc; ls /etc/alternatives"
    before = machine.sh(look)
    box = Box(machine, tmp_path)
    box.write("cpp: {gcc: 14}\n")
    assert box.run("apply", "--yes", "--no-verify").code == 0
    assert machine.sh("readlink /etc/alternatives/cc") == "/usr/bin/gcc-14\n"
    assert envwright("undo", "--yes", "--host", machine.host).code == 0
    assert machine.sh(look) == before
