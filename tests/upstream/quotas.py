"""Rate limits as the forges keep them: so many requests an hour, per credential.

Anonymous callers share one bucket per forge, as all callers behind one address do.
"""

import time

HOUR_SECONDS = 3600
# GitHub: rate limits for the REST API and for the GraphQL API, which counts points. Bitbucket: API
# request limits for repository data.
DEFAULTS = {
    "graphql": {"anonymous": 0, "token": 5000},
    "github": {"anonymous": 60, "token": 5000},
    "bitbucket": {"anonymous": 60, "token": 1000},
}


class Bucket:
    """What one credential has left until `reset`, an epoch in seconds."""

    def __init__(self, limit, remaining, reset):
        self.limit = limit
        self.remaining = remaining
        self.reset = reset

    @property
    def used(self):
        return self.limit - self.remaining

    def roll(self, now):
        if now >= self.reset:
            self.remaining = self.limit
            self.reset = now + HOUR_SECONDS

    def take(self, points=1):
        """One request, or what it costs; False when none is left. The last one may cost more."""
        if self.remaining <= 0:
            return False
        self.remaining = max(0, self.remaining - points)
        return True

    def give_back(self):
        self.remaining = min(self.limit, self.remaining + 1)


class Quota:
    """The buckets of one forge."""

    def __init__(self, forge):
        self._forge = forge
        self._rules = {kind: {"limit": limit} for kind, limit in DEFAULTS[forge].items()}
        self._buckets = {}

    def declare(self, rules):
        """{limit, remaining, reset_in} for every credential, or one such object under
        "anonymous" and "token" each. Empties the buckets."""
        if "anonymous" in rules or "token" in rules:
            for kind in ("anonymous", "token"):
                self._rules[kind] = dict(self._rules[kind], **rules.get(kind, {}))
        else:
            self._rules = {kind: dict(rule, **rules) for kind, rule in self._rules.items()}
        self._buckets = {}

    def bucket(self, credential):
        """The bucket of a credential (None: anonymous), as it is now."""
        now = int(time.time())
        bucket = self._buckets.get(credential)
        if bucket is None:
            rule = self._rules["anonymous" if credential is None else "token"]
            limit = rule["limit"]
            bucket = Bucket(limit, rule.get("remaining", limit),
                            now + rule.get("reset_in", HOUR_SECONDS))
            self._buckets[credential] = bucket
        bucket.roll(now)
        return bucket

    def describe(self):
        return {"rules": self._rules, "buckets": [
            {"credential": credential is not None, "limit": b.limit, "remaining": b.remaining,
             "reset": b.reset} for credential, b in self._buckets.items()]}
