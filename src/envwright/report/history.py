"""What a person reads of a machine's generations, line by line; the report masks and escapes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.portable.visible import visible_line
from envwright.report.terminal import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.engine.undo import Undo
    from envwright.state.generations import Generation, Made
    from envwright.state.owned import Owned


def listed(generations: Sequence[Generation]) -> Iterator[str]:
    """Yield a line for each generation, the last one first."""
    for found in reversed(generations):
        yield f"{found.number:>4}  {_head(found)}"


def _head(found: Generation) -> str:
    head = {name: visible_line(str(value)) for name, value in found.head.items()}
    time, environment = head.get("time", ""), head.get("environment", "")
    return f"{time}  {head.get('cause', '')} {environment}, by {_who(found)}: {_came_to(found)}"


def _who(found: Generation) -> str:
    """Return who was at work, with all that is known of it."""
    head, (sudo, peer) = found.head, found.who
    known = [str(head.get("account", "")), f"on {head.get('from', '')}"]
    known += [f"as {sudo} by sudo"] if sudo else []
    known += [f"by ssh from {peer}"] if peer else []
    known += [f"commit {str(head['commit'])[:12]}"] if "commit" in head else []
    known += [f"signed by {head['signer']}"] if "signer" in head else []
    return visible_line(" ".join(known))


def _came_to(found: Generation) -> str:
    if found.end is None:
        return "cut off"
    counts = {word: len(found.end.get(word, [])) for word in ("done", "failed", "put_back")}
    parts = [f"{count} {word.replace('_', ' ')}" for word, count in counts.items() if count]
    return ", ".join(parts) or "nothing done"


def generation(found: Generation, made: Iterable[Made]) -> Iterator[str]:
    """Yield the lines of one generation."""
    yield f"generation {found.number}: {_head(found)}"
    yield f"envwright {visible_line(str(found.head.get('envwright', '')))}"
    yield from changes(made)


def changes(made: Iterable[Made]) -> Iterator[str]:
    """Yield lines for changes, each with the fields that it changed."""
    for each in made:
        access = "  (access)" if each.access else ""
        yield f"  {SIGNS.get(each.verb, '~')} {visible_line(each.id)}{access}"
        for name in each.fields if each.verb == "change" else ():
            old, new = (_value((side or {}).get(name)) for side in (each.before, each.after))
            yield f"      {visible_line(name)}: {old} -> {new}"
        if each.stays:
            yield f"      stays: {visible_line(each.stays)}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value.get('bytes', '?')} bytes" if "bytes" in value else "unknown"
    text = visible_line("absent" if value is None else str(value))
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


_WIDTH = 60


def drift(found: Generation, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what lies now otherwise than a generation left it."""
    for row in rows:
        yield f"  ~ {visible_line(row['path'])}"
        for name, made in row["made"].items():
            if made != row["now"][name]:
                yield f"      {name}: {_value(made or None)} -> {_value(row['now'][name] or None)}"
    if not rows:
        yield f"All paths are as generation {found.number} left them."


def changed(back: Undo) -> Iterator[str]:
    """Yield what others changed since."""
    yield "Changed by others since, and so left as it is now:"
    for id_, what in back.changed.items():
        yield f"  {visible_line(id_)}: {visible_line(what)}"


def taking_back(back: Undo) -> Iterator[str]:
    """Yield what a person should know before generations are taken back."""
    yield f"{back.cause}: takes back {', '.join(map(str, back.numbers))}"
    for number in back.unfinished:
        yield f"The run of generation {number} was cut off: what it had begun is taken back, too."
    if back.stays:
        yield "Not taken back:"
    for id_, why in back.stays.items():
        yield f"  {visible_line(id_)}: {visible_line(why)}"
    if back.changed:
        yield from changed(back)
        yield "  (--force takes these back, too)"


def status(
    host: str, known: Owned, generations: Sequence[Generation], times: Mapping[int, str]
) -> Iterator[str]:
    """Yield what is managed on a machine, by which environments, and how the last run ended."""
    for name, things in known.by.items():
        if things:
            first = min(row.first for row in things.values())
            since = f"since {visible_line(times.get(first, '')) or f'generation {first}'}"
            yield f"{visible_line(name)}: {len(things)} managed, {since}"
        for thing, row in things.items():
            yield f"  {visible_line(thing)}  (generation {row.first})"
    if not any(known.by.values()):
        yield f"{visible_line(host)}: no environment manages anything here."
    if generations:
        last = generations[-1]
        yield f"last: {last.number}  {_head(last)}"
        if last.end is None:
            yield "The last run was cut off: apply goes on from there, undo takes it back."
