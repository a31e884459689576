"""dotfiles: a person's repository, put in place by links, copies, GNU Stow or a script."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.facts import Facts, Output, Shell
from envwright.model.proof import Fault
from envwright.resources.command import Command

if TYPE_CHECKING:
    from envwright.spec.compiler import Compiled

STOW = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("stow"), reason="root alone becomes a person"
)
SECTION = """\
dotfiles:
  dev:
    url: https://git.test/dev/dots
    branch: main
    link: {.vimrc: vim/vimrc, .config/nvim: nvim}
    copies: {.local.conf: local.example}
    stow: [zsh, tmux]
    run: ./install.sh
    unless: test -e ~/.installed
"""
CHECKOUT = "checkout:/home/dev/.dotfiles"


def test_a_repository_comes_first_and_then_its_links_copies_and_commands(tmp_path: Path) -> None:
    owned = {"kind": "link", "owner": "dev", "group": "dev"}
    found = states(tmp_path, SECTION)
    assert found == {
        **{f"package:{name}": {} for name in ("ca-certificates", "git", "stow")},
        CHECKOUT: {"url": "https://git.test/dev/dots", "at": "branch main"},
        "link:/home/dev/.vimrc": {**owned, "target": "/home/dev/.dotfiles/vim/vimrc"},
        "link:/home/dev/.config/nvim": {**owned, "target": "/home/dev/.dotfiles/nvim"},
        "command:dotfiles copy .local.conf of dev": {"value": "there"},
        "command:dotfiles stow of dev": {"value": "linked"},
        "command:dotfiles script of dev": {"value": "there"},
    }
    assert list(found).index("command:dotfiles stow of dev") > list(found).index(CHECKOUT)
    assert states(tmp_path, "dotfiles: {}\n") == {}


def test_every_script_is_well_written(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def told(folder: Path, fields: str) -> list[str]:
    """What is wrong with dotfiles, without its place."""
    text = f"dotfiles: {{root: {{url: https://git.test/a, tag: v1, {fields}}}}}\n"
    return [said.partition(": ")[2] for said in refusals(folder, text)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            "run: ./install.sh",
            "dotfiles.root needs both 'run' and 'unless', the test of its effect, or neither",
        ),
        (
            "link: {.config: config, .config/nvim: nvim}",
            "dotfiles.root has '.config/nvim' in the link '.config': remove one of the two",
        ),
        (
            "link: {.vimrc: a}, copies: {.vimrc: b}",
            "dotfiles.root has '.vimrc' twice: remove one of the two",
        ),
        (
            "to: /opt/dots",
            "dotfiles.root.to must be a path that begins with `~/`, without `..` and `//`",
        ),
        (
            "to: ~/../other",
            "dotfiles.root.to must be a path that begins with `~/`, without `..` and `//`",
        ),
    ],
)
def test_what_can_never_work_is_refused(fields: str, said: str, tmp_path: Path) -> None:
    assert told(tmp_path, fields) == [said]


@dataclass
class Home:
    """The home of the account root in a folder of the test, with a checkout in it."""

    folder: Path
    stow: Command
    made: Compiled

    def put(self, path: str, text: str = "") -> Path:
        """Write a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def look(self) -> tuple[int, str]:
        """What a plan sees: the exit code, and the text."""
        return self._ran(self.stow.observe)

    def refused(self) -> Fault | None:
        """Why a plan refuses the environment, which only files in the way can bring about."""
        code, text = self.look()
        (requirement,) = self.made.requirements
        return requirement.fault(Facts({Shell(requirement.script): Output(code, text)}), ())

    def apply(self) -> tuple[int, str]:
        """Link what is to be linked."""
        return self._ran(self.stow.run)

    @staticmethod
    def _ran(script: str) -> tuple[int, str]:
        done = subprocess.run(["sh", "-c", script], text=True, capture_output=True, check=False)
        return done.returncode, done.stdout.rstrip("\n")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with the packages vim and zsh."""
    text = "dotfiles: {root: {url: https://git.test/a, tag: v1, stow: [vim, zsh]}}\n"
    folder = tmp_path / "home"
    folder.mkdir()
    made = compile_section(tmp_path, text)
    (stow,) = (one for one in made.resources if isinstance(one, Command))
    observe, run = (script.replace("/root", str(folder)) for script in (stow.observe, stow.run))
    found = Home(folder, replace(stow, observe=observe, run=run), made)
    found.put(".dotfiles/vim/.vimrc")
    found.put(".dotfiles/vim/.vim/colors/dark.vim")
    found.put(".dotfiles/zsh/.zshrc", "of the repository\n")
    return found


@STOW
def test_stow_links_the_packages_and_a_plan_then_sees_no_difference(home: Home) -> None:
    assert home.look() == (0, ".vim .vimrc .zshrc")
    assert home.apply() == (0, "")
    assert home.look() == (0, "linked")
    assert (home.folder / ".zshrc").read_text() == "of the repository\n"


@STOW
def test_packages_that_share_folders_are_linked_once_and_for_all(home: Home) -> None:
    for file in ("vim/.config/nvim/init.lua", "zsh/.config/nvim/zsh.lua", "zsh/.config/z"):
        home.put(f".dotfiles/{file}")
    assert home.apply() == (0, "")
    links = sorted(str(path.relative_to(home.folder)) for path in home.folder.rglob(".config/**/*"))
    assert (home.folder / ".config/nvim").is_symlink() is False
    assert [path for path in links if not path.startswith(".dotfiles")] == [
        *(".config/nvim", ".config/nvim/init.lua", ".config/nvim/zsh.lua", ".config/z"),
    ]
    assert home.look() == (0, "linked")


@STOW
def test_before_the_first_checkout_a_plan_does_not_know_the_links(home: Home) -> None:
    shutil.rmtree(home.folder / ".dotfiles")
    assert (home.look(), home.refused()) == ((0, "missing"), None)


@STOW
def test_a_file_that_was_removed_from_the_repository_has_no_link_any_more(home: Home) -> None:
    home.apply()
    (home.folder / ".dotfiles/vim/.vimrc").unlink()
    home.put(".dotfiles/vim/.gvimrc")
    assert home.look() == (0, ".gvimrc .vimrc")
    assert home.apply() == (0, "")
    assert sorted(path.name for path in home.folder.iterdir()) == [
        *(".dotfiles", ".gvimrc", ".vim", ".zshrc"),
    ]


@STOW
def test_files_in_the_way_are_named_and_stay(home: Home) -> None:
    mine = home.put(".zshrc", "mine\n")
    (home.folder / ".vimrc").symlink_to("old dots/vimrc")
    assert home.look() == (1, ".vimrc\n.zshrc")
    said = "in the way of the links to the dotfiles:\n.vimrc\n.zshrc"
    hint = "move the files away, or into the repository (`stow --adopt` does that)"
    assert home.refused() == Fault(f"files in /root are {said}", hint)
    skel = home.put(".bashrc", Path("/etc/skel/.bashrc").read_text("utf-8"))
    home.put(".dotfiles/zsh/.bashrc")
    assert home.apply() == (1, f"files in {home.folder} are {said}\n{hint}")
    assert skel.is_symlink() is False
    assert mine.read_text() == "mine\n"


@STOW
def test_a_file_as_every_new_home_has_it_gives_way(home: Home) -> None:
    skel = Path("/etc/skel/.bashrc").read_text("utf-8")
    home.put(".dotfiles/zsh/.bashrc", "of the repository\n")
    file = home.put(".bashrc", skel)
    assert (home.look(), home.refused()) == ((0, "files of /etc/skel"), None)
    assert home.apply() == (0, "")
    assert (file.is_symlink(), file.read_text()) == (True, "of the repository\n")
    file.unlink()
    file.write_text(f"{skel}# mine\n")
    assert home.look() == (1, ".bashrc")


@STOW
def test_a_package_that_the_repository_does_not_have_is_named(home: Home) -> None:
    shutil.rmtree(home.folder / ".dotfiles/vim")
    assert home.look() == (0, "The stow directory .dotfiles does not contain package vim")
    assert home.apply() == (
        1,
        "stow: ERROR: The stow directory .dotfiles does not contain package vim",
    )


@STOW
def test_options_of_the_repository_hold(home: Home) -> None:
    home.put(".dotfiles/.stowrc", "--no-folding\n--ignore=dark.vim\n")
    assert home.apply() == (0, "")
    assert (home.folder / ".vim").is_symlink() is False
    assert list((home.folder / ".vim").rglob("*.vim")) == []
    assert home.look() == (0, "linked")


def at_home(script: str, folder: Path) -> tuple[int, str]:
    """The exit code and the output of a script for root, whose home a folder is."""
    return Home._ran(script.replace("/root", str(folder)))


@STOW
def test_a_link_whose_file_the_repository_does_not_have_is_named_by_plan(tmp_path: Path) -> None:
    text = 'dotfiles: {root: {url: https://git.test/a, tag: v1, link: {.vimrc: "my vimrc"}}}\n'
    (proof,) = compile_section(tmp_path, text).proofs
    lost = tmp_path / ".dotfiles/my vimrc"
    assert (proof.quick, at_home(proof.script, tmp_path)) == (True, (1, f"there is no {lost}"))
    lost.parent.mkdir()
    lost.touch()
    assert at_home(proof.script, tmp_path) == (0, "")


@STOW
def test_a_copy_is_made_once_with_its_rights_and_is_the_persons_then(tmp_path: Path) -> None:
    text = "dotfiles: {root: {url: https://git.test/a, tag: v1, copies: {bin/tool: tools/one}}}\n"
    made = compile_section(tmp_path, text).resources
    (copy,) = (one for one in made if isinstance(one, Command))
    source, there = tmp_path / ".dotfiles/tools/one", tmp_path / "bin/tool"
    lacking = f"there is no {source}: correct the path in the repository"
    assert at_home(copy.run, tmp_path) == (1, f"{lacking}\nthe command ended with exit code 1")
    source.parent.mkdir(parents=True)
    source.write_text("1")
    source.chmod(0o755)
    assert at_home(copy.run, tmp_path) == (0, "")
    assert (there.read_text(), os.access(there, os.X_OK)) == ("1", True)
    source.write_text("2")
    assert (at_home(copy.observe, tmp_path), at_home(copy.run, tmp_path)) == ((0, "there"), (0, ""))
    assert [(path.name, path.read_text()) for path in there.parent.iterdir()] == [("tool", "1")]
