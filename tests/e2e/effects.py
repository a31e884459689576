"""The table of law 12: effects that are broken by hand while every file is right.

To add a row: write an Effect into the list of its capability; what its machine lacks (a package, a
section) goes into ENVIRONMENT. A row says what a person would notice, the script that breaks it,
and who tells: plan (by a change, a refusal or a quick proof), only verify (by a slow proof, which a
plan does not make), or nobody yet. Where apply cannot mend the effect, `person` is what a person
does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Teller(enum.IntEnum):
    """Who tells that an effect is missing: the sooner, the better."""

    PLAN = 1
    VERIFY = 2
    NOBODY = 3


@dataclass(frozen=True)
class Effect:
    """An effect that is missing although every file of the environment is right.

    Args:
        what: what is wrong, as a sentence.
        script: breaks the effect, as root on the machine.
        person: the script by which a person mends the effect; "" where apply mends it.
        told: who tells it at the latest.
        after: the script that ends what the effect needed and the next effect must not find.
    """

    what: str
    script: str
    person: str = ""
    told: Teller = Teller.PLAN
    after: str = ""

    def __str__(self) -> str:
        return self.what


ENVIRONMENT = """\
name: effects
secrets: {TOKEN: {file: token}}
user:
  name: dev
  shell: /bin/bash
  groups: [team]
  sudo: nopasswd
packages: [git, jq, cron]
environment: {EDITOR: vi, NOTES: {home: notes}}
path: {prepend: [~/.local/bin], append: [/opt/games]}
sysctl:
  net.ipv4.ip_default_ttl: 65
  net.ipv4.ip_local_port_range: "20000 60999"
mounts:
  /mnt/scratch: {type: tmpfs, options: [size=64m, mode=1777, nosuid]}
  /mnt/tools: {type: tmpfs, options: [size=4m]}
  /srv/shown: {bind: /opt/shown}
files:
  /opt/shown: {directory: true, owner: dev}
  /opt/closed: {directory: true}
  /opt/closed/notes: {content: "mine\\n", owner: dev}
  /mnt/tools/tool: {content: "#!/bin/sh\\nexec true\\n", mode: "0755"}
  /opt/app/run:
    mode: "0755"
    content: |
      #!/bin/sh
      [ ! -e /run/app-fails ] || { sleep 0.2; exit 1; }
      exec sleep infinity
logins:
  users: [dev]
  git: {git.example.com: {login: dev, password: "{{ secret.TOKEN }}"}}
systemd:
  app.service:
    content: |
      [Unit]
      StartLimitIntervalSec=0
      [Service]
      ExecStart=/opt/app/run
      Restart=always
      RestartSec=100ms
      Nice=5
      Environment=MODE=fast
      [Install]
      WantedBy=multi-user.target
    drop_ins:
      limits: |
        [Service]
        LimitNOFILE=4096
        CPUWeight=200
    running: true
    enabled: true
  once.service:
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      Restart=on-failure
      RestartSec=600
    running: true
  tick.timer:
    content: |
      [Timer]
      OnCalendar=yearly
      Unit=once.service
      [Install]
      WantedBy=timers.target
    running: true
    enabled: true
  idle.service:
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      [Install]
      WantedBy=multi-user.target
    running: false
    enabled: false
  cron.service: {running: true, enabled: true}
  apt-daily.timer: {masked: true}
"""
"""What the machine of the table is. Its environment is applied once."""

SYSTEMD = [
    Effect(
        "a service fails again and again, and systemd restarts it at once",
        "touch /run/app-fails; systemctl restart app.service; sleep 3",
        "rm /run/app-fails; systemctl reset-failed app.service; systemctl restart app.service",
    ),
    Effect(
        "a service died and waits for its next start",
        "systemctl kill --signal=KILL once.service; sleep 0.5",
    ),
    Effect("a service was stopped", "systemctl stop once.service"),
    Effect(
        "a service failed and systemd does not start it again",
        "systemctl stop cron.service; systemd-run --quiet --unit=x true; "
        "mkdir -p /run/systemd/system/cron.service.d; printf '[Service]\\nRestart=no\\n' > "
        "/run/systemd/system/cron.service.d/x.conf; systemctl daemon-reload; "
        "systemctl start cron.service; systemctl kill --signal=KILL cron.service; sleep 0.5; "
        "rm -r /run/systemd/system/cron.service.d; systemctl daemon-reload",
    ),
    Effect("a service does not start at boot", "systemctl disable app.service"),
    Effect(
        "a service starts at boot until the next boot alone",
        "systemctl disable cron.service; systemctl enable --runtime cron.service",
    ),
    Effect("a service is masked until the next boot", "systemctl mask --runtime cron.service"),
    Effect("a service is masked", "systemctl mask cron.service"),
    Effect(
        "a masked timer is masked only until the next boot",
        "systemctl unmask apt-daily.timer; systemctl mask --runtime apt-daily.timer",
    ),
    Effect(
        "a masked timer runs again",
        "systemctl unmask --runtime apt-daily.timer; systemctl unmask apt-daily.timer; "
        "systemctl start apt-daily.timer",
    ),
    Effect("what must not run was started", "systemctl start idle.service"),
    Effect("what must not start at boot was enabled", "systemctl enable idle.service"),
    Effect(
        "what must not start at boot starts at the boot of a day",
        "systemctl enable --runtime idle.service",
    ),
    Effect("a timer was stopped", "systemctl stop tick.timer"),
    Effect(
        "a drop-in of somebody else replaces the command of a service",
        "systemctl edit --stdin --drop-in=other app.service <<'E'\n"
        "[Service]\nExecStart=\nExecStart=/bin/sleep infinity\nE\nsystemctl restart app.service",
        "rm /etc/systemd/system/app.service.d/other.conf; systemctl daemon-reload; "
        "systemctl restart app.service",
    ),
    Effect(
        "a drop-in in /run replaces a setting of a service",
        "mkdir -p /run/systemd/system/app.service.d; printf '[Service]\\nNice=1\\n' > "
        "/run/systemd/system/app.service.d/nice.conf; systemctl daemon-reload; "
        "systemctl restart app.service",
        "rm -r /run/systemd/system/app.service.d; systemctl daemon-reload; "
        "systemctl restart app.service",
    ),
    Effect(
        "a drop-in for all services replaces a setting of a service",
        "mkdir -p /etc/systemd/system/service.d; printf '[Service]\\nLimitNOFILE=64\\n' > "
        "/etc/systemd/system/service.d/z.conf; systemctl daemon-reload; "
        "systemctl restart app.service",
        "rm -r /etc/systemd/system/service.d; systemctl daemon-reload; "
        "systemctl restart app.service",
    ),
    Effect(
        "a drop-in replaces a variable of a service",
        "mkdir -p /run/systemd/system/app.service.d; printf '[Service]\\nEnvironment=MODE=slow\\n' "
        "> /run/systemd/system/app.service.d/m.conf; systemctl daemon-reload; "
        "systemctl restart app.service",
        "rm -r /run/systemd/system/app.service.d; systemctl daemon-reload; "
        "systemctl restart app.service",
    ),
    Effect(
        "systemctl set-property replaced a setting",
        "systemctl set-property app.service CPUWeight=50",
        "rm -r /etc/systemd/system.control/app.service.d; systemctl daemon-reload; "
        "systemctl restart app.service",
    ),
    Effect(
        "a unit file that stands before the environment's own is read",
        "mkdir -p /etc/systemd/system.control; printf '[Service]\\nExecStart=/bin/sleep 999\\n' > "
        "/etc/systemd/system.control/app.service; systemctl daemon-reload; "
        "systemctl restart app.service",
        "rm /etc/systemd/system.control/app.service; systemctl daemon-reload; "
        "systemctl restart app.service",
    ),
    Effect(
        "systemd cannot use the files of a service, which still runs",
        "mkdir /etc/systemd/system/once.service.d; printf '[Service]\\nExecStart=\\n' > "
        "/etc/systemd/system/once.service.d/x.conf; systemctl daemon-reload",
        "rm -r /etc/systemd/system/once.service.d; systemctl daemon-reload",
    ),
    Effect(
        "a service runs with a unit file older than the present one",
        "sleep 1.1; touch /etc/systemd/system/app.service; systemctl daemon-reload",
    ),
    Effect(
        "a service hangs while it starts",
        "mkdir -p /run/systemd/system/cron.service.d; printf '[Service]\\nType=notify\\n' > "
        "/run/systemd/system/cron.service.d/x.conf; systemctl daemon-reload; "
        "systemctl restart --no-block cron.service; sleep 0.5; "
        "rm -r /run/systemd/system/cron.service.d",
        "systemctl daemon-reload; systemctl restart cron.service",
    ),
    Effect(
        "a timer has no next run and never had one",
        "mkdir /etc/systemd/system/tick.timer.d; "
        "printf '[Timer]\\nOnCalendar=\\nOnCalendar=2001-01-01\\n' > "
        "/etc/systemd/system/tick.timer.d/x.conf; systemctl daemon-reload; "
        "systemctl restart tick.timer",
        "rm -r /etc/systemd/system/tick.timer.d; systemctl daemon-reload; "
        "systemctl restart tick.timer",
    ),
]
SYSCTL = [
    Effect("a kernel setting was changed", "echo 70 > /proc/sys/net/ipv4/ip_default_ttl"),
    Effect(
        "a list of numbers was changed",
        "echo 30000 40000 > /proc/sys/net/ipv4/ip_local_port_range",
    ),
    *(
        Effect(
            f"another file, {file}, wins at the next boot",
            f"mkdir -p $(dirname {file}); echo {line} > {file}",
            f"rm {file}",
        )
        for file, line in {
            "/etc/sysctl.d/99-other.conf": "net.ipv4.ip_default_ttl=70",
            "/run/sysctl.d/zz.conf": "net/ipv4/ip_default_ttl = 70",
            "/usr/local/lib/sysctl.d/70-other.conf": "-net.ipv4.ip_default_ttl=70",
            "/usr/lib/sysctl.d/99-package.conf": "net.ipv4.ip_local_port_range = 1 2",
            "/etc/sysctl.d/90-not.conf": "-net.ipv4.ip_default_ttl",
        }.items()
    ),
]
MOUNTS = [
    Effect("a file system is not mounted", "umount /mnt/scratch"),
    Effect("a file system became read-only", "mount -o remount,ro /mnt/scratch"),
    Effect("programs on a file system cannot run", "mount -o remount,noexec /mnt/scratch"),
    Effect("an option that was asked for is gone", "mount -o remount,suid /mnt/scratch"),
    Effect("a file system became small", "mount -o remount,size=1m /mnt/scratch"),
    Effect(
        "a busy file system became read-only",
        "systemd-run --quiet --unit=busy --service-type=exec --working-directory=/mnt/scratch "
        "sleep infinity; mount -o remount,ro /mnt/scratch",
        after="systemctl stop busy.service",
    ),
    Effect("a later mount covers a file system", "mount -t tmpfs over /mnt/scratch"),
    Effect(
        "a mount of somebody else lies below",
        "umount /mnt/scratch; mount -t ramfs below /mnt/scratch; "
        "mount -t tmpfs -o size=1m,nosuid above /mnt/scratch",
    ),
    Effect(
        "two later mounts cover a file system",
        "mount -t tmpfs over /mnt/scratch; mount -t ramfs over /mnt/scratch",
    ),
    Effect(
        "a later mount above hides a file system",
        "mount -t tmpfs over /mnt",
        "umount /mnt",
    ),
    Effect("another directory is shown", "umount /srv/shown; mount --bind /var /srv/shown"),
    Effect("a directory is shown read-only", "mount -o remount,bind,ro /srv/shown"),
    Effect("another file system is mounted", "umount /mnt/scratch; mount -t ramfs r /mnt/scratch"),
    Effect(
        "the next boot mounts otherwise: an earlier line of fstab counts",
        "sed -i '1i tmpfs /mnt/scratch tmpfs size=1m 0 0' /etc/fstab",
    ),
]
FILES = [
    Effect(
        "a directory above keeps the owner from a file",
        "chmod 0700 /opt/closed",
    ),
    Effect("a program lies on a file system without exec", "mount -o remount,noexec /mnt/tools"),
    Effect(
        "a directory that nobody names keeps the owner from a file",
        "chmod 0700 /opt",
        "chmod 0755 /opt",
    ),
]
PACKAGES = [
    Effect("a program of a package was deleted", "rm /usr/bin/jq"),
    Effect(
        "a program of a package was replaced",
        "printf '#!/bin/sh\\n' > /usr/bin/jq",
        "apt-get install --reinstall -y jq",
        Teller.VERIFY,
    ),
    Effect(
        "a package is half-installed",
        "sed -i '/^Package: jq$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' "
        "/var/lib/dpkg/status",
    ),
]
USER = [
    Effect(
        "the home does not belong to the user",
        "chown root: /home/dev; chmod 0700 /home/dev",
        "chown dev: /home/dev",
        Teller.NOBODY,
    ),
    Effect("the home is gone", "mv /home/dev /home/gone", "mv /home/gone /home/dev"),
    Effect(
        "sudo cannot become root",
        "chmod u-s $(command -v sudo)",
        "chmod u+s $(command -v sudo)",
        Teller.VERIFY,
    ),
    Effect(
        "a later rule of sudo asks for a password",
        "echo 'dev ALL=(ALL) PASSWD: ALL' > /etc/sudoers.d/zz; chmod 0440 /etc/sudoers.d/zz",
        "rm /etc/sudoers.d/zz",
        Teller.VERIFY,
    ),
    Effect(
        "a later rule of sudo denies all",
        "echo 'dev ALL=(ALL) !ALL' > /etc/sudoers.d/zz; chmod 0440 /etc/sudoers.d/zz",
        "rm /etc/sudoers.d/zz",
        Teller.VERIFY,
    ),
    Effect(
        "sudo does not read the folder of rules",
        "sed -i.bak '/includedir/d' /etc/sudoers",
        "mv /etc/sudoers.bak /etc/sudoers",
        Teller.VERIFY,
    ),
    Effect("the account has expired", "chage -E 1 dev", "chage -E -1 dev", Teller.VERIFY),
    Effect(
        "the profile of the user ends the shell",
        "echo 'exit 3' >> /home/dev/.profile",
        "sed -i '/exit 3/d' /home/dev/.profile",
        Teller.VERIFY,
    ),
    Effect(
        "the shell of the user is gone",
        "dpkg-divert --quiet --local --rename --divert /usr/bin/bash.away --add /usr/bin/bash",
        "dpkg-divert --quiet --local --rename --remove /usr/bin/bash",
        Teller.VERIFY,
    ),
]
VARIABLES = [
    Effect("a running manager has another value", "systemctl set-environment EDITOR=ed"),
    Effect(
        "a later profile unsets a variable",
        "echo unset EDITOR > /etc/profile.d/zz.sh",
        "rm /etc/profile.d/zz.sh",
        Teller.VERIFY,
    ),
    Effect(
        "login shells do not read /etc/profile.d",
        "cp -p /etc/profile /root/profile; echo PATH=$PATH > /etc/profile",
        "mv /root/profile /etc/profile",
        Teller.VERIFY,
    ),
    Effect(
        "a later setting of the manager wins at the next boot",
        "mkdir -p /etc/systemd/system.conf.d; printf '[Manager]\\nDefaultEnvironment=\\n' > "
        "/etc/systemd/system.conf.d/zz.conf",
        "rm /etc/systemd/system.conf.d/zz.conf",
        Teller.NOBODY,
    ),
    Effect(
        "sessions without a login shell do not read /etc/environment",
        "cp /etc/pam.d/su /root/su; sed -i '/pam_env/d' /etc/pam.d/su",
        "mv /root/su /etc/pam.d/su",
        Teller.VERIFY,
    ),
]
WINDOWS = "/mnt/c/tools/solitaire"
PROGRAMS = [
    Effect(
        "a later profile of the system sets PATH anew",
        "echo PATH=/usr/bin:/bin > /etc/profile.d/zz.sh",
        "rm /etc/profile.d/zz.sh",
    ),
    Effect(
        "the profile of a person sets PATH anew",
        "echo PATH=/usr/bin:/bin >> /home/dev/.profile",
        "sed -i '/^PATH=/d' /home/dev/.profile",
        Teller.VERIFY,
    ),
    Effect(
        "the services of a person lose PATH by a file in the home",
        "runuser -u dev -- sh -c 'mkdir -p ~/.config/environment.d; "
        "echo PATH=/usr/bin:/bin > ~/.config/environment.d/zz.conf'",
        "rm /home/dev/.config/environment.d/zz.conf",
        Teller.VERIFY,
    ),
    Effect(
        "a folder of Windows has a program of the same name, and comes first",
        f"mkdir -p /opt/games {WINDOWS.rpartition('/')[0]}; "
        f"cp /bin/true /opt/games/solitaire; cp /bin/true {WINDOWS}; "
        "echo 'PATH=$PATH:/mnt/c/tools' > /etc/profile.d/00-windows.sh",
        f"rm /etc/profile.d/00-windows.sh {WINDOWS}",
        Teller.VERIFY,
    ),
]
LOGINS = [
    Effect(
        "git asks another helper first",
        "runuser -u dev -- git config --global credential.https://git.example.com.helper ''",
        "runuser -u dev -- git config --global --remove-section credential.https://git.example.com",
        Teller.VERIFY,
    ),
]
TABLE: dict[str, list[Effect]] = {
    "systemd": SYSTEMD,
    "sysctl": SYSCTL,
    "mounts": MOUNTS,
    "files": FILES,
    "packages": PACKAGES,
    "user": USER,
    "environment": VARIABLES,
    "path": PROGRAMS,
    "logins": LOGINS,
}
"""The effects on the machine of ENVIRONMENT, by the capability that brings them about."""


DOCKER: dict[str, list[Effect]] = {
    "docker": [
        Effect(
            "the bridge of the containers is down",
            "ip link set docker0 down",
            "ip link set docker0 up",
            Teller.VERIFY,
        ),
        Effect(
            "the socket of the daemon is closed to its group",
            "chmod 0600 /run/docker.sock",
            "chmod 0660 /run/docker.sock",
            Teller.VERIFY,
        ),
        Effect(
            "the plugin of docker compose is gone",
            "mv /usr/libexec/docker/cli-plugins/docker-compose /root/",
            "mv /root/docker-compose /usr/libexec/docker/cli-plugins/",
            Teller.VERIFY,
        ),
        Effect("the daemon was stopped", "systemctl stop docker.socket docker.service"),
        Effect(
            "a preference keeps apt from the packages",
            """\
printf 'Package: *\\nPin: origin download.docker.com\\nPin-Priority: -1\\n' > \
/etc/apt/preferences.d/none""",
            "rm /etc/apt/preferences.d/none",
            Teller.NOBODY,
        ),
        Effect(
            "apt has lost the list of the source",
            "mkdir /root/lists; mv /var/lib/apt/lists/*docker* /root/lists/",
            "mv /root/lists/* /var/lib/apt/lists/; rmdir /root/lists",
            Teller.NOBODY,
        ),
    ],
    "systemd": [
        Effect(
            "a drop-in of somebody else replaces a limit of the daemon",
            "printf '[Service]\\nLimitNOFILE=64\\n' > "
            "/etc/systemd/system/docker.service.d/override.conf; systemctl daemon-reload",
            "rm /etc/systemd/system/docker.service.d/override.conf; systemctl daemon-reload",
        ),
    ],
}
"""The effects on the machine of test_laws_docker.py."""
GO: dict[str, list[Effect]] = {
    "go": [
        Effect(
            "the cache of builds does not belong to the user",
            "chown root: /home/dev/caches/go-build; chmod 0755 /home/dev/caches/go-build",
            "chown dev: /home/dev/caches/go-build",
            Teller.VERIFY,
        ),
        Effect(
            "a profile of the user finds another go",
            "mkdir /home/dev/other; printf '#!/bin/sh\\necho other\\n' > /home/dev/other/go; "
            # The user's shell is zsh there, which reads no ~/.profile.
            "chmod 0755 /home/dev/other/go; echo PATH=/home/dev/other:$PATH > /home/dev/.zprofile",
            "rm -r /home/dev/.zprofile /home/dev/other",
            Teller.VERIFY,
        ),
        Effect(
            "a limit of a service was replaced",
            "systemctl set-property --runtime api.service MemoryMax=infinity",
            "rm -r /run/systemd/system.control/api.service.d; systemctl daemon-reload; "
            "systemctl restart api.service",
            Teller.VERIFY,
        ),
        Effect(
            "the linter cannot be run",
            "mount --bind /dev/null $(readlink -f /usr/local/bin/golangci-lint)",
            "umount $(readlink -f /usr/local/bin/golangci-lint)",
            Teller.VERIFY,
        ),
    ],
    "logins": [
        Effect(
            "an entry of netrc for all machines comes first",
            "cp -p /home/dev/.netrc /root/netrc; "
            "sed -i '1i default login nobody password x' /home/dev/.netrc",
            "mv /root/netrc /home/dev/.netrc",
            Teller.VERIFY,
        ),
    ],
}
"""The effects on the machine of test_laws_go.py."""

COMPANY: dict[str, list[Effect]] = {
    "certificates": [
        Effect(
            "the store's folder of hashes lost the authority",
            "find /etc/ssl/certs -lname '*example-root*' -delete; openssl rehash /etc/ssl/certs",
        ),
        Effect(
            "a startup file of a person leads Node.js to another store",
            "echo export NODE_EXTRA_CA_CERTS=/etc/ssl/own.pem > /root/.bash_profile",
            "rm /root/.bash_profile",
            Teller.VERIFY,
        ),
    ],
    "proxy": [
        Effect(
            "the file that apt reads last has another proxy",
            "echo 'Acquire::https::Proxy \"DIRECT\";' > /etc/apt/apt.conf",
            "rm /etc/apt/apt.conf",
        ),
        Effect(
            "apt has a program that finds proxies",
            "echo 'Acquire::http::Proxy-Auto-Detect \"/bin/true\";' > /etc/apt/apt.conf.d/96auto",
            "rm /etc/apt/apt.conf.d/96auto",
        ),
        Effect(
            "npm of a person has another proxy",
            "echo proxy=http://old.example.test:1 > /root/.npmrc",
            "rm /root/.npmrc",
            Teller.VERIFY,
        ),
    ],
    "ssh": [
        Effect(
            "a file that sshd reads earlier lets root in",
            "echo PermitRootLogin yes > /etc/ssh/sshd_config.d/00-site.conf",
            "rm /etc/ssh/sshd_config.d/00-site.conf",
        ),
        Effect(
            "sshd_config reads no files of sshd_config.d",
            "sed -i s,^Include,#Include, /etc/ssh/sshd_config",
            "sed -i s,^#Include,Include, /etc/ssh/sshd_config",
        ),
        Effect(
            "somebody reads the keys of sshd, and it does not start again",
            "chmod 0644 /etc/ssh/ssh_host_*_key",
            "chmod 0600 /etc/ssh/ssh_host_*_key",
        ),
        Effect(
            "ssh reads other keys of servers",
            "echo GlobalKnownHostsFile /dev/null > /etc/ssh/ssh_config.d/00-site.conf",
            "rm /etc/ssh/ssh_config.d/00-site.conf",
        ),
        Effect(
            "ssh of a person logs in by another name",
            "mkdir -p /root/.ssh; echo User other > /root/.ssh/config",
            "rm /root/.ssh/config",
            Teller.VERIFY,
        ),
    ],
    "time": [
        Effect(
            "the file of the zone is gone",
            "mv /usr/share/zoneinfo/Europe/Berlin /root/",
            "mv /root/Berlin /usr/share/zoneinfo/Europe/",
        ),
    ],
    "locale": [
        Effect(
            "a startup file of a person sets LC_ALL",
            "echo export LC_ALL=C > /root/.bash_profile",
            "rm /root/.bash_profile",
            Teller.VERIFY,
        ),
    ],
}
"""The effects on the machine of test_laws_company.py."""


_PSQL = "runuser -u postgres -- psql -qc"
_REDIS = "own=$(sed -n 's/^requirepass //p' /etc/redis/zz-own.conf); redis() { printf \"$1\" "
_REDIS += '"$own" | redis-cli; }; redis'
_HBA = "/etc/postgresql/17/main/pg_hba.conf"
_RELOAD = "systemctl reload postgresql@17-main; sleep 0.5"
_HBA_BACK = f"sed -i '/of-the-test/d' {_HBA}; {_RELOAD}"


def _hba(line: str) -> str:
    """A script that puts a line before all others in pg_hba.conf."""
    return (
        f"sed -i '1i {line} # of-the-test' {_HBA}; systemctl reload postgresql@17-main; sleep 0.5"
    )


def _system(setting: str, value: str) -> tuple[str, str]:
    """The scripts that set a setting above all files, and that take it back."""
    restart = "systemctl restart postgresql@17-main"
    reset = f"{_PSQL} 'ALTER SYSTEM RESET {setting}'; {restart}"
    return f"{_PSQL} \"ALTER SYSTEM SET {setting} = '{value}'\"; {restart}", reset


SERVICES: dict[str, list[Effect]] = {
    "postgresql": [
        Effect("the server listens on every address", *_system("listen_addresses", "*")),
        Effect("another line wins over a setting", *_system("max_connections", "20")),
        Effect(
            "everybody is let in without a password",
            _hba("host all all 127.0.0.1/32 trust"),
            _HBA_BACK,
            Teller.VERIFY,
        ),
        Effect(
            "an earlier line keeps the role out",
            _hba("host all app 127.0.0.1/32 reject"),
            _HBA_BACK,
            Teller.VERIFY,
        ),
        Effect("the server's own account is kept out", _hba("local all all reject"), _HBA_BACK),
        Effect("a password has expired", f"{_PSQL} \"ALTER ROLE app VALID UNTIL '2001-01-01'\""),
    ],
    "nginx": [
        Effect(
            "an earlier site answers for the site",
            "printf 'server { listen 127.0.0.1:8080; return 500; }' >/etc/nginx/conf.d/a.conf; "
            "systemctl reload nginx; sleep 0.5",
            "rm /etc/nginx/conf.d/a.conf; systemctl reload nginx; sleep 0.5",
            Teller.VERIFY,
        ),
    ],
    "apache": [
        Effect(
            "an earlier site answers for the site",
            "printf '<VirtualHost 127.0.0.1:8081>\\nServerAlias localhost behind.localhost\\n"
            "Redirect 500 /\\n</VirtualHost>\\n' >/etc/apache2/sites-enabled/a.conf; "
            "systemctl reload apache2; sleep 1",
            "rm /etc/apache2/sites-enabled/a.conf; systemctl reload apache2; sleep 1",
            Teller.VERIFY,
        ),
    ],
    "mariadb": [
        Effect(
            "an account for localhost comes before the user",
            "mariadb -e \"CREATE USER web@localhost IDENTIFIED BY 'other'\"",
            "mariadb -e 'DROP USER web@localhost'",
            Teller.VERIFY,
        ),
        Effect(
            "root of the machine is kept out",
            "mariadb -e \"ALTER USER root@localhost IDENTIFIED BY 'other'\"",
            "mariadb -uroot -pother -e 'ALTER USER root@localhost IDENTIFIED VIA unix_socket'",
        ),
    ],
    "redis": [
        Effect(
            "the server listens on every address",
            f"{_REDIS} 'AUTH %s\\nCONFIG SET bind \"* -::*\"\\n'",
            "systemctl restart redis-server",
        ),
        Effect(
            "everybody is let in without a password",
            f"{_REDIS} 'AUTH %s\\nCONFIG SET requirepass \"\"\\n'",
            "systemctl restart redis-server",
            Teller.VERIFY,
        ),
    ],
}


AS_DEV = "runuser -u dev -- env XDG_RUNTIME_DIR=/run/user/$(id -u dev) systemctl --user"
ROOTLESS: dict[str, list[Effect]] = {
    "logins": [
        Effect(
            "podman keeps another login on the registry itself",
            "d=/run/user/$(id -u dev)/containers; mkdir -p $d; "
            'echo \'{"auths": {"localhost:5000": {"auth": "eDp5"}}}\' >$d/auth.json; '
            "chown -R dev: $d",
            "rm /run/user/$(id -u dev)/containers/auth.json",
            Teller.PLAN,
        ),
    ],
    "user_units": [
        Effect(
            "a service of the account fails again and again",
            f"touch /tmp/app-fails; {AS_DEV} restart app.service; sleep 3",
            f"rm /tmp/app-fails; {AS_DEV} reset-failed app.service; {AS_DEV} restart app.service",
        ),
        Effect("the manager of the account does not run", "systemctl stop user@$(id -u dev)"),
        Effect("the account's manager is gone after the next boot", "loginctl disable-linger dev"),
        Effect(
            "a unit file came that the account's manager has not read",
            "sleep 1.1; touch /home/dev/.config/systemd/user/app.service",
        ),
        Effect(
            "the account's manager reads a unit file that stands before its own",
            "mkdir -p /home/dev/.config/systemd/user.control; "
            "printf '[Service]\\nExecStart=/bin/sleep 999\\n' > "
            "/home/dev/.config/systemd/user.control/app.service; "
            "chown -R dev: /home/dev/.config/systemd/user.control; "
            f"{AS_DEV} daemon-reload; {AS_DEV} restart app.service",
            "rm /home/dev/.config/systemd/user.control/app.service; "
            f"{AS_DEV} daemon-reload; {AS_DEV} restart app.service",
        ),
    ],
    "podman": [
        Effect(
            "an account has too few subordinate ids for the users of a container",
            "sed -i 's/^dev:.*/dev:100000:1000/' /etc/subuid /etc/subgid",
        ),
        Effect(
            "the socket of podman does not listen",
            f"{AS_DEV} stop podman.socket",
        ),
    ],
}
"""The effects on the machine of test_laws_rootless.py."""


def rows(table: Mapping[str, Sequence[Effect]]) -> list[tuple[str, Effect]]:
    """Return the rows of a table, each with its capability."""
    return [(capability, effect) for capability, effects in table.items() for effect in effects]


RUNTIMES: dict[str, list[Effect]] = {
    "runtimes": [
        Effect(
            "the program of an installed version was removed",
            "rm /home/dev/.local/share/mise/installs/node/24.19.0/bin/node",
        ),
        Effect(
            "the program of a tool was removed",
            "rm /home/dev/.local/share/mise/installs/npm-envwright-greeter/1.2.3/"
            "node_modules/.bin/greeter",
        ),
        Effect("a shim was removed", "rm /home/dev/.local/share/mise/shims/node"),
        Effect(
            "a profile of the user finds another node",
            "mkdir /home/dev/other; printf '#!/bin/sh\\necho v24.19.0\\n' >/home/dev/other/node; "
            "chmod 0755 /home/dev/other/node; cp -p /home/dev/.profile /root/profile; "
            "echo PATH=/home/dev/other:'$PATH' >>/home/dev/.profile",
            "mv /root/profile /home/dev/.profile; rm -r /home/dev/other",
            Teller.VERIFY,
        ),
    ],
    "virtualenvs": [
        Effect(
            "the person removed a package",
            "su - dev -c '~/venvs/dates/bin/python -m pip uninstall -qy six'",
        ),
        Effect(
            "the environment was made with a Python that is gone",
            "ln -sfn /usr/local/bin/python3 /home/dev/venvs/dates/bin/python3",
        ),
    ],
}
"""The effects on the machine of test_laws_runtimes.py."""


RUST: dict[str, list[Effect]] = {
    "rust": [
        Effect(
            "the person removed a component",
            "su - dev -c 'rustup component remove rustfmt'",
        ),
        Effect(
            "the person removed a target",
            "su - dev -c 'rustup target remove wasm32-unknown-unknown'",
        ),
        Effect(
            "another version of the program was installed by hand",
            "sed -i 's/envwright-hello 1.0.0/envwright-hello 0.9.0/' /home/dev/.cargo/.crates.toml",
        ),
        Effect(
            "a profile of the user finds another rustc",
            "mkdir /home/dev/other; "
            "printf '#!/bin/sh\\necho rustc 1.0.0\\n' >/home/dev/other/rustc; "
            "chmod 0755 /home/dev/other/rustc; cp -p /home/dev/.profile /root/profile; "
            "echo PATH=/home/dev/other:'$PATH' >>/home/dev/.profile",
            "mv /root/profile /home/dev/.profile; rm -r /home/dev/other",
            Teller.VERIFY,
        ),
    ],
}
"""The effects on the machine of test_laws_rust.py."""


UPKEEP: dict[str, list[Effect]] = {
    "packages": [
        Effect(
            "the package lists are gone",
            "find /var/lib/apt/lists -mindepth 1 -delete",
        ),
    ],
    "unattended_upgrades": [
        Effect(
            "another file turns all of them off",
            "echo 'APT::Periodic::Enable \"0\";' >/etc/apt/apt.conf.d/99mine",
            "rm /etc/apt/apt.conf.d/99mine",
            Teller.VERIFY,
        ),
    ],
}
"""The effects on the machine of test_laws_upkeep.py."""


_DROP_IN = "folder=/home/dev/.config/systemd/user/jupyter.service.d; mkdir $folder"
EDITORS: dict[str, list[Effect]] = {
    "vscode": [
        Effect(
            "the person installed another version by hand",
            "su - dev -c 'code --install-extension golang.go@0.40.0'",
        ),
        Effect(
            "VS Code lists an extension no more, though its list has it",
            "sed -i '/eamodio/d' /home/dev/.vscode/extensions/names",
            "su - dev -c 'code --install-extension eamodio.gitlens'",
            Teller.VERIFY,
        ),
    ],
    "jupyter": [
        Effect(
            "a setting of the person opens the server to everybody",
            """\
echo '{"IdentityProvider": {"token": ""}, "ServerApp": {"token": ""}}' > \
/home/dev/.jupyter/jupyter_server_config.json; \
"""
            f"{AS_DEV} restart jupyter.service",
            f"rm /home/dev/.jupyter/jupyter_server_config.json; {AS_DEV} restart jupyter.service",
            Teller.VERIFY,
        ),
        Effect(
            "a drop-in of the person has the server listen on every address",
            f"""\
{_DROP_IN}; sed -n '/^ExecStart=/{{s/127.0.0.1/0.0.0.0/;iExecStart=
p}}' /home/dev/.config/systemd/user/jupyter.service | sed '1i[Service]' > $folder/own.conf; \
chown -R dev: $folder; {AS_DEV} daemon-reload; {AS_DEV} restart jupyter.service""",
            f"rm -r /home/dev/.config/systemd/user/jupyter.service.d; {AS_DEV} daemon-reload; "
            f"{AS_DEV} restart jupyter.service",
        ),
    ],
}
"""The effects on the machine of test_laws_editors.py."""


CPP: dict[str, list[Effect]] = {
    "cpp": [
        Effect(
            "a person gave ccache's file a size that ccache does not read",
            "sed -i 's/^max_size.*/max_size = much/' /etc/ccache.conf",
        ),
    ],
    "debugging": [
        Effect(
            "a later file of gdb turns the history off",
            "echo set history save off >/etc/gdb/gdbinit.d/90-quiet.gdb",
            "rm /etc/gdb/gdbinit.d/90-quiet.gdb",
            Teller.VERIFY,
        ),
        Effect(
            "a later file of gdb trusts other folders",
            "echo set auto-load safe-path /srv >/etc/gdb/gdbinit.d/90-safe.gdb",
            "rm /etc/gdb/gdbinit.d/90-safe.gdb",
            Teller.VERIFY,
        ),
        Effect(
            "gdb lost the printers of the C++ library",
            "mv /usr/share/gdb/auto-load /root/auto-load",
            "mv /root/auto-load /usr/share/gdb/auto-load",
            Teller.VERIFY,
        ),
        Effect(
            "a file of a hardening guide forbids core dumps",
            "echo '* hard core 0' >/etc/security/limits.d/90-cis.conf",
            "rm /etc/security/limits.d/90-cis.conf",
            Teller.VERIFY,
        ),
        Effect(
            "a person's own profile forbids core dumps",
            "cp -p /home/dev/.profile /root/profile; echo ulimit -c 0 >>/home/dev/.profile",
            "mv /root/profile /home/dev/.profile",
            Teller.VERIFY,
        ),
        Effect(
            "a person's own profile names another server of symbols",
            "cp -p /home/dev/.profile /root/profile; "
            "echo export DEBUGINFOD_URLS=http://localhost >>/home/dev/.profile",
            "mv /root/profile /home/dev/.profile",
            Teller.VERIFY,
        ),
        Effect(
            "another file lets any program trace after the next boot",
            "echo 'kernel.yama.ptrace_scope = 0' >/etc/sysctl.d/99-trace.conf",
            "rm /etc/sysctl.d/99-trace.conf",
        ),
    ],
    "perf": [
        Effect(
            "a file of a hardening guide takes perf from persons at the next boot",
            "echo 'kernel.perf_event_paranoid = 3' >/etc/sysctl.d/99-hardening.conf",
            "rm /etc/sysctl.d/99-hardening.conf",
        ),
        Effect(
            "a perf for another kernel is found before",
            "printf '#!/bin/sh\\necho perf not found for this kernel >&2; exit 2\\n' "
            ">/usr/local/bin/perf; chmod 0755 /usr/local/bin/perf",
            "rm /usr/local/bin/perf",
            Teller.VERIFY,
        ),
    ],
}
"""The effects on the machine of test_laws_cpp.py."""
