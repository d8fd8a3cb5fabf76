"""What Open WebUI sends to an Ollama server, and to an OpenAI one, and what it and its pages read of the answers."""

import base64
import datetime
import hashlib
import json
import math
import os
import pathlib
import re
import time
import unittest

import httpx

import roost

GREEDY = {"temperature": 0, "num_predict": 8, "seed": 1}
PROMPT = "The capital of France is"
MESSAGES = [{"role": "user", "content": PROMPT}]
# With every request, when the operator has user data forwarded; names come percent-encoded.
USER = {
    "X-OpenWebUI-User-Name": "J%C3%BCrgen M%C3%BCller", "X-OpenWebUI-User-Id": "0b1c2d3e-0000-4000-8000-000000000001",
    "X-OpenWebUI-User-Email": "someone@example.com", "X-OpenWebUI-User-Role": "admin",
}
CHAT = {"X-OpenWebUI-Chat-Id": "5f6e7d8c-0000-4000-8000-000000000002", "X-OpenWebUI-Message-Id": "msg-1"}
# Its server's HTTP client asks so.
BROWSERLESS = {"User-Agent": "Python/3.11 aiohttp/3.12.15", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
JSON = {"Content-Type": "application/json"}
# The model settings of its pages, each at a value of its own; the names are those of its form.
PARAMETERS = {
    "temperature": 0.2, "top_p": 0.9, "top_k": 20, "min_p": 0.01, "seed": 3, "mirostat": 0, "mirostat_eta": 0.1,
    "mirostat_tau": 5.0, "repeat_last_n": 64, "repeat_penalty": 1.1, "presence_penalty": 0.1, "frequency_penalty": 0.1,
    "tfs_z": 1.0, "num_ctx": 1024, "num_batch": 128, "num_keep": 8, "num_predict": 4, "num_thread": 2, "num_gpu": 0,
    "use_mmap": True, "use_mlock": False, "stop": ["</s>"],
}
TOOL = {"type": "function", "function": roost.WEATHER}


class Connection(unittest.TestCase):
    def setUp(self):
        self.http = httpx.Client(base_url=roost.URL, timeout=300, headers=BROWSERLESS | USER)
        self.addCleanup(self.http.close)

    def get(self, path, **named):
        """GET with the type of a body that is not there, as it comes."""
        return self.json(self.http.get(path, headers=JSON, **named))

    def json(self, answer):
        self.assertEqual(answer.status_code, 200, answer.text)
        # Its HTTP client reads JSON of no other type.
        self.assertEqual(answer.headers["content-type"].split(";")[0], "application/json")
        return answer.json()

    def post(self, path, body, method="POST", headers=None):
        return self.http.request(method, path, content=json.dumps(body), headers=JSON | (headers or {}))

    def lines(self, path, body, headers=None):
        """The parts of a streamed answer: each piece that it hands on is a line, and each line one JSON object."""
        with self.http.stream("POST", path, content=json.dumps(body), headers=JSON | (headers or {})) as answer:
            text = "".join(answer.iter_text())
        self.assertEqual(answer.status_code, 200, text)
        self.assertEqual(answer.headers["content-type"].split(";")[0], "application/x-ndjson")
        self.assertTrue(text.endswith("\n"))
        return [json.loads(line) for line in text.removesuffix("\n").split("\n")]

    def refused(self, answer, status, words):
        """Its pages show `error`, which is a text."""
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertEqual(answer.headers["content-type"].split(";")[0], "application/json")
        self.assertIsInstance(answer.json()["error"], str)
        self.assertIn(words, answer.json()["error"])

    def models(self):
        """The list as it keeps it: by `model`, with the time of going of those that are loaded."""
        models = {model["model"]: model for model in self.get("/api/tags")["models"]}
        expiries = {model["model"]: model["expires_at"] for model in self.get("/api/ps")["models"]}
        for name, expiry in expiries.items():
            models[name]["expires_at"] = int(datetime.datetime.fromisoformat(expiry).timestamp())
        return models

    def discard(self, name):
        self.post("/api/delete", {"model": name}, method="DELETE")


class Administration(Connection):
    def test_version(self):
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer sk-of-no-use"}):
            version = self.json(self.http.get("/api/version", headers=headers))["version"]
            numbers = tuple(map(int, re.sub(r"^v|-.*", "", version).split(".")))
            self.assertGreater(numbers, (0, 0, 0))

    def test_root(self):
        for method in ("GET", "HEAD"):
            self.assertEqual(self.http.request(method, "/").status_code, 200)
        self.assertEqual(self.http.get("/").text, "Ollama is running")

    def test_tags_and_ps(self):
        self.post("/api/generate", {"model": roost.TALKER, "prompt": "", "keep_alive": "5m"})
        models = self.models()
        self.assertGreaterEqual(set(models), {roost.MODEL, roost.TALKER, roost.SPEAKER})
        for name, model in models.items():
            self.assertEqual(model["name"], name)
            self.assertGreater(model["size"], 0)
            self.assertRegex(model["digest"], "^[0-9a-f]{64}$")
            self.assertRegex(model["details"]["parameter_size"], r"^[0-9.]+[KMB]$")
            self.assertTrue(model["details"]["quantization_level"])
            self.assertTrue(model["details"]["family"])
            datetime.datetime.fromisoformat(model["modified_at"])
        left = models[roost.TALKER]["expires_at"] - time.time()
        self.assertTrue(0 < left <= 301, left)

    def test_show(self):
        # Older pages say `name`; its server adds `model` to that.
        for body in ({"model": roost.TALKER}, {"name": roost.TALKER, "model": roost.TALKER}, {"name": roost.TALKER}):
            shown = self.json(self.post("/api/show", body))
            self.assertEqual(shown["model_info"]["general.architecture"], "qwen2")
            self.assertGreater(shown["model_info"]["qwen2.context_length"], 0)
            self.assertEqual(shown["details"]["format"], "gguf")
            self.assertIn("<tool_call>", shown["template"])
            self.assertIn("FROM ", shown["modelfile"])
            self.assertIn("completion", shown["capabilities"])
        self.refused(self.post("/api/show", {"name": "gone", "model": "gone"}), 404, "model 'gone' not found")

    def test_copy_and_delete(self):
        copy = {"source": roost.TALKER, "destination": "open-webui/copied:1"}
        self.addCleanup(self.discard, copy["destination"])
        self.assertEqual(self.post("/api/copy", copy).status_code, 200)
        self.assertIn(copy["destination"], self.models())
        body = {"name": copy["destination"], "model": copy["destination"]}
        self.assertEqual(self.post("/api/delete", body, method="DELETE").status_code, 200)
        self.assertNotIn(copy["destination"], self.models())
        self.refused(self.post("/api/delete", body, method="DELETE"), 404, "not found")
        self.refused(self.post("/api/copy", copy | {"source": "gone"}), 404, "model 'gone' not found")

    def test_unload(self):
        self.json(self.post("/api/generate", {"model": roost.TALKER, "prompt": ""}))
        self.assertIn("expires_at", self.models()[roost.TALKER])
        # It does not ask for a stream, nor against one, and reads one JSON object.
        answer = self.json(self.post("/api/generate", {"model": roost.TALKER, "keep_alive": 0, "prompt": ""}))
        self.assertEqual((answer["done"], answer["done_reason"]), (True, "unload"))
        self.assertNotIn("expires_at", self.models()[roost.TALKER])

    def test_push(self):
        body = {"model": roost.MODEL, "insecure": True, "stream": True}
        self.refused(self.post("/api/push", body), 400, "push")
        self.refused(self.post("/api/push", body | {"model": "gone"}), 404, "model 'gone' not found")

    def test_create(self):
        name = "open-webui-made:latest"
        self.addCleanup(self.discard, name)
        # The page takes any JSON object and sends it with these.
        body = {"model": name, "from": roost.TALKER, "system": "You are brief.", "parameters": {"num_predict": 2}}
        lines = self.lines("/api/create", body | {"stream": True, "path": "", "description": "mine"})
        self.assertEqual([line for line in lines if "error" in line or "status" not in line], [])
        self.assertEqual(lines[-1]["status"], "success")
        answer = self.json(self.post("/api/chat", {"model": name, "messages": MESSAGES, "stream": False}))
        self.assertEqual(answer["eval_count"], 2)
        # Older pages send a recipe.
        recipe = {"name": name, "modelfile": f"FROM {roost.TALKER}\nPARAMETER num_predict 3\nSYSTEM You are loud."}
        self.assertEqual(self.lines("/api/create", recipe)[-1]["status"], "success")
        shown = self.json(self.post("/api/show", {"model": name}))
        self.assertEqual(shown["system"], "You are loud.")
        self.assertIn("num_predict", shown["parameters"])
        self.refused(self.post("/api/create", {"model": name}), 400, "from")

    def test_upload(self):
        """A file goes up as it is, without a type, and becomes a model of its name."""
        content = pathlib.Path(os.environ["ROOST_TEST_TALKER"]).read_bytes()
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        # Another one than the server has, of the same shape.
        other = content + b"\0" * 32
        for data, chunked in ((content, False), (other, True), (other, False)):
            name = "sha256:" + hashlib.sha256(data).hexdigest()
            body = (data[start : start + 65536] for start in range(0, len(data), 65536)) if chunked else data
            self.assertIn(self.http.post(f"/api/blobs/{name}", content=body).status_code, (200, 201))
            self.assertEqual(self.http.head(f"/api/blobs/{name}").status_code, 200)
        self.addCleanup(self.discard, "my-upload")
        answer = self.post("/api/create", {"model": "my-upload", "files": {"my-upload.gguf": digest}})
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIn("my-upload:latest", self.models())
        wrong = "sha256:" + "0" * 64
        self.refused(self.http.post(f"/api/blobs/{wrong}", content=content), 400, "digest mismatch")
        self.assertEqual(self.http.head(f"/api/blobs/{wrong}").status_code, 404)

    @unittest.skipUnless(roost.REMOTE, "no hub")
    def test_pull(self):
        self.addCleanup(self.discard, roost.REMOTE)
        body = {"name": roost.REMOTE, "model": roost.REMOTE, "insecure": True}
        for time_of in ("first", "again"):
            with self.subTest(time_of):
                lines = self.lines("/api/pull", body)
                self.assertEqual([line for line in lines if "error" in line or "status" not in line], [])
                for line in lines:
                    if "digest" in line:
                        # Its bar's percentage.
                        self.assertTrue(0 <= line.get("completed", 0) / line["total"] <= 1)
                self.assertEqual(lines[-1], {"status": "success"})
        self.assertIn(roost.REMOTE, self.models())
        gone = {"name": "gone:1b", "model": "gone:1b", "insecure": True}
        lines = self.lines("/api/pull", gone)
        self.assertIsInstance(lines[-1]["error"], str)
        self.assertIn("file does not exist", lines[-1]["error"])

    def test_what_is_not_there(self):
        self.refused(self.post("/api/unload", {"model": roost.MODEL}), 404, "/api/unload")
        self.refused(self.http.get("/api/generate"), 405, "POST")
        self.refused(self.http.post("/api/chat", content=b"{", headers=JSON), 400, "JSON")


class Vectors(Connection):
    def test_embed_and_embeddings(self):
        model = roost.EMBEDDER or roost.TALKER
        # Without a key of the connection the header is empty.
        for headers in ({"Authorization": "Bearer"}, {"Authorization": "Bearer sk-of-no-use"}):
            body = {"model": model, "input": ["Water boils.", "Ice melts."], "truncate": True, "keep_alive": "5m"}
            answer = self.json(self.post("/api/embed", body, headers=headers))
            self.assertEqual(len(answer["embeddings"]), 2)
            self.assertEqual(answer["model"], model)
            self.assertAlmostEqual(math.hypot(*answer["embeddings"][0]), 1, places=4)
        single = self.json(self.post("/api/embed", {"model": model, "input": "Water boils.", "options": {}}))
        self.assertEqual(len(single["embeddings"]), 1)
        old = self.json(self.post("/api/embeddings", {"model": model, "prompt": "Water boils.", "options": {}}))
        self.assertEqual(len(old["embedding"]), len(single["embeddings"][0]))
        self.refused(self.post("/api/embed", {"model": "gone", "input": ["x"]}), 404, "model 'gone' not found")

    def test_as_many_vectors_as_pieces_of_a_document(self):
        model = roost.EMBEDDER or roost.MODEL
        pieces = ["Water boils.", "", "Ice melts."]
        answer = self.json(self.post("/api/embed", {"model": model, "input": pieces, "truncate": True}))
        self.assertEqual(len(answer["embeddings"]), len(pieces))
        last = self.json(self.post("/api/embed", {"model": model, "input": pieces[2:]}))["embeddings"][0]
        self.assertGreater(sum(map(float.__mul__, answer["embeddings"][2], last)), 0.999)


class Answers(Connection):
    def usage(self, line):
        """What its pages tell below an answer."""
        for count in ("prompt_eval_count", "eval_count"):
            self.assertGreater(line[count], 0)
        for duration in ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"):
            self.assertIsInstance(line[duration], int)
            self.assertGreaterEqual(line[duration], 0)
        self.assertGreaterEqual(line["total_duration"], line["eval_duration"])

    def test_generate(self):
        # As for a title, and as a stream, which it is without a word.
        body = {"model": roost.TALKER, "prompt": PROMPT, "options": GREEDY}
        whole = self.json(self.post("/api/generate", body | {"stream": False}))
        self.usage(whole)
        for lines in (self.lines("/api/generate", body), self.lines("/api/generate", body | {"stream": True})):
            self.assertEqual("".join(line["response"] for line in lines), whole["response"])
            self.assertEqual([line["done"] for line in lines], [False] * (len(lines) - 1) + [True])
            self.usage(lines[-1])
        answer = self.post("/api/generate", body | {"model": "gone"})
        self.refused(answer, 404, "model 'gone' not found")

    def test_chat(self):
        body = {"model": roost.TALKER, "messages": MESSAGES, "options": GREEDY}
        whole = self.json(self.post("/api/chat", body | {"stream": False}, headers=CHAT))
        self.assertEqual((whole["model"], whole["message"]["role"]), (roost.TALKER, "assistant"))
        self.usage(whole)
        for stream in ({}, {"stream": True}):
            lines = self.lines("/api/chat", body | stream, headers=CHAT)
            self.assertEqual("".join(line["message"]["content"] for line in lines), whole["message"]["content"])
            self.assertEqual([line["done"] for line in lines], [False] * (len(lines) - 1) + [True])
            self.assertEqual({line["model"] for line in lines}, {roost.TALKER})
            self.usage(lines[-1])
        for stream in (False, True):
            answer = self.post("/api/chat", body | {"model": "gone", "stream": stream})
            self.refused(answer, 404, "model 'gone' not found")

    def test_chat_with_every_setting(self):
        body = {
            "model": roost.TALKER, "messages": MESSAGES, "stream": True, "options": PARAMETERS, "keep_alive": "10m",
            "think": False,
            # Fields of its own that its server hands on, and one that an old version made up.
            "session_id": "s", "chat_id": "c", "id": "m", "variables": {"{{USER_NAME}}": "Jo"}, "features": {},
            "template": "",
        }
        lines = self.lines("/api/chat", body, headers=CHAT)
        self.assertLessEqual(lines[-1]["eval_count"], 4)
        loaded = {model["model"]: model for model in self.get("/api/ps")["models"]}[roost.TALKER]
        self.assertEqual(loaded["context_length"], 1024)
        made_up = body | {"options": GREEDY | {"new_topic_penalty": 0.5, "num_predict": 2}}
        self.assertEqual(self.lines("/api/chat", made_up)[-1]["eval_count"], 2)
        # Old versions put the settings beside the options; none of them may make it fail.
        beside = {"model": roost.TALKER, "messages": MESSAGES, "stream": False, "options": GREEDY} | PARAMETERS
        self.assertEqual(self.json(self.post("/api/chat", beside))["eval_count"], GREEDY["num_predict"])

    def test_chat_in_a_form(self):
        schema = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
        body = {"model": roost.TALKER, "messages": MESSAGES, "stream": False, "options": GREEDY | {"num_predict": 100}}
        answer = self.json(self.post("/api/chat", body | {"format": schema | {"additionalProperties": False}}))
        self.assertIsInstance(json.loads(answer["message"]["content"])["sure"], bool)
        for wrong in ("yaml", ["json"], 1):
            self.refused(self.post("/api/chat", body | {"format": wrong}), 400, "format")

    def test_tools_and_their_results(self):
        def ask(text, count, stream):
            return {
                "model": roost.SPEAKER, "messages": [{"role": "user", "content": text}], "tools": [TOOL],
                "options": {"temperature": 0, "num_predict": count}, "stream": stream,
            }

        def count(text):
            return self.json(self.post("/api/chat", ask(text, 1, False)))["prompt_eval_count"]

        content = roost.padding(count)
        whole = self.json(self.post("/api/chat", ask(content, 300, False)))["message"]["tool_calls"]
        lines = self.lines("/api/chat", ask(content, 300, True))
        streamed = [call for line in lines for call in line["message"].get("tool_calls", [])]
        for calls in (whole, streamed):
            self.assertEqual([call["function"]["name"] for call in calls], ["weather"])
            # It writes them as a text itself.
            self.assertEqual(calls[0]["function"]["arguments"], roost.ARGUMENTS)
        # It sends calls back with its own numbers, and results by those.
        said = [
            {"role": "system", "content": "You are brief."}, {"role": "user", "content": "Weather in Oslo?"},
            {"role": "assistant", "content": "", "tool_calls": [
                {"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": roost.ARGUMENTS}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Rain."},
        ]
        body = {"model": roost.TALKER, "messages": said, "tools": [TOOL], "stream": False, "options": GREEDY}
        answer = self.json(self.post("/api/chat", body))
        shorter = self.json(self.post("/api/chat", body | {"messages": said[:2]}))
        self.assertGreater(answer["prompt_eval_count"], shorter["prompt_eval_count"])
        refused = self.post("/api/chat", body | {"model": roost.MODEL})
        self.refused(refused, 400, "does not support tools")

    def test_pictures_for_a_model_without_eyes(self):
        picture = base64.b64encode(b"\x89PNG").decode()
        message = {"role": "user", "content": "What is it?", "images": [picture]}
        answer = self.post("/api/chat", {"model": roost.MODEL, "messages": [message], "stream": True})
        self.refused(answer, 400, "pictures")


class OpenAI(Connection):
    """The same server's other half: the router's /v1, and a connection of the kind OpenAI."""

    HEADERS = {
        "Authorization": "Bearer sk-of-no-use", "HTTP-Referer": "https://openwebui.com/", "X-Title": "Open WebUI",
    }

    def events(self, path, body):
        with self.http.stream("POST", path, content=json.dumps(body), headers=JSON | self.HEADERS) as answer:
            text = "".join(answer.iter_text())
        self.assertEqual(answer.status_code, 200, text)
        self.assertIn("text/event-stream", answer.headers["content-type"])
        events = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
        self.assertEqual(events[-1], "[DONE]")
        return [json.loads(event) for event in events[:-1]]

    def test_models(self):
        listed = self.json(self.http.get("/v1/models", headers=JSON | self.HEADERS))
        self.assertEqual(listed["object"], "list")
        models = {model["id"]: model for model in listed["data"]}
        self.assertGreaterEqual(set(models), {roost.MODEL, roost.TALKER})
        self.assertEqual(models[roost.TALKER]["object"], "model")
        self.assertIsInstance(models[roost.TALKER]["created"], int)
        self.assertIsInstance(models[roost.TALKER]["owned_by"], str)

    def test_chat_completions(self):
        body = {
            "model": roost.TALKER, "messages": MESSAGES, "temperature": 0, "max_tokens": 8, "seed": 1,
            "session_id": "s", "chat_id": "c", "id": "m", "features": {"web_search": False}, "background_tasks": {},
            "user": "0b1c2d3e",
        }
        whole = self.json(self.post("/v1/chat/completions", body | {"stream": False}, headers=self.HEADERS))
        text = whole["choices"][0]["message"]["content"]
        self.assertIn(whole["choices"][0]["finish_reason"], ("stop", "length"))
        self.assertGreater(whole["usage"]["completion_tokens"], 0)
        events = self.events(
            "/v1/chat/completions", body | {"stream": True, "stream_options": {"include_usage": True}})
        deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
        self.assertEqual(deltas[0]["role"], "assistant")
        self.assertEqual("".join(delta.get("content") or "" for delta in deltas), text)
        self.assertEqual(len({event["id"] for event in events}), 1)
        self.assertEqual(events[-1]["usage"]["completion_tokens"], whole["usage"]["completion_tokens"])
        answer = self.post("/v1/chat/completions", body | {"model": "gone"}, headers=self.HEADERS)
        self.assertEqual(answer.status_code, 404)
        self.assertIn("gone", answer.json()["error"]["message"])

    def test_completions(self):
        body = {"model": roost.TALKER, "prompt": PROMPT, "temperature": 0, "max_tokens": 8, "seed": 1}
        whole = self.json(self.post("/v1/completions", body, headers=self.HEADERS))
        events = self.events("/v1/completions", body | {"stream": True})
        streamed = "".join(event["choices"][0]["text"] for event in events)
        self.assertEqual(streamed, whole["choices"][0]["text"])

    def test_embeddings(self):
        model = roost.EMBEDDER or roost.TALKER
        body = {"input": ["Water boils.", "Ice melts."], "model": model}
        answer = self.json(self.post("/v1/embeddings", body, headers=self.HEADERS))
        self.assertEqual([item["index"] for item in answer["data"]], [0, 1])
        self.assertTrue(all(isinstance(item["embedding"][0], float) for item in answer["data"]))


if __name__ == "__main__":
    unittest.main()
