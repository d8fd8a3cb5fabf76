"""The same requests to llama-server and to a Roost server, over one GGUF file: same fields, same texts, same reasons.

Every difference that is meant stands in a list here, with its reason."""

import json
import os
import random
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import roost

# Whatever proxy the environment names: all servers here are on this machine.
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))

SERVER = os.environ["ROOST_TEST_LLAMA_SERVER"]
TOOLS = [{"type": "function", "function": roost.WEATHER}]
SCHEMA = {
    "type": "object",
    "properties": {"sure": {"type": "boolean"}, "unit": {"enum": ["m", "km"]}},
    "required": ["sure", "unit"],
    "additionalProperties": False,
}

# Fields of llama-server's answers that ours lack.
THEIRS_ALONE = {
    "timings": "llama-server's own, beside OpenAI's fields",
    "id_slot": "slots are not told apart here",
    "prompt": "of /completion: the prompt is not repeated",
    "model_status": "llama-server's router",
}
# Fields of ours that llama-server's lack.
OURS_ALONE = {
    "choices[].logprobs": "OpenAI writes null where there are none",
    "choices[].message.refusal": "OpenAI's schema has it",
    "choices[].delta.reasoning_content": "",
    "usage.completion_tokens_details": "OpenAI's schema has it",
    "usage.completion_tokens_details.reasoning_tokens": "OpenAI's schema has it",
    "usage": "null in the chunks before the last, as OpenAI writes it",
    "choices[].finish_reason": "null until the end, as OpenAI writes it",
}


class LlamaServer:
    """A llama-server of its own at a free loopback address."""

    def __init__(self, model, *arguments):
        # On Linux all of 127/8 is this machine: where nobody else listens nobody takes the port before llama-server.
        host = "127.0.0.1"
        if sys.platform == "linux":
            host = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
        with socket.socket() as probe:
            probe.bind((host, 0))
            port = str(probe.getsockname()[1])
        self.url = f"http://{host}:{port}"
        self.process = subprocess.Popen(
            # Checkpoints cut the prompt in two batches, whose last bits differ from those of one.
            [SERVER, "-m", model, "-t", "1", "-np", "1", "-ngl", "0", "-c", "4096", "--ctx-checkpoints", "0",
             "--no-warmup", "--cache-ram", "0", "--jinja", "--host", host, "--port", port, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url + "/health", timeout=5)
                return
            except OSError:
                assert time.monotonic() < deadline, "llama-server was not ready within two minutes"
                time.sleep(0.05)
        raise AssertionError("llama-server ended")

    def end(self):
        self.process.kill()
        self.process.wait()


def post(url, path, body):
    """Status and JSON."""
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def events(url, path, body):
    """The JSON of each server-sent event, and whether `[DONE]` ended them."""
    request = urllib.request.Request(
        url + path, json.dumps(body | {"stream": True}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        lines = [line[6:] for line in answer.read().decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"], lines[-1:] == ["[DONE]"]


def fields(value, path=""):
    """Paths of all fields of a JSON value; those of an array's elements together."""
    if isinstance(value, dict):
        for key, inner in value.items():
            inside = f"{path}.{key}" if path else key
            yield inside
            yield from fields(inner, inside)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, path + "[]")


class Differences(unittest.TestCase):
    maxDiff = None

    def same_fields(self, ours, theirs, ours_alone=(), theirs_alone=()):
        ours, theirs = set(fields(ours)), set(fields(theirs))

        def unexplained(paths, known):
            return sorted(p for p in paths if not any(p == k or p.startswith((k + ".", k + "[")) for k in known))

        self.assertEqual(unexplained(theirs - ours, {*THEIRS_ALONE, *theirs_alone}), [])
        self.assertEqual(unexplained(ours - theirs, {*OURS_ALONE, *ours_alone}), [])

    def both(self, path, body, model):
        (status, ours) = post(roost.URL, path, body | {"model": model})
        (their_status, theirs) = post(self.server.url, path, body)
        self.assertEqual((status, their_status), (200, 200), f"{ours}\n{theirs}")
        return ours, theirs

    def both_streams(self, path, body, model):
        ours, isOurEnd = events(roost.URL, path, body | {"model": model})
        theirs, isTheirEnd = events(self.server.url, path, body)
        self.assertEqual(isOurEnd, isTheirEnd)
        return ours, theirs


def served(name):
    """A base class with a llama-server for the model of an environment variable."""

    class Served(Differences):
        model = os.environ.get(name + "_NAME", "")

        @classmethod
        def setUpClass(cls):
            cls.server = LlamaServer(os.environ[name], *cls.arguments)
            cls.addClassCleanup(cls.server.end)

        arguments = ()

    return Served


class Texts(served("ROOST_TEST_REAL")):
    """The real model, which has no chat template."""

    CASES = [
        {"prompt": "The capital of France is", "max_tokens": 24},
        {"prompt": "Water boils at", "max_tokens": 24, "stop": ["degrees", "."]},
        {"prompt": "Once upon a time", "max_tokens": 1},
        {"prompt": "Grün ist die", "max_tokens": 24, "stop": "\n"},
        {"prompt": [2, 651, 6037], "max_tokens": 8},
        {"prompt": "Yes or no:", "max_tokens": 60, "json_schema": SCHEMA},
    ]

    def test_completions(self):
        for case in self.CASES:
            if "json_schema" in case:
                continue
            with self.subTest(case):
                body = case | {"temperature": 0, "cache_prompt": False}
                ours, theirs = self.both("/v1/completions", body, self.model)
                self.same_fields(ours, theirs)
                (mine,), (other,) = ours["choices"], theirs["choices"]
                self.assertEqual(mine["text"], other["text"])
                self.assertEqual(mine["finish_reason"], other["finish_reason"])
                for key in ("prompt_tokens", "completion_tokens", "total_tokens"):
                    self.assertEqual(ours["usage"][key], theirs["usage"][key], key)
                our_chunks, their_chunks = self.both_streams("/v1/completions", body, self.model)
                self.same_fields(our_chunks, their_chunks, theirs_alone=["[].timings", "[].usage"],
                                 ours_alone=["[].choices[].logprobs"])
                text = "".join(chunk["choices"][0]["text"] for chunk in our_chunks)
                self.assertEqual(text, other["text"])
                self.assertEqual(our_chunks[-1]["choices"][0]["finish_reason"], other["finish_reason"])

    def test_native_completions(self):
        for case in self.CASES:
            with self.subTest(case):
                body = {k if k != "max_tokens" else "n_predict": v for k, v in case.items()}
                body |= {"temperature": 0, "cache_prompt": False, "return_tokens": True}
                ours, theirs = self.both("/completion", body, self.model)
                # Of the settings only those that Roost has are told.
                theirs["generation_settings"] = {
                    k: v for k, v in theirs["generation_settings"].items() if k in ours["generation_settings"]
                }
                self.same_fields(ours, theirs)
                if theirs["stop_type"] == "eos":
                    # The token that ended it is not among ours.
                    theirs["tokens"].pop()
                for key in ("content", "tokens", "stop", "stop_type", "stopping_word", "tokens_predicted",
                            "tokens_evaluated", "has_new_line", "truncated", "index"):
                    self.assertEqual(ours[key], theirs[key], key)
                for key in ("top_k", "n_predict", "stop", "ignore_eos", "repeat_last_n"):
                    self.assertEqual(ours["generation_settings"][key], theirs["generation_settings"][key], key)
                pieces, their_pieces = self.both_streams("/completion", body, self.model)
                self.assertEqual("".join(p["content"] for p in pieces), theirs["content"])
                self.assertEqual(pieces[-1]["stop_type"], their_pieces[-1]["stop_type"])

    def test_logprobs(self):
        body = {"prompt": "The capital of France is", "max_tokens": 6, "temperature": 0, "cache_prompt": False}
        ours, theirs = self.both("/completion", body | {"n_predict": 6, "n_probs": 3}, self.model)
        self.assertEqual(len(ours["completion_probabilities"]), len(theirs["completion_probabilities"]))
        for mine, other in zip(ours["completion_probabilities"], theirs["completion_probabilities"]):
            self.same_fields(mine, other)
            for key in ("id", "token", "bytes"):
                self.assertEqual(mine[key], other[key])
            self.assertAlmostEqual(mine["logprob"], other["logprob"], places=2)
            self.assertEqual([t["id"] for t in mine["top_logprobs"]], [t["id"] for t in other["top_logprobs"]])

    def test_tokens(self):
        for content in ("", "hello", " two  spaces", "Grün 🌍 <eos> <bos>x", "a\nb\tc", [2, "hello", 7], "é" * 40):
            for more in ({}, {"add_special": True}, {"parse_special": False}, {"with_pieces": True}):
                with self.subTest((content, more)):
                    ours, theirs = self.both("/tokenize", {"content": content} | more, self.model)
                    self.assertEqual(ours, theirs)
            tokens = post(self.server.url, "/tokenize", {"content": content})[1]["tokens"]
            ours, theirs = self.both("/detokenize", {"tokens": tokens}, self.model)
            self.assertEqual(ours, theirs)


class Chats(served("ROOST_TEST_TALKER")):
    """A tiny model with a chat template, which talks nonsense."""

    CASES = [
        {"messages": [{"role": "user", "content": "hello"}]},
        {"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello world"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}], "max_tokens": 5},
        {"messages": [{"role": "user", "content": "water"}], "response_format": {
            "type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}},
        {"messages": [{"role": "user", "content": "water"}], "logit_bias": {"104": 20}},
    ]

    def test_chats(self):
        for case in self.CASES:
            with self.subTest(case):
                body = {"max_tokens": 24, "temperature": 0, "cache_prompt": False} | case
                ours, theirs = self.both("/v1/chat/completions", body, self.model)
                self.same_fields(ours, theirs)
                (mine,), (other,) = ours["choices"], theirs["choices"]
                self.assertEqual(mine["message"]["content"], other["message"]["content"])
                self.assertEqual(mine["finish_reason"], other["finish_reason"])
                for key in ("prompt_tokens", "completion_tokens"):
                    self.assertEqual(ours["usage"][key], theirs["usage"][key], key)
                with_usage = body | {"stream_options": {"include_usage": True}}
                our_chunks, their_chunks = self.both_streams("/v1/chat/completions", with_usage, self.model)
                self.same_fields(
                    our_chunks, their_chunks, theirs_alone=["[].timings"],
                    ours_alone=["[].usage", "[].choices[].logprobs"])
                text = "".join(c["delta"].get("content") or "" for chunk in our_chunks for c in chunk["choices"])
                self.assertEqual(text, other["message"]["content"])
                self.assertEqual(our_chunks[-1]["usage"]["completion_tokens"],
                                 their_chunks[-1]["usage"]["completion_tokens"])

    def test_logprobs(self):
        body = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 5, "temperature": 0,
                "logprobs": True, "top_logprobs": 2, "cache_prompt": False}
        ours, theirs = self.both("/v1/chat/completions", body, self.model)
        mine = ours["choices"][0]["logprobs"]["content"]
        other = theirs["choices"][0]["logprobs"]["content"]
        # llama-server adds the ids, which OpenAI's schema does not have.
        self.same_fields(mine, other, theirs_alone=["[].id", "[].top_logprobs[].id"])
        self.assertEqual([t["bytes"] for t in mine], [t["bytes"] for t in other])
        for a, b in zip(mine, other):
            self.assertAlmostEqual(a["logprob"], b["logprob"], places=2)

    def test_templates(self):
        conversations = [
            {"messages": [{"role": "user", "content": "hello"}]},
            {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}], "tools": TOOLS},
            {"messages": [{"role": "user", "content": "y"}, {"role": "assistant", "content": "The"}]},
            {"messages": [
                {"role": "user", "content": "Oslo?"},
                {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            ], "tools": TOOLS},
            {"messages": [{"role": "user", "content": "y"}], "chat_template_kwargs": {"enable_thinking": False}},
        ]
        for conversation in conversations:
            with self.subTest(conversation):
                ours, theirs = self.both("/apply-template", conversation, self.model)
                self.assertEqual(ours, theirs)

    def test_counts(self):
        body = {"messages": [{"role": "user", "content": "hello"}], "tools": TOOLS}
        ours, theirs = self.both("/v1/chat/completions/input_tokens", body, self.model)
        self.assertEqual(ours["input_tokens"], theirs["input_tokens"])
        body = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 1}
        ours, theirs = self.both("/v1/messages/count_tokens", body | {"thinking": {"type": "adaptive"}}, self.model)
        self.assertEqual(ours, theirs)

    def test_infill(self):
        body = {"input_prefix": "func add(", "input_suffix": ")\n", "prompt": "a", "n_predict": 12, "temperature": 0,
                "input_extra": [{"filename": "b.swift", "text": "let b = 1\n"}], "cache_prompt": False}
        ours, theirs = self.both("/infill", body, self.model)
        for key in ("content", "tokens_evaluated", "tokens_predicted", "stop_type"):
            self.assertEqual(ours[key], theirs[key], key)

    def test_refusals(self):
        for path, body in (
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}),
            ("/v1/completions", {}),
            ("/infill", {"input_suffix": "x"}),
        ):
            with self.subTest(body):
                ours, theirs = post(roost.URL, path, body | {"model": self.model}), post(self.server.url, path, body)
                self.assertEqual(ours[0], 400)
                self.assertNotEqual(theirs[0], 200)
                self.assertLessEqual({"message", "type"}, ours[1]["error"].keys())


class ToolCalls(served("ROOST_TEST_SPEAKER_FILE")):
    """A tiny model that recites a call."""

    model = roost.SPEAKER

    def test_calls(self):
        def body(text):
            return {"messages": [{"role": "user", "content": text}], "tools": TOOLS}

        def count(text):
            return post(roost.URL, "/v1/chat/completions/input_tokens", body(text) | {"model": roost.SPEAKER})[1][
                "input_tokens"]

        content = roost.padding(count)
        for choice in ("auto", "required"):
            with self.subTest(choice):
                asked = body(content) | {"tool_choice": choice, "temperature": 0, "cache_prompt": False}
                ours, theirs = self.both("/v1/chat/completions", asked, self.model)
                self.same_fields(ours, theirs)
                (mine,), (other,) = ours["choices"], theirs["choices"]
                self.assertEqual(mine["finish_reason"], "tool_calls")
                self.assertEqual(mine["finish_reason"], other["finish_reason"])
                for call in mine["message"]["tool_calls"] + other["message"]["tool_calls"]:
                    self.assertTrue(call.pop("id"))
                self.assertEqual(mine["message"]["tool_calls"], other["message"]["tool_calls"])
                our_chunks, their_chunks = self.both_streams("/v1/chat/completions", asked, self.model)
                self.same_fields(our_chunks, their_chunks, theirs_alone=["[].timings"],
                                 ours_alone=["[].choices[].logprobs"])

                def arguments(chunks):
                    return "".join(
                        call["function"].get("arguments") or "" for chunk in chunks for c in chunk["choices"]
                        for call in c["delta"].get("tool_calls") or [])

                self.assertEqual(arguments(our_chunks), arguments(their_chunks))


@unittest.skipUnless(roost.EMBEDDER, "no embedding model")
class Vectors(served("ROOST_TEST_EMBEDDING_MODEL")):
    model = roost.EMBEDDER
    arguments = ("--embeddings",)

    def test_embeddings(self):
        for given in ("hello", ["hello", "a longer text of several words"]):
            with self.subTest(given):
                ours, theirs = self.both("/v1/embeddings", {"input": given}, self.model)
                self.same_fields(ours, theirs)
                self.assertEqual(ours["usage"], theirs["usage"])
                for mine, other in zip(ours["data"], theirs["data"]):
                    self.assertLess(max(abs(a - b) for a, b in zip(mine["embedding"], other["embedding"])), 1e-5)


if __name__ == "__main__":
    unittest.main()
