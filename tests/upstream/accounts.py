"""The generator: what an account is, and which repositories it has.

Every value follows from the seed and the repository's index alone, through a hash, so an account
is the same on every run and on every machine, whatever is asked first, and a repository beyond
the account's size can be made up for the lies that need one.
"""

import base64
import binascii
import datetime
import hashlib
import itertools
import re
import struct
import uuid

# A larger number in a name is salt: generating it would take longer than any test waits.
LARGEST_SIZE = 100000

# GitHub's spelling; Bitbucket writes the same names in lower case.
LANGUAGES = [
    "Python", "JavaScript", "Java", "TypeScript", "C", "C++", "C#", "Go", "Ruby", "PHP", "Rust",
    "Shell", "HTML", "CSS", "Kotlin", "Swift", "Scala", "Perl", "Haskell", "Lua", "R", "Dart",
    "Objective-C", "Elixir", "Clojure", "OCaml", "Erlang", "TeX", "Groovy", "PowerShell",
    "Dockerfile", "Makefile", "Assembly", "Fortran", "Julia", "Nix",
]
TOPICS = [
    "api", "backend", "benchmark", "bot", "cache", "cgi", "cli", "cloud", "compiler", "crypto",
    "css", "data", "database", "devops", "docker", "docs", "email", "embedded", "fastcgi",
    "framework", "frontend", "game", "git", "graphics", "hacktoberfest", "http", "iot", "json",
    "kernel", "library", "linux", "machine-learning", "math", "mobile", "music", "network",
    "orm", "parser", "plugin", "privacy", "protocol", "python3", "rest", "robotics", "rpc",
    "scraper", "sdk", "search", "security", "shell", "template", "testing", "tls", "tutorial",
    "unicode", "video", "web", "website", "yaml",
]
# What GitHub knows beyond those: repositories of many languages need more names than that.
MOST_LANGUAGES = 250
MOST_TOPICS = 250
# One repository in so many has more languages than a query's first page of them.
EVERY_POLYGLOT, POLYGLOT, POLYGLOT_LANGUAGES = 150, 77, 24
NOUNS = [
    "anvil", "arrow", "atlas", "badger", "beacon", "bellows", "bridge", "cedar", "chisel",
    "compass", "copper", "crane", "delta", "ember", "falcon", "fern", "flint", "forge", "garnet",
    "hammer", "harbor", "hazel", "iris", "juniper", "kiln", "lantern", "lathe", "ledger",
    "magnet", "maple", "mill", "needle", "oak", "orbit", "otter", "pebble", "pine", "plume",
    "quartz", "rivet", "rudder", "saddle", "sparrow", "spindle", "tongs", "valve", "wharf",
    "willow", "wren", "yarrow",
]
# Legal strings that a careless scanner of JSON takes for structure, and all widths of UTF-8.
DESCRIPTIONS = [
    None, "", "Small tools, sharply made", "A \"quoted\" word and a back\\slash",
    "Ends with a back slash \\", "Brackets ]}{[ and , commas \",\" inside", "Tab\tand\nnew line",
    "Gr\u00fc\u00dfe aus der Schmiede", "\u92f3\u9020\u6240 \u2014 kaj tiel plu",
    "Beyond the first plane: \U00010348\U0001d11e", "NUL written out: \\u0000 and \u0001",
    "</script><script>alert(1)</script>", "x" * 350,
]
LICENSES = [
    None, ("mit", "MIT License", "MIT"), ("apache-2.0", "Apache License 2.0", "Apache-2.0"),
    ("gpl-3.0", "GNU General Public License v3.0", "GPL-3.0"),
    ("bsd-3-clause", "BSD 3-Clause \"New\" or \"Revised\" License", "BSD-3-Clause"),
]
FIRST_DAY = datetime.datetime(2009, 1, 1)
FIRST_DAY_EPOCH = 1230768000
# The generator's today. A fixed day, so that nothing changes overnight.
LAST_DAY_SECONDS = int((datetime.datetime(2026, 11, 1) - FIRST_DAY).total_seconds())

GITHUB_LOGIN = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9])*\Z", re.ASCII)
SIZE_TOKEN = re.compile(r"([gb])([0-9]{1,6})\Z", re.ASCII)


def numbers(*parts):
    """Sixteen 32-bit numbers that follow from the parts."""
    text = "/".join(str(part) for part in parts)
    return struct.unpack("<16I", hashlib.blake2b(text.encode("utf-8")).digest())


def unique_id(*parts):
    """A version 4 UUID that follows from the parts."""
    return str(uuid.UUID(bytes=struct.pack("<4I", *numbers(*parts)[:4]), version=4))


def node_id(prefix, number):
    """GitHub's opaque identifier of today: prefix, then base64url of the packed list [0, id]."""
    packed = struct.pack(">BBBI", 0x92, 0x00, 0xce, number)
    return prefix + base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def node_number(text):
    """The number in an identifier of that form, whatever its prefix; None when it is none."""
    _, _, packed = text.partition("_")
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    except (ValueError, binascii.Error):
        return None
    if len(data) != 7 or data[:3] != b"\x92\x00\xce":
        return None
    number = struct.unpack(">I", data[3:])[0]
    return number if text == node_id(text[:text.index("_") + 1], number) else None


def account_node(account):
    """The identifier of a GitHub account."""
    return node_id("O_" if account.organization else "U_", account.id)


def _day(seconds):
    return (FIRST_DAY + datetime.timedelta(seconds=seconds)).isoformat()


class Repository:
    """What a forge knows about one repository. Sizes: `size_kib` as GitHub counts, `size_bytes`
    as Bitbucket does, `disk_usage` what GraphQL says of the first, None when it does not.
    `languages` is bytes by name; `language` is the primary one or None."""

    __slots__ = (
        "index", "id", "uuid", "name", "fork", "archived", "private", "size_kib", "size_bytes",
        "stars", "forks", "watchers", "open_issues", "open_pull_requests", "commits", "language",
        "topics", "description", "license", "created", "updated", "pushed", "has_issues",
        "disk_usage", "language_count", "_bytes",
    )

    @property
    def open_issues_count(self):
        """GitHub REST counts pull requests as issues."""
        return self.open_issues + self.open_pull_requests

    @property
    def empty(self):
        return self.commits == 0

    @property
    def languages(self):
        if self.language is None:
            return {}
        first = 2000 + self._bytes % 900000
        if self.language_count is not None:
            names = itertools.islice(
                (name for name in language_names() if name != self.language),
                self.language_count - 1)
            return {self.language: first, **{name: first // (place + 2) + 1
                                             for place, name in enumerate(names)}}
        second = LANGUAGES[self._bytes % len(LANGUAGES)]
        if second == self.language:
            return {self.language: first}
        return {self.language: first, second: first // 3 + 1}


def language_names():
    """Without end: those that exist, then made-up ones."""
    yield from LANGUAGES
    for number in itertools.count(1):
        yield "Dialect %d" % number


def make_repository(account, index):
    """The repository with this index; private from `account.size` on."""
    n = numbers(account.seed, account.forge, index)
    row = account.rows[index] if index < len(account.rows) else None
    repository = Repository()
    repository.index = index
    repository.id = account.first_repository_id + 7 * index
    # GitHub has none, and making one takes as long as all the rest.
    repository.uuid = (unique_id(account.seed, index, "uuid") if account.forge == "bitbucket"
                       else None)
    repository.name = row[0] if row else _name(n[0], index)
    repository.private = account.size <= index < account.size + account.private
    repository.topics = _topics(n[1])
    repository.description = DESCRIPTIONS[n[2] % len(DESCRIPTIONS)]
    repository.license = LICENSES[n[3] % len(LICENSES)]
    _dates(repository, n, account.in_order)
    _flags(repository, n, row)
    _counts(repository, n, row)
    _oddities(repository, account)
    return repository


def _name(n, index):
    first, second = NOUNS[n % len(NOUNS)], NOUNS[(n >> 8) % len(NOUNS)]
    style = ("{0}-{1}-{2}", "{0}{2}", "{0}_{1}.{2}", "{1}.{0}-{2}")[(n >> 16) % 4]
    name = style.format(first, second, index)
    return name.capitalize() if (n >> 20) % 5 == 0 else name


def _topics(n):
    count = max(0, n % 9 - 2)
    return sorted({TOPICS[(n >> 3) % 61 * (step + 1) % len(TOPICS)] for step in range(count)})


def _dates(repository, n, in_order):
    created = repository.index * 60 if in_order else n[4] % LAST_DAY_SECONDS
    pushed = created + n[5] % (LAST_DAY_SECONDS - created)
    updated = pushed + n[6] % (LAST_DAY_SECONDS - pushed)
    repository.created, repository.pushed, repository.updated = created, pushed, updated


def _flags(repository, n, row):
    repository.fork = row[4] if row else n[7] % 100 < 20
    repository.archived = row[5] if row else (n[7] >> 8) % 100 < 8
    repository.has_issues = not repository.fork
    unknown = (n[7] >> 16) % 100 < 12
    repository.language = None if unknown else LANGUAGES[_skewed(n[8], len(LANGUAGES))]
    if row:
        repository.language = row[1]


def _skewed(n, count):
    """An index below count, small ones more often: languages are not equally popular."""
    part = n / 2 ** 32
    return int(part * part * count)


def _counts(repository, n, row):
    empty = not row and n[9] % 40 == 0
    popularity = n[10] / 2 ** 32
    repository.stars = row[2] if row else int(2 / (popularity + 0.0001)) - 1
    repository.forks = row[3] if row else repository.stars // 5 + n[11] % 3
    repository.watchers = repository.stars // 10 + n[11] % 20
    repository.open_issues = (n[12] % 30) if repository.has_issues else 0
    repository.open_pull_requests = (n[12] >> 8) % 6
    repository.commits = 0 if empty else 1 + n[13] % 4000
    repository.size_kib = 0 if empty else n[14] % 60000
    repository.size_bytes = repository.size_kib * 1024 + (0 if empty else n[14] % 1024)
    repository._bytes = n[15]
    if empty:
        repository.language = None


def _oddities(repository, account):
    """What few repositories are, or what an account was declared to have."""
    repository.language_count = None
    if repository.index % EVERY_POLYGLOT == POLYGLOT and not repository.empty:
        repository.language = repository.language or LANGUAGES[0]
        repository.language_count = POLYGLOT_LANGUAGES
    if repository.index == 0 and (account.many_languages or account.many_topics):
        repository.fork = False
        repository.has_issues = True
    if repository.index == 0 and account.many_topics:
        repository.topics = sorted("topic-%03d" % number for number in range(account.many_topics))
    if repository.index == 0 and account.many_languages:
        repository.commits = max(repository.commits, 1)
        repository.language = repository.language or LANGUAGES[0]
        repository.language_count = account.many_languages
    repository.disk_usage = repository.size_kib
    every = account.unknown_disk_usage
    if every and repository.index % every == every - 1:
        repository.disk_usage = None


class Account:
    """One account on one forge, honest or declared to lie.

    `key` is the name in lower case, `spelling` the canonical one. `state` is active, deactivated
    or gone (the last two only on Bitbucket). `latency` is in seconds, None for the setting.
    `stars_given` is None for an organisation."""

    def __init__(self, forge, key, plan):
        self.forge = forge
        self.key = key
        self.spelling = plan.get("spelling") or key
        self.kind = plan.get("kind") or "user"
        self.rows = plan.get("rows") or []
        self.size = plan["size"] if plan.get("size") is not None else len(self.rows)
        self.private = plan.get("private") or 0
        self.seed = str(plan["seed"]) if plan.get("seed") is not None else key
        self.state = plan.get("state") or "active"
        self.latency = plan["latency_ms"] / 1000 if plan.get("latency_ms") is not None else None
        self.many_languages = plan.get("many_languages") or 0
        self.many_topics = plan.get("many_topics") or 0
        for name, most in (("many_languages", MOST_LANGUAGES), ("many_topics", MOST_TOPICS)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError("%s: 0 to %d" % (name, most))
        self.unknown_disk_usage = plan.get("unknown_disk_usage") or 0
        self.in_order = bool(plan.get("in_order"))
        self.lies = []
        self._kept = {}
        self._profile(plan)
        self._orders = {}
        self._selections = {}
        self._by_name = None

    def _profile(self, plan):
        n = numbers(self.seed, self.forge, "account")
        # The name, not the seed: two accounts may share a seed, but never an identity.
        named = numbers(self.key, self.forge, "id")
        self.id = 1000000 + named[0] % 200000000
        self.uuid = unique_id(self.key, self.forge, "workspace")
        self.first_repository_id = 1000000 + named[1] % 1200000000
        self.organization = self.kind == "organization"
        self.created = n[2] % (LAST_DAY_SECONDS // 2)
        self.updated = self.created + n[3] % (LAST_DAY_SECONDS - self.created)
        self.created_at = plan.get("created_at")
        self.display_name = plan.get("display_name", None if n[4] % 8 == 0 else
                                     self.spelling.replace("-", " ").title())
        self.blog = plan.get("blog", "")
        self.location = plan.get("location", ("Trondheim", None, "Kyoto, \u4eac\u90fd")[n[5] % 3])
        self.bio = plan.get("bio", DESCRIPTIONS[n[6] % 6])
        self.followers = plan.get("followers", n[7] % 5000)
        self.following = plan.get("following", 0 if self.organization else n[8] % 300)
        given = n[9] % 900 if n[9] % 6 else n[10] % 2
        self.stars_given = None if self.organization else plan.get("stars_given", given)

    @property
    def repositories(self):
        """The public ones, in the order of their making."""
        return self.ordered("index")[:self.size]

    def ordered(self, order):
        """All repositories, private ones too, in an order named by a function below."""
        if order not in self._orders:
            if order == "index":
                made = [make_repository(self, i) for i in range(self.size + self.private)]
            else:
                made = sorted(self.ordered("index"), key=ORDERS[order])
            self._orders[order] = made
        return self._orders[order]

    def selection(self, order, key, chosen, reverse):
        """The repositories that satisfy `chosen`, in an order. Kept under a key, since every page
        of a list needs the whole selection."""
        held = self._selections.get((order, key, reverse))
        if held is None:
            held = [r for r in self.ordered(order) if chosen(r)]
            if reverse:
                held.reverse()
            self._selections[(order, key, reverse)] = held
        return held

    def kept(self, key, make):
        """What `make()` gave under that key the first time: it follows from the declaration."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    @property
    def typename(self):
        """GitHub's word for its kind."""
        return "Organization" if self.organization else "User"

    def repository(self, name):
        """By name without regard to case; None when there is none."""
        if self._by_name is None:
            self._by_name = {r.name.lower(): r for r in self.ordered("index")}
        return self._by_name.get(name.lower())


ORDERS = {
    "name": lambda r: r.name.lower(),
    "created": lambda r: (r.created, r.index),
    "updated": lambda r: (r.updated, r.index),
    "pushed": lambda r: (r.pushed, r.index),
    "size": lambda r: (r.size_bytes, r.index),
    "uuid": lambda r: r.uuid,
}


def instant(seconds):
    """Seconds of the generator's time as GitHub writes them."""
    return _day(seconds) + "Z"


def precise_instant(seconds):
    """Seconds of the generator's time as Bitbucket writes them."""
    return "%s.%06d+00:00" % (_day(seconds), seconds * 7919 % 1000000)


def plan_from_name(key):
    """What a name in lower case says about itself: {"github": plan or None, "bitbucket": ...}.

    Tokens separated by '-': gN, bN, org; anything else is salt."""
    plans = {"github": None, "bitbucket": None}
    tokens = key.split("-")
    kind = "organization" if "org" in tokens else "user"
    for token in tokens:
        match = SIZE_TOKEN.match(token)
        if match and int(match[2]) <= LARGEST_SIZE:
            forge = "github" if match[1] == "g" else "bitbucket"
            if plans[forge] is None:
                plans[forge] = {"size": int(match[2]), "kind": kind}
    if not is_github_login(key):
        plans["github"] = None
    return plans


def is_github_login(name):
    """Letters, digits and single inner hyphens, 39 characters at most."""
    return len(name) <= 39 and GITHUB_LOGIN.match(name) is not None
