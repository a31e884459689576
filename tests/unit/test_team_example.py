"""examples/team: what its CI says of it, as it is and with a mistake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/team"
PEOPLE = ("ada", "bela", "chen", "dora", "emil", "fatima", "gita", "hugo")


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A copy of the example."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "team"))


def ci(team: Path) -> subprocess.CompletedProcess[str]:
    """Run what the CI of the repository runs, with this envwright."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [team / "ci/check.sh"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_persons_environment_is_good_and_has_a_machine(team: Path) -> None:
    done = ci(team)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    good = {line.split(".yaml: good for ")[0] for line in lines if ".yaml: good for " in line}
    assert good == {f"people/{person}" for person in PEOPLE}
    assert {line for line in lines if line.startswith("@")} == {
        f"@ssh/{person}-laptop  people/{person}.yaml" for person in PEOPLE
    }


LOCKED = 'files: {/etc/motd: {content: "mine\\n"}}\n'
CONTRADICTION = "packages: {absent: [jq]}\n"
TOLD = """\
error: people/bela.yaml:4:20: files./etc/motd is locked by base.yaml:18: \
the company's lawyers want it
    files: {/etc/motd: {content: "mine\\n"}}
                       ^
hint: remove it here; only base.yaml can lift the lock

package:jq is wanted twice, differently: by packages (base.yaml:5) and \
by packages (people/fatima.yaml:4)
hint: remove one of the two
"""


def test_mistakes_of_people_are_told_with_both_places_and_fail_the_ci(team: Path) -> None:
    for person, text in {"bela": LOCKED, "fatima": CONTRADICTION}.items():
        with (team / f"people/{person}.yaml").open("a") as overlay:
            overlay.write(text)
    done = ci(team)
    assert (done.returncode, done.stderr) == (1, TOLD)
