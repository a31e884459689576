"""podman: containers of accounts, without root and without a daemon."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

from envwright.model.capability import render

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.model.proof import Proof
    from envwright.spec.compiler import Compiled

SECTION = "user: {name: dev}\npodman: {}\n"
COMMON = {"podman", "crun", "uidmap", "fuse-overlayfs", "catatonit"}
MANAGER = {"libpam-systemd", "dbus-user-session"}


def test_the_developer_runs_containers_and_has_the_socket_of_docker_s_api(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION, DEBIAN)
    services = {i: s for i, s in found.items() if i.startswith(("command:", "user-service:"))}
    assert services == {
        "command:user manager dev": {"value": "active"},
        "command:subordinate ids dev": {"value": "given"},
        "user-service:dev/podman.socket": {"running": True, "enabled": True, "up to date": True},
    }


@pytest.mark.parametrize(
    ("codename", "network"),
    [
        ("jammy", {"slirp4netns"}),
        ("bookworm", {"slirp4netns", "aardvark-dns"}),
        ("noble", {"slirp4netns", "aardvark-dns"}),
        ("trixie", {"passt", "aardvark-dns"}),
        ("resolute", {"passt", "aardvark-dns"}),
    ],
)
def test_containers_get_the_network_of_the_release_s_podman(
    tmp_path: Path, codename: str, network: set[str]
) -> None:
    found = states(tmp_path, SECTION, replace(DEBIAN, codename=codename))
    packages = {id_.removeprefix("package:") for id_ in found if id_.startswith("package:")}
    assert packages == COMMON | MANAGER | network


def of_podman(made: Compiled) -> list[Proof]:
    """The proofs that the section asks for."""
    return [p for p in made.proofs if {o.capability for o in p.origins} == {"podman"}]


def test_the_proofs_run_a_container_and_ask_the_socket(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [proof.name for proof in of_podman(made)] == [
        "a container of dev runs without root",
        "podman of dev answers as Docker does",
    ]
    assert ill_written(made) == []
    made = compile_section(tmp_path, "user: {name: dev}\npodman: {socket: false}\n")
    assert [proof.name for proof in of_podman(made)] == ["a container of dev runs without root"]


def test_an_environment_without_accounts_is_refused(tmp_path: Path) -> None:
    assert "has no accounts" in str(refusals(tmp_path, "podman: {}\n"))


FILES = {
    "none": ("", "", ""),
    "a range by name": ("root:100000:65536\n", "root:100000:65536\n", "given"),
    "a range by number": ("0:100000:65536\n", "0:100000:65536\n", "given"),
    "two ranges that are enough together": (
        "root:100000:65000\nroot:300000:536\n",
        "root:100000:65536\n",
        "given",
    ),
    "a range that is too small": ("root:100000:1000\n", "root:100000:65536\n", ""),
    "no groups": ("root:100000:65536\n", "other:100000:65536\n", ""),
}


@pytest.mark.parametrize("case", FILES)
def test_an_account_has_the_ids_that_its_files_give_it(tmp_path: Path, case: str) -> None:
    users, groups, said = FILES[case]
    (tmp_path / "subuid").write_text(users)
    (tmp_path / "subgid").write_text(groups)
    script = render("podman.ids.sh", user="root", give=False).replace("/etc/", f"{tmp_path}/")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == said
