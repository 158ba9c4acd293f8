"""A mail server on a loopback port of its own: names the port, asks for a name and a password, keeps each e-mail as it
came in a folder (00001.eml, 00002.eml, ...), and ends when its standard input does.

Usage: mail_server.py FOLDER USER PASSWORD
"""

import asyncio
import logging
import pathlib
import sys

from aiosmtpd.smtp import SMTP, AuthResult

# It warns of passwords without TLS; nothing leaves the machine here.
logging.basicConfig(level=logging.ERROR)
folder, user, password = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        part = folder / "part"
        part.write_bytes(b"X-RcptTo: " + ", ".join(envelope.rcpt_tos).encode() + b"\r\n" + envelope.original_content)
        part.rename(folder / f"{self.count:05}.eml")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, given):
    return AuthResult(success=(given.login, given.password) == (user.encode(), password.encode()), handled=False)


def smtp(keep=Keep()):
    return SMTP(keep, authenticator=authenticate, auth_required=True, auth_require_tls=False, enable_SMTPUTF8=True)


async def serve():
    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(serve())
