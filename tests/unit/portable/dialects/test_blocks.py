"""Blocks between marks, in files that others own, and whole lines."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, get

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.portable.dialects import Value

BLOCK, TOP, LINES = get("block"), get("block_top"), get("lines")
BASHRC = "# ~/.bashrc\ncase $- in *i*) ;; *) return ;; esac"
"""Without an ending, as an editor may leave it."""


def test_a_new_block_goes_to_the_end_and_its_last_line_is_ended() -> None:
    after = BLOCK.edit(BASHRC, {"# tools": "export EDITOR=vim\n"})
    assert after == (
        f"{BASHRC}\n# envwright: tools begin\nexport EDITOR=vim\n# envwright: tools end\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "{}"),
        ("a\n", "{}a\n"),
        ("#!/bin/sh\na\n", "#!/bin/sh\n{}a\n"),
        ("#!/bin/sh", "#!/bin/sh\n{}"),
        ("\ufeffa\n", "\ufeff{}a\n"),
    ],
)
def test_a_block_at_the_beginning_stands_behind_what_must_be_first(before: str, after: str) -> None:
    block = "# envwright: tools begin\nx\n# envwright: tools end\n"
    assert TOP.edit(before, {"# tools": "x"}) == after.format(block)


def test_the_blocks_of_two_environments_stand_side_by_side() -> None:
    one = BLOCK.edit("mine\n", {"# team": "a\n"})
    both = BLOCK.edit(one, {"# anna": "b\n"})
    assert BLOCK.read(both) == {"# team": "a\n", "# anna": "b\n"}
    assert BLOCK.edit(both, {"# anna": None}) == one
    assert BLOCK.edit(both, {"# team": "a2\nb"}) == both.replace("a\n", "a2\nb\n", 1)


def test_windows_line_endings_stay_and_mean_the_same() -> None:
    text = "a\r\n"
    after = BLOCK.edit(text, {"# x": "1\n2\n"})
    assert after == "a\r\n# envwright: x begin\r\n1\r\n2\r\n# envwright: x end\r\n"
    assert BLOCK.actual(after, {"# x": "1\n2\n"}) == {"# x": "1\n2\n"}
    assert readers.block(after, "# x") == "1\n2\n"


@pytest.mark.parametrize("key", ["# x", "// x", '" x', "-- x.y", "<!-- x -->", "/* x */", "rem x"])
def test_marks_are_comments_of_the_file_s_own_syntax(key: str) -> None:
    text = BLOCK.edit("old\n", {key: "new\n"})
    assert (BLOCK.read(text), readers.block(text, key)) == ({key: "new\n"}, "new\n")
    assert BLOCK.edit(text, {key: None}) == "old\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n# envwright: x begin\nb\n", (2, "# envwright: x end")),
        ("a\n# envwright: x end\n", (2, "# envwright: x begin")),
        ("# envwright: x begin\n# envwright: y begin\n# envwright: x end\n", (1, "x end")),
        ("# envwright: x begin\nalias a=b\n# envwright: x endexport A=1\n", (1, "x end")),
    ],
)
def test_a_torn_mark_is_refused_by_its_line(text: str, told: tuple[int, str]) -> None:
    line, mark = told
    reason = (
        f"this mark of a block has no mark `# envwright: {mark.removeprefix('# envwright: ')}` "
        "with it: add that line, or remove this one"
    )
    with pytest.raises(DialectError) as caught:
        BLOCK.edit(text, {"# z": "1"})
    assert (caught.value.line, caught.value.reason) == (line, reason)
    assert BLOCK.problems(text) == [Problem(line, reason)]


def test_a_block_that_is_there_twice_is_refused_by_its_line() -> None:
    text = "# envwright: x begin\n# envwright: x end\n" * 2
    with pytest.raises(DialectError) as caught:
        BLOCK.read(text)
    assert str(caught.value) == "line 3: the block 'x' begins a second time, remove one of them"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "# x",
            "a\n# envwright: y end\n",
            "# x: the line '# envwright: y end' would be a mark of a block",
        ),
        ("# x", "a\rb", "'a\\rb' cannot be written: it contains '\\r'"),
        ("# x", 5, "# x: the text of a block is a string"),
        ("x", "a", "'x' is no block: how comments begin, a blank, and a name"),
    ],
)
def test_what_is_no_block_is_refused(key: str, value: Value, told: str) -> None:
    with pytest.raises(DialectError) as caught:
        BLOCK.edit("", {key: value})
    assert str(caught.value) == told


def test_sed_reads_between_the_marks_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(BLOCK.edit("before\nafter", {"# tools": "a 'b'\n\n# c"}))
    script = r"/^# envwright: tools begin$/,/^# envwright: tools end$/{/envwright: tools/!p}"
    argv = ["sed", "-n", script, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == "a 'b'\n\n# c\n"


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_runs_a_block_before_a_profile_returns(tmp_path: Path) -> None:
    file = tmp_path / ".bashrc"
    for dialect, said in ((TOP, "vim\n"), (BLOCK, "\n")):
        file.write_text(dialect.edit(BASHRC, {"# tools": "EDITOR=vim"}))
        argv = ["bash", "--norc", "-c", f". {file}; echo $EDITOR"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, env={})
        assert done.stdout == said


def test_lines_are_added_at_the_end_and_removed_everywhere() -> None:
    text = "a\r\nb\r\na"
    assert LINES.edit(text, {"c": True, "b": True}) == "a\r\nb\r\na\r\nc\r\n"
    assert LINES.edit(text, {"a": None, "c": None}) == "b\r\n"
    assert LINES.actual(text, {"a": True, " a": True}) == {"a": True}
    assert [readers.lines(text, line) for line in ("a", "c")] == [True, None]


def test_grep_finds_the_lines_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for line in ("export PATH=$PATH:/x", "  [a].*", "é"):
        file.write_text(LINES.edit(f"not {line}\n", {line: True}))
        argv = ["grep", "-cFx", "--", line, str(file)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert done.stdout == "1\n"


def test_a_file_in_utf_16_keeps_its_encoding() -> None:
    text = "\ufeffa\r\n".encode("utf-16-le").decode("utf-8", "surrogateescape")
    after = LINES.edit(text, {"b": True}).encode("utf-8", "surrogateescape")
    assert after.decode("utf-16-le") == "\ufeffa\r\nb\r\n"
