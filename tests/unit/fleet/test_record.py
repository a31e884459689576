"""The record: the report of a run in JSON, also of one that did not come to its end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fleets import planned, targets
from hypothesis import given
from hypothesis import strategies as st

from envwright.errors import EnvwrightError, HostError
from envwright.fleet import last_outcomes
from envwright.fleet.outcome import HostOutcome, interrupted
from envwright.fleet.record import RecordOptions, file_name, recorded, recorded_alone
from envwright.report.terminal import Report
from envwright.workflow import Outcome, Verb

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = ("@ssh/dev@one", "two", "three")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def outcomes() -> list[HostOutcome]:
    """One machine that differs, one that is away, one that was not begun."""
    one, two, three = targets(*HOSTS)
    document = {"changes": [{"id": "file:/a", "new": "hunter2"}]}
    return [
        HostOutcome(one, replace(planned("file:/a"), document=document), seconds=1.5),
        HostOutcome(two, error=HostError("two: it does not answer", hint="wake it")),
        HostOutcome(three),
    ]


def options(folder: Path | None) -> RecordOptions:
    return RecordOptions(Verb.PLAN, "team.py", folder)


def masking() -> Report:
    report = Report()
    report.mask = lambda text: text.replace("hunter2", "***")
    return report


def written(path: Path) -> Any:
    """A file of a report, which only its owner can read, without its times."""
    assert path.stat().st_mode & 0o777 == 0o600
    value = json.loads(path.read_text("ascii"))
    assert value.pop("begun").endswith("+00:00")
    if value.pop("ended", None) is None and "state" in value:
        assert value["state"] == "running"
    return value


def entry(host: str, outcome: str, code: int, **more: Any) -> dict[str, Any]:
    found = {"host": host, "environment": "box.yaml", "outcome": outcome, "exit_code": code}
    return {**found, "seconds": 0.0, "error": None, **more}


AWAY = {"message": "two: it does not answer", "hint": "wake it"}


def test_a_report_is_a_summary_and_a_file_for_each_machine(
    tmp_path: Path, outcomes: list[HostOutcome]
) -> None:
    folder = tmp_path / "reports" / "nightly"
    with recorded(options(folder), outcomes, masking()):
        assert written(folder / "summary.json")["state"] == "running"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert written(folder / "summary.json") == {
        "version": 1,
        "state": "finished",
        "inventory": "team.py",
        "verb": "plan",
        "exit_code": 1,
        "counts": {"differs": 1, "unreachable": 1, "skipped": 1},
        "drift": [{"id": "file:/a", "hosts": ["@ssh/dev@one"]}],
        "error": None,
        "hosts": [
            entry("@ssh/dev@one", "differs", 2, seconds=1.5, report="hosts/@ssh%2Fdev@one.json"),
            entry("two", "unreachable", 1, error=AWAY, report="hosts/two.json"),
            entry("three", "skipped", 0, report="hosts/three.json"),
        ],
    }
    head = {"version": 1, "verb": "plan"}
    result = {"changes": [{"id": "file:/a", "new": "***"}]}
    first = entry("@ssh/dev@one", "differs", 2, seconds=1.5, result=result)
    assert {path.name: written(path) for path in (folder / "hosts").iterdir()} == {
        "@ssh%2Fdev@one.json": {**head, **first},
        "two.json": {**head, **entry("two", "unreachable", 1, error=AWAY, result=None)},
        "three.json": {**head, **entry("three", "skipped", 0, result=None)},
    }
    words = {"@ssh/dev@one": "differs", "two": "unreachable", "three": "skipped"}
    assert last_outcomes.read("team.py") == words


def test_a_run_that_is_interrupted_says_so_and_what_had_come_of_it(
    tmp_path: Path, outcomes: list[HostOutcome]
) -> None:
    outcomes[0] = HostOutcome(outcomes[0].target, error=interrupted("@ssh/dev@one"))
    with pytest.raises(KeyboardInterrupt), recorded(options(tmp_path / "out"), outcomes, Report()):
        raise KeyboardInterrupt
    summary = written(tmp_path / "out/summary.json")
    assert (summary["state"], summary["exit_code"], summary["counts"]) == (
        "interrupted",
        130,
        {"interrupted": 1, "unreachable": 1, "skipped": 1},
    )


def test_what_stops_a_run_is_in_its_summary(tmp_path: Path, outcomes: list[HostOutcome]) -> None:
    error = EnvwrightError("nothing was changed", hint="say yes")
    with pytest.raises(EnvwrightError), recorded(options(tmp_path / "out"), outcomes, Report()):
        raise error
    summary = written(tmp_path / "out/summary.json")
    assert (summary["state"], summary["error"]) == ("stopped", error.json())
    with recorded(options(tmp_path / "out"), outcomes, Report()) as record:
        record.error = error
    assert written(tmp_path / "out/summary.json") == summary


def test_files_of_machines_that_a_run_leaves_out_stay(
    tmp_path: Path, outcomes: list[HostOutcome]
) -> None:
    for part in (outcomes, outcomes[1:2]):
        with recorded(options(tmp_path / "out"), part, Report()):
            pass
    summary = written(tmp_path / "out/summary.json")
    assert [host["host"] for host in summary["hosts"]] == ["two"]
    files = sorted(path.name for path in (tmp_path / "out/hosts").iterdir())
    assert files == ["@ssh%2Fdev@one.json", "three.json", "two.json"]


def test_a_folder_that_cannot_be_written_is_told_before_the_run(
    tmp_path: Path, outcomes: list[HostOutcome]
) -> None:
    (tmp_path / "out").write_text("")
    with (
        pytest.raises(EnvwrightError) as raised,
        recorded(options(tmp_path / "out"), outcomes, Report()),
    ):
        pytest.fail("the run began")
    assert str(raised.value) == (
        f"the report cannot be written to {tmp_path}/out: File exists\n"
        "hint: name a folder that you can write to: --report DIR"
    )


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (None, "same"),
        (HostError("away"), "unreachable"),
        (ZeroDivisionError("by zero"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_one_machine_alone_is_recorded_as_one_of_a_fleet(
    error: BaseException | None, word: str, tmp_path: Path
) -> None:
    def run() -> None:
        with recorded_alone(options(tmp_path / "out"), targets("two")[0], Report()) as ended:
            if error:
                raise error
            ended(Outcome(Verb.PLAN))

    if error:
        with pytest.raises(type(error)):
            run()
    else:
        run()
    summary = written(tmp_path / "out/summary.json")
    assert [host["outcome"] for host in summary["hosts"]] == [word]
    assert last_outcomes.read("team.py") == {"two": word}


@given(st.lists(st.text(), unique=True))
def test_each_machine_has_a_file_of_its_own_in_the_folder(hosts: list[str]) -> None:
    names = {file_name(host) for host in hosts}
    assert len(names) == len(hosts)
    assert all("/" not in name and "\0" not in name and len(name) < 256 for name in names)


def test_long_names_that_begin_alike_have_files_of_their_own() -> None:
    names = [file_name("h" * 300 + end) for end in "ab"]
    assert [len(name) for name in names] == [205, 205]
    assert names[0] != names[1]
