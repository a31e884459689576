"""The rules of WSL's parser, one by one, and the edits that keep a user's file."""

from __future__ import annotations

import pytest

from envwright.dialects import Dialect, DialectError, Problem, Value, get

WSL = get("wsl")
WSLCONFIG = get("wslconfig")


def value_of(raw: str) -> Value:
    return WSL.read(f"[boot]\ncommand={raw}\n")["boot.command"]


def refusal(text: str) -> tuple[int | None, str]:
    with pytest.raises(DialectError) as caught:
        WSL.read(text)
    with pytest.raises(DialectError):
        WSL.edit(text, {"boot.systemd": True})
    return caught.value.line, caught.value.reason.removesuffix("; WSL reads nothing from here on")


# How WSL reads


def test_keys_are_read_in_file_order_as_the_file_spells_them() -> None:
    text = "[Boot]\nSystemD = true\n\n[user]\ndefault=dev\n[boot]\ncommand=x\n"
    assert list(WSL.read(text).items()) == [
        ("Boot.SystemD", "true"),
        ("user.default", "dev"),
        ("boot.command", "x"),
    ]


def test_a_hash_starts_a_comment_on_its_own_line_and_behind_a_value() -> None:
    text = "# [no]\n  # a=b\n[boot] # the boot\nsystemd=true# on\n"
    assert WSL.read(text) == {"boot.systemd": "true"}


def test_a_hash_within_quotes_is_no_comment() -> None:
    assert value_of('"a # b" c # d') == "a # b c"


def test_a_semicolon_is_no_comment_but_an_invalid_line() -> None:
    assert refusal("[boot]\n; off\n") == (2, "expected a letter, '[' or '#', not ';'")


@pytest.mark.parametrize("name", ["a-b", "a_b", "a.b", "a b"])
def test_a_key_has_letters_and_digits_only(name: str) -> None:
    reason = "expected key = value, the key of letters and digits only"
    assert refusal(f"[boot]\n{name}=1\n") == (2, reason)


def test_a_key_starts_with_a_letter() -> None:
    assert refusal("[boot]\n1a=1\n") == (2, "expected a letter, '[' or '#', not '1'")


@pytest.mark.parametrize("header", ["[a-b]", "[1a]", "[]", "[a", "[ a]", "[a ]", "[a] b"])
def test_a_section_has_letters_and_digits_only_and_a_line_of_its_own(header: str) -> None:
    reason = "expected [name], its name of letters and digits only"
    assert refusal(f"{header}\n") == (1, reason)


def test_a_line_without_an_equals_sign_is_invalid() -> None:
    reason = "expected key = value, the key of letters and digits only"
    assert refusal("[boot]\nsystemd\n") == (2, reason)


def test_quotes_are_removed_and_keep_blanks() -> None:
    assert value_of('  " a "b" c "  ') == " a b c "


def test_blanks_around_an_unquoted_value_are_trimmed() -> None:
    assert value_of(" \t a b \t ") == "a b"


def test_the_five_escapes_are_understood_within_and_without_quotes() -> None:
    assert value_of(r"\\ \" \b \n \t") == '\\ " \b \n \t'
    assert value_of(r'"\\ \" \b \n \t"') == '\\ " \b \n \t'


@pytest.mark.parametrize("raw", [r"C:\Users", r'"C:\Users"'])
def test_any_other_escape_is_an_invalid_line(raw: str) -> None:
    reason = r"'\U' is no escape: only \\ \" \b \n \t are"
    assert refusal(f"[boot]\ncommand={raw}\n") == (2, reason)


def test_a_backslash_at_the_end_of_the_file_is_an_invalid_line() -> None:
    reason = r"a backslash at the end of the file is no escape: only \\ \" \b \n \t are"
    assert refusal("[boot]\ncommand=a\\") == (2, reason)


def test_an_unclosed_quote_is_an_invalid_line() -> None:
    assert refusal('[boot]\ncommand="a\nsystemd=true\n') == (2, "a quote is not closed")


def test_a_backslash_at_the_end_of_a_line_continues_it_with_all_its_blanks() -> None:
    assert value_of("a \\\n  b") == "a   b"
    assert value_of('"a \\\n # b"') == "a  # b"


def test_the_first_of_two_values_wins_whatever_their_case() -> None:
    text = "[boot]\nsystemd=true\n[BOOT]\nSYSTEMD=false\n"
    assert WSL.read(text) == {"boot.systemd": "true"}


def test_crlf_is_tolerated() -> None:
    text = "[boot]\r\nsystemd = true\r\n\r\n# c\r\ncommand=\r\n"
    assert WSL.read(text) == {"boot.systemd": "true", "boot.command": ""}


def test_crlf_behind_a_backslash_continues_a_line_on_windows_only() -> None:
    text = "[wsl2]\r\nkernel=a\\\r\nb=c\r\n"
    assert WSL.read(text) == {"wsl2.kernel": "a", "wsl2.b": "c"}
    assert WSLCONFIG.read(text) == {"wsl2.kernel": "ab=c"}


def test_wsl_conf_is_lost_from_a_bad_line_on() -> None:
    with pytest.raises(DialectError) as caught:
        WSL.read("[boot]\nsystemd=true\n; x\n[user]\ndefault=dev\n")
    assert str(caught.value) == (
        "line 3: expected a letter, '[' or '#', not ';'; WSL reads nothing from here on"
    )


def test_wslconfig_goes_on_behind_a_bad_line() -> None:
    text = "[wsl2]\n; x\nmemory=8GB\nswap=\\q\nprocessors=4\n"
    assert WSLCONFIG.read(text) == {"wsl2.memory": "8GB", "wsl2.processors": "4"}


def test_wslconfig_keeps_the_section_behind_a_header_that_names_none() -> None:
    text = "[wsl2]\n[-]\nmemory=8GB\n"
    assert WSLCONFIG.read(text) == {"wsl2.memory": "8GB"}


def test_wslconfig_cuts_the_name_of_a_bad_header_to_the_length_of_the_last() -> None:
    assert WSLCONFIG.read("[wsl2]\n[wsl2old-]\nmemory=8GB\n") == {"wsl2.memory": "8GB"}
    assert WSLCONFIG.read("[wsl2]\n[old-]\nmemory=8GB\n") == {}


def test_a_byte_order_mark_makes_wsl_ignore_wsl_conf_but_not_wslconfig() -> None:
    reason = "the file starts with a byte order mark: WSL ignores the whole file"
    assert refusal("\ufeff[boot]\n") == (1, reason)
    assert WSL.problems("\ufeff[boot]\n") == [Problem(1, reason)]
    assert WSLCONFIG.read("\ufeff[wsl2]\nmemory=8GB\n") == {"wsl2.memory": "8GB"}
    assert WSLCONFIG.edit("\ufeff", {"wsl2.memory": "8GB"}) == "\ufeff[wsl2]\nmemory=8GB\n"


# What is reported


def test_what_wsl_ignores_is_reported_by_line() -> None:
    text = "stray=1\n[boot]\nsystemd=true\nSystemd=false\n; stop\n[user]\n"
    assert WSL.problems(text) == [
        Problem(1, "stray stands before any [section]"),
        Problem(4, "boot.Systemd is ignored: line 3 has set it already"),
        Problem(5, "expected a letter, '[' or '#', not ';'"),
    ]


def test_every_line_that_wslconfig_skips_or_mangles_is_reported() -> None:
    text = "[wsl2]\n; a\nkernel=C:\\\\é\n[\n"
    assert WSLCONFIG.problems(text) == [
        Problem(2, "expected a letter, '[' or '#', not ';'"),
        Problem(3, "WSL mangles the value of wsl2.kernel: it is not plain ASCII"),
        Problem(4, "expected [name], its name of letters and digits only"),
    ]


def test_a_good_file_has_no_problems() -> None:
    assert WSL.problems('[boot]\r\nsystemd=true # é\r\n\r\n[automount]\r\noptions="a"\r\n') == []


# How a file is edited


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
