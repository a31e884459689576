"""What root makes, edits, owns and removes in a user's folder, by real operations of pyinfra."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from standins import local_session
from user_folders import DEV, EVE, entered_by_others, folder, link, write

from envwright.engine.pyinfra_runner import Engine
from envwright.errors import StepError
from envwright.host.session import Result, Session
from envwright.model.operations import Content, Edited, operation
from envwright.model.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders of others")
NAMES = ("nobody", "nogroup")
WHO = {"user": "nobody", "group": "nogroup"}


@pytest.fixture
def uid() -> int:
    return pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def home(tmp_path: Path, uid: int) -> Path:
    """A folder of nobody's, who stands for any user that the machine has."""
    return folder(tmp_path / "home", uid)


@pytest.fixture
def open_to_others(tmp_path: Path) -> Iterator[None]:
    with entered_by_others(tmp_path):
        yield


def run(name: str, **arguments: Any) -> bool:
    with local_session() as session:
        return Engine(session, Secrets({})).run("it", operation(f"paths.{name}", **arguments))


def refusal(name: str, **arguments: Any) -> str:
    with pytest.raises(StepError) as raised:
        run(name, **arguments)
    return str(raised.value).removeprefix("it failed on @local:").strip()


def owner(path: Path) -> tuple[str, str, str]:
    status = path.lstat()
    group = grp.getgrgid(status.st_gid).gr_name
    return pwd.getpwuid(status.st_uid).pw_name, group, oct(status.st_mode & 0o7777)


# --- What is as it should be, and what is made so ----------------------------------------------


def test_each_operation_acts_once_and_what_it_makes_is_the_users(home: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("put", {"src": Content("x\n"), "dest": f"{home}/a/file", "mode": "0640", **WHO}),
        ("directory", {"path": f"{home}/b/folder", "mode": "2750", **WHO}),
        ("link", {"path": f"{home}/c/link", "target": "/etc/motd", **WHO}),
    ]
    assert [(run(name, **said), run(name, **said)) for name, said in calls] == [(True, False)] * 3
    assert {path.name: owner(path) for path in home.rglob("*")} == {
        **dict.fromkeys("abc", (*NAMES, "0o755")),
        "file": (*NAMES, "0o640"),
        "folder": (*NAMES, "0o2750"),
        "link": (*NAMES, "0o777"),
    }
    remove: dict[str, Any] = {"path": f"{home}/c/link"}
    assert (run("absent", **remove), run("absent", **remove)) == (True, False)


def test_a_mode_alone_is_mended_in_the_file_itself(home: Path) -> None:
    said: dict[str, Any] = {"src": Content("x\n"), "dest": f"{home}/file", "mode": "0640", **WHO}
    run("put", **said)
    inode = (home / "file").stat().st_ino
    (home / "file").chmod(0o666)
    assert (run("put", **said), owner(home / "file")) == (True, (*NAMES, "0o640"))
    assert (home / "file").stat().st_ino == inode


def test_a_user_cannot_write_any_more_what_became_roots(home: Path) -> None:
    """A file that a user holds open stays the user's to write, whatever its owner is."""
    said: dict[str, Any] = {"src": Content("x\n"), "dest": f"{home}/file", "mode": "0644"}
    run("put", **said, **WHO)
    with (home / "file").open("a") as held:
        run("put", **said, user="root", group="root")
        held.write("more\n")
    assert ((home / "file").read_text(), owner(home / "file")[0]) == ("x\n", "root")


def test_what_root_lacks_is_made_as_roots(tmp_path: Path) -> None:
    run("put", src=Content("x"), dest=f"{tmp_path}/a/file", mode="0600", **WHO)
    assert owner(tmp_path / "a") == ("root", "root", "0o755")
    assert owner(tmp_path / "a" / "file") == (*NAMES, "0o600")


def test_a_link_takes_the_place_of_a_copy_that_nobody_changed(home: Path, tmp_path: Path) -> None:
    write(tmp_path / "skel", "as every home has it")
    said = {"path": f"{home}/file", "target": "t", "template": f"{tmp_path}/skel", **WHO}
    write(home / "file", "mine", pwd.getpwnam("nobody").pw_uid)
    assert refusal("link", **said) == f"{home}/file exists and is not a link"
    assert (home / "file").read_text() == "mine"
    (home / "file").write_text("as every home has it")
    assert (run("link", **said), run("link", **said)) == (True, False)
    assert (home / "file").readlink().name == "t"


def test_an_owner_and_a_mode_that_drifted_are_mended(home: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("put", {"src": Content("x\n"), "dest": f"{home}/file", "mode": "0640", **WHO}),
        ("directory", {"path": f"{home}/folder", "mode": "0750", **WHO}),
        ("link", {"path": f"{home}/link", "target": "t", **WHO}),
    ]
    for name, said in calls:
        run(name, **said)
        path = home / {"put": "file", "directory": "folder", "link": "link"}[name]
        right = owner(path)
        os.chown(path, 0, 0, follow_symlinks=False)
        assert (run(name, **said), run(name, **said), owner(path)) == (True, False, right)


# --- What a user has put in the way -------------------------------------------------------------

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("put", "dest", {"src": Content("ALL"), "mode": "0644", **WHO}),
    ("directory", "path", {"mode": "0755", **WHO}),
    ("link", "path", {"target": "x", **WHO}),
    ("absent", "path", {}),
]


@pytest.mark.parametrize(("name", "argument", "said"), CALLS, ids=[c[0] for c in CALLS])
def test_a_link_on_the_way_is_refused(
    home: Path, tmp_path: Path, name: str, argument: str, said: dict[str, Any]
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "motd").write_text("root's")
    link(home / "app", f"{tmp_path}/etc")
    told = f"{home}/app is a link, and {DEV} can change it"
    os.chown(home, DEV, DEV)
    assert refusal(name, **{argument: f"{home}/app/motd"}, **said).endswith(told)
    assert (tmp_path / "etc" / "motd").read_text() == "root's"


@pytest.mark.parametrize(("name", "argument", "said"), CALLS[:3], ids=[c[0] for c in CALLS[:3]])
def test_nothing_of_anothers_is_made_in_a_users_folder(
    tmp_path: Path, name: str, argument: str, said: dict[str, Any]
) -> None:
    path = f"{folder(tmp_path / 'eve', EVE)}/x"
    for below in (path, f"{path}/y/z"):
        told = f"{below} lies in a folder of {EVE}, and is to be nobody's"
        assert refusal(name, **{argument: below}, **said) == told
    assert list((tmp_path / "eve").iterdir()) == []


def test_a_link_at_the_path_itself_is_replaced_by_a_file_and_never_written_through(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "shadow").write_text("root's")
    link(home / "file", f"{tmp_path}/shadow")
    assert run("put", src=Content("new"), dest=f"{home}/file", mode="0644", **WHO) is True
    assert ((home / "file").read_text(), (home / "file").is_symlink()) == ("new", False)
    assert ((tmp_path / "shadow").read_text(), owner(tmp_path / "shadow")[0]) == ("root's", "root")


def test_a_hard_link_to_roots_file_is_not_given_away(home: Path, tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("known")
    os.link(tmp_path / "shadow", home / "file")
    said: dict[str, Any] = {"src": Content("known"), "dest": f"{home}/file", "mode": "0644", **WHO}
    assert run("put", **said) is True
    assert (owner(home / "file")[0], owner(tmp_path / "shadow")[0]) == ("nobody", "root")


def test_a_hard_link_to_roots_file_is_not_edited(home: Path, tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("A=secret\n")
    os.link(tmp_path / "shadow", home / "env")
    edit = Edited(f"{home}/env", "env", {"B": "1"})
    with pytest.raises(StepError) as raised:
        run("put", src=edit, dest=f"{home}/env", mode="0644", **WHO)
    told = f"@local: cannot read {home}/env: {home}/env is a hard link to a file of root"
    assert str(raised.value) == told
    assert (tmp_path / "shadow").read_text() == "A=secret\n"


def test_root_does_not_go_on_by_path_where_a_user_can_change_it(home: Path, tmp_path: Path) -> None:
    told = f"{home}/a/b lies in a folder that nobody can change"
    assert refusal("guarded", path=f"{home}/a/b").endswith(told)
    assert run("guarded", path=f"{tmp_path}/a/b") is False


# --- What happens in between --------------------------------------------------------------------


@contextmanager
def between(happen: Callable[[], object], before: str) -> Iterator[None]:
    """Let something happen before the next script that has these words in it."""
    whole = Session.run
    waiting = [happen]

    def run(session: Session, script: str, **arguments: Any) -> Result:
        if f" {before} " in script and waiting:
            waiting.pop()()
        return whole(session, script, **arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "run", run)
        yield
    assert waiting == []


def test_what_was_compared_is_what_is_replaced(home: Path) -> None:
    path = write(home / "file", "old")
    told = f"{path} changed after it was compared"

    def turn() -> None:
        path.unlink()
        path.symlink_to("/etc/shadow")

    def renew() -> None:
        # The old one stays elsewhere, so that its inode is not used again.
        path.rename(home.parent / "old")
        path.write_text("old")

    for happen in (lambda: write(path, "newer"), renew, turn):
        with between(happen, "put"):
            assert refusal("put", src=Content("x"), dest=str(path), mode="0600", **WHO) == told
        assert sorted(p.name for p in home.iterdir()) == ["file"]


def test_an_edit_of_what_changed_meanwhile_is_refused(home: Path) -> None:
    path = write(home / "env", "A=1\n")
    edit = Edited(str(path), "env", {"B": "2"})
    with between(lambda: write(path, "A=9\n"), "look"):
        told = refusal("put", src=edit, dest=str(path), mode="0600", **WHO)
    assert (told, path.read_text()) == (f"{path} changed after it was compared", "A=9\n")


def test_a_file_that_became_a_link_is_not_edited(home: Path) -> None:
    path = write(home / "netrc", "A=1\n")
    edit = Edited(str(path), "env", {"B": "2"})

    def swap() -> None:
        path.unlink()
        path.symlink_to("/etc/shadow")

    with between(swap, "get"), pytest.raises(StepError) as raised:
        run("put", src=edit, dest=str(path), mode="0600", **WHO)
    assert str(raised.value) == f"@local: cannot read {path}: it is not a file"


def test_a_secret_is_never_readable_by_others_for_a_moment(home: Path) -> None:
    """strace is not everywhere: the order of the calls is read from what an observer sees."""
    watch = (
        "opendir my $d, '.'; my %seen; while (1) { rewinddir $d; for (readdir $d) {"
        " next if /^[.]+$/; my @s = lstat or next; my $k = sprintf '%o %d', $s[2] & 07777, $s[4];"
        " print STDERR qq{$k\\n} if !$seen{$k}++ } }"
    )
    argv = ["perl", "-e", watch]
    with subprocess.Popen(argv, cwd=home, stderr=subprocess.PIPE, text=True) as watcher:
        try:
            for number in range(10):
                secret = Content(f"{number}" * 300_000)
                run("put", src=secret, dest=f"{home}/secret", mode="0600", **WHO)
        finally:
            watcher.kill()
        seen = set((watcher.stderr or open(os.devnull)).read().split("\n")) - {""}  # noqa: PTH123, SIM115
    assert {line.split()[0] for line in seen} == {"600"}


def test_what_a_command_judges_lies_where_only_root_can_look(home: Path, uid: int) -> None:
    judge = 'stat -c "%a %U" "${staged%/*}" "$staged"; cat "$staged"; echo "$staged"; false'
    told = refusal(
        "put", src=Content("x\n"), dest=f"{home}/it's", mode="0640", validate=judge, **WHO
    )
    lines = [line.strip() for line in told.splitlines()]
    assert lines == ["700 root", "640 root", "x", f"{home}/it's"]
    assert uid != 0
    assert list(home.iterdir()) == []
    left = [n for n in os.listdir("/run") if n.startswith("envwright-")]  # noqa: PTH208
    assert left == []


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_what_a_killed_run_left_is_gone_after_the_next(home: Path, signal: str) -> None:
    """Killed with the new file staged, the folder's as well as the one that a command judges."""
    said: dict[str, Any] = {"src": Content("x\n"), "dest": f"{home}/file", "mode": "0640"}
    kill = f"kill -s {signal} $PPID; sleep 1; false"
    (home / f".envwright-{os.getpid():08x}00000000").touch()
    (home / ".envwright-fffffff000000000").touch()
    (home / ".envwright-ours").touch()
    refusal("put", **said, validate=kill)
    staged = [name for name in os.listdir("/run") if name.startswith("envwright-")]  # noqa: PTH208
    assert len(staged) == (1 if signal == "KILL" else 0)
    assert run("put", **said, validate="true")
    assert {path.name for path in home.iterdir()} == {
        "file",
        f".envwright-{os.getpid():08x}00000000",
        ".envwright-ours",
    }
    assert [name for name in os.listdir("/run") if name.startswith("envwright-")] == []  # noqa: PTH208


@pytest.mark.usefixtures("open_to_others")
def test_root_makes_nothing_elsewhere_while_a_user_swaps_folders(
    home: Path, tmp_path: Path, uid: int
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("root's")
    attack = (
        f"$) = '{uid} {uid}'; $> = {uid}; chdir shift or die; my $out = shift; mkdir 'real';"
        "while (1) { rename 'real', 'app'; rename 'app', 'real'; symlink $out, 'app';"
        " symlink \"$out/file\", 'file'; unlink 'app', 'file' }"
    )
    argv = ["perl", "-e", attack, str(home), str(outside)]
    with subprocess.Popen(argv) as attacker, local_session() as session:
        engine = Engine(session, Secrets({}))
        done = 0
        try:
            for number in range(100):
                name, argument, said = CALLS[number % 4]
                place = {argument: f"{home}/{'app/' * (number % 8 < 4)}file"}
                try:
                    done += engine.run("it", operation(f"paths.{name}", **place, **said))
                except StepError:
                    continue
        finally:
            attacker.kill()
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"file": "root's"}
    assert (owner(outside), owner(outside / "file")[0]) == (("root", "root", "0o755"), "root")
    assert 0 < done < 100


def test_an_edit_keeps_owner_group_and_mode_of_a_file_that_is_there(home: Path) -> None:
    file, new = home / "file", home / "new"
    write(file, "a\n", 0).chmod(0o640)
    for path in (file, new):
        edited = Edited(str(path), "lines", {"b": True})
        keep = {"keep": ["owner", "group", "mode"], "mode": "0600", **WHO}
        assert run("put", src=edited, dest=str(path), **keep)
    assert (file.read_text(), new.read_text()) == ("a\nb\n", "b\n")
    assert owner(new) == (*NAMES, "0o600")
    assert owner(file) == ("root", "root", "0o640")


def test_what_is_made_once_leaves_alone_what_is_there(home: Path) -> None:
    link(home / "link", "/nowhere")
    for name, made in (("file", True), ("file", False), ("link", False)):
        said = {"src": Content(f"{made}"), "dest": f"{home}/{name}", "mode": "0600", **WHO}
        assert run("put", once=True, **said) is made
    assert ((home / "file").read_text(), os.readlink(home / "link")) == ("True", "/nowhere")  # noqa: PTH115
