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


def test_null_removes_a_key_through_a_layer_between_and_breaks_a_lock(
    place: Place, debian13: Machine
) -> None:
    case = place("null-below-a-middle-layer", debian13)
    assert case.run_here("explain", "docker.daemon").out == (
        "docker.daemon.live-restore = true\n"
        "    base.yaml:2\n"
        'docker.daemon.log-driver = "local"\n'
        "    department.yaml:2\n"
    )
    text = (case.folder / "box.yaml").read_text("utf-8")
    (case.folder / "box.yaml").write_text(text.replace("department", "locked"), "utf-8")
    said = case.run_here("check")
    assert (said.code, said.err) == (
        1,
        (
            "error: box.yaml:3:19: docker.daemon.mtu is locked by locked.yaml:2: the VPN drops "
            "larger packets\n"
            "    docker: {daemon: {mtu: null}}\n"
            "                      ^\n"
            "hint: remove it here; only locked.yaml can lift the lock\n"
        ),
    )


def test_a_list_that_replaces_another_is_told_and_bounded(place: Place, debian13: Machine) -> None:
    case = place("list-that-an-overlay-replaces", debian13)
    assert case.run_here("explain", "docker.daemon").out == (
        'docker.daemon.dns[0] = "1.1.1.1"\n'
        "    box.yaml:3\n"
        'docker.daemon.dns = ["1.1.1.1"]\n'
        "    box.yaml:3\n"
        '    base.yaml:1 says ["10.0.0.2"], which box.yaml hides\n'
    )
    said = case.run_here("check", "--policy", "company.yaml")
    assert (said.code, said.err) == (
        1,
        (
            'error: box.yaml:3:24: docker.daemon.dns lacks "10.0.0.2", which the bound in '
            "company.yaml:3 demands: internal names need it\n"
            "    docker: {daemon: {dns: [1.1.1.1]}}\n"
            "                           ^\n"
            "hint: change the value; only company.yaml can move the bound\n"
        ),
    )
