"""Apt's source files: the entries that we read are those that apt reads."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable.apt_sources import Entry, address, entries, same

LIST = """\
# deb http://comment.test trixie main
deb [ arch=amd64 signed-by=/etc/apt/keyrings/x.gpg ] https://x.test/debian/ trixie main # deb more

\tdeb-src http://y.test/d ./
deb "http://z.test/a b" t main#x
"""
SOURCES = """\
# a head

Types: deb deb-src
uris: https://x.test/one https://x.test/two/
# inside
Suites: s1
 s2
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----


Types: deb
URIs: https://off.test
Suites: x
Components: main
Enabled: no"""
BLOCK = "-----BEGIN PGP PUBLIC KEY BLOCK----- . -----END PGP PUBLIC KEY BLOCK-----"


def test_each_entry_is_known_by_its_lines() -> None:
    assert list(entries("x.list", LIST)) == [
        Entry(2, 2, True, ("https://x.test/debian/",), ("trixie",), "/etc/apt/keyrings/x.gpg"),
        Entry(4, 4, True, ("http://y.test/d",), ("./",), ""),
        Entry(5, 5, True, ("http://z.test/a b",), ("t",), ""),
    ]
    assert list(entries("x.sources", SOURCES)) == [
        Entry(3, 12, True, ("https://x.test/one", "https://x.test/two/"), ("s1", "s2"), BLOCK),
        Entry(15, 19, False, ("https://off.test",), ("x",), ""),
    ]


hosts = st.sampled_from(["a.test/x", "b.test", "C.test/y/"])
suites = st.sampled_from(["s main", "s/", "./", "/", "t main extra", "$(ARCH)/"])
one_line = st.builds(
    "{}{} {}https://{} {}{}".format,
    st.sampled_from(["", "  ", "#"]),
    st.sampled_from(["deb", "deb-src"]),
    st.sampled_from(["", "[arch=amd64] ", "[ lang=en arch=amd64,i386 ] "]),
    hosts,
    suites,
    st.sampled_from(["", " # why", "#why", "\t"]),
)
lists = st.lists(one_line | st.sampled_from(["", "# c"]), max_size=6).map("\n".join)
stanza = st.builds(
    "{}Types: deb\n{}: https://{}\n{}Suites: {}\n{}{}".format,
    st.sampled_from(["", "# c\n", "X-Note: a\n  b\n"]),
    st.sampled_from(["URIs", "uris"]),
    hosts | st.builds("{} https://{}".format, hosts, hosts),
    st.sampled_from(["", "# between\n", " https://more.test\n"]),
    st.sampled_from(["s/", "/", "./", "s/ t/", "\n s/\n t/"]),
    st.sampled_from(["", "Enabled: no\n", "Enabled: yes\n", "Enabled: 0\n", "enabled: Off\n"]),
    st.sampled_from(["", "Languages: en\n", "# tail\n", " \n"]),
)
stanzas = st.lists(stanza, max_size=4).map("\n".join)


def as_apt_reads(name: str, text: str) -> set[str]:
    """The addresses of the indexes that apt would fetch first for a file."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_text(text, "utf-8")
        options = [
            "Dir::Etc::SourceList=/dev/null",
            f"Dir::Etc::SourceParts={folder}",
            f"Dir::State::lists={folder}/lists",
            "APT::Architecture=amd64",
        ]
        words = [word for option in options for word in ("-o", option)]
        done = subprocess.run(
            ["apt-get", "update", "--print-uris", *words], capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"'([^']*)/InRelease'", done.stdout.decode()))


def as_we_read(name: str, text: str) -> set[str]:
    """The same, by the entries."""
    found = set()
    for entry in entries(name, text):
        for uri in entry.uris if entry.enabled else ():
            for suite in entry.suites:
                flat = suite.replace("$(ARCH)", "amd64").rstrip("/")
                way = f"/{flat}" if suite.endswith("/") else f"/dists/{suite}"
                found.add(uri.rstrip("/") + (way if way != "/" else ""))
    return found


needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt-get")


@needs_apt
@pytest.mark.parametrize(("name", "texts"), [("x.list", lists), ("x.sources", stanzas)])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_we_read_is_what_apt_reads(
    name: str, texts: st.SearchStrategy[str], data: st.DataObject
) -> None:
    text = data.draw(texts)
    assert as_we_read(name, text) == as_apt_reads(name, text)


@needs_apt
@pytest.mark.parametrize(("name", "texts"), [("x.list", lists), ("x.sources", stanzas)])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_without_the_lines_of_an_entry_apt_reads_all_others_as_before(
    name: str, texts: st.SearchStrategy[str], data: st.DataObject
) -> None:
    text = data.draw(texts)
    found = list(entries(name, text))
    if not found:
        return
    chosen = data.draw(st.sampled_from(found))
    lines = text.split("\n")
    left = "\n".join(lines[: chosen.first - 1] + lines[chosen.last :])
    assert len(list(entries(name, left))) == len(found) - 1
    assert as_we_read(name, left) == as_apt_reads(name, left)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (("https://x.test/d/", "s"), ("http://X.test:80/d", "s"), True),
        (("https://me:pw@x.test/d", "/"), ("https://x.test/d//", "./"), True),
        (("https://x.test/d/amd64", "/"), ("https://x.test/d/$(ARCH)", "/"), True),
        (("https://x.test/d", "s"), ("https://x.test/d", "s/"), False),
        (("https://x.test/d", "s"), ("https://x.test/D", "s"), False),
        (("https://x.test/d", "s"), ("https://x.test/d", "t"), False),
    ],
)
def test_one_repository_has_many_spellings(
    one: tuple[str, str], other: tuple[str, str], *, equal: bool
) -> None:
    assert same(*one, *other) is equal


def test_an_address_is_host_and_path() -> None:
    assert address("https://me@Download.docker.com:443/linux/") == "download.docker.com/linux"
