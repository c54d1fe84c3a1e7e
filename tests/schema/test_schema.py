#!/usr/bin/env python3
"""What the program sends and reads, held against what the forges have published.

The program is run against the simulator in all the ways in which it asks differently; what the
simulator then has in its log is validated: every GraphQL request by GitHub's schema, every REST
request by GitHub's and Bitbucket's OpenAPI descriptions. Every member that the sources read of an
answer must be in the description of that answer. The simulator's own part of the schema must be
true to the published one, or its word would be worth nothing.

The descriptions of GitHub are npm packages (see packages.py). Bitbucket's is not shipped: it is
SPECIFICATIONS in the environment, a folder, or ../shared/specs beside the source tree.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("", "integration", "upstream")]

import descriptions  # noqa: E402
import graphql_language  # noqa: E402
import graphql_schema  # noqa: E402
import packages  # noqa: E402
import selections  # noqa: E402
import support  # noqa: E402
from graphql_execution import Query  # noqa: E402
from support import Program, paths, tap  # noqa: E402

GRAPHQL = ("@octokit/graphql-schema", "15.26.1")
OPENAPI = ("@octokit/openapi", "23.0.2")
OPENAPI_FILE = "generated/api.github.com.json"
SPECIFICATIONS = pathlib.Path(os.environ.get("SPECIFICATIONS")
                              or paths.SOURCE.parent / "shared/specs")
BITBUCKET_FILES = "bitbucket-cloud-*.json"
# Of every listing of Bitbucket, says the introduction to its API, not the description of each.
BITBUCKET_GENERAL = ("fields", "page", "pagelen", "q", "sort")
PREFIXES = {"github": "/github", "bitbucket": "/bitbucket/2.0"}
GRAPHQL_TARGET = "/github/graphql"
GRAPHQL_PATH = "graphql"

TOKENS = {"GITHUB_AUTH_TOKEN": "made-up-token", "BITBUCKET_AUTH_TOKEN": "made-up-token"}
# Accounts of all sizes at which a visit goes on differently, and ones that need more of a query.
ACCOUNTS = {
    **{f"s{size}-{kind}": {"github": {"size": size, "kind": kind}, "bitbucket": {"size": size}}
       for kind in ("user", "organization") for size in (0, 30, 80, 150)},
    "s700": {"github": {"size": 700}, "bitbucket": None},
    "languages": {"github": {"size": 3, "many_languages": 250}, "bitbucket": None},
    "languages-of-many": {"github": {"size": 130, "many_languages": 250}, "bitbucket": None},
    "topics": {"github": {"size": 3, "many_topics": 150}, "bitbucket": None},
    "forbidden": {"github": {"size": 30, "lie": "graphql_forbidden_field", "where": "graphql",
                             "options": {"field": "watchers"}}, "bitbucket": None},
    "too-much": {"github": {"size": 130, "lie": "graphql_resource_limits", "where": "graphql",
                            "options": {"above": 20}}, "bitbucket": None},
}
DETAILS = ("basic", "full")

# Which answers each selection reads; None: those of GraphQL.
READERS = {
    "account_selection": ("github", "/users/{username}"),
    "starred_selection": ("github", "/users/{username}/starred"),
    "page_selection": ("github", "/users/{username}/repos"),
    "page_selection_with_handles": ("github", "/users/{username}/repos"),
    "watchers_selection": ("github", "/repos/{owner}/{repo}"),
    "languages_selection": ("github", "/repos/{owner}/{repo}/languages"),
    "profile_selection": None,
    "selection": None,
    "bitbucket workspace_selection": ("bitbucket", "/workspaces/{workspace}"),
    "bitbucket page_selection": ("bitbucket", "/repositories/{workspace}"),
    "bitbucket count_selection": ("bitbucket", "/repositories/{workspace}/{repo_slug}/watchers",
                                  "/repositories/{workspace}/{repo_slug}/forks"),
}
# Members that the answers have and the descriptions lack.
UNDESCRIBED = {
    ("/workspaces/{workspace}", "is_personal"): "recorded in 2026",
}
# Of any answer of GraphQL: what is beside the data, and what a refusal as by REST says.
GRAPHQL_ENVELOPE = ("errors", "message")


# What the program sends ------------------------------------------------------------------------

simulator = support.lazy_simulator()


def visit_all(simulated, settings):
    """Asks one program for every account, and the log of what it has sent."""
    simulated.control("DELETE", "log")
    with_settings = Program(simulated, **settings)
    try:
        for name in ACCOUNTS:
            for detail in DETAILS:
                with_settings.ask({"username": name, "detail": detail})
        support.fcgi.ask(with_settings.path, "GET", "/api/v1/accounts?username=s30-user",
                         seconds=support.PATIENCE_SECONDS)
    finally:
        with_settings.close()
    support.run(["--check"], settings | support.settings(simulated))
    return simulated.control("GET", "log")


def send_all():
    """The log of all visits: without a credential, and with one."""
    simulated = simulator.get()
    for name, declaration in ACCOUNTS.items():
        simulated.put_account(name, declaration)
    rows = visit_all(simulated, {}) + visit_all(simulated, TOKENS)
    return [row for row in rows if row["forge"] in PREFIXES]


log = tap.Lazy(send_all, lambda rows: None)


def graphql_requests():
    """The bodies that were sent, each query with each shape of its variables once."""
    found = {}
    for row in log.get():
        if row["target"] == GRAPHQL_TARGET:
            body = json.loads(row["body"])
            found.setdefault((body["query"], shape(body.get("variables"))), body)
    if not found:
        tap.skip("the program sends no GraphQL")
    return list(found.values())


def shape(variables):
    return tuple(sorted((name, type(value).__name__) for name, value in (variables or {}).items()))


def rest_requests(forge):
    """(method, path, query pairs) of what was sent, each path of one kind once."""
    found = {}
    for row in log.get():
        if row["forge"] == forge and row["target"] != GRAPHQL_TARGET:
            path, _, query = row["target"].removeprefix(PREFIXES[forge]).partition("?")
            pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
            key = row["method"], row["call"].split(":")[0], tuple(name for name, _ in pairs)
            found.setdefault(key, (row["method"], path, pairs))
    tap.true(found, f"requests to {forge}")
    return list(found.values())


# GraphQL ---------------------------------------------------------------------------------------

graphql_modules = tap.Lazy(lambda: packages.folder(*GRAPHQL), lambda folder: None)


def faults_of(requests):
    """What GitHub's schema has against each of these requests."""
    node = packages.tool("node")
    done = subprocess.run([node, str(HERE / "validate_queries.cjs"), str(graphql_modules.get())],
                          input=json.dumps(requests), capture_output=True, text=True,
                          timeout=support.PATIENCE_SECONDS, check=False)
    tap.equal(done.returncode, 0, f"status of the validator\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


@tap.test("the validator refuses what is wrong, so that its silence means something", 240)
def check_validator():
    right = "query Q($l: String!) { repositoryOwner(login: $l) { login } }"
    faults = faults_of([
        {"query": right, "variables": {"l": "x"}},
        {"query": right, "variables": {}},
        {"query": right, "variables": {"l": "x", "m": 1}},
        {"query": "{ repositoryOwner(login: \"x\") { followers { totalCount } } }"},
        {"query": "{ viewer { repositories(first: \"1\") { totalCount } } }"},
        {"query": "{"},
    ])
    tap.equal([bool(found) for found in faults], [False] + [True] * 5, f"refused: {faults}")


@tap.test("every GraphQL request that the program sends is valid by GitHub's schema", 240)
def check_queries():
    requests = graphql_requests()
    names = sorted({operation_of(one).name or "" for one in requests})
    tap.diagnose(f"{len(requests)} requests of different shapes: {', '.join(names)}")
    for request, faults in zip(requests, faults_of(requests)):
        tap.equal(faults, [], f"faults of\n{request['query']}\n{shape(request['variables'])}\n")


@tap.test("every query in the sources was sent", 240)
def check_all_sent():
    written = set()
    for path in sorted((paths.SOURCE / "src/forge").glob("*.c")):
        written |= set(re.findall(r'"query (\w+)\(', path.read_text(encoding="utf-8")))
    sent = {operation_of(one).name for one in graphql_requests()}
    tap.equal(sent, written, "queries")


def operation_of(request):
    return next(one for one in graphql_language.parse(request["query"])
                if one.kind == "operation")


def answer_paths(request):
    """The dotted paths that an answer to a query can have, its arrays standing for an element."""
    definitions = graphql_language.parse(request["query"])
    query = Query(definitions, operation_of(request), every_field(request))
    found = set()

    def look(fields, path):
        for one in fields:
            here = f"{path}.{one.key}"
            found.add(here)
            if not one.leaf:
                for typename in graphql_schema.TYPES[one.type.base].possible:
                    look(query.below(one, typename), here)
    look(query.root(), "data")
    return found


def every_field(request):
    """Variables with which nothing is left out; the others only need to be there."""
    return {one.name: True if one.type.base == "Boolean" else [] if one.type.of else "x"
            for one in operation_of(request).variables}


@tap.test("every member that is read of a GraphQL answer is asked for", 240)
def check_graphql_members():
    known = set(GRAPHQL_ENVELOPE)
    for request in graphql_requests():
        known |= answer_paths(request)
    for selection in all_selections():
        if READERS[key_of(selection)] is None:
            for path in selection.paths():
                tap.true(path in known, f"a query that asks for {path}, for {selection.title}")


@tap.test("the simulator's part of the schema is as published", 240)
def check_own_schema():
    published = graphql_modules.get() / GRAPHQL[0] / "schema.json"
    document = json.loads(published.read_text(encoding="utf-8"))
    types = {one["name"]: one for one in document.get("data", document)["__schema"]["types"]}
    for name, own in graphql_schema.TYPES.items():
        tap.true(name in types, f"a published type {name}")
        check_type(own, types[name])


def check_type(own, theirs):
    values = {one["name"] for one in theirs.get("enumValues") or []}
    tap.equal(own.values, values, f"values of {own.name}")
    interfaces = {one["name"] for one in theirs.get("interfaces") or []}
    tap.equal(set(own.interfaces) - interfaces, set(), f"interfaces of {own.name}")
    fields = {one["name"]: one for one in theirs.get("fields") or theirs.get("inputFields") or []}
    for name, field in own.fields.items():
        tap.true(name in fields, f"a published field {own.name}.{name}")
        tap.equal(str(field.type), type_text(fields[name]["type"]), f"type of {own.name}.{name}")
        arguments = {one["name"]: one for one in fields[name].get("args") or []}
        for argument, one in field.arguments.items():
            where = f"{argument} of {own.name}.{name}"
            tap.true(argument in arguments, f"a published argument {where}")
            tap.equal(str(one.type), type_text(arguments[argument]["type"]), f"type of {where}")
            default = arguments[argument]["defaultValue"]
            tap.equal(one.has_default, default is not None, f"whether {where} has a default")
            if one.has_default:
                tap.equal(one.default, graphql_language.Parser(default).value(),
                          f"default of {where}")


def type_text(value):
    if value["kind"] == "NON_NULL":
        return type_text(value["ofType"]) + "!"
    if value["kind"] == "LIST":
        return f"[{type_text(value['ofType'])}]"
    return value["name"]


# REST ------------------------------------------------------------------------------------------

def github_description():
    modules = packages.folder(*OPENAPI, kept=lambda name: name in (OPENAPI_FILE, "package.json"))
    return descriptions.Description(modules / OPENAPI[0] / OPENAPI_FILE)


def bitbucket_description():
    found = sorted(SPECIFICATIONS.glob(BITBUCKET_FILES))
    if not found:
        tap.skip(f"there is no {BITBUCKET_FILES} in {SPECIFICATIONS}")
    return descriptions.Description(found[-1], BITBUCKET_GENERAL)


DESCRIPTIONS = {
    "github": tap.Lazy(github_description, lambda description: None),
    "bitbucket": tap.Lazy(bitbucket_description, lambda description: None),
}


def check_requests(forge):
    description = DESCRIPTIONS[forge].get()
    seen = set()
    for method, path, pairs in rest_requests(forge):
        template = description.template(path)
        tap.true(template is not None, f"a described path for {path}")
        tap.true(description.operation(method, template), f"{method} {template} is described")
        faults = list(description.query_faults(method, template, pairs))
        tap.equal(faults, [], f"faults of {method} {path} {pairs}")
        check_fields(description, method, template, dict(pairs))
        seen.add(template)
    tap.diagnose(f"{forge}: {', '.join(sorted(seen))}")
    for template in templates_read(forge):
        tap.true(template in seen, f"a request to {template}, whose answers the sources read")


def check_fields(description, method, template, parameters):
    """Of a partial response (Bitbucket's `fields`) every name must be one of the answer's."""
    for path in filter(None, parameters.get("fields", "").split(",")):
        check_member(description, method, template, path, "the parameter fields")


def check_member(description, method, template, path, where):
    if (template, path) not in UNDESCRIBED:
        tap.true(description.has(description.answer(method, template), path),
                 f"{path} in the answers of {template}, for {where}")


def key_of(selection):
    """The key in READERS."""
    return ("bitbucket " if selection.source == "bitbucket.c" else "") + selection.name


def all_selections():
    found = selections.read(paths.SOURCE / "src/forge")
    tap.true(found, "selections in the sources")
    return [one for one in found if key_of(one) in READERS]


def templates_read(forge):
    rows = [READERS[key_of(one)] for one in all_selections()]
    return {template for row in rows if row is not None and row[0] == forge
            for template in row[1:]}


@tap.test("it is known which answers every selection in the sources reads")
def check_readers():
    found = {key_of(one) for one in selections.read(paths.SOURCE / "src/forge")}
    tap.equal(found - set(READERS), set(), "selections that READERS does not have")
    tap.equal(set(READERS) - found, set(), "selections in READERS alone")


def check_members(forge):
    description = DESCRIPTIONS[forge].get()
    for selection in all_selections():
        row = READERS[key_of(selection)]
        if row is None or row[0] != forge:
            continue
        for template in row[1:]:
            answer = description.answer("GET", template)
            if selection.array is not None:
                tap.true(description.has(answer, selection.array),
                         f"{selection.array} in the answers of {template}")
            for path in selection.paths():
                check_member(description, "GET", template, path, selection.title)


for forge_name, title in (("github", "GitHub"), ("bitbucket", "Bitbucket")):
    tap.add(f"every REST request that the program sends is one that {title} describes",
            check_requests, forge_name, seconds=240)
    tap.add(f"every member that is read of a REST answer is described by {title}",
            check_members, forge_name, seconds=240)


if __name__ == "__main__":
    sys.exit(tap.main())
