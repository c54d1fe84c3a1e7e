"""Bitbucket Cloud's REST API 2.0 as it is in 2026, as far as readers of workspaces see it."""

import hashlib
import time

import accounts
import bodies
import fields
import forge

DEFAULT_PAGELEN = 10
MAX_PAGELEN = 100
TEXT = ("Content-Type", "text/plain")
ORDERS = {"created_on": "created", "updated_on": "updated", "name": "name", "slug": "name",
          "full_name": "name", "size": "size", "uuid": "uuid"}
DEACTIVATED = ("Error: This workspace and its content have been deactivated due to inactivity. "
               "Contact your workspace admin to reactivate it and avoid permanent deletion. "
               "Workspace admins can reactivate it via the web interface.")
NO_REPOSITORY = ("You may not have access to this repository or it no longer exists in this "
                 "workspace. If you think this repository exists and you have access, make sure "
                 "you are authenticated.")
NO_RESOURCE = ("There is no API hosted at this URL.\n\nFor information about our API's, please "
               "refer to the documentation at: https://developer.atlassian.com/bitbucket/api/2/"
               "reference/")
# The part of the query language that a reader of listings needs.
FILTERS = {
    "": lambda r: True,
    "is_private=false": lambda r: not r.private,
    "is_private=true": lambda r: r.private,
    "parent=null": lambda r: not r.fork,
    "parent!=null": lambda r: r.fork,
}


def error(status, message, detail=None, data=None):
    value = {"type": "error", "error": {"message": message}}
    if detail is not None:
        value["error"]["detail"] = detail
    if data is not None:
        value["error"]["data"] = data
        value["data"] = data
    return forge.respond(status, value)


def removed(change):
    """410 as it is given for what Bitbucket took away."""
    link = "https://developer.atlassian.com/cloud/bitbucket/changelog#" + change
    return error(410, change + " - Functionality has been deprecated",
                 "Please read the changelog entry for more details.", {"announcement_url": link})


class Bitbucket:
    """The REST API below `prefix` of the simulator's origin."""

    def __init__(self, world, name="bitbucket", prefix="/bitbucket/2.0"):
        self.world = world
        self.name = name
        self.prefix = prefix
        self._depth = len(prefix.split("/")) - 1
        self._selectors = {}
        self._shared = {}

    @property
    def api(self):
        return self.world.base + self.prefix

    # From a request to a call.

    def resolve(self, request):
        """The call that a request is. Never fails: what is not understood is kind "other"."""
        segments = request.segments[self._depth:]
        if request.method in ("GET", "HEAD"):
            for pattern, kind, handler in self.ROUTES:
                if len(pattern) == len(segments) and all(
                        want in ("*", have) for want, have in zip(pattern, segments)):
                    return self._call(request, kind, handler, segments[1:])
        return forge.Call(self.name, "other", Bitbucket.no_resource)

    def _call(self, request, kind, handler, arguments):
        if not arguments:
            return forge.Call(self.name, kind, handler)
        account, name = self._workspace(arguments[0])
        page = None
        if kind == "page":
            page = forge.natural(request.parameter("page"), 1)
            kind = "page:%d" % page
        return forge.Call(self.name, kind, handler, name, account, page, arguments)

    def _workspace(self, identifier):
        """By slug or by UUID in braces: (account or None, slug in lower case)."""
        if identifier.startswith("{") and identifier.endswith("}"):
            account = self.account_by_uuid(identifier[1:-1].lower())
            return account, account.key if account else identifier.lower()
        return self.account(identifier), identifier.lower()

    def account(self, name):
        return self.world.account("bitbucket", name)

    def account_by_uuid(self, text):
        return self.world.account_by_uuid(text)

    # From a call to an answer.

    def answer(self, call, request):
        """The honest answer."""
        standing, refusal = self.stand(request)
        if refusal is not None:
            return refusal
        if not standing.bucket.take():
            return self.finish(self.limited(), standing)
        response = self._refusal(call) or call.handler(self, call, request, standing)
        return self.finish(response, standing)

    def stand(self, request):
        """Who asks: (standing, refusal), where the refusal is None or the finished answer."""
        accepted, credential = self.world.credential("bitbucket",
                                                     request.headers.get("authorization"))
        if not accepted:
            return None, self.finish(self.unauthorized(), None)
        return forge.Standing(credential, self.bucket(credential)), None

    def bucket(self, credential):
        return self.world.quotas["bitbucket"].bucket(credential)

    @staticmethod
    def unauthorized():
        return error(401, "Token is invalid, expired, or not supported for this endpoint.")

    @staticmethod
    def limited():
        return forge.respond(429, b"Rate limit for this resource has been exceeded",
                             content_type=TEXT)

    def finish(self, response, standing):
        """Add what every answer carries. The reset is in seconds left."""
        response.headers = response.headers + [
            ("Server", "AtlassianEdge"), ("Vary", "Authorization, Origin, cookie, user-context, "
                                          "Accept-Encoding"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
            ("X-Frame-Options", "SAMEORIGIN"), ("X-Dc-Location", "Micros-3"),
        ]
        if response.status == 200:
            digest = hashlib.md5(response.body.digest.encode("ascii"), usedforsecurity=False)
            response.headers += [("Cache-Control", "private"),
                                 ("ETag", '"gz[%s]"' % digest.hexdigest())]
        if standing is not None:
            response.headers += self._limits(response.status, standing)
        return response

    @staticmethod
    def _limits(status, standing):
        bucket = standing.bucket
        if standing.credential is not None:
            return [("X-RateLimit-Limit", bucket.limit),
                    ("X-RateLimit-Resource", "api-repositories"),
                    ("X-RateLimit-NearLimit", "true" if bucket.remaining * 5 < bucket.limit
                     else "false")]
        # Seen in 2026: a 429 that says that eight are left.
        remaining = max(bucket.remaining, 8) if status == 429 else bucket.remaining
        return [("X-RateLimit-Limit", "%d, %d;w=3600" % (bucket.limit, bucket.limit)),
                ("X-RateLimit-Remaining", remaining),
                ("X-RateLimit-Reset", max(0, bucket.reset - int(time.time())))]

    def _refusal(self, call):
        """What a workspace's state forbids whatever is asked of it."""
        if call.name is None:
            return None
        if call.account is None:
            return error(404, "No workspace with identifier '%s'." % call.arguments[0])
        if call.account.state == "deactivated":
            return error(403, DEACTIVATED)
        if call.account.state == "gone":
            return error(410, "Workspace %s is no longer available." % call.account.key)
        return None

    def no_resource(self, _call, _request, _standing):
        return error(404, "Resource not found", NO_RESOURCE)

    def cross_workspace(self, _call, _request, _standing):
        return removed("CHANGE-2770")

    def issues(self, _call, _request, _standing):
        return removed("CHANGE-3071")

    # Workspaces.

    def workspace(self, call, request, _standing):
        account = call.account
        value = {"type": "workspace", "uuid": "{%s}" % account.uuid,
                 "name": account.display_name or account.spelling, "slug": account.key,
                 "is_private": False, "is_privacy_enforced": False,
                 "created_on": account.created_at or accounts.precise_instant(account.created),
                 "forking_mode": "allow_forks", "is_personal": not account.organization,
                 "links": self._workspace_links(account)}
        value["links"]["repositories"] = {"href": self.api + "/repositories/" + account.key}
        return forge.respond(200, self.selected(request, value))

    def _workspace_links(self, account):
        return {
            "avatar": {"href": "https://bitbucket.org/workspaces/%s/avatar/?ts=1543457381"
                       % account.key},
            "html": {"href": "https://bitbucket.org/%s/" % account.key},
            "self": {"href": "%s/workspaces/%s" % (self.api, account.key)},
        }

    def selected(self, request, value):
        """The value as `fields` wants it. Parsing is kept: all pages of a visit ask the same."""
        text = request.parameter("fields", "")
        if not text:
            return value
        if text not in self._selectors:
            if len(self._selectors) > 256:
                self._selectors.clear()
            self._selectors[text] = fields.Selector(text)
        return self._selectors[text].apply(value)

    # Lists of repositories.

    def repositories(self, call, request, standing):
        """Public ones; with a credential private ones as well."""
        account = call.account
        length, refusal = self._pagelen(request, MAX_PAGELEN)
        if refusal is not None:
            return refusal
        if not _is_page(request.parameter("page")):
            return error(400, "Invalid page")
        sort = request.parameter("sort", "uuid")
        if sort.removeprefix("-") not in ORDERS:
            return error(400, "Invalid field name: " + sort)
        wanted = request.parameter("q", "").replace(" ", "").lower()
        if wanted not in FILTERS:
            return error(400, "Could not parse the query: " + request.parameter("q"))
        authorized = standing.credential is not None
        key = ("bitbucket", account.key, self.name, authorized, call.page, call.arguments[0],
               forge.without_page(request.query_string))
        body = self.world.cache.get(key, lambda: bodies.json_bytes(self.selected(
            request, self._page(call, request, sort, length, authorized, wanted))))
        return forge.respond(200, body)

    def _page(self, call, request, sort, length, authorized, wanted):
        account = call.account
        chosen = FILTERS[wanted]
        found = account.selection(
            ORDERS[sort.removeprefix("-")], (authorized, wanted),
            lambda r: (authorized or not r.private) and chosen(r), sort.startswith("-"))
        first = (call.page - 1) * length
        values = [self.repository_object(account, r) for r in found[first:first + length]]
        base = "%s/repositories/%s" % (self.api, _quoted(call.arguments[0], account))
        return self.envelope(base, request, values, len(found), call.page, length)

    def envelope(self, base, request, values, size, page, length):
        """One page; `next` only while there is more, `previous` only after the first."""
        value = {"values": values, "pagelen": length, "size": size, "page": page}
        query = forge.without_page(request.query_string)
        start = base + "?" + query + ("&" if query else "") + "page="
        if page * length < size:
            value["next"] = start + str(page + 1)
        if page > 1:
            value["previous"] = start + str(page - 1)
        return value

    @staticmethod
    def _pagelen(request, largest):
        text = request.parameter("pagelen")
        length = forge.natural(text, 0 if text is not None else DEFAULT_PAGELEN)
        if not 1 <= length <= largest:
            return None, error(400, "Invalid pagelen")
        return length, None

    def repository_object(self, account, r):
        """A repository as lists and its own endpoint show it. Since 2024 an original carries
        "parent": null; the language is in lower case, or "" when unknown; size is in bytes."""
        full = account.key + "/" + r.name.lower()
        uuid = "{%s}" % r.uuid
        return {
            "type": "repository", "full_name": full, "links": self._links(full, r.uuid),
            "name": r.name, "slug": r.name.lower(), "description": r.description or "",
            "scm": "git", "website": None if r.index % 3 else "",
            "is_private": r.private, **self._belongings(account),
            "fork_policy": "allow_forks", "created_on": accounts.precise_instant(r.created),
            "updated_on": accounts.precise_instant(r.updated), "size": r.size_bytes,
            "language": (r.language or "").lower(), "uuid": uuid,
            "mainbranch": None if r.empty else {"name": "master", "type": "branch"},
            "override_settings": {"default_merge_strategy": False, "branching_model": False},
            "parent": self._parent(r) if r.fork else None, "enforced_signed_commits": None,
            "has_issues": False, "has_wiki": False,
        }

    def _belongings(self, account):
        """The members that are the same for all repositories of a workspace."""
        if account.key not in self._shared or self._shared[account.key][0] is not account:
            if len(self._shared) > 4096:
                self._shared.clear()
            self._shared[account.key] = account, self._make_belongings(account)
        return self._shared[account.key][1]

    def _make_belongings(self, account):
        uuid = "{%s}" % account.uuid
        name = account.display_name or account.spelling
        project = "%s/workspaces/%s/projects/PROJ" % (self.api, account.key)
        return {
            "owner": {
                "display_name": name, "links": {
                    "self": {"href": "%s/users/%%7B%s%%7D" % (self.api, account.uuid)},
                    "avatar": {"href": "https://bitbucket.org/account/%s/avatar/" % account.key},
                    "html": {"href": "https://bitbucket.org/%%7B%s%%7D/" % account.uuid}},
                "type": "team" if account.organization else "user", "uuid": uuid},
            "workspace": {"type": "workspace", "uuid": uuid, "name": name, "slug": account.key,
                          "links": self._workspace_links(account)},
            "project": {"type": "project", "key": "PROJ", "uuid": uuid,
                        "name": "Untitled project", "links": {"self": {"href": project}}},
        }

    def _parent(self, r):
        full = "upstream-%d/%s" % (r.index % 40, r.name.lower())
        return {"type": "repository", "full_name": full, "name": r.name,
                "uuid": "{%s}" % accounts.unique_id(full), "links": {
                    "self": {"href": "%s/repositories/%s" % (self.api, full)},
                    "html": {"href": "https://bitbucket.org/" + full}}}

    def _links(self, full, uuid):
        own = "%s/repositories/%s" % (self.api, full)
        links = {
            "self": {"href": own}, "html": {"href": "https://bitbucket.org/" + full},
            "avatar": {"href": "https://bytebucket.org/ravatar/%%7B%s%%7D?ts=default" % uuid},
        }
        for name, path in (("pullrequests", "pullrequests"), ("commits", "commits"),
                           ("forks", "forks"), ("watchers", "watchers"),
                           ("branches", "refs/branches"), ("tags", "refs/tags"),
                           ("downloads", "downloads"), ("source", "src"), ("hooks", "hooks")):
            links[name] = {"href": own + "/" + path}
        links["clone"] = [{"name": "https", "href": "https://bitbucket.org/%s.git" % full},
                          {"name": "ssh", "href": "git@bitbucket.org:%s.git" % full}]
        return links

    # Single repositories.

    def _find(self, call, standing):
        """By slug or by UUID in braces, as `repo_slug` is documented."""
        name = call.arguments[1]
        if name.startswith("{") and name.endswith("}"):
            found = next((r for r in call.account.ordered("index")
                          if r.uuid == name[1:-1].lower()), None)
        else:
            found = call.account.repository(name)
        if found is None or (found.private and standing.credential is None):
            return None, error(404, NO_REPOSITORY)
        return found, None

    def repository(self, call, request, standing):
        found, refusal = self._find(call, standing)
        if refusal is not None:
            return refusal
        return forge.respond(200, self.selected(
            request, self.repository_object(call.account, found)))

    def watchers(self, call, request, standing):
        found, refusal = self._find(call, standing)
        return refusal or self._counted(call, request, "watchers", found.watchers, MAX_PAGELEN)

    def forks(self, call, request, standing):
        found, refusal = self._find(call, standing)
        return refusal or self._counted(call, request, "forks", found.forks, MAX_PAGELEN)

    def pull_requests(self, call, request, standing):
        """The one list with a smaller largest page, whatever its documentation says."""
        found, refusal = self._find(call, standing)
        return refusal or self._counted(call, request, "pullrequests", found.open_pull_requests,
                                        50)

    def _counted(self, call, request, what, total, largest):
        length, refusal = self._pagelen(request, largest)
        if refusal is not None:
            return refusal
        page = forge.natural(request.parameter("page"), 1)
        first = (page - 1) * length
        values = [{"type": what.rstrip("s"), "uuid": "{%s}" % accounts.unique_id(what, n)}
                  for n in range(first, min(first + length, total))]
        base = "%s/repositories/%s/%s/%s" % (self.api, call.account.key, call.arguments[1], what)
        return forge.respond(200, self.selected(
            request, self.envelope(base, request, values, total, page, length)))

    ROUTES = [
        (("workspaces", "*"), "account", workspace),
        (("repositories", "*"), "page", repositories),
        (("repositories", "*", "*"), "repository", repository),
        (("repositories", "*", "*", "watchers"), "watchers", watchers),
        (("repositories", "*", "*", "forks"), "forks", forks),
        (("repositories", "*", "*", "pullrequests"), "pullrequests", pull_requests),
        (("repositories", "*", "*", "issues"), "issues", issues),
        (("repositories",), "other", cross_workspace),
        (("workspaces",), "other", cross_workspace),
    ]


def _is_page(text):
    return text is None or forge.natural(text, 0) > 0


def _quoted(identifier, account):
    """`next` keeps the form that was asked: slug or UUID."""
    if identifier.startswith("{"):
        return "%%7B%s%%7D" % account.uuid
    return account.key

