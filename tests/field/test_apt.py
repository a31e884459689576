"""Apt on machines that have lived: sources of older instructions, keys that are gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from machines.debfiles import publish

if TYPE_CHECKING:
    from field_case import Case, Place
    from machines.machine import Machine, NewMachine
    from machines.repository import Repository
    from machines.server import Server

FOLDER = "/etc/apt/sources.list.d"


def converged(case: Case, repository: Repository) -> str:
    """Apply a case; return the plan that was shown."""
    key = ("--var", f"docker_key={repository.fingerprint}")
    said = case.run("apply", "--yes", *key)
    assert (said.code, said.err) == (0, ""), said
    assert "Nothing to do" in case.run("plan", *key).out
    return said.out


def test_a_line_of_docker_s_older_instructions_goes_and_all_others_stay(
    place: Place, debian13: Machine, repository: Repository
) -> None:
    case = place("docker-list-with-another-key", debian13)
    shown = converged(case, repository)
    assert (
        "  ~ apt-entries:docker  docker (box.yaml:3)\n"
        "      @@ -1 +0,0 @@\n"
        f"      -{FOLDER}/docker.list:1: deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.gpg] "
        "https://download.docker.com/linux/debian trixie stable\n"
    ) in shown
    assert debian13.sh(f"cat {FOLDER}/docker.list") == (
        "# the company's\ndeb [trusted=yes] file:/srv/company ./\n"
    )
    debian13.sh(f"rm {FOLDER}/docker.list")


def test_a_stanza_of_somebody_else_in_docker_sources_stays_byte_for_byte(
    place: Place, debian13: Machine, repository: Repository
) -> None:
    case = place("docker-sources-with-foreign-stanza", debian13)
    before = debian13.sh(f"cat {FOLDER}/docker.sources")
    shown = converged(case, repository)
    assert "      - bm8ga2V5IGF0IGFsbA==\n" in shown
    foreign = before.partition("\n\n")[2]
    after = debian13.sh(f"cat {FOLDER}/docker.sources")
    assert after == (
        "Types: deb\n"
        "URIs: https://download.docker.com/linux/debian\n"
        "Suites: trixie\n"
        "Components: stable\n"
        "Architectures: amd64\n"
        "Signed-By: /etc/apt/keyrings/docker.asc\n"
        f"\n{foreign}"
    )


def test_lines_of_docker_that_apt_cannot_read_go_first(
    place: Place, debian13: Machine, repository: Repository
) -> None:
    case = place("docker-list-cut-short", debian13)
    shown = converged(case, repository)
    taken = [line for line in shown.splitlines() if f"-{FOLDER}/Docker.list:" in line]
    assert [line.partition(": ")[2] for line in taken] == [
        "deb [arch=amd64] https://download.docker.com/linux/debian",
        "deb https://apt.dockerproject.org/repo debian-stretch main",
    ]
    assert debian13.sh(f"ls {FOLDER} | grep -i '^docker.list$' || :") == ""


def test_a_stanza_that_apt_modernized_is_changed_and_the_old_file_stays(
    place: Place, debian13: Machine, repository: Repository
) -> None:
    case = place("docker-sources-modernized", debian13)
    shown = converged(case, repository)
    assert "      -Signed-By: /etc/apt/keyrings/docker.gpg\n" in shown
    debian13.sh(f"test -e {FOLDER}/docker.list.bak && rm {FOLDER}/docker.list.bak")


def test_the_same_repository_in_another_file_is_refused_by_its_line(
    place: Place, debian13: Machine
) -> None:
    case = place("source-with-two-keyrings", debian13)
    said = case.run("plan")
    debian13.sh(f"rm {FOLDER}/deb.sury.org.sources {FOLDER}/example.list")
    assert said.code == 1
    assert said.err == (
        f"error: HOST: apt reads no source at all because of {FOLDER}/example.list:1: apt expects "
        "[NAME=VALUE ...] behind the type; mend it\n"
        f"{FOLDER}/deb.sury.org.sources:3 has the repository of apt-source:sury-php already, with "
        "another key or with none, and apt takes one key for one repository: remove that entry, or "
        "leave the source out of the environment\n"
        "    wanted by packages (box.yaml:4)\n"
        "hint: nothing was changed\n"
    )


def test_a_known_source_takes_the_place_of_what_scripts_and_the_package_wrote(
    place: Place, debian13: Machine, repository: Repository
) -> None:
    repository.publish_package("https://packages.microsoft.com/repos/code", "stable", "code")
    key = "https://packages.microsoft.com/keys/microsoft.asc"
    repository.server.put(key, repository.exported())
    case = place("known-source-twice", debian13)
    broken = debian13.sh("apt-get update 2>&1", check=False)
    assert "E: Conflicting values set for option Signed-By" in broken
    variable = ("--var", f"microsoft_key={repository.fingerprint}")
    said = case.run("apply", "--yes", *variable)
    assert (said.code, said.err) == (0, ""), said
    assert f"-{FOLDER}/vscode.list:1: deb [arch=amd64,arm64,armhf signed-by=" in said.out
    assert "      -Signed-By: /usr/share/keyrings/microsoft.gpg\n" in said.out
    assert "Nothing to do" in case.run("plan", *variable).out
    assert debian13.sh(f"ls {FOLDER}/vscode.*") == f"{FOLDER}/vscode.sources\n"
    debian13.sh(f"apt-get purge -y -qq code; rm {FOLDER}/vscode.sources")


def test_a_mirror_that_is_gone_is_left_for_another_one(place: Place, ubuntu26: Machine) -> None:
    case = place("country-mirror-is-gone", ubuntu26)
    before = ubuntu26.sh(f"cat {FOLDER}/ubuntu.sources")
    shown = case.run("apply", "--yes")
    assert (shown.code, shown.err) == (0, "")
    assert (
        "  ~ apt-archive:ubuntu  packages (box.yaml:5)\n"
        "      @@ -1,5 +1,5 @@\n"
        f"       # {FOLDER}/ubuntu.sources:2\n"
        "       Types: deb\n"
        "      -URIs: http://pt.archive.ubuntu.com/ubuntu/\n"
        "      +URIs: http://deb.debian.org/debian\n"
    ) in shown.out
    assert "Nothing to do" in case.run("plan").out
    assert ubuntu26.sh(f"cat {FOLDER}/ubuntu.sources") == before.replace(
        "http://pt.archive.ubuntu.com/ubuntu/", "http://deb.debian.org/debian"
    )


HOLD = (
    "setsid perl -e \"open F, '+>', shift; "
    "fcntl F, 6, my \\$lock = pack('s s x4 l! l! i x4', 1, 0, 0, 0, 0) or die; sleep 20\" "
    "/var/lib/apt/lists/lock >/dev/null 2>&1 & echo $! >/run/holder"
)
"""Holds the lock as apt does (fcntl, F_SETLK), in a session of its own."""


def test_apply_waits_for_what_holds_the_lists_and_names_it(place: Place, debian13: Machine) -> None:
    case = place("first-minutes-of-a-machine", debian13)
    debian13.sh(f"apt-get purge -y -qq less; {HOLD}")
    said = case.run("apply", "--yes")
    assert (said.code, said.err) == (0, "")
    holder = debian13.sh("cat /run/holder").strip()
    assert re.findall(r"  waiting  (.*)\n", said.out) == [
        f"Could not get lock /var/lib/apt/lists/lock. It is held by process {holder} (perl)"
    ]


def test_what_dpkg_did_not_finish_is_finished_first(place: Place, debian13: Machine) -> None:
    debian13.sh("apt-get purge -y -qq less")
    case = place("dpkg-cut-off", debian13)
    said = case.run("apply", "--yes")
    assert (said.code, said.err) == (0, "")
    assert "Nothing to do" in case.run("plan").out
    assert debian13.sh("dpkg-query -W -f '${db:Status-Abbrev}' less") == "ii "


def test_a_version_by_its_first_number_is_the_newest_that_fits(
    place: Place, new_machine: NewMachine, repository: Repository
) -> None:
    machine = new_machine("debian13")
    case = place("docker-version-pattern", machine)
    text = (case.folder / "box.yaml").read_text("utf-8")
    key = f'fingerprint: "{repository.fingerprint}"'
    (case.folder / "box.yaml").write_text(text.replace("}", f", {key}}}"), "utf-8")
    said = case.run("apply", "--yes", "--no-verify")
    assert (said.code, said.err) == (0, "")
    newest = repository.versions[-1]
    installed = machine.sh("dpkg-query -W -f '${Version}' docker-ce")
    assert installed.startswith(f"5:{newest}")
    assert "Nothing to do" in case.run("plan").out
    (case.folder / "box.yaml").write_text(text.replace('"26.*"}', f'"25.*", {key}}}'), "utf-8")
    refused = case.run("plan")
    assert "25.*" in refused.err + refused.out
    assert newest in refused.err + refused.out


def test_a_file_for_a_newer_release_is_told_with_what_it_lacks_and_nothing_is_left_of_it(
    place: Place, debian13: Machine, server: Server
) -> None:
    debian13.install("ca-certificates")
    case = place("deb-for-a-newer-release", debian13)
    sha256 = publish(server, "2.0", Depends="libasound2t128, sl")
    before = debian13.sh("cat /var/lib/dpkg/status")
    told = "ew-tool : Depends: libasound2t128 but it is not installable"
    assert f"apt says: {told};" in case.run("plan", "--var", f"sha256={sha256}").out
    said = case.run("apply", "--yes", "--var", f"sha256={sha256}")
    assert (said.code, f"E: {told}" in said.out + said.err) == (1, True)
    assert debian13.sh("cat /var/lib/dpkg/status") == before
