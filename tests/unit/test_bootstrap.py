"""./bootstrap test, with a stand-in for everything that it starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from command import Said

BOOTSTRAP = Path(__file__).parents[2] / "bootstrap"
DIGEST = "0123456789abcdef"
STAND_INS = {
    "sha256sum": f"echo {DIGEST}",
    "id": "echo 0",
    "cat": "echo 1024",
    "sleep": "",
    "apt-get": "exit 99",
    "docker": '[ -e "$up" ]',
    **dict.fromkeys(("git", "gpg", "mmdebstrap", "openssl", "ssh"), "exit 99"),
}
"""A computer that has all that the tests need, and a root who may not write to /proc/sys."""
STAY = "exec tail -f /dev/null"
STARTED = """\
ruff check .
ruff format --check .
mypy .
pytest --numprocesses=3 --dist=loadfile tests/unit
"""


def put(folder: Path, **scripts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)


def bootstrap_test(folder: Path, dockerd: str, pytest: str = "") -> Said:
    """Run the tests on a computer that has this dockerd; LOG is what its log is called."""
    home, programs = folder / "data", folder / "bin"
    venv = home / "envwright" / f"venv-{DIGEST}"
    put(venv / "bin", **dict.fromkeys(("ruff", "mypy"), 'echo "${0##*/} $*"'))
    put(venv / "bin", pytest=f'echo "pytest $*"\n{pytest}')
    (venv / "complete").touch()
    put(programs, **STAND_INS, dockerd=f'echo $$ >"$pid"\n{dockerd}')
    path = f"{programs}:{os.environ['PATH']}"
    settings = {"PATH": path, "XDG_DATA_HOME": str(home), "up": f"{folder}/up"}
    done = subprocess.run(
        ["sh", str(BOOTSTRAP), "test", "tests/unit"],
        env={**os.environ, **settings, "pid": f"{folder}/pid"},
        capture_output=True,
        text=True,
        check=False,
    )
    log = str(home / "envwright" / "dockerd.log")
    return Said(done.returncode, done.stdout, done.stderr.replace(log, "LOG"))


def is_over(folder: Path) -> bool:
    """Tell whether the dockerd that was started is no more."""
    try:
        os.kill(int((folder / "pid").read_text()), 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("dockerd", ["exit 1", STAY])
def test_where_no_engine_can_be_started_all_other_tests_are_run(
    dockerd: str, tmp_path: Path
) -> None:
    assert bootstrap_test(tmp_path, dockerd) == Said(
        0,
        STARTED,
        "bootstrap: starting dockerd for this run (log: LOG)\n"
        "bootstrap: dockerd does not answer (see LOG): the end-to-end tests are skipped\n",
    )
    assert is_over(tmp_path)


def test_an_engine_that_was_started_for_the_run_ends_with_it(tmp_path: Path) -> None:
    said = bootstrap_test(tmp_path, f'touch "$up"; {STAY}', pytest='kill -0 "$(head "$pid")"')
    starting = "bootstrap: starting dockerd for this run (log: LOG)\n"
    assert said == Said(0, STARTED, starting)
    assert is_over(tmp_path)


def test_an_engine_that_answers_is_used_and_a_failed_test_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    said = bootstrap_test(tmp_path, "exit 1", pytest="exit 5")
    assert said == Said(1, STARTED, "")
    assert not (tmp_path / "pid").exists()
