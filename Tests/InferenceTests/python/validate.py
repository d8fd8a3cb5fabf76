"""Reads lines {"name", "schema", "output"} and says which outputs are no JSON or do not validate."""

import json
import sys

import jsonschema

wrong = 0
for line in sys.stdin:
    case = json.loads(line)
    try:
        validator = jsonschema.Draft202012Validator
        validator.check_schema(case["schema"])
        validator(case["schema"]).validate(json.loads(case["output"]))
    except (ValueError, jsonschema.ValidationError, jsonschema.SchemaError) as error:
        wrong += 1
        print(f"{case['name']}: {case['output']}: {str(error).splitlines()[0]}")
sys.exit(1 if wrong else 0)
