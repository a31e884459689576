"""The grammar of `envwright pull`: its actions and their options, and the typed values of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envwright.cli.parser import variable

if TYPE_CHECKING:
    import argparse

    from envwright.pull.installation import InstallOptions

ACTIONS = {
    "install": "Let a timer of this machine follow a git repository",
    "remove": "Take the timer away again, and all that it kept",
    "status": "Say when it last ran, which commit, and what came of it",
    "run": "Do now what the timer does: fetch, judge, plan, apply if allowed",
}
"""What there is to do, in the order of doing it."""


def add_actions(parser: argparse.ArgumentParser) -> None:
    """Describe the actions of the verb, and their options."""
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    parsers = {
        name: actions.add_parser(name, help=text, description=text)
        for name, text in ACTIONS.items()
    }
    for name in ("install", "remove"):
        parsers[name].add_argument("--yes", "-y", action="store_true", help="do not ask")
        parsers[name].add_argument(
            "--no-verify", dest="verify", action="store_false", help="do not prove the result"
        )
    parsers["status"].add_argument("--json", action="store_true", help="print JSON, and only that")
    _add_settings(parsers["install"])


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("url", metavar="GIT_URL", help="https://..., ssh://..., user@host:path, file:///...")
    add("environment", help="a YAML file in the repository")
    add("--ref", default="HEAD", help="a branch or a tag (default: the repository's HEAD)")
    add(
        "--signers",
        type=Path,
        metavar="FILE",
        help="whose SSH signatures are good: lines of ssh-keygen(1), ALLOWED SIGNERS",
    )
    add(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="whose OpenPGP signatures are good: an armored public key; again for more",
    )
    add("--apply", action="store_true", help="apply what differs (default: plan only)")
    add("--every", default="1h", metavar="TIME", help="how often: 5m ... 30m, 1h ... 12h, 1d")
    add("--identity", type=Path, metavar="FILE", help="the private key for ssh, a deploy key")
    add("--known-hosts", type=Path, metavar="FILE", help="the host key for ssh, as known_hosts")
    add(
        "--metrics",
        default="",
        metavar="DIR",
        help="a folder for metrics, which node_exporter reads (default: that of the package "
        "prometheus-node-exporter, where it is installed); none: no metrics",
    )
    add(
        "--var",
        action="append",
        default=[],
        type=variable,
        metavar="NAME=VALUE",
        help="set a variable of the environment",
    )


def install_options(parsed: argparse.Namespace) -> InstallOptions | None:
    """Return what `pull install` is given; None for `pull remove`."""
    from envwright.pull.installation import InstallOptions  # noqa: PLC0415 - for this action only

    if parsed.action == "remove":
        return None
    return InstallOptions(
        url=parsed.url,
        environment=parsed.environment,
        ref=parsed.ref,
        signers=parsed.signers,
        keys=tuple(parsed.key),
        apply=parsed.apply,
        every=parsed.every,
        identity=parsed.identity,
        known_hosts=parsed.known_hosts,
        variables=dict(parsed.var),
        metrics=parsed.metrics,
    )
