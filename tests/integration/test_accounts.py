#!/usr/bin/env python3
"""Whether accounts exist: one call for each forge, none where it is known already."""

import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import fcgi, tap  # noqa: E402

ACCOUNTS = support.AGGREGATE.replace("aggregate", "accounts")

simulator = support.lazy_simulator()
files = tap.Lazy(store.Files, store.Files.close)
program = tap.Lazy(lambda: store.Keeping(simulator.get(), files.get().url), store.Keeping.close)


def ask(query, method="GET", own=None, **more):
    return fcgi.ask((own or program.get()).path, method, f"{ACCOUNTS}?{query}",
                    seconds=support.PATIENCE_SECONDS, **more)


def existence(reply):
    """What is told of each forge."""
    return {account["forge"]: account["exists"] for account in reply.json()["accounts"]}


@tap.test("a name that both forges have: what it is there, for one call each, and then for none")
def check_both():
    name = "g120-b130-there"
    with store.Calls(simulator.get()) as calls:
        reply = ask(f"username={name}")
    tap.equal((reply.status, existence(reply)), (200, {"bitbucket": True, "github": True}),
              "status, what exists")
    tap.equal(calls.total, 2, "calls")
    for account in reply.json()["accounts"]:
        tap.equal((account["name"].lower(), account["status"], account["stale"]),
                  (name, "ok", False), "name, status, stale")
        tap.true(account["url"] and account["kind"], "a URL and a kind")
    again = store.no_calls(simulator.get(), lambda: ask(f"username={name}"))
    tap.equal(again.body, reply.body, "the same")
    tap.true(again.header("ETag").startswith('"'), "a strong ETag")
    conditional = ask(f"username={name}", HTTP_IF_NONE_MATCH=again.header("ETag"))
    tap.equal(conditional.status, 304, "status of a conditional request")


@tap.test("a profile that is known tells it too, and what tells it is no profile")
def check_profile():
    name = "g3-b2-profiled"
    program.get().get(f"username={name}")
    store.wait_until(lambda: program.get().get(f"username={name}&wait=0").status == 200,
                     "that it is kept")
    store.no_calls(simulator.get(), lambda: ask(f"username={name}"))
    other = "g3-b2-unprofiled"
    ask(f"username={other}")
    with store.Calls(simulator.get()) as calls:
        store.check_right(simulator.get(), program.get().get(f"username={other}"), other)
    tap.equal(calls.total, sum(store.CALLS.values()), "calls for the profile")


@tap.test("with a token it is one call of REST, and none of GraphQL")
def check_token():
    with store.Files() as own_files, store.keeping(
            simulator.get(), own_files.url, GITHUB_AUTH_TOKEN="made-up") as own, \
            store.Calls(simulator.get()) as calls:
        reply = ask("github=g60-token", own=own)
    tap.equal(existence(reply), {"github": True}, "what exists")
    tap.equal(calls.total, 1, "calls")


@tap.test("a name that no forge has is not found, and that is remembered")
def check_nowhere():
    name = "nobody-is-called-so"
    reply = ask(f"username={name}")
    tap.equal(reply.status, 404, "status")
    tap.equal([account["status"] for account in reply.json()["accounts"]],
              ["not_found", "not_found"], "status of each")
    store.no_calls(simulator.get(), lambda: ask(f"username={name}"))


@tap.test("a forge that cannot tell is null, with its problem, beside one that can")
def check_failing():
    name = "g3-b2-half"
    simulator.get().put_account(name, {"github": {"lie": "status_500"}})
    reply = ask(f"username={name}")
    tap.equal((reply.status, existence(reply)), (200, {"bitbucket": True, "github": None}),
              "status, what exists")
    document = reply.json()
    tap.equal(document["complete"], False, "complete")
    tap.true("problem" in document["accounts"][1], "a problem")


@tap.test("parts of a profile are not asked for here, and a POST neither")
def check_refusals():
    for option in ("detail=full", "fields=complete"):
        reply = ask(f"username=g1-b1-x&{option}")
        tap.equal((reply.status, reply.json()["errors"][0]["pointer"]),
                  (422, "/" + option.partition("=")[0]), "status, pointer")
    tap.equal(ask("username=g1-b1-x", "POST").status, 405, "status of a POST")


@tap.test("HEAD has the same fields as GET")
def check_head():
    name = "g2-b2-head"
    ask(f"username={name}")
    got, head = ask(f"username={name}"), ask(f"username={name}", "HEAD")
    tap.equal((head.status, head.body, head.header("Content-Length")),
              (200, b"", str(len(got.body))), "status, body, length")
    tap.equal(head.header("ETag"), got.header("ETag"), "ETag")


if __name__ == "__main__":
    sys.exit(tap.main())
