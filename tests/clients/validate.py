"""Says of each TOML or JSON file whether a JSON Schema takes it: `FILE taken`, or `FILE refused: PLACE: REASON`.

Called as: validate.py SCHEMA FILE...
"""

import json
import sys
import tomllib

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
if schema["$schema"] != "https://json-schema.org/draft/2020-12/schema":
    sys.exit("the schema is of another draft")
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)

for name in sys.argv[2:]:
    with open(name, "rb") as file:
        document = json.load(file) if name.endswith(".json") else tomllib.load(file)
    problem = next(validator.iter_errors(document), None)
    if problem is None:
        print(f"{name} taken")
    else:
        print(f"{name} refused: {problem.json_path}: {problem.message}")
