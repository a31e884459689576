"""Verify: a pytest item for each resource and each proof, through testinfra over one session."""

from __future__ import annotations

import contextlib
import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from testinfra.backend.base import BaseBackend
from testinfra.host import Host

from envwright.engine.prefetch import Rehearsal
from envwright.errors import EnvwrightError
from envwright.facts import decode
from envwright.model.pending_restart import NO_SKIPS
from envwright.model.proof import SKIPPED
from envwright.portable import readers
from envwright.portable.visible import visible, visible_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from envwright.host.session import Session
    from envwright.model.pending_restart import SkipReasons
    from envwright.model.proof import Assertion, Proof
    from envwright.model.resource import Resource
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled


class SessionBackend(BaseBackend):  # type: ignore[misc] # testinfra ships no types
    """A testinfra backend whose commands go through an open session."""

    NAME = "envwright"

    def __init__(self, name: str, runner: Session | Rehearsal) -> None:
        super().__init__(name)
        self._runner = runner

    def run(self, command: str, *args: str, **_: Any) -> Any:
        """Run a command, its arguments quoted, as root."""
        line = self.get_command(command, *args)
        result = self._runner.run(line)
        stdout, stderr = decode(result.stdout), decode(result.stderr)
        return self.result(result.code, self.encode(line), stdout, stderr)


def host_over(session: Session) -> Host:
    """Return a testinfra host that asks through a session."""
    return Host(SessionBackend(session.name, session))


@dataclass(frozen=True)
class Result:
    """What one check came to: `outcome` is passed, failed or skipped; `seconds` it took."""

    id: str
    outcome: str
    reason: str
    seconds: float

    def json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return dict(vars(self))


class CheckError(Exception):
    """A check failed; its text says what was seen instead."""


def observe(host: Host, assertion: Assertion) -> Any:
    """Ask testinfra what an assertion asks."""
    subject = getattr(host, assertion.module)(*assertion.arguments)
    value = getattr(subject, assertion.attribute)
    if assertion.view is None:
        return value
    return getattr(readers, assertion.view.reader)(value, *assertion.view.arguments)


def witness(resource: Resource, host: Host, secrets: Secrets) -> None:
    """Assert through testinfra that a resource is as it should be.

    Raises:
        CheckError: it is not.
        EnvwrightError: it cannot be told: the machine is lost, or a secret cannot be had.
    """
    for assertion in resource.witness():
        expected = assertion.expected
        hidden = isinstance(expected, str) and bool(secrets.references(expected))
        if hidden:
            expected = secrets.reveal(expected)
        try:
            seen = observe(host, assertion)
        except EnvwrightError:
            raise  # the machine is lost: that is no verdict on it
        except Exception as error:
            raise CheckError(f"{_subject(assertion, secrets)}: {error}") from error
        if not (expected in seen if assertion.contained else expected == seen):
            both = [
                oct(value) if assertion.attribute == "mode" else _short(value, secrets)
                for value in (seen, expected)
            ]
            detail = f"is {both[0]}, not {both[1]}"
            if hidden:
                detail = "differs (it holds secrets)"
            elif assertion.attribute == "content_string" and not assertion.view:
                # Whoever swapped the file for a link meanwhile would have another's file shown.
                detail = "differs"
            raise CheckError(f"{_subject(assertion, secrets)} {detail}")


def _subject(assertion: Assertion, secrets: Secrets) -> str:
    arguments = ", ".join(_short(argument, secrets) for argument in assertion.arguments)
    key = "".join(f" {key}" for key in assertion.view.arguments) if assertion.view else ""
    return f"{assertion.module}({arguments}).{assertion.attribute}{key}"


def _short(value: Any, secrets: Secrets) -> str:
    """Show a value in about a line; it is masked before it is cut, so that no part is left."""
    text = secrets.mask(repr(value))
    return text if len(text) <= 120 else f"{text[:117]}..."  # noqa: PLR2004 - about a line


def prove(proof: Proof, host: Host) -> None:
    """Run a proof.

    Raises:
        CheckError: the effect is not to be seen; pytest's Skipped: it cannot be seen here.
    """
    result = host.run(proof.script)
    words = (result.stdout + result.stderr).strip()
    if result.rc == SKIPPED:
        pytest.skip(words.splitlines()[-1] if words else "it cannot be shown here")
    if result.rc != 0:
        raise CheckError(words or f"exit code {result.rc}")


class CheckItem(pytest.Item):
    """One check; its name is the id of the resource, or the sentence of the proof."""

    def __init__(
        self,
        *,
        check: Callable[[], None],
        prepare: Callable[[bool], None] = lambda _: None,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self._check, self._prepare = check, prepare
        self._again = False

    def setup(self) -> None:
        """Make ready for it; plugins of pytest may have it made again."""
        self._prepare(self._again)
        self._again = True

    def runtest(self) -> None:
        """Make the check."""
        self._check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show a failed check by its own words; anything else is a fault of ours, shown whole."""
        if isinstance(excinfo.value, CheckError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the check comes from."""
        return self.path, None, self.name


def items(
    parent: Any, compiled: Compiled, session: Session, secrets: Secrets, skips: SkipReasons
) -> Iterator[CheckItem]:
    """Return the items of an environment on one machine."""
    rehearsal, host = Rehearsal(session), host_over(session)
    witnessed = Host(SessionBackend(session.name, rehearsal))
    seen = [r for r in compiled.resources if r.id not in skips.resources]
    prepare = functools.partial(rehearsal.prepare, [*_observations(seen, witnessed)])
    for resource in compiled.resources:
        check = _masked(secrets, witness, resource, witnessed, secrets)
        if reason := skips.resources.get(resource.id):
            check = functools.partial(pytest.skip, reason)
        name = visible_line(resource.id)
        yield CheckItem.from_parent(parent, name=name, check=check, prepare=prepare)
    for proof in compiled.proofs:
        check = _masked(secrets, prove, proof, host)
        reasons = map(skips.capabilities.get, (o.capability for o in proof.origins))
        if reason := next(filter(None, reasons), ""):
            check = _excused(check, reason)
        yield CheckItem.from_parent(parent, name=visible_line(proof.name), check=check)


def _observations(resources: Iterable[Resource], host: Host) -> Iterator[Callable[[], Any]]:
    """Yield the call of each observation that witnesses make."""
    for resource in resources:
        for assertion in resource.witness():
            yield functools.partial(observe, host, assertion)


def _masked(secrets: Secrets, function: Callable[..., None], *arguments: Any) -> Callable[[], None]:
    """Return the call of a check whose words show no secret, in JUnit either.

    pytest and its plugins write what a check says as it is, so it is made visible here.
    """

    def check() -> None:
        try:
            function(*arguments)
        except CheckError as error:
            raise CheckError(visible(secrets.mask(str(error)))) from None
        except pytest.skip.Exception as skipped:
            pytest.skip(visible_line(secrets.mask(str(skipped.msg))))

    return check


def _excused(check: Callable[[], None], reason: str) -> Callable[[], None]:
    """Return a check that may fail for a reason: then it is skipped for it."""

    def excused() -> None:
        try:
            check()
        except CheckError:
            pytest.skip(reason)

    return excused


class _Run:
    """A pytest plugin that runs given items and keeps what they came to."""

    def __init__(
        self, make: Callable[[Any], Iterator[CheckItem]], tell: Callable[[Result], None]
    ) -> None:
        self._make, self._tell = make, tell
        self.results: list[Result] = []
        self.error: BaseException | None = None

    def pytest_collection(self, session: pytest.Session) -> bool:
        session.items = list(self._make(session))
        session.testscollected = len(session.items)
        return True

    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        # What is no verdict on the machine ends the run.
        if call.excinfo and isinstance(call.excinfo.value, EnvwrightError):
            self.error = call.excinfo.value
            item.session.shouldstop = "it cannot be told"
        return None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.error = excinfo.value
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Where the setup of a check fails, it is not called.
        told = report.when == "call" or (report.when == "setup" and report.failed)
        if self.error or not told:
            return
        reason = report.longreprtext
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        id_ = report.nodeid.partition("::")[2]
        result = Result(id_, report.outcome, reason, report.duration)
        self.results.append(result)
        self._tell(result)


def run(  # noqa: PLR0913 - what is to be proved, where, and who is told
    compiled: Compiled,
    session: Session,
    secrets: Secrets,
    *,
    skips: SkipReasons = NO_SKIPS,
    tell: Callable[[Result], None],
    junit: Path | None = None,
) -> list[Result]:
    """Check an environment on a machine; `tell` hears of each result as it comes.

    What `skips` names is skipped, a proof only where it fails.
    With `junit`, pytest also writes its JUnit XML there.

    Raises:
        EnvwrightError: it cannot be told: the machine is lost, or a secret cannot be had.
        KeyboardInterrupt: somebody ended it.
    """
    plugin = _Run(lambda parent: items(parent, compiled, session, secrets, skips), tell)
    arguments = ["--noconftest", "-c", os.devnull, f"--rootdir={Path.cwd()}"]
    # The user's own pytest settings and plugins must not change what is proved.
    for name in ("cacheprovider", "terminal", "faulthandler", "warnings", "capture"):
        arguments += ["-p", f"no:{name}"]
    if junit:
        arguments += [f"--junitxml={junit}", "-o", f"junit_suite_name={compiled.name}"]
    with _settings_of_nobody():
        code = pytest.main(arguments, plugins=[plugin])
    if plugin.error:
        raise plugin.error
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return plugin.results


@contextlib.contextmanager
def _settings_of_nobody() -> Iterator[None]:
    """Hide what the user's environment says to pytest."""
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def tap_text(text: str) -> str:
    """Write the description of a test point: a `#` in it would begin a directive such as SKIP."""
    return visible_line(text).replace("\\", "\\\\").replace("#", "\\#")


def tap(results: list[Result]) -> str:
    """Write results in the Test Anything Protocol, version 14."""
    lines = ["TAP version 14", f"1..{len(results)}"]
    for number, result in enumerate(results, 1):
        state = "not ok" if result.outcome == "failed" else "ok"
        skip = f" # SKIP {visible_line(result.reason)}" if result.outcome == "skipped" else ""
        lines.append(f"{state} {number} - {tap_text(result.id)}{skip}")
        if result.outcome == "failed":
            lines += [f"# {line}" for line in visible(result.reason).split("\n")]
    return "\n".join(lines) + "\n"
