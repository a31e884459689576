"""Docker's engine on a machine: effects that are broken by hand, and what dockerd refuses."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sections import compile_section
from workstation import Workstation, workstation

from envwright.facts import Facts, Text, UnitFiles, command_line
from envwright.portable.dialects import DialectError, get
from envwright.resources.preflight import OptionsApart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.repository import Repository

    from envwright.portable.dialects import Value

BOX = """\
name: box
docker: {{fingerprint: "{}", users: [dev, ops], daemon: {{debug: false}}}}
user: {{name: dev}}
"""


@pytest.fixture(scope="module")
def station(
    debian13: Machine, repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """A machine with Docker for two accounts."""
    debian13.sh("useradd --create-home --shell /bin/sh ops")
    box = tmp_path_factory.mktemp("docker") / "box.yaml"
    box.write_text(BOX.format(repository.fingerprint), "utf-8")
    with workstation(debian13, box) as opened:
        opened.apply()
        assert opened.plan().settled
        yield opened


DROP_IN = "/etc/systemd/system/docker.service.d/broken.conf"
JSON = "/etc/docker/daemon.json"
STOP = "systemctl stop docker.socket docker.service"
DAEMON, SOCKET = "service:docker.service", "service:docker.socket"


@dataclass(frozen=True)
class Broken:
    """An effect that a script breaks, and what plan must name.

    Args:
        script: breaks the effect.
        named: what plan names: ids of resources and names of proofs.
        mend: a script for what apply cannot mend.
    """

    script: str
    named: set[str]
    mend: str = ""


EFFECTS = {
    "the socket is stopped": Broken("systemctl stop docker.socket", {SOCKET, DAEMON}),
    "the socket is masked": Broken(f"{STOP}; systemctl mask docker.socket", {SOCKET, DAEMON}),
    "the socket does not start at boot": Broken("systemctl disable docker.socket", {SOCKET}),
    "the socket is gone": Broken(
        "rm /run/docker.sock",
        {"Docker listens at its socket"},
        "systemctl restart docker.socket docker.service",
    ),
    "containerd is down": Broken(
        "systemctl stop containerd.service", {"service:containerd.service"}
    ),
    "containerd is masked": Broken(
        "systemctl mask --now containerd.service", {"service:containerd.service"}
    ),
    "the daemon crashes again and again": Broken(
        f"mkdir -p $(dirname {DROP_IN}); systemctl stop docker.service\n"
        f"printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/dockerd --gone\\n' >{DROP_IN}\n"
        "systemctl daemon-reload; ! systemctl start docker.service || exit 1\n"
        f"rm {DROP_IN}",
        {DAEMON},
    ),
    "the daemon was killed for good": Broken(f"{STOP}; systemctl start docker.socket", {DAEMON}),
    "the daemon does not start at boot": Broken("systemctl disable docker.service", {DAEMON}),
    "the daemon runs with an older file": Broken(f"sleep 1.1; touch {JSON}", {DAEMON}),
    "the daemon runs with an older unit": Broken(
        f"mkdir -p $(dirname {DROP_IN}); printf '[Service]\\nNice=1\\n' >{DROP_IN}",
        {DAEMON},
        f"rm {DROP_IN}; systemctl daemon-reload; systemctl restart docker.service",
    ),
    "a key was changed": Broken(f"sed -i s/false/true/ {JSON}", {f"keys:{JSON}", DAEMON}),
    "all keys are gone": Broken(f"echo '{{}}' >{JSON}", {f"keys:{JSON}", DAEMON}),
    "an account left the group": Broken("gpasswd -d dev docker", {"member:docker/dev"}),
    "a plugin is gone": Broken(
        "dpkg --remove docker-compose-plugin", {"package:docker-compose-plugin"}
    ),
    "packets are not forwarded": Broken(
        "sysctl -qw net.ipv4.ip_forward=0",
        {"the kernel forwards the packets of containers"},
        "sysctl -qw net.ipv4.ip_forward=1",
    ),
}


@pytest.mark.parametrize("broken", EFFECTS.values(), ids=EFFECTS)
def test_an_effect_that_was_broken_by_hand_is_named_by_plan(
    broken: Broken, station: Workstation
) -> None:
    # So many restarts in so short a time are the test's doing.
    station.machine.sh(f"systemctl reset-failed; {broken.script}")
    plan = station.plan()
    named = {change.resource.id for change in plan.changes} | {r.id for r in plan.failures}
    assert named == broken.named
    if broken.mend:
        station.machine.sh(f"systemctl reset-failed; {broken.mend}")
    else:
        station.apply(plan)
    left = station.plan()
    assert (left.changes, left.failures) == ((), ())


SLOW = """\
iptables -t nat -F; iptables -t nat -X
chmod -x /usr/bin/runc
mkdir -p /usr/local/lib/docker/cli-plugins
printf '#!/bin/sh\nexit 1\n' >/usr/local/lib/docker/cli-plugins/docker-compose
chmod +x /usr/local/lib/docker/cli-plugins/docker-compose
chgrp root /run/docker.sock
echo 'export DOCKER_HOST=tcp://127.0.0.1:9' >>/home/ops/.profile
"""
MEND = """\
chmod +x /usr/bin/runc
rm /usr/local/lib/docker/cli-plugins/docker-compose
sed -i '/DOCKER_HOST/d' /home/ops/.profile
systemctl restart docker.socket docker.service
"""


def test_an_effect_that_only_work_shows_is_named_by_verify(station: Workstation) -> None:
    station.machine.sh(SLOW)
    failed = {r.id: r.reason.splitlines() for r in station.verify() if r.outcome == "failed"}
    station.machine.sh(MEND)
    assert set(failed) == {
        "a container runs and its published port answers",
        "docker compose answers",
        "the firewall has the rules of Docker",
        "dev uses Docker without sudo",
        "ops uses Docker without sudo",
    }
    assert failed["ops uses Docker without sudo"][0].startswith(
        "the docker of the account leads to tcp://127.0.0.1:9: "
    )
    assert "permission denied" in failed["dev uses Docker without sudo"][0]
    assert [r.reason for r in station.verify() if r.outcome == "failed"] == []


# --- What dockerd itself says of a file and of options ------------------------------------------


@dataclass(frozen=True)
class Spelled:
    """What dockerd says of a file, and what becomes of it when a key is set.

    Args:
        data: the file.
        accepted: whether dockerd accepts it.
        after: what dockerd reads of the edited file; None where the edit is refused.
    """

    data: bytes
    accepted: bool
    after: dict[str, Value] | None


MINE: dict[str, Value] = {"mtu": 1400}
SPELLINGS = {
    "empty": Spelled(b"", True, MINE),
    "blanks": Spelled(b" \r\n\t", True, MINE),
    "null": Spelled(b"null\n", True, MINE),
    "an object": Spelled(b'{"debug":true}', True, {"debug": True, **MINE}),
    "a null for a table": Spelled(b'{"log-opts": null}', True, {"log-opts": None, **MINE}),
    "UTF-8 with a mark": Spelled(b'\xef\xbb\xbf{"debug": true}', True, {"debug": True, **MINE}),
    "UTF-16": Spelled('\ufeff{"debug": true}'.encode("utf-16-le"), True, {"debug": True, **MINE}),
    "a name twice": Spelled(b'{"debug": true, "debug": false}', True, None),
    "half of a pair": Spelled(
        rb'{"log-opts": {"tag": "\ud800"}}', True, {"log-opts": {"tag": "\ud800"}, **MINE}
    ),
    "a table of NVIDIA's": Spelled(
        b'{"runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}}}',
        True,
        {"runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}}, **MINE},
    ),
    "a comment": Spelled(b'{\n// mirror\n"debug": true}', False, None),
    "a comma too many": Spelled(b'{"debug": true,}', False, None),
    "a page": Spelled(b"<html>", False, None),
    "a list": Spelled(b"[]", False, None),
    "two objects": Spelled(b"{}{}", False, None),
    "no number": Spelled(b'{"debug": NaN}', False, None),
}


def validated(machine: Machine, *files: bytes, options: tuple[str, ...] = ()) -> list[str]:
    """What dockerd says of each file, together with options: "" for one that it accepts."""
    machine.sh("rm -rf /root/spelled; mkdir /root/spelled")
    words = shlex.join(options)
    for number, data in enumerate(files):
        machine.sh(
            f"echo {data.hex()} | perl -ne 'chomp; print pack q(H*), $_' >/root/spelled/{number}"
        )
    said = machine.sh(
        f"for number in $(seq 0 {len(files) - 1}); do\n"
        f"dockerd {words} --validate --config-file /root/spelled/$number 2>&1 | tail -n 1\ndone"
    )
    return [line.removesuffix("configuration OK") for line in said.splitlines()]


def edited(data: bytes) -> bytes | None:
    text = data.decode("utf-8", "surrogateescape")
    try:
        return get("json").edit(text, MINE).encode("utf-8", "surrogateescape")
    except DialectError:
        return None


def test_a_file_is_edited_where_dockerd_reads_it_and_refused_where_dockerd_refuses(
    station: Workstation,
) -> None:
    made = {name: edited(one.data) for name, one in SPELLINGS.items()}
    said = validated(station.machine, *(one.data for one in SPELLINGS.values()))
    verdicts = dict(zip(SPELLINGS, said, strict=True))
    assert {name: not verdict for name, verdict in verdicts.items()} == {
        name: one.accepted for name, one in SPELLINGS.items()
    }
    assert {name: data and json.loads(data) for name, data in made.items()} == {
        name: one.after for name, one in SPELLINGS.items()
    }
    assert set(validated(station.machine, *(data for data in made.values() if data))) == {""}


VALUES: dict[str, tuple[str, object]] = {
    "--host fd://": ("hosts", ["unix:///x"]),
    "-H fd://": ("hosts", ["unix:///x"]),
    "-D": ("debug", False),
    "--debug=false": ("debug", True),
    "-l warn": ("log-level", "info"),
    "-G docker": ("group", "docker"),
    "-s vfs": ("storage-driver", "vfs"),
    "-b none": ("bridge", "none"),
    "-p /x": ("pidfile", "/y"),
    "--label a=b": ("labels", ["c=d"]),
    "--log-driver local": ("log-driver", "local"),
    "--log-opt a=b": ("log-opts", {"c": "d"}),
    "--registry-mirror https://a.test": ("registry-mirrors", ["https://b.test"]),
    "--insecure-registry a.test": ("insecure-registries", ["b.test"]),
    "--storage-opt a=b": ("storage-opts", ["c=d"]),
    "--authorization-plugin a": ("authorization-plugins", ["b"]),
    "--exec-opt native.cgroupdriver=systemd": ("exec-opts", ["native.cgroupdriver=systemd"]),
    "--default-ulimit nofile=1:2": ("default-ulimits", {"core": {"Name": "core", "Hard": 1}}),
    "--default-address-pool base=10.1.0.0/16,size=24": (
        "default-address-pools",
        [{"base": "10.2.0.0/16", "size": 24}],
    ),
    "--default-network-opt bridge=a=b": ("default-network-opts", {"bridge": {"c": "d"}}),
    "--dns 9.9.9.9": ("dns", ["1.1.1.1"]),
    "--dns-opt a": ("dns-opts", ["b"]),
    "--dns-search a.test": ("dns-search", ["b.test"]),
    "--cdi-spec-dir /a": ("cdi-spec-dirs", ["/b"]),
    "--node-generic-resource a=1": ("node-generic-resources", ["b=2"]),
    "--add-runtime a=/a": ("runtimes", {"b": {"path": "/b"}}),
    "--http-proxy http://a.test": ("proxies", {"http-proxy": "http://b.test"}),
    "--iptables=false": ("iptables", True),
    "--containerd=/run/containerd/containerd.sock": ("containerd", "/x"),
    "--seccomp-profile unconfined": ("features", {"seccomp-profile": True}),
    "--mtu 1400": ("bip", "10.0.0.1/24"),
    "": ("debug", True),
}
"""Options of dockerd, each beside a key of daemon.json."""


def test_an_option_that_dockerd_refuses_beside_a_key_is_told(
    station: Workstation, tmp_path: Path
) -> None:
    made = compile_section(tmp_path, "docker: {}\n")
    (apart,) = (one for one in made.requirements if isinstance(one, OptionsApart))
    wrong = {}
    for options, (key, value) in VALUES.items():
        text = json.dumps({key: value})
        unit = {"/etc/systemd/system/docker.service": f"[Service]\nExecStart=/d {options}\n"}
        facts = Facts({Text(JSON): text, UnitFiles("docker.service"): unit})
        (said,) = validated(station.machine, text.encode(), options=tuple(options.split()))
        refused = "both as a flag and in the configuration file" in said
        told = apart.fault(facts, ()) is not None
        if refused != told or (said and not refused):
            wrong[options] = (told, said)
    assert wrong == {}


# --- What systemd makes of the unit -------------------------------------------------------------

UNITS = {
    "plain": {"lib": "ExecStart=/usr/bin/words -a --b=c 'd e' \"f g\""},
    "drop-in": {
        "lib": "ExecStart=/usr/bin/words no",
        "etc.d/b": "ExecStart=\nExecStart=-/usr/bin/words b",
    },
    "order": {
        "lib": "ExecStart=/usr/bin/words no",
        "etc.d/b": "ExecStart=\nExecStart=/usr/bin/words late",
        "lib.d/a": "ExecStart=\nExecStart=/usr/bin/words early",
    },
    "hidden": {
        "lib": "ExecStart=/usr/bin/words shown",
        "lib.d/a": "ExecStart=\nExecStart=/usr/bin/words hidden",
        "etc.d/a": "",
    },
    "over the package's": {
        "lib": "ExecStart=/usr/bin/words no",
        "etc": "ExecStart=/usr/bin/words yes \\\n# a comment\n  more",
    },
    "variables": {
        "lib": (
            "Environment='A=x y' B=z\nExecStart=/usr/bin/words $A ${A} $B-${B} ${B}$B a$$b $$B "
            "${NONE}$ $NONE end"
        ),
    },
    "a variable taken back": {
        "lib": "Environment=A=x\nExecStart=/usr/bin/words $A end",
        "etc.d/a": "Environment=",
    },
    "a file of variables": {
        "lib": "EnvironmentFile=-/etc/default/words\nExecStart=/usr/bin/words $OPTS",
    },
}
PLACES = {
    "lib": "/usr/lib/systemd/system/words.service",
    "etc": "/etc/systemd/system/words.service",
}


def test_a_command_line_is_read_as_systemd_starts_it(station: Workstation) -> None:
    machine = station.machine
    machine.put("/usr/bin/words", '#!/bin/sh\nprintf "%s\\n" "$@" >/run/words\n', mode="0755")
    machine.put("/etc/default/words", 'OPTS="-o one"\n')
    started, read = {}, {}
    for name, files in UNITS.items():
        folders = " ".join(f"{path} {path}.d" for path in PLACES.values())
        machine.sh(f"rm -rf {folders}")
        for place, text in files.items():
            where, _, drop_in = place.partition(".d/")
            path = f"{PLACES[where]}.d/{drop_in}.conf" if drop_in else PLACES[where]
            machine.put(path, f"[Service]\nType=oneshot\n{text}\n" if text else "")
        machine.sh("systemctl daemon-reload; systemctl start words.service")
        started[name] = machine.sh("cat /run/words").splitlines()
        question = UnitFiles("words.service")
        output = station.session.run(UnitFiles.script([question])).stdout
        texts = UnitFiles.parse([question], output)[question]
        line = command_line(texts, "words.service", ["OPTS=-o one"])
        read[name] = list(line.words[1:]) if line else []
    assert read == started
