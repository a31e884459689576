"""The tools: envwright and its peers, and how each is told what to do."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from benchmarks.sites import Command, Timing

if TYPE_CHECKING:
    from benchmarks.roads import Road
    from benchmarks.work import Work

CHANGES = "found something to change: not a no-op"
NOWHERE = "/dev/null"


class Tool(ABC):
    """Something that is measured.

    Attributes:
        name: what it is called in the table.
        kit: what it needs at a site: a name in `kits.KITS`, "" is nothing.
        settles: it can bring a machine to the state of R1.
    """

    name: ClassVar[str]
    kit: ClassVar[str] = ""
    settles: ClassVar[bool] = False

    @abstractmethod
    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Return what is run for a verb; None where the tool has nothing to do with it.

        Args:
            verb: `plan` and `apply` find nothing to do; `mend` changes one thing, `first`
                everything; `verify` proves; `version` prints it.
            road: from the tool to the machine.
            work: how much.
        """


def failed(timing: Timing) -> str:
    """Complain of an exit code that is not 0, with the last lines that were said."""
    last = " | ".join(timing.said.strip().splitlines()[-3:])
    return f"exit code {timing.code}: {last}" if timing.code else ""


class Envwright(Tool):
    """This project. A first apply does not verify, as no peer does."""

    name = "envwright"
    kit = "locked"
    settles = True

    VERBS: ClassVar = {
        "plan": ("plan",),
        "apply": ("apply", "--yes"),
        "mend": ("apply", "--yes", "--no-verify"),
        "first": ("apply", "--yes", "--no-verify"),
        "verify": ("verify", "--format", "json"),
        "version": ("--version",),
    }

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Give it the host in its own words, and ssh's options by its variable."""
        program = f"{road.site.folder}/envwright/bin/envwright"
        host, environment = "@local", {"XDG_CACHE_HOME": f"{road.site.folder}/cache"}
        if road.login:
            host = f"@ssh/{road.login.alias}"
            environment["ENVWRIGHT_SSH_OPTIONS"] = " ".join(road.login.options)
        elif road.docker:
            host = f"@docker/{road.machine}"
        words = self.VERBS[verb]
        complaint = _changed if verb in {"plan", "apply"} else failed
        hosts = [host]
        if road.hosts:
            words += ("--parallel", str(road.parallel))
            hosts = [f"@ssh/{name}" for name in road.hosts]
            complaint = _fleet_changed
        if verb != "version":
            words += (*(word for each in hosts for word in ("--host", each)),)
            words += (f"{road.site.folder}/{work.name}/r1.yaml",)
        return Command((program, *words), environment, complaint=complaint)


def _changed(timing: Timing) -> str:
    return failed(timing) or ("" if "Nothing to do" in timing.said else CHANGES)


def _fleet_changed(timing: Timing) -> str:
    return failed(timing) or ("" if re.search(r"(\d+) hosts: \1 same\.", timing.said) else CHANGES)


class EnvwrightUncached(Envwright):
    """The same where nothing is kept: the first plan after an environment was edited."""

    name = "envwright (no cache)"
    settles = False

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Give it no place for a cache; what takes seconds anyway is the other's."""
        kept = super().command(verb, road, work) if verb in {"plan", "apply"} else None
        return kept and replace(kept, environment={**kept.environment, "XDG_CACHE_HOME": NOWHERE})


class EnvwrightState(Envwright):
    """The state part of its verification: the process but for the seconds that effects took."""

    name = "envwright (state part)"
    settles = False

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Verify; all else is the other's."""
        whole = super().command(verb, road, work) if verb == "verify" else None
        return whole and replace(whole, seconds=without_effects)


def without_effects(timing: Timing) -> float:
    """Subtract what effects took: results whose id is a sentence, not `word:name`."""
    results = json.loads(timing.said[timing.said.index("[") : timing.said.rindex("]") + 1])
    effects = (r["seconds"] for r in results if not re.match(r"[a-z_]+:\S", r["id"]))
    return timing.seconds - float(sum(effects))


class Pyinfra(Tool):
    """Plain pyinfra, of the version that envwright is locked to, and from the same venv."""

    name = "pyinfra"
    kit = "locked"
    settles = True

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Let it detect changes with --dry, and with -y leave that out."""
        program = f"{road.site.folder}/envwright/bin/pyinfra"
        if verb == "version":
            return Command((program, "--version"), complaint=failed)
        if verb == "verify":
            return None
        words = ["--dry" if verb == "plan" else "-y"]
        host = f"@docker/{road.machine}" if road.docker else "@local"
        if road.login:
            host, settings = f"@ssh/{road.login.alias}", road.login.settings
            words += ["--user", settings["User"], "--key", settings["IdentityFile"]]
            words += ["--data", f"ssh_config_file={road.login.config}"]
            words += ["--data", f"ssh_known_hosts_file={settings['UserKnownHostsFile']}"]
        if road.hosts:
            words += ["--parallel", str(road.parallel)]
            host = ",".join(road.hosts)
        words += ["--data", f"factor={work.factor}"]
        words += ["--data", "refresh=true"] if verb == "first" else []
        deploy = f"{road.site.folder}/peers/workstation.py"
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
    kit = "ansible"
    settles = True

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Run the playbook; it has no connection to containers without further collections."""
        program = f"{road.site.folder}/ansible/bin/ansible-playbook"
        if verb == "version":
            return Command((program, "--version"), complaint=failed)
        if verb == "verify" or road.docker:
            return None
        words = ["--check"] if verb == "plan" else []
        if road.login:
            words += ["--inventory", f"{','.join(road.hosts or (road.login.alias,))},"]
            words += ["--forks", str(road.parallel)] if road.hosts else []
            words += ["--user", road.login.settings["User"]]
            words += ["--ssh-common-args", " ".join(road.login.options)]
        else:
            words += ["--inventory", "localhost,", "--connection", "local"]
        words += ["--extra-vars", f"factor={work.factor}"]
        words += ["--extra-vars", "refresh=true"] if verb == "first" else []
        environment = {
            "ANSIBLE_CONFIG": f"{road.site.folder}/peers/ansible.cfg",
            "ANSIBLE_HOME": f"{road.site.folder}/ansible-home",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{road.site.folder}/control",
        }
        playbook = f"{road.site.folder}/peers/workstation.yml"
        complaint = _ansible_changed if verb in {"plan", "apply"} else failed
        return Command((program, *words, playbook), environment, complaint=complaint)


def _ansible_changed(timing: Timing) -> str:
    recaps = re.findall(r"changed=(\d+) +unreachable=0 +failed=0", timing.said)
    return failed(timing) or ("" if set(recaps) == {"0"} else CHANGES)


class Mise(Tool):
    """mise's bootstrap; over SSH it uses the mise that the machine has, but for a first apply."""

    name = "mise"
    kit = "mise"
    settles = True

    VERBS: ClassVar = {
        "plan": ("plan", "--detailed-exitcode"),
        "apply": ("--yes",),
        "mend": ("--yes",),
        "first": ("--yes", "--update"),
    }

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Run it in the folder of its configuration."""
        folder = f"{road.site.folder}/{work.name}/mise"
        environment = {
            "HOME": road.site.folder,
            "MISE_EXPERIMENTAL": "1",
            "MISE_TRUSTED_CONFIG_PATHS": folder,
        }
        program = f"{road.site.folder}/mise"
        if verb == "version":
            return Command((program, "--version"), environment, complaint=failed)
        if verb not in self.VERBS or road.docker or road.hosts:
            return None
        words = ("bootstrap", *self.VERBS[verb])
        if road.login:
            words = ("bootstrap", "remote", *_mise_remote(verb, road))
        complaint = _mise_changed if verb in {"plan", "apply"} else failed
        return Command((program, *words), environment, folder, complaint)


def _mise_remote(verb: str, road: Road) -> tuple[str, ...]:
    login = road.login
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
    kit = "locked"

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Run pytest on the tests; they know R1 only at its own size."""
        if verb != "verify" or work.factor > 1:
            return None
        where = f"docker://{road.machine}" if road.docker else "local://"
        words = ["-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
        if road.login:
            control = f"controlpath={road.site.folder}/control/%C"
            where = f"ssh://{road.login.alias}?{control}&controlpersist=60"
            words += [f"--ssh-config={road.login.config}"]
        tests = f"{road.site.folder}/peers/test_workstation.py"
        program = f"{road.site.folder}/envwright/bin/pytest"
        return Command((program, *words, f"--hosts={where}", tests), complaint=failed)
