"""NVIDIA's toolkit: what is wanted, where, and what is refused."""

from __future__ import annotations

import fnmatch
import subprocess
from typing import TYPE_CHECKING, Any, cast

import pytest
from sections import compile_section, refusals, states
from standins import DEBIAN, WSL

from envwright.model.operations import Key
from envwright.resources.keys import Keys
from envwright.resources.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

PACKAGES = [
    "package:nvidia-container-toolkit",
    "package:nvidia-container-toolkit-base",
    "package:libnvidia-container-tools",
    "package:libnvidia-container1",
]
NAMES = [
    "apt takes packages from nvidia-container-toolkit",
    "apt accepts what the server of nvidia-container-toolkit signs now",
    "the toolkit's programs are as they were installed",
    "the toolkit's packages have one version",
    "a container runs by the runtime nvidia",
    "nvidia-smi sees the GPU",
    "nvidia-smi sees the GPU in a container",
    "nvidia-smi sees the GPU in a container by its CDI name",
    "the descriptions of the GPU fit its driver",
]


def resource(folder: Path, text: str, id_: str, machine: Machine = DEBIAN) -> Any:
    return next(r for r in compile_section(folder, text, machine).resources if r.id == id_)


def test_old_lists_go_before_the_source_and_the_source_comes_before_its_packages(
    tmp_path: Path,
) -> None:
    made = states(tmp_path, "nvidia: {}\n")
    assert list(made) == [
        "apt-entries:nvidia-container-toolkit",
        "package:ca-certificates",
        "apt-source:nvidia-container-toolkit",
        *PACKAGES,
        "package:docker-ce",
        "keys:/etc/docker/daemon.json",
        "service:docker.service",
        "service:nvidia-cdi-refresh.path",
        "service:nvidia-cdi-refresh.service",
    ]


def test_the_source_is_the_flat_repository_signed_by_the_known_key(tmp_path: Path) -> None:
    source = resource(tmp_path, "nvidia: {}\n", "apt-source:nvidia-container-toolkit")
    assert source.content == (
        "Types: deb\n"
        "URIs: https://nvidia.github.io/libnvidia-container/stable/deb/amd64\n"
        "Suites: /\n"
        "Signed-By: /etc/apt/keyrings/nvidia-container-toolkit.asc\n"
    )
    assert source.key == Key(
        ("C95B321B61E88C1809C4F759DDCAE044F796ECB0",),
        url="https://nvidia.github.io/libnvidia-container/gpgkey",
    )


def test_a_mirror_serves_packages_and_key(tmp_path: Path) -> None:
    text = f"nvidia: {{mirror: 'http://m.test/nv', fingerprint: {'A' * 40}}}\n"
    source = resource(tmp_path, text, "apt-source:nvidia-container-toolkit")
    assert (source.uris, source.key) == (
        ("http://m.test/nv/stable/deb/amd64",),
        Key(("A" * 40,), url="http://m.test/nv/gpgkey"),
    )
    assert "package:ca-certificates" not in states(tmp_path, text)


def test_one_pin_holds_for_all_four_packages(tmp_path: Path) -> None:
    made = states(tmp_path, "nvidia: {version: 1.20.0}\n")
    assert [made[id_] for id_ in PACKAGES] == [{"version": "1.20.0-*"}] * 4


def test_docker_learns_of_the_runtime_by_keys_beside_its_own(tmp_path: Path) -> None:
    text = "docker: {daemon: {log-driver: local}}\nnvidia: {default_runtime: true}\n"
    keys = cast("Keys", resource(tmp_path, text, "keys:/etc/docker/daemon.json"))
    assert keys.keys == {
        "log-driver": "local",
        "log-opts": None,
        "runtimes/nvidia/path": "nvidia-container-runtime",
        "runtimes/nvidia/args": [],
        "default-runtime": "nvidia",
        "features/cdi": True,
    }
    assert [origin.capability for origin in keys.origins] == ["docker", "nvidia"]
    service = cast("Service", resource(tmp_path, text, "service:docker.service"))
    assert service.reads == ("/etc/docker/daemon.json",)


def test_without_cdi_neither_its_feature_nor_its_units_are_wanted(tmp_path: Path) -> None:
    compiled = compile_section(tmp_path, "nvidia: {cdi: false}\n")
    keys = next(r for r in compiled.resources if isinstance(r, Keys))
    assert list(keys.keys) == ["runtimes/nvidia/path", "runtimes/nvidia/args"]
    assert [r.id for r in compiled.resources if isinstance(r, Service)] == [
        "service:docker.service"
    ]
    assert [proof.name for proof in compiled.proofs] == NAMES[:-2]


def test_two_wishes_for_the_default_runtime_are_a_conflict_that_names_both(
    tmp_path: Path,
) -> None:
    text = "docker: {daemon: {default-runtime: runc}}\nnvidia: {default_runtime: true}\n"
    file = tmp_path / "box.yaml"
    assert refusals(tmp_path, text) == [
        (
            f"/etc/docker/daemon.json: docker ({file}:2) wants default-runtime = 'runc', "
            f"nvidia ({file}:3) wants 'nvidia'\nhint: remove one of the two"
        )
    ]


def test_under_wsl_apt_is_told_never_to_install_a_driver(tmp_path: Path) -> None:
    made = states(tmp_path, "nvidia: {}\n", WSL)
    pin = "file:/etc/apt/preferences.d/nvidia-wsl.pref"
    assert made[pin]["content"] == (
        "# Written by envwright: under WSL the driver is that of Windows; one for Linux would hide"
        " it.\n"
        "Package: nvidia-driver nvidia-driver-* nvidia-open* nvidia-headless-* nvidia-dkms-* "
        "nvidia-kernel-* libnvidia-compute-* libcuda1 cuda cuda-drivers cuda-drivers-*\n"
        "Pin: release *\n"
        "Pin-Priority: -1\n"
    )
    order = list(made)
    assert order.index(pin) < order.index("apt-source:nvidia-container-toolkit")
    assert pin not in states(tmp_path, "nvidia: {}\n")


def test_drivers_are_known_by_name_and_the_toolkit_is_none(tmp_path: Path) -> None:
    pin = resource(tmp_path, "nvidia: {}\n", "file:/etc/apt/preferences.d/nvidia-wsl.pref", WSL)
    patterns = pin.content.splitlines()[1].removeprefix("Package: ").split()

    def caught(names: str) -> list[str]:
        return [n for n in names.split() if any(fnmatch.fnmatch(n, p) for p in patterns)]

    drivers = (
        "nvidia-driver nvidia-driver-580-open nvidia-open nvidia-open-580 nvidia-dkms-580-open "
        "nvidia-headless-580 nvidia-kernel-dkms nvidia-kernel-source-580 libnvidia-compute-535 "
        "libcuda1 cuda cuda-drivers cuda-drivers-580"
    )
    assert caught(drivers) == drivers.split()
    others = (
        "nvidia-container-toolkit nvidia-container-toolkit-base libnvidia-container-tools "
        "libnvidia-container1 nvidia-container-runtime cuda-toolkit-13-0 nvidia-cuda-toolkit"
    )
    assert caught(others) == []


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ("", 0),
        ("dpkg-query: no packages found matching cuda", 0),
        ("un ", 0),
        ("rc ", 0),
        ("ii ", 1),
        ("un \nhi ", 1),
    ],
)
def test_an_installed_driver_is_refused_under_wsl(
    listed: str,
    code: int,
    tmp_path: Path,
) -> None:
    _, requirement = compile_section(tmp_path, "nvidia: {}\n", WSL).requirements
    (tmp_path / "dpkg-query").write_text(f"#!/bin/sh\nprintf '%s\\n' '{listed}'\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", requirement.script], env=environment, check=False)
    assert done.returncode == code
    assert (requirement.refusal, requirement.hint) == (
        (
            "an NVIDIA driver for Linux is installed (a package like nvidia-driver-*, "
            "libnvidia-compute-*, cuda or cuda-drivers); under WSL it hides the driver that "
            "Windows shares, and the GPU is lost"
        ),
        (
            "run `apt-get purge` with these packages; for CUDA install cuda-toolkit-X-Y alone, "
            "from the repository wsl-ubuntu"
        ),
    )


def test_elsewhere_a_driver_is_no_fault(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "nvidia: {}\n").requirements
    assert [requirement.name for requirement in made] == ["apt has docker-ce"]


@pytest.mark.parametrize("machine", [DEBIAN, WSL])
def test_the_proofs_look_for_the_gpu_where_the_machine_has_it(machine: Any, tmp_path: Path) -> None:
    proofs = compile_section(tmp_path, "nvidia: {}\n", machine).proofs
    assert [proof.name for proof in proofs] == NAMES
    assert ["/dev/dxg" in proof.script for proof in proofs[5:]] == [machine.wsl] * 4
    assert ["--gpus all" in proofs[6].script, "nvidia.com/gpu=all" in proofs[7].script] == [
        True
    ] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{version: latest}",
            (
                '2:19: nvidia.version must be a version of the toolkit, like "1.20.0" or "1.20.*", '
                "not text 'latest'"
            ),
        ),
        ("{cid: true}", "2:10: nvidia has no key 'cid'; did you mean 'cdi'?"),
        (
            "{mirror: 'ftp://x'}",
            (
                "2:18: nvidia.mirror must be an http or https address without a `/` at its end, "
                "not text 'ftp://x'"
            ),
        ),
    ],
)
def test_a_wrong_value_is_refused(text: str, said: str, tmp_path: Path) -> None:
    assert refusals(tmp_path, f"nvidia: {text}\n") == [said]


SPEC = """\
cdiVersion: "0.5.0"
kind: nvidia.com/gpu
containerEdits:
  mounts:
  - hostPath: {folder}/libcuda.so.580
    containerPath: /usr/lib/libcuda.so.580
  - containerPath: /usr/bin/nvidia-smi
    hostPath: "{folder}/nvidia-smi"
"""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["libcuda.so.580", "nvidia-smi"], ""),
        (["nvidia-smi"], "not there any more, but in {cdi}/nvidia.yaml: {folder}/libcuda.so.580\n"),
        (None, "no file in /etc/cdi or /var/run/cdi describes the GPU\n"),
    ],
)
def test_a_description_that_names_files_of_an_older_driver_is_told(
    files: list[str] | None, said: str, tmp_path: Path
) -> None:
    proof = compile_section(tmp_path, "nvidia: {}\n").proofs[-1]
    folder, cdi = tmp_path / "driver", tmp_path / "cdi"
    folder.mkdir()
    cdi.mkdir()
    (cdi / "of-another.yaml").write_text("kind: vendor.com/thing\n- hostPath: /gone\n")
    for name in files or []:
        (folder / name).touch()
    if files is not None:
        (cdi / "nvidia.yaml").write_text(SPEC.format(folder=folder))
    script = proof.script[proof.script.index("# Every file") :]
    script = script.replace("/etc/cdi/*", f"{cdi}/*").replace("/var/run/cdi/*", f"{cdi}/no*")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        1 if said else 0,
        said.format(cdi=cdi, folder=folder),
    )
