# Lists the message files in the mailboxes of the account whose INBOX mailboxes.db calls
# $ARGV[0]: for each mailbox a line of its name, for each file below it one of its UID,
# size, what Cyrus may do with it, and SHA-1.

use Digest::SHA qw(sha1_hex);

# digest reads a file in one piece, unless it is a large one.
sub digest {
    my ($path, $size) = @_;
    return Digest::SHA->new(1)->addfile($path, 'b')->hexdigest if $size > 1 << 22;
    my $content = content($path);
    return defined $content ? sha1_hex($content) : '-';
}

my ($inbox) = @ARGV;
for my $mailbox (mailboxes($inbox)) {
    my ($name, $id) = @$mailbox;
    next unless $name eq $inbox || index($name, "$inbox\x1f") == 0;
    print "mailbox $name\n";
    opendir my $folder, spread($mail, $id) or next;
    chdir $folder or next;
    for my $uid (sort { $a <=> $b } map { /^([1-9]\d*)\.$/ ? $1 : () } readdir $folder) {
        my $size = (stat "$uid.")[7];
        next unless defined $size;
        my ($may_read, $may_write) = (-r _, -w _);
        print join(' ', $uid, $size, $may_read && $may_write ? 'usable' : 'denied', $may_read ? digest("$uid.", $size) : '-'), "\n";
    }
}
