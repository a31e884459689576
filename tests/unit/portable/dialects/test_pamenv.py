"""/etc/environment is read as pam_env reads it, which gives a session its variables."""

from __future__ import annotations

import ctypes
import ctypes.util
import subprocess
from pathlib import Path

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get
from envwright.resources.variables import UNQUOTED

PAMENV = get("pamenv")
SILENT = 0x8000
GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"


class Pam:
    """The real pam_env, asked for the variables of a session."""

    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL("libpam.so.0")
        self._library.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_char_p)
        self._folder, self._file = folder, folder / "environment"
        stack = f"session required pam_env.so readenv=1 envfile={self._file} conffile=/dev/null\n"
        (folder / "tried").write_text(stack, "utf-8")

    def read(self, text: str) -> dict[str, str]:
        """The variables that a session has by a file with this text."""
        self._file.write_bytes(text.encode(errors="surrogateescape"))
        handle, conversation = ctypes.c_void_p(), (ctypes.c_void_p * 2)()
        folder = str(self._folder).encode()
        words = (b"tried", b"root", conversation, folder, ctypes.byref(handle))
        assert self._library.pam_start_confdir(*words) == 0
        self._library.pam_open_session(handle, SILENT)
        found, index = self._library.pam_getenvlist(handle), 0
        lines = []
        while found[index]:
            lines.append(found[index].decode(errors="surrogateescape"))
            index += 1
        self._library.pam_end(handle, 0)
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def pam(tmp_path: Path) -> Pam:
    if not ctypes.util.find_library("pam"):
        pytest.skip("no libpam here")
    return Pam(tmp_path)


PIECES = st.sampled_from([*"AB_1=\"'#\\ \t\n\r$x", "export ", "A=", "B=", "\\\n", "#x\n", "é"])
FILES = st.lists(PIECES, max_size=25).map("".join)
VALUES = st.text(
    st.sampled_from([*" \t='~x"])
    | st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='#"$`\\'),
    max_size=12,
)


def test_every_file_is_read_as_pam_env_reads_it(pam: Pam) -> None:
    @given(FILES)
    @settings(max_examples=rounds(usual=400, full=20_000), deadline=None)
    def holds(text: str) -> None:
        assert PAMENV.read(text) == pam.read(text)

    holds()


def test_every_value_is_written_so_that_pam_env_has_it(pam: Pam) -> None:
    @given(FILES, VALUES)
    @settings(max_examples=rounds(usual=400, full=20_000), deadline=None)
    def holds(text: str, value: str) -> None:
        before = pam.read(text)
        try:
            after = PAMENV.edit(text, {"A": value, "B": None})
        except DialectError:
            assert "#" in text
            return
        assert pam.read(after) == {**{k: v for k, v in before.items() if k != "B"}, "A": value}
        assert readers.pamenv(after, "A") == value

    holds()


@pytest.mark.skipif(not Path(GENERATOR).exists(), reason="no systemd with environment.d")
def test_every_value_is_written_so_that_services_have_it(tmp_path: Path) -> None:
    (tmp_path / "environment.d").mkdir()

    @given(st.lists(VALUES, max_size=20))
    @settings(max_examples=20, deadline=None)
    def holds(values: list[str]) -> None:
        text = PAMENV.edit("", {f"V{number}": value for number, value in enumerate(values)})
        (tmp_path / "environment.d" / "99-environment.conf").write_text(text, "utf-8")
        own = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/home/dev", "PATH": "/usr/bin:/bin"}
        said = subprocess.run([GENERATOR], env=own, capture_output=True, check=True).stdout
        (tmp_path / "said").write_bytes(said)
        asked = "".join(
            f"sed -n 's/^V{number}=//p' said | {UNQUOTED}; printf '\\0'\n"
            for number in range(len(values))
        )
        read = subprocess.run(["sh", "-c", asked], cwd=tmp_path, capture_output=True, check=True)
        assert read.stdout.decode().split("\0")[:-1] == values

    holds()


def test_a_comment_behind_a_value_and_all_else_stays() -> None:
    text = '# mine\nPATH="/usr/bin:/bin"\nA=b # why\nA=c\n'
    changes: dict[str, Value] = {"PATH": None, "A": "it is", "B": "x"}
    assert PAMENV.edit(text, changes) == '# mine\nA=b # why\nA="it is"\nB=x\n'
    assert PAMENV.edit("A=b", {"B": "c"}) == "A=b\nB=c\n"
    assert PAMENV.edit("A=b # why\n", {"A": "c"}) == "A=c# why\n"
    assert PAMENV.edit("A=b\\\n# why\nc\n", {"A": "d"}) == "A=b\\\n# why\nc\nA=d\n"
    assert PAMENV.edit("B=c\nA=b\\", {"D": "e"}) == "B=c\nD=e\nA=b\\"


@pytest.mark.parametrize(
    ("text", "key", "value", "reason"),
    [
        ("", "A-B", "x", "'A-B' is no name of a variable"),
        ("", "A", 1, "A: a variable is a string"),
        ("", "A", "a\nb", "'a\\nb' cannot be written: it contains '\\n'"),
        ("", "A", "a#b", "A: pam_env takes a # for the begin of a comment, even in quotes"),
        ("", "A", "$HOME", "A: pam_env and systemd read a $ in a value differently"),
        ("", "A", "a\\b", "A: pam_env and systemd read a \\ in a value differently"),
        ("", "A", "x" * 1000, "A: pam_env reads no line of more than 1000 bytes"),
        (
            "\nA=b\\\n# why\nc\n",
            "A",
            None,
            "line 2: A goes on behind a comment: write the line as one",
        ),
    ],
)
def test_what_pam_env_could_not_read_back_is_refused(
    text: str, key: str, value: Value, reason: str
) -> None:
    with pytest.raises(DialectError) as caught:
        PAMENV.edit(text, {key: value})
    assert str(caught.value) == reason


def test_lines_that_pam_env_ignores_or_cuts_are_reported() -> None:
    assert PAMENV.problems(f"# c\n\nA-B=x\n G=y\nG = y\nL={'x' * 1000}\n") == [
        Problem(3, "pam_env ignores this line"),
        Problem(5, "pam_env ignores this line"),
        Problem(6, "pam_env cuts a line of more than 1000 bytes"),
    ]
