"""packages: known apt sources and PPAs, named without an address and a key."""

from __future__ import annotations

import dataclasses
import re
import sys
from typing import TYPE_CHECKING

import pytest
from keys import FINGERPRINT
from sections import compile_section, refusals
from standins import DEBIAN, UBUNTU

from envwright.model.catalogue import discover
from envwright.model.operations import Key
from envwright.resources.apt_source import AptSource
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

KEY = f"{{text: k, fingerprint: {FINGERPRINT}}}"
ARM = dataclasses.replace(DEBIAN, architecture="arm64")


PACKAGES = discover()["packages"].__module__
KNOWN = sys.modules[f"{PACKAGES}.known"]
"""The data file, by way of the capability: tests import none by name."""


def made(folder: Path, section: str, machine: Machine = DEBIAN) -> AptSource:
    """The only source of a section."""
    compiled = compile_section(folder, f"packages: {section}\n", machine)
    (found,) = (one for one in compiled.resources if isinstance(one, AptSource))
    return found


# --- The data file ----------------------------------------------------------------------------


def test_each_known_source_is_whole() -> None:
    assert re.fullmatch(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", KNOWN.LOOKED_UP)
    fields = {"distribution", "release", "codename", "architecture", "version"}
    for name, source in KNOWN.SOURCES.items():
        keys = (source.key, *source.key_of.values())
        texts = [source.url, source.suite, *(key.url for key in keys), *source.lists]
        used = set(re.findall(r"\{(\w+)\}", " ".join(texts)))
        assert used <= fields, name
        assert ("version" in used) == bool(source.versions) == bool(source.example), name
        assert not source.versions or re.fullmatch(source.versions, source.example), name
        assert all(
            address.startswith("https://")
            for address in (source.url, source.published, *(key.url for key in keys))
        ), name
        for key in keys:
            assert all(re.fullmatch("[0-9A-F]{40}", one) for one in key.fingerprints), name
            assert len(set(key.fingerprints)) == len(key.fingerprints) > 0, name
        assert source.packages, name
        assert re.search(r"\w", source.place), name


def test_known_sources_and_ppas_are_sorted() -> None:
    assert list(KNOWN.SOURCES) == sorted(KNOWN.SOURCES)
    assert list(KNOWN.PPAS) == sorted(KNOWN.PPAS)
    assert all(re.fullmatch("[0-9A-F]{40}", one) for one in KNOWN.PPAS.values())


def test_every_known_source_compiles_by_its_name_on_every_kind_of_machine(
    tmp_path: Path,
) -> None:
    for machine in MACHINES:
        for name, source in KNOWN.SOURCES.items():
            version = f'version: "{source.example}"' if source.versions else ""
            found = made(tmp_path, f"{{sources: {{{name}: {{{version}}}}}}}", machine)
            assert (found.source, "{" in found.content + found.key.url) == (name, False)
            # What the publisher's own steps wrote before lies below what is cleared away.
            (address,) = found.old_addresses
            assert f"{found.uris[0].rstrip('/')}/".startswith(f"https://{address}/")


# --- What a name comes to ---------------------------------------------------------------------


def test_a_known_source_needs_no_more_than_its_name(tmp_path: Path) -> None:
    found = made(tmp_path, "{sources: {github-cli: {}}}")
    assert found.content == (
        "Types: deb\n"
        "URIs: https://cli.github.com/packages\n"
        "Suites: stable\n"
        "Components: main\n"
        "Architectures: amd64\n"
        "Signed-By: /etc/apt/keyrings/github-cli.asc\n"
    )
    assert found.key == Key(
        ("7F38BBB59D064DBCB3D84D725612B36462313325", "2C6106201985B60E6C7AC87323F3D4EA75716059"),
        url="https://cli.github.com/packages/githubcli-archive-keyring.gpg",
    )


@pytest.mark.parametrize(
    ("section", "machine", "wanted"),
    [
        ('nodesource: {version: "22"}', DEBIAN, ("node_22.x", "nodistro", ("main",))),
        ('llvm: {version: "21"}', UBUNTU, ("/noble/", "llvm-toolchain-noble-21", ("main",))),
        ('kubernetes: {version: "1.36"}', DEBIAN, ("/v1.36/deb/", "/", ())),
        (
            'mongodb: {version: "8.0"}',
            UBUNTU,
            ("/ubuntu", "noble/mongodb-org/8.0", ("multiverse",)),
        ),
        ("pgdg: {}", DEBIAN, ("/apt", "trixie-pgdg", ("main",))),
        ("pgdg: {suites: [bookworm-pgdg]}", DEBIAN, ("/apt", "bookworm-pgdg", ("main",))),
        ("nginx: {}", UBUNTU, ("/packages/ubuntu", "noble", ("nginx",))),
        ("1password: {}", ARM, ("/debian/arm64", "stable", ("main",))),
        ("pgdg: {url: 'http://mirror.test/pg'}", DEBIAN, ("/pg", "trixie-pgdg", ("main",))),
    ],
)
def test_a_known_source_follows_machine_and_version_and_each_part_can_be_replaced(
    section: str, machine: Machine, wanted: tuple[str, str, tuple[str, ...]], tmp_path: Path
) -> None:
    found = made(tmp_path, f"{{sources: {{{section}}}}}", machine)
    (uri,), (suite,) = found.uris, found.suites
    assert (uri[-len(wanted[0]) :], suite, found.components) == wanted


def test_microsoft_signs_newer_releases_with_another_key(tmp_path: Path) -> None:
    keys = {
        machine.codename: made(tmp_path, "{sources: {microsoft-prod: {}}}", machine).key.url
        for machine in (DEBIAN, UBUNTU)
    }
    assert keys == {
        "trixie": "https://packages.microsoft.com/keys/microsoft-2025.asc",
        "noble": "https://packages.microsoft.com/keys/microsoft.asc",
    }


def test_a_key_of_ones_own_takes_the_place_of_the_known_one(tmp_path: Path) -> None:
    key = f"{{url: https://x.test/key, fingerprint: {FINGERPRINT}, may_hold: [{'A' * 40}]}}"
    found = made(tmp_path, f"{{sources: {{vscode: {{key: {key}}}}}}}")
    assert (found.uris, found.key) == (
        ("https://packages.microsoft.com/repos/code",),
        Key((FINGERPRINT, "A" * 40), url="https://x.test/key"),
    )


def test_a_known_source_takes_the_place_of_older_versions_of_itself(tmp_path: Path) -> None:
    found = made(tmp_path, '{sources: {mongodb: {version: "8.0"}}}')
    assert (found.old_entries.files, found.old_entries.addresses) == (
        ("mongodb.list", "mongodb-org-8.0.list"),
        ("repo.mongodb.org/apt",),
    )


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("githubcli: {}", "the source githubcli needs 'url' and 'key': envwright knows no source"),
        ("nodesource: {}", "the source nodesource has one repository for each version"),
        (
            'nodesource: {version: "2.1"}',
            (
                "the source nodesource has one repository for each version, and '2.1' is none that "
                "envwright knows"
            ),
        ),
        ('vscode: {version: "1.99"}', "the source vscode has all versions in one repository"),
        (
            f'x: {{url: "https://x.test", version: "1", key: {KEY}}}',
            "the source x takes no version: only known sources do",
        ),
    ],
)
def test_what_no_source_can_be_made_of_is_refused(section: str, told: str, tmp_path: Path) -> None:
    (refused,) = refusals(tmp_path, f"packages: {{sources: {{{section}}}}}\n")
    assert told in refused


def test_an_architecture_that_the_publisher_does_not_build_for_is_refused(tmp_path: Path) -> None:
    section = "packages: {sources: {google-chrome: {}}}\n"
    assert refusals(tmp_path, section, ARM) == [
        "2:37: the source google-chrome has packages for amd64, and not for arm64"
    ]


# --- PPAs -------------------------------------------------------------------------------------


def test_a_ppa_is_the_file_that_add_apt_repository_writes(tmp_path: Path) -> None:
    found = made(tmp_path, "{ppas: {deadsnakes/ppa: {}}}", UBUNTU)
    assert (found.path, found.content) == (
        "/etc/apt/sources.list.d/deadsnakes-ubuntu-ppa-noble.sources",
        (
            "Types: deb\n"
            "URIs: https://ppa.launchpadcontent.net/deadsnakes/ppa/ubuntu\n"
            "Suites: noble\n"
            "Components: main\n"
            "Architectures: amd64\n"
            "Signed-By: /etc/apt/keyrings/deadsnakes-ubuntu-ppa-noble.asc\n"
        ),
    )
    fingerprint = "F23C5A6CF475977595C89F51BA6932366A755776"
    assert found.key == Key(
        (fingerprint,),
        url=f"https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x{fingerprint}",
    )
    assert found.old_entries.addresses == (
        "ppa.launchpadcontent.net/deadsnakes/ppa/ubuntu",
        "ppa.launchpad.net/deadsnakes/ppa/ubuntu",
    )


def test_a_ppa_that_envwright_does_not_know_has_its_fingerprint(tmp_path: Path) -> None:
    section = f"{{ppas: {{me/tools: {{fingerprint: {FINGERPRINT}, suites: [jammy]}}}}}}"
    found = made(tmp_path, section, UBUNTU)
    assert (found.suites, found.key.fingerprints) == (("jammy",), (FINGERPRINT,))


def test_a_ppa_is_refused_on_debian_and_without_a_fingerprint(tmp_path: Path) -> None:
    assert refusals(tmp_path, "packages: {ppas: {me/tools: {}}}\n") == [
        "2:29: the PPA me/tools is built for Ubuntu, and not for debian",
        ("2:29: the PPA me/tools needs the fingerprint of its key: envwright does not know it"),
    ]


@pytest.mark.parametrize("name", ["deadsnakes", "ppa:deadsnakes/ppa", "a/b/c", "A/b"])
def test_what_is_no_name_of_a_ppa_is_refused(name: str, tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, f'packages: {{ppas: {{"{name}": {{}}}}}}\n', UBUNTU)
    assert told.endswith("must be the owner and the name of a PPA, as in `deadsnakes/ppa`")
