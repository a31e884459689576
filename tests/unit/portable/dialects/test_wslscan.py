"""The rules of WSL's parser, one by one, and what is reported of a file."""

from __future__ import annotations

import pytest

from envwright.portable.dialects import DialectError, Problem, Value, get

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
