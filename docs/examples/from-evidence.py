#!/usr/bin/env python3
"""An outside restore tool that reads the evidence: of the freeze it learns what was never
replicated and what was expunged unseen, and does that and no more. It knows neither
mailboxes that were renamed nor flags, scripts or settings.

    cyrdrill run unreplicated-mail --restorer 'from-evidence=docs/examples/from-evidence.py'
"""
import email
import imaplib
import json
import os
import re
import socket

ADMIN, PASSWORD = os.environ["CYRDRILL_ADMIN"], os.environ["CYRDRILL_PASSWORD"]
RESCUED, SERVING = os.environ["CYRDRILL_RESCUED"], os.environ["CYRDRILL_SERVING"]
DONE = os.path.join(os.environ["CYRDRILL_WORK"], "done")  # a line for each message that was put back


def login(server, account):
    """A connection to a server, on which the administrator acts as the account."""
    host, port = os.environ[f"CYRDRILL_{server.upper()}_IMAP"].rsplit(":", 1)
    imap = imaplib.IMAP4(host, int(port), timeout=60)
    imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # imaplib sends in small pieces
    imap.authenticate("PLAIN", lambda _: f"{account}\0{ADMIN}\0{PASSWORD}".encode())
    return imap


def fetch(imap, uid, what):
    """What one message has, and what the server said before it."""
    for part in imap.uid("FETCH", str(uid), f"({what})")[1]:
        if isinstance(part, tuple):
            return part
    return None


def holds(imap, body):
    """Whether the selected mailbox has a message of that Message-ID."""
    known = email.message_from_bytes(body)["Message-ID"]
    return known and imap.uid("SEARCH", "HEADER", "Message-ID", f'"{known.strip()}"')[1][0].split() != []


def put_back(source, destination, mailbox, record, done):
    """Appends a message that was never replicated, unless it was put back before."""
    about, body = fetch(source, record["uid"], "FLAGS INTERNALDATE BODY.PEEK[]")
    if not holds(destination, body):  # a run that was killed may not have noted it
        flags = re.search(rb"FLAGS \(([^)]*)\)", about).group(1).decode().replace("\\Recent", "").strip()
        date = re.search(rb'INTERNALDATE ("[^"]*")', about).group(1).decode()
        status, why = destination.append(f'"{mailbox}"', f"({flags})", date, body)
        if status != "OK":
            raise SystemExit(f"{mailbox}: UID {record['uid']} was refused: {why[0].decode()}")
    done.write(record["guid"] + "\n")
    done.flush()


def restore(account, frozen, known, done):
    """Restores the mailboxes that both sides of the freeze have."""
    source, destination = login(RESCUED, account), login(SERVING, account)
    before = {m["uniqueid"]: m for m in frozen[SERVING]["accounts"][account]["mailboxes"]}
    for mailbox in frozen[RESCUED]["accounts"][account]["mailboxes"]:
        replica = before.get(mailbox["uniqueid"])
        if replica is None:
            print(json.dumps({"left": "the mailbox never got there", "account": account, "mailbox": mailbox["name"]}))
            continue
        records = {r["uid"]: r for r in replica["records"] or []}
        source.select(f'"{mailbox["name"]}"', readonly=True)
        destination.select(f'"{replica["name"]}"')
        for record in mailbox["records"] or []:
            there = records.get(record["uid"])
            if record.get("expunged"):
                if there and not there.get("expunged") and there["guid"] == record["guid"]:
                    destination.uid("STORE", str(record["uid"]), "+FLAGS.SILENT", r"(\Deleted)")
                    destination.uid("EXPUNGE", str(record["uid"]))
            elif record["uid"] > replica["last_uid"] and record["guid"] not in known:
                put_back(source, destination, replica["name"], record, done)
    source.logout()
    destination.logout()


with open(os.environ["CYRDRILL_FREEZE"], encoding="utf-8") as file:
    frozen = json.load(file)["sides"]
accounts = os.environ["CYRDRILL_ACCOUNTS"].split()
with open(DONE, "a+", encoding="utf-8") as done:
    done.seek(0)
    known = set(done.read().split())
    for n, account in enumerate(accounts, 1):
        restore(account, frozen, known, done)
        print(json.dumps({"progress": n / len(accounts), "text": account}), flush=True)
