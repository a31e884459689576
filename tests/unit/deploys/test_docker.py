"""docker: docker-ce from its own signed source, with daemon.json by keys."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

from envwright.model.operations import Key
from envwright.model.resource import FileKey
from envwright.portable.dialects import get
from envwright.resources.apt_source import Access, AptSource
from envwright.resources.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine
    from envwright.model.proof import Requirement

SECTION = """\
docker:
  users: [dev]
  version: "29.1.3"
  daemon:
    log-driver: local
    live-restore: true
    features: {containerd-snapshotter: true}
    default-ulimits: {nofile: {Name: nofile, Hard: 10, Soft: 5}}
    runtimes: {a/b: {path: /opt/x, runtimeArgs: ["-v"]}}
    registry-mirrors: ["https://x.test"]
"""
FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
ACCESS = Access("0644", "root", "root")
ROOT = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
SOURCE = {"file": ACCESS, "key": (FINGERPRINT,), "key file": ACCESS, "elsewhere": ()}


CONFLICTING = (
    "docker.io",
    "docker-compose",
    "docker-compose-v2",
    "docker-doc",
    "podman-docker",
    "containerd",
    "runc",
)


def expected(distro: str, codename: str) -> dict[str, Any]:
    return {
        "apt-entries:docker": {"lines": ""},
        "package:ca-certificates": {},
        "apt-source:docker": {
            "content": (
                "Types: deb\n"
                f"URIs: https://download.docker.com/linux/{distro}\n"
                f"Suites: {codename}\n"
                "Components: stable\n"
                "Architectures: amd64\n"
                "Signed-By: /etc/apt/keyrings/docker.asc\n"
            ),
            **SOURCE,
        },
        **dict.fromkeys(f"package:{name}" for name in CONFLICTING),
        "package:docker-ce": {"version": "5:29.1.3-*"},
        "package:docker-ce-cli": {"version": "5:29.1.3-*"},
        "package:containerd.io": {},
        "package:docker-buildx-plugin": {},
        "package:docker-compose-plugin": {},
        "member:docker/dev": {},
        "keys:/etc/docker/daemon.json": {
            **ROOT,
            FileKey("log-driver"): "local",
            FileKey("live-restore"): True,
            FileKey("features/containerd-snapshotter"): True,
            FileKey("default-ulimits/nofile/Name"): "nofile",
            FileKey("default-ulimits/nofile/Hard"): 10,
            FileKey("default-ulimits/nofile/Soft"): 5,
            FileKey("runtimes/a~1b/path"): "/opt/x",
            FileKey("runtimes/a~1b/runtimeArgs"): ["-v"],
            FileKey("registry-mirrors"): ["https://x.test"],
            FileKey("log-opts"): None,
        },
        **{
            f"service:{unit}": {"running": True, "enabled": True, "up to date": True}
            for unit in ("containerd.service", "docker.socket", "docker.service")
        },
    }


@pytest.mark.parametrize(
    ("machine", "distro", "codename"),
    [(DEBIAN, "debian", "trixie"), (UBUNTU, "ubuntu", "noble"), (WSL, "ubuntu", "noble")],
)
def test_docker_is_what_dockers_own_steps_make(
    tmp_path: Path, machine: Machine, distro: str, codename: str
) -> None:
    found = states(tmp_path, SECTION, machine)
    assert found == expected(distro, codename)
    assert list(found) == list(expected(distro, codename))


def daemon(folder: Path, text: str) -> Keys:
    made = compile_section(folder, f"docker: {text}\n")
    (keys,) = (resource for resource in made.resources if isinstance(resource, Keys))
    return keys


@pytest.mark.parametrize(
    ("section", "keys", "defaults"),
    [
        (
            "{}",
            {},
            {"log-driver": "json-file", "log-opts/max-size": "10m", "log-opts/max-file": "3"},
        ),
        (
            "{daemon: {log-opts: {max-size: 1g, mode: non-blocking}}}",
            {
                "log-driver": "json-file",
                "log-opts": {"max-size": "1g", "max-file": "3", "mode": "non-blocking"},
            },
            {},
        ),
        (
            "{daemon: {log-driver: json-file}}",
            {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}},
            {},
        ),
        ("{daemon: {log-driver: journald}}", {"log-driver": "journald", "log-opts": None}, {}),
        (
            "{daemon: {log-driver: syslog, log-opts: {tag: t}}}",
            {"log-driver": "syslog", "log-opts": {"tag": "t"}},
            {},
        ),
    ],
)
def test_logs_rotate_unless_somebody_says_otherwise(
    tmp_path: Path, section: str, keys: dict[str, Any], defaults: dict[str, Any]
) -> None:
    made = daemon(tmp_path, section)
    assert (made.keys, made.defaults) == (keys, defaults)


JSON = get("json")


def test_a_change_of_the_log_driver_takes_the_options_of_the_other_one_along(
    tmp_path: Path,
) -> None:
    before = JSON.edit("", daemon(tmp_path, "{}").defaults)
    site = JSON.edit(before, {"log-opts/compress": "true", "debug": True})
    after = JSON.edit(site, daemon(tmp_path, "{daemon: {log-driver: journald}}").keys)
    assert JSON.read(after) == {"log-driver": "journald", "debug": True}


def test_any_key_that_dockerd_takes_can_be_said(tmp_path: Path) -> None:
    text = """\
{daemon: {min-api-version: "1.24", log-level: warn, dns-search: [corp.test],
 extra: {seccomp-profile: /x.json, max-download-attempts: 7, node-generic-resources: [{a: 1}]}}}"""
    assert daemon(tmp_path, text).keys == {
        "min-api-version": "1.24",
        "log-level": "warn",
        "dns-search": ["corp.test"],
        "seccomp-profile": "/x.json",
        "max-download-attempts": 7,
        "node-generic-resources": [{"a": 1}],
    }


def test_a_typed_key_among_the_further_ones_is_told(tmp_path: Path) -> None:
    assert refusals(tmp_path, "docker: {daemon: {extra: {bip: 10.0.0.1/24}}}\n") == [
        "2:18: 'extra' has 'bip': write it beside 'extra', as bip"
    ]


def test_dockerd_itself_has_to_agree_to_its_settings(tmp_path: Path) -> None:
    assert daemon(tmp_path, "{}").validate == 'dockerd --validate --config-file "$staged"'


def test_a_mirror_without_tls_needs_no_certificates_and_has_a_key_of_its_own(
    tmp_path: Path,
) -> None:
    text = f'docker: {{mirror: "http://m.test/docker", fingerprint: {"A" * 40}}}\n'
    made = compile_section(tmp_path, text)
    (source,) = (resource for resource in made.resources if isinstance(resource, AptSource))
    address = "http://m.test/docker/linux/debian"
    assert (source.uris, source.key) == ((address,), Key(("A" * 40,), url=f"{address}/gpg"))
    assert "package:ca-certificates" not in [resource.id for resource in made.resources]


def test_everything_is_asked_for_by_its_own_line(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    lines = {resource.id: resource.origins[0].line for resource in made.resources}
    assert {id_: line for id_, line in lines.items() if line > 2} == {
        "package:docker-ce": 4,
        "package:docker-ce-cli": 4,
        "keys:/etc/docker/daemon.json": 5,
        "member:docker/dev": 3,
    }


def test_effects_are_proved(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [proof.name for proof in made.proofs] == [
        "apt takes packages from docker",
        "apt accepts what the server of docker signs now",
        "Docker's programs are as they were installed",
        "a container runs and its published port answers",
        "the logs of a new container rotate",
        "docker compose answers",
        "Docker listens at its socket",
        "the kernel forwards the packets of containers",
        "the firewall has the rules of Docker",
        "dev uses Docker without sudo",
    ]
    assert ill_written(made) == []


def test_another_distribution_is_refused(tmp_path: Path) -> None:
    fedora = replace(DEBIAN, distro="fedora")
    assert refusals(tmp_path, "docker: {}\n", fedora) == [
        "2:9: Docker publishes no packages for fedora"
    ]


def requirement(folder: Path, name: str, machine: Machine = DEBIAN) -> Requirement:
    found = compile_section(folder, "docker: {}\n", machine).requirements
    return next(one for one in found if one.name == name)


def judge(requirement: Requirement, **places: str) -> str:
    """Run a requirement's script with files of the test in the places of the machine's."""
    script = requirement.script
    for place, path in places.items():
        assert PLACES[place] in script
        script = script.replace(PLACES[place], path)
    done = subprocess.run(["sh", "-c", script], check=False, stderr=DEVNULL)
    return {0: "good", 1: "told"}[done.returncode]


PLACES = {
    "program": "/usr/bin/docker",
    "desktop": "/mnt/wsl/docker-desktop",
    "snap": "/snap/bin/docker",
    "booted": "/run/systemd/system",
    "pid": "/run/docker.pid",
    "proc": "/proc/",
    "kernel": "/proc/sys/kernel/osrelease",
    "iptables": "/usr/sbin/iptables",
}


@pytest.mark.parametrize(
    ("served", "verdict"),
    [("desktop", "told"), ("gone desktop", "told"), ("own", "good"), ("none", "good")],
)
def test_docker_desktop_is_found_by_where_its_program_lies(
    tmp_path: Path, served: str, verdict: str
) -> None:
    """What Docker Desktop's integration puts into a distribution: a link into its own mount."""
    name = "Docker Desktop does not serve this distribution"
    desktop, program = tmp_path / "docker-desktop", tmp_path / "docker"
    if served == "own":
        program.write_text("#!/bin/sh\n")
    elif "desktop" in served:
        program.symlink_to(desktop / "cli-tools/docker")
    if served == "desktop":
        (desktop / "cli-tools").mkdir(parents=True)
        (desktop / "cli-tools/docker").write_text("#!/bin/sh\n")
    found = requirement(tmp_path, name)
    assert judge(found, program=str(program), desktop=str(desktop)) == verdict


def test_a_docker_that_is_a_snap_is_told(tmp_path: Path) -> None:
    program = tmp_path / "docker"
    found = requirement(tmp_path, "Docker is not installed as a snap")
    assert judge(found, snap=str(program)) == "good"
    program.touch()
    assert judge(found, snap=str(program)) == "told"


@pytest.mark.parametrize(
    ("pid", "comm", "cgroup", "verdict"),
    [
        (None, "dockerd", "/user.slice", "good"),
        ("7", "dockerd", "/user.slice/user-0.slice/session-1.scope", "told"),
        ("7", "dockerd", "/system.slice/snap.docker.dockerd.service", "told"),
        ("7", "dockerd", "/system.slice/docker.service", "good"),
        ("7", "dockerd", "/a/docker.service/init", "good"),
        ("7", "perl", "/user.slice", "good"),
        ("8", "", "", "good"),
    ],
)
def test_a_daemon_that_the_unit_did_not_start_is_told(
    tmp_path: Path, pid: str | None, comm: str, cgroup: str, verdict: str
) -> None:
    process, file, booted = tmp_path / "proc/7", tmp_path / "docker.pid", tmp_path / "booted"
    process.mkdir(parents=True)
    (process / "comm").write_text(f"{comm}\n")
    (process / "cgroup").write_text(f"1:name=systemd:{cgroup}\n0::/\n")
    if pid:
        file.write_text(pid)
    found = requirement(tmp_path, "no Docker daemon runs outside of docker.service")
    proc = f"{tmp_path}/proc/"
    assert judge(found, booted=str(booted), pid=str(file), proc=proc) == "good"
    booted.mkdir()
    assert judge(found, booted=str(booted), pid=str(file), proc=proc) == verdict


@pytest.mark.parametrize(
    ("kernel", "iptables", "verdict"),
    [
        ("5.10.102.1-microsoft-standard-WSL2", "xtables-nft-multi", "told"),
        ("5.10.102.1-microsoft-standard-WSL2", "xtables-legacy-multi", "good"),
        ("5.15.57.1-microsoft-standard-WSL2", "xtables-nft-multi", "good"),
        ("5.15.45.1-microsoft-standard-WSL2", "", "told"),
        ("6.6.87.2-microsoft-standard-WSL2", "xtables-nft-multi", "good"),
        ("5.4.0-our-own", "xtables-nft-multi", "good"),
    ],
)
def test_a_kernel_of_wsl_without_nftables_is_told_unless_iptables_is_the_old_one(
    tmp_path: Path, kernel: str, iptables: str, verdict: str
) -> None:
    (tmp_path / "osrelease").write_text(f"{kernel}\n")
    if iptables:
        (tmp_path / iptables).touch()
        (tmp_path / "iptables").symlink_to(iptables)
    found = requirement(tmp_path, "the kernel has the nftables that iptables writes to", WSL)
    places = {"kernel": f"{tmp_path}/osrelease", "iptables": f"{tmp_path}/iptables"}
    assert judge(found, **places) == verdict


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{users: [2ev]}",
            (
                "2:18: docker.users[0] must be letters, digits, `_`, `-`, `.`, a letter first, "
                "not text '2ev'"
            ),
        ),
        (
            '{version: "5:29"}',
            (
                '2:19: docker.version must be a version of Docker, like "29.1.3" or "29.*", '
                "not text '5:29'"
            ),
        ),
        (
            "{daemon: {log-opts: {max-size: 10}}}",
            "2:40: docker.daemon.log-opts.max-size must be text, not the integer 10",
        ),
        (
            "{daemon: {default-shm-size: 64MB}}",
            (
                '2:37: docker.daemon.default-shm-size must be a size in quotes, like "10m", '
                "not text '64MB'"
            ),
        ),
        (
            "{daemon: {log_driver: local}}",
            "2:19: docker.daemon has no key 'log_driver'; did you mean 'log-driver'?",
        ),
        (
            '{mirror: "https://x.test/"}',
            (
                "2:18: docker.mirror must be an http or https address without a `/` at its end, "
                "not text 'https://x.test/'"
            ),
        ),
        (
            "{fingerprint: abc}",
            (
                "2:23: docker.fingerprint must be a whole fingerprint: 40 hexadecimal digits "
                "(64 for a version 6 key)"
            ),
        ),
        (
            "{daemon: {data-root: var}}",
            (
                "2:30: docker.daemon.data-root must be an absolute path without `..`, `//` "
                "or a `/` at its end"
            ),
        ),
        (
            '{daemon: {live-restore: "yes"}}',
            "2:33: docker.daemon.live-restore must be true or false, not text 'yes'",
        ),
    ],
)
def test_what_docker_could_not_take_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"docker: {section}\n") == [told]
