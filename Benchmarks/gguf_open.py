"""Times opening GGUF files with gguf-py, to compare with Roost's GGUFOpenBenchmark.

    python3 gguf_open.py MODEL.gguf [RUNS]

Prints one line of JSON: times in milliseconds after one run that does not count.
"""

import json
import statistics
import sys
import time

from gguf import GGUFReader


def main() -> None:
    path = sys.argv[1]
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    samples = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        reader = GGUFReader(path)
        reader.get_field("general.architecture").contents()
        samples.append((time.perf_counter() - start) * 1000)
    samples = samples[1:]
    print(
        json.dumps(
            {
                "reader": "gguf-py",
                "median_ms": round(statistics.median(samples), 3),
                "minimum_ms": round(min(samples), 3),
                "maximum_ms": round(max(samples), 3),
                "runs": runs,
            }
        )
    )


if __name__ == "__main__":
    main()
