# SPDX-License-Identifier: Apache-2.0
"""A partner's day with a Python client that a generator made from openapi.yaml: no call here is written by hand."""
import importlib
import random
import subprocess
import sys

import pytest

from conftest import PASSWORD, REPOSITORY, Server
from people import people


@pytest.fixture
def generated(tmp_path):
    """The client, as a module."""
    made = subprocess.run([REPOSITORY / ".local/venv/bin/openapi-python-client", "generate", "--path", REPOSITORY / "openapi.yaml", "--meta", "none",
                           "--output-path", tmp_path / "unnati_client"], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(tmp_path))
    yield importlib.import_module("unnati_client")
    sys.path.remove(str(tmp_path))


@pytest.fixture
def reachable(tmp_path):
    server = Server(tmp_path, **people().settings)
    yield server
    server.drop()


def test_a_business_its_colleague_and_its_program(generated, reachable):
    models = importlib.import_module("unnati_client.models")

    def call(tag, operation, client, *arguments, **more):
        return importlib.import_module(f"unnati_client.api.{tag}.{operation}").sync_detailed(*arguments, client=client, **more)

    nobody = generated.Client(base_url=reachable.url)

    def signed_in(token):
        return generated.AuthenticatedClient(base_url=reachable.url, token=token)

    def sign_up(phone, **what):
        begun = call("auth", "register", nobody, body=models.Registration(name="Meera", phone=phone, password=PASSWORD, **what))
        assert begun.status_code == 202, begun.content
        answer = models.CodeAnswer(challenge_id=begun.parsed.challenge_id, code=people().code(phone))
        tokens = call("auth", "verify_code", nobody, body=answer)
        assert tokens.status_code == 200 and isinstance(tokens.parsed, models.LoginTokens), tokens.content
        return tokens.parsed

    first, second = (f"+919{random.randrange(10**9):09d}" for _ in range(2))
    owner = sign_up(first, business_name="Meera Tailors")
    meera = signed_in(owner.access_token)
    assert call("auth", "get_me", meera).parsed.tenants[0].role == models.OwnRole.OWNER

    invited = call("team", "invite", meera, body=models.NewInvitation(role=models.Role.STAFF, phone=second))
    assert invited.status_code == 201
    colleague = sign_up(second, invitation=invited.parsed.token)
    ravi = signed_in(colleague.access_token)
    assert colleague.tenant_id == owner.tenant_id and colleague.tenants[0].role == models.OwnRole.STAFF
    assert [member.role for member in call("team", "list_members", meera).parsed.data] == [models.Role.OWNER, models.Role.STAFF]
    added = call("customers", "create_customer", ravi, body=models.NewCustomer(name="Asha Rao"))
    assert added.status_code == 201
    # What is not theirs to do.
    for refused in [call("customers", "delete_customer", ravi, added.parsed.id), call("team", "invite", ravi, body=models.NewInvitation(role=models.Role.STAFF)),
                    call("keys", "list_api_keys", ravi), call("team", "list_audit_events", ravi)]:
        assert refused.status_code == 403 and refused.parsed.code == models.ProblemCode.PERMISSION_DENIED

    made = call("keys", "make_api_key", meera, body=models.NewAPIKey(name="Till", scopes=[models.APIKeyScope.CUSTOMERSREAD]))
    assert made.status_code == 201
    program = signed_in(made.parsed.key)
    assert [customer.name for customer in call("customers", "list_customers", program).parsed.data] == ["Asha Rao"]
    assert call("customers", "create_customer", program, body=models.NewCustomer(name="x")).status_code == 403
    assert call("auth", "get_me", program).parsed.code == models.ProblemCode.PERSON_NEEDED
    replaced = call("keys", "replace_api_key", meera, made.parsed.id)
    assert replaced.status_code == 201 and replaced.parsed.replaces == made.parsed.id
    assert call("keys", "revoke_api_key", meera, made.parsed.id).status_code == 204
    assert call("customers", "list_customers", program).status_code == 401
    assert call("customers", "list_customers", signed_in(replaced.parsed.key)).status_code == 200

    assert call("team", "remove_member", meera, colleague.user_id).status_code == 204
    outdated = call("customers", "list_customers", ravi)
    assert outdated.status_code == 401 and outdated.parsed.code == models.ProblemCode.TOKEN_OUTDATED
    events = [event.event for event in call("team", "list_audit_events", meera).parsed.data]
    assert events[:4] == ["member.removed", "api_key.revoked", "api_key.made", "api_key.made"]
