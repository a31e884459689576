"""The capability `user`: the account of the developer, whose environment it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from envwright.model.capability import Capability
from envwright.model.values import AccountName  # noqa: TC001 - pydantic reads annotations

from .users.account import Account, Person
from .users.capture import capture, persons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capability import Objection
    from envwright.model.capture import Capturing
    from envwright.model.proof import Proof
    from envwright.model.resource import Resource


class Named(Capability):
    """The name of the developer."""

    name: AccountName
    """The name of the account."""


class Section(Account, Named):
    """The developer's account.

    A missing account is created with its home directory. The uid and the home of an existing
    account are never changed. A sudo rule goes live only when visudo accepts it. Other sections
    mean the developer where they name no account: `docker.users`, `go.users`, `logins.users`,
    `checkouts.*.owner`, `wsl.user.default`. Templates and conditions have the name as `user`, the
    home as `home`. Without this section these are root's, and the other sections have no accounts
    but those that they name. Further accounts are a section of their own: `users`.
    """

    example: ClassVar[str] = """\
user:
  name: dev
  shell: /bin/bash
  groups: [adm]
  sudo: nopasswd
  authorized_keys:
    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo dev@laptop
"""
    developer: ClassVar[str] = "name"

    @property
    def _person(self) -> Person:
        return Person(self.name, self)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        yield from self._person.objections(machine)

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield from self._person.resources(machine)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from self._person.proofs(machine)

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:
        return capture(machine, persons(machine)[:1], named=False)
