# SPDX-License-Identifier: Apache-2.0
"""The HTTP side: h11 reads what comes, strictly; what goes out is written by hand, so that it can be wrong."""
import asyncio
import base64
import itertools
import json
import socket
import struct
import urllib.parse

import h11

import oidc
import sms

# What a step may hold:
#   status, fields, body       the answer; `zeros` instead of `body` is so many bytes
#   pause                      seconds before the body of the request is read
#   do                         answer   as told (without it)
#                              hang     never answers; with "after": "head" stops behind the answer's head
#                              drip     a byte a second, or every `every` seconds
#                              reset    a TCP reset; with "after": "half" in the middle of the body
#                              close    closes without a word
#                              lie      says the body has `declared` bytes, then closes; with "keep": true stays
#                              early    says 103 first
#                              raw      sends `body` and nothing else, then closes
QUIET = {"status": 200, "fields": {"content-type": "application/json"}, "body": "{}"}


class Site:
    def __init__(self):
        self.scripts, self.log, self.mail, self.texts, self.provider = {}, [], [], sms.Texts(), oidc.Provider()
        self.connections = itertools.count(1)

    async def serve(self, reader, writer):
        number, machine = next(self.connections), h11.Connection(h11.SERVER)
        try:
            while await self.exchange(number, machine, reader, writer):
                machine.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError, asyncio.IncompleteReadError) as error:
            self.log.append({"path": "", "connection": number, "error": str(error)})
        finally:
            writer.close()

    async def event(self, machine, reader):
        while (found := machine.next_event()) is h11.NEED_DATA:
            machine.receive_data(await reader.read(1 << 16))
        return found

    async def exchange(self, number, machine, reader, writer):
        """True when the connection stays."""
        request = await self.event(machine, reader)
        if not isinstance(request, h11.Request):
            return False
        target = request.target.decode("ascii")
        path = target.split("?")[0]
        step = self.step(path) if not path.startswith("/_simulator/") else {}
        entry = {"path": path, "target": target, "method": request.method.decode(), "connection": number,
                 "fields": [[name.decode().lower(), value.decode("latin-1")] for name, value in request.headers],
                 "encrypted": writer.get_extra_info("ssl_object") is not None, "at": asyncio.get_running_loop().time()}
        if step and "pause" in step:
            await asyncio.sleep(step["pause"])
        body = bytearray()
        while isinstance(found := await self.event(machine, reader), h11.Data):
            body += found.data
        if path.startswith("/_simulator/"):
            step = self.control(request.method.decode(), target, bytes(body))
        else:
            self.log.append({**entry, "body": base64.b64encode(body).decode()})
            if step is None:
                fields = dict(entry["fields"])
                step = self.texts.handle(entry["method"], path, fields, bytes(body)) \
                    or self.provider.handle(f"http://{fields.get('host')}", entry["method"], target, fields, bytes(body)) or QUIET
        if not await self.act(step, writer, request.method == b"HEAD"):
            return False
        # h11 has to believe that it has answered.
        machine.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        machine.send(h11.EndOfMessage())
        return machine.our_state is h11.DONE and machine.their_state is h11.DONE

    def step(self, path):
        """What a script says; None where there is none."""
        steps = self.scripts.get(path)
        if not steps:
            return None
        return steps.pop(0) if len(steps) > 1 else steps[0]

    async def act(self, step, writer, is_head):
        """Answers; False when that ends the connection."""
        how, body = step.get("do", "answer"), step.get("body", "").encode()
        if "zeros" in step:
            body = bytes(step["zeros"])
        fields = dict(step.get("fields", {}))
        fields["content-length"] = str(step.get("declared", len(body)))
        lines = [f"HTTP/1.1 {step.get('status', 200)} Simulated"] + [f"{name}: {value}" for name, value in fields.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if how == "close":
            return False
        if how == "reset" and step.get("after") != "half":
            return self.reset(writer)
        if how == "raw":
            writer.write(body)
            await writer.drain()
            return False
        if how == "hang":
            if step.get("after") == "head":
                writer.write(head)
                await writer.drain()
            await asyncio.sleep(3_600)
        if how == "early":
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        writer.write(head)
        if is_head:
            await writer.drain()
            return True
        if how == "drip":
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(step.get("every", 1))
            return True
        if how == "reset":
            writer.write(body[:len(body) // 2])
            await writer.drain()
            return self.reset(writer)
        writer.write(body)
        await writer.drain()
        return how != "lie" or step.get("keep", False)

    def reset(self, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    def control(self, method, target, body):
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        if method == "PUT" and url.path == "/_simulator/script":
            script = json.loads(body)
            self.scripts[script["path"]] = script["steps"]
            return QUIET
        if method == "GET" and url.path == "/_simulator/log":
            found = [entry for entry in self.log if query.get("path", entry["path"]) == entry["path"]]
            return {**QUIET, "body": json.dumps(found)}
        if method == "GET" and url.path == "/_simulator/mail":
            return {**QUIET, "body": json.dumps([found for found in self.mail if query.get("to", found["to"][0]) in found["to"]])}
        if method == "GET" and url.path == "/_simulator/sms":
            return {**QUIET, "body": json.dumps([found for found in self.texts.sent if found["to"] == query.get("to", found["to"])])}
        return {**QUIET, "status": 404}
