"""How a command ends: exit codes, and what becomes of failures that nobody foresaw."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from command import Said, envwright, words

from envwright import __version__
from envwright.cli import main
from envwright.cli.options import VERBS
from envwright.errors import EnvwrightError, ExitCode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from envwright.cli.invocation import Invocation

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")


def failing(error: BaseException) -> Callable[[argparse.Namespace, Invocation], int]:
    """A verb that does nothing but fail."""

    def verb(_: argparse.Namespace, call: Invocation) -> int:
        call.report.mask = lambda text: text.replace("hunter22", "***")
        raise error

    return verb


@pytest.fixture
def schema_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[BaseException], Said]:
    """Run a command line whose verb raises an error."""

    def function(error: BaseException) -> Said:
        monkeypatch.setitem(main.VERBS, "schema", failing(error))
        return Said(main.main(["schema"]), *capsys.readouterr())

    return function


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with box.yaml, which wants a file in it that says `right`."""
    file = tmp_path / "file"
    (tmp_path / "box.yaml").write_text(f"name: box\nfiles: {{{file}: {{content: right}}}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_verb_that_is_offered_is_there() -> None:
    assert list(main.VERBS) == list(VERBS)


def test_the_exit_codes_are_those_of_the_table_and_no_others() -> None:
    assert sorted(ExitCode) == [0, 1, 2, 3, 130]


# --- What nobody foresaw ----------------------------------------------------------------------


def test_a_mistake_of_ours_is_one_line_without_a_traceback(
    schema_fails: Callable[[BaseException], Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENVWRIGHT_DEBUG", raising=False)
    assert schema_fails(ZeroDivisionError("by hunter22\nand more")) == Said(
        1,
        "",
        "error: internal error: ZeroDivisionError: by ***; please report it\n"
        "hint: set ENVWRIGHT_DEBUG=1 to see where it comes from\n",
    )


def test_its_traceback_is_there_for_those_who_look_and_shows_no_secret(
    schema_fails: Callable[[BaseException], Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVWRIGHT_DEBUG", "1")
    said = schema_fails(ZeroDivisionError("by hunter22"))
    assert said.code == 1
    assert said.err.startswith("Traceback (most recent call last):\n")
    assert "ZeroDivisionError: by ***\n" in said.err
    assert said.err.endswith(
        "error: internal error: ZeroDivisionError: by ***; please report it\n"
        "hint: set ENVWRIGHT_DEBUG=1 to see where it comes from\n"
    )


def test_a_file_here_that_cannot_be_used_is_named(
    schema_fails: Callable[[BaseException], Said],
) -> None:
    error = PermissionError(13, "Permission denied", "/srv/export/deploy.py")
    assert schema_fails(error) == Said(1, "", "error: /srv/export/deploy.py: Permission denied\n")


def test_ctrl_c_ends_with_130_and_names_what_was_interrupted(
    schema_fails: Callable[[BaseException], Said],
) -> None:
    assert schema_fails(KeyboardInterrupt()) == Said(130, "", "error: schema was interrupted\n")


def test_an_apply_that_was_interrupted_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(main.VERBS, "apply", failing(KeyboardInterrupt()))
    assert Said(main.main(["apply", "box.yaml"]), *capsys.readouterr()) == Said(
        130,
        "",
        "error: apply was interrupted\nhint: run `envwright apply` again: it goes on from here\n",
    )


def test_a_reader_who_has_seen_enough_is_no_error_to_tell(
    schema_fails: Callable[[BaseException], Said],
) -> None:
    assert schema_fails(BrokenPipeError(32, "Broken pipe")) == Said(1, "", "")


def test_an_error_shows_no_secret(schema_fails: Callable[[BaseException], Said]) -> None:
    assert schema_fails(EnvwrightError("it said hunter22", hint="mend it")) == Said(
        1, "", "error: it said ***\nhint: mend it\n"
    )


# --- Outputs that do not take what is written ---------------------------------------------------


def ended(redirection: str) -> tuple[int, str]:
    """Run `envwright schema` by a shell with its outputs redirected; its code and stderr."""
    script = f'"$@" {redirection}'
    argv = ["sh", "-c", script, "sh", *words("schema")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_pipe_that_is_closed_is_left_in_silence() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(words("schema"), stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("redirection", "code", "err"),
    [
        (">/dev/full", 1, "error: cannot write the output: No space left on device\n"),
        (">&-", 0, ""),
        ("2>&- >/dev/full", 1, ""),
        (">/dev/full 2>/dev/full", 1, ""),
    ],
)
def test_an_output_that_cannot_be_written_is_told_where_it_can_be(
    redirection: str, code: int, err: str
) -> None:
    assert ended(redirection) == (code, err)


def test_what_the_terminal_has_no_letters_for_is_escaped() -> None:
    name = os.fsdecode(b"ze\xffbra-\xc3\xa4.yaml")
    said = envwright("check", name, PYTHONIOENCODING="ascii")
    assert said == Said(
        1,
        "",
        "error: ze\\udcffbra-\\xe4.yaml: there is no such file\n"
        "hint: name an environment, a file of YAML\n",
    )


def test_the_version_is_told() -> None:
    assert envwright("--version") == Said(0, f"envwright {__version__}\n", "")


# --- This machine -----------------------------------------------------------------------------


@ROOT
def test_a_plan_with_changes_ends_with_2_and_one_without_with_0(
    box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["plan", "box.yaml"]) == 2
    file = box / "file"
    file.write_text("right")
    file.chmod(0o644)
    capsys.readouterr()
    assert main.main(["plan", "box.yaml"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("Nothing to do: all 1 resources are as they should be.\n")


@ROOT
def test_json_is_all_that_is_printed_where_it_is_asked_for(
    box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> Any:
        main.main(arguments)
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)

    (change,) = said("plan", "box.yaml", "--json")["changes"]
    assert (change["id"], change["verb"]) == (f"file:{box}/file", "create")
    both = said("plan", "box.yaml", "--json", "-H", "@local", "-H", "@local")
    assert [host["result"]["changes"] for host in both["hosts"]] == [[change], [change]]
    (result,) = said("verify", "box.yaml", "--json")
    assert (result["id"], result["outcome"]) == (change["id"], "failed")
    assert said("verify", "box.yaml", "--format", "json")[0]["id"] == change["id"]
    (box / "file").write_text("right")
    (box / "file").chmod(0o644)
    applied = said("apply", "box.yaml", "--json", "--yes")
    assert (applied["plan"]["changes"], applied["pending"], applied["checks"]) == ([], [], [])


@ROOT
def test_a_verification_ends_with_2_where_something_failed(
    box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["verify", "box.yaml", "--format", "tap"]) == 2
    out = capsys.readouterr().out
    assert out.splitlines()[:3] == ["TAP version 14", "1..1", f"not ok 1 - file:{box}/file"]
    (box / "file").write_text("right")
    (box / "file").chmod(0o644)
    assert main.main(["verify", "box.yaml"]) == 0
    assert re.sub(r"\s+", " ", capsys.readouterr().out) == (
        f" Verifying box on @local: ok file:{box}/file Verified: 1 passed, 0 failed, 0 skipped. "
    )


class Terminal(io.StringIO):
    """A stdin at which somebody sits."""

    def isatty(self) -> bool:
        return True


@ROOT
@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yess\n"])
def test_an_answer_that_is_not_yes_changes_nothing(
    answer: str, box: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert main.main(["apply", "box.yaml"]) == 1
    assert capsys.readouterr().err == ("\nMake these changes? [y/N] error: nothing was changed\n")
    assert not (box / "file").exists()


@ROOT
@pytest.mark.parametrize("stdin", [io.StringIO(), None], ids=["at its end", "closed"])
def test_without_anybody_to_ask_nothing_is_changed(
    stdin: io.StringIO | None,
    box: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    assert main.main(["apply", "box.yaml"]) == 1
    assert capsys.readouterr().err == (
        "error: nothing was changed: there is nobody to ask\n"
        "hint: say --yes to apply without asking\n"
    )
    assert not (box / "file").exists()


def test_json_leaves_no_place_for_a_question(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["apply", "box.yaml", "--json"]) == 1
    assert capsys.readouterr().err == "error: apply --json cannot ask\nhint: say --yes, too\n"
    assert not (box / "file").exists()
