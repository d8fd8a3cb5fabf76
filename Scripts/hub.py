"""Fetches one file of a Hugging Face repository whose size and SHA-256 are known.

    python3 hub.py REPOSITORY FILE BYTES SHA256 TARGET

HF_ENDPOINT names another hub. Exit status: 0 when TARGET is there, 3 when the hub or the file cannot be reached within
a few seconds, 1 when the download failed or is not the file that is expected; then nothing is left behind.
"""

import hashlib
import os
import re
import sys
import time
import urllib.error
import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The hub states digest and size in its own answer, not in that of the storage it leads to."""

    def redirect_request(self, *arguments):
        return None


def facts(url):
    """Size and digest of a large file as the hub states them; None when it does not."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        headers = urllib.request.build_opener(NoRedirect).open(request, timeout=5).headers
    except urllib.error.HTTPError as error:
        if error.code not in (301, 302, 303, 307, 308):
            return None
        headers = error.headers
    digest = (headers.get("X-Linked-ETag") or "").strip('W/"')
    size = headers.get("X-Linked-Size") or ""
    if not re.fullmatch("[0-9a-f]{64}", digest) or not size.isdigit():
        return None
    return int(size), digest


def fetch(url, target, size, digest):
    part = f"{target}.part"
    shown = time.monotonic()
    state = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=30) as source, open(part, "wb") as file:
            count = 0
            while block := source.read(1 << 20):
                file.write(block)
                state.update(block)
                count += len(block)
                if time.monotonic() - shown >= 2:
                    shown = time.monotonic()
                    print(f"  {count >> 20} of {size >> 20} MiB", file=sys.stderr)
            file.flush()
            os.fsync(file.fileno())
        if count != size or state.hexdigest() != digest:
            sys.exit(f"{url} gave {count} bytes of sha256 {state.hexdigest()}; expected {size} of {digest}.")
        os.replace(part, target)
    except OSError as error:
        sys.exit(f"{url} could not be fetched: {error}.")
    finally:
        if os.path.exists(part):
            os.remove(part)


def main():
    repository, name, size, digest, target = sys.argv[1:6]
    expected = int(size), digest
    hub = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    url = f"{hub.rstrip('/')}/{repository}/resolve/main/{name}"
    try:
        stated = facts(url)
    except OSError:
        stated = None
    if stated is None:
        sys.exit(3)
    if stated != expected:
        sys.exit(f"{url} is another file now: {stated[0]} bytes of sha256 {stated[1]}; expected {size} of {digest}.")
    print(f"Fetching {name} of {repository} ({expected[0] >> 20} MiB)", file=sys.stderr)
    fetch(url, target, *expected)


main()
