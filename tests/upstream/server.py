"""A small HTTP/1.1 server on asyncio: keep-alive, Content-Length, streams for the lies.

It knows nothing of forges. It hands each request to the application, waits for the latency that
the response asks for (a timer, counted from the arrival of the request, so that any number of
requests wait at once), and writes. A response may bring its own delivery, which then writes,
stalls, resets or streams through the connection's methods: that is how broken servers are played.
"""

import asyncio
import email.utils
import http
import socket
import struct
import time
import traceback
import urllib.parse

MAX_HEAD_BYTES = 256 * 1024
BACKLOG = 4096
GZIP_FROM_BYTES = 256


class Request:
    """One request. `headers` has lower-case names, `header_lines` what was sent; `query` is a
    list of pairs, `segments` the percent-decoded parts of the path; `origin` is the listener's
    name. `arrived` is in seconds of the loop's clock."""

    def __init__(self, method, target, version, header_lines, origin, arrived):
        self.method = method
        self.target = target
        self.version = version
        self.header_lines = header_lines
        self.headers = {}
        for name, value in header_lines:
            key = name.lower()
            held = self.headers.get(key)
            self.headers[key] = value if held is None else held + ", " + value
        self.origin = origin
        self.arrived = arrived
        self.body = b""
        self.path, _, self.query_string = target.partition("?")
        self.query = urllib.parse.parse_qsl(self.query_string, keep_blank_values=True)
        self.segments = [urllib.parse.unquote(part) for part in self.path.split("/")[1:]]

    def parameter(self, name, default=None):
        """The last value of a query parameter."""
        found = default
        for key, value in self.query:
            if key == name:
                found = value
        return found

    @property
    def keeps_alive(self):
        connection = self.headers.get("connection", "").lower()
        if self.version == "HTTP/1.0":
            return "keep-alive" in connection
        return "close" not in connection

    @property
    def takes_gzip(self):
        return "gzip" in self.headers.get("accept-encoding", "").lower()


class Response:
    """What to answer. `body` is a bodies.Body. `latency` in seconds from the request's arrival.
    `deliver(connection, head, data)`, when given, does the writing instead of the connection."""

    __slots__ = ("status", "headers", "body", "latency", "deliver", "close", "length", "reason")

    def __init__(self, status, headers, body, deliver=None):
        self.status = status
        self.headers = headers
        self.body = body
        self.latency = 0.0
        self.deliver = deliver
        self.close = False
        self.length = None      # a Content-Length that differs from the body's; False for none
        self.reason = None

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def without(self, name):
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]


def reason_phrase(status):
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Clock:
    """The Date header, made once a second."""

    def __init__(self):
        self._second = None
        self._text = ""

    def date(self):
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._text = email.utils.formatdate(second, usegmt=True)
        return self._text


class Connection(asyncio.Protocol):
    """One accepted connection. Requests on it are answered one after the other."""

    def __init__(self, application, origin, clock):
        self._application = application
        self._origin = origin
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._transport = None
        self._buffer = bytearray()
        self._request = None        # the one being answered
        self._expected = None       # (request, body bytes still wanted)
        self._timer = None
        self._stream = None
        self._paused = False
        self._closing = False
        self._ended_by_peer = False
        self._done = False          # all of the answer was given to the transport
        self._written = 0
        self.known = False          # the application's mark: this connection was counted

    # What asyncio calls.

    def connection_made(self, transport):
        self._transport = transport
        # Every byte that the kernel has not taken pauses us: a request has ended when the last
        # one is gone, not when it was copied into a buffer of our own.
        transport.set_write_buffer_limits(high=0)
        self._application.opened(self)

    def connection_lost(self, _error):
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        self._stream = None
        self._end_request()
        self._application.closed(self)

    def eof_received(self):
        # A client that has sent all it will may still read: keep the answer coming.
        self._ended_by_peer = True
        return self._request is not None

    def data_received(self, data):
        self._buffer += data
        self._read_requests()

    def pause_writing(self):
        self._paused = True

    def resume_writing(self):
        self._paused = False
        if self._stream is not None:
            self._pump()
        elif self._done:
            self._finished()

    # Reading.

    def _read_requests(self):
        while self._request is None and not self._closing:
            if self._expected is None and not self._read_head():
                return
            request, wanted = self._expected
            if len(self._buffer) < wanted:
                return
            request.body = bytes(self._buffer[:wanted])
            del self._buffer[:wanted]
            self._expected = None
            self._request = request
            self._written = 0
            self._application.began(self, request)
            # Not at once: all requests that have arrived are read, and their latency begins,
            # before the first of them is rendered.
            self._loop.call_soon(self._answer, request)

    def _read_head(self):
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                self.close()
            return False
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[:end + 4]
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[1].startswith("/"):
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                                  b"Connection: close\r\n\r\n")
            self.close()
            return False
        pairs = [line.partition(":")[::2] for line in lines[1:]]
        request = Request(parts[0], parts[1], parts[2],
                          [(name, value.strip()) for name, value in pairs],
                          self._origin, self._loop.time())
        length = request.headers.get("content-length", "0")
        self._expected = (request, int(length) if length.isdigit() else 0)
        if request.headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    # Answering.

    def _answer(self, request):
        if self._closing:
            return
        try:
            response = self._application.answer(request)
        except Exception:
            # A fault of the simulator must not look like a slow or broken forge.
            response = self._application.failed(request, traceback.format_exc())
        wait = request.arrived + response.latency - self._loop.time()
        if wait > 0:
            self._timer = self._loop.call_later(wait, self._send, request, response)
        else:
            self._send(request, response)

    def _send(self, request, response):
        self._timer = None
        if self._closing:
            return
        data = self._encoded(request, response)
        head = self._head(request, response, data)
        if request.method == "HEAD" or response.status in (204, 304):
            data = b""
        if response.deliver is not None:
            response.deliver(self, head, data)
            return
        self.write(head)
        if data:
            self.write(data)
        self.finish(close=response.close)

    def _encoded(self, request, response):
        body = response.body
        if (self._application.gzip and request.takes_gzip and response.status == 200
                and response.header("Content-Encoding") is None
                and len(body.data) >= GZIP_FROM_BYTES):
            response.headers = response.headers + [("Content-Encoding", "gzip")]
            return body.gzip
        return body.data

    def _head(self, request, response, data):
        reason = response.reason or reason_phrase(response.status)
        lines = ["HTTP/1.1 %d %s" % (response.status, reason), "Date: " + self._clock.date()]
        lines += ["%s: %s" % pair for pair in response.headers]
        if response.length is None and response.status not in (204, 304):
            lines.append("Content-Length: %d" % len(data))
        elif response.length:
            lines.append("Content-Length: %d" % response.length)
        if response.close or not request.keeps_alive:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    # What a delivery may do.

    def write(self, data):
        self._written += len(data)
        self._transport.write(data)

    def stream(self, chunks, interval=None, close=True):
        """Write what the iterator gives, as fast as the peer reads, or one chunk every
        `interval` seconds; then end the answer."""
        self._stream = (iter(chunks), interval, close)
        self._pump()

    def _pump(self):
        self._timer = None
        if self._closing or self._stream is None or self._paused:
            return
        chunks, interval, close = self._stream
        chunk = next(chunks, None)
        if chunk is None:
            self._stream = None
            self.finish(close=close)
            return
        self.write(chunk)
        if interval is not None:
            self._timer = self._loop.call_later(interval, self._pump)
        elif not self._paused:
            self._timer = self._loop.call_later(0, self._pump)

    def finish(self, close=False):
        """The answer is written: serve the next request, or close."""
        if close or self._request is None or not self._request.keeps_alive or self._ended_by_peer:
            self.close()
        elif self._paused:
            self._done = True
        else:
            self._finished()

    def _finished(self):
        self._done = False
        self._end_request()
        self._read_requests()

    def close(self):
        """Send what is buffered, then close."""
        self._closing = True
        self._transport.close()

    def reset(self):
        """Drop what is buffered and send RST: a linger time of zero makes close() do that."""
        self._closing = True
        plain = self._transport.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def abort(self):
        self._transport.abort()

    def _end_request(self):
        request, self._request = self._request, None
        if request is not None:
            self._application.ended(request, self._written)


async def listen(application, origin, port):
    """A listener on a loopback port; 0 lets the kernel choose."""
    clock = Clock()
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(application, origin, clock),
                                    "127.0.0.1", port, backlog=BACKLOG)
