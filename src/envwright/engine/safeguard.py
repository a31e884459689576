"""The safeguard: what worked before an apply does not stay down because its files changed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from envwright.errors import StepError
from envwright.facts import decode
from envwright.host.error_hints import evidence
from envwright.state.before_images import BeforeImages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envwright.engine.plan import Change, Plan
    from envwright.engine.pyinfra_runner import Engine
    from envwright.errors import EnvwrightError
    from envwright.host.session import Session
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled


class Safeguard:
    """Keeps the files of what works, and puts them back where it does not come up with new ones.

    Args:
        plan: the changes; those of resources that worked and that apply restarts are guarded.
        compiled: all resources of the environment.
        session: the machine.
        secrets: are masked in what is shown of the machine.
        engine: makes changes.
    """

    def __init__(
        self, plan: Plan, compiled: Compiled, session: Session, secrets: Secrets, engine: Engine
    ) -> None:
        self.session, self._secrets, self._engine = session, secrets, engine
        self._images = BeforeImages(session)
        self._resources = {resource.id: resource for resource in compiled.resources}
        self._changed = {change.resource.id for change in plan.changes}
        self._restarted = {
            change.resource.id: change
            for change in plan.changes
            if change.resource.health_check(change.difference)
        }
        self._files: dict[str, dict[str, str]] = {}
        """By the id of what is guarded: the id of the resource at each path with an image."""
        self._up: list[Change] = []
        """What has come up with its new files."""

    def keep(self) -> None:
        """Keep the files that change of what works, before the first of them does.

        Raises:
            StepError: they cannot be kept.
        """
        if not any(change.resource.restarted_by for change in self._restarted.values()):
            return
        working = {
            id_: self._read(change, self._changed)
            for id_, change in self._restarted.items()
            if change.resource.worked(change.difference)
            # What crashes again and again may have been seen between two crashes.
            and self._last_words(change, at_once=True) is None
        }
        paths = {path: None for files in working.values() for path in files}
        kept = self._images.keep(paths)
        for id_, change in self._restarted.items():
            files = self._read(change, self._resources)
            files = {path: each for path, each in files.items() if path in kept}
            # An image of a run that was cut off says of its reader that it worked then.
            if files and (id_ in working or not files.keys() <= paths.keys()):
                self._files[id_] = files

    def _read(self, change: Change, ids: Iterable[str]) -> dict[str, str]:
        """Return the paths that a changed resource reads, with the ids of those at them."""
        return {
            path: id_
            for id_ in change.resource.restarted_by
            if id_ in ids and id_ in self._resources
            for path in self._resources[id_].replaces
        }

    def check(self, change: Change) -> None:
        """Wait until a restarted resource shows that it works, if its files are kept or it failed.

        What failed before may look well for a moment after each start.

        Raises:
            StepError: the resource does not come up; the message has its last words.
        """
        kept, restarted = change.resource.id in self._files, change.resource.id in self._restarted
        if kept or (restarted and change.resource.failed(change.difference)):
            words = self._last_words(change)
            if words is not None:
                name = f"{change.resource.id} failed on {self.session.name}"
                raise StepError(f"{name}: it was started, and does not stay up{words}")
        if kept:
            self._up.append(change)

    def explain(self, change: Change, error: EnvwrightError) -> None:
        """Add the last words of a resource that does not work to the error that says so."""
        started = self._restarted.get(change.resource.id)
        if started:
            error.message += self._last_words(started) or ""

    def rescue(self, change: Change, error: EnvwrightError) -> list[str]:
        """Put back the files of a resource that worked before, and set the resource to work again.

        The files of everything that came up with one of these files go back, too: the old files
        worked together. The error is told what was done.

        Returns:
            The ids of the resources whose changes were put back.
        """
        if change.resource.id not in self._files:
            return []
        group = self._group(change)
        paths = {path: id_ for each in group for path, id_ in self._files[each.resource.id].items()}
        try:
            stuck = self._images.put_back(paths)
        except StepError as unable:
            stuck = dict.fromkeys(paths, unable.message)
        back = list(dict.fromkeys(id_ for path, id_ in paths.items() if path not in stuck))
        told = [f"{path} could not be put back: {why}" for path, why in stuck.items()]
        told += [f"put back as before: {', '.join(back)}"] if back else []
        told += [self._recovered(each) for each in group]
        error.message += "".join(f"\n    {text}" for text in told)
        error.hint = (
            f"mend what the environment says of {', '.join(dict.fromkeys(paths.values()))}, "
            "then run `envwright apply` again"
        )
        for each in group:
            del self._files[each.resource.id]
        self._up = [each for each in self._up if each not in group]
        return back

    def settle(self) -> None:
        """Drop the images that no later run needs: those of what has come up with the new files."""
        needed = {
            path
            for id_, files in self._files.items()
            if id_ not in {change.resource.id for change in self._up}
            for path in files
        }
        paths = {path for files in self._files.values() for path in files} - needed
        if paths:
            self._images.drop(paths)

    def _group(self, change: Change) -> list[Change]:
        """Return the change and all that came up, linked to it by files that they share."""
        group = [change]
        for member in group:  # the list grows meanwhile
            paths = self._files[member.resource.id].keys()
            group += [
                other
                for other in self._up
                if other not in group and paths & self._files[other.resource.id].keys()
            ]
        return group

    def _recovered(self, change: Change) -> str:
        """Set a resource to work again; return what came of it."""
        id_ = change.resource.id
        with contextlib.suppress(StepError):  # its last words say more
            for operation in change.resource.recover():
                self._engine.run(id_, operation)
        words = self._last_words(change)
        if words is None:
            return f"{id_} works again"
        return f"{id_} does not come up with that either{words}"

    def _last_words(self, change: Change, *, at_once: bool = False) -> str | None:
        """Return the last words of a resource that does not work, in lines; None where it works."""
        script = change.resource.health_check(change.difference, at_once=at_once)
        done = self.session.run(script, doing=f"waiting for {change.resource.id}")
        if done.ok:
            return None
        lines = [self._secrets.mask(line) for line in evidence(decode(done.stdout))]
        return "".join(f"\n    {line}" for line in lines)
