"""How time grows with n, d, k and threads beside the peers: a record and four plots.

    python curves.py

Fixed iterations from the same start, medians of interleaved repeats, as run.py measures a cell. Writes
bench/results/curves.json and docs/images/curves.svg.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import tempfile

import cells as grid
import run

PEERS = ["sklearn_lloyd", "sklearnex", "faiss", "superkmeans"]


def measure(cells: list[grid.Cell], threads: int, repeats: int, limit: float, folder: pathlib.Path) -> list[dict]:
    workers = [run.Peer(name, threads, None) for name in ["covey_kmeans", *PEERS]]
    try:
        return [run.measure(cell, workers, repeats, folder, "fixed", limit) for cell in cells]
    finally:
        for worker in workers:
            worker.close()


def values(results: list[dict], name: str) -> list[float]:
    return [result["peers"].get(name, {}).get("seconds", float("nan")) for result in results]


def plot(record: dict, path: pathlib.Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "covey", "svg.fonttype": "none"})  # letters as text: a fifth of the size
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    fixed = {"n": "d = 16, k = 64", "d": "n = 50,000, k = 64", "k": "n = 50,000, d = 32", "threads": "n = 200,000, d = 16, k = 64"}
    for axis, (what, curve) in zip(axes.flat, record["curves"].items()):
        for name in ["covey_kmeans", *PEERS]:
            own = name == "covey_kmeans"
            axis.plot(curve["at"], values(curve["results"], name), marker="o", markersize=3, linewidth=2.2 if own else 1.2,
                      color="black" if own else None, label=name.split("_")[0])
        if what != "threads":
            axis.set_xscale("log")
        axis.set_xticks(curve["at"], [f"{at:,}" for at in curve["at"]])
        axis.set_yscale("log")
        axis.minorticks_off()
        axis.set_xlabel(what)
        axis.set_ylabel("seconds")
        axis.set_title(f"20 iterations, {fixed[what]}", fontsize=10)
        axis.grid(True, which="major", alpha=0.3)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=10, help="stop repeating a peer after this many seconds at a point")
    parser.add_argument("--only-plot", action="store_true", help="draw the record that is there")
    args = parser.parse_args()
    out = run.ROOT / "bench" / "results" / "curves.json"
    if not args.only_plot:
        folder = pathlib.Path(os.environ.get("COVEY_BENCH_DATA", tempfile.gettempdir())) / "covey-bench"
        folder.mkdir(parents=True, exist_ok=True)
        record: dict = {"machine": run.machine(), "curves": {}}
        for what, cells in grid.CURVES.items():
            at = [getattr(cell, what) for cell in cells]
            record["curves"][what] = {"at": at, "results": measure(cells, 2, args.repeats, args.limit, folder)}
            print(what, at, [round(v, 4) for v in values(record["curves"][what]["results"], "covey_kmeans")], flush=True)
        counts = list(range(1, (os.cpu_count() or 1) + 1))
        cell = [grid.Cell("blobs", 200000, 16, 64)]
        results = [measure(cell, t, args.repeats, args.limit, folder)[0] for t in counts]
        record["curves"]["threads"] = {"at": counts, "results": results}
        out.write_text(json.dumps(record, indent=1) + "\n")
    plot(json.loads(out.read_text()), run.ROOT / "docs" / "images" / "curves.svg")


if __name__ == "__main__":
    main()
