"""Facts of paths, packages and accounts: real answers of this machine, and what parsers read."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from standins import DEBIAN, ME, WSL, local_session

from envwright.facts import (
    TEXT_LIMIT,
    Account,
    Accounts,
    ChangeTime,
    Facts,
    Logins,
    Machine,
    Output,
    Shell,
    SlowShell,
    Stat,
    Status,
    Text,
    Unknown,
    decode,
)
from envwright.host.probe import ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.host.session import Session

ODD_NAMES = (
    "a b",
    "it's",
    'say "hi"',
    "ä €",
    "back\\slash",
    "$HOME `id`",
    "*?[a]",
    "-n",
    "a'b\"c\\",
)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


def stat_of(session: Session, *paths: str) -> list[Status | Unknown | None]:
    facts = ask(session, [Stat(path) for path in paths])
    return [facts[Stat(path)] for path in paths]


def text_of(session: Session, *paths: str) -> list[str | Unknown | None]:
    facts = ask(session, [Text(path) for path in paths])
    return [facts[Text(path)] for path in paths]


# --- Stat -------------------------------------------------------------------------------------


def test_a_path_is_described_as_lstat_has_it(session: Session, tmp_path: Path) -> None:
    file, folder, link, pipe = (tmp_path / n for n in ("file", "folder", "link", "pipe"))
    file.write_text("four")
    file.chmod(0o4640)
    folder.mkdir(mode=0o700)
    link.symlink_to("nowhere at all")
    os.mkfifo(pipe, 0o600)
    expected = [
        Status(kind, mode, ME, path.group(), path.stat().st_size, "")
        for path, kind, mode in (
            (file, "file", "4640"),
            (folder, "directory", "0700"),
            (pipe, "other", "0600"),
        )
    ]
    assert stat_of(session, str(file), str(folder), str(pipe)) == expected
    (dangling,) = stat_of(session, str(link))
    assert isinstance(dangling, Status)
    assert (dangling.kind, dangling.target) == ("link", "nowhere at all")


def test_odd_names_and_targets_come_back_as_they_are(session: Session, tmp_path: Path) -> None:
    for name in ODD_NAMES:
        (tmp_path / name).symlink_to(f"to\t{name}\nand on")
    answers = stat_of(session, *(f"{tmp_path}/{name}" for name in ODD_NAMES))
    targets = [answer.target if isinstance(answer, Status) else answer for answer in answers]
    assert targets == [f"to\t{name}\nand on" for name in ODD_NAMES]


def test_what_is_not_there_is_none(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    missing = [f"{tmp_path}/{name}" for name in ODD_NAMES]
    assert stat_of(session, *missing, f"{tmp_path}/file/below") == [None] * (len(ODD_NAMES) + 1)


def test_what_cannot_be_looked_at_is_unknown_and_its_neighbours_are_not(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "lööp's").symlink_to("lööp's")
    below, longest = f"{tmp_path}/lööp's/x", f"{tmp_path}/{'n' * 256}"
    assert stat_of(session, below, longest, f"{tmp_path}/l", f"{tmp_path}/lööp") == [
        Unknown(f"{below}: Too many levels of symbolic links"),
        Unknown(f"{longest}: File name too long"),
        None,
        None,
    ]


def test_a_kind_of_file_that_there_is_not_is_a_damaged_answer(
    session: Session, tmp_path: Path
) -> None:
    path = f"{tmp_path}/file"
    (tmp_path / "file").touch()
    answer = session.run(Stat.script([Stat(path)])).stdout
    assert Stat.parse([Stat(path)], answer)[Stat(path)] == stat_of(session, path)[0]
    with pytest.raises(ValueError, match="no kind of file: fxle"):
        Stat.parse([Stat(path)], answer.replace(b"file", b"fxle", 1))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize("name", ["a", "ä's"])
def test_a_folder_that_is_closed_to_us_hides_what_is_in_it(
    session: Session, tmp_path: Path, name: str
) -> None:
    # Another test may have opened the folders above for other users.
    tmp_path.chmod(0o700)
    above = (*reversed(tmp_path.parents), tmp_path)
    closed = next(p for p in above if not p.stat().st_mode & 0o001)
    path = f"{tmp_path}/{name}"
    script = shlex.quote(Stat.script([Stat(path)]))
    answer = session.run(f"cd / && setpriv --reuid=65534 --clear-groups sh -c {script}").stdout
    assert Stat.parse([Stat(path)], answer) == {Stat(path): Unknown(f"{closed}: Permission denied")}


def test_a_name_of_two_lines_is_a_name(session: Session, tmp_path: Path) -> None:
    (tmp_path / "two\nlines").mkdir(mode=0o700)
    (answer,) = stat_of(session, f"{tmp_path}/two\nlines")
    assert isinstance(answer, Status)
    assert (answer.kind, answer.mode) == ("directory", "0700")


def test_what_was_cut_off_is_not_taken_for_the_whole() -> None:
    questions = [Stat("/x"), Stat("/y")]
    assert Stat.parse(questions, b"missing 2\n/x") == {Stat("/x"): None}
    with pytest.raises(ValueError, match="cut off"):
        Stat.parse(questions, b"missing 2\n/")


def test_the_time_of_a_change_is_known_below_the_second(session: Session, tmp_path: Path) -> None:
    (tmp_path / "a b").touch()
    questions = [ChangeTime(f"{tmp_path}/a b"), ChangeTime(f"{tmp_path}/none")]
    facts = ask(session, questions)
    time = (tmp_path / "a b").stat().st_ctime
    assert [facts[question] for question in questions] == [pytest.approx(time, abs=1e-6), None]


def test_a_time_that_is_still_to_come_tells_of_no_change(tmp_path: Path) -> None:
    """As if the clock had been set back to 2001 after the file was written."""
    (tmp_path / "file").touch()
    question = ChangeTime(f"{tmp_path}/file")
    script = ChangeTime.script([question]).replace("-newerct now", "-newerct @1000000000")
    said = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout
    assert ChangeTime.parse([question], said) == {question: None}


# --- Text -------------------------------------------------------------------------------------


def test_text_comes_back_byte_for_byte(session: Session, tmp_path: Path) -> None:
    contents = [
        b"",
        b"plain\n",
        b"no newline",
        b"\xff\xfe not utf-8",
        b"nul \0 inside\r\n",
        b"\0" * 512,
    ]
    paths = [tmp_path / f"{number}" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    texts = text_of(session, *map(str, paths))
    assert texts == [decode(content) for content in contents]
    assert decode(b"\xff").encode("utf-8", "surrogateescape") == b"\xff"


def test_text_of_odd_names_and_long_ones_comes_back(session: Session, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    paths = [*(tmp_path / name for name in ODD_NAMES), deep / "file"]
    for path in paths:
        path.write_text(path.name)
    assert text_of(session, *map(str, paths)) == [path.name for path in paths]


def test_only_regular_files_have_text(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    names = ("link", "dangling", "pipe", "missing", "")
    assert text_of(session, *(f"{tmp_path}/{name}" for name in names)) == [None] * len(names)


def test_two_names_of_one_file_have_the_same_text(session: Session, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("shared")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert text_of(session, f"{tmp_path}/one", f"{tmp_path}/two") == ["shared", "shared"]


def test_a_file_above_the_limit_is_not_fetched(session: Session, tmp_path: Path) -> None:
    sizes = (TEXT_LIMIT, TEXT_LIMIT + 1)
    for size in sizes:
        (tmp_path / str(size)).write_bytes(b"x" * size)
    at_limit, above = text_of(session, *(f"{tmp_path}/{size}" for size in sizes))
    assert (at_limit == "x" * TEXT_LIMIT, above) == (True, None)


# --- Accounts ---------------------------------------------------------------------------------


def test_accounts_have_their_groups_and_malformed_lines_are_skipped() -> None:
    passwd = (
        "root:x:0:0:root:/root:/bin/bash\n"
        "dev:x:1000:1000:Dev,,,:/home/dev:/bin/zsh\n"
        "lost:x:1001:4242::/nowhere:\n"
        "+::::::\n"
        "bad:x:one:1:::\n"
        "short:x:1\n"
    )
    group = "root:x:0:\ndev:x:1000:\nsudo:x:27:dev,ops\nadm:x:4:dev\n+:::\nshort:x\n"
    assert Accounts.read(passwd, group) == Accounts(
        users={
            "root": Account("root", 0, "root", "/root", "/bin/bash", ()),
            "dev": Account("dev", 1000, "dev", "/home/dev", "/bin/zsh", ("adm", "sudo")),
            "lost": Account("lost", 1001, "4242", "/nowhere", "", ()),
        },
        groups={
            "root": (0, ()),
            "dev": (1000, ()),
            "sudo": (27, ("dev", "ops")),
            "adm": (4, ("dev",)),
        },
    )


def test_this_machine_tells_its_accounts(session: Session) -> None:
    accounts = ask(session, [Logins()])[Logins()]
    assert isinstance(accounts, Accounts)
    assert (accounts.users["root"].uid, accounts.users["root"].home) == (0, "/root")
    assert accounts.groups["root"][0] == 0


# --- Whatever a script can tell ---------------------------------------------------------------


def test_each_script_has_its_own_code_and_output(session: Session) -> None:
    scripts = [
        "echo 'a b'; echo; exit 3",
        "",
        "printf 'x\\n\\n'",
        "if",
        "cat",
        "exec false",
        "echo >&2",
    ]
    facts = ask(session, [Shell(script) for script in scripts])
    assert [facts[Shell(script)] for script in scripts] == [
        Output(3, "a b"),
        Output(0, ""),
        Output(0, "x"),
        Output(2, ""),
        Output(0, ""),
        Output(1, ""),
        Output(0, ""),
    ]


def test_slow_scripts_run_at_the_same_time_and_each_has_its_own_answer(session: Session) -> None:
    scripts = [f"sleep 1.{n}; echo {n}; echo 'a  b'; exit {n}" for n in (3, 1, 0, 2)]
    began = time.monotonic()
    facts = ask(session, [Shell("echo quick"), *map(SlowShell, scripts)])
    assert time.monotonic() - began < 4
    assert [facts[SlowShell(script)] for script in scripts] == [
        Output(n, f"{n}\na  b") for n in (3, 1, 0, 2)
    ]
    assert facts[Shell("echo quick")] == Output(0, "quick")


def test_a_question_that_was_not_asked_is_unknown() -> None:
    assert Facts({})[Stat("/x")] == Unknown("the machine gave no answer")
    assert str(Unknown("5 bytes")) == "? (5 bytes)"


# --- The machine as a whole -------------------------------------------------------------------

UBUNTU_RELEASE = """\
# a comment, which is not asked
PRETTY_NAME="Linux Mint 22"
ID=linuxmint
VERSION_ID="22"
VERSION_CODENAME=wilma
UBUNTU_CODENAME=noble
HOME_URL='https://linuxmint.com/'
not an assignment
"""


def hello(*fields: str) -> bytes:
    return "\0".join(fields).encode()


def test_a_machine_is_read_from_its_first_words() -> None:
    words = hello(
        UBUNTU_RELEASE,
        "arm64\n",
        "6.6.87.2-microsoft-standard-WSL2\n",
        "",
        "Mint",
        "\nbooted\n",
        "root:x:0:0:root:/root:/bin/sh\n",
        "root:x:0:\n",
        "\n",
        "2.6.1\n",
        "gpu\n",
        "16265912",
        "0-6,9\n",
        "\n",
        "desktop\n",
    )
    assert Machine.read(words) == Machine(
        wsl_version="2.6.1",
        gpu=True,
        memory=16,
        cpus=8,
        desktop=True,
        distro="linuxmint",
        release="22",
        codename="noble",
        architecture="arm64",
        kernel="6.6.87.2-microsoft-standard-WSL2",
        wsl=True,
        distribution="Mint",
        booted=True,
        accounts=Accounts(
            {"root": Account("root", 0, "root", "/root", "/bin/sh", ())}, {"root": (0, ())}
        ),
    )


@pytest.mark.parametrize(
    ("number", "group"), [("", "dev"), ("100\n", "users"), ("37\n", "operator"), ("9\n", "9")]
)
def test_a_new_account_gets_the_group_that_useradd_gives_it(number: str, group: str) -> None:
    groups = "root:x:0:\nusers:x:100:\noperator:x:37:\nstaff:x:50:\n"
    passwd = "root:x:0:0::/root:/bin/sh\n"
    told = Machine.read(hello("", "", "", "", "", "", passwd, groups, number))
    assert [told.primary_group(name) for name in ("dev", "root", "staff")] == [
        group,
        "root",
        "staff",
    ]


def test_wsl_with_a_kernel_of_ones_own_is_told_by_its_init() -> None:
    told = Machine.read(
        hello("ID=debian\nVERSION_CODENAME=trixie", "amd64", "6.12-own", "wsl\n", "")
    )
    assert (told.wsl, told.codename, told.booted) == (True, "trixie", False)


def test_a_machine_without_dpkg_or_os_release_is_read_all_the_same() -> None:
    told = Machine.read(b"")
    empty = Accounts({}, {})
    assert told == Machine("", "", "", "", "", False, "", False, empty)


def test_this_machine_says_what_it_is() -> None:
    with local_session() as session:
        machine = Machine.read(session.run(Machine.HELLO).stdout)
    assert machine.kernel == os.uname().release
    assert machine.accounts.users["root"].home == "/root"


def test_homes_and_groups_are_those_of_the_account_or_of_debians_custom() -> None:
    accounts = Accounts.read("dev:x:1000:100::/srv/dev:/bin/sh", "users:x:100:")
    there = replace(DEBIAN, accounts=accounts)
    assert [there.home("dev"), there.primary_group("dev")] == ["/srv/dev", "users"]
    assert [DEBIAN.home("dev"), DEBIAN.primary_group("dev")] == ["/home/dev", "dev"]
    assert [WSL.home("root"), there.home("root")] == ["/root", "/root"]
