# SPDX-License-Identifier: Apache-2.0
"""Providers of text messages. A base URL may have any path in front, such as /try7, so that a script for /try7/api/v5/flow makes
one client's provider misbehave and nobody else's."""
import base64
import json
import re
import urllib.parse
import uuid

AUTH_KEY = "simulated-authkey"
TEMPLATE = "65f0c0dec0dec0dec0dec0de"
ACCOUNT, TOKEN, SERVICE = "AC" + "5" * 32, "simulated-token", "MG" + "7" * 32
# What was registered with the networks: a letter more or less and they drop the message.
REGISTERED = re.compile(r"([0-9]{6}) is your Unnati code\. It is good for ten minutes\. Tell it to nobody\.")


def answer(status, value):
    return {"status": status, "fields": {"content-type": "application/json"}, "body": json.dumps(value)}


class Texts:
    def __init__(self):
        self.sent = []

    def handle(self, method, path, fields, body):
        """A step to act on; None for a path that is nobody's."""
        if path.endswith("/api/v5/flow"):
            return self.msg91(method, fields, body)
        if match := re.search(r"/2010-04-01/Accounts/([^/]+)/Messages\.json$", path):
            return self.twilio(method, match[1], fields, body)
        return None

    def msg91(self, method, fields, body):
        # Its failures come with status 200 too.
        def no(message):
            return answer(200, {"type": "error", "message": message})
        if method != "POST" or fields.get("authkey") != AUTH_KEY:
            return no("Authentication failure")
        if fields.get("content-type") != "application/json":
            return no("Content-Type")
        try:
            flow = json.loads(body)
        except ValueError:
            return no("invalid JSON")
        if flow.pop("template_id", None) != TEMPLATE:
            return no("template not verified by DLT")
        recipients = flow.pop("recipients", None)
        if flow or not isinstance(recipients, list) or len(recipients) != 1:
            return no("recipients")
        number, gaps = recipients[0].pop("mobiles", ""), recipients[0]
        if not re.fullmatch(r"[1-9][0-9]{7,14}", str(number)) or set(gaps) != {"code"} or not re.fullmatch(r"[0-9]{6}", gaps["code"]):
            return no("recipients")
        self.sent.append({"by": "msg91", "to": "+" + number, "code": gaps["code"]})
        return answer(200, {"type": "success", "message": uuid.uuid4().hex})

    def twilio(self, method, account, fields, body):
        def no(status, code, message):
            return answer(status, {"code": code, "message": message, "status": status})
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if fields.get("authorization") != expected or account != ACCOUNT:
            return no(401, 20003, "Authenticate")
        if method != "POST" or fields.get("content-type") != "application/x-www-form-urlencoded":
            return no(400, 20001, "Bad request")
        form = urllib.parse.parse_qs(body.decode("ascii"), strict_parsing=True, keep_blank_values=True)
        if set(form) != {"To", "MessagingServiceSid", "Body"} or any(len(values) != 1 for values in form.values()):
            return no(400, 20001, "Bad request")
        if not re.fullmatch(r"\+[1-9][0-9]{7,14}", form["To"][0]):
            return no(400, 21211, "Invalid 'To' Phone Number")
        if form["MessagingServiceSid"][0] != SERVICE:
            return no(400, 21705, "The Messaging Service Sid is invalid")
        registered = REGISTERED.fullmatch(form["Body"][0])
        if not registered:
            return no(400, 30007, "Message filtered")
        self.sent.append({"by": "twilio", "to": form["To"][0], "code": registered[1]})
        return answer(201, {"sid": "SM" + uuid.uuid4().hex, "status": "queued"})
