"""The contract with pyinfra: its own operations, run over a session of ours in scratch folders."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pyinfra.api.command import QuoteString, StringCommand
from standins import ME, local_session, secrets_of

from envwright.engine.pyinfra_runner import EVIDENCE, Engine, SessionConnector
from envwright.errors import HostError, StepError
from envwright.host.session import Result, Session
from envwright.model.operations import Content, Edited, operation
from envwright.model.secrets import Secrets, marker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


@pytest.fixture
def engine(session: Session) -> Engine:
    return Engine(session, Secrets({}))


def access(path: Path) -> tuple[str, str, str]:
    return oct(path.lstat().st_mode & 0o7777), path.owner(), path.group()


def owned(path: Path, mode: str) -> dict[str, Any]:
    return {"user": ME, "group": path.parent.group(), "mode": mode}


def test_paths_put_writes_a_file_once(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a 'file' of \"odd\" name"
    for number, text in enumerate(("first\n", "second, longer ä\n", "")):
        put = operation("paths.put", src=Content(text), dest=str(path), **owned(path, "0640"))
        assert [engine.run("file", put), engine.run("file", put)] == [True, False]
        assert (path.read_text(), access(path)) == (text, ("0o640", ME, tmp_path.group())), number


def test_paths_put_mends_mode_alone_and_keeps_the_inode(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    path.chmod(0o666)
    before = path.stat().st_ino
    put = operation("paths.put", src=Content("text"), dest=str(path), **owned(path, "0600"))
    assert [engine.run("file", put), engine.run("file", put)] == [True, False]
    assert (access(path)[0], path.stat().st_ino) == ("0o600", before)


def test_paths_put_replaces_a_file_all_at_once(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        put = operation("paths.put", src=Content("new"), dest=str(path), **owned(path, "0644"))
        assert engine.run("file", put) is True
        assert (reader.read(), path.read_text()) == ("old", "new")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - hidden names, too


def test_paths_put_is_seen_with_its_owner_and_mode_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authorized_keys"
    put = operation("paths.put", src=Content("new"), dest=str(path), **owned(path, "0640"))
    # The run is cut off by the command that puts the file in place.
    whole = Session.run

    def cut(session: Session, script: str, **arguments: Any) -> Result:
        result = whole(session, script, **arguments)
        if arguments.get("stdin"):
            session.close()
        return result

    monkeypatch.setattr(Session, "run", cut)
    with local_session() as lost:
        Engine(lost, Secrets({})).run("file", put)
        with pytest.raises(HostError):
            lost.run(":")
    assert (path.read_text(), access(path)[0]) == ("new", "0o640")


def test_an_edit_sees_what_the_operation_before_it_wrote(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "env"
    where = owned(path, "0644")
    engine.run("one", operation("paths.put", src=Content("# ours\nA=1\n"), dest=str(path), **where))
    edit = operation("paths.put", src=Edited(str(path), "env", {"B": "2"}), dest=str(path), **where)
    assert [engine.run("two", edit), engine.run("two", edit)] == [True, False]
    assert path.read_text() == "# ours\nA=1\nB=2\n"


def test_paths_directory_makes_a_directory_once(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a b"
    make = operation("paths.directory", path=str(path), **owned(path, "0750"))
    assert [engine.run("directory", make), engine.run("directory", make)] == [True, False]
    assert (path.is_dir(), access(path)) == (True, ("0o750", ME, tmp_path.group()))


def test_paths_link_makes_and_turns_a_link(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "link"
    for target in ("no where", "other"):
        who = {"user": ME, "group": tmp_path.group()}
        make = operation("paths.link", path=str(path), target=target, **who)
        assert [engine.run("link", make), engine.run("link", make)] == [True, False]
        assert os.readlink(path) == target  # noqa: PTH115 - the text itself


def test_paths_link_takes_the_place_of_a_copy_of_its_template_alone(
    engine: Engine, tmp_path: Path
) -> None:
    path, template = tmp_path / "link", tmp_path / "template"
    who = {"user": ME, "group": tmp_path.group(), "template": str(template)}
    words: dict[str, Any] = {"path": str(path), "target": "new", **who}
    refused = f"link:x failed on @local: {path} exists and is not a link"
    path.write_text("given")
    for text in ("", "Given"):
        template.write_text(text)
        assert failure(engine, "link:x", "paths.link", **words) == refused
    template.write_text("given")
    assert engine.run("link", operation("paths.link", **words))
    assert os.readlink(path) == "new"  # noqa: PTH115 - the text itself


def test_paths_absent_removes_a_file_once(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    remove = operation("paths.absent", path=str(path))
    assert [engine.run("file", remove), engine.run("file", remove)] == [True, False]
    assert path.exists() is False


def test_the_connector_reads_files_into_what_it_is_given(engine: Engine, tmp_path: Path) -> None:
    """pyinfra demands it of a connector; the operations that we call have no use for it."""
    (tmp_path / "file").write_bytes(b"\0\xff")
    host, read = next(iter(engine._state.inventory)), BytesIO()
    host.get_file(f"{tmp_path}/file", read)
    assert read.getvalue() == b"\0\xff"
    assert list(SessionConnector.make_names_data("box")) == [("box", {}, [])]


def test_server_shell_runs_each_command_in_turn(engine: Engine, tmp_path: Path) -> None:
    say = operation(
        "server.shell", commands=[f"cd {tmp_path} && echo 'it''s' > a", f"cat {tmp_path}/a; pwd"]
    )
    assert engine.run("say", say) is True
    assert (tmp_path / "a").read_text() == "its\n"


# --- Failures ---------------------------------------------------------------------------------


def failure(engine: Engine, name: str, function: str, **arguments: Any) -> str:
    with pytest.raises(StepError) as raised:
        engine.run(name, operation(function, **arguments))
    return str(raised.value)


def test_a_failed_command_is_told_by_its_last_lines(engine: Engine) -> None:
    script = "seq 100; echo '  indented  ' >&2; echo; exit 9"
    told = failure(engine, "command:x", "server.shell", commands=[script])
    last = [f"    {number}" for number in range(101 - (EVIDENCE - 1), 101)]
    assert told.split("\n") == ["command:x failed on @local:", *last, "      indented"]


def test_a_silent_failure_has_no_evidence(engine: Engine) -> None:
    assert failure(engine, "x", "server.shell", commands=["exit 1"]) == "x failed on @local"


def test_the_evidence_is_that_of_the_operation_that_failed(engine: Engine) -> None:
    engine.run("good", operation("server.shell", commands=["echo good"]))
    assert failure(engine, "bad", "server.shell", commands=["echo bad; false"]) == (
        "bad failed on @local:\n    bad"
    )
    assert engine.run("after", operation("server.shell", commands=["true"])) is True


def test_output_that_is_not_utf8_is_told_all_the_same(engine: Engine) -> None:
    told = failure(engine, "x", "server.shell", commands=[r"printf '\377\n'; false"])
    assert told == "x failed on @local:\n    \udcff"


def test_a_file_that_cannot_be_written_is_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "below"
    told = failure(engine, "file:x", "paths.put", src=Content("x"), dest=str(path))
    assert told == f"file:x failed on @local:\n    {tmp_path}/file: Not a directory"
    assert (tmp_path / "file").read_text() == "in the way"


def test_what_an_operation_refuses_is_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = failure(engine, "link:x", "paths.link", path=f"{tmp_path}/file", target="t")
    assert told == f"link:x failed on @local: {tmp_path}/file exists and is not a link"


def test_what_is_known_of_a_failure_comes_with_a_hint(engine: Engine) -> None:
    told = failure(engine, "x", "server.shell", commands=["echo No space left on device; false"])
    assert told == (
        "x failed on @local:\n"
        "    No space left on device\n"
        "hint: make room: `df -h` shows where there is none"
    )


@pytest.mark.parametrize("what", ["user", "group"])
def test_an_owner_who_is_not_there_is_told_before_anything_is_made(
    engine: Engine, tmp_path: Path, what: str
) -> None:
    who = {what: "nobody-knows"}
    told = failure(engine, "directory:x", "paths.directory", path=f"{tmp_path}/x", **who)
    assert told == (
        f"directory:x failed on @local: there is no {what} 'nobody-knows'\n"
        f"hint: name a {what} that exists, or add it to the environment"
    )
    assert list(tmp_path.iterdir()) == []


# --- Secrets ----------------------------------------------------------------------------------


def test_a_secret_reaches_the_file_and_neither_error_nor_log(
    session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    engine = Engine(session, secrets)
    path = tmp_path / "file"
    put = operation("paths.put", src=Content(f"t={marker('token')}"), dest=str(path))
    assert (engine.run("put", put), path.read_text()) == (True, "t=hunter22")
    told = failure(engine, "x", "server.shell", commands=[f"cat {path}; false"])
    assert told == f"x failed on @local:\n    t={marker('token')}"
    assert caplog.text == ""


def test_a_secret_reaches_a_command_by_its_stdin(session: Session, tmp_path: Path) -> None:
    engine = Engine(session, secrets_of(tmp_path, token="hunt\0er\n22"))
    given = Content(f"T={marker('token')}")
    file = tmp_path / "given"
    engine.run("x", operation("server.shell", commands=[f"cat >{file}"], _stdin=given))
    assert file.read_bytes() == b"T=hunt\0er\n22"


def test_what_an_operation_waits_for_is_told_while_it_waits(
    session: Session, tmp_path: Path
) -> None:
    def tell(lock: str) -> None:
        (tmp_path / "told").write_text(lock)

    engine = Engine(session, Secrets({}), tell)
    # It ends only when it was told.
    wait = f"echo 'Waiting for cache lock: A. It is held'; until [ -e {tmp_path}/told ]; do :; done"
    assert engine.run("x", operation("server.shell", commands=[wait])) is True
    assert (tmp_path / "told").read_text() == "A. It is held"


def test_an_engine_of_another_machine_does_not_disturb_the_first(
    session: Session, tmp_path: Path
) -> None:
    engines = [Engine(session, Secrets({})) for _ in range(2)]
    for number, engine in enumerate([*engines, *engines]):
        touch = operation("server.shell", commands=[f"touch {tmp_path}/{number}"])
        assert engine.run(str(number), touch) is True
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3"]


def test_facts_are_asked_once_until_something_changes(session: Session, tmp_path: Path) -> None:
    engine = Engine(session, Secrets({}))
    path = tmp_path / "file"
    put = operation("paths.put", src=Content("text"), dest=str(path), **owned(path, "0644"))
    before = session.round_trips
    assert engine.run("file", put) is True
    # The owner's and the group's names, how the file is, then what changes it.
    names = [] if ME == "root" else [ME, path.group()]
    assert session.round_trips - before == len(names) + 2
    path.write_text("other")
    assert engine.run("file", put) is True
    assert path.read_text() == "text"


def test_a_fact_is_asked_anew_after_a_change(session: Session, tmp_path: Path) -> None:
    state = Engine(session, Secrets({}))._state
    host = next(iter(state.inventory))
    path = tmp_path / "file"

    def seen() -> str:
        arguments = {"print_input": state.print_fact_input, "print_output": False}
        command = StringCommand("cat", QuoteString(str(path)))
        return str(host.run_shell_command(command, **arguments)[1].stdout)

    path.write_text("one")
    assert seen() == "one"
    path.write_text("two")
    assert seen() == "one"
    host.run_shell_command(StringCommand("true"), print_input=state.print_input)
    assert seen() == "two"
    path.write_text("three")
    host.put_file(BytesIO(b"four"), f"{path}-other")
    assert seen() == "three"
