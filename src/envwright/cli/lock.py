"""The verb `lock`: records which commits and files the layers of an environment are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.errors import ExitCode
from envwright.fetch.locking import lock as lock_layers
from envwright.spec.lockfile import path_for

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation
    from envwright.fetch.locking import Locked

SHOWN = 12
"""Digits of a commit or SHA-256 that a line has."""


def lock(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Lock an environment, and tell what its addresses stand for.

    Raises:
        EnvwrightError: a layer cannot be fetched, or the lock cannot be written.
    """
    path = parsed.environment
    found = lock_layers(path, call.report.complain, parsed.upgrade)
    if parsed.json:
        layers = [each._asdict() for each in found]
        call.report.json({"version": 1, "lock": path_for(path), "layers": layers})
        return ExitCode.DONE
    for each in found:
        call.report.text(f"{each.key}  {each.kind} {_moved(each)}")
    if not found:
        call.report.text(f"{path}: every layer says itself what it is; there is nothing to lock.")
    elif all(each.before == each.after for each in found):
        call.report.text(f"{path_for(path)} is as it was.")
    else:
        call.report.text(f"{path_for(path)} is written.")
    return ExitCode.DONE


def _moved(each: Locked) -> str:
    after = each.after[:SHOWN]
    if each.before == each.after:
        return after
    return f"{each.before[:SHOWN]} -> {after}" if each.before else f"{after} (new)"
