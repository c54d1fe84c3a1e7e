#!/usr/bin/env python3
"""Totals of honest accounts: every number, every reason, every account of a reply.

What must come is added up by the simulator from what it generates, by rules of its own, and never
looks at what was served.
"""

import base64
import os
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, ask_whole, contract, fcgi, tap  # noqa: E402

GITHUB_TOKEN = "made-up-github-token"
BITBUCKET_TOKEN = "made-up-bitbucket-token"
BITBUCKET_USER = "someone@example.org"

simulator = support.lazy_simulator()
program = support.lazy_program(simulator)


def check(document, github=None, bitbucket=None):
    return ask_whole(program.get(), simulator.get(), document, github, bitbucket)


def check_username(name):
    check({"username": name}, name, name)


# Sizes around those of pages -------------------------------------------------------------------

for kind in ("user", "org"):
    for size in (0, 1, 99, 100, 101, 1000, 3000):
        name = f"g{size}-{kind}-t"
        tap.add(f"GitHub, {kind}, {size} repositories", check,
                {"github": name, "bitbucket": None}, name)
    for size in (0, 1, 99, 100, 101, 1000):
        name = f"b{size}-{kind}-t"
        tap.add(f"Bitbucket, {kind}, {size} repositories", check,
                {"bitbucket": name, "github": None}, None, name)

for name in ("g0-b0-empty", "g1-b1-t", "g100-b100-org-t", "g101-b101-t", "g7-b130-t"):
    tap.add(f"{name} on both forges", check_username, name)


# Who is asked for ------------------------------------------------------------------------------

tap.add("a name that is on GitHub only", check_username, "g5-only")
tap.add("a name that is on Bitbucket only", check_username, "b5-only")
tap.add("one forge left out", check, {"username": "g5-b5-left", "bitbucket": None}, "g5-b5-left")
tap.add("two different names", check, {"github": "g12-one", "bitbucket": "b11-other"},
        "g12-one", "b11-other")
tap.add("a name overridden on one forge", check, {"username": "g3-b3-first", "github": "g4-second"},
        "g4-second", "g3-b3-first")
tap.add("two accounts on each forge", check,
        {"github": ["g3-p", "g102-org-p"], "bitbucket": ["b2-p", "b101-p"]},
        ["g3-p", "g102-org-p"], ["b2-p", "b101-p"])
tap.add("a name that GitHub's rule refuses and Bitbucket has", check_username,
        "b3-" + "long-" * 9)
tap.add("the same name twice is one account", check,
        {"github": ["g6-twice", "G6-Twice"], "bitbucket": None}, "g6-twice")
tap.add("sixteen accounts", check,
        {"github": [f"g{n}-many" for n in range(8)], "bitbucket": [f"b{n}-many" for n in range(8)]},
        [f"g{n}-many" for n in range(8)], [f"b{n}-many" for n in range(8)])


@tap.test("a name that is nowhere is 404")
def check_nowhere():
    reply = program.get().ask({"username": "nobody-at-all"})
    problem = contract.problem(reply, 404)
    tap.equal(problem["type"], "/docs/problems#account-not-found", "type")
    tap.equal([(row["forge"], row["name"], row["status"]) for row in problem["accounts"]],
              [(forge, "nobody-at-all", "not_found") for forge in support.FORGES], "accounts")


@tap.test("one account that is there and one that is not are 200 and complete")
def check_half_nowhere():
    document = check({"github": ["g4-there", "nobody-at-all"]},
                     ["g4-there", "nobody-at-all"]).json()
    tap.equal([row["status"] for row in document["accounts"]], ["ok", "not_found"], "statuses")


@tap.test("a name in other case is the same account")
def check_case():
    name = "g12-b5-case"
    lower = check({"username": name}, name, name).json()
    upper = check({"username": name.upper()}, name, name).json()
    for document in (lower, upper):
        for row in document["accounts"]:
            row.pop("fetched_at")
    tap.equal(upper, lower, "the whole reply but for its time")


@tap.test("an account is named as GitHub spells it")
def check_spelling():
    simulator.get().put_account("spelled-out", {"github": {"size": 4, "spelling": "Spelled-Out"}})
    document = check({"username": "SPELLED-out"}, "spelled-out", "spelled-out").json()
    tap.equal(document["accounts"][1]["name"], "Spelled-Out", "name")


@tap.test("pypy, whose workspace is inactive, is 200 and complete")
def check_inactive():
    document = check({"username": "pypy"}, "pypy", "pypy").json()
    tap.equal([(row["forge"], row["status"]) for row in document["accounts"]],
              [("bitbucket", "inactive"), ("github", "ok")], "statuses")


@tap.test("an inactive workspace alone is 200, with nothing in its totals")
def check_inactive_alone():
    check({"bitbucket": "pypy"}, None, "pypy")


# Accounts that are one -------------------------------------------------------------------------

def redirected(target, places):
    return [{"lie": "redirect_to", "where": place, "options": {"to": path.format(target)}}
            for place, path in places.items()]


BITBUCKET_PLACES = {"account": "/bitbucket/2.0/workspaces/{}",
                    "page:1": "/bitbucket/2.0/repositories/{}?pagelen=100&page=1&sort=created_on"}
GITHUB_PLACES = {"account": "/github/users/{}",
                 "page:1": "/github/users/{}/repos?type=owner&per_page=100&page=1",
                 "starred": "/github/users/{}/starred?per_page=1"}


def check_alias(forge, places, target):
    """An old name, which the forge redirects to the new one, counts once."""
    alias = f"alias-of-{target}"
    simulator.get().put_account(alias, {
        forge: {"size": 3, "lies": redirected(target, places)}})
    document = program.get().ask({forge: [alias, target]}).json()
    expected = simulator.get().expected(**{forge: target})
    tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
    contract.same(document["totals"], expected["totals"], "totals")
    # The reason is told of the account that counts: the first in the order of names.
    tap.equal(document["missing"],
              {statistic: {f"{forge}:{alias}": reason for reason in rows.values()}
               for statistic, rows in expected["missing"].items()}, "missing")
    first, second = document["accounts"]
    tap.equal("same_as" in first, False, "same_as of the first")
    tap.equal(second["same_as"], f"{forge}:{alias}", "same_as of the second")
    tap.equal(second["totals"], first["totals"], "totals of both")


tap.add("a workspace asked for by two names counts once", check_alias, "bitbucket",
        BITBUCKET_PLACES, "b17-target")
tap.add("a GitHub account asked for by two names counts once", check_alias, "github",
        GITHUB_PLACES, "g17-target")


# Private repositories and credentials ----------------------------------------------------------

PRIVATE = "private-parts"
BEARER = {"github": f"Bearer {GITHUB_TOKEN}", "bitbucket": f"Bearer {BITBUCKET_TOKEN}"}
BASIC = dict(BEARER, bitbucket="Basic " + base64.b64encode(
    f"{BITBUCKET_USER}:{BITBUCKET_TOKEN}".encode()).decode())
TOKENS = {"GITHUB_AUTH_TOKEN": GITHUB_TOKEN, "BITBUCKET_AUTH_TOKEN": BITBUCKET_TOKEN}
CREDENTIALS = (
    ("no credential", {}, {"github": None, "bitbucket": None}),
    ("Bearer tokens", TOKENS, BEARER),
    ("a user and token for Bitbucket", dict(TOKENS, BITBUCKET_AUTH_USER=BITBUCKET_USER), BASIC),
    ("a token for GitHub alone", {"GITHUB_AUTH_TOKEN": GITHUB_TOKEN},
     {"github": BEARER["github"], "bitbucket": None}),
    ("a token for Bitbucket alone", {"BITBUCKET_AUTH_TOKEN": BITBUCKET_TOKEN},
     {"github": None, "bitbucket": BEARER["bitbucket"]}),
    ("tokens that are switched off",
     dict(TOKENS, GITHUB_AUTH_ENABLED="false", BITBUCKET_AUTH_ENABLED="false"),
     {"github": None, "bitbucket": None}),
)


def authorizations(forge):
    """The Authorization fields that a forge was sent, each once; None for a request without."""
    log = simulator.get().control("GET", "log")
    return {next((value for name, value in row["headers"] if name.lower() == "authorization"),
                 None)
            for row in log if row["forge"] == forge}


def check_private(tokens, sent):
    """Private repositories never count, and each forge is sent its own credential alone."""
    simulator.get().put_account(PRIVATE, {"github": {"size": 120, "private": 40},
                                          "bitbucket": {"size": 90, "private": 130}})
    simulator.get().control("DELETE", "log")
    asking = Program(simulator.get(), **tokens)
    try:
        document = asking.ask({"username": PRIVATE}).json()
        log = asking.log()
    finally:
        asking.close()
    support.check_whole(document, support.expected_of(simulator.get(), document, PRIVATE, PRIVATE),
                        PRIVATE)
    for forge in support.FORGES:
        tap.equal(authorizations(forge), {sent[forge]}, f"credentials sent to {forge}")
    tap.equal(authorizations("stranger"), set(), "credentials sent to another origin")
    for secret in (GITHUB_TOKEN, BITBUCKET_TOKEN, BASIC["bitbucket"].split()[1]):
        tap.true(secret not in log, "a log without secrets")
        tap.true(secret not in str(document), "a reply without secrets")


for title, tokens, sent in CREDENTIALS:
    tap.add(f"private repositories never count, and credentials reach their own forge: {title}",
            check_private, tokens, sent)


BAD = {"GITHUB_AUTH_TOKEN": "bad-github-token", "BITBUCKET_AUTH_TOKEN": "bad-bitbucket-token"}


def check_set_aside(refused, names):
    """A refused credential is tried by one visit, which goes on without it, as later ones do."""
    simulator.get().control("DELETE", "log")
    asking = Program(simulator.get(), **refused)
    try:
        for name in names:
            reply = ask_whole(asking, simulator.get(), {"username": name}, name, name)
            for row in reply.json()["accounts"]:
                if row["forge"].upper() + "_AUTH_TOKEN" in refused:
                    tap.equal(row["api"], "rest", f"api of {row['forge']}")
        log = asking.log()
    finally:
        asking.close()
    for forge in support.FORGES:
        token = refused.get(forge.upper() + "_AUTH_TOKEN")
        carried = {row["account"] for row in simulator.get().control("GET", "log")
                   if row["forge"] == forge
                   and any(key.lower() == "authorization" for key, _ in row["headers"])}
        # GraphQL's calls are not those of an account while they are refused.
        tap.equal(carried - {None}, {names[0]} if token else set(),
                  f"accounts asked for with a credential on {forge}")
        tap.equal(authorizations(forge) - {None}, {f"Bearer {token}"} if token else set(),
                  f"credentials sent to {forge}")
        said = [line for line in log.splitlines() if "(401)" in line and forge in line.lower()]
        tap.equal(len(said), 1 if token else 0, f"lines about a refusal by {forge} in\n{log}")
    for token in refused.values():
        tap.true(token not in log, "a log without secrets")


tap.add("a credential that both forges refuse is set aside, and visits go on without it",
        check_set_aside, BAD, ["g102-b102-refused", "g3-b3-refused", "g101-b2-refused"])
for name, token in BAD.items():
    tap.add(f"one that is refused, {name}, is set aside on its forge alone", check_set_aside,
            {name: token}, ["g2-b2-refused-" + name.split("_")[0].lower(), "g4-b4-refused"])


@tap.test("two visits at a time whose credential is refused are both right, and it is said once")
def check_set_aside_at_once():
    names = [f"g102-b102-refused-{n}" for n in range(8)]
    asking = Program(simulator.get(), **BAD)
    try:
        begun = [asking.begin({"username": name}) for name in names]
        for name, connection in zip(names, begun):
            support.check_whole(support.finish(connection).json(),
                                simulator.get().expected(name, name), name)
        log = asking.log()
    finally:
        asking.close()
    tap.equal(log.count("401"), len(BAD), f"lines about a refusal in\n{log}")


# Limits of a reply -----------------------------------------------------------------------------

MOST_NAMES = 10000  # of languages, or topics, that one account is told with


def put_languages(name, count):
    """An account whose repositories are all of different languages."""
    simulator.get().put_account(name, {"github": None, "bitbucket": {
        "size": count, "rows": [[f"r{n}", f"tongue-{n}", 0, 0, False, False]
                                for n in range(count)]}})


@tap.test(f"up to {MOST_NAMES} languages are told, beyond they are too large and all else is told",
          seconds=120)
def check_languages():
    put_languages("many-tongues", MOST_NAMES)
    document = check({"bitbucket": "many-tongues"}, None, "many-tongues").json()
    tap.equal(len(document["totals"]["languages"]), MOST_NAMES, "languages")
    put_languages("too-many-tongues", MOST_NAMES + 1)
    expected = simulator.get().expected(bitbucket="too-many-tongues")
    document = program.get().ask({"bitbucket": "too-many-tongues"}).json()
    tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
    expected["totals"]["languages"] = None
    expected["missing"]["languages"] = {"bitbucket:too-many-tongues": "too_large"}
    # Two reasons are against the bytes, of which one is told.
    tap.equal(set(document["missing"]["languages.bytes"]), {"bitbucket:too-many-tongues"},
              "who cannot tell the bytes of languages")
    expected["missing"]["languages.bytes"] = document["missing"]["languages.bytes"]
    contract.same(document["totals"], expected["totals"], "totals")
    contract.same(document["missing"], expected["missing"], "missing")


# Other ways of asking --------------------------------------------------------------------------

@tap.test("GET and a form tell the same as JSON")
def check_forms():
    name = "g8-b8-form"
    expected = simulator.get().expected(name, [name, "b9-form"])
    body = f"username={name}&bitbucket={name}&bitbucket=b9-form"
    for reply in (program.get().get(body),
                  fcgi.ask(program.get().path, "POST", support.AGGREGATE, body.encode(),
                           support.FORM)):
        tap.equal(reply.status, 200, f"status of\n{reply}\n")
        support.check_whole(reply.json(), expected, name)


@tap.test("an empty value leaves a forge out")
def check_empty_value():
    reply = program.get().get("username=g8-b8-form&bitbucket=")
    support.check_whole(reply.json(), simulator.get().expected("g8-b8-form"), "g8-b8-form")


# Ways of being started -------------------------------------------------------------------------

@tap.test("started without standard output and error, as FastCGI allows, it serves all the same")
def check_closed_descriptors():
    own = Program(simulator.get(), ("/bin/sh", "-c", 'exec "$0" "$@" >&- 2>&-'))
    try:
        for name in ("g101-b101-silent", "g2-b2-silent"):
            ask_whole(own, simulator.get(), {"username": name}, name, name)
        contract.problem(own.get("username=a/b"), 422)
        # Nothing else may have their numbers, or it would be written to with the log.
        for descriptor in (1, 2):
            tap.equal(os.readlink(f"/proc/{own.pid}/fd/{descriptor}"), "/dev/null",
                      f"descriptor {descriptor}")
    finally:
        own.close()


if __name__ == "__main__":
    sys.exit(tap.main())
