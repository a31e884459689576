"""Law 5: a machine that lived, captured, and made again of the capture on a fresh machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from command import Said, envwright, error
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


def test_what_a_file_of_a_person_says_stays_and_what_is_new_is_added_once(
    lived: Lived, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\n# tools\npackages: [sudo] # of mine\nuser: {name: dev}\n")
    words = ("capture", "--host", lived.machine.host, "--into", str(file))
    first = envwright(*words)
    text = file.read_text("utf-8")
    assert (first.code, first.err) == (0, "")
    assert text.startswith("name: mine\n# tools\npackages: [sudo] # of mine\nuser:")
    assert envwright(*words) == first
    assert file.read_text("utf-8") == text
    with workstation(lived.machine, file) as station:
        assert station.changed() == set()


DRIFTED = """\
name: mine
user:
  name: dev
  shell: /bin/sh # short
files:
  # hourly
  /etc/cron.d/mine: {content: "nothing\\n", mode: "0600"}
sysctl: {vm.swappiness: 60}
"""
ADOPTED = """\
name: mine
user:
  name: dev
  shell: /bin/bash # short
files:
  # hourly
  /etc/cron.d/mine: {content: "0 4 * * * root /usr/bin/true\\n", mode: "0644"}
sysctl: {vm.swappiness: 60}
"""


def test_a_drift_is_adopted_at_its_line(lived: Lived, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(DRIFTED)

    def adopt(id_: str) -> Said:
        return envwright("adopt", str(file), id_, "--host", lived.machine.host)

    assert adopt("user:dev") == (0, f"{file}:4: shell: '/bin/bash'\n", "")
    assert adopt("file:/etc/cron.d/mine") == (
        0,
        f"{file}:7: mode: '0644'\n{file}:7: content: '0 4 * * * root /usr/bin/true\\n'\n",
        "",
    )
    assert file.read_text("utf-8") == ADOPTED
    assert adopt("user:dev") == error(
        f"error: user:dev is as {file} wants it: there is nothing to adopt"
    )
    assert adopt("user:de") == error(
        f"error: {file} has no resource 'user:de'; did you mean 'user:dev'?",
        "hint: `envwright plan` names the resources that differ",
    )
    assert adopt("file:/etc/sysctl.d/60-envwright.conf") == error(
        "error: file:/etc/sysctl.d/60-envwright.conf is there in the environment alone, or on the "
        "machine alone",
        f"hint: add or remove it by hand: {file}:8",
    )
    assert file.read_text("utf-8") == ADOPTED


HOSTILE = r"""
useradd -m mallory
cd /home/mallory
ln -sf /etc/shadow .bashrc
mkfifo .zshrc
head -c 2000000 /dev/zero | tr '\0' a >.vimrc
printf 'a\n{{ secret.X }}{%% raw %%}\r\n' >.bash_aliases
printf '\342\237\246secret:X\342\237\247' >.inputrc
ln -s /root .config
chown -h mallory: .bashrc .zshrc .vimrc .bash_aliases .inputrc .config
printf 'x' >"$(printf '/etc/profile.d/a\nname: b.sh')"
printf '\377' >/etc/profile.d/latin.sh
"""


@pytest.mark.parametrize("kind", ["ubuntu", "wsl"])
def test_no_name_text_or_link_of_a_user_leads_a_capture_astray(
    kind: str, new_machine: NewMachine, tmp_path: Path
) -> None:
    machine = new_machine(kind)
    machine.sh(HOSTILE)
    file = tmp_path / "box.yaml"
    said = envwright("capture", "--host", machine.host, "--output", str(file))
    assert (said.code, said.err) == (0, "")
    with workstation(machine, file) as station:
        assert station.changed() == set()
        made = {r.id: r.desired() for r in station.compiled.resources if "/mallory/" in r.id}
    assert {
        id_: (state or {}).get("content", (state or {}).get("target"))
        for id_, state in made.items()
    } == {
        "link:/home/mallory/.bashrc": "/etc/shadow",
        "file:/home/mallory/.bash_aliases": "a\n{{ secret.X }}{% raw %}\r\n",
    }
