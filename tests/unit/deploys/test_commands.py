"""commands: a state that a person's own command makes, known by its own test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.operations import Content, operation
from envwright.model.resource import compare
from envwright.model.secrets import marker
from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="becomes the user of the command")


def commands(folder: Path, text: str) -> dict[str, Command]:
    """The commands of an environment, by name."""
    made = compile_section(folder, text).resources
    return {one.title: one for one in made if isinstance(one, Command)}


def ran(script: str, given: str = "") -> tuple[int, str]:
    """The exit code and the output of a script for root."""
    done = subprocess.run(
        ["sh", "-c", script], input=given, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_a_command_is_a_resource_of_its_name(tmp_path: Path) -> None:
    text = "commands: {tool: {run: make, unless: test -e /made}}\n"
    assert states(tmp_path, text) == {"command:tool": {"value": "there"}}
    assert ill_written(compile_section(tmp_path, text)) == []


@ROOT
@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("unless: 'true'", (0, "there\n")),
        ("unless: 'false'", (0, "missing\n")),
        ("unless: no-such-program", (0, "missing\n")),
        ("unless: exit 124", (0, "missing\n")),
        ("unless: 'if'", (0, "missing\n")),
        ("unless: '[ $(pwd) = /root ] && ! read line'", (0, "there\n")),
        ('unless: \'[ "$WORD" = "a b" ]\', env: {WORD: a b}', (0, "there\n")),
        ("unless: 'true # not; a fault'", (0, "there\n")),
        ("unless: id, user: nobody-here", (0, "missing\n")),
        ("creates: /etc/passwd", (0, "there\n")),
        ("creates: ~/no such file", (0, "missing\n")),
    ],
)
def test_a_plan_knows_the_effect_by_the_test(
    test: str, said: tuple[int, str], tmp_path: Path
) -> None:
    made = commands(tmp_path, f"commands: {{tool: {{run: make, {test}}}}}\n")
    assert ran(made["tool"].observe) == said


@ROOT
def test_a_test_that_takes_too_long_is_told(tmp_path: Path) -> None:
    made = commands(tmp_path, "commands: {tool: {run: make, unless: sleep 99}}\n")
    assert ran(made["tool"].observe.replace("--kill-after=5 10", "--kill-after=5 0.1")) == (
        77,
        (
            "the test of the command tool did not end within 10 s: every plan runs it, so it "
            "must be quick\n"
        ),
    )


@ROOT
@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("echo made >DIR/made", (0, "")),
        ("true", (1, "the command ended well, but its test still fails: test -e DIR/made\n")),
        ("echo no; exit 3", (1, "no\nthe command ended with exit code 3\n")),
        ("exit 124", (1, "the command ended with exit code 124\n")),
        ("sleep 99 & wait", (1, "it did not end within 1s, and was stopped\n")),
    ],
)
def test_a_command_must_bring_its_effect_about(
    run: str, said: tuple[int, str], tmp_path: Path
) -> None:
    command = run.replace("DIR", str(tmp_path))
    text = (
        f'commands: {{tool: {{run: "{command}", unless: test -e {tmp_path}/made, timeout: 1s}}}}\n'
    )
    code, output = ran(commands(tmp_path, text)["tool"].run)
    assert (code, output.replace(str(tmp_path), "DIR")) == said


@ROOT
def test_a_command_whose_effect_is_there_is_not_run_by_an_exported_deploy(tmp_path: Path) -> None:
    text = f"commands: {{tool: {{run: 'echo x >{tmp_path}/ran', unless: 'true'}}}}\n"
    assert ran(commands(tmp_path, text)["tool"].run) == (0, "")
    assert not (tmp_path / "ran").exists()


@ROOT
def test_secrets_come_by_stdin_and_not_by_an_argument(tmp_path: Path) -> None:
    text = f"""\
secrets: {{T: {{env: T}}}}
commands:
  tool:
    run: |
      printf '%s|%s' "$PASS" "$OPEN" >{tmp_path}/made
      ! grep -qs '[s]3cr3t' /proc/*/cmdline && ! read line
    unless: test -e {tmp_path}/made
    env: {{PASS: "a {{{{ secret.T }}}}", OPEN: b}}
"""
    tool = commands(tmp_path, text)["tool"]
    (call,) = tool.converge(compare(None, tool.desired()))
    assert call == operation(
        "server.shell", commands=[tool.run], _stdin=Content(f"PASS=a {marker('T')}\0")
    )
    assert ran(tool.run, tool.given.replace(marker("T"), "s3cr3t'\n$x")) == (0, "")
    assert (tmp_path / "made").read_text() == "a s3cr3t'\n$x|b"


def test_needs_are_other_commands_sections_and_ids(tmp_path: Path) -> None:
    text = """\
packages: [git, curl]
files: {/srv/a: {content: a}, /srv/b: {content: b}}
commands:
  last: {run: a, unless: b, needs: [first, packages, "file:/srv/a"]}
  first: {run: a, unless: b}
"""
    made = commands(tmp_path, text)
    assert made["last"].needs == ("command:first", "package:git", "package:curl", "file:/srv/a")
    assert list(states(tmp_path, text))[-2:] == ["command:first", "command:last"]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{x: {run: a}}", "2:15: commands.x needs exactly one of 'unless' and 'creates'"),
        (
            "{x: {run: a, unless: b, creates: /c}}",
            "2:15: commands.x needs exactly one of 'unless' and 'creates'",
        ),
        (
            "{x: {run: a, creates: c}}",
            (
                "2:33: commands.x.creates must be an absolute path, or a path that begins with "
                "`~/`, not text 'c'"
            ),
        ),
        (
            "{x: {run: a, unless: b, needs: [x]}}",
            "2:11: commands has the command 'x', which needs itself",
        ),
        (
            "{x: {run: a, unless: b, needs: [packges]}}\npackages: [git]",
            (
                "2:15: command:x comes after 'packges', but the environment has nothing of that "
                "name; did you mean 'packages'?"
            ),
        ),
        (
            "{x: {run: 'a {{ secret.T }}', unless: b}}\nsecrets: {T: {env: T}}",
            (
                "2:15: commands.x has a secret in 'run', where other users could see it: put it "
                "under 'env'"
            ),
        ),
    ],
)
def test_what_can_never_work_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"commands: {section}\n") == [told]


def test_commands_that_need_each_other_are_refused(tmp_path: Path) -> None:
    section = "{x: {run: a, unless: b, needs: [y]}, y: {run: a, unless: b, needs: [x]}}"
    (told,) = refusals(tmp_path, f"commands: {section}\n")
    assert told.splitlines()[0] == (
        "these resources depend on each other: command:x -> command:y -> command:x"
    )
