"""WindowsKeys: its states, what it refuses, how it is written, what witnesses it."""

from __future__ import annotations

import pytest

from envwright.errors import ConflictError
from envwright.facts import Facts, Unknown
from envwright.facts.windows import ProfileFile, Windows
from envwright.model.operations import Edited, operation
from envwright.model.resource import FileKey, Origin, compare
from envwright.portable import readers
from envwright.resources.windows.keys import WindowsKeys

PATH = "/mnt/c/Users/dev/.wslconfig"
ORIGINS = (Origin("windows", "x.yaml", 2),)
KEYS = WindowsKeys(
    file=".wslconfig",
    dialect="wslconfig",
    keys={"wsl2.memory": "8GB", "wsl2.processors": 4, "wsl2.dhcp": True},
    origins=ORIGINS,
)


def seen(text: str | None, owner: str = "", group: str = "") -> Facts:
    return Facts(
        {Windows(file=".wslconfig"): ProfileFile(PATH, owner, group, "file" if text else "", text)}
    )


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("[wsl2]\r\nmemory = 8GB\r\nProcessors=4\r\ndhcp=1\r\n", ()),
        ("[wsl2]\nmemory=8GB\nprocessors=2\n", (FileKey("wsl2.processors"), FileKey("wsl2.dhcp"))),
        (None, (FileKey("wsl2.memory"), FileKey("wsl2.processors"), FileKey("wsl2.dhcp"))),
    ],
)
def test_what_differs_is_told(text: str | None, fields: tuple[str, ...]) -> None:
    assert compare(KEYS.actual(seen(text)), KEYS.desired()).fields == fields


@pytest.mark.parametrize(
    ("owner", "attributes"),
    [("", {}), ("dev", {"user": "dev", "group": "users", "mode": "0644"})],
)
def test_it_is_written_where_windows_has_it_with_an_owner_where_owners_are_kept(
    owner: str, attributes: dict[str, str]
) -> None:
    group = "users" if owner else ""
    difference = compare(KEYS.actual(seen(None, owner, group)), KEYS.desired())
    source = Edited(PATH, "wslconfig", KEYS.keys)
    assert list(KEYS.converge(difference)) == [
        operation("paths.put", src=source, dest=PATH, **attributes)
    ]


def test_a_profile_that_cannot_be_reached_is_refused() -> None:
    facts = Facts({Windows(file=".wslconfig"): Unknown("interop is off")})
    difference = compare(KEYS.actual(facts), KEYS.desired())
    assert KEYS.refusal(difference) == ".wslconfig of the Windows user: interop is off"


def witnessed(keys: WindowsKeys, text: str) -> dict[str, tuple[object, object]]:
    """Return what the witness wants of each key, and what its view reads out of a text."""
    found = {}
    for assertion in keys.witness():
        assert assertion.view is not None
        (name,) = assertion.view.arguments
        found[name] = (assertion.expected, getattr(readers, assertion.view.reader)(text, name))
    return found


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff[WSL2] # all\r\nMemory=8GB # much\r\nprocessors = 4\r\ndhcp=TRUE\r\n[x]\ndhcp=no\n",
        "[wsl2]\nmemory=8GB\nprocessors=4\ndhcp=1",
        "[wsl2]\nmemory=8192MB\nprocessors=4\ndhcp=1",
    ],
)
def test_each_key_is_witnessed_however_it_is_written(text: str) -> None:
    assert witnessed(KEYS, text) == {
        "wsl2.memory": (8 << 30, 8 << 30),
        "wsl2.processors": ("4", "4"),
        "wsl2.dhcp": (True, True),
    }


def test_the_witness_asks_windows_the_same_for_every_key() -> None:
    assert len({assertion.arguments for assertion in KEYS.witness()}) == 1


def test_a_path_is_read_without_its_quotes_and_a_missing_key_is_none() -> None:
    spec = {"wsl2.swapFile": "C:\\a b\\s.vhdx", "wsl2.swap": None}
    text = '[wsl2]\nswapFile="C:\\\\a b\\\\s.vhdx"'
    found = witnessed(WindowsKeys(file=".wslconfig", dialect="wslconfig", keys=spec), text)
    assert found == {key: (value, value) for key, value in spec.items()}


def test_a_one_is_a_number_where_a_number_is_wanted_and_a_yes_where_a_switch_is() -> None:
    spec = {"wsl2.processors": 1, "wsl2.dhcp": True, "wsl2.ipv6": False, "wsl2.vmSwitch": "true"}
    text = "[wsl2]\nprocessors=1\ndhcp=1\nipv6=0\nvmSwitch=true\n"
    found = witnessed(WindowsKeys(file=".wslconfig", dialect="wslconfig", keys=spec), text)
    assert found == {
        "wsl2.processors": ("1", "1"),
        "wsl2.dhcp": (True, True),
        "wsl2.ipv6": (False, False),
        "wsl2.vmSwitch": ("true", "true"),
    }


def test_what_left_experimental_counts_where_it_stands_first() -> None:
    spec = {
        "wsl2.networkingMode": "nat",
        "experimental.networkingMode": "nat",
        "wsl2.firewall": True,
    }
    text = "[experimental]\nnetworkingMode=nat\n[wsl2]\nnetworkingMode=none\nfirewall=1\n"
    found = witnessed(WindowsKeys(file=".wslconfig", dialect="wslconfig", keys=spec), text)
    assert found == {key: (value, value) for key, value in spec.items()}


def test_two_wishes_are_joined_or_told_apart() -> None:
    more = WindowsKeys(
        file=".wslconfig", dialect="wslconfig", keys={"wsl2.swap": 0}, origins=ORIGINS
    )
    joined = KEYS.merge(more)
    assert (
        joined.spec()
        == WindowsKeys(
            file=".wslconfig", dialect="wslconfig", keys={**KEYS.keys, "wsl2.swap": 0}
        ).spec()
    )
    other = WindowsKeys(
        file=".wslconfig", dialect="wslconfig", keys={"wsl2.memory": "1GB"}, origins=ORIGINS
    )
    with pytest.raises(ConflictError) as refused:
        KEYS.merge(other)
    assert refused.value.message == (
        ".wslconfig: windows (x.yaml:2) wants wsl2.memory = '8GB', windows (x.yaml:2) wants '1GB'"
    )
