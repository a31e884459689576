"""Edits of WSL's files write what WSL reads back, and keep the rest of a user's file."""

from __future__ import annotations

import pytest

from envwright.portable.dialects import Dialect, DialectError, Problem, Value, get

WSL = get("wsl")
WSLCONFIG = get("wslconfig")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain value", "plain value"),
        ("", ""),
        ("a#b", '"a#b"'),
        (" a", '" a"'),
        ("a ", '"a "'),
        ('say "hi"', r'"say \"hi\""'),
        ("C:\\temp", r'"C:\\temp"'),
        ("a\nb\tc\bd", r'"a\nb\tc\bd"'),
        ("é", "é"),
        (True, "true"),
        (False, "false"),
        (16, "16"),
    ],
)
def test_a_value_is_quoted_and_escaped_where_it_needs_it(value: Value, written: str) -> None:
    assert WSL.edit("", {"boot.command": value}) == f"[boot]\ncommand={written}\n"


@pytest.mark.parametrize(
    ("dialect", "value", "reason"),
    [
        (WSL, "a\rb", r"'a\rb' cannot be written: it contains '\r'"),
        (WSL, "a\0b", r"'a\x00b' cannot be written: it contains '\x00'"),
        (WSL, "\ud800", r"'\ud800' cannot be written as UTF-8"),
        (WSL, ["a"], "boot.command: WSL has strings, true, false and whole numbers only"),
        (WSLCONFIG, "é", "boot.command: WSL cannot read 'é', which is not plain ASCII"),
    ],
)
def test_a_value_that_wsl_could_not_read_back_is_refused(
    dialect: Dialect, value: Value, reason: str
) -> None:
    with pytest.raises(DialectError) as caught:
        dialect.edit("", {"boot.command": value})
    assert str(caught.value) == reason


@pytest.mark.parametrize("key", ["systemd", "boot.a-b", "boot.", ".a", "a.b.c", "1.a"])
def test_a_key_that_wsl_could_not_read_back_is_refused(key: str) -> None:
    with pytest.raises(DialectError) as caught:
        WSL.edit("", {key: True})
    assert str(caught.value) == f"{key!r} is no key: expected section.key of letters and digits"


def test_a_change_named_twice_in_two_cases_is_refused() -> None:
    with pytest.raises(DialectError) as caught:
        WSL.edit("", {"boot.systemd": True, "Boot.Systemd": False})
    assert str(caught.value) == "boot.systemd is to be changed twice: WSL ignores case"


def test_a_key_named_twice_in_both_of_its_sections_is_refused() -> None:
    changes = {"wsl2.firewall": True, "Experimental.Firewall": False}
    with pytest.raises(DialectError) as caught:
        WSLCONFIG.edit("", changes)
    assert str(caught.value) == (
        "wsl2.firewall is to be changed twice: "
        "in [wsl2] and [experimental] WSL takes it for the same key"
    )
    assert WSL.edit("", changes) == "[wsl2]\nfirewall=true\n\n[Experimental]\nFirewall=false\n"


ALIASED = "[experimental]\nnetworkingMode=nat # old\nsparseVhd=true\n[wsl2]\nnetworkingMode=none\n"


def test_a_key_that_left_experimental_is_read_and_edited_where_it_stands_first() -> None:
    wanted: dict[str, Value] = {"wsl2.networkingMode": "mirrored"}
    assert WSLCONFIG.read(ALIASED) == {
        "experimental.networkingMode": "nat",
        "experimental.sparseVhd": "true",
    }
    assert WSLCONFIG.actual(ALIASED, wanted) == {"wsl2.networkingMode": "nat"}
    assert WSLCONFIG.edit(ALIASED, wanted) == ALIASED.replace("nat", "mirrored")
    assert WSLCONFIG.edit(ALIASED, {"wsl2.networkingMode": None}) == (
        "[experimental]\nsparseVhd=true\n[wsl2]\n"
    )
    assert WSLCONFIG.problems(ALIASED) == [
        Problem(5, "wsl2.networkingMode is ignored: line 2 has set it already")
    ]


def test_other_keys_of_the_same_name_in_two_sections_are_two() -> None:
    text = "[experimental]\nsparseVhd=true\n"
    assert WSLCONFIG.edit(text, {"wsl2.sparseVhd": False}) == f"{text}\n[wsl2]\nsparseVhd=false\n"


def test_a_value_is_replaced_and_its_line_kept() -> None:
    text = "[Boot]\r\n  SystemD =  false\t # why\r\ncommand=x"
    after = "[Boot]\r\n  SystemD =  true\t # why\r\ncommand=x"
    assert WSL.edit(text, {"boot.systemd": True}) == after


def test_of_a_duplicated_key_the_first_is_edited() -> None:
    text = "[boot]\nsystemd=false\nsystemd=maybe\n"
    assert WSL.edit(text, {"boot.systemd": True}) == "[boot]\nsystemd=true\nsystemd=maybe\n"


def test_a_continued_value_is_replaced_as_a_whole() -> None:
    text = '[boot]\ncommand="a \\\n b" # c\nsystemd=true\n'
    after = "[boot]\ncommand=x # c\nsystemd=true\n"
    assert WSL.edit(text, {"boot.command": "x"}) == after


@pytest.mark.parametrize(("text", "value"), [("TRUE", True), ("1", True), ("0", False)])
def test_a_bool_that_the_file_has_already_changes_no_byte(text: str, value: object) -> None:
    before = f"[boot]\nsystemd={text}\n"
    assert WSL.edit(before, {"boot.systemd": bool(value)}) == before
    assert WSL.actual(before, {"Boot.Systemd": bool(value)}) == {"Boot.Systemd": value}


def test_a_value_that_the_file_spells_otherwise_changes_no_byte() -> None:
    before = '[boot]\ncommand = "a" b\\\n c # d\n'
    assert WSL.edit(before, {"boot.command": "a b c"}) == before


def test_a_bool_that_wsl_does_not_understand_is_replaced() -> None:
    assert WSL.edit("[boot]\nsystemd=yes\n", {"boot.systemd": True}) == "[boot]\nsystemd=true\n"


def test_a_new_key_goes_behind_the_last_key_of_its_first_section() -> None:
    text = "[boot]\nsystemd=true\n\n# users\n[user]\ndefault=dev\n[Boot]\ninitTimeout=1\n"
    after = text.replace("systemd=true\n", "systemd=true\ncommand=x\n")
    assert WSL.edit(text, {"boot.command": "x"}) == after


def test_a_new_key_of_an_empty_section_goes_behind_its_header() -> None:
    text = "[boot] # b\n\n[user]"
    assert WSL.edit(text, {"boot.systemd": True}) == "[boot] # b\nsystemd=true\n\n[user]"


def test_a_new_key_behind_a_last_line_without_an_ending_has_none_either() -> None:
    assert WSL.edit("[boot]\r\na=1", {"boot.b": 2}) == "[boot]\r\na=1\r\nb=2"


def test_a_new_key_is_not_taken_up_by_a_value_that_goes_on_at_the_end() -> None:
    assert WSL.edit("[boot]\na=1\\\n", {"boot.b": 2}) == "[boot]\na=1\\\n\nb=2\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", "[user]\ndefault=dev\n"),
        ("# c\n", "# c\n\n[user]\ndefault=dev\n"),
        ("# c\n\n", "# c\n\n[user]\ndefault=dev\n"),
        ("# c\r\n", "# c\r\n\r\n[user]\r\ndefault=dev\r\n"),
        ("[boot]\na=1", "[boot]\na=1\n\n[user]\ndefault=dev"),
    ],
)
def test_a_new_section_goes_to_the_end_behind_one_blank_line(text: str, after: str) -> None:
    assert WSL.edit(text, {"user.default": "dev"}) == after


def test_a_new_section_is_not_taken_up_by_a_backslash_at_the_end() -> None:
    with pytest.raises(DialectError) as caught:
        WSLCONFIG.edit("[wsl2]\nkernel=a\\", {"general.instanceIdleTimeout": -1})
    assert str(caught.value) == (
        "line 2: the last line ends in a backslash and would take up the next"
    )


def test_several_keys_of_a_new_file_stand_by_their_sections() -> None:
    changes: dict[str, Value] = {"boot.systemd": True, "user.default": "dev", "boot.command": "x"}
    after = "[boot]\nsystemd=true\ncommand=x\n\n[user]\ndefault=dev\n"
    assert WSL.edit("", changes) == after


def test_removing_a_key_removes_its_whole_lines_wherever_it_stands() -> None:
    text = "[boot]\n# c\n command=a \\\n b # d\nsystemd=true\n[BOOT]\nCOMMAND=z\n"
    after = "[boot]\n# c\nsystemd=true\n[BOOT]\n"
    assert WSL.edit(text, {"boot.command": None}) == after


def test_bytes_that_are_not_utf8_survive_an_edit() -> None:
    text = b"[boot]\ncommand=\xff # \xfe\n".decode("utf-8", "surrogateescape")
    after = WSL.edit(text, {"boot.systemd": True})
    assert after.encode("utf-8", "surrogateescape") == (
        b"[boot]\ncommand=\xff # \xfe\nsystemd=true\n"
    )


@pytest.mark.parametrize("written", ["8gb", "8g", "8Gb", "8.0GB", "8 GB", "8GiB", "00GB", "-1GB"])
def test_a_size_that_wsl_cannot_read_is_no_size(written: str) -> None:
    text = f"[wsl2]\nmemory = {written}\nprocessors=1K\n"
    wanted: dict[str, Value] = {"wsl2.memory": "8GB", "wsl2.processors": 1024}
    actual = {"wsl2.memory": written, "wsl2.processors": "1K"}
    assert get("wslconfig").actual(text, wanted) == actual
    assert get("wslconfig").edit(text, wanted) == "[wsl2]\nmemory = 8GB\nprocessors=1024\n"


@pytest.mark.parametrize(
    ("key", "written", "wanted"),
    [
        ("wsl2.memory", "8192MB", "8GB"),
        ("wsl2.swap", "0", "0GB"),
        ("wsl2.memory", "8G", "8GB"),
        ("wsl2.memory", "08GB", "8GB"),
        ("experimental.swiotlb", "64MB", "65536KB"),
        ("wsl2.networkingMode", "NAT", "nat"),
        ("experimental.networkingMode", "Mirrored", "mirrored"),
        ("experimental.autoMemoryReclaim", "dropcache", "dropCache"),
    ],
)
def test_values_that_mean_the_same_on_windows_are_the_same(
    key: str, written: str, wanted: str
) -> None:
    section, name = key.split(".")
    text = f"[{section}]\n{name} = {written}\n"
    assert get("wslconfig").actual(text, {key: wanted}) == {key: wanted}
    assert get("wslconfig").edit(text, {key: wanted}) == text


def test_other_words_are_the_same_in_the_same_case_alone() -> None:
    text = "[wsl2]\nkernelCommandLine=quiet\n"
    key = "wsl2.kernelCommandLine"
    assert get("wslconfig").actual(text, {key: "Quiet"}) == {key: "quiet"}
