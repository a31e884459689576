"""AptArchive: a mirror and more components in the distribution's own entries, and nothing else."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from envwright.facts import AptSources, Facts, Stat, Status, Unknown
from envwright.facts.apt_sources import listed
from envwright.model.operations import Content
from envwright.model.resource import compare
from envwright.resources.apt_archive import AptArchive
from envwright.resources.apt_entries import digest

if TYPE_CHECKING:
    from pathlib import Path

MIRROR = "https://mirror.test/debian"
ARCHIVE = AptArchive(distro="debian", mirror=MIRROR, components=("contrib",))
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LIST, DEB822 = "/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"


def facts(files: dict[str, str], cloud_init: Status | None = None) -> Facts:
    """What a machine answers that has these files."""
    entries = tuple(
        one
        for path, text in files.items()
        for one in listed(path, text.removesuffix("\n").split("\n"))
    )
    return Facts({AptSources(): entries, Stat("/etc/cloud/cloud.cfg"): cloud_init})


def planned(archive: AptArchive, answers: Facts) -> Any:
    difference = compare(archive.actual(answers), archive.desired())
    return archive.settle(difference, answers)


def becomes(archive: AptArchive, files: dict[str, str]) -> str:
    """The only file that changes, as it will be; "" where none changes."""
    difference = planned(archive, facts(files))
    assert archive.refusal(difference) == ""
    texts = [
        call.arguments["src"] for call in archive.converge(difference) if call.name == "paths.put"
    ]
    return "".join(text.text for text in texts if isinstance(text, Content))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("deb http://deb.debian.org/debian trixie main", f"deb {MIRROR} trixie main contrib"),
        (
            "deb [ arch=amd64 ]  http://ftp.de.debian.org/debian/\ttrixie main non-free # mine",
            f"deb [ arch=amd64 ]  {MIRROR}\ttrixie main non-free contrib # mine",
        ),
        (
            f"deb [signed-by={KEYRING}] http://old.test/d sid main",
            f"deb [signed-by={KEYRING}] {MIRROR} sid main contrib",
        ),
        # Security updates stay where they are; they get the components.
        (
            "deb http://security.debian.org/debian-security trixie-security main",
            "deb http://security.debian.org/debian-security trixie-security main contrib",
        ),
        # Others' repositories stay, and so do comments and what is done already.
        ("deb https://download.docker.com/linux/debian trixie stable", ""),
        ("deb http://deb.debian.org/debian-debug trixie-debug main", ""),
        ("# deb http://deb.debian.org/debian trixie main", ""),
        (f"deb {MIRROR}/ trixie main contrib", ""),
    ],
)
def test_a_line_changes_where_it_names_the_archive_and_nowhere_else(
    before: str, after: str
) -> None:
    own = f"deb {MIRROR} trixie main contrib\n# a comment\n"
    assert becomes(ARCHIVE, {LIST: f"{own}{before}\n"}) == (f"{own}{after}\n" if after else "")


STANZAS = """\
# See the manual.
Types: deb deb-src
URIs: http://deb.debian.org/debian
Suites: trixie trixie-updates
# between
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp

Types: deb
uris:http://security.debian.org/debian-security
Suites: trixie-security
Components: main
 non-free
"""


def test_stanzas_keep_their_comments_and_their_spelling() -> None:
    both = AptArchive(
        distro="debian", mirror=MIRROR, security=f"{MIRROR}-security", components=("contrib",)
    )
    assert becomes(both, {DEB822: STANZAS}) == (
        STANZAS.replace("http://deb.debian.org/debian", MIRROR)
        .replace("http://security.debian.org/debian-security", f"{MIRROR}-security")
        .replace("non-free-firmware", "non-free-firmware contrib")
        .replace("Components: main\n non-free", "Components: main contrib\n non-free")
    )


def test_a_plan_shows_the_lines_that_change() -> None:
    difference = planned(ARCHIVE, facts({LIST: "deb http://deb.debian.org/debian sid main\n"}))
    assert difference.fields == ("entries",)
    assert (difference.before["entries"], difference.after["entries"]) == (
        f"# {LIST}:1\ndeb http://deb.debian.org/debian sid main\n",
        f"# {LIST}:1\ndeb {MIRROR} sid main contrib\n",
    )


def test_a_file_that_changed_after_the_plan_is_not_overwritten() -> None:
    line = "deb http://deb.debian.org/debian sid main"
    guard, put = ARCHIVE.converge(planned(ARCHIVE, facts({LIST: f"{line}\n"})))
    (script,) = guard.arguments["commands"]
    assert f"ew_unchanged {LIST} {digest([line])} || exit\n" in script
    assert "apt-get update" in script
    assert (put.name, put.arguments["dest"]) == ("paths.put", LIST)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {LIST: "deb https://x.test/d sid main\n"},
            (
                "no file of apt names an archive of debian itself: name the mirror under "
                "`packages: {sources: ...}`, with the key of the distribution"
            ),
        ),
        (
            {LIST: "deb http://deb.debian.org/debian\n"},
            (
                f"apt's sources cannot be changed safely: {LIST}:1: apt expects a suite; mend that "
                "line"
            ),
        ),
        (
            {LIST: 'deb "http://deb.debian.org/debian" sid main\n'},
            (
                f"apt's sources cannot be changed safely: {LIST}: line 1: its URIs or components "
                "are written in an unusual way; mend that line"
            ),
        ),
    ],
)
def test_what_cannot_be_changed_without_loss_is_refused(files: dict[str, str], told: str) -> None:
    assert ARCHIVE.refusal(planned(ARCHIVE, facts(files))) == told


def test_no_answer_is_no_state() -> None:
    unknown = Facts({AptSources(): Unknown("why")})
    assert ARCHIVE.actual(unknown) == Unknown("why")


def test_cloud_init_that_writes_the_sources_anew_is_told() -> None:
    there = Status("file", "0644", "root", "root", 5, "")
    notes = [AptArchive.forecast((), facts({}, one), ()).notes for one in (None, there)]
    assert notes == [
        (),
        (
            (
                "cloud-init writes apt's sources anew where a copy of this machine starts for the "
                "first time; `apt: {preserve_sources_list: true}` in a file of "
                "/etc/cloud/cloud.cfg.d keeps these"
            ),
        ),
    ]


def test_an_exported_deploy_changes_what_installers_write(tmp_path: Path) -> None:
    both = AptArchive(
        distro="debian", mirror="https://m.test/a?b&c#d", security=MIRROR, components=("contrib",)
    )
    (tmp_path / "sources.list.d").mkdir()
    line = "deb http://{} {} main\n"
    (tmp_path / "sources.list").write_text(
        line.format("deb.debian.org/debian", "trixie")
        + line.format("security.debian.org/debian-security/", "trixie-security")
        + line.format("download.docker.com/linux/debian", "trixie"),
        "utf-8",
    )
    (tmp_path / "sources.list.d/debian.sources").write_text(STANZAS, "utf-8")
    (call,) = both.exported()
    (script,) = call.arguments["commands"]
    for _ in range(2):
        argv = ["sh", "-c", script.replace("/etc/apt", str(tmp_path))]
        subprocess.run(argv, check=True)
    assert (tmp_path / "sources.list").read_text("utf-8") == (
        "deb https://m.test/a?b&c#d trixie main contrib\n"
        f"deb {MIRROR} trixie-security main contrib\n"
        "deb http://download.docker.com/linux/debian trixie main\n"
    )
    stanzas = (tmp_path / "sources.list.d/debian.sources").read_text("utf-8")
    assert re.findall(r"(?im)^(?:uris|components):.*", stanzas) == [
        "URIs: https://m.test/a?b&c#d ",
        "Components: main non-free-firmware contrib",
        f"uris:{MIRROR} ",
        "Components: main contrib",
    ]
