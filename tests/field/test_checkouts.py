"""Checkouts on machines that have lived: what a person did there stays, and is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Case, Place
    from machines.machine import Machine

HOME = "/home/dev"
LEFT = {
    f"checkout:{HOME}/plugin": (
        "git refuses the repository: detected dubious ownership in repository at '/home/dev/plugin'"
    ),
    f"checkout:{HOME}/theme": "files were changed: part; commit or stash the changes",
    f"checkout:{HOME}/dots": "its remote has no branch master (any more)",
}


def failures(case: Case, commit: str) -> dict[str, str]:
    """What plan leaves to a person: the reason for each, in its first line."""
    told = json.loads(case.run("plan", "--json", "--var", f"commit={commit}").out)["failures"]
    first = {one["id"]: one["reason"].splitlines()[0] for one in told}
    return {id_: said.partition(" is left as it is: ")[2] for id_, said in first.items()}


def test_checkouts_that_a_person_works_on_are_left_and_the_rest_is_done(
    place: Place, debian13: Machine
) -> None:
    case = place("checkouts-that-have-lived", debian13)
    commit = debian13.sh("git -c safe.directory='*' -C /srv/git/app rev-parse HEAD").strip()
    look = f"cat {HOME}/app/file {HOME}/theme/part/file; stat -c %U {HOME}/plugin/file"
    before = debian13.sh(look)
    assert failures(case, commit) == LEFT
    assert case.run("apply", "--yes", "--var", f"commit={commit}").err == ""
    assert debian13.sh(look) == before == "mine\n1\nroot\n"
    assert debian13.sh(f"cat /etc/motd {HOME}/hub/file") == "set up\n1\n3\n"
    assert failures(case, commit) == LEFT
    # What the hints say puts everything right.
    update = f"runuser -u dev -- env HOME={HOME} git -C {HOME}/theme submodule --quiet update"
    debian13.sh(f"chown -R dev: {HOME}/plugin; {update}")
    case.run("apply", "--yes", "--var", f"commit={commit}")
    assert debian13.sh(f"tail -qn 1 {HOME}/plugin/file {HOME}/theme/file") == "3\n3\n"
    assert failures(case, commit) == {k: v for k, v in LEFT.items() if k.endswith("dots")}
