"""The laws for what an account runs without root, on a Debian 13 that boots systemd.

The containers of podman are real; their layers and networks take two devices of this computer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from effects import AS_DEV, ROOTLESS, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import NewMachine

DEVICES = ("/dev/fuse", "/dev/net/tun")


@pytest.fixture(scope="module")
def bare(start_machine: NewMachine) -> Iterator[Workstation]:
    """The machine before anything was done to it: without logind and buses for accounts."""
    if missing := [device for device in DEVICES if not Path(device).exists()]:
        pytest.skip(f"this computer has no {' and no '.join(missing)}")
    machine = start_machine("debian13", *(f"--device={device}" for device in DEVICES))
    # As udev has them on a machine that is no container.
    machine.sh(f"chmod 0666 {' '.join(DEVICES)}")
    with workstation(machine, law_environment("rootless")) as opened:
        yield opened


class TestLaw2(Law2):
    """A second apply changes nothing."""


class TestLaw3(Law3):
    """After an apply all is green."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert (
        drift(
            converged,
            "user_units",
            "podman",
            "logins",
            without=("package:", "directory:", "linger"),
        )
        == []
    )


REGISTRY = """\
apt-get -qq -y install --no-install-recommends docker-registry apache2-utils >/dev/null 2>&1
read -r password
cd /etc/docker/registry
htpasswd -Bbn dev "$password" >htpasswd
printf 'auth:\\n  htpasswd: {realm: tests, path: /etc/docker/registry/htpasswd}\\n' >>config.yml
systemctl restart docker-registry
until curl -s -o /dev/null http://localhost:5000/v2/ || [ $((i += 1)) -gt 50 ]; do sleep 0.2; done
"""
PUSH = """\
su - dev -c 'export XDG_RUNTIME_DIR=/run/user/$(id -u); cd /tmp
    podman login --get-login localhost:5000; podman login --get-login docker.io
    tar -c /etc/hostname 2>/dev/null | podman import -q - localhost:5000/tests/hostname >/dev/null
    podman push -q --tls-verify=false localhost:5000/tests/hostname && echo pushed
    podman rmi -fa >/dev/null 2>&1
    podman pull -q --tls-verify=false localhost:5000/tests/hostname >/dev/null && echo pulled'
"""


def test_a_registry_that_asks_for_a_login_lets_podman_in(converged: Workstation) -> None:
    machine = converged.machine
    machine.sh("apt-get -qq -y install curl >/dev/null 2>&1")
    password = law_environment("rootless").with_name("token").read_text("utf-8")
    machine.sh(REGISTRY, text=password)
    assert machine.sh(PUSH) == "dev\ndev\npushed\npulled\n"
    helpers = "mv /home/dev/.docker/config.json /home/dev/.docker/away"
    machine.sh(helpers)
    assert "pushed" not in machine.sh(PUSH, check=False)
    machine.sh("mv /home/dev/.docker/away /home/dev/.docker/config.json")
    assert converged.changed() == set()


@pytest.mark.parametrize(("capability", "effect"), rows(ROOTLESS), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_units_of_an_account_run_as_the_account_with_nobody_logged_in(
    converged: Workstation,
) -> None:
    machine = converged.machine
    assert machine.sh("loginctl show-user dev -P Linger") == "yes\n"
    shown = machine.sh(f'ps -o user=,args= -p "$({AS_DEV} show -P MainPID app.service)"')
    assert shown.split() == ["dev", "sleep", "infinity"]


def test_a_drop_in_that_systemd_cannot_use_does_not_go_live(
    converged: Workstation, tmp_path: Path
) -> None:
    path = tmp_path / "box.yaml"
    (tmp_path / "token").write_bytes(law_environment("rootless").with_name("token").read_bytes())
    drop_in = '    tick.timer:\n      drop_ins: {more: "[Timer]\\nOnCalnder=daily\\n"}\n'
    text = law_environment("rootless").read_text("utf-8")
    path.write_text(text.replace("    tick.timer:\n", drop_in), "utf-8")
    with (
        workstation(converged.machine, path) as opened,
        pytest.raises(EnvwrightError, match="Unknown key"),
    ):
        opened.apply()
    folder = "/home/dev/.config/systemd/user"
    assert converged.machine.sh(f"find {folder} -name more.conf") == ""
    assert converged.changed() == set()
