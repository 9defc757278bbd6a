# Lists the files beside the messages: the server's, and those of the accounts whose
# INBOXes mailboxes.db calls as @ARGV says. Each is a line of its name, the account's and
# the mailbox's names in mailboxes.db, whether it is there, what Cyrus may do with it,
# its size, and what is wrong with it, with tabs between.

# Where things are in cyrus.index, in its header and in each record.
my ($header_length, $record_flags, $record_cache, $record_guid, $record_cid) = (160, 32, 24, 60, 88);
my $expunged = 0xc0000000; # that, or unlinked

my %wanted = map { $_ => 1 } @ARGV;

# report prints a line. What is wrong with a file that may not be read is not told.
sub report {
    my ($name, $account, $mailbox, $path, $wrong) = @_;
    my $size = (stat $path)[7];
    my $there = defined $size;
    my $readable = $there && -r _;
    my $usable = $readable && -w _;
    $wrong = '' if $there && !$readable;
    print join("\t", $name, $account, $mailbox, $there ? 'there' : 'missing', $usable ? 'usable' : 'denied', $size // 0, $wrong), "\n";
}

# index_of returns what is wrong with an index, its generation, and its messages: each
# with GUID, conversation, and where in the cache it says to be, with what checksum.
sub index_of {
    my ($path) = @_;
    my $content = content($path);
    return 'it is not there' unless defined $content;
    return 'it has ' . length($content) . ' bytes, and no header' if length $content < $header_length;
    my ($generation, $start, $size, $count) = unpack 'N x8 N3', $content;
    return 'the checksum of its header does not hold'
        if crc32(substr $content, 0, $header_length - 4) != unpack 'N', substr $content, $header_length - 4;
    my $whole = $start + $size * $count;
    return 'it has ' . length($content) . " of $whole bytes" if length $content < $whole;
    my (@live, %at);
    for my $n (0 .. $count - 1) {
        my $record = substr $content, $start + $n * $size, $size;
        my ($uid, $cache, $flags) = unpack "N x${\($record_cache - 4)} N x${\($record_flags - $record_cache - 4)} N", $record;
        next if $uid == 0;
        $at{$cache} = 1;
        next if $flags & $expunged;
        push @live, {
            guid => unpack('H40', substr $record, $record_guid, 20), conversation => unpack('Q>', substr $record, $record_cid, 8),
            cache => $cache, crc => unpack('N', substr $record, -8),
        };
    }
    return ('', $generation, [sort { $a <=> $b } keys %at], @live);
}

# cached is the checksum of what a cache has at a place, 0 where it has nothing whole:
# ten fields, each its length and as many bytes, filled up to four.
sub cached {
    my ($cache, $at) = @_;
    my $end = $at;
    for (1 .. 10) {
        return 0 if $end + 4 > length $$cache;
        $end += 4 + (unpack('N', substr $$cache, $end, 4) + 3 & ~3);
    }
    return $end > length $$cache ? 0 : crc32(substr $$cache, $at, $end - $at);
}

# cache_wrong says in what a cache is not what its index says.
sub cache_wrong {
    my ($path, $generation, $places, @live) = @_;
    return '' unless @live;
    my $cache = content($path);
    return 'it is not there' unless defined $cache;
    return 'it has ' . length($cache) . ' bytes, and no header' if length $cache < 4;
    return 'it is of another generation than the index' if unpack('N', $cache) != $generation;
    my %next;
    @next{@$places} = (@$places[1 .. $#$places], length $cache); # one begins where another ends, as a rule
    my $lost = grep {
        my $at = $_->{cache};
        !($at < length $cache && crc32(substr $cache, $at, $next{$at} - $at) == $_->{crc}) && cached(\$cache, $at) != $_->{crc}
    } @live;
    return $lost ? "it does not tell of $lost messages" : '';
}

# unknown returns those GUIDs of which a conversations.db knows nothing.
sub unknown {
    my ($path, @guids) = @_;
    my ($content, %known) = (content($path) // '');
    $known{$1} = 1 while $content =~ /G([0-9a-f]{40})/g;
    return grep { !$known{$_} } @guids;
}

# account_of returns whose a mailbox is, if it is of an account that is asked about.
sub account_of {
    my ($name) = @_;
    my ($account) = $name =~ /^(user\x1f[^\x1f]+)/;
    return $account && $wanted{$account} ? $account : undef;
}

# conversing returns the GUIDs of an account's messages that are part of a conversation.
sub conversing {
    my ($account) = @_;
    my @guids;
    for my $mailbox (mailboxes($account)) {
        my ($name, $id) = @$mailbox;
        next unless (account_of($name) // '') eq $account;
        my (undef, undef, undef, @live) = index_of(spread($mail, $id) . '/cyrus.index');
        push @guids, map { $_->{guid} } grep { $_->{conversation} } @live;
    }
    return @guids;
}

report('mailboxes.db', '', '', "$lists/mailboxes.db", spoilt("$lists/mailboxes.db"));
for my $name ('annotations.db', 'deliver.db') {
    report($name, '', '', "$lists/$name", spoilt("$lists/$name")) if -e "$lists/$name";
}

my (%home, %guids);
for my $mailbox (mailboxes(@ARGV == 1 ? $ARGV[0] : "user\x1f")) {
    my ($name, $id) = @$mailbox;
    my $account = account_of($name) // next;
    $home{$account} = spread("$lists/user", $id) if $name eq $account;
    my $folder = spread($mail, $id);
    my ($wrong, $generation, $places, @live) = index_of("$folder/cyrus.index");
    report('cyrus.cache', $account, $name, "$folder/cyrus.cache", $wrong ? '' : cache_wrong("$folder/cyrus.cache", $generation, $places, @live));
    my $header = content("$folder/cyrus.header");
    report('cyrus.header', $account, $name, "$folder/cyrus.header",
        !defined $header ? 'it is not there' : index($header, "${magic}Cyrus mailbox header") != 0 ? 'it does not begin as Cyrus writes it' : '');
    report('cyrus.index', $account, $name, "$folder/cyrus.index", $wrong);
    push @{$guids{$account}}, map { $_->{guid} } grep { $_->{conversation} } @live;
}

# Cyrus writes down a message's conversation a moment after its record, and forgets those
# of a mailbox that a user deletes.
my %unknown = map { $_ => [unknown("$home{$_}/conversations.db", @{$guids{$_} // []})] } keys %home;
for (1 .. 3) {
    my @lacking = grep { @{$unknown{$_}} } keys %unknown or last;
    select undef, undef, undef, 0.3;
    for my $account (@lacking) {
        my %still = map { $_ => 1 } conversing($account);
        $unknown{$account} = [unknown("$home{$account}/conversations.db", grep { $still{$_} } @{$unknown{$account}})];
    }
}
for my $account (sort keys %home) {
    my $conversations = "$home{$account}/conversations.db";
    my $lost = @{$unknown{$account}};
    my $broken = -e $conversations ? spoilt($conversations) : '';
    report('conversations.db', $account, '', $conversations, $broken || ($lost ? "it does not know of $lost messages" : ''));
    my $seen = "$home{$account}/seen.db";
    report('seen.db', $account, '', $seen, -e $seen ? spoilt($seen) : '');
    report($_, $account, '', "$home{$account}/$_", '') for 'counters.db', 'dav.db', 'sub.db'; # of other formats
}
