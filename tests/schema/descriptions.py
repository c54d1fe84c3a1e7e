"""Looking things up in OpenAPI descriptions, version 2 (Bitbucket's) and 3 (GitHub's)."""

import json
import re


class Description:
    """One document. `general` are the names of query parameters that every listing takes, though
    only the prose says so."""

    def __init__(self, path, general=()):
        with open(path, encoding="utf-8") as file:
            self._document = json.load(file)
        self._general = set(general)
        self._templates = [(template, template.strip("/").split("/"))
                           for template in self._document["paths"]]

    def resolve(self, value):
        """A schema or parameter with its reference followed."""
        while isinstance(value, dict) and "$ref" in value:
            target = self._document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def template(self, path):
        """The path of the description that a request's path is an instance of; None: there is
        none. Of several the one with the most fixed segments."""
        segments = path.strip("/").split("/")
        found = [(sum(not part.startswith("{") for part in parts), template)
                 for template, parts in self._templates
                 if len(parts) == len(segments) and all(
                     part.startswith("{") or part == segment
                     for part, segment in zip(parts, segments))]
        return max(found)[1] if found else None

    def operation(self, method, template):
        return self._document["paths"][template].get(method.lower())

    def parameters(self, method, template):
        """Query parameters by name."""
        place = self._document["paths"][template]
        listed = place.get("parameters", []) + self.operation(method, template).get(
            "parameters", [])
        found = [self.resolve(one) for one in listed]
        return {one["name"]: one for one in found if one["in"] == "query"}

    def query_faults(self, method, template, pairs):
        """What is wrong with the query string of a request, a sentence each."""
        known = self.parameters(method, template)
        for name, value in pairs:
            if name in known:
                yield from self._value_faults(known[name], value)
            elif name not in self._general:
                yield f"{method} {template} has no parameter {name}"
        for name, one in known.items():
            if one.get("required") and name not in dict(pairs):
                yield f"{method} {template} needs the parameter {name}"

    def _value_faults(self, parameter, text):
        schema = self.resolve(parameter.get("schema", parameter))
        name = parameter["name"]
        if "enum" in schema and text not in map(str, schema["enum"]):
            yield f"{name}={text} is none of {schema['enum']}"
        if schema.get("type") == "integer":
            if not re.fullmatch(r"-?[0-9]+", text):
                yield f"{name}={text} is no integer"
            elif not (schema.get("minimum", int(text)) <= int(text)
                      <= schema.get("maximum", int(text))):
                yield f"{name}={text} is out of range"

    def answer(self, method, template):
        """The schema of the answer with status 200."""
        found = self.resolve(self.operation(method, template)["responses"]["200"])
        return found.get("schema") or found["content"]["application/json"]["schema"]

    def has(self, schema, path):
        """Whether a value of that schema can have what stands at a dotted path ("" is the value
        itself). Arrays stand for their elements."""
        steps = path.split(".") if path else []
        return any(self._has(one, steps) for one in self._alternatives(schema))

    def _has(self, schema, steps):
        if schema.get("type") == "array" or "items" in schema:
            return any(self._has(one, steps) for one in self._alternatives(schema["items"]))
        if not steps:
            return True
        for part in self._parts(schema):
            if steps[0] in part.get("properties", {}):
                below = part["properties"][steps[0]]
                return any(self._has(one, steps[1:]) for one in self._alternatives(below))
        return False

    def _alternatives(self, schema):
        """The schemas of which a value has one."""
        schema = self.resolve(schema)
        some = schema.get("oneOf", []) + schema.get("anyOf", [])
        if not some:
            return [schema]
        return [inner for one in some for inner in self._alternatives(one)]

    def _parts(self, schema):
        """A schema and all that it is made of."""
        schema = self.resolve(schema)
        yield schema
        for one in schema.get("allOf", []):
            yield from self._parts(one)
