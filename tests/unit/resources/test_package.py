"""Package: one apt package, and many of them in one transaction."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from envwright.facts import Apt, AptChange, Facts, Simulation, Unknown
from envwright.model.forecast import Forecast
from envwright.model.operations import operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Difference, State, compare
from envwright.resources.apt_commands import OPTIONS, guard, reinstall, update
from envwright.resources.package import Package

ANY, PINNED, ABSENT = (
    Package(package="jq"),
    Package(package="jq", version="1.6*"),
    Package(package="jq", present=False),
)
NEW = Difference(None, {}, ("exists",))


def having(version: str) -> Facts:
    """What a machine says that has jq in a version, or has not."""
    simulation = Simulation({"jq": version} if version else {})
    return Facts({package.apt: simulation for package in (ANY, PINNED, ABSENT)})


def test_a_package_is_known_by_its_version() -> None:
    assert ANY.id == "package:jq"
    assert [p.questions() for p in (ANY, PINNED, ABSENT)] == [
        (Apt("jq"),),
        (Apt("jq", "1.6*"),),
        (Apt("jq", present=False),),
    ]
    assert [p.desired() for p in (ANY, PINNED, ABSENT)] == [{}, {"version": "1.6*"}, None]
    there = having("1.6-2")
    assert [p.actual(there) for p in (ANY, PINNED)] == [{"version": "1.6-2"}, {"version": "1.6*"}]
    assert PINNED.actual(having("1.7-1")) == {"version": "1.7-1"}
    assert ANY.actual(having("")) is None
    assert isinstance(ANY.actual(Facts({})), Unknown)


def test_any_version_will_do_where_none_is_named() -> None:
    there = having("1.6-2")
    assert [bool(compare(p.actual(there), p.desired())) for p in (ANY, PINNED, ABSENT)] == [
        False,
        False,
        True,
    ]


EXACT = f"-o APT::Cmd::Pattern-Only=true {OPTIONS}"


def test_packages_are_removed_and_installed_in_one_transaction_after_one_update() -> None:
    work = [
        Package(package="git"),
        Package(package="nano", present=False),
        Package(package="jq", version="1.6*"),
        Package(package="vim", recommends=True),
        Package(package="mc", present=False),
    ]
    first = ["git:native", "jq:native=1.6*", "nano:native-", "mc:native-"]
    assert list(Package.converge_all([(package, NEW) for package in work])) == [
        operation("server.shell", commands=[update()]),
        operation("server.shell", commands=[guard(work, first, None, "--no-install-recommends")]),
        operation(
            "apt.packages",
            packages=["git", "jq=1.6*"],
            no_recommends=True,
            allow_downgrades=True,
            extra_install_args=f"{EXACT} nano:native- mc:native-",
        ),
        operation(
            "server.shell", commands=[guard(work, ["vim:native"], None, "--install-recommends")]
        ),
        operation(
            "apt.packages",
            packages=["vim"],
            no_recommends=False,
            allow_downgrades=False,
            extra_install_args=f"{EXACT} --no-remove",
        ),
    ]


def test_a_removal_alone_needs_no_update() -> None:
    assert list(ABSENT.converge(NEW)) == [
        operation(
            "server.shell",
            commands=[guard([ABSENT], ["jq:native-"], None, "--no-install-recommends")],
        ),
        operation("apt.packages", packages=["jq"], present=False, extra_uninstall_args=EXACT),
    ]


def test_the_version_that_the_plan_shows_for_a_pattern_is_the_one_that_is_installed() -> None:
    simulation = Simulation(changes=(AptChange("install", "jq", "", "1.6-2"),))
    settled = PINNED.settle(
        Difference(None, {"version": "1.6*"}, ("exists",)), Facts({PINNED.apt: simulation})
    )
    assert settled == Difference(None, {"version": "1.6-2"}, ("exists",))
    *_, install = PINNED.converge(settled)
    assert install.arguments["packages"] == ["jq=1.6-2"]


def test_what_dpkg_began_is_finished_before_anything_is_installed() -> None:
    simulation = Simulation(interrupted="less dpkg's journal")
    ((finish, difference),) = ANY.repairs(Facts({ANY.apt: simulation}))
    assert finish.id == "command:dpkg --configure -a"
    before: State = {"value": "interrupted: less dpkg's journal"}
    assert difference == Difference(before, {"value": ""}, ("value",))
    assert list(ANY.repairs(Facts({ANY.apt: Simulation()}))) == []
    assert list(ANY.repairs(Facts({}))) == []


def test_a_virtual_package_is_there_when_its_provider_is() -> None:
    facts = Facts({ANY.apt: Simulation(provided={"jq": "gojq"})})
    assert ANY.actual(facts) == {"provided by": "gojq"}
    assert not compare(ANY.actual(facts), ANY.desired())
    # A version is that of the package itself; to be absent is meant of it alone, too.
    simulation = Simulation(provided={"jq": "gojq"})
    for package in (PINNED, ABSENT):
        assert package.actual(Facts({package.apt: simulation})) is None


def test_a_package_whose_programs_are_gone_is_installed_anew() -> None:
    facts = Facts({ANY.apt: Simulation({"jq": "1.6"}, missing={"jq": ("/usr/bin/jq", "/bin/j")})})
    difference = ANY.settle(compare(ANY.actual(facts), ANY.desired()), facts)
    before: State = {"programs": "/usr/bin/jq /bin/j missing"}
    assert difference == Difference(before, {"programs": "there"}, ("programs",))
    _, anew, *_ = ANY.converge(difference)
    assert anew == operation("server.shell", commands=[reinstall(["jq:native"])])
    simulation = Simulation({"jq": "1.6"}, missing={"jq": ("/usr/bin/jq",)})
    assert ABSENT.actual(Facts({ABSENT.apt: simulation})) == {"version": "1.6"}


def test_a_package_is_witnessed_with_its_version() -> None:
    installed = Assertion("package", ("jq",), "is_installed", expected=True)
    version = Assertion("package", ("jq",), "version", expected=True, view=View("version", "1.6*"))
    absent = Assertion("package", ("jq",), "is_installed", expected=False)
    assert [list(p.witness()) for p in (PINNED, ABSENT)] == [[installed, version], [absent]]


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="there is no dpkg here")
@pytest.mark.parametrize(
    ("name", "code"),
    [("dpkg", 0), ("awk", 0), ("debconf-2.0", 0), ("no-such-package", 1), ("aw", 1), ("aw.", 1)],
)
def test_a_package_is_witnessed_by_its_name_or_that_of_a_provider(name: str, code: int) -> None:
    (assertion,) = Package(package=name).witness()
    assert (assertion.module, assertion.attribute, assertion.expected) == ("run", "rc", 0)
    done = subprocess.run(["sh", "-c", *assertion.arguments], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b"")


# --- Holds ------------------------------------------------------------------------------------

HELD = Package(package="jq", hold=True)
MARK = operation("server.shell", commands=["apt-mark hold jq >/dev/null"])


def of(package: Package, simulation: Simulation) -> Difference:
    return compare(package.actual(Facts({package.apt: simulation})), package.desired())


def test_a_hold_that_is_missing_is_set_and_apt_is_not_asked_for_more() -> None:
    difference = of(HELD, Simulation({"jq": "1.6"}))
    assert difference.fields == ("hold",)
    assert list(HELD.converge(difference)) == [MARK]
    assert Package.forecast([(HELD, difference)], Facts({}), ()) == Forecast()
    assert of(HELD, Simulation({"jq": "1.6"}, held=frozenset({"jq"}))).fields == ()


def test_a_held_package_is_installed_and_then_held() -> None:
    *_, install, hold = HELD.converge(of(HELD, Simulation()))
    assert (install.name, hold) == ("apt.packages", MARK)


def test_a_version_is_changed_although_the_environment_holds_the_package() -> None:
    pinned = Package(package="jq", version="1.7", hold=True)
    there = Simulation(
        {"jq": "1.6"},
        lists=True,
        held=frozenset({"jq"}),
        changes=(AptChange("upgrade", "jq", "1.6", "1.7"),),
    )
    difference = of(pinned, there)
    first, *_, last = pinned.converge(difference)
    assert first == operation("server.shell", commands=["apt-mark unhold jq >/dev/null"])
    assert last == MARK
    told = Package.forecast([(pinned, difference)], Facts({pinned.apt: there}), ())
    assert told == Forecast()


def test_a_virtual_package_cannot_be_held() -> None:
    assert HELD.refusal(of(HELD, Simulation(provided={"jq": "gojq"}))) == (
        "jq is a virtual package, which cannot be held; hold gojq instead"
    )


def test_a_package_that_one_section_wants_and_another_holds_is_both() -> None:
    both = PINNED.merge(HELD)
    assert both == HELD.merge(PINNED)
    assert both.desired() == {"version": "1.6*", "hold": True}


def test_a_package_brings_its_accounts_to_check() -> None:
    mine = Package(package="db", accounts=("db",))
    both = mine.merge(Package(package="db", version="1"))
    assert tuple(both.brings()) == ("package:db", "user:db", "group:db")
    assert both == Package(package="db", version="1", accounts=("db",))
