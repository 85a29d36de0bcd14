# SPDX-License-Identifier: Apache-2.0
"""People's telephones and mailboxes: what the simulator has taken in for them."""
import atexit
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse

import requests

SIMULATOR = pathlib.Path(__file__).resolve().parents[1] / "Simulator"


class People:
    """One simulator for the whole run, which ends with it."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, SIMULATOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.process.kill)
        ports = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{ports['http']}"
        # What a server needs to reach them.
        self.settings = {"SMS_PROVIDER": "msg91", "MSG91_URL": self.url, "MSG91_AUTH_KEY": "simulated-authkey", "MSG91_TEMPLATE_CODE": "65f0c0dec0dec0dec0dec0de",
                         "MAIL_URL": f"smtps://localhost:{ports['smtps']}", "MAIL_FROM": "unnati@example.in", "MAIL_USER": "unnati", "MAIL_PASSWORD": "seven silk saris",
                         "GOOGLE_ISSUER": self.url + "/google", "GOOGLE_CLIENT_ID": "simulated.apps.googleusercontent.com", "GOOGLE_CLIENT_SECRET": "simulated-secret",
                         "GOOGLE_REDIRECT_URI": "https://app.example.in/sign-in/google",
                         "OUTBOUND_CA_FILE": ports["ca"], **{f"RATE_LIMIT_CODES{name}": "1000000/3600" for name in ["", "_DAY", "_ADDRESS", "_TOTAL"]}}

    def code(self, identity, number=1):
        """The code that came last, once there are so many."""
        kind = "mail" if "@" in identity else "sms"
        for _ in range(1_000):
            messages = requests.get(f"{self.url}/_simulator/{kind}", params={"to": identity}).json()
            if len(messages) >= number:
                return messages[-1]["code"] if kind == "sms" else re.search("[0-9]{6}", messages[-1]["parts"]["text/plain"])[0]
            time.sleep(0.01)
        raise AssertionError(f"no code for {identity}")

    def google(self, begun, subject):
        """There and back of a browser in which somebody has an account at Google: what is brought to the second request."""
        account = {"sub": subject, "email": subject + "@example.in", "email_verified": True, "name": "Meera Shah"}
        reply = requests.get(begun["authorization_url"], headers={"X-Simulated-Account": json.dumps(account)}, allow_redirects=False)
        back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(reply.headers["location"]).query))
        return {"flow": begun["flow"], **{name: back[name] for name in ("state", "code", "iss")}}


_people = None


def people():
    global _people
    _people = _people or People()
    return _people
