"""Checksums: what publishers list."""

from __future__ import annotations

import json

import pytest

from envwright.portable.checksums import published

A, B = "a" * 64, "b" * 64


def test_an_index_in_json_is_searched_wherever_the_file_stands() -> None:
    index = [
        {"version": "go1", "files": [{"filename": "x.tar.gz", "sha256": A, "size": 3}]},
        {"version": "go2", "files": [{"filename": "y.tar.gz", "sha256": B}, {"filename": "z"}]},
    ]
    assert published(json.dumps(index).encode(), "y.tar.gz") == B


@pytest.mark.parametrize(
    "line",
    [
        f"{A}  x.tar.gz\n",
        f"{A} *x.tar.gz\r\n",
        f"{A.upper()}  x.tar.gz",
        f"{A}  ./x.tar.gz\n",
        f"SHA256 (x.tar.gz) = {A}\r\n",
    ],
)
def test_a_list_as_sha256sum_writes_it_is_read(line: str) -> None:
    assert published(f"{B}  y.tar.gz\n{line}".encode(), "x.tar.gz") == A


def test_digits_alone_are_those_of_the_one_file_that_they_lie_beside() -> None:
    assert published(f"{A}\n".encode(), "x.tar.gz") == A
    assert published(f"{A.upper()}".encode(), "x.tar.gz") == A


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ("", "lists no SHA-256 of x"),
        ("<html>not found</html>", "lists no SHA-256 of x"),
        (f"{A}  xx\n{A[1:]}  x\n", "lists no SHA-256 of x"),
        ('[{"filename": "x", "sha256": ""}]', "lists no SHA-256 of x"),
        ('{"filename": "x"}', "lists no SHA-256 of x"),
        (f"{A}  x\n{B}  x\n", "lists several SHA-256 of x"),
    ],
)
def test_what_is_not_listed_is_not_guessed(index: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        published(index.encode(), "x")
