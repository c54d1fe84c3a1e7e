"""GitHub's API, as far as anonymous and token-bearing readers of public data see it: REST here,
GraphQL in github_graphql.py.

The table in GitHub.ROUTES is the whole API; a new endpoint is a row and a method. Anything else
is 404, a trailing slash included, as GitHub does it.
"""

import functools
import hashlib
import time

import accounts
import bodies
import forge
import github_graphql
import server

VERSIONS = ("2022-11-28", "2026-03-10")
DOCUMENTATION = "https://docs.github.com/rest"
DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 100
STARRED_OWNERS = 50

REST_HEADERS = [
    ("Cache-Control", "private, max-age=60, s-maxage=60"),
    ("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, "
             "X-Requested-With"),
    ("X-GitHub-Media-Type", "github.v3; format=json"),
]
OWN_HEADERS = {"core": REST_HEADERS, "graphql": github_graphql.HEADERS}
FIXED_HEADERS = [
    ("Access-Control-Expose-Headers", "ETag, Link, Location, Retry-After, X-GitHub-OTP, "
     "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Resource, "
     "X-RateLimit-Reset, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, X-Poll-Interval, "
     "X-GitHub-Media-Type, X-GitHub-SSO, X-GitHub-Request-Id, Deprecation, Sunset"),
    ("Access-Control-Allow-Origin", "*"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubdomains; preload"),
    ("X-Frame-Options", "deny"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-XSS-Protection", "0"),
    ("Referrer-Policy", "origin-when-cross-origin, strict-origin-when-cross-origin"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Server", "github.com"),
]

NO_AGENT = (b"\r\nRequest forbidden by administrative rules. Please make sure your request has a "
            b"User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-"
            b"api#user-agent-required). Check https://developer.github.com for other possible "
            b"causes.\r\n")

# The URL members of an account in the places where it is an owner and in its own object.
OWNER_URLS = [
    ("url", ""), ("html_url", None), ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"), ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"), ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"), ("repos_url", "/repos"), ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
]
REPOSITORY_URLS = [
    ("url", ""), ("forks_url", "/forks"), ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"), ("teams_url", "/teams"),
    ("hooks_url", "/hooks"), ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"), ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"), ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"), ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"), ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"), ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"), ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"), ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"), ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"), ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"), ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"), ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"), ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("labels_url", "/labels{/name}"), ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
]
ORDERS = {"full_name": "name", "created": "created", "updated": "updated", "pushed": "pushed"}


API = "\0"


def _item_templates():
    """A list item in three parts. The one in the middle is most of it and holds nothing but the
    repository's URL, marked by API: replacing that is what makes rendering cheap."""
    head = ['"id":%(id)d', '"node_id":"%(node)s"', '"name":"%(name)s"',
            '"full_name":"%(full)s"', '"private":%(private)s', '"owner":%(owner)s',
            '"html_url":"https://github.com/%(full)s"', '"description":%(description)s',
            '"fork":%(fork)s']
    urls = ['"%s":"%s%s"' % (member, API, suffix) for member, suffix in REPOSITORY_URLS]
    tail = ['"created_at":"%(created)s"', '"updated_at":"%(updated)s"',
            '"pushed_at":"%(pushed)s"', '"git_url":"git://github.com/%(full)s.git"',
            '"ssh_url":"git@github.com:%(full)s.git"',
            '"clone_url":"https://github.com/%(full)s.git"',
            '"svn_url":"https://github.com/%(full)s"', '"homepage":""',
            '"size":%(size)d', '"stargazers_count":%(stars)d', '"watchers_count":%(stars)d',
            '"language":%(language)s', '"has_issues":%(has_issues)s', '"has_projects":true',
            '%(downloads)s"has_wiki":true', '"has_pages":false', '"has_discussions":false',
            '"forks_count":%(forks)d', '"mirror_url":null', '"archived":%(archived)s',
            '"disabled":false', '"open_issues_count":%(open)d', '"license":%(license)s',
            '"allow_forking":true', '"is_template":false',
            '"web_commit_signoff_required":false', '"topics":%(topics)s',
            '"visibility":"%(visibility)s"', '"forks":%(forks)d', '"open_issues":%(open)d',
            '"watchers":%(stars)d', '"default_branch":"main"%(permissions)s']
    return "{" + ",".join(head) + ",", ",".join(urls), "," + ",".join(tail) + "}"


ITEM_HEAD, ITEM_URLS, ITEM_TAIL = _item_templates()
JSON_TRUTH = {True: "true", False: "false"}
READ_ONLY = (',"permissions":{"admin":false,"maintain":false,"push":false,"triage":false,'
             '"pull":true}')


@functools.lru_cache(maxsize=4096)
def _text(value):
    return bodies.json_bytes(value).decode("utf-8")


@functools.lru_cache(maxsize=256)
def _license(api, row):
    if row is None:
        return "null"
    key, name, spdx = row
    return _text_of({"key": key, "name": name, "spdx_id": spdx,
                     "url": "%s/licenses/%s" % (api, key), "node_id": "MDc6TGljZW5zZTEz"})


class GitHub:
    """The REST API below `prefix` of the simulator's origin."""

    def __init__(self, world, name="github", prefix="/github"):
        self.world = world
        self.name = name
        self.prefix = prefix
        self._depth = len(prefix.split("/")) - 1
        self._graphql = github_graphql.GraphQL(world, self)

    @property
    def api(self):
        return self.world.base + self.prefix

    # From a request to a call.

    def resolve(self, request):
        """The call that a request is. Never fails: what is not understood is kind "other"."""
        segments = request.segments[self._depth:]
        for method, pattern, kind, handler in self.ROUTES:
            if len(pattern) != len(segments):
                continue
            if any(want != "*" and want != have for want, have in zip(pattern, segments)):
                continue
            if request.method not in (method, "HEAD" if method == "GET" else method):
                continue
            arguments = [have for want, have in zip(pattern, segments) if want == "*"]
            return self._call(request, kind, handler, pattern, arguments)
        return forge.Call(self.name, "other", GitHub.not_found)

    def _call(self, request, kind, handler, pattern, arguments):
        if kind == "graphql":
            return self._graphql.call(request, handler)
        page = None
        if kind == "page":
            page = forge.natural(request.parameter("page"), 1)
            kind = "page:%d" % page
        if not arguments or pattern[0] == "repositories":
            return forge.Call(self.name, kind, handler, arguments=arguments)
        if pattern[0] in ("user", "organizations"):
            account = self.account_by_id(forge.natural(arguments[0], 0))
            name = account.key if account else None
        else:
            account = self.account(arguments[0])
            name = arguments[0].lower()
        return forge.Call(self.name, kind, handler, name, account, page, arguments[1:])

    def account(self, name):
        return self.world.account("github", name)

    def account_by_id(self, number):
        return self.world.account_by_id("github", number)

    # From a call to an answer.

    def answer(self, call, request, **options):
        """The honest answer. The options are the handler's own."""
        if not request.headers.get("user-agent"):
            response = server.Response(403, [("Content-Type", "text/html")],
                                       bodies.Body(NO_AGENT))
            response.close = True
            return response
        standing, refusal = self.stand(request)
        graphql = standing.resource == "graphql"
        if refusal is None and not graphql and not standing.bucket.take():
            refusal = self.limited(standing, 403)
        response = refusal or call.handler(self, call, request, standing, **options)
        if not graphql:
            response = self._conditional(request, response, standing)
        return self.finish(response, standing)

    def stand(self, request):
        """Who asks: (standing, refusal), where the refusal is None or the answer."""
        authorization = request.headers.get("authorization")
        accepted, credential = self.world.credential("github", authorization)
        version = request.headers.get("x-github-api-version", VERSIONS[0])
        credential = credential if accepted else None
        standing = forge.Standing(credential, None, version)
        if request.path == self.prefix + "/graphql":
            standing.resource = "graphql"
            standing.bucket = self.world.quotas["graphql"].bucket(credential)
        else:
            standing.bucket = self.bucket(credential)
        if version not in VERSIONS:
            standing.version = VERSIONS[0]
            return standing, self.error(400, "The API version in the request is not supported.",
                                        "/about-the-rest-api/api-versions")
        if not accepted:
            return standing, self.error(401, "Bad credentials")
        return standing, None

    def bucket(self, credential):
        return self.world.quotas["github"].bucket(credential)

    def finish(self, response, standing):
        """Add what every answer carries."""
        bucket = standing.bucket
        response.headers = response.headers + OWN_HEADERS[standing.resource] + FIXED_HEADERS + [
            ("x-github-api-version-selected", standing.version),
            ("X-RateLimit-Limit", bucket.limit),
            ("X-RateLimit-Remaining", bucket.remaining),
            ("X-RateLimit-Reset", bucket.reset),
            ("X-RateLimit-Used", bucket.used),
            ("X-RateLimit-Resource", standing.resource),
            ("X-GitHub-Request-Id", "F00D:%X:%X:%X:%08X" % (
                bucket.used, bucket.limit, len(response.body.data), int(time.time()))),
        ]
        return response

    def _conditional(self, request, response, standing):
        """304 when the caller has this answer already. Free of charge, but only with a token."""
        if response.status != 200:
            return response
        variant = "%s %s %s" % (response.body.digest, standing.credential,
                                request.headers.get("accept", ""))
        tag = 'W/"%s"' % hashlib.sha256(variant.encode("utf-8")).hexdigest()
        response.headers.append(("ETag", tag))
        wanted = request.headers.get("if-none-match")
        if wanted is not None:
            known = {part.strip().removeprefix("W/") for part in wanted.split(",")}
            same = wanted.strip() == "*" or tag.removeprefix("W/") in known
        else:
            modified = response.header("Last-Modified")
            same = modified is not None and request.headers.get("if-modified-since") == modified
        if not same:
            return response
        if standing.credential is not None:
            standing.bucket.give_back()
        response.without("Content-Type")
        # The tag is of the body alone, and a next page does not change that: seen in
        # app-sre/github-mirror#57, where a 304 for a page that had got a next one had no Link.
        if not self.world.not_modified_links:
            response.without("Link")
        return server.Response(304, response.headers, bodies.EMPTY)

    @staticmethod
    def error(status, message, documentation=""):
        return forge.respond(status, {
            "message": message, "documentation_url": DOCUMENTATION + documentation,
            "status": str(status)})

    def limited(self, standing, status):
        """The primary rate limit is used up."""
        if standing.credential is None:
            message = ("API rate limit exceeded for 127.0.0.1. (But here's the good news: "
                       "Authenticated requests get a higher rate limit. Check out the "
                       "documentation for more details.)")
        else:
            message = "API rate limit exceeded for user ID 1."
        return forge.respond(status, {
            "message": message, "documentation_url": "https://docs.github.com/rest/overview/"
            "rate-limits-for-the-rest-api"})

    def not_found(self, _call, _request, _standing):
        return self.error(404, "Not Found")

    # Accounts.

    def user(self, call, _request, _standing):
        """/users/{name} answers for organisations, too."""
        account = call.account
        if account is None:
            return self.error(404, "Not Found", "/users/users#get-a-user")
        return self._profile(account, self._user_object(account))

    def organization(self, call, _request, _standing):
        account = call.account
        if account is None or not account.organization:
            return self.error(404, "Not Found", "/orgs/orgs#get-an-organization")
        return self._profile(account, self._organization_object(account))

    @staticmethod
    def _profile(account, value):
        modified = time.strftime("%a, %d %b %Y %H:%M:%S GMT",
                                 time.gmtime(accounts.FIRST_DAY_EPOCH + account.updated))
        return forge.respond(200, value, [("Last-Modified", modified)])

    def owner(self, account):
        """The members that an account has wherever it is mentioned."""
        prefix = self.api + "/users/" + account.spelling
        value = {
            "login": account.spelling, "id": account.id,
            "node_id": accounts.account_node(account),
            "avatar_url": "https://avatars.githubusercontent.com/u/%d?v=4" % account.id,
            "gravatar_id": "",
        }
        for member, suffix in OWNER_URLS:
            value[member] = ("https://github.com/" + account.spelling if suffix is None
                             else prefix + suffix)
        value["type"] = account.typename
        value["user_view_type"] = "public"
        value["site_admin"] = False
        return value

    def _user_object(self, account):
        value = self.owner(account)
        value.update({
            "name": account.display_name, "company": None, "blog": account.blog,
            "location": account.location, "email": None, "hireable": None, "bio": account.bio,
            "twitter_username": None, **self._numbers(account),
        })
        return value

    def _organization_object(self, account):
        prefix = self.api + "/orgs/" + account.spelling
        value = {
            "login": account.spelling, "id": account.id,
            "node_id": accounts.account_node(account),
            "url": prefix, "repos_url": prefix + "/repos", "events_url": prefix + "/events",
            "hooks_url": prefix + "/hooks", "issues_url": prefix + "/issues",
            "members_url": prefix + "/members{/member}",
            "public_members_url": prefix + "/public_members{/member}",
            "avatar_url": "https://avatars.githubusercontent.com/u/%d?v=4" % account.id,
            "description": account.bio, "name": account.display_name, "company": None,
            "blog": account.blog, "location": account.location, "email": None,
            "twitter_username": None, "is_verified": False, "has_organization_projects": True,
            "has_repository_projects": True,
        }
        value.update(self._numbers(account))
        value.update({"html_url": "https://github.com/" + account.spelling,
                      "archived_at": None, "type": "Organization"})
        return value

    @staticmethod
    def _numbers(account):
        return {
            "public_repos": account.size, "public_gists": account.id % 20,
            "followers": account.followers, "following": account.following,
            "created_at": account.created_at or accounts.instant(account.created),
            "updated_at": accounts.instant(account.updated),
        }

    # Lists of repositories.

    def user_repositories(self, call, request, standing):
        if call.account is None:
            return self.error(404, "Not Found",
                              "/repos/repos#list-repositories-for-a-user")
        shown = request.parameter("type", "owner") in ("all", "owner")
        return self._list(call.account, request, standing, "full_name",
                          (lambda r: True) if shown else (lambda r: False))

    def organization_repositories(self, call, request, standing):
        if call.account is None or not call.account.organization:
            return self.error(404, "Not Found",
                              "/repos/repos#list-organization-repositories")
        chosen = {"forks": lambda r: r.fork, "sources": lambda r: not r.fork,
                  "private": lambda r: False, "member": lambda r: False}
        return self._list(call.account, request, standing, "created",
                          chosen.get(request.parameter("type"), lambda r: True))

    def _list(self, account, request, standing, default_sort, chosen):
        sort = request.parameter("sort", default_sort)
        sort = sort if sort in ORDERS else default_sort
        direction = request.parameter("direction", "asc" if sort == "full_name" else "desc")
        length = self.page_length(request)
        page = forge.natural(request.parameter("page"), 1)
        kind = default_sort + " " + request.parameter("type", "")
        found = account.selection(ORDERS[sort], kind, lambda r: not r.private and chosen(r),
                                  direction == "desc")
        key = ("github", account.key, self.name, sort, direction, kind, length, page,
               standing.version, standing.credential is not None)
        body = self.world.cache.get(key, lambda: self.render(
            account, found[(page - 1) * length:page * length], standing))
        # GitHub switches to ids there, and keeps to the endpoint that was asked.
        kind = "user" if default_sort == "full_name" else "organizations"
        base = "%s/%s/%d/repos" % (self.api, kind, account.id)
        return forge.respond(200, body, link_header(base, request, page,
                                                    forge.page_count(len(found), length)))

    @staticmethod
    def page_length(request):
        return min(forge.natural(request.parameter("per_page"), DEFAULT_PER_PAGE), MAX_PER_PAGE)

    def render(self, account, repositories, standing):
        """A page: a JSON array of minimal repositories."""
        owner = _text_of(self.owner(account))
        common = {
            "owner": owner,
            "downloads": '"has_downloads":true,' if standing.version == VERSIONS[0] else "",
            "permissions": READ_ONLY if standing.credential is not None else "",
        }
        items = [self._item(account, repository, common) for repository in repositories]
        return b"[" + b",".join(items) + b"]"

    def _item(self, account, repository, common):
        full = account.spelling + "/" + repository.name
        values = {
            "id": repository.id, "node": accounts.node_id("R_", repository.id),
            "name": repository.name, "full": full,
            "private": JSON_TRUTH[repository.private], "fork": JSON_TRUTH[repository.fork],
            "description": _text(repository.description),
            "created": accounts.instant(repository.created),
            "updated": accounts.instant(repository.updated),
            "pushed": accounts.instant(repository.pushed), "size": repository.size_kib,
            "stars": repository.stars, "forks": repository.forks,
            "language": _text(repository.language),
            "has_issues": JSON_TRUTH[repository.has_issues],
            "archived": JSON_TRUTH[repository.archived], "open": repository.open_issues_count,
            "license": _license(self.api, repository.license),
            "topics": _text(tuple(repository.topics)),
            "visibility": "private" if repository.private else "public", **common,
        }
        urls = ITEM_URLS.replace(API, self.api + "/repos/" + full)
        # Encoded here, since one wide character would make a whole page of text wide.
        return b"".join(((ITEM_HEAD % values).encode("utf-8"), urls.encode("ascii"),
                         (ITEM_TAIL % values).encode("ascii")))

    def starred(self, call, request, standing):
        """Stars given. GitHub answers an organisation's with an empty list."""
        account = call.account
        if account is None:
            return self.error(404, "Not Found", "/activity/starring#list-repositories-starred-"
                              "by-a-user")
        total = account.stars_given or 0
        length = self.page_length(request)
        page = forge.natural(request.parameter("page"), 1)
        first = (page - 1) * length
        items = [self._star(account, index, standing)
                 for index in range(first, min(first + length, total))]
        data = b"[" + b",".join(items) + b"]"
        base = "%s/user/%d/starred" % (self.api, account.id)
        return forge.respond(200, data, link_header(base, request, page,
                                                    forge.page_count(total, length)))

    def _star(self, account, index, standing):
        """Somebody else's repository."""
        owner = accounts.Account("github", "starred-owner-%d" % (index % STARRED_OWNERS),
                                 {"size": 1})
        repository = accounts.make_repository(owner, index)
        return self.render(owner, [repository], standing)[1:-1]

    # Single repositories.

    def repository(self, call, _request, standing):
        found, refusal = self._find(call)
        if refusal is not None:
            return refusal
        return forge.respond(200, self._full(call.account, found, standing))

    def repository_by_id(self, call, _request, standing):
        found = self.world.repository_by_id(forge.natural(call.arguments[0], 0))
        if found is None:
            return self.not_found(call, None, standing)
        return forge.respond(200, self._full(*found, standing))

    def _find(self, call):
        """The repository of a call, or the answer instead: (repository, None) or (None, answer).

        Every repository once had the name "former-NAME", so that renaming can be seen."""
        if call.account is None:
            return None, self.error(404, "Not Found", "/repos/repos#get-a-repository")
        name = call.arguments[0]
        found = call.account.repository(name)
        if found is not None and not found.private:
            return found, None
        former = call.account.repository(name.lower().removeprefix("former-"))
        if former is None or former.private:
            return None, self.error(404, "Not Found", "/repos/repos#get-a-repository")
        location = "%s/repositories/%d" % (self.api, former.id)
        return None, forge.respond(301, {
            "message": "Moved Permanently", "url": location,
            "documentation_url": DOCUMENTATION + "/guides/best-practices-for-using-the-rest-api"
            "#follow-redirects"}, [("Location", location)])

    def _full(self, account, repository, standing):
        item = self.render(account, [repository], standing)[1:-2]
        return item + (',"network_count":%d,"subscribers_count":%d}'
                       % (repository.forks, repository.watchers)).encode("ascii")

    def languages(self, call, _request, _standing):
        found, refusal = self._find(call)
        return refusal or forge.respond(200, found.languages)

    def topics(self, call, _request, _standing):
        found, refusal = self._find(call)
        return refusal or forge.respond(200, {"names": found.topics})

    def commits(self, call, request, _standing):
        found, refusal = self._find(call)
        if refusal is not None:
            return refusal
        if found.empty:
            return self.error(409, "Git Repository is empty.",
                              "/commits/commits#list-commits")
        return self._counted(found, "commits", found.commits, request, lambda number: {
            "sha": "%040x" % (found.id * 100000 + number), "node_id": "C_kwDO",
            "commit": {"message": "Commit %d" % number}, "parents": []})

    def subscribers(self, call, request, _standing):
        found, refusal = self._find(call)
        return refusal or self._counted(found, "subscribers", found.watchers, request,
                                        lambda number: {"login": "watcher-%d" % number,
                                                        "id": 500000 + number, "type": "User"})

    def issues(self, call, request, _standing):
        """Pull requests are issues here, too."""
        found, refusal = self._find(call)
        return refusal or self._counted(found, "issues", found.open_issues_count, request,
                                        lambda number: {"id": found.id * 100 + number,
                                                        "number": number + 1, "state": "open"})

    def pulls(self, call, request, _standing):
        found, refusal = self._find(call)
        return refusal or self._counted(found, "pulls", found.open_pull_requests, request,
                                        lambda number: {"id": found.id * 100 + number,
                                                        "number": number + 1, "state": "open"})

    def _counted(self, repository, what, total, request, make):
        length = self.page_length(request)
        page = forge.natural(request.parameter("page"), 1)
        first = (page - 1) * length
        items = [make(number) for number in range(first, min(first + length, total))]
        base = "%s/repositories/%d/%s" % (self.api, repository.id, what)
        return forge.respond(200, items, link_header(base, request, page,
                                                     forge.page_count(total, length)))

    # The rest.

    def rate_limit(self, _call, _request, standing):
        """Asking costs nothing. `rate` left with the version of 2026."""
        bucket = standing.bucket
        bucket.give_back()
        core, graphql = [
            {"limit": one.limit, "used": one.used, "remaining": one.remaining, "reset": one.reset}
            for one in (bucket, self.world.quotas["graphql"].bucket(standing.credential))]
        value = {"resources": {"core": core, "graphql": graphql}}
        if standing.version == VERSIONS[0]:
            value["rate"] = core
        return forge.respond(200, value)

    def warm_graphql(self, request, account):
        self._graphql.warm(request, account)

    def ask_again(self, request, variables):
        """A GraphQL call with other values of variables."""
        call = self.resolve(request)
        call.question = self._graphql.again(request, variables)
        return call

    def graphql(self, call, _request, standing, forbidden=None):
        return self._graphql.answer(call.question, standing, forbidden)

    def versions(self, _call, _request, _standing):
        return forge.respond(200, list(VERSIONS))

    ROUTES = [
        ("GET", ("users", "*"), "account", user),
        ("GET", ("user", "*"), "account", user),
        ("GET", ("orgs", "*"), "account", organization),
        ("GET", ("organizations", "*"), "account", organization),
        ("GET", ("users", "*", "repos"), "page", user_repositories),
        ("GET", ("user", "*", "repos"), "page", user_repositories),
        ("GET", ("orgs", "*", "repos"), "page", organization_repositories),
        ("GET", ("organizations", "*", "repos"), "page", organization_repositories),
        ("GET", ("users", "*", "starred"), "starred", starred),
        ("GET", ("user", "*", "starred"), "starred", starred),
        ("GET", ("repositories", "*"), "repository", repository_by_id),
        ("GET", ("repos", "*", "*"), "repository", repository),
        ("GET", ("repos", "*", "*", "languages"), "languages", languages),
        ("GET", ("repos", "*", "*", "topics"), "topics", topics),
        ("GET", ("repos", "*", "*", "commits"), "commits", commits),
        ("GET", ("repos", "*", "*", "subscribers"), "subscribers", subscribers),
        ("GET", ("repos", "*", "*", "issues"), "issues", issues),
        ("GET", ("repos", "*", "*", "pulls"), "pulls", pulls),
        ("POST", ("graphql",), "graphql", graphql),
        ("GET", ("rate_limit",), "rate_limit", rate_limit),
        ("GET", ("versions",), "other", versions),
    ]


def link_header(base, request, page, pages):
    """[("Link", ...)], or nothing when everything fits on one page."""
    if pages <= 1 and page <= 1:
        return []
    query = forge.without_page(request.query_string)
    targets = []
    if page > 1:
        targets.append((min(page - 1, pages), "prev"))
    if page < pages:
        targets += [(page + 1, "next"), (pages, "last")]
    if page > 1:
        targets.append((1, "first"))
    form = "<%s?%s%spage=%d>; rel=\"%s\""
    return [("Link", ", ".join(form % (base, query, "&" if query else "", number, relation)
                               for number, relation in targets))]


def _text_of(value):
    return bodies.json_bytes(value).decode("utf-8")
