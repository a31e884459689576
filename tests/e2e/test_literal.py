"""Law 9: an environment is data. No text in it is run, whatever field it is in."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from typing import TYPE_CHECKING

from box import Box
from hostile import TEXTS, hostiles

from envwright.engine.pyinfra_runner import Engine
from envwright.engine.verify import CheckError, host_over, witness
from envwright.errors import EnvwrightError, SpecErrors
from envwright.facts import Machine as Facts
from envwright.facts import Shell
from envwright.host.probe import ask
from envwright.host.session import Session, open_session
from envwright.model.resource import EXISTENCE, Difference
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

    from envwright.model.resource import Resource
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled


KEYS = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo " + TEXTS[1],
    'command="' + TEXTS[3].replace('"', '\\"') + '" '
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIZ4mhVYyTHCB5tVrR0bE4bQ3s7N1hXh0m1N5mBJ9zQk",
]
"""Keys with a text as the comment and as the value of an option: no other part takes any text."""
ENOUGH = 2
"""How many of the texts that a place takes are tried there, the worst first."""


def test_each_of_the_texts_is_run_where_it_is_quoted_badly(debian13: Machine) -> None:
    for text in TEXTS:
        for quote in ("", "'", '"'):
            debian13.sh(f"echo {quote}{text}{quote}", check=False)
        debian13.sh("rm /pwned")


def test_texts_made_to_be_run_land_as_they_are(debian13: Machine, tmp_path: Path) -> None:
    environment = {
        "user": {"name": "dev", "authorized_keys": KEYS},
        "environment": {
            f"TEXT_{n}": {"literal": text} for n, text in enumerate(TEXTS) if "\n" not in text
        },
        "wsl": {
            "boot": {"command": TEXTS[1]},
            "network": {"hostname": TEXTS[2]},
            "automount": {"root": TEXTS[4], "options": TEXTS[6]},
        },
        "mounts": {f"/mnt{TEXTS[3]}": {"type": "tmpfs", "options": ["size=64k"]}},
        "systemd": {"systemd-logind.service": {"drop_ins": {"text": f"# {TEXTS[1]}\n"}}},
        "files": {
            **{f"/srv/text {n}": {"content": text} for n, text in enumerate(TEXTS)},
            TEXTS[3]: {"content": "its path"},
            TEXTS[4]: {"directory": True},
            "/srv/link": {"link": TEXTS[7]},
        },
    }
    box = Box(debian13, tmp_path)
    (tmp_path / "box.yaml").write_text(json.dumps({"name": "box", **environment}), "utf-8")
    said = box.run("apply", "--yes")
    assert said.err == ""
    assert said.code == 0, said.out
    planned = json.loads(box.run("plan", "--json").out)
    assert [planned[part] for part in ("changes", "failures", "waiting")] == [[], [], []]
    assert debian13.sh("ls /pwned || :") == ""
    for number, text in enumerate(TEXTS):
        assert debian13.sh(f"cat '/srv/text {number}'") == text
    assert debian13.sh("cat /home/dev/.ssh/authorized_keys") == "".join(f"{key}\n" for key in KEYS)
    debian13.sh("useradd someone; su - someone -c 'echo \"$TEXT_1\" >/dev/null'")
    assert debian13.sh("ls /pwned || :") == ""


def test_no_text_of_any_field_is_run(debian13: Machine, tmp_path: Path) -> None:
    """What the models take is asked, made and witnessed on a machine, one place at a time."""
    taken: Counter[str] = Counter()
    run = []
    # A name that nobody answers for fails at once.
    debian13.sh("echo nameserver 127.0.0.1 >/etc/resolv.conf")
    with open_session(debian13.host, hello=Facts.HELLO) as session:
        facts = Facts.read(session.hello.stdout)
        for hostile in hostiles():
            if taken[hostile.place] == ENOUGH:
                continue
            try:
                environment = load(hostile.write(tmp_path), facts)
                compiled = compile_environment(environment, facts)
            except SpecErrors:
                continue
            taken[hostile.place] += 1
            _do_all(compiled, session, environment.secrets)
            if session.run("rm /pwned").ok:
                run.append(hostile.name)
    assert run == []
    assert len(taken) > 40


def _do_all(compiled: Compiled, session: Session, secrets: Secrets) -> None:
    """Do with the resources and proofs that hold the text whatever is ever done with them."""
    host, engine = host_over(session), Engine(session, secrets)
    scripts = [proof.script for proof in compiled.proofs]
    scripts += [requirement.script for requirement in compiled.requirements]
    ask(session, [Shell(script) for script in scripts if "/pwned" in script])
    for resource in compiled.resources:
        if "/pwned" not in repr(resource):
            continue
        ask(session, resource.questions())
        # Much of it fails, as nonsense does: what counts is that nothing of it is a command.
        with contextlib.suppress(EnvwrightError):
            for operation in resource.converge(_whole(resource)):
                engine.run(resource.id, operation)
        with contextlib.suppress(CheckError):
            witness(resource, host, secrets)


def _whole(resource: Resource) -> Difference:
    after = resource.desired()
    return Difference(None, after, (EXISTENCE, *(after or {})))
