"""Packages of machines that lived, as they are captured: situations of public reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captures import captured, shells
from standins import DEBIAN, UBUNTU

from envwright.facts import AptSources, Output, Text
from envwright.facts.apt_sources import listed
from envwright.model.capture import Item, LeftOut

if TYPE_CHECKING:
    from envwright.facts import Machine, Question

WHY = "chosen by a person: apt-mark showmanual, without the base system"


def package(
    name: str,
    priority: str = "optional",
    section: str = "utils",
    summary: str = "a program",
    depends: str = "",
) -> str:
    """Return the line of an installed package, as dpkg-query prints it."""
    words = ("ii ", name, name.partition(":")[0], priority, "no", section, summary, depends)
    return "\t".join(words)


def answers(
    machine: Machine, manual: str, *installed: str, **others: str
) -> dict[Question[Any], Any]:
    """Return what a machine says of its packages; `others` by a word of their scripts."""
    said = {"showmanual": manual.replace(" ", "\n"), "dpkg-query": "\n".join(installed), **others}
    return {shells("packages", machine, word): Output(0, text) for word, text in said.items()}


def names(*found: Item) -> list[str]:
    """Return the names of the packages among items."""
    return [item.value for item in found if item.at == ("install",)]


def test_an_image_that_marks_all_as_chosen_gives_the_chosen_ones() -> None:
    # debootstrap and several cloud images leave nothing marked as automatic.
    said = answers(
        DEBIAN,
        "apt bash jq libacl1 libc6 ripgrep",
        package("apt", "required", "admin", depends="libc6 (>= 2.38), libapt-pkg7.0 | none"),
        package("bash", "required", "shells", depends="libc6"),
        package("jq", depends="libjq1"),
        package("libacl1", section="libs"),
        package("tar", "required", depends="libacl1 (>= 2.2)"),
        package("libc6", section="libs"),
        package("ripgrep"),
    )
    found = captured("packages", DEBIAN, said)
    assert found.items == (
        Item(("install",), "jq", WHY, listed=True),
        Item(("install",), "ripgrep", WHY, listed=True),
    )


def test_what_the_installer_installed_is_no_choice_of_a_person() -> None:
    said = answers(
        UBUNTU,
        "efibootmgr jq ubuntu-desktop vlc",
        package("efibootmgr"),
        package("jq"),
        package("ubuntu-desktop", section="metapackages"),
        package("vlc"),
        **{"initial-status": "efibootmgr\nubuntu-desktop"},
    )
    assert names(*captured("packages", UBUNTU, said).items) == ["jq", "vlc"]


def test_a_metapackage_of_an_image_without_a_log_is_told() -> None:
    said = answers(
        UBUNTU,
        "jq ubuntu-wsl",
        package("jq"),
        package("ubuntu-wsl", section="metapackages", depends="dbus-x11"),
        package("dbus-x11"),
    )
    found = captured("packages", UBUNTU, said)
    reason = "images and installers choose it: name it if a fresh machine lacks its packages"
    assert names(*found.items) == ["jq"]
    assert found.left_out == (LeftOut("metapackage ubuntu-wsl", reason),)


def test_a_transitional_package_that_installs_a_snap_is_told() -> None:
    said = answers(
        UBUNTU,
        "chromium-browser jq",
        package(
            "chromium-browser", summary="Transitional package - chromium-browser -> chromium snap"
        ),
        package("jq"),
    )
    found = captured("packages", UBUNTU, said)
    reason = "it is a transitional package that installs a snap: name the snap where you want it"
    assert names(*found.items) == ["jq"]
    assert found.left_out == (LeftOut("package chromium-browser", reason),)


def test_what_no_source_has_any_more_is_told_and_not_asked_of_a_fresh_machine() -> None:
    # A machine that was upgraded through several releases, and has packages from files.
    said = answers(
        DEBIAN,
        "jq libicu52 slack-desktop",
        *map(package, ("jq", "libicu52", "slack-desktop")),
        **{"apt list": "libicu52\nslack-desktop"},
    )
    found = captured("packages", DEBIAN, said)
    reason = "no apt source of this machine has it: it came as a file, or is no longer published"
    assert names(*found.items) == ["jq"]
    assert found.left_out == (
        LeftOut("package libicu52", reason),
        LeftOut("package slack-desktop", reason),
    )


def test_kernels_and_packages_of_another_architecture_are_told() -> None:
    kernel = "linux-modules-nvidia-535-server-open-5.4.0-166-generic"
    said = answers(UBUNTU, f"libc6:i386 {kernel}", package("libc6:i386"), package(kernel))
    found = captured("packages", UBUNTU, said)
    assert found.items == ()
    assert found.left_out == (
        LeftOut("package libc6:i386", "it is of another architecture"),
        LeftOut(f"package {kernel}", "it boots this machine, and another machine boots by its own"),
    )


def test_a_package_on_hold_stays_on_hold() -> None:
    said = answers(DEBIAN, "jq tree", package("jq"), package("tree"), showhold="tree\ngone")
    assert captured("packages", DEBIAN, said).items == (
        Item(("install",), "jq", WHY, listed=True),
        Item(("hold",), "tree", "on hold: apt-mark showhold", listed=True),
    )


def sources(path: str, text: str) -> tuple[tuple[Item, ...], tuple[LeftOut, ...]]:
    """Return what is captured of a file of sources."""
    entries = tuple(listed(path, text.splitlines()))
    found = captured("packages", DEBIAN, {AptSources(): entries, Text(path): text})
    return found.items, found.left_out


def test_a_source_as_envwright_writes_it_is_captured_by_its_name() -> None:
    path = "/etc/apt/sources.list.d/nodesource.sources"
    text = (
        "Types: deb\nURIs: https://deb.nodesource.com/node_24.x\nSuites: nodistro\n"
        "Components: main\nArchitectures: amd64\nSigned-By: /etc/apt/keyrings/nodesource.asc\n"
    )
    why = f"signed by a key that envwright compares: {path}"
    assert sources(path, text) == ((Item(("sources", "nodesource"), {"version": "24"}, why),), ())


def test_a_source_that_instructions_wrote_is_told_with_what_replaces_it() -> None:
    path = "/etc/apt/sources.list.d/gh.list"
    text = (
        "deb [signed-by=/usr/share/keyrings/gh.gpg] https://cli.github.com/packages stable main\n"
    )
    reason = (
        "write it by `packages: {sources: {github-cli: {}}}`; apply then puts a file of "
        "envwright's in its place"
    )
    assert sources(path, text) == ((), (LeftOut(f"apt source {path}", reason),))


def test_the_archive_of_the_distribution_is_no_source_of_a_person() -> None:
    text = "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\n"
    assert sources("/etc/apt/sources.list.d/debian.sources", text) == ((), ())
