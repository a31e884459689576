"""logins: passwords by secrets, in files of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sections import compile_section, ill_written, refusals, states

from envwright.secrets import marker

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
    owner = {"owner": "dev", "group": "dev"}
    file = {"kind": "file", "mode": "0600", **owner}
    assert states(tmp_path, SECTION) == {
        "package:git": {},
        "directory:/home/dev/.config": {"kind": "directory", **owner},
        "directory:/home/dev/.config/envwright-logins": {
            "kind": "directory",
            "mode": "0700",
            **owner,
        },
        "keys:/home/dev/.netrc": {**file, "key proxy.test": f"login ci password {marker('T')}"},
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
        "4:36: logins.netrc.h.password must be a secret, like `{{ secret.TOKEN }}`, "
        "never written in YAML"
    )
