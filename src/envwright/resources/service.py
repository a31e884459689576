"""Service: a systemd unit: whether it runs, starts at boot, and has read its files as they are."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import PULLED_BY, ChangeTime, Unit, UnitStatus, Unknown
from envwright.model.claim import Claim
from envwright.model.forecast import Forecast
from envwright.model.operations import Changed, operation
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, SYSTEMD, Difference, Resource, wanted_by
from envwright.model.way_back import WayBack
from envwright.resources.prerequisites import may_come
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Machine, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Fields, State, Value

NOT_BOOTED = "systemd is not PID 1 yet"
UNREADABLE = frozenset({"bad-setting", "error"})
"""Load states (systemctl(1)) of a unit whose files systemd cannot use."""
OFFLINE = "offline"
"""The field that says that a state was read where systemd does not run."""
MISSING = "missing"
"""The field that says that there is no such unit, and need not be."""
CRASHED = "fails again and again: systemd restarts the unit"
"""What is said of a unit that fails and is started again (`Restart=`), whether it runs for a moment
now or systemd waits before the next start: one text, so that two plans of one minute agree."""
NEVER_DUE = "never due: the timer has no next run, and had none before"
STEADY = 10
"""The seconds that a unit must run, for each time that it was restarted after a failure, until its
failures count as overcome: a unit that failed once soon, one that fails all the time late."""
STEADY_MOST = 600
"""The seconds after which all failures count as overcome."""
RUNNING = frozenset({"active", "activating", "reloading", "refreshing"})
"""The active states (systemctl(1)) in which a unit runs, or starts."""
ENABLED = frozenset({"enabled", "alias"})
"""Unit file states (systemctl(1), is-enabled) of a unit that its own links start at boot."""
FIXED = frozenset({"static", "indirect", "generated", "transient"})
"""Unit file states in which enabling means nothing."""
UNTIL_BOOT = "enabled until the next boot"
MASKED_UNTIL_BOOT = "masked until the next boot"
NOTHING_STARTS = "not started at boot: no [Install] section, no other unit"
"""What is said of a unit that cannot be enabled and that no other unit starts."""
BOOTED = "[ -d /run/systemd/system ] || exit 0; "
"""The begin of a check that has nothing to look at where systemd does not run."""
FOLDER = PurePosixPath("/etc/systemd/system")
BEFORE = (
    "/etc/systemd/system.control/",
    "/run/systemd/system.control/",
    "/run/systemd/transient/",
    "/run/systemd/generator.early/",
)
"""The folders whose unit files systemd takes before those in FOLDER (systemd.unit(5))."""


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
        optional: a machine without the unit is as it should be.
        reads: the files that the unit reads when it starts. A file that changed after the start
            makes the unit outdated: a state that can be read, so that no crash loses a restart.
        makers: ids of commands that make files of `reads`.
    """

    unit: str
    running: bool | None = True
    enabled: bool | None = True
    masked: bool = False
    optional: bool = False
    reads: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()

    word: ClassVar[str] = "service"
    rank: ClassVar[int] = 90

    @property
    def name(self) -> str:
        """The name of the unit."""
        return self.unit

    @property
    def autorequires(self) -> Iterator[str]:
        """The files that it reads, and the commands that make such files."""
        for path in self.reads:
            yield from (f"file:{path}", f"keys:{path}", f"link:{path}")
        yield from self.makers

    def merge(self, other: Resource) -> Resource:
        """Join the fields that one of the two manages, and the files that both read."""
        theirs = cast("Service", other)
        both = replace(
            self,
            running=theirs.running if self.running is None else self.running,
            enabled=theirs.enabled if self.enabled is None else self.enabled,
            optional=self.optional and theirs.optional,
            reads=tuple(dict.fromkeys((*self.reads, *theirs.reads))),
            makers=tuple(dict.fromkeys((*self.makers, *theirs.makers))),
        )
        agreed = replace(
            theirs,
            running=both.running if theirs.running is None else theirs.running,
            enabled=both.enabled if theirs.enabled is None else theirs.enabled,
            optional=both.optional,
            reads=both.reads,
            makers=both.makers,
        )
        return both if both.spec() == agreed.spec() else super().merge(other)

    @property
    def restarted_by(self) -> Iterable[str]:
        """The files that it reads."""
        return () if self.masked or self.running is False else tuple(self.autorequires)

    @property
    def at_work(self) -> bool:
        """A unit that runs works by its files."""
        return self.running is True

    @property
    def grants_access(self) -> bool:
        """A socket listens; of a service nobody knows by its name whether it does."""
        return self.running is True and self.unit.endswith(".socket")

    def way_back(self, before: State | None) -> WayBack:
        """The unit runs and starts at boot as before; a unit that was not there does not."""
        if before is None or MISSING in before:
            # Where the start at boot is not managed, another program may decide it: a generator.
            boot = None if self.enabled is None else False
            off = replace(self, running=False, enabled=boot, masked=False, optional=True)
            return WayBack(resources=(off,))
        running, enabled = before.get("running"), before.get("enabled")
        was = replace(
            self,
            running=running if isinstance(running, bool) else None,
            enabled=enabled if isinstance(enabled, bool) else None,
            masked=enabled == "masked",
            optional=False,
        )
        return WayBack(resources=(was,))

    def relies_on(self) -> Iterable[str]:
        return (SYSTEMD,) if self.running else ()

    @property
    def _folder(self) -> PurePosixPath:
        """The folder of the unit files that the manager's owner writes."""
        return FOLDER

    @property
    def _file(self) -> PurePosixPath:
        """The unit file of the manager's owner."""
        return self._folder / self.unit

    @property
    def _question(self) -> Unit:
        """The question for the unit's status."""
        return Unit(self.unit)

    def _comes_before(self, fragment: str) -> bool:
        """Tell whether systemd takes this unit file before that of the manager's owner."""
        return fragment.startswith(BEFORE)

    @property
    def _journal(self) -> str:
        """How service.sh finds the unit's own lines in the journal, and those of the manager."""
        return 'own="_SYSTEMD_UNIT=$unit" about="_UID=0 UNIT=$unit"'

    def _switch(self, *, restarted: bool, reload: bool, boot: bool = True) -> Operation:
        """Return the call that starts or stops the unit; with `boot`, also enables or disables."""
        return operation(
            "systemd.service",
            service=self.unit,
            running=self.running,
            **({"enabled": self.enabled} if boot else {}),
            restarted=restarted,
            daemon_reload=reload,
        )

    def claims(self) -> Iterable[Claim]:
        """The unit's file, where it is masked: systemctl(1) makes that a link to /dev/null."""
        return (Claim(self._file, "a masked unit"),) if self.masked else ()

    def questions(self) -> Iterable[Question[Any]]:
        return (self._question, *(ChangeTime(path) for path in self.reads))

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
        status = facts[self._question]
        if isinstance(status, Unknown):
            return status
        if status.load == "not-found" and self.optional:
            return {**self.desired(), MISSING: True}
        if status.load == "not-found":
            # A missing unit neither runs nor starts at boot; all else needs the unit to exist.
            switches = {self.running, self.enabled}
            off = False in switches and True not in switches and not self.masked
            return self.desired() if off else None
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
        if not self.desired().get("running", True):
            return status.active in RUNNING
        if status.active == "failed":
            return "failed"
        if status.sub.startswith("auto-restart") or not _is_steady(status):
            return CRASHED
        if self.unit.endswith(".timer") and status.sub == "elapsed" and not status.ran:
            return NEVER_DUE
        # A start waits for one that is under way, and tells how it ends.
        return "starting" if status.active == "activating" else status.active in RUNNING

    def _enabled(self, status: UnitStatus) -> bool | str | None:
        named = {"masked": "masked", "masked-runtime": MASKED_UNTIL_BOOT}
        named["enabled-runtime"] = UNTIL_BOOT
        if status.enabled in named:
            return named[status.enabled]
        if status.enabled == "static" and self.enabled and not status.pulled:
            return NOTHING_STARTS
        return self.enabled if status.enabled in FIXED else status.enabled in ENABLED

    def _up_to_date(self, status: UnitStatus, facts: Facts) -> bool | str:
        if self._comes_before(status.fragment) and str(self._file) in self.reads:
            return f"systemd reads {status.fragment}, not {self._file}; remove {status.fragment}"
        if status.load in UNREADABLE:
            return f"systemd cannot use its files; `systemd-analyze verify {self.unit}` says why"
        if status.stale or (str(self._file) in self.reads and status.fragment != str(self._file)):
            return False
        times = [facts[ChangeTime(path)] for path in self.reads]
        started = status.started
        return started is None or all(t <= started for t in times if isinstance(t, float))

    def predict(self, difference: Difference, changed: Collection[str]) -> Difference:
        before = difference.before
        reads = "up to date" in self.desired() and any(id_ in changed for id_ in self.autorequires)
        if (
            not reads
            or (before and {OFFLINE, MISSING} & before.keys())
            or "up to date" in difference.fields
        ):
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

    def failed(self, difference: Difference) -> bool:
        return (difference.before or {}).get("running") in {"failed", CRASHED}

    def _restarts(self, difference: Difference) -> bool:
        """Tell whether to restart the unit; one that waits for its next start is restarted, too."""
        before = difference.before or {}
        ran = before.get("running") in {True, CRASHED}
        outdated = self._is_deaf(difference) or "up to date" in difference.fields
        return outdated and bool(self.running or ran)

    def _is_deaf(self, difference: Difference) -> bool:
        """Tell whether it is a socket that systemd read while it was masked: it listens no more."""
        masked = (difference.before or {}).get("enabled") == "masked"
        return masked and self.unit.endswith(".socket")

    def health_check(self, difference: Difference, *, at_once: bool = False) -> str:
        starts = self.desired().get("running") and difference.concerns("running")
        if OFFLINE in (difference.before or {}) or not (starts or self._restarts(difference)):
            return ""
        looks = 1 if at_once else LOOKS
        given = f"unit={shlex.quote(self.unit)}; {self._journal}; looks={looks}"
        given = f"{given}; set -- {shlex.join(self.reads)}"
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
        yield from self._undo_until_boot(before.get("enabled"))
        if before.get("enabled") == "masked":
            yield operation("server.shell", commands=[f"systemctl unmask -- {unit}"])
        # systemd starts no unit that failed, or was started, too often until its counters are
        # reset. A unit that came since the plan may have failed by now, or may not be loaded, which
        # fails here.
        reset = operation("server.shell", commands=[f"systemctl reset-failed -- {unit} || :"])
        if before.get("running") == "failed" or (before and self._restarts(difference)):
            yield reset
        elif difference.before is None and self.running and self.needs:
            # A start of a unit that waits for its next one would count as one more restart.
            stop = f"systemctl is-active --quiet -- {unit} || systemctl stop -- {unit} || :"
            fresh = operation("server.shell", commands=[stop, *reset.arguments["commands"]])
            yield fresh.given(Changed(self.needs))
        if before.get("running") == CRASHED:
            # A mere start would count as one more of the restarts.
            yield from self.recover()
            difference = replace(difference, fields=("running",))
        outdated = self._is_deaf(difference) or "up to date" in difference.fields
        reload = outdated or difference.before is None
        yield self._switch(restarted=self._restarts(difference), reload=reload)

    def _undo_until_boot(self, enabled: Value) -> Iterator[Operation]:
        """Remove links in /run: `systemctl unmask` and `systemctl disable` leave them there."""
        verb = {MASKED_UNTIL_BOOT: "unmask", UNTIL_BOOT: "disable"}.get(enabled)
        if verb and (verb == "unmask" or self.enabled is False):
            command = f"systemctl {verb} --runtime -- {shlex.quote(self.unit)}"
            yield operation("server.shell", commands=[command])

    @classmethod
    def forecast(
        cls,
        work: Sequence[tuple[Service, Difference]],
        facts: Facts,  # noqa: ARG003 - the states say it
        changed: Collection[str],
    ) -> Forecast:
        """Refuse what no step of the plan can mend."""
        refusals = [
            f"{reason}{wanted_by(service)}"
            for service, difference in work
            # What is installed or written first can bring the unit, or mend it.
            if (reason := service.hopeless(difference))
            and not may_come(changed, *service.autorequires)
        ]
        return Forecast(refusals=tuple(refusals))

    def hopeless(self, difference: Difference) -> str:
        """Return why the difference would still be there after apply; "" where it would not."""
        if self.masked:
            return ""
        before = difference.before
        if before is None:
            return (
                f"the unit {self.unit} does not exist: correct its name, or add the package that "
                "brings the unit"
            )
        if before.get("enabled") == NOTHING_STARTS:
            return (
                f"{self.unit} cannot start at boot: its unit file has no [Install] section, and no "
                "other unit starts it; add the section, or leave out `enabled`"
            )
        if before.get("running") == NEVER_DUE:
            return f"{self.unit} is {NEVER_DUE}; correct the times in its [Timer] section"
        reason = before.get("up to date")
        return f"{self.unit}: {reason}" if isinstance(reason, str) else ""

    def exported(self) -> Iterator[Operation]:
        """Start it; then restart it where an operation before changed what it reads."""
        if self.optional:
            unit = shlex.quote(self.unit)
            running = f"! systemctl is-active --quiet -- {unit} || systemctl restart -- {unit}"
            restart = operation("server.shell", commands=[running])
            yield restart.given(Changed(tuple(self.restarted_by)))
            return
        yield from self.converge(Difference(None, self.desired(), (EXISTENCE,)))
        if not self.restarted_by:
            return
        restart = self._switch(restarted=True, reload=True, boot=False)
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
            yield from self._start_at_boot()
        if self.desired().get("running") is not None:
            yield Assertion(*service, "is_running", self.desired()["running"])
        if self.desired().get("running"):
            yield self._steadiness()
        if self.running and self.unit.endswith(".timer"):
            yield self._due()
        if self.running is not False and not self.masked:
            yield from self._freshness()

    def _start_at_boot(self) -> Iterator[Assertion]:
        """Assert whether the unit starts at boot, a static one where another unit starts it."""
        unit = shlex.quote(self.unit)
        by = f'"$(systemctl show --value --property={",".join(PULLED_BY)} -- {unit})"'
        cases = f"static) {BOOTED}[ {by} ];; enabled|alias|{'|'.join(sorted(FIXED))}) ;; *) exit 1"
        if not self.enabled:
            cases = "enabled*|alias) exit 1"
        script = f'case "$(systemctl is-enabled -- {unit} 2>/dev/null)" in {cases};; esac'
        yield Assertion("run", (script,), "rc", 0)

    def _steadiness(self) -> Assertion:
        """Assert that the unit's process is old enough for the failures before it."""
        show = f"systemctl show --value {shlex.quote(self.unit)} --property="
        script = (
            f"{BOOTED}n=$({show}NRestarts); [ ${{n:-0}} = 0 ] || {{ pid=$({show}MainPID); "
            f"most=$((n * {STEADY})); [ $most -le {STEADY_MOST} ] || most={STEADY_MOST}; "
            '[ "$(($(date +%s) - $(stat -c %Y /proc/$pid)))" -ge $most ]; }'
        )
        return Assertion("run", (script,), "rc", 0)

    def _due(self) -> Assertion:
        """Assert that a timer has a next run, or had one."""
        show = f"systemctl show --value {shlex.quote(self.unit)} --property="
        times = "NextElapseUSecRealtime,NextElapseUSecMonotonic,LastTriggerUSec"
        wrong = "''|infinity|0"
        script = (
            f"{BOOTED}for time in $({show}{times}); do "
            f"case $time in {wrong}) ;; *) exit 0;; esac; done; exit 1"
        )
        return Assertion("run", (script,), "rc", 0)

    def _freshness(self) -> Iterator[Assertion]:
        unit = shlex.quote(self.unit)
        shown = f'"$(systemctl show --property=NeedDaemonReload --value {unit})"'
        yield Assertion("run", (f"{BOOTED}[ {shown} = no ]",), "rc", 0)
        for path in self.reads:
            # The process's own directory in /proc is as old as the process; a timer has none.
            file = shlex.quote(path)
            script = (
                f"{BOOTED}pid=$(systemctl show --property=MainPID --value {unit}); "
                f'[ "${{pid:-0}}" = 0 ] || [ ! -e {file} ] || '
                f'[ "$(stat -c %Z {file})" -le "$(stat -c %Z /proc/$pid)" ] || '
                f'[ "$(stat -c %Z {file})" -gt "$(date +%s)" ]'  # see ChangeTime
            )
            yield Assertion("run", (script,), "rc", 0)


def _is_steady(status: UnitStatus) -> bool:
    """Tell whether a unit that was restarted after failures has run for long enough since."""
    return status.age is None or status.age > min(STEADY * status.restarts, STEADY_MOST)
