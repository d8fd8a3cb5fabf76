"""Roost's OpenAPI document is one, and what the server answers is what it says: to requests that follow it and to
requests that break it, thousands of them, made from a fixed seed. Nothing may end in an error of the server's."""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

from openapi_spec_validator import validate

BASE = os.environ["ROOST_TEST_URL"]
CASES = int(os.environ.get("ROOST_TEST_CASES", "5000"))
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "negative_data_rejection",
]
# Those that start a process or look at the machine for each request get fewer.
SLOW = {
    "/roost/v1/models/{name}/load": 60, "/roost/v1/models/{name}/pin": 30, "/roost/v1/plan": 100,
    "/roost/v1/recommend": 60, "/roost/v1/hardware": 5, "/roost/v1/events": 40,
    "/roost/v1/downloads/{id}/events": 40,
}


def configuration(folder, per_operation):
    lines = ["[generation]", f"max-examples = {per_operation}", "deterministic = true", "no-shrink = true", ""]
    for path, count in SLOW.items():
        lines += ["[[operations]]", f'include-path = "{path}"', f"generation.max-examples = {count}", ""]
    path = os.path.join(folder, "schemathesis.toml")
    with open(path, "w") as file:
        file.write("\n".join(lines))
    return path


def main():
    with urllib.request.urlopen(BASE + "/openapi.json") as answer:
        document = json.load(answer)
    validate(document)
    operations = sum(len(methods) for methods in document["paths"].values())
    print(f"{operations} operations")
    with tempfile.TemporaryDirectory() as folder:
        here = os.path.dirname(os.path.abspath(__file__))
        # The slow ones leave more to the others; what is made of the document alone comes on top.
        per_operation = max(1, (int(CASES * 1.2) - sum(SLOW.values())) // (operations - len(SLOW)))
        run = subprocess.run(
            [
                os.path.join(os.path.dirname(sys.executable), "schemathesis"),
                "--config-file", configuration(folder, per_operation), "run", BASE + "/openapi.json",
                "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--seed", "6",
                "--generation-deterministic", "--continue-on-failure", "--request-timeout", "300", "--workers", "2",
                "--suppress-health-check", "all", "--no-color",
            ],
            cwd=folder,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": here},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
    print(run.stdout)
    generated = re.search(r"(\d+) generated", run.stdout)
    assert generated and int(generated[1]) >= CASES, "too few cases"
    sys.exit(run.returncode)


if __name__ == "__main__":
    main()
