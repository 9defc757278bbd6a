#!/bin/sh
# An outside restore tool, and one to avoid: sync_client -A, by which the old master sends
# all that it has to the new one. Needs real servers, and the docker command.
#
#     cyrdrill run unreplicated-mail --restorer 'sync-all=docs/examples/sync-all.sh'
set -eu

# of SERVER WHAT: the variable that tells something of a server.
of() { printenv "CYRDRILL_$(printf '%s_%s' "$1" "$2" | tr '[:lower:]' '[:upper:]')" || true; }

old=$(of "$CYRDRILL_RESCUED" exec)
new=$(of "$CYRDRILL_SERVING" exec)
if [ -z "$old" ] || [ -z "$new" ]; then
    echo "sync_client runs on the old master's machine, and from here nothing does: there is none on the simulator" >&2
    exit 1
fi

# The old master is cut off the network of replication: of the new one's addresses that
# one serves which it can reach.
# shellcheck disable=SC2086  # both are several words
for address in $($new hostname -I); do
    if $old timeout 2 bash -c ": </dev/tcp/$address/2005" 2>/dev/null; then peer=$address; fi
done
# shellcheck disable=SC2086
$old sh -euc '
    grep -v "^sync_" /etc/imapd.conf >/tmp/to-new-master.conf
    printf "%s\n" "sync_log: no" "sync_host: $1" "sync_port: 2005" "sync_authname: $2" \
        "sync_password: $3" "sync_try_imap: no" "sync_timeout: 10s" >>/tmp/to-new-master.conf
    exec cyrus sync_client -C /tmp/to-new-master.conf -v -A' \
    sync-all "${peer:?the old master reaches none of the addresses of the new one}" "$CYRDRILL_ADMIN" "$CYRDRILL_PASSWORD" >&2
