# Gives port 2005 to something that answers each connection with bytes of no
# meaning ($1 = on), or back to sync_server (off). Cyrus's master process holds the
# port, so it has to do without the service first.

hang_up() {
    for folder in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$folder/comm" || continue
        [ "$name" != master ] || kill -HUP "${folder#/proc/}"
    done
}

listens() { busybox netstat -tln | grep -q ':2005 '; }

# until_port WANTED waits until somebody listens there (yes), or nobody (no).
until_port() {
    tries=0
    while listens && [ "$1" = no ] || ! listens && [ "$1" = yes ]; do
        tries=$((tries + 1))
        [ "$tries" -le 500 ] || exit 1
        sleep 0.01
    done
}

case $1 in
on)
    sed -i 's/^  sync  /  #sync  /' /etc/cyrus.conf
    hang_up
    until_port no
    setsid perl -MIO::Socket::INET -e '
        $0 = "garbler";
        my $port = IO::Socket::INET->new(LocalPort => 2005, Listen => 50, ReuseAddr => 1) or die $!;
        while (my $client = $port->accept) {
            print $client join("", map { chr int rand 256 } 1 .. 200), "\r\n";
            close $client;
        }' </dev/null >/dev/null 2>&1 &
    until_port yes
    ;;
off)
    for folder in /proc/[0-9]*; do
        tr '\0' ' ' 2>/dev/null <"$folder/cmdline" | grep -q '^garbler' && kill -KILL "${folder#/proc/}"
    done
    until_port no
    sed -i 's/^  #sync  /  sync  /' /etc/cyrus.conf
    hang_up
    until_port yes
    ;;
esac
