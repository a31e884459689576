"""The compiler: merged, ordered, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins import StandInSection, compiled, secrets_of

from envwright.errors import SpecErrors
from envwright.model.operations import Key
from envwright.model.proof import Proof, Requirement
from envwright.model.resource import Moment, Origin, Resource
from envwright.model.secrets import marker
from envwright.resources.apt_source import AptSource
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.group import Group
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.member import Member
from envwright.resources.mount import Mount
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.resources.user import User

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = AptSource(
    source="tools", uris=("https://x.test",), suites=("stable",), key=Key(("A" * 40,), text="k")
)


def ids(*parts: StandInSection | Resource) -> list[str]:
    return [resource.id for resource in compiled(*parts).resources]


def conflict(*parts: StandInSection | Resource) -> str:
    with pytest.raises(SpecErrors) as raised:
        compiled(*parts)
    return str(raised.value)


def section(name: str, *resources: Resource) -> StandInSection:
    return StandInSection(name, resources)


# --- Origins ----------------------------------------------------------------------------------


def test_everything_knows_the_line_that_asked_for_it() -> None:
    proof, requirement = Proof("it works", "true", at=(9,)), Requirement("it can", "true", "no", "")
    result = compiled(
        StandInSection("docker", [File(path="/a", at=(4,))], [proof], [requirement]),
        StandInSection("wsl", [File(path="/b")]),
    )
    assert (result.name, [r.origins for r in result.resources]) == (
        "box",
        [(Origin("docker", "box.yaml", 4),), (Origin("wsl", "box.yaml", 1),)],
    )
    assert [str(r.origins[0]) for r in result.resources] == [
        "docker (box.yaml:4)",
        "wsl (box.yaml:1)",
    ]
    assert result.proofs == (
        Proof("it works", "true", at=(9,), origins=(Origin("docker", "box.yaml", 9),)),
    )
    docker = (Origin("docker", "box.yaml", 1),)
    assert result.requirements == (replace(requirement, origins=docker),)


# --- Merging ----------------------------------------------------------------------------------


def test_a_resource_that_two_sections_want_is_one_resource_with_both_origins() -> None:
    (resource,) = compiled(
        section("docker", Package(package="curl", needs=("group:a",), at=(2,))),
        section("packages", Package(package="curl", needs=("group:b",), at=(5,))),
    ).resources
    assert resource == Package(
        package="curl",
        origins=(Origin("docker", "box.yaml", 2), Origin("packages", "box.yaml", 5)),
        needs=("group:a", "group:b"),
        at=(2,),
    )


def test_keys_of_one_file_come_together() -> None:
    path = "/etc/docker/daemon.json"
    (resource,) = compiled(
        section("docker", Keys(path=path, dialect="json", keys={"a": 1, "same": [1]})),
        section("nvidia", Keys(path=path, dialect="json", keys={"b": 2, "same": [1]}, at=(8,))),
    ).resources
    assert isinstance(resource, Keys)
    assert (resource.keys, [str(origin) for origin in resource.origins]) == (
        {"a": 1, "same": [1], "b": 2},
        ["docker (box.yaml:1)", "nvidia (box.yaml:8)"],
    )


def test_two_that_disagree_on_a_key_are_named_with_their_lines() -> None:
    path = "/etc/docker/daemon.json"
    docker = Keys(path=path, dialect="json", keys={"log-driver": "local"}, at=(3,))
    other = Keys(path=path, dialect="json", keys={"log-driver": "json-file"}, at=(12,))
    assert conflict(section("docker", docker), section("nvidia", other)) == (
        "/etc/docker/daemon.json: docker (box.yaml:3) wants log-driver = 'local', "
        "nvidia (box.yaml:12) wants 'json-file'\n"
        "hint: remove one of the two"
    )


def test_two_that_disagree_on_a_file_are_named_with_their_lines() -> None:
    first, second = File(path="/a", content="1", at=(3,)), File(path="/a", content="2", at=(4,))
    assert conflict(section("files", first), section("docker", second)) == (
        "file:/a is wanted twice, differently: by files (box.yaml:3) and by docker (box.yaml:4)\n"
        "hint: remove one of the two"
    )


def test_one_path_cannot_be_two_kinds_of_thing() -> None:
    assert conflict(
        section("files", Directory(path="/a", at=(3,))),
        section("wsl", Link(path="/a", target="/b")),
    ) == (
        "/a is wanted as a directory by files (box.yaml:3) and as a link by wsl (box.yaml:1)\n"
        "hint: remove one of the two"
    )


def test_all_conflicts_are_told_at_once() -> None:
    files = [File(path=path, content="1", at=(2,)) for path in ("/a", "/b")]
    others = [File(path=path, content="2", at=(3,)) for path in ("/a", "/b")]
    told = conflict(section("files", *files), section("wsl", *others))
    assert [line.partition(" ")[0] for line in told.split("\n\n")] == ["file:/a", "file:/b"]


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (File(path="/a", content="1"), File(path="/a", content="1"), File(path="/a", content="1")),
        (
            Service(unit="x.service", running=True, enabled=None, reads=("/a",)),
            Service(unit="x.service", running=None, enabled=False, reads=("/b", "/a")),
            Service(unit="x.service", running=True, enabled=False, reads=("/a", "/b")),
        ),
        (
            Package(package="x"),
            Package(package="x", version="1.*", recommends=True),
            Package(package="x", version="1.*", recommends=True),
        ),
        (
            Package(package="x", version="1.*"),
            Package(package="x"),
            Package(package="x", version="1.*"),
        ),
    ],
)
def test_resources_that_leave_something_open_are_merged(
    one: Resource, other: Resource, merged: Resource
) -> None:
    (resource,) = compiled(section("a", one), section("b", other)).resources
    assert resource.spec() == merged.spec()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Service(unit="x.service", running=True), Service(unit="x.service", running=False)),
        (Service(unit="x.service", masked=True), Service(unit="x.service")),
        (Package(package="x", version="1"), Package(package="x", version="2")),
        (Package(package="x"), Package(package="x", present=False)),
        (Keys(path="/a", dialect="env"), Keys(path="/a", dialect="env", mode="0600")),
        (Member(user="a", group="b"), Member(user="a", group="b", takes_effect=Moment.VM)),
    ],
)
def test_resources_that_contradict_each_other_are_refused(one: Resource, other: Resource) -> None:
    assert conflict(section("a", one), section("b", other)) == (
        f"{one.id} is wanted twice, differently: by a (box.yaml:1) and by b (box.yaml:1)\n"
        "hint: remove one of the two"
    )


# --- Secrets ----------------------------------------------------------------------------------


def test_a_secret_is_for_contents_and_values_alone(tmp_path: Path) -> None:
    secrets, token = secrets_of(tmp_path, token="hunter22"), marker("token")
    good = [
        File(path="/a", content=token),
        Keys(path="/b", dialect="env", keys={"A": token}),
    ]
    assert len(compiled(*good, secrets=secrets).resources) == 2
    bad = [
        File(path="/a", validate=f"check {token}", at=(3,)),
        Keys(path="/b", dialect="authorized_keys", keys={token: True}, at=(4,)),
        Command(title="t", observe="", expected="", run=token, seen=(), at=(5,)),
    ]
    with pytest.raises(SpecErrors) as raised:
        compiled(*bad, secrets=secrets)
    hint = "hint: put the secret into the content of a file, or into the value of a key"
    assert str(raised.value).split("\n\n") == [
        f"box.yaml:{line}: other users could see the secret 'token' in {id_}\n{hint}"
        for line, id_ in ((3, "file:/a"), (4, "keys:/b"), (5, "command:t"))
    ]


# --- Order ------------------------------------------------------------------------------------


def test_resources_go_from_sources_to_services() -> None:
    everything = [
        Service(unit="x.service"),
        Command(title="t", observe="", expected="", run="", seen=()),
        Mount(target="/mnt/x", source="tmpfs", kind="tmpfs"),
        File(path="/etc/x"),
        Directory(path="/opt/x"),
        Member(user="dev", group="adm"),
        User(user="dev"),
        Group(group="adm"),
        Package(package="git"),
        SOURCE,
    ]
    assert ids(*everything) == [
        "apt-source:tools",
        "package:git",
        "group:adm",
        "user:dev",
        "member:adm/dev",
        "directory:/opt/x",
        "file:/etc/x",
        "mount:/mnt/x",
        "command:t",
        "service:x.service",
    ]


def test_what_is_alike_stays_as_it_is_written() -> None:
    assert ids(*(Package(package=name) for name in ("zsh", "ack", "mc"))) == [
        "package:zsh",
        "package:ack",
        "package:mc",
    ]


def test_an_apt_source_pulls_the_certificates_ahead_of_other_packages() -> None:
    packages = [Package(package=name) for name in ("git", "ca-certificates", "jq")]
    assert ids(*packages, SOURCE) == [
        "package:ca-certificates",
        "apt-source:tools",
        "package:git",
        "package:jq",
    ]


def test_owners_and_parents_come_before_what_is_theirs() -> None:
    assert ids(
        File(path="/opt/a/b/file", owner="dev", group="team"),
        Directory(path="/opt/a/b"),
        Directory(path="/opt/a"),
        Group(group="team"),
        User(user="dev", primary="team"),
    ) == [
        "group:team",
        "user:dev",
        "directory:/opt/a",
        "directory:/opt/a/b",
        "file:/opt/a/b/file",
    ]


def test_a_mount_comes_before_the_directory_that_is_its_root_and_what_lies_in_it() -> None:
    assert ids(
        File(path="/srv/data/file"),
        Directory(path="/srv/data"),
        Directory(path="/srv"),
        Directory(path="/opt/data"),
        Mount(target="/srv/data", source="/opt/data", kind="none", options=("bind",)),
    ) == [
        "directory:/srv",
        "directory:/opt/data",
        "mount:/srv/data",
        "directory:/srv/data",
        "file:/srv/data/file",
    ]


def test_a_service_comes_after_the_files_that_it_reads() -> None:
    reads = ("/etc/a", "/etc/b")
    assert ids(
        Service(unit="x.service", reads=reads),
        Keys(path="/etc/a", dialect="env", needs=("service:y.service",)),
        File(path="/etc/b"),
        Service(unit="y.service"),
    ) == ["file:/etc/b", "service:y.service", "keys:/etc/a", "service:x.service"]


def test_a_file_that_a_program_validates_comes_after_the_files_that_it_may_refer_to() -> None:
    assert ids(
        File(path="/opt/app/main", validate="check main", needs=("package:checker",)),
        Keys(path="/etc/a", dialect="env", validate="check a"),
        File(path="/opt/other/included"),
        Package(package="checker"),
    ) == ["package:checker", "file:/opt/other/included", "file:/opt/app/main", "keys:/etc/a"]


def test_needs_that_nothing_meets_are_passed_over() -> None:
    assert ids(File(path="/a", needs=("package:nobody", "file:/a"))) == ["file:/a"]


def test_a_circle_is_told_as_one_with_the_lines_that_asked_for_it() -> None:
    told = conflict(
        Package(package="start", needs=("package:a",)),
        section("mounts", Package(package="a", needs=("package:b",), at=(4,))),
        section(
            "files",
            Package(package="b", needs=("package:c", "package:d"), at=(7,)),
            Package(package="c", needs=("package:a",), at=(9,)),
            Package(package="d"),
        ),
    )
    assert told == (
        "these resources depend on each other: package:a -> package:b -> package:c -> package:a\n"
        "    wanted by mounts (box.yaml:4), files (box.yaml:7), files (box.yaml:9)\n"
        "hint: remove one of these dependencies"
    )


PACKAGES = [
    Package(package=f"p{number}", needs=(f"package:p{number // 2}",)) for number in range(1, 9)
]
PATHS = [File(path="/a/b/c"), Directory(path="/a/b"), Directory(path="/a"), User(user="root")]


@given(st.permutations([*PACKAGES, *PATHS, SOURCE]))
def test_however_it_is_written_everything_is_there_once_and_behind_its_needs(
    wanted: list[Resource],
) -> None:
    result = compiled(*wanted).resources
    assert sorted(r.id for r in result) == sorted(w.id for w in wanted)
    place = {resource.id: number for number, resource in enumerate(result)}
    early = [
        (resource.id, other)
        for resource in result
        for other in (*resource.needs, *resource.autorequires)
        if other in place and other != resource.id and place[other] > place[resource.id]
    ]
    assert early == []


@given(st.permutations([*PACKAGES, *PATHS, SOURCE]))
def test_compiling_is_a_function(wanted: list[Resource]) -> None:
    """Law 1."""
    assert compiled(*wanted) == compiled(*wanted)
