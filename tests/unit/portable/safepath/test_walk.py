"""Walks into folders that a user can change: whom the program follows, and whom it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from standins import local_session
from user_folders import DEV, EVE, entered_by_others, folder, link, write

from envwright.facts import (
    Guarded,
    KnownGroup,
    KnownUser,
    Refused,
    Stat,
    Status,
    Text,
    Unknown,
)
from envwright.host.probe import ask
from envwright.portable.safepath import TEXT_LIMIT, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.facts import Question

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders of others")


@pytest.fixture
def open_to_others(tmp_path: Path) -> Iterator[None]:
    with entered_by_others(tmp_path):
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of a user's, in folders of root's."""
    return folder(tmp_path / "home")


def asked(*questions: Question[object]) -> list[object]:
    with local_session() as session:
        facts = ask(session, questions)
    return [facts[question] for question in questions]


def test_a_link_that_a_user_can_change_is_refused_and_named(home: Path) -> None:
    link(home / "app", "/etc")
    shadow = f"{home}/app/shadow"
    reason = f"{home}/app is a link, and {DEV} can change it"
    assert asked(Stat(shadow), Text(shadow)) == [Refused(reason), Refused(reason)]


@pytest.fixture
def tree(home: Path) -> Path:
    """Folders of root's in a user's folder, which the user can replace as a whole."""
    made = home / "a" / "b"
    made.mkdir(parents=True)
    return made


def test_what_is_below_a_users_folder_is_never_trusted_again(tree: Path) -> None:
    (tree / "link").symlink_to("/etc")
    assert asked(Stat(f"{tree}/link/passwd"), Guarded(f"{tree}/x")) == [
        Refused(f"{tree}/link is a link, and {DEV} can change it"),
        Refused(f"{tree}/x lies in a folder that {DEV} can change"),
    ]


def test_a_link_that_only_root_can_change_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("text")
    for name, target in (("full", f"{tmp_path}/real"), ("short", "real/../real/.")):
        (tmp_path / name).symlink_to(target)
        assert asked(Text(f"{tmp_path}/{name}/file"), Guarded(f"{tmp_path}/{name}/x")) == [
            "text",
            "",
        ]


def test_a_link_of_roots_into_a_users_folder_is_judged_there(tmp_path: Path, home: Path) -> None:
    link(home / "link", "/etc")
    (tmp_path / "short").symlink_to("home/link")
    assert asked(Stat(f"{tmp_path}/short/passwd")) == [
        Refused(f"{home}/link is a link, and {DEV} can change it")
    ]


def test_a_link_up_from_a_users_folder_is_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "up").symlink_to("home/..")
    told = f"'..' leads out of {home}, which {DEV} can change"
    assert asked(Stat(f"{tmp_path}/up/x"), Stat(f"{home}/../x")) == [Refused(told), Refused(told)]


def test_a_path_that_ends_in_dots_or_a_slash_is_the_same_behind_another(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ends = ("file", "", ".", "..", "file/")
    kinds = [
        answer.kind if isinstance(answer, Status) else str(answer)
        for answer in asked(*(Stat(f"{tmp_path}/{end}") for end in ends))
    ]
    above = f"? ({tmp_path}/.. leads to a folder above)"
    assert kinds == ["file", "directory", "directory", above, "file"]


def test_a_file_where_a_folder_has_to_be_is_refused_in_a_users_folder(home: Path) -> None:
    write(home / "app", "")
    assert asked(Stat(f"{home}/app/x"), Stat("/etc/passwd/x")) == [
        Refused(f"{home}/app is not a folder, and {DEV} can change it"),
        None,
    ]


def test_a_folder_of_a_third_user_is_refused(home: Path) -> None:
    folder(home / "shared", EVE)
    assert asked(Stat(f"{home}/shared/x")) == [
        Refused(f"{home}/shared belongs to {EVE}, in a folder of {DEV}")
    ]


def test_a_folder_that_a_group_or_all_can_write_is_a_users(tmp_path: Path) -> None:
    for mode in (0o775, 0o757, 0o1777):
        shared = tmp_path / oct(mode)
        shared.mkdir()
        shared.chmod(mode)
        (shared / "link").symlink_to("/etc")
        assert asked(Stat(f"{shared}/link/passwd")) == [
            Refused(f"{shared}/link is a link, and others than root can change it")
        ]


def test_what_root_has_in_a_sticky_folder_nobody_else_can_replace(tmp_path: Path) -> None:
    (tmp_path / "sticky" / "roots").mkdir(parents=True)
    (tmp_path / "sticky").chmod(0o1777)
    folder(tmp_path / "sticky" / "theirs")
    paths = [f"{tmp_path}/sticky/{name}/x" for name in ("roots", "theirs")]
    assert asked(*map(Guarded, paths)) == [
        "",
        Refused(f"{paths[1]} lies in a folder that {DEV} can change"),
    ]


def test_a_path_that_is_not_there_yet_is_judged_by_where_it_will_be(home: Path) -> None:
    assert asked(Guarded(f"{home}/a/b/c"), Guarded("/usr/none/such"), Stat(f"{home}/a/b")) == [
        Refused(f"{home}/a/b/c lies in a folder that {DEV} can change"),
        "",
        None,
    ]


def test_a_hard_link_to_a_file_of_anothers_is_not_read(home: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of root's")
    os.link(tmp_path / "secret", home / "netrc")
    write(home / "mine", "of dev's")
    os.link(home / "mine", home / "twice")
    status, text, mine = asked(*(k(f"{home}/netrc") for k in (Stat, Text)), Text(f"{home}/twice"))
    assert isinstance(status, Status)
    assert (text, mine) == (Unknown("it is a hard link to a file of root"), "of dev's")


def test_only_regular_files_of_a_fair_size_are_read(home: Path) -> None:
    os.mkfifo(home / "pipe")
    (home / "large").write_bytes(bytes(TEXT_LIMIT + 1))
    (home / "whole").write_bytes(bytes(TEXT_LIMIT))
    (home / "link").symlink_to("/etc/passwd")
    names = ("pipe", "large", "link", "none")
    assert asked(*(Text(f"{home}/{name}") for name in names)) == [None] * 4
    assert asked(Text(f"{home}/whole")) == ["\0" * TEXT_LIMIT]


@pytest.mark.parametrize("name", ["ask", "change"])
def test_the_program_is_strict_and_without_a_warning(name: str) -> None:
    perl = shutil.which("perl") or "perl"
    argv = [perl, "-Mstrict", "-Mwarnings=FATAL,all", "-c", "-e", program(name)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "-e syntax OK\n")


def test_the_programs_need_no_more_than_perl_base() -> None:
    used = {
        line.split()[1].rstrip(";")
        for name in ("ask", "change")
        for line in program(name).splitlines()
        if line.split()[:1] in (["use"], ["require"])
    }
    assert used == {"strict", "Fcntl", "IO::Handle", "POSIX"}


@pytest.mark.usefixtures("open_to_others")
def test_folders_are_entered_while_a_user_swaps_them(home: Path) -> None:
    """The race of every read: what is read is the user's own file, or nothing at all."""
    folder(home / "real")
    write(home / "real" / "shadow", "of dev's")
    attack = (
        "$) = '61001 61001'; $> = 61001; chdir shift or die; "
        "while (1) { symlink '/etc', 'app'; unlink 'app'; rename 'real', 'app'; "
        "rename 'app', 'real' }"
    )
    with subprocess.Popen(["perl", "-e", attack, str(home)]) as attacker:
        try:
            answers = [
                answer
                for _ in range(20)
                for answer in asked(*[Text(f"{home}/app/shadow"), Stat(f"{home}/app/x")] * 20)
            ]
        finally:
            attacker.kill()
    told = {answer.reason for answer in answers if isinstance(answer, Refused)}
    assert {a for a in answers if not isinstance(a, Unknown)} <= {None, "of dev's"}
    assert told <= {
        f"{home}/app is a link, and {DEV} can change it",
        f"{home}/app was replaced at this moment",
    }
    assert f"{home}/app is a link, and {DEV} can change it" in told


def test_users_and_groups_are_known_by_name(home: Path) -> None:
    names = (KnownUser("root"), KnownGroup("nogroup"), KnownUser("nogroup"), KnownGroup("n' b"))
    assert asked(*names) == ["", "", None, None]
    # A name between paths leaves the walk where it was.
    kept = write(home / "kept", "x")
    assert asked(Text(str(kept)), KnownUser("nobody"), Text(str(kept))) == ["x", "", "x"]
