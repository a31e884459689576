"""The apt sources and PPAs that an environment may name without an address and a key.

Each fingerprint was compared in at least two places that do not copy each other, such as the
publisher's page and a script that others maintain, on the day in LOOKED_UP. One that could not be
compared so is not here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.facts import Machine

LOOKED_UP = "2026-11-30"
"""The day on which all of this was looked up."""


@dataclass(frozen=True)
class KnownKey:
    """A publisher's key.

    Args:
        url: where the publisher has it.
        fingerprints: as envwright.model.operations.Key takes them: the key that signs first.
    """

    url: str
    fingerprints: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KnownSource:
    """A publisher's apt source.

    Texts may hold `{distribution}`, `{release}`, `{codename}`, `{architecture}` and `{version}`.

    Args:
        packages: what people install from it.
        published: the page on which the publisher tells how to add it.
        url, suite, components: as in sources.list(5).
        component_of: the components that differ from these, by distribution.
        architectures: those that it has; () for all that Debian has.
        key: the key that signs it.
        key_of: the keys that differ from this one, by codename.
        versions: where there is a source for each version: what a version looks like, as a regular
            expression; "" where there is one source.
        example: such a version.
        lists: files of sources.list.d that the publisher's instructions write, but for the one that
            has the name of the source.
    """

    packages: tuple[str, ...]
    published: str
    url: str
    suite: str = "stable"
    components: tuple[str, ...] = ("main",)
    component_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    architectures: tuple[str, ...] = ()
    key: KnownKey
    key_of: Mapping[str, KnownKey] = field(default_factory=dict)
    versions: str = ""
    example: str = ""
    lists: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Host and path of all versions of the source: what older instructions named lies below."""
        fixed, brace, _ = self.url.partition("://")[2].partition("{")
        return (fixed.rpartition("/")[0] if brace else fixed).rstrip("/")

    def on(self, machine: Machine, version: str) -> KnownSource:
        """Return the source as it is on a machine: without templates, and without exceptions."""
        words = {
            "distribution": machine.distro,
            "release": machine.release,
            "codename": machine.codename,
            "architecture": machine.architecture,
            "version": version,
        }
        key = self.key_of.get(machine.codename, self.key)
        return dataclasses.replace(
            self,
            url=self.url.format_map(words),
            suite=self.suite.format_map(words),
            components=self.component_of.get(machine.distro, self.components),
            key=KnownKey(key.url.format_map(words), key.fingerprints),
            lists=tuple(name.format_map(words) for name in self.lists),
        )


_MICROSOFT = KnownKey(
    "https://packages.microsoft.com/keys/microsoft.asc",
    ("BC528686B50D79E339D3721CEB3E94ADBE1229CF",),
)
_MICROSOFT_2025 = KnownKey(
    "https://packages.microsoft.com/keys/microsoft-2025.asc",
    ("AA86F75E427A19DD33346403EE4D7792F748182B",),
)
"""What signs the repositories that Microsoft has opened since May 2025."""

SOURCES = {
    "1password": KnownSource(
        packages=("1password", "1password-cli"),
        published="https://support.1password.com/install-linux/",
        url="https://downloads.1password.com/linux/debian/{architecture}",
        architectures=("amd64", "arm64"),
        key=KnownKey(
            "https://downloads.1password.com/linux/keys/1password.asc",
            ("3FEF9748469ADBE15DA7CA80AC2D62742012EA22",),
        ),
    ),
    "azure-cli": KnownSource(
        packages=("azure-cli",),
        published="https://learn.microsoft.com/cli/azure/install-azure-cli-linux",
        url="https://packages.microsoft.com/repos/azure-cli/",
        suite="{codename}",
        architectures=("amd64", "arm64"),
        key=_MICROSOFT,
    ),
    "caddy": KnownSource(
        packages=("caddy",),
        published="https://caddyserver.com/docs/install#debian-ubuntu-raspbian",
        url="https://dl.cloudsmith.io/public/caddy/stable/deb/debian",
        suite="any-version",
        key=KnownKey(
            "https://dl.cloudsmith.io/public/caddy/stable/gpg.key",
            ("65760C51EDEA2017CEA2CA15155B6D79CA56EA34",),
        ),
        lists=("caddy-stable.list",),
    ),
    "claude-code": KnownSource(
        packages=("claude-code",),
        published="https://code.claude.com/docs/en/setup",
        url="https://downloads.claude.ai/claude-code/apt/stable",
        architectures=("amd64", "arm64"),
        key=KnownKey(
            "https://downloads.claude.ai/keys/claude-code.asc",
            ("31DDDE24DDFAB679F42D7BD2BAA929FF1A7ECACE",),
        ),
    ),
    "github-cli": KnownSource(
        packages=("gh",),
        published="https://github.com/cli/cli/blob/trunk/docs/install_linux.md",
        url="https://cli.github.com/packages",
        key=KnownKey(
            "https://cli.github.com/packages/githubcli-archive-keyring.gpg",
            # The second one is older, and may still be in the file.
            (
                "7F38BBB59D064DBCB3D84D725612B36462313325",
                "2C6106201985B60E6C7AC87323F3D4EA75716059",
            ),
        ),
    ),
    "google-chrome": KnownSource(
        packages=("google-chrome-stable", "google-chrome-beta"),
        published="https://www.google.com/linuxrepositories/",
        url="https://dl.google.com/linux/chrome/deb/",
        architectures=("amd64",),
        key=KnownKey(
            "https://dl.google.com/linux/linux_signing_key.pub",
            # The second one is older, and may still be in the file.
            (
                "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796",
                "4CCA1EAF950CEE4AB83976DCA040830F7FAC5991",
            ),
        ),
    ),
    "grafana": KnownSource(
        packages=("grafana", "alloy", "loki", "promtail"),
        published="https://grafana.com/docs/grafana/latest/setup-grafana/installation/debian/",
        url="https://apt.grafana.com",
        key=KnownKey(
            "https://apt.grafana.com/gpg.key",
            # The others are older, and may still be in the file.
            (
                "B53AE77BADB630A683046005963FA27710458545",
                "0E22EB88E39E12277A7760AE9E439B102CF3C0C6",
                "4E40DDF6D76E284A4A6780E48C8C34C524098CB6",
            ),
        ),
    ),
    "hashicorp": KnownSource(
        packages=("terraform", "vault", "packer", "consul", "nomad"),
        published="https://www.hashicorp.com/trust/security",
        url="https://apt.releases.hashicorp.com",
        suite="{codename}",
        key=KnownKey(
            "https://apt.releases.hashicorp.com/gpg",
            ("798AEC654E5C15428C8E42EEAA16FCBCA621E701",),
        ),
    ),
    "helm": KnownSource(
        packages=("helm",),
        published="https://helm.sh/docs/intro/install/",
        url="https://packages.buildkite.com/helm-linux/helm-debian/any/",
        suite="any",
        key=KnownKey(
            "https://packages.buildkite.com/helm-linux/helm-debian/gpgkey",
            ("DDF78C3E6EBB2D2CC223C95C62BA89D07698DBC6",),
        ),
        lists=("helm-stable-debian.list",),
    ),
    "kubernetes": KnownSource(
        packages=("kubectl", "kubeadm", "kubelet"),
        published="https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/",
        url="https://pkgs.k8s.io/core:/stable:/v{version}/deb/",
        suite="/",
        key=KnownKey(
            "https://pkgs.k8s.io/core:/stable:/v{version}/deb/Release.key",
            ("DE15B14486CD377B9E876E1A234654DA9A296436",),
        ),
        versions=r"1\.[0-9]+",
        example="1.36",
    ),
    "llvm": KnownSource(
        packages=("clang-{version}", "clangd-{version}", "lld-{version}", "lldb-{version}"),
        published="https://apt.llvm.org/",
        url="https://apt.llvm.org/{codename}/",
        suite="llvm-toolchain-{codename}-{version}",
        key=KnownKey(
            "https://apt.llvm.org/llvm-snapshot.gpg.key",
            ("6084F3CF814B57C1CF12EFD515CF4D18AF4F7421",),
        ),
        versions="[0-9]+",
        example="21",
    ),
    "mariadb": KnownSource(
        packages=("mariadb-server", "mariadb-client"),
        published="https://mariadb.com/docs/server/server-management/install-and-upgrade-mariadb/"
        "installing-mariadb/binary-packages/gpg",
        url="https://dlm.mariadb.com/repo/mariadb-server/{version}/repo/{distribution}",
        suite="{codename}",
        architectures=("amd64", "arm64"),
        key=KnownKey(
            "https://mariadb.org/mariadb_release_signing_key.pgp",
            ("177F4010FE56CA3336300305F1656F24C74CD1D8",),
        ),
        versions=r"1[0-9]\.[0-9]+",
        example="11.8",
    ),
    "microsoft-prod": KnownSource(
        packages=("powershell", "dotnet-sdk-10.0", "msodbcsql18"),
        published="https://learn.microsoft.com/linux/packages",
        url="https://packages.microsoft.com/{distribution}/{release}/prod",
        suite="{codename}",
        architectures=("amd64", "arm64", "armhf"),
        key=_MICROSOFT_2025,
        key_of=dict.fromkeys(("bullseye", "bookworm", "focal", "jammy", "noble"), _MICROSOFT),
    ),
    "mise": KnownSource(
        packages=("mise",),
        published="https://mise.jdx.dev/installing-mise.html",
        url="https://mise.jdx.dev/deb",
        architectures=("amd64", "arm64"),
        key=KnownKey(
            "https://mise.jdx.dev/gpg-key.pub", ("24853EC9F655CE80B48E6C3A8B81C9D17413A06D",)
        ),
    ),
    "mongodb": KnownSource(
        packages=("mongodb-org", "mongodb-mongosh"),
        published="https://www.mongodb.com/docs/manual/administration/install-on-linux/",
        url="https://repo.mongodb.org/apt/{distribution}",
        suite="{codename}/mongodb-org/{version}",
        component_of={"ubuntu": ("multiverse",)},
        architectures=("amd64", "arm64"),
        key=KnownKey(
            # Versions 8.0 and 8.2 have one key.
            "https://pgp.mongodb.com/server-8.0.asc",
            ("4B0752C1BCA238C0B4EE14DC41DE058A4E7DCA05",),
        ),
        versions=r"8\.[02]",
        example="8.0",
        lists=("mongodb-org-{version}.list",),
    ),
    "mozilla": KnownSource(
        packages=("firefox", "firefox-esr", "mozillavpn"),
        published="https://support.mozilla.org/kb/install-firefox-linux",
        url="https://packages.mozilla.org/apt",
        suite="mozilla",
        key=KnownKey(
            "https://packages.mozilla.org/apt/repo-signing-key.gpg",
            ("35BAA0B33E9EB396F59CA838C0BA5CE6DC6315A3",),
        ),
    ),
    "nginx": KnownSource(
        packages=("nginx",),
        published="https://nginx.org/en/linux_packages.html",
        url="https://nginx.org/packages/{distribution}",
        suite="{codename}",
        components=("nginx",),
        key=KnownKey(
            "https://nginx.org/keys/nginx_signing.key",
            # The publisher announces all three.
            (
                "573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62",
                "8540A6F18833A80E9C1653A42FD21310B49F6B46",
                "9E9BE90EACBCDE69FE9B204CBCDCD8A38D88A2B3",
            ),
        ),
    ),
    "nodesource": KnownSource(
        packages=("nodejs",),
        published="https://github.com/nodesource/distributions",
        url="https://deb.nodesource.com/node_{version}.x",
        suite="nodistro",
        architectures=("amd64", "arm64", "armhf"),
        key=KnownKey(
            "https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key",
            ("6F71F525282841EEDAF851B42F59B5F99B1BE0B4",),
        ),
        versions="[0-9]+",
        example="24",
    ),
    "pgdg": KnownSource(
        packages=("postgresql-18", "postgresql-client-18"),
        published="https://wiki.postgresql.org/wiki/Apt",
        url="https://apt.postgresql.org/pub/repos/apt",
        suite="{codename}-pgdg",
        key=KnownKey(
            "https://www.postgresql.org/media/keys/ACCC4CF8.asc",
            ("B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8",),
        ),
    ),
    "redis": KnownSource(
        packages=("redis", "redis-tools"),
        published="https://redis.io/docs/latest/operate/oss_and_stack/install/",
        url="https://packages.redis.io/deb",
        suite="{codename}",
        key=KnownKey(
            "https://packages.redis.io/gpg", ("54318FA4052D1E61A6B6F7BB5F4349D6BF53AA0C",)
        ),
    ),
    "signal": KnownSource(
        packages=("signal-desktop",),
        published="https://signal.org/download/linux/",
        url="https://updates.signal.org/desktop/apt",
        # One suite for all releases, with this name.
        suite="xenial",
        architectures=("amd64",),
        key=KnownKey(
            "https://updates.signal.org/desktop/apt/keys.asc",
            ("DBA36B5181D0C816F630E889D980A17457F6FB06",),
        ),
        lists=("signal-desktop.list", "signal-xenial.list"),
    ),
    "tailscale": KnownSource(
        packages=("tailscale",),
        published="https://tailscale.com/kb/1031/install-linux",
        url="https://pkgs.tailscale.com/stable/{distribution}",
        suite="{codename}",
        key=KnownKey(
            "https://pkgs.tailscale.com/stable/{distribution}/{codename}.noarmor.gpg",
            ("2596A99EAAB33821893C0A79458CA832957F5868",),
        ),
    ),
    "vscode": KnownSource(
        packages=("code", "code-insiders"),
        published="https://code.visualstudio.com/docs/setup/linux",
        url="https://packages.microsoft.com/repos/code",
        architectures=("amd64", "arm64", "armhf"),
        key=_MICROSOFT,
    ),
}
"""The sources, by the names that an environment gives them."""

PPAS = {
    "deadsnakes/ppa": "F23C5A6CF475977595C89F51BA6932366A755776",
    "git-core/ppa": "F911AB184317630C59970973E363C90F8F1B6217",
    "neovim-ppa/unstable": "9DBB0BE9366964F134855E2255F96FCF8231B6DD",
    "ondrej/php": "B8DC7E53946656EFBCE4C1DD71DAEAAB4AD4CAB6",
    "ubuntu-toolchain-r/test": "C8EC952E2A0E1FBDC5090F6A2C277A0A352154E5",
}
"""The fingerprints of PPAs, which Launchpad tells at https://launchpad.net/~OWNER/+archive/NAME."""
