"""Times opening a GGUF file with gguf-py, for Roost's GGUFOpenBenchmark.

    python3 gguf_open.py MODEL.gguf RUNS

Prints a JSON array of milliseconds, after one run that does not count.
"""

import json
import sys
import time

from gguf import GGUFReader

samples = []
for _ in range(int(sys.argv[2]) + 1):
    start = time.perf_counter()
    GGUFReader(sys.argv[1]).get_field("general.architecture").contents()
    samples.append((time.perf_counter() - start) * 1000)
print(json.dumps(samples[1:]))
