"""archives: folders from publishers' archives, with links to their programs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, refusals, states
from standins import DEBIAN

from envwright.resources.archive import Archive, ending_of, file_of

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a" * 64, "b" * 64
SECTION = f"""\
archives:
  rg:
    url: {{amd64: https://x.test/rg-x86_64.tar.xz, arm64: https://x.test/rg-aarch64.tar.xz}}
    sha256: {{amd64: {A}, arm64: {B}}}
    mirrors: [https://y.test/rg]
    to: /opt/rg
    strip: 1
    links: {{/usr/local/bin/rg: bin/rg}}
    check: [rg, --version]
  ctl:
    url: https://x.test/1.2/ctl?raw=1
    checksums: https://x.test/1.2/sums
    to: /opt/ctl
    owner: dev
"""
TREE = {"kind": "directory", "mode": "0755", "owner": "root", "group": "root", "intact": True}


def test_an_archive_brings_its_folder_its_links_and_the_program_that_unpacks(
    tmp_path: Path,
) -> None:
    found = states(tmp_path, SECTION)
    assert {id_: state for id_, state in found.items() if not id_.startswith("package:")} == {
        "archive:/opt/rg": {**TREE, "archive": "rg-x86_64.tar.xz", "sha256": A},
        "archive:/opt/ctl": {
            **TREE,
            "owner": "dev",
            "group": "dev",
            "archive": "https://x.test/1.2/ctl?raw=1",
        },
        "link:/usr/local/bin/rg": {
            "kind": "link",
            "target": "/opt/rg/bin/rg",
            "owner": "root",
            "group": "root",
        },
    }
    assert [id_ for id_ in found if id_.startswith("package:")] == [
        "package:ca-certificates",
        "package:xz-utils",
    ]
    made = [r for r in compile_section(tmp_path, SECTION).resources if isinstance(r, Archive)]
    assert [(r.url, r.mirrors, r.index, r.strip) for r in made] == [
        ("https://x.test/rg-x86_64.tar.xz", ("https://y.test/rg",), "", 1),
        ("https://x.test/1.2/ctl?raw=1", (), "https://x.test/1.2/sums", 0),
    ]


def test_each_architecture_has_an_archive_of_its_own(tmp_path: Path) -> None:
    arm = replace(DEBIAN, architecture="arm64")
    state = states(tmp_path, SECTION, arm)["archive:/opt/rg"]
    assert (state["archive"], state["sha256"]) == ("rg-aarch64.tar.xz", B)
    assert refusals(tmp_path, SECTION, replace(DEBIAN, architecture="riscv64")) == [
        "4:10: rg has no url for riscv64",
        "5:13: rg has no sha256 for riscv64",
    ]


def test_links_and_the_program_are_proved(tmp_path: Path) -> None:
    links, check = compile_section(tmp_path, SECTION).proofs
    assert (links.name, links.quick) == ("/usr/local/bin/rg leads to a file of rg", True)
    assert (check.name, check.quick) == ("rg --version runs", False)
    assert check.script.endswith("/bin rg --version")


@pytest.mark.parametrize(
    ("url", "file", "ending"),
    [
        ("https://x.test/a-1.2.tar.gz", "a-1.2.tar.gz", ".tar.gz"),
        ("https://x.test/a.TGZ?b=c.zip#d", "a.TGZ", ".tgz"),
        ("https://x.test/a%20b.gz", "a b.gz", ".gz"),
        ("https://x.test/tool-linux-amd64", "tool-linux-amd64", ""),
    ],
)
def test_the_name_of_an_archive_tells_its_format(url: str, file: str, ending: str) -> None:
    assert (file_of(url), ending_of(file)) == (file, ending)


PLAIN = f"url: https://x.test/a, to: /opt/a, sha256: {A}"


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (
            "{url: https://x.test/a, to: /opt/a}",
            "2:15: archives.a needs exactly one of 'sha256' and 'checksums'",
        ),
        (
            f"{{url: https://x.test/a/, to: /opt/a, sha256: {A}}}",
            "2:15: archives.a has an address that ends without a file's name: https://x.test/a/",
        ),
        (
            f"{{{PLAIN}, links: {{/bin/a: ../x}}}}",
            (
                "2:141: archives.a.links./bin/a must be a path inside of the folder, without "
                "`..` and `//`"
            ),
        ),
        (
            f"{{{PLAIN}, links: {{/bin/a: /x}}}}",
            (
                "2:141: archives.a.links./bin/a must be a path inside of the folder, without "
                "`..` and `//`"
            ),
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, item: str, told: str) -> None:
    assert refusals(tmp_path, f"archives: {{a: {item}}}\n") == [told]
