"""The protocol of a resource: one thing on a machine that is read, compared, made and proved."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from envwright.errors import ConflictError, RefusedError
from envwright.facts import Unknown
from envwright.model.forecast import NOTHING
from envwright.model.origin import Origin as Origin  # noqa: PLC0414, TC001 - of the protocol
from envwright.model.way_back import UNKNOWN, WayBack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Machine, Question
    from envwright.model.claim import Claim
    from envwright.model.forecast import Forecast
    from envwright.model.operations import Operation
    from envwright.model.proof import Assertion, Requirement

Value = Any
"""A JSON value (a tuple stands for a list), or Unknown in a state that was read."""


@dataclass(frozen=True)
class FileKey:
    """A field of a state that is a key inside a file, so that no key is taken for an attribute.

    Args:
        name: the key, as its dialect spells it.
    """

    name: str

    def __str__(self) -> str:
        return f"key {self.name}"


Field: TypeAlias = "str | FileKey"
"""What a value of a state belongs to: an attribute of the thing, or a key inside a file."""
Fields: TypeAlias = "dict[Field, Value]"
"""A state that is being put together."""
State = Mapping[Field, Value]
"""A flat description; a field that is left out is not managed."""


SYSTEMD = "systemd as PID 1"
INTEROP = "Windows programs"
"""Parts of WSL that a distribution can turn off: as PID 1, and as started from Linux."""


class Moment(enum.Enum):
    """When a change takes effect, in the order in which these things happen."""

    NOW = "now"
    LOGIN = "new login"
    DISTRIBUTION = "wsl --terminate"
    VM = "wsl --shutdown"


@dataclass(frozen=True)
class Difference:
    """Where a machine is not as it should be: the two states, and the fields that differ.

    `before` is None where the thing does not exist, `after` None where it must not.
    """

    before: State | None
    after: State | None
    fields: tuple[Field, ...]

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
        follows: what a person said that it comes after: names of its own section's resources,
            sections, or ids. The compiler puts their ids into `needs`, and refuses other names.
        at: the path inside the capability's section of YAML that asked for it, for the line.
        takes_effect: when a change of the resource takes effect.
        effect_check: a read-only script for sh that ends with 0 where the resource as it is
            written is in effect already; "" where nothing shows that.
    """

    origins: tuple[Origin, ...] = ()
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    at: tuple[str | int, ...] = ()
    takes_effect: Moment = Moment.NOW
    effect_check: str = ""

    word: ClassVar[str]
    """The word of the vocabulary: the id begins with it."""
    rank: ClassVar[int]
    """Where nothing else orders two resources, the lower rank goes first."""
    brought_forward: ClassVar[bool] = True
    """Whether it goes as early as what comes after it; else that waits for its rank."""
    text_field: ClassVar[str] = ""
    """The field of its state that is a text of lines, of which a person reads a diff."""
    access_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that a person reads in one line, without their names, where it is created."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the thing is called on the machine: a path, a package."""

    @property
    def id(self) -> str:
        """The one name that the CLI, plan, journal, tests and errors share."""
        return f"{self.word}:{self.name}"

    @property
    def autorequires(self) -> Iterable[str]:
        """Ids that every such resource comes after, where the environment has them."""
        return ()

    @property
    def order(self) -> int:
        """The rank of this one, which may have to go before others of its word."""
        return self.rank

    @property
    def validated(self) -> bool:
        """Whether a program must accept it first, which may read whatever it refers to.

        Such a resource comes after the others of its rank.
        """
        return False

    def claims(self) -> Iterable[Claim]:
        """Return the places on the machine that the resource decides about."""
        return ()

    def brings(self) -> Iterable[str]:
        """Return what the resource brings about, for the `unless` of requirements: its id."""
        return (self.id,)

    def relies_on(self) -> Iterable[str]:
        """Return parts of WSL, as `SYSTEMD`, without which the resource cannot be as it should."""
        return ()

    def turns_off(self) -> Iterable[str]:
        """Return the parts of WSL that the resource turns off, from the next start on."""
        return ()

    def folders(self) -> Mapping[str, str]:
        """Return the folders that the resource gives to an account, with the account's name."""
        return {}

    def boots_systemd(self) -> bool | None:
        """Tell whether the next start makes systemd PID 1; None where this does not decide it."""
        return None

    @property
    def restarted_by(self) -> Iterable[str]:
        """Ids of resources whose change restarts this one, where the environment has them."""
        return ()

    @property
    def replaces(self) -> Iterable[str]:
        """The paths of files and links that a change of the resource replaces or removes."""
        return ()

    def worked(self, difference: Difference) -> bool:  # noqa: ARG002 - most only lie there
        """Tell whether the thing was at work before the change, and must be so after it."""
        return False

    def failed(self, difference: Difference) -> bool:  # noqa: ARG002 - as `worked`
        """Tell whether the thing should have been at work before the change, and had failed."""
        return False

    def health_check(self, difference: Difference, *, at_once: bool = False) -> str:  # noqa: ARG002
        """Return a script for sh that waits until a changed thing works.

        The script ends with 0 then; else the script prints the last words of the thing. "" where
        there is nothing to wait for. `at_once`: the script waits for nothing, and tells whether the
        thing works now.
        """
        return ""

    def recover(self) -> Iterator[Operation]:
        """Yield the operations that set the thing to work again with its files put back."""
        yield from ()

    def label(self, field: Field) -> str:
        """Return a field's name for a person; "" where the field goes without saying."""
        return field.name if isinstance(field, FileKey) else field

    def is_text(self, field: Field) -> bool:
        """Tell whether a field of the state is a text of lines, of which a person reads a diff."""
        return field == self.text_field

    @abstractmethod
    def questions(self) -> Iterable[Question[Any]]:
        """Return the questions whose answers `actual` needs."""

    @abstractmethod
    def desired(self) -> State | None:
        """Return the wanted state; None where the thing must not exist."""

    @abstractmethod
    def actual(self, facts: Facts) -> State | Unknown | None:
        """Return the present state, in the fields of `desired`; None where nothing is there."""

    @abstractmethod
    def converge(self, difference: Difference) -> Iterator[Operation]:
        """Yield the operations that remove the difference, and no others."""

    @classmethod
    def forecast(
        cls,
        work: Sequence[tuple[Any, Difference]],  # noqa: ARG003 - most act on what they name alone
        facts: Facts,  # noqa: ARG003
        changed: Collection[str],  # noqa: ARG003
    ) -> Forecast:
        """Return what the changes of this word bring about beside what they name.

        Args:
            work: all that differ.
            facts: the answers to the questions of all.
            changed: the ids of all resources that differ, of other words too.
        """
        return NOTHING

    @classmethod
    def converge_all(
        cls,
        work: Sequence[tuple[Any, Difference]],
        forecast: Forecast | None = None,  # noqa: ARG003 - most act on what they name alone
    ) -> Iterator[Operation]:
        """Yield the operations for neighbours of one word; a word may batch them.

        Args:
            work: the neighbours.
            forecast: what the plan showed beside them; None where no plan was made.
        """
        for resource, difference in work:
            yield from resource.converge(difference)

    def exported(self) -> Iterator[Operation]:
        """Yield the operations for a deploy that runs without a plan, whatever the machine has."""
        after = self.desired()
        before: State | None = {} if after is None else None
        yield from self.converge(Difference(before, after, (EXISTENCE, *(after or {}))))

    @abstractmethod
    def witness(self) -> Iterable[Assertion]:
        """Return what testinfra must see where the thing is in its wanted state."""

    def predict(self, difference: Difference, changed: Collection[str]) -> Difference:  # noqa: ARG002
        """Add to a difference what the changes of other resources (by id) will bring about."""
        return difference

    def repairs(self, facts: Facts) -> Iterable[tuple[Resource, Difference]]:  # noqa: ARG002
        """Return what must be mended on the machine before its word can change anything.

        No environment names these; the first resource of a word is asked, for all of them.
        """
        return ()

    def settle(self, difference: Difference, facts: Facts) -> Difference:  # noqa: ARG002
        """Say in a difference what only the machine knows; most words have nothing to add."""
        return difference

    def refusal(self, difference: Difference) -> str:  # noqa: ARG002 - most refuse nothing
        """Return why envwright must not remove this difference; "" where it may."""
        return ""

    def unwritable(self, revealed: State) -> str:  # noqa: ARG002 - most can write any text
        """Return why the wanted state, its secrets put in, cannot be written; "" where it can."""
        return ""

    def obstacle(self, facts: Facts) -> str:  # noqa: ARG002 - most are changed or as they should be
        """Return why the resource is left although it differs, and what a person can do.

        "" where nothing stands in the way. A resource that is left has no difference for apply.
        """
        return ""

    def pending(self, machine: Machine) -> str:  # noqa: ARG002 - most wait for nothing
        """Return what must happen before the difference can be removed; "" where nothing must."""
        return ""

    def written_questions(self) -> Iterable[Question[Any]]:
        """What `written` has to know beside `questions`; asked only where a restart may wait."""
        return ()

    def written(self, facts: Facts) -> float | None:  # noqa: ARG002 - most take effect at once
        """Return when the thing was last written, in seconds since 1970; None where unknown.

        Asked of a resource that takes effect at a later moment.
        """
        return None

    def way_back(self, before: State | None) -> WayBack:  # noqa: ARG002 - images need no state
        """Return how a change of the resource is taken back, or why it is not.

        By default what the resource replaces is put back from its before-images.

        Args:
            before: the state before the change, as the plan read it; None where nothing was there.
        """
        return WayBack(paths=tuple(self.replaces)) if self.replaces else UNKNOWN

    @classmethod
    def beside(cls) -> Question[Any] | None:
        """Return the question by which a run sees what its changes brought beside what they name.

        The question is asked before and after the changes of this word; None where a word brings
        nothing else.
        """
        return None

    @classmethod
    def way_back_beside(cls, before: Any, after: Any) -> WayBack:  # noqa: ARG003 - see `beside`
        """Return how the difference of two answers to `beside` is taken back."""
        return WayBack()

    def parts(self) -> Mapping[str, Resource]:
        """Return the parts that several environments can own side by side, by their names.

        By default the resource is one part.
        """
        return {self.id: self}

    def is_touched(self, difference: Difference) -> bool:
        """Tell whether a change of the whole changes the part that this is."""
        return bool(difference)

    @property
    def grants_access(self) -> bool:
        """Whether the resource lets somebody in: a key, a right, a login, a port that listens."""
        return False

    @property
    def holds_secret(self) -> bool:
        """Whether a secret may be in what the resource replaces, though it names none."""
        return False

    @property
    def at_work(self) -> bool:
        """Whether the thing works by what other resources bring, and so comes after all of them."""
        return False

    def merge(self, other: Resource) -> Resource:
        """Join two resources with one id.

        Raises:
            ConflictError: they disagree; the message names who asked for each.
        """
        if self.spec() != other.spec():
            raise ConflictError(
                f"{self.id} is wanted twice, differently: by {self.origins[0]} "
                f"and by {other.origins[0]}",
                hint="remove one of the two",
            )
        return self

    @property
    def pinnable(self) -> bool:
        """Whether two machines could come to different versions by it: a lock says which."""
        return False

    def pin(self, facts: Facts) -> str | None:  # noqa: ARG002 - most have no version
        """Return the version that the machine has or would get, for the lock.

        "" where the resource has no version of its own; None where nobody knows the version yet.
        """
        return ""

    def pinned(self, pin: str) -> Resource:
        """Return the resource that takes the version of a lock, and no other.

        Raises:
            RefusedError: the environment itself wants another version.
        """
        if pin and pin != (own := self._own_version()):
            raise RefusedError(f"{self.id}: the environment has {own}, and the lock {pin}")
        return self

    def _own_version(self) -> str:
        """The version that the environment itself says, where it says one alone."""
        return ""

    def spec(self) -> tuple[Any, ...]:
        """Return what is asked for, without who asks: resources of equal specs are the same."""
        return tuple(
            getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in {"origins", "needs", "follows", "at"}
        )

    def public_values(self) -> Iterable[Any]:
        """Return the values that other users can see, among which no secret may be.

        They see them in process lists, in names of files, in files that all can read.
        """
        return self.spec()


def wanted_by(*things: Resource | Requirement) -> str:
    """Return the line of an error that names who asked for some things, where that is known."""
    origins = dict.fromkeys(str(origin) for thing in things for origin in thing.origins)
    return f"\n    wanted by {', '.join(origins)}" if origins else ""
