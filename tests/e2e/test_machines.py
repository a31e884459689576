"""The test machines themselves: what other tests take for granted about them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from machines.engine import EngineError

if TYPE_CHECKING:
    from machines.machine import Machine, NewMachine
    from machines.repository import Repository
    from machines.server import Server

KINDS = ("debian13", "debian12", "ubuntu", "ubuntu26")

INSTALL = """\
export DEBIAN_FRONTEND=noninteractive
set -e
apt-get update
apt-get install -y ca-certificates curl
install -m 0755 -d /etc/apt/keyrings
curl -fsSL {url}/gpg -o /etc/apt/keyrings/docker.asc
chmod a+r /etc/apt/keyrings/docker.asc
tee /etc/apt/sources.list.d/docker.sources <<EOF
Types: deb
URIs: {url}
Suites: $(. /etc/os-release && echo "${{UBUNTU_CODENAME:-$VERSION_CODENAME}}")
Components: stable
Architectures: $(dpkg --print-architecture)
Signed-By: /etc/apt/keyrings/docker.asc
EOF
apt-get update
apt-get install -y docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin
"""
"""https://docs.docker.com/engine/install/debian and /ubuntu, without sudo and questions."""

SAY_HELLO = """\
set -e
libraries=$(ldd /bin/echo | grep -o '/[^ ]*')
tar -C / -chf - bin/echo ${libraries} 2>/dev/null | docker import - tiny >/dev/null
docker run --rm tiny /bin/echo hello
"""


@pytest.fixture(params=KINDS)
def machine(request: pytest.FixtureRequest) -> Machine:
    """Each of the shared machines in turn."""
    shared: Machine = request.getfixturevalue(request.param)
    return shared


def test_a_machine_boots_systemd_without_a_failed_unit(machine: Machine) -> None:
    assert machine.sh("cat /proc/1/comm; systemctl is-system-running") == "systemd\nrunning\n"


def test_a_machine_is_bare(machine: Machine) -> None:
    lacks = "python3 curl gpg update-ca-certificates docker ssh"
    assert machine.sh(f"command -v {lacks}; cd /var/lib/apt/lists; ls *_*", check=False) == ""


def test_a_machine_says_which_distribution_it_is(machine: Machine) -> None:
    said = machine.sh('. /etc/os-release; echo "$ID $VERSION_CODENAME"')
    expected = {
        "debian13": "debian trixie",
        "debian12": "debian bookworm",
        "ubuntu": "ubuntu noble",
        "ubuntu26": "ubuntu resolute",
    }
    assert said == f"{expected[machine.kind]}\n"


def test_a_failed_script_says_what_it_said(debian13: Machine) -> None:
    with pytest.raises(EngineError) as refused:
        debian13.sh("echo tried; echo no >&2; exit 3")
    assert str(refused.value) == (
        f"{debian13.name}: exit code 3\necho tried; echo no >&2; exit 3\ntried\nno\n"
    )


def test_a_file_is_put_with_its_text_and_mode(debian13: Machine) -> None:
    debian13.put("/root/new folder/file", "it's\n$HOME\n", mode="0600")
    assert debian13.sh("cd '/root/new folder'; stat -c %a file; cat file") == "600\nit's\n$HOME\n"


def test_a_machine_survives_a_restart(debian12: Machine) -> None:
    first = debian12.sh(
        "touch /root/kept; cat /proc/sys/kernel/random/uuid > /run/lost; ls /run/lost"
    )
    debian12.restart()
    assert first == "/run/lost\n"
    assert debian12.sh("ls /root/kept /run/lost 2>/dev/null", check=False) == "/root/kept\n"


def test_ssh_reaches_a_machine_by_its_alias(debian12: Machine) -> None:
    way = debian12.enable_ssh()
    argv = ["ssh", "-F", str(way.config), way.alias, "hostname"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{debian12.name}\n", "")


@pytest.mark.parametrize(
    ("kind", "distribution", "mark"),
    [
        ("debian13", "debian", "debian.13~trixie"),
        ("debian12", "debian", "debian.12~bookworm"),
        ("ubuntu", "ubuntu", "ubuntu.24.04~noble"),
    ],
)
def test_docker_installs_by_its_official_steps_and_runs_a_container(
    new_machine: NewMachine, repository: Repository, kind: str, distribution: str, mark: str
) -> None:
    machine = new_machine(kind)
    machine.put("/etc/apt/apt.conf.d/99lean", 'APT::Install-Recommends "false";\n')
    machine.sh(INSTALL.format(url=repository.url(distribution)))
    versions = "dpkg-query -W -f '${Version} ${db:Status-Abbrev}\n' docker-ce containerd.io"
    assert machine.sh(versions) == f"1.7.24-1~{mark} ii \n5:26.1.5-1~{mark} ii \n"
    assert machine.sh("systemctl is-active docker containerd docker.socket") == "active\n" * 3
    assert machine.sh("echo {} > /tmp/d; dockerd --validate --config-file /tmp/d 2>&1") == (
        "configuration OK\n"
    )
    assert machine.sh(SAY_HELLO) == "hello\n"


def test_both_versions_of_docker_can_be_asked_for(
    debian13: Machine, repository: Repository
) -> None:
    _trust_docker(debian13, repository)
    debian13.sh("apt-get update -qq")
    listed = debian13.sh("apt-cache madison docker-ce | cut -d'|' -f2 | tr -d ' '")
    newest_first = reversed(repository.versions)
    assert listed.split() == [f"5:{bare}~debian.13~trixie" for bare in newest_first]


def test_a_fault_of_the_repository_is_told_by_apt(
    debian13: Machine, repository: Repository, server: Server
) -> None:
    _trust_docker(debian13, repository)
    with server.fault(r"Release$", "status:404"), pytest.raises(EngineError) as refused:
        debian13.sh("apt-get update -qq")
    assert str(refused.value).splitlines()[-1] == (
        f"E: The repository '{repository.url('debian')} trixie Release' "
        "does not have a Release file."
    )
    debian13.sh("apt-get update -qq")


def test_the_other_key_verifies_nothing(debian13: Machine, repository: Repository) -> None:
    _trust_docker(debian13, repository, repository.other_key_url)
    with pytest.raises(EngineError, match=repository.fingerprint):
        debian13.sh("apt-get update -qq")


def _trust_docker(machine: Machine, repository: Repository, key_url: str = "") -> None:
    source, key = "/etc/apt/sources.list.d/docker.list", "/etc/apt/keyrings/docker.asc"
    machine.sh(f"rm -f {source}")
    machine.install("ca-certificates", "curl")
    machine.sh(f"curl -fsSL {key_url or repository.key_url} -o {key}")
    machine.put(source, f"deb [signed-by={key}] {repository.url('debian')} trixie stable\n")
