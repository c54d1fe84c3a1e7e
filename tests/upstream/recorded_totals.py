#!/usr/bin/env python3
"""recorded_totals.py DIR NAME: what a correct aggregate of a recorded account must report.

Read straight from the recorded files, in the shape of the simulator's /_control/expected. It
shares the adding up with expected.py, but neither reading nor replaying with recordings.py, so
that the two can disagree.
"""

import json
import pathlib
import re
import sys

import expected

PAGE = re.compile(r"[?&]page=([0-9]+)")


# The reason where a forge can tell a statistic but an answer of its does not.
NOT_TOLD = "removed_upstream"


def entries(folder, forge):
    """The index's successful GET entries of one forge."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [entry for entry in index if entry["file"].startswith(forge + "/")
            and entry["method"] == "GET" and entry["status"] == 200]


def load(folder, entry):
    return json.loads((folder / entry["file"]).read_text(encoding="utf-8"))


def page_number(entry):
    match = PAGE.search(entry["url"])
    return int(match[1]) if match else 1


def github_repositories(folder, name):
    """All repositories whose owner is NAME, in the listings whose file names carry it."""
    found = {}
    listing = re.compile(r"github/repos-%s-.*\.json" % re.escape(name), re.IGNORECASE)
    for entry in entries(folder, "github"):
        if listing.fullmatch(entry["file"]):
            for repository in load(folder, entry):
                found[repository["id"]] = repository
    return [r for r in found.values() if not r["private"]]


def github_account(folder, name):
    """The recorded account object, or None."""
    for place in ("users", "orgs"):
        for entry in entries(folder, "github"):
            if entry["url"].lower() == "https://api.github.com/%s/%s" % (place, name):
                return load(folder, entry)
    return None


def stars_given(folder, name):
    url = "https://api.github.com/users/%s/starred" % name
    return sum(len(load(folder, entry)) for entry in entries(folder, "github")
               if entry["url"].lower().split("?")[0] == url)


def known_sum(result, repositories, statistic, members, scale=1):
    """A sum over repositories that all tell it; else the statistic is unknown."""
    if all(members in r for r in repositories):
        result.numbers[statistic] = sum(r[members] for r in repositories) * scale
    else:
        result.missing[statistic] = NOT_TOLD


def github_sum(folder, name):
    repositories = github_repositories(folder, name)
    if not repositories:
        return None
    account = github_account(folder, name) or {"followers": 0, "following": 0,
                                               "type": repositories[0]["owner"]["type"]}
    originals = [r for r in repositories if not r["fork"]]
    result = expected.Sum()
    result.missing = {statistic: "needs_token" for statistic in expected.NEEDS_TOKEN}
    result.numbers = {
        "repositories.total": len(repositories),
        "repositories.original": len(originals),
        "repositories.forked": len(repositories) - len(originals),
        "followers": account["followers"], "following": account["following"],
    }
    if all("archived" in r for r in repositories):
        result.numbers["repositories.archived"] = sum(r["archived"] for r in repositories)
    else:
        result.missing["repositories.archived"] = NOT_TOLD
    known_sum(result, originals, "forks", "forks_count")
    known_sum(result, originals, "stars.received", "stargazers_count")
    known_sum(result, originals, "open_issues_and_pull_requests", "open_issues_count")
    known_sum(result, repositories, "size_bytes", "size", 1024)
    if account["type"] == "Organization":
        result.missing["stars.given"] = "unsupported"
    else:
        result.numbers["stars.given"] = stars_given(folder, name)
    add_lists(result, originals)
    return result


def add_lists(result, originals):
    result.languages = {}
    for repository in originals:
        if repository["language"]:
            result.add_language(repository["language"], 1, None)
    # Lists of before 2021 have no topics: then nobody knows them.
    if all("topics" in r for r in originals):
        result.topics = {}
        for repository in originals:
            result.add_topics(repository["topics"])
    else:
        result.missing["topics"] = NOT_TOLD


def bitbucket_sum(folder, name):
    url = "https://api.bitbucket.org/2.0/repositories/" + name
    pages = sorted((entry for entry in entries(folder, "bitbucket")
                    if entry["url"].lower().split("?")[0] == url), key=page_number)
    if not pages:
        return None
    documents = [load(folder, page) for page in pages]
    found = {r["uuid"]: r for document in documents for r in document["values"]}
    if len(found) != documents[0]["size"]:
        raise SystemExit("%s: %d of %d repositories were recorded"
                         % (name, len(found), documents[0]["size"]))
    repositories = [r for r in found.values() if r["is_private"] is False]
    originals = [r for r in repositories if not r.get("parent")]
    result = expected.Sum()
    result.missing = dict(expected.BITBUCKET_LACKS)
    result.numbers = {
        "repositories.total": len(repositories),
        "repositories.original": len(originals),
        "repositories.forked": len(repositories) - len(originals),
        "size_bytes": sum(r["size"] for r in repositories),
    }
    result.languages = {}
    for repository in originals:
        if repository["language"]:
            result.add_language(repository["language"], 1, None)
    return result


def recorded_totals(folder, name):
    merged, rows = expected.Sum(), []
    for forge, add_up in (("bitbucket", bitbucket_sum), ("github", github_sum)):
        own = add_up(folder, name.lower())
        row = {"forge": forge, "name": name.lower(), "status": "ok" if own else "not_found"}
        rows.append(row)
        if own is not None:
            row["totals"] = own.totals()
            expected.merge(merged, own, forge + ":" + name.lower())
    return {"totals": merged.totals(), "missing": merged.missing, "accounts": rows}


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: recorded_totals.py DIR NAME")
    json.dump(recorded_totals(pathlib.Path(sys.argv[1]), sys.argv[2]), sys.stdout, indent=2,
              ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
