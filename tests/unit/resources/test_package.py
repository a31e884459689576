"""Package: one apt package, and many of them in one transaction."""

from __future__ import annotations

from envwright.facts import Dpkg, Facts, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Difference, compare
from envwright.resources.package import LOCK, UPDATE, Package

ANY, PINNED, ABSENT = (
    Package(package="jq"),
    Package(package="jq", version="1.6*"),
    Package(package="jq", present=False),
)
NEW = Difference(None, {}, ("exists",))


def test_a_package_is_known_by_its_version() -> None:
    assert (ANY.id, ANY.questions()) == ("package:jq", (Dpkg("jq"),))
    assert [p.desired() for p in (ANY, PINNED, ABSENT)] == [{}, {"version": "1.6*"}, None]
    there = Facts({Dpkg("jq"): "1.6-2"})
    assert [p.actual(there) for p in (ANY, PINNED)] == [{"version": "1.6-2"}, {"version": "1.6*"}]
    assert PINNED.actual(Facts({Dpkg("jq"): "1.7-1"})) == {"version": "1.7-1"}
    assert ANY.actual(Facts({Dpkg("jq"): None})) is None
    assert isinstance(ANY.actual(Facts({})), Unknown)


def test_any_version_will_do_where_none_is_named() -> None:
    there = Facts({Dpkg("jq"): "1.6-2"})
    assert [bool(compare(p.actual(there), p.desired())) for p in (ANY, PINNED, ABSENT)] == [
        False,
        False,
        True,
    ]


def test_packages_are_removed_then_installed_after_one_update() -> None:
    work = [
        Package(package="git"),
        Package(package="nano", present=False),
        Package(package="jq", version="1.6*"),
        Package(package="vim", recommends=True),
        Package(package="mc", present=False),
    ]
    assert list(Package.converge_all([(package, NEW) for package in work])) == [
        operation(
            "apt.packages", packages=["nano", "mc"], present=False, extra_uninstall_args=LOCK
        ),
        operation("server.shell", commands=[UPDATE]),
        operation(
            "apt.packages",
            packages=["git", "jq=1.6*"],
            no_recommends=True,
            allow_downgrades=True,
            extra_install_args=f"--no-remove {LOCK}",
        ),
        operation(
            "apt.packages",
            packages=["vim"],
            no_recommends=False,
            allow_downgrades=False,
            extra_install_args=f"--no-remove {LOCK}",
        ),
    ]


def test_a_removal_alone_needs_no_update() -> None:
    (remove,) = ABSENT.converge(NEW)
    assert remove.arguments["packages"] == ["jq"]


def test_a_package_is_witnessed_with_its_version() -> None:
    installed = Assertion("package", ("jq",), "is_installed", expected=True)
    version = Assertion("package", ("jq",), "version", expected=True, view=View("version", "1.6*"))
    absent = Assertion("package", ("jq",), "is_installed", expected=False)
    seen = [list(p.witness()) for p in (ANY, PINNED, ABSENT)]
    assert seen == [[installed], [installed, version], [absent]]
