"""Views: a second reader of what dialects write, which shares no code with them."""

from __future__ import annotations

import ast
import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys import ARMORED, BINARY, FINGERPRINT

from envwright.portable import dialects, readers
from envwright.portable.dialects import fstab

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)
JSON = st.recursive(
    st.booleans() | st.integers() | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=6,
)


def written(dialect: str, changes: dict[str, Any], text: str = "") -> str:
    return dialects.get(dialect).edit(text, changes)


# --- The two readers agree --------------------------------------------------------------------


@given(st.dictionaries(st.tuples(NAMES, NAMES), PLAIN | st.just('a\t"b" \\ # c'), max_size=5))
def test_wsl_conf_is_read_as_it_was_written(values: dict[tuple[str, str], str]) -> None:
    unique = {f"{a}.{b}".lower(): value for (a, b), value in values.items()}
    text = written("wsl", unique)
    assert {key: readers.wsl(text, key) for key in unique} == unique


@given(st.dictionaries(PLAIN, JSON, max_size=5))
def test_json_is_read_as_it_was_written(values: dict[str, Any]) -> None:
    pointers = {k.replace("~", "~0").replace("/", "~1"): v for k, v in values.items()}
    text = written("json", pointers)
    assert {key: readers.json(text, key) for key in pointers} == pointers


@given(st.dictionaries(NAMES, PLAIN, max_size=5))
def test_env_files_are_read_as_they_were_written(values: dict[str, str]) -> None:
    text = written("env", values)
    assert {key: readers.env(text, key) for key in values} == values


MOUNT_POINTS = PLAIN.map(lambda name: f"/{name}x").filter(lambda path: "//" not in path)


@given(st.dictionaries(MOUNT_POINTS, st.tuples(PLAIN, PLAIN), max_size=4))
def test_fstab_is_read_as_it_was_written(values: dict[str, tuple[str, str]]) -> None:
    fields = {
        target: (f"s{source}", target, "ext4", f"rw{options.replace(',', ';')}")
        for target, (source, options) in values.items()
    }
    text = written("fstab", {target: fstab.entry(*four) for target, four in fields.items()})
    expected = {target: [*four, "0", "0"] for target, four in fields.items()}
    assert {target: readers.fstab(text, target) for target in fields} == expected


# --- What people write ------------------------------------------------------------------------

WSL_CONF = """\
# written by hand
[Boot]
  systemd = true # at last
    command = "echo \\"a # b\\" \\\\ c"
[automount]
options="metadata,umask=022"
empty =
"""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("boot.systemd", "true"),
        ("boot.command", 'echo "a # b" \\ c'),
        ("automount.options", "metadata,umask=022"),
        ("automount.empty", ""),
        ("boot.missing", None),
        ("nowhere.missing", None),
    ],
)
def test_a_wsl_conf_by_hand_is_read_as_wsl_does(key: str, value: str | None) -> None:
    assert readers.wsl(WSL_CONF, key) == value
    assert dialects.get("wsl").actual(WSL_CONF, {key: ""}).get(key) == value


def test_json_below_what_is_no_object_is_not_there() -> None:
    text = '{"a": {"b/c": 1}, "d": [1]}'
    found = [readers.json(text, key) for key in ("a/b~1c", "a", "d/0", "a/x", "x/y")]
    assert found == [1, {"b/c": 1}, None, None, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=1\nexport A='two words'\n", "two words"),
        ("PATH=/bin\nA=$'less -R'\n", "less -R"),
        (r"A=$'it\'s \\ a\ttab'", "it's \\ a\ttab"),
        ("A=", ""),
        ("AB=1\n#A=2\n", None),
    ],
)
def test_variables_are_read_as_a_shell_and_systemctl_write_them(
    text: str, value: str | None
) -> None:
    assert readers.env(text, "A") == value


FSTAB = """\
# tmpfs /mnt/a tmpfs
tmpfs\t/mnt/a  tmpfs
C:\\134 /mnt/my\\040disk drvfs rw,noatime 0 0 # a drive
tmpfs /mnt/s tmpfs size=64m,defaults,mode=1777 0 0
"""


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("/mnt/a", ["tmpfs", "/mnt/a", "tmpfs", "defaults", "0", "0"]),
        ("/mnt/my disk", ["C:\\", "/mnt/my disk", "drvfs", "noatime,rw", "0", "0"]),
        ("/mnt/s", ["tmpfs", "/mnt/s", "tmpfs", "mode=1777,size=67108864", "0", "0"]),
        ("/mnt/b", None),
    ],
)
def test_an_fstab_by_hand_is_read_with_its_defaults(target: str, fields: list[str] | None) -> None:
    assert readers.fstab(FSTAB, target) == fields


def test_a_version_fits_a_pattern_of_apts() -> None:
    fits = [readers.version("14.1.0-1", pattern) for pattern in ("14.*", "14.1.0-1", "13.*", "1")]
    assert fits == [True, True, False, False]


# --- Fingerprints -----------------------------------------------------------------------------


def armored(packet: bytes) -> str:
    lines = base64.b64encode(packet).decode()
    kind = "PGP PUBLIC KEY BLOCK"
    return f"words\n-----BEGIN {kind}-----\n\n{lines}\n=abcd\n-----END {kind}-----\n"


@pytest.mark.parametrize(
    "head",
    [b"\x98\xb7", b"\x99\x00\xb7", b"\xc6\xb7", b"\xc6\xc1\x2c"],
    ids=["old, one octet", "old, two octets", "new, one octet", "new, two octets"],
)
def test_a_fingerprint_is_computed_whatever_frames_the_key(head: bytes) -> None:
    size = {b"\xc6\xc1\x2c": 492}.get(head, 0xB7)
    body = (b"\x04" + bytes(range(256)) * 2)[:size]
    digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body)
    assert readers.fingerprint(armored(head + body + b"\xb4\x01u")) == digest.hexdigest().upper()


def test_a_real_key_has_its_fingerprint() -> None:
    assert readers.fingerprint(ARMORED) == FINGERPRINT


def test_a_fingerprint_is_found_beside_other_keys_in_one_block_or_in_several() -> None:
    other = b"\x98\x02\x04x"
    for text in (armored(other) + ARMORED, armored(other + BINARY), ARMORED + armored(other)):
        assert readers.fingerprint(text, FINGERPRINT) == FINGERPRINT
    assert readers.fingerprint(armored(other), FINGERPRINT) != FINGERPRINT


def test_an_exported_suite_can_take_the_views_along() -> None:
    tree = ast.parse(Path(readers.__file__).read_text())
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert [name for name in names if name and name.startswith("envwright")] == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_with_a_mark_is_read_in_its_encoding(encoding: str) -> None:
    def file(plain: str) -> str:
        return plain.encode(encoding).decode("utf-8", "surrogateescape")

    assert readers.wslconfig(file("[wsl2]\r\nmemory=6GB\r\n"), "wsl2.memory") == "6GB"
    assert readers.json(file('{"a": "é"}'), "a") == "é"
