"""The files of a commit, written out: what is kept, and what leads out of the folder."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from envwright.errors import RefusedError, StepError
from envwright.fetch import tree
from envwright.pull.git import Git
from envwright.pull.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from repositories import Follower, Repository

    Look = Callable[[], dict[str, str]]


@pytest.fixture
def look(repository: Repository, follower: Follower) -> Look:
    """Write out the files of HEAD; their kinds and contents by path."""

    def function() -> dict[str, str]:
        settings = Settings(repository.url, "box.yaml", signers=True)
        with Git(settings, follower.folder, follower.state) as git:
            with tree.written(git, git.fetch(), follower.state) as folder:
                found = {str(p.relative_to(folder)): describe(p) for p in folder.rglob("*")}
            assert not folder.exists()
        return found

    return function


def describe(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    mode = stat.filemode(path.stat().st_mode)
    return mode if path.is_dir() else f"{mode} {path.read_text('utf-8')}"


def refused(look: Look) -> str:
    with pytest.raises(RefusedError) as raised:
        look()
    assert raised.value.hint == "nothing was changed; make a new commit without it"
    return raised.value.message.split(" ", 2)[2]


def plumb(repository: Repository, *entries: str) -> None:
    """Commit a tree that no `git add` would make: lines of ls-tree."""
    text = "".join(f"{entry}\n" for entry in entries)
    made = repository.git("mktree", "--missing", text=text)
    commit = repository.git("commit-tree", "-m", "change", made)
    repository.git("update-ref", "refs/heads/main", commit)


def blob(repository: Repository, text: str) -> str:
    return repository.git("hash-object", "-w", "--stdin", text=text)


def test_files_and_links_are_written_out_as_they_are(look: Look, repository: Repository) -> None:
    (repository.folder / "run").write_text("#!/bin/sh\n")
    (repository.folder / "run").chmod(0o755)
    (repository.folder / "link").symlink_to("deep/ünï.yaml")
    repository.commit(**{"deep/ünï.yaml": "name: box\n", "empty": ""})
    assert look() == {
        "deep": "drwxr-xr-x",
        "deep/ünï.yaml": "-rw------- name: box\n",
        "empty": "-rw------- ",
        "link": "-> deep/ünï.yaml",
        "run": "-rwx------ #!/bin/sh\n",
    }


def test_no_filter_or_attribute_has_a_say(look: Look, repository: Repository) -> None:
    files = {
        ".gitattributes": "* text eol=crlf ident filter=lfs export-ignore export-subst\n",
        ".lfsconfig": "[lfs]\nurl = file:///nowhere\n",
        "box.yaml": "name: $Format:%H$ $Id$\n",
    }
    (repository.folder / ".gitattributes").write_text("")
    repository.commit(**{"box.yaml": files["box.yaml"]})
    repository.commit(**files)
    assert look()["box.yaml"] == "-rw------- name: $Format:%H$ $Id$\n"


def test_submodules_are_left_out(look: Look, repository: Repository) -> None:
    (repository.folder / ".gitmodules").write_text('[submodule "x"]\npath = x\nurl = ext::sh\n')
    commit = repository.commit(box="name: box\n")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},x")
    repository.git("commit", "--quiet", "--message=submodule")
    assert list(look()) == [".gitmodules", "box.yaml"]


@pytest.mark.parametrize("target", ["/etc", "..", "deep/../../other", "/proc/self/root"])
def test_a_link_that_leads_out_is_refused(target: str, look: Look, repository: Repository) -> None:
    (repository.folder / "link").symlink_to(target)
    repository.commit(**{"deep/file": ""})
    assert refused(look) == "holds a link that leads out of it: link"


def test_links_that_lead_out_together_are_refused(look: Look, repository: Repository) -> None:
    (repository.folder / "down").mkdir()
    (repository.folder / "down" / "up").symlink_to("..")
    (repository.folder / "out").symlink_to("down/up/..")
    repository.commit()
    assert refused(look) == "holds a link that leads out of it: out"


# --- Trees that git add would not make: git refuses them when it fetches, and we do if it did not


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git fetch what is damaged."""
    settings = Git.settings_of_git
    monkeypatch.setattr(
        Git, "settings_of_git", lambda git: [s for s in settings(git) if "fsck" not in s]
    )


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_path_that_no_commit_should_have_is_not_even_fetched(
    name: str, look: Look, repository: Repository
) -> None:
    inner = repository.git("mktree", text=f"100644 blob {blob(repository, 'x')}\tconfig\n")
    plumb(repository, f"040000 tree {inner}\t{name}")
    with pytest.raises(StepError, match="the repository holds a damaged object"):
        look()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_path_that_no_commit_should_have_is_refused(
    name: str, look: Look, repository: Repository
) -> None:
    content = blob(repository, "x")
    inner = repository.git("mktree", text=f"100644 blob {content}\tconfig\n")
    plumb(repository, f"040000 tree {inner}\t{name}")
    assert refused(look) == f"holds a path that no commit should have: '{name}/config'"


@pytest.mark.usefixtures("unchecked")
def test_a_file_is_never_written_through_a_link(
    look: Look, repository: Repository, tmp_path: Path
) -> None:
    """Two entries of one name: a link, and a folder with a file in it."""
    link = blob(repository, str(tmp_path / "outside"))
    (tmp_path / "outside").mkdir()
    inner = repository.git("mktree", text=f"100644 blob {blob(repository, 'x')}\tfile\n")
    raw = b"".join(
        f"{mode} a".encode() + b"\0" + bytes.fromhex(id_)
        for mode, id_ in (("120000", link), ("40000", inner))
    )
    (repository.folder / "raw").write_bytes(raw)
    words = ("hash-object", "-t", "tree", "-w", "--literally", "raw")
    commit = repository.git("commit-tree", "-m", "change", repository.git(*words))
    repository.git("update-ref", "refs/heads/main", commit)
    assert refused(look).startswith("cannot be written to disk: [Errno 17] File exists: ")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_commit_that_would_fill_the_disk_is_refused(
    look: Look, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "COUNT_LIMIT", 2)
    repository.commit(a="", b="", c="")
    assert refused(look) == "holds more than 2 files, or 64 MiB of them"
