"""Saved plans: what the file says, what it does not say, and what is no saved plan."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from standins import DEBIAN, ORIGIN, compiled

from envwright import __version__
from envwright.engine import saved_plan
from envwright.engine.plan import Change, Plan
from envwright.errors import EnvwrightError, RefusedError, SpecError
from envwright.host.inventory import Target
from envwright.model.resource import Difference
from envwright.model.secrets import Secrets
from envwright.resources.file import File
from envwright.resources.package import Package

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.engine.context import Context
    from envwright.model.resource import Resource

GIT = Package(package="git", origins=(ORIGIN,))
NOTHING = Plan("box", "@ssh/box", DEBIAN, 1, ())
ADDS_GIT = Plan("box", "@ssh/box", DEBIAN, 1, (Change(GIT, Difference(None, {}, ("exists",))),))


def context(target: Target, *resources: Resource) -> Context:
    stand_in = SimpleNamespace(target=target, compiled=compiled(*resources), secrets=Secrets({}))
    return cast("Context", stand_in)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A machine whose environment lies in a folder `team`."""
    (tmp_path / "team" / "roles").mkdir(parents=True)
    for name in ("box.yaml", "roles/web.yaml"):
        (tmp_path / "team" / name).touch()
    layers = (f"{tmp_path}/team/roles/web.yaml", "preset:quickstart")
    return Target("@ssh/box", f"{tmp_path}/team/box.yaml", {"port": 80}, layers)


def test_a_plan_that_is_saved_says_what_it_was_made_of(tmp_path: Path, target: Target) -> None:
    file = tmp_path / "team" / "box.plan"
    saved_plan.write(file, context(target, GIT), ADDS_GIT)
    value = json.loads(file.read_text())
    assert {key: value[key] for key in value.keys() - {"saved", "digest"}} == {
        "kind": "envwright plan",
        "version": 1,
        "envwright": __version__,
        "host": "@ssh/box",
        "environment": "box.yaml",
        "variables": {"port": 80},
        "layers": ["roles/web.yaml", "preset:quickstart"],
        "locked": False,
        "plan": ADDS_GIT.json(),
    }
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_with_a_saved_plan_can_move(tmp_path: Path, target: Target) -> None:
    saved_plan.write(tmp_path / "team" / "box.plan", context(target, GIT), ADDS_GIT)
    moved = (tmp_path / "team").rename(tmp_path / "moved")
    saved = saved_plan.read(str(moved / "box.plan"))
    assert saved is not None
    layers = (f"{moved}/roles/web.yaml", "preset:quickstart")
    assert saved.target == Target("@ssh/box", f"{moved}/box.yaml", {"port": 80}, layers)
    saved.expect(context(target, GIT), ADDS_GIT)


def test_a_saved_plan_elsewhere_names_its_environment_whole(tmp_path: Path, target: Target) -> None:
    saved_plan.write(tmp_path / "team" / "roles" / "a.plan", context(target, GIT), ADDS_GIT)
    saved = saved_plan.read(str(tmp_path / "team" / "roles" / "a.plan"))
    assert saved is not None
    assert saved.target.environment == f"{tmp_path}/team/box.yaml"


@pytest.mark.parametrize(
    ("resource", "plan", "said"),
    [
        (
            Package(package="jq"),
            ADDS_GIT,
            "@ssh/box: box says something else than when the plan was saved; nothing was changed",
        ),
        (
            GIT,
            Plan("box", "@ssh/box", DEBIAN, 1, (Change(GIT, Difference({}, None, ("exists",))),)),
            "@ssh/box: the machine is another than when the plan was saved; nothing was changed",
        ),
        (GIT, NOTHING, ""),
    ],
)
def test_a_saved_plan_is_made_as_it_is_or_not_at_all(
    tmp_path: Path, target: Target, resource: Resource, plan: Plan, said: str
) -> None:
    file = tmp_path / "box.plan"
    saved_plan.write(file, context(target, GIT), ADDS_GIT)
    saved = saved_plan.read(str(file))
    assert saved is not None
    try:
        saved.expect(context(target, resource), plan)
        told = ""
    except RefusedError as error:
        told = error.message
    assert told == said


def test_the_digest_is_that_of_what_is_wanted_not_of_who_wants_it() -> None:
    here, there = (File(path="/a", content=text) for text in ("x", "y"))
    both = [saved_plan.digest(compiled(GIT, each)) for each in (here, there)]
    assert both[0] != both[1]
    assert saved_plan.digest(compiled(Package(package="git"), here)) == both[0]


@pytest.mark.parametrize("text", ["name: box\n", "{name: box}\n", '{"kind": "a"}', "[]", "{", ""])
def test_what_is_no_saved_plan_is_left_to_who_reads_environments(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    assert saved_plan.read(str(tmp_path / "file")) is None
    assert saved_plan.read(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"version": 2},
            (
                "FILE: the form 2 of this saved plan is not known here\n"
                "hint: another envwright wrote it: use that one, or make the plan again"
            ),
        ),
        (
            {"plan": []},
            (
                "FILE: this saved plan is damaged\n"
                "hint: make the plan again, by `envwright plan ... --output FILE`"
            ),
        ),
    ],
)
def test_a_form_that_is_not_known_is_told(
    tmp_path: Path, target: Target, change: dict[str, Any], said: str
) -> None:
    file = tmp_path / "box.plan"
    saved_plan.write(file, context(target, GIT), ADDS_GIT)
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(SpecError) as raised:
        saved_plan.read(str(file))
    assert str(raised.value).replace(str(file), "FILE") == said


def test_a_plan_that_cannot_be_saved_is_told(tmp_path: Path, target: Target) -> None:
    with pytest.raises(EnvwrightError) as raised:
        saved_plan.write(tmp_path / "nowhere" / "a.plan", context(target, GIT), ADDS_GIT)
    assert raised.value.message == (
        f"{tmp_path}/nowhere/a.plan: the plan cannot be saved: No such file or directory"
    )
    odd = Target("@local", target.environment, {"ports": {80}})
    with pytest.raises(EnvwrightError, match="a variable of the inventory is no JSON"):
        saved_plan.write(tmp_path / "a.plan", context(odd, GIT), ADDS_GIT)
