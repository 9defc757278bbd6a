#!/usr/bin/env python3
"""An outside detector: is UIDNEXT of each INBOX the same on both servers?

    cyrdrill score --detector 'uidnext=docs/examples/uidnext.py'
"""
import imaplib
import json
import os
import re
import time

master = os.environ["CYRDRILL_MASTER"]
servers = os.environ["CYRDRILL_SERVERS"].split()
admin, password = os.environ["CYRDRILL_ADMIN"], os.environ["CYRDRILL_PASSWORD"]


def uidnext(server, account):
    """UIDNEXT of the account's INBOX; None where nobody can be asked."""
    address = os.environ[f"CYRDRILL_{server.upper()}_IMAP"]
    if not address:
        return None
    host, port = address.rsplit(":", 1)
    try:
        imap = imaplib.IMAP4(host, int(port), timeout=5)
        # The administrator acts as the account.
        imap.authenticate("PLAIN", lambda _: f"{account}\0{admin}\0{password}".encode())
        status, answer = imap.status("INBOX", "(UIDNEXT)")
        imap.logout()
    except (OSError, imaplib.IMAP4.error):
        return None
    return int(re.search(rb"UIDNEXT (\d+)", answer[0]).group(1)) if status == "OK" else None


print(json.dumps({"claims": ["replica-behind"]}))
replica = next(s for s in servers if s != master)
for account in os.environ["CYRDRILL_ACCOUNTS"].split():
    for attempt in range(3):  # lag that goes away is no finding
        here, there = uidnext(master, account), uidnext(replica, account)
        if here is None or there is None or there >= here:
            break
        time.sleep(1)
    else:
        print(json.dumps({
            "kind": "replica-behind", "server": replica, "account": account, "right": master,
            "evidence": f"UIDNEXT of INBOX is {here} on {master} and {there} on {replica}",
        }))
