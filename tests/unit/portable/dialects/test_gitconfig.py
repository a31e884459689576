"""Git's configuration is read as git reads it, and edited in place."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get
from envwright.portable.dialects.pointers import names_of

GIT = get("gitconfig")
FILE = """\
# mine
[user]
\tname = Una "Dev"   ; who
\temail = una@example.com
[Core] autocrlf
[remote "a/B"]
\turl = https://example.com/x ; y
\tfetch = +refs/heads/*:refs/a/*
\tfetch = +refs/tags/*:refs/t/*
[alias]
\tst = "status --short" \\
\t  --branch
[branch.Main]
\tmerge = m
"""


NO_KEY = "is no key of git's: write a section, a subsection if there is one, and a name"
TWICE = "is there a second time: git may take both"


def test_a_value_is_what_git_makes_of_it() -> None:
    assert GIT.read(FILE) == {
        "user/name": "Una Dev",
        "user/email": "una@example.com",
        "Core/autocrlf": "true",
        "remote/a~1B/url": "https://example.com/x",
        "remote/a~1B/fetch": "+refs/tags/*:refs/t/*",
        "alias/st": "status --short \t  --branch",
        "branch/main/merge": "m",
    }


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"User/Name": "Una"}, 'Una "Dev"', "Una"),
        ({"user/email": ""}, "una@example.com", '""'),
        ({"user/signingKey": "~/k # x"}, "e.com\n", 'e.com\n\tsigningKey = "~/k # x"\n'),
        ({"core/autocrlf": "input"}, "[Core] autocrlf", "[Core] autocrlf = input"),
        ({"core/autocrlf": None}, "[Core] autocrlf", "[Core] "),
        ({"remote/a~1B/url": 'C:\\x "y"'}, "https://example.com/x ;", 'C:\\\\x \\"y\\" ;'),
        ({"remote/a~1B/fetch": None}, "\tfetch = +refs/heads/*:refs/a/*\n", ""),
        ({"alias/st": "s"}, '"status --short" \\\n\t  --branch', "s"),
        ({"alias/st": None}, '\tst = "status --short" \\\n\t  --branch\n', ""),
        ({"branch/main/rebase": True}, "merge = m\n", "merge = m\n\trebase = true\n"),
        ({"remote/b/url": "x"}, "merge = m\n", 'merge = m\n[remote "b"]\n\turl = x\n'),
    ],
)
def test_one_value_changes_and_every_other_byte_stays(
    changes: dict[str, Value], old: str, new: str
) -> None:
    after = GIT.edit(FILE, changes)
    expected = FILE.replace(old, new)
    if "fetch" in old:
        expected = expected.replace("\tfetch = +refs/tags/*:refs/t/*\n", "")
    assert after == expected
    for key, value in changes.items():
        seen = {True: "true"}.get(value, value) if isinstance(value, bool) else value
        assert readers.gitconfig(after, key) == seen


@pytest.mark.parametrize(
    ("text", "key", "value", "told"),
    [
        (FILE, "remote/a~1B/fetch", "x", f"line 9: remote/a~1B/fetch {TWICE}"),
        ("[a]\n\tb = 1\nc d\n", "a/b", "2", "line 3: git does not understand this line"),
        ('[a]\n\tb = "1\n', "a/b", "2", "line 2: git does not understand this value"),
        ("b = 1\n", "a/b", "2", "line 1: git does not understand this line"),
        ("", "b", "2", f"'b' {NO_KEY}"),
        ("", "a/b_c", "2", f"'a/b_c' {NO_KEY}"),
        ("", "a/b", ["x"], "a/b: a value in a configuration of git is one text"),
        ("", "a/b", "x\r", "'x\\r' cannot be written: it contains '\\r'"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_without_loss_is_refused(
    text: str, key: str, value: Value, told: str
) -> None:
    with pytest.raises(DialectError) as caught:
        GIT.edit(text, {key: value})
    assert str(caught.value) == told


def test_the_first_line_that_git_refuses_is_named() -> None:
    assert GIT.problems("[a]\n=\n") == [Problem(2, "git does not understand this line")]
    assert GIT.problems(FILE) == []


# Without a bare tab or carriage return: before 2.46, git took these within a value for blanks.
VALUES = st.lists(
    st.sampled_from(
        ["a", " ", '"b c"', '"', "\\\\", "\\n", "\\t", "\\\n", "#", ";", "\\q", "é", "=", "]",
         '"d\\\ne"', '"\t "', "'"]
    ),
    max_size=6,
).map("".join)  # fmt: skip
LINES = st.one_of(
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["", "\t", "  "]),
        st.sampled_from(["name", "Name", "x-1", "1x", "a_b"]),
        st.sampled_from(["=", " = ", " =", "", " "]),
        VALUES,
        st.sampled_from(["", " # c", "; d"]),
    ),
    st.sampled_from(
        ["[user]", "[User]", '[user "Sub"]', "[user.Sub]", '[a "x\\"y"]', '[a  "x"] name = 1',
         "[a] # c", "[a b]", '[a"x"]', "[a.b.c]", "", "# c", " ; c", "[user", "[]", "\r", "[a ]",
         "[user]x", "[.a]", '[a "\\n"]']
    ),
)  # fmt: skip
FILES = st.builds(
    # git also takes keys above the first section, which have no name that it would give them.
    lambda lines, ending, final: ending.join(["[user]", *lines]) + (ending if final else ""),
    st.lists(LINES, max_size=6),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.booleans(),
)


def read_by_git(text: str) -> dict[tuple[str, ...], str] | None:
    """What git reads of a file, names as it prints them; None where it refuses the file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_bytes(text.encode())
        command = ["git", "config", "--file", str(path), "--null", "--list"]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        return None
    found: dict[tuple[str, ...], str] = {}
    for item in done.stdout.decode().split("\0")[:-1]:
        key, equals, value = item.partition("\n")
        section, _, name = key.rpartition(".")
        first, dot, sub = section.partition(".")
        names = (first, *([sub] if dot else []), name)
        found[names] = value if equals else "true"
    return found


def read_by_us(text: str) -> dict[tuple[str, ...], str] | None:
    """What the dialect reads, the names as git prints them."""
    try:
        entries = GIT.read(text)
    except DialectError:
        return None
    found: dict[tuple[str, ...], str] = {}
    for key, value in entries.items():
        first, *middle, last = names_of(key)
        names = (first.lower(), *middle, last.lower())
        found[names] = str(value)
    return found


@given(text=FILES)
@settings(max_examples=rounds(usual=150, full=5000), deadline=None)
def test_git_reads_what_the_dialect_reads(text: str) -> None:
    assert read_by_us(text) == read_by_git(text)


@given(
    text=FILES,
    key=st.sampled_from(["user/name", "user/Sub/x-1", 'a/x"y/name', "new/S p/k", "User/new"]),
    value=st.one_of(VALUES.map(lambda text: text.replace("\r", "")), st.booleans(), st.integers()),
)  # fmt: skip
@settings(max_examples=rounds(usual=150, full=5000), deadline=None)
def test_git_reads_what_an_edit_set_and_all_else_as_before(
    text: str, key: str, value: Value
) -> None:
    before = read_by_git(text)
    try:
        after = GIT.edit(text, {key: value})
    except DialectError:
        return
    first, *middle, last = names_of(key)
    spelled = value if isinstance(value, str) else str(value).lower()
    assert read_by_git(after) == {**(before or {}), (first.lower(), *middle, last.lower()): spelled}
