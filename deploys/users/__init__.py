"""The capability `users`: the accounts of further persons, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from envwright.model.capability import TableCapability
from envwright.model.values import AccountName  # noqa: TC001 - pydantic reads annotations

from .account import Account, Person
from .capture import capture, persons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capability import Objection
    from envwright.model.capture import Capturing
    from envwright.model.proof import Proof
    from envwright.model.resource import Resource


class Section(TableCapability):
    """Accounts beside the developer's, by name.

    Each account has the keys of the section `user`, and `defaults` lies below every account. An
    account that leaves the table stays on the machine.
    """

    example: ClassVar[str] = """\
users:
  defaults: {shell: /bin/bash, groups: [adm]}
  anna: {sudo: nopasswd}
  build: {shell: /usr/sbin/nologin}
"""

    root: dict[AccountName, Account]

    @property
    def _persons(self) -> Iterator[Person]:
        return (Person(name, account, (name,)) for name, account in self.root.items())

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for person in self._persons:
            yield from person.objections(machine)

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for person in self._persons:
            yield from person.resources(machine)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for person in self._persons:
            yield from person.proofs(machine)

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:
        return capture(machine, persons(machine)[1:], named=True)
