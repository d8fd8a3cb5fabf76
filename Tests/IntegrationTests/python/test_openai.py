"""The `openai` package against a Roost server, unchanged."""

import asyncio
import unittest

import openai

import roost

PROMPT = "The capital of France is"
MESSAGES = [{"role": "user", "content": PROMPT}]
GREEDY = {"model": roost.MODEL, "temperature": 0, "max_tokens": 16}
# Token 1 is Gemma's end of sequence.
ENDLESS = GREEDY | {"max_tokens": roost.ENDLESS_TOKENS, "logit_bias": {"1": -100}, "stream": True}
OPTIONS = {"base_url": roost.URL + "/v1", "api_key": "none", "max_retries": 0}


class OpenAIClient(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(**OPTIONS)
        self.addCleanup(self.client.close)

    def test_models(self):
        listed = {model.id: model for model in self.client.models.list()}
        self.assertEqual(listed[roost.MODEL].object, "model")
        self.assertGreater(listed[roost.MODEL].created, 0)
        self.assertEqual(self.client.models.retrieve(roost.MODEL).id, roost.MODEL)

    def test_completion_and_its_stream(self):
        whole = self.client.completions.create(prompt=PROMPT, **GREEDY)
        self.assertIn("capital", whole.choices[0].text)
        self.assertIn(whole.choices[0].finish_reason, ("stop", "length"))
        self.assertGreater(whole.usage.completion_tokens, 0)
        self.assertEqual(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens)
        chunks = list(self.client.completions.create(prompt=PROMPT, stream=True, **GREEDY))
        self.assertGreater(len(chunks), 2)
        self.assertEqual("".join(chunk.choices[0].text for chunk in chunks), whole.choices[0].text)
        self.assertEqual(chunks[-1].choices[0].finish_reason, whole.choices[0].finish_reason)

    def test_chat_and_its_stream(self):
        whole = self.client.chat.completions.create(messages=MESSAGES, **GREEDY)
        self.assertEqual(whole.object, "chat.completion")
        self.assertEqual(whole.choices[0].message.role, "assistant")
        self.assertTrue(whole.choices[0].message.content)
        chunks = list(
            self.client.chat.completions.create(
                messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **GREEDY
            )
        )
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
        self.assertTrue(all(chunk.usage is None for chunk in chunks[:-1]))

    def test_stop_string(self):
        answer = self.client.completions.create(prompt=PROMPT, stop="capital", **GREEDY)
        self.assertNotIn("capital", answer.choices[0].text)
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_cancel_in_mid_stream_frees_the_slot(self):
        for start in (
            lambda: self.client.completions.create(prompt=PROMPT, **ENDLESS),
            lambda: self.client.chat.completions.create(messages=MESSAGES, **ENDLESS),
        ):
            stream = start()
            for _ in range(3):
                self.assertIsNone(next(stream).choices[0].finish_reason)
            self.assertEqual(roost.active_requests(), 1)
            stream.close()
            roost.wait_until_idle()
            self.assertTrue(self.client.completions.create(prompt=PROMPT, **GREEDY).choices)

    def test_unknown_model(self):
        for call in (
            lambda: self.client.completions.create(model="no-such-model", prompt=PROMPT),
            lambda: self.client.chat.completions.create(model="no-such-model", messages=MESSAGES),
            lambda: self.client.chat.completions.create(model="no-such-model", messages=MESSAGES, stream=True),
            lambda: self.client.models.retrieve("no-such-model"),
        ):
            with self.assertRaises(openai.NotFoundError) as caught:
                call()
            self.assertEqual(caught.exception.status_code, 404)
            self.assertEqual(caught.exception.code, "model_not_found")
            self.assertIn("no-such-model", caught.exception.message)

    def test_wrong_parameter(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model=roost.MODEL, messages=MESSAGES, n=1000)
        self.assertEqual(caught.exception.param, "n")

    def test_choices(self):
        answer = self.client.chat.completions.create(
            model=roost.MODEL, messages=MESSAGES, n=2, max_tokens=6, temperature=1, seed=1)
        self.assertEqual([choice.index for choice in answer.choices], [0, 1])
        self.assertTrue(all(choice.message.content for choice in answer.choices))
        self.assertEqual(answer.usage.completion_tokens, 12)


class AsyncOpenAIClient(unittest.IsolatedAsyncioTestCase):
    async def test_chat_and_cancel(self):
        async with openai.AsyncOpenAI(**OPTIONS) as client:
            answer = await client.chat.completions.create(messages=MESSAGES, **GREEDY)
            self.assertTrue(answer.choices[0].message.content)
            started = asyncio.Event()

            async def read():
                async for _ in await client.chat.completions.create(messages=MESSAGES, **ENDLESS):
                    started.set()

            reader = asyncio.create_task(read())
            await started.wait()
            reader.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await reader
            await asyncio.to_thread(roost.wait_until_idle)
            with self.assertRaises(openai.NotFoundError):
                await client.completions.create(model="no-such-model", prompt=PROMPT)


if __name__ == "__main__":
    unittest.main()
