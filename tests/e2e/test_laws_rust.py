"""The laws for Rust by rustup, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import RUST, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from machines import debfiles, rust
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine, NewMachine
    from machines.server import Server

CARGO = {"cargo": ("99-1",)}
"""A stand-in of the distribution's package, newer than that, which rustup conflicts with."""


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


def test_the_distribution_s_own_cargo_is_not_removed_unasked(
    start_machine: NewMachine, server: Server
) -> None:
    machine = start_machine("debian13")
    machine.put("/etc/apt/sources.list.d/tests.list", debfiles.publish_source(server, CARGO))
    machine.sh(
        "{ apt-get -qq update; apt-get -qq -y install ca-certificates; apt-get -qq update; "
        "apt-get -qq -y install cargo=99-1; } >/dev/null 2>&1"
    )
    with (
        workstation(machine, law_environment("rust")) as station,
        pytest.raises(EnvwrightError) as refused,
    ):
        station.plan()
    said = "apt would also remove cargo 99-1, which the environment does not name; to agree, name "
    assert said in str(refused.value)


def test_a_folder_that_root_made_in_the_home_is_told_and_nothing_is_half_done(
    converged: Workstation,
) -> None:
    machine = converged.machine
    # As after `sudo cargo install` with the person's HOME.
    machine.sh("rm /home/dev/.cargo/bin/envwright-hello; chown -R root: /home/dev/.cargo/bin")
    with pytest.raises(EnvwrightError) as failed:
        converged.apply()
    assert "ermission denied" in str(failed.value)
    machine.sh("chown -R dev: /home/dev/.cargo/bin")
    assert converged.apply() == ["command:rust program envwright-hello of dev"]


def test_a_person_who_moved_rustup_s_folder_is_told_by_verify(converged: Workstation) -> None:
    machine = converged.machine
    machine.sh("echo export RUSTUP_HOME=/home/dev/moved >>/home/dev/.profile")
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert list(failed) == ["a login shell of dev builds and starts a program of Rust"]
    machine.sh("sed -i '$d' /home/dev/.profile; rm -rf /home/dev/moved")
    assert converged.changed() == set()


def test_a_download_that_broke_off_is_begun_anew(converged: Workstation) -> None:
    machine, tree = converged.machine, "/home/dev/.rustup/toolchains/1.85.1-*"
    machine.sh(f"find {tree} -type f -name 'rust*' -delete")
    (id_,) = converged.changed()
    assert converged.apply() == [id_]
    assert machine.sh("su - dev -c 'rustc --version'").startswith("rustc 1.85.1")


def test_the_toolchains_and_the_default_of_a_person_stay_until_the_plan_says_so(
    converged: Workstation,
) -> None:
    machine = converged.machine
    machine.sh(
        "su - dev -c 'export RUSTUP_DIST_SERVER=https://files.envwright.test/rust; "
        "rustup toolchain install stable --profile minimal && rustup default stable' "
        ">/dev/null 2>&1"
    )
    changes = {c.resource.id: c.difference.before for c in converged.plan().changes}
    default = "command:rust default of dev"
    assert changes == {default: {"value": f"stable-{rust.TRIPLE}"}}
    assert converged.apply() == [default]
    listed = machine.sh("su - dev -c 'rustup toolchain list'").splitlines()
    assert [line.split()[0] for line in listed] == [
        f"{v}-{rust.TRIPLE}" for v in ("stable", "1.85.1")
    ]
