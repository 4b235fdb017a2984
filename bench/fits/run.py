"""Time covey beside its peers: same run, same data, same start, same iterations, equal threads.

Repeats are interleaved (covey, peer, peer, covey, ...); the median counts. The inertia of every result is recomputed by one
float64 evaluator. Writes bench/results/<when>-<what>.json and a table beside it.

    python run.py --quick
    python run.py --mode fixed --threads 2 --peers sklearn_lloyd faiss
    python run.py --mode seeding
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

import numpy as np

import cells as grid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


# Modes that compare one call of covey with the same call of scikit-learn.
PAIRS = {
    "seeding": ("covey_plusplus", ["sklearn_plusplus"]),
    "predict": ("covey_predict", ["sklearn_predict"]),
    "minibatch": ("covey_minibatch", ["sklearn_minibatch"]),
    "defaults": ("covey_defaults", ["sklearn_defaults"]),
}


class Peer:
    """A worker process for one peer with a fixed environment."""

    def __init__(self, name: str, threads: int, coretype: str | None):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads),
                   COVEY_NUM_THREADS=str(threads))
        if coretype:
            env["OPENBLAS_CORETYPE"] = coretype
        self.name = name
        self.process = subprocess.Popen([sys.executable, str(HERE / "peers.py"), name], stdin=subprocess.PIPE,
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
            if "error" in record or sum(seconds[peer.name]) > limit:
                continue
            found = folder / f"{peer.name}.npy"
            answer = peer.run({"data": str(data), "start": str(start), "iterations": iterations, "tol": tol, "out": str(found)})
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
        equal = mine["inertia"] / first["inertia"] - 1 if "inertia" in mine and "inertia" in first else float("nan")
        row.append(f"{equal:+.1e}")
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
    parser.add_argument("--limit", type=float, default=60, help="stop repeating a peer after this many seconds a cell")
    parser.add_argument("--coretype", help="OPENBLAS_CORETYPE for the peers, e.g. Haswell or SkylakeX")
    parser.add_argument("--isa", help="COVEY_ISA for covey")
    parser.add_argument("--peers", nargs="*", default=["sklearn_lloyd", "sklearn_elkan", "sklearnex", "faiss", "superkmeans", "mlpack"])
    parser.add_argument("--cells", help="only cells whose name contains this")
    parser.add_argument("--name", help="name of the record")
    args = parser.parse_args()
    chosen = grid.QUICK if args.quick else grid.GRID
    if args.cells:
        chosen = [c for c in grid.GRID if args.cells in c.name]
    own, names = PAIRS.get(args.mode, ("covey_kmeans", ["sklearn_lloyd"] if args.quick else args.peers))
    if args.isa:
        os.environ["COVEY_ISA"] = args.isa
    folder = pathlib.Path(os.environ.get("COVEY_BENCH_DATA", tempfile.gettempdir())) / "covey-bench"
    folder.mkdir(parents=True, exist_ok=True)
    peers = [Peer(name, args.threads, args.coretype) for name in [own, *names]]
    results = []
    try:
        for cell in chosen:
            results.append(measure(cell, peers, args.repeats, folder, args.mode, args.limit))
            print(table(results[-1:], own, names).splitlines()[-1], flush=True)
    finally:
        for peer in peers:
            peer.close()
    means = ratios(results, own)
    name = args.name or f"{args.mode}{'-quick' if args.quick else ''}-{args.threads}t{'-' + args.isa if args.isa else ''}"
    record = {"machine": machine(), "arguments": vars(args), "results": results, "geometric_mean": means}
    out = ROOT / "bench" / "results"
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    summary = [f"# {name}", "", f"{record['machine']['cpu']}, {args.threads} threads, commit {record['machine']['commit']}, "
               f"{args.mode}, median of {args.repeats} interleaved repeats. Peer time / covey time.", "",
               table(results, own, names), "", "Geometric means: " + ", ".join(f"{n} {v:.2f} x" for n, v in means.items()), ""]
    (out / f"{name}.md").write_text("\n".join(summary))
    print("geometric means:", {n: round(v, 2) for n, v in means.items()})


if __name__ == "__main__":
    main()
