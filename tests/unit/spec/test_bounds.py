"""Bounds hold for the values of an environment, on every kind of machine for which it is judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_environments import CAPABILITIES, MACHINE, complaint

from envwright.errors import SpecErrors
from envwright.spec.environment import load

BOUNDS = "name: x\npolicy: {{bounds: {{{}: {{reason: so be it, {}}}}}}}\n"


def judged(path: str, demand: str, text: str) -> list[str]:
    """Return what is wrong with an environment of one bound, without place and reason."""
    Path("x.yaml").write_text(BOUNDS.format(path, demand) + text, encoding="utf-8")
    try:
        load("x.yaml", MACHINE, {}, CAPABILITIES)
    except SpecErrors as errors:
        return [error.summary for error in errors.errors]
    return []


def test_a_broken_bound_is_told_with_both_places_the_reason_and_the_way_out() -> None:
    Path("base.yaml").write_text(
        "policy:\n  bounds:\n    docker.daemon.mtu: {reason: the VPN drops more, at_most: 1400}\n",
        encoding="utf-8",
    )
    text = "name: x\nextends: base.yaml\nvars: {m: 1500}\ndocker: {daemon: {mtu: '{{ m }}'}}\n"
    assert complaint(text) == [
        (
            "x.yaml:4:24: docker.daemon.mtu is the integer 1500, but the bound in base.yaml:3 "
            "allows at most 1400: the VPN drops more"
        ),
        "    docker: {daemon: {mtu: '{{ m }}'}}",
        "                           ^",
        "hint: change the value; only base.yaml can move the bound",
    ]


PLACE = "the bound in x.yaml:2"


@pytest.mark.parametrize(
    ("path", "demand", "text", "expected"),
    [
        ("docker.kernel", "one_of: [a, b]", "docker: {kernel: b}", ""),
        (
            "docker.kernel",
            "one_of: [a, b]",
            "docker: {kernel: c}",
            f"""docker.kernel is text 'c', but {PLACE} allows only "a" and "b": so be it""",
        ),
        ("docker.kernel", "one_of: [a]", "docker: {}", ""),
        ("docker.kernel", "one_of: [a]", "", ""),
        (
            "docker.kernel",
            "one_of: [a], required: true",
            "docker: {}",
            f"docker.kernel is not set, which {PLACE} demands: so be it",
        ),
        (
            "docker.daemon.live-restore",
            "one_of: [true]",
            "docker: {}",
            f"docker.daemon.live-restore is false, but {PLACE} allows only true: so be it",
        ),
        (
            "docker.users",
            "matches: '[a-c]+'",
            "docker: {users: [abc, dan]}",
            f"docker.users has text 'dan', but {PLACE} allows only what matches '[a-c]+': so be it",
        ),
        (
            "packages",
            "excludes: [telnet]",
            "packages: [git]",
            "",
        ),
        (
            "packages",
            "excludes: [git, jq], contains: [git, curl]",
            "packages: [git]",
            (
                f"""packages.install lacks "curl", which {PLACE} demands: so be it|"""
                f"""packages.install has "git", which {PLACE} excludes: so be it"""
            ),
        ),
        (
            "packages",
            "contains: [git]",
            "",
            f"""packages.install lacks "git", which {PLACE} demands: so be it""",
        ),
        (
            "files",
            "excludes: [/etc/shadow]",
            "files: {/etc/shadow: {content: x}}",
            f"""files has "/etc/shadow", which {PLACE} excludes: so be it""",
        ),
        (
            "vars.size",
            "at_most: 8GB",
            "vars: {size: 9g}",
            f"vars.size is text '9g', but {PLACE} allows at most 8GB: so be it",
        ),
        (
            "docker.kernel",
            "at_least: '1.20'",
            "docker: {kernel: latest}",
            f"docker.kernel is text 'latest', but {PLACE} allows at least 1.20: so be it",
        ),
    ],
)
def test_a_bound_tells_each_value_that_it_does_not_allow(
    path: str, demand: str, text: str, expected: str
) -> None:
    assert judged(path, demand, text) == (expected.split("|") if expected else [])


@given(*[st.lists(st.integers(0, 99), min_size=2, max_size=3)] * 2)
def test_versions_are_ordered_by_their_numbers(value: list[int], limit: list[int]) -> None:
    older, newer = (".".join(map(str, each)) for each in (value, limit))
    while len(value) > 1 and not value[-1]:
        value.pop()
    while len(limit) > 1 and not limit[-1]:
        limit.pop()
    found = judged("docker.kernel", f"at_most: '{newer}'", f"docker: {{kernel: '{older}'}}")
    assert bool(found) == (value > limit)


@given(st.integers(0, 4096), st.integers(0, 4096), *[st.sampled_from(["", "K", "m", "GiB"])] * 2)
def test_sizes_are_ordered_by_their_bytes(low: int, high: int, one: str, other: str) -> None:
    units = {"": 1, "K": 1 << 10, "m": 1 << 20, "GiB": 1 << 30}
    sizes = [f"{low}{one or 'B'}", f"{high}{other or 'B'}"]
    found = judged("vars.size", f"at_least: {sizes[0]}", f"vars: {{size: {sizes[1]}}}")
    assert bool(found) == (low * units[one] > high * units[other])


def test_a_value_is_judged_where_its_condition_holds() -> None:
    text = BOUNDS.format("docker.daemon.mtu", "at_most: 1400")
    text += "docker: {daemon: {mtu: {when: wsl, then: 1500, else: 1300}}}\n"
    Path("x.yaml").write_text(text, encoding="utf-8")
    values: dict[bool, Any] = {}
    for wsl in (False, True):
        try:
            load("x.yaml", replace(MACHINE, wsl=wsl), {}, CAPABILITIES)
        except SpecErrors as errors:
            values[wsl] = errors.errors[0].summary
    assert values == {
        True: (
            "docker.daemon.mtu is the integer 1500, but the bound in x.yaml:2 allows at most 1400: "
            "so be it"
        )
    }
