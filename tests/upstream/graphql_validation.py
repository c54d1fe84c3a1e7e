"""Whether a query may be executed, and with which values: what GitHub refuses before it looks at
any data.

The rules are those of section 5 of the specification (https://spec.graphql.org/October2021/), and
6.1.2 for the values of variables. Errors have the form and the codes that GitHub gives them: a
path of names that begins with the operation, and `extensions.code`; no `type`, and no `data`
beside them.
"""

import itertools

from graphql_language import Enum, ObjectValue, Variable
from graphql_schema import DIRECTIVES, TYPES

INT_MINIMUM, INT_MAXIMUM = -2 ** 31, 2 ** 31 - 1


def error(message, node, path=None, code=None, **extensions):
    """An error as GitHub writes it."""
    value = {}
    if path is not None:
        value["path"] = list(path)
    if code is not None:
        value["extensions"] = dict(code=code, **extensions)
    if node is not None and node.place is not None:
        value["locations"] = [{"line": node.place[0], "column": node.place[1]}]
    value["message"] = message
    return value


def validate(definitions):
    """The errors of a document, all of them."""
    return _Validation(definitions).errors


class _Validation:
    """Walks a document once for each operation and once for each fragment."""

    def __init__(self, definitions):
        self.errors = []
        self._operations = [one for one in definitions if one.kind == "operation"]
        self._fragments = {one.name: one for one in definitions if one.kind == "fragment"}
        self._used_fragments = set()
        self._uses = []         # of the definition that is being walked
        self._check_names(definitions)
        uses = {}
        for name, fragment in self._fragments.items():
            uses[name] = self._walk_fragment(fragment)
        for operation in self._operations:
            self._walk_operation(operation, uses)
        for name, fragment in self._fragments.items():
            if name not in self._used_fragments:
                self._refuse("Fragment %s was defined, but not used" % name, fragment, [name],
                             "useAndDefineFragment", fragmentName=name)

    def _refuse(self, message, node, path, code, **extensions):
        self.errors.append(error(message, node, path, code, **extensions))

    # Definitions.

    def _check_names(self, definitions):
        for kind, title, code in (("operation", "Operation", "uniquelyNamedOperations"),
                                  ("fragment", "Fragment", "uniquelyNamedFragments")):
            names = [one.name for one in definitions if one.kind == kind]
            for name in {name for name in names if name and names.count(name) > 1}:
                self._refuse('%s name "%s" must be unique' % (title, name), None, [], code)
            if kind == "operation" and None in names and len(names) > 1:
                self._refuse("Operation name is required when multiple operations are present",
                             None, [], code)

    def _walk_fragment(self, fragment):
        """What it uses: (variables with their places, names of fragments)."""
        path = ["fragment " + fragment.name]
        self._uses, spread = [], []
        self._directives(fragment, path)
        kind = self._condition(fragment, path)
        if kind is not None:
            self._selections(fragment.selections, kind, path, spread)
        return self._uses, spread

    def _walk_operation(self, operation, fragments):
        path = [operation.operation + (" " + operation.name if operation.name else "")]
        if operation.operation != "query":
            # What is written here goes nowhere: readers never send one.
            self._refuse("Schema is not configured for %ss" % operation.operation, operation,
                         path, "missing%sConfiguration" % operation.operation.capitalize())
            return
        self._uses, spread = [], []
        self._directives(operation, path)
        self._selections(operation.selections, TYPES["Query"], path, spread)
        uses = self._uses + self._uses_of(spread, fragments, path, operation)
        self._variables(operation, uses, path)

    def _uses_of(self, spread, fragments, path, operation):
        """What the fragments use that an operation spreads, one inside another."""
        found, todo, seen = [], list(spread), set()
        while todo:
            name = todo.pop()
            self._used_fragments.add(name)
            if name in seen or name not in fragments:
                continue
            seen.add(name)
            found += fragments[name][0]
            todo += fragments[name][1]
            if self._contains_itself(name, fragments):
                self._refuse("Fragment %s contains an infinite loop" % name,
                             self._fragments[name], path, "infiniteLoop", fragmentName=name)
        return found

    @staticmethod
    def _contains_itself(name, fragments):
        todo, seen = list(fragments[name][1]), set()
        while todo:
            one = todo.pop()
            if one == name:
                return True
            if one not in seen and one in fragments:
                seen.add(one)
                todo += fragments[one][1]
        return False

    def _variables(self, operation, uses, path):
        title = operation.name or "anonymous query"
        declared = {}
        for one in operation.variables:
            if one.name in declared:
                self._refuse('There can only be one variable named "%s"' % one.name, one, path,
                             "variableNotUnique", variableName=one.name)
            declared[one.name] = one
            self._declaration(one, path)
        for name, one in declared.items():
            if not any(use.name == name for use, *_ in uses):
                self._refuse("Variable $%s is declared by %s but not used" % (name, title), one,
                             path, "variableNotUsed", variableName=name)
        for use, wanted, has_default, argument in uses:
            if use.name not in declared:
                self._refuse("Variable $%s is used by %s but not declared" % (use.name, title),
                             use, path, "variableNotDefined", variableName=use.name)
            elif not _allowed(declared[use.name], wanted, has_default):
                self._refuse("Type mismatch on variable $%s and argument %s (%s / %s)" % (
                    use.name, argument, declared[use.name].type, wanted), use, path,
                    "variableMismatch", variableName=use.name, argumentName=argument,
                    typeName=str(declared[use.name].type), errorMessage="Type mismatch")

    def _declaration(self, one, path):
        kind = TYPES.get(one.type.base)
        if kind is None or not kind.input:
            self._refuse("%s isn't a valid input type (on $%s)" % (one.type.base, one.name), one,
                         path, "variableRequiresValidType", variableName=one.name,
                         typeName=one.type.base)
        elif one.has_default and not _fits(one.default, one.type, lambda *_: None):
            self._refuse("Default value for $%s doesn't match type %s" % (one.name, one.type),
                         one, path, "defaultValueInvalidType", variableName=one.name,
                         typeName=str(one.type))

    # Selections.

    def _condition(self, node, path):
        """The type that a fragment is on, or None when it may be on none."""
        kind = TYPES.get(node.condition)
        if kind is None:
            self._refuse("No such type %s, so it can't be a fragment condition" % node.condition,
                         node, path, "undefinedType", typeName=node.condition)
        elif not kind.composite:
            self._refuse("Invalid fragment on type %s (must be Union, Interface or Object)"
                         % node.condition, node, path, "fragmentOnNonCompositeType",
                         typeName=node.condition)
            kind = None
        return kind

    def _selections(self, selections, kind, path, spread):
        for one in selections:
            below = path + [_title(one)]
            self._directives(one, below)
            if one.kind == "field":
                self._field(one, kind, below, spread)
            elif one.kind == "spread":
                self._spread(one, kind, below, spread)
            elif one.condition is None:
                self._selections(one.selections, kind, below, spread)
            else:
                inner = self._condition(one, below)
                if inner is not None and self._overlaps(one, inner, kind, below):
                    self._selections(one.selections, inner, below, spread)
        self._conflicts(selections, kind, path)

    def _overlaps(self, node, inner, kind, path):
        if inner.possible & kind.possible:
            return True
        self._refuse("Fragment on %s can't be spread inside %s" % (inner.name, kind.name), node,
                     path, "cannotSpreadFragment", typeName=inner.name, fragmentName="unknown",
                     parentName=kind.name)
        return False

    def _spread(self, node, kind, path, spread):
        fragment = self._fragments.get(node.name)
        if fragment is None:
            self._refuse("Fragment %s was used, but not defined" % node.name, node, path,
                         "useAndDefineFragment", fragmentName=node.name)
            return
        spread.append(node.name)
        inner = TYPES.get(fragment.condition)
        if inner is not None and inner.composite:
            self._overlaps(node, inner, kind, path)

    def _field(self, node, kind, path, spread):
        definition = kind.field(node.name)
        if definition is None:
            self._refuse("Field '%s' doesn't exist on type '%s'" % (node.name, kind.name), node,
                         path, "undefinedField", typeName=kind.name, fieldName=node.name)
            return
        self._arguments(node, definition.arguments, "Field", path)
        inner = TYPES[definition.type.base]
        if inner.composite and node.selections is None:
            self._refuse("Field must have selections (field '%s' returns %s but has no "
                         "selections. Did you mean '%s { ... }'?)" % (
                             node.name, inner.name, node.name), node, path, "selectionMismatch",
                         nodeName="field '%s'" % node.name, typeName=inner.name)
        elif not inner.composite and node.selections is not None:
            self._refuse("Selections can't be made on scalars (field '%s' returns %s but has "
                         "selections %s)" % (node.name, inner.name, [
                             _title(one) for one in node.selections]), node, path,
                         "selectionMismatch", nodeName="field '%s'" % node.name,
                         typeName=inner.name)
        elif inner.composite:
            self._selections(node.selections, inner, path, spread)

    def _directives(self, node, path):
        for one in node.directives:
            if one.name not in DIRECTIVES:
                self._refuse("Directive @%s is not defined" % one.name, one, path,
                             "undefinedDirective", directiveName=one.name)
            elif node.kind not in ("field", "inline", "spread"):
                self._refuse("'@%s' can't be applied to %ss" % (one.name, node.kind), one, path,
                             "directiveCannotBeApplied", targetName=node.kind, name=one.name)
            else:
                self._arguments(one, DIRECTIVES[one.name], "Directive", path)

    # Arguments.

    def _arguments(self, node, definitions, title, path):
        names = [one.name for one in node.arguments]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._refuse('There can be only one argument named "%s"' % name, node, path,
                         "argumentNotUnique", name=name)
        for one in node.arguments:
            if one.name in definitions:
                self._argument(one, definitions[one.name], node, title, path + [one.name])
            else:
                self._refuse("%s '%s' doesn't accept argument '%s'" % (title, node.name, one.name),
                             one, path + [one.name], "argumentNotAccepted", name=node.name,
                             typeName=title, argumentName=one.name)
        lacking = [name for name, one in definitions.items()
                   if one.type.required and not one.has_default and name not in names]
        if lacking:
            self._refuse("%s '%s' is missing required arguments: %s" % (
                title, node.name, ", ".join(lacking)), node, path, "missingRequiredArguments",
                className=title, name=node.name, arguments=", ".join(lacking))

    def _argument(self, one, definition, node, title, path):
        def use(variable, wanted, has_default):
            self._uses.append((variable, wanted, has_default, one.name))
        if isinstance(one.value, Variable):
            use(one.value, definition.type, definition.has_default)
        elif not _fits(one.value, definition.type, use):
            self._refuse("Argument '%s' on %s '%s' has an invalid value (%s). Expected type '%s'."
                         % (one.name, title, node.name, _literal(one.value), definition.type),
                         one, path, "argumentLiteralsIncompatible", typeName=title,
                         argumentName=one.name)

    # Two fields under one key (5.3.2).

    def _conflicts(self, selections, kind, path):
        """Within what is written in one place, fragments included: enough for queries that one
        program writes, and never a false alarm."""
        found = {}
        for parent, field in self._flat(selections, kind, set()):
            found.setdefault(field.key, []).append((parent, field))
        for key, fields in found.items():
            for (one_parent, one), (other_parent, other) in itertools.combinations(fields, 2):
                apart = (one_parent.name != other_parent.name
                         and one_parent.kind == other_parent.kind == "type")
                if not apart and _identity(one) != _identity(other):
                    self._refuse("Field '%s' has a field conflict: %s or %s?" % (
                        key, one.name, other.name), one, path, "fieldConflict", fieldName=key)
                    break

    def _flat(self, selections, kind, seen):
        for one in selections:
            if one.kind == "field":
                yield kind, one
            elif one.kind == "inline":
                inner = TYPES.get(one.condition, kind)
                yield from self._flat(one.selections, inner, seen)
            elif one.name in self._fragments and one.name not in seen:
                fragment = self._fragments[one.name]
                yield from self._flat(fragment.selections, TYPES.get(fragment.condition, kind),
                                      seen | {one.name})


def _title(node):
    """How a selection is named in a path."""
    if node.kind == "field":
        return node.key
    if node.kind == "spread":
        return "... " + node.name
    return "... on " + node.condition if node.condition else "..."


def _identity(field):
    return field.name, sorted((one.name, _literal(one.value)) for one in field.arguments)


def _literal(value):
    """A value as a query would write it."""
    if isinstance(value, Variable):
        return "$" + value.name
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (name, _literal(one)) for name, one in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(_literal, value))
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return '"%s"' % value if isinstance(value, str) and not isinstance(value, Enum) else str(value)


# Types and values.

def _allowed(declaration, wanted, has_default):
    """Whether a variable may stand where a type is wanted (5.8.5)."""
    declared = declaration.type
    if wanted.required and not declared.required:
        if not has_default and (not declaration.has_default or declaration.default is None):
            return False
        wanted = wanted.nullable()
    return _covers(declared, wanted)


def _covers(declared, wanted):
    if wanted.required and not declared.required:
        return False
    if (declared.of is None) != (wanted.of is None):
        return False
    return declared.name == wanted.name if wanted.of is None else _covers(declared.of, wanted.of)


def _fits(value, wanted, use):
    """Whether a literal is of a type. `use(variable, type, has_default)` is told of each variable
    inside; a variable itself always fits here, and is judged with its declaration."""
    if isinstance(value, Variable):
        use(value, wanted, False)
        return True
    if value is None:
        return not wanted.required
    if wanted.of is not None:
        # One value stands for a list of it (3.11).
        return all([_fits(one, wanted.of, use)
                    for one in (value if isinstance(value, list) else [value])])
    kind = TYPES[wanted.name]
    if kind.kind == "input":
        return (isinstance(value, ObjectValue) and set(value) <= set(kind.fields)
                and all(not one.type.required or name in value
                        for name, one in kind.fields.items())
                and all([_fits(one, kind.fields[name].type, use)
                         for name, one in value.items()]))
    if kind.kind == "enum":
        return isinstance(value, Enum) and value in kind.values
    return not isinstance(value, (Enum, list, dict)) and _scalar(kind.name, value) is not None


def _scalar(name, value):
    """A value of a scalar type, or None when it is none (3.5)."""
    if name == "Int":
        fine = type(value) is int and INT_MINIMUM <= value <= INT_MAXIMUM
    elif name == "Float":
        fine = type(value) in (int, float)
    elif name == "Boolean":
        fine = type(value) is bool
    elif name == "ID":
        return str(value) if type(value) in (str, int) else None
    else:
        fine = isinstance(value, str)
    return value if fine else None


class Invalid(Exception):
    """A value that is not of its type: where in it, and why."""

    def __init__(self, path, why):
        super().__init__(why)
        self.path = path


def coerce_variables(operation, given):
    """(values by name, errors) of the variables that came with a request. A variable that was not
    given and has no default is in no place."""
    values, errors = {}, []
    for one in operation.variables:
        if one.name not in given:
            if one.has_default:
                values[one.name] = coerce(one.default, one.type)
                continue
            if not one.type.required:
                continue
        try:
            values[one.name] = coerce(given.get(one.name), one.type)
        except Invalid as invalid:
            errors.append(_invalid(one, given.get(one.name), invalid))
    return values, errors


def _invalid(one, value, invalid):
    where = ".".join(map(str, invalid.path))
    message = "Variable $%s of type %s was provided invalid value" % (one.name, one.type)
    if where:
        message += " for %s (%s)" % (where, invalid)
    found = error(message, one)
    found["extensions"] = {"value": value, "problems": [
        {"path": invalid.path, "explanation": str(invalid)}]}
    return found


def coerce(value, wanted, path=()):
    """A value of a variable, as JSON gave it, as its type wants it. Raises Invalid."""
    if value is None:
        if wanted.required:
            raise Invalid(list(path), "Expected value to not be null")
        return None
    if wanted.of is not None:
        if not isinstance(value, list):
            return [coerce(value, wanted.of, path)]
        return [coerce(one, wanted.of, (*path, number)) for number, one in enumerate(value)]
    kind = TYPES[wanted.name]
    if kind.kind == "input":
        return _coerce_object(value, kind, path)
    if kind.kind == "enum":
        if not isinstance(value, str) or value not in kind.values:
            raise Invalid(list(path), 'Expected "%s" to be one of: %s' % (
                value, ", ".join(sorted(kind.values))))
        return value
    found = None if isinstance(value, (list, dict)) else _scalar(kind.name, value)
    if found is None:
        raise Invalid(list(path), "Could not coerce value %s to %s" % (_literal(value), kind.name))
    return found


def _coerce_object(value, kind, path):
    if not isinstance(value, dict):
        raise Invalid(list(path), "Expected %s to be a key-value object" % _literal(value))
    for name in value:
        if name not in kind.fields:
            raise Invalid([*path, name], "Field is not defined on " + kind.name)
    return {name: coerce(value.get(name), one.type, (*path, name))
            for name, one in kind.fields.items() if name in value or one.type.required}


def resolve(value, values):
    """A literal with its variables replaced. A variable without a value is None; a member of an
    object is then left out."""
    if isinstance(value, Variable):
        return values.get(value.name)
    if isinstance(value, list):
        return [resolve(one, values) for one in value]
    if isinstance(value, dict):
        return {name: resolve(one, values) for name, one in value.items()
                if not isinstance(one, Variable) or one.name in values}
    return value


def arguments(node, definitions, values):
    """The arguments of a field or directive by name, with defaults; those that were not given are
    None."""
    given = {one.name: one.value for one in node.arguments}
    found = {}
    for name, definition in definitions.items():
        value = given.get(name)
        left_out = name not in given or (isinstance(value, Variable)
                                         and value.name not in values)
        if left_out:
            found[name] = definition.default if definition.has_default else None
        else:
            value = resolve(value, values)
            if definition.type.of is not None and value is not None and not isinstance(value, list):
                value = [value]
            found[name] = value
    return found
