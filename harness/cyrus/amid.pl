# Runs the rest of the arguments, a reconstruct of the mailbox in folder $1, by slices
# of a fifth of a millisecond, and leaves it stopped as soon as it has files of that
# folder open. Prints its pid and what it has open there. Exit status 1: it had ended
# before that.
use strict;
use warnings;
use POSIX ();
use Time::HiRes qw(usleep);

my ($folder, @command) = @ARGV;

my $pid = fork;
die "fork: $!" unless defined $pid;
if (!$pid) {
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    kill STOP => $$;
    exec @command;
    exit 127;
}

sub opened {
    my %names;
    for my $link (glob "/proc/$pid/fd/*") {
        my $file = readlink $link;
        $names{$1} = 1 if defined $file && $file =~ m{^\Q$folder\E/(.+)};
    }
    return sort keys %names;
}

while (waitpid($pid, POSIX::WUNTRACED()) == $pid) {
    exit 1 unless POSIX::WIFSTOPPED(${^CHILD_ERROR_NATIVE});
    if (my @open = opened()) {
        print "$pid\n@open\n";
        exit 0;
    }
    kill CONT => $pid;
    usleep 200;
    kill STOP => $pid;
}
