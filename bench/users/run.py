"""Time what users call, end to end with defaults, covey beside scikit-learn: same run, same data, equal threads.

Two processes in turns. The first call of a turn is cold: its median has a column of its own; the ratio is that of the medians of
the calls that follow (of all calls, for jobs of seconds). Inertia is recomputed by one float64 evaluator; memory is the peak of
the process beyond what it held before the call. Writes bench/results/users-<threads>t.json and a table beside it.

    python run.py                     everything: about a quarter of an hour
    python run.py --quick             without the jobs that scikit-learn needs long for
    python run.py --jobs china -n 7   jobs whose name contains "china", seven turns; no record unless --name is given
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy.sparse as sp

import jobs

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fits"))
from run import REST, ROOT, inertia, machine  # noqa: E402


class Worker:
    """A process with one package and a fixed number of threads."""

    def __init__(self, package: str, threads: int, folder: pathlib.Path):
        env = {**os.environ, **{f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL", "COVEY")}}
        self.name = package if threads > 1 or package == "covey" else f"{package}, 1 thread"
        self.out = folder / f"users-{package}-{threads}.npy"
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), package, str(folder)], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, job: jobs.Job) -> dict:
        self.process.stdin.write(json.dumps({"job": job.name, "out": str(self.out)}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def evaluated(x, centers: np.ndarray) -> float:
    """Sum of squared distances to the nearest center, float64; sparse rows block by block, of much work every s-th row."""
    if sp.issparse(x):
        return sum(inertia(x[first : first + 1000].toarray(), centers) for first in range(0, x.shape[0], 1000))
    return inertia(x[:: 1 + x.size * len(centers) // 4_000_000_000], centers)


def measure(job: jobs.Job, workers: list[Worker], turns: int, limit: float, folder: pathlib.Path) -> dict:
    """Turns of all workers; one that has used up its seconds gets no further turn."""
    x = jobs.load(job.data, folder)  # made before any clock runs
    records: dict[str, dict] = {w.name: {"all": [], "all_cold": [], "extra_bytes": 0} for w in workers}
    for worker in workers:
        worker.out.unlink(missing_ok=True)  # a run that was interrupted may have left one
    for turn in range(turns):
        for worker in workers:
            record = records[worker.name]
            if "error" in record or sum(record["all"]) > limit:
                continue
            time.sleep(REST)
            answer = worker.run(job)
            if "error" in answer:
                record["error"] = answer["error"]
                continue
            record["all"] += answer.pop("seconds")
            record["all_cold"].append(answer.pop("cold"))
            record["extra_bytes"] = max(record["extra_bytes"], answer.pop("extra_bytes"))
            record.update(answer)
            if turn == 0 and worker.out.exists():
                record["inertia"] = evaluated(x, np.load(worker.out))
                worker.out.unlink()
    for record in records.values():
        if record["all"]:
            record["seconds"] = statistics.median(record["all"])
            record["cold"] = statistics.median(record["all_cold"])
    return {"job": job.name, "least": job.least, "aim": job.aim, "memory_least": job.memory, "packages": records}


def ratios(result: dict) -> tuple[float, float]:
    """scikit-learn over covey: seconds (its faster number of threads), and extra memory."""
    ours = result["packages"]["covey"]
    theirs = [r for name, r in result["packages"].items() if name != "covey" and "seconds" in r]
    if "seconds" not in ours or not theirs:
        return float("nan"), float("nan")
    memory = min(r["extra_bytes"] for r in theirs) / max(ours["extra_bytes"], 2**20)
    return min(r["seconds"] for r in theirs) / ours["seconds"], memory


def row(result: dict) -> str:
    ours, theirs = result["packages"]["covey"], result["packages"]["sklearn"]
    speed, memory = ratios(result)
    cold = theirs["cold"] / ours["cold"] if "cold" in ours and "cold" in theirs else float("nan")
    wanted = " / ".join("-" if v is None else f"{v:g}" for v in (result["least"], result["aim"]))
    same = "-"
    for fact, scale in (("inertia", True), ("value", False)):
        if fact in ours and fact in theirs:
            same = f"{ours[fact] / theirs[fact] - 1 if scale else ours[fact] - theirs[fact]:+.1e}"
    held = " / ".join(f"{r['extra_bytes'] / 2**20:.0f}" for r in (ours, theirs))
    times = " | ".join(f"{r['seconds']:.5f}" if "seconds" in r else r.get("error", "-") for r in (ours, theirs))
    asked = f" ({memory:.0f} x of {result['memory_least']:g})" if result["memory_least"] else ""
    iterations = " / ".join(str(r.get("n_iter", "-")) for r in (ours, theirs))
    return f"| {result['job']} | {times} | {speed:.2f} x | {cold:.2f} x | {wanted} | {held}{asked} | {iterations} | {same} |"


HEAD = """| job | covey s | scikit-learn s | ratio | cold | asked | MiB beyond the input | iterations | inertia or score |
|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without the slow jobs")
    parser.add_argument("--jobs", help="only jobs whose name contains this")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-n", "--turns", type=int, default=5)
    parser.add_argument("--limit", type=float, default=30, help="seconds of a package after which a job gets no further turn")
    parser.add_argument("--name", help="name of the record")
    args = parser.parse_args()
    chosen = [j for j in jobs.JOBS if not (args.quick and j.slow) and (args.jobs or "") in j.name]
    folder = pathlib.Path(os.environ.get("COVEY_BENCH_DATA", tempfile.gettempdir())) / "covey-bench"
    folder.mkdir(parents=True, exist_ok=True)
    workers = [Worker(package, args.threads, folder) for package in ("covey", "sklearn")]
    lone = Worker("sklearn", 1, folder) if args.threads > 1 and any(j.one_thread for j in chosen) else None
    results = []
    print(HEAD)
    try:
        for job in chosen:
            among = workers + ([lone] if lone is not None and job.one_thread else [])
            results.append(measure(job, among, args.turns, args.limit, folder))
            print(row(results[-1]), flush=True)
    finally:
        for worker in [*workers, *([lone] if lone is not None else [])]:
            worker.close()
    name = args.name or (None if args.jobs else f"users{'-quick' if args.quick else ''}-{args.threads}t")
    if name:
        facts = machine()
        out = ROOT / "bench" / "results"
        out.mkdir(parents=True, exist_ok=True)
        record = {"machine": facts, "arguments": vars(args), "results": results}
        (out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
        where = f"{facts['cpu']}, {args.threads} threads, commit {facts['commit']}. End to end as users call it, seeding "
        how = (f"included; medians of up to {args.turns} interleaved turns. Cold: the first call of a turn, caches and pages taken by "
               "the other process. Asked: of the package / of the engine.")
        text = [f"# {name}", "", where + how, "", HEAD, *(row(result) for result in results), ""]
        (out / f"{name}.md").write_text("\n".join(text))


if __name__ == "__main__":
    main()
