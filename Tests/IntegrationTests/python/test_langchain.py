"""LangChain's adapters for Ollama and OpenAI against a Roost server, unchanged."""

import typing
import unittest

import pydantic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings

import roost

PROMPT = "The capital of France is"
MESSAGES = [SystemMessage("Be brief."), HumanMessage(PROMPT)]


class Capital(pydantic.BaseModel):
    """The capital of a country."""

    capital: typing.Literal["Paris", "Rome"]
    sure: bool


@tool
def weather(city: str, days: int) -> str:
    """The weather of a city."""
    return f"rain in {city} for {days} days"


def openai_options(count):
    return {"base_url": roost.URL + "/v1", "api_key": "none", "temperature": 0, "max_tokens": count, "max_retries": 0}


def chats(model, count):
    """A chat model of each kind, with a limit on its answers. Ollama's API penalizes repetitions when nothing is said,
    OpenAI's does not."""
    return {
        "ollama": ChatOllama(base_url=roost.URL, model=model, temperature=0, num_predict=count, repeat_penalty=1),
        "openai": ChatOpenAI(model=model, **openai_options(count)),
        "responses": ChatOpenAI(model=model, use_responses_api=True, **openai_options(count)),
    }


class Chats(unittest.IsolatedAsyncioTestCase):
    def test_answers_and_streams(self):
        texts = {}
        for name, chat in chats(roost.MODEL, 16).items():
            with self.subTest(name):
                self.assertTrue(chat.invoke(MESSAGES).text)
        for name, chat in chats(roost.TALKER, 16).items():
            with self.subTest(name):
                answer = chat.invoke(MESSAGES)
                texts[name] = answer.text
                self.assertTrue(answer.text)
                self.assertGreater(answer.usage_metadata["output_tokens"], 0)
                chunks = list(chat.stream(MESSAGES))
                self.assertEqual("".join(chunk.text for chunk in chunks), answer.text)
        # One server, one model, one prompt: three dialects.
        self.assertEqual(len(set(texts.values())), 1, texts)

    async def test_asynchronously(self):
        for name, chat in chats(roost.TALKER, 16).items():
            with self.subTest(name):
                answer = await chat.ainvoke(MESSAGES)
                chunks = [chunk async for chunk in chat.astream(MESSAGES)]
                self.assertEqual("".join(chunk.text for chunk in chunks), answer.text)
                self.assertEqual(len(await chat.abatch([MESSAGES, MESSAGES])), 2)

    def test_structured_output(self):
        chosen = chats(roost.TALKER, 500)
        for name in ("ollama", "openai"):
            with self.subTest(name):
                answer = chosen[name].with_structured_output(Capital, method="json_schema").invoke(MESSAGES)
                self.assertIsInstance(answer, Capital)

    def test_tools(self):
        for name in ("ollama", "openai", "responses"):
            with self.subTest(name):
                short = chats(roost.SPEAKER, 1)[name].bind_tools([weather])
                content = roost.padding(lambda text: short.invoke(text).usage_metadata["input_tokens"])
                bound = chats(roost.SPEAKER, 300)[name].bind_tools([weather])
                answer = bound.invoke(content)
                self.assertEqual(len(answer.tool_calls), 1)
                call = answer.tool_calls[0]
                self.assertEqual((call["name"], call["args"]), ("weather", roost.ARGUMENTS))
                streamed = None
                for chunk in bound.stream(content):
                    streamed = chunk if streamed is None else streamed + chunk
                self.assertEqual(streamed.tool_calls[0]["args"], roost.ARGUMENTS)
                result = weather.invoke(call)
                self.assertIsInstance(result, ToolMessage)
                self.assertIsInstance(short.invoke([HumanMessage("Oslo?"), answer, result]), AIMessage)


class Texts(unittest.TestCase):
    def test_ollama(self):
        model = OllamaLLM(base_url=roost.URL, model=roost.TALKER, temperature=0, num_predict=16)
        text = model.invoke(PROMPT)
        self.assertTrue(text)
        self.assertEqual("".join(model.stream(PROMPT)), text)

    def test_openai(self):
        model = OpenAI(model=roost.TALKER, **openai_options(16))
        text = model.invoke(PROMPT)
        self.assertEqual("".join(model.stream(PROMPT)), text)
        # Several prompts in one request. Computed together, the last bits differ, and sooner or later a token of a model
        # that was never trained: the first ones are compared.
        short = OpenAI(model=roost.TALKER, **openai_options(4))
        alone = short.invoke(PROMPT)
        self.assertTrue(text.startswith(alone) and alone)
        result = short.generate([PROMPT, "Water boils at"])
        self.assertEqual(result.generations[0][0].text, alone)
        self.assertEqual(len(result.generations), 2)


@unittest.skipUnless(roost.EMBEDDER, "no embedding model")
class Vectors(unittest.TestCase):
    def test_the_same_vectors(self):
        one = OllamaEmbeddings(base_url=roost.URL, model=roost.EMBEDDER).embed_documents(["hello", "world"])
        # Without the check that wants OpenAI's tokenizer, which would be downloaded.
        other = OpenAIEmbeddings(
            base_url=roost.URL + "/v1", api_key="none", model=roost.EMBEDDER, check_embedding_ctx_length=False
        ).embed_documents(["hello", "world"])
        self.assertEqual([len(vector) for vector in one], [384, 384])
        for a, b in zip(one, other):
            self.assertLess(max(abs(x - y) for x, y in zip(a, b)), 1e-5)


if __name__ == "__main__":
    unittest.main()
