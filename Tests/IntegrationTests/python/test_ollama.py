"""The `ollama` package against a Roost server, unchanged."""

import asyncio
import datetime
import unittest

import ollama

import roost

GREEDY = {"temperature": 0, "num_predict": 16, "seed": 1}
ENDLESS = {"temperature": 0, "num_predict": roost.ENDLESS_TOKENS, "seed": 1, "repeat_penalty": 1.0}
PROMPT = "The capital of France is"
MESSAGES = [{"role": "user", "content": PROMPT}]


class OllamaClient(unittest.TestCase):
    def setUp(self):
        self.client = ollama.Client(host=roost.URL)
        self.addCleanup(self.client.close)

    def test_list_has_the_model_with_its_facts(self):
        model = {model.model: model for model in self.client.list().models}[roost.MODEL]
        self.assertGreater(model.size, 1_000_000)
        self.assertRegex(model.digest, "^[0-9a-f]{64}$")
        self.assertIsInstance(model.modified_at, datetime.datetime)
        self.assertEqual(model.details.format, "gguf")
        self.assertEqual(model.details.family, "gemma3")
        self.assertEqual(model.details.quantization_level, "Q4_K_M")
        self.assertEqual(model.details.parameter_size, "268.10M")

    def test_show(self):
        shown = self.client.show(roost.MODEL)
        self.assertEqual(shown.modelinfo["general.architecture"], "gemma3")
        self.assertIn("completion", shown.capabilities)

    def test_generate(self):
        answer = self.client.generate(roost.MODEL, PROMPT, options=GREEDY)
        self.assertIn("capital", answer.response)
        self.assertTrue(answer.done)
        self.assertIn(answer.done_reason, ("stop", "length"))
        self.assertGreater(answer.prompt_eval_count, 4)
        self.assertGreater(answer.eval_count, 0)
        self.assertGreater(answer.eval_duration, 0)
        self.assertGreater(answer.total_duration, answer.eval_duration)

    def test_generate_streams_the_same_text(self):
        whole = self.client.generate(roost.MODEL, PROMPT, options=GREEDY).response
        parts = list(self.client.generate(roost.MODEL, PROMPT, options=GREEDY, stream=True))
        self.assertGreater(len(parts), 2)
        self.assertEqual("".join(part.response for part in parts), whole)
        self.assertEqual([part.done for part in parts], [False] * (len(parts) - 1) + [True])

    def test_chat_and_its_stream(self):
        whole = self.client.chat(roost.MODEL, MESSAGES, options=GREEDY)
        self.assertEqual(whole.message.role, "assistant")
        self.assertTrue(whole.message.content)
        parts = list(self.client.chat(roost.MODEL, MESSAGES, options=GREEDY, stream=True))
        self.assertEqual("".join(part.message.content for part in parts), whole.message.content)
        self.assertTrue(parts[-1].done)

    def test_stop_string(self):
        answer = self.client.generate(roost.MODEL, PROMPT, options=GREEDY | {"stop": ["capital"]})
        self.assertNotIn("capital", answer.response)
        self.assertEqual(answer.done_reason, "stop")

    def test_cancel_in_mid_stream_frees_the_slot(self):
        for start in (
            lambda: self.client.generate(roost.MODEL, PROMPT, options=ENDLESS, stream=True),
            lambda: self.client.chat(roost.MODEL, MESSAGES, options=ENDLESS, stream=True),
        ):
            stream = start()
            for _ in range(3):
                self.assertFalse(next(stream).done)
            self.assertEqual(roost.active_requests(), 1)
            stream.close()
            roost.wait_until_idle()
            self.assertTrue(self.client.generate(roost.MODEL, PROMPT, options=GREEDY).done)

    def test_unknown_model(self):
        for call in (
            lambda: self.client.generate("no-such-model", PROMPT),
            lambda: self.client.chat("no-such-model", MESSAGES),
            lambda: list(self.client.chat("no-such-model", MESSAGES, stream=True)),
            lambda: self.client.show("no-such-model"),
            lambda: self.client.delete("no-such-model"),
        ):
            with self.assertRaises(ollama.ResponseError) as caught:
                call()
            self.assertEqual(caught.exception.status_code, 404)
            self.assertEqual(caught.exception.error, "model 'no-such-model' not found")

    def test_wrong_option(self):
        with self.assertRaises(ollama.ResponseError) as caught:
            self.client.generate(roost.MODEL, PROMPT, options={"top_p": 7})
        self.assertEqual(caught.exception.status_code, 400)

    def test_load_ps_and_unload(self):
        self.client.generate(roost.MODEL)
        loaded = {model.model: model for model in self.client.ps().models}[roost.MODEL]
        self.assertGreater(loaded.size, 1_000_000)
        self.assertGreater(loaded.context_length, 0)
        self.assertGreater(loaded.expires_at, datetime.datetime.now(datetime.timezone.utc))
        self.client.generate(roost.MODEL, keep_alive=0)
        self.assertNotIn(roost.MODEL, [model.model for model in self.client.ps().models])

    def test_copy_and_delete(self):
        self.client.copy(roost.MODEL, "copied:once")
        self.assertIn("copied:once", [model.model for model in self.client.list().models])
        self.client.delete("copied:once")
        self.assertNotIn("copied:once", [model.model for model in self.client.list().models])


class AsyncOllamaClient(unittest.IsolatedAsyncioTestCase):
    async def test_generate_chat_and_cancel(self):
        async with ollama.AsyncClient(host=roost.URL) as client:
            self.assertIn(roost.MODEL, [model.model for model in (await client.list()).models])
            answer = await client.generate(roost.MODEL, PROMPT, options=GREEDY)
            self.assertIn("capital", answer.response)
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
            with self.assertRaises(ollama.ResponseError) as caught:
                await client.generate("no-such-model", PROMPT)
            self.assertEqual(caught.exception.status_code, 404)


if __name__ == "__main__":
    unittest.main()
