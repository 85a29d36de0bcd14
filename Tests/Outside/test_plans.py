# SPDX-License-Identifier: Apache-2.0
"""How PostgreSQL finds rows when there are many: every plan of every statement that the API leads to, at a million customers of
a thousand businesses beside one business with a hundred thousand."""
import base64
import hmac
import json
import pathlib
import re
import struct
import subprocess
import time
import uuid

import pytest
import requests
import yaml

import population
from conftest import PASSWORD, REPOSITORY, Server, administer, psql
from people import people

LOG = pathlib.Path(subprocess.run([REPOSITORY / "docker/local/postgres", "data", "tests"], check=True, capture_output=True, text=True).stdout.strip() + ".log")


@pytest.fixture
def crowded(tmp_path):
    server = Server(tmp_path, RATE_LIMITS_SHARED="on", **people().settings)
    account = server.register()
    headers = {"Authorization": "Bearer " + account["access_token"]}
    tenant = str(uuid.UUID(requests.get(server.url + "/v1/me", headers=headers).json()["tenants"][0]["id"][4:]))
    population.businesses(server.sql, 1_000, 900)
    population.customers(server.sql, tenant, 100_000)
    population.leftovers(server.sql, tenant)
    assert int(server.sql("SELECT count(*) FROM app.customers")) >= 1_000_000
    server.stop()
    # From the next connection on, PostgreSQL writes down how it went about each statement.
    for setting in ["session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "auto_explain.log_nested_statements = on",
                    "auto_explain.log_format = json", "log_line_prefix = '%m [%p] %d '"]:
        psql("postgres", f"ALTER DATABASE {server.database} SET {setting}" if "prefix" not in setting else "SELECT 1")
    # A pooler's connections outlive the server's.
    psql("postgres", f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{server.database}'")
    server.start()
    yield server, headers, account
    server.drop()


def read_log(begin):
    with open(LOG, "rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace")


def walk(node):
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


def plans(text):
    """Every plan in a log, as its statement and its top node."""
    for match in re.finditer(r"LOG:  duration: [\d.]+ ms  plan:\n(.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", text, re.DOTALL):
        document = json.loads(re.sub(r"^\t", "", match[1], flags=re.MULTILINE))
        yield document["Query Text"], document["Plan"]


def test_every_statement_of_every_operation_finds_its_rows_by_an_index_of_the_tenant(crowded):
    server, headers, account = crowded
    begin = LOG.stat().st_size
    called = set()

    def call(operation, method, path, expected, **more):
        called.add(operation)
        reply = requests.request(method, server.url + path, headers={**headers, **more.pop("extra", {})}, timeout=60, **more)
        assert reply.status_code in expected, (operation, reply.status_code, reply.text)
        return reply

    operations = {operation["operationId"]: (method, path) for path, item in yaml.safe_load((REPOSITORY / "openapi.yaml").read_text())["paths"].items()
                  for method, operation in item.items() if isinstance(operation, dict) and "operationId" in operation}
    phone, second = (f"+91{first}{int(time.time()) % 10**9:09d}" for first in "98")
    begun = call("register", "POST", "/v1/auth/register", [202], json={"business_name": "New", "name": "Owner", "phone": phone, "password": PASSWORD}).json()

    def answer(begun, phone, number=1):
        return {"challenge_id": begun["challenge_id"], "code": people().code(phone, number)}

    registered = call("verifyCode", "POST", "/v1/auth/verify", [200], json=answer(begun, phone)).json()
    reset = call("sendCode", "POST", "/v1/auth/codes", [202], json={"identity": phone, "purpose": "reset_password"}).json()
    call("verifyCode", "POST", "/v1/auth/verify", [200], json={**answer(reset, phone, 2), "new_password": PASSWORD})
    registered = call("logIn", "POST", "/v1/auth/login", [200], json={"identity": phone, "password": PASSWORD}).json()
    call("logIn", "POST", "/v1/auth/login", [401], json={"identity": phone, "password": "not this one"})
    call("refreshTokens", "POST", "/v1/auth/refresh", [200], json={"refresh_token": registered["refresh_token"]})
    own = {"Authorization": "Bearer " + registered["access_token"]}
    confirmation = call("sendConfirmationCode", "POST", "/v1/auth/confirm/code", [202], extra=own).json()
    call("confirm", "POST", "/v1/auth/confirm", [204], json=answer(confirmation, phone, 3), extra=own)
    call("confirm", "POST", "/v1/auth/confirm", [204], json={"password": PASSWORD}, extra=own)
    added = call("addIdentity", "POST", "/v1/me/identities", [202], json={"phone": second}, extra=own).json()
    call("verifyIdentity", "POST", "/v1/me/identities/verify", [200], json=answer(added, second), extra=own)
    call("changePassword", "POST", "/v1/me/password", [204], json={"current_password": PASSWORD, "new_password": PASSWORD}, extra=own)
    call("logIn", "POST", "/v1/auth/login", [200], json={"identity": second, "password": PASSWORD})
    secret = call("offerSecondFactor", "POST", "/v1/me/second-factor", [201], extra=own).json()["secret"]

    def app_code(later):
        mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + later), "sha1")
        return f"{(struct.unpack('>I', mac[mac[19] & 15:][:4])[0] & 0x7FFFFFFF) % 10**6:06d}"

    recovery = call("confirmSecondFactor", "POST", "/v1/me/second-factor/confirm", [200], json={"code": app_code(-1)}, extra=own).json()["recovery_codes"]
    ticket = call("logIn", "POST", "/v1/auth/login", [202], json={"identity": second, "password": PASSWORD}).json()["ticket"]
    call("bringSecondFactor", "POST", "/v1/auth/second-factor", [200], json={"ticket": ticket, "code": recovery[0]})
    call("confirm", "POST", "/v1/auth/confirm", [204], json={"second_factor": app_code(0)}, extra=own)
    call("renewRecoveryCodes", "POST", "/v1/me/recovery-codes", [200], extra=own)
    call("removeSecondFactor", "DELETE", "/v1/me/second-factor", [204], extra=own)
    there = call("beginGoogleSignIn", "POST", "/v1/auth/google/begin", [200], json={"business_name": "By Google"}).json()
    call("finishGoogleSignIn", "POST", "/v1/auth/google/finish", [200], json=people().google(there, "plans-1"))
    there = call("beginGoogleLink", "POST", "/v1/me/google/begin", [200], extra=own).json()
    call("finishGoogleLink", "POST", "/v1/me/google/finish", [200], json=people().google(there, "plans-2"), extra=own)
    call("unlinkGoogle", "DELETE", "/v1/me/google", [204], extra=own)
    sessions = call("listSessions", "GET", "/v1/me/sessions", [200], extra=own).json()["data"]
    call("endSession", "DELETE", "/v1/me/sessions/" + next(session["id"] for session in sessions if not session["is_current"]), [204], extra=own)
    call("endOtherSessions", "DELETE", "/v1/me/sessions", [204], extra=own)
    invited = call("invite", "POST", "/v1/invitations", [201], json={"role": "staff", "phone": second}).json()
    call("listInvitations", "GET", "/v1/invitations", [200])
    call("takeInvitationBack", "DELETE", "/v1/invitations/" + invited["id"], [204])
    invited = call("invite", "POST", "/v1/invitations", [201], json={"role": "staff", "phone": second}).json()
    call("previewInvitation", "POST", "/v1/invitations/preview", [200], json={"token": invited["token"]})
    call("acceptInvitation", "POST", "/v1/invitations/accept", [200], json={"token": invited["token"]}, extra=own)
    members = call("listMembers", "GET", "/v1/members", [200]).json()["data"]
    call("updateMember", "PATCH", "/v1/members/" + members[-1]["id"], [200], json={"role": "viewer"})
    call("removeMember", "DELETE", "/v1/members/" + members[-1]["id"], [204])
    call("leaveBusiness", "POST", "/v1/business/leave", [409])
    call("transferBusiness", "POST", "/v1/business/transfer", [404], json={"user_id": members[-1]["id"]})
    events = call("listAuditEvents", "GET", "/v1/audit-events?limit=2", [200]).json()
    call("listAuditEvents", "GET", "/v1/audit-events?limit=2&cursor=" + events["next_cursor"], [200])
    call("listAuditEvents", "GET", "/v1/audit-events?filter[event]=session.begun", [200])
    key = call("makeAPIKey", "POST", "/v1/api-keys", [201], json={"name": "Till", "scopes": ["customers:read"]}).json()
    call("listAPIKeys", "GET", "/v1/api-keys", [200])
    call("listCustomers", "GET", "/v1/customers", [200], extra={"Authorization": "Bearer " + key["key"]})
    new = call("replaceAPIKey", "POST", f"/v1/api-keys/{key['id']}/replace", [201]).json()
    call("revokeAPIKey", "DELETE", "/v1/api-keys/" + key["id"], [204])
    call("revokeLeakedAPIKey", "POST", "/v1/api-keys/revoke-leaked", [204], json={"key": new["key"]})
    me = call("getMe", "GET", "/v1/me", [200]).json()
    call("updateMe", "PATCH", "/v1/me", [200], json={"name": "Owner"})
    call("updateBusiness", "PATCH", "/v1/business", [200], json={"name": "Crowded", "city": "Pune", "hours": [{"day": "monday", "opens": "10:00", "closes": "18:00"}]}, extra={"If-Match": "*"})
    call("getBusiness", "GET", "/v1/business", [200])
    call("switchTenant", "POST", "/v1/auth/switch", [200], json={"tenant_id": me["tenants"][0]["id"]})
    call("createTenant", "POST", "/v1/tenants", [201], json={"name": "Second"})
    first = call("listCustomers", "GET", "/v1/customers?limit=20", [200]).json()
    for query in ["limit=100&filter[stage]=lead", "limit=20&filter[tag]=silk", "q=customer%2099999", "q=nobody", "q=99999", "limit=20&cursor=" + first.get("next_cursor", "")]:
        call("listCustomers", "GET", "/v1/customers?" + query, [200, 400])
    # Every order with every filter, from its beginning and from its middle.
    filters = ["", "filter[stage]=lead", "filter[stage][in]=lead,active", "filter[tag]=silk", "filter[name][prefix]=cust", "filter[phone]=9811111111",
               "filter[phone][prefix]=%2B9198", "filter[email]=asha@example.in", "filter[owner_id]=" + me["user"]["id"], "filter[created_at][gte]=2020-01-01T00:00:00Z",
               "filter[created_at][lte]=2040-01-01T00:00:00Z", "filter[updated_at][gte]=2020-01-01T00:00:00Z", "filter[updated_at][lte]=2040-01-01T00:00:00Z"]
    for order in ["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"]:
        for chosen in filters:
            query = f"limit=20&sort={order}&{chosen}"
            page = call("listCustomers", "GET", "/v1/customers?" + query, [200]).json()
            if page["has_more"]:
                call("listCustomers", "GET", f"/v1/customers?{query}&cursor={page['next_cursor']}", [200])
    customer = first["data"][0]["id"]
    call("getCustomer", "GET", "/v1/customers/" + customer, [200])
    made = call("createCustomer", "POST", "/v1/customers", [201], json={"name": "Asha", "phone": "9811111111", "email": "asha@example.in"}).json()
    for _ in range(2):
        call("createCustomer", "POST", "/v1/customers", [201], json={"name": "Once"}, extra={"Idempotency-Key": "k"})
    call("createCustomer", "POST", "/v1/customers", [409], json={"name": "Asha", "phone": "9811111111"})
    call("createCustomers", "POST", "/v1/customers/batch", [200], extra={"Idempotency-Key": "b"}, json={"all_or_nothing": False, "items": [
        {"name": "Batch", "phone": "9811111119", "email": "batch@example.in"}, {"name": "Taken", "phone": "9811111111"}]})
    call("createTenant", "POST", "/v1/tenants", [201], json={"name": "Third"}, extra={"Idempotency-Key": "t"})
    call("createCustomer", "POST", "/v1/customers", [409], json={"name": "Asha", "email": "asha@example.in"})
    call("updateCustomer", "PATCH", "/v1/customers/" + customer, [200], json={"notes": "x"}, extra={"If-Match": "*"})
    field = call("addCustomField", "POST", "/v1/customer-fields", [201], json={"key": "size", "label": "Size", "kind": "number"}).json()
    call("addCustomField", "POST", "/v1/customer-fields", [409], json={"key": "size", "label": "Size", "kind": "number"})
    call("listCustomFields", "GET", "/v1/customer-fields", [200])
    call("getCustomField", "GET", "/v1/customer-fields/" + field["id"], [200])
    call("updateCustomField", "PATCH", "/v1/customer-fields/" + field["id"], [200], json={"label": "Blouse size"}, extra={"If-Match": "*"})
    call("updateCustomer", "PATCH", "/v1/customers/" + customer, [200], json={"custom_fields": {"size": 38}, "birthday": "--04-23"}, extra={"If-Match": "*"})
    for query in ["filter[custom]=size:38", "filter[custom][gte]=field_2:5&filter[custom][lte]=field_2:5000", "filter[custom][prefix]=field_1:customer 9", "expand=details",
                  "filter[birthday][gte]=--12-25&filter[birthday][lte]=--01-05", "filter[whatsapp_id]=x", "filter[city]=Pune", "filter[pin_code]=411001", "filter[source]=x", "filter[language]=hi",
                  "filter[anniversary][gte]=--12-25"]:
        call("listCustomers", "GET", "/v1/customers?limit=20&" + query, [200])
    for query in ["customer 99999", "nobody", "99999", "#silk", "a@b", "number 777", "कस्टमर"]:
        call("searchCustomers", "GET", "/v1/customers/search", [200], params={"q": query})
    some = [entry["id"] for entry in first["data"][:5]]
    changed = call("updateCustomers", "POST", "/v1/customers/bulk-update", [200], json={"customer_ids": some, "add_tags": ["vip"]}, extra={"Idempotency-Key": "u"}).json()
    deleted = call("deleteCustomers", "POST", "/v1/customers/bulk-delete", [200], json={"customer_ids": some[1:]}, extra={"Idempotency-Key": "d"}).json()
    call("listDeletedCustomers", "GET", "/v1/customers/deleted?limit=2", [200])
    bin = call("listDeletedCustomers", "GET", "/v1/customers/deleted?limit=2", [200]).json()
    call("listDeletedCustomers", "GET", "/v1/customers/deleted?limit=2&cursor=" + bin["next_cursor"], [200])
    call("restoreCustomer", "POST", f"/v1/customers/{some[1]}/restore", [200])
    bulk = call("listCustomerOperations", "GET", "/v1/customer-operations?limit=2", [200]).json()
    call("listCustomerOperations", "GET", "/v1/customer-operations?limit=2&cursor=" + bulk["next_cursor"], [200])
    call("getCustomerOperation", "GET", "/v1/customer-operations/" + changed["operation"]["id"], [200])
    call("undoCustomerOperation", "POST", f"/v1/customer-operations/{deleted['operation']['id']}/undo", [200])
    call("undoCustomerOperation", "POST", f"/v1/customer-operations/{changed['operation']['id']}/undo", [200])
    history = call("listCustomerHistory", "GET", f"/v1/customers/{customer}/history?limit=1", [200]).json()
    call("listCustomerHistory", "GET", f"/v1/customers/{customer}/history?limit=1&cursor={history['next_cursor']}", [200])
    logged = call("logInteraction", "POST", f"/v1/customers/{customer}/interactions", [201], json={"kind": "payment", "amount_paise": 5000}, extra={"Idempotency-Key": "i"}).json()
    call("logInteractions", "POST", "/v1/interactions/batch", [200], json={"items": [{"customer_id": one, "kind": "visit"} for one in [customer, *some[:2]]]}, extra={"Idempotency-Key": "ib"})
    corrected = call("correctInteraction", "POST", f"/v1/interactions/{logged['id']}/correct", [201], json={"amount_paise": 500}, extra={"Idempotency-Key": "ic"}).json()
    call("correctInteraction", "POST", f"/v1/interactions/{logged['id']}/correct", [409], json={"amount_paise": 50})
    call("getInteraction", "GET", "/v1/interactions/" + corrected["id"], [200])
    for query in ["limit=1", "limit=1&filter[kind]=payment", "limit=1&filter[kind][in]=payment,visit", "limit=1&filter[occurred_at][gte]=2020-01-01T00:00:00Z",
                  "limit=1&filter[occurred_at][lte]=2120-01-01T00:00:00Z", f"limit=1&filter[actor_id]={logged['actor_id']}", "limit=1&expand=customer"]:
        for operation, path in [("listInteractions", "/v1/interactions?"), ("listCustomerInteractions", f"/v1/customers/{customer}/interactions?")]:
            if "expand" in query and operation == "listCustomerInteractions":
                continue
            timeline = call(operation, "GET", path + query, [200]).json()
            if timeline["has_more"]:
                call(operation, "GET", path + query + "&cursor=" + timeline["next_cursor"], [200])
    call("strikeOutInteraction", "POST", f"/v1/interactions/{corrected['id']}/strike-out", [200], json={"reason": "Somebody else's."})
    for purpose in ["", "&filter[purpose]=marketing"]:
        notices = call("listConsentNotices", "GET", "/v1/consent-notices?limit=2" + purpose, [200]).json()
        call("listConsentNotices", "GET", f"/v1/consent-notices?limit=2{purpose}&cursor={notices['next_cursor']}", [200])
    texts = [{"language": language, "text": "What we do with your data"} for language in ["en", "hi"]]
    notice = call("publishConsentNotice", "POST", "/v1/consent-notices", [201], json={"purpose": "marketing", "texts": texts}, extra={"Idempotency-Key": "n"}).json()["id"]
    for shown in [notice, notices["data"][0]["id"], "ntc_00000000000070008000000000000002"]:
        call("getConsentNotice", "GET", "/v1/consent-notices/" + shown, [200])
        given = {"channel": "sms", "purpose": "marketing", "event": "given", "how": "form", "notice_id": shown, "language": "hi"}
        call("recordConsent", "POST", f"/v1/customers/{customer}/consents", [201], json=given, extra={"Idempotency-Key": "c" + shown})
    call("recordConsents", "POST", "/v1/consents/batch", [200], extra={"Idempotency-Key": "cs"}, json={"items": [{**given, "customer_id": one} for one in [customer, some[1], some[2]]]})
    for operation in ["setDoNotContact", "liftDoNotContact"]:
        path = f"/v1/customers/{customer}/do-not-contact" + ("/lift" if operation == "liftDoNotContact" else "")
        call(operation, "POST", path, [201], json={"reason": "dispute", "channel": "sms"}, extra={"Idempotency-Key": operation})
    call("liftDoNotContact", "POST", f"/v1/customers/{customer}/do-not-contact/lift", [409], json={"reason": "dispute"})
    call("getConsent", "GET", f"/v1/customers/{customer}/consent", [200])
    said = call("listConsentEvents", "GET", f"/v1/customers/{customer}/consents?limit=1", [200]).json()
    call("listConsentEvents", "GET", f"/v1/customers/{customer}/consents?limit=1&cursor={said['next_cursor']}", [200])
    book = f"/v1/customers/{customer}/ledger"
    given = call("addLedgerEntry", "POST", book + "-entries", [201], json={"kind": "given", "amount_paise": 10**9, "occurred_on": "2024-01-05", "due_on": "2024-02-01"}, extra={"Idempotency-Key": "l"}).json()
    paid = call("addLedgerEntry", "POST", book + "-entries", [201], json={"kind": "received", "amount_paise": 500, "method": "upi"}).json()
    call("getLedgerEntry", "GET", "/v1/ledger-entries/" + given["id"], [200])
    call("reverseLedgerEntry", "POST", f"/v1/ledger-entries/{paid['id']}/reverse", [201], json={"reason": "x"}, extra={"Idempotency-Key": "r"})
    call("reverseLedgerEntry", "POST", f"/v1/ledger-entries/{paid['id']}/reverse", [409], json={"reason": "x"})
    entries = call("listLedgerEntries", "GET", book + "-entries?limit=1", [200]).json()
    call("listLedgerEntries", "GET", f"{book}-entries?limit=1&cursor={entries['next_cursor']}", [200])
    call("getLedger", "GET", book, [200])
    for order in ["-balance", "balance"]:
        for chosen in ["", "filter[state]=owing", "filter[state]=advance", "filter[state]=settled", "filter[balance][gte]=5000", "filter[balance][lte]=5000", "expand=customer"]:
            query = f"limit=20&sort={order}&{chosen}"
            page = call("listLedgerBalances", "GET", "/v1/ledger?" + query, [200]).json()
            if page["has_more"]:
                call("listLedgerBalances", "GET", f"/v1/ledger?{query}&cursor={page['next_cursor']}", [200])
    call("getLedgerTotals", "GET", "/v1/ledger/totals", [200])
    call("updateBusiness", "PATCH", "/v1/business", [200], json={"upi_id": "crowded@ybl"}, extra={"If-Match": "*"})
    call("getLedgerStatement", "GET", book + "/statement", [200])
    call("getLedgerStatement", "GET", book + "/statement?from=2024-01-02&to=2024-12-31", [200], extra={"Accept": "text/html"})
    call("getLedgerReminder", "GET", book + "/reminder", [200])
    call("getLedgerQR", "GET", book + "/qr.svg", [200])
    made_up = call("createFollowUp", "POST", "/v1/follow-ups", [201], json={"title": "Call", "due_at": "2026-01-31T10:00:00Z", "customer_id": customer, "repeat": {"frequency": "monthly"}}, extra={"Idempotency-Key": "f"}).json()
    follow_up = "/v1/follow-ups/" + made_up["id"]
    member = "&filter[assignee_id]=" + me["user"]["id"]
    for order in ["due_at", "-due_at"]:
        for chosen in ["", member, "&filter[state]=open", "&filter[state]=done" + member, "&filter[state]=open" + member, "&filter[customer_id]=" + customer,
                       "&filter[due_at][gte]=2026-01-01T00:00:00Z", "&filter[due_at][lte]=2040-01-01T00:00:00Z"]:
            query = f"/v1/follow-ups?limit=2&sort={order}{chosen}"
            page = call("listFollowUps", "GET", query, [200]).json()
            if page["has_more"]:
                call("listFollowUps", "GET", f"{query}&cursor={page['next_cursor']}", [200])
    call("getFollowUp", "GET", follow_up, [200])
    call("updateFollowUp", "PATCH", follow_up, [200], json={"note": "x", "customer_id": None}, extra={"If-Match": "*"})
    call("snoozeFollowUp", "POST", follow_up + "/snooze", [200], json={"minutes": 5})
    call("completeFollowUp", "POST", follow_up + "/complete", [200])
    call("reopenFollowUp", "POST", follow_up + "/reopen", [200])
    call("deleteFollowUp", "DELETE", follow_up, [204])
    call("getToday", "GET", "/v1/today", [200])
    call("getToday", "GET", "/v1/today?assignee_id=all&days=0&not_seen_days=1", [200])
    call("listPipelineTemplates", "GET", "/v1/pipeline-templates?trade=tailor&language=hi", [200])
    orders = call("createPipeline", "POST", "/v1/pipelines", [201], json={"template": "tailor.orders"}, extra={"Idempotency-Key": "p"}).json()
    pipeline, stages = "/v1/pipelines/" + orders["id"], [stage["id"] for stage in orders["stages"]]
    crowded_one = next(one for one in call("listPipelines", "GET", "/v1/pipelines", [200]).json()["data"] if one["position"] == 1)
    call("getPipeline", "GET", pipeline, [200])
    deals = [call("createDeal", "POST", "/v1/deals", [201], json={"pipeline_id": orders["id"], "title": str(n), "customer_id": customer}, extra={"Idempotency-Key": f"d{n}"}).json()["id"] for n in range(3)]
    for chosen in ["", "&filter[state]=lost", "&filter[pipeline_id]=" + crowded_one["id"], "&filter[stage_id]=" + crowded_one["stages"][2]["id"], "&filter[customer_id]=" + customer,
                   "&filter[owner_id]=" + me["user"]["id"], "&filter[expected_on][gte]=2026-01-05&filter[expected_on][lte]=2026-01-06"]:
        page = call("listDeals", "GET", "/v1/deals?limit=2" + chosen, [200]).json()
        if page["has_more"]:
            call("listDeals", "GET", f"/v1/deals?limit=2{chosen}&cursor={page['next_cursor']}", [200])
    call("getDeal", "GET", "/v1/deals/" + deals[0], [200])
    call("updateDeal", "PATCH", "/v1/deals/" + deals[0], [200], json={"value_paise": 5, "customer_id": None}, extra={"If-Match": "*"})
    # In the end there is no room left between two, and some are spread out again.
    for card, place in [(0, {"at": "bottom"}), (0, {"before": deals[1]})] + [(n % 2 * 2, {"after": deals[1]}) for n in range(25)]:
        call("moveDeal", "POST", f"/v1/deals/{deals[card]}/move", [200], json={"stage_id": stages[0], **place})
    call("moveDeal", "POST", f"/v1/deals/{deals[0]}/move", [200], json={"stage_id": stages[-1], "lost_reason": "Price"})
    board = call("getBoard", "GET", f"/v1/pipelines/{crowded_one['id']}/board", [200]).json()
    for column in board["columns"]:
        where = f"/v1/pipelines/{crowded_one['id']}/stages/{column['stage']['id']}/deals"
        call("listStageDeals", "GET", where + ("?cursor=" + column["next_cursor"] if column["has_more"] else ""), [200])
    kept = [{"id": stage} for stage in stages[1:]]
    call("updatePipeline", "PATCH", pipeline, [200], json={"name": "Orders", "stages": kept, "move_deals": [{"from": stages[0], "to": stages[1]}]}, extra={"If-Match": "*"})
    call("deletePipeline", "DELETE", pipeline, [409])
    for deal in deals:
        call("deleteDeal", "DELETE", "/v1/deals/" + deal, [204])
    call("deletePipeline", "DELETE", pipeline, [204])
    conditions = [
        ("stage", "is", "lead"), ("stage", "in", ["lead", "active"]), ("tags", "has", "silk"), ("tags", "has_any", ["silk", "tag 1"]), ("tags", "has_none", ["tag 1"]),
        ("owner_id", "is", me["user"]["id"]), ("owner_id", "none", None), ("source", "is", "Walk-in"), ("language", "in", ["hi", "gu"]), ("city", "is", "Pune"), ("pin_code", "begins", "41"),
        ("birthday", "within_next_days", 7), ("anniversary", "within_next_days", 364), ("created_at", "after", "2020-01-01T00:00:00Z"), ("created_at", "not_within_last_days", 3650),
        ("updated_at", "before", "2040-01-01T00:00:00Z"), ("updated_at", "within_last_days", 30), ("phone", "is_set", True), ("email", "is_set", False), ("whatsapp_id", "is_set", False),
        ("custom.size", "is", 38), ("custom.field_2", "at_least", 5), ("custom.field_2", "at_most", 5), ("custom.field_1", "begins", "customer 9"), ("custom.field_1", "is_set", True),
        ("custom.field_2", "is_set", False), ("last_seen_at", "within_last_days", 2), ("last_seen_at", "not_within_last_days", 2), ("last_seen_at", "never", None),
        ("last_interaction_at", "within_last_days", 2), ("last_interaction_at", "never", None), ("spent_paise", "at_least", 0), ("spent_paise", "at_least", 500), ("spent_paise", "at_most", 500),
        ("payments", "at_least", 1), ("consent.sms.marketing", "is", "given"), ("consent.sms.marketing", "is", "withdrawn"), ("consent.sms.marketing", "is", "none"),
        ("do_not_contact", "is_set", True), ("do_not_contact", "is_set", False)]
    conditions = [{"field": field, "op": op} | ({} if value is None else {"values" if isinstance(value, list) else "value": value}) for field, op, value in conditions]
    segment = call("createSegment", "POST", "/v1/segments", [201], json={"name": "Everybody", "definition": {"all": []}}, extra={"Idempotency-Key": "s"}).json()
    where = "/v1/segments/" + segment["id"]
    call("createSegment", "POST", "/v1/segments", [409], json={"name": "Everybody", "definition": {"all": []}})
    for chosen in [[condition] for condition in conditions] + [conditions[2:20:5], conditions[26:38:4], conditions[:20]]:
        call("updateSegment", "PATCH", where, [200], json={"definition": {"all": chosen}}, extra={"If-Match": "*"})
        for query in ["limit=2", "limit=2&expand=details"]:
            page = call("listSegmentCustomers", "GET", f"{where}/customers?{query}", [200]).json()
            if page["has_more"]:
                call("listSegmentCustomers", "GET", f"{where}/customers?{query}&cursor={page['next_cursor']}", [200])
    call("countSegment", "GET", where + "/counts", [200])
    call("previewSegment", "POST", "/v1/segments/preview", [200], json={"definition": {"all": conditions[2:38:12]}})
    call("getSegment", "GET", where, [200])
    for query in ["", "?expand=counts"]:
        call("listSegments", "GET", "/v1/segments" + query, [200])
    call("removeSegment", "DELETE", where, [204])
    call("eraseCustomer", "POST", f"/v1/customers/{some[4]}/erase", [202])
    call("listDuplicates", "GET", "/v1/customer-duplicates?limit=5", [200])
    twins = [call("createCustomer", "POST", "/v1/customers", [201], json={"name": "Suresh Patel", "city": "Surat", "other_phones": ["9811111120"], "email": f"twin{n}@example.in"}).json()["id"] for n in range(3)]
    found = call("listDuplicates", "GET", "/v1/customer-duplicates?limit=1", [200]).json()
    if found["has_more"]:
        call("listDuplicates", "GET", "/v1/customer-duplicates?limit=1&cursor=" + found["next_cursor"], [200])
    call("listCustomerDuplicates", "GET", f"/v1/customers/{twins[0]}/duplicates", [200])
    call("dismissDuplicate", "POST", "/v1/customer-duplicates/dismiss", [204], json={"customer_ids": twins[:2]})
    merged = call("mergeCustomer", "POST", f"/v1/customers/{twins[0]}/merge", [200], json={"customer_id": twins[1]}, extra={"Idempotency-Key": "m"}).json()["merge"]["id"]
    call("getCustomer", "GET", "/v1/customers/" + twins[1], [200])
    merges = call("listCustomerMerges", "GET", "/v1/customer-merges?limit=1", [200]).json()
    if merges["has_more"]:
        call("listCustomerMerges", "GET", "/v1/customer-merges?limit=1&cursor=" + merges["next_cursor"], [200])
    call("undoCustomerMerge", "POST", f"/v1/customer-merges/{merged}/undo", [200])
    call("removeCustomField", "DELETE", "/v1/customer-fields/" + field["id"], [204])
    call("deleteCustomer", "DELETE", "/v1/customers/" + made["id"], [204], extra={"If-Match": "*"})
    imported = call("importCustomers", "POST", "/v1/customers/import", [202], data=b"name,phone\nAsha,9811111112\nRavi,9811111113\n", extra={"Content-Type": "text/csv"})
    where = "/v1/customer-imports/" + imported.json()["id"]
    call("watchCustomerImport", "GET", where + "/events", [200])
    call("getCustomerImport", "GET", where, [200])
    call("listCustomerImportRows", "GET", where + "/rows", [200])
    call("listCustomerImportRows", "GET", where + "/rows?expand=customer&filter[verdict]=created", [200])
    trial = call("importCustomers", "POST", "/v1/customers/import?dry_run=true", [202], data=b"name,phone\nAsha,9811111114\nx,1\n", extra={"Content-Type": "text/csv"}).json()["id"]
    call("watchCustomerImport", "GET", f"/v1/customer-imports/{trial}/events", [200])
    call("listCustomerImportRows", "GET", f"/v1/customer-imports/{trial}/rows?filter[verdict]=rejected", [200])
    call("downloadRejectedRows", "GET", f"/v1/customer-imports/{trial}/rejected", [200])
    again = call("runCustomerImport", "POST", f"/v1/customer-imports/{trial}/run", [202], json={"separator": "comma", "columns": ["name", "phone"]}).json()["id"]
    call("watchCustomerImport", "GET", f"/v1/customer-imports/{again}/events", [200])
    for one in [again, where.rsplit("/", 1)[1]]:
        call("undoCustomerImport", "POST", f"/v1/customer-imports/{one}/undo", [202])
    while call("getCustomerImport", "GET", where, [200]).json()["state"] != "undone":
        time.sleep(0.2)
    for query in ["", "?format=csv", "?format=vcard", "?format=json"]:
        call("exportCustomers", "GET", "/v1/customers/export" + query, [200])
    call("listMyExports", "GET", "/v1/me/exports", [200], extra=own)
    mine = call("requestMyExport", "POST", "/v1/me/exports", [202], extra=own).json()["id"]
    call("getMyExport", "GET", "/v1/me/exports/" + mine, [409], extra=own)
    whole = call("requestBusinessExport", "POST", "/v1/business/exports", [202], extra=own).json()["id"]
    call("listBusinessExports", "GET", "/v1/business/exports", [200], extra=own)
    # An administrator's command looks through all: what it asks is not the server's.
    logged = read_log(begin)
    due = administer(server.database, "privacy", "due")
    begin = LOG.stat().st_size
    assert due.returncode == 0 and "2 export(s) written" in due.stdout, due.stdout + due.stderr
    call("getMyExport", "GET", "/v1/me/exports/" + mine, [200], extra=own)
    call("getBusinessExport", "GET", "/v1/business/exports/" + whole, [200], extra=own)
    call("closeBusiness", "POST", "/v1/business/close", [200], extra=own)
    shut = call("logIn", "POST", "/v1/auth/login", [200], json={"identity": second, "password": PASSWORD}).json()
    own = {"Authorization": "Bearer " + shut["access_token"]}
    call("reopenBusiness", "POST", "/v1/business/reopen", [204], extra=own)
    shut = call("logIn", "POST", "/v1/auth/login", [200], json={"identity": second, "password": PASSWORD}).json()
    own = {"Authorization": "Bearer " + shut["access_token"]}
    call("closeBusiness", "POST", "/v1/business/close", [200], extra=own)
    shut = call("logIn", "POST", "/v1/auth/login", [200], json={"identity": second, "password": PASSWORD}).json()
    call("closeAccount", "POST", "/v1/me/close", [200], extra={"Authorization": "Bearer " + shut["access_token"]})
    call("logOut", "POST", "/v1/auth/logout", [200, 204])
    missing = {name for name, (_, path) in operations.items() if path.startswith("/v1/")} - called
    assert not missing, f"operations that were not called: {missing}"
    time.sleep(2.5)  # What is read every two seconds.
    server.stop()

    indexes = {line.split("|")[0]: line.split("|")[1:] for line in server.sql(
        "SELECT c.relname, t.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]").split("\n")}
    kinds = dict(line.split("|") for line in server.sql(
        "SELECT relname, split_part(obj_description(oid, 'pg_class'), ':', 1) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'").split("\n"))
    text = logged + read_log(begin)
    seen, wrong = set(), set()
    for statement, top in plans(text):
        short = " ".join(statement.split())
        seen.add(short)
        for node in walk(top):
            relation = node.get("Relation Name")
            if node["Node Type"] == "Seq Scan" and relation in kinds:
                wrong.add((short, "reads all of " + relation))
            table, first_column = indexes.get(node.get("Index Name"), (None, None))
            if kinds.get(table) == "tenant":
                # A person's businesses, and what a person's row refers to, are found by the person.
                if first_column != "tenant_id" and not (table == "memberships" and first_column == "user_id"):
                    wrong.add((short, f"goes by {node['Index Name']}, which begins with {first_column}"))
    print(f"{len(seen)} statements")
    assert len(seen) > 40
    assert not wrong, "\n".join(f"{problem}: {statement}" for statement, problem in sorted(wrong))
