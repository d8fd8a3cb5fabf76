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
    with urllib.request.urlopen(URL + "/api/ps", timeout=300) as answer:
        models = json.load(answer)["models"]
    return sum(model["active_requests"] + model["queued_requests"] for model in models)


def wait_until_idle(seconds=120):
    """Returns when the server computes nothing, and fails when it still does after `seconds`."""
    deadline = time.monotonic() + seconds
    while active_requests() > 0:
        assert time.monotonic() < deadline, f"a request is still active after {seconds} s"
        time.sleep(0.02)


# A model that gives one answer, a call of the function `weather`, to prompts of one length.
SPEAKER = os.environ.get("ROOST_TEST_SPEAKER", "")
SPEAKER_LENGTH = int(os.environ.get("ROOST_TEST_SPEAKER_LENGTH", "0"))
# A tiny model with a chat template that talks nonsense: fast, and the same nonsense whether its prompt is computed at
# once or was cached, where the real model's last bits, and with them its words, may differ.
TALKER = os.environ.get("ROOST_TEST_TALKER_NAME", "")
# A model that makes vectors, if there is one.
EMBEDDER = os.environ.get("ROOST_TEST_EMBEDDER", "")
# A model that the server does not have and can pull from the registry that it knows, if there is one.
REMOTE = os.environ.get("ROOST_TEST_REMOTE", "")

WEATHER = {
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
}
ARGUMENTS = {"city": "Oslo", "days": 2}


def padding(count):
    """What a prompt needs to have the length that the speaking model answers to: `count` tells the tokens of the
    prompt with a text in it, as the client that is tested sends it."""
    missing = SPEAKER_LENGTH - count("~") + 1
    assert missing > 0, f"the prompt is {-missing} tokens too long"
    text = "~" * missing
    assert count(text) == SPEAKER_LENGTH, "a character is not a token"
    return text
