"""The one door to pyinfra: runs its operations, one at a time, over a session of ours.

pyinfra's API mode wants an inventory, a state and a connector. Ours is a state with one host whose
connector is the session, put into its execution stage at once: an operation that is added then
asks its facts and runs its commands immediately, so each sees what the ones before it have done.
Private API that this relies on is guarded by tests/unit/test_engine.py.
"""

from __future__ import annotations

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

from envwright.engine.source_resolver import resolve
from envwright.errors import StepError
from envwright.facts import decode
from envwright.host.error_hints import Listener, advise, evidence
from envwright.host.limits import STEP
from envwright.model.operations import OURS, Source
from envwright.portable import safepath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BytesIO, IOBase

    from pyinfra.api.command import StringCommand

    from envwright.host.session import Session
    from envwright.model.operations import Operation
    from envwright.model.secrets import Secrets

EVIDENCE = 12
"""Last lines of a failed command's output that its error shows."""


class SessionConnector(BaseConnector):
    """A pyinfra connector whose commands and files go through one open session."""

    handles_execution = True
    session: Session
    known: dict[tuple[Any, ...], tuple[int, CommandOutput]]
    """What facts said since something was last changed: operations ask each several times."""
    waiting: Callable[[str], None]
    """Is told at once what a program says of a lock that it waits for."""

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
        """Run a command; True for exit code 0 or one of `_success_exit_codes`.

        `print_input` is how it is known for a fact's: see `Engine`.
        """
        good = arguments.pop("_success_exit_codes", None) or [0]
        timeout = arguments.pop("_timeout", None)
        stdin = arguments.pop("_stdin", None) or ""
        arguments.pop("_get_pty", None)
        unix = make_unix_command_for_host(self.state, self.host, command, **arguments)
        given = "\n".join(stdin) if isinstance(stdin, list) else str(stdin)
        asked = (unix.get_raw_value(), given.encode(), timeout)
        if not print_input:
            self.known.clear()
        if asked not in self.known:
            self.known[asked] = self._run(*asked)
        code, output = self.known[asked] if print_input else self.known.pop(asked)
        return code in good, output

    def _run(self, script: str, stdin: bytes, timeout: float | None) -> tuple[int, CommandOutput]:
        limits = STEP if timeout is None else STEP.within(timeout)
        listener = Listener(self.waiting)
        result = self.session.run(script, stdin=stdin, limits=limits, on_output=listener)
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
        """Write a file of root's; the operations that we call have other ways."""
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
        """Read a file."""
        cast("BytesIO", filename_or_io).write(self.session.get(remote_filename)[1])
        return True


class Engine:
    """pyinfra, ready to run operations on one machine."""

    def __init__(
        self,
        session: Session,
        secrets: Secrets,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        # What pyinfra would log is not masked; the last words of a failure are told by us.
        logger.disabled = True
        self._session, self._secrets = session, secrets
        self._owners = {("passwd", "root"), ("group", "root")}
        # The inventory's name must not look like a connector's: it would be looked up.
        inventory = Inventory((["machine"], {}))
        host = inventory.get_host("machine")
        self._known: dict[tuple[Any, ...], tuple[int, CommandOutput]] = {}
        bound = {"session": session, "known": self._known, "waiting": staticmethod(waiting)}
        connector = type("BoundConnector", (SessionConnector,), bound)
        host.connector_cls = connector
        self._state = State(inventory, Config(TEMP_DIR="/tmp"))  # noqa: S108 - on the machine; files never pass through it
        self._state.cwd = "/"
        # Our connector prints nothing: it takes this for the mark of a command that only reads.
        self._state.print_fact_input = True
        connect_all(self._state)
        self._state.set_stage(StateStage.Execute)
        self._state.is_executing = True

    def run(self, name: str, operation: Operation) -> bool:
        """Run one operation under a name; tell whether it had anything to do.

        Raises:
            StepError: it failed; the message ends in the last lines of its output.
        """
        function = _operation(operation.name)
        self._known.clear()
        self._find_owner(name, operation)
        arguments = {key: self._argument(value) for key, value in operation.arguments.items()}
        try:
            metas = add_op(self._state, function, name=name, **arguments)
        except NestedOperationError:
            words = self._evidence()
            shown = "".join(f"\n    {self._secrets.mask(line)}" for line in words[-EVIDENCE:])
            raise StepError(
                f"{name} failed on {self._session.name}{':' if shown else ''}{shown}",
                hint=advise("\n".join(words)),
            ) from None
        except PyinfraError as error:
            raise StepError(f"{name} failed on {self._session.name}: {error}") from error
        (meta,) = cast("dict[Any, OperationMeta]", metas).values()
        return meta.did_change()

    def _find_owner(self, name: str, operation: Operation) -> None:
        """Object to an owner who is not there: pyinfra would find out when the thing is made."""
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
                        hint="name one that exists, or let the environment make it",
                    )
                self._owners.add((database, owner))

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Source):
            return resolve(value, self._session, self._secrets)
        return value

    def _evidence(self) -> list[str]:
        """Return what the operation that ran last said, as far as it tells something."""
        host = next(iter(self._state.inventory))
        data = self._state.get_op_data_for_host(host, host.op_hash_order[-1])
        meta = data.operation_meta
        return evidence("\n".join((*meta.stdout_lines, *meta.stderr_lines)))


def _operation(name: str) -> Callable[..., Any]:
    module, function = name.split(".")
    place = safepath.__name__ if module == OURS else "pyinfra.operations"
    room = "operations" if module == OURS else module
    found = getattr(importlib.import_module(f"{place}.{room}"), function)
    return cast("Callable[..., Any]", found)
