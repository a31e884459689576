"""The types of values that several sections of an environment have, and how each is spelled."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo

from envwright.portable.listing import listing
from envwright.portable.safepath import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import BaseModel


def spelled(pattern: str, words: str) -> Any:
    """Return the annotation of a text that matches a pattern; people are told the words instead."""
    return Field(pattern=pattern, json_schema_extra={"words": words})


def adds(identity: str = "") -> Any:
    """Return the annotation of a list to which the lists of higher layers add.

    Args:
        identity: what tells that two items are the same: a key for items that are mappings, a
            regular expression for the beginning of texts; "" for the whole item. The item of the
            higher layer takes the place of the same item.
    """
    return Field(json_schema_extra={"layers": "add", "identity": identity})


DEVELOPER = "developer"
"""The keyword in the schema of a field that is the developer's name where it is left out."""


def exactly_one(settings: BaseModel, *names: str) -> None:
    """Check that one of some fields is given, and no other of them.

    Raises:
        ValueError: none is given, or more than one.
    """
    values = [getattr(settings, name) for name in names]
    if sum(value is not None and value is not False for value in values) != 1:
        *others, last = map(repr, names)
        raise ValueError(f"needs exactly one of {', '.join(others)} and {last}")


def seconds(duration: str) -> int:
    """Return a Duration in seconds."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]


@dataclass(frozen=True)
class LocalFile:
    """A file of a folder beside the environment: its path in the folder, its text, its mode.

    `target` is where it leads to if it is a symbolic link.
    """

    path: str
    text: str
    mode: str
    target: str = ""


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"
"""How the file begins that stands for a file of Git LFS until that is downloaded (git-lfs-spec)."""


def _local_path(name: str, info: ValidationInfo) -> Path:
    context = info.context or {}
    # Unlike Path.expanduser, this leaves a user whom nobody knows as it is.
    path = Path(context.get("folder", ".")) / os.path.expanduser(name)  # noqa: PTH111
    tree = context.get("tree")
    if tree and not tree.holds(str(path)):
        raise ValueError(f"cannot read {name}: a layer from elsewhere reads its own files only")
    return path


def _local(name: str, info: ValidationInfo) -> str:
    """Read a text that an environment names, relative to the environment's own folder."""
    text = _local_bytes(name, info)
    if any("\udc80" <= character <= "\udcff" for character in text):
        raise ValueError(f"cannot read {name}: it is not UTF-8 text")
    return text


def _local_bytes(name: str, info: ValidationInfo) -> str:
    """Read any file as a text, in which surrogates stand for bytes that are not UTF-8."""
    path = _local_path(name, info)
    try:
        with path.open("rb") as file:
            data = file.read(TEXT_LIMIT + 1)
        if len(data) > TEXT_LIMIT:
            raise ValueError(f"cannot read {name}: it has more than 1 MiB")
        if data.startswith(LFS_POINTER):
            raise ValueError(f"cannot read {name}: it is a pointer of Git LFS, not the file itself")
        (info.context or {}).get("checksums", {})[str(path)] = hashlib.sha256(data).hexdigest()
        return data.decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ValueError(f"cannot read {name}: {error.strerror}") from error


def _local_template(name: str, info: ValidationInfo) -> str:
    """Read a file and render it as the strings of the environment are rendered."""
    text = _local(name, info)
    return str((info.context or {}).get("render", str)(text))


TEMPLATE = ".j2"
"""The end of the name of a file in a tree that is rendered, and that loses this end."""
FOLDER_LIMIT = 500
"""How many files are brought of a folder: each is compared by every plan."""


def _local_folder(name: str, info: ValidationInfo) -> tuple[LocalFile, ...]:
    """Read the texts of a folder and of the folders in it, but for what git keeps of its own."""
    return _folder(name, info, _local, links=False)


def _local_tree(name: str, info: ValidationInfo) -> tuple[LocalFile, ...]:
    """Read a folder as it is to be elsewhere: links stay links, and files `.j2` are rendered."""

    def read(inside: str, info: ValidationInfo) -> str:
        return (_local_template if inside.endswith(TEMPLATE) else _local_bytes)(inside, info)

    found = _folder(name, info, read, links=True)
    return tuple(
        file if file.target else replace(file, path=file.path.removesuffix(TEMPLATE))
        for file in found
    )


def _folder(
    name: str, info: ValidationInfo, read: Callable[[str, ValidationInfo], str], *, links: bool
) -> tuple[LocalFile, ...]:
    """Read the files of a folder; with `links`, links are not followed but noted."""
    folder = _local_path(name, info)
    found: list[LocalFile] = []
    try:
        for path in _files_in(folder, (info.context or {}).get("checksums", {})):
            inside = str(path.relative_to(folder))
            if len(found) == FOLDER_LIMIT:
                raise ValueError(f"cannot bring {name}: it has more than {FOLDER_LIMIT} files")
            if links and path.is_symlink():
                found.append(LocalFile(inside, "", "", os.readlink(path)))  # noqa: PTH115 - as written
            elif not path.is_dir():
                text = read(os.path.join(name, inside), info)  # noqa: PTH118 - `name` may begin with `~`
                mode = "0755" if path.stat().st_mode & stat.S_IXUSR else "0644"
                found.append(LocalFile(inside, text, mode))
    except OSError as error:
        raise ValueError(f"cannot read {name}: {error.strerror}") from error
    if not found:
        raise ValueError(f"cannot read {name}: it is no folder, or has no files")
    return tuple(found)


def _files_in(folder: Path, checksums: dict[str, str]) -> Iterator[Path]:
    """Yield the files and links below a folder, in order. Links to folders are not followed.

    The folders' listings are noted, so that one more file makes a cached environment stale.
    """
    checksums[str(folder)] = hashlib.sha256(listing(str(folder))).hexdigest()
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_dir():
            yield path
        elif path.name != ".git":
            yield from _files_in(path, checksums)


def _absolute(path: str) -> str:
    if path.startswith("~/"):
        below = path.removeprefix("~")
        raise ValueError(
            "must be an absolute path: in the developer's home write `{{ home }}" + below + "`"
        )
    if not path.startswith("/") or posixpath.normpath(path) != path or not path.isprintable():
        raise ValueError("must be an absolute path without `..`, `//` or a `/` at its end")
    return path


def _inner(path: str) -> str:
    within = posixpath.normpath(path) == path and not path.startswith(("/", "..", "-"))
    if not within or path == "." or not path.isprintable():
        raise ValueError("must be a path inside of the folder, without `..` and `//`")
    return path


def _fingerprint(text: str) -> str:
    """Take a fingerprint as publishers print it, in groups; return it as gpg's `fpr` field."""
    plain = re.sub(r"[\s:]|0x", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{40}|[0-9A-F]{64}", plain):
        raise ValueError(
            "must be a whole fingerprint: 40 hexadecimal digits (64 for a version 6 key)"
        )
    return plain


def _secret(text: str) -> str:
    # No pattern: pydantic's error of a pattern would show the value, which may be a password.
    if not re.fullmatch("⟦secret:[A-Za-z0-9_]+⟧", text):
        raise ValueError("must name a secret, like `{{ secret.TOKEN }}`: YAML holds no password")
    return text


Item = TypeVar("Item")
Adding = Annotated[list[Item], adds()]
"""A set of items: the list of a higher layer adds to the list of the layers below it."""
Replacing = Annotated[list[Item], Field(json_schema_extra={"layers": "replace"})]
"""A sequence: the list of a higher layer takes the place of the list of the layers below it."""
LocalText = Annotated[str, AfterValidator(_local)]
"""The text of a file beside the environment, named by a relative path."""
LocalBytes = Annotated[str, AfterValidator(_local_bytes)]
"""The same of any file; what is not UTF-8 is decoded by surrogateescape."""
LocalTree = Annotated[str, AfterValidator(_local_tree)]
"""The files, programs and links of a folder (LocalFile), named by a relative path."""
LocalFolder = Annotated[str, AfterValidator(_local_folder)]
"""The files of a folder beside the environment (LocalFile), named by a relative path."""
LocalTemplate = Annotated[str, AfterValidator(_local_template)]
"""The same, rendered with the variables and facts of the environment."""
AbsolutePath = Annotated[str, AfterValidator(_absolute)]
"""A path that means the same to everyone who reads it."""
InnerPath = Annotated[str, AfterValidator(_inner)]
"""A path inside of a folder, relative to the folder."""
OneLine = Annotated[str, spelled(r"^[^\n\r\x00]*$", "text on one line")]
Url = Annotated[str, spelled(r"^https?://[^\s\"'<>\\]+$", "an http or https address")]
BaseUrl = Annotated[
    str,
    spelled(
        r"^https?://[^\s\"'<>\\]+[^\s\"'<>\\/]$",
        "an http or https address without a `/` at its end",
    ),
]
"""An address to which the names of files are added."""
AccountName = Annotated[
    str,
    spelled(r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$", "letters, digits, `_`, `-`, `.`, a letter first"),
]
"""The name of an account or group. Directories of companies have capitals and dots in names, which
useradd(8) of Debian and Ubuntu takes, too."""
Developer = Annotated[AccountName, Field(json_schema_extra={DEVELOPER: True})]
"""An account; left out, the developer of the environment (spec/developer.py), if it has one."""
DeveloperOrNobody = Annotated[AccountName | None, Field(json_schema_extra={DEVELOPER: True})]
"""An account, which an environment without a developer need not name."""
Developers = Annotated[
    list[AccountName],
    Field(json_schema_extra={"layers": "add", "identity": "", DEVELOPER: True}),
]
"""A set of accounts, as Adding; left out, the developer of the environment alone."""
SecretText = Annotated[str, AfterValidator(_secret)]
"""A secret and nothing else, named by a template."""
Mode = Annotated[str, spelled(r"^[0-7]{4}$", 'four octal digits in quotes, like "0644"')]
"""The permission bits of chmod(1)."""
VariableName = Annotated[
    str, spelled(r"^[A-Za-z_][A-Za-z0-9_]*$", "a variable's name: letters, digits and `_`")
]
Fingerprint = Annotated[
    str,
    AfterValidator(_fingerprint),
    Field(json_schema_extra={"words": "40 hexadecimal digits (64 for a version 6 key)"}),
]
"""The fingerprint of an OpenPGP key of version 4 or 6, in capitals and without blanks."""
Sha256 = Annotated[str, spelled(r"^[0-9a-f]{64}$", "64 small hexadecimal digits")]
Duration = Annotated[
    str,
    spelled(r"^[1-9][0-9]*[smh]$", "seconds, minutes or hours, like `90s`, `5m` or `1h`"),
]
"""How long something may take."""
