"""The environments that come along, each on a bare Debian 13 and on one that says it is Ubuntu.

What they download beside Debian's packages comes from the loopback server: an overlay names its
addresses and keys, as a company's overlay names those of its mirrors. Docker's and NVIDIA's
packages and the images are stand-ins there; Go, Node.js, mise and Python's packages are real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from machines import golang, pypi, runtimes
from machines.stacks import put_image
from test_laws_ai import IMAGES
from workstation import ENVIRONMENTS, workstation

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import NewMachine
    from machines.nvidia import Toolkit
    from machines.repository import Repository
    from machines.server import Server

DOCKER = 'docker: {{fingerprint: "{docker}"}}\n'
MISE = f"""\
  mise:
    url: {runtimes.SITE}/mise/mise-v{runtimes.MISE}-linux-x64.tar.gz
    sha256: b51f2463bc4fcdc3b0959b1454792f64be3612e73d856cbca4a062e39e070e74
"""
OVERLAYS = {
    "quickstart": "",
    "go-workstation": f"{DOCKER}go: {{{{mirror: {golang.SLIM}, env: {{{{GOSUMDB: 'off'}}}}}}}}\n",
    "ai-workstation": f'{DOCKER}nvidia: {{{{fingerprint: "{{toolkit}}"}}}}\n',
    "web-workstation": f"""\
{DOCKER}\
packages: {{{{sources: !replace {{{{}}}}}}}}
postgresql: {{{{version: "{{postgresql}}"}}}}
systemd:
  # The machines of the tests have no namespaces of users.
  redis-server.service: {{{{drop_ins: {{{{test: "[Service]\\nPrivateUsers=false\\n"}}}}}}}}
runtimes:
  settings: {{{{node.mirror_url: "{runtimes.SITE}/node/"}}}}
{MISE}\
""",
    "systems-workstation": f"""\
files:
  "{{{{{{{{ home }}}}}}}}/.config/pip/pip.conf":
    content: "[global]\\nindex-url = {pypi.INDEX}\\n"
""",
}
"""What a mirror has the environments say, by their names; {names} stand for what a run makes."""
RELEASES = {"debian13": "17", "ubuntu": "15"}
"""The kinds of machines, and the PostgreSQL that their packages bring, whatever they say to be."""


@pytest.fixture(scope="module")
def mirror(go_server: Server) -> Server:
    """The server, with all that the environments download."""
    golang.publish_slim(go_server)
    runtimes.publish(go_server)
    pypi.publish(go_server, pypi.TOOLS)
    return go_server


def test_every_environment_that_comes_along_is_tried_but_that_of_windows() -> None:
    shipped = {path.stem for path in ENVIRONMENTS.glob("*.yaml")}
    # The one is the base of two others; tests/e2e/test_laws_windows.py is about the other.
    assert {*OVERLAYS} == shipped - {"docker-workstation", "wsl-workstation"}


@pytest.fixture(scope="module")
def keys(repository: Repository, toolkit: Toolkit) -> dict[str, str]:
    """The keys that sign the stand-ins of the publishers' apt sources."""
    return {"docker": repository.fingerprint, "toolkit": toolkit.fingerprint}


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("kind", RELEASES)
@pytest.mark.parametrize("name", OVERLAYS)
def test_a_workstation_comes_up_at_once_stays_and_holds(
    name: str, kind: str, start_machine: NewMachine, keys: dict[str, str], tmp_path: Path
) -> None:
    machine = start_machine(kind)
    if kind == "ubuntu":
        machine.sh("apt-get -qq update")  # its PostgreSQL is another than Ubuntu's own
    overlay = OVERLAYS[name].format(**keys, postgresql=RELEASES[kind])
    box = tmp_path / "box.yaml"
    if name == "ai-workstation":
        # There is no registry, so that the images have to be there before their stacks.
        box.write_text(f"name: box\n{DOCKER.format(**keys)}", "utf-8")
        with workstation(machine, box) as engine:
            engine.apply()
        for image, ports in IMAGES.items():
            put_image(machine, image, *ports)
    shipped = ENVIRONMENTS / f"{name}.yaml"
    box.write_text(f"name: {name}\nextends: {shipped}\n{overlay}", "utf-8")
    with workstation(machine, box) as station:
        station.apply()
        assert station.changed() == set()
        assert station.apply() == []
        failed = {r.id: r.reason for r in station.verify() if r.outcome == "failed"}
        assert failed == {}
