"""The `ollama` package against a Roost server, unchanged: answers and vectors, from both of its clients."""

import asyncio
import datetime
import json
import math
import typing
import unittest

import ollama
import pydantic

import roost
from ollama_clients import ENDLESS, GREEDY, MESSAGES, MISSING, NOT_FOUND, PROMPT, SHORT, Case, put_clients

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


put_clients((Generate, Chat, Embed), globals())

if __name__ == "__main__":
    unittest.main()
