"""The capability `cron`: commands that cron runs at set times, each in a file of its own."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from envwright.model.capability import HEADER, Settings, TableCapability, render
from envwright.model.proof import Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import Developer, OneLine, spelled
from envwright.resources.accounts import account
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

UNIT, FOLDER = "cron.service", "/etc/cron.d"
NICKNAMES = (
    "@reboot",
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
)
"""Words in the place of five fields (crontab(5))."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, DAYS),
)
"""Each field with its least and largest value, and the names of its values (crontab(5))."""
LONGEST = 998
"""How many characters cron reads of a command (cron's MAX_COMMAND, less the last two)."""


def _schedule(text: str) -> str:
    """Check a schedule as crontab(5) has it, and return it with single blanks.

    cron takes more than this, and means nothing by it: a range that goes backwards, a step that is
    larger than the field.
    """
    words = text.split()
    if len(words) == 1 and words[0] in NICKNAMES:
        return words[0]
    if len(words) != len(FIELDS):
        raise ValueError(
            "must be five fields, like `0 3 * * mon` (minute, hour, day of the month, month, day "
            f"of the week), or one of {', '.join(NICKNAMES)}"
        )
    for word, (field, least, largest, names) in zip(words, FIELDS, strict=True):
        for part in word.split(","):
            if not _is_part(part, least, largest, names):
                raise ValueError(
                    f"has {part!r} for the {field}: must be `*` or numbers from {least} to "
                    f"{largest}, with ranges like `{least}-{largest}` and steps like `*/2`"
                )
    return " ".join(words)


def _is_part(part: str, least: int, largest: int, names: tuple[str, ...]) -> bool:
    """Whether an item of a field's list is one that cron reads: `*`, `3`, `1-5`, `*/10`."""
    numbers = {name: least + index for index, name in enumerate(names)}
    found = re.fullmatch(r"(\*|(\w+)(?:-(\w+))?)(?:/([0-9]{1,2}))?", part.lower(), re.ASCII)
    if not found:
        return False
    whole, first, last, step = found.groups()
    if step and not (1 <= int(step) <= largest and (whole == "*" or last)):
        return False
    if whole == "*":
        return True
    bounds = [
        numbers.get(text, int(text) if text.isdigit() else -1) for text in (first, last or first)
    ]
    return least <= bounds[0] <= bounds[1] <= largest


JobName = Annotated[
    str,
    # cron reads no file whose name has a dot (cron(8), of /etc/cron.d).
    spelled(r"^[a-z][a-z0-9_-]{0,63}$", "small letters, digits, `_` and `-`, a letter first"),
]
Schedule = Annotated[str, AfterValidator(_schedule)]


class Job(Settings):
    """A command, and when cron runs it."""

    schedule: Schedule
    """When: five fields (`*/10 8-18 * * mon-fri`) or a word like `@daily`, by the machine's clock
    and time zone. With a day of the month and a day of the week, either will do."""
    run: Annotated[OneLine, Field(min_length=1)]
    """The command, for sh. It starts in the account's home, with the PATH of cron (/usr/bin:/bin)
    or of the section `environment`, and not as in a login shell. `%` has no meaning of its own."""
    user: Developer
    """The account that runs the command."""
    output: Literal["journal", "mail"] = "journal"
    """Where what the command prints goes: to the journal (`journalctl -t cron-NAME`), or by mail to
    the account, which loses it where the machine delivers no mail."""

    @model_validator(mode="after")
    def _sense(self) -> Job:
        if is_mentioned(self.run):
            raise ValueError("has a secret in 'run', where other users could see it")
        if "\\%" in self.run:
            raise ValueError("has `\\%` in 'run': write `%`, which envwright escapes for cron")
        return self

    def line(self, name: str) -> str:
        """Return the line of the crontab.

        Raises:
            ValueError: cron would not read all of the command.
        """
        command = self.run
        if self.output == "journal":
            command = f"{{ sh -c {shlex.quote(self.run)}; }} 2>&1 | logger -t cron-{name}"
        # To cron, `%` ends the command and begins its input.
        command = command.replace("%", "\\%")
        if len(command) > LONGEST:
            raise ValueError(f"'run' of {name} is too long for cron: put it into a file")
        return f"{self.schedule} {self.user} {command}\n"


class Section(TableCapability):
    """Commands at set times by cron, by name.

    Each is a file of its own in /etc/cron.d, which `crontab -n` checks before it goes live; other
    files there and the crontabs of accounts (`crontab -e`) stay. cron leaves out what was due while
    the machine was off: a timer with `Persistent=` (`systemd`, `user_units`) makes up for it.
    """

    uncaptured: ClassVar[str] = (
        "Files of /etc/cron.d are captured as `files`; crontabs of accounts are not captured."
    )
    example: ClassVar[str] = """\
cron:
  sync: {schedule: "*/15 8-18 * * mon-fri", run: "~/bin/sync --quiet", user: dev}
  report: {schedule: "@daily", run: "date +%F >>/var/log/report", user: root}
"""

    root: dict[JobName, Job]

    @model_validator(mode="after")
    def _readable(self) -> Section:
        for name, job in self.root.items():
            job.line(name)
        return self

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        package = Package(package="cron")
        yield package
        for name, job in self.root.items():
            yield File(
                path=f"{FOLDER}/{_file(name)}",
                content=f"{HEADER}{job.line(name)}",
                needs=(package.id,),
                at=(name,),
            )
        # cron looks each minute for files that changed.
        yield Service(unit=UNIT, needs=(package.id,))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for name, job in self.root.items():
            yield from account(job.user, machine, (name, "user"))

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for name, job in self.root.items():
            yield Proof(
                f"cron takes the job {name}",
                render(
                    "cron.taken.sh",
                    path=f"{FOLDER}/{_file(name)}",
                    file=_file(name),
                    user=shlex.quote(job.user),
                ),
                at=(name,),
                quick=True,
                remedy=f"`journalctl -u {UNIT}` has what cron says of it",
            )


def _file(name: str) -> str:
    return f"envwright-{name}"
