"""What files, directories and links share: path, owner, attributes and witnesses."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from envwright.facts import ChangeTime, KnownGroup, KnownUser, Stat, Status, Unknown
from envwright.model.forecast import Forecast
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, Difference, Resource, wanted_by
from envwright.portable.safepath import change
from envwright.resources.prerequisites import may_come

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Question
    from envwright.model.resource import Field, Fields, State

KIND = "kind"
"""The field of a state that says what is at the path: a file, a directory, a link."""
ACCESS = re.compile(
    r"/\.ssh/authorized_keys$|^/etc/sudoers|^/etc/polkit-1/|^/etc/ssh/|/\.netrc$|/\.git-credentials$"
    r"|^/etc/pam\.d/|^/etc/security/|/\.docker/config\.json$"
)
"""The paths of keys, rights and logins (sshd(8), sudoers(5), polkit(8), netrc(5), pam(8))."""
NOUNS = {"file": "a file", "directory": "a directory", "link": "a link", "other": "a special file"}


@dataclass(frozen=True, kw_only=True)
class PathResource(Resource):
    """A resource at one path. Its owner and the directories above it come first."""

    path: str
    owner: str = "root"
    group: str = "root"

    access_fields: ClassVar[tuple[str, ...]] = ("mode", "owner", "group")

    @property
    def name(self) -> str:
        """The absolute path."""
        return self.path

    @property
    def grants_access(self) -> bool:
        """Whether a program that lets somebody in reads the path."""
        return ACCESS.search(self.path) is not None

    @property
    def autorequires(self) -> Iterator[str]:
        """Its owner, its group, and every directory, link, mount or checkout that it lies in."""
        yield f"user:{self.owner}"
        yield f"group:{self.group}"
        for parent in PurePosixPath(self.path).parents:
            yield f"directory:{parent}"
            yield f"link:{parent}"
            yield f"mount:{parent}"
            # git clones into an empty folder alone.
            yield f"checkout:{parent}"

    def predict(self, difference: Difference, changed: Collection[str]) -> Difference:
        """Take the present state for unknown where a mount that is still to come will hide it."""
        mounts = [id_ for id_ in self.autorequires if id_.startswith("mount:") and id_ in changed]
        if not mounts or (difference and difference.before is None):
            return difference
        hidden = Unknown(f"{mounts[0]} comes first")
        after = difference.after
        if after is None:
            return replace(difference, before={EXISTENCE: hidden}, fields=(EXISTENCE,))
        return replace(difference, before=dict.fromkeys(after, hidden), fields=tuple(after))

    def owners(self) -> Iterator[KnownUser | KnownGroup]:
        """Yield the questions whether the machine knows the owner and the group."""
        if self.owner != "root":
            yield KnownUser(self.owner)
        if self.group != "root":
            yield KnownGroup(self.group)

    @classmethod
    def forecast(
        cls,
        work: Sequence[tuple[PathResource, Difference]],
        facts: Facts,
        changed: Collection[str],
    ) -> Forecast:
        """Refuse owners and groups that nobody has, and that no change of the plan brings."""
        refusals = [
            f"there is no {noun} to own {resource.path}: correct the name, or add the {word}"
            f"{wanted_by(resource)}"
            for resource, difference in work
            if difference.after is not None
            for word, noun in resource.missing(facts, changed)
        ]
        return Forecast(refusals=tuple(refusals))

    def missing(self, facts: Facts, changed: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield which of the owner and the group is missing: the word for it, and its name."""
        for question in self.owners():
            name = question.path
            # A new account brings the group of its name.
            brought = may_come(changed, f"user:{name}", f"{question.kind}:{name}")
            if facts[question] is None and not brought:
                yield question.kind, f"{question.kind} {name}"

    def label(self, field: Field) -> str:
        """Leave out the kind, which the id says."""
        return "" if field == KIND else super().label(field)

    def status(self, facts: Facts) -> Status | Unknown | None:
        """Return what lstat says of the path."""
        return facts[Stat(self.path)]

    def written_questions(self) -> Iterable[Question[Any]]:
        return (ChangeTime(self.path),)

    def written(self, facts: Facts) -> float | None:
        changed = facts[ChangeTime(self.path)]
        return None if isinstance(changed, Unknown) else changed


def attributes(status: Status) -> Fields:
    """Return the part of a state that files and directories share."""
    return {
        "kind": status.kind,
        "mode": status.mode,
        "owner": status.owner,
        "group": status.group,
    }


Wanted = TypeVar("Wanted", bound=PathResource)


def with_access(resource: Wanted, state: State) -> Wanted:
    """Return a resource with the mode, the owner and the group of a state."""
    access: dict[str, Any] = {name: str(state[name]) for name in resource.access_fields}
    return replace(resource, **access)


def attribute_witness(path: str, state: State) -> Iterator[Assertion]:
    """Assert the kind of a file or directory, and what is managed of mode, owner and group."""
    yield Assertion("file", (path,), f"is_{state['kind']}", expected=True)
    if "mode" in state:
        yield Assertion("file", (path,), "mode", int(state["mode"], 8))
    for attribute, field in (("user", "owner"), ("group", "group")):
        if field in state:
            yield Assertion("file", (path,), attribute, state[field])


def in_the_way(path: str, difference: Difference, *replaceable: str) -> str:
    """Say that something of another kind is at a path, unless it can be replaced without loss."""
    kind = (difference.before or {}).get("kind", "")
    if difference.after is None or kind in {"", difference.after["kind"], *replaceable}:
        return ""
    if isinstance(kind, Unknown):
        return ""
    return f"{path} is {NOUNS[kind]}, not {NOUNS[difference.after['kind']]}: move it away first"


def only_root_changes(folder: str) -> str:
    """Return the script that succeeds where nobody but root can put another file into a folder."""
    return change("guard", f"{folder}/file")
