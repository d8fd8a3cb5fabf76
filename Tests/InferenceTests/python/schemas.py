"""Writes schemas.json: 200 JSON schemas in families, the same each time. Run by hand when a family changes."""

import json
import pathlib

CITIES = ["Bern", "Zürich", "São Paulo", "New York", "東京"]
COLORS = ["red", "green", "blue", "black", "white"]


def obj(properties, required=None, **more):
    return {"type": "object", "properties": properties,
            "required": list(properties) if required is None else required, **more}


def text(most, least=0, **more):
    return {"type": "string", "maxLength": most, **({"minLength": least} if least else {}), **more}


def families():
    # Scalars by themselves.
    for least, most in [(0, 9), (1, 100), (-5, 5), (17, 23), (-200, -100), (0, 255), (99, 1001), (1990, 2026)]:
        yield "integer", {"type": "integer", "minimum": least, "maximum": most}
    for bound in [{"exclusiveMinimum": 0, "maximum": 10}, {"minimum": 3, "exclusiveMaximum": 5}, {"minimum": 7.5, "maximum": 12.5},
                  {"minimum": 1, "exclusiveMinimum": 4, "maximum": 6}]:
        yield "integer bounds", {"type": "integer", **bound}
    for least, most in [(0, 1), (-1, 1), (0.2, 0.8), (36.5, 37.5), (-273.15, 100), (0, 1000000), (-0.5, -0.25), (0.001, 0.002)]:
        yield "number", {"type": "number", "minimum": least, "maximum": most}
    for bound in [{"exclusiveMinimum": 0, "exclusiveMaximum": 1}, {"minimum": 5, "exclusiveMaximum": 6}, {"minimum": 10, "maximum": 10}]:
        yield "number bounds", {"type": "number", **bound}
    for schema in [{"type": "boolean"}, {"type": "null"}, {"const": "yes"}, {"const": 42}, {"const": {"a": [1, None, "é\"\\"]}},
                   {"enum": [1, "two", None, False, 2.5]}, {"type": "string", "enum": COLORS}, {"type": ["integer", "null"], "minimum": 1, "maximum": 12},
                   {"type": ["boolean", "string"], "maxLength": 5}, {"type": ["string", "null"], "enum": ["a", "b", None]}]:
        yield "scalar", schema
    for least, most in [(0, 5), (1, 8), (3, 3), (2, 12)]:
        yield "length", text(most, least)

    # Patterns: anchored and not, classes, groups, counts, escapes, what JSON has to escape.
    for pattern in [r"^[a-z]{3,8}$", r"^\d{4}-\d{2}-\d{2}$", r"^(\+41|0)\d{9}$", r"^[A-Z][a-z]+ [A-Z][a-z]{1,10}$", r"^#[0-9a-fA-F]{6}$",
                    r"^(red|green|blue)(-(light|dark))?$", r"^v\d{1,2}\.\d+?\.\d{1,3}$", r"^[^aeiou]{4}$", r"^.{5}$", r"^\w{1,8}@\w{2,8}\.(com|org|ch)$",
                    r"^[\w.-]{2,10}$", r"^\S{3}$", r"^\"[a-z]*\"$", r"^C:\\[a-z]{1,6}$", r"^[\"\\]{2}$", r"^a{2,}b?$", r"^x|y$",
                    r"^(?:[01]\d|2[0-3]):[0-5]\d$", r"^ä[öü]{1,3}ß$", r"^\u00e9\x41$", r"^$", r"^a*?b+?c{2}?$", r"^[]a]?z$".replace("[]a]", r"[\]a]"),
                    r"^(([a-c]{1,2}-){2}[d-f])+$", r"^[0-9]{1,3}(,[0-9]{3}){0,2}$", r"^\D\W\S$", r"^[^\d\s]{2,4}$", r"^/(api|v1)/[a-z]{1,5}$"]:
        yield "pattern", {"type": "string", "pattern": pattern}
    for pattern in ["b", "^ab", "yz$", "[0-9]", "cat|dog"]:
        yield "open pattern", obj({"code": {"type": "string", "pattern": pattern}, "n": {"type": "integer", "minimum": 0, "maximum": 9}})
    for form in ["date", "time", "date-time", "uuid", "email"]:
        yield "format", obj({"at": {"type": "string", "format": form, **({"maxLength": 12} if form == "email" else {})}})

    # Arrays.
    for least, most in [(0, 3), (1, 1), (2, 4), (3, 3), (5, 6)]:
        yield "array", {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 99}, "minItems": least, "maxItems": most}
        yield "array of words", obj({"colors": {"type": "array", "items": {"enum": COLORS}, "minItems": least, "maxItems": most}})
    for items in [[{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "boolean"}], [{"enum": CITIES}, {"type": "number", "minimum": -90, "maximum": 90}, {"type": "null"}]]:
        yield "tuple", {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
        yield "tuple in object", obj({"pair": {"type": "array", "prefixItems": items, "items": False}})
    yield "empty array", {"type": "array", "items": False}
    yield "array of arrays", {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number", "minimum": 0, "maximum": 1}}}

    # Objects: required and optional, closed and open, odd names.
    person = {"name": text(16, 1), "age": {"type": "integer", "minimum": 0, "maximum": 120}, "member": {"type": "boolean"}, "city": {"enum": CITIES}}
    for required in [["name"], ["name", "age"], list(person), [], ["age", "city"]]:
        yield "object", obj(person, required)
        yield "closed object", obj(person, required, additionalProperties=False)
    for value in [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "boolean"}, {"enum": COLORS}]:
        yield "more properties", obj({"id": {"type": "integer", "minimum": 1, "maximum": 9}}, additionalProperties=value)
    for name in ["a b", "quote\"d", "back\\slash", "größe", "x-y_z.0", "名前", "$ref-like", "line\nbreak"]:
        yield "odd name", obj({name: {"type": "boolean"}, "n": {"type": "integer", "minimum": 0, "maximum": 3}}, additionalProperties=False)
    yield "required without a schema", {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "boolean"}},
                                         "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 9}}
    yield "no type", {"properties": {"a": {"minimum": 1, "maximum": 4}, "b": {"maxLength": 4}}, "required": ["a", "b"]}
    yield "all true", obj({"flag": True, "n": {"type": "integer", "minimum": 0, "maximum": 1}}, ["n"], additionalProperties=False)
    yield "empty object", obj({}, additionalProperties=False)
    yield "counted properties", obj({"a": {"type": "boolean"}, "b": {"type": "boolean"}}, ["a"], minProperties=1, maxProperties=2, additionalProperties=False)
    for depth in [2, 3, 5, 8, 12]:
        nested = {"type": "integer", "minimum": 0, "maximum": 9}
        for level in range(depth):
            nested = obj({f"level{level}": nested}, additionalProperties=False)
        yield "nested", nested
        nested = {"type": "boolean"}
        for _ in range(depth):
            nested = {"type": "array", "items": nested, "minItems": 1, "maxItems": 1}
        yield "nested arrays", nested

    # References.
    address = obj({"street": text(12, 1), "zip": {"type": "string", "pattern": "^[0-9]{4}$"}})
    for key in ["$defs", "definitions"]:
        yield "reference", {**obj({"home": {"$ref": f"#/{key}/address"}}), key: {"address": address}}
        yield "reference twice", {**obj({"home": {"$ref": f"#/{key}/address"}, "work": {"$ref": f"#/{key}/address"}}), key: {"address": address}}
        yield "chain", {"$ref": f"#/{key}/a", key: {"a": obj({"b": {"$ref": f"#/{key}/b"}}), "b": obj({"c": {"$ref": f"#/{key}/c"}}), "c": {"type": "number", "minimum": 0, "maximum": 1}}}
        tree = obj({"value": {"type": "integer", "minimum": 0, "maximum": 9}, "children": {"type": "array", "items": {"$ref": f"#/{key}/tree"}, "maxItems": 1}})
        yield "recursive", {**obj({"tree": {"$ref": f"#/{key}/tree"}}), key: {"tree": tree}}
        yield "list", {"$ref": f"#/{key}/node", key: {"node": obj({"v": {"type": "boolean"}, "next": {"anyOf": [{"type": "null"}, {"$ref": f"#/{key}/node"}]}})}}
        yield "documented reference", {**obj({"color": {"$ref": f"#/{key}/color", "description": "The color", "default": "red"}}), key: {"color": {"enum": COLORS}}}
    yield "reference to a property", obj({"first": {"type": "string", "pattern": "^[a-f]{3}$"}, "second": {"$ref": "#/properties/first"}})
    yield "one of all", obj({"home": {"allOf": [{"$ref": "#/$defs/address"}], "title": "Home"}}) | {"$defs": {"address": address}}

    # Alternatives.
    shapes = [obj({"kind": {"const": "circle"}, "radius": {"type": "number", "minimum": 0, "maximum": 10}}, additionalProperties=False),
              obj({"kind": {"const": "box"}, "size": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9}, "minItems": 2, "maxItems": 2}}, additionalProperties=False)]
    for key in ["anyOf", "oneOf"]:
        yield "alternatives", {key: shapes}
        yield "alternatives in object", obj({"shape": {key: shapes}})
        yield "alternatives in array", {"type": "array", "items": {key: shapes}, "minItems": 1, "maxItems": 2}
        yield "typed alternatives", {"type": "object", key: [{"properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": False},
                                                              {"properties": {"b": {"type": "null"}}, "required": ["b"], "additionalProperties": False}]}
        yield "scalar alternatives", obj({"id": {key: [{"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}$"}, {"type": "integer", "minimum": 100, "maximum": 999}]}})
    yield "optional value", obj({"note": {"anyOf": [text(10), {"type": "null"}]}, "n": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]}})

    # As programs have them.
    for index in range(48):
        properties = {
            "id": {"type": "integer", "minimum": index, "maximum": index * 7 + 3, "title": "Id"},
            "status": {"enum": ["open", "closed", "waiting"][: index % 3 + 1], "description": "Where it is"},
            "score": {"type": "number", "minimum": -index, "maximum": index + 0.5},
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{2,6}$"}, "maxItems": index % 4},
            "owner": obj({"name": {"type": "string", "pattern": "^[A-Z][a-z]{1,9}$"}, "email": {"anyOf": [{"type": "null"}, {"type": "string", "pattern": r"^[a-z]{1,6}@[a-z]{2,6}\.(com|org)$"}]}}, ["name"]),
            "when": {"type": "string", "format": "date"},
        }
        kept = [name for place, name in enumerate(properties) if (index >> place % 6) & 1 or place == index % 6]
        chosen = {name: properties[name] for name in kept}
        yield "record", obj(chosen, kept[: max(1, len(kept) - index % 3)], title=f"Record{index}", additionalProperties=index % 2 == 1 and {"type": "boolean"})


def main():
    schemas = [{"name": name, "schema": schema} for name, schema in families()]
    assert len(schemas) == 200, len(schemas)
    path = pathlib.Path(__file__).with_name("schemas.json")
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in schemas)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


main()
