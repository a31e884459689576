"""Packages and apt sources that are no good are told, and nothing of them stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from box import Box

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine
    from machines.repository import Repository

SOURCE = """\
packages:
  sources:
    tools:
      url: {url}
      suites: [trixie]
      components: [stable]
      key:
        url: {key_url}
        fingerprint: {fingerprint}
"""
DOCKER = "https://download.docker.com/linux/debian"


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    return Box(debian13, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def trusted(debian13: Machine) -> None:
    """The machine trusts the loopback server, as every machine does once it has certificates."""
    debian13.install("ca-certificates")


def source(repository: Repository, url: str = DOCKER, **key: str) -> str:
    words = {"key_url": repository.key_url, "fingerprint": repository.fingerprint, **key}
    return SOURCE.format(url=url, **words)


def test_a_package_that_does_not_exist_is_named(box: Box) -> None:
    assert box.refuses("packages: [no-such-package]\n") == (
        "error: HOST: apt knows no package 'no-such-package'; `apt-cache search` finds names, and "
        "`apt-get update` on the machine gets the newest ones\n"
        "hint: nothing was changed\n"
    )


def test_a_version_that_does_not_exist_is_named(box: Box) -> None:
    assert box.refuses('packages: ["bash=99.*"]\n') == (
        "error: package:bash failed on HOST:\n"
        "    E: Version '99.*' for 'bash' was not found\n"
        "    wanted by packages (box.yaml:2)\n"
        "hint: `apt-cache policy bash` shows which there are\n"
    )


def test_a_source_that_answers_404_is_not_added(box: Box, repository: Repository) -> None:
    url = "https://files.envwright.test/nothing"
    assert box.refuses(source(repository, url)) == (
        "error: apt-source:tools failed on HOST:\n"
        f"    E: The repository '{url} trixie Release' does not have a Release file.\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: look at the address and the suites of the source; where its publisher has "
        "nothing for this release yet, `suites` can name an older one\n"
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("truncate", "OpenSSL error: error:0A000126:SSL routines::unexpected eof while reading"),
        ("corrupt", "Hash Sum mismatch"),
    ],
)
def test_a_list_that_arrives_spoilt_is_not_used(
    fault: str, words: str, box: Box, repository: Repository
) -> None:
    with repository.server.fault("/binary-amd64/Packages", fault):
        said = box.refuses(source(repository))
    assert said == (
        "error: apt-source:tools failed on HOST:\n"
        f"    E: Failed to fetch {DOCKER}/dists/trixie/stable/binary-amd64/Packages {words}\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: try again; where it stays, the server or a proxy on the way spoils what it sends\n"
    )


def test_a_source_that_another_key_signs_is_not_added(box: Box, repository: Repository) -> None:
    other = {"key_url": repository.other_key_url, "fingerprint": repository.other_fingerprint}
    assert box.refuses(source(repository, **other)) == (
        "error: apt-source:tools failed on HOST:\n"
        f"    W: OpenPGP signature verification failed: {DOCKER} trixie InRelease: "
        "Sub-process /usr/bin/sqv returned an error code (1), error message is: "
        f"Missing key {repository.fingerprint}, which is needed to verify signature.\n"
        f"    E: The repository '{DOCKER} trixie InRelease' is not signed.\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: compare the key's fingerprint with the one that the publisher announces "
        "for this source\n"
    )


def test_a_key_with_another_fingerprint_is_refused_before_it_is_trusted(
    box: Box, repository: Repository
) -> None:
    assert box.refuses(source(repository, fingerprint=repository.other_fingerprint)) == (
        f"error: {repository.key_url} has the fingerprint {repository.fingerprint}, "
        f"not {repository.other_fingerprint}\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: no key was trusted; compare with the fingerprint that the publisher announces\n"
    )


def test_a_key_that_is_a_page_of_html_is_refused(box: Box, repository: Repository) -> None:
    url = "https://files.envwright.test/login"
    repository.server.put(url, b"<html>please log in</html>")
    assert box.refuses(source(repository, key_url=url)) == (
        f"error: {url} is no OpenPGP public key: this is HTML, not a key\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: open the address in a browser: a proxy may have answered instead\n"
    )


def test_a_key_that_is_not_there_is_told_with_its_address(box: Box, repository: Repository) -> None:
    url = f"{repository.key_url}.moved"
    assert box.refuses(source(repository, key_url=url)) == (
        f"error: HOST cannot download {url}: 404 Not Found\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: check the address, the machine's network, proxy and certificates\n"
    )


def test_a_source_that_contradicts_another_one_is_refused_by_plan(
    box: Box, repository: Repository
) -> None:
    by_hand = "/etc/apt/sources.list.d/by-hand.list"
    box.machine.put(by_hand, f"deb [signed-by=/usr/share/mine.gpg] {DOCKER} trixie stable\n")
    assert box.refuses(source(repository), "plan") == (
        f"error: HOST: {by_hand}:1 has the repository of apt-source:tools already, with another "
        "key or with none, and apt takes one key for one repository: remove that entry, or leave "
        "the source out of the environment\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: nothing was changed\n"
    )
    box.machine.sh(f"rm {by_hand}")
