"""The protocol of a capability: its section of YAML, and what it returns for a machine."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, RootModel

from envwright.model.capture import Captured

if TYPE_CHECKING:
    from collections.abc import Iterable

    import jinja2

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
    from envwright.model.proof import Proof, Requirement
    from envwright.model.resource import Resource


HEADER = "# Written by envwright: change the environment, not this file.\n"
"""The first line of every file that envwright writes as a whole; `header` in templates."""


class Settings(BaseModel):
    """A part of a section: a frozen, strict model that refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        serialize_by_alias=True,
    )


@dataclass(frozen=True)
class Objection:
    """Why a part of a section can never work on a kind of machine.

    Args:
        reason: what cannot work, as a sentence without a full stop.
        hint: what a person can do.
        at: the path of that part inside the section.
    """

    reason: str
    hint: str
    at: tuple[str | int, ...] = ()


class Describes:
    """What a capability returns beside its fields; each method returns nothing by default."""

    section: ClassVar[str]
    """The key in an environment: the name of the module that defines the capability."""
    example: ClassVar[str]
    """A section as YAML, with its key, that compiles; shown by `explain`."""

    uncaptured: ClassVar[str] = ""
    """Why `capture` finds nothing for the section, as a sentence; "" where it looks for something.
    """
    developer: ClassVar[str] = ""
    """The key whose value is the name of the environment's developer; "" where the section names
    nobody so."""

    def objections(self, machine: Machine) -> Iterable[Objection]:  # noqa: ARG002 - see class
        """Return why the section can never work on such a machine.

        Where there are objections, no other method is called.
        """
        return ()

    def resources(self, machine: Machine) -> Iterable[Resource]:  # noqa: ARG002 - see class
        """Return the resources that the section wants on such a machine."""
        return ()

    def proofs(self, machine: Machine) -> Iterable[Proof]:  # noqa: ARG002 - see class
        """Return the proofs of the effects that must be observable after apply."""
        return ()

    def requirements(self, machine: Machine) -> Iterable[Requirement]:  # noqa: ARG002 - see class
        """Return what only the machine knows, must hold before apply, and apply cannot change."""
        return ()

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - see class
        """Look for what a person made on a machine that the section can say.

        A generator: each `facts = yield questions` costs one round trip for all capabilities.
        """
        yield from ()
        return Captured()


class Capability(Describes, Settings):
    """A section of an environment whose keys are fields."""


class TableCapability(Describes, RootModel):  # type: ignore[type-arg] # bound by each subclass
    """A section of an environment that is a free table: its `root` says of what."""

    model_config = ConfigDict(frozen=True, strict=True)


Section = Capability | TableCapability


@functools.cache
def _templates() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - 30 ms that an environment without templates spares

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("envwright.templates", ""),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - configuration files, not HTML
    )
    environment.globals["header"] = HEADER
    return environment


def render(template: str, **values: object) -> str:
    """Render `templates/<template>.j2`."""
    return _templates().get_template(f"{template}.j2").render(values)
