"""Files that a person made or changed, as they are captured; no secret is among them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from captures import captured, shells
from standins import DEBIAN

from envwright.facts import Output, Question, Stat, Status, Text
from envwright.facts.accounts import Accounts
from envwright.model.capture import Captured, Item, LeftOut

DEV = replace(
    DEBIAN,
    accounts=Accounts.read("dev:x:1000:1000::/home/dev:/bin/bash\n", "dev:x:1000:\n"),
)
ROOT = Status("file", "0644", "root", "root", 10, "")


def files(texts: dict[str, str], status: Status = ROOT) -> Captured:
    """Return what is captured of files, by their paths."""
    said: dict[Question[Any], Any] = {
        shells("files", DEV, "Conffiles"): Output(0, "\n".join(texts)),
    }
    for path, text in texts.items():
        said |= {Stat(path): status, Text(path): text}
    return captured("files", DEV, said)


def test_a_file_is_captured_with_what_is_unusual_of_its_access() -> None:
    status = replace(ROOT, mode="0640", group="adm")
    assert files({"/etc/profile.d/a.sh": "x\n"}, status).items == (
        Item(
            ("/etc/profile.d/a.sh",),
            {"content": "x\n", "group": "adm", "mode": "0640"},
            "made or changed by a person",
            place="/etc/profile.d/a.sh",
        ),
    )


def test_what_no_environment_should_hold_is_told() -> None:
    large = replace(ROOT, size=1 << 20)
    path = "/usr/local/bin/tool"
    assert files({path: "x"}, large).left_out == (
        LeftOut(path, "it has more than 64 KiB: name it by `source` if you need it"),
    )
    assert files({path: "\udcff"}).left_out == (
        LeftOut(path, "it is not UTF-8 text: name it by `source` if you need it"),
    )


def test_more_files_than_a_person_reads_are_told() -> None:
    found = files({f"/etc/profile.d/{n:03}.sh": "x" for n in range(402)})
    many = "more than 400 files were found"
    assert len(found.items) == 400
    assert found.left_out == (
        LeftOut("/etc/profile.d/400.sh", many),
        LeftOut("/etc/profile.d/401.sh", many),
    )


def test_a_dotfile_as_new_accounts_get_it_is_no_choice_of_a_person() -> None:
    mine = replace(ROOT, owner="dev", group="dev")
    said: dict[Question[Any], Any] = {
        Text("/etc/skel/.bashrc"): "skeleton",
        Stat("/home/dev/.bashrc"): mine,
        Text("/home/dev/.bashrc"): "skeleton",
        Stat("/home/dev/.vimrc"): replace(mine, mode="0600"),
        Text("/home/dev/.vimrc"): "syntax on",
        Stat("/home/dev/.netrc"): mine,
    }
    why = "differs from what a new account gets"
    value = {"content": "syntax on", "mode": "0600"}
    vimrc = "/home/dev/.vimrc"
    assert captured("files", DEV, said) == Captured(
        (Item((vimrc,), value, why, place=vimrc),),
        (),
        (("DEV_NETRC", "/home/dev/.netrc"),),
    )
