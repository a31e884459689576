# Enters the folder of a path from `/` on, step by step, and follows no link that anybody but root
# can have put there. What was entered stays the working directory, and everything that is done
# then names one entry of it: no other path is looked up again. Needs nothing but perl-base.
use strict;

my @from;                           # what lstat says of the folder that we are in
my ($at, $open, $user) = ('', 0);   # its path; who but root can change it: anybody, this uid

sub halt { die {kind => $_[0], text => $_[1]} }

sub failed {
    my ($path) = @_;
    # ENOENT is 2 and ENOTDIR is 20 on every Linux; Errno.pm would take longer than all of this.
    halt($! == 2 || $! == 20 ? 'missing' : 'unknown', "$path: $!");
}

sub ours { my ($uid) = @_; return $uid == 0 || $uid == $> }

sub owner_name { my ($uid) = @_; return getpwuid $uid // $uid }

sub closed { return ours($from[4]) && !($from[2] & 022) }    # only root makes entries here

sub hostile { return $open || !closed() }

sub changer {
    return defined $user ? owner_name($user) : 'others than root';
}

# Takes in the folder that was just entered; `$safe`: nobody else can have put it there.
sub settle {
    my ($safe) = @_;
    @from = lstat '.' or failed($at);
    $open = 1 if !$safe;
    return if ours($from[4]);
    halt('refused', "$at belongs to @{[owner_name($from[4])]}, in a folder of "
        . "@{[owner_name($user)]}") if defined $user && $user != $from[4];
    $user = $from[4];
    return;
}

sub restart {
    chdir '/' or failed('/');
    ($at, $open, $user) = ('', 0);
    settle(1);
    return;
}

sub up {
    halt('refused', "'..' leads out of $at, which @{[changer()]} can change") if hostile();
    chdir '..' or failed("$at/..");
    $at =~ s{/[^/]*$}{};
    settle(1);
    return;
}

# Goes down into an entry; returns the steps that a link puts in its place.
sub down {
    my ($name) = @_;
    my $next = "$at/$name";
    my @seen = lstat $name or failed($next);
    if (-l _) {
        halt('refused', "$next is a link, and @{[changer()]} can change it") if hostile();
        my $target = readlink $name // failed($next);
        restart() if $target =~ m{^/};
        return split m{/+}, $target;
    }
    if (!-d _) {
        halt('refused', "$next is not a folder, and @{[changer()]} can change it") if hostile();
        $! = 20;
        failed($next);
    }
    # Nobody renames what is root's in root's own sticky folder (/tmp).
    my $safe = !hostile() || (!$open && ours($from[4]) && $from[2] & 01000 && ours($seen[4]));
    chdir $name or failed($next);
    my @now = lstat '.';
    # Where only root can change it, it is another when an automount has come between.
    halt('refused', "$next was replaced at this moment")
        if !$safe && "@now[0, 1]" ne "@seen[0, 1]";
    $at = $next;
    settle($safe);
    return;
}

# Enters the folder of a path and returns the name of its entry; `$make` is given the names of
# folders that are missing.
sub arrive {
    my ($path, $make) = @_;
    my ($folder, $name) = $path =~ m{^(/.*?)/*([^/]*)/*$}s or halt('refused', "$path: no full path");
    halt('refused', "$path leads to a folder above") if $name eq '..';
    restart();
    my ($links, @left) = (0, grep { length } split m{/+}, $folder);
    while (@left) {
        my $step = shift @left;
        next if $step eq '' || $step eq '.';
        if ($step eq '..') { up(); next }
        $make->($step) if $make && !lstat $step;
        my @more = down($step) or next;
        halt('unknown', "$path: Too many levels of symbolic links") if ++$links > 40;
        unshift @left, @more;
    }
    return length $name ? $name : '.';
}

# A hard link to somebody else's file is not the user's, whatever folder it lies in.
sub foreign {
    my @seen = @_;
    return hostile() && !closed() && $seen[3] > 1 && !(!ours($from[4]) && $seen[4] == $from[4]);
}

# Opens a regular file that lstat has seen, and no other.
sub open_seen {
    my ($name, @seen) = @_;
    my $flags = 0;
    if (hostile()) {
        require Fcntl;
        $flags = Fcntl::O_NOFOLLOW() | Fcntl::O_NONBLOCK();    # what a pipe would wait for
    }
    sysopen my $file, $name, $flags or failed("$at/$name");
    binmode $file;
    my @now = stat $file;
    halt('refused', "$at/$name was replaced at this moment")
        if !-f _ || "@now[0, 1]" ne "@seen[0, 1]";
    return $file;
}
