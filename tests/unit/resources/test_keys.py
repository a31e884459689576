"""Keys: some keys of a file, of which every other byte is left as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from envwright.engine.plan import Change
from envwright.facts import Facts, Stat, Status, Text, Unknown
from envwright.model.operations import Edited, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Fields, FileKey, compare
from envwright.portable import readers
from envwright.resources.keys import Keys
from envwright.resources.validators import validator

PATH = "/etc/docker/daemon.json"
KEYS = Keys(path=PATH, dialect="json", keys={"a/b": 1, "list": ["x"], "gone": None})
FILE: Fields = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
STATE: Fields = {**FILE, FileKey("a/b"): 1, FileKey("list"): ["x"], FileKey("gone"): None}
THERE = Status("file", "0644", "root", "root", 20, "")


def actual(text: str | None, status: Status | Unknown | None = THERE, keys: Keys = KEYS) -> Any:
    return keys.actual(Facts({Stat(keys.path): status, Text(keys.path): text}))


def read(text: str, assertion: Assertion) -> Any:
    assert assertion.view is not None
    return getattr(readers, assertion.view.reader)(text, *assertion.view.arguments)


def test_keys_ask_for_status_and_text() -> None:
    assert (KEYS.id, KEYS.questions()) == (f"keys:{PATH}", (Stat(PATH), Text(PATH)))
    assert KEYS.desired() == STATE


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('{"a": {"b": 1}, "list": ["x"], "more": 2}', STATE),
        ("", {**STATE, FileKey("a/b"): None, FileKey("list"): None}),
        (
            '{"a": {"b": 2}, "gone": 0}',
            {**STATE, FileKey("a/b"): 2, FileKey("list"): None, FileKey("gone"): 0},
        ),
    ],
)
def test_each_key_is_read_for_itself(text: str, state: Fields) -> None:
    assert actual(text) == state


def test_a_value_that_means_the_same_is_the_wanted_one() -> None:
    wsl = Keys(path="/etc/wsl.conf", dialect="wsl", keys={"boot.systemd": True, "x.y": 5})
    text = "[Boot]\nSYSTEMD=TRUE # yes\n[x]\ny=5"
    assert actual(text, keys=wsl) == {**FILE, FileKey("boot.systemd"): True, FileKey("x.y"): 5}


def test_what_cannot_be_read_is_unknown_with_the_reason() -> None:
    assert actual('{\n"a": }') == Unknown("line 2: not JSON: Expecting value")
    assert actual(None) == Unknown("20 bytes")
    assert actual(None, None) is None
    assert actual(None, Unknown("why")) == Unknown("why")
    assert actual(None, Status("link", "0777", "root", "root", 1, "x")) == {
        **FILE,
        "kind": "link",
        "mode": "0777",
        "target": "x",
    }


def test_a_file_that_cannot_be_edited_safely_is_refused() -> None:
    told = f"{PATH} cannot be edited safely: line 2: not JSON: Expecting value"
    assert KEYS.refusal(compare(Unknown("line 2: not JSON: Expecting value"), STATE)) == told
    folder: Fields = {**FILE, "kind": "directory"}
    told = f"{PATH} is a directory, not a file: move it away first"
    assert KEYS.refusal(compare(folder, STATE)) == told
    link: Fields = {**FILE, "kind": "link", "target": "repo/daemon.json"}
    assert KEYS.refusal(compare(link, STATE)) == (
        f"{PATH} is a link to repo/daemon.json, and only the file itself can be edited: name that "
        "file in the environment"
    )
    assert KEYS.refusal(compare(None, STATE)) == ""


@pytest.mark.parametrize(
    ("path", "keys", "said"),
    [
        ("/etc/wsl.conf", {"boot.systemd": True}, True),
        ("/etc/wsl.conf", {"boot.systemd": False, "user.default": "dev"}, False),
        ("/etc/wsl.conf", {"boot.systemd": None}, None),
        ("/etc/wsl.conf", {"user.default": "dev"}, None),
        ("/srv/wsl.conf", {"boot.systemd": True}, None),
    ],
)
def test_wsl_conf_says_whether_systemd_will_be_there(
    path: str, keys: dict[str, Any], said: object
) -> None:
    assert Keys(path=path, dialect="wsl", keys=keys).boots_systemd() is said


def test_keys_are_edited_when_they_are_uploaded() -> None:
    (put,) = KEYS.converge(compare(None, STATE))
    assert put == operation(
        "paths.put",
        src=Edited(PATH, "json", KEYS.keys),
        dest=PATH,
        user="root",
        group="root",
        mode="0644",
        validate=validator(PATH),
    )


def test_each_key_is_witnessed_through_the_view_of_its_dialect() -> None:
    *access, one, two, three = KEYS.witness()
    content = ("file", (PATH,), "content_string")
    assert [one, two, three] == [
        Assertion(*content, 1, view=View("json", "a/b")),
        Assertion(*content, ["x"], view=View("json", "list")),
        Assertion(*content, None, view=View("json", "gone")),
    ]
    assert [assertion.attribute for assertion in access] == ["is_file", "mode", "user", "group"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (True, "TRUE # yes"),
        (True, "1"),
        (False, '"False"'),
        (False, "0"),
        (8000, "8000"),
        (1, "1"),
        ("true", "true"),
    ],
)
def test_what_the_plan_takes_for_the_wish_the_witness_does_too(value: Any, text: str) -> None:
    wsl = Keys(path="/etc/wsl.conf", dialect="wsl", keys={"boot.x": value})
    file = f"[boot]\nx = {text}\n"
    *_, assertion = wsl.witness()
    assert actual(file, keys=wsl) == {**FILE, FileKey("boot.x"): value}
    assert read(file, assertion) == assertion.expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "yes"), (True, "0"), (False, "1"), (8000, "800"), (1, "true"), ("true", "1")],
)
def test_what_the_plan_does_not_take_for_the_wish_the_witness_does_not_either(
    value: Any, text: str
) -> None:
    wsl = Keys(path="/etc/wsl.conf", dialect="wsl", keys={"boot.x": value})
    file = f"[boot]\nx = {text}\n"
    *_, assertion = wsl.witness()
    assert actual(file, keys=wsl) == {**FILE, FileKey("boot.x"): text}
    assert read(file, assertion) != assertion.expected


@pytest.mark.parametrize(("value", "words"), [(True, "true"), (5, "5"), ("x", "x")])
def test_where_a_file_holds_words_the_witness_reads_words(value: Any, words: str) -> None:
    file = Keys(path="/etc/default/x", dialect="env", keys={"X": value})
    assert list(file.witness())[-1].expected == words


DEFAULTS = Keys(path=PATH, dialect="json", defaults={"driver": "own", "opts/a": "1", "opts/b": "2"})


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("", {"driver", "opts/a", "opts/b"}),
        ('{"driver": "own"}', {"opts/a", "opts/b"}),
        ('{"opts": {"b": "9"}}', {"driver", "opts/a"}),
        ('{"driver": "another"}', set()),
        ('{"driver": "own", "opts": {"a": "8", "b": "9"}}', set()),
    ],
)
def test_a_default_is_missing_only_where_the_file_leaves_it_open(
    text: str, open_: set[str]
) -> None:
    difference = compare(actual(text, keys=DEFAULTS), DEFAULTS.desired())
    assert {str(name).removeprefix("key ") for name in difference.fields} == open_
    (made,) = DEFAULTS.converge(difference)
    assert made.arguments["src"] == Edited(PATH, "json", {}, DEFAULTS.defaults)


def test_the_witness_of_defaults_sees_that_the_first_is_there() -> None:
    shown = list(DEFAULTS.witness())[-1]
    assert [read(text, shown) for text in ('{"driver": "another"}', "{}")] == [True, False]


def test_a_key_that_another_names_is_no_default_any_more() -> None:
    named = Keys(path=PATH, dialect="json", keys={"opts/a": "7"})
    for both in (named.merge(DEFAULTS), DEFAULTS.merge(named)):
        assert both == Keys(
            path=PATH,
            dialect="json",
            keys={"opts/a": "7"},
            defaults={"driver": "own", "opts/b": "2"},
        )


def test_published_keys_of_two_wishes_are_joined_and_fetched_where_they_lack() -> None:
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
    there = "SHA256:NMlmQl1G5A6RDA9UY+Z8Mjbua+KYI/mLEax8tmsLJJ0"
    other = f"SHA256:{'A' * 43}"
    first, second = (
        Keys(path="/k", dialect="authorized_keys", published={key: f"https://x.test/{number}"})
        for number, key in enumerate((there, other))
    )
    both = first.merge(second)
    assert isinstance(both, Keys)
    assert both.published == {there: "https://x.test/0", other: "https://x.test/1"}
    status = Status("file", "0644", "root", "root", 90, "")
    facts = Facts({Stat("/k"): status, Text("/k"): f"{line} me\n"})
    difference = compare(both.actual(facts), both.desired())
    assert difference.fields == (FileKey(other),)
    (put,) = both.converge(difference)
    assert put.arguments["src"] == Edited("/k", "authorized_keys", {}, {}, both.published)


def test_what_is_kept_is_no_part_of_the_state_and_is_told_to_the_operation() -> None:
    own = Keys(path="/x", dialect="lines", keys={"a": True}, keep=("owner", "group", "mode"))
    assert own.desired() == {"kind": "file", FileKey("a"): True}
    (put,) = own.converge(compare(None, own.desired()))
    assert (put.arguments["keep"], put.arguments["mode"]) == (["owner", "group", "mode"], "0644")
    assert [seen.attribute for seen in own.witness()] == ["is_file", "content_string"]


def test_where_all_is_to_be_absent_a_missing_file_is_as_it_should_be() -> None:
    own = ("owner", "group", "mode")
    gone = Keys(path="/x", dialect="lines", keys={"a": None}, keep=own)
    assert compare(actual(None, None, replace(gone, keep=("mode",))), gone.desired())
    assert not compare(actual(None, None, gone), gone.desired())
    assert compare(actual("a\n", keys=gone), gone.desired()).fields == (FileKey("a"),)
    (seen,) = gone.witness()
    assert (seen.arguments, seen.expected) == (("[ ! -e /x ] || cat /x",), None)
    assert [read(text, seen) for text in ("", "a\n")] == [None, True]


def test_the_diff_of_a_block_has_the_block_s_name() -> None:
    block = Keys(path="/x", dialect="block", keys={"# tools": "a\nb\n"})
    before = actual("# envwright: tools begin\na\n# envwright: tools end\n", keys=block)
    change = Change(block, compare(before, block.desired()))
    assert change.diff() == "block tools:\n@@ -1 +1,2 @@\n a\n+b"


@pytest.mark.parametrize(("dialect", "value", "seen"), [("ini", 1.5, "1.5"), ("toml", 1.5, 1.5)])
def test_a_value_is_witnessed_as_its_reader_reads_it(
    dialect: str, value: float, seen: object
) -> None:
    keys = Keys(path="/x", dialect=dialect, keys={"a/b": value})
    *_, last = keys.witness()
    assert (last.expected, read("[a]\nb = 1.5\n", last)) == (seen, seen)
