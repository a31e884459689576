"""ssh: settings by keyword, judged by the programs that read them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import UBUNTU

from envwright.facts import Facts, Shell
from envwright.facts.output import Output
from envwright.resources.preflight import Judged

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
SECTION = f"""\
ssh:
  server: {{PasswordAuthentication: false, Port: [22, 2222], Banner: /etc/issue.net}}
  client:
    "*.example.test": {{User: dev, ForwardAgent: true}}
    "*": {{ServerAliveInterval: 30}}
  known_hosts:
    "[git.example.test]:2222": [{KEY}]
"""
HEADER = "# Written by envwright: change the environment, not this file.\n"


def test_each_program_has_a_file_of_its_settings(tmp_path: Path) -> None:
    made: dict[str, Any] = states(tmp_path, SECTION)
    contents = {id_: state["content"] for id_, state in made.items() if "content" in state}
    assert contents == {
        "file:/etc/ssh/sshd_config.d/10-envwright.conf": (
            f"{HEADER}PasswordAuthentication no\nPort 22\nPort 2222\nBanner /etc/issue.net\n"
        ),
        "file:/etc/ssh/ssh_config.d/10-envwright.conf": (
            f"{HEADER}Host *.example.test\n    User dev\n    ForwardAgent yes\n"
            "Host *\n    ServerAliveInterval 30\n"
        ),
        "file:/etc/ssh/ssh_known_hosts2": f"{HEADER}[git.example.test]:2222 {KEY}\n",
    }
    assert made["service:ssh.service"] == {"running": True, "enabled": True, "up to date": True}


def test_on_ubuntu_the_socket_decides_where_sshd_listens(tmp_path: Path) -> None:
    assert refusals(tmp_path, SECTION, UBUNTU) == [
        "3:49: on Ubuntu systemd listens for sshd, and Port is a matter of ssh.socket"
    ]
    made = states(tmp_path, "ssh: {server: {PermitRootLogin: false}}\n", UBUNTU)
    assert made["service:ssh.service"] == {"up to date": True}
    assert refusals(tmp_path, SECTION, replace(UBUNTU, release="22.04")) == []


WHOLE = "must be a whole public key, TYPE and KEY: what ssh-keyscan(1) prints behind the host"


@pytest.mark.parametrize(
    "key", [KEY[:-8], KEY.replace("ed25519", "rsa"), KEY.partition(" ")[2], f"{KEY} comment", ""]
)
def test_a_key_that_is_cut_short_is_refused(tmp_path: Path, key: str) -> None:
    text = f"ssh: {{known_hosts: {{git.test: ['{key}']}}}}\n"
    (said,) = refusals(tmp_path, text)
    assert said.endswith(WHOLE)


@pytest.mark.parametrize("keyword", ["Match", "host", "Include"])
def test_blocks_are_refused(tmp_path: Path, keyword: str) -> None:
    (said,) = refusals(tmp_path, f"ssh: {{server: {{{keyword}: all}}}}\n")
    assert said.endswith(f"cannot have {keyword!r}: write such a file by `files`")


def fault(requirement: Any, resources: tuple[Any, ...] = ()) -> str:
    """Why a requirement does not hold on this machine; "" where it does."""
    script = requirement.script
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    answer = Output(done.returncode, done.stdout.rstrip("\n"))
    found = requirement.fault(Facts({Shell(script): answer}), resources)
    return found.refusal if found else ""


@pytest.mark.skipif(not shutil.which("/usr/sbin/sshd"), reason="no sshd here")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("PermitRootLogin: maybe", 'the file line 2: unsupported option "maybe".'),
        ("PasswrdAuthentication: false", "the file: line 2: Bad configuration option: Passwrd"),
        ("PasswordAuthentication: false", ""),
        ("AllowUsers: [dev, 'ops*@10.0.0.0/8']", ""),
    ],
)
def test_sshd_judges_the_settings_in_the_plan(tmp_path: Path, settings: str, said: str) -> None:
    made = compile_section(tmp_path, f"ssh: {{server: {{{settings}}}}}\n")
    found = fault(made.requirements[0])
    assert (said in found, bool(said)) == (True, bool(found))
    assert found.startswith("sshd refuses the settings: ") == bool(said)


def test_keys_that_the_environment_brings_let_the_account_in() -> None:
    said = "could not log in again\n/home/dev/.ssh/authorized_keys"
    asked = Judged("it can", f"printf '%s\\n' '{said}'; exit 1", "$said", "", brought_by="keys:")

    class Keys:
        id = "keys:/home/dev/.ssh/authorized_keys"

    assert fault(asked) == "could not log in again"
    assert fault(asked, (Keys,)) == ""


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []
