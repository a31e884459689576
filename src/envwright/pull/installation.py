"""Installation: pull mode itself as resources, for `pull install` and `pull remove`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.model.proof import Assertion, Proof
from envwright.model.secrets import Secret, Secrets, marker
from envwright.portable.openpgp import OpenPGPError, fingerprints
from envwright.pull import program, units
from envwright.pull.metrics import FILE as METRICS
from envwright.pull.metrics import LINK, NODE_EXPORTER
from envwright.pull.settings import (
    FOLDER,
    HEAD,
    IDENTITY,
    KEYRING,
    KNOWN_HOSTS,
    SETTINGS,
    SIGNERS,
    STATE,
    UNIT,
    Settings,
)
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.spec.compiler import Compiled
from envwright.spec.declaration import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.model.resource import Resource

NO_METRICS = "none"
"""What stands for no folder for metrics."""
UNITS = Path("/etc/systemd/system")
STAMP = f"/var/lib/systemd/timers/stamp-{UNIT}.timer"
"""What systemd keeps of a persistent timer."""
_WANTED = f"{UNITS}/timers.target.wants/{UNIT}.timer"
_SIGNER = re.compile(r"\S+ (?:\S.* )?(?:ssh-|ecdsa-|sk-)\S+ AAAA\S+")


@dataclass(frozen=True)
class InstallOptions:
    """What `pull install` is given.

    Args:
        url: the repository.
        environment: a file in it.
        ref: a branch, a tag, or HEAD.
        signers: a file of allowed signers, as ssh-keygen(1) has it.
        keys: files of armored OpenPGP keys.
        apply: apply what differs; else only plan.
        every: how often, as a number and m, h or d.
        identity: the private key for ssh.
        known_hosts: the host key for ssh.
        variables: values of the environment's `vars`.
        metrics: the folder for metrics; "" for that of node_exporter, "none" for no metrics.
    """

    url: str
    environment: str
    ref: str = HEAD
    signers: Path | None = None
    keys: tuple[Path, ...] = ()
    apply: bool = False
    every: str = "1h"
    identity: Path | None = None
    known_hosts: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    metrics: str = ""


@dataclass(frozen=True)
class Keys:
    """The files that the settings name; texts, "" for those that are not given."""

    signers: str = ""
    keyring: str = ""
    known_hosts: str = ""
    identity: Path | None = None

    def secrets(self) -> Secrets:
        """Return the private key as a secret: it is seen in no plan and no log."""
        if self.identity is None:
            return Secrets({})
        file = Declaration(file=str(self.identity.resolve()))
        return Secrets({IDENTITY: Secret(IDENTITY, file, "--identity", Path("/"))})

    def identity_text(self) -> str:
        """Return the text of the private key, a marker for the secret; "" where there is no key.

        ssh refuses a private key whose last line has no end.
        """
        if self.identity is None:
            return ""
        ended = self.identity.read_bytes().endswith(b"\n")
        return marker(IDENTITY) if ended else f"{marker(IDENTITY)}\n"


def compiled(options: InstallOptions | None) -> tuple[Compiled, Secrets]:
    """Compile what an installation wants on this machine; without options, its removal.

    Raises:
        EnvwrightError: an option makes no sense, or others could change what the timer would run.
    """
    if options is None:
        return remove(), Secrets({})
    settings, keys = read_options(options)
    program.check(program.places())
    return install(settings, keys, program.words(), options.metrics), keys.secrets()


# --- From options to settings ----------------------------------------------------------------


def read_options(options: InstallOptions) -> tuple[Settings, Keys]:
    """Read the files that the options name; return the settings and the files' contents.

    Raises:
        EnvwrightError: an option makes no sense, or a file is not what it should be.
    """
    signers = _read_signers(options.signers) if options.signers else ""
    keyring = "".join(map(_read_key, options.keys))
    settings = Settings(
        url=options.url,
        environment=options.environment,
        ref=options.ref,
        signers=bool(signers),
        keys=tuple(dict.fromkeys(fingerprints(keyring.encode()))) if keyring else (),
        apply=options.apply,
        every=options.every,
        variables=options.variables,
    )
    if settings.scheme != "ssh":
        if options.identity or options.known_hosts:
            raise EnvwrightError("--identity and --known-hosts are for an address of ssh")
        return settings, Keys(signers, keyring)
    if not options.identity or not options.known_hosts:
        raise EnvwrightError(
            "an address of ssh needs --identity FILE and --known-hosts FILE",
            hint="make a deploy key with ssh-keygen -N ''; ssh-keyscan HOST prints the host's "
            "key, whose fingerprint you compare with the one that is announced",
        )
    if "PRIVATE KEY-----" not in _read(options.identity):
        raise EnvwrightError(f"{options.identity}: this is no private key of ssh")
    return settings, Keys(signers, keyring, _read(options.known_hosts), options.identity)


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise EnvwrightError(f"cannot read {path}: {reason}", hint="name a file of text") from None
    return text if text.endswith("\n") else f"{text}\n"


def _read_signers(path: Path) -> str:
    text = _read(path)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        if not _SIGNER.match(line):
            raise EnvwrightError(
                f"{path}: this line allows no signer: {line[:60]}",
                hint="a line is a principal and a public key: alice@example.com ssh-ed25519 AAA...",
            )
    if not lines:
        raise EnvwrightError(f"{path} allows no signer", hint="see ssh-keygen(1), ALLOWED SIGNERS")
    return text


def _read_key(path: Path) -> str:
    text = _read(path)
    try:
        fingerprints(text.encode())
    except OpenPGPError as error:
        raise EnvwrightError(
            f"{path}: {error}", hint="export it: gpg --armor --export alice@example.com"
        ) from None
    return text


# --- From settings to resources, in the order of doing ---------------------------------------


def install(settings: Settings, keys: Keys, words: tuple[str, ...], metrics: str = "") -> Compiled:
    """Compile pull mode: `words` run envwright; `metrics` is as in InstallOptions.

    Raises:
        EnvwrightError: `metrics` is no path of a folder.
    """
    files = {
        SETTINGS: settings.text(),
        SIGNERS: keys.signers,
        KEYRING: keys.keyring,
        KNOWN_HOSTS: keys.known_hosts,
        IDENTITY: keys.identity_text(),
    }
    service, timer = (UNITS / f"{UNIT}.{kind}" for kind in ("service", "timer"))
    resources: list[Resource] = [Package(package=name) for name in _packages(settings)]
    resources += [
        Directory(path=str(FOLDER.parent)),
        Directory(path=str(FOLDER), mode="0700"),
        Directory(path=str(STATE), mode="0700"),
        *_files(files),
        *_metrics(metrics),
        File(path=str(service), content=units.service(settings, words)),
        File(path=str(timer), content=units.timer(settings)),
        Service(unit=timer.name, reads=(str(service), str(timer))),
    ]
    return Compiled("pull", tuple(resources), (_SCHEDULED,), ())


_SCHEDULED = Proof(
    "the timer has a next run",
    "[ -d /run/systemd/system ] || { echo 'systemd is not PID 1'; exit 77; }\n"
    f"next=$(systemctl show --property=NextElapseUSecRealtime --value {UNIT}.timer)\n"
    '[ -n "$next" ] || { echo "it has none"; exit 1; }',
)


def _packages(settings: Settings) -> Iterator[str]:
    yield "git"
    if settings.signers or settings.scheme == "ssh":
        yield "openssh-client"
    if settings.keys:
        yield "gpg"
    if settings.scheme == "https":
        yield "ca-certificates"


def _files(contents: Mapping[str, str]) -> Iterator[File]:
    for name, content in contents.items():
        path = str(FOLDER / name)
        yield File(path=path, content=content, mode="0600", present=bool(content))


def _metrics(metrics: str) -> Iterator[Resource]:
    """Yield what leads runs to the folder for metrics: that of node_exporter is its package's."""
    link, folder = str(FOLDER / LINK), Path(metrics or NODE_EXPORTER)
    if metrics == NO_METRICS:
        yield File(path=link, present=False)
        return
    if not folder.is_absolute() or ".." in folder.parts:
        raise EnvwrightError(
            f"--metrics {metrics}: this is no absolute path of a folder",
            hint=f"name one, such as {NODE_EXPORTER}; or {NO_METRICS} for no metrics",
        )
    if folder != NODE_EXPORTER:
        yield Directory(path=str(folder))
    yield Link(path=link, target=str(folder))


def remove() -> Compiled:
    """Compile the absence of pull mode; packages stay, for others may use them."""
    paths = [FOLDER / LINK / METRICS, *(UNITS / f"{UNIT}.{kind}" for kind in _KINDS)]
    files = [File(path=str(path), present=False) for path in paths]
    return Compiled("pull", (_stopped(), *files, _forgotten()), (), ())


_KINDS = ("timer", "service")


def _stopped() -> Command:
    seen = f"! systemctl --quiet is-enabled {UNIT}.timer && ! systemctl --quiet is-active "
    return Command(
        title=f"stop {UNIT}.timer",
        observe=f"{{ {seen} {UNIT}.timer; }} 2>/dev/null && echo gone || echo there",
        expected="gone",
        run=f"systemctl disable {UNIT}.timer\n"
        f"[ ! -d /run/systemd/system ] || systemctl stop {UNIT}.timer {UNIT}.service",
        seen=(
            Assertion("service", (f"{UNIT}.timer",), "is_running", expected=False),
            Assertion("file", (_WANTED,), "exists", expected=False),
        ),
    )


def _forgotten() -> Command:
    places = (str(FOLDER), str(STATE), STAMP)
    quoted = shlex.join(places)
    return Command(
        title="forget what was pulled",
        observe=f'for path in {quoted}; do [ ! -e "$path" ] || {{ echo there; exit; }}; done; '
        "echo gone",
        expected="gone",
        run=f"rm -rf {quoted}\n"
        f"rmdir --ignore-fail-on-non-empty {shlex.quote(str(FOLDER.parent))}\n"
        "[ ! -d /run/systemd/system ] || {\n"
        f"systemctl daemon-reload; systemctl reset-failed {UNIT}.service 2>/dev/null || :; }}",
        seen=tuple(Assertion("file", (path,), "exists", expected=False) for path in places),
    )
