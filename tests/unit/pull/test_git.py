"""git, called so that no one else has a say: what is fetched, accepted, and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envwright.errors import RefusedError, StepError
from envwright.fetch import git as git_module
from envwright.pull.git import Git
from envwright.pull.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from repositories import Follower, Repository

    Open = Callable[..., Git]


@pytest.fixture
def opened(repository: Repository, follower: Follower) -> Open:
    def function(ref: str = "main", url: str = "") -> Git:
        settings = Settings(url or repository.url, "box.yaml", ref=ref, signers=True)
        return Git(settings, follower.folder, follower.state)

    return function


def refused(git: Git, commit: str) -> str:
    with pytest.raises(RefusedError) as raised:
        git.accept(commit)
    return raised.value.message.partition(": ")[2]


def test_what_is_newer_is_accepted_and_what_is_older_refused(
    opened: Open, repository: Repository
) -> None:
    first, second = repository.commit(), repository.commit()
    with opened() as git:
        for commit in (first, first, second):
            git.fetch()
            git.accept(commit)
        assert refused(git, first) == (
            f"commit {first[:12]} is older than {second[:12]}, which was accepted before"
        )
        git.accept(second)


def test_history_that_was_rewritten_is_refused(opened: Open, repository: Repository) -> None:
    first = repository.commit()
    second = repository.commit()
    with opened() as git:
        git.accept(git.fetch())
        repository.git("reset", "--quiet", "--hard", first)
        other = repository.commit(box="name: box\n")
        assert git.fetch() == other
        assert refused(git, other) == (
            f"commit {other[:12]} does not come after {second[:12]}, which was accepted before"
        )


def test_another_ref_has_a_history_of_its_own(opened: Open, repository: Repository) -> None:
    first = repository.commit()
    repository.git("branch", "stable")
    repository.commit()
    with opened() as git:
        git.accept(git.fetch())
    with opened("stable") as git:
        assert git.fetch() == first
        git.accept(first)


def test_nothing_is_left_but_the_repository(
    opened: Open, repository: Repository, follower: Follower
) -> None:
    repository.commit()
    with opened() as git:
        git.fetch()
        assert git.home.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in follower.state.iterdir()] == ["repository.git"]
    assert not (follower.state / "repository.git" / "hooks").exists()


# --- What others would like to have a say in --------------------------------------------------


def test_neither_settings_nor_hooks_of_the_user_count(
    opened: Open, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hook = tmp_path / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o700)
    (tmp_path / ".gitconfig").write_text(
        f'[core]\nhooksPath = {hook.parent}\nfsmonitor = touch {tmp_path}/ran\n[url "ext::x "]\n'
        "insteadOf = file://\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    made = repository.commit()
    with opened() as git:
        assert git.fetch() == made
    assert not (tmp_path / "ran").exists()


def test_settings_that_a_repository_carries_do_not_count(
    opened: Open, repository: Repository, tmp_path: Path
) -> None:
    repository.git("config", "uploadpack.packObjectsHook", f"touch {tmp_path}/ran; exec")
    made = repository.commit()
    with opened() as git:
        assert git.fetch() == made
    assert not (tmp_path / "ran").exists()


def test_objects_that_are_damaged_are_refused(opened: Open, repository: Repository) -> None:
    repository.commit()
    text = repository.git("cat-file", "commit", "HEAD").replace("author Alice <", "author Alice ")
    words = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
    repository.git("update-ref", "refs/heads/main", repository.git(*words, text=text))
    with opened() as git, pytest.raises(StepError) as raised:
        git.fetch()
    assert raised.value.message.startswith(
        f"{repository.url} main: the repository holds a damaged object\n"
    )
    assert raised.value.hint == "find the object in the repository: git fsck"


def test_a_replaced_object_is_seen_as_it_was_signed(opened: Open, repository: Repository) -> None:
    first, second = repository.commit(box="first"), repository.commit(box="second")
    with opened() as git:
        git.fetch()
        git.demand("update-ref", f"refs/replace/{second}", first)
        assert git.demand("show", f"{second}:box.yaml") == "second"


# --- What goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "url", "said", "hint"),
    [
        (
            "lost",
            "",
            "the repository has no such ref",
            "name a branch or tag that is there: envwright pull install ... --ref REF",
        ),
        ("main", "file:///nowhere/team.git", "there is no repository", "check the address"),
        (
            "main",
            "https://127.0.0.1:9/team.git",
            "nothing answers there",
            "check the address, and the server",
        ),
    ],
)
def test_what_cannot_be_fetched_is_said_with_a_way_out(  # noqa: PLR0913, PLR0917 - a table
    ref: str, url: str, said: str, hint: str, opened: Open, repository: Repository
) -> None:
    repository.commit()
    with opened(ref, url) as git, pytest.raises(StepError) as raised:
        git.fetch()
    first, _, evidence = raised.value.message.partition("\n")
    assert (first, raised.value.hint) == (f"{url or repository.url} {ref}: {said}", hint)
    assert evidence.startswith("    fatal: ")


def test_git_that_takes_too_long_is_ended_with_all_that_it_started(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_module, "SECONDS", 0.3)
    with opened() as git, pytest.raises(StepError) as raised:
        git.start("sh", "-c", "sleep 60 | sleep 60")
    assert raised.value.message.startswith("sh took longer than 0.3 s for file://")


def test_a_program_that_is_not_there_is_named(opened: Open) -> None:
    with opened() as git, pytest.raises(StepError) as raised:
        git.start("git-that-is-not-there")
    assert str(raised.value) == (
        "git-that-is-not-there is not installed\n"
        "hint: run envwright pull install again, which installs it"
    )
