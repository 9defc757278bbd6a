#!/usr/bin/env python3
"""An outside restore tool, and one to avoid: whatever the old master shows and the new
one does not is copied, as plain copying programs do. Nothing tells it what users have
deleted since.

    cyrdrill run unreplicated-mail --restorer 'plain-copy=docs/examples/plain-copy.py'
    cyrdrill run unreplicated-mail --restorer 'plain-copy=docs/examples/plain-copy.py --by-body'
"""
import email
import hashlib
import imaplib
import json
import os
import re
import socket
import sys

ADMIN, PASSWORD = os.environ["CYRDRILL_ADMIN"], os.environ["CYRDRILL_PASSWORD"]
BY_BODY = "--by-body" in sys.argv[1:]
AT_ONCE = 200  # messages in one FETCH


def login(server, account):
    """A connection to a server, on which the administrator acts as the account."""
    host, port = os.environ[f"CYRDRILL_{server.upper()}_IMAP"].rsplit(":", 1)
    imap = imaplib.IMAP4(host, int(port), timeout=60)
    imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # imaplib sends in small pieces
    imap.authenticate("PLAIN", lambda _: f"{account}\0{ADMIN}\0{PASSWORD}".encode())
    return imap


def mailboxes(imap):
    """The account's own mailboxes, quoted as the server wants to read them."""
    names = [re.search(rb'("(?:[^"\\]|\\.)*"|[^ ]+)$', line).group(1).decode() for line in imap.list()[1] if line]
    quoted = [name if name.startswith('"') else f'"{name}"' for name in names]
    return [name for name in quoted if re.match(r'"INBOX["/]', name)]


def keys(imap, mailbox):
    """UIDs of the mailbox's messages, by Message-ID or by the digest of the body."""
    found = {}
    if imap.select(mailbox, readonly=True)[0] != "OK":
        return found
    uids = imap.uid("SEARCH", "ALL")[1][0].split()
    what = "BODY.PEEK[]" if BY_BODY else "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
    for i in range(0, len(uids), AT_ONCE):
        for part in imap.uid("FETCH", b",".join(uids[i:i + AT_ONCE]), f"(UID {what})")[1]:
            if not isinstance(part, tuple):
                continue
            uid = re.search(rb"UID (\d+)", part[0]).group(1)
            header = email.message_from_bytes(part[1])["Message-ID"]
            key = hashlib.sha1(part[1]).digest() if BY_BODY or not header else header.strip()
            found.setdefault(key, uid)
    return found


def copy(source, destination, mailbox, uids):
    """Appends messages with their flags and dates."""
    source.select(mailbox, readonly=True)
    for uid in uids:
        answer = [part for part in source.uid("FETCH", uid, "(FLAGS INTERNALDATE BODY.PEEK[])")[1] if isinstance(part, tuple)]
        if not answer:
            raise SystemExit(f"{mailbox}: message {uid.decode()} is listed and cannot be read")
        about, body = answer[0]
        flags = re.search(rb"FLAGS \(([^)]*)\)", about).group(1).decode().replace("\\Recent", "").strip()
        date = re.search(rb'INTERNALDATE ("[^"]*")', about).group(1).decode()
        status, why = destination.append(mailbox, f"({flags})", date, body)
        if status != "OK":
            raise SystemExit(f"{mailbox}: message {uid.decode()} was refused: {why[0].decode()}")


def restore(account):
    """Copies what the account lacks, and returns how much that was."""
    source, destination = login(os.environ["CYRDRILL_RESCUED"], account), login(os.environ["CYRDRILL_SERVING"], account)
    there, copied = mailboxes(destination), 0
    for mailbox in mailboxes(source):
        if mailbox not in there:
            destination.create(mailbox)
        has, lacks = keys(source, mailbox), keys(destination, mailbox)
        missing = [uid for key, uid in has.items() if key not in lacks]
        copy(source, destination, mailbox, missing)
        copied += len(missing)
    source.logout()
    destination.logout()
    return copied


accounts = os.environ["CYRDRILL_ACCOUNTS"].split()
for n, account in enumerate(accounts, 1):
    copied = restore(account)
    print(json.dumps({"progress": n / len(accounts), "text": f"{account}: {copied} copied"}), flush=True)
