"""The protocol of a resource: one thing on a machine to be known, compared, made and proved."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.errors import ConflictError
from envwright.facts import Unknown

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Machine, Question

Value = Any
"""A JSON value, or Unknown in a state that was read."""
State = Mapping[str, Value]
"""A flat description; a field that is left out is not managed."""


@dataclass(frozen=True)
class Origin:
    """Who asked for a resource: the capability and the line of YAML."""

    capability: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.capability} ({self.file}:{self.line})"


class Moment(enum.Enum):
    """When a change takes effect, in the order in which these things happen."""

    NOW = "now"
    LOGIN = "new login"
    DISTRIBUTION = "wsl --terminate"
    VM = "wsl --shutdown"


# --- What converges a resource: calls of pyinfra operations, as data -------------------------


@dataclass(frozen=True)
class Content:
    """Bytes of a file that are known when they are uploaded: text, with secrets put in then."""

    text: str


@dataclass(frozen=True)
class Edited:
    """The present text of a file with some keys set (or, by None, removed) in its dialect."""

    path: str
    dialect: str
    changes: Mapping[str, Value]


@dataclass(frozen=True)
class Key:
    """An OpenPGP key from a URL (fetched by the machine) or a text, checked by fingerprint.

    Args:
        fingerprints: the primary keys that it must hold, exactly these.
        url: where apt's own helper downloads it; "" with `text`.
        text: the key itself, armored; "" with `url`.
    """

    fingerprints: tuple[str, ...]
    url: str = ""
    text: str = ""


@dataclass(frozen=True)
class Checksum:
    """The SHA-256 of a file as its publisher lists it, 64 digits and a newline.

    It is looked up when it is uploaded, by the machine: what is compiled and planned names the
    file, whose checksum is the publisher's to say.

    Args:
        url: a list that envwright.checksums reads.
        file: the name that it has there.
    """

    url: str
    file: str


Source = Content | Edited | Key | Checksum


@dataclass(frozen=True)
class Operation:
    """A call of a pyinfra operation: `files.put` with its arguments (JSON values, or a Source)."""

    name: str
    arguments: Mapping[str, Any]


def operation(name: str, **arguments: Any) -> Operation:
    """Write an Operation as one writes the call."""
    return Operation(name, arguments)


# --- What witnesses a resource: questions to testinfra, as data ------------------------------


@dataclass(frozen=True)
class Assertion:
    """One thing that testinfra must see.

    `module(*arguments).attribute` of a testinfra host, looked at through `view` (a function of
    envwright.views: how to read a key out of a text) with `key`, must equal `expected`; or, with
    `contained`, must hold it.
    """

    module: str
    arguments: tuple[Any, ...]
    attribute: str
    expected: Value
    view: str = ""
    key: str = ""
    contained: bool = False


# --- Resources -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Where a machine is not as it should be: the two states, and the fields that differ.

    `before` is None where the thing does not exist, `after` None where it must not.
    """

    before: State | None
    after: State | None
    fields: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.fields)

    def concerns(self, *fields: str) -> bool:
        """Tell whether the thing is to be created, or one of these fields differs."""
        return self.before is None or any(name in self.fields for name in fields)


EXISTENCE = "exists"
"""The field that differs when a thing is there and must not be, or the other way round."""


def compare(before: State | Unknown | None, after: State | None) -> Difference:
    """Compare a state that was read with the one that is wanted."""
    if isinstance(before, Unknown):
        return Difference({EXISTENCE: before}, after, (EXISTENCE,))
    if before is None or after is None:
        return Difference(before, after, () if before is after else (EXISTENCE,))
    fields = tuple(name for name, value in after.items() if before.get(name) != value)
    return Difference(before, after, fields)


@dataclass(frozen=True, kw_only=True)
class Resource(ABC):
    """One thing on a machine.

    Args:
        origins: who asked for it; the compiler fills this in.
        needs: ids that it comes after, where the environment has them.
        at: the path inside the capability's section of YAML that asked for it, for the line.
        takes_effect: when what was changed is felt.
        felt: a read-only script for sh that ends with 0 where all of it is felt already; "" where
            nothing shows it.
    """

    origins: tuple[Origin, ...] = ()
    needs: tuple[str, ...] = ()
    at: tuple[str | int, ...] = ()
    takes_effect: Moment = Moment.NOW
    felt: str = ""

    word: ClassVar[str]
    """The word of the vocabulary: the id begins with it."""
    rank: ClassVar[int]
    """Where nothing else orders two resources, the lower rank goes first."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the thing is called on the machine: a path, a package."""

    @property
    def id(self) -> str:
        """The one name that the CLI, plan, journal, tests and errors share."""
        return f"{self.word}:{self.name}"

    @property
    def implied(self) -> Iterable[str]:
        """Ids that any such resource comes after, where the environment has them."""
        return ()

    @abstractmethod
    def questions(self) -> Iterable[Question[Any]]:
        """What has to be known for `actual`."""

    @abstractmethod
    def desired(self) -> State | None:
        """How it should be; None when it must not exist."""

    @abstractmethod
    def actual(self, facts: Facts) -> State | Unknown | None:
        """How it is, in the fields of `desired`; None when it does not exist."""

    @abstractmethod
    def converge(self, difference: Difference) -> Iterator[Operation]:
        """Call what removes the difference, and nothing else."""

    @classmethod
    def converge_all(cls, work: Sequence[tuple[Any, Difference]]) -> Iterator[Operation]:
        """Converge neighbours of one word in one go; words that can do better override it."""
        for resource, difference in work:
            yield from resource.converge(difference)

    @abstractmethod
    def witness(self) -> Iterable[Assertion]:
        """What testinfra must see when it is as it should be."""

    def foresee(self, difference: Difference, changed: Container[str]) -> Difference:  # noqa: ARG002
        """Add to a difference what the changes before it (their ids) will bring about."""
        return difference

    def refusal(self, difference: Difference) -> str:  # noqa: ARG002 - most refuse nothing
        """Say why this difference is not envwright's to remove; "" when it is."""
        return ""

    def pending(self, machine: Machine) -> str:  # noqa: ARG002 - most wait for nothing
        """Say what must happen before this can be made so; "" when it can be done now."""
        return ""

    def written(self, facts: Facts) -> float | None:  # noqa: ARG002 - most are felt at once
        """Say when what is felt later was last written, in seconds since 1970; None: unknown."""
        return None

    def merge(self, other: Resource) -> Resource:
        """Join two wishes for one thing, or say whose they are and that they disagree."""
        if self.wish() != other.wish():
            raise ConflictError(
                f"{self.id} is wanted twice, differently: by {self.origins[0]} "
                f"and by {other.origins[0]}",
                hint="say it in one place",
            )
        return self

    def wish(self) -> tuple[Any, ...]:
        """What is asked for, apart from who asks: resources that agree in this are the same."""
        return tuple(
            getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in {"origins", "needs", "at"}
        )

    def in_clear(self) -> Iterable[Any]:
        """What of it others can see than those who may read the file: no place for a secret."""
        return self.wish()


def wanted_by(*things: Resource | Requirement) -> str:
    """Return the line of an error that names who asked for some things, where that is known."""
    origins = dict.fromkeys(str(origin) for thing in things for origin in thing.origins)
    return f"\n    wanted by {', '.join(origins)}" if origins else ""


SKIPPED = 77
"""The exit code by which a proof says that it cannot be made here, as Automake's tests do."""


@dataclass(frozen=True)
class Proof:
    """An effect that must be observable on the machine.

    Args:
        name: what is proved, as a sentence: "a container runs and its published port answers".
        script: a script for sh, run as root on the machine. Exit code 0: seen; 77: cannot be
            seen here, for the reason in its last line; else: not so, its output says why.
        at: as in Resource.
    """

    name: str
    script: str
    at: tuple[str | int, ...] = ()
    origins: tuple[Origin, ...] = field(default=())


@dataclass(frozen=True)
class Requirement:
    """What must hold before anything is done, and envwright cannot bring about.

    Args:
        name: what must hold, as a sentence.
        script: a read-only script for sh; exit code 0: it holds.
        refusal: what to say when it does not.
        hint: how the user can bring it about.
        at: as in Resource.
    """

    name: str
    script: str
    refusal: str
    hint: str
    at: tuple[str | int, ...] = ()
    origins: tuple[Origin, ...] = field(default=())
