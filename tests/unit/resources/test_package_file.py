"""Package: one that comes as a file, in the transaction and in the plan."""

from __future__ import annotations

from dataclasses import replace

from envwright.facts import Apt, AptChange, Facts, PackageFile, Simulation
from envwright.model.operations import operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Difference, State, compare
from envwright.model.way_back import WayBack
from envwright.resources.apt_commands import DEBS, OPTIONS, download, guard, reinstall, update
from envwright.resources.package import Package

FILE = PackageFile("https://x.test/zoom.deb", "a" * 64)
ZOOM = Package(package="zoom", version="6.2", file=FILE)
OLDER_TOO = replace(ZOOM, file=replace(FILE, downgrade=True))
NEW = Difference(None, {"version": "6.2"}, ("exists",))
FETCHED = operation(
    "server.shell", commands=[download([("zoom", "6.2", "a" * 64, "https://x.test/zoom.deb")])]
)
EXACT = f"-o APT::Cmd::Pattern-Only=true {OPTIONS} --no-remove"


def test_a_file_is_installed_in_the_transaction_of_all_packages() -> None:
    work = [ZOOM, Package(package="git")]
    words = [f"{DEBS}/zoom.deb", "git:native"]
    assert list(
        Package.converge_all([(ZOOM, NEW), (work[1], Difference(None, {}, ("exists",)))])
    ) == [
        operation("server.shell", commands=[update()]),
        FETCHED,
        operation("server.shell", commands=[guard(work, words, None, "--no-install-recommends")]),
        operation(
            "apt.packages",
            packages=[f"{DEBS}/zoom.deb", "git"],
            no_recommends=True,
            allow_downgrades=False,
            extra_install_args=EXACT,
        ),
        operation("server.shell", commands=[f"rm -r {DEBS}"]),
    ]


def test_the_certificates_that_a_download_takes_are_installed_before_it() -> None:
    certificates = Package(package="ca-certificates")
    zoom = replace(ZOOM, needs=(certificates.id,))
    made = list(Package.converge_all([(zoom, NEW), (certificates, Difference(None, {}, ("e",)))]))
    assert [one.arguments.get("packages") for one in made if one.name == "apt.packages"] == [
        ["ca-certificates"],
        [f"{DEBS}/zoom.deb"],
    ]
    assert made.index(FETCHED) > next(
        place for place, one in enumerate(made) if one.name == "apt.packages"
    )


def test_a_newer_version_than_that_of_the_file_is_as_it_should_be() -> None:
    newer = Simulation({"zoom": "7.0"}, newer=frozenset({"zoom"}))
    assert ZOOM.actual(Facts({ZOOM.apt: newer})) == {"version": "6.2"}
    other = Simulation({"zoom": "7.0"})
    assert compare(OLDER_TOO.actual(Facts({OLDER_TOO.apt: other})), OLDER_TOO.desired()) == (
        Difference({"version": "7.0"}, {"version": "6.2"}, ("version",))
    )
    assert (ZOOM.may_downgrade, OLDER_TOO.may_downgrade) == (False, True)
    at_least = "dpkg --compare-versions \"$(dpkg-query -W -f '${Version}' zoom)\" ge 6.2"
    _, version = ZOOM.witness()
    assert version == Assertion("run", (at_least,), "rc", 0)
    _, version = OLDER_TOO.witness()
    assert version == Assertion(
        "package", ("zoom",), "version", expected=True, view=View("version", "6.2")
    )


def test_the_plan_names_the_address_and_what_is_wrong_with_the_file() -> None:
    facts = Facts({ZOOM.apt: Simulation(lists=True)})
    after: State = {"version": "6.2", "file": FILE.url}
    assert ZOOM.settle(NEW, facts) == Difference(None, after, ("exists",))
    told = Simulation(
        lists=True,
        changes=(AptChange("install", "zoom", "", "6.2"),),
        faults=("https://x.test/zoom.deb is no package of dpkg",),
        offered={"zoom": "6.3"},
    )
    seen = Package.forecast([(ZOOM, NEW)], Facts({ZOOM.apt: told}), {ZOOM.id})
    assert seen.refusals == (
        (
            "https://x.test/zoom.deb is no package of dpkg: correct `debs`, or ask the publisher "
            "why the file is another one"
        ),
    )
    assert seen.notes == (
        (
            "apt's sources have zoom 6.3, which is newer than the file of the package: the next "
            "upgrade takes that version; `hold: [zoom]` keeps the one of the file"
        ),
    )


def test_a_file_whose_programs_are_gone_is_unpacked_anew() -> None:
    gone = Difference({"programs": "/usr/bin/zoom missing"}, {"programs": "there"}, ("programs",))
    _, fetched, anew, *_ = ZOOM.converge(gone)
    assert (fetched, anew) == (
        FETCHED,
        operation("server.shell", commands=[reinstall([f"{DEBS}/zoom.deb"])]),
    )


def test_a_file_is_joined_with_a_hold_and_is_no_matter_of_locks() -> None:
    held = ZOOM.merge(Package(package="zoom", hold=True))
    assert held == replace(ZOOM, hold=True)
    assert (ZOOM.pinnable, Package(package="zoom").pinnable) == (False, True)
    assert ZOOM.apt == Apt("zoom", "6.2", file=FILE)


def test_undo_removes_what_a_file_installed_and_says_which_version_it_cannot_bring() -> None:
    gone = Package(package="zoom", present=False, purge=True)
    assert ZOOM.way_back(None) == WayBack(resources=(gone,))
    assert ZOOM.way_back({"version": "6.1"}) == WayBack(
        stays="envwright does not have the file of zoom 6.1: `apt-get install zoom=6.1` on the "
        "machine tries apt's sources"
    )
