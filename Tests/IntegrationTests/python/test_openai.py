"""The `openai` package against a Roost server, unchanged."""

import asyncio
import json
import math
import typing
import unittest

import openai
import pydantic

import roost

PROMPT = "The capital of France is"
MESSAGES = [{"role": "user", "content": PROMPT}]
GREEDY = {"model": roost.MODEL, "temperature": 0, "max_tokens": 16}
TALK = GREEDY | {"model": roost.TALKER}
# Token 1 is Gemma's end of sequence.
ENDLESS = GREEDY | {"max_tokens": roost.ENDLESS_TOKENS, "logit_bias": {"1": -100}, "stream": True}
OPTIONS = {"base_url": roost.URL + "/v1", "api_key": "none", "max_retries": 0}
RESPONSE = {"model": roost.TALKER, "temperature": 0, "max_output_tokens": 16, "input": PROMPT}
TOOLS = [{"type": "function", "function": roost.WEATHER}]


class Capital(pydantic.BaseModel):
    """An answer of which there are few, so that a small model comes to its end."""

    capital: typing.Literal["Paris", "Rome"]
    sure: bool


class Client(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(**OPTIONS)
        self.addCleanup(self.client.close)


class Models(Client):
    def test_models(self):
        listed = {model.id: model for model in self.client.models.list()}
        self.assertEqual(listed[roost.MODEL].object, "model")
        self.assertGreater(listed[roost.MODEL].created, 0)
        self.assertEqual(self.client.models.retrieve(roost.MODEL).id, roost.MODEL)

    def test_delete(self):
        deleted = self.client.models.delete("spare:latest")
        self.assertEqual((deleted.id, deleted.object, deleted.deleted), ("spare:latest", "model", True))
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("spare:latest")


class Completions(Client):
    def test_completion_and_its_stream(self):
        whole = self.client.completions.create(prompt=PROMPT, **GREEDY)
        self.assertIn("capital", whole.choices[0].text)
        self.assertIn(whole.choices[0].finish_reason, ("stop", "length"))
        self.assertGreater(whole.usage.completion_tokens, 0)
        self.assertEqual(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens)
        whole = self.client.completions.create(prompt=PROMPT, **TALK)
        chunks = list(self.client.completions.create(prompt=PROMPT, stream=True, **TALK))
        self.assertGreater(len(chunks), 2)
        self.assertEqual("".join(chunk.choices[0].text for chunk in chunks), whole.choices[0].text)
        self.assertEqual(chunks[-1].choices[0].finish_reason, whole.choices[0].finish_reason)

    def test_stop_string(self):
        answer = self.client.completions.create(prompt=PROMPT, stop="capital", **GREEDY)
        self.assertNotIn("capital", answer.choices[0].text)
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_several_prompts(self):
        prompts = [PROMPT, "Water boils at", "Once upon a"]
        single = [self.client.completions.create(prompt=prompt, **TALK) for prompt in prompts]
        joint = self.client.completions.create(prompt=prompts, **TALK)
        self.assertEqual([choice.index for choice in joint.choices], [0, 1, 2])
        self.assertEqual([choice.text for choice in joint.choices], [answer.choices[0].text for answer in single])
        self.assertEqual(joint.usage.prompt_tokens, sum(answer.usage.prompt_tokens for answer in single))
        texts = ["", "", ""]
        for chunk in self.client.completions.create(prompt=prompts, stream=True, **TALK):
            for choice in chunk.choices:
                texts[choice.index] += choice.text
        self.assertEqual(texts, [choice.text for choice in joint.choices])

    def test_echo_logprobs_and_choices(self):
        answer = self.client.completions.create(prompt=PROMPT, echo=True, **GREEDY)
        self.assertTrue(answer.choices[0].text.startswith(PROMPT))
        answer = self.client.completions.create(prompt=PROMPT, logprobs=3, **GREEDY)
        logprobs = answer.choices[0].logprobs
        self.assertEqual("".join(logprobs.tokens), answer.choices[0].text)
        self.assertEqual(len(logprobs.tokens), len(logprobs.token_logprobs))
        self.assertTrue(all(len(top) == 3 for top in logprobs.top_logprobs))
        self.assertEqual(logprobs.text_offset[0], 0)
        answer = self.client.completions.create(model=roost.MODEL, prompt=PROMPT, n=3, seed=1, max_tokens=4)
        self.assertEqual(len(answer.choices), 3)


class Chats(Client):
    def test_chat_and_its_stream(self):
        self.assertTrue(self.client.chat.completions.create(messages=MESSAGES, **GREEDY).choices[0].message.content)
        whole = self.client.chat.completions.create(messages=MESSAGES, **TALK)
        self.assertEqual(whole.object, "chat.completion")
        self.assertEqual(whole.choices[0].message.role, "assistant")
        self.assertTrue(whole.choices[0].message.content)
        self.assertIsNone(whole.choices[0].message.refusal)
        self.assertTrue(whole.system_fingerprint)
        self.assertEqual(whole.usage.completion_tokens_details.reasoning_tokens, 0)
        self.assertGreaterEqual(whole.usage.prompt_tokens_details.cached_tokens, 0)
        chunks = list(
            self.client.chat.completions.create(
                messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **TALK
            )
        )
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
        self.assertTrue(all(chunk.usage is None for chunk in chunks[:-1]))

    def test_what_is_accepted_besides(self):
        answer = self.client.chat.completions.create(
            messages=[{"role": "developer", "content": "Be brief."}, *MESSAGES], **GREEDY,
            user="somebody", store=True, metadata={"a": "b"}, service_tier="auto", reasoning_effort="low",
            parallel_tool_calls=False, presence_penalty=0.5, frequency_penalty=0.5, top_p=0.9, seed=7,
            safety_identifier="s", prompt_cache_key="k", verbosity="low", modalities=["text"],
        )
        self.assertTrue(answer.choices[0].message.content)

    def test_seed(self):
        texts = [
            self.client.chat.completions.create(
                model=roost.MODEL, messages=MESSAGES, seed=seed, temperature=1, max_tokens=16
            ).choices[0].message.content
            for seed in (11, 11, 12)
        ]
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])

    def test_logprobs(self):
        answer = self.client.chat.completions.create(messages=MESSAGES, logprobs=True, top_logprobs=2, **GREEDY)
        tokens = answer.choices[0].logprobs.content
        self.assertEqual(bytes(b for token in tokens for b in token.bytes).decode(), answer.choices[0].message.content)
        for token in tokens:
            self.assertEqual(len(token.top_logprobs), 2)
            # The likeliest is chosen.
            self.assertEqual(token.logprob, token.top_logprobs[0].logprob)
            self.assertLessEqual(math.exp(token.logprob), 1)

    def test_choices(self):
        answer = self.client.chat.completions.create(
            model=roost.MODEL, messages=MESSAGES, n=2, max_tokens=6, temperature=1, seed=1
        )
        self.assertEqual([choice.index for choice in answer.choices], [0, 1])
        self.assertTrue(all(choice.message.content for choice in answer.choices))
        self.assertEqual(answer.usage.completion_tokens, 12)

    def test_json(self):
        answer = self.client.chat.completions.create(
            messages=MESSAGES, response_format={"type": "json_object"}, **TALK
        )
        self.assertTrue(answer.choices[0].message.content.lstrip().startswith("{"))

    def test_parse(self):
        answer = self.client.chat.completions.parse(
            messages=MESSAGES, response_format=Capital, **TALK | {"max_tokens": 500}
        )
        self.assertIsInstance(answer.choices[0].message.parsed, Capital)

    def test_stream_helper(self):
        with self.client.chat.completions.stream(
            messages=MESSAGES, response_format=Capital, **TALK | {"max_tokens": 500}
        ) as stream:
            events = list(stream)
            final = stream.get_final_completion()
        self.assertIn("content.delta", {event.type for event in events})
        self.assertIsInstance(final.choices[0].message.parsed, Capital)


class Tools(Client):
    def arguments(self, **more):
        def count(text):
            return self.client.post(
                "/chat/completions/input_tokens",
                body={"model": roost.SPEAKER, "tools": TOOLS, "messages": [{"role": "user", "content": text}]},
                cast_to=object,
            )["input_tokens"]

        content = roost.padding(count)
        return {"model": roost.SPEAKER, "tools": TOOLS, "messages": [{"role": "user", "content": content}]} | more

    def test_call(self):
        for choice in ("auto", "required", {"type": "function", "function": {"name": "weather"}}):
            answer = self.client.chat.completions.create(**self.arguments(tool_choice=choice))
            self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
            call = answer.choices[0].message.tool_calls[0]
            self.assertEqual((call.type, call.function.name), ("function", "weather"))
            self.assertEqual(json.loads(call.function.arguments), roost.ARGUMENTS)
            self.assertIsNone(answer.choices[0].message.content)

    def test_stream(self):
        chunks = list(self.client.chat.completions.create(**self.arguments(stream=True)))
        deltas = [d for chunk in chunks for d in chunk.choices[0].delta.tool_calls or []]
        self.assertEqual(deltas[0].function.name, "weather")
        self.assertTrue(deltas[0].id)
        self.assertEqual(json.loads("".join(d.function.arguments or "" for d in deltas)), roost.ARGUMENTS)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "tool_calls")

    def test_helper(self):
        class weather(pydantic.BaseModel):
            """The weather of a city."""

            city: str
            days: int

        tool = openai.pydantic_function_tool(weather)

        def ask(text, **more):
            return {"model": roost.SPEAKER, "tools": [tool], "messages": [{"role": "user", "content": text}]} | more

        content = roost.padding(
            lambda text: self.client.chat.completions.create(**ask(text, max_tokens=1)).usage.prompt_tokens
        )
        parsed = self.client.chat.completions.parse(**ask(content))
        self.assertEqual(parsed.choices[0].message.tool_calls[0].function.parsed_arguments, weather(**roost.ARGUMENTS))
        with self.client.chat.completions.stream(**ask(content)) as stream:
            stream.until_done()
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.tool_calls[0].function.parsed_arguments, weather(**roost.ARGUMENTS))

    def test_none(self):
        # Told to call nothing, it says the same as text.
        arguments = self.arguments()
        answer = self.client.chat.completions.create(**arguments | {"tool_choice": "none"}, max_tokens=40)
        self.assertFalse(answer.choices[0].message.tool_calls)

    def test_history(self):
        answer = self.client.chat.completions.create(
            model=roost.SPEAKER, tools=TOOLS, max_tokens=1,
            messages=[
                {"role": "user", "content": "Oslo?"},
                {"role": "assistant", "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Oslo\"}"}}
                ]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            ],
        )
        self.assertEqual(len(answer.choices), 1)

    def test_responses(self):
        tool = {"type": "function"} | roost.WEATHER

        def ask(text):
            return {"model": roost.SPEAKER, "tools": [tool], "input": [{"role": "user", "content": text}]}

        content = roost.padding(lambda text: self.client.responses.input_tokens.count(**ask(text)).input_tokens)
        response = self.client.responses.create(**ask(content))
        self.assertEqual(response.status, "completed")
        call = response.output[0]
        self.assertEqual((call.type, call.name, json.loads(call.arguments)), ("function_call", "weather", roost.ARGUMENTS))
        with self.client.responses.stream(**ask(content)) as stream:
            types = [event.type for event in stream]
            final = stream.get_final_response()
        self.assertIn("response.function_call_arguments.delta", types)
        self.assertEqual(json.loads(final.output[0].arguments), roost.ARGUMENTS)
        answered = self.client.responses.create(
            model=roost.SPEAKER, tools=[tool], previous_response_id=response.id, max_output_tokens=1,
            input=[{"type": "function_call_output", "call_id": call.call_id, "output": "rain"}],
        )
        self.assertEqual(answered.previous_response_id, response.id)


class Responses(Client):
    def test_response_and_its_stream(self):
        whole = self.client.responses.create(**RESPONSE)
        self.assertTrue(whole.output_text)
        self.assertEqual(whole.usage.total_tokens, whole.usage.input_tokens + whole.usage.output_tokens)
        events = list(self.client.responses.create(**RESPONSE, stream=True))
        self.assertEqual(events[0].type, "response.created")
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        self.assertEqual(text, whole.output_text)
        self.assertEqual(events[-1].type, "response." + whole.status)
        self.assertEqual(events[-1].response.output_text, text)

    def test_conversation(self):
        first = self.client.responses.create(**RESPONSE)
        second = self.client.responses.create(**RESPONSE | {"input": "And of Italy?", "previous_response_id": first.id})
        self.assertGreater(second.usage.input_tokens, first.usage.input_tokens)
        listed = list(self.client.responses.input_items.list(second.id))
        self.assertEqual(listed[0].content[0].text, "And of Italy?")
        self.assertEqual(self.client.responses.retrieve(first.id).output_text, first.output_text)
        spelled = self.client.responses.create(**RESPONSE | {"input": [
            {"role": "user", "content": PROMPT}, *first.to_dict()["output"], {"role": "user", "content": "And of Italy?"},
        ]})
        self.assertEqual(spelled.usage.input_tokens, second.usage.input_tokens)
        self.assertEqual(spelled.output_text, second.output_text)
        self.client.responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError):
            self.client.responses.retrieve(first.id)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.responses.create(**RESPONSE | {"previous_response_id": first.id})
        self.assertEqual(caught.exception.code, "previous_response_not_found")

    def test_many_input_items(self):
        items = [{"role": "user", "content": str(number)} for number in range(45)]
        response = self.client.responses.create(**RESPONSE | {"input": items, "max_output_tokens": 1})
        listed = list(self.client.responses.input_items.list(response.id, order="asc"))
        self.assertEqual([item.content[0].text for item in listed], [str(number) for number in range(45)])

    def test_parse_and_stream_helper(self):
        options = RESPONSE | {"max_output_tokens": 500}
        parsed = self.client.responses.parse(**options, text_format=Capital)
        self.assertIsInstance(parsed.output_parsed, Capital)
        with self.client.responses.stream(**options, text_format=Capital) as stream:
            types = {event.type for event in stream}
            final = stream.get_final_response()
        self.assertIn("response.output_text.delta", types)
        self.assertIsInstance(final.output_parsed, Capital)

    def test_logprobs(self):
        response = self.client.responses.create(**RESPONSE, top_logprobs=2, include=["message.output_text.logprobs"])
        logprobs = response.output[0].content[0].logprobs
        # A tiny model's answer may end within a character.
        text = bytes(b for token in logprobs for b in token.bytes).decode(errors="replace")
        self.assertEqual(text, response.output_text)
        self.assertTrue(all(len(token.top_logprobs) == 2 for token in logprobs))

    def test_what_is_not_offered(self):
        for more, param in (
            ({"background": True}, "background"),
            ({"conversation": "conv_1"}, "conversation"),
            ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.client.responses.create(**RESPONSE, **more)
            self.assertEqual(caught.exception.param, param)
        response = self.client.responses.create(**RESPONSE)
        with self.assertRaises(openai.BadRequestError):
            self.client.responses.cancel(response.id)


@unittest.skipUnless(roost.EMBEDDER, "no embedding model")
class Embeddings(Client):
    def test_embeddings(self):
        # The package asks for base64 when nothing is said.
        packed = self.client.embeddings.create(model=roost.EMBEDDER, input=["hello", "world"])
        plain = self.client.embeddings.create(model=roost.EMBEDDER, input=["hello", "world"], encoding_format="float")
        self.assertEqual([item.index for item in packed.data], [0, 1])
        self.assertGreater(packed.usage.total_tokens, 0)
        for one, other in zip(packed.data, plain.data):
            self.assertEqual(len(one.embedding), 384)
            self.assertLess(max(abs(a - b) for a, b in zip(one.embedding, other.embedding)), 1e-6)
        short = self.client.embeddings.create(model=roost.EMBEDDER, input="hello", dimensions=64)
        self.assertEqual(len(short.data[0].embedding), 64)


class Errors(Client):
    def test_unknown_model(self):
        for call in (
            lambda: self.client.completions.create(model="no-such-model", prompt=PROMPT),
            lambda: self.client.chat.completions.create(model="no-such-model", messages=MESSAGES),
            lambda: self.client.chat.completions.create(model="no-such-model", messages=MESSAGES, stream=True),
            lambda: self.client.responses.create(model="no-such-model", input=PROMPT),
            lambda: self.client.embeddings.create(model="no-such-model", input=PROMPT),
            lambda: self.client.models.retrieve("no-such-model"),
            lambda: self.client.models.delete("no-such-model"),
        ):
            with self.assertRaises(openai.NotFoundError) as caught:
                call()
            self.assertEqual(caught.exception.status_code, 404)
            self.assertEqual(caught.exception.code, "model_not_found")
            self.assertIn("no-such-model", caught.exception.message)

    def test_wrong_parameter(self):
        for more, param in (
            ({"n": 1000}, "n"),
            ({"functions": [{"name": "f"}]}, "functions"),
            ({"modalities": ["text", "audio"]}, "modalities"),
            ({"audio": {"voice": "x", "format": "wav"}}, "audio"),
            ({"reasoning_effort": "huge"}, "reasoning_effort"),
            ({"temperature": -1}, "temperature"),
        ):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.client.chat.completions.create(model=roost.MODEL, messages=MESSAGES, **more)
            self.assertEqual(caught.exception.param, param)
            self.assertEqual(caught.exception.type, "invalid_request_error")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(
                model=roost.MODEL, messages=[*MESSAGES, {"role": "function", "name": "f", "content": "x"}]
            )
        self.assertEqual(caught.exception.param, "messages[1].role")

    def test_no_endpoint(self):
        for call in (lambda: self.client.files.list(), lambda: self.client.chat.completions.list()):
            with self.assertRaises(openai.APIStatusError) as caught:
                call()
            self.assertIn(caught.exception.status_code, (404, 405))

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


class AsyncClient(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = openai.AsyncOpenAI(**OPTIONS)
        self.addAsyncCleanup(self.client.close)

    async def test_every_call(self):
        client = self.client
        self.assertIn(roost.MODEL, [model.id async for model in client.models.list()])
        whole = await client.completions.create(prompt=PROMPT, **TALK)
        chunks = [chunk async for chunk in await client.completions.create(prompt=PROMPT, stream=True, **TALK)]
        self.assertEqual("".join(chunk.choices[0].text for chunk in chunks), whole.choices[0].text)
        chat = await client.chat.completions.create(messages=MESSAGES, **TALK)
        stream = await client.chat.completions.create(messages=MESSAGES, stream=True, **TALK)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        self.assertEqual(text, chat.choices[0].message.content)
        structured = TALK | {"max_tokens": 500, "response_format": Capital}
        async with client.chat.completions.stream(messages=MESSAGES, **structured) as helper:
            final = await helper.get_final_completion()
        self.assertIsInstance(final.choices[0].message.parsed, Capital)
        response = await client.responses.create(**RESPONSE)
        events = [event async for event in await client.responses.create(**RESPONSE, stream=True)]
        self.assertEqual(events[-1].response.output_text, response.output_text)
        parsed = await client.responses.parse(**RESPONSE | {"max_output_tokens": 500}, text_format=Capital)
        self.assertIsInstance(parsed.output_parsed, Capital)
        self.assertEqual(len([item async for item in client.responses.input_items.list(response.id)]), 1)
        await client.responses.delete(response.id)
        with self.assertRaises(openai.NotFoundError):
            await client.responses.retrieve(response.id)
        if roost.EMBEDDER:
            vectors = await client.embeddings.create(model=roost.EMBEDDER, input="hello")
            self.assertEqual(len(vectors.data[0].embedding), 384)

    async def test_many_at_once(self):
        alone = await self.client.chat.completions.create(messages=MESSAGES, **GREEDY)
        together = await asyncio.gather(
            *(self.client.chat.completions.create(messages=MESSAGES, **GREEDY) for _ in range(6))
        )
        self.assertEqual({a.usage.prompt_tokens for a in together}, {alone.usage.prompt_tokens})
        self.assertTrue(all(a.choices[0].message.content for a in together))

    async def test_chat_and_cancel(self):
        started = asyncio.Event()

        async def read():
            async for _ in await self.client.chat.completions.create(messages=MESSAGES, **ENDLESS):
                started.set()

        reader = asyncio.create_task(read())
        await started.wait()
        reader.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await reader
        await asyncio.to_thread(roost.wait_until_idle)
        with self.assertRaises(openai.NotFoundError):
            await self.client.completions.create(model="no-such-model", prompt=PROMPT)


if __name__ == "__main__":
    unittest.main()
