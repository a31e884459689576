"""WindowsLink: its states, what it refuses, the script that makes it, what witnesses it."""

from __future__ import annotations

import pytest

from envwright.facts import Facts, Unknown
from envwright.facts.windows import Entry, Windows
from envwright.model.proof import View
from envwright.model.resource import compare
from envwright.portable import readers
from envwright.resources.windows.link import WindowsLink

SHARE = "\\\\wsl.localhost\\Debian\\opt\\docker"
LINK = WindowsLink(path="C:\\codes\\docker", target=SHARE, linux="/opt/docker")
LOCAL = WindowsLink(path="C:\\codes\\home", target="C:\\Users\\dev")
GONE = WindowsLink(path="C:\\codes\\old", present=False)
QUERY = """\
Reparse Tag Value : 0xa000000c
Valeur de la balise: Microsoft

Longueur des donn?es d'analyse: 0x00000024
0000:  0c 00 0c 00 00 00 0c 00  00 00 00 00 44 00 3a 00  ............D.:.
0010:  5c 00 61 00 62 00 63 00  5c 00 3f 00 3f 00 5c 00  \\.a.b.c.\\.?.?.\\.
0020:  44 00 3a 00  D.:.
"""


def seen(link: WindowsLink, entry: Entry | Unknown | None) -> Facts:
    return Facts({Windows(path=link.path): entry})


@pytest.mark.parametrize(
    ("link", "entry", "fields"),
    [
        (LINK, Entry("directory link", SHARE), ()),
        (LINK, None, ("exists",)),
        (LINK, Entry("directory link", "\\\\wsl.localhost\\Debian\\opt\\Docker"), ("target",)),
        (LINK, Entry("file link", SHARE), ("kind",)),
        (LINK, Entry("junction", "C:\\x"), ("kind", "target")),
        (LINK, Unknown("interop is off"), ("exists",)),
        (LOCAL, Entry("directory link", "c:\\users\\DEV"), ()),
        (GONE, None, ()),
        (GONE, Entry("directory link", "C:\\x"), ("exists",)),
    ],
)
def test_what_differs_is_told(
    link: WindowsLink, entry: Entry | Unknown | None, fields: tuple[str, ...]
) -> None:
    difference = compare(link.actual(seen(link, entry)), link.desired())
    assert difference.fields == fields


@pytest.mark.parametrize(
    ("link", "entry", "words"),
    [
        (
            LINK,
            Entry("directory"),
            "C:\\codes\\docker is a directory of its own, not a link: move it away first",
        ),
        (
            GONE,
            Entry("file"),
            "C:\\codes\\old is a file of its own, not a link: move it away first",
        ),
        (LINK, Unknown("interop is off"), "C:\\codes\\docker: interop is off"),
        (LINK, Entry("junction", "C:\\x"), ""),
        (LINK, None, ""),
    ],
)
def test_only_a_link_is_replaced_or_removed(
    link: WindowsLink, entry: Entry | Unknown | None, words: str
) -> None:
    assert link.refusal(compare(link.actual(seen(link, entry)), link.desired())) == words


@pytest.mark.parametrize(
    ("entry", "old"),
    [
        (None, "''"),
        (Entry("directory link", "C:\\x"), "rmdir"),
        (Entry("junction", "C:\\x"), "rmdir"),
        (Entry("file link", "C:\\x"), "del"),
    ],
)
def test_an_old_link_goes_by_the_command_of_its_kind(entry: Entry | None, old: str) -> None:
    difference = compare(LINK.actual(seen(LINK, entry)), LINK.desired())
    (call,) = LINK.converge(difference)
    (script,) = call.arguments["commands"]
    assert (call.name, f"\nold={old}\n" in script) == ("server.shell", True)


def test_it_comes_after_what_it_leads_to() -> None:
    assert list(LINK.autorequires) == [
        "directory:/opt/docker",
        "file:/opt/docker",
        "mount:/opt/docker",
    ]
    assert list(LOCAL.autorequires) == []


def test_the_witness_reads_the_bytes_of_the_link() -> None:
    (assertion,) = LINK.witness()
    assert (assertion.expected, assertion.view) == (SHARE, View("reparse_point"))
    assert readers.reparse_point(QUERY) == "D:\\abc"
    assert readers.reparse_point("Error 4390: no reparse point") is None
