"""Keys: some keys of a file on the machine; every other byte of the file stays as it is."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import Stat, Text, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.operations import Edited
from envwright.model.proof import Assertion, View
from envwright.model.resource import EXISTENCE, INTEROP, SYSTEMD, FileKey
from envwright.model.way_back import WayBack
from envwright.portable import dialects
from envwright.resources.edited_file import EditedFile
from envwright.resources.paths import PathResource, attribute_witness, attributes, in_the_way
from envwright.resources.upload import upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Fields, Resource, State, Value

WSL_CONF, BOOT_SYSTEMD = "/etc/wsl.conf", "boot.systemd"
"""The file and the key by which WSL starts systemd as PID 1."""
SWITCHES = {BOOT_SYSTEMD: SYSTEMD, "interop.enabled": INTEROP}
"""The keys of this file by which `false` turns a part of WSL off."""


@dataclass(frozen=True, kw_only=True)
class Keys(EditedFile, PathResource):
    """Some keys of a file at a path.

    Args:
        mode: four octal digits.
        validate: a command that must accept the new file, "$staged", before it goes live.
        defaults: keys of a JSON file that are set only where the file leaves them open, which its
            first key decides (envwright.portable.dialects, left_open).
        published: further keys, each with the URL at which the machine finds its line, when it is
            missing (envwright.portable.dialects, published).
        keep: what a file that is there keeps of its `mode`, `owner` and `group`; the fields are
            those of a new file then.
    """

    mode: str = "0644"
    validate: str = ""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()

    word: ClassVar[str] = "keys"
    rank: ClassVar[int] = 60

    def brings(self) -> Iterable[str]:
        """The id, and each key with its value as JSON: `keys:/etc/wsl.conf boot.systemd=true`."""
        yield self.id
        for name, value in self.keys.items():
            yield f"{self.id} {name}={json.dumps(value)}"

    def boots_systemd(self) -> bool | None:
        """Return what wsl.conf will say of systemd; None where the keys do not say it."""
        wanted = self.keys.get(BOOT_SYSTEMD) if self.path == WSL_CONF else None
        return None if wanted is None else bool(wanted)

    @property
    def validated(self) -> bool:
        """Whether a command must accept the file."""
        return bool(self.validate)

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    def turns_off(self) -> Iterable[str]:
        """Return what wsl.conf turns off."""
        keys = self.keys if self.path == WSL_CONF else {}
        return [part for key, part in SWITCHES.items() if keys.get(key) is False]

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a file of some keys", shared=Shared.EDITED),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Stat(self.path), Text(self.path), *self.owners())

    def desired(self) -> State:
        access: Fields = {"mode": self.mode, "owner": self.owner, "group": self.group}
        return {
            "kind": "file",
            **{name: value for name, value in access.items() if name not in self.keep},
            **self.desired_keys(),
            **{FileKey(name): value for name, value in self.defaults.items()},
            **dict.fromkeys(map(FileKey, self.published), True),
        }

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None and self._only_removes:
            return self.desired()
        if status is None or isinstance(status, Unknown):
            return status
        if status.kind != "file":
            link: Fields = {"target": status.target} if status.kind == "link" else {}
            return {**attributes(status), **link}
        text = facts[Text(self.path)]
        if not isinstance(text, str):
            return text or Unknown(f"{status.size} bytes")
        keys, defaults = self.actual_keys(text), self._actual_defaults(text)
        if isinstance(keys, Unknown) or isinstance(defaults, Unknown):
            return keys if isinstance(keys, Unknown) else defaults
        return {**attributes(status), **keys, **defaults, **self._actual_published(text)}

    def _actual_published(self, text: str) -> Fields:
        lacking = dialects.lacking(self.dialect, text, self.published)
        return {FileKey(key): None if key in lacking else True for key in self.published}

    @property
    def _only_removes(self) -> bool:
        """Whether a missing file is as it should be: all is to go, and nothing else counts."""
        absent = bool(self.keys) and all(value is None for value in self.keys.values())
        kept = set(self.access_fields) <= set(self.keep)
        return absent and kept and not (self.defaults or self.published)

    def _actual_defaults(self, text: str) -> Fields | Unknown:
        """Return each default as it is wanted, but those that a text leaves open."""
        try:
            missing = dialects.left_open(self.dialect, text, self.defaults)
            dialects.get(self.dialect).edit(text, missing)
        except dialects.DialectError as error:
            return Unknown(str(error))
        return {FileKey(k): None if k in missing else v for k, v in self.defaults.items()}

    def merge(self, other: Resource) -> Resource:
        """Join the keys of both; a key that one of them names is no default any more."""
        theirs = cast("Keys", other)
        same = replace(theirs, defaults=self.defaults, published=self.published)
        both = cast("Keys", super().merge(same))
        defaults = {**self.defaults, **theirs.defaults}
        return replace(
            both,
            defaults={k: v for k, v in defaults.items() if k not in both.keys},
            published={**self.published, **theirs.published},
        )

    def public_values(self) -> Iterable[Any]:
        return (*replace(self, keys={}).spec(), *self.keys)

    def parts(self) -> Mapping[str, Resource]:
        """Each key of the file."""
        one = replace(self, keys={}, defaults={}, published={})
        found = {name: replace(one, keys={name: value}) for name, value in self.keys.items()}
        found |= {name: replace(one, defaults={name: v}) for name, v in self.defaults.items()}
        found |= {name: replace(one, published={name: v}) for name, v in self.published.items()}
        return {f"{self.id} {name}": part for name, part in found.items()}

    def is_touched(self, difference: Difference) -> bool:
        names = (*self.keys, *self.defaults, *self.published)
        return any(FileKey(name) in difference.fields for name in names)

    def way_back(self, before: State | None) -> WayBack:
        """The file comes back as a whole; where others wrote to it since, only these keys do."""
        old = {name: (before or {}).get(FileKey(name)) for name in self.keys}
        names = dict.fromkeys((*self.defaults, *self.published))
        old |= {name: (before or {}).get(FileKey(name)) for name in names}
        known = {
            name: value
            for name, value in old.items()
            if not isinstance(value, Unknown) and (before is None or FileKey(name) in before)
        }
        keys = replace(self, keys=known, defaults={}, published={}, keep=self.access_fields)
        return WayBack(paths=(self.path,), instead=(keys,))

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if isinstance(unreadable := before.get(EXISTENCE), Unknown):
            return f"{self.path} cannot be edited safely: {unreadable.reason}"
        if before.get("kind") == "link":
            return (
                f"{self.path} is a link to {before['target']}, and only the file itself can be "
                "edited: name that file in the environment"
            )
        return in_the_way(self.path, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        yield from upload(
            self.path,
            Edited(self.path, self.dialect, self.keys, self.defaults, self.published),
            mode=self.mode,
            owner=self.owner,
            group=self.group,
            validate=self.validate,
            keep=self.keep,
        )

    def witness(self) -> Iterator[Assertion]:
        if self._only_removes:
            shown = f"[ ! -e {shlex.quote(self.path)} ] || cat {shlex.quote(self.path)}"
            yield from self.key_witness("run", shown, "stdout")
            return
        yield from attribute_witness(self.path, self.desired())
        yield from self.key_witness("file", self.path, "content_string")
        for name in self.published:
            seen = View(self.dialect, name)
            yield Assertion("file", (self.path,), "content_string", expected=True, view=seen)
        for name in [*self.defaults][:1]:
            has = View(f"{self.dialect}_has", name)
            yield Assertion("file", (self.path,), "content_string", expected=True, view=has)
