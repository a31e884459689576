"""The report of `check`: the kinds of machine in groups of one verdict, with reasons and hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.errors import SpecError
    from envwright.report.terminal import Report
    from envwright.spec.verdicts import Verdict, Verdicts


def show(report: Report, verdicts: Verdicts) -> None:
    """Write verdicts for a person, and what the environment does on this computer."""
    for group in _groups(verdicts.each):
        for line in _lines(verdicts.file, group):
            report.line(line)
    for notice in verdicts.notices:
        report.line(f"{notice.file}:{notice.line}: {notice.summary}")
        report.line(f"    hint: {notice.hint}")
    for path in verdicts.reach.outside:
        report.line(f"It reads {path}, outside of {verdicts.reach.folder}.")
    for command in verdicts.reach.commands:
        report.line(f"On this computer it runs: {command}")


def _groups(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Return the verdicts in groups of which one text can be said, in the order of the first."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        said = (*map(str, verdict.errors), "", *map(str, verdict.assumed))
        groups.setdefault((*said, verdict.resources, verdict.proofs), []).append(verdict)
    return list(groups.values())


def _lines(file: str, group: Sequence[Verdict]) -> Iterator[str]:
    """Yield the lines about kinds of one verdict."""
    first, names = group[0], ", ".join(verdict.kind for verdict in group)
    counts = f"{first.resources} resources, {first.proofs} proofs"
    if first.errors:
        yield f"{file}: not for {names}:"
        yield from _reasons(first.errors)
    elif first.assumed:
        yield f"{file}: only for machines that have what is missing here: {names}: {counts}"
        yield from _reasons(first.assumed)
    else:
        yield f"{file}: good for {names}: {counts}"


def _reasons(errors: Sequence[SpecError]) -> Iterator[str]:
    for error in errors:
        place = f"{error.file}:{error.line}: " if error.file else ""
        # The message of an error that names its place itself begins with it.
        yield f"    {place if not error.summary.startswith(place) else ''}{error.summary}"
        if error.hint:
            yield f"        hint: {error.hint}"
