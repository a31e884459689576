"""Packages: apt does what the plan shows, and nothing of what nobody named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from box import Box

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine
    from machines.repository import Repository

HOLD = (
    "open F, '+>', shift; "
    "fcntl F, 6, my \\$lock = pack('s s x4 l! l! i x4', 1, 0, 0, 0, 0) or die; sleep shift"
)
"""Perl that holds a lock as apt does (fcntl, F_SETLK): a file and seconds."""


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    return Box(debian13, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def lists(debian13: Machine) -> None:
    """The machine has apt's lists."""
    debian13.install("ca-certificates", "jq")


def installed(machine: Machine) -> set[str]:
    return set(machine.sh("dpkg-query -W -f '${db:Status-Abbrev}${Package}\\n'").splitlines())


def applied(box: Box, environment: str) -> str:
    """Apply an environment; return the plan that was shown, without its first and last line."""
    box.write(environment)
    said = box.run("apply", "--yes")
    assert (said.code, said.err) == (0, ""), said
    assert "Nothing to do" in box.run("plan").out
    return said.out.partition("\n\n")[2].partition("\n\nPlan:")[0]


def test_a_name_that_nobody_knows_is_refused_and_no_expression(box: Box) -> None:
    told = (
        "apt knows no package '{}'; `apt-cache search` finds names, and `apt-get update` on the "
        "machine gets the newest ones"
    )
    names = ("cowsa.", "node.js", "sl+")
    lines = "\n".join(f"HOST: {told.format(name)}" for name in names)
    for verb in ("plan", "apply"):
        said = box.refuses("packages: [cowsa., sl+, node.js, sl]\n", verb)
        assert said == f"error: {lines}\nhint: nothing was changed\n"


def test_what_nobody_named_is_not_removed_and_what_is_named_is(box: Box) -> None:
    assert re.sub(r"jq [0-9]\S*,", "jq 1,", box.refuses("packages: {absent: [libjq1]}\n")) == (
        "error: HOST: apt would also remove jq 1, which the environment does not name; to agree, "
        "name it in `packages: {absent: [jq]}`\n"
        "hint: nothing was changed\n"
    )
    assert "libjq1" in applied(box, "packages: {absent: [libjq1, jq]}\n")


def test_apt_does_what_the_plan_shows_and_nothing_else(box: Box) -> None:
    before = installed(box.machine)
    shown = applied(box, "packages: [cowsay]\n")
    along = re.findall(r"and to install with that, \d+: (.*)", shown)
    new = {line.removeprefix("ii ") for line in installed(box.machine) - before}
    assert new == {"cowsay", *", ".join(along).split(", ")} - {""}


def test_a_virtual_package_is_there_when_its_provider_is(box: Box) -> None:
    shown = applied(box, "packages: [dnsutils]\n")
    assert "bind9-dnsutils" in shown
    assert "note: dnsutils is a virtual package: another one that apt installs provides it" in shown


def test_a_package_on_hold_is_told(box: Box) -> None:
    box.machine.install("less")
    box.machine.sh("apt-mark hold less")
    assert box.refuses("packages: {absent: [less]}\n") == (
        "error: HOST: less is on hold, and apt would remove it; `apt-mark unhold less` on the "
        "machine lets it\n"
        "hint: nothing was changed\n"
    )
    box.machine.sh("apt-mark unhold less")


def test_the_newest_version_that_a_pattern_fits_is_chosen(box: Box, repository: Repository) -> None:
    source = (
        "packages:\n"
        "  sources:\n"
        "    docker:\n"
        f"      url: {repository.url('debian')}\n"
        "      components: [stable]\n"
        f"      key: {{url: {repository.key_url}, fingerprint: {repository.fingerprint}}}\n"
    )
    mark = "~debian.13~trixie"
    applied(box, f"{source}  install: ['docker-ce-cli=5:26.1.*']\n")
    version = "dpkg-query -W -f '${Version}' docker-ce-cli"
    assert box.machine.sh(version) == f"5:26.1.5-1{mark}"
    shown = applied(box, f"{source}  install: ['docker-ce-cli=5:26.1.4*']\n")
    assert f"version: 5:26.1.5-1{mark} -> 5:26.1.4-1{mark}" in shown
    assert box.machine.sh(version) == f"5:26.1.4-1{mark}"
    box.write(f"{source}  install: ['docker-ce-cli=5:27.*']\n")
    assert (
        f"note: docker-ce-cli: apt offers 5:26.1.5-1{mark}, 5:26.1.4-1{mark}, and no version "
        "5:27.*; apply looks again after `apt-get update`\n"
    ) in box.run("plan").out


@pytest.mark.parametrize("lock", ["/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend"])
def test_a_lock_is_waited_for_and_its_holder_named(box: Box, lock: str) -> None:
    box.machine.sh("apt-get purge -y -qq sl")
    # In a session of its own: what is left of a `docker exec` is ended with it.
    box.machine.sh(f'setsid perl -e "{HOLD}" {lock} 60 >/dev/null 2>&1 & echo $! >/run/holder')
    box.write("packages: [sl]\n")
    said = box.run("apply", "--yes", "--no-verify")
    assert (said.code, said.err) == (0, "")
    found = re.findall(r"  waiting  (.*)\n", said.out)
    holder = box.machine.sh("cat /run/holder").strip()
    assert found == [f"Could not get lock {lock}. It is held by process {holder} (perl)"]


UNPACKED = "cd /tmp && apt-get download -qq less && dpkg --unpack less_*.deb && rm less_*.deb"
KILLED = """\
apt-get install -y -qq --no-install-recommends bind9-dnsutils less >/dev/null 2>&1 & apt=$!
until found=$(pgrep -f '^/usr/bin/dpkg .*--(unpack|configure)'); do :; done
sleep {}; kill -9 $found $apt
"""


INTERRUPTED = (
    "grep -E '^Status: .* (half-|unpacked|triggers-)' /var/lib/dpkg/status; "
    "ls /var/lib/dpkg/updates | grep '^[0-9]'"
)
"""Prints what dpkg did not finish; its --audit also tells what is merely odd about a package."""


@pytest.mark.parametrize(
    "interrupts", [[UNPACKED], [KILLED.format(delay) for delay in ("0", "0.05", "0.1", "0.2") * 3]]
)
def test_what_dpkg_was_interrupted_in_is_finished(interrupts: list[str], box: Box) -> None:
    for interrupt in interrupts:
        box.machine.sh("apt-get purge -y -qq bind9-dnsutils less", check=False)
        box.machine.sh(interrupt, check=False)
        # A kill may come when dpkg is between two packages.
        if box.machine.sh(INTERRUPTED, check=False):
            break
    assert box.machine.sh(INTERRUPTED, check=False)
    shown = applied(box, "packages: [less]\n")
    assert "  ~ command:dpkg --configure -a\n      value: interrupted: " in shown
    assert box.machine.sh(INTERRUPTED, check=False) == ""
