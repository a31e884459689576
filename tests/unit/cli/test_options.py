"""The grammar of the command line: what it takes, and what it says of all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from envwright.cli.options import (
    RESTARTS,
    VERBS,
    MachineOptions,
    fleet_options,
    machine_options,
    parse,
    run_options,
)
from envwright.cli.pull_options import install_options
from envwright.errors import EnvwrightError, ExitCode
from envwright.fleet.options import FleetOptions
from envwright.pull.installation import InstallOptions
from envwright.workflow import RunOptions, Verb

PULL = "envwright pull install"


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
        (["pull", "install", "U", "a", "--var", "x"], "--var: 'x' is not NAME=VALUE", PULL),
        (["export"], "it needs a KIND", "envwright export"),
        (["export", "ansible"], "there is no KIND 'ansible'", "envwright export"),
        (["export", "pyinfra", "--yes"], "it takes no '--yes'", "envwright export pyinfra"),
    ],
)
def test_words_that_it_does_not_know_are_refused(words: list[str], what: str, prog: str) -> None:
    prog = prog or f"envwright {words[0]}"
    assert refused(*words) == f"{prog}: {what}\nhint: {prog} --help tells what it takes"


def test_what_is_said_of_machines_becomes_one_value() -> None:
    words = "plan a.yaml --var a=1=2 --var b= -H @local -i x.py --limit l --sudo-password-stdin"
    words += " --offline"
    assert machine_options(parse(words.split())) == MachineOptions(
        environment="a.yaml",
        variables={"a": "1=2", "b": ""},
        hosts=("@local",),
        inventory="x.py",
        limit=("l",),
        password_on_stdin=True,
        offline=True,
    )
    assert machine_options(parse(["plan", "a.yaml"])) == MachineOptions("a.yaml", {})


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("plan a.yaml", RunOptions(Verb.PLAN)),
        ("plan a.yaml --json", RunOptions(Verb.PLAN, json=True)),
        ("apply a.yaml", RunOptions(Verb.APPLY)),
        (
            "apply a.yaml --yes --no-verify --restart --json",
            RunOptions(Verb.APPLY, yes=True, verify=False, restarts=RESTARTS, json=True),
        ),
        ("verify a.yaml", RunOptions(Verb.VERIFY)),
        ("verify a.yaml --junit b.xml", RunOptions(Verb.VERIFY, junit=Path("b.xml"))),
    ],
)
def test_what_is_wanted_of_a_run_becomes_one_value(words: str, options: RunOptions) -> None:
    assert run_options(parse(words.split())) == options


def test_how_a_fleet_runs_becomes_one_value() -> None:
    words = "verify a.yaml --parallel 3 --fail-fast --log-dir logs"
    assert fleet_options(parse(words.split())) == FleetOptions(3, True, Path("logs"))
    assert fleet_options(parse(["plan", "a.yaml"])) == FleetOptions(10)


def test_an_installation_of_pull_mode_becomes_one_value() -> None:
    words = "pull install URL a.yaml --ref v1 --signers s --key k --key l --apply --every 5m"
    words += " --identity i --known-hosts h --var a=1"
    assert install_options(parse(words.split())) == InstallOptions(
        url="URL",
        environment="a.yaml",
        ref="v1",
        signers=Path("s"),
        keys=(Path("k"), Path("l")),
        apply=True,
        every="5m",
        identity=Path("i"),
        known_hosts=Path("h"),
        variables={"a": "1"},
    )
    least = InstallOptions("URL", "a.yaml")
    assert install_options(parse(["pull", "install", "URL", "a.yaml"])) == least
    assert install_options(parse(["pull", "remove"])) is None


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse([verb, "--help"])
    assert raised.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(f"usage: envwright {verb} ")
    assert VERBS[verb] in said
