"""The verb `hosts`: lists the machines of an inventory, with what each is to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.cli.options import read_inventory
from envwright.errors import ExitCode

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation
    from envwright.host.inventory import Target


def hosts(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """List the machines of an inventory; no machine is asked.

    Raises:
        EnvwrightError: the inventory cannot be read, or names no host that the limit leaves.
    """
    found = read_inventory(parsed.inventory, parsed.limit)
    if parsed.json:
        call.report.json({"version": 1, "hosts": [_described(target) for target in found]})
        return ExitCode.DONE
    for target in found:
        call.report.text(f"{target.host}  {target.environment or '(no environment)'}")
        about = {
            "groups": ", ".join(target.groups),
            "layers": ", ".join(target.layers),
            "vars": ", ".join(f"{name}={value}" for name, value in target.variables.items()),
        }
        for name, text in about.items():
            if text:
                call.report.text(f"    {name}: {text}")
    return ExitCode.DONE


def _described(target: Target) -> dict[str, Any]:
    return {
        "host": target.host,
        "environment": target.environment,
        "groups": list(target.groups),
        "vars": dict(target.variables),
        "extends": list(target.layers),
    }
