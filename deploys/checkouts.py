"""The capability `checkouts`: git repositories in folders, followed or pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from envwright.model.capability import TableCapability
from envwright.model.values import AbsolutePath, Developer  # noqa: TC001 - pydantic reads annotations
from envwright.resources.accounts import account
from envwright.resources.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource


class Entry(Repository):
    """A repository: its `url`, and where it is to be: `branch`, `tag` or `commit`."""

    owner: Developer
    """The account that owns the folder and runs git."""


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

    uncaptured: ClassVar[str] = (
        "A repository in a home may be work in progress: name those that a new machine needs."
    )
    example: ClassVar[str] = """\
checkouts:
  /home/dev/src/app: {url: "git@git.example.com:team/app.git", owner: dev, branch: main}
  /opt/tools/nvm: {url: https://github.com/nvm-sh/nvm.git, owner: dev, tag: v0.40.1, depth: 1}
"""

    root: dict[AbsolutePath, Entry]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for path, entry in self.root.items():
            yield from entry.checkout(path, entry.owner, machine, path)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for path, entry in self.root.items():
            yield from account(entry.owner, machine, (path, "owner"))
