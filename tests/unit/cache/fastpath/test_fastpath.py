"""The fast path never changes an answer: what is not as it was kept is compared anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command import Said

from envwright import __main__, __version__
from envwright.cache import storage
from envwright.cache.fastpath import result

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[..., Said]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with box.yaml, which wants a file in it that says `right`, as it does."""
    (tmp_path / "file").write_text("right")
    (tmp_path / "box.yaml").write_text(
        f"name: box\nfiles: {{{tmp_path / 'file'}: {{content: right}}}}\n"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def say(
    box: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Run a command line from its first moment, `box.yaml` at its end."""
    assert box.is_dir()

    def function(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["envwright", *words, "box.yaml"])
        return Said(__main__.main(), *capsys.readouterr())

    return function


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a function fail from now on."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("it was called")

    return lambda name: monkeypatch.setattr(name, fail)


def result_of(box: Path) -> Path:
    """The cached no-op result, which holds what was printed."""
    entries = (box / "cache" / "envwright").iterdir()
    (found,) = (entry for entry in entries if b"Nothing to do" in entry.read_bytes())
    return found


NOTHING = "Nothing to do: all 1 resources are as they should be."
CHANGE = "Plan: 0 to create, 1 to change, 0 to remove, 0 as they should be."


def summary(said: Said) -> str:
    return said.out.splitlines()[-1]


@pytest.mark.parametrize(
    "words", [("plan",), ("plan", "--json"), ("apply",), ("apply", "--yes", "--json")]
)
def test_the_second_time_the_same_is_said_before_the_command_line_is_parsed(
    say: Say, forbid: Callable[[str], None], words: tuple[str, ...]
) -> None:
    first = say(*words)
    forbid("envwright.cli.main.main")
    assert (first.code, first.err, say(*words)) == (0, "", first)


@pytest.mark.parametrize(
    "drift",
    [
        lambda file: file.write_text("wrong"),
        lambda file: file.chmod(0o600),
        lambda file: os.chown(file, 1, 1),
    ],
)
def test_drift_is_found_in_the_session_that_was_opened_ahead(
    say: Say, box: Path, forbid: Callable[[str], None], drift: Callable[[Path], None]
) -> None:
    assert summary(say("plan")) == NOTHING
    drift(box / "file")
    forbid("envwright.host.session.open_session")
    forbid("envwright.host.session.Session.run")
    said = say("plan")
    assert (said.code, summary(said)) == (2, CHANGE)


@pytest.mark.parametrize("sink", ["| true", ">/dev/full"])
def test_output_that_cannot_be_written_is_complained_of_the_second_time_as_the_first(
    say: Say, box: Path, sink: str
) -> None:
    say("plan")
    words = f"{sys.executable} -m envwright plan box.yaml"
    command = f"{words}; sleep 0.2; {{ sleep 0.2; {words}; }} {sink}"
    done = subprocess.run(["sh", "-c", command], cwd=box, capture_output=True, check=False)
    full = b"error: cannot write the output: No space left on device\n" if "full" in sink else b""
    assert (done.stdout.decode().splitlines()[-1], done.stderr) == (NOTHING, full)


def test_what_is_mended_is_asked_for_anew(say: Say, box: Path) -> None:
    assert summary(say("apply", "--yes")) == NOTHING
    (box / "file").write_text("wrong")
    assert say("apply", "--yes", "--no-verify").code == 0
    assert (box / "file").read_text() == "right"
    assert summary(say("apply", "--yes")) == NOTHING


def test_a_change_of_the_environment_is_seen_though_its_time_is_the_same(
    say: Say, box: Path
) -> None:
    say("plan")
    spec = box / "box.yaml"
    status = spec.stat()
    spec.write_text(spec.read_text().replace("right", "wrong"))
    os.utime(spec, ns=(status.st_atime_ns, status.st_mtime_ns))
    said = say("plan")
    assert (said.code, summary(said)) == (2, CHANGE)


def test_another_machine_at_the_same_address_is_compared(
    say: Say, monkeypatch: pytest.MonkeyPatch, forbid: Callable[[str], None]
) -> None:
    first = say("plan")
    monkeypatch.setenv("WSL_DISTRO_NAME", "Elsewhere")
    assert say("plan") == first
    forbid("envwright.cli.main.main")
    assert say("plan") == first


def test_another_command_line_or_state_of_our_code_has_another_result(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("plan")
    places = {result.entry(["plan", "box.yaml"]), result.entry(["apply", "box.yaml"])}
    for name in ("ENVWRIGHT_SSH_OPTIONS", "HOME", "PATH"):
        monkeypatch.setenv(name, "/elsewhere")
        places.add(result.entry(["plan", "box.yaml"]))
    heeding = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    places.add(result.entry(["plan", "box.yaml"]))
    signal.signal(signal.SIGHUP, heeding)
    monkeypatch.setattr(storage, "_code", lambda: iter([("newer.py", 1, 2)]))
    assert (len(places), result.find(["plan", "box.yaml"])) == (6, None)


def test_a_damaged_result_is_as_good_as_none(say: Say, box: Path) -> None:
    expected = say("plan")
    file = result_of(box)
    whole = file.read_bytes()
    for position in range(0, len(whole), 97):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert result.find(["plan", "box.yaml"]) is None
    for length in (0, 10, 64, 65, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert result.find(["plan", "box.yaml"]) is None
    assert say("plan") == expected


def test_a_result_of_another_form_is_as_good_as_none(say: Say, box: Path) -> None:
    expected = say("plan")
    file = result_of(box)
    for payload in (b"", b"1:1", b"1:x", b"x", b"1:1,5:", file.read_bytes()[storage.DIGEST : -40]):
        file.write_bytes(storage.checksum(payload).encode() + payload)
        assert result.find(["plan", "box.yaml"]) is None
    assert say("plan") == expected


def test_a_result_of_another_user_is_not_read(say: Say, box: Path) -> None:
    say("plan")
    os.chown(result_of(box), 65534, 65534)
    assert result.find(["plan", "box.yaml"]) is None


def test_a_machine_that_cannot_be_reached_is_complained_of_in_the_usual_words(
    say: Say, box: Path
) -> None:
    say("plan")
    found = result.find(["plan", "box.yaml"])
    assert found is not None
    for argv in (("no-such-program",), ("false",)):
        found.argv = argv
        result.keep(["plan", "box.yaml"], found)
        assert summary(say("plan")) == NOTHING
    found.host, found.argv = "@docker/gone", ("sh", "-c", 'IFS= read -r first; eval "$first"')
    result.keep(["plan", "box.yaml"], found)
    (box / "file").write_text("wrong")
    assert summary(say("plan")) == CHANGE


SSH = """\
#!/bin/sh
case " $* " in *" -G "*) exit;; esac
echo called >>ssh.log
[ ! -e down ] || { echo 'ssh: connect to host box port 22: Connection timed out' >&2; exit 255; }
for last; do :; done
exec sh -c "$last"
"""


def test_a_host_that_is_away_is_tried_once(
    say: Say, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = box / "bin" / "ssh"
    stand_in.parent.mkdir()
    stand_in.write_text(SSH)
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    assert say("plan", "--host=@ssh/box").code == 0
    (box / "ssh.log").unlink()
    (box / "down").touch()
    said = say("plan", "--host=@ssh/box")
    assert said == (
        1,
        "",
        (
            "error: @ssh/box: it does not answer\n"
            "ssh: connect to host box port 22: Connection timed out\n"
            "hint: check that it is up, and the way to it\n"
        ),
    )
    assert (box / "ssh.log").read_text() == "called\n"


def test_what_differs_has_secrets_or_comes_from_an_inventory_is_not_kept(
    say: Say, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (box / "hosts.py").write_text('hosts = ["@local"]\n')
    say("plan", "--inventory", "hosts.py")
    (box / "file").write_text("wrong")
    say("plan")
    monkeypatch.setenv("TOKEN", "right")
    with (box / "box.yaml").open("a") as spec:
        spec.write("secrets: {token: {env: TOKEN}}\n")
    (box / "file").write_text("right")
    assert summary(say("apply", "--yes")) == NOTHING
    for words in (["plan", "--inventory", "hosts.py"], ["plan"], ["apply", "--yes"]):
        assert result.find([*words, "box.yaml"]) is None


def test_runs_at_the_same_time_say_the_same(say: Say, box: Path) -> None:
    expected = say("plan").out
    argv = [sys.executable, "-m", "envwright", "plan", "box.yaml"]
    for _ in range(3):
        started = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        assert [run.communicate()[0] for run in started] == [expected] * 3
    assert len(list((box / "cache" / "envwright").glob("*.*"))) == 0


def test_a_cache_that_cannot_be_written_is_no_reason_not_to_work(say: Say, box: Path) -> None:
    (box / "cache").write_text("a file is in the way")
    assert [summary(say("plan")) for _ in range(2)] == [NOTHING] * 2


def held() -> tuple[set[str], set[str]]:
    """The open files of this process, and its children: ended ones that nobody waited for, too."""
    own = Path("/proc/self")
    children = {i for task in own.glob("task/*/children") for i in task.read_text().split()}
    return set(os.listdir(own / "fd")), children  # noqa: PTH208 - names, as the kernel lists them


def test_no_session_outlives_its_run(say: Say) -> None:
    say("plan")
    before = held()
    say("plan")
    assert held() == before


def test_the_version_is_said_without_a_look_at_anything(
    forbid: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forbid("envwright.cli.main.main")
    forbid("envwright.cache.storage.name")
    monkeypatch.setattr(sys, "argv", ["envwright", "--version"])
    assert (__main__.main(), capsys.readouterr().out) == (0, f"envwright {__version__}\n")
