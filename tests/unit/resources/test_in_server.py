"""InServer: roles and databases, as the client of a server shows and makes them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from standins import DEBIAN, OFFLINE

from envwright.cache import plain_data
from envwright.facts import Aside, Facts, Output, Unknown
from envwright.model.operations import Content, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import compare
from envwright.model.way_back import WayBack
from envwright.resources.command import Impossible
from envwright.resources.in_server import Database, Role

ROLE = Role(
    server="db",
    title="a/b",
    ask="ask",
    run="make",
    fields={"login": True},
    password="⟦secret:P⟧",
    shut="shut",
    shut_fields={"login": False},
)
SHOP = Database(server="db", title="shop", ask="ask", run="make", fields={"open": True})
GONE = Database(server="db", title="gone", ask="ask", run="drop", present=False)


def facts(text: str, code: int = 0) -> Facts:
    return Facts({Aside("ask"): Output(code, text)})


def answer(**roles: Any) -> Facts:
    return facts(json.dumps({"role": roles, "database": {"shop": {"open": True, "owner": "x"}}}))


def test_one_question_is_for_all_that_is_in_a_server() -> None:
    assert {*ROLE.questions(), *SHOP.questions()} == {Aside("ask")}
    assert (ROLE.id, SHOP.id) == ("role:a/b@db", "database:shop@db")


def test_a_state_has_the_fields_that_are_managed() -> None:
    assert SHOP.actual(answer()) == {"open": True}
    assert ROLE.actual(answer()) is None
    found = ROLE.actual(answer(**{"a/b": {"login": False, "other": 1, "password": None}}))
    assert isinstance(found, dict)
    assert ([*found], found["login"]) == (["login", "password"], False)
    assert [found["password"] == word for word in ("None", "")] == [False, False]


def test_what_a_server_must_not_have_is_there_or_not() -> None:
    assert (GONE.desired(), GONE.actual(answer())) == (None, None)


def test_a_server_that_is_not_there_has_nothing() -> None:
    assert (ROLE.actual(facts("")), SHOP.actual(facts(""))) == (None, None)


def test_a_server_that_cannot_be_asked_yet_is_unknown() -> None:
    assert ROLE.actual(facts("the server does not run", 1)) == Unknown("the server does not run")
    assert ROLE.actual(Facts({})) == Unknown("the machine gave no answer")
    assert ROLE.refusal(compare(Unknown("the server does not run"), ROLE.desired())) == ""


def test_a_server_that_apply_cannot_bring_to_answer_is_refused() -> None:
    found = ROLE.actual(facts("nobody is let in", 77))
    assert found == Impossible("nobody is let in")
    assert ROLE.refusal(compare(found, ROLE.desired())) == "role:a/b@db: nobody is let in"


@pytest.mark.parametrize("text", ["[]", "no JSON", '{"role": 5}'])
def test_an_answer_that_is_none_shows_nothing(text: str) -> None:
    assert ROLE.actual(facts(text)) is None


def test_a_password_reaches_the_script_by_stdin_alone() -> None:
    given = {"_stdin": Content("⟦secret:P⟧")}
    assert list(ROLE.converge(compare(None, {}))) == [
        operation("server.shell", commands=["make"], **given)
    ]
    assert list(GONE.converge(compare({}, None))) == [operation("server.shell", commands=["drop"])]
    assert [value for value in ROLE.public_values() if "⟦" in str(value)] == []


def test_a_password_of_other_characters_is_refused() -> None:
    told = "a password must be of letters, digits and signs of ASCII, on one line"
    assert [ROLE.unwritable({"password": word}) for word in ("fine", "nä")] == ["", told]


def test_the_witness_reads_the_answer_anew() -> None:
    run = ("run", ("ask",), "stdout")
    assert list(ROLE.witness()) == [
        Assertion(*run, True, view=View("json", "role/a~1b/login")),
        Assertion(*run, "⟦secret:P⟧", view=View("lets_in", "role/a~1b/password")),
    ]
    assert list(GONE.witness()) == [Assertion(*run, None, view=View("json", "database/gone"))]


def test_a_server_that_systemd_does_not_start_yet_is_waited_for() -> None:
    told = [ROLE.pending(machine) for machine in (DEBIAN, OFFLINE)]
    assert told == ["", "systemd is not PID 1 yet"]


def test_a_new_role_is_shut_where_it_is_taken_back_and_no_data_is_lost() -> None:
    shut = replace(ROLE, present=False, run="shut", fields={"login": False}, password="")
    assert ROLE.way_back(None) == WayBack(resources=(shut,))
    states = [shut.actual(answer(**{"a/b": {"login": login}})) for login in (True, False)]
    assert (states, shut.actual(answer()), shut.desired()) == ([{"login": True}, None], None, None)
    assert list(shut.converge(compare({"login": True}, None))) == [
        operation("server.shell", commands=["shut"])
    ]
    assert list(shut.witness()) == []
    assert (ROLE.grants_access, SHOP.grants_access) == (True, False)
    told = [r.way_back(s).stays for r, s in ((ROLE, {}), (SHOP, None), (SHOP, {}))]
    stays = "shop@db stays as it is, for it may hold data: change the database, or drop it, by the "
    role = "the server does not tell which password a/b@db had: change the role by the "
    assert told == [f"{said}server's client" for said in (role, stays, stays)]


def test_what_is_in_a_server_can_be_kept_in_the_cache_and_in_a_generation() -> None:
    assert plain_data.decode(plain_data.encode((ROLE, SHOP, GONE))) == (ROLE, SHOP, GONE)
