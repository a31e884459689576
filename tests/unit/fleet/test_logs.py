"""Logs: a file for each machine, named after it, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleets import targets

from envwright.errors import EnvwrightError
from envwright.fleet.logs import Log, log_files

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_machine_has_a_file_of_its_own_that_is_named_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "today"
    hosts = ("@ssh/dev@box:22", "@local", "@ssh/dev@box/22", "../../etc/passwd", "@local")
    files = log_files(folder, targets(*hosts))
    assert [file and file.relative_to(folder).as_posix() for file in files] == [
        "ssh_dev@box_22.log",
        "local.log",
        "ssh_dev@box_22-2.log",
        ".._.._etc_passwd.log",
        "local-2.log",
    ]
    assert sorted(folder.iterdir()) == sorted(filter(None, files))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_folder_there_is_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert log_files(None, targets("a", "b")) == [None, None]
    with Log(None) as log:
        log.line("nothing")
        log.error(EnvwrightError("nowhere"))
    assert capsys.readouterr() == ("", "")


def test_a_log_begins_anew_with_a_run_and_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("of yesterday")
    (file,) = log_files(tmp_path, targets("a"))
    for _ in range(2):
        with Log(file) as log:
            log.mask = lambda text: text.replace("hunter2", "***")
            log.line("it is hunter2")
            log.error(EnvwrightError("no hunter2", hint="none"))
    assert (tmp_path / "a.log").read_text() == "it is ***\nerror: no ***\nhint: none\n" * 2
