"""The addresses that `extends` takes beside paths: their grammar, with a message for each fault."""

from __future__ import annotations

import re
from dataclasses import dataclass

from envwright.errors import SpecError
from envwright.spec.messages import quoted

FORMS = {
    "FILE.yaml": "A path, relative to the file that names it.",
    "preset:NAME": "An environment that comes with envwright.",
    "git+https://HOST/REPO@COMMIT:FILE.yaml": "A file of a git repository at a commit, which all "
    "its 40 digits name. So, too: git+ssh://git@HOST/REPO@COMMIT:FILE.yaml, and "
    "git+file:///REPO@COMMIT:FILE.yaml of this computer.",
    "git+https://HOST/REPO@NAME:FILE.yaml": "The same at a branch or tag; `envwright lock` finds "
    "the commit, and records it in envwright.lock.",
    "{layer: git+..., signers: [...]}": "A layer of git whose tag or commit one of the signers "
    "must have signed: a line of SSH's allowed signers, or an armored OpenPGP key.",
    "https://HOST/FILE.yaml#sha256=DIGEST": "A file of a web server with this SHA-256.",
    "https://HOST/FILE.yaml": "The same; `envwright lock` records the SHA-256.",
}
"""The forms of an item of `extends`, and what each means."""
HINT = "`envwright explain extends` shows the forms"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP_LIKE = re.compile(r"[\w.-]+@[\w.-]+:[^:]")
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::\d+)?"
_USER = re.compile(r"[a-z0-9+]+://([^/@]*)@", re.IGNORECASE)
_GIT = re.compile(
    rf"git\+(?P<url>(?:https://{_HOST}|ssh://(?:[\w.-]+@)?{_HOST}|file://)/[^@\s?#\\]+)"
    r"(?:@(?P<ref>[^:]*))?(?::(?P<path>.*))?",
    re.ASCII,
)
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]*")
_NO_REF = re.compile(r"\.\.|//|\.lock(/|$)|/\.|\.$|/$")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
_WEB = re.compile(rf"https://{_HOST}/[^\s#?\\]+(?:#(?P<fragment>.*))?", re.ASCII)
_DIGEST = re.compile(r"sha256=([0-9a-f]{64})")
_GIT_WITHOUT_SCHEME = re.compile(r"https://[^@]+/[^@]+@[^/:]+:")
SHORT = 12
"""Digits of a commit that messages show."""


class CredentialsError(SpecError):
    """An address holds what may be a password: the line that has it must not be shown."""


class MissingLayer(SpecError):  # noqa: N818 - of a cache, it is no error
    """What an address names is not in the cache."""


@dataclass(frozen=True)
class GitAddress:
    """A file of a git repository.

    Args:
        url: the repository, as git takes it.
        ref: a commit, or the name of a branch or tag.
        path: the file, from the repository's root.
        signers: those of whom one must have signed the commit or tag: see `bases`.
    """

    url: str
    ref: str
    path: str
    signers: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether the repository is one of this computer."""
        return self.url.startswith("file:")

    @property
    def key(self) -> str:
        """What is fetched, whichever file of it is named."""
        return f"git+{self.url}@{self.ref}"

    @property
    def pinned(self) -> str:
        """The commit; "" where the address names a branch or tag."""
        return self.ref if _COMMIT.fullmatch(self.ref) else ""

    @property
    def tree(self) -> str:
        """The address as messages show it, without the path."""
        return f"git+{self.url}@{self.ref[:SHORT] if self.pinned else self.ref}"

    def __str__(self) -> str:
        return f"{self.tree}:{self.path}"


@dataclass(frozen=True)
class WebAddress:
    """A file of a web server.

    Args:
        url: its address.
        pinned: its SHA-256; "" where the address names none.
    """

    url: str
    pinned: str = ""
    local = False
    path = ""
    """A web server's file is the whole of its tree."""

    @property
    def key(self) -> str:
        """What is fetched."""
        return self.url

    def __str__(self) -> str:
        return self.url


Address = GitAddress | WebAddress


def parse(text: str) -> Address | None:
    """Return the address that a text is; None for a path.

    Raises:
        SpecError: the text begins as an address, and is none.
    """
    if _SCP_LIKE.match(text):
        raise SpecError(
            f"{quoted(text)} is an address of git in the form of scp",
            hint="write it as git+ssh://USER@HOST/REPO@COMMIT:FILE.yaml",
        )
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    _check_credentials(text, scheme[1].lower())
    if scheme[1] == "https":
        return _web(text)
    if scheme[1] in {"git+https", "git+ssh", "git+file"}:
        return _git(text)
    if scheme[1] in {"http", "git+http", "git+git", "git"}:
        safe = "https" if scheme[1] == "http" else "git+https"
        raise SpecError(
            f"{quoted(text)}: who sits on the way could change what comes by {scheme[1]}",
            hint=f"use {safe}://",
        )
    raise SpecError(f"{quoted(text)}: no layer can come by {scheme[1]}", hint=HINT)


def _check_credentials(text: str, scheme: str) -> None:
    user = _USER.match(text)
    # Of ssh, a name alone says which account of the server is asked, and is no secret.
    if user is None or (scheme.endswith("ssh") and ":" not in user[1]):
        return
    raise CredentialsError(
        "the address of a layer holds a name or password, which everyone would see who sees the "
        "environment",
        hint="leave it out: git asks its credential helper (git help credentials), and git+ssh "
        "takes your key",
    )


def _git(text: str) -> GitAddress:
    found = _GIT.fullmatch(text)
    if found is None:
        raise SpecError(f"{quoted(text)} is no address of a git repository", hint=HINT)
    url, ref, path = found["url"], found["ref"], found["path"]
    if not ref:
        raise SpecError(
            f"{quoted(text)} names no commit, branch or tag",
            hint="add it behind the repository: git+https://HOST/REPO@COMMIT:FILE.yaml",
        )
    if not path:
        raise SpecError(
            f"{quoted(text)} names no file of the repository",
            hint="add it at the end: git+https://HOST/REPO@COMMIT:FILE.yaml",
        )
    if _SHORT_COMMIT.fullmatch(ref) and not _COMMIT.fullmatch(ref):
        raise SpecError(
            f"{quoted(ref)} is a part of a commit's name, which others can come to share",
            hint=f"name the commit by its 40 small digits: git rev-parse {ref}",
        )
    if not _REF.fullmatch(ref) or _NO_REF.search(ref):
        raise SpecError(f"{quoted(ref)} is no name of a commit, branch or tag", hint=HINT)
    if not path.isprintable() or {"", ".", ".."} & {*path.split("/")}:
        raise SpecError(
            f"{quoted(path)} is no path in a repository",
            hint="name a file from the repository's root, such as envs/base.yaml",
        )
    return GitAddress(url, ref, path)


def _web(text: str) -> WebAddress:
    if _GIT_WITHOUT_SCHEME.match(text):
        raise SpecError(
            f"{quoted(text)} looks like a file of a git repository", hint=f"write git+{text}"
        )
    if "?" in text:
        raise CredentialsError(
            "the address of a layer has a query (`?...`), which often holds a key that others must "
            "not see",
            hint="name an address without one, or take the file from its git repository",
        )
    found = _WEB.fullmatch(text)
    if found is None:
        raise SpecError(f"{quoted(text)} is no address of a file", hint=HINT)
    fragment = found["fragment"]
    if fragment is None:
        return WebAddress(text)
    digest = _DIGEST.fullmatch(fragment)
    if digest is None:
        raise SpecError(
            f"{quoted('#' + fragment)} is no SHA-256 of a file",
            hint="write #sha256= and 64 small hexadecimal digits, as sha256sum prints them",
        )
    return WebAddress(text.partition("#")[0], digest[1])
