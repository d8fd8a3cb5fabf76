"""The `anthropic` package against a Roost server, unchanged."""

import asyncio
import unittest

import anthropic

import roost

MESSAGES = [{"role": "user", "content": "The capital of France is"}]
# The package has no argument for the temperature, which the API still takes.
REAL = {"model": roost.MODEL, "max_tokens": 16, "messages": MESSAGES, "extra_body": {"temperature": 0}}
GREEDY = REAL | {"model": roost.TALKER}
TOOLS = [
    {"name": "weather", "description": "The weather of a city.", "input_schema": roost.WEATHER["parameters"]},
]
OPTIONS = {"base_url": roost.URL, "api_key": "none", "max_retries": 0}


class Client(unittest.TestCase):
    def setUp(self):
        self.client = anthropic.Anthropic(**OPTIONS)
        self.addCleanup(self.client.close)

    def test_message_and_its_stream(self):
        self.assertIn("capital", self.client.messages.create(**REAL).content[0].text)
        whole = self.client.messages.create(**GREEDY)
        self.assertEqual((whole.type, whole.role, whole.model), ("message", "assistant", roost.TALKER))
        self.assertEqual(whole.content[0].type, "text")
        self.assertIn(whole.stop_reason, ("end_turn", "max_tokens"))
        self.assertGreater(whole.usage.output_tokens, 0)
        events = list(self.client.messages.create(**GREEDY, stream=True))
        self.assertEqual(events[0].type, "message_start")
        self.assertEqual(events[-1].type, "message_stop")
        text = "".join(event.delta.text for event in events if event.type == "content_block_delta")
        self.assertEqual(text, whole.content[0].text)

    def test_stream_helper(self):
        with self.client.messages.stream(**GREEDY) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(final.content[0].text, text)
        whole = self.client.messages.create(**GREEDY)
        self.assertEqual(text, whole.content[0].text)
        self.assertEqual(final.stop_reason, whole.stop_reason)
        self.assertEqual(final.usage.output_tokens, whole.usage.output_tokens)

    def test_tokens_are_counted(self):
        whole = self.client.messages.create(**GREEDY, system="Be brief.")
        count = self.client.messages.count_tokens(model=roost.TALKER, messages=MESSAGES, system="Be brief.")
        self.assertEqual(count.input_tokens, whole.usage.input_tokens + whole.usage.cache_read_input_tokens)

    def test_stop_sequence(self):
        answer = self.client.messages.create(**REAL, stop_sequences=["capital"])
        self.assertEqual((answer.stop_reason, answer.stop_sequence), ("stop_sequence", "capital"))
        self.assertFalse(any("capital" in block.text for block in answer.content))

    def test_structured_output(self):
        schema = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
        answer = self.client.messages.create(
            **GREEDY | {"max_tokens": 500},
            output_config={"format": {"type": "json_schema", "schema": schema | {"additionalProperties": False}}},
        )
        self.assertRegex(answer.content[0].text, r'^\s*\{\s*"sure"\s*:\s*(true|false)\s*\}\s*$')

    def test_models(self):
        listed = {model.id: model for model in self.client.models.list()}
        self.assertEqual(listed[roost.MODEL].type, "model")
        self.assertEqual(self.client.models.retrieve(roost.MODEL).display_name, roost.MODEL)

    def ask(self, text):
        return {"model": roost.SPEAKER, "tools": TOOLS, "messages": [{"role": "user", "content": text}]}

    def test_tools(self):
        content = roost.padding(lambda text: self.client.messages.count_tokens(**self.ask(text)).input_tokens)
        for choice in ({"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "weather"}):
            answer = self.client.messages.create(**self.ask(content), max_tokens=300, tool_choice=choice)
            self.assertEqual(answer.stop_reason, "tool_use")
            block = answer.content[0]
            self.assertEqual((block.type, block.name, block.input), ("tool_use", "weather", roost.ARGUMENTS))
        with self.client.messages.stream(**self.ask(content), max_tokens=300) as stream:
            types = {event.type for event in stream}
            final = stream.get_final_message()
        self.assertIn("input_json", types)
        self.assertEqual(final.content[0].input, roost.ARGUMENTS)
        answered = self.client.messages.create(
            model=roost.SPEAKER, tools=TOOLS, max_tokens=1,
            messages=[
                {"role": "user", "content": "Oslo?"},
                {"role": "assistant", "content": answer.content},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": block.id, "content": "no such city", "is_error": True},
                    {"type": "text", "text": "And now?"},
                ]},
            ],
        )
        self.assertEqual(answered.role, "assistant")

    def test_errors(self):
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.client.messages.create(**GREEDY | {"model": "no-such-model"})
        self.assertEqual(caught.exception.body["error"]["type"], "not_found_error")
        self.assertIn("no-such-model", caught.exception.message)
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.messages.create(**GREEDY | {"extra_body": {"temperature": -1}})
        self.assertEqual(caught.exception.body["error"]["type"], "invalid_request_error")
        self.assertIn("temperature", caught.exception.message)
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.messages.create(
                **GREEDY | {"messages": [{"role": "user", "content": [{"type": "document", "source": {
                    "type": "text", "media_type": "text/plain", "data": "x"}}]}]}
            )
        self.assertIn("messages[0].content[0].type", caught.exception.message)

    def test_cancel_in_mid_stream_frees_the_slot(self):
        roost.wait_until_idle()
        stream = self.client.messages.create(**REAL | {"max_tokens": roost.ENDLESS_TOKENS}, stream=True)
        for _ in range(3):
            while next(stream).type != "content_block_delta":
                pass
        self.assertEqual(roost.active_requests(), 1)
        stream.close()
        roost.wait_until_idle()


class AsyncClient(unittest.IsolatedAsyncioTestCase):
    async def test_every_call(self):
        async with anthropic.AsyncAnthropic(**OPTIONS) as client:
            whole = await client.messages.create(**GREEDY)
            events = [event async for event in await client.messages.create(**GREEDY, stream=True)]
            text = "".join(event.delta.text for event in events if event.type == "content_block_delta")
            self.assertEqual(text, whole.content[0].text)
            async with client.messages.stream(**GREEDY) as stream:
                self.assertEqual((await stream.get_final_message()).content[0].text, text)
            count = await client.messages.count_tokens(model=roost.TALKER, messages=MESSAGES)
            self.assertEqual(count.input_tokens, whole.usage.input_tokens + whole.usage.cache_read_input_tokens)
            answers = await asyncio.gather(*(client.messages.create(**GREEDY) for _ in range(4)))
            self.assertTrue(all(answer.content for answer in answers))
            with self.assertRaises(anthropic.NotFoundError):
                await client.messages.create(**GREEDY | {"model": "no-such-model"})


if __name__ == "__main__":
    unittest.main()
