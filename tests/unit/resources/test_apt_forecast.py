"""What a plan says of apt's simulation: what comes along, what is told, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envwright.facts import AptChange, Facts, Simulation
from envwright.facts.apt import Space
from envwright.model.forecast import Forecast, SideEffect
from envwright.model.resource import Difference
from envwright.resources.package import Package

ANY, PINNED, ABSENT = (
    Package(package="jq"),
    Package(package="jq", version="1.6*"),
    Package(package="jq", present=False),
)
NEW = Difference(None, {}, ("exists",))


def seen(package: Package, simulation: Simulation, *changed: str) -> Forecast:
    work = [(package, NEW)]
    return Package.forecast(work, Facts({package.apt: simulation}), {package.id, *changed})


LISTS = Simulation(lists=True)


def test_what_apt_does_beside_what_is_named_is_foreseen() -> None:
    changes = (
        AptChange("upgrade", "libc6", "2.36-1", "2.36-2"),
        AptChange("install", "libonig5", "", "6.9-1"),
        AptChange("install", "jq", "", "1.7-1"),
    )
    assert seen(ANY, replace(LISTS, changes=changes)) == Forecast(
        side_effects=(
            SideEffect("upgrade", "libc6", "2.36-1", "2.36-2"),
            SideEffect("install", "libonig5", "", "6.9-1"),
        )
    )


def test_what_nobody_named_is_neither_removed_nor_downgraded() -> None:
    changes = (
        AptChange("remove", "gojq", "1.0"),
        AptChange("downgrade", "jq", "1.7-1", "1.6-1"),
        AptChange("downgrade", "libjq1", "1.7-1", "1.6-1"),
    )
    simulation = replace(LISTS, changes=changes)
    assert seen(PINNED, simulation).refusals == (
        (
            "apt would also remove gojq 1.0, which the environment does not name; to agree, name "
            "it in `packages: {absent: [gojq]}`"
        ),
        (
            "apt would also downgrade libjq1 1.7-1 -> 1.6-1, which the environment does not name; "
            'to agree, name the version: `packages: ["libjq1=1.6-1"]`'
        ),
    )
    assert len(seen(ANY, simulation).refusals) == 3
    removed = replace(LISTS, changes=(AptChange("remove", "jq", "1.6-1"),))
    assert seen(ABSENT, removed) == Forecast()


def test_a_name_that_apt_does_not_know_is_refused() -> None:
    assert seen(ANY, replace(LISTS, unknown=frozenset({"jq"}))).refusals == (
        (
            "apt knows no package 'jq'; `apt-cache search` finds names, and `apt-get update` on "
            "the machine gets the newest ones"
        ),
    )
    virtual = replace(LISTS, unavailable={"jq": ()}, providers={"jq": ("gojq", "jaq")})
    assert seen(ANY, virtual).refusals == (
        "'jq' is a virtual package, provided by gojq, jaq; name one of them",
    )
    assert seen(ANY, replace(LISTS, unavailable={"jq": ("1.7-1",)})).refusals == (
        (
            "apt is kept from installing jq 1.7-1 by a preference (apt_preferences(5)); "
            "`apt-cache policy jq` shows it"
        ),
    )
    assert seen(ANY, replace(LISTS, unavailable={"jq": ()})).refusals == (
        "apt has no package 'jq' to install; others only mention its name",
    )


@pytest.mark.parametrize(
    ("simulation", "changed", "reason"),
    [
        (Simulation(), (), "apt has no package lists yet"),
        (LISTS, ("apt-source:x",), "apt's sources change first"),
        (
            replace(LISTS, interrupted="less"),
            (),
            "dpkg has to finish what it was interrupted in first",
        ),
        (replace(LISTS, errors=("E: It is bad.",)), (), "apt says: It is bad."),
    ],
)
def test_where_apt_cannot_say_yet_the_plan_says_so(
    simulation: Simulation, changed: tuple[str, ...], reason: str
) -> None:
    told = (
        f"not known yet what apt does beside that ({reason}); apply refuses a removal or a "
        "downgrade that the environment does not name"
    )
    unknown = replace(simulation, unknown=frozenset({"jq"}))
    later = (
        "apt knows no package jq to install now; apply asks again when apt's lists are new, and "
        "ends there if it still knows none"
    )
    notes = (told, later) if simulation.lists else (told,)
    assert seen(ANY, unknown, *changed) == Forecast(notes=notes, known=False)


@pytest.mark.parametrize("package", [ANY, PINNED])
def test_a_name_that_a_source_is_still_to_bring_is_told(package: Package) -> None:
    notes = [
        seen(package, replace(LISTS, **answer), "apt-source:x").notes[1:]
        for answer in (
            {"unknown": frozenset({"jq"})},
            {"unavailable": {"jq": ()}},
            {"unavailable": {"jq": ("1.5-1",)}},
            {"unavailable": {"jq": ()}, "providers": {"jq": ("gojq",)}},
        )
    ]
    later = (
        "apt knows no package jq to install now; apply asks again when apt's lists are new, and "
        "ends there if it still knows none"
    )
    none = (
        "jq: apt offers none at all, and no version 1.6*; apply looks again after `apt-get update`"
    )
    some = none.replace("none at all", "1.5-1")
    assert (
        notes
        == {
            ANY: [(later,), (later,), (), ()],
            PINNED: [(later,), (none,), (some,), (none,)],
        }[package]
    )


def test_the_plan_names_the_versions_that_there_are() -> None:
    simulation = replace(LISTS, unavailable={"jq": ("1.7-1", "1.5-1")})
    assert seen(PINNED, simulation) == Forecast(
        notes=(
            (
                "jq: apt offers 1.7-1, 1.5-1, and no version 1.6*; "
                "apply looks again after `apt-get update`"
            ),
        )
    )


def test_a_package_on_hold_is_told_with_what_a_person_can_do() -> None:
    changes = (AptChange("upgrade", "jq", "1.5-1", "1.6-1"),)
    assert seen(PINNED, replace(LISTS, changes=changes, held=frozenset({"jq"}))).refusals == (
        "jq is on hold, and apt would upgrade it; `apt-mark unhold jq` on the machine lets it",
    )


def test_a_virtual_package_is_said_to_be_one() -> None:
    changes = (AptChange("install", "gojq", "", "1.0"),)
    assert seen(ANY, replace(LISTS, changes=changes)) == Forecast(
        side_effects=(SideEffect("install", "gojq", "", "1.0"),),
        notes=("jq is a virtual package: another one that apt installs provides it",),
    )


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched() -> None:
    space = (Space("/", 2048, 2048), Space("/var", 2049, 2048))
    assert seen(ANY, replace(LISTS, space=space)).refusals == (
        (
            "apt needs about 2.0 MiB on the disk of /var, and 2.0 MiB are free there; make room: "
            "`df -h` shows the disks, and `apt-get clean` on the machine removes archives that apt "
            "has kept"
        ),
    )


def test_a_package_of_another_architecture_is_removed_by_hand() -> None:
    removed = replace(LISTS, changes=(AptChange("remove", "jq:i386", "1.6"),))
    assert seen(ANY, removed).refusals == (
        (
            "apt would also remove jq:i386 1.6, which the environment does not name; remove it by "
            "hand: `apt-get remove jq:i386`"
        ),
    )
