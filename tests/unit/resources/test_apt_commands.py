"""The commands for apt, run beside an apt-get that says what a test lets it say."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.model.forecast import Forecast, SideEffect
from envwright.resources import apt_commands
from envwright.resources.apt_commands import finish, guard, update
from envwright.resources.package import Package

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = [
    Package(package="jq"),
    Package(package="curl", version="8.*"),
    Package(package="nano", present=False),
]
WORDS = ["jq:native", "curl:native=8.*", "nano:native-"]
NAMED = """\
Remv nano [8.4-1]
Inst jq (1.7-1 Debian:13/stable [amd64])
Inst curl [8.14-2] (8.14-1 Debian:13/stable [amd64])
"""


def apt_get(folder: Path, script: str) -> None:
    stand_in = folder / "apt-get"
    stand_in.write_text(f'#!/bin/sh\necho "$*" >>{folder}/words\n{script}', "utf-8")
    stand_in.chmod(0o755)


@pytest.fixture(autouse=True)
def known(tmp_path: Path) -> None:
    """dpkg knows nano, and no other package."""
    query = tmp_path / "dpkg-query"
    query.write_text('#!/bin/sh\n[ "$*" = "-W -- nano" ]\n', "utf-8")
    query.chmod(0o755)


def shell(folder: Path, command: str) -> tuple[int, str, str]:
    script = f"PATH={folder}:$PATH; {command}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg compares versions; it is not here")
@pytest.mark.parametrize(
    ("forecast", "said", "told"),
    [
        (None, NAMED, ""),
        (Forecast(), NAMED, ""),
        (None, f"{NAMED}Inst libjq1 (1.7-1 Debian [amd64])\n", ""),
        (Forecast(known=False), f"{NAMED}Inst libc6 [2-1] (2-2 Debian [amd64])\n", ""),
        (
            Forecast((SideEffect("install", "libjq1", "", "1.6"),)),
            f"{NAMED}Inst libjq1 (1.7-1 Debian [amd64])\n",
            "",
        ),
        (
            Forecast(),
            f"{NAMED}Inst libjq1 (1.7-1 Debian [amd64])\n",
            "E: apt would also install libjq1, which the plan did not show\n",
        ),
        (
            None,
            f"{NAMED}Remv gojq [1.0]\nInst jo [2] (1 Debian [amd64])\n",
            (
                "E: apt would also remove gojq, which the environment does not name\n"
                "E: apt would also downgrade jo, which the environment does not name\n"
            ),
        ),
        (
            None,
            "Remv jq [1.0]\n",
            "E: apt would also remove jq, which the environment does not name\n",
        ),
        (
            None,
            "Inst jq [2] (1 Debian [amd64])\n",
            "E: apt would also downgrade jq, which the environment does not name\n",
        ),
        (
            None,
            "Package jq is a virtual package provided by:\n  gojq 1.0\n\nE: It is bad.\n",
            "    jq is provided by gojq\nE: It is bad.\n",
        ),
    ],
)
def test_apt_is_kept_from_what_the_plan_did_not_show(
    tmp_path: Path, forecast: Forecast | None, said: str, told: str
) -> None:
    (tmp_path / "said").write_text(said, "utf-8")
    apt_get(tmp_path, f"cat {tmp_path}/said\n")
    command = guard(PACKAGES, WORDS, forecast, "--no-install-recommends")
    code, out, err = shell(tmp_path, command)
    lines = "".join(f"{line.rstrip()}\n" for line in err.splitlines())
    assert (code, out, lines) == (100 if told else 0, "", told)
    assert (tmp_path / "words").read_text("utf-8") == (
        "--simulate -q -o APT::Cmd::Pattern-Only=true install --no-install-recommends "
        "jq:native curl:native=8.* nano:native-\n"
    )


def test_what_is_not_there_needs_no_removal(tmp_path: Path) -> None:
    apt_get(tmp_path, "echo 'E: Unable to locate package.' >&2; exit 100\n")
    gone = [Package(package="jq", present=False)]
    assert shell(tmp_path, guard(gone, ["jq:native-"], None, "--no-install-recommends"))[0] == 0
    assert not (tmp_path / "words").exists()


LOCKED = (
    "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)\n"
    "E: Unable to lock directory /var/lib/apt/lists/\n"
)


def test_the_lock_of_the_lists_is_waited_for_with_a_line_that_says_who_holds_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "said").write_text(LOCKED, "utf-8")
    apt_get(
        tmp_path, f"rm {tmp_path}/said 2>/dev/null || exit 0\nprintf '{LOCKED}' >&2; exit 100\n"
    )
    assert shell(tmp_path, update()) == (
        0,
        (
            "Waiting for cache lock: Could not get lock /var/lib/apt/lists/lock. "
            "It is held by process 7 (apt-get)\n"
        ),
        "",
    )
    assert len((tmp_path / "words").read_text("utf-8").splitlines()) == 2


def test_the_wait_for_the_lists_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt_commands, "LOCK_SECONDS", 0)
    apt_get(tmp_path, f"printf '{LOCKED}' >&2; exit 100\n")
    assert shell(tmp_path, update()) == (100, "", LOCKED)


def test_what_is_no_lock_is_not_waited_for(tmp_path: Path) -> None:
    apt_get(tmp_path, "echo 'E: No network.' >&2; exit 100\n")
    assert shell(tmp_path, update("-o A=b")) == (100, "", "E: No network.\n")
    options = apt_commands.OPTIONS.removesuffix(" ${EW_STATUS-}")
    assert (tmp_path / "words").read_text("utf-8") == (
        f"update -qq {options} -o APT::Update::Error-Mode=any -o A=b\n"
    )


def test_an_update_tells_how_far_it_is_to_whoever_looks(tmp_path: Path) -> None:
    apt_get(tmp_path, 'case "$*" in *APT::Status-Fd=1*) echo dlstatus:1:50:Half ;; esac\n')
    looked = f"EW_STATUS='-o APT::Status-Fd=1'; {update()}"
    assert shell(tmp_path, looked) == (0, "dlstatus:1:50:Half\n", "")


STATUS = "Package: a\nStatus: install ok {}\n\n"


def finishing(folder: Path, states: list[str], apt_script: str) -> tuple[int, str, str]:
    """Finish beside stand-ins: each run of dpkg or apt-get brings the status to the next state."""
    for number, state in enumerate(states):
        (folder / f"status.{number}").write_text(STATUS.format(state), "utf-8")
    (folder / "status").write_text(STATUS.format("unpacked"), "utf-8")
    (folder / "next").write_text("0", "utf-8")
    advance = (
        f"n=$(cat {folder}/next); cp {folder}/status.$n {folder}/status; "
        f"echo $((n + 1)) >{folder}/next\n"
    )
    (folder / "dpkg").write_text(f'#!/bin/sh\necho "dpkg $*" >>{folder}/words\n{advance}', "utf-8")
    status = f"$(sed -n 's/^Status: .* //p' {folder}/status)"
    query = "#!/bin/sh\ncase $* in\n*Eflag*) printf 'reinstreq\\ta\\n' ;;\n"
    query += f"*) printf '%s\\ta\\n' \"{status}\" ;;\nesac\n"
    (folder / "dpkg-query").write_text(query, "utf-8")
    for name in ("dpkg", "dpkg-query"):
        (folder / name).chmod(0o755)
    apt_get(folder, f"case $* in *--reinstall*) {apt_script or advance} ;; esac\n")
    command = finish().replace("/var/lib/dpkg/status", f"{folder}/status")
    return shell(folder, command.replace("/var/lib/dpkg/updates", f"{folder}/updates"))


DPKG = "dpkg --force-confdef --force-confold --configure -a"
CHECK = "-q -o DPkg::Lock::Timeout=300 check"
MEND = (
    "-y --no-remove --fix-broken -o DPkg::Lock::Timeout=300 "
    "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "
    "--reinstall install a"
)


def test_what_was_only_unpacked_is_configured(tmp_path: Path) -> None:
    assert finishing(tmp_path, ["installed"], "")[0] == 0
    assert (tmp_path / "words").read_text("utf-8").splitlines() == [CHECK, DPKG]


def test_what_was_cut_off_while_it_was_unpacked_is_fetched_anew(tmp_path: Path) -> None:
    assert finishing(tmp_path, ["half-installed", "installed"], "")[0] == 0
    assert (tmp_path / "words").read_text("utf-8").splitlines() == [CHECK, DPKG, MEND]


def test_what_cannot_be_finished_fails(tmp_path: Path) -> None:
    code, _, err = finishing(tmp_path, ["half-installed"], "echo 'E: No network.' >&2; exit 100")
    assert (code, err) == (100, "E: No network.\nE: No network.\n")
