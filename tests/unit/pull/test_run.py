"""A run of pull mode from end to end: real git, a real session, and the record of it."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from command import Said

from envwright.errors import EnvwrightError, ExitCode
from envwright.pull.run import run
from envwright.pull.settings import Settings
from envwright.pull.status import run_lines
from envwright.report.terminal import Report
from envwright.state import lock

if TYPE_CHECKING:
    from repositories import Follower, Key, Repository

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root"),
    pytest.mark.usefixtures("journal_file"),
]


class Machine:
    """This computer as one that follows a repository; `file` is what the environment wants."""

    def __init__(self, follower: Follower, repository: Repository, file: Path, capsys: Any) -> None:
        self.follower, self.repository, self.file = follower, repository, file
        self._capsys = capsys

    def environment(self, content: str, extra: str = "") -> str:
        return f"name: box\nfiles: {{{self.file}: {{content: '{content}'}}}}\n{extra}"

    def follow(self, **settings: Any) -> None:
        wanted = Settings(self.repository.url, "box.yaml", signers=True, apply=True)
        self.follower.follow(replace(wanted, **settings))

    def run(self) -> Said:
        """Run once, as `main` would."""
        report = Report()
        try:
            code = int(run(report, self.follower.folder, self.follower.state))
        except EnvwrightError as error:
            report.error(error)
            code = int(ExitCode.ERROR)
        return Said(code, *self._capsys.readouterr())

    @property
    def record(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.follower.state / "status.json").read_text())
        assert value.pop("seconds") > 0
        return value


@pytest.fixture
def machine(
    follower: Follower,
    repository: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Machine:
    made = Machine(follower, repository, tmp_path / "wanted", capsys)
    made.follow()
    return made


def test_a_signed_commit_is_applied_and_recorded(machine: Machine, alice: Key) -> None:
    date = "2026-01-02T03:04:05+00:00"
    text = machine.environment("right")
    commit = machine.repository.commit(*alice.settings, date=date, box=text)
    prom = machine.follower.state.with_name("prom")
    prom.mkdir()
    (machine.follower.folder / "metrics").symlink_to(prom)
    said = machine.run()
    assert (said.code, said.err) == (0, "")
    first, *_, last = said.out.splitlines()
    assert first.startswith(
        f"{machine.repository.url} HEAD: commit {commit[:12]} of {date}, "
        "signed by alice@example.com (SHA256:"
    )
    assert last == "Verified: 1 passed, 0 failed, 0 skipped."
    assert "files (box.yaml:2)" in said.out, "files are named as in the repository"
    assert machine.file.read_text() == "right"
    record = machine.record
    signer = record["commit"].pop("signer")
    assert signer.startswith("alice@example.com (SHA256:")
    assert record == {
        "version": 1,
        "time": record["time"],
        "url": machine.repository.url,
        "ref": "HEAD",
        "environment": "box.yaml",
        "mode": "apply",
        "outcome": "applied",
        "exit_code": 0,
        "commit": {"id": commit, "date": date},
        "changes": [{"id": f"file:{machine.file}", "verb": "create"}],
        "pending": [],
        "failures": [],
        "error": None,
        "last_good": {"time": record["time"], "commit": commit},
    }
    assert (prom / "envwright.prom").read_text().splitlines()[-1] == (
        f'envwright_pull_info{{environment="box.yaml",ref="HEAD",mode="apply",commit="{commit}"}} 1'
    )
    assert (machine.follower.state / "status.json").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in machine.follower.state.iterdir()) == [
        "lock",
        "repository.git",
        "status.json",
    ]


def test_a_second_run_finds_nothing_to_do(machine: Machine, alice: Key) -> None:
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    machine.run()
    said = machine.run()
    assert said.code == 0
    assert said.out.endswith("\nNothing to do: all 1 resources are as they should be.\n")
    assert machine.record["outcome"] == "as it should be"


def test_where_it_only_plans_nothing_is_changed(machine: Machine, alice: Key) -> None:
    machine.follow(apply=False)
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    said = machine.run()
    assert (said.code, said.err) == (2, "")
    assert said.out.endswith("\nNothing was changed: pull mode only plans here.\n")
    assert not machine.file.exists()
    record = machine.record
    assert (record["outcome"], record["mode"], record["last_good"]) == ("differs", "plan", None)
    assert record["changes"] == [{"id": f"file:{machine.file}", "verb": "create"}]


def test_a_commit_that_is_refused_changes_nothing_and_is_recorded(
    machine: Machine, alice: Key, mallory: Key
) -> None:
    good = machine.repository.commit(*alice.settings, box=machine.environment("right"))
    machine.run()
    when = machine.record["time"]
    for settings in ((), mallory.settings):
        machine.repository.commit(*settings, box=machine.environment("wrong"))
        said = machine.run()
        record = machine.record
        assert (said.code, said.out) == (1, "")
        error = record["error"]
        assert said.err == f"error: {error['message']}\nhint: {error['hint']}\n"
        assert (record["outcome"], record["commit"]) == ("refused", None)
        assert record["last_good"] == {"time": when, "commit": good}
        assert machine.file.read_text() == "right"
    assert error["message"].endswith(" is signed by a key that is not among the pinned ones")


def test_an_older_commit_is_refused_even_where_the_newer_one_failed(
    machine: Machine, alice: Key
) -> None:
    old = machine.repository.commit(*alice.settings, box=machine.environment("old"))
    new = machine.repository.commit(*alice.settings, box="name: box\ndokcer: {}\n")
    assert machine.run().code == 1
    assert machine.record["outcome"] == "failed"
    machine.repository.git("reset", "--quiet", "--hard", old)
    assert machine.run().code == 1
    assert machine.record["outcome"] == "refused"
    assert machine.record["error"]["message"].endswith(
        f"commit {old[:12]} is older than {new[:12]}, which was accepted before"
    )
    assert not machine.file.exists()


def test_extends_stays_in_the_repository(machine: Machine, alice: Key, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("name: outside\n")
    base = {"deep/base.yaml": machine.environment("base")}
    inside = "name: box\nextends: deep/base.yaml\n"
    machine.repository.commit(*alice.settings, box=inside, **base)
    assert machine.run().code == 0
    assert machine.file.read_text() == "base"
    for text in ("name: outside\n", "shadow: of: a: doubt\n"):
        outside.write_text(text)
        machine.repository.commit(*alice.settings, box=f"name: box\nextends: {outside}\n")
        assert machine.run() == Said(
            1,
            machine_line(machine),
            f"error: {outside}: this file is not in the repository\n"
            "hint: an environment that is pulled reads only what its commit holds\n",
        )
        assert machine.record["outcome"] == "refused"


def machine_line(machine: Machine) -> str:
    commit = machine.record["commit"]
    words = f"commit {commit['id'][:12]} of {commit['date']}, signed by {commit['signer']}"
    return f"{machine.repository.url} HEAD: {words}\n"


def test_secrets_are_those_of_this_machine_and_show_nowhere(
    machine: Machine, alice: Key, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("hunter22")
    extra = f"secrets: {{token: {{file: {tmp_path}/token}}}}\n"
    text = machine.environment("{{ secret.token }}", extra)
    machine.repository.commit(*alice.settings, box=text)
    said = machine.run()
    assert (said.code, machine.file.read_text()) == (0, "hunter22")
    kept = [p.read_bytes() for p in machine.follower.state.rglob("*") if p.is_file()]
    assert not any(b"hunter22" in text for text in (*kept, said.out.encode(), said.err.encode()))


def test_a_secret_in_a_failure_is_masked_in_the_record(
    machine: Machine, alice: Key, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("hunter22")
    extra = f"secrets: {{token: {{file: {tmp_path}/token}}}}\n"
    machine.file.parent.joinpath("wanted").symlink_to("/nowhere/hunter22/file")
    machine.repository.commit(*alice.settings, box=machine.environment("{{ secret.token }}", extra))
    machine.run()
    assert "hunter22" not in (machine.follower.state / "status.json").read_text()


def test_variables_of_the_settings_reach_the_environment(machine: Machine, alice: Key) -> None:
    machine.follow(variables={"word": "right"})
    text = machine.environment("{{ word }}", "vars: {word: wrong}\n")
    machine.repository.commit(*alice.settings, box=text)
    assert machine.run().code == 0
    assert machine.file.read_text() == "right"


def test_a_run_that_fails_records_what_it_was_to_change(machine: Machine, alice: Key) -> None:
    machine.file = Path("/proc/nowhere/file")
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    assert machine.run().code == 1
    record = machine.record
    assert (record["outcome"], record["exit_code"], record["pending"]) == ("failed", 1, [])
    assert record["changes"] == [{"id": "file:/proc/nowhere/file", "verb": "create"}]
    assert record["error"]["message"] == (
        "file:/proc/nowhere/file failed on @local:\n"
        "    /proc/nowhere: No such file or directory\n"
        "    wanted by files (box.yaml:2)"
    )


def test_a_run_that_fails_in_part_records_what_became_of_each_change(
    machine: Machine, alice: Key
) -> None:
    bad = "  /proc/nowhere/file: {content: x}\n  /proc/nowhere: {directory: true}\n"
    text = f"name: box\nfiles:\n{bad}  {machine.file}: {{content: right}}\n"
    machine.repository.commit(*alice.settings, box=text)
    assert machine.run().code == 1
    record = machine.record
    error = record["error"]
    assert (error["done"], error["put_back"]) == ([f"file:{machine.file}"], [])
    assert [each["id"] for each in error["failed"]] == ["directory:/proc/nowhere"]
    because = {"id": "file:/proc/nowhere/file", "because_of": ["directory:/proc/nowhere"]}
    assert error["not_begun"] == [because]
    assert [line for line in run_lines({**record, "seconds": 1.0}) if line.startswith("  ")] == [
        "  create, failed  directory:/proc/nowhere",
        "  create, not begun  file:/proc/nowhere/file",
        f"  create  file:{machine.file}",
    ]


# --- Layers -------------------------------------------------------------------------------------


def test_an_environment_that_is_pulled_extends_a_preset(machine: Machine, alice: Key) -> None:
    preset = "extends: preset:quickstart\npackages: null\nenvironment: null\n"
    machine.follow(apply=False)
    machine.repository.commit(*alice.settings, box=machine.environment("right", preset))
    said = machine.run()
    assert (said.code, said.err) == (2, "")
    assert "files (preset:quickstart:8)" in said.out


def test_an_environment_that_is_pulled_takes_no_layer_from_elsewhere(
    machine: Machine, alice: Key
) -> None:
    layer = f"git+{machine.repository.url}@{'12' * 20}:a.yaml"
    text = machine.environment("right", f"extends: {layer}\n")
    machine.repository.commit(*alice.settings, box=text)
    said = machine.run()
    assert (said.code, said.err.splitlines()[0]) == (
        1,
        (
            "error: box.yaml:3:10: no layer is taken from elsewhere here, and "
            f"{layer.replace('12' * 20, '12' * 6)} is one"
        ),
    )


# --- What is in the way -----------------------------------------------------------------------


def test_a_run_while_another_is_at_work_says_so_and_keeps_its_record(
    machine: Machine, alice: Key
) -> None:
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    with (machine.follower.state / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert machine.run() == Said(
            1,
            "",
            "error: another `envwright pull run` is at work here\nhint: the next run tries again\n",
        )
    assert not (machine.follower.state / "status.json").exists()
    assert machine.run().code == 0


def test_a_run_while_somebody_applies_says_so_and_changes_nothing(
    machine: Machine, alice: Key
) -> None:
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    Path(lock.LOCK).parent.mkdir()
    with Path(lock.LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = machine.run()
    assert (said.code, machine.record["outcome"]) == (1, "locked")
    assert said.err == (
        "error: @local: another envwright is at work here\nhint: the next run tries again\n"
    )
    assert not machine.file.exists()


def test_what_a_killed_run_left_is_removed(machine: Machine, alice: Key) -> None:
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    for name in ("tree-killed", "home-killed"):
        (machine.follower.state / name / "deep").mkdir(parents=True)
    machine.run()
    left = {path.name for path in machine.follower.state.iterdir()}
    assert left == {"lock", "repository.git", "status.json"}


def test_a_damaged_record_is_written_anew(machine: Machine, alice: Key) -> None:
    machine.repository.commit(*alice.settings, box=machine.environment("right"))
    (machine.follower.state / "status.json").write_text("{")
    assert machine.run().code == 0
    assert machine.record["outcome"] == "applied"


def test_only_root_may(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert machine.run() == Said(
        1, "", "error: pull run changes this machine: only root may\nhint: use sudo\n"
    )
