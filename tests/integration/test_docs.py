#!/usr/bin/env python3
"""The API document and the pages for people, as the program serves them.

What is in them tests/schema/test_openapi.py checks; here is how they come: media types, entity
tags, the policy that keeps pages from other hosts, and that nothing else of the directory with the
viewer's files, or of any other, is to be had.
"""

import os
import pathlib
import re
import sys
import tempfile
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, contract, fcgi, paths, tap  # noqa: E402

OPENAPI = "/api/v1/openapi.json"
HTML, CSS, SCRIPT = "text/html", "text/css", "text/javascript"
VIEWER = {"swagger-ui.css": CSS, "swagger-ui-bundle.js": SCRIPT}
OURS = {"reference": (HTML, "reference.html"), "problems": (HTML, "problems.html"),
        "docs.css": (CSS, "docs.css"), "viewer.js": (SCRIPT, "viewer.js")}
SECRET = b"not to be read"
# Whatever is behind /docs/, or ways out of it.
REFUSED = (
    "secret", "secret.css", "LICENSE", "swagger-ui.css.map", "swagger-ui.css/", "swagger-ui.css/.",
    "./swagger-ui.css", "../docs/secret", "../secret", "..", ".", "../", "../../etc/passwd",
    "..%2fsecret", "%2e%2e/secret", "%2e%2e%2fsecret", "..%5csecret", "%2fetc%2fpasswd",
    "/etc/passwd", "//etc/passwd", "folder/secret", "folder", "index.html", "problems/",
    "problems.html", "Problems", "swagger-ui.CSS", "\xff", "problems%20", "swagger-ui.css%0a",
)

simulator = support.lazy_simulator()


class Installed:
    """A program with a directory of its own for the viewer's files, which are made up."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="ff-docs-")
        self.path = pathlib.Path(self._directory.name) / "docs"
        (self.path / "folder").mkdir(parents=True)
        for name in VIEWER:
            (self.path / name).write_bytes(f"/* {name} */\n".encode() * 9999)
        for name in ("secret", "secret.css", "folder/secret", "../secret"):
            (self.path / name).write_bytes(SECRET)
        self.program = Program(simulator.get(), DOCS_DIRECTORY=self.path)

    def close(self):
        try:
            self.program.close()
        finally:
            self._directory.cleanup()


installed = tap.Lazy(Installed, Installed.close)
# Without the viewer, and below a base that is known.
bare = support.lazy_program(simulator, DOCS_DIRECTORY="/nonexistent", BASE_PATH="/tools/ff")


def ask(target, method="GET", **more):
    return fcgi.ask(installed.get().program.path, method, target, **more)


def check_served(reply, media_type, body):
    tap.equal((reply.status, reply.media_type), (200, media_type), f"status and type of\n{reply}\n")
    tap.equal(reply.body, body, "body")
    tap.equal(reply.header("X-Content-Type-Options"), "nosniff", "X-Content-Type-Options")
    tap.true(re.fullmatch(r"max-age=\d+", reply.header("Cache-Control")), "cacheable")
    tap.true(re.fullmatch(r'"[0-9a-f]+"', reply.header("ETag")), "a strong entity tag")
    if media_type == HTML:
        tap.true("charset=utf-8" in reply.header("Content-Type"), "the page's charset")
        check_policy(reply)


def check_policy(reply):
    """No source but our own host, and nothing written into the page itself."""
    policy = dict(part.split(None, 1) for part in reply.header("Content-Security-Policy").split(";"))
    for directive in ("default-src", "base-uri", "form-action", "frame-ancestors"):
        tap.equal(policy[directive], "'none'", directive)
    for directive, sources in policy.items():
        allowed = {"'none'", "'self'"} | ({"data:"} if directive == "img-src" else set())
        tap.equal(set(sources.split()) - allowed, set(), f"sources of {directive}")
    scripts = b"<script" in reply.body
    tap.equal("script-src" in policy, scripts, "whether scripts are allowed")


def source(name):
    return (paths.SOURCE / name).read_bytes()


@tap.test("the API document is the file in the sources, for pages of other origins too")
def check_document():
    reply = ask(OPENAPI)
    check_served(reply, "application/json", source("src/api/openapi.json"))
    tap.equal(reply.header("Access-Control-Allow-Origin"), "*", "Access-Control-Allow-Origin")


@tap.test("our own pages are the files in the sources")
def check_own():
    for name, (media_type, file) in OURS.items():
        check_served(ask(f"/docs/{name}"), media_type, source(f"docs/{file}"))


@tap.test("the viewer's files are served from the directory, and the first page shows it")
def check_viewer():
    for name, media_type in VIEWER.items():
        check_served(ask(f"/docs/{name}"), media_type, (installed.get().path / name).read_bytes())
    check_served(ask("/docs/"), HTML, source("docs/index.html"))


@tap.test("without the viewer the first page is the plain reference, and says how to get it")
def check_bare():
    reply = fcgi.ask(bare.get().path, "GET", "/tools/ff/docs/")
    check_served(reply, HTML, source("docs/reference.html"))
    tap.true(b"script/docs" in reply.body, "how to get the viewer")
    for name in VIEWER:
        contract.problem(fcgi.ask(bare.get().path, "GET", f"/tools/ff/docs/{name}"), 404)


@tap.test("all of it is below a base, too")
def check_base():
    for target in (OPENAPI, "/docs/", "/docs/problems", "/docs/swagger-ui.css"):
        tap.equal(ask(f"/cgi-bin/forgefold{target}").body, ask(target).body, target)
    contract.problem(fcgi.ask(bare.get().path, "GET", "/docs/problems"), 404)
    check_served(fcgi.ask(bare.get().path, "GET", "/tools/ff/docs/problems"), HTML,
                 source("docs/problems.html"))


@tap.test("without its slash the folder leads to itself, wherever it is")
def check_slash():
    for running, base in ((installed.get().program, ""), (installed.get().program, "/cgi-bin/ff"),
                          (bare.get(), "/tools/ff")):
        for target in (f"{base}/docs", f"{base}/docs?x=y"):
            reply = fcgi.ask(running.path, "GET", target)
            tap.equal((reply.status, reply.body), (308, b""), f"status and body of\n{reply}\n")
            url = urllib.parse.urljoin(f"http://host{target}", reply.header("Location"))
            tap.equal(url, f"http://host{base}/docs/", "where it leads")
    tap.equal(ask("/docs", "HEAD").status, 308, "status of HEAD")
    tap.equal(ask("/docs", "POST").status, 405, "status of POST")
    contract.problem(fcgi.ask(bare.get().path, "GET", "/docs"), 404)


@tap.test("what a client has is not sent again, and HEAD has no body")
def check_conditional():
    for target in (OPENAPI, "/docs/", "/docs/problems", "/docs/swagger-ui-bundle.js"):
        whole = ask(target)
        head = ask(target, "HEAD")
        tap.equal((head.status, head.body), (200, b""), f"HEAD of {target}")
        for name in ("ETag", "Content-Type", "Content-Length", "Content-Security-Policy"):
            tap.equal(head.header(name), whole.header(name), f"{name} of HEAD of {target}")
        again = ask(target, HTTP_IF_NONE_MATCH=whole.header("ETag"))
        tap.equal((again.status, again.body), (304, b""), f"{target} again")
        tap.equal(again.header("ETag"), whole.header("ETag"), "its entity tag")
        tap.equal(ask(target, HTTP_IF_NONE_MATCH='"other"').status, 200, "another tag")


@tap.test("a file that is replaced has another entity tag")
def check_replaced():
    file = installed.get().path / "swagger-ui.css"
    before, old = ask("/docs/swagger-ui.css").header("ETag"), file.read_bytes()
    file.write_bytes(b"/* newer */\n")
    try:
        after = ask("/docs/swagger-ui.css", HTTP_IF_NONE_MATCH=before)
        tap.equal((after.status, after.body), (200, b"/* newer */\n"), "the new file")
    finally:
        file.write_bytes(old)


def check_refused(name):
    reply = ask(f"/docs/{name}")
    problem = contract.problem(reply, 404)
    tap.equal(problem["type"], "/docs/problems#path-unknown", "type")
    tap.true(SECRET not in reply.body and b"root:" not in reply.body, "nothing of a file")


for refused in REFUSED:
    tap.add(f"there is no /docs/{refused!a}", check_refused, refused)


@tap.test("what is no file, or too large, is not there, and nobody waits for it")
def check_odd_files():
    file = installed.get().path / "swagger-ui.css"
    old = file.read_bytes()

    def fifo():
        os.mkfifo(file)

    def huge():
        with open(file, "wb") as sparse:
            sparse.truncate(16 * 1024 * 1024 + 1)

    try:
        for make in (fifo, file.mkdir, huge):
            file.unlink()
            make()
            contract.problem(ask("/docs/swagger-ui.css", seconds=10), 404)
            if file.is_dir():
                file.rmdir()
                file.touch()
    finally:
        file.unlink()
        file.write_bytes(old)


@tap.test("another method is refused with Allow")
def check_methods():
    for target in (OPENAPI, "/docs/", "/docs/problems"):
        reply = ask(target, "POST")
        contract.problem(reply, 405)
        tap.equal(reply.header("Allow"), "GET, HEAD, OPTIONS", f"Allow of {target}")


@tap.test("a directory that is named relative to nowhere is an error of the settings")
def check_setting():
    done = support.run(["--check"], {"DOCS_DIRECTORY": "docs"})
    tap.equal(done.returncode, 2, "exit status")
    tap.true(b"DOCS_DIRECTORY" in done.stderr and b"absolute" in done.stderr,
             f"what is wrong, in {done.stderr!r}")


if __name__ == "__main__":
    sys.exit(tap.main())
