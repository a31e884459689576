"""What every dialect promises of its edits, on generated files."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable.dialects import NAMES, DialectError, get
from envwright.portable.dialects.fstab import entry

if TYPE_CHECKING:
    from envwright.portable.dialects import Value

Text = st.SearchStrategy[str]


class Case(NamedTuple):
    """Files of a dialect, keys to change in them (some of them there), values to set."""

    texts: Text
    keys: Text
    values: st.SearchStrategy[Value]


def words(*values: str) -> Text:
    return st.sampled_from(values)


def files(*lines: Text, endings: tuple[str, ...] = ("\n", "\r\n")) -> Text:
    """Files of such lines, with any of the endings, with and without a final one."""
    return st.builds(
        lambda ending, chosen, final: ending.join(chosen) + (ending if final and chosen else ""),
        st.sampled_from(endings),
        st.lists(st.one_of(*lines), max_size=8),
        st.booleans(),
    )


def plain_text(without: str = "") -> Text:
    """Texts without `@`, by which comments are known."""
    characters = st.characters(exclude_categories=["Cs"], exclude_characters=f"@{without}")
    return st.text(st.one_of(words("#", '"', "\\", " ", "$", "'"), characters), max_size=12)


def wsl_case(bad: Text, values: Text, marks: Text) -> Case:
    raw = st.lists(
        words(
            "x", " ", "\t", "true", '"q # y"', r"\\", r"\n", "\\\n y", "\\\n", '"a\\\nb"', "=", "'"
        )
    ).map("".join)
    key_lines = st.builds(
        "{}{}{}{}{}".format,
        words("", "  "),
        words("systemd", "Systemd", "command"),
        words("=", " = "),
        raw,
        words("", " # why@"),
    )
    texts = files(
        words("[boot]", "[Boot] # b@", "\t[user]"), key_lines, words("", "  ", "# c@"), bad
    )
    return Case(
        st.builds("{}{}".format, marks, texts),
        words("boot.systemd", "boot.Command", "user.command", "time.zone", "BOOT.x1"),
        st.one_of(values, st.booleans(), st.integers()),
    )


def pamenv_case() -> Case:
    values = plain_text("\0\n\r").map(lambda text: re.sub(r'[#"$`\\]', "", text))
    lines = st.builds(
        "{}={}".format, words("A", " B", "export A", "C "), st.one_of(values, words("$x", '"a\\"'))
    )
    texts = files(lines, words("", "# c@", "junk", "A"), endings=("\n",))
    return Case(texts, words("A", "B", "NEW_1"), values)


def json_case() -> Case:
    names = words("a", "b", "a/b", "~", "é\n")
    leaf: st.SearchStrategy[Value] = st.one_of(
        st.booleans(), st.integers(-9, 9), plain_text(), st.just([1, {"x": []}])
    )
    tree: st.SearchStrategy[Value] = st.recursive(
        leaf, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8
    )
    spelled = st.builds(
        lambda value, indent, separators: json.dumps(value, indent=indent, separators=separators),
        st.dictionaries(names, tree, max_size=4),
        st.sampled_from([None, 1, 4, "\t"]),
        st.sampled_from([None, (",", ":"), (" , ", " : ")]),
    )
    texts = st.one_of(
        words("", " \n", "{ }\n", '{"a": {},\r\n  "b": {"a" :1}}'),
        spelled,
        spelled.map(lambda text: f"\n{text}\n"),
        spelled.map(lambda text: text.replace("\n", "\r\n")),
    )
    parts = st.lists(words("a", "b", "a~1b", "~0", "new"), min_size=1, max_size=3)
    return Case(texts, parts.map("/".join), tree)


def jsonc_case() -> Case:
    def spelled(items: list[tuple[str, str, str]], last: str, head: str, ending: str) -> str:
        rows = [f'  "{name}": {value}' for name, value, _ in items]
        notes = [note for _, _, note in items]
        commas = [","] * (len(rows) - 1) + [last] if rows else []
        lines = [row + comma + note for row, comma, note in zip(rows, commas, notes, strict=True)]
        return ending.join([head, "{", *lines, "}", ""])

    notes = words("", "", " // n@", " /* n */", "\n  // above@")
    values = words("1", '"// no comment"', "[1, 2,]", '{\n    "x": 1, // in@\n  }', '"a,}"')
    items = st.lists(
        st.tuples(words("a", "b", "editor.size", "c/d"), values, notes),
        max_size=4,
        unique_by=lambda item: item[0],
    )
    texts = st.builds(spelled, items, words("", ","), words("", "// head@"), words("\n", "\r\n"))
    odd = words("", "// only@\n", "{ /* in */ }\n", '{"a": 1, /* n */ "b": 2, }', "{\n  // in@\n}")
    keys = words("a", "b", "editor.size", "c~1d", "new", "new/x", "a/x")
    return Case(st.one_of(texts, odd), keys, json_case().values)


def fstab_case() -> Case:
    rest = words("", " ro", " ro 0", "  noatime,uid=1\t0 2", " ro 0 0 # why@")
    points = words("/", "/mnt/c", "/mnt/my\\040disk", "/data/")
    mounts = st.builds("{} {}\t{}{}".format, words("C:", r"\\s\t"), points, words("ext4"), rest)
    odd = words("", "# /mnt/c@", "only", "two /data", "/swap none swap sw 0 0", "a /b c d x")
    field = plain_text("\0\r").filter(bool)
    return Case(files(mounts, odd), words("/", "/mnt/c", "/mnt/my disk", "/data", "/new"), field)


def netrc_case() -> Case:
    logins = words("login a password b", "password b login a", "login a", "", "account x login a")
    entries = st.builds("{}machine {} {}".format, words("", "  "), words("a.b", "c"), logins)
    odd = words("", "# machine a.b@", "login x", "password y", "default login d password e")
    values = st.builds("login {} password {}".format, words("u", "é"), words("p", "machine", "a#"))
    return Case(files(entries, odd, words("macdef m\n cd\n")), words("a.b", "c", "new"), values)


KEYS = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIZ4mhVYyTHCB5tVrR0bE4bQ3s7N1hXh0m1N5mBJ9zQk",
)


def authorized_keys_case() -> Case:
    options = words("", "", "no-pty ", 'command="a \\" b",no-pty  ')
    lines = st.builds("{}{}{}".format, options, words(*KEYS), words("", " me", " # why"))
    odd = words("", "# c@", "\x0c", "é", "no-such-option " + KEYS[0])
    return Case(files(lines, odd), lines, st.just(True))


def shadow_case() -> Case:
    entries = st.builds(
        "{}:{}:{}".format,
        words("root", "dev", "new-"),
        words("*", "!", "", "$6$salt$hash"),
        words("19000:0:99999:7:::", "::::::", "0:::::1:"),
    )
    odd = words("", "# c@", "+", "+nis::", "dave:short", "-x:*:1:::::0:")
    values = st.builds("${}$salt${}".format, words("y", "6"), words("a" * 40, "./" * 20))
    return Case(files(entries, odd, endings=("\n",)), words("root", "dev", "other"), values)


BLOCK_KEYS = words("# tools", "# other.1", "-- tools", "<!-- tools -->")


def block_case() -> Case:
    def block(key: str, inside: list[str]) -> str:
        opener, name, *closer = key.split(" ")
        marks = (" ".join([opener, "envwright:", name, end, *closer]) for end in ("begin", "end"))
        begin, end = marks
        return "\n".join([begin, *inside, end])

    rest = words("", "# c@", "export A=1", "\t# envwright is here", "# envwright: begin", "é\udc80")
    blocks = st.builds(block, BLOCK_KEYS, st.lists(words("", "export B=1", "# own"), max_size=2))
    texts = st.builds(
        lambda first, parts, ending, final: (
            ending.join([*first, *"\n".join(parts).split("\n")]) + (ending if final else "")
        ),
        st.sampled_from([[], ["#!/bin/sh"]]),
        st.lists(st.one_of(rest, blocks), max_size=6, unique_by=lambda part: part.split("\n")[0]),
        words("\n", "\r\n"),
        st.booleans(),
    )
    return Case(texts, BLOCK_KEYS, plain_text("\0\r"))


def lines_case() -> Case:
    line = words("export A=1", "  export A=1", "# c@", "é\udc80", "new", "")
    return Case(files(line), words("export A=1", "new", "other"), st.just(True))


def ini_case() -> Case:
    def spelled(sections: list[str], rows: list[list[str]], ending: str, final: bool) -> str:  # noqa: FBT001
        parts = [
            ending.join([*([f"[{section}]"] if section else []), *own])
            for section, own in zip(sections, rows, strict=False)
        ]
        return ending.join(parts) + (ending if final else "")

    row = st.one_of(
        st.builds(
            "{}{}{}".format, words("a", "B", "c d"), words("=", " = ", ": "), words("1", "x y")
        ),
        words("", "# c@", "; d@"),
    )
    unique = st.lists(row, max_size=4, unique_by=lambda line: line[:1].lower() or line)
    sections = st.permutations(["", "one", "two x"]).map(
        lambda names: sorted(names, key=lambda name: name != "")
    )
    texts = st.builds(
        spelled, sections, st.lists(unique, max_size=3), words("\n", "\r\n"), st.booleans()
    )
    keys = words("a", "one/a", "one/b", "two x/c d", "three/new", "new")
    values = st.one_of(words("1", "a=b", "", "é"), st.booleans(), st.integers())
    return Case(texts, keys, values)


def toml_case() -> Case:
    rows = st.lists(
        words(
            "a = 1 # n@",
            'b = "x # no"',
            "c.d = [1, # in\n  2]",
            "e = { f = 1 }",
            'g = """\n[no]\n"""',
            "h = 2024-01-01",
        ),
        max_size=4,
        unique=True,
    )
    notes = words("", "# c@", "\n")

    def spelled(root: list[str], one: list[str], two: list[str], note: str, ending: str) -> str:
        lines = [*root, note, "[one]", *one, "[ one.'t w' ] # t@", *two, "[[l]]", "a = 1", note]
        return "\n".join(lines).replace("\n", ending)

    texts = st.builds(spelled, rows, rows, rows, notes, words("\n", "\r\n"))
    keys = words("a", "b", "one/a", "one/c/d", "one/t w/a", "one/new", "new", "new/x/y", "h")
    values: st.SearchStrategy[Value] = st.one_of(
        st.booleans(), st.integers(-9, 9), plain_text(), st.just([1, "a"]), st.just({"x": 1})
    )
    return Case(st.one_of(texts, words("", "# c@\n", "a = 1")), keys, values)


def yaml_case() -> Case:
    rows = st.lists(
        words(
            "a: 1 # n@",
            "b: 'x # no'",
            "c:\n  - 1 # in\n  - x: 2",
            "d: {f: 1, g: [x]}",
            "e: |\n  [no]\n   # no",
            "h: 2024-01-01",
            "i:",
            "'t w': yes",
        ),
        max_size=4,
        unique=True,
    )
    notes = words("", "# c@", "\n")

    def spelled(root: list[str], one: list[str], two: list[str], note: str, ending: str) -> str:
        inner = ["  " + row.replace("\n", "\n  ") for row in one]
        deeper = ["    " + row.replace("\n", "\n    ") for row in two]
        table = ["one: # t@", *inner, "  two:", note, *deeper, "# d@", "  three: [1,", "    2]"]
        return "\n".join([note, *root, *table, note, ""]).replace("\n", ending)

    texts = st.builds(spelled, rows, rows, rows, notes, words("\n", "\r\n"))
    odd = words("", "# c@\n", "a: 1", "---\na: 1\n...\n", "{}", "{a: 1, b: {}, }\n", "one:\n- 1\n")
    keys = words(
        "a", "b", "c", "d/f", "e", "i/x", "one/a", "one/two/e", "one/two/new", "new/x/y", "h"
    )
    values: st.SearchStrategy[Value] = st.one_of(
        st.booleans(),
        st.integers(-9, 9),
        plain_text(),
        words("yes", "1.5", "2024-01-01", "a: b", "- x", "~"),
        st.just([1, "a"]),
        st.just({"x": 1}),
    )
    return Case(st.one_of(texts, odd), keys, values)


def gitconfig_case() -> Case:
    rows = st.builds(
        "{}{}{}{}{}".format,
        words("", "\t"),
        words("name", "Name", "x-1"),
        words(" = ", "="),
        words("a b", '"x # no"', "a \\\n  b", '\\\\ \\"q\\"', ""),
        words("", " # n@", " ; n@"),
    )
    sections = words("[user]", "[User] # s@", '[user "Sub"]', '[a "x\\"y"]', "# c@", "")
    unique = st.lists(rows, max_size=1)
    texts = st.builds(
        lambda parts, ending, final: (
            ending.join(
                [line for head, own in parts for line in (head, *own * head[:1].count("["))]
            )
            + (ending if final else "")
        ),
        st.lists(
            st.tuples(sections, unique), max_size=4, unique_by=lambda part: part[0][:6].lower()
        ).map(lambda parts: [("[first]", []), *parts]),
        words("\n", "\r\n"),
        st.booleans(),
    )
    keys = words("user/name", "User/new", "user/Sub/name", 'a/x"y/x-1', "first/b", "new/S p/k")
    return Case(texts, keys, st.one_of(plain_text("\0\r"), st.booleans(), st.integers()))


CASES = {
    "wsl": wsl_case(words("# é\udc80"), plain_text("\0\r"), words("")),
    "wslconfig": wsl_case(
        words("; bad", "[b-d]", "[", "systemd", 'command="open', r"systemd=\q"),
        st.text(
            st.one_of(
                st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="@"),
                words("\n", "\t", "\b"),
            )
        ),
        words("", "\ufeff"),
    ),
    "json": json_case(),
    "jsonc": jsonc_case(),
    "env": Case(
        files(
            st.builds("{}={}".format, words("A", " B", "export A", "C "), words("1", '"x\ny"', "")),
            words("", "# c@", "; c@\\", "junk", "B='a b' \"c\"tail\\ ", "A=a \\\nb", "A=a\\\n"),
        ),
        words("A", "B", "NEW_1"),
        plain_text("\0"),
    ),
    "goenv": Case(
        files(
            st.builds("{}={}".format, words("GOPROXY", "GOFLAGS", "x"), plain_text("\0\n\r")),
            words("", "# c@", "junk"),
        ),
        words("GOPROXY", "GOFLAGS", "GOBIN"),
        plain_text("\0\n\r"),
    ),
    "pamenv": pamenv_case(),
    "netrc": netrc_case(),
    "fstab": fstab_case(),
    "authorized_keys": authorized_keys_case(),
    "shadow": shadow_case(),
    "block": block_case(),
    "block_top": block_case(),
    "lines": lines_case(),
    "ini": ini_case(),
    "toml": toml_case(),
    "yaml": yaml_case(),
    "gitconfig": gitconfig_case(),
}
ANY_CASE = {"wsl", "wslconfig", "ini", "gitconfig"}
"""The dialects whose keys are in any case."""
NESTED = {"json", "jsonc", "toml", "yaml"}
"""The dialects whose values can be of several lines, and have keys themselves."""
NOT_NESTED = (
    "is not an object",
    "is not a table",
    "is not a mapping",
    "is one value here",
    "is a table, or a part",
)
"""How these rightly refuse a key below something that has no keys to be set."""
every_dialect = pytest.mark.parametrize("name", CASES)
bounded = settings(max_examples=rounds(usual=80, full=2_600), deadline=None)
"""Files of each test and dialect: 3 120 together, 101 400 in the full run."""


def draw_edit(data: st.DataObject, name: str) -> tuple[str, str, Value]:
    case = CASES[name]
    text, key, value = data.draw(case.texts), data.draw(case.keys), data.draw(case.values)
    if name == "fstab":
        value = entry(str(value), key, "auto")
    return text, key, value


def unrelated(name: str, text: str, key: str) -> list[tuple[str, Value]]:
    """All that is read from the text, except for the key, what it is part of, and its parts."""

    def related(other: str) -> bool:
        if name in NESTED:
            return f"{other}/".startswith(f"{key}/") or key.startswith(f"{other}/")
        if name == "authorized_keys":
            return any(one in other and one in key for one in KEYS)
        return other.lower() == key.lower() if name in ANY_CASE else other == key

    return [item for item in get(name).read(text).items() if not related(item[0])]


def stretch(before: str, after: str) -> tuple[str, str]:
    """The one stretch of text that was taken out, and what came in for it."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return before[start : len(before) - tail], after[start : len(after) - tail]


A_WHOLE_LINE = r"(?<!\\\n)(?<!\\\r\n)^[ \t]*"
"""What stands before a comment that is no part of a key's line, nor of a line that goes on."""


def comments(text: str, before: str = "") -> Counter[str]:
    """The comments of the files above, whole lines and those behind a value; each ends in `@`."""
    return Counter(re.findall(rf"{before}[#;] ?[\w/. ]+@", text, re.MULTILINE))


def edited(name: str, text: str, key: str, value: Value) -> str | None:
    """The edited text; None where a key below something that is no object is rightly refused."""
    try:
        return get(name).edit(text, {key: value})
    except DialectError as error:
        if name in NESTED and any(word in error.reason for word in NOT_NESTED):
            return None
        raise


def test_every_dialect_is_put_to_the_test() -> None:
    assert tuple(CASES) == NAMES


def test_the_documents_name_every_dialect_with_its_readers() -> None:
    page = Path(__file__).parents[4] / "docs" / "dialects.md"
    assert tuple(re.findall(r"^\| `(\w+)`", page.read_text("utf-8"), re.MULTILINE)) == NAMES


@every_dialect
@given(data=st.data())
@bounded
def test_an_edit_of_nothing_changes_no_byte(name: str, data: st.DataObject) -> None:
    text = data.draw(CASES[name].texts)
    assert get(name).edit(text, {}) == text


@every_dialect
@given(data=st.data())
@bounded
def test_what_an_edit_sets_is_read_back_and_nothing_else_changes(
    name: str, data: st.DataObject
) -> None:
    text, key, value = draw_edit(data, name)
    after = edited(name, text, key, value)
    if after is not None:
        assert get(name).actual(after, {key: value}) == {key: value}
        assert unrelated(name, after, key) == unrelated(name, text, key)
        assert comments(after) == comments(text)
        assert get(name).edit(after, {key: value}) == after


@every_dialect
@given(data=st.data())
@bounded
def test_what_an_edit_removes_is_gone_and_nothing_else_changes(
    name: str, data: st.DataObject
) -> None:
    text, key, _ = draw_edit(data, name)
    after = edited(name, text, key, None)
    if after is not None:
        assert get(name).actual(after, {key: None}) == {}
        assert unrelated(name, after, key) == unrelated(name, text, key)
        # A login of netrc may go on behind a comment, which then is a part of it.
        within = stretch(text, after)[0] if name == "netrc" else ""
        assert comments(text, A_WHOLE_LINE) - comments(within) <= comments(after)
        assert get(name).edit(after, {key: None}) == after


@every_dialect
@given(data=st.data())
@bounded
def test_an_absent_key_is_removed_without_a_change(name: str, data: st.DataObject) -> None:
    text, key, value = draw_edit(data, name)
    if not get(name).actual(text, {key: value}):
        assert edited(name, text, key, None) in {text, None}


@pytest.mark.parametrize("name", [name for name in CASES if name not in NESTED])
@given(data=st.data())
@bounded
def test_no_line_is_lost_but_the_key_s_own(name: str, data: st.DataObject) -> None:
    text, key, value = draw_edit(data, name)
    found = get(name).actual(text, {key: value})
    after = get(name).edit(text, {key: value})
    assert (after == text) == (found == {key: value})
    taken, came = stretch(text, after)
    lost = Counter(text.lstrip("\ufeff").splitlines())
    lost -= Counter(after.lstrip("\ufeff").splitlines())
    if found:
        assert lost.total() <= len(f"{taken}.".splitlines())
    else:
        assert (taken, lost) == ("", Counter())
        shown = key.split(" ")[1] if name.startswith("block") else re.split("[./]", key)[-1]
        assert shown in came or name == "fstab"


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DialectError) as caught:
        get("xml")
    assert str(caught.value) == f"no dialect 'xml'; there are: {', '.join(NAMES)}"


def test_an_error_says_its_line_first() -> None:
    error = DialectError("a quote is not closed", 3)
    assert (str(error), error.line, error.reason) == (
        "line 3: a quote is not closed",
        3,
        "a quote is not closed",
    )
