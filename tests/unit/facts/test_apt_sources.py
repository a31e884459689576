"""The entries of apt's source files: as grep prints the files, and by their places."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from envwright.facts import AptSources, Listed

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = (
    ("# c", "deb [signed-by=/k.gpg] https://x.test/d: trixie main\r"),
    ("deb https://y.test",),
)
STANZAS = ("Types: deb", "URIs: https://z.test", "Suites: ./", "Enabled: no", "", "Types: deb")
FOLDER = "/etc/apt/sources.list.d"


def test_every_file_that_apt_reads_is_read_line_by_line(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    for path, lines in {
        tmp_path / "sources.list": ONE,
        folder / "two.list": TWO,
        folder / "z.sources": STANZAS[:4],
        folder / "broken.sources": STANZAS,
        folder / "two.list.save": ONE,
        folder / "no name.list": ONE,
    }.items():
        path.write_text("\n".join(lines), "utf-8", newline="")
    script = AptSources.script([AptSources()]).replace("/etc/apt", str(tmp_path))
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert AptSources.parse([AptSources()], done.stdout)[AptSources()] == (
        Listed("/etc/apt/sources.list", 2, ONE, ("https://x.test/d:",), ("trixie",), ("/k.gpg",)),
        Listed(f"{FOLDER}/two.list", 1, TWO, ("https://y.test",), fault="apt expects a suite"),
        Listed(f"{FOLDER}/broken.sources", 6, STANZAS, fault="apt expects a URI"),
        Listed(f"{FOLDER}/z.sources", 1, STANZAS[:4], ("https://z.test",), ("./",), enabled=False),
    )


def test_a_machine_without_sources_has_no_entries() -> None:
    assert AptSources.parse([AptSources()], b"") == {AptSources(): ()}


def test_an_entry_is_told_by_its_place_and_its_first_line() -> None:
    listed = Listed("/etc/apt/sources.list", 2, ONE)
    assert (listed.place, listed.text) == ("/etc/apt/sources.list:2", ONE[1])
