"""What a person made of a machine's files: settings without a section of their own, and dotfiles.

Whatever another section says of a path is said there: these files give way.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from envwright.facts import Output, Shell, Stat, Status, Text
from envwright.facts.machine import PEOPLE
from envwright.model.capability import render
from envwright.model.capture import Captured, Item, LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Facts, Machine
    from envwright.model.capture import Capturing

PLACES = (
    "/etc/apt/apt.conf.d",
    "/etc/apt/preferences.d",
    "/etc/containers",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/docker",
    "/etc/environment.d",
    "/etc/gitconfig",
    "/etc/logrotate.d",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/profile.d",
    "/etc/rsyslog.d",
    "/etc/security/limits.d",
    "/etc/ssh/ssh_config.d",
    "/etc/ssh/sshd_config.d",
    "/etc/sudoers.d",
    "/etc/sysctl.d",
    "/etc/systemd",
    "/etc/systemd/system",
    "/etc/tmpfiles.d",
    "/etc/udev/rules.d",
    "/etc/wsl.conf",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/share/ca-certificates",
)
"""Where a person adds settings, programs and certificates, as packages do."""
DOTFILES = (
    ".bash_aliases",
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".config/fish/config.fish",
    ".config/git/config",
    ".config/git/ignore",
    ".config/starship.toml",
    ".editorconfig",
    ".gitconfig",
    ".gitignore_global",
    ".inputrc",
    ".profile",
    ".ssh/config",
    ".tmux.conf",
    ".vimrc",
    ".zprofile",
    ".zshenv",
    ".zshrc",
)
"""The files of a home that hold settings of a person."""
CREDENTIALS = (
    ".aws/credentials",
    ".config/gh/hosts.yml",
    ".docker/config.json",
    ".git-credentials",
    ".kube/config",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".ssh/id_ecdsa",
    ".ssh/id_ed25519",
    ".ssh/id_rsa",
    ".vault-token",
)
"""The files of a home that hold secrets: nothing of them is read but whether they are there."""
LARGEST = 64 << 10
"""The most bytes of a file whose text is written into an environment."""
MOST = 400
"""The most files: an environment is a file that a person reads."""


def capture(machine: Machine) -> Capturing:
    """Look for files of settings that a person made or changed, and for dotfiles."""
    of_persons = Shell(render("files.capture.sh", places=" ".join(PLACES)))
    homes = {each.name: each.home for each in machine.accounts.users.values() if each.uid in PEOPLE}
    dotfiles = {f"{home}/{name}": name for home in homes.values() for name in DOTFILES}
    credentials = [
        (who, name, f"{home}/{name}") for who, home in homes.items() for name in CREDENTIALS
    ]
    skeletons = {name: Text(f"/etc/skel/{name}") for name in DOTFILES}
    stats = [*map(Stat, dotfiles), *(Stat(path) for _, _, path in credentials)]
    facts = yield (of_persons, *skeletons.values(), *stats)
    answer = facts[of_persons]
    paths = [*dict.fromkeys(answer.text.splitlines())] if isinstance(answer, Output) else []
    there = [path for path in dotfiles if isinstance(facts[Stat(path)], Status)]
    secrets = [
        (_secret_name(who, name), path)
        for who, name, path in credentials
        if isinstance(facts[Stat(path)], Status)
    ]
    given = {path: facts[skeletons[dotfiles[path]]] for path in there}
    wanted = [*paths[:MOST], *there]
    facts = yield [question for path in wanted for question in (Stat(path), Text(path))]
    found = [
        each
        for path in wanted
        if given.get(path) is None or facts[Text(path)] != given[path]
        for each in _file(path, facts, machine)
    ]
    many = [LeftOut(path, f"more than {MOST} files were found") for path in paths[MOST:]]
    return Captured(
        tuple(each for each in found if isinstance(each, Item)),
        (*(each for each in found if isinstance(each, LeftOut)), *many),
        tuple(secrets),
    )


def _secret_name(who: str, name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{who}_{name}").strip("_").upper()


def _file(path: str, facts: Facts, machine: Machine) -> Iterator[Item | LeftOut]:
    """Yield what an environment says of a file or link, or why it says nothing."""
    status, text = facts[Stat(path)], facts[Text(path)]
    if not isinstance(status, Status):
        return
    owner = machine.home_owner(path)
    access = {"owner": status.owner} if status.owner != owner else {}
    if status.group != machine.primary_group(status.owner):
        access["group"] = status.group
    if status.kind == "link":
        yield Item((path,), {"link": status.target, **access}, "a link", place=path)
        return
    if reason := _reason_against(status, text):
        yield LeftOut(path, reason)
        return
    mode = f"{int(status.mode, 8):04o}"
    if mode != "0644":
        access["mode"] = mode
    yield Item((path,), {"content": text, **access}, _why(path), place=path)


def _reason_against(status: Status, text: Any) -> str:
    if status.kind != "file" or not isinstance(text, str):
        return "it is no file whose text can be read"
    if status.size > LARGEST:
        return f"it has more than {LARGEST >> 10} KiB: name it by `source` if you need it"
    if any("\udc80" <= character <= "\udcff" for character in text):
        return "it is not UTF-8 text: name it by `source` if you need it"
    return ""


def _why(path: str) -> str:
    inside = PurePosixPath(path).parts[1]
    return {"etc": "made or changed by a person", "usr": "made by a person"}.get(
        inside, "differs from what a new account gets"
    )
