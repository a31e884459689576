"""The laws for the Docker workstation: most capabilities, on a Debian 13 that boots systemd."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from effects import DOCKER, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, drift
from workstation import Workstation, workstation

from envwright.errors import StepError
from envwright.resources.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.repository import Repository

KERNEL = {
    "command:sysctl fs.inotify.max_user_watches",
    "the kernel forwards the packets of containers",
}
"""What all machines on one kernel share, so that others may have set it."""
ABSENT = {
    "apt-entries:docker",
    "package:containerd",
    "package:docker-compose",
    "package:docker-compose-v2",
    "package:docker-doc",
    "package:docker.io",
    "package:podman-docker",
    "package:runc",
    "service:stopped.service",
}
"""What is to go or to be off, and what a bare machine never had."""
IDLE = {
    "command:zsh reads /etc/profile.d/60-envwright.sh",
    "no file of the system sets these variables anew",
    "dpkg finds nothing half-installed",
    "service:disabled.service",
    "systemd is PID 1",
    *(
        f"no other file replaces what the files of {name} set"
        for name in ("docker.service", "disabled.service", "stopped.service", "yearly.timer")
    ),
}
"""Other checks that a bare machine passes: of what it has not, nothing runs, fails or is old."""


@pytest.fixture(scope="module")
def bare(debian13: Machine, repository: Repository) -> Iterator[Workstation]:
    """The machine before anything was done to it; a file is in it that is to go."""
    debian13.put("/etc/stale", "from before\n")
    keys = {"docker_key": repository.fingerprint}
    with workstation(debian13, law_environment("docker"), variables=keys) as opened:
        yield opened


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The same machine, applied to once; red before, as law 3 wants it."""
    ids = {resource.id for resource in bare.compiled.resources}
    assert ids - bare.changed() - KERNEL == ABSENT
    passed = {result.id for result in bare.verify() if result.outcome == "passed"}
    assert passed - KERNEL == ABSENT | IDLE
    bare.apply()
    return bare


def test_a_plan_is_one_round_trip(bare: Workstation) -> None:
    before = bare.session.round_trips
    bare.plan()
    assert bare.session.round_trips - before == 1


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}


def test_proofs_are_skipped_only_where_windows_or_sshd_would_be_needed(
    converged: Workstation,
) -> None:
    skipped = {r.id: r.reason for r in converged.verify() if r.outcome == "skipped"}
    assert skipped == {
        "no Windows directory is in a login shell's PATH": "not under WSL",
        "no Windows directory is in the PATH of a session that Windows starts": "not under WSL",
        "Windows drives keep owners and modes": "not under WSL",
        "sshd takes the keys of alice": "there is no sshd here",
        "sshd takes the keys of bob": "there is no sshd here",
    }


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []


@pytest.mark.parametrize(("capability", "effect"), rows(DOCKER), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_dockerd_goes_on_by_its_old_file_where_it_cannot_start_by_the_new_one(
    converged: Workstation,
) -> None:
    path = "/etc/docker/daemon.json"
    look = f"systemctl is-active docker; docker ps -q; stat -c '%a %U' {path}; cat {path}"
    before = converged.machine.sh(look)
    file = converged.resource(f"keys:{path}")
    assert isinstance(file, Keys)
    # `dockerd --validate` reads the file; only the start makes the folder.
    bad = replace(file, keys={**file.keys, "data-root": "/proc/nowhere"})
    resources = (bad if each is file else each for each in converged.compiled.resources)
    wrong = replace(converged, compiled=replace(converged.compiled, resources=tuple(resources)))
    with pytest.raises(StepError) as raised:
        wrong.apply()
    told = raised.value.message
    assert "mkdir /proc/nowhere: no such file or directory" in told
    assert f"put back as before: {file.id}\n    service:docker.service works again\n" in told
    assert converged.machine.sh(look) == before


def test_after_all_that_verify_is_green_again(converged: Workstation) -> None:
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}
