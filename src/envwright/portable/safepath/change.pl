# Makes one change to what lies at a path, or says how it is, relative to the folder that it entered.
# Its arguments are a command, a path and what the command takes; "" leaves an attribute alone.
# EXPECTED is what `look` said of the path ("" for whatever): anything else there is refused.
use Fcntl;
use IO::Handle;

my ($command, $path, @given) = @ARGV;
my ($scrap, $private);    # an entry of the folder, and a folder elsewhere, that must not stay

sub sweep {
    unlink $scrap if defined $scrap;
    system 'rm', '-rf', '--', $private if defined $private;
    undef $_ for $scrap, $private;
    return;
}
END { my $code = $?; sweep(); $? = $code }
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
$SIG{PIPE} = 'IGNORE';
umask 077;
binmode $_ for *STDIN, *STDOUT;

sub uid_of {
    my ($owner) = @_;
    return -1 if !length $owner;
    return $owner if $owner =~ /^\d+$/;    # one that may have no account any more
    return getpwnam $owner // halt('unknown', "there is no user '$owner'");
}

sub gid_of {
    my ($group) = @_;
    return -1 if !length $group;
    return $group if $group =~ /^\d+$/;
    return getgrnam $group // halt('unknown', "there is no group '$group'");
}

# With the number of the process, so that what a killed one left is known for it.
sub random_name { return sprintf 'envwright-%08x%08x', $$, rand 2**32 }

# Removes what killed processes left in a folder.
sub clean {
    my ($folder, $dot) = @_;
    opendir my $entries, $folder or return;
    for my $name (readdir $entries) {
        my ($pid) = $name =~ /^\Q$dot\Eenvwright-([0-9a-f]{8})[0-9a-f]{8}$/ or next;
        next if -e '/proc/' . hex $pid;
        $dot ? unlink $name : system 'rm', '-rf', '--', "$folder/$name";
    }
    return;
}

sub digest {
    my ($file) = @_;
    my $child = open(my $said, '-|') // failed($path);
    if (!$child) {
        open STDIN, '<&', $file;
        exec 'sha256sum' or kill 'KILL', $$;
    }
    my ($sum) = readline($said) =~ /^(\w+)/ or halt('unknown', "$path: sha256sum failed");
    seek $file, 0, 0;
    return $sum;
}

# One word for what lies at a name: its inode and, of a file, its content. True of nothing else.
sub identity {
    my ($name) = @_;
    my @seen = lstat $name or return 'none';
    my $inode = "$seen[0]:$seen[1]";
    return $inode if !-f _ || foreign(@seen);
    return "$inode:$seen[7]:$seen[10]" if $seen[7] > 2**26;    # size and ctime: reading takes long
    return "$inode:" . digest(open_seen($name, @seen));
}

sub same {
    my ($identity, $expected) = @_;
    halt('refused', "$path changed after it was compared")
        if length $expected && $identity ne $expected;
    return;
}

sub expect {
    my ($name, $expected) = @_;
    same(identity($name), $expected) if length $expected;
    return;
}

# What lies in a user's folder is that user's, or root's; nobody else is given something there.
sub allow {
    my ($owner) = @_;
    my $uid = uid_of($owner);
    return if $uid < 0 || ours($uid) || !defined $user || $user == $uid;
    my $name = owner_name($uid);
    halt('refused', "$path lies in a folder of @{[owner_name($user)]}, and is to be ${name}'s");
}

# What is made by name and has an owner from then on is made by that owner, where others can put
# something else at the name.
sub as_owner {
    my ($uid, $gid, $make) = @_;
    return $make->() if $uid < 0 || $uid == $> || closed();
    my ($groups, $root) = ($), $>);
    my $name = owner_name($uid);
    my ($others) = `id -G -- '$name'` =~ /^([\d ]+)$/;
    $) = "$gid $others";    # one after the other: root alone may change the groups
    $> = $uid;
    my $done = $make->();
    my $why = $!;
    $> = $root;
    $) = $groups;
    $! = $why;
    return $done;
}

sub open_folder {
    my ($name) = @_;
    my $flags = Fcntl::O_RDONLY | Fcntl::O_DIRECTORY | Fcntl::O_NOFOLLOW;
    sysopen my $folder, $name, $flags or failed("$at/$name");
    return $folder;
}

# By its handle: another may have the name by now.
sub give {
    my ($handle, $uid, $gid, $mode) = @_;
    my @seen = stat $handle;
    if (($uid >= 0 && $uid != $seen[4]) || ($gid >= 0 && $gid != $seen[5])) {
        chown $uid, $gid, $handle or failed($path);
    }
    return if !length $mode;
    chmod oct $mode, $handle or failed($path);    # last: chown takes the setuid bit
    return;
}

sub make_folder {
    my ($name, $uid, $gid, $mode) = @_;
    as_owner($uid, $gid, sub { mkdir $name, 0700 }) or failed("$at/$name");
    my $folder = open_folder($name);
    my $given = !closed() && $uid >= 0;
    halt('refused', "$at/$name was replaced at this moment")
        if $given && (stat $folder)[4] != $uid;
    give($folder, $given ? (-1, -1) : ($uid, $gid), $mode);
    return;
}

# Arrives; a folder that is missing on the way belongs to whom the folder around it does.
sub arrive_for {
    my ($owner) = @_;
    my $name = arrive($path, sub { allow($owner); make_folder($_[0], @from[4, 5], '0755') });
    allow($owner);
    clean('.', '.');
    return $name;
}

sub put_in_place {
    my ($name, $expected, @made) = @_;
    expect($name, $expected);
    rename $scrap, $name or failed($path);
    undef $scrap;
    my @now = lstat $name;
    halt('refused', "$path was replaced while it was written") if "@now[0, 1]" ne "@made[0, 1]";
    return;
}

sub create {
    my ($name) = @_;
    my $flags = Fcntl::O_RDWR | Fcntl::O_CREAT | Fcntl::O_EXCL | Fcntl::O_NOFOLLOW;
    sysopen my $file, $name, $flags, 0600 or failed($path);
    binmode $file;
    return $file;
}

# Says why a file cannot be written; closed here, lest Perl warns of that, too.
sub unwritten {
    my ($handle) = @_;
    my $why = $!;
    close $handle;
    $! = $why;
    failed($path);
}

sub copy {
    my ($from, $to, $size) = @_;
    my $left = $size;
    while (read $from, my $bytes, 65536) {
        print {$to} $bytes or unwritten($to);
        $left -= length $bytes;
    }
    halt('unknown', "$path: its content came cut off") if $left;
    $to->flush && $to->sync or unwritten($to);
    return;
}

# Has a command judge the content, as "$staged", in a folder that nobody else can look into.
sub judge {
    my ($content, $mode, $validate) = @_;
    my $common = -w '/run' ? '/run' : '/tmp';
    clean($common, '');
    my $folder = "$common/" . random_name();
    mkdir $folder, 0700 or failed($folder);
    $private = local $ENV{staged} = $folder;
    my ($name, @above) = reverse grep { length } split m{/}, $path;
    for my $step (reverse @above) {
        $ENV{staged} .= "/$step";
        mkdir $ENV{staged};
    }
    $ENV{staged} .= "/$name";
    my $file = create($ENV{staged});
    give($file, -1, -1, $mode);
    seek $content, 0, 0;
    copy($content, $file, -s $content);
    # Not in the folder that was entered, where a user may have put what the command looks for.
    system('sh', '-c', "cd / && exec </dev/null || exit\n$validate") == 0 or exit(($? >> 8) || 1);
    return;
}

# Arrives, or returns nothing where a folder is missing on the way.
sub arrive_if_there {
    my $name = eval { arrive($path) };
    die $@ if !defined $name && !(ref $@ && $@->{kind} eq 'missing');
    return $name;
}

# What lies at the path, as `save` notes it: kind, owner, group, mode and target.
sub note {
    my ($name) = @_;
    my @seen = defined $name ? lstat $name : ();
    return 'none' if !@seen;
    my $kind = -l _ ? 'link' : -f _ ? 'file' : halt('refused', "$path: it is not a file");
    return ($kind, @seen[4, 5], sprintf('%04o', $seen[2] & 07777), $kind eq 'link' ? readlink $name : '');
}

# Notes something in a folder of root's own, on the disk.
sub note_down {
    my ($folder, @noted) = @_;
    my $about = create("$folder/about");
    print {$about} join "\0", @noted or unwritten($about);
    $about->flush && $about->sync or unwritten($about);
    return;
}

# Copies the file at a name into a folder of root's own.
sub keep {
    my ($name, $folder) = @_;
    my @seen = lstat $name;
    halt('refused', "$path is a hard link to a file of @{[owner_name($seen[4])]}") if foreign(@seen);
    my $content = create("$folder/content");
    copy(open_seen($name, @seen), $content, $seen[7]);
    return $content;
}

# Gives a kept content its name by its digest: equal contents take the disk but once.
sub share {
    my ($folder, $objects, $sum) = @_;
    my ($content, $object) = ("$folder/content", "$objects/$sum");
    return if link $content, $object;
    # The other content is one that a run before this one kept, in a folder of root's own.
    unlink $content;
    link $object, $content or failed($object);
    return;
}

# Keeps what lies at the path, as `record` does, and returns its kind; a content that holds a secret
# is kept by its digest alone.
sub keep_image {
    my ($folder, $objects, @secrets) = @_;
    my $name = eval { arrive_if_there() };
    if (ref $@) { note_down($folder, 'unknown', ('') x 7, $@->{text}, ''); return 'unknown' }
    die $@ if $@;
    my $above = $at;
    my @seen = defined $name ? lstat $name : ();
    if (!@seen) { note_down($folder, 'none', ('') x 6, $above, '', ''); return 'none' }
    my $kind = -l _ ? 'link' : -f _ ? 'file' : -d _ ? 'directory' : 'other';
    my $mode = sprintf '%04o', $seen[2] & 07777;
    my $target = $kind eq 'link' ? readlink $name : '';
    my ($sum, $why) = ('', '');
    if ($kind eq 'file' && foreign(@seen)) {
        ($kind, $why) = ('unknown', "$path is a hard link to a file of @{[owner_name($seen[4])]}");
    }
    elsif ($kind eq 'file' && grep { $_ eq '*' } @secrets) {
        ($kind, $sum) = ('hidden', digest(open_seen($name, @seen)));
    }
    elsif ($kind eq 'file') {
        my $content = keep($name, $folder);
        seek $content, 0, 0;
        $sum = digest($content);
        my $hidden;
        if (@secrets && $seen[7] <= 2**26) {
            read $content, my $bytes, $seen[7];
            $hidden = grep { index($bytes, $_) >= 0 } @secrets;
        }
        if ($hidden) { unlink "$folder/content"; $kind = 'hidden' }
        else { share($folder, $objects, $sum) }
    }
    my $group = getgrgid $seen[5] // $seen[5];
    note_down($folder, $kind, @seen[4, 5], $mode, $target, owner_name($seen[4]), $group,
        $above, $why, $sum);
    return $kind;
}

my %do;
%do = (
    look => sub {
        my $name = arrive($path);
        my @seen = lstat $name or failed("$at/$name");
        my $kind = -l _ ? 'link' : -f _ ? 'file' : -d _ ? 'directory' : 'other';
        my $group = getgrgid $seen[5] // $seen[5];
        print unpack 'H*', join "\0", $kind, sprintf('%04o', $seen[2] & 07777),
            owner_name($seen[4]), $group, identity($name), $kind eq 'link' ? readlink $name : '';
    },
    get => sub {
        my $name = arrive($path);
        my @seen = lstat $name or failed("$at/$name");
        halt('refused', "$path: it is not a file") if !-f _;
        halt('refused', "$path is a hard link to a file of @{[owner_name($seen[4])]}")
            if foreign(@seen);
        halt('refused', "$path has more than TEXT_LIMIT bytes") if $seen[7] > TEXT_LIMIT;
        my $file = open_seen($name, @seen);
        print "$seen[0]:$seen[1]:", digest($file), "\n";
        read $file, my $bytes, TEXT_LIMIT;
        print $bytes;
    },
    access => sub {
        my ($group, $mode, $expected) = @_;
        my $name = arrive($path);
        my @seen = lstat $name or failed($path);
        halt('refused', "$path changed after it was compared") if !-f _ || foreign(@seen);
        my $file = open_seen($name, @seen);
        same("$seen[0]:$seen[1]:" . digest($file), $expected);
        give($file, -1, gid_of($group), $mode);
    },
    put => sub {
        my ($owner, $group, $mode, $expected, $size, $validate) = @_;
        my ($uid, $gid) = (uid_of($owner), gid_of($group));
        my $name = arrive_for($owner);
        lstat $name;
        halt('refused', "$path: it is a directory") if -d _;
        expect($name, $expected);
        $scrap = '.' . random_name();
        my $file = create($scrap);
        give($file, $uid, $gid, $mode);
        copy(\*STDIN, $file, $size);
        judge($file, $mode, $validate) if length $validate;
        put_in_place($name, $expected, stat $file);
    },
    folder => sub {
        my ($owner, $group, $mode, $expected) = @_;
        my ($uid, $gid) = (uid_of($owner), gid_of($group));
        my $name = arrive_for($owner);
        expect($name, $expected);
        return make_folder($name, $uid, $gid, $mode || '0755') if !lstat $name;
        my $folder = open_folder($name);
        same(join(':', (stat $folder)[0, 1]), $expected);
        give($folder, $uid, $gid, $mode);
    },
    link => sub {
        my ($owner, $group, $target, $expected) = @_;
        my ($uid, $gid) = (uid_of($owner), gid_of($group));
        my $name = arrive_for($owner);
        expect($name, $expected);
        $scrap = '.' . random_name();
        as_owner($uid, $gid, sub { symlink $target, $scrap }) or failed($path);
        if (closed()) {
            require POSIX;
            POSIX::lchown($uid, $gid, $scrap) or failed($path);
        }
        put_in_place($name, $expected, lstat $scrap);
    },
    remove => sub {
        my ($expected) = @_;
        my $name = arrive($path);
        lstat $name or failed($path);
        halt('refused', "$path: it is a directory") if -d _;
        expect($name, $expected);
        unlink $name or failed($path);
    },
    # Keeps what lies at the path in a folder of root's own, for `restore`.
    save => sub {
        my ($folder) = @_;
        my $name = arrive_if_there();
        my @noted = note($name);
        keep($name, $folder) if $noted[0] eq 'file';
        note_down($folder, @noted);
    },
    # Keeps what lies at many paths, each in a folder with its number below the path, contents by
    # their digests in OBJECTS, and the paths themselves. stdin: the count of secrets, these, and the
    # paths, each NUL-ended; a path behind a `*` is that of a file whose content is a secret as a
    # whole, as is one that stands so in the file KNOWN.
    record => sub {
        my ($objects, $known) = @_;
        my ($folder, $number, %secret) = ($path, 0);
        if (length $known) {
            open my $file, '<', $known or failed($known);
            $secret{$_} = 1 for split /\0/, join '', <$file>;
        }
        my ($count, @words) = split /\0/, join '', <STDIN>;
        my @secrets = splice @words, 0, $count;
        for my $word (@words) {
            my ($each) = $word =~ /^\*?(.*)$/s;
            my $own = "$folder/" . $number++;
            mkdir $own, 0700 or failed($own);
            $path = $each;
            my $whole = $word ne $each || $secret{"*$each"};
            my $kind = keep_image($own, $objects, $whole ? '*' : @secrets);
            $word = "*$each" if $whole || $kind eq 'hidden';
        }
        my $paths = create("$folder/paths");
        print {$paths} map { "$_\0" } @words or unwritten($paths);
        $paths->flush && $paths->sync or unwritten($paths);
    },
    # Puts back what `save` or `record` kept.
    restore => sub {
        my ($folder) = @_;
        open my $about, '<', "$folder/about" or halt('unknown', "$folder/about: $!");
        my ($kind, $uid, $gid, $mode, $target) = split /\0/, join('', <$about>), -1;
        return $do{link}->($uid, $gid, $target, '') if $kind eq 'link';
        if ($kind eq 'none') {
            my $name = arrive_if_there();
            return if !defined $name || !lstat $name;
            return -d _ ? $do{drop}->() : $do{remove}->('');
        }
        open STDIN, '<', "$folder/content" or halt('unknown', "$folder/content: $!");
        binmode STDIN;
        $do{put}->($uid, $gid, $mode, '', -s STDIN, '');
    },
    # Removes a directory that is empty; what holds anything stays.
    drop => sub {
        my $name = arrive_if_there();
        rmdir $name if defined $name;
    },
    guard => sub {
        arrive_if_there();
        halt('refused', "$path lies in a folder that @{[changer()]} can change") if hostile();
    },
);

exit if eval { $do{$command}->(@given); 1 };
my $why = ref $@ ? $@ : {kind => 'unknown', text => $@};
if ($why->{kind} eq 'missing' && $command =~ /^(?:look|get|remove)$/) {
    print "none\n" if $command eq 'get';
    exit;
}
# pyinfra does not show what a fact says on stderr.
if ($command eq 'look') {
    print unpack 'H*', ("\0" x 6) . $why->{text};
    exit;
}
print STDERR "$why->{text}\n";
exit 1;
