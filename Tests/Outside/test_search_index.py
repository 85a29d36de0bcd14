# SPDX-License-Identifier: Apache-2.0
"""An administrator makes the keys of customers who have none, or all of them anew."""
import os
import subprocess

import requests

from conftest import BINARY, CLUSTER, psql


def index(server, *flags):
    environment = {**os.environ, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_owner&dbname={server.database}"}
    done = subprocess.run([BINARY, "search", "index", *flags], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-3]


def test_keys_are_made_where_there_are_none(server):
    headers = {"Authorization": "Bearer " + server.register()["access_token"]}

    def add(name):
        return requests.post(server.url + "/v1/customers", json={"name": name}, headers=headers).json()["id"]

    def found(name):
        return [customer["id"] for customer in
                requests.get(server.url + "/v1/customers/search", params={"q": name}, headers=headers).json()["data"]]

    asha, twin, gone, ravi = add("Asha"), add("Velvet"), add("Gone"), add("रवि")
    assert requests.post(f"{server.url}/v1/customers/{asha}/merge", json={"customer_id": twin}, headers=headers).ok
    assert requests.delete(f"{server.url}/v1/customers/{gone}", headers={**headers, "If-Match": "*"}).ok
    everybody = {"asha": [asha], "velvet": [asha], "gone": [], "ravi": [ravi]}
    assert {name: found(name) for name in everybody} == everybody

    psql(server.database, "DELETE FROM app.customer_search_keys")
    assert found("asha") == []
    assert index(server) == "3"
    assert {name: found(name) for name in everybody} == everybody
    assert index(server) == "0"
    assert index(server, "--whole") == "3"
    assert {name: found(name) for name in everybody} == everybody
    # Who is taken back afterwards has one as well.
    assert requests.post(f"{server.url}/v1/customers/{gone}/restore", headers=headers).ok
    assert found("gone") == [gone]
