"""A user of the machine against root in the user's own folders: over every word that has a path."""

from __future__ import annotations

import contextlib
import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from standins import compiled
from vocabulary import PLACELESS, at, words

from envwright.engine.plan import make_plan
from envwright.engine.pyinfra_runner import Engine
from envwright.engine.verify import CheckError, host_over, witness
from envwright.errors import EnvwrightError, RefusedError, StepError
from envwright.facts import Machine as Facts
from envwright.host.session import Session, open_session
from envwright.model.resource import compare
from envwright.model.secrets import Secrets
from envwright.resources.file import File
from envwright.resources.kept import Kept
from envwright.resources.keys import Keys
from envwright.resources.paths import PathResource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from machines.machine import Machine

    from envwright.model.resource import Resource

HOME = "/home/dev"
APP = f"{HOME}/.config/app"
DEV: dict[str, Any] = {"owner": "dev", "group": "dev"}
NO_SECRETS = Secrets({})

IMAGES = "/var/lib/envwright/generations/1"
"""Where the before-images of the samples lie: 0 of nothing, 1 of a file."""
NAMES = {"file": "shadow", "directory": "profile.d"}
"""What a user would have root write or give away, by the word; of the others: /etc/motd."""


def samples(folder: str) -> dict[str, Resource]:
    """What root could be asked to do in a folder: each word of the vocabulary, and forms of it."""
    found: dict[str, Resource] = {}
    for word in words():
        path = f"{folder}/{NAMES.get(word, 'motd')}"
        if sample := at(PurePosixPath(path)).get(word):
            of_dev = DEV if isinstance(sample, PathResource) else {}
            found[word] = replace(sample, **of_dev)
    found["file that is to go"] = File(path=f"{folder}/motd", present=False)
    found["before-image of a file"] = Kept(
        of="before-image",
        path=f"{folder}/motd",
        image=f"{IMAGES}/1",
        kind="file",
        mode="0644",
        content="x",
    )
    found["file that is judged"] = File(path=f"{folder}/motd", content="x", validate="true", **DEV)
    return found


SAMPLES = samples(APP)
ELSEWHERE = {
    "apt-source": "its files lie in /etc/apt, by names of its own",
    "user-service": "its account masks a unit, by the account's own manager",
    "service": "a masked unit lies in /etc/systemd/system",
    "windows-file": "Windows says where the profile of its user is",
    "windows-keys": "Windows says where the profile of its user is",
    "windows-link": "Windows itself makes it, as its user",
}
"""The words whose places nobody can choose."""


def test_every_word_that_has_a_path_is_attacked() -> None:
    assert set(words()) - PLACELESS == {name for name in SAMPLES if " " not in name} | set(
        ELSEWHERE
    )


OUTSIDE = r"""
find /etc /root /usr/local -printf '%p %y %m %U:%G %l\n' | sort
find /etc /root /usr/local -type f -exec sha256sum {} + | sort
cat /proc/mounts; stat -c '%n %U %a' / /home /opt
"""


@dataclass(frozen=True)
class Box:
    """A machine with a user `dev`, and a session of root's."""

    machine: Machine
    session: Session
    facts: Facts

    def as_dev(self, script: str) -> str:
        """Run a script as the user."""
        return self.machine.sh(f"cd {HOME} && runuser -u dev -- sh -c '{script}'")

    def outside(self) -> list[str]:
        """Describe what is no business of the user's."""
        return self.machine.sh(OUTSIDE).splitlines()

    def plan(self, *wanted: Resource) -> str:
        """Return what a plan says; RefusedError where it refuses."""
        made = make_plan(compiled(*wanted), self.session, self.facts, NO_SECRETS)
        return repr(made.json())

    def make(self, resource: Resource) -> None:
        """Make a resource from nothing, without a plan."""
        before: dict[Any, Any] | None = None if resource.desired() else {}
        for operation in resource.converge(compare(before, resource.desired())):
            Engine(self.session, NO_SECRETS).run(resource.id, operation)

    def prove(self, resource: Resource) -> None:
        """Have testinfra look at a resource."""
        witness(resource, host_over(self.session), NO_SECRETS)


@pytest.fixture(scope="module")
def box(debian13: Machine) -> Iterator[Box]:
    debian13.sh("useradd --create-home dev && echo root:correct-horse | chpasswd")
    debian13.put(f"{IMAGES}/0/about", "none\0\0\0\0\0\0\0\0\0")
    uid = debian13.sh("id -u dev").strip()
    debian13.put(f"{IMAGES}/1/about", f"file\0{uid}\0{uid}\0" + "0644\0\0dev\0dev\0/\0\0")
    debian13.put(f"{IMAGES}/1/content", "x")
    with open_session(debian13.host, hello=Facts.HELLO) as session:
        yield Box(debian13, session, Facts.read(session.hello.stdout))


@pytest.fixture(autouse=True)
def _fresh_home(box: Box) -> None:
    box.machine.sh(f"find {HOME} -mindepth 1 -delete")
    box.as_dev("mkdir -p .config/app")


@pytest.fixture
def hash_of_root(box: Box) -> str:
    return box.machine.sh("sed -n s/^root://p /etc/shadow").split(":")[0]


@contextlib.contextmanager
def attacker(box: Box, program: str) -> Iterator[None]:
    """Let a Perl program of the user's run in a loop, in the home."""
    loop = f"chdir q({HOME}); until (-e q(/run/stop)) {{ {program} }}"
    argv = ["docker", "exec", "--user=dev", box.machine.name, "perl", "-e", loop]
    with subprocess.Popen(argv) as process:
        try:
            yield
        finally:
            box.machine.sh("touch /run/stop")
            process.wait(20)
            box.machine.sh("rm /run/stop")


# --- A link on the way --------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_a_link_in_a_users_folder_is_refused_by_plan_and_named(box: Box, name: str) -> None:
    box.as_dev(f"rmdir {APP} && ln -s /etc {APP}")
    before = box.outside()
    with pytest.raises(RefusedError) as raised:
        box.plan(SAMPLES[name])
    first, whose, hint = str(raised.value).splitlines()
    assert first == f"{box.session.name}: {APP} is a link, and dev can change it"
    assert (whose, hint.startswith("hint: ")) == ("    wanted by files (box.yaml:1)", True)
    assert box.outside() == before


@pytest.mark.parametrize("name", SAMPLES)
def test_a_link_that_came_after_the_plan_leads_nowhere(box: Box, name: str) -> None:
    box.as_dev(f"rmdir {APP} && ln -s /etc {APP}")
    before = box.outside()
    with pytest.raises(StepError) as raised:
        box.make(SAMPLES[name])
    assert f"{APP} is a link, and dev can change it" in str(raised.value)
    assert box.outside() == before


@pytest.mark.parametrize("name", ["mount", "archive", "user"])
def test_what_root_does_by_path_at_every_start_is_refused_in_a_users_folder(
    box: Box, name: str
) -> None:
    resource = SAMPLES[name]
    with pytest.raises(RefusedError) as raised:
        box.plan(resource)
    place = next(str(claim.place) for claim in resource.claims())
    told = f"{box.session.name}: {place} lies in a folder that dev can change"
    assert str(raised.value).splitlines()[0] == told


# --- A race for the new file --------------------------------------------------------------------


def test_root_keeps_its_files_whatever_a_user_swaps_for_a_new_one(
    box: Box, hash_of_root: str
) -> None:
    """Owner and mode were given by path after the rename: to whatever lay there by then."""
    before, told = box.outside(), Counter[str]()
    swap = "unlink q(.gitconfig); symlink q(/etc/shadow), q(.gitconfig)"
    with attacker(box, swap):
        for number in range(40):
            try:
                box.make(File(path=f"{HOME}/.gitconfig", content=f"# {number}\n", **DEV))
                told["written"] += 1
            except StepError:
                told["refused"] += 1
    assert (sum(told.values()), told["written"] > 0) == (40, True)
    assert box.outside() == before
    assert hash_of_root not in box.machine.sh(f"cat {HOME}/.gitconfig 2>&1", check=False) or (
        box.machine.sh(f"readlink {HOME}/.gitconfig") == "/etc/shadow\n"
    )


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
EDITED = {
    "authorized_keys": Keys(
        path=f"{HOME}/.ssh/authorized_keys",
        dialect="authorized_keys",
        keys={PUBLIC_KEY: True},
        **DEV,
    ),
    "netrc": Keys(
        path=f"{HOME}/.netrc", dialect="netrc", keys={"a.test": "login a password b"}, **DEV
    ),
}


@pytest.mark.parametrize("name", EDITED)
@pytest.mark.parametrize("trick", ["ln -s", "ln"])
def test_an_edit_copies_nothing_that_a_user_put_there_after_the_plan(
    box: Box, hash_of_root: str, name: str, trick: str
) -> None:
    resource = EDITED[name]
    box.as_dev(f"mkdir -p .ssh; touch .netrc .ssh/authorized_keys; chmod 644 {resource.path}")
    before = box.outside()
    assert resource.id in box.plan(resource)
    # The kernel may let users make no hard links to what they cannot write; not everywhere.
    box.machine.sh(f"rm {resource.path} && {trick} /etc/shadow {resource.path}")
    with pytest.raises(StepError) as raised:
        box.make(resource)
    box.machine.sh(f"rm {resource.path}")
    assert hash_of_root not in str(raised.value)
    left = box.machine.sh(f"grep -rF '{hash_of_root}' {HOME}", check=False)
    assert (left, box.outside()) == ("", before)


@pytest.mark.parametrize("name", ["file", "keys", *EDITED])
def test_a_hard_link_to_a_file_of_roots_is_not_shown(
    box: Box, hash_of_root: str, name: str
) -> None:
    resource: Any = EDITED[name] if name in EDITED else SAMPLES[name]
    box.as_dev(f"mkdir -p .ssh {APP}")
    box.machine.sh(f"ln /etc/shadow {resource.path}")
    shown = []
    for look in (box.plan, box.prove):
        try:
            shown.append(str(look(resource)))
        except (RefusedError, CheckError) as error:
            shown.append(str(error))
    box.machine.sh(f"rm {resource.path}")
    assert [hash_of_root in text for text in shown] == [False, False]


# --- Everything at once -------------------------------------------------------------------------

SWAPPING = """
my @places = qw(.config .config/app .config/app/shadow .config/app/motd .config/app/profile.d
    .config/app/latest);
my $place = $places[rand @places];
my $target = (qw(/etc /root /usr/local /etc/shadow /etc/motd), q(.))[rand 6];
my $what = int rand 6;
rename $place, qq($place-away) if $what < 3;
symlink $target, $place if $what == 0;
mkdir $place if $what == 1;
link $target, $place if $what == 2;
unlink $place if $what == 3;
if ($what > 3) { unlink $place; rename qq($place-away), $place }
if ($what > 4) { mkdir q(.config); mkdir q(.config/app) }
"""


def tried(act: Callable[[Resource], object], resource: Resource, said: list[str]) -> str:
    """What an attempt comes to; what it says is kept."""
    try:
        said.append(str(act(resource)))
    except EnvwrightError as error:
        said.append(str(error))
        return "refused"
    except CheckError as error:
        said.append(str(error))
        return "not so"
    return "done"


def test_a_user_who_swaps_everything_at_full_speed_gains_nothing(
    box: Box, hash_of_root: str
) -> None:
    before, counted, said = box.outside(), Counter[str](), list[str]()
    with attacker(box, SWAPPING):
        for number in range(300):
            resource = list(SAMPLES.values())[number % len(SAMPLES)]
            acts: dict[str, Callable[[Resource], object]] = {"plan": box.plan, "make": box.make}
            for name, act in {**acts, **({} if number % 5 else {"prove": box.prove})}.items():
                counted[f"{name} {tried(act, resource, said)}"] += 1
    assert box.outside() == before
    assert [text for text in said if hash_of_root in text] == []
    assert {"plan done", "plan refused", "make done", "make refused"} <= set(counted)
    owned = f"find {HOME} -type f -user dev -exec grep -lF '{hash_of_root}' {{}} +"
    assert box.machine.sh(owned, check=False) == ""
