"""Signatures: whether a commit or tag is signed by a pinned signer whose key is valid today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import RefusedError
from envwright.fetch.git_errors import last_lines
from envwright.pull.settings import SIGNERS

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.pull.git import Git

_BEGIN = re.compile(rb"^-----BEGIN [A-Z ]+-----", re.MULTILINE)
_GOOD_SSH = re.compile(r'^Good "git" signature for (.+) with \S+ key (SHA256:\S+)$', re.MULTILINE)
_STATUS = re.compile(r"^\[GNUPG:\] (\S+) ?(.*)$", re.MULTILINE)
_BAD = {
    "EXPKEYSIG": " by a key that has expired",
    "EXPSIG": " by a signature that has expired",
    "REVKEYSIG": " by a key that was revoked",
    "BADSIG": " and was changed afterwards",
    "NO_PUBKEY": " by a key that is not among the pinned ones",
    "ERRSIG": " by a key that is not among the pinned ones",
}
"""What gpg says of signatures that are not good (doc/DETAILS of GnuPG)."""
_STRANGER = " by a key that is not among the pinned ones"
_HINT = "nothing was changed; {}"


class _Object(NamedTuple):
    """A commit or an annotated tag."""

    kind: str
    id: str
    signature: bytes

    def __str__(self) -> str:
        return f"{self.kind} {self.id[:12]}"


@dataclass(frozen=True)
class Commit:
    """A commit whose signature is good.

    Args:
        id: its full name.
        date: when it was committed, as it says itself, in ISO 8601.
        signer: the principal and key of SSH, or the fingerprint and user id of OpenPGP.
    """

    id: str
    date: str
    signer: str


def judge(git: Git, name: str, folder: Path) -> Commit:
    """Return the commit that an object stands for, if it is signed by a pinned signer.

    Args:
        git: where it is.
        name: the id of a commit or an annotated tag.
        folder: where the pinned signers are.

    Raises:
        RefusedError: the object is not signed, or by a stranger, or it is a tag of another name.
    """
    thing = _read(git, name)
    if not thing.signature:
        raise _refused(git, thing, "is not signed", "sign it: git commit -S, or git tag -s")
    verb = "verify-tag" if thing.kind == "tag" else "verify-commit"
    answer = git.call(verb, "--raw", thing.id)
    if thing.signature.startswith(b"-----BEGIN SSH") and git.settings.signers:
        signer = _by_ssh(git, thing, answer.code, answer.err, folder)
    elif thing.signature.startswith(b"-----BEGIN PGP") and git.settings.keys:
        signer = _by_openpgp(git, thing, answer.code, answer.err)
    else:
        raise _stranger(git, thing, _STRANGER)
    commit = git.demand("rev-parse", "--verify", f"{thing.id}^{{commit}}")
    return Commit(commit, git.demand("log", "-1", "--format=%cI", commit), signer)


def _read(git: Git, name: str) -> _Object:
    kind = git.demand("cat-file", "-t", name)
    if kind not in {"commit", "tag"}:
        raise RefusedError(
            f"{git.settings.url} {git.settings.ref}: this names a {kind}, not a commit",
            hint="name a branch, or the tag of a commit",
        )
    head, _, body = git.call("cat-file", kind, name).out.partition(b"\n\n")
    if kind == "commit":
        # A header of several lines: all but the first are indented by a blank.
        found = re.findall(rb"^gpgsig (.*(?:\n .*)*)", head, re.MULTILINE)
        text = b"\n".join(found).replace(b"\n ", b"\n")
    else:
        _check_tag(git, name, head)
        begin = _BEGIN.search(body)
        text = body[begin.start() :] if begin else b""
    thing = _Object(kind, name, text)
    if len(_BEGIN.findall(text)) > 1:
        # It would be a guess which of the signatures git checked.
        raise _refused(git, thing, "has more than one signature", "sign it once")
    return thing


def _check_tag(git: Git, name: str, head: bytes) -> None:
    """Refuse a tag under another name than its own: an old one could be passed off as a new one."""
    fields = dict(line.split(b" ", 1) for line in head.splitlines() if b" " in line)
    called, kind = (fields.get(key, b"").decode("utf-8", "replace") for key in (b"tag", b"type"))
    wanted = git.settings.ref.removeprefix("refs/tags/")
    if called != wanted or kind != "commit":
        is_ = f"is called {called} by its signer" if called != wanted else f"is of a {kind}"
        raise RefusedError(
            f"{git.settings.url} {git.settings.ref}: the tag {name[:12]} {is_}",
            hint=_HINT.format("make a tag of that name and sign it: git tag -s"),
        )


def _by_ssh(git: Git, thing: _Object, code: int, said: str, folder: Path) -> str:
    good = _GOOD_SSH.search(said)
    if code or not good:
        strange = "No principal matched" in said
        how = _STRANGER if strange else f", but not so that it is good\n{last_lines(said)}"
        raise _stranger(git, thing, how)
    # git checks the key at the date of the commit, which the author can set to any date.
    file = git.home / "signature"
    file.write_bytes(thing.signature)
    signers = ("-s", str(file), "-f", str(folder / SIGNERS))
    answer = git.start("ssh-keygen", "-Y", "find-principals", *signers)
    if answer.code or good[1] not in answer.out.decode("utf-8", "replace").splitlines():
        raise _stranger(git, thing, f" by {good[1]}, whose key is not valid today")
    return f"{good[1]} ({good[2]})"


def _by_openpgp(git: Git, thing: _Object, code: int, said: str) -> str:
    status = _STATUS.findall(said)
    for word, _ in status:
        if word in _BAD:
            raise _stranger(git, thing, _BAD[word])
    valid = [rest.split() for word, rest in status if word == "VALIDSIG"]
    users = [rest.partition(" ")[2] for word, rest in status if word == "GOODSIG"]
    # The last field is the primary key's fingerprint, whichever subkey made the signature.
    if code or len(valid) != 1 or len(users) != 1 or valid[0][-1] not in git.settings.keys:
        raise _stranger(git, thing, _STRANGER)
    return f"{users[0]} ({valid[0][-1]})"


def _stranger(git: Git, thing: _Object, how: str) -> RefusedError:
    hint = "let a pinned signer sign, or pin this one: envwright pull install ... --signers FILE"
    return _refused(git, thing, f"is signed{how}", hint)


def _refused(git: Git, thing: _Object, what: str, hint: str) -> RefusedError:
    place = f"{git.settings.url} {git.settings.ref}"
    return RefusedError(f"{place}: {thing} {what}", hint=_HINT.format(hint))
