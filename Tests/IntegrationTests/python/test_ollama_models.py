"""The `ollama` package against a Roost server, unchanged: models, from both of its clients."""

import os
import pathlib
import tempfile
import unittest

import ollama

import roost
from ollama_clients import MESSAGES, MISSING, NOT_FOUND, PROMPT, SHORT, Case, put_clients


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


put_clients((Models, Create, Pull, Elsewhere), globals())

if __name__ == "__main__":
    unittest.main()
