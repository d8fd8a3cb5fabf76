"""The real client of the hub against the simulated one. Prints one line per step; an assertion ends it.

HF_ENDPOINT: the simulated hub. ROOST_FACTS: a JSON file that says what it holds.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, hf_hub_url, get_hf_file_metadata, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

facts = json.loads(Path(os.environ["ROOST_FACTS"]).read_text())
token = facts["token"]
api = HfApi()


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def step(name):
    print(name, flush=True)


step("search")
found = {model.id for model in api.list_models(search="tiny", filter="gguf")}
assert found == {"acme/Tiny-GGUF", "acme/Gated-Tiny-GGUF"}, found
assert "acme/Secret-Tiny-GGUF" in {model.id for model in api.list_models(search="tiny", token=token)}

step("facts")
info = api.model_info("acme/Tiny-GGUF", files_metadata=True)
commit = info.sha
assert info.card_data.license == "mit" and info.card_data.base_model == "acme/Tiny", info.card_data
assert info.pipeline_tag == "text-generation" and info.gated is False and info.private is False
assert {file.rfilename: file.size for file in info.siblings} == {name: f["size"] for name, f in facts["files"].items()}
for file in info.siblings:
    fact = facts["files"][file.rfilename]
    assert (file.lfs is not None) == fact["large"], file
    assert file.lfs is None or file.lfs.sha256 == fact["sha256"], file
assert api.model_info("acme/Tiny-GGUF", revision=commit).sha == commit
assert [branch.name for branch in api.list_repo_refs("acme/Tiny-GGUF").branches] == ["main"]

step("tree")
top = {entry.path for entry in api.list_repo_tree("acme/Tiny-GGUF")}
assert top == {name.split("/")[0] for name in facts["files"]}, top
tree = {entry.path: entry for entry in api.list_repo_tree("acme/Tiny-GGUF", recursive=True)}
for name, fact in facts["files"].items():
    assert tree[name].size == fact["size"], tree[name]
    assert tree[name].lfs is None or tree[name].lfs.sha256 == fact["sha256"], tree[name]
below = {entry.path for entry in api.list_repo_tree("acme/Tiny-GGUF", path_in_repo="parts of it")}
assert below == {name for name in facts["files"] if name.startswith("parts of it/")}, below

step("metadata")
for name, fact in facts["files"].items():
    metadata = get_hf_file_metadata(hf_hub_url("acme/Tiny-GGUF", name))
    assert metadata.commit_hash == commit and metadata.size == fact["size"], metadata
    assert not fact["large"] or metadata.etag == fact["sha256"], metadata
    if fact["large"]:
        assert metadata.location.startswith(facts["bytesFrom"]), metadata

step("download")
weights = "tiny-Q4_K_M.gguf"
path = hf_hub_download("acme/Tiny-GGUF", weights)
assert sha256(path) == facts["files"][weights]["sha256"]
assert commit in path and Path(path).resolve().name == facts["files"][weights]["sha256"], Path(path).resolve()

step("snapshot")
folder = Path(snapshot_download("acme/Tiny-GGUF", max_workers=4))
for name, fact in facts["files"].items():
    assert sha256(folder / name) == fact["sha256"], name
with tempfile.TemporaryDirectory() as place:
    snapshot_download("acme/Tiny-GGUF", local_dir=place, allow_patterns=["*.gguf"])
    assert sha256(Path(place) / weights) == facts["files"][weights]["sha256"]

step("command line")
with tempfile.TemporaryDirectory() as place:
    hf = Path(sys.executable).parent / "hf"
    subprocess.run(
        [hf, "download", "acme/Tiny-GGUF", weights, "--local-dir", place], check=True, stdout=subprocess.DEVNULL
    )
    assert sha256(Path(place) / weights) == facts["files"][weights]["sha256"]

step("resume")
with tempfile.TemporaryDirectory() as place:
    from huggingface_hub.file_download import http_get

    part = Path(place) / "part"
    whole = Path(path).read_bytes()
    part.write_bytes(whole[:1000])
    with part.open("r+b") as file:
        file.seek(1000)
        http_get(hf_hub_url("acme/Tiny-GGUF", weights), file, resume_size=1000, expected_size=len(whole))
    assert sha256(part) == facts["files"][weights]["sha256"]

step("private")
raises(RepositoryNotFoundError, lambda: api.model_info("acme/Secret-Tiny-GGUF"))
raises(RepositoryNotFoundError, lambda: hf_hub_download("acme/Secret-Tiny-GGUF", "secret-Q8_0.gguf"))
raises(RepositoryNotFoundError, lambda: api.model_info("acme/Secret-Tiny-GGUF", token="hf_wrong"))
secret = hf_hub_download("acme/Secret-Tiny-GGUF", "secret-Q8_0.gguf", token=token)
assert sha256(secret) == facts["secret"]
assert api.whoami(token=token)["name"] == "tester"

step("gated")
assert api.model_info("acme/Gated-Tiny-GGUF").gated == "manual"
raises(GatedRepoError, lambda: hf_hub_download("acme/Gated-Tiny-GGUF", "gated-Q8_0.gguf"))
raises(GatedRepoError, lambda: hf_hub_download("acme/Gated-Tiny-GGUF", "gated-Q8_0.gguf", token="hf_wrong"))
hf_hub_download("acme/Gated-Tiny-GGUF", "gated-Q8_0.gguf", token=token)

step("errors")
raises(RevisionNotFoundError, lambda: hf_hub_download("acme/Tiny-GGUF", weights, revision="nosuch"))
raises(RevisionNotFoundError, lambda: api.model_info("acme/Tiny-GGUF", revision="nosuch"))
raises(EntryNotFoundError, lambda: hf_hub_download("acme/Tiny-GGUF", "nosuch.gguf"))
raises(RepositoryNotFoundError, lambda: api.model_info("acme/nosuch"))
print("all done")
