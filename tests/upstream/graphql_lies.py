"""Lies that only GraphQL can tell: an error beside status 200, or beside data.

The same contract as in lies.py: a function from a Scene to a Response.
"""

import json
import time

import bodies
import forge as forges
import github_graphql
import quotas
from graphql_execution import Problem

RESOURCE_LIMITS = "Resource limits for this query exceeded."


def elements(document):
    """The repositories in an answer, wherever the query has them; else what the account is."""
    data = document.get("data")
    found = _repositories(data)
    if found is not None:
        return found
    return [value for value in (data or {}).values() if isinstance(value, dict)][:1]


def connection(document):
    """The connection of repositories of an account, or None."""
    for value in (document.get("data") or {}).values():
        if isinstance(value, dict):
            for member in value.values():
                if isinstance(member, dict) and isinstance(member.get("nodes"), list):
                    return member
    return None


def _repositories(data):
    for value in (data or {}).values():
        if isinstance(value, list):
            return value
    held = connection({"data": data})
    return held["nodes"] if held is not None else None


def place(document):
    """Where the repositories are: the path of the array, or of the one object."""
    for key, value in (document.get("data") or {}).items():
        if isinstance(value, list):
            return [key]
        for member, inner in value.items() if isinstance(value, dict) else ():
            if isinstance(inner, dict) and isinstance(inner.get("nodes"), list):
                return [key, member, "nodes"]
    return [key for key, value in (document.get("data") or {}).items()
            if isinstance(value, dict)][:1]


def replace(document, path, value):
    """Put a value at a path of the data."""
    target = document["data"]
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value


# Answers of the lie's own making.

def errors_only(make, doc):
    """200 with errors and no data. `make(scene)` gives the errors."""
    def lie(scene):
        return scene.finish(forges.respond(200, {"errors": make(scene)}))
    lie.__doc__ = doc
    return lie


def used_up(make, doc):
    """The same with what the headers then say: nothing left until the reset."""
    def lie(scene):
        bucket = quotas.Bucket(5000, 0, int(time.time()) + scene.option("reset_in", 1800))
        return scene.finish(forges.respond(200, {"errors": make()}), bucket)
    lie.__doc__ = doc
    return lie


def null_data(scene):
    """200 with data null and the sentence that GitHub has for a timeout"""
    return scene.finish(forges.respond(200, {"data": None, "errors": [{
        "message": "Something went wrong while executing your query. This may be the result of a "
                   "timeout, or it could be a GitHub bug. Please include "
                   "`F00D:0001:2:3:4` when reporting this issue."}]}))


def null_account(kind, message, doc):
    """200 where the first thing that is asked for is null, with an error of that type."""
    def lie(scene):
        response = scene.honest()
        if response.status != 200:
            return response
        document = json.loads(response.body.data)
        path = [key for key, value in (document.get("data") or {}).items()
                if key != "rateLimit"][:1]
        if path:
            replace(document, path, None)
        document["errors"] = [{"type": kind, "path": path,
                               "locations": [{"line": 1, "column": 1}],
                               "message": scene.option("message", message)}]
        return spoiled(response, document)
    lie.__doc__ = doc
    return lie


def refused(scene):
    """the whole endpoint is refused (option: status 403, the default, 404 or 410)"""
    messages = {403: "Resource not accessible by personal access token", 404: "Not Found",
                410: "Gone"}
    status = scene.option("status", 403)
    return scene.finish(scene.forge.error(status, messages.get(status, "Refused")))


# Answers that are partly right.

def spoiled(response, document):
    response.body = bodies.Body(bodies.json_bytes(document))
    return response


def resource_limits(scene):
    """200: of the repositories every second one is null, each with RESOURCE_LIMITS_EXCEEDED; or,
    with the option whole, the account is null"""
    response = scene.honest()
    document = json.loads(response.body.data)
    if response.status != 200 or not document.get("data"):
        return response
    path = place(document)
    found = elements(document)
    cut = [path[:1]] if scene.option("whole", False) or len(path) == 1 and not isinstance(
        document["data"][path[0]], list) else [
            path + [index] for index in range(len(found)) if index % 2 or len(found) == 1]
    for one in cut:
        replace(document, one, None)
    document["errors"] = [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": one,
                           "message": RESOURCE_LIMITS} for one in cut]
    return spoiled(response, document)


def partial(scene):
    """200 with data beside an error of a type that nobody knows; a part of the last repository is
    null (option: null false, and all the data is there)"""
    response = scene.honest()
    document = json.loads(response.body.data)
    if response.status != 200 or not document.get("data"):
        return response
    found, path = elements(document), place(document)
    if found:
        path = path + [len(found) - 1] if found is _repositories(document["data"]) else path
        inner = [key for key, value in (found[-1] or {}).items() if isinstance(value, dict)][-1:]
        path = path + inner
        if inner and scene.option("null", True):
            found[-1][inner[0]] = None
    document["errors"] = [{"type": "SOME_NEW_TROUBLE", "path": path,
                           "locations": [{"line": 1, "column": 1}],
                           "message": "Something that nobody has heard of"}]
    return spoiled(response, document)


def forbidden_field(scene):
    """200: a field (option: field, by default watchers) is null wherever it is asked for, each
    time with an error of type FORBIDDEN and its path"""
    return scene.forge.answer(scene.call, scene.request, forbidden={
        scene.option("field", "watchers"): github_graphql.forbidden_problem()})


def insufficient_scopes(scene):
    """200: a field (option: field, by default watchers) is null wherever it is asked for, with
    INSUFFICIENT_SCOPES"""
    field = scene.option("field", "watchers")
    return scene.forge.answer(scene.call, scene.request, forbidden={field: Problem(
        "INSUFFICIENT_SCOPES", "Your token has not been granted the required scopes to execute "
        "this query. The '%s' field requires one of the following scopes: ['read:org'], but your "
        "token has only been granted the: ['public_repo'] scopes." % field, keeps_null=True)})


def no_such_field(scene):
    """What GitHub says of a field that it has given up (option: field)."""
    field = scene.option("field", "watchers")
    return [{"path": ["query", field], "extensions": {
        "code": "undefinedField", "typeName": "Repository", "fieldName": field},
        "locations": [{"line": 1, "column": 1}],
        "message": "Field '%s' doesn't exist on type 'Repository'" % field}]


# What lies.py tells of REST, told of GraphQL.

def endless(scene, last=None):
    """A page of repositories that were never heard of before, and a next one after it; with `last`
    that many are promised."""
    before = scene.call.question.query.values.get("after") or ""
    page = int(before.removeprefix("endless-") or 0) if before.startswith("endless-") else 0
    first = {"after": None} if "after" in scene.call.question.query.values else {}
    call = scene.forge.ask_again(scene.request, first)
    response = scene.forge.answer(call, scene.request)
    document = json.loads(response.body.data)
    held = connection(document) if response.status == 200 else None
    if held is None:
        return response
    if last is not None and "totalCount" in held:
        held["totalCount"] = last * 100
    held["pageInfo"] = dict(held.get("pageInfo") or {}, hasNextPage=True,
                            endCursor="endless-%d" % (page + 1))
    for node in held["nodes"]:
        if "databaseId" in node:
            node["databaseId"] = node["databaseId"] % 1000000 + 1000000000 + page * 1000000
        if "id" in node:
            node["id"] = "R_endless%d-%s" % (page, node["id"])
    return spoiled(response, document)


def next_same(scene):
    """There is always a next page, and its cursor is the one that was asked with."""
    response = scene.honest()
    document = json.loads(response.body.data)
    held = connection(document) if response.status == 200 else None
    if held is None:
        return response
    held["pageInfo"] = dict(held.get("pageInfo") or {}, hasNextPage=True,
                            endCursor=scene.call.question.query.values.get("after"))
    return spoiled(response, document)


LIES = {
    "graphql_rate_limited": used_up(
        lambda: [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation "
                  "ID 1."}],
        "200: the primary rate limit in the words of 2023, RATE_LIMITED (option: reset_in)"),
    "graphql_rate_limit": used_up(
        lambda: github_graphql.limited()["errors"],
        "200: the primary rate limit in the words of 2026, RATE_LIMIT (option: reset_in)"),
    "graphql_secondary_200": errors_only(
        lambda scene: [{"message": "You have exceeded a secondary rate limit. Please wait a few "
                        "minutes before you try again."}],
        "200: the secondary rate limit, told by a message without a type"),
    "graphql_timeout_200": null_data,
    "graphql_resource_limits": resource_limits,
    "graphql_partial": partial,
    "graphql_forbidden_field": forbidden_field,
    "graphql_insufficient_scopes": insufficient_scopes,
    "graphql_validation_error": errors_only(
        no_such_field, "200 without data: the query asks for a field that there is no more "
        "(option: field)"),
    "graphql_unprocessable": null_account(
        "UNPROCESSABLE", "Something about this cannot be processed.",
        "200: what is asked for is null, UNPROCESSABLE (option: message)"),
    "graphql_not_found": null_account(
        "NOT_FOUND", "Could not resolve to a User with the login of 'nobody'.",
        "200: what is asked for is null, NOT_FOUND (option: message)"),
    "graphql_refused": refused,
}
