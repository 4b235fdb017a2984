"""docs/benchmarks.md from the records in bench/results: every figure on that page comes from a committed record.

    python bench/report.py
"""
from __future__ import annotations

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"

HEAD = """# Benchmarks

Made by `bench/report.py` from the records in `bench/results/`; `make bench` makes the records. Every table is one run: covey and its peers on
the same data, from the same start, at equal threads, repeats interleaved, medians. A figure is the peer's time divided by covey's: 2.0 x means that covey
took half the time. Inertia is recomputed by one float64 evaluator; its last column compares covey with the first peer (peers that compute in float32 leave Lloyd's path at near
ties, so small differences in either sign are theirs). superkmeans is approximate and draws its own start; faiss and superkmeans are told not to subsample.

"""

TITLES = {
    "fixed-2t": "Fixed iterations, 2 threads",
    "fixed-1t": "Fixed iterations, 1 thread",
    "fixed-2t-skylakex": "Fixed iterations, 2 threads, peers' OpenBLAS told to use AVX-512",
    "fixed-2t-avx2": "Fixed iterations, 2 threads, covey capped at AVX2",
    "fixed-others-2t": "Fixed iterations, 2 threads: elkan and mlpack where they are feasible",
    "tolerance-2t": "To the default tolerance, at most 300 iterations, 2 threads, k >= 100",
    "tolerance-elkan-2t": "To the default tolerance, beside elkan, 2 threads",
    "seeding-2t": "k-means++ alone, 2 threads (@1: with one thread)",
    "predict-2t": "predict, 2 threads",
    "minibatch-2t": "MiniBatchKMeans with defaults, 2 threads",
    "defaults-2t": "KMeans with defaults, seeding included, 2 threads",
    "users-2t": "What users call, end to end from Python, 2 threads",
}


def body(path: pathlib.Path) -> str:
    """The record's own table, without its title."""
    lines = path.read_text().splitlines()
    return "\n".join(lines[1:]).strip()


def main() -> None:
    page = [HEAD.rstrip(), ""]
    for name, title in TITLES.items():
        path = RESULTS / f"{name}.md"
        if path.exists():
            page += [f"## {title}", "", body(path), ""]
    if (RESULTS / "curves.json").exists():
        machine = json.loads((RESULTS / "curves.json").read_text())["machine"]
        page += ["## How time grows", "", f"{machine['cpu']}, commit {machine['commit']}, 2 threads but for the last plot.", "",
                 "![Time against n, d, k and threads](images/curves.svg)", ""]
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(page))


if __name__ == "__main__":
    main()
