"""What the tests of the `ollama` package share: its two clients, called alike, and what they ask."""

import contextlib
import datetime
import logging
import unittest

import httpx
import ollama

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


def put_clients(cases, module):
    """Gives the module a test case for each of the cases and each client, and has it load only those and its own."""
    for case in cases:
        for kind in (Plain, Loop):
            name = f"{case.__name__}{kind.__name__}"
            module[name] = type(name, (kind, case), {"tag": kind.__name__.lower(), "__module__": module["__name__"]})
    tests = [value for value in module.values() if isinstance(value, type) and issubclass(value, unittest.TestCase)]

    def load_tests(loader, _, __):
        return unittest.TestSuite(loader.loadTestsFromTestCase(test) for test in tests if test not in cases)

    module["load_tests"] = load_tests
