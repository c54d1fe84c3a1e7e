#!/usr/bin/env python3
"""Input that is wrong: which status, which problem, which member, in words that help.

None of it may reach a forge, whatever else happens, and nothing that was sent comes back in a form
that a terminal or a browser could take for its own.
"""

import dataclasses
import json
import sys
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import AGGREGATE, FORM, JSON, contract, fcgi, tap  # noqa: E402

MALFORMED, INVALID = "request-malformed", "query-invalid"
MAX_REQUEST_BYTES = 65536
MAX_ACCOUNTS = 16
EXAMPLE_BYTES = 10000

simulator = support.lazy_simulator()
program = support.lazy_program(simulator)


@dataclasses.dataclass
class Bad:
    """A request and what must come of it. words: each must be in the detail."""

    title: str
    body: bytes
    status: int
    kind: str
    pointer: str = None
    words: tuple = ()
    content_type: str = JSON
    method: str = "POST"
    target: str = AGGREGATE
    params: dict = dataclasses.field(default_factory=dict)


def ask(bad):
    return fcgi.ask(program.get().path, bad.method, bad.target, bad.body, bad.content_type,
                    seconds=support.PATIENCE_SECONDS, **bad.params)


def texts(value):
    """Every text in a JSON document, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(name)
            yield from texts(item)


def check_harmless(reply, problem):
    """Nothing that was sent comes back as a control character or as markup."""
    tap.equal(reply.header("X-Content-Type-Options"), "nosniff", "X-Content-Type-Options")
    tap.true(not any(byte < 0x20 or byte == 0x7F for byte in reply.body), "no control characters")
    for unwanted in (b"<", b"\xc2\x9b"):  # the latter is CSI, which steers a terminal
        tap.true(unwanted not in reply.body, f"no {unwanted!r} in {reply.body!r}")
    for error in problem.get("errors", []):
        error.pop("pointer")  # must be exact: JSON's escapes are all that it needs
    for text in texts(problem):
        tap.true(text.isprintable(), f"printable text, not {text!r}")
    for name, value in reply.headers.items():
        tap.true(value.isprintable(), f"a printable {name}")


def check_bad(bad):
    before = simulator.get().requests()
    reply = ask(bad)
    problem = contract.problem(reply, bad.status)
    tap.equal(problem["type"], f"/docs/problems#{bad.kind}", f"type of {problem}")
    pointers = [error["pointer"] for error in problem.get("errors", [])]
    tap.equal(pointers, [] if bad.pointer is None else [bad.pointer], f"pointers of {problem}")
    for word in bad.words:
        tap.true(word in problem["detail"], f"{word!r} in {problem['detail']!r}")
    if bad.pointer is not None:
        tap.equal(problem["errors"][0]["detail"], problem["detail"], "detail of the error")
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
    check_harmless(reply, problem)
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


def encoded(document):
    return json.dumps(document).encode()


# Not JSON --------------------------------------------------------------------------------------

def malformed(title, body, *words):
    return Bad(title, body, 400, MALFORMED, words=words)


NOT_JSON = [
    malformed("an empty body", b"", "body", "username"),
    malformed("white space alone", b" \r\n\t ", "JSON"),
    malformed("no JSON at all", b"hello", "JSON", "offset 0"),
    malformed("the beginning of an object", b'{"username":', "JSON"),
    malformed("an object that does not end", b'{"username":"a"', "JSON"),
    malformed("a text that does not end", b'{"username":"a', "JSON"),
    malformed("a trailing comma", b'{"username":"a",}', "offset 16"),
    malformed("single quotes", b"{'username':'a'}", "offset 1"),
    malformed("a name without quotes", b'{username:"a"}', "offset 1"),
    malformed("something behind the object", b'{"username":"a"}x', "offset 16"),
    malformed("two objects", b'{"username":"a"}{"username":"b"}', "offset 16"),
    malformed("a comment", b'{"username":"a"/*x*/}', "JSON"),
    malformed("NaN", b'{"username":NaN}', "JSON"),
    malformed("True", b'{"username":True}', "JSON"),
    malformed("a number with a leading zero", b'{"username":01}', "JSON"),
    malformed("an unknown escape", b'{"username":"\\x41"}', "JSON"),
    malformed("a raw line feed in a text", b'{"username":"a\nb"}', "JSON", "line 1"),
    malformed("a raw control character in a text", b'{"username":"a\x01b"}', "JSON"),
    malformed("a raw NUL", b'{"username":"a\0b"}', "JSON"),
    malformed("a byte order mark", b'\xef\xbb\xbf{"username":"a"}', "JSON"),
    malformed("UTF-16", '{"username":"a"}'.encode("utf-16"), "UTF-8"),
    malformed("Latin-1", '{"username":"\xe9"}'.encode("latin-1"), "UTF-8", "offset 13"),
    malformed("an overlong sequence", b'{"username":"\xc0\xaf"}', "UTF-8"),
    malformed("a surrogate in UTF-8", b'{"username":"\xed\xa0\x80"}', "UTF-8"),
    malformed("a mistake in a later line", b'{\n  "username": "a",\n  "github": oops\n}', "line 3"),
    malformed("a member twice", b'{"username":"a","username":"b"}', "username", "twice"),
    malformed("a forge twice", b'{"github":"a","bitbucket":"b","github":"a"}', "github", "twice"),
    malformed("a member twice, once escaped", b'{"github":"a","\\u0067ithub":"b"}', "github",
              "twice"),
]

# Nested far deeper than anything that is meant: refused however deep.
TOO_DEEP = [
    Bad(f"{depth} arrays in each other", b'{"username":' + b"[" * depth + b"]" * depth + b"}",
        422, INVALID, "", ("deep",))
    for depth in (100, 30000)
]


# JSON that is not a question -------------------------------------------------------------------

def invalid(title, document, pointer, *words):
    body = document if isinstance(document, bytes) else encoded(document)
    return Bad(title, body, 422, INVALID, pointer, words)


NOT_A_QUESTION = [
    invalid(f"{text} instead of an object", text.encode(), "", "object")
    for text in ('"mailchimp"', "[]", '[{"username":"a"}]', "1", "null", "true")
] + [
    invalid(f"username is {text}", f'{{"username":{text}}}'.encode(), "/username", "username")
    for text in ("1", "null", "true", "[]", '["a"]', "{}", "1e400", '""')
] + [
    invalid(f"{forge} is {text}", f'{{"{forge}":{text}}}'.encode(), f"/{forge}", forge)
    for forge in support.FORGES for text in ("1", "true", "{}", "[]", '{"name":"a"}', '""')
] + [
    invalid(f"{forge} holds {text}", f'{{"{forge}":["a",{text}]}}'.encode(), f"/{forge}/1", forge)
    for forge in support.FORGES for text in ("1", "null", "true", "[]", '["b"]', "{}", '""')
] + [
    invalid("an unknown member", {"username": "a", "gitlab": "b"}, "/gitlab", "gitlab", "github"),
    invalid("a member in other case", {"UserName": "a"}, "/UserName", "UserName", "username"),
    invalid("a member of empty name", {"": "a"}, "/", '""'),
    invalid("the first of two unknown members", {"x": 1, "username": "a", "b": 2}, "/x", '"x"'),
    invalid("an unknown member with slash and tilde", {"a/b~c": 1}, "/a~1b~0c", "a/b~c"),
    invalid("an unknown member with markup", {"<b>": 1}, "/<b>", "unknown member"),
    invalid("an unknown member with a control character", {"\x1b[31m": 1}, "/\x1b[31m",
            "unknown member", "\\x1b"),
    invalid("an unknown member with U+0000", {"username\0": "a"}, "", "unknown member", "\\x00"),
    invalid("an unknown member of 10,000 characters", {"m" * EXAMPLE_BYTES: 1}, "",
            "unknown member", str(EXAMPLE_BYTES)),
    invalid("no account at all", {}, "", "username"),
    invalid("a detail that there is not", {"username": "a", "detail": "all"}, "/detail", "basic",
            "full"),
    invalid("detail null", {"username": "a", "detail": None}, "/detail", "basic", "full"),
    invalid("nothing but a detail", {"detail": "full"}, "", "account"),
    invalid("every forge left out", {"github": None, "bitbucket": None}, "", "account"),
    invalid("a username and every forge left out",
            {"username": "a", "github": None, "bitbucket": None}, "", "account"),
    invalid("too many accounts on one forge",
            {"github": [f"a{n}" for n in range(MAX_ACCOUNTS + 1)]}, "", str(MAX_ACCOUNTS + 1),
            str(MAX_ACCOUNTS)),
    invalid("too many accounts on two forges",
            {"github": [f"a{n}" for n in range(9)], "bitbucket": [f"a{n}" for n in range(8)]}, "",
            "17", "16"),
    invalid("five thousand accounts", {"github": [f"a{n}" for n in range(5000)]}, "", "5000"),
]

# Names that no account can have, and how a detail shows them.
BAD_NAMES = (
    ("/", "/"), ("..", ".."), (".", "."), ("../../etc/passwd", "../../etc/passwd"),
    ("a/b", "a/b"), ("a\\b", "a\\\\b"), ("%", "%"), ("%2e%2e", "%2e%2e"), ("a?b=c", "a?b=c"),
    ("a#b", "a#b"), ("a&b", "a&b"), ("a b", "a b"), (" a", " a"), ("a ", "a "), ("a.b", "a.b"),
    ("a\0b", "\\x00"), ("\x01", "\\x01"), ("a\nb", "\\x0a"), ("a\r\nX-Made-Up: 1", "\\x0d\\x0a"),
    ("\x7f", "\\x7f"), ("\x1b[31m", "\\x1b"), ("\x9b31m", "\\xc2\\x9b"), ("gr\xfc\xdfe", "gr"),
    ("\uff41", "\\x"), ("\U0001f600", "\\x"), ("\u202e", "\\x"), ("<script>alert(1)</script>", ""),
    ("\"quoted\"", "quoted"), ("http://example.org/", "http://example.org/"),
    ("{3f2c4e5a-0000-4000-8000-000000000000}", "{3f2c4e5a"), ("a@b", "a@b"), ("~a", "~a"),
    ("[bot]", "[bot]"),
)


def bad_name_tests():
    for name, shown in BAD_NAMES:
        yield invalid(f"username {name!r}", {"username": name}, "/username", shown, "github",
                      "bitbucket")
        for forge in support.FORGES:
            yield invalid(f"{name!r} on {forge}", {"username": "good", forge: name}, f"/{forge}",
                          shown, forge)
    yield invalid("the third name in an array", {"github": ["a", "b", "c/d"]}, "/github/2", "c/d")
    yield invalid("a surrogate alone", b'{"github":"a\\ud800b"}', "/github", "github")


LONG = "n" * EXAMPLE_BYTES
LONG_NAMES = [
    invalid("a username of 10,000 characters", {"username": LONG}, "/username", str(EXAMPLE_BYTES)),
    invalid("a name of 10,000 characters", {"github": ["a", LONG]}, "/github/1",
            str(EXAMPLE_BYTES)),
    invalid("a name of 40 characters on GitHub", {"github": "n" * 40}, "/github", "39"),
    invalid("a name of 63 characters on Bitbucket", {"bitbucket": "n" * 63}, "/bitbucket", "62"),
]


# The request around the body -------------------------------------------------------------------

def padded(size):
    """A body of that size, wrong in its last byte."""
    return b'{"username":"a"}'.ljust(size - 1) + b"x"


def with_length(title, length, *, body=b'{"username":"g1-b1-length"}', status=400,
                kind=MALFORMED, words=("Content-Length",)):
    return Bad(title, body, status, kind, words=words, params={"CONTENT_LENGTH": length})


GOOD = b'{"username":"g1-b1-good"}'
ABOUT_THE_BODY = [
    Bad("a body of 65 KiB", padded(65 * 1024), 413, "request-too-large",
        words=(str(MAX_REQUEST_BYTES),)),
    Bad("a body one byte too large", padded(MAX_REQUEST_BYTES + 1), 413, "request-too-large",
        words=(str(MAX_REQUEST_BYTES),)),
    malformed("a wrong body just as large as may be", padded(MAX_REQUEST_BYTES),
              f"offset {MAX_REQUEST_BYTES - 1}"),
    Bad("a form of 65 KiB", b"username=" + b"a" * 65 * 1024, 413, "request-too-large",
        content_type=FORM),
    with_length("a wrong body without Content-Length", None, body=b"{", words=("JSON",)),
    with_length("a body without Content-Length that is too large", None, body=padded(70000),
                status=413, kind="request-too-large", words=(str(MAX_REQUEST_BYTES),)),
    with_length("a Content-Length that is too small", 5),
    with_length("a Content-Length that is too large", 500),
    with_length("a Content-Length beyond the limit, and a small body", 10 ** 9, status=413,
                kind="request-too-large", words=(str(MAX_REQUEST_BYTES),)),
] + [
    with_length(f"the Content-Length {text!r}", text)
    for text in ("-1", "+27", " 27", "27 ", "0x1b", "27.0", "1e3", "many", "27, 27", "9" * 30)
] + [
    Bad(f"the content type {text!r}", GOOD, 415, "media-type", words=("application/json",),
        content_type=text)
    for text in ("text/plain", "application/xml", "application/jsonx", "multipart/form-data",
                 "text/json", "application", "json", "application/json, text/plain",
                 "application/<b>", "\x1b")
] + [
    Bad("a body without a content type", GOOD, 415, "media-type", words=("Content-Type",),
        content_type=None),
    Bad("JSON in Latin-1", GOOD, 415, "media-type", words=("UTF-8",),
        content_type="application/json; charset=latin1"),
    Bad("a form in UTF-16", b"username=a", 415, "media-type", words=("UTF-8",),
        content_type=FORM + ";charset=utf-16"),
    Bad("JSON called a form", GOOD, 400, MALFORMED, words=(JSON,), content_type=FORM),
    Bad("an empty body without a content type", b"", 400, MALFORMED, words=("username",),
        content_type=None),
    Bad("an empty form", b"", 400, MALFORMED, words=("username",), content_type=FORM),
    Bad("a POST that asks in its query string", b"", 400, MALFORMED, words=("body", "GET"),
        target=f"{AGGREGATE}?username=a"),
    Bad("a POST that asks in both", GOOD, 400, MALFORMED, words=("body", "GET"),
        target=f"{AGGREGATE}?username=a"),
    Bad("a POST with markup and controls in its query string", GOOD, 400, MALFORMED,
        words=("body",), target=f"{AGGREGATE}?%3Cb%3E%1b%c2%9b=1"),
] + [
    Bad(f"the method {method!r}", GOOD if method != "TRACE" else b"", 405, "method-not-allowed",
        words=("GET, HEAD, POST",), method=method)
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "post", "<b>", "\x1b")
] + [
    Bad(f"the path {path!r}", b"", status, kind, method="GET", content_type=None, target=path,
        words=words)
    for path, status, kind, words in (
        ("/", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v1/", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v1/aggregate/", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v2/aggregate", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v1/Aggregate", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v1/aggregate%2f..", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v1/%3Cb%3E%1b", 404, "path-unknown", (AGGREGATE,)),
        ("/api/v1/aggregate%00", 400, "path-invalid", ("NUL", "17")),
        ("/api/v1/%zz", 400, "path-invalid", ("%",)),
    )
]


# Forms and query strings -----------------------------------------------------------------------

def pairs(*named):
    return urllib.parse.urlencode(named).encode()


FORMS = [
    ("not percent-encoded as it must be", b"username=%zz", 400, MALFORMED, None, ("byte 9",)),
    ("percent-encoding cut short", b"username=%4", 400, MALFORMED, None, ("byte 9",)),
    ("U+0000", b"username=a%00b", 400, MALFORMED, None, ("byte 10",)),
    ("not UTF-8", b"username=%ff", 400, MALFORMED, None, ("UTF-8",)),
    ("a name that is not UTF-8", b"%ff=a", 400, MALFORMED, None, ("UTF-8",)),
    ("no name at all", b"=a", 422, INVALID, "/", ('""',)),
    ("only separators", b"&&&", 422, INVALID, "", ("username",)),
    ("an unknown member", b"gitlab=a", 422, INVALID, "/gitlab", ("gitlab", "github")),
    ("an unknown member with markup", b"%3Cb%3E=a", 422, INVALID, "/<b>", ("unknown member",)),
    ("username empty", b"username=", 422, INVALID, "/username", ("username",)),
    ("detail empty", b"username=a&detail=", 422, INVALID, "/detail", ("basic", "full")),
    ("detail twice", b"username=a&detail=full&detail=full", 422, INVALID, "/detail", ("once",)),
    ("username twice", b"username=a&username=b", 422, INVALID, "/username", ("username", "once")),
    ("an empty value beside another", b"github=a&github=", 422, INVALID, "/github/1", ("github",)),
    ("every forge left out", b"username=a&github=&bitbucket=", 422, INVALID, "", ("account",)),
    ("a name with a slash", b"github=a/b", 422, INVALID, "/github", ("a/b",)),
    ("a name with a plus, which is a space", b"username=a+b", 422, INVALID, "/username", ("a b",)),
    ("a name with a control character", pairs(("github", "a\x1bb")), 422, INVALID, "/github",
     ("\\x1b",)),
    ("a name with a line feed", pairs(("username", "a\r\nX: 1")), 422, INVALID, "/username",
     ("\\x0d\\x0a",)),
    ("a name that is not ASCII", pairs(("username", "gr\xfc\xdfe")), 422, INVALID, "/username",
     ("\\xc3",)),
    ("a name of 10,000 characters", pairs(("username", LONG)), 422, INVALID, "/username",
     (str(EXAMPLE_BYTES),)),
    ("the second name on a forge", pairs(("github", "a"), ("github", "b/c")), 422, INVALID,
     "/github/1", ("b/c",)),
    ("too many accounts", pairs(*[("github", f"a{n}") for n in range(MAX_ACCOUNTS + 1)]), 422,
     INVALID, "", ("17", "16")),
    ("markup in a name", pairs(("username", "<script>alert(1)</script>")), 422, INVALID,
     "/username", ("github",)),
]


def form_tests():
    for title, text, status, kind, pointer, words in FORMS:
        yield Bad(f"a form: {title}", text, status, kind, pointer, words, FORM)
        yield Bad(f"a query string: {title}", b"", status, kind, pointer, words, None, "GET",
                  f"{AGGREGATE}?{text.decode()}")
    yield Bad("a GET that asks for nothing", b"", 422, INVALID, "", ("username",), None, "GET")
    yield Bad("a GET with an empty query string", b"", 422, INVALID, "", ("username",), None, "GET",
              f"{AGGREGATE}?")


for bad in (*NOT_JSON, *TOO_DEEP, *NOT_A_QUESTION, *bad_name_tests(), *LONG_NAMES,
            *ABOUT_THE_BODY, *form_tests()):
    tap.add(f"{bad.status} {bad.kind}: {bad.title}".encode(
        "ascii", "backslashreplace").decode(), check_bad, bad)


# What comes with a refusal ---------------------------------------------------------------------

@tap.test("405 names the methods that there are")
def check_allow():
    reply = fcgi.ask(program.get().path, "PUT", AGGREGATE, b"{}", JSON)
    tap.equal(set(reply.header("Allow").split(", ")), {"GET", "HEAD", "POST", "OPTIONS"}, "Allow")


@tap.test("415 names the types that there are")
def check_accept_post():
    reply = fcgi.ask(program.get().path, "POST", AGGREGATE, b"{}", "text/plain")
    tap.equal(set(reply.header("Accept-Post").split(", ")), {JSON, FORM}, "Accept-Post")


@tap.test("HEAD of a bad question has the head of its refusal, and no body")
def check_head():
    reply = program.get().get("username=a/b", method="HEAD")
    whole = program.get().get("username=a/b")
    tap.equal((reply.status, reply.body), (422, b""), "status and body")
    tap.equal(reply.header("Content-Type"), whole.header("Content-Type"), "Content-Type")
    tap.equal(reply.header("Content-Length"), str(len(whole.body)), "Content-Length")


@tap.test("OPTIONS is answered without a body, and asks no forge")
def check_options():
    reply = fcgi.ask(program.get().path, "OPTIONS", AGGREGATE, HTTP_ORIGIN="https://example.org",
                     HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST")
    tap.equal((reply.status, reply.body), (204, b""), "status and body")
    tap.equal(reply.header("Access-Control-Allow-Origin"), "*", "Access-Control-Allow-Origin")
    tap.equal(reply.header("Access-Control-Allow-Headers"),
              "Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, Prefer, "
              "X-Request-Id",
              "Access-Control-Allow-Headers")


@tap.test("a username that one forge's rule refuses is not found there, without a call")
def check_half_possible():
    name = "b2-" + "x" * 50
    reply = program.get().ask({"username": name})
    support.check_whole(reply.json(), simulator.get().expected(name, name), name)
    tap.equal(simulator.get().counts()["github"]["accounts"].get(name), None, "calls to GitHub")


@tap.test("what was sent is not in the log either, and the program lives")
def check_log():
    tap.true(program.get().child.alive(), "the program still runs")
    log = program.get().log()
    tap.true("<script>" not in log and "\x1b" not in log, "a log without what was sent")
    support.ask_whole(program.get(), simulator.get(), {"username": "g2-b2-end"}, "g2-b2-end",
                      "g2-b2-end")


if __name__ == "__main__":
    sys.exit(tap.main())
