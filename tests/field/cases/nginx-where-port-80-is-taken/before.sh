# shellcheck shell=sh
# shellcheck disable=SC2016 # perl expands its own variables
systemd-run --quiet --unit=other perl -MIO::Socket::INET -e '
my $server = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die; sleep'
until ss -Hltn | grep -q ':80 '; do sleep 0.1; done
