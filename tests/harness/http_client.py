"""One HTTP request to a server on 127.0.0.1, and its reply in full."""

import http.client
import json as json_module

from . import described


class Reply:
    """Status, headers (looked up without regard to case) and the body as bytes."""

    def __init__(self, status, reason, headers, body):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def header(self, name, default=None):
        return self.headers.get(name, default)

    @property
    def media_type(self):
        """The content type without its parameters."""
        return self.header("Content-Type", "").split(";")[0].strip().lower()

    def json(self):
        return json_module.loads(self.body)

    def __str__(self):
        shown = self.body[:600].decode("utf-8", "replace")
        return f"{self.status} {self.reason}\n{self.headers}{shown}"


def request(port, method, target, body=None, headers=None, *, json=None, seconds=40):
    """Sends one request and returns its Reply. With json, that value is the body.

    http.client adds Content-Length; give a Transfer-Encoding header and an iterable body to
    send chunks. A server that answers before it has read the whole body is listened to.
    """
    headers = dict(headers or {})
    if json is not None:
        body = json_module.dumps(json).encode()
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        try:
            connection.request(method, target, body=body, headers=headers,
                               encode_chunked="Transfer-Encoding" in headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it had to say may still be there to read
        response = connection.getresponse()
        reply = Reply(response.status, response.reason, response.msg, response.read())
    finally:
        connection.close()
    if described.is_ours(target, reply):
        told = body if isinstance(body, (bytes, str)) else b""
        described.check(method, target, reply, told, headers.get("Content-Type"))
    return reply
