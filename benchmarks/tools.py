"""Tools: the command lines of envwright and its peers for each verb, and what makes a run fail."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from benchmarks.sites import Command, Timing

if TYPE_CHECKING:
    from benchmarks.routes import Route
    from benchmarks.work import Work

CHANGES = "found something to change: not a no-op"
NOWHERE = "/dev/null"


class Tool(ABC):
    """Something that is measured.

    Attributes:
        name: what it is called in the table.
        installer: what it needs at a site: a name in `installers.INSTALLERS`, "" is nothing.
        settles: it can bring a machine to the state of R1.
    """

    name: ClassVar[str]
    installer: ClassVar[str] = ""
    settles: ClassVar[bool] = False

    @abstractmethod
    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Return what is run for a verb; None where the tool has nothing to do with it.

        Args:
            verb: `plan` and `apply` find nothing to do; `mend` changes one thing, `first`
                everything; `verify` proves; `version` prints it.
            route: from the tool to the machine.
            work: how much.
        """


def failed(timing: Timing) -> str:
    """Complain of an exit code that is not 0, with the last lines that were said."""
    last = " | ".join(timing.said.strip().splitlines()[-3:])
    return f"exit code {timing.code}: {last}" if timing.code else ""


class Envwright(Tool):
    """This project. A first apply does not verify, as no peer does.

    Attributes:
        folder: the virtual environment that it is installed in.
    """

    name = "envwright"
    installer = "locked"
    settles = True
    folder: ClassVar[str] = "envwright"

    VERBS: ClassVar = {
        "plan": ("plan",),
        "apply": ("apply", "--yes"),
        "mend": ("apply", "--yes", "--no-verify"),
        "first": ("apply", "--yes", "--no-verify"),
        "verify": ("verify", "--format", "json"),
        "version": ("--version",),
    }

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Give it the host in its own words, and ssh's options by its variable."""
        program = f"{route.site.folder}/{self.folder}/bin/envwright"
        host, environment = "@local", {"XDG_CACHE_HOME": f"{route.site.folder}/cache"}
        if route.login:
            host = f"@ssh/{route.login.alias}"
            environment["ENVWRIGHT_SSH_OPTIONS"] = " ".join(route.login.options)
        elif route.docker:
            host = f"@docker/{route.machine}"
        words = self.VERBS[verb]
        complaint = _changed if verb in {"plan", "apply"} else failed
        hosts = [host]
        if route.hosts:
            words += ("--parallel", str(route.parallel))
            hosts = [f"@ssh/{name}" for name in route.hosts]
            complaint = _fleet_changed
        if verb != "version":
            words += (*(word for each in hosts for word in ("--host", each)),)
            words += (f"{route.site.folder}/{work.name}/r1.yaml",)
        return Command((program, *words), environment, complaint=complaint)


def _changed(timing: Timing) -> str:
    return failed(timing) or ("" if "Nothing to do" in timing.said else CHANGES)


def _fleet_changed(timing: Timing) -> str:
    return failed(timing) or ("" if re.search(r"(\d+) hosts: \1 same\.", timing.said) else CHANGES)


class EnvwrightUncached(Envwright):
    """The same where nothing is kept: the first plan after an environment was edited."""

    name = "envwright (no cache)"
    settles = False

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Give it no place for a cache; what takes seconds anyway is the other's."""
        kept = super().command(verb, route, work) if verb in {"plan", "apply"} else None
        return kept and replace(kept, environment={**kept.environment, "XDG_CACHE_HOME": NOWHERE})


class EnvwrightCompiled(Envwright):
    """The same without its fast path: the compiled environment is all that the cache gives."""

    name = "envwright (compiled)"
    settles = False

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Give each run a NO_COLOR of its own, which no cached no-op result was kept for."""
        kept = super().command(verb, route, work) if verb in {"plan", "apply"} else None
        if kept is None or route.hosts:
            return None
        return replace(kept, argv=("sh", "-c", 'NO_COLOR=$$ exec "$@"', "sh", *kept.argv))


class Before(Envwright):
    """The project as it was at the commit of `--before`."""

    name = "before"
    installer = "before"
    settles = False
    folder = "envwright-before"


class BeforeCompiled(EnvwrightCompiled, Before):
    """The older commit without its fast path."""

    name = "before (compiled)"
    installer = "before"
    folder = "envwright-before"


class BeforeUncached(EnvwrightUncached, Before):
    """The older commit with nothing kept."""

    name = "before (no cache)"
    installer = "before"
    folder = "envwright-before"


class EnvwrightState(Envwright):
    """The state part of its verification: the process but for the seconds that effects took."""

    name = "envwright (state part)"
    settles = False

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Verify; all else is the other's."""
        whole = super().command(verb, route, work) if verb == "verify" else None
        return whole and replace(whole, seconds=without_effects)


def without_effects(timing: Timing) -> float:
    """Subtract what effects took: results whose id is a sentence, not `word:name`."""
    results = json.loads(timing.said[timing.said.index("[") : timing.said.rindex("]") + 1])
    effects = (r["seconds"] for r in results if not re.match(r"[a-z_]+:\S", r["id"]))
    return timing.seconds - float(sum(effects))


class Pyinfra(Tool):
    """Plain pyinfra, of the version that envwright is locked to, and from the same venv."""

    name = "pyinfra"
    installer = "locked"
    settles = True

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Let it detect changes with --dry, and with -y leave that out."""
        program = f"{route.site.folder}/envwright/bin/pyinfra"
        if verb == "version":
            return Command((program, "--version"), complaint=failed)
        if verb == "verify":
            return None
        words = ["--dry" if verb == "plan" else "-y"]
        host = f"@docker/{route.machine}" if route.docker else "@local"
        if route.login:
            host, settings = f"@ssh/{route.login.alias}", route.login.settings
            words += ["--user", settings["User"], "--key", settings["IdentityFile"]]
            words += ["--data", f"ssh_config_file={route.login.config}"]
            words += ["--data", f"ssh_known_hosts_file={settings['UserKnownHostsFile']}"]
        if route.hosts:
            words += ["--parallel", str(route.parallel)]
            host = ",".join(route.hosts)
        words += ["--data", f"factor={work.factor}"]
        words += ["--data", "refresh=true"] if verb == "first" else []
        deploy = f"{route.site.folder}/peers/workstation.py"
        complaint = {"plan": _pyinfra_found, "apply": _pyinfra_made}.get(verb, failed)
        return Command((program, *words, host, deploy), complaint=complaint)


def _pyinfra_found(timing: Timing) -> str:
    # The columns: operation, hosts with a change, hosts with a conditional one.
    change = re.search(r"\) +\d+ \(@", timing.said)
    return failed(timing) or (CHANGES if change or "Detected changes:" not in timing.said else "")


def _pyinfra_made(timing: Timing) -> str:
    # The columns: hosts, success, error, no change.
    total = re.search(r"Grand total +(\d+) +- +- +(\d+)", timing.said)
    return failed(timing) or ("" if total and total[1] == total[2] else CHANGES)


class Ansible(Tool):
    """ansible-core with its own means against slowness on: see peers/ansible.cfg."""

    name = "ansible"
    installer = "ansible"
    settles = True

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Run the playbook; it has no connection to containers without further collections."""
        program = f"{route.site.folder}/ansible/bin/ansible-playbook"
        if verb == "version":
            return Command((program, "--version"), complaint=failed)
        if verb == "verify" or route.docker:
            return None
        words = ["--check"] if verb == "plan" else []
        if route.login:
            words += ["--inventory", f"{','.join(route.hosts or (route.login.alias,))},"]
            words += ["--forks", str(route.parallel)] if route.hosts else []
            words += ["--user", route.login.settings["User"]]
            words += ["--ssh-common-args", " ".join(route.login.options)]
        else:
            words += ["--inventory", "localhost,", "--connection", "local"]
        words += ["--extra-vars", f"factor={work.factor}"]
        words += ["--extra-vars", "refresh=true"] if verb == "first" else []
        environment = {
            "ANSIBLE_CONFIG": f"{route.site.folder}/peers/ansible.cfg",
            "ANSIBLE_HOME": f"{route.site.folder}/ansible-home",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{route.site.folder}/control",
        }
        playbook = f"{route.site.folder}/peers/workstation.yml"
        complaint = _ansible_changed if verb in {"plan", "apply"} else failed
        return Command((program, *words, playbook), environment, complaint=complaint)


def _ansible_changed(timing: Timing) -> str:
    recaps = re.findall(r"changed=(\d+) +unreachable=0 +failed=0", timing.said)
    return failed(timing) or ("" if set(recaps) == {"0"} else CHANGES)


class Mise(Tool):
    """mise's bootstrap; over SSH it uses the mise that the machine has, but for a first apply."""

    name = "mise"
    installer = "mise"
    settles = True

    VERBS: ClassVar = {
        "plan": ("plan", "--detailed-exitcode"),
        "apply": ("--yes",),
        "mend": ("--yes",),
        "first": ("--yes", "--update"),
    }

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Run it in the folder of its configuration."""
        folder = f"{route.site.folder}/{work.name}/mise"
        environment = {
            "HOME": route.site.folder,
            "MISE_EXPERIMENTAL": "1",
            "MISE_TRUSTED_CONFIG_PATHS": folder,
        }
        program = f"{route.site.folder}/mise"
        if verb == "version":
            return Command((program, "--version"), environment, complaint=failed)
        if verb not in self.VERBS or route.docker or route.hosts:
            return None
        words = ("bootstrap", *self.VERBS[verb])
        if route.login:
            words = ("bootstrap", "remote", *_mise_remote(verb, route))
        complaint = _mise_changed if verb in {"plan", "apply"} else failed
        return Command((program, *words), environment, folder, complaint)


def _mise_remote(verb: str, route: Route) -> tuple[str, ...]:
    login = route.login
    if login is None:
        return ()
    words = ["--host", f"{login.settings['User']}@{login.alias}", "--source", ".", "--yes"]
    for name, value in login.settings.items():
        words += ["--ssh-option", f"{name}={value}"]
    words += {"plan": ["--dry-run"], "first": ["--update"]}.get(verb, [])
    # Without this it uploads itself, 150 MB, each time.
    words += [] if verb == "first" else ["--remote-mise", "/opt/benchmarks/mise"]
    return tuple(words)


def _mise_changed(timing: Timing) -> str:
    if failed(timing):
        return CHANGES if timing.code == 2 else failed(timing)  # noqa: PLR2004 - its exit code
    # Each part says that it has converged; a plan counts.
    still = "already converged" in timing.said or "0 create, 0 update" in timing.said
    return "" if still else CHANGES


class Testinfra(Tool):
    """testinfra alone: the same states asserted by hand-written tests, its connection kept open."""

    name = "testinfra"
    installer = "locked"

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Run pytest on the tests; they know R1 only at its own size."""
        if verb != "verify" or work.factor > 1:
            return None
        where = f"docker://{route.machine}" if route.docker else "local://"
        words = ["-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
        if route.login:
            control = f"controlpath={route.site.folder}/control/%C"
            where = f"ssh://{route.login.alias}?{control}&controlpersist=60"
            words += [f"--ssh-config={route.login.config}"]
        tests = f"{route.site.folder}/peers/test_workstation.py"
        program = f"{route.site.folder}/envwright/bin/pytest"
        return Command((program, *words, f"--hosts={where}", tests), complaint=failed)
