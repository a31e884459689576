"""`envwright pull status`: the settings, the last run, and the time of the next one."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError
from envwright.facts import decode
from envwright.pull import local
from envwright.pull.record import FILE
from envwright.pull.settings import FOLDER, SETTINGS, STATE, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.report.terminal import Report

_PROPERTIES = {
    "ActiveState": "state",
    "UnitFileState": "enabled",
    "LastTriggerUSec": "last_trigger",
    "NextElapseUSecRealtime": "next_run",
}
_READ = f"""
cat {shlex.quote(str(FOLDER / SETTINGS))} 2>/dev/null; printf '\\0'
cat {shlex.quote(str(STATE / FILE))} 2>/dev/null; printf '\\0'
systemctl show --property={",".join(_PROPERTIES)} {UNIT}.timer 2>/dev/null || :
"""


def status(report: Report, *, as_json: bool) -> None:
    """Print the state of pull mode on this machine.

    Raises:
        EnvwrightError: pull mode is not set up, or its files cannot be read.
    """
    with local.session(_READ) as session:
        settings, run, timer = decode(session.hello.stdout).split("\0")
    if not settings:
        raise EnvwrightError(
            "pull mode is not set up on this machine",
            hint="set it up: envwright pull install GIT_URL ENVIRONMENT --signers FILE",
        )
    fields = dict(line.split("=", 1) for line in timer.splitlines() if "=" in line)
    value = {
        "version": 1,
        "settings": _json(settings, str(FOLDER / SETTINGS)),
        "timer": {name: fields.get(key, "") for key, name in _PROPERTIES.items()},
        "last_run": _json(run, str(STATE / FILE)) if run else None,
    }
    if as_json:
        report.json(value)
    else:
        report.text("\n".join(_lines(value)))


def _json(text: str, path: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise EnvwrightError(
            f"{path}: this is not JSON: {error}", hint="run envwright pull install again"
        ) from None
    return value


def _lines(value: dict[str, Any]) -> Iterator[str]:
    settings, timer = value["settings"], value["timer"]
    does = "applies" if settings["apply"] else "plan only"
    yield f"follows {settings['url']} {settings['ref']}: {settings['environment']} ({does})"
    when = timer["next_run"] or f"none: the timer is {timer['state'] or 'unknown'}"
    yield f"next run: {when} (every {settings['every']})"
    if not value["last_run"]:
        yield "last run: none yet; `envwright pull run` does it now"
        return
    yield from run_lines(value["last_run"])


def run_lines(run: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about the last run, given by its record."""
    yield f"last run: {run['time']}, {run['seconds']:.1f} s: {run['outcome']}"
    commit = run["commit"]
    if commit:
        yield f"commit: {commit['id']} of {commit['date']}, signed by {commit['signer']}"
    words = _words(run)
    for change in run["changes"]:
        word = words.get(change["id"])
        yield f"  {change['verb']}{f', {word}' if word else ''}  {change['id']}"
    for failure in run["failures"]:
        yield f"  failed  {failure['id']}: {failure['reason'].partition(chr(10))[0]}"
    if run["error"]:
        yield f"error: {run['error']['message']}"
        if run["error"]["hint"]:
            yield f"hint: {run['error']['hint']}"
    good = run["last_good"]
    if not good:
        yield "last time that nothing was left to do: never"
    elif good["time"] != run["time"]:
        yield f"last time that nothing was left to do: {good['time']}, commit {good['commit']}"


def _words(run: dict[str, Any]) -> dict[str, str]:
    """Return what became of each change that was not simply made, by the ids of resources."""
    error = run["error"] or {}
    words = dict.fromkeys(run["pending"], "pending")
    for key, word in (("failed", "failed"), ("put_back", "put back"), ("not_begun", "not begun")):
        words |= {each["id"]: word for each in error.get(key, ())}
    return words
