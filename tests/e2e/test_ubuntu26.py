"""The laws for the Docker workstation where the tools are those of Ubuntu 26.04."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import Law2
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.repository import Repository


@pytest.fixture(scope="module")
def converged(ubuntu26: Machine, repository: Repository) -> Iterator[Workstation]:
    """The machine, applied to once."""
    ubuntu26.put("/etc/stale", "from before\n")
    keys = {"docker_key": repository.fingerprint}
    with workstation(ubuntu26, law_environment("docker"), variables=keys) as opened:
        assert opened.plan()
        opened.apply()
        yield opened


def test_the_tools_are_rust_s(ubuntu26: Machine) -> None:
    versions = ubuntu26.sh("for tool in sort sudo cp; do $tool --version 2>&1 | head -n 1; done")
    assert [line.partition(" ")[0] for line in versions.splitlines()] == ["sort", "sudo-rs", "cp"]
    assert "GNU" in versions.splitlines()[2]
    assert "GNU" not in versions.splitlines()[0]


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}


class TestLaw2(Law2):
    """A second apply."""
