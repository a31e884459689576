"""checks: a person's own proofs, with what they must print or end with."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals

if TYPE_CHECKING:
    from pathlib import Path

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="setpriv needs root")


def check(folder: Path, settings: str) -> tuple[int, str]:
    """The exit code and the words of a check with such settings."""
    made = compile_section(folder, f"checks:\n  it works: {{{settings}}}\n")
    assert ill_written(made) == []
    argv = ["sh", "-c", made.proofs[0].script]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@AS_ROOT
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("run: 'true'", (0, "")),
        ("run: echo 3.1; false", (1, "3.1\nit ended with exit code 1, not with 0\n")),
        ("run: exit 3, code: 3", (0, "")),
        ("run: 'true', code: 3", (1, "it ended with exit code 0, not with 3\n")),
        ("run: echo it is 3.1 here, expect: 3.1 h", (0, "")),
        ("run: echo why >&2, expect: why", (0, "")),
        ("run: echo 3.2, expect: '*'", (1, "3.2\nit did not print: *\n")),
        ("run: exit 1, code: 1, expect: x", (1, "it did not print: x\n")),
        ("run: echo no GPU here; exit 77", (77, "no GPU here\n")),
        ("run: exit 77, code: 77", (0, "")),
        ("run: 'cat; id -un', expect: root", (0, "")),
        ("run: 'exec sleep 5', timeout: 1s", (1, "it did not end within 1 s, and was stopped\n")),
    ],
)
def test_a_check_tells_what_the_script_said_and_what_it_had_to(
    tmp_path: Path, settings: str, told: tuple[int, str]
) -> None:
    assert check(tmp_path, settings) == told


@AS_ROOT
def test_a_script_of_several_lines_with_any_sign_runs_as_it_is(tmp_path: Path) -> None:
    script = "'# mine\n\n    cat <<E\n\n    it''s $HOME\n\n    E\n\n    [ -d / ] # why'"
    assert check(tmp_path, f'run: {script}, expect: "it\'s /root"') == (0, "")


def test_a_quick_check_is_made_by_each_plan_and_has_the_persons_hint(tmp_path: Path) -> None:
    made = compile_section(
        tmp_path,
        "user: {name: dev}\nchecks:\n  a: {run: x, quick: true, remedy: buy one}\n"
        "  b: {run: y, user: dev}\n",
    )
    own = [proof for proof in made.proofs if proof.name.startswith("check ")]
    assert [(proof.name, proof.quick, proof.remedy) for proof in own] == [
        ("check a", True, "buy one"),
        ("check b", False, ""),
    ]
    assert "timeout --kill-after=5 10 setpriv --reuid=root" in own[0].script
    assert "timeout --kill-after=5 60 setpriv --reuid=dev" in own[1].script


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("a: {expect: x}", "3:6: checks.a needs the key 'run'"),
        (
            "a: {run: x, code: 256}",
            "3:21: checks.a.code must be an integer from 0 to 255, not the integer 256",
        ),
        (
            "a: {run: x, expect: ''}",
            "3:23: checks.a.expect must be text on one line, not empty text",
        ),
        (
            "' a': {run: x}",
            "3:3: the key ' a' of checks must be what is proved, in words on one line",
        ),
        (
            "a: {run: 'x {{ secret.T }}'}",
            "3:6: checks.a has a secret in 'run', where other users could see it",
        ),
    ],
)
def test_what_is_no_check_is_refused(tmp_path: Path, section: str, told: str) -> None:
    (tmp_path / "token").write_text("long enough", "utf-8")
    said = refusals(tmp_path, f"checks:\n  {section}\nsecrets: {{T: {{file: token}}}}\n")
    assert said == [told]
