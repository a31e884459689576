"""Group: a line of /etc/group."""

from __future__ import annotations

import pytest

from envwright.facts import Accounts, Facts, Logins, Unknown
from envwright.model.forecast import Forecast
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import compare
from envwright.resources.group import Group

THERE = Facts({Logins(): Accounts({}, {"team": (2000, ())})})
ANY, FIXED = Group(group="team", system=True), Group(group="team", gid=2001)


def test_a_group_is_known_by_its_number_where_one_is_wanted() -> None:
    assert (ANY.id, ANY.questions()) == ("group:team", (Logins(),))
    assert [ANY.desired(), FIXED.desired()] == [{}, {"gid": 2001}]
    assert ANY.actual(THERE) == {"gid": 2000}
    assert ANY.actual(Facts({Logins(): Accounts({}, {})})) is None
    assert isinstance(ANY.actual(Facts({})), Unknown)
    assert bool(compare(ANY.actual(THERE), ANY.desired())) is False


def test_a_group_is_made_by_one_call() -> None:
    assert [list(group.converge(compare(None, group.desired()))) for group in (ANY, FIXED)] == [
        [operation("server.group", group="team", gid=None, system=True)],
        [operation("server.group", group="team", gid=2001, system=False)],
    ]


def test_a_number_is_never_changed() -> None:
    assert FIXED.refusal(compare(FIXED.actual(THERE), FIXED.desired())) == (
        "group team has gid 2000, not 2001: its files would keep the old number; change it by hand"
    )
    assert FIXED.refusal(compare(None, FIXED.desired())) == ""


def test_a_group_is_witnessed() -> None:
    exists = Assertion("group", ("team",), "exists", expected=True)
    gid = Assertion("group", ("team",), "gid", 2001)
    assert [list(ANY.witness()), list(FIXED.witness())] == [[exists], [exists, gid]]


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        (
            "dokcer",
            ("group dokcer is new and gives its members no rights; did you mean docker?",),
        ),
        ("docker2", ()),
        ("team", ()),
    ],
)
def test_a_new_group_that_is_almost_called_as_another_is_noted(
    name: str, notes: tuple[str, ...]
) -> None:
    group = Group(group=name)
    facts = Facts({Logins(): Accounts({}, {"docker": (999, ())})})
    work = [(group, compare(group.actual(facts), group.desired()))]
    assert Group.forecast(work, facts, {group.id}) == Forecast(notes=notes)
