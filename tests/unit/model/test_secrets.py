"""Secrets are fetched when they are needed, and shown nowhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from envwright.errors import SecretError
from envwright.model import secrets
from envwright.model.secrets import Secret, Secrets, is_mentioned, marker
from envwright.spec.declaration import Declaration

VALUE = 's3cr?t"ü/+&'


def declared(directory: Path, **sources: Any) -> Secrets:
    return Secrets(
        {
            name: Secret(name, Declaration(**source), "x.yaml:3", directory)
            for name, source in sources.items()
        }
    )


def revealed(value: str, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    monkeypatch.setenv("TOKEN", value)
    found = declared(Path(), token={"env": "TOKEN"})
    assert found.reveal(marker("token")) == value
    return found


def refusal(found: Secrets) -> str:
    with pytest.raises(SecretError) as caught:
        found.reveal(marker("token"))
    return str(caught.value)


# --- Values ----------------------------------------------------------------------------------


def test_a_value_comes_from_a_variable_a_file_or_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "first\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text("second\n")
    command = (sys.executable, "-c", "import os; print(os.path.basename(os.getcwd()))")
    found = declared(
        tmp_path,
        env={"env": "TOKEN"},
        file={"file": "token"},
        home={"file": "~/token"},
        command={"command": command},
    )
    text = "|".join(map(marker, found.names))
    assert found.reveal(text) == f"first\n|second|second|{tmp_path.name}"


def test_a_command_gets_no_shell(tmp_path: Path) -> None:
    found = declared(tmp_path, token={"command": ("echo", "$HOME; id")})
    assert found.reveal(f"<{marker('token')}>") == "<$HOME; id>"


def test_a_value_is_fetched_once_and_only_when_it_is_needed(tmp_path: Path) -> None:
    script = "echo fetched >> log; cat log"
    found = declared(tmp_path, token={"command": ("sh", "-c", script)})
    text = f"{marker('token')} {marker('other')} {marker('token')}"
    assert found.references(text) == ("token",)
    assert not (tmp_path / "log").exists()
    assert [found.reveal(marker("token")) for _ in range(3)] == ["fetched"] * 3


def test_markers_of_undeclared_names_stay_text() -> None:
    assert declared(Path()).reveal(marker("token")) == "⟦secret:token⟧"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"env": "NOT_SET_HERE"},
            (
                "x.yaml:3: no secret 'token': the environment variable NOT_SET_HERE is not set\n"
                "hint: `export NOT_SET_HERE=...` in the shell that runs envwright"
            ),
        ),
        (
            {"file": "missing"},
            (
                "x.yaml:3: no secret 'token': missing cannot be read: No such file or directory\n"
                "hint: the path is relative to the environment's file"
            ),
        ),
        ({"file": "binary"}, "x.yaml:3: no secret 'token': binary is not UTF-8"),
        ({"file": "empty"}, "x.yaml:3: no secret 'token': its value is empty"),
        (
            {"command": ("no-such-program", "a b")},
            (
                "x.yaml:3: no secret 'token': `no-such-program 'a b'` cannot be run: "
                "No such file or directory"
            ),
        ),
        (
            {"command": ("sh", "-c", "echo hidden; echo locked >&2; exit 3")},
            (
                "x.yaml:3: no secret 'token': `sh -c 'echo hidden; echo locked >&2; exit 3'` "
                "failed with exit code 3: locked"
            ),
        ),
        ({"command": ("false",)}, "x.yaml:3: no secret 'token': `false` failed with exit code 1"),
        (
            {"command": ("printf", r"\377")},
            r"x.yaml:3: no secret 'token': `printf '\377'` printed what is not UTF-8",
        ),
    ],
)
def test_a_secret_that_cannot_be_had_is_told(
    source: dict[str, Any], message: str, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "empty").write_text("\n")
    assert refusal(declared(tmp_path, token=source)) == message


def test_a_command_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 0.2)
    start = time.perf_counter()
    said = refusal(declared(tmp_path, token={"command": ("sleep", "5")}))
    assert said == "x.yaml:3: no secret 'token': `sleep 5` took more than 0.2 s"
    assert time.perf_counter() - start < 3


def test_a_key_of_several_lines_keeps_its_last_line_end_and_a_token_does_not(
    tmp_path: Path,
) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n"
    (tmp_path / "key").write_text(key)
    (tmp_path / "token").write_text("t0ken\r\n")
    found = declared(tmp_path, key={"file": "key"}, token={"file": "token"})
    assert found.reveal(f"{marker('key')}{marker('token')}") == f"{key}t0ken"


def test_a_variable_that_is_not_utf8_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cr\udcfft")
    assert refusal(declared(Path(), token={"env": "TOKEN"})) == (
        "x.yaml:3: no secret 'token': the environment variable TOKEN is not UTF-8"
    )


def test_a_value_too_short_to_be_hidden_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    assert refusal(declared(Path(), token={"env": "TOKEN"})) == (
        "x.yaml:3: no secret 'token': its value has fewer than 4 characters\n"
        "hint: so short a value cannot be hidden where it is shown: choose a longer one"
    )


# --- Masks -----------------------------------------------------------------------------------


def test_all_values_that_can_be_had_are_masked_once_they_are_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN", VALUE)
    found = declared(Path(), missing={"env": "NOT_SET_HERE"}, token={"env": "TOKEN"})
    found.fetch_all()
    assert found.mask(f"<{VALUE}>") == "<⟦secret:token⟧>"


def test_markers_are_not_masked_within(monkeypatch: pytest.MonkeyPatch) -> None:
    found = revealed("secret", monkeypatch)
    assert found.mask("⟦secret:token⟧ secret") == "⟦secret:token⟧ ⟦secret:token⟧"


def test_nothing_is_masked_before_it_is_known() -> None:
    assert declared(Path(), token={"env": "HOME"}).mask("text") == "text"


def test_values_are_not_in_the_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repr(revealed(VALUE, monkeypatch)) == "Secrets(token)"


def test_a_changed_marker_is_recognised() -> None:
    assert not secrets.is_broken(f"a {marker('token')} b")
    assert secrets.is_broken(marker("token").upper())
    assert secrets.is_broken(marker("token")[:-1])
    assert secrets.is_broken(marker("token")[1:])


def test_a_text_mentions_a_secret_where_its_marker_is_whole() -> None:
    texts = (marker("a"), f"x{marker('b')}y", "plain", "⟦secret:", "")
    assert [is_mentioned(text) for text in texts] == [True, True, False, False, False]
