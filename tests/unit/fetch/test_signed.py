"""Layers that need a signature: of a tag, a branch or a commit, by one of the named signers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from machines.keyring import Keyring

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run, Said
    from repositories import Key, Repository

ADVICE = "hint: nothing was changed; let one of `signers` sign, or add the signer there"
GOOD = "box.yaml: good for debian-13: 1 resources, 2 proofs\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "cache"


def commit(repository: Repository, package: str, *settings: str) -> str:
    return repository.commit(*settings, **{"base.yaml": f"packages: [{package}]\n"})


def signed_by(key: Key, repository: Repository, ref: str) -> str:
    """An environment on a layer that somebody must have signed."""
    signer = json.dumps(key.allowed().strip())
    layer = f"git+{repository.url}@{ref}:base.yaml"
    return f"extends:\n  - layer: {layer}\n    signers: [{signer}]\n"


def fault(said: Said) -> tuple[str, str]:
    lines = said.err.splitlines()
    (message,) = (line for line in lines if line.startswith("error: "))
    return message.removeprefix("error: box.yaml:3:12: "), lines[-1]


def test_a_tag_that_a_signer_signed_is_taken(
    run: Run, repository: Repository, alice: Key, tmp_path: Path
) -> None:
    made = commit(repository, "jq")
    repository.tag("v1", *alice.settings)
    run("check", "box.yaml", text=signed_by(alice, repository, "v1"))
    assert run("lock", "box.yaml").code == 0
    lock = json.loads((tmp_path / "envwright.lock").read_bytes())
    assert lock["layers"] == {f"git+{repository.url}@v1": {"commit": made}}
    repository.folder.rename(repository.folder.with_name("gone"))
    assert run("check", "box.yaml", "--for", "debian-13").out == GOOD


@pytest.mark.parametrize("kind", ["branch", "commit"])
def test_a_commit_that_a_signer_signed_is_taken(
    kind: str, run: Run, repository: Repository, alice: Key
) -> None:
    made = commit(repository, "jq", *alice.settings)
    ref = made if kind == "commit" else "main"
    run("check", "box.yaml", text=signed_by(alice, repository, ref))
    assert run("lock", "box.yaml").code == 0
    assert run("check", "box.yaml", "--for", "debian-13").out == GOOD


def test_a_tag_without_a_signature_is_refused(
    run: Run, repository: Repository, alice: Key, tmp_path: Path
) -> None:
    commit(repository, "jq")
    repository.tag("v1")
    run("check", "box.yaml", text=signed_by(alice, repository, "v1"))
    message, hint = fault(run("lock", "box.yaml"))
    assert (message[: message.index(": tag ")], message.split(" ", 4)[4], hint) == (
        f"{repository.url} v1",
        "is not signed",
        "hint: nothing was changed; sign it: git commit -S, or git tag -s",
    )
    assert not (tmp_path / "envwright.lock").exists()


def test_a_tag_of_somebody_else_is_refused(
    run: Run, repository: Repository, alice: Key, mallory: Key
) -> None:
    commit(repository, "jq")
    repository.tag("v1", *mallory.settings)
    run("check", "box.yaml", text=signed_by(alice, repository, "v1"))
    message, hint = fault(run("lock", "box.yaml"))
    assert (message.split(" ", 4)[4], hint) == (
        "is signed by a key that is not among the pinned ones",
        ADVICE,
    )


def test_a_commit_of_the_cache_that_nobody_signed_is_not_taken_for_signed(
    run: Run, repository: Repository, alice: Key
) -> None:
    made = commit(repository, "jq")
    text = f"extends: git+{repository.url}@{made}:base.yaml\n"
    assert run("check", "box.yaml", "--for", "debian-13", text=text).out == GOOD
    said = run("check", "box.yaml", text=signed_by(alice, repository, made))
    assert fault(said)[0].endswith(f" commit {made[:12]} is not signed")


def test_a_lock_that_names_another_commit_than_the_signed_one_is_refused(
    run: Run, repository: Repository, alice: Key, tmp_path: Path
) -> None:
    signed = commit(repository, "jq")
    repository.tag("v1", *alice.settings)
    other = commit(repository, "less")
    lock = {"version": 1, "layers": {f"git+{repository.url}@v1": {"commit": other}}}
    (tmp_path / "envwright.lock").write_text(json.dumps(lock))
    said = run("check", "box.yaml", text=signed_by(alice, repository, "v1"))
    assert fault(said) == (
        (
            f"{repository.url} v1: it stands for commit {signed[:12]} now, not for {other[:12]}, "
            "so nobody has signed that"
        ),
        "hint: `envwright lock --upgrade` takes what is signed now",
    )


def test_a_program_that_can_sign_but_not_verify_is_in_nobodys_way(
    run: Run, repository: Repository, alice: Key, tmp_path: Path
) -> None:
    (tmp_path / ".gitconfig").write_text('[gpg "ssh"]\nprogram = false\n[gpg]\nformat = ssh\n')
    commit(repository, "jq")
    repository.tag("v1", *alice.settings)
    run("check", "box.yaml", text=signed_by(alice, repository, "v1"))
    assert run("lock", "box.yaml").code == 0


def test_a_tag_that_an_openpgp_key_signed_is_taken_and_no_other(
    run: Run, repository: Repository, alice: Key, tmp_path: Path
) -> None:
    keyring = Keyring(tmp_path / "keyring")
    try:
        anna, other = keyring.new("anna"), keyring.new("other")
        wrapper = tmp_path / "gpg"
        wrapper.write_text(f'#!/bin/sh\nexec gpg --homedir {tmp_path}/keyring "$@"\n')
        wrapper.chmod(0o755)
        commit(repository, "jq")
        for tag, key in (("v1", anna), ("v2", other)):
            repository.tag(tag, f"gpg.program={wrapper}", f"user.signingKey={key}")
        key = keyring.export(anna).decode()
    finally:
        keyring.close()
    for tag, code in (("v1", 0), ("v2", 1)):
        layer = f"git+{repository.url}@{tag}:base.yaml"
        signers = json.dumps([alice.allowed().strip(), key])
        run("check", "box.yaml", text=f"extends:\n  - layer: {layer}\n    signers: {signers}\n")
        said = run("lock", "box.yaml")
        assert said.code == code, said
    assert fault(said)[1] == ADVICE


SIGNER = (
    "alice@example.com ssh-ed25519 AAAA..., as ssh-keygen(1) has it for ALLOWED SIGNERS; or an "
    "OpenPGP key, as gpg --armor --export prints it"
)


@pytest.mark.parametrize(
    ("item", "message", "hint"),
    [
        (
            "{layer: a.yaml}",
            "an item of extends with keys needs the key 'signers'",
            f"layer is the address, signers a list: {SIGNER}",
        ),
        (
            "{layer: a.yaml, signer: [x]}",
            "an item of extends has no key 'signer'; did you mean 'signers'?",
            "its keys are layer and signers",
        ),
        ("{layer: a.yaml, signers: []}", "signers must be a list of signers", SIGNER),
        (
            "{layer: a.yaml, signers: [alice]}",
            "a signer is a name and a public key of SSH, not text 'alice'",
            SIGNER,
        ),
        (
            '{layer: a.yaml, signers: ["-----BEGIN PGP PUBLIC KEY BLOCK-----"]}',
            "this is no OpenPGP public key: the armor of the key is damaged or cut off",
            "",
        ),
        ("{layer: 3, signers: [a b c]}", "layer must be an address of git, not the integer 3", ""),
        (
            "{layer: a.yaml, signers: [a b c]}",
            "'a.yaml' has no signature: only what git keeps can be signed",
            "leave `signers` out, or take the file from a git repository",
        ),
    ],
)
def test_an_item_with_signers_has_its_form(item: str, message: str, hint: str, run: Run) -> None:
    lines = run("check", "box.yaml", text=f"extends: [{item}]\n").err.splitlines()
    assert (lines[0].split(": ", 2)[2], lines[3:]) == (message, [f"hint: {hint}"] if hint else [])
