"""The requirements for accounts and groups that a section names and does not make itself."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from envwright.model.proof import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Machine

PACKAGE = "package:"
"""The beginning of the ids of packages, which bring accounts of services along."""


def accounts(names: Iterable[str], machine: Machine, *at: str) -> Iterator[Requirement]:
    """Yield the requirements for accounts of persons, of which `at` is the list in a section.

    An account that the machine has in /etc/passwd takes no requirement: no plan asks for it.
    """
    for index, name in enumerate(names):
        yield from account(name, machine, (*at, index))


def account(
    name: str, machine: Machine, at: tuple[str | int, ...], *, by_package: bool = False
) -> Iterator[Requirement]:
    """Yield the requirement for an account, unless the machine has it in /etc/passwd.

    Args:
        name: the account.
        machine: the machine.
        at: the path of the name in its section.
        by_package: the account may be that of a service, which the package of the service makes.
    """
    if name not in machine.accounts.users:
        made = _made_by("account", name, f"user:{name}", f"user: {{name: {name}}}")
        there = f"getent passwd -- {shlex.quote(name)}"
        yield replace(made, script=there, at=at, unless_changed=PACKAGE if by_package else "")


def group(name: str, machine: Machine, at: tuple[str | int, ...]) -> Iterator[Requirement]:
    """Yield the requirement for a group, which a package may make, as `account` does."""
    if name not in machine.accounts.groups:
        made = _made_by("group", name, f"group:{name}", f"user: {{groups: [{name}]}}")
        there = f"getent group -- {shlex.quote(name)}"
        yield replace(made, script=there, at=at, unless_changed=PACKAGE)


def _made_by(noun: str, name: str, maker: str, section: str) -> Requirement:
    """Return the requirement without its script, which asks network directories, too."""
    return Requirement(
        f"there is the {noun} {name}",
        "",
        f"there is no {noun} {name}",
        f"have the environment make the {noun} (`{section}`), or name one that the machine has",
        unless=maker,
        assumed=f"the {noun} {name}",
    )
