"""A draft holds no secret of a machine, whatever section the secret would be in."""

from __future__ import annotations

import pytest

from envwright.capture.draft import Draft, Found
from envwright.capture.secrecy import REASON
from envwright.model.capture import Item, LeftOut


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "export GITHUB_TOKEN=ghp_0123456789abcdef",
        "//registry.npmjs.org/:_authToken=npm_0123456789abc",
        "db_password: hunter22",
        'Acquire::http::Proxy "http://user:pa55@proxy.example.com:3128";',
        '{"api_key": "0123456789"}',
        "SECRET='abcdefg'",
    ],
)
def test_what_seems_to_hold_a_secret_is_told_and_left_out(text: str) -> None:
    found = [
        Found("files", Item(("/etc/profile.d/a.sh",), {"content": f"{text}\n"})),
        Found("systemd", Item(("a.service", "drop_ins", "a"), f"[Service]\nEnvironment={text}\n")),
        Found("mounts", Item(("/mnt/a",), {"type": "cifs", "options": [text]})),
        Found("packages", Item(("install",), text, listed=True)),
    ]
    draft = Draft(found)
    assert draft.items == []
    assert draft.left_out == {
        LeftOut("files /etc/profile.d/a.sh", REASON),
        LeftOut("systemd a.service drop_ins a", REASON),
        LeftOut("mounts /mnt/a", REASON),
        LeftOut("packages install", REASON),
    }
    assert text not in draft.text()


def test_a_key_that_names_a_secret_makes_its_value_one() -> None:
    draft = Draft([Found("environment", Item(("DB_PASSWORD",), "hunter22"))])
    assert draft.left_out == {LeftOut("environment DB_PASSWORD", REASON)}


@pytest.mark.parametrize(
    "text",
    [
        "%adm ALL=(root) NOPASSWD: /usr/bin/true",
        "PasswordAuthentication no",
        "password=$(pass show mail)",
        "url = https://git.example.com/a/b.git",
        "export TOKEN_FILE=~/.token",
    ],
)
def test_what_only_speaks_of_secrets_is_kept(text: str) -> None:
    assert Draft([Found("files", Item(("/etc/a",), {"content": text}))]).left_out == set()
