# SPDX-License-Identifier: Apache-2.0
"""The mail side: takes messages in over TLS from those who sign in, unless the address says otherwise."""
import asyncio
import base64
import email
import email.policy

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = "unnati", "seven silk saris"

# By the part before the @; `hang` never answers, `slow` thinks about each message for 2.5 s.
RECIPIENTS = {"nobody": "550 5.1.1 No such user here", "later": "451 4.7.1 Greylisted, come back later", "full": "452 4.2.2 Mailbox full",
              "blocked": "554 5.7.1 Not wanted", "old": "550 No such user"}


def read(content):
    """A message as a strict reader sees it: what it says, in plain Unicode."""
    if b"\r" in content.replace(b"\r\n", b"") or b"\n" in content.replace(b"\r\n", b""):
        raise ValueError("a line that CRLF does not end")
    if any(len(line) > 998 for line in content.split(b"\r\n")) or not content.isascii():
        raise ValueError("a line too long, or a byte that is no ASCII")
    message = email.message_from_bytes(content, policy=email.policy.SMTP + email.policy.strict)
    defects = [defect for name in message for defect in message[name].defects]
    if defects:
        raise defects[0]
    for name in ("Date", "From", "To", "Message-ID", "Subject", "MIME-Version"):
        if len(message.get_all(name, [])) != 1:
            raise ValueError(f"{name} is not there once")
    parts = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in message.walk() if not part.is_multipart()}
    return {"fields": [[name, str(value)] for name, value in message.items()], "parts": parts, "type": message.get_content_type()}


class Post:
    def __init__(self):
        self.messages = []

    def protocol(self, tls, is_encrypted=False):
        """What makes a server for each connection: STARTTLS with this context, TLS from the start, or neither."""
        def authenticate(server, session, envelope, mechanism, data):
            is_known = data.login == USER.encode() and data.password == PASSWORD.encode()
            return AuthResult(success=is_known, handled=False)
        return lambda: SMTP(self, hostname="mail.example.in", tls_context=tls, require_starttls=tls is not None, timeout=60,
                            auth_required=tls is not None or is_encrypted, auth_require_tls=tls is not None, authenticator=authenticate)

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        if local == "hang":
            await asyncio.sleep(3_600)
        if local in RECIPIENTS:
            return RECIPIENTS[local]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("slow@"):
            await asyncio.sleep(2.5)
        content = envelope.original_content
        try:
            parsed = read(content)
        except (email.errors.MessageError, ValueError) as error:
            return f"554 5.6.0 Malformed: {str(error)[:100]}"
        self.messages.append({"from": envelope.mail_from, "to": envelope.rcpt_tos, **parsed, "content": base64.b64encode(content).decode(),
                              "encrypted": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
                              "authenticated": session.authenticated})
        return "250 2.0.0 Taken in"
