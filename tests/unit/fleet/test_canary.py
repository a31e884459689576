"""The canary: which machines go first, and which failures stop all others."""

from __future__ import annotations

import pytest
from fleets import planned, verified

from envwright.errors import EnvwrightError, HostError
from envwright.fleet.canary import Canary
from envwright.fleet.outcome import HostOutcome
from envwright.host.inventory import Target

TEAM = [
    Target("a", groups=("backend",)),
    Target("b", groups=("backend",)),
    Target("c", groups=("canaries",)),
    Target("d", groups=("canaries",)),
]
PLANS = [
    HostOutcome(TEAM[0], planned()),
    HostOutcome(TEAM[1], planned("file:/a")),
    HostOutcome(TEAM[2], planned("file:/a")),
    HostOutcome(TEAM[3], error=HostError("it does not answer")),
]


@pytest.mark.parametrize(
    ("text", "canary"),
    [
        ("", Canary()),
        ("3", Canary(3)),
        ("b", Canary(hosts=frozenset("b"))),
        ("canaries", Canary(hosts=frozenset("cd"))),
        ("*,!a,!canaries", Canary(hosts=frozenset("b"))),
    ],
)
def test_a_canary_is_a_number_or_named_as_a_limit_names_hosts(text: str, canary: Canary) -> None:
    assert Canary.of(text, TEAM, "team.py") == canary


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0", "--canary 0: no host would go first"),
        ("canarys", "--canary 'canarys': team.py has no such host or group; did you mean "),
        ("a,!backend", "--canary 'a,!backend': no host of team.py is left"),
    ],
)
def test_a_canary_that_is_nobody_is_refused(text: str, told: str) -> None:
    with pytest.raises(EnvwrightError) as raised:
        Canary.of(text, TEAM, "team.py")
    assert raised.value.message.startswith(told)


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("", [], [1, 2]),
        ("1", [1], [2]),
        ("9", [1, 2], []),
        ("canaries", [2], [1]),
        ("a", [], [1, 2]),
    ],
)
def test_only_machines_that_differ_are_changed(
    text: str, first: list[int], others: list[int]
) -> None:
    assert Canary.of(text, TEAM, "team.py").split(PLANS) == (first, others)


@pytest.mark.parametrize(
    ("text", "failed"), [("", []), ("1", []), ("2", ["c"]), ("canaries", ["c", "d"]), ("b", [])]
)
def test_what_failed_on_a_canary_stops_the_others_and_no_other_failure_does(
    text: str, failed: list[str]
) -> None:
    canary = Canary.of(text, TEAM, "team.py")
    first, _ = canary.split(PLANS)
    applied = [*PLANS[:2], HostOutcome(TEAM[2], verified("file:/a")), PLANS[3]]
    assert canary.failed(applied, first) == failed
