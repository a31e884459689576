"""--timeout and --lock-timeout: a machine that hangs is given up, and holds up no other."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import hostile_hosts
import pytest
from standins import local_session

from envwright.state import lock

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

TEXT = "files: {/nowhere/at/all: {absent: true}}\n"
GOOD = [f"@docker/{number}.good" for number in range(1, 6)]
SILENT = "@docker/silent"


@pytest.fixture(autouse=True)
def hostile_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = f"{hostile_hosts.install(tmp_path / 'bin')}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr("sys.stdin", None)


def on(*hosts: str) -> list[str]:
    return [word for host in hosts for word in ("-H", host)]


def test_a_silent_machine_is_given_up_after_the_time_and_told_how_to_look_by_hand(
    run: Run,
) -> None:
    for verb in ("plan", "verify"):
        started = time.monotonic()
        said = run(verb, "box.yaml", *on(SILENT), "--timeout", "1", text=TEXT)
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            "error: @docker/silent: no shell answered: no end after 1 s\n"
            "hint: see whether one does by hand: docker exec -i silent sh\n"
        )
        assert time.monotonic() - started < 10


def test_a_silent_machine_of_six_takes_the_others_no_longer_than_its_own_time(run: Run) -> None:
    started = time.monotonic()
    run("plan", "box.yaml", *on(*GOOD), text=TEXT)
    others = time.monotonic() - started
    started = time.monotonic()
    hosts = on(*GOOD[:2], SILENT, *GOOD[2:])
    said = run("plan", "box.yaml", *hosts, "--timeout", "4", "--json")
    taken = time.monotonic() - started
    told = json.loads(said.out)["hosts"]
    outcomes = {host["host"]: host["outcome"] for host in told}
    assert outcomes == {**dict.fromkeys(GOOD, "same"), SILENT: "unreachable"}
    assert said.code == 1
    errors = [host["error"]["message"] for host in told if host["error"]]
    assert errors == ["@docker/silent: no shell answered: no end after 4 s"]
    # The time of the others, and that machine's; twice the others' for a computer that is busy.
    assert 4 <= taken < 4 + max(2 * others, 3)


def test_a_silent_machine_is_given_up_by_the_workers_of_a_fleet_too(run: Run) -> None:
    said = run("verify", "box.yaml", *on(GOOD[0], SILENT), "--timeout", "20", "--json", text=TEXT)
    outcomes = {host["host"]: host["outcome"] for host in json.loads(said.out)["hosts"]}
    assert outcomes == {GOOD[0]: "proven", SILENT: "unreachable"}


def test_an_apply_waits_for_the_lock_as_long_as_it_is_told(
    run: Run, journal_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "doomed").touch()
    text = f"files: {{{tmp_path}/doomed: {{absent: true}}}}\n"
    with local_session() as other:
        lock.take(other, "other")
        words = ("apply", "box.yaml", *on(GOOD[0]), "--yes", "--lock-timeout", "2")
        said = run(*words, text=text)
    assert said.code == 1
    waited = f"{GOOD[0]}: another envwright is at work here since "
    assert f"\n{waited}" in said.out
    assert said.err.startswith(f"error: {waited}")
    assert ((tmp_path / "doomed").exists(), journal_file.exists()) == (True, False)


@pytest.mark.parametrize("word", ["0", "-1", "1.5", "²", "x", "", "9" * 5000])
@pytest.mark.parametrize("option", ["--timeout", "--lock-timeout"])
def test_what_is_no_number_of_seconds_is_refused(run: Run, option: str, word: str) -> None:
    said = run("apply", "box.yaml", f"{option}={word}", text=TEXT)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"error: envwright apply: {option}: ")
    assert "is no number of seconds" in said.err
