"""Real web servers, running the files that the project ships.

A Site is an installation in a temporary directory: a copy of the program, its settings, the
folders that a server needs. A start_ function copies one shipped configuration there, sets
nothing but the variables named at its top, adds the little of a main configuration that any
server has, and returns a Server.

Everything works without root. As root the servers drop to an ordinary account as they do on a
real machine, and that account owns the site.
"""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess

from . import paths, tap
from .processes import (Child, TemporaryDirectory, accepts, end_all, free_port, running,
                        wait_until)

ACCOUNTS = ("www-data", "apache", "http", "nobody")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
APACHE_MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")
NGINX_PARAMS = ("/etc/nginx/fastcgi_params", "/usr/local/nginx/conf/fastcgi_params")
PORT_ATTEMPTS = 5
# The program leaves within 6 seconds of TERM; mod_fcgid kills at 8.
STOP_SECONDS = 15


def needed_binary(*names):
    """The first of these programs that is installed. Skips the test if none is."""
    for name in names:
        found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")
        if found:
            return found
    return tap.skip(f"{' or '.join(names)} is not installed")


def ordinary_account():
    """The account that servers drop to when they are started by root; None without root."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return tap.skip("started as root, but there is no ordinary account to drop to")


class Site:
    """The program, its settings, the folders around it, and the processes started there."""

    def __init__(self, settings, program="bin/forgefold", settings_file="etc/forgefold.conf"):
        original, self.account = paths.program(), ordinary_account()
        self.children = []
        self._directory = TemporaryDirectory()
        self.path = pathlib.Path(self._directory.path)
        for folder in ("bin", "cache", "conf", "etc", "log", "run", "www"):
            (self.path / folder).mkdir()
        self.program = self.path / program
        self.settings_file = self.path / settings_file
        self.socket = self.path / "run/forgefold.sock"
        for file in (self.program, self.settings_file):
            file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(original, self.program)
        self.program.chmod(0o755)
        self._write_settings(settings)
        self._give_away()

    def _write_settings(self, settings):
        # A test may ask for more cold accounts than one client may have in an hour.
        told = {"CACHE_URL": "none:", "CLIENT_COLD_LIMIT": 0} | settings
        self.settings_file.write_text("".join(f"{k}={v}\n" for k, v in told.items()))

    def _give_away(self):
        """Lets the servers' account reach the site and own it, as it must own its cache."""
        self.path.chmod(0o755)
        for directory, folders, files in os.walk(self.path):
            for name in (*folders, *files):
                if self.account:
                    os.chown(os.path.join(directory, name),
                             self.account.pw_uid, self.account.pw_gid)
        for private in ("cache", "run"):
            (self.path / private).chmod(0o700)
        self.settings_file.chmod(0o600)

    def write(self, name, text):
        """Writes a file of the site and returns its path."""
        path = self.path / name
        path.write_text(text)
        return path

    def install(self, shipped, values=None, pattern=None, to="conf"):
        """Copies a shipped file, setting the variables it names at its top.

        pattern finds a variable and its value as the groups before, value and after. Every
        variable must be there exactly once: the shipped file must have what its README promises.
        """
        text = substitute((paths.SOURCE / shipped).read_text(), values or {}, pattern, shipped)
        return self.write(f"{to}/{pathlib.Path(shipped).name}", text)

    def run(self, command, log, **options):
        """Starts a child of this site, with nothing of the caller's settings or proxies in its
        environment."""
        told = options.pop("environment", {})
        environment = {"PATH": SYSTEM_PATH, "LANG": "C", "HOME": "/nonexistent"} | told
        child = Child(command, self.path / "log" / log, environment=environment, **options)
        self.children.append(child)
        return child

    def run_on_free_port(self, command_for, log, **options):
        """Starts a server on a free port; again, if another program took the port meanwhile."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port = free_port()
            child = self.run(command_for(port), log, death_signal=signal.SIGTERM, **options)
            try:
                wait_until(lambda p=port: accepts(p), f"{child} listens", child=child)
                return port
            except AssertionError:
                if attempt == PORT_ATTEMPTS or "ddress already in use" not in child.tail(100):
                    raise
                self.children.pop().stop()
        raise AssertionError("unreachable")

    def programs(self):
        """The ids of the processes that run the site's program."""
        return running(str(self.program))

    def stop(self):
        """Stops the children, the last one first, and returns their exit statuses."""
        statuses = []
        while self.children:
            statuses.append(self.children.pop().stop(STOP_SECONDS))
        return statuses

    def wait_until_gone(self):
        """Waits for the end of all processes of the program, whoever had started them. A server
        that has ended may have told them to end and not have waited."""
        wait_until(lambda: not self.programs(), f"no process runs {self.program} any more",
                   seconds=STOP_SECONDS)

    def close(self):
        """Stops what runs and removes the site. Fails if the program does not leave."""
        self.stop()
        try:
            self.wait_until_gone()
        finally:
            end_all(str(self.program))
            self._directory.close()

    def logs(self):
        """The end of every log, for diagnostics."""
        return "\n".join(f"== {path.name}\n" + "\n".join(
            path.read_text(errors="replace").splitlines()[-25:])
            for path in sorted((self.path / "log").iterdir()))


def substitute(text, values, pattern, shipped):
    """The text with other values of the variables, each of which must be set there once."""
    for name, value in values.items():
        find = re.compile(pattern.format(name=re.escape(name)), re.MULTILINE)
        text, count = find.subn(lambda m, v=value: f"{m['before']}{v}{m['after']}", text)
        tap.equal(count, 1, f"places where {shipped} sets {name}")
    return text


@contextlib.contextmanager
def new_site(*arguments):
    """A Site that is closed again if the block fails."""
    site = Site(*arguments)
    try:
        yield site
    except BaseException:
        site.close()
        raise


class Server:
    """A site whose last child listens for HTTP on the port, with the API below the prefix."""

    def __init__(self, site, port, prefix=""):
        self.site, self.port, self.prefix = site, port, prefix

    def close(self):
        self.site.close()


# Apache ----------------------------------------------------------------------------------------

DEFINE = r'^(?P<before>\s*Define {name}\s+")[^"]*(?P<after>")$'

APACHE_BASE = """\
ServerRoot "{root}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile run/apache.pid
DefaultRuntimeDir run
Mutex file:{root}/run default
ErrorLog log/apache.log
LogLevel info
ThreadsPerChild 64
MaxRequestWorkers 256
{modules}
{account}
TypesConfig {root}/conf/mime.types
DocumentRoot "{root}/www"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "{root}/www">
    {www}
    Require all granted
</Directory>
<IfModule mod_fcgid.c>
    FcgidIPCDir {root}/run/fcgid
    FcgidProcessTableFile {root}/run/fcgid.shm
</IfModule>
<IfModule mod_cgid.c>
    ScriptSock {root}/run/cgid.sock
</IfModule>
{more}
"""

COMMON_MODULES = ("mpm_event", "unixd", "authz_core", "mime", "env", "alias", "rewrite")

# What every shared host has in its own configuration for the folders of its customers.
SHARED_HOST = "AllowOverride FileInfo AuthConfig\n    Options +ExecCGI +SymLinksIfOwnerMatch"


def start_apache(site, modules, more="", www="", prefix=""):
    """Apache with these modules besides the common ones, and more in its configuration."""
    binary = needed_binary("apache2", "httpd")
    loads = _load_modules(binary, (*COMMON_MODULES, *modules))
    site.write("conf/mime.types", "text/html html\ntext/plain txt\napplication/json json\n")
    account = f"User {site.account.pw_name}\nGroup #{site.account.pw_gid}" if site.account else ""

    def command(port):
        main = site.write("conf/apache.conf", APACHE_BASE.format(
            root=site.path, port=port, modules=loads, account=account, www=www, more=more))
        return [binary, "-d", str(site.path), "-f", str(main), "-DFOREGROUND"]

    return Server(site, site.run_on_free_port(command, "apache.out"), prefix)


def _load_modules(binary, names):
    built_in = subprocess.run([binary, "-l"], capture_output=True, text=True, check=True).stdout
    folder = next((f for f in map(pathlib.Path, APACHE_MODULES) if f.is_dir()), None)
    lines = []
    for name in names:
        if f"mod_{name}.c" in built_in or f"\n  {name}.c" in built_in:
            continue
        if folder is None or not (folder / f"mod_{name}.so").exists():
            tap.skip(f"Apache's mod_{name} is not installed")
        lines.append(f"LoadModule {name}_module {folder}/mod_{name}.so")
    return "\n".join(lines)


def start_shared_hosting(settings, modules=("fcgid",)):
    """A shared host: what a customer uploads into a folder of the web space, and nothing else."""
    with new_site(settings, "www/profiles/forgefold.fcgi",
                  "www/profiles/.htforgefold.conf") as site:
        site.install("apache/shared-hosting/.htaccess", to="www/profiles")
        site.write("www/profiles/page.html", "the customer's own page\n")
        return start_apache(site, modules, www=SHARED_HOST, prefix="/profiles")


def _include(site, shipped, **values):
    return f"Include {site.install(shipped, values, DEFINE)}"


# What an owner of a server may have besides: answers are compressed, and their tags changed.
DEFLATE = ("filter", "deflate")
DEFLATE_LINES = """
AddOutputFilterByType DEFLATE application/json
"""


def start_apache_fcgid(settings, deflate=False):
    with new_site(settings) as site:
        return start_apache(site, ("fcgid", *_more(deflate)), _include(
            site, "apache/forgefold-fcgid.conf",
            FORGEFOLD_PROGRAM=site.program, FORGEFOLD_SETTINGS=site.settings_file)
            + _lines(deflate))


def start_apache_cgi(settings, module="cgid", deflate=False):
    """As CGI, by mod_cgid (threaded Apache) or mod_cgi."""
    with new_site(settings) as site:
        return start_apache(site, (module, *_more(deflate)), _include(
            site, "apache/forgefold-cgi.conf",
            FORGEFOLD_PROGRAM=site.program, FORGEFOLD_SETTINGS=site.settings_file)
            + _lines(deflate))


def start_apache_proxy_fcgi(settings, deflate=False):
    with new_site(settings) as site:
        spawn(site)
        return start_apache(site, ("proxy", "proxy_fcgi", *_more(deflate)), _include(
            site, "apache/forgefold-proxy-fcgi.conf", FORGEFOLD_SOCKET=site.socket)
            + _lines(deflate))


def _more(deflate):
    return DEFLATE if deflate else ()


def _lines(deflate):
    return DEFLATE_LINES if deflate else ""


# lighttpd --------------------------------------------------------------------------------------

VARIABLE = r'^(?P<before>var\.{name}\s+= ")[^"]*(?P<after>")$'

LIGHTTPD_BASE = """\
server.document-root = "{root}/www"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{root}/log/lighttpd.log"
server.upload-dirs = ( "{root}/run" )
{account}
include "{include}"
"""


def start_lighttpd(site, include):
    """lighttpd with one shipped file included."""
    binary = needed_binary("lighttpd")
    account = ""
    if site.account:
        account = (f'server.username = "{site.account.pw_name}"\n'
                   f'server.groupname = "{site.account.pw_name}"')

    def command(port):
        main = site.write("conf/lighttpd.conf", LIGHTTPD_BASE.format(
            root=site.path, port=port, account=account, include=include))
        return [binary, "-D", "-f", str(main)]

    return Server(site, site.run_on_free_port(
        command, "lighttpd.out", changes_user=site.account is not None))


PROCESSES = r'^(?P<before>\s*"{name}"\s+=> )\d+(?P<after>,)$'


def start_lighttpd_fastcgi(settings, processes=None):
    """With so many processes, or as many as the shipped file says."""
    with new_site(settings) as site:
        include = site.install("lighttpd/forgefold.conf", {
            "forgefold_program": site.program, "forgefold_settings": site.settings_file,
            "forgefold_socket": site.socket}, VARIABLE)
        if processes is not None:
            include.write_text(substitute(include.read_text(), {"max-procs": processes}, PROCESSES,
                                          "lighttpd/forgefold.conf"))
        return start_lighttpd(site, include)


def start_lighttpd_socket(settings):
    with new_site(settings) as site:
        spawn(site)
        return start_lighttpd(site, site.install(
            "lighttpd/forgefold-socket.conf", {"forgefold_socket": site.socket}, VARIABLE))


def start_lighttpd_cgi(settings):
    with new_site(settings) as site:
        return start_lighttpd(site, site.install("lighttpd/forgefold-cgi.conf", {
            "forgefold_program": site.program, "forgefold_settings": site.settings_file},
            VARIABLE))


# nginx -----------------------------------------------------------------------------------------

PASS = r"^(?P<before>\s*fastcgi_pass {name}:)\S+(?P<after>;)$"

NGINX_BASE = """\
daemon off;
pid {root}/run/nginx.pid;
error_log {root}/log/nginx.log info;
{account}
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {root}/run/body;
    fastcgi_temp_path {root}/run/fastcgi;
    proxy_temp_path {root}/run/proxy;
    uwsgi_temp_path {root}/run/uwsgi;
    scgi_temp_path {root}/run/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root}/www;
        include {include};
    }}
}}
"""


def start_nginx(settings):
    """nginx with the shipped file included, and the program on its socket."""
    binary = needed_binary("nginx")
    params = next((p for p in map(pathlib.Path, NGINX_PARAMS) if p.exists()), None)
    if params is None:
        tap.skip("nginx's own fastcgi_params file is not installed")
    with new_site(settings) as site:
        shutil.copy(params, site.path / "conf/fastcgi_params")
        include = site.install("nginx/forgefold.conf", {"unix": site.socket}, PASS)
        account = f"user {site.account.pw_name};" if site.account else ""
        spawn(site)

        def command(port):
            main = site.write("conf/nginx.conf", NGINX_BASE.format(
                root=site.path, port=port, account=account, include=include))
            return [binary, "-e", str(site.path / "log/nginx.log"), "-p", str(site.path),
                    "-c", str(main)]

        return Server(site, site.run_on_free_port(command, "nginx.out"))


# The program without a web server --------------------------------------------------------------

def spawn(site, processes=2):
    """The program on the site's socket, by the shipped script: spawn-fcgi and multiwatch."""
    for binary in ("spawn-fcgi", "multiwatch"):
        needed_binary(binary)
    name = site.account.pw_name if site.account else ""
    child = site.run(
        [str(paths.SOURCE / "lighttpd/forgefold-spawn")], "spawn.log",
        environment={
            "FORGEFOLD_PROGRAM": str(site.program), "FORGEFOLD_SOCKET": str(site.socket),
            "FORGEFOLD_PROCESSES": str(processes), "FORGEFOLD_USER": name,
            "FORGEFOLD_GROUP": name, "FORGEFOLD_CONFIG": str(site.settings_file)},
        death_signal=signal.SIGTERM, changes_user=site.account is not None)
    wait_until(lambda: accepts(str(site.socket)), "the program's socket", child=child)
    return child


class Responder:
    """The program alone, as our own child, on a listening socket as its descriptor 0.

    wrapper is a command that runs the program, such as that of a checker of memory.
    """

    def __init__(self, settings, wrapper=(), **environment):
        with new_site(settings) as self.site, \
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            self.path = str(self.site.socket)
            listener.bind(self.path)
            listener.listen(1024)
            self.child = self.site.run(
                [*wrapper, str(self.site.program)], "responder.log", stdin=listener,
                environment={"FORGEFOLD_CONFIG": str(self.site.settings_file)} | environment)

    def close(self):
        self.site.close()


def cgi_fcgi(path, params, body=b"", seconds=40):
    """Sends one request by cgi-fcgi, the FastCGI project's own client. Returns its output."""
    binary = needed_binary("cgi-fcgi")
    done = subprocess.run([binary, "-bind", "-connect", path], input=body, timeout=seconds,
                          env={name: str(value) for name, value in params.items()},
                          capture_output=True, check=True)
    return done.stdout
