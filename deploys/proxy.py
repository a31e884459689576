"""The capability `proxy`: the proxy by which every program reaches the internet."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from envwright.model.capability import HEADER, Capability, render
from envwright.model.proof import Proof, Requirement
from envwright.model.values import AccountName, Adding, spelled
from envwright.resources.accounts import accounts
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.service import Service
from envwright.resources.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

APT = "/etc/apt/apt.conf.d/95envwright-proxy"
SUDO = "/etc/sudoers.d/envwright-proxy"
FILE = "50-envwright-proxy"
"""The name of the files of variables."""
_ADDRESS = re.compile(r"https?://([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}/?")


def _address(text: str) -> str:
    if "@" in text:
        raise ValueError(
            "must not hold a login, which every user and process could read; let a relay on this "
            "machine log in to the proxy (cntlm, px), and name the relay's address"
        )
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be the address of a proxy with its port: http://HOST:PORT")
    return text


Address = Annotated[
    str,
    AfterValidator(_address),
    Field(json_schema_extra={"words": "the address of a proxy: http://HOST:PORT"}),
]
Direct = Annotated[
    str,
    spelled(
        r"^\.?[A-Za-z0-9][A-Za-z0-9._:/-]*$",
        "a host, a domain, an address or a network, like `example.com` or `10.0.0.0/8`; without "
        "`*`, which most programs do not understand there",
    ),
]


class Section(Capability):
    """The proxy for all programs.

    apt has it from a file of its own, before anything is fetched. Login shells, users' services and
    the system's services have the variables `http_proxy`, `https_proxy` and `no_proxy`, in small
    and in capital letters, which curl, git, wget, pip, npm, Go and Docker read; sudo lets them
    through. A running Docker daemon is restarted. Under WSL the proxy of Windows comes by
    `autoProxy` of .wslconfig into each session; in a login shell the variables of this section win.
    A proxy that listens at a loopback address of Windows is reached in mirrored networking alone.
    """

    uncaptured: ClassVar[str] = "The files that name a proxy are captured as `files`."
    example: ClassVar[str] = """\
proxy:
  http: http://proxy.example.com:3128
  no_proxy: [example.com, 10.0.0.0/8]
"""

    http: Address
    """The proxy for http, and for https where `https` does not name another one."""
    https: Address | None = None
    """The proxy for https; its own address begins with `http://` where the proxy takes CONNECT
    without TLS, as most do."""
    no_proxy: Adding[Direct] = []
    """What is reached without the proxy, beside this machine itself. A domain means its hosts, too.
    Not all programs understand networks (`10.0.0.0/8`). apt knows whole names of hosts alone."""
    containers: Adding[AccountName] = []
    """Accounts whose containers and builds get the proxy, too (~/.docker/config.json). Containers
    do not reach a proxy at a loopback address."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield File(path=APT, content=HEADER.replace("#", "//") + "".join(self._apt()))
        variables = self._variables()
        yield from variables.resources()
        yield File(
            path=SUDO,
            content=f'{HEADER}Defaults env_keep += "{" ".join(variables.values)}"\n',
            mode="0440",
            needs=("package:sudo",),
        )
        yield Service(
            unit="docker.service",
            running=None,
            enabled=None,
            optional=True,
            reads=(variables.system,),
            needs=tuple(f"command:environment {name}" for name in variables.values),
        )
        for index, user in enumerate(self.containers):
            yield from self._of_containers(user, machine, ("containers", index))

    def _of_containers(
        self, user: str, machine: Machine, at: tuple[str | int, ...]
    ) -> Iterator[Resource]:
        owner: dict[str, Any] = {"owner": user, "group": machine.primary_group(user), "at": at}
        folder = f"{machine.home(user)}/.docker"
        keys = {
            "proxies/default/httpProxy": self.http,
            "proxies/default/httpsProxy": self.https or self.http,
            "proxies/default/noProxy": self._direct(),
        }
        yield Directory(path=folder, mode="", **owner)
        # Passwords of registries may stand in the file.
        yield Keys(path=f"{folder}/config.json", dialect="json", keys=keys, mode="0600", **owner)

    def _direct(self) -> str:
        return ",".join(dict.fromkeys(("localhost", "127.0.0.1", "::1", *self.no_proxy)))

    def _variables(self) -> Variables:
        values = {
            "http_proxy": self.http,
            "https_proxy": self.https or self.http,
            "no_proxy": self._direct(),
        }
        both = values | {name.upper(): value for name, value in values.items()}
        return Variables(FILE, both, "the variables of the proxy")

    def _apt(self) -> Iterator[str]:
        for kind, address in (("http", self.http), ("https", self.https or self.http)):
            yield f'Acquire::{kind}::Proxy "{address}";\n'
            for host in ("localhost", "127.0.0.1", *self.no_proxy):
                # A colon would begin another part of a name, and a slash is no host's.
                if not {":", "/"} & {*host}:
                    yield f'Acquire::{kind}::Proxy::{host.removeprefix(".")} "DIRECT";\n'

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from accounts(self.containers, machine, "containers")

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from self._variables().proofs()
        http, https = shlex.quote(self.http), shlex.quote(self.https or self.http)
        yield Proof(
            "apt goes by the proxy",
            render("proxy.apt.sh", http=http, https=https),
            at=("http",),
            quick=True,
            remedy="remove the setting from the file that is named",
        )
        for at, address in (("http", self.http), ("https", self.https)):
            if address:
                host, _, port = address.rstrip("/").partition("//")[2].rpartition(":")
                place = shlex.quote(f"/dev/tcp/{host.strip('[]')}/{port}")
                yield Proof(
                    f"the proxy {address} answers",
                    f"timeout 10 bash -c ': <>\"$1\"' bash {place}",
                    at=(at,),
                    remedy="correct the address, or connect to the network of the proxy",
                )
        yield Proof(
            "no program of a person goes by another proxy",
            render("proxy.persons.sh", functions=FUNCTIONS, http=http, https=https),
            remedy="remove the line from the file that is named",
        )
        yield Proof(
            "the Docker daemon goes by the proxy",
            render("proxy.docker.sh", http=http, https=https),
            remedy="remove `proxies` from /etc/docker/daemon.json, and what sets it from the unit",
        )
