"""Variables: what every process gets, from several sections side by side."""

from __future__ import annotations

from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.variables import Variables

OWN = Variables("50-own", {"A": "1"}, "the variables of ours", {"A": ("here",)})


def test_each_set_of_variables_has_files_of_its_own() -> None:
    paths = [resource.path for resource in OWN.resources() if isinstance(resource, File)]
    assert paths == [
        "/etc/profile.d/50-own.sh",
        "/etc/fish/conf.d/50-own.fish",
        "/etc/environment.d/50-own.conf",
        "/etc/systemd/system.conf.d/50-own.conf",
    ]


def test_a_variable_is_told_by_the_line_that_asks_for_it() -> None:
    places = {r.name: r.at for r in OWN.resources() if isinstance(r, Command)}
    assert places == {"zsh reads /etc/profile.d/50-own.sh": (), "environment A": ("here",)}


def test_the_proofs_are_called_after_the_variables() -> None:
    assert [proof.name for proof in OWN.proofs()] == [
        "the login shell of each person has the variables of ours",
        "the services of each person have the variables of ours",
        "a system service has the variables of ours",
        "a session without a login shell has the variables of ours",
        "no file of the system sets the variables of ours anew",
    ]
