"""LiteLLM's providers `ollama`, `ollama_chat`, `openai` and `anthropic` against a Roost server, unchanged."""

import json
import os
import unittest

# Before the import, which downloads prices otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

import roost

litellm.telemetry = False
litellm.suppress_debug_info = True

MESSAGES = [{"role": "user", "content": "The capital of France is"}]
TOOLS = [{"type": "function", "function": roost.WEATHER}]


def options(prefix, model=roost.MODEL):
    base = {"openai": roost.URL + "/v1"}.get(prefix, roost.URL)
    return {"model": f"{prefix}/{model}", "api_base": base, "api_key": "none", "num_retries": 0, "max_retries": 0}


def greedy(prefix):
    return options(prefix) | {"messages": MESSAGES, "temperature": 0, "max_tokens": 16}


CHATS = ("ollama", "ollama_chat", "openai", "anthropic")


class Completions(unittest.IsolatedAsyncioTestCase):
    def test_answers_and_streams(self):
        for prefix in CHATS:
            with self.subTest(prefix):
                answer = litellm.completion(**greedy(prefix))
                text = answer.choices[0].message.content
                self.assertTrue(text)
                self.assertIn(answer.choices[0].finish_reason, ("stop", "length"))
                self.assertGreater(answer.usage.completion_tokens, 0)
                chunks = list(litellm.completion(**greedy(prefix), stream=True))
                streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
                self.assertEqual(streamed, text)

    async def test_asynchronously(self):
        for prefix in CHATS:
            with self.subTest(prefix):
                answer = await litellm.acompletion(**greedy(prefix))
                stream = await litellm.acompletion(**greedy(prefix), stream=True)
                streamed = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
                self.assertEqual(streamed, answer.choices[0].message.content)

    def test_text(self):
        answer = litellm.text_completion(
            **options("openai") | {"model": f"text-completion-openai/{roost.MODEL}"}, prompt="Water boils at",
            max_tokens=8, temperature=0,
        )
        self.assertTrue(answer.choices[0].text)

    def test_tools(self):
        for prefix in ("ollama_chat", "openai", "anthropic"):
            with self.subTest(prefix):
                def ask(text, count):
                    return litellm.completion(
                        **options(prefix, roost.SPEAKER), tools=TOOLS, max_tokens=count, temperature=0,
                        messages=[{"role": "user", "content": text}],
                    )

                content = roost.padding(lambda text: ask(text, 1).usage.prompt_tokens)
                answer = ask(content, 300)
                call = answer.choices[0].message.tool_calls[0]
                self.assertEqual(call.function.name, "weather")
                self.assertEqual(json.loads(call.function.arguments), roost.ARGUMENTS)
                self.assertEqual(answer.choices[0].finish_reason, "tool_calls")

    def test_unknown_model(self):
        for prefix in CHATS:
            with self.subTest(prefix):
                with self.assertRaises(Exception) as caught:
                    litellm.completion(**greedy(prefix) | {"model": f"{prefix}/no-such-model"})
                self.assertIn("no-such-model", str(caught.exception))


@unittest.skipUnless(roost.EMBEDDER, "no embedding model")
class Vectors(unittest.IsolatedAsyncioTestCase):
    async def test_vectors(self):
        for prefix in ("ollama", "openai"):
            with self.subTest(prefix):
                more = {} if prefix == "ollama" else {"encoding_format": "float"}
                answer = litellm.embedding(**options(prefix, roost.EMBEDDER), input=["hello", "world"], **more)
                self.assertEqual([len(item["embedding"]) for item in answer.data], [384, 384])
                again = await litellm.aembedding(**options(prefix, roost.EMBEDDER), input=["hello"], **more)
                self.assertEqual(again.data[0]["embedding"], answer.data[0]["embedding"])


if __name__ == "__main__":
    unittest.main()
