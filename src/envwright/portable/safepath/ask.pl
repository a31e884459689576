# Answers what a plan asks of paths. Its arguments are pairs: `stat`, `text` or `guarded`, and a path;
# or `user` or `group`, and a name.
# Each answer is a line, `KIND LENGTH` or for a status more, and as many bytes; TEXT_LIMIT is put in.
my $limit = TEXT_LIMIT;
my (%users, %groups);
my ($last, $entered) = ('');

sub answer { my ($line, $bytes) = @_; print $line, ' ', length $bytes, "\n", $bytes; return }

sub status_of {
    my ($name) = @_;
    my @seen = lstat $name or failed("$at/$name");
    my $kind = -l _ ? 'link' : -f _ ? 'file' : -d _ ? 'directory' : 'other';
    my $target = $kind eq 'link' ? readlink $name // failed("$at/$name") : '';
    my $user = $users{$seen[4]} //= getpwuid $seen[4] // $seen[4];
    my $group = $groups{$seen[5]} //= getgrgid $seen[5] // $seen[5];
    answer(sprintf('%s %04o %s %s %d', $kind, $seen[2] & 07777, $user, $group, $seen[7]), $target);
    return;
}

sub text_of {
    my ($name) = @_;
    my @seen = lstat $name or failed("$at/$name");
    halt('missing', '') if !-f _ || $seen[7] > $limit;
    halt('unknown', "it is a hard link to a file of @{[owner_name($seen[4])]}") if foreign(@seen);
    my $bytes = '';
    my $file = open_seen($name, @seen);
    1 while read $file, $bytes, $limit + 1 - length $bytes, length $bytes;
    halt('missing', '') if length $bytes > $limit;
    answer('text', $bytes);
    return;
}

sub guard {
    my ($path) = @_;
    halt('refused', "$path lies in a folder that @{[changer()]} can change") if hostile();
    answer('guarded', '');
    return;
}

sub known {
    my ($kind, $name) = @_;
    halt('missing', '') if !defined($kind eq 'user' ? getpwnam $name : getgrnam $name);
    answer('known', '');
    return;
}

sub answer_to {
    my ($kind, $path) = @_;
    return known($kind, $path) if $kind eq 'user' || $kind eq 'group';
    my ($folder, $name) = $path =~ m{^(.*)/([^/]*)$}s;
    if (!$entered || $folder ne $last || $name =~ /^[.]{0,2}$/) {
        $entered = 0;
        $name = arrive($path);
        ($entered, $last) = (1, $folder);
    }
    return guard($path) if $kind eq 'guarded';
    return $kind eq 'stat' ? status_of($name) : text_of($name);
}

binmode STDOUT;
while (my ($kind, $path) = splice @ARGV, 0, 2) {
    next if eval { answer_to($kind, $path); 1 };
    # What is not there will be in the deepest folder that there is, where we stopped.
    next if $kind eq 'guarded' && ref $@ && $@->{kind} eq 'missing' && eval { guard($path); 1 };
    my $why = ref $@ ? $@ : {kind => 'unknown', text => $@};
    answer($why->{kind}, $why->{text});
}
