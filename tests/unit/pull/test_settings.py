"""What can be followed, by whose signature, and how often."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from envwright.errors import EnvwrightError
from envwright.pull.settings import Settings, read

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://example.com/team.git"


def settings(**words: Any) -> Settings:
    return Settings(**{"url": URL, "environment": "box.yaml", "signers": True, **words})


def refused(**words: Any) -> str:
    with pytest.raises(EnvwrightError) as raised:
        settings(**words)
    assert raised.value.hint
    return raised.value.message


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        (URL, "https"),
        ("ssh://git@example.com:2222/team.git", "ssh"),
        ("git@example.com:team/environments.git", "ssh"),
        ("file:///srv/git/team.git", "file"),
    ],
)
def test_addresses_by_https_ssh_and_file_can_be_followed(url: str, scheme: str) -> None:
    assert settings(url=url).scheme == scheme


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/team.git",
        "http://example.com/team.git",
        "git://example.com/team.git",
        "ext::sh -c id",
        "git@example.com:ext::sh",
        "--upload-pack=id",
        "-oProxyCommand=id@example.com:x",
        "https://example.com/a b",
        "https://example.com/a\nb",
    ],
)
def test_other_addresses_cannot(url: str) -> None:
    said = refused(url=url)
    assert said == f"{url}: this is no address of a repository that can be followed"


@pytest.mark.parametrize("url", ["https://me:hunter22@example.com/x", "ssh://me:hunter22@host/x"])
def test_an_address_with_a_password_is_refused_without_showing_it(url: str) -> None:
    assert refused(url=url) == (
        "the address of the repository holds a name or password, which others would see"
    )


@pytest.mark.parametrize("path", ["", "/etc/box.yaml", "../box.yaml", "a/../../box.yaml", "-x"])
def test_an_environment_is_a_path_in_the_repository(path: str) -> None:
    assert refused(environment=path) == (
        f"{path or '(no environment)'}: this is no path in a repository"
    )


@pytest.mark.parametrize("ref", ["", "-x", "a..b", "a b", "a:b", "+a", "a@{1}", "a.lock", "a//b"])
def test_a_ref_is_the_name_of_a_branch_or_tag(ref: str) -> None:
    assert refused(ref=ref) == f"--ref {ref}: this is no name of a branch or tag"


def test_nothing_is_followed_without_a_pinned_signer() -> None:
    assert refused(signers=False).startswith("whose signature is to be trusted?")


@pytest.mark.parametrize(
    ("every", "calendar", "delay"),
    [
        ("5m", "*:0/5", 150),
        ("30m", "*:0/30", 900),
        ("1h", "0/1:00", 900),
        ("12h", "0/12:00", 900),
        ("1d", "daily", 900),
    ],
)
def test_a_timer_catches_up_and_is_spread(every: str, calendar: str, delay: int) -> None:
    made = settings(every=every)
    assert (made.calendar, made.delay) == (calendar, delay)


@pytest.mark.parametrize("every", ["", "1", "1m", "7m", "60m", "5h", "24h", "2d", "0h", "-1h", "x"])
def test_a_timer_cannot_keep_every_rhythm(every: str) -> None:
    assert refused(every=every) == f"--every {every}: a timer cannot keep that"


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    made = settings(keys=("A" * 40,), apply=True, ref="v1", variables={"a": "b=c"})
    (tmp_path / "settings.json").write_text(made.text())
    assert read(tmp_path) == made


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 1}', '{"version": 1, "keys": [], "url": "x", "colour": 1}'],
)
def test_what_are_no_settings_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(EnvwrightError) as raised:
        read(tmp_path)
    assert raised.value.message.startswith(
        f"{tmp_path}/settings.json: these are not settings of pull mode: "
    )


def test_settings_of_a_later_version_are_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"version": 2}))
    with pytest.raises(EnvwrightError) as raised:
        read(tmp_path)
    assert raised.value.message == f"{tmp_path}/settings.json: version 2 is not known here"


def test_a_machine_that_follows_nothing_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(EnvwrightError) as raised:
        read(tmp_path)
    assert str(raised.value) == (
        "pull mode is not set up on this machine\n"
        "hint: set it up: envwright pull install GIT_URL ENVIRONMENT --signers FILE"
    )
