"""The status of systemd units."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class UnitStatus:
    """The status of a systemd unit.

    `load`: loaded, not-found, masked...; `active`: active, inactive, failed...; `sub`: running,
    auto-restart (systemd waits before it starts the failed unit again)...; `enabled`: enabled,
    disabled, static, masked... ("" when unknown to systemd); `stale`: its file on disk is newer
    than what systemd read; `started`: when its process (or, without one, the unit) last started,
    in seconds since 1970, None when it is not active. `restarts`: how often systemd started the
    unit again after a failure; `age`: the seconds since the last of these starts, None without
    one. `fragment`: the unit file that systemd read; `pulled`: another unit starts this one;
    `ran`: a timer has started its unit before.
    Without systemd as PID 1 only `enabled` is known and `load` is "offline".
    """

    load: str
    active: str
    enabled: str
    stale: bool
    started: float | None
    sub: str = ""
    restarts: int = 0
    age: float | None = None
    fragment: str = ""
    pulled: bool = False
    ran: bool = False


WAITING = "waiting"
"""What stands for the load state of a unit whose manager does not run yet."""
PULLED_BY = ("WantedBy", "RequiredBy", "UpheldBy", "TriggeredBy")
"""The properties that name the units which start another one (systemd.unit(5))."""


@dataclass(frozen=True)
class Unit(Question[UnitStatus]):
    """The question for the status of a systemd unit, by its full name (`docker.service`)."""

    name: str

    waits: ClassVar[bool] = True
    PROPERTIES: ClassVar = (
        "Id",
        "Names",
        "LoadState",
        "ActiveState",
        "SubState",
        "UnitFileState",
        "NeedDaemonReload",
        "ExecMainStartTimestamp",
        "ActiveEnterTimestamp",
        "NRestarts",
        "FragmentPath",
        "LastTriggerUSec",
        *PULLED_BY,
    )

    @classmethod
    def script(cls, questions: Sequence[Unit]) -> str:
        names = " ".join(shlex.quote(q.name) for q in questions)
        online, offline = cls.online(names), cls.by_files(names, "offline")
        return f"if [ -d /run/systemd/system ]; then {online}; else {offline}; fi"

    @classmethod
    def online(cls, names: str) -> str:
        """Return the script that asks the manager about units, which it names as words of sh."""
        # --timestamp is younger than systemd 247: without it the times are whole seconds.
        show = f"systemctl show --property={','.join(cls.PROPERTIES)}"
        # The time is told only where a unit was restarted: without it two answers are equal.
        return (
            f"shown=$({show} --timestamp=us+utc -- {names} || TZ=UTC {show} -- {names}); "
            "printf '%s\\n\\n' \"$shown\"; "
            "case $shown in *NRestarts=[1-9]*) date +NOW=%s.%N;; esac"
        )

    @staticmethod
    def by_files(names: str, load: str) -> str:
        """Return the script that tells of units what their files say; `load` says why no more."""
        form = rf"Names=%s\nLoadState={load}\nUnitFileState=%s\n\n"
        state = '"$(systemctl --root=/ is-enabled -- "$unit")"'
        return f"for unit in {names}; do printf '{form}' \"$unit\" {state}; done"

    @classmethod
    def parse(cls, questions: Sequence[Unit], output: bytes) -> Mapping[Unit, UnitStatus]:
        units = {}
        shown, _, now = decode(output).partition("\nNOW=")
        for block in shown.split("\n\n"):
            fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            for name in fields.get("Names", "").split():
                units[name] = _unit_status(fields, float(now or 0))
        return {q: units[q.name] for q in questions if q.name in units}


def systemctl_of(user: str) -> str:
    """Return the function of sh `systemctl`, by which root asks the manager of an account.

    The function runs as the account: root would trust what lies in the account's folders.
    `systemctl --user --machine=NAME@` would open a session by PAM for each call, and needs a bus;
    the manager's own socket in XDG_RUNTIME_DIR needs neither (systemctl(1)).
    """
    who = shlex.quote(user)
    return (
        f'systemctl() {{ setpriv --reuid={who} --regid="$(id -g -- {who})" --init-groups env -i '
        f'TZ=UTC LC_ALL=C PATH=/usr/bin:/bin XDG_RUNTIME_DIR="/run/user/$(id -u -- {who})" '
        'systemctl --user "$@"; }\n'
    )


@dataclass(frozen=True)
class UserUnit(Unit):
    """The question for the status of a unit of an account's own manager (`systemctl --user`).

    Where this manager does not run yet, only `enabled` is known and `load` is WAITING.
    """

    user: str

    @classmethod
    def script(cls, questions: Sequence[Unit]) -> str:
        return "".join(
            f"( {systemctl_of(user)}{cls._of(user, mine)}\n); printf '\\0'\n"
            for user, mine in _by_user(questions)
        )

    @classmethod
    def _of(cls, user: str, questions: Sequence[Unit]) -> str:
        names = " ".join(shlex.quote(q.name) for q in questions)
        # A manager that has ended leaves its socket behind.
        runs = (
            f'command systemctl is-active --quiet -- "user@$(id -u -- {shlex.quote(user)}).service"'
        )
        return (
            f"if [ ! -d /run/systemd/system ]; then {cls.by_files(names, 'offline')}\n"
            f"elif {runs}; then {cls.online(names)}\n"
            f"else {cls.by_files(names, WAITING)}; fi"
        )

    @classmethod
    def parse(cls, questions: Sequence[Unit], output: bytes) -> Mapping[Unit, UnitStatus]:
        parts = zip(_by_user(questions), output.split(b"\0"), strict=False)
        return {
            question: status
            for (_, mine), part in parts
            for question, status in Unit.parse(mine, part).items()
        }


def _by_user(questions: Sequence[Unit]) -> list[tuple[str, list[Unit]]]:
    """Return the questions about each account's units."""
    found: dict[str, list[Unit]] = {}
    for question in questions:
        found.setdefault(cast("UserUnit", question).user, []).append(question)
    return list(found.items())


def _unit_status(fields: Mapping[str, str], now: float) -> UnitStatus:
    active = fields.get("ActiveState", "")
    started = _seconds(
        fields.get("ExecMainStartTimestamp") or fields.get("ActiveEnterTimestamp", "")
    )
    restarts = int(fields.get("NRestarts") or 0)
    return UnitStatus(
        load=fields.get("LoadState", ""),
        active=active,
        sub=fields.get("SubState", ""),
        # Since systemd 254 is-enabled says this of what it does not know.
        enabled=fields.get("UnitFileState", "").replace("not-found", ""),
        stale=fields.get("NeedDaemonReload") == "yes",
        started=started if active == "active" else None,
        restarts=restarts,
        age=now - started if restarts and started is not None else None,
        fragment=fields.get("FragmentPath", ""),
        ran=bool(fields.get("LastTriggerUSec")),
        pulled=any(fields.get(name) for name in PULLED_BY),
    )


def _seconds(timestamp: str) -> float | None:
    """Read `Sat 2026-11-21 08:49:50.123456 UTC` as seconds since 1970."""
    found = re.search(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?", timestamp)
    if not found:
        return None
    from datetime import datetime, timezone  # noqa: PLC0415 - 1 ms that only a start needs

    moment = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=timezone.utc)
    return moment.timestamp() + float(found[3] or 0)
