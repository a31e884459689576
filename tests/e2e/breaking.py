"""Ways to break each kind of resource by hand, as a person at the machine would."""

from __future__ import annotations

import functools
import shlex
from typing import TYPE_CHECKING

from envwright.facts import systemctl_of
from envwright.resources.apt_archive import AptArchive
from envwright.resources.apt_entries import AptEntries
from envwright.resources.apt_source import AptSource
from envwright.resources.archive import Archive
from envwright.resources.checkout import Checkout
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.group import Group
from envwright.resources.in_server import Database, Role
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.member import Member
from envwright.resources.mount import Mount
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.resources.user import User
from envwright.resources.user_service import UserService
from envwright.resources.windows.file import WindowsFile
from envwright.resources.windows.keys import WindowsKeys
from envwright.resources.windows.link import WindowsLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envwright.model.resource import Resource


OWN = {"greeting": "rm /etc/greeting", "fetched": "rm /home/dev/fetched"}
"""What breaks the effects of a person's own commands, by their names."""
PLACES = {
    "bash": "/usr/local/share/bash-completion/completions/{}",
    "zsh": "/usr/local/share/zsh/site-functions/_{}",
}
"""Where the completions of a program lie, by the shell."""
RUST = {
    "toolchain": "rm /home/dev/.rustup/toolchains/{}-*/bin/rustc",
    "default": "su - dev -c 'rustup default none'",
    "program": "rm /home/dev/.cargo/bin/{}",
}
"""What breaks each part of a person's Rust."""
DOTFILES = {"copy": ".config/own/app", "stow": ".zshrc", "script": ".installed"}
"""A file in the home by each way of dotfiles."""


@functools.singledispatch
def breaks(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what is broken, and the script that breaks it."""
    raise NotImplementedError(type(resource).__name__)


def _stranger(path: str) -> str:
    """Another owner, whom a plan does not refuse: in a user's folder that is root alone."""
    return "root:root" if path.startswith("/home/") else "nobody:nogroup"


def _access(path: str, *, mode: bool = True) -> Iterator[tuple[str, str]]:
    quoted = shlex.quote(path)
    if mode:
        yield "mode", f"chmod 0640 {quoted}"
    yield "owner", f"chown {_stranger(path)} {quoted}"


@breaks.register(File)
def _(resource: File) -> Iterator[tuple[str, str]]:
    path = shlex.quote(resource.path)
    if not resource.present:
        yield "present", f"echo '# drifted' > {path}"
        return
    if resource.once:
        yield "missing", f"rm {path}"
        return
    # A comment, so that the programs of other breaks read the file as before.
    yield "content", f"echo '# drifted' >> {path}"
    yield from _access(resource.path)
    yield "missing", f"rm {path}"
    yield "a link instead", f"mv {path} {path}.moved && ln -s {path}.moved {path}"


@breaks.register(Keys)
def _(resource: Keys) -> Iterator[tuple[str, str]]:
    path = shlex.quote(resource.path)
    if resource.dialect == "shadow":  # without the lines of other accounts nobody could log in
        yield from ((f"password of {name}", f"usermod -p '*' {name}") for name in resource.keys)
        yield "mode", f"chmod 0600 {path}"
        yield "owner", f"chown nobody:nogroup {path}"
        return
    others = {"json": "{}", "jsonc": "{}", "wsl": "[boot]\nsystemd=false"}
    other = others.get(resource.dialect, "# nothing")
    yield "keys", f"printf '%s\\n' {shlex.quote(other)} > {path}"
    if not resource.keep:
        yield from _access(resource.path)
    yield "missing", f"rm {path}"


@breaks.register(Directory)
def _(resource: Directory) -> Iterator[tuple[str, str]]:
    yield from _access(resource.path, mode=bool(resource.mode))
    yield "missing", f"rm -r {shlex.quote(resource.path)}"


@breaks.register(Checkout)
def _(resource: Checkout) -> Iterator[tuple[str, str]]:
    path = shlex.quote(resource.path)
    yield (
        "an earlier commit",
        f"runuser -u {resource.owner} git -- -C {path} reset -q --hard HEAD~1",
    )
    yield "missing", f"rm -r {path}"


@breaks.register(Archive)
def _(resource: Archive) -> Iterator[tuple[str, str]]:
    path = shlex.quote(resource.path)
    some = f'"$(find {path} -type f ! -name ".envwright-*" | head -n 1)"'
    yield "a file's content", f"echo drifted >> {some}"
    yield "a file missing", f"rm -f {some}"
    yield "a file's owner", f"chown nobody {some}"
    yield "a file too many", f"touch {path}/drifted"
    yield "another archive", f"sed -i s/^archive=.*/archive=other/ {path}/.envwright-archive"
    yield from _access(resource.path)
    yield "missing", f"rm -r {path}"


@breaks.register(Link)
def _(resource: Link) -> Iterator[tuple[str, str]]:
    path = shlex.quote(resource.path)
    yield "missing", f"rm {path}"
    yield "target", f"ln -sfn /nowhere {path}"
    yield "owner", f"chown -h {_stranger(resource.path)} {path}"


@breaks.register(Package)
def _(resource: Package) -> Iterator[tuple[str, str]]:
    name = resource.package
    if resource.hold:
        yield "hold", f"apt-mark unhold {name}"
    if resource.present:
        # By dpkg, so that nothing else goes with it.
        yield "missing", f"SUDO_FORCE_REMOVE=yes dpkg --force-depends --remove {name}"
        return
    control = (
        f"Package: {name}\\nVersion: 0\\nArchitecture: all\\nMaintainer: n <n@example.invalid>"
    )
    script = (
        "folder=$(mktemp -d) && mkdir $folder/DEBIAN && "
        f"printf '{control}\\nDescription: stand-in\\n' > $folder/DEBIAN/control && "
        "dpkg-deb -b $folder $folder.deb && dpkg --force-conflicts -i $folder.deb"
    )
    yield "present", script


@breaks.register(AptArchive)
def _(resource: AptArchive) -> Iterator[tuple[str, str]]:
    # A mirror that every Debian knows, and that no test can reach.
    other = "http://ftp.debian.org/debian"
    yield "mirror", f"sed -i 's|{resource.mirror}|{other}|' /etc/apt/sources.list"


@breaks.register(AptSource)
def _(resource: AptSource) -> Iterator[tuple[str, str]]:
    yield "content", f"sed -i 's|^URIs:.*|URIs: https://x.invalid|' {resource.path}"
    yield "mode", f"chmod 0600 {resource.path}"
    yield "missing", f"rm {resource.path}"
    yield "key", f"echo 'no key' > {resource.keyring}"
    yield "key missing", f"rm {resource.keyring}"
    yield "another key", f"sed -i 's|^Signed-By:.*|Signed-By: /etc/mine.gpg|' {resource.path}"


@breaks.register(AptEntries)
def _(resource: AptEntries) -> Iterator[tuple[str, str]]:
    if resource.addresses:
        line = f"deb https://{resource.addresses[0]} old main"
    else:
        line = "deb {} {} main".format(*resource.repositories[0])
    yield "lines", f"echo '{line}' >> /etc/apt/sources.list.d/{resource.files[0]}"


@breaks.register(Group)
def _(resource: Group) -> Iterator[tuple[str, str]]:
    yield "missing", f"groupdel {resource.group}"


@breaks.register(User)
def _(resource: User) -> Iterator[tuple[str, str]]:
    yield "shell", f"usermod -s /bin/sh {resource.user}"
    yield "missing", f"userdel {resource.user}"


@breaks.register(Member)
def _(resource: Member) -> Iterator[tuple[str, str]]:
    yield "lost", f"gpasswd --delete {resource.user} {resource.group}"


@breaks.register(Service)
def _(resource: Service) -> Iterator[tuple[str, str]]:
    if resource.masked:
        yield "unmasked", f"systemctl unmask {resource.unit}"
        yield "started", f"systemctl unmask {resource.unit} && systemctl start {resource.unit}"
        return
    if resource.optional:
        # No environment of the laws has both it and the unit.
        unit = f"/run/systemd/system/{resource.unit}"
        made = f"printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > {unit}"
        started = f"{made} && systemctl daemon-reload && systemctl start {resource.unit}"
        yield "outdated", f"{started}; sleep 1.1; touch {resource.reads[0]}"
    if resource.running:
        # The socket would start it again at the first question.
        socket = resource.unit.replace(".service", ".socket")
        # A socket that is a resource, too, is broken by itself, and takes its service along.
        if f"service:{socket}" not in resource.needs:
            yield "stopped", f"systemctl stop {socket} 2>/dev/null; systemctl stop {resource.unit}"
        if resource.reads:
            # A second, since a process's age is known to the second by some.
            # Some of what a unit reads must not be there.
            yield "outdated", f"sleep 1.1; touch --no-create {shlex.join(resource.reads)}"
    elif resource.running is False:
        yield "started", f"systemctl start {resource.unit}"
    if resource.enabled:
        yield "disabled", f"systemctl disable {resource.unit}"
        yield "masked", f"systemctl mask {resource.unit}"
    elif resource.enabled is False:
        yield "enabled", f"systemctl enable {resource.unit}"


@breaks.register(UserService)
def _(resource: UserService) -> Iterator[tuple[str, str]]:
    own = systemctl_of(resource.user)
    written = any(path.endswith(f"/{resource.unit}") for path in resource.reads)
    for what, script in breaks.dispatch(Service)(resource):
        # systemd masks no unit whose file lies in the account's own folder.
        if (what, written) != ("masked", True):
            yield what, own + script


@breaks.register(Mount)
def _(resource: Mount) -> Iterator[tuple[str, str]]:
    target = shlex.quote(resource.target)
    yield "unmounted", f"umount {target}"
    yield "entry", f"sed -i '\\| {resource.target} |s|$|,noatime|' /etc/fstab"
    yield "entry missing", f"sed -i '\\| {resource.target} |d' /etc/fstab"
    if resource.kind == "tmpfs":
        yield "size", f"mount -o remount,size=1m {target}"
    else:
        yield "another directory", f"umount {target} && mount --bind /srv {target}"


CMD = "cd /mnt/c && /init /mnt/c/Windows/System32/cmd.exe cmd.exe /c"


@breaks.register(WindowsLink)
def _(resource: WindowsLink) -> Iterator[tuple[str, str]]:
    link = shlex.quote(resource.path)
    remove = f"{CMD} {'rmdir' if resource.directory else 'del'} {link}"
    kind = "/D" if resource.directory else ""
    if not resource.present:
        yield "present", f"{CMD} mklink /D {link} 'C:\\Users'"
        return
    yield "missing", remove
    yield "target", f"{remove} && {CMD} mklink {kind} {link} 'C:\\elsewhere'"
    other = "" if resource.directory else "/D"
    yield "kind", f"{remove} && {CMD} mklink {other} {link} 'C:\\Users'"


@breaks.register(WindowsKeys)
def _(resource: WindowsKeys) -> Iterator[tuple[str, str]]:
    folder = {"USERPROFILE": "", "APPDATA": "AppData/Roaming/"}[resource.folder]
    path = shlex.quote(f"/mnt/c/Users/dev/{folder}{resource.file}")
    other = "{}\n" if resource.dialect == "jsonc" else "[wsl2]\r\nmemory=1GB\r\n"
    yield "keys", f"printf %s {shlex.quote(other)} > {path}"
    yield "missing", f"rm {path}"


@breaks.register(WindowsFile)
def _(resource: WindowsFile) -> Iterator[tuple[str, str]]:
    path = shlex.quote(f"/mnt/c/Users/dev/AppData/Local/{resource.file}")
    yield "content", f"echo drifted >> {path}"
    yield "missing", f"rm {path}"


def _sql(server: str, *statements: str) -> str:
    """A script that runs SQL as the server's own account."""
    clients = {"postgresql": "runuser -u postgres -- psql -qc", "mariadb": "mariadb -e"}
    return "".join(f"{clients[server]} {shlex.quote(s)}\n" for s in statements)


@breaks.register(Role)
def _(resource: Role) -> Iterator[tuple[str, str]]:
    server, name = resource.server, resource.title
    if server == "mariadb":
        yield "locked", _sql(server, f"ALTER USER {name} ACCOUNT LOCK")
        yield "password", _sql(server, f"SET PASSWORD FOR {name} = PASSWORD('of somebody else')")
        yield "missing", _sql(server, f"DROP USER {name}")
        return
    yield "rights", _sql(server, f'ALTER ROLE "{name}" CREATEROLE')
    if resource.password:
        yield "password", _sql(server, f"ALTER ROLE \"{name}\" PASSWORD 'of somebody else'")
    gone = (f'REASSIGN OWNED BY "{name}" TO postgres', f'DROP ROLE "{name}"')
    yield "missing", _sql(server, *gone)


@breaks.register(Database)
def _(resource: Database) -> Iterator[tuple[str, str]]:
    server, name = resource.server, resource.title
    if server == "postgresql":
        yield "closed", _sql(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    if "owner" in resource.fields:
        taken = f'ALTER DATABASE "{name}" OWNER TO postgres'
        if server == "mariadb":
            taken = f"REVOKE DROP ON `{name}`.* FROM {resource.fields['owner']}"
        yield "owner", _sql(server, taken.replace("web_shop", "web\\_shop"))
    yield "missing", _sql(server, f"DROP DATABASE {name}")


BY_TITLE = {
    "postgresql 17/main": (("dropped", "pg_dropcluster --stop 17 main"),),
    "certificates": (
        ("bundle", ": > /etc/ssl/certs/ca-certificates.crt"),
        ("hashes", "find /etc/ssl/certs -name '*.0' -delete"),
    ),
    "locale LANG": (("another", "echo LANG=C.UTF-8 > /etc/default/locale"),),
    "apt cache": (("has packages", "touch /var/cache/apt/archives/x_1_all.deb"),),
    "upgrade of all packages": (
        ("an older one", "apt-get -qq -y --allow-downgrades install ew-old=1.0"),
    ),
    "removal of unneeded packages": (
        ("one that came along", "apt-get -qq -y install ew-left && apt-mark -q auto ew-left"),
    ),
    "hostname": (("another", "echo other >/proc/sys/kernel/hostname"),),
    "locales": (("missing", "rm -r /usr/lib/locale/locale-archive"),),
}
"""The ways to break the states that an environment has once at most."""


VALUES: dict[str, Callable[..., str]] = {
    "sysctl": lambda key: f"echo 65536 > /proc/sys/{key.replace('.', '/')}",
    "motd": lambda _, part: f"chmod a+x /etc/update-motd.d/{part}",
    "completion": lambda shell, program: f"rm {PLACES[shell].format(program)}",
    "a2enmod": lambda name: f"a2dismod -q -f {name}",
    "swap": lambda file: f"swapoff {file}",
    "user": lambda _, account: f"systemctl stop user@$(id -u {account}).service",
    "virtualenv": lambda path: f"rm -r {path}/lib/python*/site-packages/six*",
    "subordinate": lambda _, account: f"sed -i /^{account}:/d /etc/subuid",
    "alternative": lambda name: f"update-alternatives --auto {name}",
    "environment": lambda name: f"systemctl set-environment {name}=drifted",
    "debconf": lambda question, _, package: (
        f"echo '{package} {question} string drifted' | debconf-set-selections"
    ),
    "rust": lambda what, *names: RUST[what].format(names[0]),
    "vscode": lambda name, _, user: (
        f"sed -i 's/{name}/other.one/' ~{user}/.vscode/extensions/extensions.json"
    ),
    "runtime": lambda name, _version, _of, user: (
        f"rm -r ~{user}/.local/share/mise/installs/{name.replace(':', '-')}"
    ),
}
"""The ways to give a value another one, by the first word of the title and from its other words."""


@breaks.register(Command)
def _(resource: Command) -> Iterator[tuple[str, str]]:
    kind, _, name = resource.title.partition(" ")
    if kind in VALUES:
        yield "value", VALUES[kind](*name.split())
    elif kind == "zsh":
        install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends zsh"
        line = f"\\|{name.split()[-1]}|d"
        yield (
            "not read",
            f"[ -x /bin/zsh ] || {{ {install}; }} && sed -i '{line}' /etc/zsh/zprofile",
        )
    elif kind == "compose":
        container = f"$(docker ps -q --filter label=com.docker.compose.project={name} | head -n 1)"
        yield "stopped", f"docker stop --time 1 {container}"
        yield "removed", f"docker rm -f {container}"
    elif resource.title.startswith("go cache"):
        key, of, user = name.split()[1:]
        assert of == "of"
        file, cache = f"~{user}/.config/go/env", f"/home/{user}/{key}"
        # As after `go env -w` and a build; GOPATH has the module cache in it.
        filled = f"runuser -u {user} -- sh -c 'mkdir -p {cache} && touch {cache}/filled'"
        yield "used elsewhere", f"{filled} && sed -i s,^{key}=.*,{key}={cache}, {file}"
    elif resource.title.startswith("go tool"):
        tool, _, user = name.split()[1:]
        file = f"$(find ~{user}/go/bin -name {tool})"
        yield "missing", f'rm "{file}"'
        yield "something else", f'printf x > "{file}"'
        # As long as the version that it replaces, for the linker's table has its place.
        yield "another version", f'sed -i "s,\tv[01][.],\tv9.,g" "{file}"'
    elif resource.title.startswith("git logins"):
        yield (
            "missing",
            f"git config --file /etc/gitconfig --remove-section credential.https://{name.split()[-1]}",
        )
    elif resource.title.startswith("git settings"):
        file = "/etc/gitconfig" if name.endswith("system") else "/home/dev/.gitconfig"
        yield "a value", f"sed -i 's/= .*/= drifted/' {file}"
        yield "missing", f"rm {file}"
    elif kind == "dotfiles":
        yield "missing", f"rm /home/dev/{DOTFILES[name.split()[0]]}"
    elif resource.title in OWN:
        yield "missing", OWN[resource.title]
    else:
        yield from BY_TITLE[resource.title]
