"""User: an account, made once and mended in what does no harm."""

from __future__ import annotations

import pytest

from envwright.facts import Account, Accounts, Facts, Logins, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Fields, compare
from envwright.resources.user import User

ACCOUNT = Account("dev", 1000, "dev", "/home/dev", "/bin/sh", ("adm",))
THERE = Facts({Logins(): Accounts({"dev": ACCOUNT}, {})})
ANY = User(user="dev")
FULL = User(user="dev", uid=1000, primary="dev", home="/home/dev", shell="/bin/bash")
STATE: Fields = {"uid": 1000, "group": "dev", "home": "/home/dev", "shell": "/bin/bash"}


def test_an_account_is_known_by_what_is_wanted_of_it() -> None:
    assert (ANY.id, ANY.questions()) == ("user:dev", (Logins(),))
    assert [ANY.desired(), FULL.desired()] == [{}, STATE]
    assert FULL.actual(THERE) == {**STATE, "shell": "/bin/sh"}
    assert FULL.actual(Facts({Logins(): Accounts({}, {})})) is None
    assert isinstance(FULL.actual(Facts({})), Unknown)
    assert compare(FULL.actual(THERE), FULL.desired()).fields == ("shell",)


def test_an_account_comes_after_its_group() -> None:
    assert list(User(user="dev", primary="team").autorequires) == ["group:team", "group:dev"]


def test_an_account_is_made_or_mended_by_one_call() -> None:
    assert list(FULL.converge(compare(None, STATE))) == [
        operation("paths.guarded", path="/home/dev"),
        operation(
            "server.user",
            user="dev",
            uid=1000,
            group="dev",
            home="/home/dev",
            shell="/bin/bash",
            create_home=True,
            ensure_home=False,
        ),
    ]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (User(user="dev", uid=1001), "user dev has uid 1000, not 1001"),
        (User(user="dev", home="/srv/dev"), "user dev has home /home/dev, not /srv/dev"),
    ],
)
def test_number_and_home_are_never_changed(spec: User, told: str) -> None:
    assert spec.refusal(compare(spec.actual(THERE), spec.desired())) == (
        f"{told}: its files would be left behind; change it by hand"
    )
    assert spec.refusal(compare(None, spec.desired())) == ""


def test_a_shell_is_changed() -> None:
    assert FULL.refusal(compare(FULL.actual(THERE), FULL.desired())) == ""


def test_an_account_is_witnessed_with_what_is_wanted_of_it() -> None:
    seen = ("user", ("dev",))
    assert list(FULL.witness()) == [
        Assertion(*seen, "exists", expected=True),
        Assertion(*seen, "uid", 1000),
        Assertion(*seen, "group", "dev"),
        Assertion(*seen, "home", "/home/dev"),
        Assertion(*seen, "shell", "/bin/bash"),
    ]
