"""./bootstrap test and docs, with a stand-in for everything that it starts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command import Said

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOTSTRAP = Path(__file__).parents[2] / "bootstrap"
DIGEST = "0123456789abcdef"
BASICS = ("cut", "dirname", "env", "head", "kill", "mkdir", "python3", "readlink", "tail", "touch")
TEST_PROGRAMS = {
    "crontab": "cron",
    "docker": "docker-cli",
    "fish": "fish",
    "git": "git",
    "go": "golang-go",
    "gpg": "gnupg",
    "mksh": "mksh",
    "mmdebstrap": "mmdebstrap",
    "openssl": "openssl",
    "shellcheck": "shellcheck",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "stow": "stow",
    "sudo": "sudo",
    "systemd-analyze": "systemd",
    "tcsh": "tcsh",
    "zsh": "zsh",
}
"""What the tests start, and the packages that bring it."""
STAND_INS = {
    "sha256sum": f"echo {DIGEST}",
    "id": "echo 0",
    "cat": "echo 1024",
    "sleep": "",
    "stat": "echo 0 755",
    "apt-get": 'echo "$*" >>"$apt"',
    **dict.fromkeys(TEST_PROGRAMS, "exit 99"),
    "docker": '[ -e "$up" ]',
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


def bootstrap(  # noqa: PLR0913, PLR0917 - what there is on the computer
    folder: Path,
    dockerd: str = "",
    pytest: str = "",
    lacks: Iterable[str] = (),
    verb: Iterable[str] = ("test", "tests/unit"),
    homes: Iterable[str] = ("data/envwright",),
    **programs: str,
) -> Said:
    """Run the tests on a computer with these programs; LOG is what the log of dockerd is called."""
    home, path = folder / "data", folder / "bin"
    for place in homes:
        venv = folder / place / f"venv-{DIGEST}"
        put(venv / "bin", **dict.fromkeys(("ruff", "mypy", "python"), 'echo "${0##*/} $*"'))
        put(venv / "bin", pytest=f'echo "pytest $*"\n{pytest}')
        (venv / "complete").touch()
    there = STAND_INS | {"dockerd": f'echo $$ >"$pid"\n{dockerd}'} | programs
    put(path, **{name: script for name, script in there.items() if name not in {*lacks}})
    for name in BASICS:
        (path / name).symlink_to(shutil.which(name) or name)
    settings = {name: f"{folder}/{name}" for name in ("up", "pid", "apt")}
    done = subprocess.run(
        ["/bin/sh", str(BOOTSTRAP), *verb],
        env=settings | {"HOME": str(folder), "PATH": str(path), "XDG_DATA_HOME": str(home)},
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
    assert bootstrap(tmp_path, dockerd) == Said(
        0,
        STARTED,
        "bootstrap: starting dockerd for this run (log: LOG)\n"
        "bootstrap: dockerd does not answer (see LOG): the end-to-end tests are skipped\n",
    )
    assert is_over(tmp_path)


def test_an_engine_that_was_started_for_the_run_ends_with_it(tmp_path: Path) -> None:
    said = bootstrap(tmp_path, f'touch "$up"; {STAY}', pytest='kill -0 "$(head "$pid")"')
    starting = "bootstrap: starting dockerd for this run (log: LOG)\n"
    assert said == Said(0, STARTED, starting)
    assert is_over(tmp_path)


def test_an_engine_that_answers_is_used_and_a_failed_test_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    said = bootstrap(tmp_path, "exit 1", pytest="exit 5")
    assert said == Said(1, STARTED, "")
    assert not (tmp_path / "pid").exists()


def apt_calls(folder: Path) -> list[str]:
    """What apt-get was called with."""
    calls = folder / "apt"
    return calls.read_text().splitlines() if calls.exists() else []


UPDATE = "-qq update"
INSTALL = "-q -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends"


def test_root_gets_the_programs_that_the_tests_start(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    packages = " ".join(TEST_PROGRAMS.values())
    said = bootstrap(tmp_path, lacks=["dockerd", *TEST_PROGRAMS])
    assert said.err.splitlines()[:2] == [
        "bootstrap: installing docker.io (apt)",
        f"bootstrap: installing {packages} (apt)",
    ]
    assert apt_calls(tmp_path) == [UPDATE, f"{INSTALL} docker.io", UPDATE, f"{INSTALL} {packages}"]


def test_only_what_is_missing_is_installed(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    said = bootstrap(tmp_path, lacks=["zsh", "sudo"])
    assert said == Said(0, STARTED, "bootstrap: installing sudo zsh (apt)\n")
    assert apt_calls(tmp_path) == [UPDATE, f"{INSTALL} sudo zsh"]


def test_where_nothing_can_be_installed_the_tests_are_run_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    said = bootstrap(tmp_path, lacks=["fish"], **{"apt-get": "exit 100"})
    told = (
        "bootstrap: installing fish (apt)\n"
        "bootstrap: could not install fish: tests that need these programs are skipped\n"
    )
    assert said == Said(0, STARTED, told)


def test_the_lock_of_apts_lists_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    held = "Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
    apt_get = (
        f'echo "$*" >>"$apt"; [ -e "$up.tried" ] || {{ : >"$up.tried"; '
        f"echo 'E: {held}' >&2; echo 'E: Unable to lock' >&2; exit 100; }}"
    )
    said = bootstrap(tmp_path, lacks=["fish"], **{"apt-get": apt_get})
    told = f"bootstrap: installing fish (apt)\nbootstrap: waiting: {held}\n"
    assert said == Said(0, STARTED, told)
    assert apt_calls(tmp_path) == [UPDATE, UPDATE, f"{INSTALL} fish"]


def test_the_lock_of_dpkg_is_waited_for_and_its_holder_named_once(tmp_path: Path) -> None:
    held = "Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (dpkg)..."
    wait = f'echo "Waiting for cache lock: {held}"; ' * 2
    apt_get = f"case $* in *install*) {wait}exit 3 ;; esac"
    said = bootstrap(tmp_path, lacks=["fish"], **{"apt-get": apt_get})
    assert said.err == (
        f"bootstrap: installing fish (apt)\nbootstrap: waiting: {held}\n"
        "bootstrap: could not install fish: tests that need these programs are skipped\n"
        "bootstrap: starting dockerd for this run (log: LOG)\n"
        "bootstrap: dockerd does not answer (see LOG): the end-to-end tests are skipped\n"
    )


@pytest.mark.parametrize(("lacks", "id_"), [(["apt-get", "zsh"], "echo 0"), (["zsh"], "echo 1000")])
def test_without_apt_or_root_nothing_is_installed(
    lacks: list[str], id_: str, tmp_path: Path
) -> None:
    (tmp_path / "up").touch()
    said = bootstrap(tmp_path, lacks=lacks, id=id_)
    assert (said, apt_calls(tmp_path)) == (Said(0, STARTED, ""), [])


def test_docs_writes_the_generated_documents(tmp_path: Path) -> None:
    docs = BOOTSTRAP.with_name("docs")
    written = Said(0, f"python -m envwright.spec.documents {docs}\n", "")
    assert bootstrap(tmp_path, verb=["docs"]) == written


@pytest.mark.parametrize(
    ("owner_and_mode", "home"),
    [
        ("0 755", "data/envwright"),
        ("0 1777", "data/envwright"),
        ("1000 755", "root/.local/share/envwright"),
        ("0 775", "root/.local/share/envwright"),
        ("0 757", "root/.local/share/envwright"),
    ],
)
def test_root_runs_nothing_that_a_user_could_have_planted(
    owner_and_mode: str, home: str, tmp_path: Path
) -> None:
    """`sudo -E` keeps HOME and XDG_DATA_HOME: a virtual environment there is a user's."""
    (tmp_path / "up").touch()
    said = bootstrap(
        tmp_path,
        pytest='echo "${0%/venv-*}"',
        homes=("data/envwright", "root/.local/share/envwright"),
        getent=f"echo root:x:0:0:root:{tmp_path}/root:/bin/sh",
        stat=f"echo {owner_and_mode}",
    )
    assert said.out.splitlines()[-1] == f"{tmp_path}/{home}"
