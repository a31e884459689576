"""The way to root by sudo: real users with and without a rule, with and without a password."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from envwright.errors import HostError
from envwright.host import connectors
from envwright.host.session import Result, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="making users needs root"),
    pytest.mark.skipif(not shutil.which("sudo"), reason="there is no sudo"),
]

PASSWORD = "open sesame"


class Account(NamedTuple):
    """A user of this machine for the time of a test."""

    name: str
    rule: Path

    @property
    def host(self) -> str:
        """A host whose shell is this user's."""
        return f"@as/{self.name}"

    def may(self, rule: str) -> None:
        """Give the user a rule of sudo."""
        self.rule.write_text(f"Defaults:{self.name} !lecture\n{self.name} ALL=(ALL) {rule}\n")
        self.rule.chmod(0o440)


def as_user(host: str, rest: str, _interactive: bool) -> connectors.Route:  # noqa: FBT001  a table's
    local = connectors.find_route("@local").argv
    return connectors.Route(
        host, ("setpriv", "--reuid", rest, "--regid", rest, "--init-groups", "--", *local)
    )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A user with the password PASSWORD, whose shell is the host `@as/NAME`."""
    name = f"ewtest-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--user-group", name], check=True)
    rule = Path("/etc/sudoers.d") / name
    try:
        subprocess.run(["chpasswd"], input=f"{name}:{PASSWORD}\n", text=True, check=True)
        monkeypatch.setitem(connectors.CONNECTORS, "@as", connectors.Connector("@as/USER", as_user))
        yield Account(name, rule)
    finally:
        rule.unlink(missing_ok=True)
        subprocess.run(["userdel", name], check=True)


def refused(account: Account, password: str | None = None) -> tuple[list[str], int]:
    """The lines of the error of opening a session, and how often a password was asked for."""
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return password or ""

    with pytest.raises(HostError) as raised:
        open_session(account.host, password=None if password is None else answer)
    return str(raised.value).splitlines(), len(asked)


def test_a_rule_without_password_makes_root(account: Account) -> None:
    account.may("NOPASSWD: ALL")
    with open_session(account.host, hello='id -un; echo "$HOME"; pwd') as session:
        assert session.hello == Result(0, b"root\n/root\n/\n", b"")
        assert session.run("cat; exit 5", stdin=b"\0") == Result(5, b"\0", b"")


def test_the_user_stays_who_he_is_where_no_privilege_is_asked_for(account: Account) -> None:
    with open_session(account.host, hello="id -un", privileged=False) as session:
        assert session.hello == Result(0, f"{account.name}\n".encode(), b"")


def test_the_right_password_makes_root_and_is_asked_once(account: Account) -> None:
    account.may("ALL")
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return PASSWORD

    with open_session(account.host, hello="id -un; set; env", password=answer) as session:
        assert session.hello.stdout.startswith(b"root\n")
        assert PASSWORD.encode() not in session.hello.stdout + session.hello.stderr
        processes = session.run("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
        assert PASSWORD not in processes.text.splitlines()
        assert PASSWORD not in repr(vars(session))
    assert asked == [f"[sudo] password for {account.name} on {account.host}: "]


def test_a_wrong_password_is_refused_and_told_without_it(account: Account) -> None:
    account.may("ALL")
    assert refused(account, "wr'ong; exit") == (
        [f"{account.host}: sudo refused the password", "hint: try again, with the right one"],
        1,
    )


def test_a_password_that_nobody_can_give_is_told(account: Account) -> None:
    account.may("ALL")
    name = account.name
    assert refused(account) == (
        [
            f"{account.host}: sudo asks {name} for a password, and nobody is there to give it",
            "hint: run envwright in a terminal, or give the user a NOPASSWD rule",
        ],
        0,
    )


def test_a_user_without_a_rule_may_not_use_sudo(account: Account) -> None:
    assert refused(account, PASSWORD) == (
        [
            f"{account.name} may not use sudo on {account.host}",
            f"hint: let root add a rule for {account.name} with visudo, or use another user",
        ],
        1,
    )


def test_a_user_whose_rule_has_other_programs_may_not_either(account: Account) -> None:
    account.may("NOPASSWD: /bin/true")
    message, _ = refused(account, PASSWORD)
    assert message[0] == f"{account.name} may not use sudo on {account.host}"


def test_a_machine_without_sudo_is_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as directory, monkeypatch.context() as patch:
        Path(directory).chmod(0o755)
        for program in ("setpriv", "sh", "id"):
            (Path(directory) / program).symlink_to(shutil.which(program) or program)
        patch.setenv("PATH", directory)
        told = refused(account)
    assert told == (
        [
            f"{account.host}: {account.name} is not root, and there is no sudo",
            "hint: run envwright as root, or install sudo and give the user a rule",
        ],
        0,
    )
