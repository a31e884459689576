"""Member: a user in a group, which takes effect at a new login."""

from __future__ import annotations

from envwright.facts import Accounts, Facts, Logins, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Moment, compare
from envwright.resources.member import Member

MEMBER = Member(user="dev", group="docker")


def actual(*members: str) -> object:
    return MEMBER.actual(Facts({Logins(): Accounts({}, {"docker": (999, members)})}))


def test_a_membership_is_there_or_not() -> None:
    assert (MEMBER.id, MEMBER.questions()) == ("member:docker/dev", (Logins(),))
    assert (MEMBER.desired(), actual("ops", "dev"), actual("ops")) == ({}, {}, None)
    assert MEMBER.actual(Facts({Logins(): Accounts({}, {})})) is None
    assert isinstance(MEMBER.actual(Facts({})), Unknown)


def test_a_membership_comes_after_user_and_group_and_is_felt_by_a_login() -> None:
    assert MEMBER.autorequires == ("user:dev", "group:docker")
    assert MEMBER.takes_effect is Moment.LOGIN


def test_a_member_is_added_and_no_other_group_is_lost() -> None:
    assert list(MEMBER.converge(compare(None, {}))) == [
        operation("server.shell", commands=["usermod --append --groups docker -- dev"])
    ]


def test_a_membership_is_witnessed() -> None:
    assert list(MEMBER.witness()) == [
        Assertion("user", ("dev",), "groups", "docker", contained=True)
    ]
