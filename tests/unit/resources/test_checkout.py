"""Checkout: a repository of the real git, made and brought up to date by its owner."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from repositories import Repository

from envwright.facts import Facts, Guarded, Output, Shell, SlowShell, Stat, Status
from envwright.model.operations import operation
from envwright.model.resource import compare
from envwright.resources.checkout import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from envwright.model.resource import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone becomes the owner")


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, as somebody who trusts submodules of this machine."""
    return Repository(folder).git("-c", "protocol.file.allow=always", *words)


def commit(folder: Path, name: str, text: str) -> str:
    """Commit a file, with a message that tells its text; return the commit."""
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "--quiet", "--message", f"{name}: {text}")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class Place:
    """A remote repository, and a checkout of it."""

    folder: Path
    checkout: Checkout

    @property
    def remote(self) -> Path:
        """The repository that is checked out."""
        return self.folder / "remote"

    @property
    def here(self) -> Path:
        """The folder of the checkout."""
        return self.folder / "home" / "app"

    def facts(self) -> Facts:
        """What a plan knows, but for the owner."""
        (shell,) = (q for q in self.checkout.questions() if isinstance(q, Shell))
        done = subprocess.run(["sh", "-c", shell.text], capture_output=True, text=True, check=False)
        return Facts({shell: Output(done.returncode, done.stdout.rstrip("\n"))})

    def state(self) -> State | None:
        """What a plan sees; what is left counts as it should be."""
        actual = self.checkout.actual(self.facts())
        assert actual is None or isinstance(actual, dict)
        return actual

    def left(self) -> str:
        """Why the checkout is left, without the folder of the test."""
        said = self.checkout.obstacle(self.facts())
        return said.replace(str(self.folder), "").removeprefix("/home/app is left as it is: ")

    def update(self) -> tuple[int, str]:
        """Converge; return the exit code and what git said."""
        self.here.mkdir(parents=True, exist_ok=True)
        *_, last = self.checkout.converge(compare(None, self.checkout.desired()))
        (script,) = last.arguments["commands"]
        done = subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, check=False, cwd="/"
        )
        return done.returncode, (done.stdout + done.stderr).replace(str(self.folder), "")

    @property
    def settled(self) -> bool:
        """Whether the plan is empty."""
        return self.state() == self.checkout.desired() and self.left() == ""

    def commits(self) -> list[str]:
        """The messages of the commits that are checked out, the newest first."""
        return git(self.here, "log", "--format=%s").splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A remote with one commit, and a checkout that follows its branch."""
    Repository.new(tmp_path / "remote")
    commit(tmp_path / "remote", "a", "1")
    home = tmp_path / "home"
    return Place(
        tmp_path,
        Checkout(
            path=f"{home}/app",
            home=str(home),
            url=f"file://{tmp_path}/remote",
            kind="branch",
            ref="main",
        ),
    )


@pytest.fixture
def cloned(place: Place) -> Place:
    """The same, brought about."""
    assert place.update() == (0, "")
    return place


def test_a_branch_is_followed(place: Place) -> None:
    assert place.state() is None
    assert place.update() == (0, "")
    assert (place.settled, place.commits()) == (True, ["a: 1"])
    assert git(place.here, "status", "--short", "--branch") == "## main...origin/main"
    was = git(place.here, "rev-parse", "--short", "HEAD")
    commit(place.remote, "a", "2")
    assert place.state() == {"url": place.checkout.url, "at": was}
    assert place.update() == (0, "")
    assert (place.settled, place.commits()) == (True, ["a: 2", "a: 1"])


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("kind", ["tag", "commit"])
def test_a_tag_and_a_commit_are_pinned_and_can_be_moved(
    kind: str, depth: int | None, place: Place
) -> None:
    first = commit(place.remote, "a", "2")
    git(place.remote, "tag", "--annotate", "--message", "one", "v1")
    second = commit(place.remote, "a", "3")
    git(place.remote, "tag", "v2")
    commit(place.remote, "a", "4")
    names = {"tag": ("v1", "v2"), "commit": (first, second)}[kind]
    place.checkout = replace(place.checkout, kind=kind, ref=names[0], depth=depth)
    assert place.update() == (0, "")
    assert (place.settled, git(place.here, "rev-parse", "HEAD")) == (True, first)
    place.checkout = replace(place.checkout, ref=names[1])
    assert place.state() == {"url": place.checkout.url, "at": first[:7]}
    assert place.update() == (0, "")
    assert (place.settled, git(place.here, "rev-parse", "HEAD")) == (True, second)


def test_a_shallow_checkout_follows_its_branch(place: Place) -> None:
    commit(place.remote, "a", "2")
    place.checkout = replace(place.checkout, depth=1)
    assert place.update() == (0, "")
    assert (place.settled, place.commits()) == (True, ["a: 2"])
    commit(place.remote, "a", "3")
    commit(place.remote, "a", "4")
    assert place.update() == (0, "")
    assert (place.settled, place.commits()) == (True, ["a: 4", "a: 3", "a: 2"])


def test_a_pinned_checkout_asks_no_remote(cloned: Place) -> None:
    head = git(cloned.here, "rev-parse", "HEAD")
    cloned.checkout = replace(cloned.checkout, kind="commit", ref=head)
    shutil.rmtree(cloned.remote)
    assert cloned.settled
    assert [type(q) for q in cloned.checkout.questions()] == [Stat, Shell, Guarded]


def test_without_a_network_the_last_news_count(cloned: Place) -> None:
    assert [type(q) for q in cloned.checkout.questions()] == [Stat, SlowShell, Guarded]
    shutil.rmtree(cloned.remote)
    assert cloned.settled


def test_a_clone_that_was_cut_off_is_finished(place: Place) -> None:
    place.here.mkdir(parents=True)
    git(place.here, "init", "--quiet")
    assert place.state() == {"url": place.checkout.url, "at": "no remote"}
    git(place.here, "remote", "add", "origin", place.checkout.url)
    assert place.state() == {"url": place.checkout.url, "at": "no commit"}
    assert place.update() == (0, "")
    assert place.settled


def test_a_first_checkout_that_was_killed_is_finished(cloned: Place) -> None:
    """As git leaves it: the files come first, then the index, and HEAD comes last."""
    (cloned.here / ".git" / "refs" / "heads" / "main").unlink()
    (cloned.here / ".git" / "index").rename(cloned.here / ".git" / "index.lock")
    (cloned.here / "a").write_text("half")
    assert cloned.state() == {"url": cloned.checkout.url, "at": "no commit"}
    assert cloned.update()[0] == 128
    (cloned.here / ".git" / "envwright-new").touch()
    assert cloned.update() == (0, "")
    assert (cloned.settled, (cloned.here / "a").read_text()) == (True, "1")
    assert not (cloned.here / ".git" / "envwright-new").exists()


def changed_file(place: Place) -> None:
    (place.here / "a").write_text("mine")


def untracked_file(place: Place) -> None:
    commit(place.remote, "new", "theirs")
    git(place.here, "fetch", "--quiet")
    (place.here / "new").write_text("mine")


def own_branch(place: Place) -> None:
    git(place.here, "switch", "--quiet", "--create", "feature")


def detached(place: Place) -> None:
    git(place.here, "switch", "--quiet", "--detach", "HEAD")


def diverged(place: Place) -> None:
    commit(place.here, "b", "mine")


def known_to_diverge(place: Place) -> None:
    commit(place.here, "b", "mine")
    git(place.here, "fetch", "--quiet")


def another_remote(place: Place) -> None:
    git(place.here, "remote", "set-url", "origin", "https://old.example.com/app")


def no_remote(place: Place) -> None:
    git(place.here, "remote", "remove", "origin")


def renamed_branch(place: Place) -> None:
    git(place.remote, "branch", "--move", "main", "trunk")


def foreign_owner(place: Place) -> None:
    subprocess.run(["chown", "-R", "nobody", place.here], check=True)


LEFT: list[tuple[Callable[[Place], None], str]] = [
    (changed_file, "files were changed: a; commit or stash the changes"),
    (untracked_file, "new is in the way, which is not of the repository: move it away"),
    (own_branch, "it is on feature: git switch main"),
    (detached, "it is on no branch: git switch main"),
    (diverged, "it has commits that are nowhere else: 1; push them first"),
    (known_to_diverge, "main and origin/main have gone different ways: merge or rebase"),
    (
        another_remote,
        (
            "its remote is https://old.example.com/app: git remote set-url origin file:///remote, "
            "or move the folder away"
        ),
    ),
    (
        no_remote,
        "it has no remote: git remote add origin file:///remote, or move the folder away",
    ),
    (renamed_branch, "its remote has no branch main (any more)"),
    (
        foreign_owner,
        "git refuses the repository: detected dubious ownership in repository at '/home/app'",
    ),
]


@pytest.mark.parametrize(("do", "said"), LEFT, ids=[do.__name__ for do, _ in LEFT])
def test_work_of_the_owners_is_left_and_named(
    do: Callable[[Place], None], said: str, cloned: Place
) -> None:
    commit(cloned.remote, "a", "2")
    do(cloned)
    before = everything(cloned.here)
    assert cloned.left().splitlines()[0] == said
    assert cloned.state() == cloned.checkout.desired()
    assert cloned.update() == (0, "")
    assert everything(cloned.here) == before


def everything(folder: Path) -> dict[str, bytes]:
    """The files of a repository that a person would miss, and where its branches are."""
    found = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    heads = folder / ".git" / "refs" / "heads"
    found |= {str(p): p.read_bytes() for p in (*heads.iterdir(), folder / ".git" / "HEAD")}
    return found


@pytest.mark.parametrize("do", [changed_file, diverged])
def test_work_that_is_in_nobodys_way_is_no_fault(
    do: Callable[[Place], None], cloned: Place
) -> None:
    do(cloned)
    assert cloned.settled


def test_work_in_the_way_that_only_the_fetch_shows_is_left_by_apply(cloned: Place) -> None:
    """A history that was written anew at the remote: nothing here shows that before the fetch."""
    git(cloned.remote, "commit", "--quiet", "--amend", "--message", "anew")
    assert not cloned.settled
    assert cloned.update() == (0, "")
    assert cloned.commits() == ["a: 1"]
    assert cloned.left() == "main and origin/main have gone different ways: merge or rebase"


def test_commits_of_a_pinned_checkout_that_nobody_else_has_stay(cloned: Place) -> None:
    git(cloned.remote, "tag", "v1")
    cloned.checkout = replace(cloned.checkout, kind="tag", ref="v1")
    assert cloned.update() == (0, "")
    git(cloned.here, "switch", "--quiet", "--detach")
    commit(cloned.here, "b", "mine")
    assert cloned.left() == "it has commits that are nowhere else: 1; push them first"
    assert cloned.update() == (0, "")
    assert cloned.commits() == ["b: mine", "a: 1"]


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_something_else_is_refused(what: str, place: Place) -> None:
    place.here.parent.mkdir()
    kind = "directory" if what == "folder" else what
    if what == "folder":
        place.here.mkdir()
        (place.here / "thesis").touch()
        facts = place.facts()
    else:
        status = Status(kind, "0644", "root", "root", 0, "")
        facts = Facts({Stat(place.checkout.path): status})
    state = place.checkout.actual(facts)
    assert state == {"url": None, "at": None}
    assert place.checkout.refusal(compare(state, place.checkout.desired())) == (
        f"{place.here} is there, and is no checkout of git: move it away first"
    )


def test_a_folder_that_is_filled_before_apply_comes_is_left(place: Place) -> None:
    place.here.mkdir(parents=True)
    (place.here / "thesis").touch()
    said = "/home/app is no checkout of git: move it away first\n"
    assert place.update() == (1, said)


def test_addresses_that_mean_the_same_are_the_same(cloned: Place) -> None:
    for url in (f"{cloned.checkout.url}/", f"{cloned.checkout.url}.git"):
        cloned.checkout = replace(cloned.checkout, url=url)
        assert cloned.left() == ""


def test_submodules_are_brought_and_one_that_was_moved_is_named(place: Place) -> None:
    # git trusts no submodule by `file:` but where a person says so.
    place.here.parent.mkdir()
    (place.here.parent / ".gitconfig").write_text("[protocol.file]\n\tallow = always\n")
    Repository.new(place.folder / "part")
    commit(place.folder / "part", "p", "1")
    commit(place.folder / "part", "p", "2")
    git(place.remote, "submodule", "--quiet", "add", f"file://{place.folder}/part", "part")
    git(place.remote, "commit", "--quiet", "--message", "with a part")
    assert place.update() == (0, "")
    assert place.settled
    place.checkout = replace(place.checkout, submodules=True)
    assert place.state() == {"url": place.checkout.url, "at": "no submodules"}
    assert place.update() == (0, "")
    assert (place.settled, (place.here / "part" / "p").read_text()) == (True, "2")
    git(place.here / "part", "checkout", "--quiet", "HEAD~1")
    assert place.left() == "a submodule is at another commit: git submodule update"


def test_a_folder_of_another_owner_is_made_for_that_owner() -> None:
    checkout = Checkout(
        path="/opt/a", owner="dev", group="dev", home="/home/dev", url="x", kind="tag", ref="v1"
    )
    first, last = checkout.converge(compare(None, checkout.desired()))
    assert first == operation("paths.directory", path="/opt/a", user="dev", group="dev")
    assert "setpriv --reuid=dev --regid=dev" in last.arguments["commands"][0]
    (again,) = checkout.converge(compare({"at": "x"}, checkout.desired()))
    assert again == last
