#!/usr/bin/env python3
"""GitHub by GraphQL: calls and rounds by size, and every error that it has of its own.

Each error is told to a program of its own, because limits are heeded and refusals remembered.
"""

import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, tap  # noqa: E402

simulator = support.lazy_simulator()
TOKEN = {"GITHUB_AUTH_TOKEN": "made-up-token"}


def asked(name, **more):
    """The reply of a new program with a token, and how it counted its calls."""
    program = Program(simulator.get(), **TOKEN)
    try:
        return program.ask({"github": name} | more).json()
    finally:
        program.close()


def calls_of(name):
    calls = simulator.get().counts()["github"]["accounts"][name.lower()]["calls"]
    return {kind: sum(n for call, n in calls.items() if call.startswith(kind))
            for kind in ("account", "page", "starred", "graphql")}


def check_calls(name, wanted):
    document = asked(name)
    support.check_whole(document, simulator.get().expected(github=name, token="github"))
    tap.equal(support.row_of(document, "github")["api"], "graphql", "api")
    tap.equal(calls_of(name), wanted, "calls")


def batches(name):
    """One batch for each hundred of the original repositories."""
    expected = simulator.get().expected(github=name, token="github")
    return -(-expected["totals"]["repositories"]["original"] // 100)


for size, graphql in ((0, 1), (1, 1), (50, 1), (51, 2), (100, 2)):
    for kind in ("user", "org"):
        tap.add(f"{kind}, {size} repositories: {graphql + 1} calls", check_calls,
                f"g{size}-{kind}-gql",
                {"account": 1, "page": 0, "starred": 0, "graphql": graphql})


@tap.test("3000 repositories: the account twice, the pages at once, then a batch for each hundred")
def check_three_thousand():
    name = "g3000-gql"
    check_calls(name, {"account": 1, "page": 30, "starred": 0, "graphql": 1 + batches(name)})


def check_failed(lie, status):
    name = f"g30-b2-{lie.replace('_', '-')}"
    simulator.get().put_account(name, {"github": {"lie": lie, "where": "graphql"}})
    # With the other forge beside it, so that there is a profile at all.
    row = support.row_of(asked(name, bitbucket=name), "github")
    tap.equal((row["status"], row["totals"]), (status, None), f"status and totals of {row}")
    if status == "rate_limited":
        tap.true(support.seconds_until(row["problem"]["retry_at"]) > 0, "retry_at is to come")


def check_by_rest(lie, reason, **options):
    """GraphQL as a whole is refused, or fails: the visit goes on by REST, and says so."""
    name = f"g120-{lie.replace('_', '-')}{options.get('status', '')}"
    simulator.get().put_account(name, {"github": {"lie": lie, "where": "graphql",
                                                  "options": options}})
    document = asked(name)
    tap.equal(support.row_of(document, "github")["api"], "rest", "api")
    expected = simulator.get().expected(github=name)
    # There is a token, but these were not told to it.
    for reasons in expected["missing"].values():
        for account, why in reasons.items():
            reasons[account] = reason if why == "needs_token" else why
    support.check_whole(document, expected)


def check_halved(where, size, above):
    """Too much is asked for: less is asked for, until it is answered; nothing is lost."""
    lie, options = "graphql_resource_limits", {"above": above}
    name = f"g{size}-halved-{where.split(':')[1]}"
    simulator.get().put_account(name, {"github": {"lie": lie, "where": where,
                                                  "options": options}})
    document = asked(name)
    tap.equal(support.row_of(document, "github")["api"], "graphql", "api")
    support.check_whole(document, simulator.get().expected(github=name, token="github"))


def check_forbidden(field, statistic):
    """One field is forbidden: its statistic is gone, the rest stands."""
    name = f"g30-forbidden-{field.lower()}"
    simulator.get().put_account(name, {"github": {"lie": "graphql_forbidden_field",
                                                  "where": "graphql", "options": {"field": field}}})
    document = asked(name)
    expected = simulator.get().expected(github=name, token="github")["totals"]
    tap.equal(document["totals"][statistic], None, statistic)
    tap.equal(document["missing"][statistic], {f"github:{name}": "removed_upstream"}, "why")
    for other in ("watchers", "stars", "forks", "commits", "size_bytes", "repositories"):
        if other != statistic:
            tap.equal(document["totals"][other], expected[other], other)


for lie in ("graphql_rate_limited", "graphql_rate_limit", "graphql_secondary_200"):
    tap.add(f"{lie} is a rate limit", check_failed, lie, "rate_limited")
tap.add("what is partly told by an error that nobody knows is never summed: by REST",
        check_by_rest, "graphql_partial", "upstream_error")
for status in (403, 404, 410):
    tap.add(f"GraphQL refused with {status}: by REST", lambda s: check_by_rest(
        "graphql_refused", "unauthorized", status=s), status)
tap.add("a query that GitHub no longer takes: by REST", check_by_rest,
        "graphql_validation_error", "unauthorized")
for above in (10, 40):
    tap.add(f"batches above {above} exceed resource limits: halved", check_halved,
            "graphql:nodes", 150 + above, above)
tap.add("pages above 25 exceed resource limits: smaller ones", check_halved,
        "graphql:profile", 45, 25)
tap.add("a field that is forbidden is removed upstream", check_forbidden, "watchers", "watchers")
tap.add("pull requests that are forbidden likewise", check_forbidden, "pullRequests",
        "open_pull_requests")
for lie in ("truncated_json", "reset_mid_body", "invalid_utf8", "string_for_number", "status_500"):
    tap.add(f"{lie}: nothing of it is summed, and REST tells the rest", check_by_rest, lie,
            "upstream_error")
tap.add("GraphQL that is unavailable stays so: no profile", check_failed, "status_503",
        "upstream_error")


@tap.test("GraphQL that is unavailable for a moment is asked again")
def check_asked_again():
    name = "g30-for-a-moment"
    simulator.get().put_account(name, {"github": {"lie": "status_503", "where": "graphql",
                                                  "times": 1}})
    document = asked(name)
    tap.equal(support.row_of(document, "github")["api"], "graphql", "api")
    support.check_whole(document, simulator.get().expected(github=name, token="github"))
    tap.equal(calls_of(name)["graphql"], 2, "queries")


if __name__ == "__main__":
    sys.exit(tap.main())
