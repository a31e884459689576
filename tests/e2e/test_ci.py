"""The CI of a repository of environments: the hook of pre-commit, the action, the recipes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from checkout import CHECKOUT
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENTS = {
    "environments/a.yaml": "name: a\npackages: [jq]\n",
    "environments/b.yaml": "name: b\nextends: a.yaml\npackages: [telnet]\n",
    "policy.yaml": "policy: {bounds: {packages: {reason: in clear text, excludes: [telnet]}}}\n",
}
BROKEN = (
    'error: environments/b.yaml:3:11: packages.install has "telnet", which the bound in '
    "policy.yaml:1 excludes: in clear text\n"
    "    packages: [telnet]\n"
    "              ^\n"
    "hint: change the value; only policy.yaml can move the bound\n"
)


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A team's repository, in which an environment breaks the policy."""
    folder = tmp_path / "team"
    for name, text in ENVIRONMENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def recipe(name: str) -> Any:
    """Return the example of docs/ci.md that is a whole file."""
    page = (CHECKOUT / "docs" / "ci.md").read_text("utf-8")
    found = re.search(rf"    # {re.escape(name)}\n((?:    .*\n)+)", page)
    assert found
    return read(textwrap.dedent(found[1]))


# --- pre-commit, the real one --------------------------------------------------------------------


def committed(folder: Path) -> str:
    """Make a folder a git repository with one commit; return the commit."""
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(folder))
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "All"]):
        subprocess.run([*git, *arguments], check=True)
    return subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_hook_of_pre_commit_stops_an_environment_that_breaks_a_policy(
    team: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "envwright"
    skip = shutil.ignore_patterns(".git", ".*_cache", "__pycache__", "*.egg-info", "tests")
    shutil.copytree(CHECKOUT, ours, ignore=skip)
    config = recipe(".pre-commit-config.yaml")
    (repository,) = config["repos"]
    repository |= {"repo": str(ours), "rev": committed(ours)}
    repository["hooks"][0]["args"] = ["--policy", "policy.yaml", "--for", "debian-13"]
    with (team / ".pre-commit-config.yaml").open("w") as file:
        YAML(typ="safe").dump(config, file)
    committed(team)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    program = tmp_path / "venv" / "bin"
    subprocess.run([program / "pip", "install", "-q", "pre-commit"], check=True)

    def run() -> str:
        settings = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")}
        command = [str(program / "pre-commit"), "run", "--all-files", "--color=never"]
        done = subprocess.run(
            command, check=False, cwd=team, env=settings, capture_output=True, text=True
        )
        return "\n".join(line for line in done.stdout.splitlines() if "[INFO]" not in line)

    good = "environments/a.yaml: good for debian-13: 1 resources, 2 proofs\n"
    failed = f"{'envwright check':.<73}Failed\n- hook id: envwright-check\n- exit code: 1\n\n"
    assert run() == f"{failed}{good}{BROKEN}"
    (team / "environments" / "b.yaml").write_text("name: b\nextends: a.yaml\n", "utf-8")
    assert run() == f"{'envwright check':.<73}Passed"


# --- The action of GitHub, and the recipes -------------------------------------------------------


def test_the_action_checks_the_files_that_its_inputs_name(team: Path) -> None:
    action = read((CHECKOUT / "action.yml").read_text("utf-8"))
    (step,) = action["runs"]["steps"]
    inputs = {name: each["default"] for name, each in action["inputs"].items()}
    inputs |= {"policies": "policy.yaml", "kinds": "debian-13"}
    settings = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
        for name, value in step["env"].items()
    }
    # The first start installs what envwright needs, and says so.
    subprocess.run([CHECKOUT / "bootstrap", "--version"], check=True, capture_output=True)
    # As GitHub starts the shell `bash`.
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    environment = {**os.environ, **settings, "GITHUB_ACTION_PATH": str(CHECKOUT)}
    done = subprocess.run(
        command, check=False, cwd=team, env=environment, capture_output=True, text=True
    )
    good = "environments/a.yaml: good for debian-13: 1 resources, 2 proofs\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, good, BROKEN)


def test_the_action_has_the_keys_that_github_knows() -> None:
    """The keys are those of GitHub's page on the metadata of actions; no runner is here."""
    action = read((CHECKOUT / "action.yml").read_text("utf-8"))
    assert {*action} == {"name", "description", "inputs", "runs"}
    assert {key for each in action["inputs"].values() for key in each} == {"description", "default"}
    assert (action["runs"]["using"], {*action["runs"]}) == ("composite", {"using", "steps"})
    assert [{*step} for step in action["runs"]["steps"]] == [{"name", "shell", "env", "run"}]


def test_the_recipes_name_what_there_is() -> None:
    action = read((CHECKOUT / "action.yml").read_text("utf-8"))
    workflow = recipe(".github/workflows/check.yaml")
    used = workflow["jobs"]["check"]["steps"][1]
    assert {*used["with"]} == {*action["inputs"]}
    (hook,) = read((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert recipe(".pre-commit-config.yaml")["repos"][0]["hooks"][0]["id"] == hook["id"]
    assert recipe(".gitlab-ci.yml")["check"]["script"][-1].startswith("/opt/envwright/bootstrap")
