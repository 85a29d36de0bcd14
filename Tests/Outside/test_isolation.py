# SPDX-License-Identifier: Apache-2.0
"""A canary for each business: nothing that leaves the server for anybody else may hold it."""
import requests

from conftest import PASSWORD


def test_no_canary_leaves_its_business(server):
    canaries = ["Kanarienvogel", "Nachtigall"]
    sessions = []
    for number, canary in enumerate(canaries):
        session = requests.Session()
        phone = f"98{number}1234567"
        account = server.register(canary + "Laden", canary + "Owner", phone, PASSWORD + canary)
        session.headers["Authorization"] = "Bearer " + account["access_token"]
        sessions.append((session, phone))
    seen = []
    for (session, phone), canary in zip(sessions, canaries):
        created = session.post(server.url + "/v1/customers", json={
            "name": canary + "Kunde", "phone": "+9198" + str(len(seen)) + "7654321", "email": canary.lower() + "@example.in", "notes": canary}).json()
        session.post(server.url + "/v1/customer-imports", data=f"name,phone\n{canary}Import,98{len(seen)}7654322\n".encode(),
                     headers={"Content-Type": "text/csv"})
        # What goes wrong tells of it no more than what goes right.
        for call in [
                lambda: session.get(server.url + "/v1/customers", params={"q": canary}),
                lambda: session.get(server.url + "/v1/customers/" + created["id"]),
                lambda: session.post(server.url + "/v1/customers", json={"name": "x", "phone": created["phone"]}),
                lambda: session.post(server.url + "/v1/customers", json={"name": canary, "phone": canary}),
                lambda: session.post(server.url + "/v1/customers", json={canary: canary}),
                lambda: session.get(server.url + "/v1/" + canary),
                lambda: session.get(server.url + "/v1/customers", params={canary: canary}),
                lambda: session.post(server.url + "/v1/auth/login", json={"identity": phone, "password": canary})]:
            call()
        seen.append(created["id"])

    for (session, _), own, other in zip(sessions, canaries, reversed(canaries)):
        for path in ["/v1/customers", "/v1/customers?q=" + other, "/v1/customers/export", "/v1/me", f"/v1/customers/{seen[0]}", f"/v1/customers/{seen[1]}"]:
            reply = session.get(server.url + path)
            assert other not in reply.text and other not in str(reply.headers), path
        assert own in session.get(server.url + "/v1/customers").text
    metrics = requests.get(f"http://127.0.0.1:{server.admin_port}/metrics").text
    server.stop()
    log = (server.folder / "server.log").read_text()
    assert "http_server" in metrics and len(log.splitlines()) > 20
    for canary in canaries:
        for secret in [canary, canary.lower() + "@"]:
            assert secret not in metrics
            # A path is logged by its template and a query not at all.
            assert secret not in log, next(line for line in log.splitlines() if secret in line)
