"""The capability `jupyter`: a Jupyter server that runs as a person from boot on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from envwright.model.capability import Capability, Objection, render
from envwright.model.proof import Proof, Requirement
from envwright.model.values import AbsolutePath, Developer, SecretText, spelled
from envwright.resources.accounts import account
from envwright.resources.as_user import Person
from envwright.resources.file import File
from envwright.resources.listening import Listening
from envwright.resources.package import Package
from envwright.resources.user_manager import user_manager
from envwright.resources.user_service import FOLDER, UserService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

LOOK = 10
"""How many seconds the look for the program may take."""
ADDRESS, UNIT = "127.0.0.1", "jupyter.service"
TOKEN = ".jupyter/service-token"  # noqa: S105 - a place, no token
"""Where the token lies, below the home."""
Virtualenv = Annotated[
    AbsolutePath,
    spelled(r"^/[A-Za-z0-9._/@+-]+$", "a full path of letters, digits and `._/@+-`"),
]


class Section(Capability):
    """A Jupyter server for a person's notebooks, a service of the person from boot on.

    It listens on 127.0.0.1 alone: from elsewhere a person comes by `ssh -L`, and under WSL from
    Windows by `localhost`. It serves the home, with the rights of the person, to whoever has the
    token. All other settings are the person's, in ~/.jupyter. JupyterLab and Notebook come by
    `virtualenvs`; Debian has the plain server alone, and kernels as packages of their own, such as
    python3-ipykernel. Plan refuses a port that another program has. Verify asks the server with the
    token and without.
    """

    uncaptured: ClassVar[str] = "A server that a person starts by hand is in no file."
    example: ClassVar[str] = """\
secrets: {JUPYTER: {env: JUPYTER_TOKEN}}
jupyter:
  user: dev
  virtualenv: /home/dev/venvs/lab
  token: "{{ secret.JUPYTER }}"
"""

    user: Developer
    """The account that the server runs as."""
    token: SecretText
    """What opens the server, by the name of a secret: letters, digits and `._~+/=-`, at least 16 of
    them."""
    virtualenv: Virtualenv | None = None
    """The virtual environment with the program; by default the server comes from the distribution's
    package."""
    program: Literal["lab", "notebook", "server"] | None = None
    """Which program: JupyterLab, which is the default in a virtual environment; Notebook, from its
    version 7 on; or the server without pages of its own."""
    port: int = Field(default=8888, ge=1024, le=65535)
    """The port on which the server listens."""

    @model_validator(mode="after")
    def _sense(self) -> Section:
        if self.virtualenv is None and self.program not in {None, "server"}:
            raise ValueError(
                f"needs a 'virtualenv' for the program {self.program!r}: Debian has the plain "
                "server alone"
            )
        return self

    @property
    def _path(self) -> str:
        if self.virtualenv is None:
            return "/usr/bin/jupyter-server"
        return f"{self.virtualenv}/bin/jupyter-{self.program or 'lab'}"

    @property
    def _listening(self) -> Listening:
        # The kernels of notebooks listen as well, each on ports of 127.0.0.1 that nobody knows.
        return Listening(server="Jupyter", unit=UNIT, listen=(ADDRESS,), port=self.port, only=False)

    def objections(self, machine: Machine) -> Iterator[Objection]:  # noqa: ARG002 - the same everywhere
        if self.user == "root":
            reason = "a notebook of root could do everything, and Jupyter refuses to run as root"
            yield Objection(reason, "name a person", ("user",))

    def resources(self, machine: Machine) -> Iterator[Resource]:
        manager = list(user_manager(self.user, machine, ("user",)))
        yield from manager
        brings = [f"command:virtualenv {self.virtualenv}"]
        if self.virtualenv is None:
            package = Package(package="jupyter-server")
            yield package
            brings = [package.id]
        person = Person.named(self.user, machine)
        mine: dict[str, Any] = {"owner": person.user, "group": person.group}
        secret = File(
            path=f"{person.home}/{TOKEN}",
            content=self.token,
            mode="0600",
            validate=render("jupyter.token.sh"),
            at=("token",),
            **mine,
        )
        unit = File(
            path=f"{person.home}/{FOLDER}/{UNIT}",
            content=render("jupyter.unit", program=self._path, port=self.port, token=TOKEN),
            needs=tuple(brings),
            **mine,
        )
        yield from (secret, unit)
        yield UserService(
            user=self.user,
            home=person.home,
            unit=UNIT,
            running=True,
            enabled=True,
            reads=(secret.path, unit.path),
            needs=(*(resource.id for resource in manager), *brings),
        )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from account(self.user, machine, ("user",))
        yield self._listening.free()
        if self.virtualenv:
            person = Person.named(self.user, machine)
            yield Requirement(
                f"{self.virtualenv} has Jupyter",
                person.runs(f"[ -x {shlex.quote(self._path)} ]", LOOK),
                f"{self.user} cannot run {self._path}",
                "have `virtualenvs` make the environment, with the package jupyterlab, notebook "
                "or jupyter-server",
                at=("virtualenv",),
                unless=f"command:virtualenv {self.virtualenv}",
                assumed="the virtual environment of Jupyter",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield self._listening.proof()
        yield Proof(
            "Jupyter answers with its token, and not without",
            render("jupyter.answers.sh", address=ADDRESS, port=self.port),
            at=("token",),
            given=self.token,
            remedy="settings in ~/.jupyter may have another token, or none; `journalctl --user "
            f"-u {UNIT}` has what the server says",
        )
