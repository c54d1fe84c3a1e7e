"""TLS in front of the simulated forges: nginx, with certificates of an authority made here.

Certificates come from openssl(1) and live in a temporary directory. nginx speaks HTTP/2 or HTTP/1.1
on a port for each forge and passes everything on; its access log says what came on which
connection.
"""

import collections
import os
import pathlib
import signal
import subprocess

from . import servers, tap
from .processes import Child, TemporaryDirectory, accepts, free_port, wait_until

NAME = "localhost"
OTHER_NAME = "elsewhere.example"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A certificate authority of our own, and what it certifies."""

    def __init__(self, folder, name="authority"):
        self._openssl = servers.needed_binary("openssl")
        self._folder = pathlib.Path(folder)
        self._name = name
        self.certificate = self._path(name, "pem")
        self._run("req", "-x509", *CURVE, "-days", "2", "-subj", f"/CN={name} for a test",
                  "-keyout", self._path(name, "key"), "-out", self.certificate)

    def _path(self, name, suffix):
        return self._folder / f"{name}.{suffix}"

    def _run(self, *arguments):
        done = subprocess.run([self._openssl, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"openssl {arguments[0]}: {done.stderr.decode()}")

    def certify(self, file, host=NAME, days=2):
        """A certificate for a host, and its key. Negative days: it expired that long ago."""
        request, extension = self._path(file, "csr"), self._path(file, "ext")
        extension.write_text(f"subjectAltName=DNS:{host}\n")
        self._run("req", *CURVE, "-subj", f"/CN={host}", "-keyout", self._path(file, "key"),
                  "-out", request)
        self._run("x509", "-req", "-in", request, "-CA", self.certificate,
                  "-CAkey", self._path(self._name, "key"), "-CAcreateserial", "-days", days,
                  "-extfile", extension, "-out", self._path(file, "pem"))
        return self._path(file, "pem")

    def certify_itself(self, file, host=NAME):
        """A certificate that nobody vouches for but its own key."""
        self._run("req", "-x509", *CURVE, "-days", "2", "-subj", f"/CN={host}",
                  "-addext", f"subjectAltName=DNS:{host}",
                  "-keyout", self._path(file, "key"), "-out", self._path(file, "pem"))
        return self._path(file, "pem")


# What nginx says of a request: see LOG_FORMAT.
Line = collections.namedtuple(
    "Line", "port connection number protocol resumed tls status target")
LOG_FORMAT = ("$server_port $connection $connection_requests $server_protocol "
              "$ssl_session_reused $ssl_protocol $status $request_uri")

MAIN = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
{account}
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    log_format front '{log_format}';
    access_log {folder}/access.log front;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    # A file, so that tickets outlive a reload.
    ssl_session_ticket_key {folder}/ticket.key;
    proxy_buffers 16 64k;
    proxy_max_temp_file_size 0;
    proxy_read_timeout 300s;
{servers}
}}
"""

SERVER = """\
    server {{
        listen 127.0.0.1:{port}{manner};
        {certificate}
        {more}
        location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
    }}
"""


class Host:
    """One server of the front. The port is found when it starts."""

    def __init__(self, certificate, manner=" ssl http2", more=""):
        self.certificate, self.manner, self.more, self.port = certificate, manner, more, None

    @property
    def url(self):
        return f"https://{NAME}:{self.port}"


class Front:
    """nginx with these hosts by name, in front of what listens on the port `upstream`."""

    def __init__(self, hosts, upstream):
        self._binary = servers.needed_binary("nginx")
        self.hosts, self._upstream = hosts, upstream
        self._directory = TemporaryDirectory()
        self.folder = pathlib.Path(self._directory.path)
        self.folder.chmod(0o755)
        (self.folder / "ticket.key").write_bytes(os.urandom(80))
        try:
            self.child = self._start()
        except BaseException:
            self._directory.close()
            raise

    def _start(self):
        for attempt in range(1, servers.PORT_ATTEMPTS + 1):
            for host in self.hosts.values():
                host.port = free_port()
            self.configure()
            child = Child([self._binary, "-e", str(self.folder / "error.log"),
                           "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
                          self.folder / "out.log", death_signal=signal.SIGTERM)
            try:
                for host in self.hosts.values():
                    wait_until(lambda p=host.port: accepts(p), f"nginx listens on {host.port}",
                               child=child)
                return child
            except AssertionError:
                child.stop()
                if attempt == servers.PORT_ATTEMPTS or "in use" not in child.tail(100):
                    raise
        raise AssertionError("unreachable")

    def configure(self):
        """Writes the configuration, which a reload makes the one in force."""
        account = servers.ordinary_account()
        (self.folder / "nginx.conf").write_text(MAIN.format(
            folder=self.folder, log_format=LOG_FORMAT,
            account=f"user {account.pw_name};" if account else "",
            servers="".join(self._server(host) for host in self.hosts.values())))

    def _server(self, host):
        certificate = "" if host.certificate is None else (
            f"ssl_certificate {host.certificate}; "
            f"ssl_certificate_key {host.certificate.with_suffix('.key')};")
        return SERVER.format(port=host.port, manner=host.manner, certificate=certificate,
                             more=host.more, upstream=self._upstream)

    def workers(self):
        """The ids of the worker processes, those that are ending included."""
        path = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return set(map(int, path.read_text().split()))

    def begin_reload(self):
        """New workers take over; the old ones end when their requests are answered. Returns the
        old ones."""
        before = self.workers()
        self.child.send(signal.SIGHUP)
        wait_until(lambda: self.workers() - before, "nginx has started a new worker",
                   child=self.child)
        return before

    def reload(self):
        """The same, and waits for the end of the old ones, which close what was open."""
        before = self.begin_reload()
        wait_until(lambda: not self.workers() & before, "the old worker has ended",
                   child=self.child)

    def forget(self):
        """Empties the access log; nginx goes on at its end, wherever that is."""
        os.truncate(self.folder / "access.log", 0)

    def lines(self, *names):
        """What the access log says of the hosts of these names, in the order of the ends."""
        ports = {str(self.hosts[name].port) for name in names}
        text = (self.folder / "access.log").read_text()
        lines = [Line(*line.split(" ", 7)) for line in text.splitlines()]
        return [line for line in lines if line.port in ports]

    def wait_for_lines(self, count, *names):
        """The lines, once there are that many: nginx writes them a little after the answer."""
        wait_until(lambda: len(self.lines(*names)) >= count, f"nginx has logged {count} requests",
                   child=self.child)
        return self.lines(*names)

    def broken_handshakes(self, name):
        """How many TLS handshakes of that host its peers have broken off so far."""
        here = f"while SSL handshaking, client: 127.0.0.1, server: 127.0.0.1:{self.hosts[name].port}"
        return (self.folder / "error.log").read_text().count(here)

    def close(self):
        try:
            status = self.child.stop()
            tap.equal(status, 0, f"exit status of nginx\n{self.child.tail()}\n")
        finally:
            self._directory.close()
