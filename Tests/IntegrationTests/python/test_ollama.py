"""The `ollama` package against a Roost server, unchanged: every call of its clients, one after the other and on a loop."""

import asyncio
import contextlib
import datetime
import json
import logging
import math
import os
import pathlib
import tempfile
import typing
import unittest

import httpx
import ollama
import pydantic

import roost

# It tells of each call that keeps the loop, which those of the plain client do.
logging.getLogger("asyncio").setLevel(logging.ERROR)

GREEDY = {"temperature": 0, "num_predict": 16, "seed": 1}
SHORT = GREEDY | {"num_predict": 4}
ENDLESS = {"temperature": 0, "num_predict": roost.ENDLESS_TOKENS, "seed": 1, "repeat_penalty": 1.0}
PROMPT = "The capital of France is"
MESSAGES = [{"role": "user", "content": PROMPT}]
MISSING = "no-such-model"
NOT_FOUND = f"model '{MISSING}' not found"
CAPITAL = {
    "type": "object",
    "properties": {"capital": {"type": "string", "enum": ["Paris", "Rome"]}, "sure": {"type": "boolean"}},
    "required": ["capital", "sure"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": roost.WEATHER}
# Every option that the package knows, those that no program has any more among them.
ALL_OPTIONS = ollama.Options(
    numa=False, num_ctx=512, num_batch=64, num_gpu=0, main_gpu=0, low_vram=False, f16_kv=True, logits_all=False,
    vocab_only=False, use_mmap=True, use_mlock=False, embedding_only=False, num_thread=2, num_keep=4, seed=7,
    num_predict=3, top_k=20, top_p=0.8, tfs_z=1.0, typical_p=1.0, repeat_last_n=32, temperature=0.7,
    repeat_penalty=1.2, presence_penalty=0.1, frequency_penalty=0.1, mirostat=0, mirostat_tau=5.0, mirostat_eta=0.1,
    penalize_newline=False, stop=["\n\n\n"],
)


def weather(city: str, days: int = 1) -> str:
    """
    The weather of a city.

    Args:
      city: The city's name.
      days: How many days.
    """
    return f"Rain in {city} for {days} days."


class ToRoost(httpx.HTTPTransport):
    """Sends what is meant for the package's own cloud to the server that is tested."""

    def handle_request(self, request):
        return super().handle_request(redirected(request))


class ToRoostAsync(httpx.AsyncHTTPTransport):
    """`ToRoost` on a loop."""

    async def handle_async_request(self, request):
        return await super().handle_async_request(redirected(request))


def redirected(request):
    address = httpx.URL(roost.URL)
    request.url = request.url.copy_with(scheme=address.scheme, host=address.host, port=address.port)
    request.headers["host"] = address.netloc.decode()
    return request


class Plain:
    """Calls of `ollama.Client`."""

    def client(self, **options):
        return ollama.Client(host=roost.URL, **options)

    def cloud(self):
        return {"https://ollama.com": ToRoost()}

    async def close(self, client):
        client.close()

    async def call(self, function, *arguments, **named):
        return function(*arguments, **named)

    async def parts(self, function, *arguments, **named):
        return list(function(*arguments, stream=True, **named))


class Loop:
    """Calls of `ollama.AsyncClient`."""

    def client(self, **options):
        return ollama.AsyncClient(host=roost.URL, **options)

    def cloud(self):
        return {"https://ollama.com": ToRoostAsync()}

    async def close(self, client):
        await client.close()

    async def call(self, function, *arguments, **named):
        return await function(*arguments, **named)

    async def parts(self, function, *arguments, **named):
        return [part async for part in await function(*arguments, stream=True, **named)]


class Case(unittest.IsolatedAsyncioTestCase):
    """What the cases of both clients share; `tag` keeps apart what they create."""

    tag: str

    async def asyncSetUp(self):
        self.ollama = self.client()
        self.addAsyncCleanup(self.close, self.ollama)

    async def names(self):
        return [model.model for model in (await self.call(self.ollama.list)).models]

    async def running(self):
        return {model.model: model for model in (await self.call(self.ollama.ps)).models}

    async def discard(self, name):
        with contextlib.suppress(ollama.ResponseError):
            await self.call(self.ollama.delete, name)

    def new(self, name):
        """A name for a model that goes when the test ends."""
        full = f"{name}-{self.tag}:made"
        self.addAsyncCleanup(self.discard, full)
        return full

    @contextlib.contextmanager
    def refused(self, status, words):
        """What is done within fails with this status and an error that has these words."""
        with self.assertRaises(ollama.ResponseError) as caught:
            yield
        self.assertEqual(caught.exception.status_code, status, caught.exception.error)
        self.assertIsInstance(caught.exception.error, str)
        self.assertIn(words, caught.exception.error)

    async def each_refused(self, status, words, function, *arguments, **named):
        """The call fails alike whether its answer is a stream or not."""
        with self.subTest("whole"), self.refused(status, words):
            await self.call(function, *arguments, **named)
        with self.subTest("stream"), self.refused(status, words):
            await self.parts(function, *arguments, **named)

    def check_end(self, answer):
        self.assertTrue(answer.done)
        self.assertIn(answer.done_reason, ("stop", "length"))
        self.assertGreater(answer.prompt_eval_count, 4)
        self.assertGreater(answer.eval_count, 0)
        self.assertGreater(answer.prompt_eval_duration, 0)
        self.assertGreater(answer.eval_duration, 0)
        self.assertGreaterEqual(answer.load_duration, 0)
        self.assertGreater(answer.total_duration, answer.eval_duration)
        written = datetime.datetime.fromisoformat(answer.created_at)
        self.assertLess(abs(datetime.datetime.now(datetime.timezone.utc) - written), datetime.timedelta(hours=1))


class Generate(Case):
    async def test_generate(self):
        answer = await self.call(self.ollama.generate, roost.MODEL, PROMPT, options=GREEDY)
        self.assertEqual(answer.model, roost.MODEL)
        self.assertIn("capital", answer.response)
        self.assertIsNone(answer.thinking)
        self.assertIsNone(answer.logprobs)
        self.check_end(answer)

    async def test_streams_the_same_text(self):
        whole = await self.call(self.ollama.generate, roost.TALKER, PROMPT, options=GREEDY)
        parts = await self.parts(self.ollama.generate, roost.TALKER, PROMPT, options=GREEDY)
        self.assertGreater(len(parts), 2)
        self.assertEqual("".join(part.response for part in parts), whole.response)
        self.assertEqual([part.done for part in parts], [False] * (len(parts) - 1) + [True])
        self.assertEqual([part.done_reason for part in parts[:-1]], [None] * (len(parts) - 1))
        self.assertEqual([part.context for part in parts[:-1]], [None] * (len(parts) - 1))
        self.assertEqual({part.model for part in parts}, {roost.TALKER})
        self.check_end(parts[-1])
        self.assertEqual(parts[-1].done_reason, whole.done_reason)
        self.assertEqual(parts[-1].eval_count, whole.eval_count)
        self.assertEqual(parts[-1].context, whole.context)

    async def test_options(self):
        answer = await self.call(self.ollama.generate, roost.TALKER, PROMPT, options=ALL_OPTIONS)
        self.assertLessEqual(answer.eval_count, 3)
        self.assertEqual((await self.running())[roost.TALKER].context_length, 512)
        answer = await self.call(self.ollama.generate, roost.TALKER, PROMPT, options=ollama.Options(**SHORT))
        self.assertEqual((answer.eval_count, answer.done_reason), (4, "length"))
        warm = SHORT | {"temperature": 1.5, "top_k": 0, "top_p": 1.0}
        texts = [
            (await self.call(self.ollama.generate, roost.TALKER, PROMPT, options=warm | {"seed": seed})).response
            for seed in (1, 1, 2, 3)
        ]
        self.assertEqual(texts[0], texts[1])
        self.assertGreater(len(set(texts)), 1)
        await self.each_refused(400, "top_p", self.ollama.generate, roost.TALKER, PROMPT, options={"top_p": 7})
        await self.each_refused(400, "seed", self.ollama.generate, roost.TALKER, PROMPT, options={"seed": "x"})

    async def test_stop_string(self):
        answer = await self.call(
            self.ollama.generate, roost.MODEL, PROMPT, options=GREEDY | {"stop": ["nothing", "capital"]})
        self.assertNotIn("capital", answer.response)
        self.assertEqual(answer.done_reason, "stop")

    async def test_context_goes_on(self):
        first = await self.call(self.ollama.generate, roost.MODEL, PROMPT, options=SHORT)
        self.assertEqual(len(first.context), first.prompt_eval_count + first.eval_count)
        second = await self.call(self.ollama.generate, roost.MODEL, "And", options=SHORT, context=first.context)
        self.assertEqual(second.context[: len(first.context)], first.context)
        self.assertGreater(second.prompt_eval_count, len(first.context))
        alone = await self.call(self.ollama.generate, roost.MODEL, "And", options=SHORT)
        self.assertLess(alone.prompt_eval_count, second.prompt_eval_count)

    async def test_raw_and_system(self):
        async def prompt_length(**named):
            answer = await self.call(self.ollama.generate, roost.TALKER, PROMPT, options=SHORT, **named)
            return answer.prompt_eval_count

        plain = await prompt_length()
        self.assertLess(await prompt_length(raw=True), plain)
        self.assertGreater(await prompt_length(system="You are brief."), plain)
        self.assertEqual(await prompt_length(template="{{ .Prompt }}"), plain)
        await self.each_refused(
            400, "raw", self.ollama.generate, roost.TALKER, PROMPT, raw=True, system="You are brief.")

    async def test_format(self):
        long = GREEDY | {"num_predict": 200}
        answer = await self.call(self.ollama.generate, roost.TALKER, PROMPT, format=CAPITAL, options=long)
        self.check_capital(answer.response)
        parts = await self.parts(self.ollama.generate, roost.TALKER, PROMPT, format=CAPITAL, options=long)
        self.check_capital("".join(part.response for part in parts))
        answer = await self.call(self.ollama.generate, roost.TALKER, PROMPT, format="json", options=GREEDY)
        self.assertTrue(answer.response.lstrip().startswith("{"), answer.response)
        await self.each_refused(
            400, "no-such-type", self.ollama.generate, roost.TALKER, PROMPT, format={"type": "no-such-type"})

    def check_capital(self, text):
        value = json.loads(text)
        self.assertEqual(set(value), {"capital", "sure"})
        self.assertIn(value["capital"], ("Paris", "Rome"))
        self.assertIsInstance(value["sure"], bool)

    async def test_suffix(self):
        answer = await self.call(
            self.ollama.generate, roost.TALKER, "def add(a, b):", suffix="return c", options=SHORT)
        self.assertEqual(answer.eval_count, 4)
        plain = await self.call(self.ollama.generate, roost.TALKER, "def add(a, b):", options=SHORT, raw=True)
        self.assertGreater(answer.prompt_eval_count, plain.prompt_eval_count)
        await self.each_refused(400, roost.MODEL, self.ollama.generate, roost.MODEL, "def add(a, b):", suffix="c")

    async def test_logprobs(self):
        named = {"logprobs": True, "top_logprobs": 3, "options": SHORT}
        whole = await self.call(self.ollama.generate, roost.MODEL, PROMPT, **named)
        self.check_logprobs(whole.logprobs, 4, 3)
        self.assertEqual("".join(one.token for one in whole.logprobs), whole.response)
        parts = await self.parts(self.ollama.generate, roost.MODEL, PROMPT, **named)
        self.check_logprobs([one for part in parts for one in part.logprobs or []], 4, 3)
        whole = await self.call(self.ollama.generate, roost.MODEL, PROMPT, logprobs=True, options=SHORT)
        self.check_logprobs(whole.logprobs, 4, 0)
        await self.each_refused(
            400, "top_logprobs", self.ollama.generate, roost.MODEL, PROMPT, logprobs=True, top_logprobs=21)

    def check_logprobs(self, found, count, rivals):
        self.assertEqual(len(found), count)
        for one in found:
            self.assertLessEqual(one.logprob, 0)
            self.assertEqual(len(one.top_logprobs or []), rivals)
            if rivals:
                # What is chosen without chance is the likeliest.
                self.assertEqual(one.top_logprobs[0].token, one.token)
                self.assertEqual(
                    [rival.logprob for rival in one.top_logprobs],
                    sorted((rival.logprob for rival in one.top_logprobs), reverse=True))

    async def test_think(self):
        await self.each_refused(
            400, "does not support thinking", self.ollama.generate, roost.MODEL, PROMPT, think=True)
        await self.each_refused(400, "think", self.ollama.generate, roost.TALKER, PROMPT, think="hardly")
        for think in (False, True, "low"):
            answer = await self.call(self.ollama.generate, roost.TALKER, PROMPT, options=SHORT, think=think)
            self.assertEqual(answer.eval_count, 4)

    async def test_images_of_a_model_without_eyes(self):
        await self.each_refused(400, "pictures", self.ollama.generate, roost.MODEL, PROMPT, images=[b"\x89PNG"])

    async def test_load_ps_and_unload(self):
        loaded = await self.call(self.ollama.generate, roost.MODEL, keep_alive="90s")
        self.assertEqual((loaded.done, loaded.done_reason, loaded.response), (True, "load", ""))
        running = (await self.running())[roost.MODEL]
        self.assertEqual(running.name, roost.MODEL)
        self.assertGreater(running.size, 1_000_000)
        self.assertGreaterEqual(running.size_vram, 0)
        self.assertRegex(running.digest, "^[0-9a-f]{64}$")
        self.assertEqual(running.details.family, "gemma3")
        self.assertGreater(running.context_length, 0)
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertGreater(running.expires_at, now)
        self.assertLess(running.expires_at, now + datetime.timedelta(seconds=91))
        loaded = await self.call(self.ollama.chat, roost.MODEL, keep_alive=-1)
        self.assertEqual((loaded.done_reason, loaded.message.content), ("load", ""))
        self.assertGreater(
            (await self.running())[roost.MODEL].expires_at, now + datetime.timedelta(days=365))
        unloaded = await self.call(self.ollama.generate, roost.MODEL, keep_alive=0)
        self.assertEqual((unloaded.done, unloaded.done_reason), (True, "unload"))
        self.assertNotIn(roost.MODEL, await self.running())
        await self.each_refused(400, "keep_alive", self.ollama.generate, roost.MODEL, PROMPT, keep_alive="soon")


class Chat(Case):
    async def test_chat_and_its_stream(self):
        real = await self.call(self.ollama.chat, roost.MODEL, MESSAGES, options=GREEDY)
        self.assertEqual(real.message.role, "assistant")
        self.assertTrue(real.message.content)
        self.check_end(real)
        whole = await self.call(self.ollama.chat, roost.TALKER, MESSAGES, options=GREEDY)
        self.assertIsNone(whole.message.tool_calls)
        parts = await self.parts(self.ollama.chat, roost.TALKER, MESSAGES, options=GREEDY)
        self.assertGreater(len(parts), 2)
        self.assertEqual("".join(part.message.content for part in parts), whole.message.content)
        self.assertEqual([part.done for part in parts], [False] * (len(parts) - 1) + [True])
        self.assertEqual({part.message.role for part in parts}, {"assistant"})
        self.check_end(parts[-1])

    async def test_roles(self):
        said = [
            ollama.Message(role="system", content="You are brief."),
            {"role": "user", "content": "Weather in Oslo?"},
            ollama.Message(
                role="assistant", thinking="I ask.",
                tool_calls=[{"function": {"name": "weather", "arguments": roost.ARGUMENTS}}]),
            {"role": "tool", "tool_name": "weather", "content": "Rain."},
        ]
        counts = []
        for length in (2, 4):
            answer = await self.call(self.ollama.chat, roost.TALKER, said[:length], options=SHORT)
            counts.append(answer.prompt_eval_count)
        self.assertGreater(counts[1], counts[0])
        await self.each_refused(
            400, "messages[0].role", self.ollama.chat, roost.TALKER, [{"role": "king", "content": "x"}])

    async def test_tools(self):
        plain = await self.call(self.ollama.chat, roost.TALKER, MESSAGES, options=SHORT)
        for tool in (TOOL, ollama.Tool(**TOOL), weather):
            answer = await self.call(self.ollama.chat, roost.TALKER, MESSAGES, tools=[tool], options=SHORT)
            self.assertGreater(answer.prompt_eval_count, plain.prompt_eval_count)
        await self.each_refused(
            400, "does not support tools", self.ollama.chat, roost.MODEL, MESSAGES, tools=[weather])

    async def test_calls(self):
        def ask(text, count):
            return {
                "model": roost.SPEAKER, "messages": [{"role": "user", "content": text}], "tools": [TOOL],
                "options": {"temperature": 0, "num_predict": count},
            }

        with ollama.Client(host=roost.URL) as counter:
            content = roost.padding(lambda text: counter.chat(**ask(text, 1)).prompt_eval_count)
        whole = await self.call(self.ollama.chat, **ask(content, 300))
        parts = await self.parts(self.ollama.chat, **ask(content, 300))
        for calls in (whole.message.tool_calls, [call for part in parts for call in part.message.tool_calls or []]):
            self.assertEqual([call.function.name for call in calls], ["weather"])
            self.assertEqual(calls[0].function.arguments, roost.ARGUMENTS)
        self.assertEqual(whole.done_reason, "stop")

    async def test_format(self):
        class Capital(pydantic.BaseModel):
            capital: typing.Literal["Paris", "Rome"]
            sure: bool

        answer = await self.call(
            self.ollama.chat, roost.TALKER, MESSAGES, format=Capital.model_json_schema(),
            options=GREEDY | {"num_predict": 200})
        self.assertIn(Capital.model_validate_json(answer.message.content).capital, ("Paris", "Rome"))

    async def test_logprobs(self):
        named = {"logprobs": True, "top_logprobs": 2, "options": SHORT}
        whole = await self.call(self.ollama.chat, roost.MODEL, MESSAGES, **named)
        parts = await self.parts(self.ollama.chat, roost.MODEL, MESSAGES, **named)
        for found in (whole.logprobs, [one for part in parts for one in part.logprobs or []]):
            self.assertEqual([len(one.top_logprobs) for one in found], [2] * 4)
            self.assertTrue(all(one.logprob <= 0 for one in found))

    async def test_think(self):
        await self.each_refused(400, "does not support thinking", self.ollama.chat, roost.MODEL, MESSAGES, think=True)
        answer = await self.call(self.ollama.chat, roost.TALKER, MESSAGES, think="high", options=SHORT)
        self.assertEqual(answer.eval_count, 4)

    async def test_unknown_model(self):
        await self.each_refused(404, NOT_FOUND, self.ollama.generate, MISSING, PROMPT)
        await self.each_refused(404, NOT_FOUND, self.ollama.chat, MISSING, MESSAGES)
        for function, arguments in (
            (self.ollama.show, [MISSING]), (self.ollama.delete, [MISSING]), (self.ollama.embed, [MISSING, "x"]),
            (self.ollama.embeddings, [MISSING, "x"]), (self.ollama.copy, [MISSING, "other"]),
        ):
            with self.subTest(function.__name__), self.refused(404, NOT_FOUND):
                await self.call(function, *arguments)


class Embed(Case):
    async def check_vectors(self, model):
        shown = await self.call(self.ollama.show, model)
        length = shown.modelinfo[shown.modelinfo["general.architecture"] + ".embedding_length"]
        answer = await self.call(self.ollama.embed, model, ["Water boils.", "Ice melts."])
        self.assertEqual(answer.model, model)
        self.assertEqual([len(vector) for vector in answer.embeddings], [length] * 2)
        for vector in answer.embeddings:
            self.assertAlmostEqual(math.hypot(*vector), 1, places=4)
        self.assertGreater(answer.prompt_eval_count, 4)
        self.assertGreater(answer.total_duration, 0)
        self.assertGreaterEqual(answer.load_duration, 0)
        single = await self.call(self.ollama.embed, model, "Water boils.", keep_alive="1m", options={"num_thread": 2})
        self.assertEqual(len(single.embeddings), 1)
        self.assertGreater(sum(map(float.__mul__, single.embeddings[0], answer.embeddings[0])), 0.999)
        old = (await self.call(self.ollama.embeddings, model, "Water boils.")).embedding
        self.assertEqual(len(old), length)
        cosine = sum(map(float.__mul__, old, single.embeddings[0])) / math.hypot(*old)
        self.assertGreater(cosine, 0.999)

    async def test_vectors_of_a_model_that_talks(self):
        await self.check_vectors(roost.MODEL)

    @unittest.skipUnless(roost.EMBEDDER, "no embedding model")
    async def test_vectors(self):
        await self.check_vectors(roost.EMBEDDER)
        shown = await self.call(self.ollama.show, roost.EMBEDDER)
        self.assertEqual(shown.capabilities, ["embedding"])

    @unittest.skipUnless(roost.EMBEDDER, "no embedding model")
    async def test_dimensions_and_length(self):
        answer = await self.call(self.ollama.embed, roost.EMBEDDER, "Water boils.", dimensions=8)
        self.assertEqual(len(answer.embeddings[0]), 8)
        self.assertAlmostEqual(math.hypot(*answer.embeddings[0]), 1, places=4)
        with self.refused(400, "dimensions"):
            await self.call(self.ollama.embed, roost.EMBEDDER, "Water boils.", dimensions=-1)
        long = "water " * 2000
        for truncate in (None, True):
            answer = await self.call(self.ollama.embed, roost.EMBEDDER, long, truncate=truncate)
            self.assertLessEqual(answer.prompt_eval_count, 512)
            self.assertEqual(len(answer.embeddings), 1)
        with self.refused(400, "512"):
            await self.call(self.ollama.embed, roost.EMBEDDER, long, truncate=False)
        with self.refused(400, "does not generate"):
            await self.call(self.ollama.generate, roost.EMBEDDER, PROMPT)

    async def test_empty_texts(self):
        self.assertEqual((await self.call(self.ollama.embed, roost.TALKER, "")).embeddings, [])
        self.assertEqual((await self.call(self.ollama.embed, roost.TALKER, [])).embeddings, [])
        self.assertEqual((await self.call(self.ollama.embeddings, roost.TALKER, "")).embedding, [])
        # As many vectors as texts: clients put the two lists side by side.
        answer = await self.call(self.ollama.embed, roost.MODEL, ["Water boils.", "", "Ice melts."])
        self.assertEqual(len(answer.embeddings), 3)


class Models(Case):
    async def test_list_and_show(self):
        listed = {model.model: model for model in (await self.call(self.ollama.list)).models}[roost.MODEL]
        self.assertGreater(listed.size, 1_000_000)
        self.assertRegex(listed.digest, "^[0-9a-f]{64}$")
        self.assertIsNotNone(listed.modified_at.tzinfo)
        shown = await self.call(self.ollama.show, roost.MODEL)
        self.assertEqual(shown.modelinfo["general.architecture"], "gemma3")
        self.assertEqual(shown.modelinfo["gemma3.context_length"], 32768)
        self.assertEqual(shown.capabilities, ["completion"])
        self.assertEqual(shown.license, "gemma")
        self.assertEqual(shown.template, "")
        self.assertIsNone(shown.parameters)
        self.assertIn(f"\nFROM {roost.MODEL}\n", shown.modelfile)
        self.assertEqual(shown.modified_at, listed.modified_at)
        for details in (listed.details, shown.details):
            self.assertEqual(
                (details.format, details.family, details.families), ("gguf", "gemma3", ["gemma3"]))
            self.assertEqual((details.quantization_level, details.parameter_size), ("Q4_K_M", "268.10M"))
            self.assertEqual(details.parent_model, "")
        talker = await self.call(self.ollama.show, roost.TALKER)
        self.assertLessEqual({"completion", "tools", "insert"}, set(talker.capabilities))
        self.assertIn("<tool_call>", talker.template)

    async def test_copy_and_delete(self):
        name = self.new("copied")
        self.assertEqual((await self.call(self.ollama.copy, roost.MODEL, name)).status, "success")
        listed = {model.model: model for model in (await self.call(self.ollama.list)).models}
        self.assertEqual(listed[name].digest, listed[roost.MODEL].digest)
        self.assertEqual((await self.call(self.ollama.delete, name)).status, "success")
        self.assertNotIn(name, await self.names())
        with self.refused(404, f"model '{name}' not found"):
            await self.call(self.ollama.delete, name)
        with self.refused(400, "no name"):
            await self.call(self.ollama.copy, roost.MODEL, "no name")

    async def test_names_without_a_tag(self):
        bare = roost.TALKER.removesuffix(":latest")
        self.assertNotEqual(bare, roost.TALKER)
        answer = await self.call(self.ollama.generate, bare, PROMPT, options=SHORT)
        self.assertEqual(answer.model, bare)
        self.assertEqual(
            (await self.call(self.ollama.show, bare)).template,
            (await self.call(self.ollama.show, roost.TALKER)).template)

    async def test_push(self):
        await self.each_refused(400, "does not push", self.ollama.push, roost.MODEL)
        await self.each_refused(404, NOT_FOUND, self.ollama.push, MISSING, insecure=True)


class Create(Case):
    async def test_create_from_a_model(self):
        name = self.new("mario")
        parameters = {"temperature": 0, "num_predict": 3, "num_ctx": 1024, "stop": ["<end>", "two words"]}
        parts = await self.parts(
            self.ollama.create, name, from_=roost.TALKER, system="You are Mario.", parameters=parameters,
            license=["MIT", "All of it."], messages=[{"role": "user", "content": "Hi"}, ollama.Message(
                role="assistant", content="It's me!")])
        self.assertGreater(len(parts), 2)
        self.assertEqual(parts[-1].status, "success")
        shown = await self.call(self.ollama.show, name)
        base = await self.call(self.ollama.show, roost.TALKER)
        self.assertEqual(shown.license, "MIT\n\nAll of it.")
        self.assertEqual(shown.details.parent_model, roost.TALKER)
        self.assertEqual(shown.template, base.template)
        self.assertEqual(shown.capabilities, base.capabilities)
        self.assertEqual(shown.modelinfo, base.modelinfo)
        lines = [line.split(maxsplit=1) for line in shown.parameters.splitlines()]
        self.assertEqual(
            sorted(map(tuple, lines)),
            [("num_ctx", "1024"), ("num_predict", "3"), ("stop", '"<end>"'), ("stop", '"two words"'),
             ("temperature", "0")])
        for line in ("SYSTEM", "You are Mario.", "PARAMETER num_predict 3", "MESSAGE user", "LICENSE"):
            self.assertIn(line, shown.modelfile)
        # All of it has its effect, and a request has the last word.
        answer = await self.call(self.ollama.chat, name, MESSAGES)
        plain = await self.call(self.ollama.chat, roost.TALKER, MESSAGES, options=SHORT)
        self.assertEqual((answer.eval_count, answer.done_reason), (3, "length"))
        self.assertGreater(answer.prompt_eval_count, plain.prompt_eval_count)
        self.assertEqual((await self.running())[name].context_length, 1024)
        answer = await self.call(self.ollama.generate, name, PROMPT, options={"num_predict": 2})
        self.assertEqual(answer.eval_count, 2)

    async def test_create_again_and_of_what_was_created(self):
        first, second = self.new("first"), self.new("second")
        for system in ("You are brief.", "You are loud."):
            answer = await self.call(
                self.ollama.create, first, from_=roost.TALKER, system=system,
                parameters=ollama.Options(num_predict=2))
            self.assertEqual(answer.status, "success")
        answer = await self.call(self.ollama.create, second, from_=first, parameters={"temperature": 0})
        self.assertEqual(answer.status, "success")
        shown = await self.call(self.ollama.show, second)
        self.assertIn("You are loud.", shown.modelfile)
        self.assertNotIn("You are brief.", shown.modelfile)
        self.assertEqual(shown.details.parent_model, first)
        names = [line.split()[0] for line in shown.parameters.splitlines()]
        self.assertEqual(sorted(names), ["num_predict", "temperature"])

    async def test_create_with_a_template(self):
        name = self.new("shouting")
        template = "{%- for message in messages -%}{{- message.content | upper + '\\n' -}}{%- endfor -%}"
        await self.call(self.ollama.create, name, from_=roost.MODEL, template=template)
        self.assertEqual((await self.call(self.ollama.show, name)).template, template)
        answer = await self.call(self.ollama.chat, name, MESSAGES, options=SHORT)
        self.assertEqual(answer.eval_count, 4)
        name = self.new("refused")
        await self.each_refused(
            400, "template", self.ollama.create, name, from_=roost.MODEL, template="{{ .Prompt }}")
        self.assertNotIn(name, await self.names())

    async def test_create_from_files(self):
        name = self.new("uploaded")
        file = pathlib.Path(os.environ["ROOST_TEST_TALKER"])
        for _ in range(2):
            digest = await self.call(self.ollama.create_blob, file)
            self.assertRegex(digest, "^sha256:[0-9a-f]{64}$")
        answer = await self.call(self.ollama.create, name, files={"talker.gguf": digest}, system="You are brief.")
        self.assertEqual(answer.status, "success")
        shown = await self.call(self.ollama.show, name)
        base = await self.call(self.ollama.show, roost.TALKER)
        self.assertEqual((shown.modelinfo, shown.template), (base.modelinfo, base.template))
        named = {"system": "You are brief.", "options": SHORT}
        texts = [
            (await self.call(self.ollama.generate, model, PROMPT, **named)).response
            for model in (name, roost.TALKER)
        ]
        self.assertEqual(texts[0], texts[1])

    async def test_what_cannot_be_created(self):
        name = self.new("refused")
        zeros = "sha256:" + "0" * 64
        create = self.ollama.create
        await self.each_refused(400, "a.gguf", create, name, files={"a.gguf": zeros})
        await self.each_refused(400, "a.gguf", create, name, files={"a.gguf": "md5:1"})
        await self.each_refused(400, "a.gguf", create, name, from_=roost.TALKER, adapters={"a.gguf": zeros})
        await self.each_refused(400, "q4_0", create, name, from_=roost.TALKER, quantize="q4_0")
        await self.each_refused(400, "from", create, name)
        await self.each_refused(400, "name", create, "no name", from_=roost.TALKER)
        await self.each_refused(400, "top_p", create, name, from_=roost.TALKER, parameters={"top_p": 7})
        await self.each_refused(
            400, "messages[0]", create, name, from_=roost.TALKER, messages=[{"role": "king", "content": "x"}])
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(f"This is no model of {self.tag}.".encode())
            file.flush()
            digest = await self.call(self.ollama.create_blob, file.name)
        await self.each_refused(400, "no-model.gguf", create, name, files={"no-model.gguf": digest})
        self.assertNotIn(name, await self.names())


@unittest.skipUnless(roost.REMOTE, "no hub")
class Pull(Case):
    def check_pull(self, parts):
        self.assertEqual(parts[0].status, "pulling manifest")
        self.assertEqual(parts[-1].status, "success")
        layers = {}
        for part in parts:
            if part.digest:
                self.assertRegex(part.digest, "^sha256:[0-9a-f]{64}$")
                self.assertEqual(part.status, f"pulling {part.digest[7:19]}")
                self.assertGreaterEqual(part.completed or 0, layers.get(part.digest, 0))
                self.assertLessEqual(part.completed or 0, part.total)
                layers[part.digest] = part.completed or 0
        self.assertTrue(layers)
        self.assertEqual(layers, {part.digest: part.total for part in parts if part.digest})
        statuses = [part.status for part in parts]
        self.assertLess(statuses.index("verifying sha256 digest"), statuses.index("writing manifest"))
        return layers

    async def test_pull(self):
        self.addAsyncCleanup(self.discard, roost.REMOTE)
        self.assertNotIn(roost.REMOTE, await self.names())
        layers = self.check_pull(await self.parts(self.ollama.pull, roost.REMOTE))
        listed = {model.model: model for model in (await self.call(self.ollama.list)).models}[roost.REMOTE]
        self.assertIn("sha256:" + listed.digest, layers)
        answer = await self.call(self.ollama.generate, roost.REMOTE, PROMPT, options=SHORT)
        self.assertEqual(answer.eval_count, 4)
        # What is here already is only looked at.
        again = await self.parts(self.ollama.pull, roost.REMOTE, insecure=True)
        self.assertEqual((again[0].status, again[-1].status), ("pulling manifest", "success"))
        self.assertEqual((await self.call(self.ollama.pull, roost.REMOTE)).status, "success")
        self.assertEqual((await self.names()).count(roost.REMOTE), 1)

    async def test_create_pulls_its_base(self):
        self.addAsyncCleanup(self.discard, roost.REMOTE)
        name = self.new("derived")
        parts = await self.parts(self.ollama.create, name, from_=roost.REMOTE, system="You are brief.")
        statuses = [part.status for part in parts]
        self.assertEqual((statuses[0], statuses[-1]), ("pulling manifest", "success"))
        self.assertIn(name, await self.names())
        self.assertEqual((await self.call(self.ollama.show, name)).details.parent_model, roost.REMOTE)

    async def test_what_no_hub_has(self):
        words = "pull model manifest: file does not exist"
        for name in (MISSING, "hf.co/no-such/repository"):
            with self.subTest(name):
                with self.refused(404, words):
                    await self.call(self.ollama.pull, name)
                # The stream has begun when it is found out; the package tells of no status then.
                with self.refused(-1, words):
                    await self.parts(self.ollama.pull, name)
                with self.refused(404, words):
                    await self.call(self.ollama.create, self.new("orphan"), from_=name)
        await self.each_refused(400, "invalid model name", self.ollama.pull, "/etc/passwd")


class Elsewhere(Case):
    """Calls of services that Roost does not have."""

    async def test_cloud_and_system_one(self):
        questions = {"sure": {"type": "noul", "instructions": "Is it?"}}
        with self.assertRaises(ollama.ResponseError) as caught:
            await self.call(self.ollama.systemone, roost.MODEL, "state", questions)
        self.assertEqual(caught.exception.status_code, 404)
        # The package calls its maker's address; here the same requests come to Roost.
        client = self.client(headers={"Authorization": "Bearer none"}, mounts=self.cloud())
        self.addAsyncCleanup(self.close, client)
        for function, path in ((client.web_search, "/api/web_search"), (client.web_fetch, "/api/web_fetch")):
            with self.subTest(path), self.refused(404, path):
                await self.call(function, "Roost")


CASES = (Generate, Chat, Embed, Models, Create, Pull, Elsewhere)
for case in CASES:
    for kind in (Plain, Loop):
        name = f"{case.__name__}{kind.__name__}"
        globals()[name] = type(name, (kind, case), {"tag": kind.__name__.lower(), "__module__": __name__})


class Cancellation(unittest.TestCase):
    def test_in_mid_stream_frees_the_slot(self):
        with ollama.Client(host=roost.URL) as client:
            for start in (
                lambda: client.generate(roost.MODEL, PROMPT, options=ENDLESS, stream=True),
                lambda: client.chat(roost.MODEL, MESSAGES, options=ENDLESS, stream=True),
            ):
                stream = start()
                for _ in range(3):
                    self.assertFalse(next(stream).done)
                self.assertEqual(roost.active_requests(), 1)
                stream.close()
                roost.wait_until_idle()
                self.assertTrue(client.generate(roost.MODEL, PROMPT, options=GREEDY).done)


class AsyncCancellation(unittest.IsolatedAsyncioTestCase):
    async def test_of_a_task_frees_the_slot(self):
        async with ollama.AsyncClient(host=roost.URL) as client:
            started = asyncio.Event()

            async def read():
                async for _ in await client.chat(roost.MODEL, MESSAGES, options=ENDLESS, stream=True):
                    started.set()

            reader = asyncio.create_task(read())
            await started.wait()
            reader.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await reader
            await asyncio.to_thread(roost.wait_until_idle)


class Package(unittest.TestCase):
    def test_no_call_is_left_out(self):
        """A call that a newer package has must be tried here too."""
        for kind in (ollama.Client, ollama.AsyncClient):
            calls = {name for name in vars(kind) if not name.startswith("_")} - {"close"}
            self.assertEqual(
                calls, {
                    "chat", "copy", "create", "create_blob", "delete", "embed", "embeddings", "generate", "list", "ps",
                    "pull", "push", "show", "systemone", "web_fetch", "web_search",
                })


def load_tests(loader, _, __):
    """Without the cases that no client has been put into."""
    kinds = [value for value in globals().values() if isinstance(value, type) and issubclass(value, unittest.TestCase)]
    return unittest.TestSuite(
        loader.loadTestsFromTestCase(kind) for kind in kinds if kind not in (Case, *CASES))


if __name__ == "__main__":
    unittest.main()
