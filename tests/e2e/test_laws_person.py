"""The laws for what is a person's own, on a Debian 13 that boots systemd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import Law2, Law3, drift
from repositories import Repository
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server


@dataclass(frozen=True)
class Remote:
    """A repository of this computer, as machines clone it by https."""

    source: Repository
    root: Path

    def publish(self, **files: str) -> str:
        """Commit files, and let the machines have them; return the commit."""
        commit = self.source.commit(**files)
        bare = self.root / "files.envwright.test" / "app.git"
        if not bare.exists():
            self.source.git("clone", "--quiet", "--bare", ".", str(bare))
        self.source.git("push", "--quiet", "--mirror", str(bare))
        self.source.git("--git-dir", str(bare), "update-server-info")
        return commit


@pytest.fixture(scope="module")
def remote(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Remote:
    """A repository with two commits; the second one has the tag v1."""
    made = Remote(Repository.new(tmp_path_factory.mktemp("git") / "app"), server.root)
    files = {
        "shell/bashrc": "# of the dotfiles",
        "zsh/.zshrc": "# zsh",
        "install.sh": "#!/bin/sh\nid -un >~/.installed\n",
    }
    made.publish(app="1", **files)
    (made.source.folder / "install.sh").chmod(0o755)
    made.source.commit(app="2")
    made.source.tag("v1")
    made.publish(app="2")
    return made


@pytest.fixture(scope="module")
def bare(remote: Remote, debian13: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    assert remote
    with workstation(debian13, law_environment("person")) as opened:
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2):
    """A second apply."""


def test_law_8_the_secret_is_in_no_file_but_those_it_is_for(converged: Workstation) -> None:
    find = "grep -rlF s3cret-t0ken /etc /home /root /run /tmp /usr/local/bin /var/lib /var/log"
    assert converged.machine.sh(find, check=False).split() == ["/home/dev/fetched"]


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []


APP, TOOLS = "/home/dev/src/app", "/opt/tools/app"


def as_dev(station: Workstation, folder: str, words: str) -> str:
    """Run git as the person."""
    return station.machine.sh(f"cd {folder} && runuser -u dev -- git {words}").strip()


def test_dotfiles_are_put_in_place_by_the_person(converged: Workstation) -> None:
    look = """cd /home/dev && stat -c '%U %F %N' .bashrc .zshrc .config/app .config/own/app"""
    assert converged.machine.sh(look).splitlines() == [
        "dev symbolic link '.bashrc' -> '/home/dev/.dotfiles/shell/bashrc'",
        "dev symbolic link '.zshrc' -> '.dotfiles/zsh/.zshrc'",
        "dev symbolic link '.config/app' -> '/home/dev/.dotfiles/app'",
        "dev regular file '.config/own/app'",
    ]
    assert converged.machine.sh("cat /home/dev/.installed") == "dev\n"


def test_a_followed_branch_moves_and_a_tag_does_not(converged: Workstation, remote: Remote) -> None:
    tag = as_dev(converged, TOOLS, "rev-parse HEAD")
    new = remote.publish(app="3")
    assert converged.apply() == [f"checkout:{APP}"]
    heads = [as_dev(converged, folder, "rev-parse HEAD") for folder in (APP, TOOLS)]
    assert heads == [new, tag]
    assert converged.machine.sh(f"stat -c %U:%G {APP} {APP}/app /opt/tools/app/app") == (
        "dev:dev\n" * 3
    )


def test_changed_files_are_named_by_plan_and_verify_and_left(
    converged: Workstation, remote: Remote
) -> None:
    converged.machine.sh(f"echo mine >{APP}/app; rm /etc/greeting")
    remote.publish(app="4")
    said = f"{APP} is left as it is: files were changed: app; commit or stash the changes"
    plan = converged.plan()
    assert {change.resource.id for change in plan.changes} == {"command:greeting"}
    assert [(failure.id, failure.reason) for failure in plan.failures] == [
        (f"checkout:{APP}", said)
    ]
    assert converged.apply(plan) == ["command:greeting"]
    assert [r.id for r in converged.verify() if r.outcome == "failed"] == [f"checkout:{APP}"]
    assert converged.machine.sh(f"cat {APP}/app") == "mine\n"
    as_dev(converged, APP, "checkout --quiet app")
    assert converged.apply() == [f"checkout:{APP}"]
    assert converged.plan().settled


def test_an_include_that_wins_is_told_by_plan_and_the_commit_fails(
    converged: Workstation,
) -> None:
    file = "/home/dev/.gitconfig"
    converged.machine.sh(
        f"cp -p {file} /root/; printf '[include]\\n\\tpath = work\\n' >>{file}; "
        "printf '[user]\\n\\temail = una@work.example.com\\n' >/home/dev/work"
    )
    told = [(failure.id, failure.reason.splitlines()[0]) for failure in converged.plan().failures]
    assert told == [
        (
            "git of dev takes its settings",
            "user.email: file:/home/dev/work gives it another value",
        )
    ]
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed["dev makes commits as Una Dev <una@example.com>"] == (
        "the author is Una Dev <una@work.example.com>"
    )
    converged.machine.sh(f"mv /root/.gitconfig {file}")
    assert converged.plan().settled
