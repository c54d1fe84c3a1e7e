#!/usr/bin/env python3
"""Real web servers with the configurations that the project ships, from the client's side.

Every set-up is asked the same things, because a client must not be able to tell which server it
speaks to. What only one set-up promises comes after.
"""

import json
import pathlib
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import contract, paths, servers, tap  # noqa: E402
from harness.http_client import request  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

AGGREGATE = "/api/v1/aggregate"
METRICS = "/api/v1/metrics"
FORM = "application/x-www-form-urlencoded"
NAME = "g3-b2-a"

# The title, how it is started, whether the program stays running between requests.
SETUPS = (
    ("Apache, mod_fcgid by .htaccess", servers.start_shared_hosting, True),
    ("Apache, mod_cgid by .htaccess",
     lambda settings: servers.start_shared_hosting(settings, modules=("cgid",)), False),
    ("Apache, mod_fcgid", servers.start_apache_fcgid, True),
    ("Apache, mod_proxy_fcgi", servers.start_apache_proxy_fcgi, True),
    ("Apache, mod_cgid", servers.start_apache_cgi, False),
    ("Apache, mod_cgi", lambda settings: servers.start_apache_cgi(settings, module="cgi"), False),
    ("lighttpd, mod_fastcgi", servers.start_lighttpd_fastcgi, True),
    ("lighttpd, spawn-fcgi and multiwatch", servers.start_lighttpd_socket, True),
    ("lighttpd, mod_cgi", servers.start_lighttpd_cgi, False),
    ("nginx, spawn-fcgi and multiwatch", servers.start_nginx, True),
)


simulator = tap.Lazy(Simulator, Simulator.close)


def settings():
    return contract.settings(simulator.get()) | {"TRUSTED_PROXIES": "127.0.0.0/8"}


class Setup:
    """One set-up under test: started by its first test, stopped by its last."""

    def __init__(self, title, start, stays=False):
        self.title, self.stays = title, stays
        self._server = tap.Lazy(lambda: start(settings()), servers.Server.close)

    @property
    def server(self):
        return self._server.get()

    def add(self, sentence, function, **options):
        tap.add(f"{self.title}: {sentence}", self._tell_on_failure, function, **options)

    def _tell_on_failure(self, function):
        try:
            function(self)
        except AssertionError:
            if self._server.made:
                tap.diagnose(self.server.site.logs())
            raise

    def ask(self, method, target, body=None, headers=None, **options):
        server = self.server
        return request(server.port, method, server.prefix + target, body, headers, **options)

    def post(self, document):
        return self.ask("POST", AGGREGATE, json=document)

    def get(self, name, method="GET", headers=None):
        query = urllib.parse.urlencode({"username": name})
        return self.ask(method, f"{AGGREGATE}?{query}", headers=headers)


def check_post(setup):
    reply = setup.post({"username": NAME})
    contract.profile(reply, simulator.get().expected(github=NAME, bitbucket=NAME))
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control of a POST")


def check_get(setup):
    contract.profile(setup.get(NAME), simulator.get().expected(github=NAME, bitbucket=NAME))


def check_head(setup):
    whole, head = setup.get(NAME), setup.get(NAME, "HEAD")
    tap.equal(head.status, 200, "status of HEAD")
    tap.equal(head.body, b"", "body of HEAD")
    tap.equal(head.header("Content-Type"), whole.header("Content-Type"), "Content-Type of HEAD")
    # Nothing is kept here, so that each is a visit of two forges: those of one second tell the same.
    for _ in range(10):
        if head.header("ETag") == whole.header("ETag"):
            break
        whole, head = setup.get(NAME), setup.get(NAME, "HEAD")
    for name in ("ETag", "Last-Modified"):
        tap.equal(head.header(name), whole.header(name), f"{name} of HEAD")


def check_form(setup):
    body = urllib.parse.urlencode({"github": NAME, "bitbucket": ""})
    reply = setup.ask("POST", AGGREGATE, body, {"Content-Type": FORM})
    contract.profile(reply, simulator.get().expected(github=NAME))


def check_percent_encoding(setup):
    encoded = "".join(f"%{byte:02x}" for byte in NAME.encode())
    reply = setup.ask("GET", f"{AGGREGATE}?username={encoded}")
    contract.profile(reply, simulator.get().expected(github=NAME, bitbucket=NAME))


def check_chunks(setup):
    chunks = iter((b'{"username":', json.dumps(NAME).encode(), b"}"))
    reply = setup.ask("POST", AGGREGATE, chunks, {
        "Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    contract.profile(reply, simulator.get().expected(github=NAME, bitbucket=NAME))


def check_malformed(setup):
    reply = setup.ask("POST", AGGREGATE, b'{"username": ', {"Content-Type": "application/json"})
    contract.problem(reply, 400)


def check_refused_member(setup):
    reply = setup.post({"username": NAME, "colour": "red"})
    contract.problem(reply, 422)
    tap.equal([error["pointer"] for error in reply.json()["errors"]], ["/colour"], "pointers")


def check_method(setup):
    reply = setup.ask("DELETE", AGGREGATE)
    contract.problem(reply, 405)
    allowed = {method.strip() for method in reply.header("Allow", "").split(",")}
    tap.true({"GET", "HEAD", "POST"} <= allowed, f"Allow with GET, HEAD and POST, not {allowed}")


def check_unknown_path(setup):
    contract.problem(setup.ask("GET", "/api/v1/nothing-here"), 404)


def check_large_body(setup):
    body = json.dumps({"username": "x" * 65 * 1024}).encode()
    reply = setup.ask("POST", AGGREGATE, body, {"Content-Type": "application/json"})
    contract.problem(reply, 413)


def check_huge_body(setup):
    """Far over the limit the server may answer for the program, but not with a server error."""
    reply = setup.ask("POST", AGGREGATE, b" " * 1024 * 1024, {"Content-Type": "application/json"})
    tap.equal(reply.status, 413, "status")


def check_media_type(setup):
    reply = setup.ask("POST", AGGREGATE, b"<username/>", {"Content-Type": "application/xml"})
    contract.problem(reply, 415)


def check_proxy_header(setup):
    # Nobody listens on port 1: a program that took this for its proxy could ask no forge.
    name = f"g1-b1-proxy{setup.server.port}"
    reply = setup.get(name, headers={"Proxy": "http://127.0.0.1:1/"})
    contract.profile(reply, simulator.get().expected(github=name, bitbucket=name))


def check_forged_address(setup):
    """The tests are the proxy, which is trusted; 192.0.2.1 its client, who may not read these."""
    def status(*fields):
        return setup.ask("GET", METRICS, headers=dict(fields)).status

    forged, real = "127.0.0.1", "192.0.2.1"
    tap.equal(status(("X-Forwarded-For", forged)), 200, "status for the proxy itself")
    for name in ("x-forwarded-for", "X_Forwarded_For"):
        for fields in ((("X-Forwarded-For", real), (name, forged)),
                       ((name, forged), ("X-Forwarded-For", real))):
            tap.equal(status(*fields), 403, f"status with {fields}")


def check_conditions(setup):
    tag = setup.ask("GET", "/docs/problems").header("ETag")
    for name, value, status in (("If-None-Match", tag, 304), ("If-None-Match", '"other"', 200),
                                ("If-Match", f'"other", {tag}', 200), ("If-Match", "*", 200)):
        reply = setup.ask("GET", "/docs/problems", headers={name: value})
        tap.equal(reply.status, status, f"status with {name}: {value}")
    contract.problem(setup.ask("GET", "/docs/problems", headers={"If-Match": '"other"'}), 412)


def next_page(reply):
    """The target that Link names for the page behind this one, or None."""
    found = re.search(r'<([^<>]*)>; rel="next"', reply.header("Link", ""))
    return found and found[1]


def check_repositories(setup):
    """The links of a page lead to all others, and servers take them however long they are."""
    query = f"username={NAME}&include=repositories&per_page=2"
    reply, names = setup.ask("GET", f"{AGGREGATE}?{query}"), []
    while True:
        tap.equal(reply.status, 200, "status of a page")
        names += [one["name"] for one in reply.json()["repositories"]]
        target = next_page(reply)
        if target is None:
            break
        reply = request(setup.server.port, "GET", target)
    expected = simulator.get().repositories(github=NAME, bitbucket=NAME)
    tap.equal(names, [one["name"] for one in expected], "names on all pages")
    fields = ",".join(f"repositories.{name}" for name in expected[0])
    page = "&".join((query, "page=2", f"fields={fields},repositories_page,totals,accounts.name"))
    reply = setup.ask("GET", f"{AGGREGATE}?{page}")
    tap.equal((reply.status, len(reply.header("Link", "")) > 1500), (200, True), "with long links")


def check_one_path(setup):
    """What the paths of the shipped files let through further down is not ours."""
    for target in ("/docs/api/v1/metrics", "/api/v1/docs/problems", "/docs/x/api/v1/metrics"):
        tap.equal(setup.ask("GET", target).status, 404, f"status of {target}")


def check_documents(setup):
    reply = setup.ask("GET", "/api/v1/openapi.json")
    tap.equal(reply.body, (paths.SOURCE / "src/api/openapi.json").read_bytes(), "the API document")
    for target, file in (("/docs/reference", "reference.html"), ("/docs/problems", "problems.html"),
                         ("/docs/docs.css", "docs.css")):
        reply = setup.ask("GET", target)
        tap.equal(reply.body, (paths.SOURCE / "docs" / file).read_bytes(), target)
    reply = setup.ask("GET", "/docs")
    tap.equal((reply.status, reply.header("Location")), (308, "docs/"), "/docs without its slash")


def check_stop(setup):
    """The processes are told by the path of the set-up's own copy of the program."""
    tap.equal(setup.get(NAME).status, 200, "status before the stop")
    site = setup.server.site
    if setup.stays:
        tap.true(site.programs(), "the program runs between requests")
    else:
        site.wait_until_gone()
    site.stop()
    site.wait_until_gone()


CHECKS = (
    ("POST tells what the forges know", check_post),
    ("GET tells the same", check_get),
    ("HEAD has the headers of GET and no body", check_head),
    ("a form is taken, and an empty value leaves a forge out", check_form),
    ("percent-encoding in the query string is decoded", check_percent_encoding),
    ("a body in chunks is taken", check_chunks),
    ("malformed JSON is 400 with a problem document", check_malformed),
    ("an unknown member is 422 and named by its pointer", check_refused_member),
    ("a wrong method is 405 with Allow", check_method),
    ("an unknown path is 404 with a problem document", check_unknown_path),
    ("a body of 65 KiB is 413 with a problem document", check_large_body),
    ("a body of 1 MiB is 413", check_huge_body),
    ("a wrong content type is 415 with a problem document", check_media_type),
    ("a Proxy header does not become the program's proxy", check_proxy_header),
    ("a forged address lets nobody in", check_forged_address),
    ("what is asked by entity tag is answered so", check_conditions),
    ("repositories come page by page, by links", check_repositories),
    ("nothing is answered at two paths", check_one_path),
    ("the API document and the pages for people are there", check_documents),
)


# Shared hosting alone --------------------------------------------------------------------------

def check_settings_hidden(setup):
    for target in ("/.htforgefold.conf", "/%2ehtforgefold.conf", "/.htaccess"):
        reply = setup.ask("GET", target)
        tap.true(reply.status in (403, 404), f"{target} refused, not {reply.status}")
        tap.true(b"BASE_URL" not in reply.body, f"nothing of {target} in the reply")


def check_settings_used(setup):
    """No environment names a settings file here: only the file beside the program leads to the
    simulator."""
    name = f"g2-b1-beside{setup.server.port}"
    contract.profile(setup.get(name), simulator.get().expected(github=name, bitbucket=name))


def check_own_page(setup):
    reply = setup.ask("GET", "/page.html")
    tap.equal((reply.status, reply.body), (200, b"the customer's own page\n"), "page")


def check_direct(setup):
    reply = setup.ask("GET", f"/forgefold.fcgi{AGGREGATE}?username={NAME}")
    contract.profile(reply, simulator.get().expected(github=NAME, bitbucket=NAME))


SHARED_CHECKS = (
    ("the settings file beside the program is not served", check_settings_hidden),
    ("the settings file beside the program is used", check_settings_used),
    ("the rest of the folder is left alone", check_own_page),
    ("the program answers under its own name too", check_direct),
)


def check_inert(setup):
    reply = setup.ask("GET", f"{AGGREGATE}?username={NAME}")
    tap.equal(reply.status, 503, "status of the API")
    tap.true(b"mod_fcgid" in reply.body, "a note that names what is missing")
    tap.equal(setup.ask("GET", "/forgefold.fcgi").status, 403, "status of the program file")
    check_settings_hidden(setup)
    check_own_page(setup)


# What the shipped files promise besides --------------------------------------------------------

@tap.test("every folder of server files has steps, and they name every file")
def check_steps():
    for folder in ("apache", "apache/shared-hosting", "lighttpd", "nginx", "systemd"):
        steps = (paths.SOURCE / folder / "README.md").read_text()
        for file in sorted((paths.SOURCE / folder).iterdir()):
            if file.is_file() and file.name != "README.md":
                tap.true(file.name in steps, f"{folder}/README.md names {file.name}")


def main():
    for title, start, stays in SETUPS:
        setup = Setup(title, start, stays)
        for sentence, check in CHECKS + (SHARED_CHECKS if ".htaccess" in title else ()):
            setup.add(sentence, check)
        setup.add("stopping the server leaves no process of the program", check_stop)
    inert = Setup("Apache with neither mod_fcgid nor mod_cgi",
                  lambda settings: servers.start_shared_hosting(settings, modules=()))
    inert.add("the .htaccess file says so and gives nothing away", check_inert)
    return tap.main()


if __name__ == "__main__":
    sys.exit(main())
