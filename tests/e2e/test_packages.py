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


def test_an_answer_is_there_when_the_package_asks(box: Box) -> None:
    answer = "debconf: {iperf3: {iperf3/start_daemon: true}}"
    applied(box, f"packages: {{install: [iperf3], hold: [less], {answer}}}\n")
    state = "systemctl is-enabled iperf3; apt-mark showhold"
    assert box.machine.sh(state) == "enabled\nless\n"
    assert failed(box) == {}
    shown = applied(box, "packages: {debconf: {iperf3: {iperf3/start_daemon: false}}}\n")
    assert "  ~ command:debconf iperf3/start_daemon of iperf3" in shown
    assert box.machine.sh("systemctl is-enabled iperf3 || :") == "disabled\n"
    box.machine.sh("apt-mark unhold less; apt-get purge -y -qq iperf3 less")


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
    box.machine.sh(f'setsid perl -e "{HOLD}" {lock} 20 >/dev/null 2>&1 & echo $! >/run/holder')
    box.write("packages: [sl]\n")
    said = box.run("apply", "--yes", "--no-verify")
    assert (said.code, said.err) == (0, "")
    found = re.findall(r"  waiting  (.*)\n", said.out)
    holder = box.machine.sh("cat /run/holder").strip()
    assert found == [f"Could not get lock {lock}. It is held by process {holder} (perl)"]


UNPACKED = "cd /tmp && apt-get download -qq less && dpkg --unpack less_*.deb && rm less_*.deb"
KILLED = """\
apt-get install -y -qq --no-install-recommends bind9-dnsutils less >/dev/null 2>&1 & apt=$!
until found=$(pgrep -f '^/usr/bin/dpkg .*--(unpack|configure)') || ! kill -0 $apt; do :; done
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


def failed(box: Box) -> dict[str, str]:
    """The failed checks of verify, with what each says."""
    said = box.run("verify")
    found = re.findall(r"^  failed  (.*)\n((?:      .*\n)*)", said.out, re.MULTILINE)
    return {name: reason.replace("      ", "") for name, reason in found}


def test_a_program_that_is_gone_is_told_and_comes_back(box: Box) -> None:
    applied(box, "packages: [less]\n")
    box.machine.sh("rm /usr/bin/less /usr/bin/lessecho")
    assert failed(box).keys() == {
        "package:less",
        "the programs of the packages are as they were installed",
    }
    shown = applied(box, "packages: [less]\n")
    assert "  ~ package:less  packages (box.yaml:2)\n" in shown
    assert re.search(r"programs: /usr/bin/less\S* /usr/bin/less\S* missing -> there\n", shown)
    assert failed(box) == {}


OWN = "the programs of the packages are as they were installed"
REMEDY = (
    "hint: `apt-get install --reinstall` with the package's name brings its files back; "
    "`dpkg-divert --remove` and `update-alternatives --remove` end what others set up\n"
)


@pytest.mark.parametrize(
    ("change", "told", "back"),
    [
        (
            "echo other >/usr/bin/less",
            "/usr/bin/less is not the file that the package brought\n",
            "apt-get install -y -qq --reinstall less",
        ),
        (
            (
                "dpkg-divert --local --rename --divert /usr/bin/less.real --add /usr/bin/less && "
                "ln -s /bin/cat /usr/bin/less"
            ),
            "/usr/bin/less is diverted to /usr/bin/less.real by hand\n",
            "rm /usr/bin/less && dpkg-divert --local --rename --remove /usr/bin/less",
        ),
        (
            "update-alternatives --force --install /usr/bin/less less /bin/cat 1",
            "/usr/bin/less is not the file that the package brought, but a link to /usr/bin/cat\n",
            "update-alternatives --remove-all less && apt-get install -y -qq --reinstall less",
        ),
    ],
)
def test_a_program_that_others_replaced_is_told(
    change: str, told: str, back: str, box: Box
) -> None:
    applied(box, "packages: [less]\n")
    box.machine.sh(change)
    try:
        assert failed(box) == {OWN: told + REMEDY}
    finally:
        box.machine.sh(back)
    assert failed(box) == {}


def test_a_package_of_another_architecture_is_not_the_machine_s_own(box: Box) -> None:
    control = "Package: hello\\nVersion: 1\\nArchitecture: i386\\nMaintainer: n <n@example.invalid>"
    box.machine.sh(
        "apt-get purge -y -qq hello; dpkg --add-architecture i386; folder=$(mktemp -d); "
        f"mkdir $folder/DEBIAN; printf '{control}\\nDescription: n\\n' >$folder/DEBIAN/control; "
        "dpkg-deb -b $folder /tmp/hello.deb && dpkg -i /tmp/hello.deb"
    )
    try:
        box.write("packages: [hello]\n")
        assert failed(box).keys() == {"package:hello"}
        assert box.refuses("packages: [hello]\n", "plan") == (
            "error: HOST: apt would also remove hello:i386 1, which the environment does not "
            "name; remove it by hand: `apt-get remove hello:i386`\n"
            "hint: nothing was changed\n"
        )
    finally:
        box.machine.sh("dpkg -P hello:i386; dpkg --remove-architecture i386")


SOURCE = """\
packages:
  sources:
    docker:
      url: {url}
      components: [stable]
      key: {{url: {key_url}, fingerprint: {fingerprint}}}
"""


def source(repository: Repository) -> str:
    """An environment with the repository alone."""
    key = {"key_url": repository.key_url, "fingerprint": repository.fingerprint}
    return SOURCE.format(url=repository.url("debian"), **key)


POLICY = "hint: `apt-cache policy` and `apt-get update` on the machine tell more\n"


def test_a_source_from_which_preferences_keep_apt_is_told(box: Box, repository: Repository) -> None:
    url = repository.url("debian")
    box.machine.sh("rm -f /etc/apt/sources.list.d/docker.sources")
    applied(box, source(repository))
    pin = "Package: *\nPin: origin download.docker.com\nPin-Priority: -1\n"
    box.machine.put("/etc/apt/preferences.d/company", pin)
    try:
        assert failed(box) == {
            "apt takes packages from docker": (
                f"apt takes nothing from {url}: preferences give it the priority -1\n"
                f"/etc/apt/preferences.d/company\n{POLICY}"
            )
        }
    finally:
        box.machine.sh("rm /etc/apt/preferences.d/company")


def test_a_key_that_the_publisher_replaced_is_told(box: Box, repository: Repository) -> None:
    box.write(source(repository))
    folder = repository.server.root / "download.docker.com/linux/debian/dists/trixie"
    signed = (folder / "InRelease").read_bytes()
    repository.sign_otherwise(folder)
    try:
        (told,) = failed(box).items()
    finally:
        (folder / "InRelease").write_bytes(signed)
    assert told[0] == "apt accepts what the server of docker signs now"
    assert f"Missing key {repository.other_fingerprint}" in told[1]
    with repository.server.fault("/dists/", "status:503"):
        assert "503" in failed(box)["apt accepts what the server of docker signs now"]
    assert failed(box) == {}


@pytest.mark.parametrize(
    ("name", "field", "year", "told", "hint"),
    [
        (
            "early",
            "Date",
            2999,
            "is not valid yet (invalid for another",
            (
                "the machine's clock is behind, or the server's is ahead: `date` on the machine "
                "tells; "
                "`timedatectl set-ntp true` sets it, under WSL `wsl --shutdown` in Windows does"
            ),
        ),
        (
            "late",
            "Valid-Until",
            2001,
            "is expired (invalid since",
            (
                "the machine's clock is ahead (`date` on the machine tells), or nobody keeps the "
                "source up to date any more: ask who publishes it"
            ),
        ),
    ],
)
def test_a_list_of_another_time_is_told_with_the_clock(  # noqa: PLR0913, PLR0917 - a row
    name: str, field: str, year: int, told: str, hint: str, box: Box, repository: Repository
) -> None:
    url = f"https://files.envwright.test/{name}"
    repository.publish_empty(url, **{field: f"Fri, 01 Mar {year} 10:00:00 UTC"})
    key = f"key: {{url: {repository.key_url}, fingerprint: {repository.fingerprint}}}"
    said = box.refuses(f"packages: {{sources: {{x: {{url: {url}, suites: [./], {key}}}}}}}\n")
    assert f"E: Release file for {url}/./InRelease {told}" in said
    assert said.endswith(f"hint: {hint}\n")


@pytest.mark.parametrize("folder", ["/var/cache/apt/archives", "/usr"])
def test_a_disk_that_is_too_small_is_told_by_plan(folder: str, box: Box) -> None:
    box.machine.sh("apt-get purge -y -qq cowsay perl; apt-get clean", check=False)
    # The disk is the folder's own contents, and as good as full.
    box.machine.sh(
        f"mkdir -p /mnt/disk && mount -t tmpfs none /mnt/disk && cp -a {folder}/. /mnt/disk && "
        f"mount -o remount,size=$(($(du -sk /mnt/disk | cut -f 1) + 64))k /mnt/disk && "
        f"mount --move /mnt/disk {folder}"
    )
    try:
        said = box.refuses("packages: [cowsay]\n", "plan")
    finally:
        box.machine.sh(f"umount --lazy {folder}")
    assert re.fullmatch(
        rf"error: HOST: apt needs about [0-9.]+ MiB on the disk of {folder}, and 0[.][01] MiB are "
        "free there; make room: `df -h` shows the disks, and `apt-get clean` on the machine "
        "removes archives that apt has kept\nhint: nothing was changed\n",
        said,
    )
