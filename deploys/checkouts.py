"""The capability `checkouts`: git repositories in folders, followed or pinned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from envwright.model.capability import Settings, TableCapability
from envwright.model.values import (
    AbsolutePath,
    Developer,
    Duration,
    exactly_one,
    seconds,
    spelled,
)
from envwright.resources.accounts import account
from envwright.resources.checkout import Checkout
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
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


class Entry(Settings):
    """A repository: its `url`, and where it is to be: `branch`, `tag` or `commit`."""

    url: Address
    """Where the repository comes from. A login for it is one of the section `logins`, or a key of
    the owner's own; nobody is asked for a password."""
    owner: Developer
    """The account that owns the folder and runs git."""
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
    def _sense(self) -> Entry:
        exactly_one(self, *REFS)
        return self


class Section(TableCapability):
    """Checkouts of git repositories by path.

    A checkout of a branch follows the branch; one of a tag or commit is pinned. git runs as the
    owner, with the proxies of the owner's login shell. The owner's work is never thrown away: a
    checkout with changed files, with commits that are nowhere else, on another branch or of another
    repository is left as it is, and plan and verify say why and what to do, while apply goes on
    with the rest. Changed files, and new commits on the branch that is followed, are no fault where
    nothing is to be fetched. A folder that holds something else is refused before anything is
    changed.
    """

    example: ClassVar[str] = """\
checkouts:
  /home/dev/src/app: {url: "git@git.example.com:team/app.git", owner: dev, branch: main}
  /opt/tools/nvm: {url: https://github.com/nvm-sh/nvm.git, owner: dev, tag: v0.40.1, depth: 1}
"""

    root: dict[AbsolutePath, Entry]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for path, entry in self.root.items():
            for package in _programs(entry.url):
                yield Package(package=package, at=(path, "url"))
            kind = next(kind for kind in REFS if getattr(entry, kind))
            host = re.match(r"https?://([^/@]*@)?([^/]+)", entry.url)
            yield Checkout(
                path=path,
                owner=entry.owner,
                group=machine.primary_group(entry.owner),
                home=machine.home(entry.owner),
                url=entry.url,
                kind=kind,
                ref=getattr(entry, kind),
                depth=entry.depth,
                submodules=entry.submodules,
                seconds=seconds(entry.timeout),
                after=(f"command:git logins on {host[2]}",) if host else (),
                at=(path,),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for path, entry in self.root.items():
            yield from account(entry.owner, machine, (path, "owner"))


def _programs(url: str) -> tuple[str, ...]:
    """Return the packages that git needs for an address; it only recommends those behind it."""
    if url.startswith("https:"):
        return ("git", "ca-certificates")
    return ("git",) if url.startswith(("http:", "file:")) else ("git", "openssh-client")
