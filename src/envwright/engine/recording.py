"""The recording of an apply: what it is about to change is written down before the first change."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from envwright.cache import plain_data
from envwright.engine.plan import HIDDEN, plain
from envwright.engine.saved_plan import digest
from envwright.errors import EnvwrightError
from envwright.state.generations import Made, Path, Store, head
from envwright.state.owned import Owned, Since, changed_parts, wish

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from envwright.engine.plan import Change, Plan
    from envwright.engine.tally import Tally
    from envwright.facts import Question
    from envwright.host.session import Session
    from envwright.model.cause import Cause
    from envwright.model.resource import Resource, State
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled

LONGEST = 400
"""Longer texts of a state are kept by their digests: the images have the texts themselves."""


class Recording:
    """A context manager around the changes of an apply; it writes down what they came to.

    Args:
        plan: the changes.
        compiled: the environment.
        session: the machine.
        secrets: what must not be written down.
        tally: what becomes of the changes.
        cause: why the run changes the machine.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the run, and why it is made
        self,
        plan: Plan,
        compiled: Compiled,
        session: Session,
        secrets: Secrets,
        tally: Tally,
        cause: Cause,
    ) -> None:
        self._plan, self._compiled, self._secrets = plan, compiled, secrets
        self._store, self._tally, self._cause = Store(session), tally, cause
        self._paths: dict[str, bool] = {}
        self._number, self._owned = 0, Owned()

    def __enter__(self) -> Self:
        """Write down what is about to change.

        Raises:
            StepError, RefusedError: it cannot be written down; nothing was changed.
        """
        changes = [self._made(change) for change in self._plan.changes if not change.pending]
        self._number, self._owned = self._store.begin(
            head(self._compiled.name, digest(self._compiled), self._cause),
            changes,
            [Path(path, secret) for path, secret in self._paths.items()],
            self._secrets.values(),
            self._beside,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        came_to = {
            "done": list(self._tally.done),
            "failed": list(self._tally.failed),
            "put_back": list(self._tally.put_back),
            "not_begun": list(self._tally.not_begun),
        }
        # Where nothing can be written any more, the first error is the one to tell.
        with contextlib.suppress(*([EnvwrightError] if error else [])):
            self._store.end(self._number, came_to, self._owned_now(), self._beside)

    def _owned_now(self) -> Owned:
        """Return what is owned after the run."""
        done, names = {*self._tally.done}, [self._compiled.name, *self._compiled.was]
        if self._cause.undoes and not self._cause.redoes:
            return self._owned.without(done, since=self._cause.undoes)
        made = {
            name: Since(self._number, self._number, wish(part), change.resource.id)
            for change in self._plan.changes
            if change.resource.id in done and not change.left_over
            for name, part in changed_parts(change.resource, change.difference).items()
        }
        left = {name for name in self._plan.gone if self._plan.gone[name] in {"", *done}}
        return self._owned.made(names, made).without(left, self._compiled.name)

    @property
    def _beside(self) -> list[Question[Any]]:
        words = dict.fromkeys(type(change.resource) for change in self._plan.changes)
        return [question for word in words if (question := word.beside())]

    def _made(self, change: Change) -> Made:
        resource, difference = change.resource, change.difference
        hidden = self._holds_secret(change)
        before = difference.before
        if before is not None:
            before = {name: value for name, value in before.items() if value != HIDDEN}
        way = resource.way_back(before)
        for path in way.paths:
            self._paths[path] = hidden or self._paths.get(path, False)
        json = change.json()
        return Made(
            id=resource.id,
            verb=change.verb,
            origins=[[o.capability, o.file, o.line] for o in resource.origins],
            fields=json["fields"],
            before=self._shown(change, difference.before, hidden=hidden),
            after=self._shown(change, difference.after, hidden=hidden),
            paths=[[*self._paths].index(path) for path in way.paths],
            resource=_text(resource),
            back=_text(*way.resources),
            instead="" if hidden else _text(*way.instead),
            stays=way.stays,
            access=resource.grants_access or hidden,
            parts={} if hidden else self._parts(change, before),
        )

    def _parts(self, change: Change, before: State | None) -> dict[str, str]:
        """Return what takes back each part that the change makes, where there are several."""
        parts = changed_parts(change.resource, change.difference)
        if [*parts] == [change.resource.id]:
            return {}
        ways = {name: part.way_back(before) for name, part in parts.items()}
        return {name: _text(*(way.instead or way.resources)) for name, way in ways.items()}

    def _shown(self, change: Change, state: State | None, *, hidden: bool) -> Any:
        """Return what is kept of a state for people; of a secret's no text."""
        if state is None:
            return None
        is_text = change.resource.is_text
        kept = {name: each for name, each in state.items() if not (hidden and is_text(name))}
        return _short(self._secrets, plain(kept))

    def _holds_secret(self, change: Change) -> bool:
        states = (change.difference.before, change.difference.after)
        if change.resource.holds_secret:
            return True
        shown = any(HIDDEN in (state or {}).values() for state in states)
        return shown or bool(self._secrets.references(repr(change.resource.spec())))


def _text(*resources: Resource) -> str:
    """Return resources encoded; "" for none, and for what cannot be encoded."""
    if not resources:
        return ""
    try:
        return plain_data.encode(resources).decode()
    except plain_data.EntryError:
        return ""


def _short(secrets: Secrets, value: Any) -> Any:
    """Return a JSON value with secrets masked, and long texts by their digests."""
    if isinstance(value, Mapping):
        return {str(name): _short(secrets, each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_short(secrets, each) for each in value]
    if not isinstance(value, str):
        return value if isinstance(value, int | float | None) else str(value)
    if len(value) > LONGEST:
        data = value.encode("utf-8", "surrogateescape")
        return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    return secrets.mask(value)
