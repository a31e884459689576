"""Files that others own, on machines that have lived: startup files, settings, links, owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Case, Place
    from machines.machine import Machine


def applied(case: Case) -> None:
    """Apply the case; a second plan has nothing to say, and verify is green."""
    assert case.run("apply", "--yes").code == 0
    settled(case)


def settled(case: Case) -> None:
    plan, verify = case.run("plan"), case.run("verify")
    assert ("Nothing to do:" in plan.out, plan.code, verify.code) == (True, 0, 0)


def test_a_block_is_lines_of_its_own_whatever_the_file_ends_with(
    place: Place, debian13: Machine
) -> None:
    case = place("bashrc-without-a-last-newline", debian13)
    applied(case)
    debian13.sh("echo 'export LATER=yes' >>/home/una/.bashrc")
    settled(case)
    assert debian13.sh("cat /home/una/.bashrc") == (
        "case $TERM in dumb) ;; *) ;; esac\n"
        "# envwright: tools begin\n"
        "export TOOLS=yes\n"
        "# envwright: tools end\n"
        "export LATER=yes\n"
    )
    shown = "su - una -c '. ~/.bashrc; echo $TOOLS $LATER'"
    assert debian13.sh(shown) == "yes yes\n"


def test_a_link_into_a_repository_stays_and_the_file_behind_it_is_named(
    place: Place, debian13: Machine
) -> None:
    case = place("dotfiles-behind-links", debian13)
    said = case.run("apply", "--yes")
    assert (said.code, said.err) == (
        1,
        (
            "error: HOST: /home/dot/.bashrc is a link to dotfiles/bashrc, and only the "
            "file itself can be edited: name that file in the environment\n"
            "    wanted by files (box.yaml:3)\n"
            "hint: nothing was changed\n"
        ),
    )
    assert debian13.sh("readlink /home/dot/.bashrc; cat /home/dot/.bashrc") == (
        "dotfiles/bashrc\nexport MINE=yes\n"
    )


def test_settings_keep_their_comments_and_their_last_commas(
    place: Place, debian13: Machine
) -> None:
    case = place("settings-with-last-commas", debian13)
    applied(case)
    # With a $ where a line ends by CRLF.
    shown = "sed 's/\\r$/$/' /home/vic/.config/Code/User/settings.json"
    assert debian13.sh(shown) == (
        "// mine$\n"
        "{$\n"
        '    "editor.fontSize": 14, // for the projector$\n'
        '    "files.exclude": {$\n'
        '        "**/.git": true, // always$\n'
        '        "**/.venv": true,$\n'
        "    },$\n"
        "}$\n"
    )
    assert debian13.sh("tail -n 2 /home/vic/project/pyproject.toml") == (
        "[tool.ruff]  # the linter\nline-length = 100  # usual\n"
    )


def test_a_file_of_root_s_in_a_home_is_told(place: Place, debian13: Machine) -> None:
    case = place("file-that-sudo-made", debian13)
    debian13.sh("install -m 0600 /dev/null /home/sue/.toolrc")
    assert case.run("apply", "--yes").code == 2
    plan = case.run("plan")
    assert (plan.code, "sue does not get at /home/sue/.toolrc" in plan.out) == (2, True)
    said = debian13.sh("stat -c '%U %a' /home/sue/.toolrc; cat /home/sue/.toolrc")
    assert said == "root 600\ncolour=always\n"
