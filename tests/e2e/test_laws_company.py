"""The laws, for what a company asks of every machine, on a Debian 13 that boots systemd."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from effects import COMPANY, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, converge, drift
from machines.proxy import Proxy
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.engine import Network
    from machines.machine import Machine

SERVER = "openssl s_server -quiet -www -accept 4433 -cert /root/server.pem"


@pytest.fixture(scope="module")
def proxy(engine: Network) -> Iterator[Proxy]:
    """A proxy that the machines reach."""
    with Proxy(engine.gateway).running() as running:
        yield running


@pytest.fixture(scope="module")
def bare(debian13: Machine, proxy: Proxy) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    variables = {"proxy": proxy.url}
    with workstation(debian13, law_environment("company"), variables=variables) as opened:
        yield opened


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The same machine, applied to once; red before, as law 3 wants it."""
    converge(bare)
    chain = law_environment("company").with_name("company-server.pem").read_text("utf-8")
    bare.machine.put("/root/server.pem", chain)
    bare.machine.sh(f"systemd-run --quiet {SERVER}")
    return bare


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    results = {r.id: f"{r.outcome}: {r.reason}" for r in converged.verify()}
    assert {id_: said for id_, said in results.items() if not said.startswith("passed")} == {
        "Java trusts the authorities": "skipped: there is no Java here",
        "the Docker daemon goes by the proxy": "skipped: no Docker runs here",
    }


def test_apt_went_by_the_proxy_from_its_first_fetch_on(
    converged: Workstation, proxy: Proxy
) -> None:
    hosts = {host for method, host in proxy.requests if method == "GET"}
    assert "deb.debian.org" in hosts
    # What apt fetches is written to its lists; all of it came by the proxy.
    lists = converged.machine.sh("ls /var/lib/apt/lists | grep -c InRelease")
    assert int(lists) <= sum(host == "deb.debian.org" for _, host in proxy.requests)


FETCHES = {
    "curl": "curl -sS -o /dev/null http://HOST/",
    "wget": "wget -q -O /dev/null http://HOST/",
    "sudo": "sudo curl -sS -o /dev/null http://HOST/",
    "python3": "python3 -c 'import urllib.request as u; u.urlopen(\"http://HOST/\")'",
}


@pytest.mark.parametrize("program", FETCHES)
def test_a_program_in_a_login_shell_goes_by_the_proxy(
    converged: Workstation, proxy: Proxy, program: str
) -> None:
    before = len(proxy.requests)
    command = FETCHES[program].replace("HOST", "deb.debian.org")
    converged.machine.sh(f"su - root -c {shlex.quote(command)}")
    assert proxy.requests[before:] == [("GET", "deb.debian.org")]
    # What is direct does not go there, and nobody answers.
    own = FETCHES[program].replace("HOST", "direct.example.test")
    converged.machine.sh(f"! su - root -c {shlex.quote(own)} 2>/dev/null")
    assert proxy.requests[before + 1 :] == []


def test_a_file_of_apt_that_wins_over_the_proxy_is_named(
    converged: Workstation, proxy: Proxy
) -> None:
    other = "/etc/apt/apt.conf.d/99proxy"
    line = 'Acquire::http::Proxy "http://old.example.test:1";'
    converged.machine.sh(f"echo {shlex.quote(line)} > {other}")
    (fault,) = (r for r in converged.verify() if r.id == "apt goes by the proxy")
    converged.machine.sh(f"rm {other}")
    said = f"http: http://old.example.test:1\nhttps: {proxy.url}\n{other}:1:{line}\n"
    hint = "hint: remove the setting from the file that is named"
    assert (fault.outcome, fault.reason) == ("failed", f"{said}{hint}")


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    # Other laws break files of variables and packages. Here ca-certificates comes by itself, before
    # the others, and apt installs nothing while dpkg alone took away what others depend on.
    # ssh.service has KillMode=process: stopped while it starts, it leaves an sshd behind that keeps
    # the port, and rounds of breaks come close together. Law 12 breaks sshd below, one by one.
    assert drift(converged, without=("/50-envwright-", "package:", "service:ssh.service")) == []


@pytest.mark.parametrize(("capability", "effect"), rows(COMPANY), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)
