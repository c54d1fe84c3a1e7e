#!/usr/bin/env python3
"""Detail: what costs a call for each repository is asked for only when somebody wants it, and only
when all of it fits the quota."""

import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from harness.upstream import PLENTY  # noqa: E402
from support import Program, fcgi, tap  # noqa: E402

simulator = support.lazy_simulator()
program = support.lazy_program(simulator)

# Calls of Bitbucket that are made for each original repository.
COUNTED = ("watchers", "forks")


def expected(name, **how):
    return simulator.get().expected(bitbucket=name, **how)


def originals(name):
    return expected(name)["totals"]["repositories"]["original"]


def calls(name):
    """Calls of an account by kind."""
    found = simulator.get().counts()["bitbucket"]["accounts"].get(name, {"calls": {}})
    return found["calls"]


def check_told(reply, name, **how):
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    support.check_whole(reply.json(), expected(name, **how))


def check_full(name):
    check_told(program.get().ask({"bitbucket": name, "detail": "full"}), name, detail="full")
    for kind in COUNTED:
        tap.equal(calls(name).get(kind, 0), originals(name), f"calls for {kind}")


for size in (0, 1, 12, 101):
    tap.add(f"Bitbucket in full, {size} repositories", check_full, f"b{size}-full")


def check_basic(name, document):
    check_told(program.get().ask({"bitbucket": name} | document), name)
    tap.equal([kind for kind in COUNTED if kind in calls(name)], [],
              "calls for single repositories")


tap.add("Bitbucket, detail not said", check_basic, "b5-unsaid", {})
tap.add("Bitbucket, basic detail", check_basic, "b5-basic", {"detail": "basic"})


@tap.test("a query string and a form ask for it too")
def check_forms():
    check_told(program.get().get("bitbucket=b3-query&detail=full"), "b3-query", detail="full")
    check_told(fcgi.ask(program.get().path, "POST", support.AGGREGATE,
                        b"bitbucket=b3-form&detail=full", support.FORM), "b3-form", detail="full")


@tap.test("the command line asks for it too")
def check_command():
    done = support.run(["--json", "--full", "--bitbucket=b3-command"],
                       support.settings(simulator.get()))
    tap.equal(done.returncode, 0, f"exit status; {done.stderr.decode()}")
    support.check_whole(support.json.loads(done.stdout), expected("b3-command", detail="full"))


@tap.test("a private repository is not asked about")
def check_private():
    simulator.get().put_account("secretive", {"bitbucket": {"size": 4, "private": 3}})
    asking = Program(simulator.get(), BITBUCKET_AUTH_TOKEN="made-up-token")
    try:
        check_told(asking.ask({"bitbucket": "secretive", "detail": "full"}), "secretive",
                   detail="full")
    finally:
        asking.close()
    tap.equal(calls("secretive")["watchers"], originals("secretive"), "calls for watchers")


def check_budget(remaining, fits):
    """All or nothing: a program of its own, whose budget begins with the first answer."""
    name = f"b30-left-{remaining}"
    simulator.get().change(quota={"bitbucket": {"limit": 60, "remaining": remaining}})
    asking = Program(simulator.get())
    try:
        check_told(asking.ask({"bitbucket": name, "detail": "full"}), name, detail="full",
                   fits=int(fits))
    finally:
        asking.close()
        simulator.get().change(quota={"bitbucket": {"limit": PLENTY, "remaining": PLENTY}})
    tap.equal(calls(name).get("watchers", 0), originals(name) if fits else 0, "calls for watchers")


tap.add("what fits the quota is asked for", check_budget, 60, True)
tap.add("what does not fit is not begun", check_budget, 25, False)


def check_lie(lie, reason):
    """One repository whose watchers are not told makes watchers unknown, and nothing else."""
    name = f"b6-{lie.replace('_', '-')}"
    simulator.get().put_account(name, {"bitbucket": {"lie": lie, "where": "watchers"}})
    document = program.get().ask({"bitbucket": name, "detail": "full"}).json()
    wanted = expected(name, detail="full")
    tap.equal(document["totals"]["watchers"], None, "watchers")
    tap.equal(document["missing"]["watchers"], {f"bitbucket:{name}": reason}, "why")
    wanted["totals"]["watchers"] = None
    support.contract.same(document["totals"], wanted["totals"], "totals")


for lie, reason in (("missing_optional", "removed_upstream"), ("null_body", "removed_upstream"),
                    ("not_found_404", "upstream_error"), ("status_503", "upstream_error"),
                    ("forbidden_403", "unauthorized"), ("truncated_json", "upstream_error"),
                    # Last, because it is heeded from then on.
                    ("rate_limited_text", "rate_limited")):
    tap.add(f"watchers that are not told: {lie}", check_lie, lie, reason)


if __name__ == "__main__":
    sys.exit(tap.main())
