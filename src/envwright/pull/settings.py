"""The settings of pull mode: which repository, signed by whom, how often, plan only or apply."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path("/etc/envwright/pull")
"""The settings, and the keys that they name."""
STATE = Path("/var/lib/envwright/pull")
"""What runs keep: the repository, and the record of the last one."""
SETTINGS, SIGNERS, KEYRING = "settings.json", "allowed_signers", "keyring.asc"
IDENTITY, KNOWN_HOSTS = "identity", "known_hosts"
"""The files in FOLDER."""
UNIT = "envwright-pull"
"""The service and the timer."""
HEAD = "HEAD"
VERSION = 1

_URL = re.compile(r"(https|ssh|file)://[!-~]+")
_SCP_LIKE = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:[!-9;-~]+", re.ASCII)
_PASSWORD = re.compile(r"https://[^/]*@|ssh://[^/@]*:[^/]*@")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@/-]*")
_NO_REF = re.compile(r"\.\.|//|@\{|\.lock(/|$)|/\.|\.$|/$")
_EVERY = re.compile(r"([1-9][0-9]?)([mhd])")
_CALENDARS = {"m": (60, 5, 30, "*:0/{}"), "h": (24, 1, 12, "0/{}:00"), "d": (1, 1, 1, "daily")}
_LONGEST_DELAY = 900
"""Seconds by which machines are spread at most; one that is on for an hour a day must not miss."""


@dataclass(frozen=True)
class Settings:
    """What one machine follows.

    Args:
        url: the repository.
        environment: a file in it.
        ref: a branch, a tag, or HEAD.
        signers: SSH signatures are good that the file SIGNERS allows.
        keys: fingerprints of the OpenPGP keys in KEYRING whose signatures are good.
        apply: what differs is applied, not only planned.
        every: how often, as a number and m, h or d.
        variables: values of the environment's `vars`.
    """

    url: str
    environment: str
    ref: str = HEAD
    signers: bool = False
    keys: tuple[str, ...] = ()
    apply: bool = False
    every: str = "1h"
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be followed, or not safely.

        Raises:
            EnvwrightError: which setting, and why.
        """
        _check_url(self.url)
        path = PurePosixPath(self.environment)
        if path.is_absolute() or ".." in path.parts or not path.parts or self.environment[0] == "-":
            raise EnvwrightError(
                f"{self.environment or '(no environment)'}: this is no path in a repository",
                hint="name a file from its root, such as environments/team.yaml",
            )
        if self.ref != HEAD and (not _REF.fullmatch(self.ref) or _NO_REF.search(self.ref)):
            raise EnvwrightError(
                f"--ref {self.ref}: this is no name of a branch or tag",
                hint="name one, such as main, v1.2 or refs/heads/main",
            )
        if not self.signers and not self.keys:
            raise EnvwrightError(
                "whose signature is to be trusted? without one, whoever can write to the "
                "repository or sits on the way is root on this machine",
                hint="name --signers FILE (SSH) or --key FILE (OpenPGP)",
            )
        _ = self.calendar

    @property
    def scheme(self) -> str:
        """The protocol of git that the URL is for."""
        return self.url.partition("://")[0] if "://" in self.url else "ssh"

    @property
    def calendar(self) -> str:
        """`every` as systemd.time(7) writes it; only calendars catch up on what was missed."""
        found = _EVERY.fullmatch(self.every)
        whole, least, most, form = _CALENDARS[found[2]] if found else (0, 0, 0, "")
        if not found or whole % int(found[1]) or not least <= int(found[1]) <= most:
            raise EnvwrightError(
                f"--every {self.every}: a timer cannot keep that",
                hint="5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d",
            )
        return form.format(found[1])

    @property
    def delay(self) -> int:
        """Seconds over which the machines of a team are spread, each with a place of its own."""
        unit = {"m": 60, "h": 3600, "d": 86400}[self.every[-1]]
        return min(int(self.every[:-1]) * unit // 2, _LONGEST_DELAY)

    def text(self) -> str:
        """Return the settings as a file has them."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=2) + "\n"


def _check_url(url: str) -> None:
    if not _URL.fullmatch(url) and not ("://" not in url and _SCP_LIKE.fullmatch(url)):
        raise EnvwrightError(
            f"{url}: this is no address of a repository that can be followed",
            hint="https://host/path, ssh://user@host/path, user@host:path or file:///path",
        )
    if _PASSWORD.match(url):
        raise EnvwrightError(
            "the address of the repository holds a name or password, which others would see",
            hint="use ssh with a deploy key: --identity FILE --known-hosts FILE",
        )


def read(folder: Path = FOLDER) -> Settings:
    """Read the settings of this machine.

    Raises:
        EnvwrightError: there are none, or they are no settings.
    """
    file = folder / SETTINGS
    hint = "set it up: envwright pull install GIT_URL ENVIRONMENT --signers FILE"
    try:
        value: dict[str, Any] = json.loads(file.read_bytes())
        version = value.pop("version")
        if version == VERSION:
            return Settings(**{**value, "keys": tuple(value["keys"])})
    except (FileNotFoundError, NotADirectoryError):
        raise EnvwrightError("pull mode is not set up on this machine", hint=hint) from None
    except PermissionError:
        raise EnvwrightError(f"{file}: only root may read it", hint="use sudo") from None
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise EnvwrightError(
            f"{file}: these are not settings of pull mode: {error!r}", hint=hint
        ) from None
    raise EnvwrightError(f"{file}: version {version} is not known here", hint=hint)
