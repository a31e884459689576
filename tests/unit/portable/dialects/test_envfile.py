"""Environment files say the same to systemd and to a shell that sources them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fuzz import rounds
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from envwright.portable.dialects import DialectError, Problem, Value, get

ENV = get("env")
GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")


def sourced(shell: str, text: str, names: list[str]) -> dict[str, str]:
    """The variables as a shell has them that sources the file."""
    with TemporaryDirectory() as directory:
        file = Path(directory, "env")
        file.write_bytes(text.encode())
        printed = " ".join(f'"${name}"' for name in names)
        script = f". {file}; printf '%s\\0' {printed}"
        output = subprocess.run([shell, "-c", script], check=True, capture_output=True).stdout
    return dict(zip(names, output.decode().split("\0"), strict=False))


names = st.from_regex(r"\AV[A-Za-z0-9_]{0,6}\Z")
values = st.text(
    st.one_of(
        st.sampled_from([*" \t\n#;'\"\\$`!~*&|<>(){}[]="]),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=12,
)


@pytest.mark.parametrize("shell", ["sh", "bash"])
@given(wanted=st.dictionaries(names, values, min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_a_shell_sources_what_an_edit_wrote(shell: str, wanted: dict[str, str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    text = ENV.edit("# c\nV='old' \n", dict(wanted))
    assert sourced(shell, text, list(wanted)) == wanted
    assert ENV.actual(text, dict(wanted)) == wanted


@given(
    wanted=st.dictionaries(
        names, values.map(lambda value: value.replace("$", "")), min_size=1, max_size=8
    )
)
@settings(max_examples=15, deadline=None)
def test_systemd_reads_what_an_edit_wrote(wanted: dict[str, str]) -> None:
    assert by_systemd(ENV.edit("", dict(wanted)), list(wanted)) == wanted


def by_systemd(text: str, names: list[str]) -> dict[str, str]:
    """The variables that systemd reads in an environment.d, where it passes over empty values."""
    if not GENERATOR.exists():
        pytest.skip("no environment.d generator of systemd here")
    with TemporaryDirectory() as home:
        directory = Path(home, ".config", "environment.d")
        directory.mkdir(parents=True)
        (directory / "a.conf").write_bytes(text.encode())
        run = subprocess.run([GENERATOR], env={"HOME": home}, check=True, capture_output=True)
    return sourced("bash", dollar_quoted(run.stdout.decode()), names)


pieces = st.sampled_from(
    [
        "a",
        "b c",
        " ",
        "\t",
        "'x y'",
        '"q \\" r"',
        '"two\nlines"',
        "\\\\",
        "\\ ",
        "\\\n",
        "#",
        ";",
        "=",
        "'",
        "é",
    ]
)
assignments = st.builds(
    "{}{}={}".format,
    st.sampled_from(["", "", " ", "export "]),
    st.sampled_from(["V1", "V2", "V2", "V3 ", "1V", ""]),
    st.lists(pieces, max_size=4).map("".join),
)
lines = assignments | st.sampled_from(["", "  ", "# c", "; c", " # c", "junk", "V1"])
# Before 254 systemd takes a comment that ends in a backslash on to the next line (see `problems`).
files = st.builds(
    lambda chosen, ending: ending.join(chosen),
    st.lists(lines, max_size=5),
    st.sampled_from(["\n", "\n", "\r\n"]),
)


@given(text=files)
@settings(max_examples=rounds(usual=100, full=3_000), deadline=None)
def test_systemd_reads_every_file_as_we_do(text: str) -> None:
    names = ["V1", "V2", "V3"]
    try:
        found = ENV.read(text)
    except DialectError:
        # systemd takes what is left open up to the end of the file for a value; to go on there
        # would be to write into that value.
        return
    assume("" not in found.values())
    assert by_systemd(text, names) == {name: found.get(name, "") for name in names}


def dollar_quoted(output: str) -> str:
    """systemd prints VAR="..." with C escapes (or $'...'), which bash takes as $'...'."""
    lines = []
    for line in output.split("\n"):
        name, _, value = line.partition("=")
        if value.startswith('"'):
            value = value[1:-1].replace("'", "\\'").replace("\\`", "`").replace("\\$", "$")
        if not value.startswith("$'"):
            value = f"$'{value}'"  # a bare ~ would be a home directory to bash
        lines.append(f"{name}={value}\n")
    return "".join(lines)


def test_systemd_s_rules_of_quotes_escapes_and_blanks_are_read() -> None:
    text = (
        "# c\n; d\n\nA=b c  \n  B = \"x y\" 'z'w \nC=a\"b\"\nD='it''s'\nE=a\\ \n"
        'F="a\\$b\\x\\`\\"q"\nG=cont\\\ninued\nH="multi\nline"\nI=a#b ;c\nJ=\n'
    )
    assert ENV.read(text) == {
        "A": "b c",
        "B": "x yzw",
        "C": 'a"b"',
        "D": "its",
        "E": "a ",
        "F": 'a$b\\x`"q',
        "G": "continued",
        "H": "multi\nline",
        "I": "a#b ;c",
        "J": "",
    }


def test_crlf_and_a_missing_final_newline_are_read_and_kept() -> None:
    assert ENV.read("A=1\r\nB=2") == {"A": "1", "B": "2"}
    assert ENV.edit("A=1\r\nB=2", {"A": "x", "C": "y"}) == "A=x\r\nB=2\r\nC=y"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("/usr/bin:/bin", "/usr/bin:/bin"),
        ("", ""),
        ("a b", '"a b"'),
        ("~/go", '"~/go"'),
        ("a#b", '"a#b"'),
        ('"\\`$', '"\\"\\\\\\`\\$"'),
        ("a\nb", '"a\nb"'),
        (8080, "8080"),
    ],
)
def test_a_value_is_quoted_where_it_needs_it(value: Value, written: str) -> None:
    assert ENV.edit("", {"KEY": value}) == f"KEY={written}\n"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("A-B", "x", "'A-B' is no name of a variable"),
        ("1A", "x", "'1A' is no name of a variable"),
        ("A\n", "x", "'A\\n' is no name of a variable"),
        ("A", True, "A: a variable is a string or a whole number"),
        ("A", "a\0", "'a\\x00' cannot be written: it contains '\\x00'"),
        ("A", "\udcff", "A: systemd refuses a value that is not UTF-8"),
    ],
)
def test_what_cannot_be_read_back_is_refused(key: str, value: Value, reason: str) -> None:
    with pytest.raises(DialectError) as caught:
        ENV.edit("", {key: value})
    assert str(caught.value) == reason


def test_of_a_variable_that_is_set_twice_the_last_counts() -> None:
    text = "A=1\nB=2\nA=3\n"
    assert ENV.read(text) == {"A": "3", "B": "2"}
    assert ENV.edit(text, {"A": "x"}) == "A=1\nB=2\nA=x\n"
    assert ENV.edit(text, {"A": None}) == "B=2\n"


def test_a_value_that_the_file_quotes_otherwise_changes_no_byte() -> None:
    text = "A='a b'\nB = \"8\"\n"
    assert ENV.edit(text, {"A": "a b", "B": 8}) == text
    assert ENV.actual(text, {"A": "a b", "B": 8, "C": "x"}) == {"A": "a b", "B": 8}


def test_an_edited_line_can_be_sourced_whatever_it_was() -> None:
    assert ENV.edit("  A = b\\\n c # d\nB=1\n", {"A": "x"}) == "  A=x\nB=1\n"


def test_an_exported_variable_is_no_variable_of_systemd_and_stays() -> None:
    assert ENV.edit("export A=1\n", {"A": "2"}) == "export A=1\nA=2\n"


@pytest.mark.parametrize("text", ["B=1\nA='x\ny\n", 'B=1\nA="x\\"\n', "B=1\nA=x\\"])
def test_a_quote_or_an_escape_that_is_left_open_is_refused(text: str) -> None:
    reason = "a quote is not closed, or the file ends in a backslash"
    for attempt in (lambda: ENV.read(text), lambda: ENV.edit(text, {"B": "2"})):
        with pytest.raises(DialectError) as caught:
            attempt()
        assert (caught.value.line, caught.value.reason) == (2, reason)
    assert ENV.problems(text) == [Problem(2, reason)]


@pytest.mark.parametrize("text", ["A=b\\\n", "# c\\\n"])
def test_a_new_line_is_not_taken_up_by_one_that_goes_on(text: str) -> None:
    assert ENV.edit(text, {"NEW": "x"}) == f"{text}\nNEW=x\n"


def test_what_systemd_ignores_and_a_shell_reads_otherwise_is_reported() -> None:
    otherwise = "a shell reads this value otherwise: put it in double quotes"
    text = (
        "junk\nexport A=1\nB =1\nC=a b\nD=$HOME\nE=~/x\nF=a\"b\"\nG='$x' \nH=\udcff\n"
        '# c\\\nI="# c\\\\\n"\n'
    )
    assert ENV.problems(text) == [
        Problem(1, "systemd ignores a line without '='"),
        Problem(2, "systemd ignores 'export A': it is no name of a variable"),
        Problem(3, "a shell takes no blank before '='"),
        Problem(4, otherwise),
        Problem(5, otherwise),
        Problem(6, otherwise),
        Problem(7, otherwise),
        Problem(9, "systemd refuses the file: the value is not UTF-8"),
        Problem(
            10, "systemd before 254 takes the next line into this comment: it ends in a backslash"
        ),
    ]
    assert ENV.problems("A=1\nB=2\r\n") == [
        Problem(2, "a shell takes the carriage return into the value")
    ]
    assert ENV.problems("# ok\nA=\"a b\"\nB='c'\nC=d/e:f\n") == []
