"""The saved run: the compiled environment, the unit that starts it, and what is refused."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from standins import OFFLINE, WSL, StandInSession, compiled, local_session, secrets_of

from envwright.errors import RefusedError, StepError
from envwright.host.session import Result
from envwright.model.secrets import Secret, Secrets, marker
from envwright.resources.keys import Keys
from envwright.restart import saved_run
from envwright.spec.declaration import Declaration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from envwright.facts import Machine

NO_SECRETS = Secrets({})
BARE = replace(WSL, booted=False)
BEFORE = {"boot_id": "one", "pid_1": 4200}
TICKET = saved_run.Ticket("box", "DISTRIBUTION", BEFORE, verify=True)


def conf(*, systemd: bool) -> Keys:
    return Keys(path="/etc/wsl.conf", dialect="wsl", keys={"boot.systemd": systemd})


def from_variable(folder: Path) -> Secrets:
    return Secrets({"token": Secret("token", Declaration(env="TOKEN"), "box.yaml:1", folder)})


def refusal(machine: Machine, *keys: Keys, text: bytes = b"") -> str:
    session = StandInSession(*([text] if text else []))
    with pytest.raises(RefusedError) as raised:
        saved_run.check(session, machine, compiled(*keys), NO_SECRETS)
    return raised.value.message


def test_a_saved_run_is_the_same_again_and_holds_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOKEN", "hunter22hunter22")
    secrets = from_variable(tmp_path)
    assert secrets.reveal(marker("token")) == "hunter22hunter22"
    made = compiled(conf(systemd=True))
    data = saved_run.pack(made, secrets)
    assert b"hunter22" not in data
    again, declared = saved_run.unpack(data)
    assert (again, declared.names) == (made, ("token",))
    assert declared.reveal(marker("token")) == "hunter22hunter22"


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a saved run, in a folder of its own."""
    file = tmp_path / "resume" / "job"
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_bytes(saved_run.pack(compiled(conf(systemd=True)), NO_SECRETS))
    monkeypatch.setattr(saved_run, "COMPILED", str(file))
    return file


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of root")
@pytest.mark.usefixtures("saved")
def test_what_was_saved_is_found_again() -> None:
    made, secrets = saved_run.saved()
    assert (made, secrets.names) == (compiled(conf(systemd=True)), ())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("where", ["file", "folder"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: os.chown(path, 1, 0),
        lambda path: path.chmod(path.stat().st_mode | 0o020),
        lambda path: path.chmod(path.stat().st_mode | 0o002),
    ],
    ids=["another's", "group", "others"],
)
def test_a_saved_run_that_others_could_have_written_is_not_read(
    saved: Path, where: str, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = saved if where == "file" else saved.parent
    spoil(spoilt)
    read: list[bytes] = []
    monkeypatch.setattr(saved_run, "unpack", read.append)
    with pytest.raises(RefusedError) as raised:
        saved_run.saved()
    assert str(raised.value) == (
        f"{spoilt}: others than root can write to it; the saved run in it was not started\n"
        "hint: find out who changed it, then apply again by hand"
    )
    assert read == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of root")
def test_a_saved_run_is_not_read_through_a_link(saved: Path) -> None:
    real = saved.with_name("elsewhere")
    saved.rename(real)
    saved.symlink_to(real)
    with pytest.raises(OSError, match="symbolic links"):
        saved_run.saved()


NO_SYSTEMD = "@stand-in: after the restart there is no systemd that could go on"


def test_a_machine_that_will_have_no_systemd_is_refused() -> None:
    assert refusal(BARE) == NO_SYSTEMD
    assert refusal(BARE, text=b"[boot]\nsystemd=false\n") == NO_SYSTEMD
    assert refusal(WSL, conf(systemd=False)) == NO_SYSTEMD
    assert refusal(OFFLINE) == NO_SYSTEMD


def test_systemd_is_there_where_it_is_wanted_or_written_already() -> None:
    saved_run.check(StandInSession(), WSL, compiled(), NO_SECRETS)
    saved_run.check(StandInSession(), BARE, compiled(conf(systemd=True)), NO_SECRETS)
    written = StandInSession(b"[boot]\nsystemd = true\n")
    saved_run.check(written, BARE, compiled(), NO_SECRETS)


def test_a_secret_is_had_without_the_users_variables_or_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter22")
    with local_session() as session:
        kept = secrets_of(tmp_path, token="hunter22")
        saved_run.check(session, WSL, compiled(), kept)
        lost = from_variable(tmp_path)
        with pytest.raises(RefusedError) as raised:
            saved_run.check(session, WSL, compiled(), lost)
    assert raised.value.message.startswith("@local: after the restart nobody could go on: ")
    assert raised.value.message.endswith(
        "no secret 'token': the environment variable TOKEN is not set"
    )


def test_the_unit_is_the_same_python_in_the_same_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "100% mine"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", '/home/a "b"')
    monkeypatch.setenv("PATH", "/opt/bin:/bin")
    assert saved_run.unit("box").splitlines() == [
        "[Unit]",
        "Description=envwright goes on with box after the restart",
        "After=multi-user.target",
        "ConditionPathExists=/var/lib/envwright/resume/job",
        "",
        "[Service]",
        "Type=exec",
        f"WorkingDirectory=-{tmp_path}/100%% mine",
        'Environment="HOME=/home/a \\"b\\"" "PATH=/opt/bin:/bin" "LC_ALL=C.UTF-8"',
        f'ExecStart="{sys.executable}" "-m" "envwright" "--after-restart"',
    ]


def test_an_attempt_is_counted_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "ticket.json"
    monkeypatch.setattr(saved_run, "TICKET", str(file))
    assert saved_run.Ticket.read() is None
    file.write_text(TICKET.text(), "utf-8")
    assert TICKET.count() == replace(TICKET, attempts=1)
    assert saved_run.Ticket.read() == replace(TICKET, attempts=1)
    assert [path.name for path in tmp_path.iterdir()] == ["ticket.json"]
    again = TICKET.count().again("VM", {"boot_id": "one", "pid_1": 9})
    assert (again.attempts, json.loads(again.text())["moment"]) == (1, "VM")


def test_what_cannot_be_enabled_leaves_nothing() -> None:
    session = StandInSession(b"", b"", Result(1, b"", b"sh: 1: cannot create x: No space left\n"))
    with pytest.raises(StepError, match=r"cannot enable envwright-resume.service: No space left"):
        saved_run.install(session, TICKET, compiled(), NO_SECRETS)
    assert "rm -rf /var/lib/envwright/resume" in session.scripts[-1]
