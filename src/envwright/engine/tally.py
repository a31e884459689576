"""The tally of an apply: what is done, failed, was put back or not begun, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envwright.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envwright.engine.plan import Change
    from envwright.errors import EnvwrightError
    from envwright.model.resource import Resource


@dataclass
class Tally:
    """What became of each change of a plan, by the ids of the resources.

    Args:
        host: the machine.
        done: the changes that were made.
        failed: the changes that failed, each with its error.
        put_back: the changes that were made and put back, each with the failed change that was
            the reason.
        not_begun: the changes that were not begun, each with the failed changes it depends on.
    """

    host: str
    done: list[str] = field(default_factory=list)
    failed: dict[str, EnvwrightError] = field(default_factory=dict)
    put_back: dict[str, str] = field(default_factory=dict)
    not_begun: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _unrepaired: dict[type[Resource], str] = field(default_factory=dict)

    def causes(self, change: Change) -> tuple[str, ...]:
        """Return the failed changes for which a change cannot be made; () where it can.

        A change depends on the changes of what its resource needs. What is needed and was as it
        should be from the start is there, whatever became of what that needs itself.
        """
        resource, causes = change.resource, []
        for id_ in (*resource.needs, *resource.autorequires):
            if id_ in self.failed:
                causes.append(id_)
            elif id_ in self.put_back:
                causes.append(self.put_back[id_])
            else:
                causes += self.not_begun.get(id_, ())
        causes += [id_ for word, id_ in self._unrepaired.items() if isinstance(resource, word)]
        return tuple(dict.fromkeys(causes))

    def fail(self, change: Change, error: EnvwrightError) -> None:
        """Take note of a change that failed."""
        id_ = change.resource.id
        self.failed[id_] = error
        self.done = [each for each in self.done if each != id_]
        if change.repair:
            self._unrepaired[change.repair] = id_

    def take_back(self, ids: Sequence[str], cause: str) -> None:
        """Take note that changes were put back, because another one failed."""
        self.put_back |= dict.fromkeys(ids, cause)
        self.done = [id_ for id_ in self.done if id_ not in self.put_back]

    def cut_short(self, error: EnvwrightError) -> EnvwrightError:
        """Return the error that ended the apply at once, with those of changes before it."""
        before = "".join(f"\nbefore that: {e.message}" for e in dict.fromkeys(self.failed.values()))
        error.message += before
        error.details = self._json()
        return error

    def error(self) -> EnvwrightError:
        """Return the error of the whole apply: those of the changes, and the count of all."""
        errors = list(dict.fromkeys(self.failed.values()))
        if len(errors) == 1:
            whole = errors[0]
        else:
            texts = [f"{each.message}{_hint(each)}" for each in errors]
            whole = StepError("\n".join(texts), hint=_AGAIN)
        whole.details = self._json()
        if self.done or self.put_back or self.not_begun or len(errors) > 1:
            whole.message = "\n".join([whole.message, self._counts(), *self._reasons()])
            whole.hint = whole.hint or _AGAIN
        return whole

    def _counts(self) -> str:
        counts = [(len(self.done), "done"), (len(self.failed), "failed")]
        counts += [(len(self.put_back), "put back")] if self.put_back else []
        counts += [(len(self.not_begun), "not begun")]
        return f"{self.host}: {', '.join(f'{count} {word}' for count, word in counts)}"

    def _reasons(self) -> Iterator[str]:
        """Yield a line for what was not begun because the same changes failed."""
        for causes in dict.fromkeys(self.not_begun.values()):
            ids = [id_ for id_, reason in self.not_begun.items() if reason == causes]
            yield f"    not begun, because {' and '.join(causes)} failed: {', '.join(ids)}"

    def _json(self) -> dict[str, Any]:
        return {
            "done": list(self.done),
            "failed": [
                {"id": id_, "message": error.message, "hint": error.hint}
                for id_, error in self.failed.items()
            ],
            "put_back": _because({id_: (cause,) for id_, cause in self.put_back.items()}),
            "not_begun": _because(self.not_begun),
        }


_AGAIN = "mend what failed, then run `envwright apply` again: it goes on from here"


def _because(ids: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"id": id_, "because_of": list(causes)} for id_, causes in ids.items()]


def _hint(error: EnvwrightError) -> str:
    return f"\n    hint: {error.hint}" if error.hint else ""
