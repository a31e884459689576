"""The requirements for accounts of persons that a section names and does not make itself."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.model.proof import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Machine


def accounts(names: Iterable[str], machine: Machine, *at: str) -> Iterator[Requirement]:
    """Yield the requirements for accounts of persons, of which `at` is the list in a section.

    An account that the machine has in /etc/passwd takes no requirement: no plan asks for it.
    """
    for index, name in enumerate(names):
        yield from account(name, machine, (*at, index))


def account(name: str, machine: Machine, at: tuple[str | int, ...]) -> Iterator[Requirement]:
    """Yield the requirement for an account, unless the machine has it in /etc/passwd.

    Args:
        name: the account.
        machine: the machine.
        at: the path of the name in its section.
    """
    if name not in machine.accounts.users:
        yield Requirement(
            f"there is the account {name}",
            # nsswitch.conf(5): the accounts of a network directory are in no file.
            f"getent passwd -- {shlex.quote(name)}",
            f"there is no account {name}",
            f"have the environment make the account (`users: {{{name}: {{}}}}`), or name one that "
            "the machine has",
            at=at,
            unless=f"user:{name}",
            assumed=f"the account {name}",
        )
