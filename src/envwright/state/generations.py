"""Generations: what each apply found and made on a machine, kept there for history and undo.

A generation is a folder with a number. It is whole when it has its number, which it gets before
the first change; what the run came to is added at its end, and lacks where the run was cut off.
The store is root's alone, and one that is damaged, planted or of a newer form is never trusted.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shlex
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright import __version__
from envwright.errors import EnvwrightError, RefusedError, StepError
from envwright.host.limits import QUESTION
from envwright.portable import safepath
from envwright.scripts import load
from envwright.state import journal, lock
from envwright.state.owned import Owned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from envwright.facts import Question
    from envwright.host.session import Session
    from envwright.model.cause import Cause

FORM = 1
"""The form of the store: another number is another form, which is not read."""
NEWER, DAMAGED = 65, 66
"""The exit codes for a store of another form, and for one that is not as we left it."""
KEEP = 100
"""How many generations are kept at least, while they are small enough."""
KEEP_KIB = 256 << 10
"""How much of the disk all generations may take, but for what is still owned by them."""
_STORE = load(__file__, "store")


class Image(NamedTuple):
    """What lay at a path, as `change record` noted it.

    Args:
        kind: file, link, directory, none, hidden (a file whose content is not kept), or another.
        uid, gid, owner, group: numbers and names.
        mode: four octal digits.
        target: of a link.
        above: the last folder on the way that was there.
        why: why nothing is known of the path; "" where something is.
        digest: the SHA-256 of a file.
    """

    kind: str
    uid: str = ""
    gid: str = ""
    mode: str = ""
    target: str = ""
    owner: str = ""
    group: str = ""
    above: str = ""
    why: str = ""
    digest: str = ""

    def same(self, other: Image) -> bool:
        """Tell whether both lay at a path in the same way; a content counts by its digest."""
        mine, theirs = (
            each._replace(kind=each.kind.replace("hidden", "file"), above="")
            for each in (self, other)
        )
        return mine == theirs

    def json(self) -> dict[str, str]:
        """Return the image as JSON values."""
        inner = ("uid", "gid", "above", "why")
        return {name: value for name, value in self._asdict().items() if name not in inner}


@dataclass(frozen=True)
class Path:
    """A path of which an image is kept; of a secret one the content is not."""

    path: str
    secret: bool = False


@dataclass(frozen=True)
class Made:
    """One change of a generation, as it is written down.

    Args:
        id, verb, origins, fields, before, after: as in the plan.
        paths: the numbers of the images in the generation.
        resource: the resource, encoded.
        back: what brings back the rest, encoded.
        instead: what is taken back where the paths changed since, encoded; "" for the paths.
        stays: why it is not taken back; "" where it is.
        access: the resource lets somebody in.
        parts: what takes back each part that the change made, encoded, where there are several.
    """

    id: str
    verb: str
    origins: list[list[Any]]
    fields: list[str]
    before: Any
    after: Any
    paths: list[int]
    resource: str
    back: str = ""
    instead: str = ""
    stays: str = ""
    access: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Generation:
    """A generation that was read.

    Args:
        number: its number.
        head: when, who, which environment, by which envwright.
        end: what the run came to; None where it was cut off.
        who: sudo's account on the machine, and the address that ssh came from.
        files: its other files, by name.
        folder: where its files are on the machine.
    """

    number: int
    head: Mapping[str, Any]
    end: Mapping[str, Any] | None
    who: tuple[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    folder: str = ""

    @property
    def paths(self) -> list[Path]:
        """The paths of its images."""
        words = _text(self.files.get("paths", b"")).split("\0")[:-1]
        return [Path(word.removeprefix("*"), word.startswith("*")) for word in words]

    def image(self, number: int, kind: str = "") -> Image | None:
        """Return an image: what was before; `made/` after the run; `now/` lately. None for none."""
        data = self.files.get(f"{kind}{number}/about")
        return None if data is None else Image(*_text(data).split("\0")[: len(Image._fields)])

    def content(self, number: int) -> str | None:
        """Return the content of an image; None where it is too large to be compared, or not kept.

        Raises:
            RefusedError: it is not what was kept.
        """
        data, image = self.files.get(f"{number}/content"), self.image(number)
        if data is None or image is None:
            return None
        if hashlib.sha256(data).hexdigest() != image.digest:
            raise _damaged(f"{self.folder}/{number}/content", "it is not what was kept")
        return _text(data)

    def changes(self) -> list[Made]:
        """Return the changes, in the order in which they were made.

        Raises:
            RefusedError: they are not what was written.
        """
        data = self.files.get("changes.json", b"")
        name = f"{self.folder}/changes.json"
        if hashlib.sha256(data).hexdigest() != self.head.get("sha256"):
            raise _damaged(name, "it is not what was written")
        try:
            return [Made(**each) for each in json.loads(data)]
        except (ValueError, TypeError, RecursionError):
            raise _damaged(name, "it cannot be read") from None

    def drift(self) -> list[dict[str, Any]]:
        """Return what lies now otherwise than the run left it, as JSON values."""
        rows = []
        for number, path in enumerate(self.paths):
            made, now = self.image(number, "made/"), self.image(number, "now/")
            if made is not None and now is not None and not made.same(now):
                sides = {"made": made.json(), "now": now.json()}
                rows.append({"path": path.path, **sides})
        return rows

    def beside(self, question: Question[Any], when: str) -> Any:
        """Return the answer to a question of `Resource.beside`, `before` or `after` the run."""
        lines = self.files.get(when, b"").split(b"\n")
        names = self.head.get("beside", [])
        name = type(question).__name__
        if name not in names or names.index(name) >= len(lines):
            return None
        data = base64.b64decode(lines[names.index(name)])
        return type(question).parse([question], data).get(question)

    def json(self) -> dict[str, Any]:
        """Return the generation as JSON values, in the stable form of `history --json`."""
        sudo, peer = self.who
        head = {name: value for name, value in self.head.items() if name not in _OURS}
        return {
            "number": self.number,
            **head,
            "sudo": sudo,
            "ssh": peer,
            "finished": self.end is not None,
            **({} if self.end is None else {"result": dict(self.end)}),
        }


_OURS = frozenset({"sha256", "beside", "form"})
"""What of a head is for envwright alone."""


class Store:
    """The generations on one machine."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(
        self,
        head: Mapping[str, Any],
        changes: Sequence[Made],
        paths: Sequence[Path],
        secrets: Iterable[str] = (),
        beside: Sequence[Question[Any]] = (),
    ) -> tuple[int, Owned]:
        """Write down what a run is about to change, and keep what lies there.

        Args:
            head: who, when, what for.
            changes: the changes.
            paths: the paths of which images are kept.
            secrets: the values that no image may hold.
            beside: questions whose answers are kept.

        Returns:
            The number of the generation, and what environments own before it.

        Raises:
            StepError, RefusedError: nothing could be written; nothing was changed.
        """
        body = json.dumps([vars(change) for change in changes]).encode()
        digest = hashlib.sha256(body).hexdigest()
        names = [type(question).__name__ for question in beside]
        first = json.dumps({"form": FORM, **head, "sha256": digest, "beside": names}).encode()
        words = b"".join(_bytes(f"{'*' * path.secret}{path.path}\0") for path in paths)
        values = [_bytes(f"{value}\0") for value in secrets]
        stdin = b"".join((first, body, b"%d\0" % len(values), *values, words))
        sizes = {"head": len(first), "changes": len(body)}
        number, _, owned = self._run("store_begin", sizes, stdin, beside).partition("\n")
        return int(number), Owned.read(owned)

    def end(
        self,
        number: int,
        came_to: Mapping[str, Any],
        owned: Owned,
        beside: Sequence[Question[Any]] = (),
    ) -> None:
        """Write down what a run came to, and let go of what is too old or too much."""
        end = json.dumps(came_to).encode()
        needed = " ".join(map(str, owned.generations()))
        values = {
            "number": number,
            "end": len(end),
            "keep": KEEP,
            "size": KEEP_KIB,
            "needed": needed,
        }
        self._run("store_end", values, end + owned.text().encode(), beside)

    def heads(self) -> list[Generation]:
        """Return all generations, without their changes and images, the oldest first."""
        return self._read("all", r"^(head[.]json|end[.]json|who)$")

    def whole(self, numbers: Iterable[int], *, now: bool = False) -> list[Generation]:
        """Return some generations with all that is kept of them; `now`: and what lies there now.

        Raises:
            RefusedError: one of them is not there.
        """
        wanted = sorted(numbers)
        found = self._read(" ".join(map(str, wanted)), ".", now=now)
        for number in set(wanted) - {generation.number for generation in found}:
            raise RefusedError(
                f"{self._session.name}: there is no generation {number}",
                hint="`envwright history` lists them",
            )
        return found

    def _read(self, which: str, files: str, *, now: bool = False) -> list[Generation]:
        values = {"which": which, "names": files, "now": "yes" if now else ""}
        found: dict[int, dict[str, bytes]] = {}
        for line in self._run("store_read", values).splitlines():
            name, _, text = line.partition(" ")
            number, _, rest = name.partition("/")
            with contextlib.suppress(ValueError):
                found.setdefault(int(number), {})[rest] = base64.b64decode(text)
        return [_generation(number, files) for number, files in sorted(found.items())]

    def _run(
        self,
        script: str,
        values: Mapping[str, Any],
        stdin: bytes = b"",
        beside: Sequence[Question[Any]] = (),
    ) -> str:
        """Run a script of the store; return what it printed."""
        asked = "".join(
            f"( {type(q).script([q])}\n) 2>/dev/null | base64 -w 0; echo\n" for q in beside
        )
        given = {"folder": journal.folder(), "version": FORM, **values}
        text = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in given.items())
        text += f'change() {{ {safepath.change()} "$@"; }}\n'
        text += f"ew_beside() {{\n{asked}:\n}}\n{_STORE}{load(__file__, script)}"
        doing = f"the store in {journal.folder()}"
        done = self._session.run(text, stdin=stdin, limits=QUESTION, doing=doing)
        if done.code in {NEWER, DAMAGED}:
            hint = "use the newer envwright" if done.code == NEWER else _MOVE
            raise RefusedError(f"{self._session.name}: {done.reason}", hint=hint)
        if not done.ok:
            raise StepError(
                f"{self._session.name}: what a run changes cannot be written down: {done.reason}",
                hint="make room on the disk, or mend the folder",
            )
        return done.text.strip()


_MOVE = "look at it as root; `mv` it away, and envwright begins a new one: its history is lost"


def _generation(number: int, files: dict[str, bytes]) -> Generation:
    """Return a generation of its files; raise RefusedError where they are not as written."""
    folder = f"{journal.folder()}/generations/{number}"
    parsed: dict[str, Any] = {}
    for name in ("head.json", "end.json"):
        try:
            parsed[name] = json.loads(files[name]) if name in files else None
        except (ValueError, RecursionError):
            raise _damaged(f"{folder}/{name}", "it cannot be read") from None
        if not isinstance(parsed[name], dict | None):
            raise _damaged(f"{folder}/{name}", "it is of another form")
    if parsed["head.json"] is None:
        raise _damaged(folder, "it has no head.json")
    sudo, _, peer = _text(files.get("who", b"")).strip("\n").partition("\n")
    return Generation(number, parsed["head.json"], parsed["end.json"], (sudo, peer), files, folder)


def _damaged(what: str, why: str) -> EnvwrightError:
    return RefusedError(f"{what} is damaged: {why}", hint=_MOVE)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def head(environment: str, digest: str, cause: Cause) -> dict[str, Any]:
    """Return the head of a new generation.

    Args:
        environment: the name of the environment.
        digest: of what the environment was compiled to.
        cause: why the run is made.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {
        "time": now,
        "cause": cause.what,
        "environment": environment,
        "digest": digest,
        "envwright": __version__,
        "account": lock.myself(environment)["account"],
        "from": lock.myself(environment)["host"],
        **cause.by,
        **({"undoes": list(cause.undoes)} if cause.undoes else {}),
    }
