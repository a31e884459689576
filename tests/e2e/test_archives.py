"""Archives of every format, and those that would do harm, on a machine with real programs."""

from __future__ import annotations

import gzip
import tarfile
from typing import TYPE_CHECKING

import pytest
from machines import archives
from machines.archives import GREET, SITE, file, other, tar, zipped
from workstation import workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server

    from envwright.engine.plan import Plan

TO = "/opt/tool"


@pytest.fixture(scope="module")
def machine(debian13: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with the programs that unpack."""
    path = tmp_path_factory.mktemp("bare") / "box.yaml"
    path.write_text("name: box\npackages: [ca-certificates, unzip, xz-utils, bzip2]\n", "utf-8")
    with workstation(debian13, path) as station:
        station.apply()
    return debian13


@pytest.fixture(autouse=True)
def _nothing_yet(machine: Machine) -> Iterator[None]:
    """Nothing is unpacked before a test, and nothing is left beside the folder after it."""
    machine.sh(f"rm -rf {TO}")
    yield
    assert machine.sh("find /opt /tmp -name '.*envwright-new*'; find /tmp -name 'tmp.*'") == ""


def made(machine: Machine, folder: Path, name: str, digits: str, more: str = "") -> Plan:
    """Apply an environment with one archive; return the plan that is left."""
    path = folder / "box.yaml"
    path.write_text(
        f"name: box\narchives:\n  tool: {{url: '{SITE}/{name}', sha256: {digits}, "
        f"to: {TO}, {more or 'strip: 1'}}}\n",
        "utf-8",
    )
    with workstation(machine, path) as station:
        station.apply()
        return station.plan()


def refusal(machine: Machine, folder: Path, server: Server, name: str, data: bytes) -> str:
    """Return why an archive is refused, without its address."""
    digits = archives.publish(server, name, data)
    with pytest.raises(EnvwrightError) as raised:
        made(machine, folder, name, digits)
    assert machine.sh(f"ls {TO}", check=False) == ""
    said = raised.value.message.split("\n")[1].strip()
    return said.removeprefix(f"{SITE}/{name} ").removesuffix(": nothing was unpacked")


TREE = [file("tool-1/bin/tool"), file("tool-1/a b\n", b"x", 0o644)]


@pytest.mark.parametrize("kind", ["xz", "bz2", ""])
def test_a_tar_archive_of_any_compression_is_unpacked(
    machine: Machine, server: Server, tmp_path: Path, kind: str
) -> None:
    name = f"tool.tar.{kind}".removesuffix(".")
    assert not made(machine, tmp_path, name, archives.publish(server, name, tar(TREE, kind)))
    assert machine.sh(f"{TO}/bin/tool you") == "hello, you\n"


def test_a_zip_archive_and_one_packed_program_are_unpacked(
    machine: Machine, server: Server, tmp_path: Path
) -> None:
    digits = archives.publish(server, "t.zip", zipped({"t/bin/tool": GREET, "t/a b": b"x"}))
    assert not made(machine, tmp_path, "t.zip", digits)
    assert machine.sh(f"{TO}/bin/tool you; cat '{TO}/a b'") == "hello, you\nx"
    digits = archives.publish(server, "tool-2.gz", gzip.compress(GREET))
    assert not made(machine, tmp_path, "tool-2.gz", digits)
    assert machine.sh(f"{TO}/tool-2 you") == "hello, you\n"


HOSTILE = {
    "up": (
        tar([file("tool-1/../../../etc/evil")]),
        "holds tool-1/../../../etc/evil, outside of its tree",
    ),
    "absolute": (tar([file("/etc/evil")]), "holds /etc/evil, outside of its tree"),
    "link out": (
        tar([other("tool-1/etc", tarfile.SYMTYPE, "/etc"), file("tool-1/ok")]),
        "holds the link ./etc, which leads out of its tree",
    ),
    "link up": (
        tar([other("tool-1/a/up", tarfile.SYMTYPE, "../../../etc"), file("tool-1/ok")]),
        "holds the link ./a/up, which leads out of its tree",
    ),
    "device": (
        tar([other("tool-1/sda", tarfile.BLKTYPE)]),
        "holds tool-1/sda, which is no file, folder or link",
    ),
    "pipe": (
        tar([other("tool-1/pipe", tarfile.FIFOTYPE)]),
        "holds tool-1/pipe, which is no file, folder or link",
    ),
    "setuid": (
        tar([file("tool-1/su", GREET, 0o4755)]),
        "holds ./su, which is set to run as its owner or group",
    ),
    "empty": (tar([file("tool")]), "holds nothing below 1 folders"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_an_archive_that_would_do_harm_is_refused_whole(
    machine: Machine, server: Server, tmp_path: Path, what: str
) -> None:
    data, told = HOSTILE[what]
    assert refusal(machine, tmp_path, server, "tool.tar.gz", data) == told
    assert machine.sh("ls /etc/evil", check=False) == ""


def test_a_file_through_a_link_of_the_archive_is_refused(
    machine: Machine, server: Server, tmp_path: Path
) -> None:
    data = tar([other("tool-1/x", tarfile.SYMTYPE, "/etc"), file("tool-1/x/evil")])
    told = refusal(machine, tmp_path, server, "tool.tar.gz", data)
    assert told == "tar: x/evil: Cannot open: Not a directory"
    assert machine.sh("ls /etc/evil", check=False) == ""


def test_a_zip_archive_that_would_leave_its_tree_is_refused(
    machine: Machine, server: Server, tmp_path: Path
) -> None:
    told = refusal(machine, tmp_path, server, "t.zip", zipped({"t/../../etc/evil": GREET}))
    assert told == "holds t/../../etc/evil, outside of its tree"
    told = refusal(machine, tmp_path, server, "t.zip", zipped({"t/etc": b"/etc"}, 0o120777))
    assert told == "holds the link ./etc, which leads out of its tree"


def test_a_bomb_is_refused_before_it_takes_the_disk(
    machine: Machine, server: Server, tmp_path: Path
) -> None:
    member, _ = file("tool-1/zeros", b"")
    member.size = 17 << 30
    header = gzip.compress(member.tobuf())
    assert refusal(machine, tmp_path, server, "tool.tar.gz", header) in {
        "would take more than 16 GiB",
        # On a machine with a smaller disk the disk's own limit comes first.
        *[f"would take more than the {free} MiB that are free" for free in range(16 << 10)],
    }


def test_a_new_version_replaces_the_whole_folder_and_an_old_link_stays_right(
    machine: Machine, server: Server, tmp_path: Path
) -> None:
    links = "strip: 1, links: {/usr/local/bin/tool: bin/tool}"
    one = archives.publish(server, "tool.tar.gz", tar([*TREE, file("tool-1/old")]))
    assert not made(machine, tmp_path, "tool.tar.gz", one, links)
    two = archives.publish(server, "tool.tar.gz", tar([*TREE, file("tool-1/new")]))
    assert not made(machine, tmp_path, "tool.tar.gz", two, links)
    assert machine.sh(f"ls -1 --quoting-style=c {TO}; tool x") == (
        '"a b\\n"\n"bin"\n"new"\nhello, x\n'
    )


def test_a_folder_and_a_file_of_somebody_else_are_left_alone(
    machine: Machine, server: Server, tmp_path: Path
) -> None:
    digits = archives.publish(server, "tool.tar.gz", tar(TREE))
    machine.sh(f"mkdir {TO} && echo mine >{TO}/mine && echo mine >/usr/local/bin/theirs")
    links = "strip: 1, links: {/usr/local/bin/theirs: bin/tool}"
    with pytest.raises(EnvwrightError) as raised:
        made(machine, tmp_path, "tool.tar.gz", digits, links)
    lines = [line.partition(": ")[2] for line in raised.value.message.split("\n")[::2]]
    foreign = f"{TO} is a directory that envwright did not unpack, and nothing is unpacked over"
    assert lines == [
        f"{foreign} another tree: move it away first",
        "/usr/local/bin/theirs is a file, not a link: move it away first",
    ]
    assert machine.sh(f"cat {TO}/mine /usr/local/bin/theirs") == "mine\nmine\n"
