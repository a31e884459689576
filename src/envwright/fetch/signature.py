"""Signatures: whether a commit or tag is signed by a pinned signer whose key is valid today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import RefusedError
from envwright.fetch.git_errors import last_lines

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.fetch.git import Answer, Git

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


class Pinned(NamedTuple):
    """Whose signatures of what are good.

    Args:
        ref: what was fetched, as a person named it; a tag must be called so.
        signers: a file of SSH's allowed signers; None where no SSH signature is good.
        keys: fingerprints of OpenPGP keys, which gpg has.
        advice: what a person can do about a signature of somebody else.
    """

    ref: str
    signers: Path | None
    keys: tuple[str, ...]
    advice: str


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


def judge(git: Git, name: str, pinned: Pinned) -> Commit:
    """Return the commit that an object stands for, if it is signed by a pinned signer.

    Args:
        git: where it is.
        name: the id of a commit or an annotated tag.
        pinned: whose signature is good.

    Raises:
        RefusedError: the object is not signed, or by a stranger, or it is a tag of another name.
    """
    thing = _read(git, name, pinned)
    if not thing.signature:
        raise _refused(git, pinned, thing, "is not signed", "sign it: git commit -S, or git tag -s")
    verb = "verify-tag" if thing.kind == "tag" else "verify-commit"
    answer = git.call(verb, "--raw", thing.id)
    if thing.signature.startswith(b"-----BEGIN SSH") and pinned.signers:
        signer = _by_ssh(git, pinned, thing, answer)
    elif thing.signature.startswith(b"-----BEGIN PGP") and pinned.keys:
        signer = _by_openpgp(git, pinned, thing, answer)
    else:
        raise _stranger(git, pinned, thing, _STRANGER)
    commit = git.demand("rev-parse", "--verify", f"{thing.id}^{{commit}}")
    return Commit(commit, git.demand("log", "-1", "--format=%cI", commit), signer)


def _read(git: Git, name: str, pinned: Pinned) -> _Object:
    kind = git.demand("cat-file", "-t", name)
    if kind not in {"commit", "tag"}:
        raise RefusedError(
            f"{git.url} {pinned.ref}: this names a {kind}, not a commit",
            hint="name a branch, or the tag of a commit",
        )
    head, _, body = git.call("cat-file", kind, name).out.partition(b"\n\n")
    if kind == "commit":
        # A header of several lines: all but the first are indented by a blank.
        found = re.findall(rb"^gpgsig (.*(?:\n .*)*)", head, re.MULTILINE)
        text = b"\n".join(found).replace(b"\n ", b"\n")
    else:
        _check_tag(git, name, head, pinned)
        begin = _BEGIN.search(body)
        text = body[begin.start() :] if begin else b""
    thing = _Object(kind, name, text)
    if len(_BEGIN.findall(text)) > 1:
        # It would be a guess which of the signatures git checked.
        raise _refused(git, pinned, thing, "has more than one signature", "sign it once")
    return thing


def _check_tag(git: Git, name: str, head: bytes, pinned: Pinned) -> None:
    """Refuse a tag under another name than its own: an old one could be passed off as a new one."""
    fields = dict(line.split(b" ", 1) for line in head.splitlines() if b" " in line)
    called, kind = (fields.get(key, b"").decode("utf-8", "replace") for key in (b"tag", b"type"))
    wanted = pinned.ref.removeprefix("refs/tags/")
    if called != wanted or kind != "commit":
        is_ = f"is called {called} by its signer" if called != wanted else f"is of a {kind}"
        raise RefusedError(
            f"{git.url} {pinned.ref}: the tag {name[:12]} {is_}",
            hint=_HINT.format("make a tag of that name and sign it: git tag -s"),
        )


def _by_ssh(git: Git, pinned: Pinned, thing: _Object, answer: Answer) -> str:
    code, said = answer.code, answer.err
    good = _GOOD_SSH.search(said)
    if code or not good:
        strange = "No principal matched" in said
        how = _STRANGER if strange else f", but not so that it is good\n{last_lines(said)}"
        raise _stranger(git, pinned, thing, how)
    # git checks the key at the date of the commit, which the author can set to any date.
    file = git.repository / "envwright-signature"
    file.write_bytes(thing.signature)
    signers = ("-s", str(file), "-f", str(pinned.signers))
    answer = git.start("ssh-keygen", "-Y", "find-principals", *signers)
    if answer.code or good[1] not in answer.out.decode("utf-8", "replace").splitlines():
        raise _stranger(git, pinned, thing, f" by {good[1]}, whose key is not valid today")
    return f"{good[1]} ({good[2]})"


def _by_openpgp(git: Git, pinned: Pinned, thing: _Object, answer: Answer) -> str:
    status = _STATUS.findall(answer.err)
    for word, _ in status:
        if word in _BAD:
            raise _stranger(git, pinned, thing, _BAD[word])
    valid = [rest.split() for word, rest in status if word == "VALIDSIG"]
    users = [rest.partition(" ")[2] for word, rest in status if word == "GOODSIG"]
    # The last field is the primary key's fingerprint, whichever subkey made the signature.
    if answer.code or len(valid) != 1 or len(users) != 1 or valid[0][-1] not in pinned.keys:
        raise _stranger(git, pinned, thing, _STRANGER)
    return f"{users[0]} ({valid[0][-1]})"


def _stranger(git: Git, pinned: Pinned, thing: _Object, how: str) -> RefusedError:
    return _refused(git, pinned, thing, f"is signed{how}", pinned.advice)


def _refused(git: Git, pinned: Pinned, thing: _Object, what: str, hint: str) -> RefusedError:
    place = f"{git.url} {pinned.ref}"
    return RefusedError(f"{place}: {thing} {what}", hint=_HINT.format(hint))
