"""Images for compose stacks, made of a machine's own files: no registry is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from machines.machine import Machine

SERVER = """\
use IO::Socket::INET;
$| = 1;
$SIG{TERM} = sub { exit 0 };
my @sockets = map {
    IO::Socket::INET->new(LocalPort => $_, Listen => 5, ReuseAddr => 1) or die "port $_: $!\\n"
} @ARGV;
print "listening on @ARGV\\n";
for my $server (@sockets[1 .. $#sockets]) { next if fork; @sockets = ($server); last }
while (my $client = $sockets[0]->accept) {
    my $answer = do { local (@ARGV, $/) = glob "/answer /run/secrets/*"; @ARGV ? <> : "hello" };
    print $client "HTTP/1.0 200 OK\\r\\n\\r\\n$answer";
    close $client;
}
"""
"""Serves /answer, or the first secret, or "hello", on each port that it is given."""

BUILD = r"""set -e
folder=$(mktemp -d)
mkdir -p "$folder/tmp" "$folder/run" "$folder/usr/bin"
libraries=$(for file in /bin/bash /usr/bin/perl; do ldd $file | grep -o '/[^ )]*'; done | sort -u)
base=$(perl -e 'print grep m|/perl-base$|, @INC')
for file in /bin/sh /bin/bash /usr/bin/perl $libraries; do
    mkdir -p "$folder${file%/*}" && cp -L "$file" "$folder$file"
done
mkdir -p "$folder$base" && cp -rL "$base/." "$folder$base"
cat >"$folder/server.pl"
printf '#!/bin/sh\nexit 0\n' >"$folder/usr/bin/ollama" && chmod 755 "$folder/usr/bin/ollama"
tar -C "$folder" -cf /var/tmp/stand-in.tar . && rm -r "$folder"
"""


def put_image(machine: Machine, name: str, *ports: int) -> None:
    """Import an image that serves on the ports; it has a shell, bash, perl and `ollama`."""
    machine.sh(f"[ -e /var/tmp/stand-in.tar ] || {{ {BUILD} }}", text=SERVER)
    arguments = ", ".join(f'"{word}"' for word in ("/usr/bin/perl", "/server.pl", *ports))
    change = f"--change 'CMD [{arguments}]'"
    machine.sh(f"docker import {change} /var/tmp/stand-in.tar {name}")
