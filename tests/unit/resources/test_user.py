"""User: an account, made once and mended in what does no harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envwright.facts import (
    Account,
    Accounts,
    Facts,
    Guarded,
    KnownUser,
    Logins,
    Stat,
    Status,
    Text,
    Unknown,
)
from envwright.model.forecast import Forecast
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Fields, compare
from envwright.resources.user import User

ACCOUNT = Account("dev", 1000, "dev", "/home/dev", "/bin/sh", ("adm",))
THERE = Facts({Logins(): Accounts({"dev": ACCOUNT}, {})})
ANY = User(user="dev")
FULL = User(user="dev", uid=1000, primary="dev", home="/home/dev", shell="/bin/bash")
LISTED = "grep -qsxF -- /bin/bash /etc/shells || add-shell /bin/bash"
STATE: Fields = {"uid": 1000, "group": "dev", "home": "/home/dev", "shell": "/bin/bash"}


def test_an_account_is_known_by_what_is_wanted_of_it() -> None:
    shell = (Stat("/bin/bash"), Text("/etc/shells"))
    new = (Stat("/home/dev"), KnownUser("dev"))
    assert FULL.questions() == (Logins(), *shell, Guarded("/home/dev"), *new)
    assert (ANY.id, ANY.questions()) == ("user:dev", (Logins(), *new))
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
        operation("server.shell", commands=[LISTED]),
    ]


def test_a_shell_for_persons_is_listed_and_nologin_is_not() -> None:
    after: Fields = {"shell": "/bin/bash"}
    unlisted = compare({"shell": "/bin/bash (not in /etc/shells)"}, after)
    shell = User(user="dev", shell="/bin/bash")
    assert list(shell.converge(unlisted))[-1] == operation("server.shell", commands=[LISTED])
    nobody = User(user="dev", shell="/usr/sbin/nologin")
    assert len(list(nobody.converge(compare(None, nobody.desired())))) == 1


def facts(shell: Status | None, shells: str = "/bin/bash\n") -> Facts:
    account = replace(ACCOUNT, shell="/bin/bash")
    return Facts(
        {
            Logins(): Accounts({"dev": account}, {}),
            Stat("/bin/bash"): shell,
            Text("/etc/shells"): shells,
        }
    )


BASH = Status("file", "0755", "root", "root", 1, "")


@pytest.mark.parametrize(
    ("answers", "shell"),
    [
        (facts(BASH), "/bin/bash"),
        (facts(None), "/bin/bash (missing)"),
        (facts(BASH, "/bin/sh\n"), "/bin/bash (not in /etc/shells)"),
    ],
)
def test_a_shell_is_right_where_it_is_there_and_listed(answers: Facts, shell: str) -> None:
    assert FULL.actual(answers) == {**STATE, "shell": shell}


@pytest.mark.parametrize(
    ("answers", "changed", "refusals"),
    [
        (
            facts(None),
            {"user:dev"},
            (
                (
                    "there is no /bin/bash, the login shell of dev: name the package that has it "
                    "in `packages`, or another shell"
                ),
            ),
        ),
        (facts(None), {"user:dev", "package:bash"}, ()),
        (facts(None), {"user:dev", "link:/bin/bash"}, ()),
        (facts(BASH), {"user:dev"}, ()),
    ],
)
def test_a_shell_that_nothing_brings_is_refused(
    answers: Facts, changed: set[str], refusals: tuple[str, ...]
) -> None:
    difference = compare(None, FULL.desired())
    assert User.forecast([(FULL, difference)], answers, changed) == Forecast(refusals=refusals)


def home_of(owner: str) -> Facts:
    """The answers of a machine without the account, where its home is somebody's."""
    return Facts(
        {
            Logins(): Accounts({}, {}),
            Stat("/home/dev"): Status("directory", "0755", owner, owner, 0, ""),
            KnownUser("dev"): None,
        }
    )


@pytest.mark.parametrize(
    ("user", "owner", "told"),
    [
        (ANY, "1000", ""),
        (ANY, "107", "107"),
        (ANY, "ann", "ann"),
        (ANY, "root", ""),
        (ANY, "dev", ""),
        (User(user="dev", uid=1000), "1000", ""),
        (User(user="dev", uid=1001), "1000", "1000"),
    ],
)
def test_a_home_of_somebody_else_is_told_before_the_account_is_made(
    user: User, owner: str, told: str
) -> None:
    forecast = User.forecast([(user, compare(None, user.desired()))], home_of(owner), set())
    assert forecast.refusals == (
        (
            (
                f"dev is new, and its home /home/dev belongs to {told} already: move the folder "
                "away, or choose another name"
            ),
        )
        if told
        else ()
    )


@pytest.mark.parametrize(
    ("user", "owner", "uid"),
    [
        (ANY, "1000", 1000),
        (ANY, "107", None),
        (ANY, "root", None),
        (User(user="dev", uid=1001), "1000", 1001),
    ],
)
def test_a_new_account_gets_the_number_of_a_person_who_owned_its_home(
    user: User, owner: str, uid: int | None
) -> None:
    difference = user.settle(compare(None, user.desired()), home_of(owner))
    (call,) = (o for o in user.converge(difference) if o.name == "server.user")
    assert ((difference.after or {}).get("uid"), call.arguments["uid"]) == (uid, uid)


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
