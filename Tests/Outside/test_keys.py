# SPDX-License-Identifier: Apache-2.0
"""A new signing key takes over while people are signed in."""
import os
import subprocess
import time

import jwt
import requests

from conftest import BINARY


def test_a_rotation_signs_nobody_out(server):
    account = server.register()

    def status(token):
        return requests.get(server.url + "/v1/me", headers={"Authorization": "Bearer " + token}).status_code

    def refresh(account):
        return requests.post(server.url + "/v1/auth/refresh", json={"refresh_token": account["refresh_token"]}).json()

    def kid(account):
        return jwt.get_unverified_header(account["access_token"])["kid"]

    rotated = subprocess.run([BINARY, "keys", "rotate", "signing"], env=server.environment, capture_output=True, text=True)
    assert rotated.returncode == 0 and rotated.stdout.startswith("A new key signs from "), rotated.stderr
    # Its moment comes sooner here than in two minutes.
    folder = server.folder / "keys"
    later = next(folder.glob("signing-*.key"))
    os.rename(later, folder / f"signing-{int(time.time()) + 1}.key")
    for _ in range(400):
        published = requests.get(server.url + "/.well-known/jwks.json").json()["keys"]
        if len(published) == 2:
            break
        time.sleep(0.1)
    assert len(published) == 2
    assert status(account["access_token"]) == 200

    renewed = refresh(account)
    assert kid(renewed) == published[1]["kid"] != kid(account) == published[0]["kid"]
    assert status(renewed["access_token"]) == status(account["access_token"]) == 200
    key = jwt.PyJWK(published[1]).key
    claims = jwt.decode(renewed["access_token"], key, algorithms=["EdDSA"], audience="unnati-api", issuer="unnati")
    assert claims["role"] == "owner" and claims["sub"] == account["user_id"]
    assert (later.parent / "signing.key").stat().st_mode & 0o777 == 0o600
