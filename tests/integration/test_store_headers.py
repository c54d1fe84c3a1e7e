#!/usr/bin/env python3
"""Headers that let everybody else remember an answer, too, and ask whether it still holds."""

import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import tap  # noqa: E402

NAME = "g3-b2-headers"
QUERY = f"username={NAME}"
TOKEN = "made-up-token"

simulator = support.lazy_simulator()
files = tap.Lazy(store.Files, store.Files.close)
program = tap.Lazy(lambda: store.Keeping(simulator.get(), files.get().url), store.Keeping.close)


def warm():
    """The program when it knows NAME, and what it answers."""
    reply = program.get().get(QUERY)
    store.check_right(simulator.get(), reply, NAME)
    return program.get(), reply


def no_calls(function):
    return store.no_calls(simulator.get(), function)


# Headers ---------------------------------------------------------------------------------------

def check_lifetime(own, fresh):
    """What RFC 9111 and RFC 5861 have of a complete answer."""
    reply = own.get(QUERY)
    found = store.directives(reply)
    tap.equal(set(found), {"max-age", "stale-while-revalidate", "stale-if-error"},
              "directives")
    # From when the forges were asked, as Age is counted, to when they are asked again.
    store.check_between(found["max-age"], fresh * store.JITTER - 2, fresh, "max-age")
    tap.equal(found["stale-while-revalidate"], store.STALE, "stale-while-revalidate")
    tap.equal(found["stale-if-error"], store.STALE_IF_ERROR, "stale-if-error")
    tap.true(reply.header("ETag").startswith('"'), "a strong ETag")
    store.check_between(store.age(reply), 0, support.PATIENCE_SECONDS, "Age")


@tap.test("a complete answer may be kept by anyone: max-age, stale-while-revalidate, "
          "stale-if-error, ETag, Age")
def check_cacheable():
    check_lifetime(warm()[0], store.FRESH_WITHOUT_TOKEN)


@tap.test("with a token an account is fresh for a quarter of an hour")
def check_token_lifetime():
    with store.Files() as own_files, store.keeping(
            simulator.get(), own_files.url, GITHUB_AUTH_TOKEN=TOKEN) as own:
        check_lifetime(own, store.FRESH_WITH_TOKEN)


@tap.test("an answer to a POST is nobody else's: no-store, and neither ETag nor Age")
def check_post():
    own, _ = warm()
    reply = own.ask({"username": NAME})
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
    for name in ("ETag", "Age", "Last-Modified"):
        tap.equal(reply.header(name), None, name)


@tap.test("an incomplete answer is not to be served stale, and not for longer than the failure")
def check_incomplete():
    name = "g2-b2-incomplete"
    simulator.get().put_account(name, {"github": {"lie": "status_500"}})
    for _ in range(2):
        reply = program.get().get(f"username={name}")
        tap.equal((reply.status, reply.json()["complete"]), (200, False), "status, complete")
        found = store.directives(reply)
        tap.equal(set(found), {"max-age"}, "directives")
        store.check_between(found["max-age"], 0, 30 + store.age(reply), "max-age")


# Conditions ------------------------------------------------------------------------------------

# What a client sends, made of our tag's own characters, and whether that is what it has.
CONDITIONS = (
    ("the tag", '"{}"', True),
    ("a weak tag", 'W/"{}"', True),
    ("a list", '"other", W/"{}" ,"more"', True),
    ("any", "*", True),
    ("what mod_deflate makes of it", '"{}-gzip"', True),
    ("what mod_brotli makes of it", 'W/"{}-br"', True),
    ("a suffix behind a semicolon", '"{};gzip"', True),
    ("another tag", '"0123456789abcdef0123456789abcdef"', False),
    ("without quotation marks", "{}", False),
    ("longer than the tag", '"{}0"', False),
    ("nothing", '""', False),
    ("a list without it", '"a", "b", W/"c"', False),
)


def check_condition(condition, matches):
    own, whole = warm()
    sent = condition.format(whole.header("ETag").strip('"'))
    for method in ("GET", "HEAD"):
        reply = no_calls(lambda m=method: own.get(QUERY, m, HTTP_IF_NONE_MATCH=sent))
        tap.equal(reply.status, 304 if matches else 200, f"status of {method}")
        for name in ("ETag", "Last-Modified", "Cache-Control"):
            tap.equal(reply.header(name), whole.header(name), f"{name} of {method}")
        if matches or method == "HEAD":
            tap.equal(reply.body, b"", f"body of {method}")
        if matches:
            tap.equal(reply.header("Content-Type"), None, "Content-Type of 304")
            tap.true(reply.header("Content-Length") in (None, str(len(whole.body))),
                     "no length but that of the 200 (RFC 9110, section 8.6)")


for title, text, is_match in CONDITIONS:
    tap.add(f"If-None-Match with {title}: {304 if is_match else 200}", check_condition, text,
            is_match)


@tap.test("a POST is never conditional")
def check_post_condition():
    own, whole = warm()
    for tag in ("*", whole.header("ETag")):
        reply = own.ask({"username": NAME}, HTTP_IF_NONE_MATCH=tag)
        tap.equal((reply.status, reply.body), (200, whole.body), "status and body")


@tap.test("a cold answer has the headers of a warm one, and its condition holds")
def check_cold_condition():
    name = "g1-b1-cold"
    first = program.get().get(f"username={name}")
    again = no_calls(lambda: program.get().get(
        f"username={name}", HTTP_IF_NONE_MATCH=first.header("ETag")))
    tap.equal(again.status, 304, "status")
    tap.equal(set(store.directives(first)), set(store.directives(again)), "directives")

if __name__ == "__main__":
    sys.exit(tap.main())
