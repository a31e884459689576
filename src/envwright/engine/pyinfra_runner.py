"""Runs pyinfra's operations on one machine, one at a time; no other module imports pyinfra.

pyinfra's API mode wants an inventory, a state and a connector. The runner makes a state with one
host, whose connector is the open session, and puts the state into its execution stage at once. An
operation that is added in that stage asks its facts and runs its commands immediately, so it sees
the effects of the operations before it. tests/unit/engine/test_pyinfra_runner.py guards the private
API that this relies on.
"""

from __future__ import annotations

import functools
import importlib
import shlex
from typing import TYPE_CHECKING, Any, cast

from pyinfra import logger
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import NestedOperationError, PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import OperationMeta, add_op
from pyinfra.api.state import State, StateStage
from pyinfra.connectors.base import BaseConnector
from pyinfra.connectors.util import CommandOutput, OutputLine, make_unix_command_for_host

from envwright.engine.source_resolver import Resolved, resolve
from envwright.errors import StepError
from envwright.facts import decode
from envwright.host.error_hints import advise, evidence
from envwright.host.limits import STEP
from envwright.host.running import STATUS, Listener
from envwright.model.operations import OURS, Source
from envwright.portable import safepath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import BytesIO, IOBase

    from pyinfra.api.command import StringCommand

    from envwright.host.session import Session
    from envwright.model.operations import Operation
    from envwright.model.secrets import Secrets

EVIDENCE = 12
"""How many of the last lines of a failed command's output the error shows."""


class SessionConnector(BaseConnector):
    """A pyinfra connector whose commands and files go through one open session."""

    handles_execution = True
    session: Session
    known: dict[tuple[Any, ...], tuple[int, CommandOutput]]
    """Answers of facts since the last change: operations ask each fact several times."""
    failed_fact: list[str]
    """What the last command of a fact that failed said; pyinfra does not tell."""
    listen: Callable[[], Listener]
    """Makes a listener for the output of one command."""

    @staticmethod
    def make_names_data(name: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Name the one host; pyinfra calls this for connectors that it finds by entry point."""
        yield name, {}, []

    def run_shell_command(
        self,
        command: StringCommand,
        print_output: bool = False,  # noqa: FBT001, FBT002, ARG002 - pyinfra's signature
        print_input: bool = False,  # noqa: FBT001, FBT002 - pyinfra's signature
        **arguments: Any,
    ) -> tuple[bool, CommandOutput]:
        """Run a command; return True for exit code 0 or one of `_success_exit_codes`.

        `print_input` marks the command of a fact, which only reads: `Engine` sets it so.
        """
        good = arguments.pop("_success_exit_codes", None) or [0]
        timeout = arguments.pop("_timeout", None)
        given = _bytes(arguments.pop("_stdin", None) or "")
        arguments.pop("_get_pty", None)
        if not print_input:
            arguments["_env"] = {**(arguments.get("_env") or {}), **STATUS}
        unix = make_unix_command_for_host(self.state, self.host, command, **arguments)
        call = (unix.get_raw_value(), given, timeout)
        if not print_input:
            self.known.clear()
        if call not in self.known:
            self.known[call] = self._run(*call)
        code, output = self.known[call] if print_input else self.known.pop(call)
        if print_input and code not in good:
            self.failed_fact[:] = (line.line for line in output)
        return code in good, output

    def _run(self, script: str, stdin: bytes, timeout: float | None) -> tuple[int, CommandOutput]:
        limits = STEP if timeout is None else STEP.within(timeout)
        result = self.session.run(script, stdin=stdin, limits=limits, on_output=self.listen())
        lines = [
            OutputLine(name, line)
            for name, data in (("stdout", result.stdout), ("stderr", result.stderr))
            for line in decode(data).splitlines()
        ]
        return result.code, CommandOutput(lines)

    def put_file(
        self,
        filename_or_io: str | IOBase,
        remote_filename: str,
        remote_temp_filename: str | None = None,  # noqa: ARG002 - a session writes atomically
        print_output: bool = False,  # noqa: FBT001, FBT002, ARG002 - pyinfra's signature
        print_input: bool = False,  # noqa: FBT001, FBT002, ARG002 - pyinfra's signature
        **arguments: Any,  # noqa: ARG002 - the session is privileged already
    ) -> bool:
        """Write a file as root; the operations of `portable/safepath` do not use this method."""
        self.known.clear()
        self.session.put(cast("BytesIO", filename_or_io).read(), remote_filename)
        return True

    def get_file(
        self,
        remote_filename: str,
        filename_or_io: str | IOBase,
        remote_temp_filename: str | None = None,  # noqa: ARG002 - read as root
        print_output: bool = False,  # noqa: FBT001, FBT002, ARG002 - pyinfra's signature
        print_input: bool = False,  # noqa: FBT001, FBT002, ARG002 - pyinfra's signature
        **arguments: Any,  # noqa: ARG002 - the session is privileged already
    ) -> bool:
        """Read a file as root."""
        cast("BytesIO", filename_or_io).write(self.session.get(remote_filename)[1])
        return True


class Engine:
    """Runs pyinfra's operations on one machine, over its session.

    Args:
        session: the session.
        secrets: what errors must not show, and what contents may hold.
        waiting: is called at once with the lock that a program says it waits for.
        progress: is called with what shows how far a program is, at least once a second.
    """

    def __init__(
        self,
        session: Session,
        secrets: Secrets,
        waiting: Callable[[str], None] = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        # pyinfra's log masks no secret; StepError shows the last lines of a failure, masked.
        logger.disabled = True
        self._session, self._secrets = session, secrets
        self._new_listener = functools.partial(Listener, waiting, progress)
        self._listener = self._new_listener()
        self._owners = {("passwd", "root"), ("group", "root")}
        self._known: dict[tuple[Any, ...], tuple[int, CommandOutput]] = {}
        self._failed_fact: list[str] = []
        bound = {
            "session": session,
            "known": self._known,
            "failed_fact": self._failed_fact,
            "listen": self._listen,
        }
        self._connector = type("BoundConnector", (SessionConnector,), bound)
        self._state = self._new_state()

    @property
    def busy(self) -> str:
        """The program of the present command that must not be cut off; "" for none."""
        return self._listener.busy

    def _listen(self) -> Listener:
        self._listener = self._new_listener()
        return self._listener

    def _new_state(self) -> State:
        """Return a state of pyinfra with one host; pyinfra runs nothing more after a failure."""
        # pyinfra would look up a host name that looks like a connector's, such as "@ssh/box".
        inventory = Inventory((["machine"], {}))
        inventory.get_host("machine").connector_cls = self._connector
        state = State(inventory, Config(TEMP_DIR="/tmp"))  # noqa: S108 - on the machine; files never pass through it
        state.cwd = "/"
        # SessionConnector prints nothing; it reads this flag as the mark of a fact's command.
        state.print_fact_input = True
        connect_all(state)
        state.set_stage(StateStage.Execute)
        state.is_executing = True
        return state

    def run(self, name: str, operation: Operation) -> bool:
        """Run one operation under a name; return whether the operation changed anything.

        Raises:
            StepError: the operation failed; the message ends in the last lines of its output.
        """
        function = _operation(operation.name)
        self._known.clear()
        self._failed_fact.clear()
        self._find_owner(name, operation)
        arguments = {key: self._argument(value) for key, value in operation.arguments.items()}
        try:
            metas = add_op(self._state, function, name=name, **arguments)
        except NestedOperationError:
            raise self._failure(name, self._evidence()) from None
        except PyinfraError as error:
            # Of a fact that failed, pyinfra says no more than that no hosts remain.
            said = evidence("\n".join(self._failed_fact))
            raise self._failure(name, said, "" if said else f": {error}") from error
        (meta,) = cast("dict[Any, OperationMeta]", metas).values()
        return meta.did_change()

    def _failure(self, name: str, lines: Sequence[str], why: str = "") -> StepError:
        """Return the error for what an operation failed with; pyinfra is made ready for another."""
        self._state = self._new_state()
        shown = "".join(f"\n    {self._secrets.mask(line)}" for line in lines[-EVIDENCE:])
        return StepError(
            f"{name} failed on {self._session.name}{':' if shown else why}{shown}",
            hint=advise("\n".join(lines)),
        )

    def _find_owner(self, name: str, operation: Operation) -> None:
        """Refuse an owner who does not exist: pyinfra would fail after it made the file."""
        for argument, database in (("user", "passwd"), ("group", "group")):
            owner = operation.arguments.get(argument, "root")
            if (
                operation.name.startswith(f"{OURS}.")
                and owner
                and (database, owner) not in self._owners
            ):
                if not self._session.run(f"getent {database} {shlex.quote(owner)}").ok:
                    raise StepError(
                        f"{name} failed on {self._session.name}: there is no {argument} '{owner}'",
                        hint=f"name a {argument} that exists, or add it to the environment",
                    )
                self._owners.add((database, owner))

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Source):
            return resolve(value, self._session, self._secrets)
        return value

    def _evidence(self) -> list[str]:
        """Return the lines of output of the last operation that tell something about a failure."""
        host = next(iter(self._state.inventory))
        data = self._state.get_op_data_for_host(host, host.op_hash_order[-1])
        meta = data.operation_meta
        return evidence("\n".join((*meta.stdout_lines, *meta.stderr_lines)))


def _bytes(stdin: Any) -> bytes:
    """Return what a command reads from stdin: a source of ours, or a text or lines of pyinfra's."""
    if isinstance(stdin, Resolved):
        return stdin.getvalue()
    return ("\n".join(stdin) if isinstance(stdin, list) else str(stdin)).encode()


def _operation(name: str) -> Callable[..., Any]:
    module, function = name.split(".")
    place = safepath.__name__ if module == OURS else "pyinfra.operations"
    room = "operations" if module == OURS else module
    found = getattr(importlib.import_module(f"{place}.{room}"), function)
    return cast("Callable[..., Any]", found)
