"""What the API promises of its replies, checked the same way by every integration test."""

import re

from . import tap

# A test asks for more cold accounts than one client may have in an hour.
UNLIMITED = 1000000


def settings(simulator, **more):
    """The settings of a program under test: the simulator as its forges, no client limits."""
    return simulator.settings() | {"LOG_LEVEL": "debug"} | more


def problem(reply, status):
    """Fails unless the reply is a problem document (RFC 9457) of that status."""
    tap.equal(reply.status, status, "status")
    tap.equal(reply.media_type, "application/problem+json", "content type")
    document = reply.json()
    tap.equal(document.get("status"), status, "member status")
    for member in ("type", "title", "detail"):
        tap.true(isinstance(document.get(member), str) and document[member],
                 f"a problem with a {member}: {document}")
    for error in document.get("errors", []):
        tap.equal(sorted(error), ["detail", "pointer"], "members of an error")
        tap.true(re.fullmatch(r"(/([^~/]|~[01])*)*", error["pointer"]),
                 f"a JSON pointer (RFC 6901): {error['pointer']}")
    return document


def profile(reply, expected):
    """Fails unless the reply is a complete profile with the totals that are expected."""
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    tap.equal(reply.media_type, "application/json", "content type")
    document = reply.json()
    tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
    same(document["totals"], expected["totals"], "totals")
    return document


def same(found, wanted, where):
    """Fails at the first member that differs, naming it."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        tap.equal(sorted(found), sorted(wanted), f"members of {where}")
        for member, value in wanted.items():
            same(found[member], value, f"{where}.{member}")
    else:
        tap.equal(found, wanted, where)
