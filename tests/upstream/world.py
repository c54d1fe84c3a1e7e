"""Everything that can be declared: accounts, settings, tokens, quotas. No HTTP here."""

import base64
import binascii
import itertools

import accounts
import bodies
import counters
import lies
import quotas
import wellknown

FORGES = ("github", "bitbucket")
# GitHub counts its two APIs apart.
QUOTAS = FORGES + ("graphql",)
# A name may be asked in many spellings of salt; generated accounts beyond this are made again.
KEPT_ACCOUNTS = 4096


class World:
    """The state of the simulator. `base` is the root URL of the main listener, `stranger` of the
    other one, known once both listen."""

    def __init__(self):
        self.base = None
        self.stranger = None
        self.cache = bodies.BodyCache()
        self.counters = counters.Counters()
        self.reset()

    def reset(self):
        """Back to what the command line did not change: nothing declared, default settings."""
        self.latency = 0.0
        self.gzip = False
        self.not_modified_links = False
        self.quotas = {name: quotas.Quota(name) for name in QUOTAS}
        self.tokens = {forge: None for forge in FORGES}
        self._declared = {}
        self._accounts = {}
        self._plans = {}
        self._latest = None

    # Accounts.

    def account(self, forge, name):
        """The account of that name on that forge, or None."""
        key = name.lower()
        if (forge, key) not in self._accounts:
            if len(self._accounts) > KEPT_ACCOUNTS:
                self._accounts = dict(self._declared)
            self._accounts[(forge, key)] = self._make(forge, key)
        return self._accounts[(forge, key)]

    def _make(self, forge, key):
        plan = self.plans(key)[forge]
        return accounts.Account(forge, key, plan) if plan is not None else None

    def plans(self, key):
        """What is known of a name without a declaration."""
        if key in wellknown.ACCOUNTS:
            return wellknown.ACCOUNTS[key]
        return accounts.plan_from_name(key)

    def account_by_id(self, forge, number):
        """A GitHub account that was asked for by name before: its Link headers name its id."""
        for account in self._accounts.values():
            if account is not None and account.forge == forge and account.id == number:
                return account
        return None

    def account_by_uuid(self, text):
        for account in self._accounts.values():
            if account is not None and account.forge == "bitbucket" and account.uuid == text:
                return account
        return None

    def repository_by_id(self, number, private=False):
        """A GitHub repository of an account that was asked for before, with its account. Those
        asked for last are looked at first, and before all the one that was found last: a batch of
        numbers is mostly of one account."""
        for account in itertools.chain([self._latest], reversed(self._accounts.values())):
            if account is None or account.forge != "github":
                continue
            index, rest = divmod(number - account.first_repository_id, 7)
            if rest == 0 and 0 <= index < account.size + (account.private if private else 0):
                self._latest = account
                return account, account.ordered("index")[index]
        return None

    def declare(self, name, declaration):
        """Declare or replace an account. Members per forge: an object whose members override
        what the name itself says, null for "does not exist there", or absent for what the name
        says. Raises ValueError for what it does not understand."""
        key = name.lower()
        unknown = set(declaration) - {"github", "bitbucket", "latency_ms"}
        if unknown:
            raise ValueError("unknown member: " + ", ".join(sorted(unknown)))
        made = {forge: self._declared_account(forge, key, name, declaration)
                for forge in FORGES}
        self._latest = None
        for forge, account in made.items():
            self.cache.forget(lambda held, forge=forge: held[:2] == (forge, key))
            self._accounts[(forge, key)] = self._declared[(forge, key)] = account
            self._plans[(forge, key)] = declaration.get(forge)
        return made

    def _declared_account(self, forge, key, name, declaration):
        own = declaration.get(forge, {})
        if own is None:
            return None
        plan = self.plans(key)[forge]
        if plan is None and forge not in declaration:
            return None
        plan = dict(plan or {"size": 0}, **{k: v for k, v in own.items() if k not in LIE_MEMBERS})
        unknown = set(plan) - PLAN_MEMBERS
        if unknown:
            raise ValueError("unknown member of %s: %s" % (forge, ", ".join(sorted(unknown))))
        plan.setdefault("latency_ms", declaration.get("latency_ms"))
        if "rows" in plan and "size" in own:
            plan["rows"] = plan["rows"][:own["size"]]
        plan.setdefault("spelling", name)
        account = accounts.Account(forge, key, plan)
        account.lies = lies.declared(forge, own)
        return account

    def declared(self, name):
        """The declarations of a name, by forge."""
        return {forge: self._plans[(forge, name.lower())] for forge in FORGES
                if (forge, name.lower()) in self._plans}

    def withdraw(self, name):
        key = name.lower()
        self._latest = None
        for forge in FORGES:
            self._declared.pop((forge, key), None)
            self._accounts.pop((forge, key), None)
            self._plans.pop((forge, key), None)
            self.cache.forget(lambda held, forge=forge: held[:2] == (forge, key))

    # Settings.

    def set(self, settings):
        """Raises ValueError for what it does not understand."""
        unknown = set(settings) - {"latency_ms", "gzip", "not_modified_links", "quota", "tokens"}
        if unknown:
            raise ValueError("unknown setting: " + ", ".join(sorted(unknown)))
        if "latency_ms" in settings:
            self.latency = settings["latency_ms"] / 1000
        if "gzip" in settings:
            self.gzip = bool(settings["gzip"])
        if "not_modified_links" in settings:
            self.not_modified_links = bool(settings["not_modified_links"])
        for forge, rules in settings.get("quota", {}).items():
            self.quotas[forge].declare(rules)
        for forge, tokens in settings.get("tokens", {}).items():
            self.tokens[forge] = None if tokens is None else set(tokens)

    def describe(self):
        return {
            "base": self.base, "stranger": self.stranger,
            "latency_ms": self.latency * 1000, "gzip": self.gzip,
            "not_modified_links": self.not_modified_links,
            "quota": {forge: quota.describe() for forge, quota in self.quotas.items()},
            "tokens": {forge: sorted(tokens) if tokens is not None else None
                       for forge, tokens in self.tokens.items()},
        }

    def credential(self, forge, authorization):
        """The credential in an Authorization header: (accepted, credential). None is anonymous.

        While no tokens are declared for a forge, any is accepted that does not contain "bad"."""
        if authorization is None:
            return True, None
        scheme, _, rest = authorization.partition(" ")
        credential = rest.strip()
        if scheme.lower() == "basic":
            credential = _basic(credential)
        elif scheme.lower() not in ("bearer", "token"):
            return False, None
        if not credential:
            return False, None
        accepted = self.tokens[forge]
        if accepted is None:
            return "bad" not in credential, credential
        return credential in accepted, credential


PLAN_MEMBERS = {
    "size", "kind", "spelling", "seed", "private", "state", "latency_ms", "rows", "display_name",
    "blog", "location", "bio", "followers", "following", "stars_given", "created_at",
    "many_languages", "many_topics", "unknown_disk_usage", "in_order",
}
LIE_MEMBERS = {"lie", "where", "times", "options", "lies"}


def _basic(text):
    """user:password of Basic, or "" when it cannot be decoded."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
