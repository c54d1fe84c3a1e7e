"""Recorded answers of the real services, replayed below /recorded/.

A folder of recordings has an index.json that lists every file with method, URL, status and
fidelity. Only listings that were recorded to their end are replayed, whatever page length a
caller asks for: page N is the recorded page N. Bodies are sent as recorded; only the URLs of
Link, `next` and `previous` are moved to this origin.

What had to be added, since nobody recorded it:
- GitHub's object of an account without a recorded one is the `owner` of its repositories, which
  is the same object without the profile, with `public_repos` counted and `followers`,
  `following` and `public_gists` zero, as GitHub gave them for organisations in those years.
- An account recorded as /orgs/NAME is served for /users/NAME as it is: it lacks gravatar_id,
  followers_url and the other URL members of an owner, site_admin, hireable and bio, and it has
  `plan` and other members that only a member of the organisation was shown.
- A workspace without a recorded object is the `workspace` member of its repositories, which lacks
  is_private, is_personal, created_on and forking_mode.
- Stars are listed by slices of the recorded pages, so that the counting trick works.
"""

import json
import re

import bitbucket
import bodies
import forge
import github
import quotas

GITHUB_API = "https://api.github.com"
BITBUCKET_API = "https://api.bitbucket.org/2.0"
NEXT = re.compile(r'<([^>]*)>; rel="next"')


class RecordedAccount:
    """What applications and lies want of an account, and what was recorded."""

    def __init__(self, key, value, pages, starred=()):
        self.key = key
        self.value = value
        self.pages = pages
        self.starred = starred
        self.id = value.get("id")
        self.uuid = value.get("uuid", "").strip("{}")
        self.organization = value.get("type") == "Organization"
        self.state = "active"
        self.latency = None
        self.lies = []


class Folder:
    """The index of a folder of recordings, by URL."""

    def __init__(self, path):
        self._path = path
        with open(path / "index.json", encoding="utf-8") as file:
            entries = json.load(file)
        self._entries = {entry["url"]: entry for entry in entries
                         if entry["method"] == "GET" and entry["status"] == 200
                         and entry["fidelity"] != "docs-example"}

    def urls(self, pattern):
        """(url, name) of every recorded URL that matches; group 1 is the name."""
        for url in self._entries:
            match = re.match(pattern, url)
            if match:
                yield url, match[1]

    def data(self, url):
        return (self._path / self._entries[url]["file"]).read_bytes()

    def value(self, url):
        """The recorded document of a URL, or None."""
        return json.loads(self.data(url)) if url in self._entries else None

    def next_url(self, url):
        """Where the recorded Link header goes on; None at the end."""
        headers = self._entries[url].get("headers")
        if headers is None:
            return None
        match = NEXT.search((self._path / headers).read_text(encoding="utf-8"))
        return match[1] if match else None

    def listing(self, url):
        """The URLs of all pages from this one on, or None when the end was not recorded."""
        found = []
        while url is not None:
            if url not in self._entries:
                return None
            found.append(url)
            url = self.next_url(url)
        return found


def forges(world, path):
    """The two forges that replay a folder."""
    folder = Folder(path)
    return [RecordedGitHub(world, folder), RecordedBitbucket(world, folder)]


def read_github(folder):
    """The GitHub accounts with a complete listing, by name in lower case."""
    found = {}
    # First pages alone: what follows is found through the recorded Link headers.
    pattern = GITHUB_API + r"/(?:users|orgs)/([^/]+)/repos(?:\?(?!(?:.*&)?page=).*)?$"
    for url, name in folder.urls(pattern):
        pages = folder.listing(url)
        if pages is None:
            continue
        pages = [folder.data(page) for page in pages]
        value = (folder.value("%s/users/%s" % (GITHUB_API, name))
                 or folder.value("%s/orgs/%s" % (GITHUB_API, name)) or _owner(pages))
        stars = folder.listing("%s/users/%s/starred" % (GITHUB_API, name)) or []
        starred = [star for page in stars for star in folder.value(page)]
        found[name.lower()] = RecordedAccount(name.lower(), value, pages, starred)
    return found


def _owner(pages):
    repositories = [repository for page in pages for repository in json.loads(page)]
    return {**repositories[0]["owner"], "public_repos": len(repositories), "public_gists": 0,
            "followers": 0, "following": 0}


def read_bitbucket(folder):
    """The workspaces with a complete listing and an object, by slug."""
    found = {}
    for url, name in folder.urls(BITBUCKET_API + r"/repositories/([^/?]+)(?:\?pagelen=[0-9]+)?$"):
        pages = _bitbucket_pages(folder, url)
        value = folder.value("%s/workspaces/%s" % (BITBUCKET_API, name))
        if pages and value is None and pages[0]["values"]:
            value = pages[0]["values"][0].get("workspace")
        if pages and value is not None:
            found[name.lower()] = RecordedAccount(name.lower(), value, pages)
    return found


def _bitbucket_pages(folder, url):
    pages = []
    while url is not None:
        page = folder.value(url)
        if page is None:
            return None
        pages.append(page)
        url = page.get("next")
    return pages


class RecordedGitHub(github.GitHub):
    """Recorded GitHub accounts. Whatever was not recorded is 404."""

    def __init__(self, world, folder):
        super().__init__(world, "recorded-github", "/recorded/github")
        self._accounts = read_github(folder)
        self._quota = quotas.Quota("github")
        # What the recordings' headers say: they were made with a token.
        self._quota.declare({"limit": 5000})

    def account(self, name):
        return self._accounts.get(name.lower())

    def account_by_id(self, number):
        return next((a for a in self._accounts.values() if a.id == number), None)

    def bucket(self, credential):
        return self._quota.bucket(credential)

    def recorded_object(self, call, _request, _standing):
        if call.account is None:
            return self.error(404, "Not Found", "/users/users#get-a-user")
        return forge.respond(200, call.account.value)

    def recorded_list(self, call, request, _standing):
        if call.account is None:
            return self.error(404, "Not Found", "/repos/repos#list-repositories-for-a-user")
        pages = call.account.pages
        data = pages[call.page - 1] if call.page <= len(pages) else b"[]"
        body = self.world.cache.get(("recorded", self.name, call.account.key, call.page),
                                    lambda: data)
        return forge.respond(200, body, self._link(call.account, "repos", request, call.page,
                                                   len(pages)))

    def recorded_stars(self, call, request, _standing):
        if call.account is None:
            return self.not_found(call, request, None)
        length = self.page_length(request)
        page = forge.natural(request.parameter("page"), 1)
        starred = call.account.starred
        return forge.respond(200, starred[(page - 1) * length:page * length], self._link(
            call.account, "starred", request, page, forge.page_count(len(starred), length)))

    def _link(self, account, what, request, page, pages):
        kind = "organizations" if account.organization and what == "repos" else "user"
        base = "%s/%s/%d/%s" % (self.api, kind, account.id, what)
        return github.link_header(base, request, page, pages)

    ROUTES = [
        ("GET", ("users", "*"), "account", recorded_object),
        ("GET", ("user", "*"), "account", recorded_object),
        ("GET", ("orgs", "*"), "account", recorded_object),
        ("GET", ("users", "*", "repos"), "page", recorded_list),
        ("GET", ("user", "*", "repos"), "page", recorded_list),
        ("GET", ("orgs", "*", "repos"), "page", recorded_list),
        ("GET", ("organizations", "*", "repos"), "page", recorded_list),
        ("GET", ("users", "*", "starred"), "starred", recorded_stars),
        ("GET", ("user", "*", "starred"), "starred", recorded_stars),
    ]


class RecordedBitbucket(bitbucket.Bitbucket):
    """Recorded Bitbucket workspaces. Whatever was not recorded is 404."""

    def __init__(self, world, folder):
        super().__init__(world, "recorded-bitbucket", "/recorded/bitbucket/2.0")
        self._accounts = read_bitbucket(folder)
        self._quota = quotas.Quota("bitbucket")
        self._quota.declare({"limit": 1000})

    def account(self, name):
        return self._accounts.get(name.lower())

    def account_by_uuid(self, text):
        return next((a for a in self._accounts.values() if a.uuid == text), None)

    def bucket(self, credential):
        return self._quota.bucket(credential)

    def recorded_object(self, call, request, _standing):
        return forge.respond(200, self.selected(request, call.account.value))

    def recorded_list(self, call, request, _standing):
        pages = call.account.pages
        if call.page > len(pages):
            value = {"pagelen": pages[0]["pagelen"], "values": [], "page": call.page,
                     "size": pages[0]["size"]}
        else:
            value = dict(pages[call.page - 1])
        # `next` must go on as the caller asked, with `fields`, and on this origin.
        links = self.envelope("%s/repositories/%s" % (self.api, call.account.key), request, [],
                              len(pages), call.page, 1)
        for member in ("next", "previous"):
            value.pop(member, None)
            if member in links:
                value[member] = links[member]
        return forge.respond(200, bodies.Body(bodies.json_bytes(self.selected(request, value))))

    ROUTES = [
        (("workspaces", "*"), "account", recorded_object),
        (("repositories", "*"), "page", recorded_list),
    ]
