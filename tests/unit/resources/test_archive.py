"""Archive: a tree known by its stamp and a digest; replaced whole, or left alone."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from standins import local_session

from envwright.facts import Facts, Output, Stat, Status, Text, Unknown
from envwright.host.probe import ask
from envwright.model.operations import Checksum, Content, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Fields, compare
from envwright.resources.archive import FILES, STAMP, Archive

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://go.test/dl/tree-1.tar.gz"
DIGITS = "a" * 64
LISTED = Archive(path="/opt/tree-1", url=URL, index="https://go.test/dl/list")
PINNED = Archive(path="/opt/tree-1", url=URL, sha256=DIGITS)
STATE: Fields = {
    "kind": "directory",
    "mode": "0755",
    "owner": "root",
    "group": "root",
    "archive": "tree-1.tar.gz",
    "intact": True,
}
THERE = Status("directory", "0755", "root", "root", 4096, "")


def facts(stamp: str | None, digest: str = "d1", status: Status | None = THERE) -> Facts:
    answers = {
        Stat("/opt/tree-1"): status,
        Text(f"/opt/tree-1/{STAMP}"): stamp,
        LISTED._digest: Output(0, digest),
    }
    return Facts(answers)


def test_the_checksum_is_a_state_only_where_the_environment_names_it() -> None:
    assert LISTED.desired() == STATE
    assert PINNED.desired() == {**STATE, "sha256": DIGITS}


def test_a_tree_is_known_by_its_stamp_and_its_digest() -> None:
    stamp = f"archive=tree-1.tar.gz\nsha256={DIGITS}\ntree=d1\n"
    assert PINNED.actual(facts(stamp)) == PINNED.desired()
    assert not compare(LISTED.actual(facts(stamp)), LISTED.desired())
    assert compare(LISTED.actual(facts(stamp, "d2")), LISTED.desired()).fields == ("intact",)
    assert compare(
        PINNED.actual(facts(stamp.replace("a" * 64, "b" * 64))), PINNED.desired()
    ).fields == ("sha256",)
    assert LISTED.actual(facts(None, status=None)) is None
    assert isinstance(LISTED.actual(Facts({})), Unknown)


def test_a_tree_that_was_not_unpacked_by_us_is_left_alone() -> None:
    before = LISTED.actual(facts(None))
    assert LISTED.refusal(compare(before, STATE)) == (
        "/opt/tree-1 is a directory that envwright did not unpack, and nothing is unpacked over "
        "another tree: move it away first"
    )
    link: Fields = {**STATE, "kind": "link", "archive": None}
    told = "/opt/tree-1 is a link, not a directory: move it away first"
    assert LISTED.refusal(compare(link, STATE)) == told
    assert LISTED.refusal(compare({**STATE, "archive": "tree-0.tar.gz"}, STATE)) == ""
    assert LISTED.refusal(compare(None, STATE)) == ""


def test_it_is_checked_against_what_the_publisher_lists_or_the_environment_says() -> None:
    staged = {"dest": "/opt/.tree-1.sha256.envwright-new", "user": "root", "group": "root"}
    for archive, source in (
        (LISTED, Checksum("https://go.test/dl/list", "tree-1.tar.gz")),
        (PINNED, Content(f"{DIGITS}\n")),
    ):
        put, unpack = archive.converge(compare(None, archive.desired()))
        assert put == operation("paths.put", src=source, mode="0644", **staged)
        assert unpack.name == "server.shell"


def test_a_mode_is_mended_without_a_download() -> None:
    assert list(LISTED.converge(compare({**STATE, "mode": "0700"}, STATE))) == [
        operation("paths.directory", path="/opt/tree-1", mode="0755", user="root", group="root")
    ]


def test_certificates_and_what_is_above_come_first() -> None:
    assert {"package:ca-certificates", "directory:/opt", "mount:/opt"} <= set(LISTED.autorequires)


def test_the_witness_reads_every_file() -> None:
    said = list(PINNED.witness())
    stamp = ("file", (f"/opt/tree-1/{STAMP}",), "content_string")
    assert Assertion(*stamp, "tree-1.tar.gz", view=View("env", "archive")) in said
    assert Assertion(*stamp, DIGITS, view=View("env", "sha256")) in said
    check = f"cd /opt/tree-1 && sha256sum --check --strict --quiet {FILES}"
    assert Assertion("run", (check,), "stdout", "") in said


def test_the_digest_sees_names_modes_sizes_and_times_and_survives_a_copy(tmp_path: Path) -> None:
    tree = tmp_path / "it's a tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "go").write_text("x")
    (tree / "link").symlink_to("bin")

    def digest(path: Path) -> str:
        question = Archive(path=str(path), url=URL)._digest
        with local_session() as session:
            answer = ask(session, [question])[question]
        assert isinstance(answer, Output)
        return answer.text

    whole = digest(tree)
    assert len(whole) == 64
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", tree, copy], check=True)
    (copy / STAMP).write_text("archive=\n")
    assert digest(copy) == whole
    (copy / "bin" / "go").chmod(0o600)
    mode = digest(copy)
    (copy / "bin" / "go").write_text("xy")
    size = digest(copy)
    os.utime(copy / "bin" / "go", (0, 0))
    time = digest(copy)
    (copy / "more").mkdir()
    assert len({whole, mode, size, time, digest(copy)}) == 5
