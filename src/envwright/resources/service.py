"""Service: a systemd unit: whether it runs, starts at boot, and has read its files as they are."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import ChangeTime, Unit, UnitStatus, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import Changed, operation
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, Difference, Resource
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from envwright.facts import Facts, Machine, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Fields, State

NOT_BOOTED = "systemd is not PID 1 yet"
OFFLINE = "offline"
"""The field that says that a state was read where systemd does not run."""
CRASHED = "failed, and systemd will start it again"
"""What is said of a unit that crashed while systemd waits before it starts the unit again
(`Restart=`): its active state is `activating`, but nothing runs."""
RUNNING = frozenset({"active", "activating", "reloading"})
"""The active states (systemctl(1)) in which a unit runs, or starts."""
FIXED = frozenset({"static", "indirect", "generated", "transient"})
"""Unit file states (systemctl(1), is-enabled) in which enabling means nothing."""


_HEALTH = load(__file__)
LOOKS = 20
"""How often, at intervals of 0.1 s, a unit that was started is looked at: for about 2 s."""


@dataclass(frozen=True, kw_only=True)
class Service(Resource):
    """A unit of the system manager; a field that is None is not managed.

    Args:
        unit: its full name, `docker.service`.
        running: whether the unit is active.
        enabled: whether the unit starts at boot.
        masked: the unit cannot be started; `running` and `enabled` have no meaning then.
        reads: the files that the unit reads when it starts. A file that changed after the start
            makes the unit outdated: a state that can be read, so that no crash loses a restart.
    """

    unit: str
    running: bool | None = True
    enabled: bool | None = True
    masked: bool = False
    reads: tuple[str, ...] = ()

    word: ClassVar[str] = "service"
    rank: ClassVar[int] = 90

    @property
    def name(self) -> str:
        """The name of the unit."""
        return self.unit

    @property
    def autorequires(self) -> Iterator[str]:
        """The files that it reads."""
        for path in self.reads:
            yield from (f"file:{path}", f"keys:{path}", f"link:{path}")

    def merge(self, other: Resource) -> Resource:
        """Join the fields that one of the two manages, and the files that both read."""
        theirs = cast("Service", other)
        both = replace(
            self,
            running=theirs.running if self.running is None else self.running,
            enabled=theirs.enabled if self.enabled is None else self.enabled,
            reads=tuple(dict.fromkeys((*self.reads, *theirs.reads))),
        )
        agreed = replace(
            theirs,
            running=both.running if theirs.running is None else theirs.running,
            enabled=both.enabled if theirs.enabled is None else theirs.enabled,
            reads=both.reads,
        )
        return both if both.spec() == agreed.spec() else super().merge(other)

    @property
    def restarted_by(self) -> Iterable[str]:
        """The files that it reads."""
        return () if self.masked or self.running is False else tuple(self.autorequires)

    def claims(self) -> Iterable[Claim]:
        """The unit's file, where it is masked: systemctl(1) makes that a link to /dev/null."""
        file = PurePosixPath("/etc/systemd/system", self.unit)
        return (Claim(file, "a masked unit"),) if self.masked else ()

    def questions(self) -> Iterable[Question[Any]]:
        return (Unit(self.unit), *(ChangeTime(path) for path in self.reads))

    def desired(self) -> State:
        if self.masked:
            return {"enabled": "masked", "running": False}
        wanted: Fields = {}
        if self.running is not None:
            wanted["running"] = self.running
        if self.enabled is not None:
            wanted["enabled"] = self.enabled
        # A service that must not run need not read its files again.
        return wanted if self.running is False else {**wanted, "up to date": True}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = facts[Unit(self.unit)]
        if isinstance(status, Unknown):
            return status
        if status.load == "not-found":
            # A missing unit neither runs nor starts; only `masked` needs the unit to exist.
            return None
        if status.load == "offline":
            # Nothing runs, so nothing is outdated; what starts at boot is in the file system.
            running: Any = Unknown(NOT_BOOTED) if self.desired().get("running") else False
            enabled = self._enabled(status)
            return {"enabled": enabled, "running": running, "up to date": True, OFFLINE: True}
        return {
            "enabled": self._enabled(status),
            "running": self._running(status),
            "up to date": self._up_to_date(status, facts),
        }

    def _running(self, status: UnitStatus) -> bool | str:
        if self.desired().get("running", True):
            if status.active == "failed":
                return "failed"
            if status.sub.startswith("auto-restart"):
                return CRASHED
        return status.active in RUNNING

    def _enabled(self, status: UnitStatus) -> bool | str | None:
        if status.enabled.startswith("masked"):
            return "masked"
        if status.enabled in FIXED:
            return self.enabled
        return status.enabled in {"enabled", "enabled-runtime", "alias", "linked"}

    def _up_to_date(self, status: UnitStatus, facts: Facts) -> bool:
        if status.stale:
            return False
        times = [facts[ChangeTime(path)] for path in self.reads]
        started = status.started
        return started is None or all(t <= started for t in times if isinstance(t, float))

    def predict(self, difference: Difference, changed: Container[str]) -> Difference:
        before = difference.before
        reads = "up to date" in self.desired() and any(id_ in changed for id_ in self.autorequires)
        if not reads or (before and OFFLINE in before) or "up to date" in difference.fields:
            return difference
        return replace(
            difference,
            before=before and {**before, "up to date": False},
            fields=(*difference.fields, "up to date"),
        )

    def pending(self, machine: Machine) -> str:
        return NOT_BOOTED if self.desired().get("running") and not machine.booted else ""

    def worked(self, difference: Difference) -> bool:
        """Tell whether the unit ran, and apply starts it anew."""
        before = difference.before or {}
        return before.get("running") is True and self._restarts(difference)

    def _restarts(self, difference: Difference) -> bool:
        """Tell whether to restart the unit; one that waits for its next start is restarted, too."""
        before = difference.before or {}
        ran = before.get("running") in {True, CRASHED}
        return "up to date" in difference.fields and bool(self.running or ran)

    def health_check(self, difference: Difference, *, at_once: bool = False) -> str:
        starts = self.desired().get("running") and difference.concerns("running")
        if OFFLINE in (difference.before or {}) or not (starts or self._restarts(difference)):
            return ""
        looks = 1 if at_once else LOOKS
        given = f"unit={shlex.quote(self.unit)}; looks={looks}; set -- {shlex.join(self.reads)}"
        return f"{given}\n{_HEALTH}"

    def recover(self) -> Iterator[Operation]:
        """Start the unit by its files as they are now, however often it has failed."""
        unit = shlex.quote(self.unit)
        # systemd does not start a unit that failed too often until the failures are reset.
        reset = f"systemctl daemon-reload; systemctl reset-failed -- {unit} || :"
        yield operation("server.shell", commands=[f"{reset}; systemctl restart -- {unit}"])

    def converge(self, difference: Difference) -> Iterator[Operation]:
        before = difference.before or {}
        if OFFLINE in before:
            yield from self._converge_offline(difference)
            return
        unit = shlex.quote(self.unit)
        if self.masked:
            yield operation("server.shell", commands=[f"systemctl mask --now -- {unit}"])
            return
        if before.get("enabled") == "masked":
            yield operation("server.shell", commands=[f"systemctl unmask -- {unit}"])
        if before.get("running") == "failed":
            # systemd does not start a unit that failed too often until the failures are reset.
            yield operation("server.shell", commands=[f"systemctl reset-failed -- {unit}"])
        outdated = "up to date" in difference.fields
        yield operation(
            "systemd.service",
            service=self.unit,
            running=self.running,
            enabled=self.enabled,
            restarted=self._restarts(difference),
            daemon_reload=outdated or difference.before is None,
        )

    def exported(self) -> Iterator[Operation]:
        """Start it; then restart it where an operation before changed what it reads."""
        yield from self.converge(Difference(None, self.desired(), (EXISTENCE,)))
        if not self.restarted_by:
            return
        restart = operation(
            "systemd.service",
            service=self.unit,
            running=self.running,
            restarted=True,
            daemon_reload=True,
        )
        yield restart.given(Changed(tuple(self.restarted_by)))

    def _converge_offline(self, difference: Difference) -> Iterator[Operation]:
        """Enable, disable or mask the unit in the file system, for the next boot."""
        if "enabled" not in difference.fields:
            return
        verbs = ["mask" if self.masked else "enable" if self.enabled else "disable"]
        if (difference.before or {}).get("enabled") == "masked":
            verbs.insert(0, "unmask")
        unit = shlex.quote(self.unit)
        commands = [f"systemctl --root=/ {verb} -- {unit}" for verb in verbs]
        yield operation("server.shell", commands=commands)

    def witness(self) -> Iterator[Assertion]:
        service = ("service", (self.unit,))
        if self.masked:
            yield Assertion(*service, "is_masked", expected=True)
        if self.enabled is not None and not self.masked:
            # is-enabled answers "static" for a unit that another one starts: that is enabled, too.
            yield Assertion(*service, "is_enabled", self.enabled)
        if self.desired().get("running") is not None:
            yield Assertion(*service, "is_running", self.desired()["running"])
        if self.running is not False and not self.masked:
            yield from self._freshness()

    def _freshness(self) -> Iterator[Assertion]:
        unit = shlex.quote(self.unit)
        booted = "[ -d /run/systemd/system ] || exit 0; "
        shown = f'"$(systemctl show --property=NeedDaemonReload --value {unit})"'
        yield Assertion("run", (f"{booted}[ {shown} = no ]",), "rc", 0)
        for path in self.reads:
            # The process's own directory in /proc is as old as the process; a timer has none.
            file = shlex.quote(path)
            script = (
                f"{booted}pid=$(systemctl show --property=MainPID --value {unit}); "
                f'[ "${{pid:-0}}" = 0 ] || [ ! -e {file} ] || '
                f'[ "$(stat -c %Z {file})" -le "$(stat -c %Z /proc/$pid)" ] || '
                f'[ "$(stat -c %Z {file})" -gt "$(date +%s)" ]'  # see ChangeTime
            )
            yield Assertion("run", (script,), "rc", 0)
