"""Layers by git+ssh: a real ssh and a real sshd, as the person's own configuration joins them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from repositories import Key

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run, Said
    from repositories import Repository

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
SERVER = (
    f"{SSHD} -i -f /dev/null -o AuthorizedKeysFile={{0}}/mine.pub -o HostKey={{0}}/host "
    "-o StrictModes=no -o UsePAM=yes -o PermitRootLogin=yes -o PidFile=none"
)


@pytest.fixture
def known_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of host keys that ssh trusts; the server's is there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    host, _ = (Key.new(tmp_path, name) for name in ("host", "mine"))
    known = tmp_path / "known_hosts"
    known.write_text(f"git.example.invalid {host.file.with_suffix('.pub').read_text('utf-8')}")
    settings = {
        "ProxyCommand": SERVER.format(tmp_path),
        "IdentityFile": tmp_path / "mine",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": known,
        "GlobalKnownHostsFile": "/dev/null",
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (tmp_path / "ssh_config").write_text(lines)
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {tmp_path}/ssh_config")
    return known


def check(run: Run, repository: Repository) -> Said:
    commit = repository.commit(**{"base.yaml": "packages: [jq]\n"})
    address = f"git+ssh://root@git.example.invalid{repository.folder}@{commit}:base.yaml"
    return run("check", "box.yaml", "--for", "debian-13", text=f"extends: {address}\n")


@pytest.mark.usefixtures("known_hosts")
def test_a_layer_comes_by_ssh(run: Run, repository: Repository) -> None:
    assert check(run, repository).out == "box.yaml: good for debian-13: 1 resources, 2 proofs\n"


def test_what_joins_a_person_with_a_server_has_the_keys_of_that_person(
    run: Run, repository: Repository, known_hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", "/home/anna/.gnupg")
    config, watch, seen = map(known_hosts.with_name, ("ssh_config", "watch", "seen"))
    watch.write_text(f'#!/bin/sh\nprintenv GNUPGHOME >{seen}\nexec "$@"\n')
    watch.chmod(0o755)
    text = config.read_text("utf-8")
    config.write_text(text.replace("ProxyCommand ", f"ProxyCommand {watch} "))
    assert check(run, repository).code == 0
    assert seen.read_text("utf-8") == "/home/anna/.gnupg\n"


def test_an_unknown_server_is_told_and_nobody_is_asked(
    run: Run, repository: Repository, known_hosts: Path
) -> None:
    known_hosts.write_text("")
    lines = check(run, repository).err.splitlines()
    assert (lines[1].rpartition(": ")[2], lines[-1]) == (
        "the server's host key is not a known one",
        "hint: connect once by hand, compare the fingerprint and accept it: ssh HOST",
    )


def test_a_server_that_lets_nobody_in_is_told(
    run: Run, repository: Repository, known_hosts: Path
) -> None:
    known_hosts.with_name("mine.pub").write_text("")
    lines = check(run, repository).err.splitlines()
    assert (lines[1].rpartition(": ")[2], lines[-1]) == (
        "the server does not let this machine in",
        "hint: see whether your key is offered, and may read it: ssh -v HOST",
    )
