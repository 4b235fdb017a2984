"""Time covey's CSV reader beside pandas' C reader on tables made here; writes bench/results/readers.{json,md}.

Every reader runs in a process of its own, in turns; two readings a turn, the better one counts, and of the turns the median.
The files are read once before, so that all find them in the page cache.

    python readers.py PROGRAM [--quick]          PROGRAM: bench_csv of the preset bench
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fits"))
from run import ROOT, machine  # noqa: E402

# name, rows, columns, how a number is written
TABLES = [
    ("16 columns, 17 digits", 400_000, 16, "%.17g"),
    ("64 columns, 6 digits", 200_000, 64, "%.6g"),
    ("3 columns, whole numbers", 3_000_000, 3, "%d"),
]


def write(path: pathlib.Path, rows: int, columns: int, form: str) -> None:
    values = np.random.default_rng(1).normal(scale=100, size=(rows, columns))
    with path.open("w") as file:
        file.write(",".join(f"c{c}" for c in range(columns)) + "\n")
        line = ",".join([form] * columns) + "\n"
        for first in range(0, rows, 10_000):
            file.write("".join(line % tuple(row) for row in values[first : first + 10_000].tolist()))


def read(words: list[str], threads: int) -> dict[str, tuple[float, str]]:
    """Run one program; its readers' seconds and sums."""
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(os.environ, COVEY_NUM_THREADS=str(threads)))
    found = {}
    for line in done.stdout.splitlines():
        name, seconds, total = re.match(r"(\S+(?: \S+ float_precision=\S+)?) .*best ([\d.]+) s.* sum (\S+)", line).groups()
        found[re.sub(r" \S+ float_precision=", ", precision ", name)] = (float(seconds), total)
    return found


def measure(path: pathlib.Path, program: str, turns: int, threads: int) -> dict:
    ours, theirs = [program, str(path), "2"], [sys.executable, str(HERE / "bench_pandas.py"), str(path), "2"]
    seconds: dict[str, list[float]] = {}
    sums = {}
    for _ in range(turns):
        for width in sorted({1, threads}):
            for name, (time, total) in read(ours, width).items():
                key = f"{name}, {width} thread{'s' * (width > 1)}"
                seconds.setdefault(key, []).append(time)
                sums[key] = total
        for name, (time, total) in read(theirs, 1).items():
            seconds.setdefault(name, []).append(time)
            sums[name] = total
    return {"bytes": path.stat().st_size, "seconds": {n: statistics.median(t) for n, t in seconds.items()}, "all": seconds,
            "sums": sums}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one turn")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    turns = 1 if args.quick else 5
    results = {}
    with tempfile.TemporaryDirectory(prefix="covey-readers-") as folder:
        for name, rows, columns, form in TABLES:
            path = pathlib.Path(folder) / "table.csv"
            write(path, rows // 10 if args.quick else rows, columns, form)
            results[name] = measure(path, args.program, turns, args.threads)
    names = list(next(iter(results.values()))["seconds"])
    what = machine()
    lines = [f"# Readers of CSV{', quick' if args.quick else ''}", "", f"{what['cpu']}, commit {what['commit']}. MB/s, median of {turns}"
             " turns. pandas' default precision is not correctly rounded; covey's and round_trip are.", "",
             "| table | MB | " + " | ".join(names) + " |", "|" + "---|" * (len(names) + 2)]
    for name, result in results.items():
        size = result["bytes"] / 1e6
        lines.append(f"| {name} | {size:.0f} | " + " | ".join(f"{size / result['seconds'][n]:.0f}" for n in names) + " |")
    out = ROOT / "bench" / "results"
    out.mkdir(parents=True, exist_ok=True)
    stem = "readers-quick" if args.quick else "readers"
    (out / f"{stem}.json").write_text(json.dumps({"machine": what, "results": results}, indent=1) + "\n")
    (out / f"{stem}.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines[4:]))


if __name__ == "__main__":
    main()
