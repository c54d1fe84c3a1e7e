"""What a correct aggregate must report, computed from the generator.

It shares nothing with the program under test and never looks at HTTP: the repositories are added
up one by one, by the rules that the API promises. `repositories` and `size_bytes` count
everything an account owns in public, every other statistic originals only.
"""

import accounts

CANONICAL = {name.lower(): name for name in accounts.LANGUAGES}
# The order of the members of `totals`; a dotted name is a member of a member.
NUMBERS = (
    "repositories.total", "repositories.original", "repositories.forked",
    "repositories.archived", "forks", "stars.received", "stars.given", "watchers", "followers",
    "following", "open_issues", "open_pull_requests", "open_issues_and_pull_requests",
    "commits", "size_bytes",
)
NEEDS_TOKEN = ("watchers", "open_issues", "open_pull_requests", "commits", "languages.bytes")
BITBUCKET_LACKS = {
    **{name: "unsupported" for name in (
        "repositories.archived", "forks", "stars.received", "stars.given", "watchers",
        "followers", "following", "open_pull_requests", "open_issues_and_pull_requests",
        "commits", "languages.bytes", "topics")},
    "open_issues": "removed_upstream",
}


class Sum:
    """What is known of one account, or of several together. A number that is absent is unknown,
    and a list that is None; `languages` maps lower-case names to [name, repositories, bytes or
    None], `topics` names to repositories."""

    def __init__(self):
        self.numbers = {}
        self.languages = None
        self.topics = None
        self.missing = {}

    def add_language(self, name, repositories, size):
        """The canonical name is GitHub's spelling, and the first one seen of a name that
        GitHub does not have."""
        key = name.lower()
        row = self.languages.setdefault(key, [CANONICAL.get(key, name), 0, None])
        row[1] += repositories
        if size is not None:
            row[2] = (row[2] or 0) + size

    def add_topics(self, names):
        for name in names:
            self.topics[name] = self.topics.get(name, 0) + 1

    def add(self, other):
        """Unknown plus five is five."""
        for name, number in other.numbers.items():
            self.numbers[name] = self.numbers.get(name, 0) + number
        if other.languages is not None:
            self.languages = self.languages or {}
            for name, repositories, size in other.languages.values():
                self.add_language(name, repositories, size)
        if other.topics is not None:
            self.topics = self.topics or {}
            for name, count in other.topics.items():
                self.topics[name] = self.topics.get(name, 0) + count

    def totals(self):
        """In the shape of the reply."""
        totals = {}
        for name in NUMBERS:
            group, _, member = name.partition(".")
            if member:
                totals.setdefault(group, {})[member] = self.numbers.get(name)
            else:
                totals[name] = self.numbers.get(name)
        totals["languages"] = None if self.languages is None else [
            {"name": name, "repositories": repositories, "bytes": size}
            for name, repositories, size in sorted(self.languages.values(), key=_language_order)]
        totals["topics"] = None if self.topics is None else [
            {"name": name, "repositories": count}
            for name, count in sorted(self.topics.items(), key=lambda item: (-item[1], item[0]))]
        return totals


def _language_order(row):
    name, repositories, size = row
    return (-repositories, size is None, -(size or 0), name)


def github_sum(account):
    """A visit of GitHub by REST without a token."""
    found = account.repositories
    originals = [r for r in found if not r.fork]
    result = Sum()
    result.numbers = {
        "repositories.total": len(found),
        "repositories.original": len(originals),
        "repositories.forked": len(found) - len(originals),
        "repositories.archived": sum(1 for r in found if r.archived),
        "forks": sum(r.forks for r in originals),
        "stars.received": sum(r.stars for r in originals),
        "followers": account.followers,
        "following": account.following,
        "open_issues_and_pull_requests": sum(r.open_issues_count for r in originals),
        "size_bytes": sum(r.size_kib for r in found) * 1024,
    }
    result.missing = {name: "needs_token" for name in NEEDS_TOKEN}
    if account.stars_given is None:
        result.missing["stars.given"] = "unsupported"
    else:
        result.numbers["stars.given"] = account.stars_given
    result.languages, result.topics = {}, {}
    for repository in originals:
        if repository.language is not None:
            result.add_language(repository.language, 1, None)
        result.add_topics(repository.topics)
    return result


def bitbucket_sum(account):
    """A visit of Bitbucket."""
    found = account.repositories
    originals = [r for r in found if not r.fork]
    result = Sum()
    result.numbers = {
        "repositories.total": len(found),
        "repositories.original": len(originals),
        "repositories.forked": len(found) - len(originals),
        "size_bytes": sum(r.size_bytes for r in found),
    }
    result.missing = dict(BITBUCKET_LACKS)
    result.languages = {}
    for repository in originals:
        if repository.language is not None:
            result.add_language(repository.language, 1, None)
    return result


SUMS = {"github": github_sum, "bitbucket": bitbucket_sum}
STATUSES = {"active": "ok", "deactivated": "inactive", "gone": "inactive"}


def expected(find, wanted):
    """`find(forge, name)` gives an account or None; `wanted` is a list of (forge, name).
    A name that does not exist, or is inactive, contributes nothing and is not missed."""
    merged, rows = Sum(), []
    for forge, name in sorted({(forge, name.lower()) for forge, name in wanted}):
        account = find(forge, name)
        row = {"forge": forge, "name": name, "status": "not_found"}
        rows.append(row)
        if account is None:
            continue
        row["name"] = account.spelling if forge == "github" else account.key
        row["kind"] = account.kind
        row["status"] = STATUSES[account.state]
        if account.state != "active":
            continue
        own = SUMS[forge](account)
        row["totals"] = own.totals()
        merge(merged, own, forge + ":" + name)
    return {"totals": merged.totals(), "missing": merged.missing, "accounts": rows}


def merge(merged, own, key):
    """Add one account's sum, and name it wherever it could not tell."""
    merged.add(own)
    for statistic, reason in own.missing.items():
        merged.missing.setdefault(statistic, {})[key] = reason
