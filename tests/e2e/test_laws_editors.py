"""The laws for editors, on a Debian 13 of a person who has settings of VS Code.

Jupyter's server is Debian's own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from effects import EDITORS, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from machines import vscode
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.server import Server

LIST = "/etc/apt/sources.list.d/vscode.list"
SETTINGS = "/home/dev/.config/Code/User/settings.json"
BEFORE = """\
{
    // mine
    "editor.fontSize": 14, /* big */
    "telemetry.telemetryLevel": "all",
    "[go]": {
        "editor.tabSize": 8,
    },
}
"""
AFTER = """\
{
    // mine
    "editor.fontSize": 14, /* big */
    "[go]": {
        "editor.tabSize": 4,
    },
    "editor.formatOnSave": true,
}
"""
LAUNCH = {
    "version": "0.2.0",
    "configurations": [{"name": "mine", "type": "go", "request": "launch"}],
}


@pytest.fixture(scope="module")
def bare(server: Server, debian13: Machine) -> Iterator[Workstation]:
    """A machine that has VS Code's source, and a person with settings and a project."""
    debian13.sh(
        "{ apt-get -qq update && apt-get -qq -y install ca-certificates; } >/dev/null 2>&1; "
        "useradd -m -s /bin/bash dev"
    )
    debian13.put(LIST, vscode.publish(server))
    debian13.put(SETTINGS, BEFORE)
    debian13.put("/home/dev/src/shop/.vscode/launch.json", json.dumps(LAUNCH))
    debian13.sh("apt-get -qq update; chown -R dev: /home/dev")
    with workstation(debian13, law_environment("editors")) as opened:
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2):
    """A second apply."""


def test_a_persons_settings_and_comments_stay(converged: Workstation) -> None:
    assert converged.machine.sh(f"cat {SETTINGS}") == AFTER


def test_what_a_project_has_stays_and_the_rest_is_made(converged: Workstation) -> None:
    folder = "/home/dev/src/shop/.vscode"
    assert json.loads(converged.machine.sh(f"cat {folder}/launch.json")) == LAUNCH
    made = json.loads(converged.machine.sh(f"cat {folder}/extensions.json"))
    assert made == {"recommendations": ["golang.go"]}


def test_all_is_the_persons(converged: Workstation) -> None:
    find = "find /home/dev -mindepth 1 ! -user dev; ls -d /root/.vscode /root/.config || :"
    assert converged.machine.sh(f"{{ {find}; }} 2>/dev/null") == ""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    without = ("package:", "directory:", "linger")
    assert drift(converged, "vscode", "jupyter", without=without) == []


@pytest.mark.parametrize(("capability", "effect"), rows(EDITORS), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_law_8_the_token_is_in_a_file_of_the_person_alone(converged: Workstation) -> None:
    token = law_environment("editors").with_name("jupyter-token").read_text("utf-8").strip()
    converged.machine.put("/run/token", token)
    # The server itself notes the token in its folder of what runs, which is closed to others.
    runtime = "/home/dev/.local/share/jupyter/runtime"
    ours = f"grep -vE '^{runtime}/|[.]moved$'"
    found = f"grep -rlF -f /run/token /etc /home /opt /root /srv /tmp /var | {ours} || :"
    path = "/home/dev/.jupyter/service-token"
    modes = f"stat -c '%a %U' {path} {runtime}"
    assert converged.machine.sh(f"{found}; {modes}") == f"{path}\n600 dev\n700 dev\n"
    logged = "journalctl --sync; { journalctl --no-pager; ps axeww; } | grep -cF -f /run/token || :"
    assert converged.machine.sh(logged) == "0\n"
