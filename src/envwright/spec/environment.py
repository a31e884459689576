"""Reads an environment: a YAML file, checked and typed, with every fault at its line."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from envwright.errors import LocatedError, NotFetchedError, SpecError, SpecErrors, UnfitError
from envwright.model.catalogue import discover
from envwright.model.secrets import Secret, Secrets, is_name
from envwright.spec import bounds, choice, developer, locks, policy, scope
from envwright.spec import layers as merged_layers
from envwright.spec.bases import KEY
from envwright.spec.declaration import Declaration
from envwright.spec.layers import POLICY
from envwright.spec.merging import settle
from envwright.spec.messages import quoted, suggestion, value_in_words
from envwright.spec.reach import without_foreign_text
from envwright.spec.shape import shape_of
from envwright.spec.tree import Entry, Node
from envwright.spec.validation import faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from envwright.facts import Machine
    from envwright.model.capability import Section
    from envwright.spec.layers import Find
    from envwright.spec.trees import Tree

PRUNE = ("ask", "always", "never")
"""The values of `prune`, the default first."""
_OWN = ("name", "description", "was", "prune")
KEYS = (*_OWN, KEY, choice.WHEN, policy.VARS, policy.SECRETS, POLICY)
"""The keys of an environment that are not sections."""
NAME = "[a-z0-9][a-z0-9.-]*"
"""The names that an environment may have (a regular expression for the whole name)."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Environment:
    """A typed environment: what a machine should be.

    Args:
        file: the path as the user gave it.
        sections: one capability for each section, in the order of their names.
        files: the SHA-256 of each file that was read.
        tree: the values of all layers merged, with their places.
        values: the plain value of each section, its templates rendered.
        layers: what each layer says of the machine, the lowest first.
        trees: where the layers are from that are not the user's own files.
        rules: the rules of the layers' policies, void ones among them.
        written: what each layer says of all machines, the lowest first.
        names: the facts and variables with their values: the names of conditions.
        links: who names each file of the layers.
        prune: whether apply removes what the environment made and no longer names.
        was: earlier names of the environment.
    """

    name: str
    description: str
    file: str
    sections: tuple[Section, ...]
    secrets: Secrets
    files: Mapping[str, str] = field(repr=False)
    tree: Entry = field(repr=False, compare=False)
    values: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    layers: tuple[Node, ...] = field(default=(), repr=False, compare=False)
    trees: tuple[Tree, ...] = field(default=(), repr=False, compare=False)
    rules: tuple[policy.Rule, ...] = field(default=(), repr=False, compare=False)
    written: tuple[Node, ...] = field(default=(), repr=False, compare=False)
    names: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    links: tuple[merged_layers.Link, ...] = field(default=(), repr=False, compare=False)
    prune: str = PRUNE[0]
    was: tuple[str, ...] = ()

    def place(self, section: str, path: Sequence[str | int] = ()) -> tuple[str, int]:
        """Return file and line of the value at a path in a section, or of the nearest value."""
        at = self.tree.nearest((section, *path)).place
        return at.source.file, at.line

    def fault(
        self, section: str, path: Sequence[str | int], message: str, hint: str
    ) -> LocatedError:
        """Return an error at the value at a path in a section, or at the nearest value."""
        return self.tree.nearest((section, *path)).place.error(message, hint)


def load(  # noqa: PLR0913 - all that an environment is made of
    path: str | Path,
    machine: Machine,
    variables: Mapping[str, Any] = MappingProxyType({}),
    capabilities: Mapping[str, type[Section]] | None = None,
    *,
    layers: Sequence[str] = (),
    find: Find = merged_layers.no_cache,
    policies: Sequence[str] = (),
) -> Environment:
    """Read an environment, for a machine.

    Args:
        path: the file; messages show the path as it is given.
        machine: the machine whose facts templates may name.
        variables: values of `vars` from the command line.
        capabilities: the classes of the sections; by default all capabilities.
        layers: files that are laid over the environment, the lowest first.
        find: returns the tree of a layer from elsewhere.
        policies: files whose policies hold for the environment, too, but whose values do not.

    Raises:
        SpecErrors: all mistakes, in the order of files and lines.
        NotFetchedError: a layer is not in the cache.
    """
    known = discover() if capabilities is None else capabilities
    facts, own = scope.facts(machine), (str(path), *policies)
    try:
        read = merged_layers.load([str(path), *layers], facts, find)
        outside = merged_layers.load_policies(policies, facts, find)
    except (UnfitError, NotFetchedError):
        raise
    except SpecErrors as errors:
        raise SpecErrors(list(without_foreign_text(errors.errors, own))) from None
    except SpecError as error:
        raise SpecErrors(list(without_foreign_text([error], own))) from None
    reader = _Reader(read, machine, known)
    reader.rule(outside)
    environment = reader.read(str(path), variables)
    if reader.faults:
        faults = sorted(reader.faults, key=lambda fault: _rank(fault, str(path)))
        raise SpecErrors(list(without_foreign_text(faults, own)))
    return environment


def _rank(fault: SpecError, file: str) -> tuple[Any, ...]:
    if isinstance(fault, LocatedError):
        return (fault.file != file, *fault.order())
    return (True, "", 0, 0)


class _Reader:
    """Reads the parts of one tree, and collects the faults of each."""

    def __init__(
        self,
        read: merged_layers.Layers,
        machine: Machine,
        known: Mapping[str, type[Section]],
    ) -> None:
        self._roots, self._files, self._trees, self._links = read
        # Before anything is chosen for the machine.
        self._written = tuple(self._roots)
        self._known = known
        self._merge(self._roots)
        self._values: dict[str, Any] = {}
        self._developer: Node | None = None
        self._scope = scope.Scope(machine, self._secret_entries())
        self._shapes = policy.shapes_of(known)
        self._rules: tuple[policy.Rule, ...] = ()

    @property
    def faults(self) -> list[SpecError]:
        """The faults of all parts."""
        return self._scope.faults

    def rule(self, outside: Sequence[Node]) -> None:
        """Read the policies of the layers, and of files that are no layers."""
        roots = (*outside, *self._written)
        self._rules = policy.rules(roots, len(outside), self._shapes, self._scope.fault)

    def read(self, file: str, variables: Mapping[str, Any]) -> Environment:
        name = self._name()
        self._check_keys()
        self._declare(file, variables)
        layers = tuple(self._chosen(root, self._known) for root in self._roots)
        self._merge(layers)
        self._fill_tables()
        self._fill_accounts()
        secrets = Secrets(dict(self._secrets()))
        sections = tuple(
            section
            for key in sorted(self._keys)
            if key not in KEYS
            and key in self._known
            and (section := self._section(key, self._keys[key], self._known[key]))
        )
        self._judge_bounds()
        self._judge_locks(variables)
        description = self._text("description")
        return Environment(
            name,
            description,
            file,
            sections,
            secrets,
            self._files,
            self._tree,
            self._values,
            layers,
            tuple(self._trees),
            self._rules,
            self._written,
            self._scope.names,
            tuple(self._links),
            self._prune(),
            self._was(),
        )

    # --- Policies ----------------------------------------------------------------------------

    @functools.cached_property
    def _held(self) -> list[policy.Rule]:
        """The rules that hold today."""
        today = policy.today()
        return [rule for rule in self._rules if not rule.is_void(today)]

    def _judge_locks(self, variables: Mapping[str, Any]) -> None:
        written = locks.Layers(self._written, self._known, self._shapes, variables, self._scope)
        for fault in locks.broken(self._held, written):
            self._scope.fault(fault)

    def _judge_bounds(self) -> None:
        """Judge the values, unless they have faults: these come first."""
        if not self._held or self.faults:
            return
        tables = {
            policy.VARS: self._scope.names,
            policy.SECRETS: {
                name: self._values[f"secrets.{name}"] for name in self._secret_entries()
            },
        }
        plain = {key: self._values[key] for key in self._values if key in self._known} | tables
        for fault in bounds.broken(self._held, bounds.Values(self._tree, plain, self._shapes)):
            self._scope.fault(fault)

    # --- The keys that are not sections ------------------------------------------------------

    def _name(self) -> str:
        if "name" not in self._keys:
            hint = "begin the file with `name: my-machine`"
            self._scope.fault(self._tree.at.error("an environment needs the key 'name'", hint))
            return ""
        name = self._text("name")
        if name and not re.fullmatch(NAME, name):
            hint = "use small letters, digits, '.' and '-', and begin with a letter or digit"
            message = f"{quoted(name)} cannot name an environment"
            self._scope.fault(self._keys["name"].place.error(message, hint))
        return name

    def _text(self, key: str) -> str:
        entry = self._keys.get(key)
        if entry is None:
            return ""
        value = entry.node.value
        if not isinstance(value, str) or not value:
            actual = value_in_words(entry.node.plain())
            self._scope.fault(entry.place.error(f"{key} must be text, not {actual}"))
            return ""
        return value

    def _prune(self) -> str:
        """Return whether apply removes what the environment no longer names."""
        value = self._text("prune")
        if value and value not in PRUNE:
            message = f"prune is {', '.join(PRUNE[:-1])} or {PRUNE[-1]}, not {quoted(value)}"
            near = suggestion(value, PRUNE)
            self._scope.fault(self._keys["prune"].place.error(f"{message}{near}"))
        return value or PRUNE[0]

    def _was(self) -> tuple[str, ...]:
        """Return the earlier names of the environment."""
        entry = self._keys.get("was")
        if entry is None:
            return ()
        value = entry.node.plain()
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(n, str) and re.fullmatch(NAME, n) for n in names):
            hint = "name what the environment was called before: `was: old-name`"
            message = f"was must be the name of an environment, not {value_in_words(value)}"
            self._scope.fault(entry.place.error(message, hint))
            return ()
        return tuple(names)

    def _check_keys(self) -> None:
        for key, entry in self._keys.items():
            if key not in KEYS and key not in self._known:
                known = (*self._known, *KEYS)
                message = f"there is no capability {quoted(key)}{suggestion(key, known)}"
                hint = "`envwright explain` lists the capabilities"
                self._scope.fault(entry.at.error(message, hint))

    def _declare(self, file: str, variables: Mapping[str, Any]) -> None:
        """Add the variables to the scope, and the developer, whose name can depend on them."""
        name = developer.name(self._keys, self._known)
        conditional = developer.is_conditional(self._keys, self._known)
        later = conditional or (name is not None and scope.is_template(name.value))
        if not later:
            self._set_developer(name)
        entry = self._keys.get("vars")
        declared = entry.node.value if entry and isinstance(entry.node.value, Mapping) else {}
        for fault in scope.check_given(variables, declared, file):
            self._scope.fault(fault)
        if entry:
            self._scope.declare(entry, variables)
        if conditional:
            named_in = developer.section(self._keys, self._known)
            self._roots = [self._chosen(root, named_in) for root in self._roots]
            self._merge(self._roots)
        if later:
            self._set_developer(developer.name(self._keys, self._known))

    def _set_developer(self, name: Node | None) -> None:
        value = None if name is None else self._scope.value(name)
        if name is not None and isinstance(value, str) and value:
            self._developer = Node(value, name.at)
        self._scope.set_developer(str(self._developer.value) if self._developer else "root")

    def _merge(self, roots: Sequence[Node]) -> None:
        root = merged_layers.merged(roots, self._known)
        self._tree = Entry(root.at, root)
        self._keys: dict[str, Entry] = dict(root.value) if isinstance(root.value, Mapping) else {}

    def _chosen(self, root: Node, sections: Collection[str]) -> Node:
        """Return a layer in which some sections say what is for this machine, keys rendered."""
        chooser = choice.Chooser(self._scope.names)
        entries = {}
        for key, entry in root.value.items() if isinstance(root.value, Mapping) else ():
            if key not in sections:
                entries[key] = entry
                continue
            node: Node | None = entry.node
            try:
                if choice.mentions(entry.node, choice.WHEN):
                    node = chooser.section(entry.node, shape_of(self._known[key]))
            except LocatedError as fault:
                self._scope.fault(fault)
                continue
            if node is not None:
                entries[key] = Entry(entry.at, self._scope.keyed(node))
        return Node(MappingProxyType(entries), root.at)

    def _fill_tables(self) -> None:
        """Fill the entries of tables by their defaults."""
        for key, entry in self._keys.items():
            if key in self._known and choice.mentions(entry.node, choice.DEFAULTS):
                node = settle(choice.filled(entry.node, shape_of(self._known[key])))
                self._keys[key] = Entry(entry.at, node)
        self._tree = Entry(self._tree.at, Node(MappingProxyType(self._keys), self._tree.at))

    def _fill_accounts(self) -> None:
        """Fill the accounts that are left out by the developer."""
        if self._developer is None:
            return
        for key, entry in self._keys.items():
            if key in self._known:
                node = developer.filled(entry.node, self._known[key], self._developer)
                self._keys[key] = Entry(entry.at, node)
        self._tree = Entry(self._tree.at, Node(MappingProxyType(self._keys), self._tree.at))

    def _secret_entries(self) -> dict[str, Entry]:
        entry = self._keys.get("secrets")
        return dict(entry.node.value) if entry and isinstance(entry.node.value, Mapping) else {}

    def _secrets(self) -> Iterator[tuple[str, Secret]]:
        entry = self._keys.get("secrets")
        if entry and not isinstance(entry.node.value, Mapping):
            actual = value_in_words(entry.node.plain())
            self._scope.fault(entry.place.error(f"secrets must be a mapping, not {actual}"))
        for name, declared in self._secret_entries().items():
            if not is_name(name):
                hint = "a name has letters, digits and '_'"
                message = f"{quoted(name)} cannot name a secret"
                self._scope.fault(declared.at.error(message, hint))
            declaration = self._section(f"secrets.{name}", declared, Declaration)
            if declaration:
                self._check_file(declared, declaration.file)
                source = declared.at.source
                place = f"{source.file}:{declared.at.line}"
                yield name, Secret(name, declaration, place, Path(source.path).parent)

    def _check_file(self, declared: Entry, file: str | None) -> None:
        """Refuse that a layer from elsewhere has a file of this computer as its secret."""
        source = declared.at.source
        if source.tree is None or file is None:
            return
        if file.startswith("~") or not source.tree.holds(str(Path(source.path).parent / file)):
            self._scope.fault(
                declared.place.error(
                    f"a layer from elsewhere reads its own files only, not {file}",
                    hint="declare this secret in your own environment, which takes its place",
                )
            )

    # --- Sections ----------------------------------------------------------------------------

    def _context(self, entry: Entry) -> dict[str, Any]:
        """Return the context of validators: the folder of local files, and the templates."""
        source = entry.at.source
        return {
            "folder": str(Path(source.path).parent),
            "tree": source.tree,
            "render": self._scope.text,
            "checksums": self._files,
        }

    def _section(self, key: str, entry: Entry, model: type[Model]) -> Model | None:
        if entry.node.value is None:
            hint = f"write `{key}: {{}}` to take its defaults, or remove the key"
            self._scope.fault(entry.at.error(f"{key} is empty", hint))
            return None
        value = self._values[key] = self._scope.value(entry.node)
        try:
            # Validated as JSON: there strict models accept lists for tuples and text for enums.
            return model.model_validate_json(json.dumps(value), context=self._context(entry))
        except ValidationError as error:
            for fault in faults(error, key, entry, shape_of(model), value):
                # The fault of a value whose template failed is reported already.
                if self._scope.failed.isdisjoint(entry.nearest(fault.path).node.places()):
                    self._scope.fault(fault.error(entry))
        return None
