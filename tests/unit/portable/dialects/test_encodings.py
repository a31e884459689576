"""A file keeps its encoding; one that its program does not read is refused by name."""

from __future__ import annotations

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.portable.dialects import NAMES, DialectError, Problem, get

MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
WSLCONFIG, JSON = get("wslconfig"), get("json")


def file(plain: str, encoding: str) -> str:
    """A file of an encoding, as a dialect is given it."""
    return (MARKED[encoding] + plain.encode(encoding)).decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("encoding", MARKED)
def test_wslconfig_is_read_and_edited_in_the_encoding_that_it_has(encoding: str) -> None:
    text = file("[wsl2]\r\nmemory=6GB # half\r\n", encoding)
    assert WSLCONFIG.read(text) == {"wsl2.memory": "6GB"}
    assert WSLCONFIG.edit(text, {"wsl2.memory": "8GB"}) == file(
        "[wsl2]\r\nmemory=8GB # half\r\n", encoding
    )


@pytest.mark.parametrize("encoding", MARKED)
def test_json_is_read_and_edited_in_the_encoding_that_it_has(encoding: str) -> None:
    text = file('{"é": 1}\n', encoding)
    assert JSON.read(text) == {"é": 1}
    assert JSON.edit(text, {"b": "ö"}) == file('{"é": 1, "b": "ö"}\n', encoding)


@pytest.mark.parametrize("encoding", MARKED)
@given(
    before=st.dictionaries(st.sampled_from("abc"), st.text(max_size=4), max_size=3),
    value=st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
def test_an_edit_of_an_encoded_file_is_the_encoded_edit_of_its_text(
    encoding: str, before: dict[str, str], value: str
) -> None:
    plain = json.dumps(before, ensure_ascii=True, indent=2)
    after = JSON.edit(file(plain, encoding), {"b": value})
    assert after == file(JSON.edit(plain, {"b": value}), encoding)


ANY = {"wslconfig", "json", "jsonc", "block", "block_top", "lines", "ini", "yaml"}
"""The dialects of files that keep whatever encoding they have."""


@pytest.mark.parametrize("name", sorted({*NAMES} - ANY))
def test_utf16_is_refused_where_the_reading_program_does_not_know_it(name: str) -> None:
    text = file("a=b\n", "utf-16-le")
    with pytest.raises(DialectError) as read:
        get(name).read(text)
    assert (
        str(read.value).startswith("line 1: the file is UTF-16-LE, which "),
        read.value.line,
    ) == (
        True,
        1,
    )
    assert get(name).problems(text) == [Problem(1, read.value.reason)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\udcff\udcfea", "line 1: the file is not the UTF-16-LE that its mark says"),
        (
            "\udcff\udcfea\x00\n\x00\x00\udcdc",
            "line 2: the file is not the UTF-16-LE that its mark says",
        ),
    ],
)
def test_a_file_that_is_not_what_its_mark_says_is_refused_by_its_line(
    text: str, message: str
) -> None:
    with pytest.raises(DialectError) as caught:
        WSLCONFIG.edit(text, {"wsl2.memory": "8GB"})
    assert str(caught.value) == message
