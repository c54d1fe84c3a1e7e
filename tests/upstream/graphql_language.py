"""The language of GraphQL: from the text of a request or of a schema to a tree.

Follows the specification of October 2021, sections 2 and 3, as far as queries and the simulator's
own schema need it. https://spec.graphql.org/October2021/
"""

import json
import re

TOKEN = re.compile(
    r'(?P<ignored>(?:[\ufeff\t ,\r\n]|#[^\r\n]*)+)'
    r'|(?P<name>[_A-Za-z][_0-9A-Za-z]*)'
    r'|(?P<float>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))'
    r'|(?P<int>-?(?:0|[1-9][0-9]*))'
    r'|(?P<block>"""(?:[^"\\]|\\"""|\\|"(?!""))*""")'
    r'|(?P<string>"(?:[^"\\\r\n]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")'
    r'|(?P<mark>\.\.\.|[!$&()*:=@\[\]{|}])')
# A number must not run into a name or another number.
AFTER_NUMBER = re.compile(r"[0-9A-Za-z_.]")
OPERATIONS = ("query", "mutation", "subscription")
# Deeper than any query of ours, far from the depth at which Python gives up.
MAX_DEPTH = 100


class SyntaxProblem(Exception):
    """What is wrong, and (line, column)."""

    def __init__(self, message, place):
        super().__init__(message)
        self.place = place


class Node:
    """A node of the tree: its kind, where it stands, and whatever belongs to the kind."""

    def __init__(self, kind, place, **members):
        self.kind = kind
        self.place = place
        self.__dict__.update(members)


class Variable(Node):
    """A value that is `$name`."""

    def __init__(self, place, name):
        super().__init__("variable", place, name=name)


class Enum(str):
    """A value that is a bare name: not a string."""


class ObjectValue(dict):
    """A value that is an input object."""


class Wrapped:
    """A type in a request or a schema: a name, a list of a type, and whether null is refused."""

    __slots__ = ("name", "of", "required")

    def __init__(self, name, of, required):
        self.name = name
        self.of = of
        self.required = required

    @property
    def base(self):
        """The name inside all lists."""
        return self.name if self.of is None else self.of.base

    def nullable(self):
        return Wrapped(self.name, self.of, False)

    def __str__(self):
        text = self.name if self.of is None else "[%s]" % self.of
        return text + ("!" if self.required else "")


def tokens(text):
    """[(kind, text, offset)], with ("end", "", length) at the end."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise SyntaxProblem("Expected a token, actual: %r" % text[at], position(text, at))
        kind = match.lastgroup
        if kind in ("int", "float") and AFTER_NUMBER.match(text, match.end()):
            raise SyntaxProblem("Expected the end of a number", position(text, match.end()))
        if kind != "ignored":
            found.append((kind, match.group(), at))
        at = match.end()
    found.append(("end", "", len(text)))
    return found


def position(text, offset):
    """(line, column), both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


class Parser:
    """A recursive descent through the tokens."""

    def __init__(self, text):
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    # Tokens.

    @property
    def kind(self):
        return self._tokens[self._at][0]

    @property
    def text(self):
        return self._tokens[self._at][1]

    def place(self):
        return position(self._text, self._tokens[self._at][2])

    def fail(self, wanted):
        actual = "end of document" if self.kind == "end" else '"%s"' % self.text
        line, column = self.place()
        raise SyntaxProblem("Expected %s, actual: %s at [%d, %d]" % (wanted, actual, line, column),
                            (line, column))

    def next(self):
        token = self._tokens[self._at]
        self._at += 1
        return token[1]

    def peek(self, mark):
        return self.kind == "mark" and self.text == mark

    def skip(self, mark):
        """Whether the mark was there; it is then behind us."""
        if not self.peek(mark):
            return False
        self._at += 1
        return True

    def expect(self, mark):
        if not self.skip(mark):
            self.fail('"%s"' % mark)

    def name(self):
        if self.kind != "name":
            self.fail("a name")
        return self.next()

    def keyword(self, word):
        if self.kind != "name" or self.text != word:
            return False
        self._at += 1
        return True

    def several(self, opening, read, closing, least=1):
        """What `read` reads, between two marks."""
        self.expect(opening)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail("a document of less depth")
        found = []
        while not self.skip(closing):
            found.append(read())
        self._depth -= 1
        if len(found) < least:
            self._at -= 1
            self.fail("something before it")
        return found

    # Requests.

    def document(self):
        """The definitions of a request: operations and fragments."""
        found = []
        while self.kind != "end":
            found.append(self._definition())
        if not found:
            self.fail("an operation")
        return found

    def _definition(self):
        place = self.place()
        if self.peek("{"):
            return Node("operation", place, operation="query", name=None, variables=[],
                        directives=[], selections=self._selections())
        word = self.name()
        if word == "fragment":
            name = self.name()
            if name == "on" or not self.keyword("on"):
                self.fail('"on"')
            return Node("fragment", place, name=name, condition=self.name(),
                        directives=self._directives(), selections=self._selections())
        if word not in OPERATIONS:
            self._at -= 1
            self.fail("an operation or a fragment")
        return Node("operation", place, operation=word,
                    name=self.name() if self.kind == "name" else None,
                    variables=(self.several("(", self._variable_definition, ")")
                               if self.peek("(") else []),
                    directives=self._directives(), selections=self._selections())

    def _variable_definition(self):
        place = self.place()
        self.expect("$")
        name = self.name()
        self.expect(":")
        kind = self.type()
        has_default = self.skip("=")
        return Node("variable_definition", place, name=name, type=kind, has_default=has_default,
                    default=self.value(constant=True) if has_default else None,
                    directives=self._directives())

    def _directives(self):
        found = []
        while self.peek("@"):
            place = self.place()
            self.next()
            found.append(Node("directive", place, name=self.name(), arguments=self._arguments()))
        return found

    def _arguments(self):
        return self.several("(", self._argument, ")") if self.peek("(") else []

    def _argument(self):
        place, name = self.place(), self.name()
        self.expect(":")
        return Node("argument", place, name=name, value=self.value())

    def _selections(self):
        return self.several("{", self._selection, "}")

    def _selection(self):
        place = self.place()
        if self.skip("..."):
            if self.kind == "name" and self.text != "on":
                return Node("spread", place, name=self.next(), directives=self._directives())
            condition = self.name() if self.keyword("on") else None
            return Node("inline", place, condition=condition, directives=self._directives(),
                        selections=self._selections())
        name = key = self.name()
        if self.skip(":"):
            name = self.name()
        return Node("field", place, key=key, name=name, arguments=self._arguments(),
                    directives=self._directives(),
                    selections=self._selections() if self.peek("{") else None)

    # Values and types, in requests and schemas.

    def value(self, constant=False):
        """A Python value: None, bool, int, float, str, Enum, list, ObjectValue or Variable."""
        kind, place = self.kind, self.place()
        if self.peek("$"):
            if constant:
                self.fail("a constant")
            self.next()
            return Variable(place, self.name())
        if self.peek("["):
            return self.several("[", lambda: self.value(constant), "]", least=0)
        if self.peek("{"):
            return ObjectValue(self.several("{", lambda: self._member(constant), "}", least=0))
        if kind not in LITERALS:
            self.fail("a value")
        return LITERALS[kind](self.next())

    def _member(self, constant):
        name = self.name()
        self.expect(":")
        return name, self.value(constant)

    def type(self):
        if self.skip("["):
            inner = self.type()
            self.expect("]")
            return Wrapped(None, inner, self.skip("!"))
        return Wrapped(self.name(), None, self.skip("!"))

    # Schemas, as far as the simulator's own needs it: no descriptions, no extensions.

    def schema(self):
        """[Node] of kinds scalar, enum, input, interface and type."""
        found = []
        while self.kind != "end":
            found.append(self._type_definition())
        return found

    def _type_definition(self):
        place, kind, name = self.place(), self.name(), self.name()
        interfaces = []
        if self.keyword("implements"):
            interfaces.append(self.name())
            while self.skip("&"):
                interfaces.append(self.name())
        members = []
        if kind == "enum":
            members = self.several("{", self.name, "}")
        elif kind != "scalar":
            members = self.several("{", self._field_definition, "}")
        return Node(kind, place, name=name, interfaces=interfaces, members=members)

    def _field_definition(self):
        place, name = self.place(), self.name()
        arguments = (self.several("(", self._field_definition, ")") if self.peek("(") else [])
        self.expect(":")
        kind = self.type()
        has_default = self.skip("=")
        return Node("definition", place, name=name, type=kind, has_default=has_default,
                    arguments={one.name: one for one in arguments},
                    default=self.value(constant=True) if has_default else None)


def _word(text):
    return {"true": True, "false": False, "null": None}.get(text, Enum(text))


def _block(text):
    """A string between three quotes: without the common indentation (section 2.9.4)."""
    lines = re.split(r"\r\n|\n|\r", text[3:-3].replace('\\"""', '"""'))
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines[1:] if line.strip(" \t")]
    common = min(indents, default=0)
    lines = lines[:1] + [line[common:] for line in lines[1:]]
    while lines and not lines[0].strip(" \t"):
        del lines[0]
    while lines and not lines[-1].strip(" \t"):
        del lines[-1]
    return "\n".join(lines)


LITERALS = {"name": _word, "int": int, "float": float, "string": json.loads, "block": _block}


def parse(text):
    """The definitions of a request. SyntaxProblem for what is no GraphQL."""
    return Parser(text).document()


def parse_schema(text):
    return Parser(text).schema()
