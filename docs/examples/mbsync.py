#!/usr/bin/env python3
"""An outside restore tool: mbsync (Debian's isync) pulls from the old master what the new
one has not. It knows a message by the UIDs that it had on both sides when it looked last,
and of what was there before its first look it knows nothing.

    cyrdrill run unreplicated-mail --restorer 'mbsync=docs/examples/mbsync.py'

Where there is no mbsync, the image cyrdrill/isync:bookworm (or MBSYNC_IMAGE) has it.
"""
import base64
import os
import shutil
import socket
import subprocess
import sys
import threading

ADMIN, PASSWORD = os.environ["CYRDRILL_ADMIN"], os.environ["CYRDRILL_PASSWORD"]
IMAGE = os.environ.get("MBSYNC_IMAGE", "cyrdrill/isync:bookworm")
WORK = os.environ["CYRDRILL_WORK"]


def pump(source, sink):
    """Passes on what one side says, until either is gone."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def greet(client, server, account):
    """Logs in at the server as the account, which mbsync cannot: the client need not."""
    host, port = os.environ[f"CYRDRILL_{server.upper()}_IMAP"].rsplit(":", 1)
    far = socket.create_connection((host, int(port)), timeout=60)
    with far.makefile("rb") as answers:
        answers.readline()
        far.sendall(b"a AUTHENTICATE PLAIN\r\n")
        answers.readline()
        far.sendall(base64.b64encode(f"{account}\0{ADMIN}\0{PASSWORD}".encode()) + b"\r\n")
        while not (answer := answers.readline()).startswith(b"a "):
            if not answer:
                break
    if not answer.startswith(b"a OK"):
        client.close()
        return
    client.sendall(b"* PREAUTH ready\r\n")
    threading.Thread(target=pump, args=(far, client), daemon=True).start()
    pump(client, far)


def door(server, account):
    """The port of a door through which a server is entered as the account."""
    listener = socket.create_server(("127.0.0.1", 0))

    def let_in():
        while True:
            client = listener.accept()[0]
            threading.Thread(target=greet, args=(client, server, account), daemon=True).start()

    threading.Thread(target=let_in, daemon=True).start()
    return listener.getsockname()[1]


def config():
    """A channel for each account."""
    text = ""
    for account in os.environ["CYRDRILL_ACCOUNTS"].split():
        state = os.path.join(WORK, account, "")
        os.makedirs(state, exist_ok=True)
        for name, server in ("old", os.environ["CYRDRILL_RESCUED"]), ("new", os.environ["CYRDRILL_SERVING"]):
            text += f"IMAPStore {name}-{account}\nHost 127.0.0.1\nPort {door(server, account)}\nPath INBOX/\nSSLType None\n\n"
        text += (f"Channel {account}\nFar :old-{account}:\nNear :new-{account}:\nPatterns INBOX *\n"
                 f"Sync Pull New\nCreate Near\nCopyArrivalDate yes\nSyncState {state}\n\n")
    return text


file = os.path.join(WORK, "mbsyncrc")
with open(file, "w", encoding="utf-8") as out:
    out.write(config())
command = ["mbsync"]
if not shutil.which("mbsync"):
    # One whose run was killed goes on, and keeps its state locked.
    name = "-".join(WORK.split(os.sep)[-3:-1])
    subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
    command = ["docker", "run", "--rm", "--name", name, "--network", "host", "--volume", f"{WORK}:{WORK}",
               "--user", f"{os.getuid()}:{os.getgid()}", "--entrypoint", "mbsync", IMAGE]
sys.exit(subprocess.run(command + ["--config", file, "--all"], stdout=sys.stderr, check=False).returncode)
