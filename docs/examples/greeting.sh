#!/bin/sh
# An outside detector: does each server greet? Needs curl.
#
#     cyrdrill score --detector 'greeting=docs/examples/greeting.sh'
set -eu

# greets ADDRESS: the exit status of asking for the server's capabilities.
greets() {
    curl --silent --output /dev/null --max-time 5 --request CAPABILITY "imap://$1/" || return $?
}

echo '{"claims": ["server-down", "server-hung"]}'
for server in $CYRDRILL_SERVERS; do
    upper=$(printf '%s' "$server" | tr '[:lower:]' '[:upper:]')
    address=$(printenv "CYRDRILL_${upper}_IMAP" || true)
    status=0
    if [ -n "$address" ]; then greets "$address" || status=$?; else status=7; fi
    case $status in
        0) ;;
        28) printf '{"kind": "server-hung", "server": "%s", "evidence": "no greeting within 5 s"}\n' "$server" ;;
        *) printf '{"kind": "server-down", "server": "%s", "evidence": "curl ended with %d"}\n' "$server" "$status" ;;
    esac
done
