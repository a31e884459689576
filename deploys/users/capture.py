"""What the accounts of persons on a machine are in an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.facts import Text
from envwright.facts.machine import PEOPLE
from envwright.model.capture import Captured, Item, LeftOut
from envwright.resources.edited_file import entries

from .account import Account, Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.facts import Facts, Machine
    from envwright.facts.accounts import Account as Login
    from envwright.model.capture import Capturing

SHADOW = Text("/etc/shadow")
WHY = "an account of a person (/etc/passwd)"


def persons(machine: Machine) -> list[Login]:
    """Return the accounts of persons; the first one is the developer."""
    people = [each for each in machine.accounts.users.values() if each.uid in PEOPLE]
    return sorted(people, key=lambda each: each.uid)


def capture(machine: Machine, people: Sequence[Login], *, named: bool) -> Capturing:
    """Look for what accounts are, and what they may do.

    Args:
        machine: the machine's facts.
        people: the accounts.
        named: the section is a table of accounts by name; else it is of one account.
    """
    facts = yield [SHADOW, *(Text(path) for each in people for path in _files(each, machine))]
    items: list[Item] = []
    left_out: list[LeftOut] = []
    secrets: dict[str, str] = {}
    for login in people:
        above = (login.name,) if named else ()
        given = login.uid == PEOPLE.start + persons(machine).index(login)
        if not named:
            items.append(Item(("name",), login.name, WHY))
        items.append(Item((*above, "shell"), login.shell, WHY if named else ""))
        if not given:
            items.append(Item((*above, "uid"), login.uid))
        items += (Item((*above, "groups"), group, listed=True) for group in login.groups)
        items += _rights(login, machine, above, facts)
        if login.home != f"/home/{login.name}":
            reason = "an account of an environment has its home in /home"
            left_out.append(LeftOut(f"home {login.home} of {login.name}", reason))
        if _has_password(login.name, facts):
            key = "".join(c if c.isalnum() and c.isascii() else "_" for c in login.name)
            secrets[f"{key.upper()}_PASSWORD_HASH"] = (
                f"the hash of the password of {login.name}, for `password_hash`"
            )
    return Captured(tuple(items), tuple(left_out), tuple(secrets.items()))


def _rule(login: Login, sudo: str, machine: Machine) -> tuple[str, str]:
    """Return the file of a sudo rule, and its text, as apply writes them."""
    person = Person(login.name, Account.model_construct(sudo=sudo))
    made = {r.name: r for r in person.resources(machine)}
    path, rule = next((p, r) for p, r in made.items() if p.startswith("/etc/sudoers.d/"))
    return path, str((rule.desired() or {}).get("content"))


def _keys(login: Login) -> str:
    return f"{login.home}/.ssh/authorized_keys"


def _files(login: Login, machine: Machine) -> Iterator[str]:
    yield _keys(login)
    yield _rule(login, "password", machine)[0]


def _rights(login: Login, machine: Machine, above: tuple[str, ...], facts: Facts) -> Iterator[Item]:
    """Yield the sudo rule, if it is one that apply writes, and the public keys."""
    for sudo in ("nopasswd", "password"):
        path, rule = _rule(login, sudo, machine)
        if facts[Text(path)] == rule:
            yield Item((*above, "sudo"), sudo, path)
    lines, _ = entries("authorized_keys", facts[Text(_keys(login))])
    for line in lines:
        yield Item((*above, "authorized_keys"), line, _keys(login), listed=True)


def _has_password(name: str, facts: Facts) -> bool:
    """Tell whether an account has the hash of a password (shadow(5))."""
    text = facts[SHADOW]
    lines = text.splitlines() if isinstance(text, str) else []
    fields = (line.split(":") for line in lines)
    return any(each[0] == name and each[1:2] and each[1].startswith("$") for each in fields)
