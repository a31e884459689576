"""The laws for Rust by rustup, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import RUST, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from machines import rust
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.server import Server


@pytest.fixture(scope="module")
def bare(server: Server, debian13: Machine) -> Iterator[Workstation]:
    """A machine without Rust."""
    rust.publish(server)
    with workstation(debian13, law_environment("rust")) as opened:
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2):
    """A second apply."""


def test_a_login_shell_finds_the_programs_and_the_parts_of_the_toolchain(
    converged: Workstation,
) -> None:
    look = "envwright-hello; rustfmt --version; rustup target list --installed"
    said = converged.machine.sh(f"su - dev -c '{look}'").splitlines()
    assert said[:1] + said[2:] == ["hello from 1.0.0", rust.WASM, rust.TRIPLE]
    assert said[1].startswith("rustfmt 1.8.0")


def test_all_that_is_installed_is_the_persons(converged: Workstation) -> None:
    find = (
        "find /home/dev -mindepth 1 ! -user dev; ls -d /root/.cargo /root/.rustup 2>/dev/null || :"
    )
    assert converged.machine.sh(find) == ""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged, "rust", without=("package:",)) == []


@pytest.mark.parametrize(("capability", "effect"), rows(RUST), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)
