"""A proof asks a person's own login shell, whatever the person's startup files do."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from house import HOUSE

from envwright.resources.login_shell import FUNCTIONS, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="logs in as another account")
ME = "ewtest"
STARTUP = {"bash": ".bash_profile", "dash": ".profile", "zsh": ".zprofile"}


@pytest.fixture(params=["bash", "dash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(shell: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An account with a login shell, and its startup file."""
    name, home = f"{ME}-{shell}-{os.getpid()}", tmp_path_factory.mktemp("home")
    useradd = [
        "useradd",
        "--no-create-home",
        "--home-dir",
        str(home),
        "--shell",
        f"/usr/bin/{shell}",
    ]
    subprocess.run([*useradd, name], check=True)
    for folder in (home, *home.parents[:3]):
        folder.chmod(0o755)
    startup = home / STARTUP.get(shell, ".config/fish/config.fish")
    startup.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["chown", "-R", f"{name}:", str(home)], check=True)
    yield name, startup
    # A session of systemd's outlives its login for a moment.
    subprocess.run(["pkill", "-KILL", "-u", name], check=False)
    subprocess.run(["userdel", "--force", name], check=True, capture_output=True)


def ask(name: str, script: str, seconds: int = 30) -> tuple[int, str]:
    """Ask the login shell of an account; its exit code, and what was said."""
    asked = f"ew_ask {name} '{script}' || exit\nprintf '%s\\n' \"$said\""
    done = subprocess.run(
        ["sh", "-c", f"{FUNCTIONS}\new_seconds={seconds}\n{asked}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def asleep(seconds: str) -> list[str]:
    """The processes that sleep for some time."""
    said = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if line == f"sleep {seconds}"]


@pytest.mark.parametrize(
    "startup",
    [
        "",
        "echo '*** welcome ***'\n",
        "echo envwright-begin; echo fake; echo envwright-end >/dev/null\n",
        "printf 'no line end'\n",
        "read answer\n",
    ],
)
def test_the_answer_is_what_the_command_prints_whatever_a_startup_file_prints_or_reads(
    account: tuple[str, Path], startup: str
) -> None:
    name, file = account
    file.write_text(startup)
    assert ask(name, "id -un; echo; printenv HOME") == (0, f"{name}\n\n{file_home(file)}\n")


def file_home(startup: Path) -> Path:
    return startup.parents[2] if startup.name == "config.fish" else startup.parent


def test_a_process_that_a_startup_file_leaves_running_is_not_waited_for_and_is_ended(
    account: tuple[str, Path], shell: str
) -> None:
    name, file = account
    pause = f"4{os.getpid()}{len(shell)}"
    file.write_text(f"sleep {pause} &\n")
    begin = time.monotonic()
    assert ask(name, "id -un") == (0, f"{name}\n")
    assert time.monotonic() - begin < 10
    time.sleep(0.2)
    assert asleep(pause) == []


def test_a_startup_file_that_hangs_is_told_after_the_deadline(account: tuple[str, Path]) -> None:
    name, file = account
    file.write_text("echo before\nsleep 1000\n")
    code, said = ask(name, "id -un", seconds=1)
    assert code == 1
    assert said.splitlines()[:2] == [
        f"the login shell of {name} ran no command; it said:",
        "before",
    ]
    assert said.splitlines()[-1] == "it was stopped after 1 s"


def test_a_startup_file_that_ends_the_shell_is_told(account: tuple[str, Path]) -> None:
    name, file = account
    file.write_text("echo no\nexec false\n")
    assert ask(name, "id -un") == (
        1,
        f"the login shell of {name} ran no command; it said:\nno\n",
    )


@pytest.mark.parametrize("text", ["echo 'a'", "echo a\\b", "echo a!", "echo a\nb"])
def test_a_command_that_some_shell_would_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the same in every shell"):
        command(text)


def test_a_command_that_every_shell_reads_alike_is_taken() -> None:
    assert command('printenv A || echo "$B"') == 'printenv A || echo "$B"'


def test_every_command_in_a_template_is_read_alike_in_every_shell() -> None:
    asks = re.compile(r"ew_ask (?:\{\{ \w+ \}\}|\S+) '([^']*)'")
    asked = {
        path.name: asks.findall(path.read_text("utf-8"))
        for path in (HOUSE / "templates").glob("*.sh.j2")
    }
    found = {name: texts for name, texts in asked.items() if texts}
    assert {name: [command(text) for text in texts] for name, texts in found.items()} == found
    assert {"go.login.sh.j2", "go.settings.sh.j2", "user.login.sh.j2", "user.sudo.sh.j2"} <= {
        *found
    }
