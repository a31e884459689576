"""/etc/shadow: read as the C library reads it, and edited without touching another byte."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, get

if TYPE_CHECKING:
    from pathlib import Path

DIALECT = get("shadow")
HASH = "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCe"
FILE = """\
root:*:19000:0:99999:7:::
dev:!:19500:0:99999:7:::
# dave:$6$x$y:1::::::
cut:short
dev:$6$other$line:1::::::
+
"""


class Spwd(ctypes.Structure):
    """struct spwd of shadow.h: the name and the hash stand first."""

    _fields_ = (("name", ctypes.c_char_p), ("hash", ctypes.c_char_p))


def by_the_library(file: Path) -> dict[str, str]:
    """Return the hash of each account, the first line of each, as fgetspent(3) reads a file."""
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    library.fgetspent.argtypes = library.fclose.argtypes = [ctypes.c_void_p]
    library.fgetspent.restype = ctypes.POINTER(Spwd)
    stream = library.fopen(str(file).encode(), b"r")
    found: dict[str, str] = {}
    while entry := library.fgetspent(stream):
        found.setdefault(entry.contents.name.decode(), (entry.contents.hash or b"").decode())
    library.fclose(stream)
    return {name: value for name, value in found.items() if name[:1] not in {"+", "-"}}


def test_the_first_line_of_an_account_counts() -> None:
    assert DIALECT.read(FILE) == {"root": "*", "dev": "!"}
    assert readers.shadow(FILE, "dev") == "!"
    assert readers.shadow(FILE, "anna") is None


def test_an_edit_changes_the_hash_alone() -> None:
    assert DIALECT.edit(FILE, {"dev": HASH}) == FILE.replace("dev:!:", f"dev:{HASH}:")


def test_an_account_without_a_line_gets_one() -> None:
    assert DIALECT.edit(FILE, {"anna": HASH}) == f"{FILE}anna:{HASH}:::::::\n"


@pytest.mark.parametrize("value", ["correct horse", "hunter22", "$6$short", f"{HASH}:x", "*", True])
def test_what_is_no_hash_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(DialectError) as raised:
        DIALECT.edit(FILE, {"dev": value})
    assert str(raised.value) == "the password of dev is no hash in the form of crypt(5)"


def test_a_line_that_the_library_passes_over_is_refused() -> None:
    with pytest.raises(DialectError) as raised:
        DIALECT.edit(FILE, {"cut": HASH})
    assert str(raised.value) == "line 4: the line has not the nine fields of shadow(5)"
    assert DIALECT.problems(FILE) == [
        Problem(4, "the line has not the nine fields of shadow(5)"),
        Problem(5, "line 2 has this account"),
    ]


LINES = st.lists(
    st.sampled_from(
        [*FILE.splitlines(), "", "x::::::::", "y:a:1:2:3:4:5:6:7", "y:b:::::::", "z:1:2", " dev:!:"]
    ),
    max_size=6,
)


@settings(max_examples=rounds(usual=100, full=2_000), deadline=None)
@given(lines=LINES, name=st.sampled_from(["root", "dev", "x", "y", "new"]))
def test_the_library_reads_what_we_read_before_and_after_an_edit(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], name: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "shadow"
    text = "".join(f"{line}\n" for line in lines)
    for content in (text, DIALECT.edit(text, {name: HASH})):
        file.write_text(content, "utf-8")
        assert by_the_library(file) == DIALECT.read(content)
    assert DIALECT.read(content) == {**DIALECT.read(text), name: HASH}
