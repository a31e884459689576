"""packages: what apt installs and removes, and where it comes from."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from keys import ARMORED, FINGERPRINT
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

from envwright.errors import UnfitError
from envwright.facts import Facts, PackageFile
from envwright.model.operations import Key
from envwright.resources.apt_source import Access, AptSource
from envwright.resources.command import Command
from envwright.resources.package import Package

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = f"""\
packages:
  install: [git, jq, "ripgrep=14.*"]
  absent: [nano]
  sources:
    tools:
      url: https://x.test/debian
      components: [main, extra]
      key: {{url: https://x.test/key, fingerprint: {FINGERPRINT}}}
    flat:
      url: http://y.test/apt
      suites: [stable/]
      architectures: [arm64]
      key: {{file: flat.asc, fingerprint: "{FINGERPRINT[:4]} {FINGERPRINT[4:].lower()}"}}
"""
ROOT = Access("0644", "root", "root")
SOURCE = {"file": ROOT, "key": (FINGERPRINT,), "key file": ROOT, "elsewhere": ()}


@pytest.mark.parametrize(
    ("machine", "codename"), [(DEBIAN, "trixie"), (UBUNTU, "noble"), (WSL, "noble")]
)
def test_sources_come_first_and_follow_the_release(
    tmp_path: Path, machine: Machine, codename: str
) -> None:
    (tmp_path / "flat.asc").write_text(ARMORED)
    found = states(tmp_path, SECTION, machine)
    expected = {
        "apt-entries:tools": {"lines": ""},
        "apt-entries:flat": {"lines": ""},
        "package:ca-certificates": {},
        "apt-source:tools": {
            "content": (
                "Types: deb\n"
                "URIs: https://x.test/debian\n"
                f"Suites: {codename}\n"
                "Components: main extra\n"
                "Architectures: amd64\n"
                "Signed-By: /etc/apt/keyrings/tools.asc\n"
            ),
            **SOURCE,
        },
        "apt-source:flat": {
            "content": (
                "Types: deb\n"
                "URIs: http://y.test/apt\n"
                "Suites: stable/\n"
                "Architectures: arm64\n"
                "Signed-By: /etc/apt/keyrings/flat.asc\n"
            ),
            **SOURCE,
        },
        "package:git": {},
        "package:jq": {},
        "package:ripgrep": {"version": "14.*"},
        "package:nano": None,
    }
    assert (found, list(found)) == (expected, list(expected))


def source(rest: str) -> str:
    return f"{{sources: {{x: {{url: https://x.test, {rest}}}}}}}"


def test_a_key_comes_from_an_address_a_file_or_the_environment_itself(tmp_path: Path) -> None:
    (tmp_path / "flat.asc").write_text(ARMORED)
    own = source(f"key: {{text: k, fingerprint: {FINGERPRINT}}}")
    made = [
        *compile_section(tmp_path, SECTION).resources,
        *compile_section(tmp_path, f"packages: {own}\n").resources,
    ]
    assert [spec.key for spec in made if isinstance(spec, AptSource)] == [
        Key((FINGERPRINT,), url="https://x.test/key"),
        Key((FINGERPRINT,), text=ARMORED),
        Key((FINGERPRINT,), text="k"),
    ]


def test_a_list_of_names_is_short_for_what_is_installed(tmp_path: Path) -> None:
    assert states(tmp_path, "packages: [git, g++]\n") == {"package:git": {}, "package:g++": {}}


DEB = f"""\
packages:
  install: [git]
  hold: [zoom]
  debs:
    zoom:
      url: {{amd64: https://x.test/zoom.deb, riscv64: https://x.test/other.deb}}
      sha256: {"a" * 64}
      version: 6.2.0.1855
"""


def test_a_file_is_a_package_with_its_version_and_comes_after_the_certificates(
    tmp_path: Path,
) -> None:
    made = compile_section(tmp_path, DEB)
    found = {resource.id: resource.desired() for resource in made.resources}
    assert found == {
        "package:ca-certificates": {},
        "package:git": {},
        "package:zoom": {"version": "6.2.0.1855", "hold": True},
    }
    (zoom,) = (one for one in made.resources if one.id == "package:zoom")
    assert isinstance(zoom, Package)
    assert zoom.file == PackageFile("https://x.test/zoom.deb", "a" * 64)
    assert "package:ca-certificates" in zoom.needs


def test_a_file_for_other_architectures_alone_is_told_by_check(tmp_path: Path) -> None:
    with pytest.raises(UnfitError) as told:
        compile_section(tmp_path, DEB.replace("amd64", "arm64"))
    assert "zoom has no url for amd64" in str(told.value)


def test_recommended_packages_come_along_only_where_they_are_wanted(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "packages: {install: [git], recommends: true}\n")
    assert [r.recommends for r in made.resources if isinstance(r, Package)] == [True]


def test_a_package_that_is_held_is_installed_too(tmp_path: Path) -> None:
    found = states(tmp_path, 'packages: {install: ["jq=1.7*"], hold: [jq, git]}\n')
    assert found == {"package:jq": {"version": "1.7*", "hold": True}, "package:git": {"hold": True}}


def test_answers_come_before_the_packages_that_ask(tmp_path: Path) -> None:
    answers = '{iperf3: {iperf3/start_daemon: true}, x11: {x11/a-b: "it\'s $HOME"}}'
    made = compile_section(tmp_path, f"packages: {{install: [iperf3], debconf: {answers}}}\n")
    found = {resource.id: resource.desired() for resource in made.resources}
    expected = {
        "command:debconf iperf3/start_daemon of iperf3": {"value": "true"},
        "package:iperf3": {},
        "command:debconf x11/a-b of x11": {"value": "it's $HOME"},
    }
    assert (found, list(found)) == (expected, list(expected))
    assert ill_written(made) == []


def test_an_answer_is_read_as_debconf_keeps_it(tmp_path: Path) -> None:
    database = tmp_path / "config.dat"
    database.write_text(
        "Name: x11/a\nTemplate: x11/a\nValue: no\nOwners: x11\n\n"
        "Name: x11/a-b\nTemplate: x11/a-b\nValue: it's $HOME\nOwners: x11\nFlags: seen\n\n"
        "Name: x11/c\nTemplate: x11/c\nOwners: x11\n\n",
        "utf-8",
    )
    text = "packages: {debconf: {x11: {x11/a-b: a, x11/c: a, x11/d: a}}}\n"
    said = []
    for made in compile_section(tmp_path, text).resources:
        assert isinstance(made, Command)
        observe = made.observe.replace("/var/cache/debconf/config.dat", str(database))
        done = subprocess.run(["sh", "-c", observe], capture_output=True, text=True, check=True)
        said.append(done.stdout)
    assert said == ["it's $HOME\n", "", ""]


def test_a_package_that_another_capability_wants_can_be_pinned(tmp_path: Path) -> None:
    pinned = 'packages: {install: ["sudo=1.9*"], recommends: true}'
    text = f"user: {{name: dev, sudo: nopasswd}}\n{pinned}\n"
    assert states(tmp_path, text)["package:sudo"] == {"version": "1.9*"}


def test_each_name_is_asked_for_by_its_own_line(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "packages:\n  - git\n  - jq\n")
    assert [r.origins[0].line for r in made.resources] == [3, 4]


def test_what_dpkg_and_apt_think_of_it_is_proved(tmp_path: Path) -> None:
    (tmp_path / "flat.asc").write_text(ARMORED)
    made = compile_section(tmp_path, SECTION)
    assert [(proof.name, proof.origins[0].line) for proof in made.proofs] == [
        ("dpkg finds nothing half-installed", 2),
        ("the programs of the packages are as they were installed", 3),
        ("apt takes packages from tools", 6),
        ("apt accepts what the server of tools signs now", 6),
        ("apt takes packages from flat", 10),
        ("apt accepts what the server of flat signs now", 10),
    ]
    assert ill_written(made) == []


@pytest.mark.parametrize(
    "name", ["g++", "libstdc++6", "x264=2:0.1*", "node.js", "0ad", "lib32z1=1:1.2~rc1+b1-1"]
)
def test_what_debian_calls_its_packages_is_taken(tmp_path: Path, name: str) -> None:
    (package,) = compile_section(tmp_path, f'packages: ["{name}"]\n').resources
    assert f"{package.name}{'=' * ('=' in name)}{name.partition('=')[2]}" == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cow*", "; each package is named by itself, without an expression"),
        ("^cowsay$", ""),
        ("?name(cow)", ""),
        ("cowsay|sl", "; each package is named by itself, without an expression"),
        ("ssh-server^", "; the packages of a task are named one by one"),
        ("jq:i386", "; packages are of the machine's own architecture: 'jq'"),
        (
            "jq/sid",
            "; a version pins, as in 'jq=1.2.*', and an entry of `sources` adds a suite",
        ),
        ("jq=1.*-1", "; a version begins with a digit and may end in `*`, as in 'jq=1.2.*'"),
        ("x", ""),
    ],
)
def test_an_expression_of_apt_is_no_name(tmp_path: Path, name: str, hint: str) -> None:
    told, *_ = refusals(tmp_path, f'packages: ["{name}"]\n')
    assert told == (
        "2:12: packages[0] must be a package's name, with `=VERSION` or `=14.*` behind it to "
        f"pin{hint}"
    )


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "[Git]",
            (
                "2:12: packages[0] must be a package's name, with `=VERSION` or `=14.*` behind it "
                "to pin; did you mean 'git'?"
            ),
        ),
        (
            '["git=1 2"]',
            (
                "2:12: packages[0] must be a package's name, with `=VERSION` or `=14.*` behind it "
                "to pin; a version begins with a digit and may end in `*`, as in 'git=1.2.*'"
            ),
        ),
        (
            '{absent: ["git=1"]}',
            (
                "2:21: packages.absent[0] must be a package's name: two or more small letters, "
                "digits, `+`, `-`, `.`; a version begins with a digit and may end in `*`, as in "
                "'git=1.2.*'"
            ),
        ),
        (
            "git",
            (
                "2:11: packages must be a mapping, or a list of text for its key 'install', "
                "not text 'git'"
            ),
        ),
        (
            source("suites: [a]"),
            "2:25: the source x needs 'key': envwright knows no source of this name",
        ),
        (
            source("key: {url: https://x.test, fingerprint: abc}"),
            (
                "2:87: packages.sources.x.key.fingerprint must be a whole fingerprint: "
                "40 hexadecimal digits (64 for a version 6 key)"
            ),
        ),
        (
            source(f"key: {{fingerprint: {FINGERPRINT}}}"),
            "2:52: packages.sources.x.key needs exactly one of 'url', 'file' and 'text'",
        ),
        (
            source(f"key: {{file: none.asc, fingerprint: {FINGERPRINT}}}"),
            "2:59: cannot read none.asc: No such file or directory",
        ),
        (
            "{sources: {X: {url: https://x.test, key: {text: k, fingerprint: abc}}}}",
            (
                "2:22: the key 'X' of packages.sources must be a source's name: "
                "small letters, digits and `-`"
            ),
        ),
    ],
)
def test_what_apt_could_not_take_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"packages: {section}\n")[0] == told


def test_a_package_cannot_be_wanted_and_unwanted(tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, "packages: {install: [git], absent: [git]}\n")
    assert told.replace(f"{tmp_path}/", "") == (
        "package:git is wanted twice, differently: by packages (box.yaml:2) and by packages "
        "(box.yaml:2)\nhint: remove one of the two"
    )


def test_an_upgrade_comes_last_and_keeps_the_versions_of_the_environment(tmp_path: Path) -> None:
    section = (
        'packages: {install: ["jq=1.*", less], hold: [zsh], upgrade: true, autoremove: true}\n'
    )
    made = compile_section(tmp_path, section)
    commands = [each for each in made.resources if isinstance(each, Command)]
    assert [each.title for each in commands] == [
        "upgrade of all packages",
        "removal of unneeded packages",
    ]
    packages = ("package:jq", "package:less", "package:zsh")
    assert [each.after for each in commands] == [
        packages,
        (*packages, "command:upgrade of all packages"),
    ]
    assert "Package: jq\nPin: version 1.*\nPin-Priority: 990\n" in commands[0].observe
    assert "less" not in commands[0].observe
    assert ill_written(made) == []


def unkept(tmp_path: Path, section: str) -> str:
    """Return what the plan says of versions that an upgrade would not keep; "" for nothing."""
    made = compile_section(tmp_path, section)
    name = "an upgrade keeps the versions of the environment"
    (need,) = [each for each in made.requirements if each.name == name]
    fault = need.fault(Facts({}), made.resources)
    return f"{fault.refusal}: {fault.hint}".replace(f"{tmp_path}/", "") if fault else ""


def test_an_upgrade_needs_the_versions_that_other_sections_give_packages(tmp_path: Path) -> None:
    section = 'packages: {upgrade: true, install: ["jq=1.*"]}\nredis: {}\n'
    assert unkept(tmp_path, section) == ""
    told = unkept(tmp_path, f'{section}docker: {{version: "28.*"}}\n')
    assert told == (
        "docker (box.yaml:4) wants docker-ce=5:28.*, which an upgrade would not keep: "
        'name it for the upgrade: `packages: {install: ["docker-ce=5:28.*"]}`'
    )
