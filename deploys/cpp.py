"""The capability `cpp`: compilers of C and C++ by version, which of them `cc` is, and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from envwright.model.capability import Capability, render
from envwright.model.proof import Assertion, Proof
from envwright.model.values import Adding, spelled
from envwright.resources.command import Command
from envwright.resources.keys import Keys
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

Compiler = Literal["gcc", "clang"]
Tools = Adding[Literal["ccache", "cmake", "gdb", "ninja", "valgrind"]]
PACKAGES = {"ninja": "ninja-build"}
"""The packages of the tools whose package has another name."""
PLUS = {"gcc": "g++", "clang": "clang++"}
"""The names under which the compilers compile C++."""
# clang's sanitizers are in a package of their own, which the package of clang does not bring.
COMPILER_PACKAGES = {"gcc": ("gcc", "g++"), "clang": ("clang", "libclang-rt-{}-dev")}
CacheSize = Annotated[
    str, spelled(r"^[1-9][0-9]*(\.[0-9]+)?[kMGT]i?$", "a number with M, G, T, Mi, Gi or Ti: `20G`")
]
CCACHE = "/etc/ccache.conf"


class Section(Capability):
    """Compilers of C and C++ by version, and the tools around them.

    The compilers come from apt, under the names that Debian gives them: `gcc-14`, `g++-14`,
    `clang-19`, `clang++-19`. `cc` and `c++` start one of them by update-alternatives(1); plan shows
    what they start before, and undo puts that back. Versions of clang that the distribution lacks
    have LLVM's own source: `packages: {sources: {llvm: {version: "21"}}}`. What debuggers need is
    the section `debugging`.
    """

    uncaptured: ClassVar[str] = (
        "Compilers and tools are captured as `packages`; what `cc` starts is not captured."
    )
    example: ClassVar[str] = """\
cpp:
  gcc: 14
  tools: [cmake, ninja, gdb]
"""

    gcc: Annotated[int, Field(ge=9, le=99)] | None = None
    """The version of gcc and g++."""
    # Before 15, not every distribution has the sanitizers under this name.
    clang: Annotated[int, Field(ge=15, le=99)] | None = None
    """The version of clang and clang++."""
    cc: Compiler | Literal["keep"] | None = None
    """The compiler that `cc` and `c++` start: by default gcc where the section has a `gcc`, else
    clang. `keep` leaves both names as they are on the machine."""
    tools: Tools = []
    """Tools beside the compilers, each in the distribution's version."""

    ccache: CacheSize | None = None
    """ccache, and how large the cache of each person may become: `20G`. Other lines of
    /etc/ccache.conf stay; a person's own `ccache --max-size` counts more."""

    @model_validator(mode="after")
    def _is_there(self) -> Section:
        if self.cc in PLUS and self.cc not in self._versions:
            raise ValueError(f"cc is {self.cc}, and no version is given: add `{self.cc}: VERSION`")
        return self

    @property
    def _versions(self) -> dict[str, int]:
        given = {"gcc": self.gcc, "clang": self.clang}
        return {name: version for name, version in given.items() if version is not None}

    @property
    def _chosen(self) -> str:
        """The compiler that `cc` starts; "" where that is as the machine has it."""
        if self.cc == "keep":
            return ""
        return self.cc or next(iter(self._versions), "")

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        brought = []
        for compiler, version in self._versions.items():
            for name in COMPILER_PACKAGES[compiler]:
                package = name.format(version) if "{}" in name else f"{name}-{version}"
                brought.append(Package(package=package, at=(compiler,)))
        yield from brought
        for tool in self.tools:
            yield Package(package=PACKAGES.get(tool, tool), at=("tools",))
        yield from self._cache()
        if chosen := self._chosen:
            after = tuple(package.id for package in brought)
            at = ("cc",) if self.cc else (chosen,)
            yield _alternative("cc", f"{chosen}-{self._versions[chosen]}", after, at)
            yield _alternative("c++", f"{PLUS[chosen]}-{self._versions[chosen]}", after, at)

    def _cache(self) -> Iterator[Resource]:
        """Yield ccache, with the size of its caches."""
        if self.ccache:
            ccache = Package(package="ccache", at=("ccache",))
            yield ccache
            yield Keys(
                path=CCACHE,
                dialect="ini",
                keys={"max_size": self.ccache},
                keep=("mode", "owner", "group"),
                needs=(ccache.id,),
                at=("ccache",),
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for compiler, version in self._versions.items():
            yield Proof(
                f"{PLUS[compiler]}-{version} builds a program whose sanitizers find its fault",
                render("cpp.sanitizers.sh", compiler=f"{PLUS[compiler]}-{version}"),
                at=(compiler,),
            )
        if chosen := self._chosen:
            yield Proof(
                f"cc is {chosen}-{self._versions[chosen]}",
                render("cpp.found.sh", compiler=f"{chosen}-{self._versions[chosen]}"),
                at=("cc",) if self.cc else (chosen,),
                quick=True,
                remedy="remove the program that is found before /usr/bin/cc, or set `cc: keep`",
            )
        for tool in self.tools:
            yield Proof(f"{tool} answers", f"{tool} --version", at=("tools",))
        if self.ccache:
            yield Proof(
                f"a cache of ccache may become {self.ccache}",
                render("cpp.ccache.sh", size=self.ccache),
                at=("ccache",),
                quick=True,
                remedy=f"correct {CCACHE}, as ccache says",
            )
        if "gdb" in self.tools:
            yield Proof("gdb opens a core dump", render("cpp.core.sh"), at=("tools",))


def _alternative(name: str, program: str, after: tuple[str, ...], at: tuple[str, ...]) -> Command:
    """Return the choice of a program of /usr/bin for a group of update-alternatives(1)."""
    choice, link, current = f"/usr/bin/{program}", f"/usr/bin/{name}", f"/etc/alternatives/{name}"
    choices = f"/var/lib/dpkg/alternatives/{name}"
    page = f"{name}.1.gz"
    values = {"name": name, "choice": choice, "link": link, "choices": choices}
    return Command(
        title=f"alternative {name}",
        observe=render("cpp.alternative.sh", **values),
        expected=f"manual {choice}",
        run=render("cpp.choose.sh", page=page, own_page=f"{program}.1.gz", **values),
        seen=(
            Assertion("run", (f"readlink {link} {current}",), "stdout", f"{current}\n{choice}\n"),
            Assertion("run", (f"head -n 1 {choices}",), "stdout", "manual\n"),
        ),
        after=after,
        # The manual page follows the program.
        edits=(
            choices,
            current,
            link,
            f"/etc/alternatives/{page}",
            f"/usr/share/man/man1/{page}",
        ),
        at=at,
    )
