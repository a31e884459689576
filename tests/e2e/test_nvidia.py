"""NVIDIA's toolkit on machines: with a GPU and without, under WSL and not, from its repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from machines.nvidia import put_under_wsl
from workstation import Workstation, workstation

from envwright.errors import RefusedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from machines.machine import Machine, NewMachine
    from machines.nvidia import Toolkit
    from machines.repository import Repository

GPU = [
    "nvidia-smi sees the GPU",
    "nvidia-smi sees the GPU in a container",
    "nvidia-smi sees the GPU in a container by its CDI name",
    "the descriptions of the GPU fit its driver",
]


class Spec:
    """Writes environments with docker and nvidia from the loopback repositories."""

    def __init__(self, folder: Path, docker: str, nvidia: str) -> None:
        self._folder, self._docker, self._nvidia = folder, docker, nvidia

    def opened(
        self, machine: Machine, nvidia: str = "", *, fingerprint: str = "", more: str = ""
    ) -> AbstractContextManager[Workstation]:
        path = self._folder / "box.yaml"
        path.write_text(
            f'name: box\ndocker: {{fingerprint: "{self._docker}"}}\n'
            f'nvidia: {{fingerprint: "{fingerprint or self._nvidia}", {nvidia}}}\n{more}',
            "utf-8",
        )
        return workstation(machine, path)


@pytest.fixture
def spec(tmp_path: Path, repository: Repository, toolkit: Toolkit) -> Spec:
    return Spec(tmp_path, repository.fingerprint, toolkit.fingerprint)


def installed(machine: Machine) -> set[str]:
    listed = "dpkg-query -W -f '${Version}\\n' nvidia-container-toolkit{,-base}"
    return set(machine.sh(f'bash -c "{listed.replace("$", chr(92) + "$")}"').split())


def test_without_a_gpu_all_is_installed_and_what_needs_one_is_skipped_with_the_reason(
    new_machine: NewMachine, spec: Spec
) -> None:
    machine = new_machine("debian13")
    old = "deb https://nvidia.github.io/nvidia-docker/debian11/$(ARCH) /\n"
    machine.put("/etc/apt/sources.list.d/nvidia-docker.list", old)
    foreign = {"debug": False, "runtimes": {"mine": {"path": "runc"}}}
    machine.put("/etc/docker/daemon.json", json.dumps(foreign))
    with spec.opened(machine) as station:
        station.apply()
        assert station.changed() == set()
        results = station.verify()
    reason = "no NVIDIA GPU in this machine"
    assert {r.id: r.reason for r in results if r.outcome == "skipped"} == dict.fromkeys(GPU, reason)
    assert {r.id: r.reason for r in results if r.outcome == "failed"} == {}
    assert json.loads(machine.sh("cat /etc/docker/daemon.json")) == {
        "debug": False,
        "runtimes": {
            "mine": {"path": "runc"},
            "nvidia": {"path": "nvidia-container-runtime", "args": []},
        },
        "log-driver": "json-file",
        "log-opts": {"max-size": "10m", "max-file": "3"},
        "features": {"cdi": True},
    }
    assert machine.sh("ls /etc/apt/sources.list.d").split() == [
        "docker.sources",
        "nvidia-container-toolkit.sources",
    ]


def test_all_four_packages_move_together_to_a_pinned_version(
    debian13: Machine, spec: Spec, toolkit: Toolkit
) -> None:
    old, new = toolkit.versions
    for version in (old, new):
        with spec.opened(debian13, f"version: {version.partition('-')[0]}") as station:
            station.apply()
            assert station.changed() == set()
        assert installed(debian13) == {version}
    with spec.opened(debian13, "default_runtime: true") as station:
        steps = station.apply()
    assert steps == ["keys:/etc/docker/daemon.json", "service:docker.service"]
    shown = debian13.sh("docker info --format '{{.DefaultRuntime}}'")
    assert shown == "nvidia\n"


def test_a_repository_that_is_signed_by_another_key_is_refused(
    new_machine: NewMachine, spec: Spec, toolkit: Toolkit
) -> None:
    machine = new_machine("debian13")
    real = "C95B321B61E88C1809C4F759DDCAE044F796ECB0"
    with spec.opened(machine, fingerprint=real) as station, pytest.raises(RefusedError) as caught:
        station.apply()
    assert caught.value.message.startswith(
        "https://nvidia.github.io/libnvidia-container/gpgkey has the fingerprint "
        f"{toolkit.fingerprint}, not {real}"
    )
    assert machine.sh("ls /etc/apt/sources.list.d /etc/apt/keyrings | grep nvidia || :") == ""


def test_under_wsl_a_driver_for_linux_is_refused_and_apt_never_installs_one(
    new_machine: NewMachine, spec: Spec
) -> None:
    machine = new_machine("debian13")
    put_under_wsl(machine, gpu=False)
    with spec.opened(machine) as station:
        station.apply()
        reasons = {r.id: r.reason for r in station.verify() if r.outcome == "skipped"}
    said = "no GPU: Windows shares none (there is no /dev/dxg)"
    assert reasons == dict.fromkeys(GPU, said)
    with spec.opened(machine, more="packages: [cuda]\n") as station:
        with pytest.raises(RefusedError) as caught:
            station.plan()
        assert caught.value.message.partition("\n")[0] == (
            f"{machine.host}: apt is kept from installing cuda 1-1 by a preference "
            "(apt_preferences(5)); `apt-cache policy cuda` shows it"
        )
    control = (
        "Package: nvidia-driver-580\nVersion: 1\nArchitecture: all\nMaintainer: n <n@n.invalid>"
    )
    machine.sh(
        f"mkdir -p /root/d/DEBIAN && echo '{control}\nDescription: d' >/root/d/DEBIAN/control"
        " && dpkg-deb -b /root/d /root/d.deb && dpkg -i /root/d.deb"
    )
    with spec.opened(machine) as station, pytest.raises(RefusedError) as refused:
        station.plan()
    message, _, origin = refused.value.message.rpartition("\n    wanted by ")
    assert (message, refused.value.hint, origin.partition(" ")[0]) == (
        (
            f"{machine.host}: an NVIDIA driver for Linux is installed (a package like "
            "nvidia-driver-*, libnvidia-compute-*, cuda or cuda-drivers); under WSL it hides the "
            "driver that Windows shares, and the GPU is lost"
        ),
        (
            "run `apt-get purge` with these packages; for CUDA install cuda-toolkit-X-Y alone, "
            "from the repository wsl-ubuntu"
        ),
        "nvidia",
    )


def test_a_gpu_without_the_libraries_of_windows_is_a_failure_with_its_cause(
    debian13: Machine, spec: Spec
) -> None:
    put_under_wsl(debian13, gpu=True)
    debian13.sh("rm /usr/lib/wsl/lib/libdxcore.so")
    with spec.opened(debian13) as station:
        station.apply()
        failed = {r.id: r.reason for r in station.verify() if r.outcome == "failed"}
    failed = {id_: reason.partition("\nhint: ")[0] for id_, reason in failed.items()}
    cause = "/dev/dxg is there, but not /usr/lib/wsl/lib: is gpu.enabled false in /etc/wsl.conf?"
    assert failed == dict.fromkeys(GPU, cause)
