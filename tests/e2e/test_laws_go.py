"""The laws, for `go` and `logins`: a real Go from a mirror, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import GO, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2OfArchives, Law3, drift
from machines.golang import publish_slim
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.server import Server


@pytest.fixture(scope="module")
def bare(go_server: Server, debian13: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    publish_slim(go_server)
    with workstation(debian13, law_environment("go")) as opened:
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2OfArchives):
    """A second apply."""


def test_law_8_the_secret_is_in_no_file_but_those_it_is_for(converged: Workstation) -> None:
    find = "grep -rlF s3cret-t0ken /etc /home /root /run /tmp /usr/local/bin /var/lib /var/log"
    assert sorted(converged.machine.sh(find, check=False).split()) == [
        "/home/dev/.config/envwright-logins/git.example.com",
        "/home/dev/.netrc",
    ]


def test_nothing_is_left_beside_what_was_unpacked(converged: Workstation) -> None:
    left = converged.machine.sh("find /usr/local /home /tmp /etc -name '*envwright-new*'")
    assert left == ""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []


def test_after_all_that_verify_is_green_again(converged: Workstation) -> None:
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}


@pytest.mark.parametrize(("capability", "effect"), rows(GO), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)
