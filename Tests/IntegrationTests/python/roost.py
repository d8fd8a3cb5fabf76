"""What the client tests share: where the server is, and what it computes now."""

import json
import os
import time
import urllib.request

URL = os.environ["ROOST_TEST_URL"]
MODEL = os.environ["ROOST_TEST_MODEL_NAME"]

# Tokens of an answer that goes on far longer than `wait_until_idle` waits; the server's context holds them.
ENDLESS_TOKENS = 30000


def active_requests():
    """Requests that the server computes or queues, over all models."""
    with urllib.request.urlopen(URL + "/api/ps", timeout=30) as answer:
        models = json.load(answer)["models"]
    return sum(model["active_requests"] + model["queued_requests"] for model in models)


def wait_until_idle(seconds=30):
    """Returns when the server computes nothing, and fails when it still does after `seconds`."""
    deadline = time.monotonic() + seconds
    while active_requests() > 0:
        assert time.monotonic() < deadline, f"a request is still active after {seconds} s"
        time.sleep(0.02)
