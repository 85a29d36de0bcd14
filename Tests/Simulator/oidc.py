# SPDX-License-Identifier: Apache-2.0
"""Google's side of signing in (OpenID Connect Core 1.0 §3.1, RFC 6749, RFC 7636), as strict as it is. A base URL may have any path in
front, so that every client has an issuer of its own.

Who sits before the browser goes in the header X-Simulated-Account of the request to the authorization endpoint, as JSON:
`{"sub": "…", "email": "…", "email_verified": true, "name": "…"}`. Besides, for what a provider should never do: `claims` are put into
the ID token over what belongs there, `header` into its header; `sign` is `none`, `hmac` (with the public key), `stranger` (with
another key) or `new` (with a key that was not there before).
"""
import base64
import hashlib
import hmac
import json
import re
import secrets
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET, REDIRECT = "simulated.apps.googleusercontent.com", "simulated-secret", "https://app.example.in/sign-in/google"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def encode(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Key:
    def __init__(self, name):
        self.name, self.private = name, rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    def jwk(self):
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.name, "e": "AQAB", "n": encode(numbers.n.to_bytes(256, "big"))}

    def sign(self, text):
        return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())


class Provider:
    def __init__(self):
        self.keys, self.stranger, self.codes = None, None, {}

    def handle(self, base, method, target, fields, body):
        """A step to act on; None for a path that is nobody's."""
        url = urllib.parse.urlsplit(target)
        match = re.fullmatch(r"(.*)/(\.well-known/openid-configuration|o/oauth2/v2/auth|token|certs)", url.path)
        if not match:
            return None
        self.keys = self.keys or [Key("one")]
        issuer = base + match[1]
        if match[2] == "certs":
            return self.json({"keys": [key.jwk() for key in self.keys]}, **{"cache-control": "public, max-age=20000, must-revalidate"})
        if match[2] == "token":
            return self.token(issuer, method, fields, body)
        if match[2] == "o/oauth2/v2/auth":
            return self.authorize(issuer, url.query, fields)
        return self.json({
            "issuer": issuer, "authorization_endpoint": issuer + "/o/oauth2/v2/auth", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/certs",
            "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["plain", "S256"], "authorization_response_iss_parameter_supported": True})

    def json(self, value, status=200, **fields):
        return {"status": status, "fields": {"content-type": "application/json", **fields}, "body": json.dumps(value)}

    def authorize(self, issuer, query, fields):
        asked = urllib.parse.parse_qs(query, strict_parsing=True, keep_blank_values=True)
        wanted = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"}
        if set(asked) != wanted or any(len(values) != 1 for values in asked.values()):
            return self.json({"error": "invalid_request"}, 400)
        asked = {name: values[0] for name, values in asked.items()}
        fine = asked["response_type"] == "code" and asked["client_id"] == CLIENT and asked["redirect_uri"] == REDIRECT and asked["code_challenge_method"] == "S256" \
            and asked["scope"].split() == ["openid", "email", "profile"] and all(TOKEN.fullmatch(asked[name]) for name in ("state", "nonce", "code_challenge"))
        if not fine:
            return self.json({"error": "invalid_request"}, 400)
        code = "4/" + secrets.token_urlsafe(32)
        self.codes[code] = {"issuer": issuer, "account": json.loads(fields["x-simulated-account"]), **asked}
        back = urllib.parse.urlencode({"state": asked["state"], "iss": issuer, "code": code, "scope": "email openid", "prompt": "none"})
        return {"status": 302, "fields": {"location": f"{REDIRECT}?{back}"}}

    def token(self, issuer, method, fields, body):
        if method != "POST" or fields.get("content-type") != "application/x-www-form-urlencoded":
            return self.json({"error": "invalid_request"}, 400)
        form = urllib.parse.parse_qs(body.decode("ascii"), strict_parsing=True, keep_blank_values=True)
        if set(form) != {"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier"} or any(len(values) != 1 for values in form.values()):
            return self.json({"error": "invalid_request"}, 400)
        form = {name: values[0] for name, values in form.items()}
        if (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            return self.json({"error": "invalid_client"}, 401)
        # Whatever comes of it, a code is good once.
        grant = self.codes.pop(form["code"], None)
        challenge = encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if form["grant_type"] != "authorization_code" or grant is None or grant["issuer"] != issuer or grant["redirect_uri"] != form["redirect_uri"] \
                or grant["code_challenge"] != challenge:
            return self.json({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        return self.json({"access_token": "ya29." + secrets.token_urlsafe(16), "expires_in": 3_599, "scope": "openid email profile", "token_type": "Bearer",
                          "id_token": self.id_token(issuer, grant)})

    def id_token(self, issuer, grant):
        account, now = dict(grant["account"]), int(time.time())
        claims, header, how = account.pop("claims", {}), account.pop("header", {}), account.pop("sign", "")
        payload = {"iss": issuer, "azp": CLIENT, "aud": CLIENT, "iat": now, "exp": now + 3_600, "nonce": grant["nonce"], "at_hash": secrets.token_urlsafe(16), **account, **claims}
        if how == "new":
            self.keys = [self.keys[-1], Key(f"key-{len(self.keys)}-{secrets.token_hex(4)}")]
        if how == "stranger":
            self.stranger = self.stranger or Key("one")
        key = self.stranger if how == "stranger" else self.keys[-1]
        header = {"alg": {"none": "none", "hmac": "HS256"}.get(how, "RS256"), "kid": self.keys[-1].name, "typ": "JWT", **header}
        text = ".".join(encode(json.dumps({name: value for name, value in part.items() if value is not None}).encode()) for part in (header, payload)).encode()
        if how == "none":
            signature = b""
        elif how == "hmac":
            public = self.keys[-1].private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            signature = hmac.digest(public, text, "sha256")
        else:
            signature = key.sign(text)
        return (text + b"." + encode(signature).encode()).decode()
