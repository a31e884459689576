"""Checkout: a git repository in a folder, at a branch that is followed, or at a tag or commit."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Guarded, Shell, SlowShell, Stat, Status, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.way_back import WayBack
from envwright.resources.as_user import LATE, Person
from envwright.resources.paths import PathResource
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

SCRIPT = load(__file__)
SECONDS = 45
"""How long git may take to say what a checkout is: its remote has 15 s to answer."""
MISSING, FOREIGN, LEFT = "missing", "foreign", "left"
"""Verdicts: nothing is there, something else is, or a repository with work of its owner's that a
change could lose. The others are `behind` and `there`."""


@dataclass(frozen=True, kw_only=True)
class Checkout(PathResource):
    """A git repository in a folder; its owner runs git.

    What is there is never thrown away: a repository with changed files or commits of its own, on
    another branch or of another remote is left as it is, and named.

    Args:
        home: the owner's home.
        url: what git clones.
        kind: what `ref` is: `branch`, `tag` or `commit`.
        ref: where the working tree is to be. A branch is followed, by fast-forward alone.
        depth: how many commits a new repository gets; None for all.
        submodules: have the submodules, too.
        seconds: how long git may take to bring the repository up to date.
        after: ids of resources that come before, where the environment has them.
    """

    home: str
    url: str
    kind: str
    ref: str
    depth: int | None = None
    submodules: bool = False
    seconds: int = 1800
    after: tuple[str, ...] = ()

    word: ClassVar[str] = "checkout"
    rank: ClassVar[int] = 75
    # The files from which the owner's login shell has its proxies come before, whatever they are.
    brought_forward: ClassVar[bool] = False

    @property
    def autorequires(self) -> Iterator[str]:
        """What every path comes after, git, and the logins by which it gets at a repository."""
        yield from super().autorequires
        yield from ("package:git", "package:ca-certificates", "package:openssh-client")
        # What lies in the checkout comes behind it.
        if not PurePosixPath(self.home).is_relative_to(self.path):
            yield f"keys:{self.home}/.netrc"
            yield from self.after

    @property
    def _person(self) -> Person:
        return Person(self.owner, self.group, self.home)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a checkout", open=True),)

    @property
    def _look(self) -> Shell:
        """The question what is there. For a branch it asks the remote, among the slow questions."""
        following = self.kind == "branch"
        script = self._runs('printf "%s\\n" "$verdict"', SECONDS, online=following)
        return SlowShell(script) if following else Shell(script)

    def _runs(self, script: str, seconds: int, *, online: bool) -> str:
        values = {
            "path": self.path,
            "url": self.url,
            "kind": self.kind,
            "ref": self.ref,
            "depth": "" if self.depth is None else str(self.depth),
            "submodules": "yes" if self.submodules else "",
        }
        variables = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
        return self._person.runs(f"{variables}{SCRIPT}{script}", seconds, online=online)

    def questions(self) -> Iterable[Question[Any]]:
        guarded = () if self.owner != "root" else (Guarded(self.path),)
        return (Stat(self.path), self._look, *guarded, *self.owners())

    def _verdict(self, facts: Facts) -> tuple[str, str]:
        """Return what is there: missing, foreign, behind, left or there; and more about that."""
        status, answer = self.status(facts), facts[self._look]
        if isinstance(status, Status) and status.kind != "directory":
            return FOREIGN, ""
        if isinstance(answer, Unknown):
            return LEFT, answer.reason
        if answer.code in LATE:
            return LEFT, f"git gave no answer within {SECONDS} s"
        word, _, more = answer.text.partition("\n")
        return word or MISSING, more

    def desired(self) -> State:
        return {"url": self.url, "at": f"{self.kind} {self.ref}"}

    def actual(self, facts: Facts) -> State | Unknown | None:
        word, more = self._verdict(facts)
        if word == MISSING:
            return None
        if word == FOREIGN:
            return {"url": None, "at": None}
        return {**self.desired(), "at": more} if word == "behind" else self.desired()

    def obstacle(self, facts: Facts) -> str:
        word, more = self._verdict(facts)
        return f"{self.path} is left as it is: {more}" if word == LEFT else ""

    def refusal(self, difference: Difference) -> str:
        if difference.before and difference.before.get("at", "") is None:
            return f"{self.path} is there, and is no checkout of git: move it away first"
        return ""

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if self.owner == "root":
            yield operation("paths.guarded", path=self.path)
        if difference.before is None:
            yield operation("paths.directory", path=self.path, user=self.owner, group=self.group)
        refuse = f"echo {shlex.quote(f'{self.path} is no checkout of git: move it away first')}"
        update = (
            f"case $verdict in there | left*) ;; foreign) {refuse}; exit 1 ;; *) update ;; esac"
        )
        yield operation("server.shell", commands=[self._runs(update, self.seconds, online=True)])

    def way_back(self, before: State | None) -> WayBack:  # noqa: ARG002 - the same for both
        """A checkout stays: its owner may have work in it that no remote has."""
        return WayBack(
            stays=f"{self.path} stays, for it may hold work that no remote has: look at it, then "
            "remove it by hand"
        )

    def witness(self) -> Iterator[Assertion]:
        yield Assertion("run", (self._look.text,), "stdout", "there\n")
