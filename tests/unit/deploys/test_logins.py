"""logins: passwords by secrets, in files of the user's own."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.resource import Fields, FileKey
from envwright.model.secrets import marker

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
secrets: {T: {env: T}}
logins:
  users: [dev]
  netrc: {proxy.test: {login: ci, password: "{{ secret.T }}"}}
  git: {git.test: {login: ci, password: "{{ secret.T }}"}}
"""
HELPER = '!f() { test "$1" = get && cat "$HOME"/.config/envwright-logins/git.test; }; f'


def test_logins_are_files_that_only_their_user_reads(tmp_path: Path) -> None:
    owner: Fields = {"owner": "dev", "group": "dev"}
    file: Fields = {"kind": "file", "mode": "0600", **owner}
    assert states(tmp_path, SECTION) == {
        "package:git": {},
        "directory:/home/dev/.config": {"kind": "directory", **owner},
        "directory:/home/dev/.config/envwright-logins": {
            "kind": "directory",
            "mode": "0700",
            **owner,
        },
        "keys:/home/dev/.netrc": {
            **file,
            FileKey("proxy.test"): f"login ci password {marker('T')}",
        },
        "file:/home/dev/.config/envwright-logins/git.test": {
            **file,
            "content": f"username=ci\npassword={marker('T')}\n",
        },
        "command:git logins on git.test": {"value": HELPER},
    }


def test_every_script_is_well_written(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def test_a_password_in_yaml_is_refused(tmp_path: Path) -> None:
    section = "logins:\n  users: [dev]\n  netrc: {h: {login: ci, password: hunter22}}\n"
    (told,) = refusals(tmp_path, section)
    assert told == (
        "4:36: logins.netrc.h.password must name a secret, like `{{ secret.TOKEN }}`: "
        "YAML holds no password"
    )


RESET = "[credential]\n\thelper =\n"
AGAIN = f'{RESET}[credential "https://git.test"]\n\thelper = {json.dumps(HELPER)}\n'
DROPPED = (
    "an empty credential.helper in HOME/.gitconfig drops the helpers before it\n"
    "git asks no helper that knows this login\n"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes the user, as the script of a plan does")
@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", (0, "")),
        ("[credential]\n\thelper = cache\n", (0, "")),
        (RESET, (1, DROPPED)),
        (RESET.replace("credential", 'credential "https://git.test"'), (1, DROPPED)),
        (RESET.replace("credential", 'credential "https://me@git.test/team"'), (1, DROPPED)),
        (RESET.replace("credential", 'credential "https://*.test"'), (1, DROPPED)),
        (RESET.replace("credential", 'credential "https://other.test"'), (0, "")),
        (RESET.replace("credential", 'credential "http://git.test"'), (0, "")),
        (f"{RESET}\thelper = cache\n", (1, DROPPED)),
        (AGAIN, (0, "")),
        (f"{AGAIN}{RESET}", (1, DROPPED)),
    ],
)
def test_a_plan_tells_who_drops_the_helper_of_git(
    config: str, said: tuple[int, str], tmp_path: Path
) -> None:
    section = SECTION.replace("[dev]", "[root]")
    (script,) = (proof.script for proof in compile_section(tmp_path, section).proofs if proof.quick)
    system = f'[credential "https://git.test"]\n\thelper = {json.dumps(HELPER)}\n'
    (tmp_path / "system").write_text(system)
    (tmp_path / ".gitconfig").write_text(config)
    script = script.replace("HOME=/root", f"HOME={tmp_path} GIT_CONFIG_SYSTEM={tmp_path}/system")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.replace(str(tmp_path), "HOME")) == said


NETRC = "machine proxy.test login {} password s3cret\n"


@pytest.mark.parametrize(
    ("netrc", "said"),
    [
        (NETRC.format("ci"), (0, "sent as ci\n")),
        (NETRC.format("someone"), (1, "another login was sent\n")),
        (NETRC.format("ci").replace("proxy", "other"), (1, "no login was sent\n")),
        ("", (1, "no login was sent\n")),
    ],
)
def test_that_netrc_is_used_is_proved_by_a_program_that_logs_in(
    netrc: str, said: tuple[int, str], tmp_path: Path
) -> None:
    proofs = compile_section(tmp_path, SECTION).proofs
    name = "programs of dev log in on proxy.test by ~/.netrc"
    (script,) = (proof.script for proof in proofs if proof.name == name)
    (tmp_path / ".netrc").write_text(netrc)
    (tmp_path / "runuser").write_text('#!/bin/sh\nshift 3\nexec "$@"\n')
    (tmp_path / "runuser").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", script.replace("/home/dev", str(tmp_path))],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ((done.returncode, done.stdout), done.stderr) == (said, "")


def test_an_entry_with_a_port_is_for_go_alone_and_not_proved(tmp_path: Path) -> None:
    section = SECTION.replace("proxy.test", '"proxy.test:8443"')
    assert [proof.name for proof in compile_section(tmp_path, section).proofs] == [
        "git has the login of dev on git.test",
        "git of dev asks the helper for git.test",
    ]


REGISTRIES = """\
secrets: {T: {env: T}}
logins:
  users: [dev]
  registries:
    ghcr.io: {login: ci, password: "{{ secret.T }}"}
    docker.io: {login: ci, password: "{{ secret.T }}"}
"""
PROGRAM = "file:/usr/local/bin/docker-credential-envwright"


def test_a_registry_has_a_helper_in_docker_s_file_and_the_login_in_one_of_its_own(
    tmp_path: Path,
) -> None:
    found = states(tmp_path, REGISTRIES)
    assert found["keys:/home/dev/.docker/config.json"] == {
        "kind": "file",
        "mode": "0600",
        "owner": "dev",
        "group": "dev",
        FileKey("credHelpers/ghcr.io"): "envwright",
        FileKey("credHelpers/docker.io"): "envwright",
        FileKey("credHelpers/https:~1~1index.docker.io~1v1~1"): "envwright",
    }
    login = found["file:/home/dev/.config/envwright-logins/docker.io"]
    assert login["content"] == f"username=ci\npassword={marker('T')}\n"
    assert (login["mode"], found[PROGRAM]["mode"]) == ("0600", "0755")
    assert ill_written(compile_section(tmp_path, REGISTRIES)) == []


@pytest.mark.parametrize(
    ("verb", "asked", "code", "said"),
    [
        ("get", "ghcr.io", 0, {"ServerURL": "ghcr.io", "Username": "ci", "Secret": 'a"b\\c\té'}),
        ("get", "https://ghcr.io/v2/x", 0, {"ServerURL": "https://ghcr.io/v2/x"}),
        ("get", "https://index.docker.io/v1/", 0, {"Username": "hub", "Secret": "x=y"}),
        ("get", "quay.io", 1, None),
        ("get", "../ghcr.io", 1, None),
        ("get", "", 1, None),
        ("store", "ghcr.io", 1, None),
        ("list", "", 0, {}),
    ],
)
def test_the_helper_answers_as_docker_asks(
    tmp_path: Path, verb: str, asked: str, code: int, said: dict[str, str] | None
) -> None:
    program = str(states(tmp_path, REGISTRIES)[PROGRAM]["content"])
    folder = tmp_path / ".config" / "envwright-logins"
    folder.mkdir(parents=True)
    (folder / "ghcr.io").write_text('username=ci\npassword=a"b\\c\té\n', "utf-8")
    (folder / "docker.io").write_text("username=hub\npassword=x=y\n", "utf-8")
    done = subprocess.run(
        ["sh", "-c", program, "docker-credential-envwright", verb],
        input=f"{asked}\n",
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    if said is not None:
        answer = json.loads(done.stdout)
        assert {key: answer[key] for key in said} == said
