# What the scripts share that look at a server's files, as Cyrus's own user. They change
# none, and open no database by Cyrus's tools that such a tool would first mend. Before it
# stands where things are: $lists, $mail, and @dbtool, the command of cyr_dbtool.

use Compress::Raw::Zlib qw(crc32);

my $magic = "\241\002\213\015";

# content returns what is in a file, or nothing where that cannot be read.
sub content {
    my ($path) = @_;
    open my $file, '<:raw', $path or return;
    local $/;
    return scalar <$file>;
}

# spread is where a unique ID lies below a folder of many.
sub spread {
    my ($folder, $id) = @_;
    return join '/', $folder, 'uuid', substr($id, 0, 1), substr($id, 1, 1), $id;
}

# spoilt says in what a file is no whole database. The header of a twoskip one says how
# long it is; what is written past that has not been committed. That of a skiplist says
# where its log begins.
sub spoilt {
    my ($path) = @_;
    open my $file, '<:raw', $path or return 'it is not there';
    read $file, my $header, 64;
    my $size = (stat $file)[7];
    return "it has $size bytes, and no header" if length $header < 64;
    my $whole;
    if (index($header, "${magic}twoskip file\0\0\0\0") == 0) {
        return 'the checksum of its header does not hold' if crc32(substr $header, 0, 60) != unpack 'N', substr $header, 60;
        $whole = unpack 'Q>', substr $header, 48, 8;
    } elsif (index($header, "${magic}skiplist file\0\0\0") == 0) {
        $whole = unpack 'N', substr $header, 40, 4;
    } else {
        return 'it does not begin as Cyrus writes it';
    }
    return $size < $whole ? "it has $size of $whole bytes" : '';
}

# entry_of returns the name and the unique ID of the mailbox that a line of mailboxes.db
# is about, if there is such a mailbox, and it holds mail. The type comes first, and is e
# for those alone: what remains of a mailbox that was deleted or renamed (ed) goes by its
# former name and still has the unique ID, below which the mail may lie, under DELETED or
# under the new name.
sub entry_of {
    my ($line) = @_;
    my ($name, $id) = $line =~ /^N([^\t]*)\t%\(T e I ([\w-]{16,}) / or return;
    return $name =~ /\x1f#/ ? () : [$name, $id];
}

# mailboxes returns the name and the unique ID of each mailbox for mail whose name
# begins so, as mailboxes.db has them, in which the parts of a name are told apart by
# \x1f.
sub mailboxes {
    my ($beginning) = @_;
    return if spoilt("$lists/mailboxes.db");
    open my $listed, '-|', @dbtool, "$lists/mailboxes.db", 'twoskip', 'show', "N$beginning" or die "reading mailboxes.db: $!\n";
    my @found = map { entry_of($_) } <$listed>;
    close $listed or die "reading mailboxes.db: cyr_dbtool ended with $?\n";
    return @found;
}
