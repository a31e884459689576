"""The pytest plugin: `pytest environments/x.yaml --hosts=...` runs the checks of an environment.

pytest loads the plugin in every run, so the plugin imports envwright's modules only when the
command line names an environment.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = {".yaml", ".yml"}


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> EnvironmentFile | None:
    """Collect the YAML files that the command line names, and only where it names hosts, too."""
    config = parent.config
    hosts = config.getoption("hosts", None)
    if not hosts or file_path.suffix not in SUFFIXES:
        return None
    folder = config.invocation_params.dir
    named = {(folder / argument.partition("::")[0]).resolve() for argument in config.args}
    if file_path.resolve() not in named:
        return None
    return EnvironmentFile.from_parent(parent, path=file_path, hosts=hosts.split(","))


def host_name(host: str) -> str:
    """Return envwright's name (`@docker/ID`) of a host that testinfra calls `docker://ID`."""
    kind, found, rest = host.partition("://")
    if not found:
        return host
    return f"@{kind}/{rest}" if rest else f"@{kind}"


class EnvironmentFile(pytest.File):
    """An environment: a collector for each of its hosts."""

    def __init__(self, *, hosts: list[str], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._hosts = hosts

    def collect(self) -> Iterator[EnvironmentOnHost]:
        """Yield a collector for each host."""
        for host in self._hosts:
            yield EnvironmentOnHost.from_parent(self, name=host_name(host))


class EnvironmentOnHost(pytest.Collector):
    """An environment on one host: an item for each resource and each proof."""

    def collect(self) -> Iterator[pytest.Item]:
        """Open a session that lasts until pytest ends, compile, and yield the checks."""
        from envwright.cache.trust import require  # noqa: PLC0415 - see above
        from envwright.engine.context import Access, from_file, open_context  # noqa: PLC0415 - see above
        from envwright.engine.verify import items  # noqa: PLC0415 - see above
        from envwright.host.inventory import Target  # noqa: PLC0415 - see above

        stack = ExitStack()
        self.config.add_cleanup(stack.close)
        target = Target(self.name, os.path.relpath(self.path))
        context = stack.enter_context(open_context(target, from_file(target), Access()))
        require(context.compiled.reach)
        yield from items(
            self, context.compiled, context.session, context.secrets, context.skip_reasons()
        )

    def repr_failure(  # type: ignore[override] # so does pytest's own Collector
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """Show the message of an error of envwright without a traceback."""
        from envwright.errors import EnvwrightError  # noqa: PLC0415 - see above

        if isinstance(excinfo.value, EnvwrightError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)
