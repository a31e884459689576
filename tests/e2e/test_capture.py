"""Law 5: a machine that lived, captured, and made again of the capture on a fresh machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from command import envwright
from workstation import workstation

from envwright.spec.document import parse
from envwright.spec.source import Source

if TYPE_CHECKING:
    from machines.machine import Machine, NewMachine

HERE = Path(__file__).parent


class Lived(NamedTuple):
    """A machine that lived, and the environment that was captured of it."""

    machine: Machine
    file: Path


OF_THE_TESTS = "rm /usr/local/share/ca-certificates/envwright-tests.crt"
"""Removes what no person did."""


def capture(machine: Machine) -> str:
    """Return what the verb prints for a machine."""
    said = envwright("capture", "--host", machine.host)
    assert (said.code, said.err) == (0, "")
    return said.out


def without_secrets(text: str) -> dict[str, object]:
    """Return the values of an environment, but for the secrets, which no capture holds."""
    values: dict[str, object] = parse(Source("captured.yaml", text)).plain()
    values.pop("secrets", None)
    return values


@pytest.fixture(scope="module")
def lived(start_machine: NewMachine, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The machine, captured into a file."""
    machine = start_machine("debian13")
    machine.sh(OF_THE_TESTS)
    machine.sh((HERE / "capture.life.sh").read_text("utf-8"))
    file = tmp_path_factory.mktemp("captured") / "box.yaml"
    said = envwright("capture", "--host", machine.host, "--output", str(file))
    assert (said.code, said.err) == (0, "")
    return Lived(machine, file)


def test_what_a_person_did_is_captured_and_no_secret_is(lived: Lived) -> None:
    assert lived.file.read_text("utf-8") == (HERE / "captured.txt").read_text("utf-8")
    assert lived.file.stat().st_mode & 0o777 == 0o600


def test_a_capture_changes_nothing_on_its_own_machine(lived: Lived) -> None:
    with workstation(lived.machine, lived.file) as station:
        assert station.changed() == set()


def test_a_fresh_machine_becomes_the_one_that_was_captured(
    lived: Lived, start_machine: NewMachine
) -> None:
    fresh = start_machine("debian13")
    fresh.sh(OF_THE_TESTS)
    with workstation(fresh, lived.file) as station:
        station.apply()
    # What apply made is asked for anew: compiling takes the accounts of the machine.
    with workstation(fresh, lived.file) as station:
        assert station.changed() == set()
    assert without_secrets(capture(fresh)) == without_secrets(lived.file.read_text("utf-8"))


def test_a_file_that_is_there_is_not_replaced(lived: Lived, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    said = envwright("capture", "--host", lived.machine.host, "--output", str(file))
    told = (
        f"error: {file} is there already, and capture replaces no file\nhint: name another file\n"
    )
    assert (said, file.read_text()) == ((1, "", told), "mine")
