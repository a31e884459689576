"""Dotfiles in homes where something is: it is named before anything is changed, and never lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Case, Place
    from machines.machine import Machine

HOME = "/home/dev"


def refused(case: Case) -> list[str]:
    """Why plan refuses the environment, without the name of the machine and the lines of it."""
    lines = case.run("plan").err.splitlines()
    said = [line for line in lines if "wanted by" not in line]
    return [line.partition("error: HOST: ")[2] or line for line in said]


def test_dotfiles_take_no_place_of_a_persons_own(place: Place, debian13: Machine) -> None:
    case = place("dotfiles-that-meet-files", debian13)
    assert refused(case) == [
        "files in /home/dev are in the way of the links to the dotfiles:",
        ".profile",
        "hint: move the files away, or into the repository (`stow --adopt` does that)",
    ]
    debian13.sh(f"mkdir {HOME}/kept && mv {HOME}/.profile {HOME}/kept/")
    assert refused(case) == [
        f"{HOME}/.newsboat is a directory, not a link: move it away first",
        "hint: nothing was changed",
    ]
    debian13.sh(f"mv {HOME}/.newsboat {HOME}/kept/")
    assert case.run("apply", "--yes").err == ""
    look = f"cd {HOME} && cat .vimrc .bashrc .newsboat/urls .profile kept/.newsboat/urls"
    assert debian13.sh(look) == "# of the dotfiles\n" * 4 + "mine\n"
    assert json.loads(case.run("plan", "--json").out)["changes"] == []
    assert case.run("verify").code == 0
