"""The grammar of the command line: what it takes, and what it says of all else."""

from __future__ import annotations

import pytest

from envwright.cli.options import VERBS, parse
from envwright.errors import EnvwrightError, ExitCode


def refused(*words: str) -> str:
    with pytest.raises(EnvwrightError) as raised:
        parse(words)
    assert raised.value.exit_code is ExitCode.ERROR
    return str(raised.value)


@pytest.mark.parametrize(
    ("words", "what", "prog"),
    [
        ([], "it needs a VERB", "envwright"),
        (["plann"], "there is no VERB 'plann'; did you mean 'plan'?", "envwright"),
        (["frobnicate"], "there is no VERB 'frobnicate'", "envwright"),
        (["plan", "--jsn"], "it takes no '--jsn'; did you mean '--json'?", "envwright plan"),
        (["plan", "--jsn=5"], "it takes no '--jsn'; did you mean '--json'?", "envwright plan"),
        (["plan", "--js"], "it takes no '--js'; did you mean '--json'?", "envwright plan"),
        (["plan", "a.yaml", "b.yaml"], "it takes no 'b.yaml'", "envwright plan"),
        (["plan", "--host"], "--host/-H: expected one argument", "envwright plan"),
        (["plan", "--var", "x"], "--var: 'x' is not NAME=VALUE", "envwright plan"),
        (["plan", "--var", "=x"], "--var: '=x' is not NAME=VALUE", "envwright plan"),
        (["verify", "--format", "tab"], "there is no --format 'tab'; did you mean 'tap'?", ""),
        (["check", "--yes"], "it takes no '--yes'", "envwright check"),
        (["export"], "it needs a KIND", "envwright export"),
        (["export", "ansible"], "there is no KIND 'ansible'", "envwright export"),
        (["export", "pyinfra", "--yes"], "it takes no '--yes'", "envwright export pyinfra"),
    ],
)
def test_words_that_it_does_not_know_are_refused(words: list[str], what: str, prog: str) -> None:
    prog = prog or f"envwright {words[0]}"
    assert refused(*words) == f"{prog}: {what}\nhint: {prog} --help tells what it takes"


def test_all_options_of_an_apply_are_taken() -> None:
    words = "apply a.yaml --var a=1=2 --var b= -H @local -i x.py --limit l --yes --no-verify --json"
    words += " --restart"
    options = vars(parse([*words.split(), "--sudo-password-stdin"]))
    assert options == {
        "verb": "apply",
        "environment": "a.yaml",
        "var": [("a", "1=2"), ("b", "")],
        "host": ["@local"],
        "inventory": "x.py",
        "limit": ["l"],
        "yes": True,
        "restart": 3,
        "verify": False,
        "json": True,
        "parallel": 10,
        "fail_fast": False,
        "log_dir": None,
        "timings": False,
        "sudo_password_stdin": True,
    }


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse([verb, "--help"])
    assert raised.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(f"usage: envwright {verb} ")
    assert VERBS[verb] in said
