# SPDX-License-Identifier: Apache-2.0
"""Other people's servers, as far as tests need them: HTTP, HTTPS and mail that check what they get and misbehave when asked to.

Started as a program it prints one line of JSON, where everything listens, and ends when its standard input does. What it is to
do and what it has seen goes over HTTP, on its plain port:

    PUT    /_simulator/script   {"path": "/v1/x", "steps": [{"status": 503}, {"status": 200, "body": "{}"}]}
    GET    /_simulator/log?path=/v1/x        requests, oldest first; without a path all of them
    GET    /_simulator/mail?to=a@example.in  messages that were taken in
    GET    /_simulator/sms?to=%2B919876543210  text messages, by any provider

The last step of a script stays. `web.py` says what a step may hold, `mail.py` which addresses misbehave, `sms.py`
which credentials its providers of text messages want, `oidc.py` who signs in at its Google.
"""
import asyncio
import json
import os
import shutil
import ssl
import sys
import tempfile

import certificates
import mail
import web


def context(pair):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pair[1], pair[0])
    return made


async def main(folder):
    authority = certificates.make(folder, "authority")
    trusted = context(certificates.make(folder, "localhost", authority))
    # Signed by the right authority for somebody else; and by nobody.
    other, alone = context(certificates.make(folder, "elsewhere", authority, name="elsewhere.example")), context(certificates.make(folder, "alone"))
    site, post = web.Site(), mail.Post()
    site.mail = post.messages

    loop, ports = asyncio.get_running_loop(), {"ca": str(authority[1])}
    for name, tls in (("http", None), ("https", trusted), ("https_elsewhere", other), ("https_alone", alone)):
        server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=tls, limit=1 << 16, backlog=4_096)
        ports[name] = server.sockets[0].getsockname()[1]
    for name, factory, tls in (("smtp", post.protocol(trusted), None), ("smtps", post.protocol(None, is_encrypted=True), trusted),
                               ("smtp_plain", post.protocol(None), None), ("smtp_elsewhere", post.protocol(other), None)):
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=tls)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    # Those that hang are not waited for.
    shutil.rmtree(folder)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(tempfile.mkdtemp()))
