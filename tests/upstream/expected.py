"""What a correct aggregate must report, computed from the generator.

It shares nothing with the program under test and never looks at HTTP: the repositories are added
up one by one, by the rules that the API promises. `repositories` and `size_bytes` count
everything an account owns in public, every other statistic originals only.

What can be told depends on how a forge was asked, which is a Way.
"""

import dataclasses

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
        "repositories.archived", "stars.received", "stars.given",
        "followers", "following", "open_pull_requests", "open_issues_and_pull_requests",
        "commits", "languages.bytes", "topics")},
    "open_issues": "removed_upstream",
    # These cost a call for each original.
    "forks": "budget", "watchers": "budget",
}
# Beyond so many originals their commits are counted only when everything is asked for.
COMMITS_MAXIMUM_ORIGINALS = 500
# Up to so many repositories GraphQL lists them all; beyond, REST pages do.
GRAPHQL_MAXIMUM_LISTED = 100


@dataclasses.dataclass(frozen=True)
class Way:
    """How a forge was asked. `full`: also for what costs a call for each original; `fits`: the
    quota allowed those calls."""

    token: bool = False
    full: bool = False
    fits: bool = True


def _told(found, statistic, forge):
    """Whether a control parameter says yes to a forge: by its name, or by 1 to all."""
    values = [value for name, value in found if name == statistic]
    return "1" in values or forge in values


def question(query):
    """From the parameters of a control request: (accounts as (forge, name), Ways by forge)."""
    named = ("token", "detail", "fits")
    given = [pair for pair in query if pair[0] in named]
    for name, value in given:
        allowed = ("basic", "full") if name == "detail" else ("0", "1", *SUMS)
        if value not in allowed:
            raise ValueError("%s is one of %s" % (name, ", ".join(allowed)))
    ways = {forge: Way(token=_told(given, "token", forge), full=("detail", "full") in given,
                       fits=_told(given, "fits", forge) or all(name != "fits"
                                                               for name, _ in given))
            for forge in SUMS}
    return [pair for pair in query if pair[0] not in named], ways


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


def github_sum(account, way):
    """A visit of GitHub: by REST without a token, mostly by GraphQL with one."""
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
    if way.token:
        _add_graphql(result, account, originals, way)
    else:
        result.missing = {name: "needs_token" for name in NEEDS_TOKEN}
        if way.full:
            _add_by_call(result, originals, way, "watchers", "languages.bytes")
    if account.stars_given is None:
        result.missing["stars.given"] = "unsupported"
    else:
        result.numbers["stars.given"] = account.stars_given
    result.languages, result.topics = {}, {}
    for repository in originals:
        if repository.language is not None:
            result.add_language(repository.language, 1, None)
        if "languages.bytes" not in result.missing:
            for name, size in repository.languages.items():
                result.add_language(name, 0, size)
        result.add_topics(repository.topics)
    return result


def _add_graphql(result, account, originals, way):
    """What only GraphQL tells. Open issues and pull requests together are what REST counts where
    pages were read, else the sum of both: in an honest account that is the same number."""
    found = account.repositories
    result.numbers.update({
        "watchers": sum(r.watchers for r in originals),
        "open_issues": sum(r.open_issues for r in originals),
        "open_pull_requests": sum(r.open_pull_requests for r in originals),
    })
    if len(originals) <= COMMITS_MAXIMUM_ORIGINALS or way.full:
        result.numbers["commits"] = sum(r.commits for r in originals)
    else:
        result.missing["commits"] = "budget"
    unknown = any(r.disk_usage is None for r in found)
    if unknown and len(found) <= GRAPHQL_MAXIMUM_LISTED:
        del result.numbers["size_bytes"]
        result.missing["size_bytes"] = "removed_upstream"


def _add_by_call(result, originals, way, *statistics):
    """What a visit in full learns at a call for each original, if the quota allows that many; no
    call is needed where there is no original."""
    for name in statistics:
        if way.fits or not originals:
            del result.missing[name]
            if name in BY_CALL:
                result.numbers[name] = sum(BY_CALL[name](r) for r in originals)
        else:
            result.missing[name] = "budget"


def bitbucket_sum(account, way):
    """A visit of Bitbucket; a credential tells nothing more."""
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
    if way.full:
        _add_by_call(result, originals, way, "forks", "watchers")
    result.languages = {}
    for repository in originals:
        if repository.language is not None:
            result.add_language(repository.language, 1, None)
    return result


BY_CALL = {"forks": lambda r: r.forks, "watchers": lambda r: r.watchers}
SUMS = {"github": github_sum, "bitbucket": bitbucket_sum}
STATUSES = {"active": "ok", "deactivated": "inactive", "gone": "inactive"}


def expected(find, wanted, ways=None):
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
        own = SUMS[forge](account, ways[forge] if ways else Way())
        row["totals"] = own.totals()
        merge(merged, own, forge + ":" + name)
    return {"totals": merged.totals(), "missing": merged.missing, "accounts": rows}


# What a reply tells of one repository that not every Way tells, and where that stands.
FIGURES = {
    "stars": lambda r: r.stars, "forks": lambda r: r.forks, "watchers": lambda r: r.watchers,
    "open_issues": lambda r: r.open_issues, "open_pull_requests": lambda r: r.open_pull_requests,
    "open_issues_and_pull_requests": lambda r: r.open_issues_count,
    "commits": lambda r: r.commits, "size_bytes": lambda r: r.size_kib * 1024,
}
BY_REST = {"stars", "forks", "open_issues_and_pull_requests", "size_bytes"}


def _github_known(account, r, way):
    """The figures of one repository that are told. Where there are many, forks are not asked about
    again."""
    found = account.repositories
    if not way.token:
        return BY_REST | ({"watchers"} if way.full and way.fits and not r.fork else set())
    if len(found) <= GRAPHQL_MAXIMUM_LISTED:
        return set(FIGURES) - ({"size_bytes"} if r.disk_usage is None else set())
    if r.fork:
        return BY_REST
    many = sum(1 for one in found if not one.fork) > COMMITS_MAXIMUM_ORIGINALS and not way.full
    return set(FIGURES) - ({"commits"} if many else set())


def _github_row(account, r, way):
    known = _github_known(account, r, way)
    return {"account": account.spelling, "name": r.name,
            "url": f"https://github.com/{account.spelling}/{r.name}", "archived": r.archived,
            "topics": r.topics,
            **{name: figure(r) if name in known else None for name, figure in FIGURES.items()}}


def _bitbucket_row(account, r, way):
    counted = way.full and way.fits and not r.fork
    return {"account": account.key, "name": r.name.lower(),
            "url": f"https://bitbucket.org/{account.key}/{r.name.lower()}", "archived": None,
            "topics": None, **dict.fromkeys(FIGURES), "size_bytes": r.size_bytes,
            "forks": r.forks if counted else None, "watchers": r.watchers if counted else None}


ROWS = {"github": _github_row, "bitbucket": _bitbucket_row}


def repositories(find, wanted, ways=None):
    """Every repository of these accounts as a reply tells it, in its order."""
    rows = []
    for forge, name in sorted({(forge, name.lower()) for forge, name in wanted}):
        account = find(forge, name)
        way = ways[forge] if ways else Way()
        told = [{"forge": forge, "fork": r.fork, "language": r.language,
                 **ROWS[forge](account, r, way)}
                for r in (account.repositories if account and account.state == "active" else ())]
        rows += sorted(told, key=lambda row: (row["name"].lower(), row["name"]))
    return rows


def merge(merged, own, key):
    """Add one account's sum, and name it wherever it could not tell."""
    merged.add(own)
    for statistic, reason in own.missing.items():
        merged.missing.setdefault(statistic, {})[key] = reason
