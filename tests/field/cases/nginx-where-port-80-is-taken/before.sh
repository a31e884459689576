systemd-run --quiet --unit=other perl -MIO::Socket::INET -e '
my $server = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $server->accept) { close $client }'
until ss -Hltn | grep -q ':80 '; do sleep 0.1; done
