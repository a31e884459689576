"""What a compose file says before any machine is asked: what plan can foresee, and no judgement.

`docker compose config` on the machine is the judge of a compose file. What it takes cannot be known
here: other files are included and merged. So only what is no YAML at all is refused here, and what
is read of services, ports and volumes is read as far as it stands in the text itself.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ruamel.yaml.nodes import Node

# docs.docker.com/reference/compose-file/interpolation: `$$` is a dollar sign.
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::?-([^{}]*))?\}|(\w+))")
_PUBLISHED = re.compile(
    r"(?:(?P<ip>[\d.]+|\[[\da-fA-F:]+\]):)?(?P<first>\d+)(?:-(?P<last>\d+))?:\d+(?:-\d+)?"
    r"(?:/(?P<protocol>\w+))?"
)


@dataclass(frozen=True)
class Port:
    """A port of the machine that a service publishes; `ip` is "" for all addresses."""

    number: int
    ip: str = ""
    protocol: str = "tcp"


class ComposeText:
    """The text of a compose file, as far as it can be read without Compose.

    Args:
        text: the text.
        variables: what `${NAME}` in the text stands for, where that is known.

    Raises:
        ValueError: the text is no YAML, or its top level is no mapping.
    """

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._top: dict[str, Any] = {}
        for document in _documents(text):
            if document is None:
                continue
            if not isinstance(document, dict):
                raise ValueError("is no compose file: its top level is no mapping")  # noqa: TRY004 - pydantic's
            self._top |= document
        if not self._top:
            raise ValueError("is no compose file: it is empty")

    @property
    def whole(self) -> bool:
        """Whether nothing of another file can belong to it."""
        extended = any("extends" in service for service in self.services.values())
        return "include" not in self._top and not extended

    @property
    def project(self) -> str:
        """The name that it gives to its project; "" where it gives none."""
        return self._known(self._top.get("name"))

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        """The services that are mappings, by name."""
        return _tables(self._top.get("services"))

    @property
    def started(self) -> dict[str, dict[str, Any]]:
        """The services that start by themselves: those without profiles."""
        return {n: service for n, service in self.services.items() if not service.get("profiles")}

    @property
    def secret_files(self) -> set[str]:
        """The files of its secrets, as it names them."""
        secrets = _tables(self._top.get("secrets")).values()
        return {secret["file"] for secret in secrets if isinstance(secret.get("file"), str)}

    @property
    def container_names(self) -> list[str]:
        """The names that it gives to containers."""
        names = (self._known(s.get("container_name")) for s in self.started.values())
        return [name for name in names if name]

    @property
    def publishes(self) -> bool:
        """Whether a service publishes a port, be it one that Docker chooses."""
        return any(service.get("ports") for service in self.started.values())

    @property
    def ports(self) -> list[Port]:
        """The ports of the machine that its services publish."""
        return [
            port
            for service in self.started.values()
            for entry in _items(service.get("ports"))
            for port in self._published(entry)
        ]

    def read_folders(self, folder: str) -> list[str]:
        """Return the folders of the files that it includes, extends and takes variables from.

        Args:
            folder: the folder that relative paths start from.
        """
        services = self.services.values()
        files = [*_paths(self._top.get("include"))]
        files += [p for s in services for p in _paths(_table(s.get("extends")).get("file"))]
        files += [p for s in services for p in _paths(s.get("env_file"))]
        paths = (posixpath.normpath(posixpath.join(folder, self._known(file))) for file in files)
        return list(dict.fromkeys([folder, *map(posixpath.dirname, paths)]))

    def written_paths(self, folder: str) -> list[str]:
        """Return the paths of the machine that its containers write to, outside of volumes.

        Args:
            folder: the folder that relative paths start from.
        """
        mounts = [
            mount
            for service in self.started.values()
            for entry in _items(service.get("volumes"))
            for mount in self._bound(entry)
        ]
        devices = [
            self._known(_table(volume.get("driver_opts")).get("device"))
            for volume in _tables(self._top.get("volumes")).values()
        ]
        paths = [path for path in (*mounts, *devices) if re.match(r"/|\.{1,2}(/|$)", path)]
        return [posixpath.normpath(posixpath.join(folder, path)) for path in dict.fromkeys(paths)]

    def _published(self, entry: Any) -> Iterator[Port]:
        if isinstance(entry, dict):
            parts = (self._known(entry.get(key)) for key in ("host_ip", "published", "protocol"))
            ip, published, protocol = parts
            entry = f"{ip}{':' if ip else ''}{published}:1/{protocol or 'tcp'}"
        found = _PUBLISHED.fullmatch(self._known(entry))
        if found:
            first, last = int(found["first"]), int(found["last"] or found["first"])
            for number in range(first, min(last, first + 999) + 1):
                yield Port(number, found["ip"] or "", found["protocol"] or "tcp")

    def _bound(self, entry: Any) -> Iterator[str]:
        """Yield the source of a mount that can be written to."""
        if isinstance(entry, dict):
            if entry.get("type") == "bind" and entry.get("read_only") != "true":
                yield self._known(entry.get("source"))
            return
        source, *rest = self._known(entry).split(":")
        if rest and "ro" not in rest[-1].split(","):
            yield source

    def _known(self, value: Any) -> str:
        """Return a text with its variables; "" where one is not known, or it is no text."""
        if not isinstance(value, str):
            return ""
        unknown = False

        def put(found: re.Match[str]) -> str:
            nonlocal unknown
            if found[0] == "$$":
                return "$"
            known = self._variables.get(found[1] or found[3], found[2])
            unknown = unknown or known is None
            return known or ""

        text = _VARIABLE.sub(put, value)
        return "" if unknown else text


def _documents(text: str) -> list[Any]:
    """Parse the YAML documents of a text; every scalar is a text, and no tag means anything."""
    try:
        return [_plain(node, {}) for node in YAML(typ="safe", pure=True).compose_all(text)]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, problem = mark.line + 1 if mark else 1, error.problem or error.context
        raise ValueError(f"is no YAML at line {line} of the compose file: {problem}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ValueError(
            f"has the character U+{error.character:04X}, which cannot stand in YAML, in line "
            f"{line} of the compose file"
        ) from None
    except Exception as error:  # noqa: BLE001 - ruamel.yaml trips over some texts, in many ways
        reason = str(error) or type(error).__name__
        raise ValueError(f"has a compose file that cannot be read as YAML: {reason}") from None


def _plain(node: Node | None, known: dict[int, Any]) -> Any:
    """Return a node as dicts, lists and texts. An alias is the value it stands for, made once."""
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, MappingNode):
        made: dict[str, Any] = {}
        known[id(node)] = made
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == "<<":
                merged = _plain(value, known)
                for table in merged if isinstance(merged, list) else [merged]:
                    made |= {k: v for k, v in _table(table).items() if k not in made}
            elif isinstance(key, ScalarNode):
                made[key.value] = _plain(value, known)
        return made
    if isinstance(node, SequenceNode):
        items: list[Any] = []
        known[id(node)] = items
        items += [_plain(item, known) for item in node.value]
        return items
    return node.value if isinstance(node, ScalarNode) else None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> dict[str, dict[str, Any]]:
    return {name: v for name, v in _table(value).items() if isinstance(v, dict)}


def _paths(value: Any) -> Iterator[Any]:
    """Yield the paths of a key that takes one, a list of them, and mappings with a `path`."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield from _paths(item.get("path"))
            yield from _paths(item.get("env_file"))
        elif item is not None:
            yield item


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
