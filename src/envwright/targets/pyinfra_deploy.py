"""Exports an environment as a plain pyinfra deploy with tests, which run without envwright.

The deploy has the operations that `apply` runs, the tests (pytest-testinfra) have the assertions of
`verify`; each operation and each assertion is written out as a literal call.
"""

from __future__ import annotations

import itertools
import re
import shutil
from importlib import resources
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError
from envwright.host.connectors import ssh_address
from envwright.model.operations import OURS, Changed, Checksum, Content, Edited, Key

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from envwright.model.operations import Operation
    from envwright.model.proof import Assertion
    from envwright.model.resource import Resource
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled

DEPLOY = '''\
"""The environment {name} as a pyinfra deploy, written by `envwright export pyinfra`.

Run it as root, or with sudo:  pyinfra inventory.py deploy.py
Then prove it:                 pytest test_environment.py --hosts=...
"""

{imports}
'''
TESTS = '''\
"""What the environment {name} must look like, for pytest-testinfra; run as root or with --sudo."""

from pathlib import Path

import pytest

import readers

PROOFS = Path(__file__).parent / "proofs"


def prove(host, name):
    """Run a proof: exit code 77 means that this machine cannot show the effect."""
    result = host.run((PROOFS / name).read_text())
    output = (result.stdout + result.stderr).strip()
    if result.rc == 77:
        pytest.skip(output.splitlines()[-1] if output else "this machine cannot show the effect")
    assert result.rc == 0, output
'''


def export(compiled: Compiled, secrets: Secrets, host: str, folder: Path) -> list[Path]:
    """Write the deploy into a folder, which is created if missing; return the files.

    Raises:
        EnvwrightError: the folder holds other files, or the environment holds secrets.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "support.py").exists():
        raise EnvwrightError(
            f"{folder} is not empty, and is no earlier export", hint="name a new folder by --output"
        )
    _refuse_secrets(compiled, secrets)
    names = _names([*(r.id for r in compiled.resources), *(p.name for p in compiled.proofs)])
    texts = {
        "deploy.py": _deploy(compiled, names),
        "inventory.py": _inventory(host),
        "test_environment.py": _tests(compiled, names),
        **{f"proofs/{names[p.name]}.sh": f"{p.script}\n" for p in compiled.proofs},
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return [*(folder / name for name in texts), *_support(folder)]


def _refuse_secrets(compiled: Compiled, secrets: Secrets) -> None:
    for resource in compiled.resources:
        if secrets.references(repr(resource.spec())):
            raise EnvwrightError(
                f"{resource.id} holds a secret, which an export would have to write down",
                hint="use `envwright apply`, or move the secret out of the environment",
            )


def _support(folder: Path) -> Iterator[Path]:
    """Copy the modules of envwright that the deploy and its tests import."""
    package = resources.files("envwright")
    support = {"support": package / "targets" / "deploy_support.py"}
    for name in ("checksums", "download", "openpgp", "readers"):
        support[name] = package / "portable" / f"{name}.py"
    for name, source in support.items():
        path = folder / f"{name}.py"
        path.write_text(source.read_text("utf-8"), "utf-8")
        yield path
    for name in ("dialects", "safepath"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
        for module in (package / "portable" / name).iterdir():
            if module.name.endswith((".py", ".pl")):
                path = folder / name / module.name
                path.write_text(module.read_text("utf-8"), "utf-8")
                yield path


# --- The deploy ------------------------------------------------------------------------------


def _deploy(compiled: Compiled, names: Mapping[str, str]) -> str:
    text = "\n\n".join(_calls(compiled, names))
    head = DEPLOY.format(name=compiled.name, imports="\n".join(_imports(text)))
    return f"{head}\n{text}\n"


def _imports(text: str) -> Iterator[str]:
    """Yield the lines that import what a deploy calls."""
    modules = set(re.findall(r"^(?:\w+ = )?(\w+)\.\w+\($", text, re.MULTILINE))
    if theirs := sorted(modules - {OURS}):
        yield f"from pyinfra.operations import {', '.join(theirs)}\n"
    if OURS in modules:
        yield f"from safepath import operations as {OURS}"
    helpers = ["changed", "checksum", "content", "edited", "key"]
    if support := [name for name in helpers if re.search(rf"\b{name}\(", text)]:
        yield f"from support import {', '.join(support)}"


def _calls(compiled: Compiled, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the calls of the operations that make the resources on any machine."""
    present = {resource.id for resource in compiled.resources}
    exported = [(resource, list(resource.exported())) for resource in compiled.resources]
    # A condition needs the variables of the resources that it names.
    conditions = [o.condition for _, operations in exported for o in operations if o.condition]
    asked = {id_ for condition in conditions for id_ in condition.ids} & present
    for resource, all_ in exported:
        writer = _Writer(resource, names, present)
        operations = [o for o in all_ if writer.can_happen(o)]
        for number, operation in enumerate(operations, 1):
            last = number == len(operations)
            # No name in `names` has a leading underscore, so this variable hides none.
            variable = f"_{names[resource.id]}_{number}"
            if last:
                variable = names[resource.id] if resource.id in asked else ""
            elif operations[number].condition != Changed():
                variable = ""
            yield from writer.write(operation, variable)


class _Writer:
    """Writes out the operations of one resource, in order.

    Args:
        resource: the resource.
        names: the variable of each resource.
        present: the ids of all resources.
    """

    def __init__(
        self, resource: Resource, names: Mapping[str, str], present: Container[str]
    ) -> None:
        self._id, self._names, self._present = resource.id, names, present
        self._restarted_by = frozenset(resource.restarted_by)
        self._before = ""

    def can_happen(self, operation: Operation) -> bool:
        """Tell whether a resource of the environment can meet the operation's condition."""
        ids = operation.condition.ids if operation.condition else ()
        return not ids or any(id_ in self._present for id_ in ids)

    def write(self, operation: Operation, variable: str) -> Iterator[str]:
        """Yield the call of an operation; its result is assigned to a variable, "" for none."""
        arguments = {name: _literal(value) for name, value in operation.arguments.items()}
        title, condition = self._id, operation.condition
        if condition and condition.ids:
            if self._restarted_by.issuperset(condition.ids):
                title = f"{self._id} restarts"
            changed = [self._names[id_] for id_ in condition.ids if id_ in self._present]
            arguments["_if"] = f"changed({', '.join(changed)})"
        elif condition:
            arguments["_if"] = f"changed({self._before})"
        self._before = variable
        start = f"{variable} = {operation.name}(" if variable else f"{operation.name}("
        lines = [f"    {key}={value}," for key, value in {"name": repr(title), **arguments}.items()]
        yield "\n".join([start, *lines, ")"])


def _literal(value: Any) -> str:
    if isinstance(value, Content):
        return f"content({_text(value.text)})"
    if isinstance(value, Edited):
        more = {"defaults": value.defaults, "published": value.published}
        given = "".join(f", {name}={dict(keys)!r}" for name, keys in more.items() if keys)
        return f"edited({value.path!r}, {value.dialect!r}, {dict(value.changes)!r}{given})"
    if isinstance(value, Key):
        return f"key({list(value.fingerprints)!r}, url={value.url!r}, text={_text(value.text)})"
    if isinstance(value, Checksum):
        return f"checksum({value.url!r}, {value.file!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """Return a text as a literal of Python, one line for each line of the text."""
    lines = text.splitlines(keepends=True)
    if len(lines) <= 1:
        return repr(text)
    return "\n".join(["(", *(f"        {line!r}" for line in lines), "    )"])


def _names(ids: Iterable[str]) -> Mapping[str, str]:
    """Return a different name for each id, valid in Python and in file systems."""
    names: dict[str, str] = {}
    for id_ in ids:
        plain = re.sub(r"\W+", "_", id_, flags=re.ASCII).strip("_").lower()
        others = (f"{plain}_{number}" for number in itertools.count(2))
        names[id_] = next(n for n in itertools.chain([plain], others) if n not in names.values())
    return names


# --- The inventory and the tests -------------------------------------------------------------


def _inventory(host: str) -> str:
    name = host
    data: dict[str, Any] = {}
    if host.startswith("@ssh/") or not host.startswith("@"):
        user, name, port = ssh_address(host.removeprefix("@ssh/"))
        data = {"ssh_user": user} if user else {}
        data |= {"ssh_port": int(port)} if port else {}
        data |= {"_sudo": True} if user != "root" else {}
    return f'"""The machine that the deploy is for."""\n\nhosts = [({name!r}, {data!r})]\n'


def _tests(compiled: Compiled, names: Mapping[str, str]) -> str:
    parts = [TESTS.format(name=compiled.name)]
    parts += [_resource_test(resource, names[resource.id]) for resource in compiled.resources]
    parts += [_proof_test(names[proof.name]) for proof in compiled.proofs]
    return "\n\n".join(parts)


def _resource_test(resource: Resource, name: str) -> str:
    asserts = [f"    {_assert(assertion)}" for assertion in resource.witness()]
    return "\n".join([f"def test_{name}(host):", *asserts, ""])


def _assert(assertion: Assertion) -> str:
    arguments = ", ".join(repr(argument) for argument in assertion.arguments)
    seen = f"host.{assertion.module}({arguments}).{assertion.attribute}"
    if assertion.view:
        key = "".join(f", {argument!r}" for argument in assertion.view.arguments)
        seen = f"readers.{assertion.view.reader}({seen}{key})"
    if assertion.contained:
        return f"assert {assertion.expected!r} in {seen}"
    return f"assert {seen} == {assertion.expected!r}"


def _proof_test(name: str) -> str:
    return f'def test_{name}(host):\n    prove(host, "{name}.sh")\n'
