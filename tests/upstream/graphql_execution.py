"""Carrying out a valid query: what it costs, and its data and errors.

Section 6 of the specification. A field is answered by a function of the table that the caller
gives, by type and name: `function(source, selected, context)`. A source says its type by its
attribute `typename`. What belongs to a field (arguments, merged selections) is worked out once for
all the objects that it is asked of, because a query asks the same of a hundred repositories.
"""

import graphql_validation as validation
from graphql_schema import TYPES


class Problem(Exception):
    """An error of one field, which is then null. `keeps_null`: even where the schema says that it
    cannot be; GitHub does that for fields that a token may not see."""

    def __init__(self, kind, message, keeps_null=False):
        super().__init__(message)
        self.kind = kind
        self.keeps_null = keeps_null


class Refused(Exception):
    """The query as a whole is refused: errors, and no data."""

    def __init__(self, value):
        super().__init__(value["message"])
        self.value = value


class _Null(Exception):
    """Null where the schema forbids it: what encloses it becomes null."""


class Selected:
    """A field of a result: its key, what it is, its arguments, and what is asked below it."""

    __slots__ = ("key", "name", "type", "args", "place", "nodes", "leaf", "asks", "plans")

    def __init__(self, node, definition, args):
        self.key = node.key
        self.name = node.name
        self.type = definition.type
        self.args = args
        self.place = node.place
        self.nodes = [node]
        self.leaf = not TYPES[definition.type.base].composite
        self.asks = ()
        self.plans = {}     # by type, made when an object of that type is met


class Query:
    """An operation of a valid document, with its variables."""

    def __init__(self, definitions, operation, values):
        self.operation = operation
        self.values = values
        self._fragments = {one.name: one for one in definitions if one.kind == "fragment"}

    def root(self):
        """The fields of the query itself."""
        return self.collect([self.operation.selections], "Query")

    def below(self, selected, typename):
        """The fields that are asked of an object of that type there."""
        plan = selected.plans.get(typename)
        if plan is None:
            plan = self.collect([node.selections for node in selected.nodes], typename)
            selected.plans[typename] = plan
        return plan

    def collect(self, lists, typename):
        """[Selected]: fields of one key are one, in the order of their first appearance."""
        found = {}
        for selections in lists:
            for node, _ in self._walk(selections, TYPES[typename]):
                if node.key in found:
                    found[node.key].nodes.append(node)
                else:
                    definition = TYPES[typename].field(node.name)
                    found[node.key] = Selected(node, definition, validation.arguments(
                        node, definition.arguments, self.values))
        for one in found.values():
            if not one.leaf:
                inner = TYPES[one.type.base]
                one.asks = {below.name for node in one.nodes
                            for below, _ in self._walk(node.selections, inner, everything=True)}
        return list(found.values())

    def signature(self, selected, typename):
        """What is asked of an object of that type there, in a form that can be compared: equal
        questions have equal answers, in whichever request they come."""
        rows = []
        for below in self.below(selected, typename):
            kinds = () if below.leaf else sorted(TYPES[below.type.base].possible)
            rows.append((below.key, below.name, repr(below.args),
                         *(self.signature(below, kind) for kind in kinds)))
        return tuple(rows)

    def _walk(self, selections, kind, everything=False):
        """(field, type) of what is not skipped; `everything` with fragments on other types."""
        for one in selections:
            if self._skipped(one):
                continue
            if one.kind == "field":
                yield one, kind
                continue
            fragment = self._fragments[one.name] if one.kind == "spread" else one
            inner = kind if fragment.condition is None else TYPES[fragment.condition]
            if everything:
                yield from self._walk(fragment.selections, inner, True)
            elif kind.name in inner.possible:
                yield from self._walk(fragment.selections, kind)

    def _skipped(self, node):
        for one in node.directives:
            condition = next(a.value for a in one.arguments if a.name == "if")
            if validation.resolve(condition, self.values) is (one.name == "skip"):
                return True
        return False

    # What it costs.

    def cost(self):
        """(points, nodes) by GitHub's formula: the requests that fill each connection once for
        each of what encloses it, by hundreds; and all the nodes that may come of it."""
        requests, nodes = self._cost(self.operation.selections, TYPES["Query"], 1, set())
        return max(1, int(requests / 100 + 0.5)), nodes

    def _cost(self, selections, kind, times, seen):
        requests = nodes = 0
        for node, parent in self._walk(selections, kind, everything=True):
            definition = parent.field(node.name)
            inner = TYPES[definition.type.base]
            below = times
            args = validation.arguments(node, definition.arguments, self.values)
            length = None
            if inner.connection:
                length = args.get("first") or args.get("last")
            elif node.name == "nodes" and parent.name == "Query":
                length = len(args["ids"])
            if (inner.connection or length is not None) and (node.key, parent.name) not in seen:
                requests += times
                nodes += times * (length or 0)
            seen.add((node.key, parent.name))
            if length is not None:
                below = times * length
            if node.selections is not None:
                more = self._cost(node.selections, inner, below, set())
                requests, nodes = requests + more[0], nodes + more[1]
        return requests, nodes

    def names(self):
        """The names of all fields that it asks for."""
        found = set()
        def look(selections, kind):
            for node, parent in self._walk(selections, kind, everything=True):
                found.add(node.name)
                if node.selections is not None:
                    look(node.selections, TYPES[parent.field(node.name).type.base])
        look(self.operation.selections, TYPES["Query"])
        return found


class Execution:
    """One query carried out over a table of resolvers. `forbidden` maps names of fields to the
    Problem that each of them meets wherever it is asked."""

    def __init__(self, query, resolvers, context, forbidden=None):
        self.errors = []
        self._query = query
        self._resolvers = resolvers
        self._context = context
        self._forbidden = forbidden or {}
        self._shelves = {}

    def run(self):
        """The data; None when a null reached the top. Raises Refused."""
        try:
            return self._object(self._query.root(), "Query", self._context, ())
        except _Null:
            return None

    def _object(self, plan, typename, source, path):
        resolvers, forbidden = self._resolvers[typename], self._forbidden
        result = {}
        for selected in plan:
            name = selected.name
            if name == "__typename":
                result[selected.key] = typename
                continue
            try:
                if name in forbidden:
                    raise forbidden[name]
                value = resolvers[name](source, selected, self._context)
            except Problem as problem:
                self._note(problem, selected, path + (selected.key,))
                if selected.type.required and not problem.keeps_null:
                    raise _Null from None
                result[selected.key] = None
                continue
            if selected.leaf:
                if value is None and selected.type.required:
                    raise _Null
                result[selected.key] = value
            else:
                result[selected.key] = self._complete(selected, selected.type, value,
                                                      path + (selected.key,))
        return result

    def _complete(self, selected, wanted, value, path):
        found = None
        if isinstance(value, Problem):
            self._note(value, selected, path)
        elif value is not None:
            try:
                found = self._whole(selected, wanted, value, path)
            except _Null:
                found = None
        if found is None and wanted.required:
            raise _Null
        return found

    def _whole(self, selected, wanted, value, path):
        if wanted.of is not None:
            return [self._complete(selected, wanted.of, one, path + (number,))
                    for number, one in enumerate(value)]
        typename = value.typename
        plan = self._query.below(selected, typename)
        if typename != "Repository" or self._forbidden:
            return self._object(plan, typename, value, path)
        # There are many, and what is asked of them is asked again: see warming.py.
        shelf, known = self._shelf(selected, typename, value), len(self.errors)
        found = shelf.get(value.it.id)
        if found is None:
            found = self._object(plan, typename, value, path)
            if len(self.errors) == known:
                shelf[value.it.id] = found
        return found

    def _shelf(self, selected, typename, value):
        """Where the answers to one question are kept, by repository, for one account."""
        key = id(selected), value.account.key
        if key not in self._shelves:
            self._shelves[key] = value.account.kept(
                ("answers", self._query.signature(selected, typename)), dict)
        return self._shelves[key]

    def _note(self, problem, selected, path):
        self.errors.append({
            "type": problem.kind, "path": list(path),
            "locations": [{"line": selected.place[0], "column": selected.place[1]}],
            "message": str(problem)})
