#!/bin/sh
# Looks at the TCP sockets that listen. $1: `free`, which fails where another program than a unit
# keeps the unit from listening; `there`, which fails where the unit does not listen; or `only`,
# which also fails where the unit listens elsewhere. $2: the unit; then where it should listen, each
# as `ADDRESS port NUMBER`.
if ! command -v ss >/dev/null; then
  [ "$1" != free ] || exit 0
  echo 'there is no ss(8), which shows what listens'
  exit 77
fi
perl -MSocket=:DEFAULT,IPPROTO_IPV6,IPV6_V6ONLY -MErrno=EADDRINUSE,EADDRNOTAVAIL -e '
my ($verb, $unit, @wanted) = @ARGV;
# A machine without IPv6 has nothing to bind there.
@wanted = grep { !/:/ } @wanted unless -e "/proc/net/if_inet6" && `cat /proc/net/if_inet6` ne "";
my $all = qr/^(0\.0\.0\.0|::|\*)$/;

# What listens: address, port, and the control group of who opened the socket (ss(8)).
my (@there, %own);
for (`ss -H -ltn --cgroup`) {
    my ($address, $at, $group) = /^LISTEN\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(?:\s+cgroup:(\S+))?/
        or next;
    $address =~ s/^\[|\]$|%.*//g;
    my $ours = ($group // "") =~ m{/\Q$unit\E(/|$)};
    $own{"$address port $at"} = 1 if $ours;
    push @there, [$address, $group // "", $ours, $at];
}
# One socket may take the connections to all addresses of IPv4 and of IPv6.
for my $both (grep { /^\*/ } keys %own) {
    delete $own{$both};
    $own{$_ . substr $both, 1} = 1 for "0.0.0.0", "::";
}

if ($verb ne "free") {
    my %expected = map { ($_ => 1) } @wanted;
    my @missing = grep { !$own{$_} } sort keys %expected;
    my @more = grep { $verb eq "only" && !$expected{$_} } sort keys %own;
    print map { "$unit does not listen on $_\n" } @missing;
    print map { "$unit listens on $_, too\n" } @more;
    exit(@missing || @more ? 1 : 0);
}

sub holder {
    my ($address, $port) = @_;
    my @at = grep { $_->[0] eq $address || $_->[0] =~ $all || $address =~ $all }
        grep { $_->[3] == $port } @there;
    return "" if grep { $_->[2] } @at;
    return "no program that is seen here has the port $port, and yet it is taken: look for the "
        . "program in Windows, or in another network namespace" unless @at;
    my ($of) = $at[0][1] =~ m{([^/]+\.(?:service|scope|socket))(?:/|$)};
    return ($of ? $of : "another program") . " has the port $port";
}
for my $place (grep { !$own{$_} } @wanted) {
    my ($address, $port) = split / port /, $place;
    my $six = $address =~ /:/;
    socket my $socket, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0 or next;
    setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
    setsockopt $socket, IPPROTO_IPV6, IPV6_V6ONLY, 1 if $six;
    my $bytes = Socket::inet_pton($six ? AF_INET6 : AF_INET, $address);
    next if bind $socket, $six ? pack_sockaddr_in6($port, $bytes) : pack_sockaddr_in($port, $bytes);
    my $why = $! == EADDRINUSE ? holder($address, $port)
        : $! == EADDRNOTAVAIL ? "this machine has no address $address" : "$address: $!";
    next if $why eq "";
    print "$why\n";
    exit 1;
}
' "$@"
