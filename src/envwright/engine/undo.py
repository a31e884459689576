"""Undo: turns generations into the resources that bring back what was there before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from envwright.cache import plain_data
from envwright.model.resource import Origin
from envwright.resources.kept import KINDS, Kept
from envwright.spec.compiler import Compiled
from envwright.state.generations import Store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from envwright.host.session import Session
    from envwright.model.resource import Resource
    from envwright.state.generations import Generation, Image, Made
    from envwright.state.owned import Since


@dataclass(frozen=True)
class Undo:
    """What takes generations back.

    Args:
        cause: what the run is called in the history.
        numbers: the generations.
        compiled: the resources that bring back what was there.
        stays: what is not taken back, by its id, and why.
        changed: what others changed since: the ids, each with what was found.
        unfinished: generations of runs that were cut off.
        redoes: the generations took others back, and so things are made again.
    """

    cause: str
    numbers: tuple[int, ...]
    compiled: Compiled
    stays: dict[str, str]
    changed: dict[str, str]
    unfinished: tuple[int, ...] = ()
    redoes: bool = False


def undo(session: Session, numbers: Iterable[int], cause: str, *, force: bool = False) -> Undo:
    """Return what takes generations of a machine back, the last one first.

    Args:
        session: the machine.
        numbers: the generations.
        cause: what the run is called in the history.
        force: what others changed since is taken back, too.

    Raises:
        RefusedError: the store cannot be trusted, or has no such generation.
    """
    found = Store(session).whole(numbers, now=True)
    back = _Back(force=force)
    for generation in reversed(found):
        back.take(generation)
    name = str(found[-1].head.get("environment", "")) if found else ""
    return Undo(
        cause,
        tuple(generation.number for generation in found),
        Compiled(name, tuple(back.ordered()), (), (), prune=""),
        back.stays,
        back.changed,
        tuple(generation.number for generation in found if generation.end is None),
        redoes=all(generation.head.get("undoes") for generation in found),
    )


@dataclass(frozen=True)
class LeftOver:
    """What takes back things that an environment made and no longer names.

    Args:
        resources: the resources that bring back what was there.
        access: the ids of those that let somebody in.
        notes: what stays, and why.
        changed: the ids of what others changed since.
    """

    resources: tuple[Resource, ...]
    access: frozenset[str]
    notes: tuple[str, ...]
    changed: frozenset[str]


def left_over(session: Session, things: Mapping[str, Since], whole: Collection[str]) -> LeftOver:
    """Return what takes back things that an environment made; the store is asked for them.

    Args:
        session: the machine.
        things: by their names.
        whole: the ids of resources of which nothing is to stay.

    Raises:
        RefusedError: the store cannot be trusted.
    """
    numbers = {number for since in things.values() for number in (since.first, since.last)}
    back = _Back(force=False)
    for generation in reversed(Store(session).whole(numbers, now=True)):
        back.prune(generation, things, whole)
    told = {**back.changed, **back.stays}
    notes = tuple(f"{id_} is no longer named, and stays: {why}" for id_, why in told.items())
    changed = frozenset(back.changed)
    return LeftOver(tuple(back.ordered()), frozenset(back.access), notes, changed)


class _Back:
    """The resources that take back one generation after the other, from the last one on."""

    def __init__(self, *, force: bool) -> None:
        self._force = force
        self._resources: dict[tuple[str, str], Resource] = {}
        self._made: dict[str, Image | None] = {}
        self._now: dict[str, Image | None] = {}
        self.stays: dict[str, str] = {}
        self.changed: dict[str, str] = {}
        self.access: set[str] = set()

    def take(self, generation: Generation) -> None:
        """Add what takes back one more generation, older than those before."""
        self._compare(generation)
        words: dict[type[Resource], None] = {}
        for made in reversed(generation.changes()):
            for resource in _decoded(made.resource):
                if type(resource) not in words:
                    words[type(resource)] = None
                    self._beside(generation, resource)
            self._change(generation, made)

    def prune(
        self, generation: Generation, things: Mapping[str, Since], whole: Collection[str]
    ) -> None:
        """Add what takes back some things that a generation made.

        Args:
            generation: the generation, older than those before.
            things: by their names.
            whole: the ids of resources of which nothing is to stay.
        """
        self._compare(generation)
        for made in reversed(generation.changes()):
            wanted = [
                name
                for name, since in things.items()
                if since.id == made.id and generation.number in {since.first, since.last}
            ]
            if wanted and made.access:
                self.access.add(made.id)
            if wanted and made.id in whole:
                self._change(generation, made)
                continue
            for name in wanted:
                origins = tuple(Origin(*origin) for origin in made.origins)
                for resource in _decoded(made.parts.get(name, "")):
                    self._add(replace(resource, origins=origins))

    def ordered(self) -> Iterator[Resource]:
        """Yield the resources: what works by others after these."""
        joined: dict[tuple[str, str], Resource] = {}
        for resource in self._resources.values():
            key = (resource.id, resource.name)
            joined[key] = joined[key].merge(resource) if key in joined else resource
        for late in (False, True):
            yield from (each for each in joined.values() if each.at_work is late)

    def _compare(self, generation: Generation) -> None:
        """Take note of what lies at paths now, and of what the last of the generations made."""
        for number, path in enumerate(generation.paths):
            self._made.setdefault(path.path, generation.image(number, "made/"))
            self._now.setdefault(path.path, generation.image(number, "now/"))

    def _beside(self, generation: Generation, resource: Resource) -> None:
        """Take back what a word brought beside what it names."""
        question = type(resource).beside()
        if question is None:
            return
        before, after = (generation.beside(question, when) for when in ("before", "after"))
        if after is None:
            self.stays[f"what came along with {generation.number}"] = _CUT_OFF
            return
        way = type(resource).way_back_beside(before, after)
        if way.stays:
            self.stays[f"what came along with {generation.number}"] = way.stays
        for each in way.resources:
            self._add(replace(each, origins=resource.origins))

    def _change(self, generation: Generation, made: Made) -> None:
        origins = tuple(Origin(*origin) for origin in made.origins)
        if made.stays:
            self.stays[made.id] = made.stays
            return
        paths = generation.paths
        changed = [paths[number].path for number in made.paths if self._differs(paths[number].path)]
        instead = _decoded(made.instead)
        if changed and instead:
            resources: Sequence[Resource] = instead
        elif changed and not self._force:
            self.changed[made.id] = f"{', '.join(changed)} changed since"
            return
        else:
            resources = [*_decoded(made.back), *self._images(generation, made)]
        if made.back and not _decoded(made.back):
            self.stays[made.id] = _OTHER_FORM
        for resource in resources:
            self._add(replace(resource, origins=origins))

    def _differs(self, path: str) -> bool:
        """Tell whether something at a path is not as the last run left it."""
        made, now = self._made.get(path), self._now.get(path)
        return made is not None and now is not None and not made.same(now)

    def _images(self, generation: Generation, made: Made) -> Iterator[Resource]:
        for number in made.paths:
            place, image = generation.paths[number], generation.image(number)
            path = place.path
            if image is None or image.kind not in KINDS:
                self.stays[made.id] = _why_not(path, image)
                continue
            yield Kept(
                of=made.id,
                path=path,
                image=f"{generation.folder}/{number}",
                kind=image.kind,
                mode=image.mode,
                owner=image.owner or "root",
                group=image.group or "root",
                target=image.target,
                content=generation.content(number),
                digest=image.digest,
                above=image.above,
                secret=place.secret,
            )

    def _add(self, resource: Resource) -> None:
        """Add a resource; what takes back an older generation takes the place of a newer one's."""
        for name, part in resource.parts().items():
            self._resources.pop((name, resource.name), None)
            self._resources[name, resource.name] = part


_CUT_OFF = "the run was cut off before it told what came along"
_OTHER_FORM = "this version of envwright knows the resource in another form: take it back by hand"


def _why_not(path: str, image: Image | None) -> str:
    """Return why nothing can be put back at a path."""
    if image is None:
        return f"of {path} no image is kept"
    if image.kind == "hidden":
        return (
            f"{path} held, or was to hold, a secret, so that its content was not kept: write it "
            f"anew (it had the SHA-256 {image.digest} and mode {image.mode})"
        )
    return image.why or f"{path} was a {image.kind}, of which no image is kept"


def _decoded(text: str) -> tuple[Resource, ...]:
    """Return resources that were encoded; none where this version knows them in another form."""
    if not text:
        return ()
    try:
        found: Any = plain_data.decode(text.encode())
    except plain_data.EntryError:
        return ()
    return tuple(found) if isinstance(found, tuple) else ()
