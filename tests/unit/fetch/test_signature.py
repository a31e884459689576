"""The judge of signatures: pinned signers and no others, today and not by their own clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from machines.keyring import Keyring

from envwright.errors import RefusedError
from envwright.fetch.signature import Commit, judge
from envwright.pull.git import Git
from envwright.pull.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from repositories import Follower, Key, Repository

    Judge = Callable[..., Commit]
    Refused = Callable[..., str]
    Gpg = Callable[..., str]

HINT = "\nhint: nothing was changed; "
PIN = HINT + "let a pinned signer sign, or pin this one: envwright pull install ... --signers FILE"


@pytest.fixture
def judged(repository: Repository, follower: Follower) -> Judge:
    """Fetch and judge what the repository has."""

    def function(**settings: object) -> Commit:
        wanted = Settings(repository.url, "box.yaml", signers=True)
        wanted = replace(wanted, **settings)  # type: ignore[arg-type] # the fields of Settings
        with Git(wanted, follower.folder, follower.state) as git:
            return judge(git, git.fetch(), git.pinned)

    return function


@pytest.fixture
def refused(judged: Judge, repository: Repository) -> Refused:
    """What is said of an object that is not good, without the address and the object's name."""

    def function(**settings: object) -> str:
        with pytest.raises(RefusedError) as raised:
            judged(**settings)
        place, _, said = str(raised.value).partition(": ")
        assert place == f"{repository.url} {settings.get('ref', 'HEAD')}"
        first, _, rest = said.partition(" ")
        return f"{first} {rest.partition(' ')[2]}" if first in {"commit", "tag"} else said

    return function


def test_a_commit_of_a_pinned_signer_is_good(
    repository: Repository, alice: Key, judged: Judge
) -> None:
    made = repository.commit(*alice.settings, date="2026-01-02T03:04:05+00:00")
    commit = judged()
    assert (commit.id, commit.date) == (made, "2026-01-02T03:04:05+00:00")
    assert commit.signer.startswith("alice@example.com (SHA256:")


def test_an_unsigned_commit_is_refused(repository: Repository, refused: Refused) -> None:
    repository.commit()
    assert refused() == f"commit is not signed{HINT}sign it: git commit -S, or git tag -s"


def test_a_commit_of_somebody_else_is_refused(
    repository: Repository, mallory: Key, refused: Refused
) -> None:
    repository.commit(*mallory.settings)
    assert refused() == f"commit is signed by a key that is not among the pinned ones{PIN}"


def test_a_commit_that_was_changed_after_it_was_signed_is_refused(
    repository: Repository, alice: Key, refused: Refused
) -> None:
    repository.commit(*alice.settings)
    text = repository.git("cat-file", "commit", "HEAD").replace("\nchange", "\nchanged")
    forged = repository.git("hash-object", "-t", "commit", "-w", "--stdin", text=f"{text}\n")
    repository.git("update-ref", "refs/heads/main", forged)
    assert refused() == (
        "commit is signed, but not so that it is good\n"
        "    Could not verify signature.\n"
        f"    Signature verification failed: incorrect signature{PIN}"
    )


def test_a_commit_with_two_signatures_is_refused(
    repository: Repository, alice: Key, refused: Refused
) -> None:
    repository.commit(*alice.settings)
    head, _, body = repository.git("cat-file", "commit", "HEAD").partition("\n\n")
    signature = head[head.index("gpgsig ") :]
    text = f"{head}\n{signature}\n\n{body}\n"
    forged = repository.git("hash-object", "-t", "commit", "-w", "--stdin", text=text)
    repository.git("update-ref", "refs/heads/main", forged)
    assert refused() == f"commit has more than one signature{HINT}sign it once"


def test_a_signer_whose_time_is_over_cannot_date_a_commit_back(
    repository: Repository, alice: Key, follower: Follower, refused: Refused
) -> None:
    follower.trust(alice.allowed('valid-before="20200101"'))
    repository.commit(*alice.settings, date="2019-01-01T00:00:00+00:00")
    assert refused() == (
        f"commit is signed by alice@example.com, whose key is not valid today{PIN}"
    )
    repository.commit(*alice.settings)
    assert refused() == f"commit is signed by a key that is not among the pinned ones{PIN}"


def test_a_signature_for_another_purpose_is_refused(
    repository: Repository, alice: Key, follower: Follower, refused: Refused
) -> None:
    follower.trust(alice.allowed('namespaces="file"'))
    repository.commit(*alice.settings)
    first, *_, words, _ = refused().splitlines()
    assert first == "commit is signed, but not so that it is good"
    assert words.endswith('key is not permitted for use in signature namespace "git"')


# --- Tags -------------------------------------------------------------------------------------


def test_a_signed_tag_of_an_unsigned_commit_is_good(
    repository: Repository, alice: Key, judged: Judge
) -> None:
    made = repository.commit()
    repository.tag("v1", *alice.settings)
    assert [judged(ref=ref).id for ref in ("v1", "refs/tags/v1")] == [made, made]


def test_an_unsigned_tag_is_refused_even_of_a_signed_commit(
    repository: Repository, alice: Key, refused: Refused
) -> None:
    repository.commit(*alice.settings)
    repository.tag("v1")
    assert refused(ref="v1") == f"tag is not signed{HINT}sign it: git commit -S, or git tag -s"


def test_an_old_tag_cannot_be_passed_off_as_another(
    repository: Repository, alice: Key, refused: Refused
) -> None:
    repository.commit()
    repository.tag("v1", *alice.settings)
    repository.git("update-ref", "refs/tags/v2", "refs/tags/v1")
    tag = repository.git("rev-parse", "v1")[:12]
    assert refused(ref="v2") == (
        f"the tag {tag} is called v1 by its signer{HINT}"
        "make a tag of that name and sign it: git tag -s"
    )


def test_what_is_no_commit_is_refused(repository: Repository, refused: Refused) -> None:
    repository.commit(box="name: box\n")
    repository.git("update-ref", "refs/tags/tree", "HEAD^{tree}")
    assert refused(ref="tree") == (
        "this names a tree, not a commit\nhint: name a branch, or the tag of a commit"
    )


# --- OpenPGP ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyring]:
    made = Keyring(tmp_path_factory.mktemp("g") / "gnupg")
    yield made
    made.close()


@pytest.fixture
def gpg(keyring: Keyring, tmp_path: Path) -> Gpg:
    """Return the setting by which git signs with the keys in the keyring."""

    def function(*options: str) -> str:
        file = tmp_path / "gpg"
        words = " ".join(("gpg", "--homedir", str(keyring._folder), *options))
        file.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        file.chmod(0o700)
        return f"gpg.program={file}"

    return function


@pytest.fixture
def pinned(keyring: Keyring, follower: Follower) -> str:
    """The fingerprint of a key that is pinned."""
    key = keyring.new(f"pinned {follower.state}")
    follower.trust(keyring=keyring.export(key))
    return key


def test_a_pinned_key_of_openpgp_is_good_for_commits_and_tags(
    repository: Repository, pinned: str, gpg: Gpg, judged: Judge
) -> None:
    made = repository.commit(gpg(), f"user.signingKey={pinned}")
    commit = judged(signers=False, keys=(pinned,))
    assert (commit.id, commit.signer.rpartition(" ")[2]) == (made, f"({pinned})")
    made = repository.commit()
    repository.tag("v1", gpg(), f"user.signingKey={pinned}")
    assert judged(ref="v1", signers=False, keys=(pinned,)).id == made


def test_another_key_of_openpgp_is_refused(
    repository: Repository, keyring: Keyring, pinned: str, gpg: Gpg, refused: Refused
) -> None:
    repository.commit(gpg(), f"user.signingKey={keyring.new('other')}")
    said = refused(signers=False, keys=(pinned,))
    assert said == f"commit is signed by a key that is not among the pinned ones{PIN}"


def test_openpgp_is_refused_where_ssh_is_pinned(
    repository: Repository, pinned: str, gpg: Gpg, refused: Refused
) -> None:
    repository.commit(gpg(), f"user.signingKey={pinned}")
    assert refused() == f"commit is signed by a key that is not among the pinned ones{PIN}"


def test_a_key_in_the_file_that_is_not_in_the_settings_is_refused(
    repository: Repository, pinned: str, gpg: Gpg, refused: Refused
) -> None:
    repository.commit(gpg(), f"user.signingKey={pinned}")
    said = refused(signers=False, keys=("0" * 40,))
    assert said == f"commit is signed by a key that is not among the pinned ones{PIN}"


def test_an_openpgp_key_that_has_expired_is_refused(
    repository: Repository,
    keyring: Keyring,
    follower: Follower,
    gpg: Gpg,
    refused: Refused,
) -> None:
    then = "--faked-system-time=20200101T000000!"
    secret = ("--pinentry-mode", "loopback", "--passphrase", "")
    keyring._gpg(then, *secret, "--quick-generate-key", "past", "ed25519", "sign", "2d")
    listed = keyring._gpg("--with-colons", "--list-keys", "=past").decode()
    key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    repository.commit(gpg(then), f"user.signingKey={key}")
    follower.trust(keyring=keyring.export(key))
    said = refused(signers=False, keys=(key,))
    assert said == f"commit is signed by a key that has expired{PIN}"


def test_neither_keys_nor_settings_of_the_user_count(
    repository: Repository,
    keyring: Keyring,
    pinned: str,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = keyring.new("mine")
    monkeypatch.setenv("GNUPGHOME", str(keyring._folder))
    repository.commit(f"user.signingKey={mine}")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "gpg.program")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    said = refused(signers=False, keys=(pinned,))
    assert said == f"commit is signed by a key that is not among the pinned ones{PIN}"
