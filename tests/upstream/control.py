"""The control API below /_control/: JSON in, JSON out. README.md describes it."""

import json

import bodies
import expected
import forge
import lies


class Control:
    """Answers the control requests of one simulator."""

    def __init__(self, world, application):
        self._world = world
        self._application = application

    def answer(self, request):
        segments = [part for part in request.segments[1:] if part]
        try:
            value = json.loads(request.body) if request.body else {}
            method = getattr(self, "_%s_%s" % (request.method.lower(),
                                               segments[0] if segments else ""), None)
            if method is None:
                return _reply(404, {"error": "no such control: %s %s"
                                    % (request.method, request.path)})
            return _reply(200, method(segments[1:], request, value))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _reply(400, {"error": str(error) or repr(error)})

    # Accounts.

    def _put_accounts(self, names, _request, value):
        made = self._world.declare(names[0], value)
        for account in made.values():
            self._application.warm(account)
        return {name: _account(account) for name, account in made.items()}

    def _get_accounts(self, names, _request, _value):
        return {name: _account(self._world.account(name, names[0]))
                for name in ("github", "bitbucket")} | {
                    "declared": self._world.declared(names[0])}

    def _delete_accounts(self, names, _request, _value):
        self._world.withdraw(names[0])
        return {}

    def _get_lies(self, _names, _request, _value):
        return lies.describe()

    # Settings.

    def _put_settings(self, _names, _request, value):
        self._world.set(value)
        return self._world.describe()

    def _get_settings(self, _names, _request, _value):
        return self._world.describe()

    def _delete_settings(self, _names, _request, _value):
        """Everything back to the beginning: accounts, settings, quotas, counts, log."""
        self._world.reset()
        self._world.cache.forget(lambda key: True)
        self._world.counters.reset()
        self._world.counters.log.clear()
        return self._world.describe()

    # What happened.

    def _get_counts(self, _names, _request, _value):
        return self._world.counters.describe()

    def _delete_counts(self, _names, _request, _value):
        self._world.counters.reset()
        return {}

    def _get_log(self, _names, request, _value):
        rows = list(self._world.counters.log)
        last = forge.natural(request.parameter("last"), len(rows))
        account = request.parameter("account")
        if account is not None:
            rows = [row for row in rows if row["account"] == account.lower()]
        return rows[-last:] if rows else []

    def _delete_log(self, _names, _request, _value):
        self._world.counters.log.clear()
        return {}

    def _get_expected(self, _names, request, _value):
        return expected.expected(self._world.account, *expected.question(request.query))

    def _get_repositories(self, _names, request, _value):
        return expected.repositories(self._world.account, *expected.question(request.query))


def _account(account):
    if account is None:
        return None
    return {"size": account.size, "kind": account.kind, "spelling": account.spelling,
            "private": account.private, "seed": account.seed, "state": account.state,
            "id": account.id, "uuid": account.uuid,
            "lies": [{"lie": lie.name, "where": lie.places, "left": lie.left}
                     for lie in account.lies]}


def _reply(status, value):
    return forge.respond(status, bodies.Body(bodies.json_bytes(value)))
