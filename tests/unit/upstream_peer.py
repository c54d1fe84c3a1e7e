"""The upstream that test_upstream_curl talks to: every way an answer can go, chosen by path.

It is written on bare sockets because most of what it must do is what a proper HTTP library
prevents. It prints one line, "PORT TLS_PORT CERTIFICATE" ("0 -" where no certificate could be
made), and lives until its standard input ends, which happens when the test ends, however it ends.
"""

import fcntl
import gzip
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading

MEETING_SECONDS = 20


class Peer:
    """What the connections share: how many there were, and who waits for whom."""

    def __init__(self):
        self.lock = threading.Lock()
        self.connections = 0
        self.meetings = {}
        self.last_tunnel = b""
        self.over = threading.Event()

    def meeting(self, name, size):
        with self.lock:
            return self.meetings.setdefault(name, threading.Barrier(size, timeout=MEETING_SECONDS))


class Request:
    """One request as it came: head and body as bytes, path and query apart."""

    def __init__(self, head, body):
        self.head = head
        self.body = body
        self.target = head.split(b" ", 2)[1].decode("ascii")
        # A proxy is asked for a whole URL.
        self.path = self.target.split("?")[0]
        if "://" in self.path:
            self.path = "/" + self.path.split("/", 3)[3]
        self.name = self.path.strip("/").split("/")[0].replace("-", "_")
        self.arguments = self.path.strip("/").split("/")[1:]


def read_request(stream):
    """The next request, or None at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return Request(head, stream.read(length))


def whole(status, body, *fields):
    """A proper answer that keeps the connection."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


class Answers:
    """One method for each path. Each returns whether the connection is kept."""

    def __init__(self, peer, connection):
        self.peer = peer
        self.connection = connection
        self.stale = False

    def send(self, data):
        self.connection.sendall(data)
        return True

    def ok(self, request):
        return self.send(whole("200 OK", b'{"a":1}', 'ETag: "x"', "Content-Type: application/json"))

    def echo(self, request):
        return self.send(whole("200 OK", request.head + request.body))

    def count(self, request):
        return self.send(whole("200 OK", str(self.peer.connections).encode("ascii")))

    def once(self, request):
        """One answer for each connection; it ends when it is used again."""
        if self.stale:
            return False
        self.stale = True
        return self.send(whole("200 OK", b"once"))

    def resumed(self, request):
        """Whether the TLS session of this connection began on an earlier one.

        Answered once as many requests as the path says are here together, or one connection would
        do for all of them, one after the other.
        """
        name, size = request.arguments
        self.peer.meeting(name, int(size)).wait()
        return self.send(whole("200 OK", b"yes" if self.connection.session_reused else b"no"))

    def last_tunnel(self, request):
        """What the last CONNECT was like."""
        return self.send(whole("200 OK", self.peer.last_tunnel))

    def not_found(self, request):
        return self.send(whole("404 Not Found", b'{"message":"no"}'))

    def redirect(self, request):
        return self.send(whole("302 Found", b"moved", "Location: /ok"))

    def empty(self, request):
        return self.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    def odd_fields(self, request):
        return self.send(whole("200 OK", b"", "X-Spaces:  \t in the middle \t ", "Bad Name: x",
                               "X-Empty:", "X-Twice: 1", "x-twice: 2"))

    def interim(self, request):
        return self.send(b"HTTP/1.1 103 Early Hints\r\nX-Interim: yes\r\n\r\n"
                         + whole("200 OK", b"final", "X-Final: yes"))

    def chunked(self, request):
        return self.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Trailer: late\r\n\r\n")

    def compressed(self, request):
        return self.send(whole("200 OK", gzip.compress(b"unpacked"), "Content-Encoding: gzip"))

    def bomb(self, request):
        body = gzip.compress(bytes(50_000_000))
        return self.send(whole("200 OK", body, "Content-Encoding: gzip"))

    def bad_encoding(self, request):
        return self.send(whole("200 OK", b"this was never packed", "Content-Encoding: gzip"))

    def short(self, request):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return False

    def short_chunk(self, request):
        self.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nonly")
        return False

    def reset_on_close(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def reset(self, request):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        # A reset overtakes what the other side has not acknowledged: wait until it has.
        while struct.unpack("i", fcntl.ioctl(self.connection, termios.TIOCOUTQ, bytes(4)))[0] > 0:
            self.peer.over.wait(0.001)
        return self.reset_on_close()

    def abort(self, request):
        return self.reset_on_close()

    def hang_up(self, request):
        return False

    def not_http(self, request):
        self.send(b"220 mail.example.org ready\r\n")
        return False

    def many_fields(self, request):
        line = b"X-Long: " + b"x" * 1000 + b"\r\n"
        return self.send(b"HTTP/1.1 200 OK\r\n" + line * 100 + b"Content-Length: 2\r\n\r\n{}")

    def many_interims(self, request):
        while True:
            self.send(b"HTTP/1.1 103 Early Hints\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n")

    def endless(self, request):
        self.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            self.send(b"x" * 10_000)

    def silent(self, request):
        self.peer.over.wait()
        return False

    def half(self, request):
        """A head and a part of the body, and then nothing."""
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.peer.over.wait()
        return False

    def drip(self, request):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        while not self.peer.over.wait(1):
            self.send(b"x")
        return False

    def meet(self, request):
        """Answers once as many requests as the path says are here together, and hangs up."""
        name, size = request.arguments
        self.peer.meeting(name, int(size)).wait()
        self.send(whole("200 OK", b"met", "Connection: close"))
        return False


def carry(source, sink):
    """Everything from one socket to another, the end included."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # One side is gone: so is what the other has to say.
        sink.close()


def tunnel(peer, connection, request):
    """What a proxy does for CONNECT (RFC 9110, section 9.3.6)."""
    peer.last_tunnel = request.head
    host, _, port = request.target.rpartition(":")
    with socket.create_connection((host, int(port))) as other:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Proxy: yes\r\n\r\n")
        back = threading.Thread(target=carry, args=(other, connection), daemon=True)
        back.start()
        carry(connection, other)
        back.join()


def serve(peer, connection):
    """All requests of one connection."""
    try:
        with connection, connection.makefile("rb") as stream:
            answers = Answers(peer, connection)
            request = read_request(stream)
            if request is not None and request.head.startswith(b"CONNECT "):
                tunnel(peer, connection, request)
                return
            while request is not None and getattr(answers, request.name)(request):
                request = read_request(stream)
    except (OSError, threading.BrokenBarrierError):
        # The client hung up, or those whom it was to meet did not come: the test sees it.
        pass


def accept_all(peer, listener, wrap):
    """Accepts for ever; one thread for each connection, the TLS handshake included."""
    def handle(connection):
        try:
            serve(peer, wrap(connection))
        except OSError:
            connection.close()

    while True:
        connection, _ = listener.accept()
        with peer.lock:
            peer.connections += 1
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


def listen(peer, wrap=lambda connection: connection):
    """A listening socket on a free port of 127.0.0.1; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    threading.Thread(target=accept_all, args=(peer, listener, wrap), daemon=True).start()
    return listener.getsockname()[1]


def make_certificate(folder):
    """A certificate of our own for 127.0.0.1; its path, or None without the openssl program."""
    if shutil.which("openssl") is None:
        return None
    path = os.path.join(folder, "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path + ".key", "-out", path]
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return path if made.returncode == 0 else None


def listen_with_tls(peer, certificate):
    """The same peer behind TLS, without an offer of HTTP/2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate + ".key")
    return listen(peer, lambda connection: context.wrap_socket(connection, server_side=True))


def main():
    peer = Peer()
    with tempfile.TemporaryDirectory(prefix="forgefold-peer-") as folder:
        port = listen(peer)
        certificate = make_certificate(folder)
        tls_port = listen_with_tls(peer, certificate) if certificate else 0
        print(port, tls_port, certificate or "-", flush=True)
        sys.stdin.buffer.read()
        peer.over.set()


if __name__ == "__main__":
    main()
