"""Time covey beside its peers: same run, same data, same start, same iterations, equal threads.

Repeats are interleaved (covey, peer, peer, covey, ...); the median counts. In the modes that iterate, every peer first makes one
iteration on the cell's data that does not count. Before the clock starts, all processes rest: thread pools of OpenMP and BLAS
spin for a while after their last work, and would take the cores from whoever comes next. The inertia of every result is recomputed by one
float64 evaluator. Writes bench/results/<name>.json and a table beside it; what was left out, and why, is in the record.

    python run.py --quick
    python run.py --mode fixed --threads 2 --peers sklearn_lloyd faiss
    python run.py --mode tolerance --least-k 100 --peers sklearn_lloyd sklearn_elkan
    python run.py --mode seeding --least-k 256 --budget 300
"""
from __future__ import annotations

import argparse
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import cells as grid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


# Modes that compare one call of covey with the same call of scikit-learn. NAME@T runs with T threads, whatever --threads says:
# scikit-learn seeds faster with one.
PAIRS = {
    "seeding": ("covey_plusplus", ["sklearn_plusplus", "sklearn_plusplus@1"]),
    "predict": ("covey_predict", ["sklearn_predict"]),
    "minibatch": ("covey_minibatch", ["sklearn_minibatch"]),
    "defaults": ("covey_defaults", ["sklearn_defaults"]),
}


# Seconds: the longest spinning known is that of LLVM's OpenMP runtime, 0.2 s.
REST = 0.3


def infeasible(peer: str, cell: grid.Cell, mode: str) -> str | None:
    """Why a peer is not run on a cell: what would take it minutes or gigabytes. Written to the record."""
    pairs = cell.n * cell.k
    if peer == "sklearn_elkan" and pairs > 5 * 10**7:
        return "bounds for more than 5e7 pairs of rows and centers"
    if peer == "sklearn_elkan" and mode == "fixed" and pairs * cell.d > 2 * 10**9:
        return "more than 2e9 pairs of values"
    if peer == "mlpack" and pairs * cell.d > 4 * 10**8:
        return "one thread: more than 4e8 pairs of values"
    if peer == "sklearn_plusplus" and pairs * cell.d > 10**10:
        return "more than 1e10 pairs of values: minutes, and slower than with one thread"
    return None


class Peer:
    """A worker process for one peer with a fixed environment."""

    def __init__(self, name: str, threads: int, coretype: str | None):
        program, _, own_threads = name.partition("@")
        threads = int(own_threads or threads)
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads),
                   COVEY_NUM_THREADS=str(threads))
        if coretype:
            env["OPENBLAS_CORETYPE"] = coretype
        self.name = name
        self.process = subprocess.Popen([sys.executable, str(HERE / "peers.py"), program], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=env)

    def run(self, job: dict) -> dict:
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def inertia(x: np.ndarray, centers: np.ndarray) -> float:
    """Sum of squared distances to the nearest center in float64: nearest by a matrix product, distances by differences."""
    total = 0.0
    step = max(1, 16_000_000 // (len(centers) + x.shape[1]))
    sq = np.einsum("ij,ij->i", centers, centers)
    for i in range(0, len(x), step):
        rows = x[i : i + step].astype(np.float64)
        nearest = (sq - 2 * (rows @ centers.T)).argmin(axis=1)
        rows -= centers[nearest]
        total += float(np.einsum("ij,ij->", rows, rows))
    return total


def measure(cell: grid.Cell, peers: list[Peer], repeats: int, folder: pathlib.Path, mode: str, limit: float) -> dict:
    data = grid.load(cell, folder)
    x = np.load(data)
    start = folder / "start.npy"
    np.save(start, grid.start(x, cell.k))
    tol = 1e-4 if mode == "tolerance" else 0.0
    iterations = 300 if mode == "tolerance" else cell.iterations
    out: dict = {"cell": cell.name, "peers": {}}
    seconds: dict[str, list[float]] = {p.name: [] for p in peers}
    for repeat in range(repeats):
        for peer in peers:
            record = out["peers"].setdefault(peer.name, {})
            if repeat == 0 and (why := infeasible(peer.name, cell, mode)):
                record["left_out"] = why
            if "error" in record or "left_out" in record or sum(seconds[peer.name]) > limit:
                continue
            found = folder / f"{peer.name}.npy"
            job = {"data": str(data), "start": str(start), "iterations": iterations, "tol": tol, "out": str(found)}
            if repeat == 0 and mode not in PAIRS:
                peer.run({**job, "iterations": 1})
            answer = peer.run({**job, "rest": REST})
            if "error" in answer:
                record["error"] = answer["error"]
                continue
            seconds[peer.name].append(answer["seconds"])
            record["n_iter"] = answer["n_iter"]
            if repeat == 0 and len(x) * cell.k <= 10**9 and mode not in ("seeding", "predict"):
                record["inertia"] = inertia(x, np.load(found))
    for name, times in seconds.items():
        if times:
            out["peers"][name]["seconds"] = statistics.median(times)
            out["peers"][name]["all"] = times
    return out


def chosen_cells(args: argparse.Namespace) -> list[grid.Cell]:
    cells = grid.QUICK if args.quick else grid.GRID
    if args.cells:
        cells = [c for c in grid.GRID if any(part in c.name for part in args.cells.split(","))]
    cells = [c for c in cells if c.k >= args.least_k]
    if args.most_work:
        cells = [c for c in cells if c.n * c.d * c.k <= args.most_work]
    return cells


def ratios(results: list[dict], own: str) -> dict[str, float]:
    """Geometric mean of peer time / covey time."""
    logs: dict[str, list[float]] = {}
    for result in results:
        mine = result["peers"].get(own, {}).get("seconds")
        for name, record in result["peers"].items():
            if name != own and mine and record.get("seconds"):
                logs.setdefault(name, []).append(math.log(record["seconds"] / mine))
    return {name: math.exp(sum(v) / len(v)) for name, v in logs.items()}


def table(results: list[dict], own: str, names: list[str]) -> str:
    head = "| cell | covey s | " + " | ".join(names) + " | inertia against the first peer |"
    lines = [head, "|" + "---|" * (len(names) + 3)]
    for result in results:
        mine = result["peers"].get(own, {})
        row = [result["cell"], f"{mine.get('seconds', float('nan')):.4f}"]
        for name in names:
            record = result["peers"].get(name, {})
            row.append(f"{record['seconds'] / mine['seconds']:.2f} x" if record.get("seconds") and mine.get("seconds") else "-")
        first = result["peers"].get(names[0], {}) if names else {}
        both = "inertia" in mine and "inertia" in first
        row.append(f"{mine['inertia'] / first['inertia'] - 1:+.1e}" if both else "-")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def machine() -> dict:
    model = ""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        model = next((line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line), "")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.platform(), "commit": commit}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="four cells, scikit-learn alone")
    parser.add_argument("--mode", choices=["fixed", "tolerance", *PAIRS], default="fixed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=20, help="stop repeating a peer after this many seconds a cell")
    parser.add_argument("--budget", type=float, default=math.inf, help="start no further cell after this many seconds")
    parser.add_argument("--least-k", type=int, default=1, help="only cells with at least so many clusters")
    parser.add_argument("--most-work", type=float, help="only cells with at most so many n d k")
    parser.add_argument("--coretype", help="OPENBLAS_CORETYPE for the peers, e.g. Haswell or SkylakeX")
    parser.add_argument("--isa", help="COVEY_ISA for covey")
    parser.add_argument("--peers", nargs="*", default=["sklearn_lloyd", "sklearn_elkan", "sklearnex", "faiss", "superkmeans", "mlpack"])
    parser.add_argument("--cells", help="only cells whose name contains one of these, separated by commas")
    parser.add_argument("--name", help="name of the record")
    args = parser.parse_args()
    chosen, begin = chosen_cells(args), time.monotonic()
    own, names = PAIRS.get(args.mode, ("covey_kmeans", ["sklearn_lloyd"] if args.quick else args.peers))
    if args.isa:
        os.environ["COVEY_ISA"] = args.isa
    folder = pathlib.Path(os.environ.get("COVEY_BENCH_DATA", tempfile.gettempdir())) / "covey-bench"
    folder.mkdir(parents=True, exist_ok=True)
    peers = [Peer(name, args.threads, args.coretype) for name in [own, *names]]
    results = []
    try:
        for cell in chosen:
            if time.monotonic() - begin > args.budget:
                break
            results.append(measure(cell, peers, args.repeats, folder, args.mode, args.limit))
            print(table(results[-1:], own, names).splitlines()[-1], flush=True)
    finally:
        for peer in peers:
            peer.close()
    means = ratios(results, own)
    name = args.name or f"{args.mode}{'-quick' if args.quick else ''}-{args.threads}t{'-' + args.isa if args.isa else ''}"
    took, left = time.monotonic() - begin, [cell.name for cell in chosen[len(results):]]
    arguments = {k: v for k, v in vars(args).items() if v != math.inf}
    record = {"machine": machine(), "arguments": arguments, "minutes": took / 60, "cells_not_run": left, "results": results,
              "geometric_mean": means}
    out = ROOT / "bench" / "results"
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    summary = [f"# {name}", "", f"{record['machine']['cpu']}, {args.threads} threads, commit {record['machine']['commit']}, "
               f"{args.mode}, median of up to {args.repeats} interleaved repeats, no further one after {args.limit:g} s of a peer in a "
               "cell. Peer time / covey time." + (f" Not run: {', '.join(left)}." if left else ""), "",
               table(results, own, names), "", "Geometric means: " + ", ".join(f"{n} {v:.2f} x" for n, v in means.items()), ""]
    (out / f"{name}.md").write_text("\n".join(summary))
    print("geometric means:", {n: round(v, 2) for n, v in means.items()}, f"in {took / 60:.1f} min, not run: {left}")


if __name__ == "__main__":
    main()
