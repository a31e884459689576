"""The mount table keeps every line that is not ours, and is read as mount reads it."""

from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, NamedTuple

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get
from envwright.portable.dialects.fstab import entry

FSTAB = get("fstab")
TABLE = (
    "# the disks\n"
    "UUID=1\t/  ext4  errors=remount-ro\t0 1 # root\r\n"
    "/swapfile none swap sw 0 0\n"
    "\n"
    "\\\\srv\\share /mnt/my\\040share drvfs\n"
    "tmpfs /tmp tmpfs size=1G"
)


def test_mounts_are_read_by_their_plain_mount_points() -> None:
    assert list(FSTAB.read(TABLE).items()) == [
        ("/", "UUID=1 / ext4 errors=remount-ro 0 1"),
        ("swap /swapfile", "/swapfile none swap sw 0 0"),
        (
            "/mnt/my share",
            r"\134\134srv\134share /mnt/my\040share drvfs defaults 0 0",
        ),
        ("/tmp", "tmpfs /tmp tmpfs size=1G 0 0"),
    ]


def test_a_line_is_replaced_in_its_place_and_its_comment_kept() -> None:
    assert FSTAB.edit(TABLE, {"/": "UUID=2 / btrfs ro 0 0"}) == TABLE.replace(
        "UUID=1\t/  ext4  errors=remount-ro\t0 1 #", "UUID=2 / btrfs ro 0 0 #"
    )


def test_a_line_that_says_the_same_in_other_words_changes_no_byte() -> None:
    wanted: dict[str, Value] = {
        "/mnt/my share": entry("\\\\srv\\share", "/mnt/my share", "drvfs"),
        "/tmp": r"tmpfs\011 /tmp tmpfs size=1G".replace(r"\011", ""),
    }
    assert FSTAB.edit(TABLE, wanted) == TABLE
    assert FSTAB.actual(TABLE, {**wanted, "/x": "a /x b"}) == wanted


def test_a_new_line_goes_to_the_end_as_the_last_one_ends() -> None:
    line = "C: /mnt/c drvfs rw,noatime 0 0"
    assert FSTAB.edit(TABLE, {"/mnt/c": line}) == f"{TABLE}\n{line}"
    assert FSTAB.edit("", {"/mnt/c": "C: /mnt/c drvfs rw,noatime"}) == f"{line}\n"
    assert FSTAB.edit("# c\r\n", {"/mnt/c": line}) == f"# c\r\n{line}\r\n"


def test_a_removed_mount_takes_its_line_along() -> None:
    assert FSTAB.edit(TABLE, {"/mnt/my share": None, "/gone": None}) == TABLE.replace(
        "\\\\srv\\share /mnt/my\\040share drvfs\n", ""
    )


def test_of_a_mount_point_that_stands_twice_the_first_counts() -> None:
    text = "a /m ext4\nb /m/ ext4\n"
    assert FSTAB.read(text) == {"/m": "a /m ext4 defaults 0 0"}
    assert FSTAB.edit(text, {"/m": "c /m ext4"}) == "c /m ext4 defaults 0 0\nb /m/ ext4\n"
    assert FSTAB.edit(text, {"/m": None}) == ""


SWAP = "/swapfile none swap sw,pri=5 0 0"


@pytest.mark.parametrize("point", ["none", "swap", "/swapfile"])
def test_swap_space_is_found_by_what_it_lies_on(point: str) -> None:
    text = f"/swapfile\t{point} swap  sw 0 0 \n/dev/sdb1 none swap\n"
    assert FSTAB.read(text) == {
        "swap /swapfile": f"/swapfile {point} swap sw 0 0",
        "swap /dev/sdb1": "/dev/sdb1 none swap defaults 0 0",
    }
    assert FSTAB.edit(text, {"swap /swapfile": SWAP}) == text.replace(
        f"/swapfile\t{point} swap  sw 0 0", SWAP
    )
    assert FSTAB.edit(text, {"swap /swapfile": None}) == "/dev/sdb1 none swap\n"


@pytest.mark.parametrize(
    "line", ["/swapfile swap swap defaults 0 0", "/swapfile none swap", "/swapfile swap swap sw"]
)
def test_a_line_that_means_the_same_swap_space_stays(line: str) -> None:
    wanted = {"swap /swapfile": "/swapfile none swap sw 0 0"}
    assert FSTAB.actual(f"{line}\n", wanted) == wanted
    assert FSTAB.edit(f"{line}\n", wanted) == f"{line}\n"
    assert readers.fstab(line, "swap /swapfile") == readers.fstab(*wanted.values(), *wanted)


@pytest.mark.parametrize("key", ["none", "swap"])
def test_the_second_field_of_swap_space_is_no_key(key: str) -> None:
    text = f"/swapfile {key} swap sw 0 0\n"
    assert FSTAB.edit(text, {key: None}) == text
    with pytest.raises(DialectError) as caught:
        FSTAB.edit(text, {key: f"/s {key} swap sw 0 0"})
    assert str(caught.value) == f"'{key}' is not the mount point of '/s {key} swap sw 0 0'"


def test_columns_are_escaped() -> None:
    assert entry("C:\\my docs", "/mnt/#\t1", "drvfs", "uid=1", "0", "2") == (
        r"C:\134my\040docs /mnt/#\0111 drvfs uid=1 0 2"
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("C: /mnt/c", "/mnt/c: 'C: /mnt/c' is no mount: expected six fields"),
        (
            "C: /mnt/c drvfs rw 0 0 0",
            "/mnt/c: 'C: /mnt/c drvfs rw 0 0 0' is no mount: expected six fields",
        ),
        ("C: /mnt/c drvfs rw x", "/mnt/c: 'C: /mnt/c drvfs rw x' is no mount: expected six fields"),
        ("#C: /mnt/c drvfs", "/mnt/c: '#C: /mnt/c drvfs' is no mount: expected six fields"),
        ("D: /mnt/d drvfs", "'/mnt/c' is not the mount point of 'D: /mnt/d drvfs'"),
        ("C: /mnt/c a\nb", "'C: /mnt/c a\\nb' cannot be written: it contains '\\n'"),
        (True, "/mnt/c: a mount is a string of six fields"),
    ],
)
def test_a_value_that_is_no_mount_of_its_key_is_refused(value: Value, reason: str) -> None:
    with pytest.raises(DialectError) as caught:
        FSTAB.edit("", {"/mnt/c": value})
    assert str(caught.value) == reason


def test_an_empty_field_is_refused() -> None:
    with pytest.raises(DialectError) as caught:
        entry("", "/mnt/c", "drvfs")
    assert str(caught.value) == "a field of a mount is empty"


def test_lines_that_mount_ignores_are_reported_and_stay() -> None:
    text = "only\ntwo /two\n # c\na /a ext4 ro x\nb /b ext4\n"
    reason = "mount ignores it: expected source, target, type, options, two numbers"
    assert FSTAB.problems(text) == [Problem(1, reason), Problem(2, reason), Problem(4, reason)]
    assert FSTAB.read(text) == {"/b": "b /b ext4 defaults 0 0"}
    assert FSTAB.edit(text, {"/b": None}) == "only\ntwo /two\n # c\na /a ext4 ro x\n"


def test_a_carriage_return_that_systemd_takes_into_a_field_is_reported() -> None:
    text = "a /a ext4\r\nb /b ext4 ro\r\nc /c ext4 ro 0\r\nd /d ext4\n"
    reason = "systemd takes the carriage return for a part of the last field"
    assert FSTAB.problems(text) == [Problem(1, reason), Problem(2, reason)]
    assert [row.fstype + row.options for row in by_the_c_library(text)] == [
        "ext4\r",
        "ext4ro\r",
        "ext4ro",
        "ext4",
    ]


def test_a_mount_point_is_the_same_with_more_slashes() -> None:
    assert FSTAB.edit("a /m//n/ ext4\n", {"/m/n": "b /m/n ext4"}) == "b /m/n ext4 defaults 0 0\n"


fields = st.text(
    st.one_of(st.sampled_from([*" \t\\#047\"'"]), st.characters(codec="utf-8", categories=["L"])),
    min_size=1,
    max_size=8,
)


@given(mounts=st.dictionaries(fields, fields, min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_mount_and_systemd_read_what_an_edit_wrote(mounts: dict[str, str]) -> None:
    wanted: dict[str, Value] = {
        f"/{target}": entry(f"x{source}", f"/{target}", "ext4", "ro")
        for target, source in mounts.items()
    }
    text = FSTAB.edit("# c\n", wanted)
    written = {f"/{target}": f"x{source}" for target, source in mounts.items()}
    assert {row.target: row.source for row in by_findmnt(text)} == written
    assert {row.target: row.source for row in by_the_c_library(text)} == written


class Row(NamedTuple):
    """A line of the table as a program reads it."""

    source: str
    target: str
    fstype: str
    options: str
    dump: int
    passno: int


def by_findmnt(text: str) -> list[Row]:
    """The table as libmount reads it, and thereby mount(8)."""
    if shutil.which("findmnt") is None:
        pytest.skip("no findmnt here")
    columns = ("source", "target", "fstype", "options", "freq", "passno")
    with TemporaryDirectory() as directory:
        file = Path(directory, "fstab")
        file.write_bytes(text.encode())
        command = [
            "findmnt",
            "--fstab",
            "-F",
            str(file),
            "--json",
            "--list",
            "-o",
            ",".join(columns),
        ]
        # findmnt fails where there is not one mount.
        output = subprocess.run(command, check=False, capture_output=True).stdout
    rows = json.loads(output)["filesystems"] if output else []
    return [Row(*(row[column] for column in columns)) for row in rows]


class Mntent(ctypes.Structure):
    """What getmntent(3) returns."""

    _fields_: ClassVar = [
        *((name, ctypes.c_char_p) for name in ("source", "target", "fstype", "options")),
        ("dump", ctypes.c_int),
        ("passno", ctypes.c_int),
    ]


def by_the_c_library(text: str) -> list[Row]:
    """The table as getmntent(3) reads it, and thereby systemd."""
    library = ctypes.CDLL(None)
    library.setmntent.restype = ctypes.c_void_p
    library.getmntent.restype = ctypes.POINTER(Mntent)
    library.getmntent.argtypes = library.endmntent.argtypes = [ctypes.c_void_p]
    rows = []
    with TemporaryDirectory() as directory:
        file = Path(directory, "fstab")
        file.write_bytes(text.encode())
        table = library.setmntent(str(file).encode(), b"r")
        while entry := library.getmntent(table):
            read = entry.contents
            words = (read.source, read.target, read.fstype, read.options)
            source, target, fstype, options = (word.decode() for word in words)
            rows.append(Row(source, target, fstype, options, read.dump, read.passno))
        library.endmntent(table)
    return rows


odd_fields = st.lists(
    st.sampled_from(["a", "/", "#", "\\040", "\\011", "\\134", "\\\\", "\\0", '"', "é", ",", "="]),
    min_size=1,
    max_size=4,
).map("".join)
gaps = st.sampled_from([" ", "\t", "  \t"])
table_lines = st.builds(
    lambda start, gap, words, end: start + gap.join(words) + end,
    st.sampled_from(["", "", " ", "#", "\t#"]),
    gaps,
    st.lists(
        odd_fields | st.sampled_from(["0", "1", "-1", "+07", "/a", "/a//b/", "ext4", "ro"]),
        max_size=7,
    ),
    st.sampled_from(["", "", " ", " # why"]),
)
tables = st.builds(
    lambda lines, ending: ending.join(lines),
    st.lists(
        table_lines | st.builds("s{} /{} ext4{}{}".format, gaps, odd_fields, gaps, odd_fields),
        max_size=5,
    ),
    st.sampled_from(["\n", "\n", "\r\n"]),
)


def first_of_each(rows: list[Row]) -> dict[str, Value]:
    """The mounts at a path as we say them; of a mount point that stands twice the first."""
    found: dict[str, Value] = {}
    for row in rows:
        if row.target.startswith("/"):
            target = re.sub("/+", "/", row.target).rstrip("/") or "/"
            plain = (row.source, row.target, row.fstype, row.options or "defaults")
            found.setdefault(target, entry(*plain, str(row.dump), str(row.passno)))
    return found


@given(text=tables)
@settings(max_examples=rounds(usual=150, full=5_000), deadline=None)
def test_findmnt_reads_every_table_as_we_do(text: str) -> None:
    assert FSTAB.read(text) == first_of_each(by_findmnt(text))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("mode=1777,size=64m,nosuid", "size=64m,mode=1777,nosuid"),
        ("size=65536k,mode=1777", "mode=1777,size=64M"),
        ("defaults,nofail", "nofail"),
        ("rw,nofail,rw", "nofail,rw"),
        ('x="a,b",ro', 'ro,x="a,b"'),
        ("noexec,exec", "noexec,exec"),
    ],
)
def test_options_that_mean_the_same_are_the_same_mount(written: str, wanted: str) -> None:
    text = f"tmpfs\t/mnt/x tmpfs  {written} 0 0 # mine\n"
    value = f"tmpfs /mnt/x tmpfs {wanted} 0 0"
    assert FSTAB.actual(text, {"/mnt/x": value}) == {"/mnt/x": value}
    assert FSTAB.edit(text, {"/mnt/x": value}) == text


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("rw,ro", "ro,rw"),
        ("exec,noexec", "noexec,exec"),
        ("size=64m,size=32m", "size=32m,size=64m"),
        ("relatime,noatime", "noatime,relatime"),
        ("noatime", "nodiratime"),
        ("nofail", "fail"),
    ],
)
def test_options_that_mean_something_else_are_another_mount(written: str, wanted: str) -> None:
    text = f"tmpfs /mnt/x tmpfs {written} 0 0\n"
    value = f"tmpfs /mnt/x tmpfs {wanted} 0 0"
    assert FSTAB.actual(text, {"/mnt/x": value}) != {"/mnt/x": value}
    assert FSTAB.edit(text, {"/mnt/x": value}) == f"{value}\n"
