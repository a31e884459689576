"""YAML texts become trees with positions, or errors that say what is wrong and where."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.errors import EnvwrightError, SpecErrors
from envwright.spec.document import DEPTH_LIMIT, parse, read_document
from envwright.spec.source import Source

if TYPE_CHECKING:
    from envwright.spec.tree import Node


def plain(text: str) -> Any:
    return parse(Source("x.yaml", text)).plain()


def complaint(text: str) -> str:
    with pytest.raises(SpecErrors) as caught:
        parse(Source("x.yaml", text))
    return str(caught.value)


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(path.parent)
    with pytest.raises(EnvwrightError) as caught:
        read_document(path.name)
    return str(caught.value)


# --- Values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("022", 22),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("3.10", 3.1),
        ("-1e3", -1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1.2.3", "1.2.3"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("=", "="),
        ('"022"', "022"),
        ("! 22", "22"),
        ("!!str 22", "22"),
        ("!!float 22", 22.0),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    got = plain(f"key: {text}")["key"]
    assert (type(got), got) == (type(value), value)


def test_every_node_knows_its_line_and_column() -> None:
    root = parse(Source("x.yaml", "name: dev\ndocker:\n  users: [a,\n          b]\n"))
    found: list[tuple[object, int, int]] = []

    def walk(node: Node) -> None:
        if isinstance(node.value, tuple):
            for item in node.value:
                walk(item)
        elif isinstance(node.value, Mapping):
            for key, entry in node.value.items():
                found.append((key, entry.at.line, entry.at.column))
                walk(entry.node)
        else:
            found.append((node.value, node.at.line, node.at.column))

    walk(root)
    assert found == [
        ("name", 1, 1),
        ("dev", 1, 7),
        ("docker", 2, 1),
        ("users", 3, 3),
        ("a", 3, 11),
        ("b", 4, 11),
    ]


def test_aliases_and_merge_keys_are_followed() -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [{x: 4}, *a]}\nd: [*a]\n"
    assert plain(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"y": 3, "x": 1},
        "c": {"x": 4, "y": 2},
        "d": [{"x": 1, "y": 2}],
    }


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfname: dev\r\ndocker: {}\r\n")
    assert read_document(tmp_path / "x.yaml").plain() == {"name": "dev", "docker": {}}


def test_values_may_be_nested_to_the_limit() -> None:
    text = "[" * (DEPTH_LIMIT - 1) + "1" + "]" * (DEPTH_LIMIT - 1)
    value = plain(text)
    for _ in range(DEPTH_LIMIT - 1):
        (value,) = value
    assert value == 1


# --- What is not YAML ------------------------------------------------------------------------

INDENTATION = "hint: begin keys of one mapping, and items of one list, in the same column"
QUOTES = "hint: put the value in quotes"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "a:\n\tb: 1\n",
            [
                "x.yaml:2:1: a tab indents this line; YAML indents by blanks only",
                "    \tb: 1",
                "    ^",
            ],
        ),
        (
            "docker:\n    users: [dev]\n  mtu: 3\n",
            [
                "x.yaml:3:3: bad indentation: this line lines up with no line above it",
                "      mtu: 3",
                "      ^",
                INDENTATION,
            ],
        ),
        (
            "name: dev\n  docker: {}\n",
            [
                (
                    "x.yaml:2:3: bad indentation: the line above has a value already, "
                    "and this line stands below it"
                ),
                "      docker: {}",
                "      ^",
                "hint: begin keys of one mapping in the same column",
            ],
        ),
        (
            "- a\nb: 1",
            [
                "x.yaml:2:1: bad indentation: this is a key, but line 1 began a list",
                "    b: 1",
                "    ^",
            ],
        ),
        (
            "a: 1\n- b",
            [
                "x.yaml:2:1: bad indentation: this is a list item, but line 1 began a mapping",
                "    - b",
                "    ^",
            ],
        ),
        (
            "a: b: c",
            [
                "x.yaml:1:5: a second ':' in one line; a line is one 'key: value'",
                "    a: b: c",
                "        ^",
                "hint: put the value in quotes if the ':' belongs to it",
            ],
        ),
        (
            "name: x\ndocker\npackages: []\n",
            ["x.yaml:2:1: ':' is missing behind 'docker'", "    docker", "    ^"],
        ),
        (
            "docker\npackages: []\n",
            ["x.yaml:1:1: ':' is missing behind 'docker'", "    docker", "    ^"],
        ),
        (
            "name:x\npackages: []\n",
            [
                "x.yaml:1:1: a blank is missing behind ':'",
                "    name:x",
                "    ^",
                "hint: write `name: x`",
            ],
        ),
        (
            "a: [1, 2\nb: 3\n",
            [
                "x.yaml:1:4: the list that opens here is not closed",
                "    a: [1, 2",
                "       ^",
                "hint: ']' is missing",
            ],
        ),
        (
            "a: {b: 1]\n",
            ["x.yaml:1:9: ',' or '}' is missing here", "    a: {b: 1]", "            ^"],
        ),
        ("a: [b]]", ["x.yaml:1:7: this ']' closes nothing", "    a: [b]]", "          ^"]),
        ("[a, , b]", ["x.yaml:1:5: a value is missing before ','", "    [a, , b]", "        ^"]),
        ("a: [\n", ["x.yaml:2:1: the file ends within a list or mapping in brackets"]),
        (
            "a: 'x\nb: 2\n",
            ["x.yaml:1:4: this quote is not closed", "    a: 'x", "       ^"],
        ),
        (
            'a: "C:\\Users\\x"\n',
            [
                "x.yaml:1:7: '\\U' is no escape that YAML knows",
                '    a: "C:\\Users\\x"',
                "          ^",
                "hint: use single quotes, or write '\\\\' for each backslash",
            ],
        ),
        (
            "a: 'x' y",
            [
                "x.yaml:1:8: this does not belong to the value before it",
                "    a: 'x' y",
                "           ^",
                "hint: put the whole value in quotes",
            ],
        ),
        ("a: @b", ["x.yaml:1:4: '@' cannot begin a value", "    a: @b", "       ^", QUOTES]),
        (
            "a: *.log",
            [
                "x.yaml:1:4: no anchor '&.log' stands above this alias",
                "    a: *.log",
                "       ^",
                "hint: put text that begins with '*' in quotes",
            ],
        ),
        (
            "a: &a [*a]",
            [
                "x.yaml:1:8: the alias *a stands inside of what it stands for",
                "    a: &a [*a]",
                "           ^",
            ],
        ),
        (
            "a: !!python/object:os.system x",
            [
                "x.yaml:1:4: the tag '!!python/object:os.system' does not fit here",
                "    a: !!python/object:os.system x",
                "       ^",
                "hint: remove it, or put text that begins with '!' in quotes",
            ],
        ),
        (
            "a: - b",
            [
                "x.yaml:1:4: a list cannot begin here",
                "    a: - b",
                "       ^",
                "hint: begin it in a new line, or write it as [a, b]",
            ],
        ),
        (
            "a: |x\n  b",
            [
                "x.yaml:1:5: only blanks may follow '|' or '>'",
                "    a: |x",
                "        ^",
                "hint: begin the text in a new line",
            ],
        ),
        (
            "a: {{ home }}/x",
            [
                "x.yaml:1:4: a value that begins with '{{' must be in quotes",
                "    a: {{ home }}/x",
                "       ^",
                'hint: write it: "{{ home }}/x"',
            ],
        ),
        (
            "a: {{ home }}",
            [
                "x.yaml:1:4: a value that begins with '{{' must be in quotes",
                "    a: {{ home }}",
                "       ^",
                'hint: write it: "{{ home }}"',
            ],
        ),
        (
            "1: x",
            [
                "x.yaml:1:1: a key must be text, not the integer 1",
                "    1: x",
                "    ^",
                'hint: put it in quotes: "1"',
            ],
        ),
        ("? [a]\n: b", ["x.yaml:1:3: a key must be text, not a list", "    ? [a]", "      ^"]),
        (": x", ["x.yaml:1:1: a key is missing before ':'", "    : x", "    ^"]),
        (
            "<<: 3",
            ["x.yaml:1:1: '<<' merges mappings; this is the integer 3", "    <<: 3", "    ^"],
        ),
        (
            "a: \x1b[31m",
            [
                "x.yaml:1:4: the character U+001B cannot stand in YAML",
                "    a: \ufffd[31m",
                "       ^",
                'hint: in double quotes write it as "\\u001b"',
            ],
        ),
        (
            'a: "\\0"',
            [
                "x.yaml:1:4: this text holds the character U+0000, which no text can hold",
                '    a: "\\0"',
                "       ^",
            ],
        ),
        (
            'a: "\\UFFFFFFFF"',
            ["x.yaml:1:1: YAML cannot be read from here on", '    a: "\\UFFFFFFFF"', "    ^"],
        ),
        (
            "%YAML 1.1\n---\na: yes\n",
            [
                "x.yaml:2:1: this document says it is YAML 1.1; environments are YAML 1.2",
                "    ---",
                "    ^",
                "hint: remove the line that begins with '%YAML'",
            ],
        ),
        (
            "a: 1\n---\nb: 2\n",
            [
                "x.yaml:2:1: a second document begins here; an environment is one",
                "    ---",
                "    ^",
                "hint: put it into a file of its own",
            ],
        ),
        (
            "",
            [
                "x.yaml:1:1: there is nothing in this file",
                "hint: an environment begins with its name: `name: dev`",
            ],
        ),
        (
            "# nothing yet\n",
            [
                "x.yaml:1:1: there is nothing in this file",
                "    # nothing yet",
                "    ^",
                "hint: an environment begins with its name: `name: dev`",
            ],
        ),
        (
            "[" * 65 + "]" * 65,
            [
                "x.yaml:1:65: values are nested more than 64 deep",
                "    " + "[" * 49 + "]" * 47,
                "    " + " " * 48 + "^",
            ],
        ),
    ],
)
def test_what_is_not_yaml_is_said_with_its_place(text: str, lines: list[str]) -> None:
    assert complaint(text).splitlines() == lines


def test_all_duplicate_keys_are_named_at_once() -> None:
    assert complaint("a: 1\nb: {c: 1, c: 2}\na: 3\n").splitlines() == [
        "x.yaml:2:11: the key 'c' is here twice; the first is in line 2",
        "    b: {c: 1, c: 2}",
        "              ^",
        "hint: keep one of them",
        "",
        "x.yaml:3:1: the key 'a' is here twice; the first is in line 1",
        "    a: 3",
        "    ^",
        "hint: keep one of them",
    ]


def test_a_number_with_too_many_digits_is_refused() -> None:
    first, *_ = complaint("a: " + "9" * 5000).splitlines()
    assert first == "x.yaml:1:4: this number has too many digits"


def test_aliases_that_nest_too_deep_are_refused() -> None:
    text = f"a: &a {'[' * 40}{']' * 40}\nb: {'[' * 30}*a{']' * 30}\n"
    first, *_ = complaint(text).splitlines()
    assert first == "x.yaml:2:34: with this alias values are nested more than 64 deep"


def test_an_alias_bomb_is_refused_quickly_and_without_memory() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    tracemalloc.start()
    start = time.perf_counter()
    said = complaint("\n".join(lines))
    took, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said.splitlines() == [
        "x.yaml:5:30: up to here there are more than 50000 values, aliases written out",
        "    a4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]",
        "    " + " " * 29 + "^",
        "hint: an environment is written by hand: is it the right file?",
    ]
    assert took < 1
    assert peak < 4 << 20


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                *"ab:-?[]{},#&*!|>'\"%@`~\t\n\r \\0.<=",
                "\n  ",
                ": ",
                "- ",
                "{{ ",
                "<<: ",
                "---\n",
                "!!",
            ]
        )
    ).map("".join)
)
def test_any_text_gives_a_tree_or_our_own_errors(text: str) -> None:
    try:
        parse(Source("x.yaml", text)).plain()
    except SpecErrors as errors:
        assert all(str(e).startswith("x.yaml:") for e in errors.errors)  # noqa: PT017 - or a tree


# --- What is no file of YAML -----------------------------------------------------------------


def test_a_missing_file_is_told_with_the_one_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: there is no such file\nhint: name an environment, a file of YAML"
    )
    (tmp_path / "quickstart.yaml").touch()
    assert refusal(tmp_path / "quikstart.yaml", monkeypatch) == (
        "quikstart.yaml: there is no such file; did you mean 'quickstart.yaml'?"
    )


def test_a_directory_is_told_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environments").mkdir()
    assert refusal(tmp_path / "environments", monkeypatch) == (
        "environments: this is a directory\nhint: name one of its files: none is a file of YAML"
    )
    for name in ("b.yml", "a.yaml", "c.txt"):
        (tmp_path / "environments" / name).touch()
    assert refusal(tmp_path / "environments", monkeypatch) == (
        "environments: this is a directory\nhint: name one of its files: a.yaml, b.yml"
    )


def test_a_file_without_read_permission_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)  # root, who may run this test, may read anything
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: you may not read this file\nhint: `ls -l x.yaml` shows who may"
    )


def test_other_failures_to_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.yaml").symlink_to("x.yaml")
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: the file cannot be read: Too many levels of symbolic links"
    )
    with pytest.raises(EnvwrightError) as caught:
        read_document("x\0.yaml")
    assert str(caught.value) == "x\0.yaml: the file cannot be read: embedded null byte"


def test_a_file_that_is_not_utf8_is_told_with_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_bytes(b"name: dev\ndescription: caf\xe9\n")
    assert refusal(tmp_path / "x.yaml", monkeypatch).splitlines() == [
        "x.yaml:2:17: the byte 0xe9 is not UTF-8",
        "    description: caf\ufffd",
        "                    ^",
        "hint: save the file as UTF-8; in Latin-1 this byte is 'é'",
    ]


def test_a_file_in_utf16_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.yaml").write_bytes("name: dev".encode("utf-16"))
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: the file is UTF-16, not UTF-8\n"
        "hint: save it as UTF-8; PowerShell 5 writes UTF-16 by '>'"
    )


def test_ten_megabytes_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_bytes(b"- a\n" * 2_621_440)
    start = time.perf_counter()
    said = refusal(tmp_path / "x.yaml", monkeypatch)
    assert time.perf_counter() - start < 0.1
    assert said == (
        "x.yaml: the file has 10.0 MiB; an environment has at most 1 MiB\n"
        "hint: name an environment; large contents belong in files of their own"
    )
