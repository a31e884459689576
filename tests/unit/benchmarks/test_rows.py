"""Rows by name, pattern, title and floor."""

from __future__ import annotations

from benchmarks.rows import DEFAULT, ROWS, Row, choose


def test_the_default_rows_are_plans_and_applies_that_find_nothing() -> None:
    names = [row.name for row in choose(DEFAULT)]
    assert names == ["noop-plan-local", "noop-apply-local", "noop-plan-ssh", "noop-apply-ssh"]


def test_rows_are_chosen_by_names_and_patterns_in_the_order_of_the_table() -> None:
    names = [row.name for row in choose("version-*,noop-plan-local-10x,drift-ssh")]
    assert names == ["drift-ssh", "version-local", "noop-plan-local-10x"]


def test_small_work_comes_first() -> None:
    factors = [row.factor for row in ROWS]
    assert factors == sorted(factors)


def test_no_two_rows_have_one_name() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_a_row_says_what_is_done_by_which_road_and_how_much() -> None:
    row = Row("noop-plan", "wan", 10)
    assert row.title == (
        "noop-plan-wan-10x: a plan that finds nothing over SSH, 50 ms round trip, 10 times R1"
    )
    assert (row.verb, row.floor) == ("plan", "ssh host true")


def test_a_first_apply_has_the_expert_for_its_floor() -> None:
    assert Row("first", "ssh").floor == "expert.sh"
