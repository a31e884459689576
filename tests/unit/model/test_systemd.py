"""systemd: what is written is what systemd reads, whatever is in it."""

from __future__ import annotations

import pytest

from envwright.model import systemd


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a b", '"a b"'),
        ('say "no"', r'"say \"no\""'),
        ("C:\\x", r'"C:\\x"'),
        ("100%", '"100%%"'),
        ("$HOME", '"$HOME"'),
    ],
)
def test_a_text_is_one_word_in_which_nothing_means_anything(text: str, written: str) -> None:
    assert systemd.quoted(text) == written


def test_environment_d_expands_no_variable() -> None:
    assert systemd.unexpanded('$A `b` "c" \\') == r"\$\$A \`b\` \"c\" \\"


def test_variables_stand_on_one_line() -> None:
    assert systemd.assignments({"A": "1 2", "B": "50%"}) == '"A=1 2" "B=50%%"'


def test_a_command_expands_no_variable() -> None:
    assert systemd.command(["/bin/echo", "$HOME", "%h"]) == '"/bin/echo" "$$HOME" "%%h"'


def test_a_line_without_quotes_has_no_specifier() -> None:
    assert systemd.plain("/srv/100%") == "/srv/100%%"
