"""Environments as people write them, from what other programs' documents show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine


def test_braces_of_a_go_template_are_refused_with_the_way_to_write_them(
    place: Place, debian13: Machine
) -> None:
    case = place("go-templates-in-values", debian13)
    said = case.run("plan")
    error = (
        "error: box.yaml:5:21: the template cannot be read: unexpected '.'\n"
        '        log-opts: {tag: "{{.Name}}"}\n'
        "                        ^\n"
        "hint: write {% raw %}{{ }}{% endraw %} for literal braces\n"
    )
    assert (said.code, said.err) == (1, error)
