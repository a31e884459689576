"""The safeguard: what worked goes on by its old files, whatever its word is."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from standins import DEBIAN, ME, Teller, compiled, local_session

from envwright.engine.apply import apply
from envwright.engine.plan import make_plan
from envwright.errors import EnvwrightError
from envwright.facts import Shell, Unknown
from envwright.model.operations import operation
from envwright.model.resource import Difference, Resource
from envwright.model.secrets import Secrets
from envwright.resources.file import File
from envwright.state.before_images import BeforeImages

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from envwright.facts import Facts
    from envwright.host.session import Session
    from envwright.model.operations import Operation

SECRETS = Secrets({})


@dataclass(frozen=True, kw_only=True)
class Reader(Resource):
    """It works while no file that it reads says `bad`, and keeps what it read in a file."""

    path: str
    reads: tuple[str, ...]
    works: bool = True

    word: ClassVar[str] = "reader"
    rank: ClassVar[int] = 90

    @property
    def name(self) -> str:
        return self.path

    @property
    def autorequires(self) -> tuple[str, ...]:
        return tuple(f"file:{path}" for path in self.reads)

    @property
    def restarted_by(self) -> tuple[str, ...]:
        return self.autorequires

    @property
    def start(self) -> str:
        files, name = shlex.join(self.reads), shlex.quote(self.path)
        return f"cat {files} >{name} 2>/dev/null; ! grep -qs bad {name} || {{ rm {name}; exit 1; }}"

    def questions(self) -> tuple[Shell, ...]:
        return (Shell(f"cat {shlex.quote(self.path)}"),)

    def desired(self) -> dict[Any, Any]:
        return {"read": True}

    def actual(self, facts: Facts) -> dict[Any, Any] | Unknown:
        answer = facts[self.questions()[0]]
        return answer if isinstance(answer, Unknown) else {"read": answer.code == 0}

    def predict(self, difference: Difference, changed: Container[str]) -> Difference:
        outdated = any(id_ in changed for id_ in self.autorequires)
        fields = ("read",) if outdated else difference.fields
        return Difference(difference.before, difference.after, fields)

    def worked(self, difference: Difference) -> bool:
        return bool((difference.before or {}).get("read"))

    def health_check(self, difference: Difference, *, at_once: bool = False) -> str:  # noqa: ARG002 - as the protocol has it
        return f"[ -e {shlex.quote(self.path)} ] || {{ echo I read bad words; exit 1; }}"

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - likewise
        yield operation("server.shell", commands=[self.start])

    def recover(self) -> Iterator[Operation]:
        yield operation("server.shell", commands=[self.start])

    def witness(self) -> tuple[()]:
        return ()


class Deceiver(Reader):
    """It had failed, and every start of it looks well for a moment."""

    def failed(self, difference: Difference) -> bool:
        return difference.before == {"read": False}

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - as Reader
        yield operation("server.shell", commands=["true"])


@pytest.fixture
def session(journal_file: Path) -> Iterator[Session]:
    assert journal_file
    with local_session() as session:
        yield session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that say `old`, and what readers of them read."""
    folder = tmp_path / "etc"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / name).write_text("old\n")
    return folder


def file(folder: Path, name: str, content: str) -> File:
    return File(path=f"{folder}/{name}", content=content, owner=ME, group=folder.group())


def reader(folder: Path, name: str, *files: str) -> Reader:
    return Reader(path=f"{folder}/{name}", reads=tuple(f"{folder}/{each}" for each in files))


def started(*readers: Reader) -> None:
    with local_session() as session:
        assert all(session.run(reader.start).ok for reader in readers)


def converge(session: Session, *resources: Resource) -> EnvwrightError:
    made = compiled(*resources)
    plan = make_plan(made, session, DEBIAN, SECRETS)
    with pytest.raises(EnvwrightError) as raised:
        apply(plan, made, session, SECRETS, Teller())
    return raised.value


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_reader_goes_on_by_its_old_files_and_a_new_file_goes_away(
    session: Session, folder: Path
) -> None:
    it = reader(folder, "it", "one", "new")
    started(it)
    before = texts(folder)
    error = converge(session, file(folder, "one", "new\n"), file(folder, "new", "bad\n"), it)
    assert error.message == (
        f"reader:{folder}/it failed on @local\n"
        "    I read bad words\n"
        f"    put back as before: file:{folder}/one, file:{folder}/new\n"
        f"    reader:{folder}/it works again\n"
        "    wanted by files (box.yaml:1)\n"
        "@local: 0 done, 1 failed, 2 put back, 0 not begun"
    )
    assert texts(folder) == before


def test_readers_are_linked_by_the_files_that_they_share(session: Session, folder: Path) -> None:
    readers = (
        reader(folder, "a", "one", "two"),
        reader(folder, "b", "two", "three"),
        reader(folder, "apart", "four"),
    )
    last = reader(folder, "last", "three", "five")
    (folder / "four").write_text("old\n")
    started(*readers, last)
    before = texts(folder)
    wanted = [file(folder, name, "new\n") for name in ("one", "two", "three", "four")]
    error = converge(session, *wanted, file(folder, "five", "bad\n"), *readers, last)
    assert texts(folder) == {**before, "four": "new\n", "apart": "new\n"}
    back = ["three", "five", "two", "one"]
    assert [each["id"] for each in error.details["put_back"]] == [
        f"file:{folder}/{b}" for b in back
    ]
    assert error.details["done"] == [
        f"file:{folder}/four",
        *(f"reader:{folder}/{name}" for name in ("a", "b", "apart")),
    ]


def test_what_is_yet_to_read_a_file_that_went_back_is_not_begun(
    session: Session, folder: Path
) -> None:
    first, then = reader(folder, "first", "one", "two"), reader(folder, "then", "one")
    started(first, then)
    before = texts(folder)
    changes = (file(folder, "one", "new\n"), file(folder, "two", "bad\n"))
    error = converge(session, *changes, first, then)
    because = {"id": f"reader:{folder}/then", "because_of": [f"reader:{folder}/first"]}
    assert (error.details["not_begun"], texts(folder)) == ([because], before)


def test_what_was_down_before_keeps_its_new_file(session: Session, folder: Path) -> None:
    error = converge(session, file(folder, "one", "bad\n"), reader(folder, "it", "one"))
    assert error.details["put_back"] == []
    assert error.message.startswith(f"reader:{folder}/it failed on @local\n    I read bad words\n")
    assert (folder / "one").read_text() == "bad\n"


def test_what_had_failed_is_watched_until_it_shows_that_it_works(
    session: Session, folder: Path
) -> None:
    it = Deceiver(path=f"{folder}/it", reads=(f"{folder}/one",))
    error = converge(session, file(folder, "one", "bad\n"), it)
    assert error.message == (
        f"reader:{folder}/it failed on @local: it was started, and does not stay up\n"
        "    I read bad words\n"
        "    wanted by files (box.yaml:1)\n"
        "@local: 1 done, 1 failed, 0 not begun"
    )


def test_what_was_down_before_takes_no_file_from_what_works(session: Session, folder: Path) -> None:
    works, down = reader(folder, "works", "one"), reader(folder, "down", "one", "two")
    started(works)
    changes = (file(folder, "one", "new\n"), file(folder, "two", "bad\n"))
    error = converge(session, *changes, works, down)
    assert [each["id"] for each in error.details["failed"]] == [f"reader:{folder}/down"]
    assert texts(folder) == {"one": "new\n", "two": "bad\n", "three": "old\n", "works": "new\n"}


def test_what_a_killed_run_took_down_goes_back_to_its_old_file(
    session: Session, folder: Path
) -> None:
    BeforeImages(session).keep([f"{folder}/one"])
    (folder / "one").write_text("bad\n")
    error = converge(session, file(folder, "one", "bad\n"), reader(folder, "it", "one"))
    assert [each["id"] for each in error.details["put_back"]] == [f"file:{folder}/one"]
    assert texts(folder) == {"one": "old\n", "two": "old\n", "three": "old\n", "it": "old\n"}
    assert BeforeImages(session).keep([]) == set()


def test_only_what_is_yet_to_show_that_it_works_keeps_its_images_after_a_failure(
    session: Session, folder: Path
) -> None:
    up = reader(folder, "up", "one")
    needy = Reader(path=f"{folder}/needy", reads=(f"{folder}/two", f"{folder}/three"))
    started(up, needy)
    changes = (
        file(folder, "one", "new\n"),
        file(folder, "two", "new\n"),
        File(path=f"{folder}/three", content="new\n", owner=ME, group="root", validate="false"),
    )
    error = converge(session, *changes, up, needy)
    assert [each["id"] for each in error.details["failed"]] == [f"file:{folder}/three"]
    kept = BeforeImages(session).keep([])
    assert kept == {f"{folder}/two", f"{folder}/three"}
