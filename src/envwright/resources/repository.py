"""A git repository as a section of an environment names it, and the checkout that is wanted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from envwright.model.capability import Settings
from envwright.model.values import Duration, exactly_one, seconds, spelled
from envwright.resources.checkout import Checkout
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

REFS = ("branch", "tag", "commit")

# No host begins with `-`, and no scheme runs a command (`ext::`). Everybody can read a password in
# an address.
_HOST = r"([A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*"
_PATH = r"[^-/:\s'\"\\<>][^\s'\"\\<>]*"


def _git_name(name: str) -> str:
    """Refuse what git check-ref-format(1) refuses beyond single characters."""
    parts = name.split("/")
    if ".." in name or "@{" in name or any(p == "" or p.startswith(".") for p in parts):
        raise ValueError("must be a name as git takes it: no `..`, `//` or `@{`, no `.` in front")
    if name.endswith(".") or any(part.endswith(".lock") for part in parts):
        raise ValueError("must be a name as git takes it: no `.` or `.lock` at its end")
    return name


Address = Annotated[
    str,
    spelled(
        rf"^((https?|ssh)://{_HOST}(:[0-9]+)?/{_PATH}|file:///{_PATH}|{_HOST}:/?{_PATH})$",
        "an address by https, ssh (`git@HOST:PATH`) or file, without a password",
    ),
]
RefName = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9_][A-Za-z0-9._/@{+#%=-]*$", "a name as git takes it, a letter or digit first"
    ),
    AfterValidator(_git_name),
]
Commit = Annotated[str, spelled(r"^[0-9a-f]{40}$", "the whole name of a commit: 40 digits")]


class Repository(Settings):
    """A repository: its `url`, and where its checkout is to be: `branch`, `tag` or `commit`."""

    url: Address
    """Where the repository comes from. A login for it is one of the section `logins`, or a key of
    the owner's own; nobody is asked for a password."""
    branch: RefName | None = None
    """The branch to follow. Each plan asks the remote what is new; where the remote cannot be
    reached, the last news count. The checkout is fast-forwarded, never merged."""
    tag: RefName | None = None
    """The tag to be at. A tag that is moved at the remote is not noticed: `commit` is exact."""
    commit: Commit | None = None
    """The commit to be at."""
    depth: int | None = Field(default=None, ge=1)
    """How many commits a new repository gets; by default all."""
    submodules: bool = False
    """Whether to have the submodules, too."""
    timeout: Duration = "30m"
    """How long git may take to bring the checkout up to date."""

    @model_validator(mode="after")
    def _one_place(self) -> Repository:
        exactly_one(self, *REFS)
        return self

    def checkout(
        self, path: str, owner: str, machine: Machine, *at: str | int
    ) -> Iterator[Resource]:
        """Yield the checkout at a path, and the packages that git needs for it.

        Args:
            path: the folder.
            owner: the account that owns the folder and runs git.
            machine: the machine.
            at: the path of the repository in its section.
        """
        for package in _programs(self.url):
            yield Package(package=package, at=(*at, "url"))
        kind = next(kind for kind in REFS if getattr(self, kind))
        host = re.match(r"https?://([^/@]*@)?([^/]+)", self.url)
        yield Checkout(
            path=path,
            owner=owner,
            group=machine.primary_group(owner),
            home=machine.home(owner),
            url=self.url,
            kind=kind,
            ref=getattr(self, kind),
            depth=self.depth,
            submodules=self.submodules,
            seconds=seconds(self.timeout),
            after=(f"command:git logins on {host[2]}",) if host else (),
            at=at,
        )


def _programs(url: str) -> tuple[str, ...]:
    """Return the packages that git needs for an address; it only recommends those behind it."""
    if url.startswith("https:"):
        return ("git", "ca-certificates")
    return ("git",) if url.startswith(("http:", "file:")) else ("git", "openssh-client")
