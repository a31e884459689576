"""The record of a run: the last outcomes of the machines, and the report that a person asked for.

A report is a folder that programs read: `summary.json`, and in `hosts/` a file for each machine.
Files of machines that a run leaves out stay as they are; the summary lists those of its own run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import urllib.parse
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, ExitCode, told
from envwright.fleet import last_outcomes
from envwright.fleet.outcome import FleetOutcome, HostOutcome, RunSummary, interrupted
from envwright.model.masking import mask_values
from envwright.portable import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from envwright.host.inventory import Target
    from envwright.report.terminal import Report
    from envwright.workflow import Outcome, Verb

SUMMARY = "summary.json"
HOSTS = "hosts"
VERSION = 1
"""The version of the form of a report's files."""
RUNNING, FINISHED, STOPPED, INTERRUPTED = "running", "finished", "stopped", "interrupted"
"""The states of a run: it still runs (or was killed), came to its end, to an error, to Ctrl-C."""
_LONGEST = 200
"""The longest name of a file of ours; file systems take 255 bytes."""


@dataclass(frozen=True)
class RecordOptions:
    """What is kept of a run.

    Args:
        verb: what the run does.
        inventory: the inventory whose machines keep their last outcomes; "" for none.
        folder: where a report is written; None for no report.
    """

    verb: Verb
    inventory: str = ""
    folder: Path | None = None


def file_name(host: str) -> str:
    """Return the name of a machine's file: another one for each machine, in no other folder."""
    name = urllib.parse.quote(host, safe="@", errors="surrogateescape")
    if len(name) > _LONGEST:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = f"{name[: _LONGEST - len(digest) - 1]}-{digest}"
    return f"{name}.json"


@contextlib.contextmanager
def recorded(
    options: RecordOptions, outcomes: Sequence[HostOutcome], report: Report
) -> Iterator[Record]:
    """Keep what the machines come to in the context, also where the run does not come to its end.

    Args:
        options: what is kept, and where.
        outcomes: what each machine came to so far; the run changes the sequence.
        report: its mask hides secrets.

    Raises:
        EnvwrightError: the report cannot be written; before the run where that can be known.
    """
    record = Record(options, outcomes, report)
    record.write(RUNNING)
    try:
        yield record
    except BaseException as error:
        if isinstance(error, Exception):
            record.error = told(error)
        record.keep(INTERRUPTED if isinstance(error, KeyboardInterrupt) else STOPPED)
        raise
    record.keep(STOPPED if record.error else FINISHED)


@contextlib.contextmanager
def recorded_alone(
    options: RecordOptions, target: Target, report: Report
) -> Iterator[Callable[[Outcome], None]]:
    """Keep what one machine comes to in the context, which hands over the outcome of its run.

    Raises:
        EnvwrightError: what the run ended in; or the report cannot be written.
    """
    outcomes = [HostOutcome(target)]
    begin = time.monotonic()

    def ended(run: RunSummary | None, error: EnvwrightError | None) -> None:
        outcomes[0] = HostOutcome(target, run, error, time.monotonic() - begin)

    with recorded(options, outcomes, report):
        try:
            yield lambda outcome: ended(RunSummary.of(outcome, report.mask), None)
        except KeyboardInterrupt:
            ended(None, interrupted(target.host))
            raise
        except Exception as error:
            ended(None, told(error))
            raise


class Record:
    """The record of one run; its arguments are those of `recorded`.

    Attributes:
        error: what stopped the run before each machine was begun; None where nothing did.
    """

    def __init__(
        self, options: RecordOptions, outcomes: Sequence[HostOutcome], report: Report
    ) -> None:
        self._options, self._outcomes, self._report = options, outcomes, report
        self._begun = _now()
        self.error: EnvwrightError | None = None

    def keep(self, state: str) -> None:
        """Keep the outcomes, and write the report."""
        if self._options.inventory:
            words = {outcome.target.host: outcome.word for outcome in self._outcomes}
            last_outcomes.update(self._options.inventory, words)
        self.write(state)

    def write(self, state: str) -> None:
        """Write the report, if one is wanted."""
        folder = self._options.folder
        if folder is None:
            return
        try:
            with _opened(folder) as top, _opened(folder / HOSTS) as hosts:
                if state != RUNNING:
                    for outcome in self._outcomes:
                        self._put(hosts, file_name(outcome.target.host), self._of_host(outcome))
                self._put(top, SUMMARY, self._summary(state))
        except OSError as error:
            raise EnvwrightError(
                f"the report cannot be written to {folder}: {error.strerror}",
                hint="name a folder that you can write to: --report DIR",
            ) from None

    def _of_host(self, outcome: HostOutcome) -> dict[str, Any]:
        head = {"version": VERSION, "verb": self._options.verb.value, "begun": self._begun}
        return {**head, **outcome.json()}

    def _summary(self, state: str) -> dict[str, Any]:
        outcome = FleetOutcome(self._options.verb, tuple(self._outcomes), self.error)
        whole = outcome.json()
        for host in whole["hosts"]:
            del host["result"]
            host["report"] = f"{HOSTS}/{file_name(host['host'])}"
        if state == INTERRUPTED:
            whole["exit_code"] = int(ExitCode.INTERRUPTED)
        head = {
            "version": VERSION,
            "state": state,
            "inventory": self._options.inventory,
            "begun": self._begun,
            "ended": None if state == RUNNING else _now(),
        }
        return head | whole | {"version": VERSION}

    def _put(self, folder: int, name: str, value: dict[str, Any]) -> None:
        text = json.dumps(mask_values(value, self._report.mask), indent=2)
        whole_file.write(folder, name, f"{text}\n".encode())


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = whole_file.open_folder(path)
    try:
        yield folder
    finally:
        os.close(folder)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
