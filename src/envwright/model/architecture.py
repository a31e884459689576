"""Values that a section gives once, or once for each architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from envwright.model.capability import Objection
from envwright.model.values import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Machine
    from envwright.model.capability import Settings

Architecture = Annotated[str, spelled(r"^[a-z0-9]+$", "Debian's name of it, like `amd64`")]


def for_architecture(value: str | Mapping[str, str] | None, machine: Machine) -> str | None:
    """Return a value for the architecture of a machine; None where there is none."""
    return value if value is None or isinstance(value, str) else value.get(machine.architecture)


def unserved(
    settings: Settings, keys: Iterable[str], machine: Machine, at: tuple[str, ...], noun: str
) -> Iterator[Objection]:
    """Yield an objection for each key that has no value for the architecture of a machine.

    Args:
        settings: where the keys are.
        keys: values of one text, or of one for each architecture.
        machine: the kind of machine.
        at: the path of the settings inside the section; it ends with the name of the thing.
        noun: what the thing is.
    """
    for key in keys:
        value = getattr(settings, key)
        if value is not None and for_architecture(value, machine) is None:
            yield Objection(
                f"{at[-1]} has no {key} for {machine.architecture}",
                f"add the {key} for this architecture, or leave the {noun} out here: "
                f"`when: architecture in [{', '.join(value)}]`",
                at=(*at, key),
            )
