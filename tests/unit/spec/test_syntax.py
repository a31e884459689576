"""What is not YAML is told with its place, and what to do about it."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.errors import SpecErrors
from envwright.spec.document import parse
from envwright.spec.source import Source


def plain(text: str) -> Any:
    return parse(Source("x.yaml", text)).plain()


def complaint(text: str) -> str:
    with pytest.raises(SpecErrors) as caught:
        parse(Source("x.yaml", text))
    return str(caught.value)


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
                "x.yaml:1:8: the alias *a is inside of its own anchor",
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
            ["x.yaml:1:1: '<<' merges mappings, but this is the integer 3", "    <<: 3", "    ^"],
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
                "x.yaml:2:1: a second document begins here; an environment is one document",
                "    ---",
                "    ^",
                "hint: put the second document into a file of its own",
            ],
        ),
        (
            "",
            [
                "x.yaml:1:1: this file is empty",
                "hint: begin an environment with its name: `name: dev`",
            ],
        ),
        (
            "# nothing yet\n",
            [
                "x.yaml:1:1: this file is empty",
                "    # nothing yet",
                "    ^",
                "hint: begin an environment with its name: `name: dev`",
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


def test_a_key_that_is_too_long_is_told() -> None:
    first, *_, hint = complaint(f"{'x' * 1025}: y").splitlines()
    assert first == "x.yaml:1:1026: this ':' stands behind no key"
    assert hint == "hint: a key has at most 1024 characters; put text that holds ':' in quotes"


def test_a_message_quotes_only_the_ends_of_a_long_text() -> None:
    first, *_ = complaint(f"a: b\n{'x' * 3000}:y").splitlines()
    assert first == "x.yaml:2:1: a blank is missing behind ':'"
    *_, hint = complaint(f"a: b\n{'x' * 3000}:y").splitlines()
    assert (len(hint), hint[:20], hint[-10:]) == (511, "hint: write `xxxxxxx", "xxxxxx: y`")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("9" * 5000, "this number has too many digits"),
        ("0x" + "f" * 5000, "this number has too many digits"),
        ("!!float " + "9" * 5000, "this number has too many digits"),
        ("0x10000000000000000", "this number has more than 64 bits"),
        ("!!float " + "9" * 50, "this number has more than 64 bits"),
        (".inf", "this number is not finite"),
        ("-.INF", "this number is not finite"),
        (".nan", "this number is not finite"),
        ("1e999", "this number is not finite"),
    ],
)
def test_a_number_that_no_machine_reads_is_refused(number: str, said: str) -> None:
    first, *_, hint = complaint(f"a: {number}").splitlines()
    assert (first, hint) == (f"x.yaml:1:4: {said}", "hint: put text in quotes")


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
        "x.yaml:5:30: the file has more than 50000 values up to here, with those of aliases",
        "    a4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]",
        "    " + " " * 29 + "^",
        "hint: check that this file is an environment",
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
