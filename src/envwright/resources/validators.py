"""The programs that read well-known files: they check a new file before it goes live.

A file that its program refuses can lock everybody out of sudo or ssh, or stop apt altogether.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONF = r".+\.conf"
_RUN_PARTS = r"[A-Za-z0-9_-]+"
_ALONE = "-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null"
_BASH = 'bash -O extglob -n "$staged"'
"""bash reads what dash does, and what a person may write for bash alone."""
_DOCKERD = """\
! dockerd --help | grep -q -e --validate || dockerd --validate --config-file "$staged"
"""
"""Engines before version 23 cannot check a file."""
_SSHD = """\
folder=$(mktemp -d) && trap 'rm -r "$folder"' EXIT
ssh-keygen -q -t ed25519 -N '' -f "$folder/key" && mkdir -p -m 0755 /run/sshd &&
/usr/sbin/sshd -t -h "$folder/key" -f "$staged"
"""
"""sshd checks nothing without a host key and its folder, which a machine without a server lacks."""
_UNIT = """\
said=$(SYSTEMD_UNIT_PATH="$units:" LC_ALL=C XDG_RUNTIME_DIR=/run \\
    systemd-analyze "$manager" verify --man=no "$unit" 2>&1)
! printf '%s\\n' "$said" | file="$staged:" whole="${whole-${unit##*/}: }" awk '
    index($0, ENVIRON["file"]) || index($0, ENVIRON["whole"]) == 1' |
    grep -E 'Unknown (key|section)|outside of|Missing|Failed to parse|Invalid|Refusing|fatal'
"""
"""What systemd says of other units, of other files of the unit, of programs that are not there yet,
and of options that it no longer has, does not count."""
_CRONTAB = r"""
blanks='[[:blank:]]+' field='[^[:blank:]]+'
sed -E "/^[[:blank:]]*[A-Za-z_\"'][A-Za-z0-9_\"']*[[:blank:]]*=/b
s/^[[:blank:]]*(@[a-z]+|($field$blanks){4}$field)$blanks$field($blanks|$)/\\1 /" "$staged" |
    crontab -n - >/dev/null
"""
"""crontab(1) checks crontabs of accounts, whose lines name no account: each line loses its own."""
_APT_NAME = r"[A-Za-z0-9_:-][A-Za-z0-9_:.-]*"


@dataclass(frozen=True)
class Place:
    """The files of one program.

    Args:
        paths: their paths, as a regular expression.
        reader: the program that reads them, for messages.
        program: the program that checks them; "" for none.
        check: its script, which fails with the program's own words where it refuses "$staged".
        names: the names that the reader reads, as a regular expression; it passes over all others.
    """

    paths: str
    reader: str
    program: str = ""
    check: str = ""
    names: str = ".*"


_BESIDE = """\
stub=$(mktemp -d) && trap 'rm -r "$stub"' EXIT
echo '[Unit]' >"$stub/$unit"
units=$units:$stub whole=/
"""
"""A drop-in of an account is checked beside an empty unit, of which nothing is said: root reads no
unit in a user's folder."""


def _unit_places(folder: str, manager: str) -> tuple[Place, Place]:
    """Return the unit files of a folder and their drop-ins, as a kind of systemd's manager reads.

    The manager of an account looks for its runtime folder, which a check does not use.
    """

    def check(names: str) -> str:
        return f"{names}\nmanager=--{manager}\n{_UNIT}"

    own, unit = "unit=$staged units=${staged%/*}", "unit=${staged%.d/*}"
    beside = _BESIDE if manager == "user" else ""
    drop_in = f"units=${{staged%/*/*}} {unit}\nunit=${{unit##*/}}\n{beside}"
    kinds = "service|socket|timer|path|target|mount|automount|slice|swap"
    return (
        Place(rf"{folder}/[^/]+\.({kinds})", "systemd(1)", "systemd-analyze", check(own)),
        Place(
            rf"{folder}/[^/]+\.d/[^/]+",
            "systemd(1)",
            "systemd-analyze",
            check(drop_in),
            _CONF,
        ),
    )


_PLACES = (
    Place(r"/etc/sudoers", "sudo", "visudo", 'visudo -cf "$staged"'),
    Place(r"/etc/sudoers\.d/[^/]+", "sudo", "visudo", 'visudo -cf "$staged"', r"[^.]*[^.~]"),
    Place(r"/etc/ssh/sshd_config(\.d/[^/]+)?", "sshd", "/usr/sbin/sshd", _SSHD),
    Place(
        r"/etc/ssh/ssh_config(\.d/[^/]+)?",
        "ssh",
        "ssh",
        'ssh -G -F "$staged" localhost >/dev/null',
    ),
    Place(r"/etc/docker/daemon\.json", "dockerd", "dockerd", _DOCKERD),
    Place(r"/etc/fstab", "mount", "findmnt", '! findmnt -s -F "$staged" 2>&1 >/dev/null | grep .'),
    Place(r"/etc/profile|/.*/\.(profile|bashrc|bash_profile|bash_aliases)", "bash", "bash", _BASH),
    Place(r"/etc/profile\.d/[^/]+", "the login shell", "bash", _BASH, r".+\.sh"),
    Place(
        r"/etc/gitconfig|/.*/(\.gitconfig|\.config/git/config)",
        "git",
        "git",
        'git config --file "$staged" --list >/dev/null',
    ),
    *_unit_places("/etc/systemd/system", "system"),
    *_unit_places(r"/.+/\.config/systemd/user", "user"),
    Place(
        r"/etc/apt/sources\.list",
        "apt",
        "apt-get",
        f'apt-get indextargets {_ALONE} -o Dir::Etc::SourceList="$staged" >/dev/null',
    ),
    Place(
        r"/etc/apt/sources\.list\.d/[^/]+",
        "apt",
        "apt-get",
        f'apt-get indextargets {_ALONE} -o Dir::Etc::SourceParts="${{staged%/*}}" >/dev/null',
        rf"{_APT_NAME}\.(list|sources)",
    ),
    Place(
        r"/etc/apt/preferences\.d/[^/]+",
        "apt",
        "apt-cache",
        f"apt-cache policy {_ALONE} -o Dir::Etc::PreferencesParts=/dev/null "
        '-o Dir::Etc::Preferences="$staged" >/dev/null',
        rf"[A-Za-z0-9_:-]+|{_APT_NAME}\.pref",
    ),
    Place(
        r"/etc/apt/apt\.conf\.d/[^/]+",
        "apt",
        "apt-config",
        'apt-config -c "$staged" dump >/dev/null',
        rf"[A-Za-z0-9_:-]+|{_APT_NAME}\.conf",
    ),
    Place(r"/etc/crontab", "cron", "crontab", _CRONTAB),
    Place(r"/etc/cron\.d/[^/]+", "cron", "crontab", _CRONTAB, _RUN_PARTS),
    Place(r"/etc/cron\.(hourly|daily|weekly|monthly)/[^/]+", "cron", names=_RUN_PARTS),
    Place(
        r"/etc/(sysctl|modules-load|tmpfiles|sysusers|binfmt)\.d/[^/]+", "systemd(1)", names=_CONF
    ),
    Place(r"/etc/(environment|systemd/[a-z]+\.conf)\.d/[^/]+", "systemd(1)", names=_CONF),
    Place(r"/etc/udev/rules\.d/[^/]+", "udev", names=r".+\.rules"),
)


def validator(path: str) -> str:
    """Return the command that checks a file before it goes live at a path; "" for none.

    The command reads the file "$staged". A machine without the program takes the file as it is.
    """
    place = _place(path)
    if place is None or not place.check:
        return ""
    return f"! command -v {place.program} >/dev/null || {{\n{place.check.strip()}\n}}"


def reason_unread(path: str) -> str:
    """Return why the program that reads a folder passes over a file there; "" if it reads it."""
    place = _place(path)
    folder, _, name = path.rpartition("/")
    if place is None or re.fullmatch(place.names, name):
        return ""
    return f"{place.reader} reads no file of the name {name!r} in {folder}"


def unit_files(path: str) -> tuple[str, ...]:
    """Return where the file is of the unit that a drop-in is for; () where a path is no drop-in.

    An instance of a template has the template's file (systemd.unit(5)), unless it has its own.
    """
    folders = r"(/etc/systemd/system/|/.+/\.config/systemd/user/)"
    drop_in = re.fullmatch(rf"{folders}([^/@]+)(@?)([^/]*)(\.[a-z]+)\.d/[^/]+", path)
    if drop_in is None:
        return ()
    folder, prefix, at, instance, kind = drop_in.groups()
    own = f"{folder}{prefix}{at}{instance}{kind}"
    return (own, f"{folder}{prefix}@{kind}") if at and instance else (own,)


def _place(path: str) -> Place | None:
    return next((place for place in _PLACES if re.fullmatch(place.paths, path)), None)
