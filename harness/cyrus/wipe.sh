# Brings a running server back to an empty one, as user cyrus: the master
# process and its sockets stay, its children and all data go.

# Children end by TERM. By KILL, the master process would count a failure, and
# give a service up after the fifth. A stopped child must go on to see TERM.
children() {
    for folder in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$folder/comm" || continue
        case $name in
        imapd | lmtpd | timsieved | sync_server | sync_client) echo "${folder#/proc/}" ;;
        esac
    done
}

end_children() {
    for pid in $(children); do
        kill -TERM "$pid" 2>/dev/null && kill -CONT "$pid" 2>/dev/null || true
    done
}

end_children
find /var/lib/cyrus /var/spool/cyrus/mail /var/spool/sieve -mindepth 2 -delete 2>/dev/null || true
find /var/lib/cyrus /var/spool/cyrus/mail /var/spool/sieve -mindepth 1 -maxdepth 1 -type f -delete
/usr/sbin/cyrus ctl_cyrusdb -r >/dev/null 2>&1
# Whoever was born meanwhile may hold a database that is gone.
end_children
kill -HUP 1
