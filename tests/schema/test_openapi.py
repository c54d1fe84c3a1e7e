#!/usr/bin/env python3
"""The API document and the pages for people: valid, complete, and true.

That replies are as the document says is checked wherever a reply is received (harness/described.py);
here is what that does not see: the document itself, paths that no test asks for, words that the
sources know and the document does not, and examples that are not what the program answers.
"""

import email.message
import html.parser
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("", "integration")]

import packages  # noqa: E402
import support  # noqa: E402
from harness.http_client import Reply  # noqa: E402
from support import AGGREGATE, JSON, Program, described, fcgi, paths, tap  # noqa: E402

LINTER = ("@redocly/openapi-core", "1.34.24")
# What the linter has to say and why that stays: (rule, pointer), both whole.
EXPLAINED = {
    ("operation-4xx-response", r"#/paths/[^/]+/options/responses"): "OPTIONS is never refused",
    ("no-path-trailing-slash", "#/paths/~1docs~1"): "the links of the page are relative to it",
    ("no-unused-components", "#/components/responses/(PathInvalid|PathUnknown|MethodNotAllowed)"):
        "they are of no operation, but of paths and methods that are none",
}

PROBLEMS_PAGE = paths.SOURCE / "docs/problems.html"
REFERENCE_PAGE = paths.SOURCE / "docs/reference.html"
PAGES = sorted((paths.SOURCE / "docs").glob("*.html"))
NAME = "example-labs"
DECLARED = {"github": {"size": 2, "kind": "organization"}, "bitbucket": {"size": 1}}
# Of a reply, what is different each time; and what the example has in its place.
TICKING = ("fetched_at", "retry_at")
SIMULATED_HOST = re.compile(r"127\.0\.0\.1:\d+")

simulator = support.lazy_simulator()
program = tap.Lazy(lambda: Program(simulator.get(), UPSTREAM_TIMEOUT_SECONDS=1), Program.close)


def source(name):
    return (paths.SOURCE / name).read_text(encoding="utf-8")


def needs_validator():
    if described.jsonschema is None:
        tap.skip("there is no python3-jsonschema, so that no reply is checked either")


def components(kind):
    return described.document()["components"][kind]


# The document itself ---------------------------------------------------------------------------

def lint(document):
    """What the linter has against a document."""
    node = packages.tool("node")
    modules = packages.folder(*LINTER)
    done = subprocess.run([node, str(HERE / "lint_document.cjs"), str(modules), str(document)],
                          capture_output=True, text=True, timeout=support.PATIENCE_SECONDS,
                          check=False)
    tap.equal(done.returncode, 0, f"status of the linter\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def explanation(found):
    return next((rule for rule in EXPLAINED if rule[0] == found["rule"]
                 and re.fullmatch(rule[1], found["pointer"])), None)


@tap.test("a public linter finds nothing in the document that is not explained", 240)
def check_linted():
    found = lint(described.FILE)
    unexplained = [one for one in found if explanation(one) is None]
    tap.equal(unexplained, [], "what the linter found")
    tap.equal({explanation(one) for one in found}, set(EXPLAINED), "explanations that are needed")


@tap.test("the linter refuses what is wrong, so that its silence means something", 240)
def check_linter():
    document = json.loads(source("src/api/openapi.json"))
    document["components"]["schemas"]["Count"]["type"] = "numeral"
    del document["paths"][AGGREGATE]["get"]["responses"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        rules = {one["rule"] for one in lint(file.name) if one["severity"] == "error"}
    tap.true("struct" in rules or "spec" in rules, f"an error of structure, not {rules}")


@tap.test("the document has the program's version")
def check_version():
    told = support.run(["--version"]).stdout.decode().split()
    tap.true(described.document()["info"]["version"] in told, f"the version in {told}")


@tap.test("every example is as its schema says, and no example is unused")
def check_examples():
    needs_validator()
    used = set()

    def look(value):
        if isinstance(value, dict):
            if "schema" in value:
                check_against(value["schema"], value)
            used.update(one for one in [value.get("$ref", "")] if "/examples/" in one)
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, (dict, list)):
                look(item)

    look(described.document())
    tap.equal({one.rsplit("/", 1)[1] for one in used}, set(components("examples")), "examples used")


# Examples of replies to requests with `fields`.
PARTLY = ("fields", "repositories")


def check_against(schema, holder):
    """Every example of something that has a schema. Those with `fields` have but a part."""
    examples = {name: described.resolved(one)["value"]
                for name, one in holder.get("examples", {}).items()}
    if "example" in holder:
        examples[""] = holder["example"]
    for name, value in examples.items():
        found = described.faults(schema, value, partly=name in PARTLY)
        tap.equal(found, [], f"faults of the example {name!r} ({holder.get('name', '')})")


# The document and the sources ------------------------------------------------------------------

def offered():
    """The paths that the program says it has."""
    reply = fcgi.ask(program.get().path, "GET", "/nothing-here")
    return re.findall(r"(/\S*?)(?:,|$)", reply.json()["detail"])


def methods(path):
    """The methods that the program allows there."""
    reply = fcgi.ask(program.get().path, "OPTIONS", path)
    return {word.strip().lower() for word in reply.header("Allow", "").split(",")}


@tap.test("the document names every path that the program has, with its methods")
def check_paths():
    found = offered()
    tap.true(AGGREGATE in found, f"{AGGREGATE} in {found}")
    for path in found:
        item = described.document()["paths"].get(path, {})
        tap.equal(set(item), methods(path), f"methods of {path}")


def check_offered(path):
    """What is below a path that ends with a slash is not told apart by the program."""
    found = offered()
    there = path in found or any(path.startswith(one) for one in found if one.endswith("/"))
    if not there and path in described.AHEAD:
        tap.skip(f"{path} is described and not there yet")
    tap.true(there, f"{path} in {found}")
    tap.equal(methods(path), set(described.document()["paths"][path]), f"methods of {path}")


for described_path in described.document()["paths"]:
    tap.add(f"the program has {described_path}", check_offered, described_path)


def literals(name, pattern):
    found = re.findall(pattern, source(name))
    tap.true(found, f"{pattern} in {name}")
    return found


REFUSAL = r'\{(\d{3}),\s*"([a-z-]+)",\s*"([^"]+)"\}'
ACCOUNT_PROBLEM = r'\{"/docs/problems#([a-z-]+)",\s*"([^"]+)"\}'


@tap.test("the document has the reasons and the statuses that the sources have")
def check_words():
    schemas = components("schemas")
    reasons = literals("src/profile/reason.c", r'\[REASON_\w+\] = "(\w+)"')
    statuses = literals("src/profile/reason.c", r'\[ACCOUNT_\w+\] = \{"(\w+)"')
    tap.equal(schemas["Reason"]["enum"], reasons, "reasons")
    tap.equal(schemas["AccountStatus"]["enum"], statuses, "statuses")
    tap.equal(schemas["Missing"]["propertyNames"]["enum"], list(support.STATISTICS), "statistics")
    tap.equal(set(schemas["ProfilePart"]["properties"]), set(schemas["Profile"]["properties"]),
              "members that may be asked for")


@tap.test("every type of problem in the sources is in the document, with its title and status")
def check_problems():
    types = components("schemas")["Problem"]["properties"]["type"]["enum"]
    examples = [one["value"] for one in components("examples").values()]
    for status, name, title in literals("src/api/refusal.c", REFUSAL):
        tap.true(f"/docs/problems#{name}" in types, f"{name} among the types of problems")
        told = [(one["status"], one["title"]) for one in examples
                if one["type"] == f"/docs/problems#{name}"]
        tap.equal(set(told), {(int(status), title)}, f"status and title of {name} in examples")
    accounts = components("schemas")["AccountProblem"]["properties"]["type"]["enum"]
    known = literals("src/profile/problem.c", ACCOUNT_PROBLEM)
    tap.equal(set(accounts), {f"/docs/problems#{name}" for name, _ in known}, "account problems")
    tap.equal(set(types) & set(accounts), set(), "types that mean two things")


# Examples that are true ------------------------------------------------------------------------

def same_each_time(value):
    """A JSON value with what ticks, and the simulator's address, taken out."""
    if isinstance(value, list):
        return [same_each_time(item) for item in value]
    if isinstance(value, dict):
        return {name: None if name in TICKING else same_each_time(item)
                for name, item in value.items()}
    return SIMULATED_HOST.sub("api.github.com", value) if isinstance(value, str) else value


def check_example(example, method, target, body=b"", content_type=None, lie=None, asked=None,
                  **fields):
    """Asks for an example, the forge telling that lie, and compares every member. What is asked is
    the program of all these tests, or another."""
    declared = DECLARED if lie is None else {"github": DECLARED["github"] | {"lie": lie}}
    simulator.get().put_account(NAME, declared)
    reply = fcgi.ask((asked or program.get()).path, method, target, body, content_type,
                     seconds=support.PATIENCE_SECONDS, **fields)
    support.contract.same(same_each_time(reply.json()), same_each_time(example), "the reply")


def check_guarded(name, settings, *request):
    """The same of a program with settings of its own."""
    guarded = Program(simulator.get(), **settings)
    try:
        check_example(components("examples")[name]["value"], *request, asked=guarded)
    finally:
        guarded.close()


def post(document):
    return "POST", AGGREGATE, json.dumps(document).encode(), JSON


# The last makes the program ask GitHub no more.
REFUSED = {
    "path-invalid": ("GET", "/api/v1/aggregat%zz"),
    "method-not-allowed": ("DELETE", AGGREGATE),
    "request-malformed": ("POST", AGGREGATE),
    "request-too-large": ("POST", AGGREGATE, b" " * 65537, JSON),
    "media-type": ("POST", AGGREGATE, b"<username/>", "application/xml"),
    "query-invalid": post({"github": [NAME, "not a name"]}),
    "account-not-found": post({"github": f"{NAME}-2"}),
    "upstream-failed": (*post({"github": NAME}), "status_500"),
    "upstream-timeout": (*post({"github": NAME}), "never_answer"),
    "upstream-rate-limited": (*post({"github": NAME}), "rate_limited_text"),
}


def answered(path=AGGREGATE):
    """The examples of what a GET is answered with."""
    reply = described.document()["paths"][path]["get"]["responses"]["200"]
    return {name: one["value"] for name, one in reply["content"][JSON]["examples"].items()}


def check_answer(path, name, query):
    if path in described.AHEAD and path not in offered():
        tap.skip(f"{path} is described and not there yet")
    check_example(answered(path)[name], "GET", f"{path}?username={NAME}{query}")


@tap.test("the example key-needed is what the program answers")
def check_key_needed():
    with tempfile.NamedTemporaryFile("w", prefix="ff-keys-") as file:
        file.write(f"web:sha256:{'0' * 64}\n")
        file.flush()
        check_guarded("key-needed", {"API_KEYS_FILE": file.name}, *post({"username": NAME}))


tap.add("the example precondition-failed is what the program answers",
        lambda: check_example(components("examples")["precondition-failed"]["value"], "GET",
                              f"{AGGREGATE}?username={NAME}", HTTP_IF_MATCH='"another"'))


tap.add("the example name-not-allowed is what the program answers", check_guarded,
        "name-not-allowed", {"ALLOWED_NAMES": NAME}, *post({"github": "someone-else"}))


tap.add("the example of a profile is what the program answers", check_answer, AGGREGATE, NAME, "")
tap.add("the example with fields is what the program answers", check_answer, AGGREGATE, "fields",
        "&fields=complete,totals.stars.received,accounts.name")
tap.add("the example with repositories is what the program answers", check_answer, AGGREGATE,
        "repositories",
        "&include=repositories&per_page=2&fields=repositories,repositories_page")
tap.add("the example of accounts is what the program answers", check_answer, "/api/v1/accounts",
        NAME, "")
for refused_name, refused in REFUSED.items():
    tap.add(f"the example {refused_name} is what the program answers",
            lambda name, request: check_example(components("examples")[name]["value"], *request),
            refused_name, refused)


# What checks the replies -----------------------------------------------------------------------

def made_up(status, body, media_type=JSON, **headers):
    """A reply that no program has sent."""
    fields = {"X-Content-Type-Options": "nosniff", "X-Request-Id": "1", "Content-Type": media_type,
              "Cache-Control": "no-store"} | {name.replace("_", "-"): value
                                              for name, value in headers.items()}
    message = email.message.Message()
    for name, value in fields.items():
        if value is not None:
            message[name] = value
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, "", message, text)


def profile(**changes):
    return answered()[NAME] | changes


PROBLEM = "application/problem+json"
# A sentence, a request, the reply to it, a word of what is found; none: nothing is.
REPLIES = (
    ("a right one", post({"username": "a"}), made_up(200, profile()), None),
    ("a member too many", post({"username": "a"}), made_up(200, profile(colour="red")), "colour"),
    ("a member less", post({"username": "a"}), made_up(200, {"complete": True}), "totals"),
    ("a part of it that was asked for", post({"username": "a", "fields": "complete"}),
     made_up(200, {"complete": True}), None),
    ("a wrong type", post({"username": "a"}), made_up(200, profile(complete="yes")), "complete"),
    ("an unknown reason", post({"username": "a"}),
     made_up(200, profile(missing={"forks": {"github:a": "laziness"}})), "laziness"),
    ("another media type", post({"username": "a"}), made_up(200, b"", "text/html"), "text/html"),
    ("a field less", post({"username": "a"}), made_up(200, profile(), Cache_Control=None),
     "Cache-Control"),
    ("a wrong field", post({"username": "a"}), made_up(200, profile(), Cache_Control="public"),
     "Cache-Control"),
    ("a status that is not described", post({"username": "a"}), made_up(418, {}), "418"),
    ("a body where there is none", ("OPTIONS", AGGREGATE), made_up(204, b"x", Allow="GET"), "body"),
    ("a problem of another status", post({"username": "a"}),
     made_up(422, components("examples")["query-invalid"]["value"] | {"status": 400}, PROBLEM),
     "status"),
    ("a problem that this status never has", post({"username": "a"}),
     made_up(422, components("examples")["reply-too-large"]["value"], PROBLEM), "reply-too-large"),
    ("a parameter that is not described", ("GET", f"{AGGREGATE}?username=a&colour=red"),
     made_up(200, profile(), Cache_Control="max-age=1", ETag='"1"', Age="0"), "colour"),
    ("a request that is not described", post({"username": "a", "colour": "red"}),
     made_up(200, profile()), "colour"),
    ("an unknown path below a base", ("GET", "/cgi-bin/f/api/v1/x"),
     made_up(404, components("examples")["path-unknown"]["value"], PROBLEM), None),
    ("something at an unknown path", ("GET", "/api/v1/x"), made_up(200, {}), "200"),
)


def check_checker(request, reply, word):
    needs_validator()
    method, target, *sent = request
    found = described.found_faults(method, target, reply, *sent)
    if word is None:
        tap.equal(found, [], "faults")
    else:
        tap.true(any(word in fault for fault in found), f"a fault with {word!r} in {found}")


for sentence, made_request, made_reply, expected_word in REPLIES:
    tap.add(f"of replies that tests receive: {sentence}", check_checker, made_request, made_reply,
            expected_word)


# The pages -------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """The anchors, links, words and unclosed elements of a page."""

    VOID = ("meta", "link", "br")

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.code, self.text, self.open = set(), [], [], "", []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.text += " "
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in told:
            tap.true(told["id"] not in self.anchors, f"{told['id']} once")
            self.anchors.add(told["id"])
        self.links += [told[name] for name in ("href", "src") if name in told]
        tap.true(not any(name.startswith("on") or name == "style" for name in told),
                 f"nothing in <{tag}> that the page's policy forbids")

    def handle_endtag(self, tag):
        tap.equal(self.open.pop(), tag, "the element that ends")

    def handle_data(self, data):
        self.text += data
        if "code" in self.open:
            self.code.append(data)


@tap.test("every type of problem in the sources and in the document has an anchor, and no other")
def check_anchors():
    names = {name for _, name, _ in literals("src/api/refusal.c", REFUSAL)}
    names |= {name for name, _ in literals("src/profile/problem.c", ACCOUNT_PROBLEM)}
    tap.equal(names - Page(PROBLEMS_PAGE).anchors, set(), "types without an anchor")
    schemas = components("schemas")
    for schema in ("Problem", "AccountProblem"):
        enum = schemas[schema]["properties"]["type"]["enum"]
        names |= {name.removeprefix("/docs/problems#") for name in enum}
    tap.equal(Page(PROBLEMS_PAGE).anchors, names, "anchors")


def is_link(link, anchors):
    """Whether a link leads to something of ours, wherever the pages are."""
    place, _, anchor = link.partition("#")
    path = re.sub(r"^\.\./", "/", place.partition("?")[0])
    if path.startswith("/api/"):
        return path in described.document()["paths"]
    files = {"", "./", "problems", "reference", "docs.css", "viewer.js", "swagger-ui.css",
             "swagger-ui-bundle.js"}
    return link == "data:," or (path in files and (not anchor or anchor in anchors))


@tap.test("the links of every page are relative, and lead to what there is")
def check_links():
    tap.equal(len(PAGES), 3, "pages")
    for page in PAGES:
        read = Page(page)
        tap.equal(read.open, [], f"elements of {page.name} that do not end")
        wrong = [link for link in read.links if not is_link(link, read.anchors)]
        tap.equal(wrong, [], f"wrong links of {page.name}")


def required_words():
    """What the plain reference must name of the document: paths, parameters, members, words."""
    schemas = components("schemas")
    yield from described.document()["paths"]
    for one in components("parameters").values():
        yield one["name"]
    for schema in ("Profile", "Totals", "Account", "Repository", "RepositoriesPage"):
        yield from schemas[schema]["properties"]
    yield from schemas["Reason"]["enum"]
    for item in described.document()["paths"][AGGREGATE].values():
        yield from (status for status in item["responses"] if status.isdigit())


@tap.test("the plain reference names what the document names")
def check_reference():
    text = Page(REFERENCE_PAGE).text
    missing = [word for word in required_words()
               if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]
    tap.equal(missing, [], "not in the plain reference")


@tap.test("every setting that the pages and the document name is one")
def check_settings():
    table = set(literals("src/gateway/settings_table.c", r'\.name = "(\w+)"'))
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"<code>([A-Z]+_[A-Z_]+)</code>", pages))
    named |= set(re.findall(r"`([A-Z]+_[A-Z_]+)`", source("src/api/openapi.json")))
    unknown = named - table
    if unknown and described.AHEAD:
        tap.skip(f"described and not there yet: {', '.join(sorted(unknown))}")
    tap.equal(unknown, set(), "unknown settings")


if __name__ == "__main__":
    sys.exit(tap.main())
