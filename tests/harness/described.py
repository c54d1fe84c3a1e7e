"""What src/api/openapi.json says of replies, held against every reply that a test receives.

Both clients of the harness call check. A reply must be one that the document describes for its
method and path: its status, the fields it must have, its media type, and its body, in which no
member may be that the document does not name. (For clients the document is more patient: they
should pass over members that they do not know.) What was asked and accepted must be described too.

It needs jsonschema (python3-jsonschema); without it nothing is checked, and the tests of the
document itself say so.
"""

import functools
import gzip
import hashlib
import json
import re
import urllib.parse

from . import paths, tap

try:
    import jsonschema
except ImportError:
    jsonschema = None

# Paths, fields and members that the document describes and the program does not have yet. Empty it,
# and nothing is tolerated.
AHEAD = ()

FILE = paths.SOURCE / "src/api/openapi.json"
ROOTS = ("/api/v1/", "/docs/")
# Refusals that may be at any path, whatever the document says of it: by their types.
ANYWHERE = {"path-invalid": "PathInvalid", "path-unknown": "PathUnknown",
            "method-not-allowed": "MethodNotAllowed", "overloaded": "Unavailable"}
PROBLEM = "application/problem+json"
TYPE_PREFIX = "/docs/problems#"
# What stands for a Profile where a request names the members that it wants.
PART = {"$ref": "#/components/schemas/ProfilePart"}


@functools.lru_cache(None)
def document():
    return json.loads(FILE.read_text(encoding="utf-8"))


def resolved(value):
    """An object of the document, or the one that it refers to."""
    while "$ref" in value:
        at = document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            at = at[part.replace("~1", "/").replace("~0", "~")]
        value = at
    return value


# Schemas ---------------------------------------------------------------------------------------

def _changed(value, change):
    """A copy of a JSON value in which every object has been given to change."""
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if isinstance(value, dict):
        return change({name: _changed(item, change) for name, item in value.items()})
    return value


def _strict(schema):
    """The schema without room for members that it does not name."""
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        return schema | {"additionalProperties": False}
    return schema


def _relaxed(schema):
    """The schema without members that must be there."""
    return {name: value for name, value in schema.items()
            if name != "required" or not isinstance(value, list)}


def _without_part(schema):
    """The schema without the alternative to a Profile: the request says which of them it is."""
    alternatives = [one for one in schema.get("anyOf", ()) if one != PART]
    if len(alternatives) == len(schema.get("anyOf", ())):
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | alternatives[0]


@functools.lru_cache(None)
def _schemas(partly):
    """The document's schemas, strict. With partly members may be missing: a request may name those
    that it wants."""
    schemas = _changed(document()["components"]["schemas"], _strict)
    return _changed(schemas, _relaxed) if partly else schemas


@functools.lru_cache(None)
def _validator(schema, partly=False):
    """Of a schema of the document, as JSON text."""
    whole = _changed(_changed(json.loads(schema), _without_part), _strict)
    whole["components"] = {"schemas": _schemas(partly)}
    return jsonschema.Draft202012Validator(whole)


def faults(schema, value, partly=False):
    """What a schema of the document has against a value, in sentences."""
    validator = _validator(json.dumps(schema, sort_keys=True), partly)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in validator.iter_errors(value)]


# Finding what is said of a reply ---------------------------------------------------------------

def path_of(target):
    """The path behind the base, decoded; None when it is none of ours."""
    path = urllib.parse.unquote(target.partition("?")[0], errors="replace")
    if path.endswith("/docs"):
        path += "/"  # it leads there
    found = [at for at in map(path.find, ROOTS) if at >= 0]
    return path[min(found):] if found else None


def operation_of(method, path):
    """What the document says of a method at a path; None when it says nothing."""
    item = document()["paths"].get(path, {})
    return item.get(method.lower()) if method == method.upper() else None


def _body(reply):
    """The bytes of a body as the program sent them: a web server may have compressed it."""
    return gzip.decompress(reply.body) if reply.header("Content-Encoding") == "gzip" else reply.body


def _problem_name(reply):
    if reply.media_type != PROBLEM or not reply.body:
        return None
    return json.loads(_body(reply)).get("type", "").removeprefix(TYPE_PREFIX)


def problem_names(response):
    """The types of problems that a response may have: those of its examples."""
    content = response.get("content", {}).get(PROBLEM, {})
    return {resolved(example)["value"]["type"].removeprefix(TYPE_PREFIX)
            for example in content.get("examples", {}).values()}


def _response(method, path, reply):
    """What the document says of a reply; None when it says nothing."""
    name = _problem_name(reply)
    responses = (operation_of(method, path) or {}).get("responses", {})
    for status in (str(reply.status), f"{reply.status // 100}XX"):
        if status in responses:
            response = resolved(responses[status])
            if name is None or name in problem_names(response):
                return response
    if name in ANYWHERE:
        return document()["components"]["responses"][ANYWHERE[name]]
    return None


# Checking --------------------------------------------------------------------------------------

def _check_headers(response, reply):
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        value = reply.header(name)
        if value is None:
            if header.get("required") and name not in AHEAD:
                yield f"the field {name} is missing"
            continue
        for fault in faults(header["schema"], value):
            yield f"the field {name} is {value!r}{fault}"


def _check_body(response, reply, partly):
    content = response.get("content")
    if content is None:
        if reply.body:
            yield f"a body, where there should be none: {reply.body[:200]!r}"
        return
    if reply.media_type not in content:
        yield f"the media type {reply.media_type!r}, not one of {sorted(content)}"
        return
    if not re.search(r"[/+]json$", reply.media_type):
        return
    told = json.loads(_body(reply))
    for fault in faults(content[reply.media_type]["schema"], told, partly):
        yield f"in the body, {fault}"
    if reply.media_type == PROBLEM and told.get("status") != reply.status:
        yield f"the problem has another status than {reply.status}"


def _json_body(body, content_type):
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        return None
    return json.loads(body)


def _check_question(operation, target, asked):
    """What the document has against a request that was accepted."""
    if asked is not None and "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for fault in faults(schema, asked):
            yield f"what was accepted, {fault}"
    parameters = map(resolved, operation.get("parameters", []))
    names = {one["name"] for one in parameters if one["in"] == "query"}
    for name, _ in urllib.parse.parse_qsl(target.partition("?")[2], keep_blank_values=True):
        if names and name not in names:
            yield f"the parameter {name} was accepted"


_checked = set()


def _is_new(*parts):
    """Whether a reply of the same bytes was not checked before: there are thousands alike."""
    key = hashlib.sha256(repr(parts).encode()).digest()
    if key in _checked:
        return False
    _checked.add(key)
    return True


def found_faults(method, target, reply, body=b"", content_type=None):
    """What the document has against a reply to that request, in sentences."""
    path = path_of(target)
    operation, response = operation_of(method, path), _response(method, path, reply)
    if response is None:
        if path and path.startswith("/docs/") and reply.status in (200, 304):
            return []  # a file that a page needs
        return [f"the document says nothing of the status {reply.status} with "
                f"{_problem_name(reply) or reply.media_type}"]
    accepted = operation is not None and reply.status in (200, 202)
    asked = _json_body(body, content_type) if accepted and body else None
    query = urllib.parse.parse_qs(target.partition("?")[2], keep_blank_values=True)
    partly = reply.status == 200 and "fields" in (asked or query)
    found = [*_check_headers(response, reply), *_check_body(response, reply, partly)]
    return found + (list(_check_question(operation, target, asked)) if accepted else [])


def check(method, target, reply, body=b"", content_type=None):
    """Fails unless the document describes that reply to that request."""
    if jsonschema is None or path_of(target) is None:
        return
    if not _is_new(method, target, body, content_type, reply.status, reply.headers.items(),
                   reply.body):
        return
    found = found_faults(method, target, reply, body, content_type)
    tap.equal(found, [], f"what the API document has against the reply to {method} {target}:\n"
                         f"{reply}\n")


def is_ours(target, reply):
    """Whether the program has made a reply that came through a web server."""
    return path_of(target) is not None and reply.header("X-Content-Type-Options") == "nosniff"
