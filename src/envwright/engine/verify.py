"""Verify: a pytest item for each resource and each proof, through testinfra over one session."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from testinfra.backend.base import BaseBackend
from testinfra.host import Host

from envwright.engine.prefetch import Prefetch
from envwright.errors import EnvwrightError
from envwright.facts import decode
from envwright.model.pending_restart import NO_SKIPS
from envwright.model.proof import Result
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

    def __init__(self, name: str, runner: Session | Prefetch) -> None:
        super().__init__(name)
        self._runner = runner

    def run(self, command: str, *args: str, stdin: bytes = b"", **_: Any) -> Any:
        """Run a command, its arguments quoted, as root."""
        line = self.get_command(command, *args)
        result = self._runner.run(line, stdin=stdin)
        stdout, stderr = decode(result.stdout), decode(result.stderr)
        return self.result(result.code, self.encode(line), stdout, stderr)


def host_over(session: Session) -> Host:
    """Return a testinfra host whose commands run in a session."""
    return Host(SessionBackend(session.name, session))


class CheckError(Exception):
    """A check failed; the message says what the machine answered instead."""


def observe(host: Host, assertion: Assertion) -> Any:
    """Return the value of the machine that an assertion compares, as testinfra reads it."""
    subject = getattr(host, assertion.module)(*assertion.arguments)
    value = getattr(subject, assertion.attribute)
    if assertion.view is None:
        return value
    return getattr(readers, assertion.view.reader)(value, *assertion.view.arguments)


def witness(resource: Resource, host: Host, secrets: Secrets) -> None:
    """Assert through testinfra that a resource is as it should be.

    Raises:
        CheckError: the resource differs.
        EnvwrightError: there is no verdict: the session is lost, or a secret cannot be fetched.
    """
    for assertion in resource.witness():
        expected = assertion.expected
        hidden = isinstance(expected, str) and bool(secrets.references(expected))
        if hidden:
            expected = secrets.reveal(expected)
        try:
            seen = observe(host, assertion)
        except EnvwrightError:
            raise  # the session is lost: that is no verdict on the machine
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
                # A user may have replaced the file by a link since the plan: showing the content
                # would show another user's file.
                detail = "differs"
            raise CheckError(f"{_subject(assertion, secrets)} {detail}")


def _subject(assertion: Assertion, secrets: Secrets) -> str:
    arguments = ", ".join(_short(argument, secrets) for argument in assertion.arguments)
    key = "".join(f" {key}" for key in assertion.view.arguments) if assertion.view else ""
    return f"{assertion.module}({arguments}).{assertion.attribute}{key}"


def _short(value: Any, secrets: Secrets) -> str:
    """Return a value as text of about a line, masked before it is cut: no half secret is left."""
    text = secrets.mask(repr(value))
    return text if len(text) <= 120 else f"{text[:117]}..."  # noqa: PLR2004 - about a line


def prove(proof: Proof, host: Host, secrets: Secrets) -> None:
    """Run a proof.

    Raises:
        CheckError: the effect is missing; pytest's Skipped: this machine cannot show the effect.
        EnvwrightError: there is no verdict: the session is lost, or a secret cannot be fetched.
    """
    given = secrets.reveal(proof.given).encode("utf-8", "surrogateescape")
    ran = host.run(proof.script, stdin=given)
    result = proof.result(ran.rc, ran.stdout + ran.stderr)
    if result.outcome == "skipped":
        pytest.skip(result.reason)
    if result.outcome == "failed":
        raise CheckError(result.reason)


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
        """Prefetch the answers; plugins of pytest may repeat a check, which then asks anew."""
        self._prepare(self._again)
        self._again = True

    def runtest(self) -> None:
        """Run the check."""
        self._check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the message of a failed check; any other exception is our bug, shown in full."""
        if isinstance(excinfo.value, CheckError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the check comes from, for pytest's reports."""
        return self.path, None, self.name


def items(
    parent: Any, compiled: Compiled, session: Session, secrets: Secrets, skips: SkipReasons
) -> Iterator[CheckItem]:
    """Yield the items of an environment on one machine: one for each resource and each proof."""
    prefetch, host = Prefetch(session), host_over(session)
    witnessed = Host(SessionBackend(session.name, prefetch))
    checked = [r for r in compiled.resources if r.id not in skips.resources]
    prepare = functools.partial(prefetch.prepare, [*_observations(checked, witnessed)])
    for resource in compiled.resources:
        check = _masked(secrets, witness, resource, witnessed, secrets)
        if reason := skips.resources.get(resource.id):
            check = functools.partial(pytest.skip, reason)
        name = visible_line(resource.id)
        yield CheckItem.from_parent(parent, name=name, check=check, prepare=prepare)
    for proof in compiled.proofs:
        check = _masked(secrets, prove, proof, host, secrets)
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
    """Return the call of a check whose messages show no secret, in JUnit either.

    pytest and its plugins write messages as they are, so control characters are escaped here.
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
    """Return a check that is skipped for the reason where it would fail."""

    def excused() -> None:
        try:
            check()
        except CheckError:
            pytest.skip(reason)

    return excused


class _Run:
    """A pytest plugin that runs given items and keeps their results."""

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
        # An EnvwrightError is no verdict on the machine: it ends the run.
        if call.excinfo and isinstance(call.excinfo.value, EnvwrightError):
            self.error = call.excinfo.value
            item.session.shouldstop = "the machine cannot be checked"
        return None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.error = excinfo.value
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # pytest makes no "call" report for a check whose setup failed.
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


def run(  # noqa: PLR0913 - the environment, the machine, the callbacks
    compiled: Compiled,
    session: Session,
    secrets: Secrets,
    *,
    skips: SkipReasons = NO_SKIPS,
    tell: Callable[[Result], None],
    junit: Path | None = None,
) -> list[Result]:
    """Check an environment on a machine, and return the results.

    Args:
        compiled: the environment.
        session: the session of the machine.
        secrets: the secrets of the environment.
        skips: the resources to skip, and the capabilities whose failed proofs are skipped.
        tell: called with each result at once.
        junit: a file into which pytest writes its JUnit XML.

    Raises:
        EnvwrightError: there is no verdict: the session is lost, or a secret cannot be fetched.
        KeyboardInterrupt: a person interrupted the run.
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
    """Hide the user's environment variables for pytest."""
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
    """Return the description of a test point; a bare `#` would begin a directive such as SKIP."""
    return visible_line(text).replace("\\", "\\\\").replace("#", "\\#")


def tap(results: list[Result]) -> str:
    """Return results in the Test Anything Protocol, version 14."""
    lines = ["TAP version 14", f"1..{len(results)}"]
    for number, result in enumerate(results, 1):
        state = "not ok" if result.outcome == "failed" else "ok"
        skip = f" # SKIP {visible_line(result.reason)}" if result.outcome == "skipped" else ""
        lines.append(f"{state} {number} - {tap_text(result.id)}{skip}")
        if result.outcome == "failed":
            lines += [f"# {line}" for line in visible(result.reason).split("\n")]
    return "\n".join(lines) + "\n"
