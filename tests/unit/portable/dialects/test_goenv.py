"""Go's environment file holds raw values, and is read as the go command reads it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable.dialects import DialectError, Problem, Value, get

GOENV = get("goenv")
GO = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
KEYS = ("GOINSECURE", "GOPRIVATE", "GOVCS")
"""Settings of which the go command shows the text as it stands."""


def test_everything_behind_the_equals_sign_is_the_value() -> None:
    text = '# c\nGOFLAGS=-mod=mod "x" # y \nGOPROXY=\n GOBIN=/x\nlower=1\nGOARCH=a\r\n'
    assert GOENV.read(text) == {
        "GOFLAGS": '-mod=mod "x" # y ',
        "GOPROXY": "",
        "GOARCH": "a\r",
    }


def test_a_value_is_written_raw() -> None:
    text = "GOPROXY=a\n# c\nGOFLAGS=b"
    changes: dict[str, Value] = {"GOPROXY": "https://p, 'direct'", "GOBIN": "/go bin"}
    after = "GOPROXY=https://p, 'direct'\n# c\nGOFLAGS=b\nGOBIN=/go bin"
    assert GOENV.edit(text, changes) == after


def test_a_new_value_gets_no_carriage_return_whatever_ends_the_other_lines() -> None:
    after = GOENV.edit("# c\r\nGOPROXY=a\r\n", {"GOPROXY": "b", "GOBIN": "/b"})
    assert after == "# c\r\nGOPROXY=b\nGOBIN=/b\n"
    assert GOENV.read(after) == {"GOPROXY": "b", "GOBIN": "/b"}


def test_of_a_key_that_is_set_twice_the_last_counts() -> None:
    text = "GOOS=a\nGOARCH=b\nGOOS=c\n"
    assert GOENV.read(text) == {"GOOS": "c", "GOARCH": "b"}
    assert GOENV.edit(text, {"GOOS": "x"}) == "GOOS=a\nGOARCH=b\nGOOS=x\n"
    assert GOENV.edit(text, {"GOOS": None}) == "GOARCH=b\n"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("goos", "x", "'goos' is no name of a Go setting"),
        ("GO=OS", "x", "'GO=OS' is no name of a Go setting"),
        ("GOOS", 1, "GOOS: a Go setting is a string"),
        ("GOOS", "a\nb", "'a\\nb' cannot be written: it contains '\\n'"),
        ("GOOS", "a\r", "'a\\r' cannot be written: it contains '\\r'"),
    ],
)
def test_what_go_could_not_read_back_is_refused(key: str, value: Value, reason: str) -> None:
    with pytest.raises(DialectError) as caught:
        GOENV.edit("", {key: value})
    assert str(caught.value) == reason


def test_lines_that_go_ignores_or_misreads_are_reported() -> None:
    assert GOENV.problems("# c\n\nGOOS=x\n GOARCH=y\njunk\nGOBIN=z\r\n") == [
        Problem(4, "Go ignores it: expected KEY=value from column 1 on"),
        Problem(5, "Go ignores it: expected KEY=value from column 1 on"),
        Problem(6, "Go takes the carriage return into the value"),
    ]


texts = st.text(
    st.sampled_from([*" \t\r=#'\"\\$~,*/\x0b\x0c\x85\u2028"]) | st.characters(codec="utf-8"),
    max_size=8,
).map(lambda text: text.replace("\n", "").replace("\0", ""))
lines = st.one_of(
    st.builds(
        "{}{}{}{}".format, st.sampled_from(KEYS), st.sampled_from(["=", "=", " ="]), texts, texts
    ),
    st.builds("{}{}".format, st.sampled_from(["# ", " ", "\ufeff", "junk", "", "="]), texts),
)
files = st.lists(lines, max_size=6).flatmap(
    lambda chosen: st.sampled_from(["\n", "\r\n"]).map(lambda ending: ending.join(chosen))
)


def by_go(text: str) -> dict[str, str]:
    """The settings that the go command takes from a file; "" where it has none."""
    assert GO
    with TemporaryDirectory() as folder:
        file = Path(folder, "env")
        file.write_bytes(text.encode())
        command = [GO, "env", "-json", *KEYS]
        # No home: a daemon of the go command would write its telemetry there.
        environment = {"HOME": "/dev/null", "GOENV": str(file)}
        said = subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    found: dict[str, str] = json.loads(said.stdout)
    return found


def by_us(text: str) -> dict[str, Value]:
    return dict.fromkeys(KEYS, "") | {k: v for k, v in GOENV.read(text).items() if k in KEYS}


@pytest.mark.skipif(not GO, reason="no go here")
@given(text=files, key=st.sampled_from(KEYS), value=texts | st.none())
@settings(max_examples=rounds(usual=100, full=5_000), deadline=None)
def test_the_go_command_reads_a_file_and_its_edit_as_we_do(
    text: str, key: str, value: str | None
) -> None:
    assert by_go(text) == by_us(text)
    wanted = value.replace("\r", "") if value is not None else None
    after = by_go(GOENV.edit(text, {key: wanted}))
    assert after == {**by_go(text), key: wanted or ""}
