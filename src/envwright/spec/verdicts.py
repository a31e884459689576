"""Verdicts: the kinds of machine that an environment is good for, and why not for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.errors import NotFetchedError, SpecErrors, UnfitError
from envwright.facts import KnownGroup, KnownUser
from envwright.spec import policy
from envwright.spec.compiler import compile_environment, missing
from envwright.spec.environment import load
from envwright.spec.layers import no_cache
from envwright.spec.reach import NO_REACH, Reach
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envwright.errors import LocatedError, SpecError
    from envwright.facts import Machine
    from envwright.spec.compiler import Compiled
    from envwright.spec.environment import Environment
    from envwright.spec.layers import Find


@dataclass(frozen=True)
class Verdict:
    """What can be said of an environment and one kind of machine.

    Args:
        kind: the name of the kind.
        errors: why the environment is not good for the kind; empty where it is.
        assumed: what only some machines of the kind have, and the environment needs: errors that
            say what is missing on the others.
        resources, proofs: how many there are; 0 where the environment cannot be compiled.
        unfit: whether all errors are about this kind of machine; else the file has mistakes.
    """

    kind: str
    errors: tuple[SpecError, ...] = ()
    assumed: tuple[SpecError, ...] = ()
    resources: int = 0
    proofs: int = 0
    unfit: bool = False

    @property
    def word(self) -> str:
        """The verdict in a word: `good`, `assumes` or `not good`."""
        return "not good" if self.errors else "assumes" if self.assumed else "good"

    def json(self) -> dict[str, Any]:
        """Return the verdict as JSON values, in the stable form of `check --json`."""
        return {
            "kind": self.kind,
            "good": not self.errors,
            "resources": self.resources,
            "proofs": self.proofs,
            "reasons": [_plain(error) for error in self.errors],
            "assumes": [_plain(error) for error in self.assumed],
        }


@dataclass(frozen=True)
class Verdicts:
    """What can be said of an environment without a machine.

    Args:
        file: the environment, as the user named it.
        each: a verdict for each kind.
        reach: the commands and files of the environment on the computer that runs envwright.
        notices: what a person should know, and what makes the environment no worse: rules that
            hold no longer.
    """

    file: str
    each: tuple[Verdict, ...]
    reach: Reach = NO_REACH
    notices: tuple[SpecError, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the environment is good for all kinds."""
        return all(not verdict.errors for verdict in self.each)

    def mistakes(self) -> SpecErrors | None:
        """Return the error where the environment is good for no kind; None where it is for one.

        Mistakes are told once, and so is what can work on no kind.
        """
        if not all(verdict.errors for verdict in self.each):
            return None
        worst = [verdict for verdict in self.each if not verdict.unfit] or self.each
        kind = SpecErrors if worst is not self.each else UnfitError
        return kind(list(worst[-1].errors))  # type: ignore[arg-type] # located, where unfit

    def json(self) -> dict[str, Any]:
        """Return the verdicts as JSON values; `version` changes when their form does."""
        return {
            "version": 1,
            "environment": self.file,
            "good": self.good,
            "kinds": [verdict.json() for verdict in self.each],
            "reads": list(self.reach.outside),
            "runs": [str(command) for command in self.reach.commands],
            "notices": [_plain(notice) for notice in self.notices],
        }


def verdicts(
    path: str,
    variables: Mapping[str, str],
    names: Sequence[str],
    find: Find = no_cache,
    policies: Sequence[str] = (),
) -> Verdicts:
    """Compile an environment for kinds of machines, and return what can be said of each.

    Args:
        path: the file.
        variables: values of `vars`.
        names: the kinds.
        find: returns the tree of a layer from elsewhere.
        policies: files whose policies hold for the environment, too.

    Raises:
        NotFetchedError: a layer is not in the cache.
    """
    found, reach = [], NO_REACH
    ended: dict[str, SpecError] = {}
    today = policy.today()
    for name in names:
        machine = KINDS[name]
        try:
            environment = load(path, machine, variables, find=find, policies=policies)
            notices = [rule.ended() for rule in environment.rules if rule.is_void(today)]
            ended.update((str(notice), notice) for notice in notices)
            compiled = compile_environment(environment, machine, fresh=True)
        except NotFetchedError:
            raise
        except SpecErrors as errors:
            unfit = isinstance(errors, UnfitError)
            found.append(Verdict(name, errors.errors, unfit=unfit))
            continue
        reach = compiled.reach
        counts = (len(compiled.resources), len(compiled.proofs))
        assumed = tuple(_assumed(environment, compiled, machine))
        found.append(Verdict(name, (), assumed, *counts))
    return Verdicts(path, tuple(found), reach, tuple(ended.values()))


def _assumed(
    environment: Environment, compiled: Compiled, machine: Machine
) -> Iterator[LocatedError]:
    """Yield what the machine must have already: accounts that nobody makes, and owners of files."""
    told = {fact for resource in compiled.resources for fact in resource.brings()}
    told |= {f"{KnownUser.kind}:{name}" for name in machine.accounts.users}
    told |= {f"{KnownGroup.kind}:{name}" for name in machine.accounts.groups}
    for requirement in compiled.requirements:
        if requirement.assumed:
            told.add(requirement.unless)
            yield missing(environment, requirement)
    for resource in compiled.resources:
        for owner in resource.questions():
            if not isinstance(owner, KnownUser | KnownGroup):
                continue
            if (id_ := f"{owner.kind}:{owner.path}") not in told:
                told.add(id_)
                yield environment.fault(
                    resource.origins[0].capability,
                    resource.at,
                    f"there is no {owner.kind} {owner.path} to own {resource.name}",
                    "have the environment make the owner, or a package that it installs",
                )


def _plain(error: SpecError) -> dict[str, Any]:
    return {
        "message": error.summary,
        "hint": error.hint,
        "file": error.file,
        "line": error.line,
        "column": getattr(error, "column", 0),
    }
