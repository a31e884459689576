"""Policies: what a layer may say of the layers above it, and what is told of a policy itself."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from small_environments import CAPABILITIES, MACHINE, complaint

from envwright.spec.environment import load
from envwright.spec.policy import Policy, matches

HEAD = "name: x\npolicy:\n"


def told(rules: str) -> list[str]:
    """Return what is wrong with a policy, without the line of YAML and the caret."""
    return [line for line in complaint(f"{HEAD}{rules}") if not line.startswith("    ")]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            "  locked: {docker.daemon.mut: {reason: r}}\n",
            [
                "x.yaml:3:12: docker.daemon has no key 'mut'; did you mean 'mtu'?",
                "hint: `envwright explain docker` lists its keys; a key with dots stands in quotes",
            ],
        ),
        (
            "  locked: {docker: {}}\n",
            [
                "x.yaml:3:20: policy.locked.docker needs the key 'reason'",
                "hint: envwright explain policy.locked lists its keys",
            ],
        ),
        (
            "  locked: {docker: {reason: r, until: soon}}\n",
            [
                (
                    "x.yaml:3:39: policy.locked.docker.until must be a date such as 2026-01-31, "
                    "not text 'soon'"
                ),
            ],
        ),
        (
            "  bounds: {docker: {reason: r}}\n",
            [
                (
                    "x.yaml:3:20: policy.bounds.docker needs one of 'one_of', 'at_least', "
                    "'at_most', 'matches', 'contains', 'excludes', 'required'"
                ),
            ],
        ),
        (
            "  bounds: {docker.daemon.live-restore: {reason: r, at_most: 3}}\n",
            [
                (
                    "x.yaml:3:12: docker.daemon.live-restore is true or false, which 'at_most' "
                    "cannot bound"
                ),
                "hint: 'at_most' is for numbers, sizes and versions",
            ],
        ),
        (
            "  bounds: {docker.daemon.mtu: {reason: r, contains: [3]}}\n",
            [
                (
                    "x.yaml:3:12: docker.daemon.mtu is an integer of at least 68, which 'contains' "
                    "cannot bound"
                ),
                "hint: 'contains' is for lists and tables",
            ],
        ),
        (
            "  bounds: {docker.kernel: {reason: r, at_least: 1.20}}\n",
            [
                "x.yaml:3:12: a version that bounds docker.kernel must stand in quotes",
                'hint: YAML reads 1.20 as the number 1.2: write "1.20"',
            ],
        ),
        (
            '  bounds: {docker.kernel: {reason: r, matches: "("}}\n',
            ["x.yaml:3:27: the text of 'matches' is no regular expression"],
        ),
        (
            "  locked: {docker: {reason: r}, policy: {reason: r}}\n",
            [
                "x.yaml:3:33: there is no section 'policy'",
                (
                    "hint: a path is like docker.daemon.mtu; a key with dots stands in quotes: "
                    'files."/etc/hosts".mode'
                ),
            ],
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_told_at_its_line(rules: str, expected: list[str]) -> None:
    assert told(rules) == expected


def test_an_empty_policy_is_told() -> None:
    assert complaint("name: x\npolicy:\n")[0] == "x.yaml:2:1: policy must be a mapping, not null"


def test_the_example_of_a_policy_is_one() -> None:
    Path("x.yaml").write_text(f"name: x\n{Policy.example}", encoding="utf-8")
    assert [rule.path for rule in load("x.yaml", MACHINE).rules] == [
        "docker.daemon.mtu",
        "packages.install",
    ]


def rules(text: str) -> dict[str, tuple[str, str, Any]]:
    """Return the rules of a base and of an environment over it, by their paths."""
    Path("base.yaml").write_text("policy: {locked: {docker: {reason: base}}}\n", encoding="utf-8")
    Path("x.yaml").write_text(f"name: x\nextends: base.yaml\n{text}", encoding="utf-8")
    found = load("x.yaml", MACHINE, {}, CAPABILITIES).rules
    return {rule.path: (rule.noun, rule.place, rule.rank) for rule in found}


def test_the_rules_of_all_layers_hold_and_null_lifts_none() -> None:
    text = "policy: {locked: {sysctl: {reason: x}}, bounds: {packages: {reason: x, excludes: [a]}}}"
    assert rules(text) == {
        "docker": ("lock", "base.yaml:1", 0),
        "sysctl": ("lock", "x.yaml:3", 1),
        "packages.install": ("bound", "x.yaml:3", 1),
    }
    assert rules("policy: {locked: !replace {}}\n") == {"docker": ("lock", "base.yaml:1", 0)}


def test_a_rule_holds_through_its_last_day() -> None:
    Path("x.yaml").write_text(
        "name: x\npolicy: {locked: {docker: {reason: r, until: 2026-11-30}}}\n", encoding="utf-8"
    )
    (rule,) = load("x.yaml", MACHINE, {}, CAPABILITIES).rules
    days = [dt.date(2026, 11, 30), dt.date(2026, 12, 1)]
    assert [rule.is_void(day) for day in days] == [False, True]
    assert (rule.ended().summary, rule.ended().hint) == (
        "the lock of docker ended on 2026-11-30, and holds no longer",
        "remove the lock, or give it a later date",
    )


def test_a_pattern_matches_a_whole_text_and_takes_linear_time() -> None:
    found = [matches("a|b", text) for text in ("a", "b", "ab", "a\n", "", 1)]
    assert found == [True, True, False, False, False, False]
    assert not matches("(a+)+", "a" * 100_000 + "b")
