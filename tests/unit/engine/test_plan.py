"""The plan: states compared, secrets hidden, and nothing taken for done that is not known."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from standins import DEBIAN, ME, OFFLINE, StandInSection, compiled, local_session, secrets_of
from user_folders import DEV, folder, link

from envwright.engine.plan import HIDDEN, Change, Plan, make_plan
from envwright.errors import RefusedError
from envwright.facts import TEXT_LIMIT, Unknown
from envwright.model.forecast import Forecast, SideEffect
from envwright.model.operations import Key
from envwright.model.proof import Proof, Requirement, Result
from envwright.model.resource import Difference, FileKey
from envwright.model.secrets import Secrets, marker
from envwright.resources.apt_source import Access, AptSource
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from envwright.facts import Facts, Machine
    from envwright.model.resource import Fields, Resource, State

NO_SECRETS = Secrets({})


def plan_for(
    *parts: Resource | StandInSection, secrets: Secrets = NO_SECRETS, machine: Machine = DEBIAN
) -> Plan:
    """The plan for this machine, which costs one round trip."""
    with local_session() as session:
        plan = make_plan(compiled(*parts), session, machine, secrets)
        assert session.round_trips == 1
    return plan


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def mine(path: Path, content: str, mode: str = "0644") -> File:
    """A wish for a file of whoever runs the tests."""
    return File(path=str(path), content=content, mode=mode, owner=ME, group=path.parent.group())


def make(path: Path, content: str, mode: int = 0o644) -> None:
    path.write_text(content)
    path.chmod(mode)


# --- What differs -----------------------------------------------------------------------------


def test_a_machine_that_is_as_it_should_be_has_nothing_to_do(tmp_path: Path) -> None:
    make(tmp_path / "file", "text\n")
    plan = plan_for(mine(tmp_path / "file", "text\n"), File(path=f"{tmp_path}/no", present=False))
    assert (bool(plan), plan.changes, plan.pending, plan.resources) == (False, (), (), 2)


def in_json(id_: str, verb: str, *fields: str, line: int = 1) -> dict[str, Any]:
    return {
        "id": id_,
        "verb": verb,
        "origins": [f"files (box.yaml:{line})"],
        "fields": list(fields),
        "diff": "",
        "takes_effect": "now",
        "pending": "",
    }


def test_a_plan_in_json_is_whole(tmp_path: Path) -> None:
    make(tmp_path / "file", "one\ntwo\nthree\n", 0o600)
    make(tmp_path / "old", "")
    access = {"owner": ME, "group": tmp_path.group()}
    plan = plan_for(
        mine(tmp_path / "file", "one\n2\nthree\n"),
        Link(path=f"{tmp_path}/link", target="file", owner=ME, group=tmp_path.group()),
        File(path=f"{tmp_path}/old", present=False, at=(7,)),
    )
    file = {"kind": "file", "mode": "0644", **access}
    assert plan.json() == {
        "version": 1,
        "environment": "box",
        "host": "@local",
        "resources": 3,
        "changes": [
            {
                **in_json(f"file:{tmp_path}/file", "change", "mode", "content"),
                "before": {**file, "mode": "0600", "content": "one\ntwo\nthree\n"},
                "after": {**file, "content": "one\n2\nthree\n"},
                "diff": "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three",
            },
            {
                **in_json(f"link:{tmp_path}/link", "create", "exists"),
                "before": None,
                "after": {"kind": "link", "target": "file", **access},
            },
            {
                **in_json(f"file:{tmp_path}/old", "remove", "exists", line=7),
                "before": {**file, "content": ""},
                "after": None,
            },
        ],
        "side_effects": [],
        "notes": [],
        "left_over": [],
        "failures": [],
        "waiting": [],
    }


def test_a_new_file_is_shown_line_by_line(tmp_path: Path) -> None:
    change = only(plan_for(mine(tmp_path / "new", "a\nb\n")))
    assert (change.verb, change.diff()) == ("create", "@@ -0,0 +1,2 @@\n+a\n+b")


def test_bytes_that_are_no_text_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\n")
    diff = only(plan_for(mine(tmp_path / "file", "x\n"))).diff()
    assert diff == "@@ -1 +1 @@\n-\udcff\n+x"


def test_a_difference_of_mode_alone_shows_no_content(tmp_path: Path) -> None:
    make(tmp_path / "file", "text\n", 0o600)
    change = only(plan_for(mine(tmp_path / "file", "text\n")))
    assert (change.difference.fields, change.diff()) == (("mode",), "")


# --- What is not known ------------------------------------------------------------------------


def test_content_that_is_too_large_to_read_is_not_taken_for_the_same(tmp_path: Path) -> None:
    size = TEXT_LIMIT + 1
    make(tmp_path / "large", "x" * size)
    change = only(plan_for(mine(tmp_path / "large", "x")))
    assert (change.difference.fields, change.diff()) == (("content",), "")
    before = change.json()["before"]
    assert before["content"] == {"unknown": f"{size} bytes"}


def test_a_path_that_cannot_be_looked_at_is_not_taken_for_missing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    change = only(plan_for(File(path=f"{tmp_path}/loop/file")))
    unknown = {"exists": {"unknown": f"{tmp_path}/loop/file: Too many levels of symbolic links"}}
    assert (change.verb, change.json()["before"], change.diff()) == ("change", unknown, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders of others")
def test_a_link_that_a_user_can_change_is_refused_and_named_with_who_wants_it(
    tmp_path: Path,
) -> None:
    folder(tmp_path / "home")
    link(tmp_path / "home" / "app", "/etc")
    path = f"{tmp_path}/home/app/motd"
    with pytest.raises(RefusedError) as raised:
        plan_for(File(path=path, present=False), mine(tmp_path / "fine", "x"))
    assert str(raised.value) == (
        f"@local: {tmp_path}/home/app is a link, and {DEV} can change it\n"
        "    wanted by files (box.yaml:1)\n"
        "hint: nothing was changed; root would follow whoever can change that: name another path, "
        "or give the folder to the owner of the file"
    )


# --- Secrets ----------------------------------------------------------------------------------


def test_a_secret_is_compared_and_never_shown(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    make(tmp_path / "file", "token=stale-secret\n")
    make(tmp_path / "right", "token=hunter22\n")
    wished = f"token={marker('token')}\n"
    plan = plan_for(
        mine(tmp_path / "file", wished), mine(tmp_path / "right", wished), secrets=secrets
    )
    change = only(plan)
    shown = str(plan.json())
    assert (change.difference.fields, change.diff()) == (("content",), "")
    assert (change.json()["before"]["content"], change.json()["after"]["content"]) == (
        HIDDEN,
        HIDDEN,
    )
    assert [word for word in ("hunter22", "stale-secret") if word in shown] == []


def test_a_new_file_with_a_secret_shows_no_content(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    change = only(plan_for(mine(tmp_path / "new", marker("token")), secrets=secrets))
    assert (change.json()["before"], change.diff()) == (None, "")
    assert change.json()["after"]["content"] == HIDDEN


def test_a_key_with_a_secret_is_hidden_and_its_neighbours_are_shown(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    make(tmp_path / "env", "A=old-secret\nB=1\n")
    spec = Keys(
        path=f"{tmp_path}/env",
        dialect="env",
        keys={"A": marker("token"), "B": "2", "C": marker("token")},
        owner=ME,
        group=tmp_path.group(),
    )
    change = only(plan_for(spec, secrets=secrets))
    before, after = change.json()["before"], change.json()["after"]
    assert change.json()["fields"] == ["key A", "key B", "key C"]
    assert {name: (before[name], after[name]) for name in change.json()["fields"]} == {
        "key A": (HIDDEN, HIDDEN),
        "key B": ("1", "2"),
        "key C": (HIDDEN, HIDDEN),
    }
    make(tmp_path / "env", "A=hunter22\nB=2\nC=hunter22\n")
    assert plan_for(spec, secrets=secrets).changes == ()


def test_a_wish_without_a_secret_stays_in_sight_where_others_have_one(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    change = only(plan_for(mine(tmp_path / "new", "plain\n"), secrets=secrets))
    assert change.diff() == "@@ -0,0 +1 @@\n+plain"


# --- What must not be -------------------------------------------------------------------------


def refusal(*parts: Resource | StandInSection) -> str:
    with pytest.raises(RefusedError) as raised:
        plan_for(*parts)
    return str(raised.value)


def test_what_is_in_the_way_is_refused_all_at_once(tmp_path: Path) -> None:
    make(tmp_path / "file", "")
    (tmp_path / "folder").mkdir()
    assert refusal(
        Directory(path=f"{tmp_path}/file"),
        File(path=f"{tmp_path}/folder"),
        File(path=f"{tmp_path}/x"),
    ) == (
        f"@local: {tmp_path}/file is a file, not a directory: move it away first\n"
        "    wanted by files (box.yaml:1)\n"
        f"@local: {tmp_path}/folder is a directory, not a file: move it away first\n"
        "    wanted by files (box.yaml:1)\n"
        "hint: nothing was changed"
    )


def test_a_requirement_that_does_not_hold_is_refused_with_its_words() -> None:
    good = Requirement("it holds", "true", "never said", "")
    bad = Requirement("it does not", "exit 3", "this machine is no good", "take another")
    told = refusal(StandInSection("docker", required=[good, bad]))
    assert told == (
        "@local: this machine is no good\n    wanted by docker (box.yaml:1)\nhint: take another"
    )


# --- What plan proves -------------------------------------------------------------------------


def test_a_quick_proof_that_fails_is_told_where_nothing_is_left_to_change(tmp_path: Path) -> None:
    seen = Proof("it is seen", "true", quick=True)
    elsewhere = Proof("it cannot be seen here", "echo no screen; exit 77", quick=True)
    missing = Proof("it is missing", "echo gone; exit 1", quick=True, remedy="call somebody")
    slow = Proof("it takes its time", "exit 1")
    section = StandInSection("docker", proven=[seen, elsewhere, missing, slow])
    plan = plan_for(section)
    failure = Result("it is missing", "failed", "gone\nhint: call somebody", 0.0)
    assert (plan.failures, plan.slow, plan.settled, bool(plan)) == ((failure,), 1, False, False)
    # What is yet to change explains enough.
    changing = StandInSection("docker", [mine(tmp_path / "new", "text\n")], [missing])
    assert plan_for(changing).failures == ()
    make(tmp_path / "new", "text\n")
    assert plan_for(changing).failures == (failure,)


@dataclass(frozen=True, kw_only=True)
class Occupied(File):
    """A file that a person works on."""

    def actual(self, facts: Facts) -> State | None:  # noqa: ARG002 - always as it should be
        return self.desired()

    def obstacle(self, facts: Facts) -> str:  # noqa: ARG002 - always occupied
        return "somebody works on it"


def test_what_is_left_to_a_person_is_told_beside_what_is_changed(tmp_path: Path) -> None:
    occupied = Occupied(owner=ME, group=ME, path=str(tmp_path / "theirs"))
    plan = plan_for(StandInSection("files", [occupied, mine(tmp_path / "new", "text\n")]))
    assert [change.resource.id for change in plan.changes] == [f"file:{tmp_path}/new"]
    failure = Result(occupied.id, "failed", "somebody works on it", 0.0)
    assert (plan.failures, plan.settled) == ((failure,), False)


# --- What changes bring about -----------------------------------------------------------------


def test_a_service_will_be_outdated_by_a_change_of_what_it_reads(tmp_path: Path) -> None:
    class AsWished(Service):
        """A service that is as it should be."""

        def actual(self, facts: Any) -> Any:  # noqa: ARG002 - whatever they say
            return self.desired()

    service = AsWished(unit="x.service", reads=(f"{tmp_path}/file", f"{tmp_path}/same"))
    make(tmp_path / "same", "")
    same = mine(tmp_path / "same", "")
    assert plan_for(service, same).changes == ()
    plan = plan_for(service, same, mine(tmp_path / "file", "new\n"))
    outdated = plan.changes[1]
    assert [change.resource.id for change in plan.changes] == [
        f"file:{tmp_path}/file",
        "service:x.service",
    ]
    assert (outdated.difference.fields, outdated.difference.before) == (
        ("up to date",),
        {"running": True, "enabled": True, "up to date": False},
    )


def test_what_waits_for_systemd_is_pending() -> None:
    command = Command(title="t", observe="exit 1", expected="", run="", seen=(), systemd=True)
    plan = plan_for(command, machine=OFFLINE)
    assert (plan.pending, only(plan).pending) == (plan.changes, "systemd is not PID 1 yet")
    assert plan_for(command).pending == ()


# --- What comes along -------------------------------------------------------------------------


class Fragile(Link):
    """A word whose changes bring others along, and which must be mended before."""

    told: Forecast = Forecast()

    @classmethod
    def forecast(
        cls, work: Sequence[tuple[Any, Difference]], facts: Facts, changed: Collection[str]
    ) -> Forecast:
        assert facts
        assert all(resource.id in changed for resource, _ in work)
        return cls.told

    def repairs(self, facts: Facts) -> Iterable[tuple[Resource, Difference]]:
        assert facts
        difference = Difference({"value": "broken"}, {"value": ""}, ("value",))
        return [(Command(title="mend", observe=":", expected="", run=":", seen=()), difference)]


EFFECTS = (SideEffect("install", "b", "", "1"), SideEffect("upgrade", "c", "1", "2"))


def fragile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forecast: Forecast) -> Plan:
    monkeypatch.setattr(Fragile, "told", forecast)
    links = [Fragile(path=f"{tmp_path}/{name}", target="x") for name in "ab"]
    return plan_for(mine(tmp_path / "file", "text"), *links)


def test_what_must_be_mended_comes_before_the_first_of_its_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = fragile(tmp_path, monkeypatch, Forecast())
    seen = [(change.resource.name.rpartition("/")[2], change.repair) for change in plan.changes]
    assert seen == [("file", None), ("mend", Fragile), ("a", None), ("b", None)]
    assert plan.resources == 3


def test_what_comes_along_is_shown_and_agreed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = fragile(tmp_path, monkeypatch, Forecast(EFFECTS, ("a note",)))
    shown = plan.json()
    assert (shown["side_effects"], shown["notes"]) == (
        [
            {"verb": "install", "name": "b", "before": "", "after": "1"},
            {"verb": "upgrade", "name": "c", "before": "1", "after": "2"},
        ],
        ["a note"],
    )
    plan.expect(plan.agreed)
    later = fragile(tmp_path, monkeypatch, Forecast(EFFECTS[:1], ("a note",)))
    with pytest.raises(RefusedError):
        later.expect(plan.agreed)


def test_what_must_not_come_along_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RefusedError) as raised:
        fragile(tmp_path, monkeypatch, Forecast(refusals=("a would go", "b would go")))
    assert str(raised.value) == (
        "@local: a would go\n@local: b would go\nhint: nothing was changed"
    )


def test_a_plan_in_json_names_keys_and_writes_parts_as_lists() -> None:
    """What programs read: the form of `plan --json`."""
    source = AptSource(source="x", uris=("https://x.test",), suites=("a",), key=Key(("A" * 40,)))
    access = Access("0644", "root", "root")
    before: Fields = {"key": Unknown("unusable: no key"), FileKey("mode"): 1, "mode": "0600"}
    after: Fields = {"key": ("A" * 40,), "key file": access, FileKey("mode"): 2, "mode": "0644"}
    change = Change(source, Difference(before, after, ("key", FileKey("mode")))).json()
    assert (change["fields"], change["before"], change["after"]) == (
        ["key", "key mode"],
        {"key": {"unknown": "unusable: no key"}, "key mode": 1, "mode": "0600"},
        {
            "key": ["A" * 40],
            "key file": ["0644", "root", "root"],
            "key mode": 2,
            "mode": "0644",
        },
    )
    assert json.loads(json.dumps(change)) == change
