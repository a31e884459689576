"""The base class of a capability, and how capabilities are found."""

from __future__ import annotations

import functools
import hashlib
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, ValidationInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    import jinja2

    from envwright.facts import Machine
    from envwright.model.proof import Proof, Requirement
    from envwright.model.resource import Resource


def _local(name: str, info: ValidationInfo) -> str:
    """Read a file that an environment names, relative to the environment's own folder."""
    folder = (info.context or {}).get("folder", ".")
    # Unlike Path.expanduser, this leaves a user whom nobody knows as it is.
    path = Path(folder) / os.path.expanduser(name)  # noqa: PTH111
    try:
        data = path.read_bytes()
        (info.context or {}).get("checksums", {})[str(path)] = hashlib.sha256(data).hexdigest()
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ValueError(f"cannot read {name}: {reason}") from error


def _local_template(name: str, info: ValidationInfo) -> str:
    """Read a file and render it as the strings of the environment are rendered."""
    text = _local(name, info)
    return str((info.context or {}).get("render", str)(text))


def _absolute(path: str) -> str:
    if not path.startswith("/") or posixpath.normpath(path) != path or not path.isprintable():
        raise ValueError("must be an absolute path without `..`, `//` or a `/` at its end")
    return path


LocalText = Annotated[str, AfterValidator(_local)]
"""The text of a file beside the environment, named by a relative path."""
LocalTemplate = Annotated[str, AfterValidator(_local_template)]
"""The same, rendered with the variables and facts of the environment."""
AbsolutePath = Annotated[str, AfterValidator(_absolute)]
"""A path that means the same to everyone who reads it."""
Url = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s\"'<>\\]+[^\s\"'<>\\/]$",
        json_schema_extra={"words": "an http or https address without a `/` at its end"},
    ),
]
AccountName = Annotated[
    str,
    Field(
        pattern=r"^[a-z_][a-z0-9_-]{0,31}$",
        json_schema_extra={"words": "small letters, digits, `_` and `-`, a letter first"},
    ),
]
"""A user or group name that useradd(8) of Debian takes."""
Mode = Annotated[
    str,
    Field(
        pattern=r"^[0-7]{4}$",
        json_schema_extra={"words": 'four octal digits in quotes, like "0644"'},
    ),
]
"""The permission bits of chmod(1)."""


class Settings(BaseModel):
    """A part of a capability's section: frozen, strict, and nothing in it that is not known."""

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
    """What a capability says beside its fields; the default of each is: nothing."""

    section: ClassVar[str]
    """The key in an environment: the name of the module that defines the capability."""
    example: ClassVar[str]
    """A section as YAML, with its key, that compiles; shown by `explain`."""

    def objections(self, machine: Machine) -> Iterable[Objection]:  # noqa: ARG002 - see class
        """Why the section can never work on such a machine; if it can, the rest is asked for."""
        return ()

    def resources(self, machine: Machine) -> Iterable[Resource]:  # noqa: ARG002 - see class
        """What should be."""
        return ()

    def proofs(self, machine: Machine) -> Iterable[Proof]:  # noqa: ARG002 - see class
        """Effects that must be observable afterwards."""
        return ()

    def requirements(self, machine: Machine) -> Iterable[Requirement]:  # noqa: ARG002 - see class
        """What only the machine knows, must hold before, and envwright cannot bring about."""
        return ()


class Capability(Describes, Settings):
    """A section of an environment whose keys are fields."""


class TableCapability(Describes, RootModel):  # type: ignore[type-arg] # bound by each subclass
    """A section of an environment that is a free table: its `root` says of what."""

    model_config = ConfigDict(frozen=True, strict=True)


Section = Capability | TableCapability


@functools.cache
def _templates() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - 30 ms that an environment without templates spares

    return jinja2.Environment(
        loader=jinja2.PackageLoader("envwright.templates", ""),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - configuration files, not HTML
    )


def render(template: str, **values: object) -> str:
    """Render `templates/<template>.j2`."""
    return _templates().get_template(f"{template}.j2").render(values)
