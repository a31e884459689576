"""Servers on machines that have such servers already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine


def test_a_server_beside_an_older_cluster_needs_a_port_of_its_own(
    place: Place, debian13: Machine
) -> None:
    case = place("postgresql-beside-an-older-cluster", debian13)
    said = case.run("apply", "--yes")
    refused = (
        "error: HOST: PostgreSQL cannot listen: postgresql@17-old.service has the port 5432\n"
        "    wanted by postgresql (box.yaml:4)\n"
        "hint: stop the other program, or choose another port for PostgreSQL\n"
    )
    assert (said.code, said.err) == (1, refused)
    assert case.run("apply", "--yes", "--var", "port=5433").code == 0
    assert case.run("plan", "--var", "port=5433").code == 0
    shown = "for c in old main; do runuser -u postgres -- psql --cluster 17/$c -XAtc "
    shown += '"SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"; done'
    assert debian13.sh(shown) == "kept\npostgres\npostgres\nshop\n"


def test_a_site_comes_beside_another_server_that_has_the_port_of_nginx(
    place: Place, debian13: Machine
) -> None:
    case = place("nginx-where-port-80-is-taken", debian13)
    said = case.run("plan", "--var", "port=80")
    refused = (
        "error: HOST: nginx for docs cannot listen: other.service has the port 80\n"
        "    wanted by nginx (box.yaml:6)\n"
        "hint: stop the other program, or choose another port for nginx for docs\n"
    )
    assert (said.code, said.err) == (1, refused)
    assert case.run("apply", "--yes").code == 0
    assert (case.run("plan").code, case.run("verify").code) == (0, 0)
    assert debian13.sh("systemctl is-active nginx other") == "active\nactive\n"
