"""jupyter: a service of the person, whose token no other account reads."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.capability import render
from envwright.model.secrets import marker

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
secrets: {T: {env: T}}
jupyter: {user: dev, virtualenv: /home/dev/venvs/lab, port: 9000, token: "{{ secret.T }}"}
"""
LAB = "/home/dev/venvs/lab/bin/jupyter-lab"
WORDS = "--ServerApp.ip=127.0.0.1 --ServerApp.port=9000 --ServerApp.port_retries=0"
LINES = {
    "UnsetEnvironment=JUPYTER_TOKEN",
    "Environment=JUPYTER_TOKEN_FILE=%h/.jupyter/service-token",
    f"ExecStart={LAB} --no-browser {WORDS}",
}
UNIT = "file:/home/dev/.config/systemd/user/jupyter.service"


def test_the_server_is_a_service_of_the_person(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION)
    access = {"kind": "file", "owner": "dev", "group": "dev"}
    token = {**access, "mode": "0600", "content": marker("T")}
    assert found["file:/home/dev/.jupyter/service-token"] == token
    assert {*found[UNIT]["content"].splitlines()} >= LINES
    up = {"running": True, "enabled": True, "up to date": True}
    assert found["user-service:dev/jupyter.service"] == up
    assert "package:jupyter-server" not in found


def test_without_a_virtual_environment_the_server_is_the_distributions(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION.replace("virtualenv: /home/dev/venvs/lab, ", ""))
    assert "package:jupyter-server" in found
    assert "ExecStart=/usr/bin/jupyter-server --no-browser" in found[UNIT]["content"]


def test_each_script_is_one_that_sh_can_read(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("0123456789abcde=", 0),
        ("0123456789abcde", 1),
        ("0123456789abcdef\n", 1),
        ("0123456789 abcdef", 1),
        ("0123456789abcdef\r\nX: y", 1),
    ],
)
def test_a_token_that_a_line_of_http_cannot_hold_is_refused(
    tmp_path: Path, token: str, code: int
) -> None:
    staged = tmp_path / "staged"
    staged.write_bytes(token.encode())
    env = {"staged": str(staged), "PATH": "/usr/bin:/bin"}
    script = ["sh", "-c", render("jupyter.token.sh")]
    assert subprocess.run(script, env=env, capture_output=True, check=False).returncode == code


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            "program: lab",
            "jupyter needs a 'virtualenv' for the program 'lab': Debian has the plain server alone",
        ),
        (
            'virtualenv: "/home/dev/my lab"',
            "jupyter.virtualenv must be a full path of letters, digits and `._/@+-`, not text",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, more: str, told: str) -> None:
    text = f'secrets: {{T: {{env: T}}}}\njupyter: {{token: "{{{{ secret.T }}}}", {more}}}\n'
    assert told in "\n".join(refusals(tmp_path, f"user: {{name: dev}}\n{text}"))


def test_root_runs_no_notebooks(tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, SECTION.replace("user: dev", "user: root"))
    assert "a notebook of root could do everything" in told
