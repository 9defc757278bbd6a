# Prints of the machine on which $mail lies the clock, as the environment has Cyrus see it,
# in seconds since 1970; how many bytes may still be written beside the mail; and how that
# is mounted.

use Time::HiRes;

printf "%.6f\n", Time::HiRes::time();

my ($blocks, $size) = split ' ', `stat -f -c '%a %S' $mail`;
print $blocks * $size, "\n";

# The last of the mounts that reach down furthest is the one that is seen.
my ($reaches, $mounted) = (0, 'rw');
open my $mounts, '<', '/proc/self/mounts' or die "reading what is mounted: $!\n";
while (<$mounts>) {
    my (undef, $at, undef, $options) = split ' ';
    next unless $at eq '/' || $at eq $mail || index($mail, "$at/") == 0;
    ($reaches, $mounted) = (length $at, $options) if length $at >= $reaches;
}
print $mounted =~ /(?:^|,)ro(?:,|$)/ ? 'ro' : 'rw', "\n";
