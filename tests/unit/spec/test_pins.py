"""Pins: resources hold to the versions of a lock, or the environment is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standins import DEBIAN, compiled

from envwright.errors import RefusedError
from envwright.model.operations import Key
from envwright.resources.apt_source import AptSource
from envwright.resources.archive import Archive
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.spec import pins
from envwright.spec.lockfile import Lock
from envwright.spec.pins import Pin

if TYPE_CHECKING:
    from envwright.model.resource import Resource

KIND = "debian-13-amd64"
SHA, OTHER = "ab" * 32, "cd" * 32
ARCHIVE = Archive(path="/opt/tool", url="https://example.com/tool.tar.gz", sha256=SHA)
SOURCE = AptSource(
    source="tool",
    uris=("https://example.com",),
    suites=("stable",),
    key=Key(("AB" * 20, "CD" * 20), url="https://example.com/key"),
)


def hold(resource: Resource, **known: str) -> tuple[Resource, ...]:
    """Hold a resource to a lock; `_` in a name stands for the first `:` of an id."""
    versions = {name.replace("_", ":", 1): version for name, version in known.items()}
    lock = Lock("envwright.lock", machines={KIND: versions})
    return pins.hold(compiled(resource), lock, DEBIAN).resources


def test_the_kind_of_a_machine_is_what_offers_the_same_versions() -> None:
    assert pins.kind(DEBIAN) == KIND


@pytest.mark.parametrize(
    ("asked", "pin", "taken"),
    [("", "1.7", "1.7"), ("1.*", "1.7", "1.7"), ("1.7", "1.7", "1.7"), ("", "", "")],
)
def test_a_package_takes_the_version_of_the_lock(asked: str, pin: str, taken: str) -> None:
    (held,) = hold(Package(package="jq", version=asked), package_jq=pin)
    assert held.spec() == Package(package="jq", version=taken).spec()


@pytest.mark.parametrize("resource", [ARCHIVE, SOURCE])
def test_what_says_its_version_itself_agrees_with_the_lock(resource: Resource) -> None:
    known = {resource.id: resource.pin({}) or ""}  # type: ignore[arg-type] # it asks no machine
    lock = Lock("envwright.lock", machines={KIND: known})
    assert pins.hold(compiled(resource), lock, DEBIAN).resources[0].spec() == resource.spec()


def test_what_has_no_version_is_none_of_the_lock() -> None:
    file, absent = File(path="/a", content=""), Package(package="jq", present=False)
    by_list = Archive(path="/opt/a", url="https://example.com/a.tgz", index="https://example.com/s")
    for resource in (file, absent, by_list):
        assert hold(resource)[0].spec() == resource.spec()


@pytest.mark.parametrize(
    ("resource", "pin", "said"),
    [
        (Package(package="jq"), None, "package:jq: no version"),
        (
            Package(package="jq", version="1.6*"),
            "1.7",
            "package:jq: the environment has 1.6*, and the lock 1.7",
        ),
        (ARCHIVE, OTHER, f"archive:/opt/tool: the environment has {SHA}, and the lock {OTHER}"),
        (
            SOURCE,
            "EF" * 20,
            (
                f"apt-source:tool: the environment has {'AB' * 20} {'CD' * 20}, and the lock "
                f"{'EF' * 20}"
            ),
        ),
    ],
)
def test_a_lock_that_does_not_fit_is_refused(
    resource: Resource, pin: str | None, said: str
) -> None:
    known = {} if pin is None else {resource.id: pin}
    lock = Lock("team/envwright.lock", machines={KIND: known, "debian-12-amd64": {}})
    with pytest.raises(RefusedError) as raised:
        pins.hold(compiled(resource), lock, DEBIAN)
    assert str(raised.value) == (
        f"team/envwright.lock does not fit box on {KIND}:\n"
        f"    {said}\n"
        "    wanted by files (box.yaml:1)\n"
        "hint: `envwright lock FILE --host HOST` records what is missing, with --upgrade NAME what "
        "became another"
    )


@pytest.mark.parametrize(
    ("upgrade", "jq"), [(None, "1.6"), ("", "1.7"), ("jq", "1.7"), ("curl", "1.6")]
)
def test_a_lock_keeps_what_it_says_until_that_is_upgraded(upgrade: str | None, jq: str) -> None:
    known = {"package:jq": "1.6", "package:gone": "1"}
    assert pins.merge(known, {"package:jq": "1.7", "package:awk": ""}, upgrade) == (
        Pin("package:awk", None, ""),
        Pin("package:jq", "1.6", jq),
    )
