"""One package in one process: reads jobs as JSON lines, answers with times, memory and results.

Run as: python worker.py covey|sklearn FOLDER. Thread counts come from the environment that run.py sets.
"""
from __future__ import annotations

import importlib
import json
import pathlib
import sys
import time
import warnings

import numpy as np

import jobs

warnings.filterwarnings("ignore")
SHORT = 3.0  # seconds
MODULES = {"covey": ("covey", "covey.metrics"), "sklearn": ("sklearn.cluster", "sklearn.metrics")}


def status(name: str) -> int:
    """A line of /proc/self/status in bytes; 0 where there is none."""
    file = pathlib.Path("/proc/self/status")
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def rewind_peak() -> int:
    """Set the process's peak memory back to what it has now, and return that."""
    file = pathlib.Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5")
    return status("VmRSS")


def timed(job: jobs.Job, modules: list, x) -> tuple[float, dict]:
    begin = time.perf_counter()
    facts = job.call(*modules, x)
    return time.perf_counter() - begin, facts


def run(job: jobs.Job, modules: list, x, out: pathlib.Path) -> dict:
    """The first call of a turn meets cold caches and pages that the other package's turn has pushed out: it is reported apart,
    and counts among the others only where a call is too long for that to matter."""
    job.call(*modules, x[: job.warm_rows])
    before = rewind_peak()
    cold, facts = timed(job, modules, x)
    seconds = [cold] if cold > SHORT else []
    while len(seconds) < job.calls:
        more, facts = timed(job, modules, x)
        seconds.append(more)
    extra = max(0, status("VmHWM") - before)
    if "centers" in facts:
        np.save(out, np.asarray(facts.pop("centers"), dtype=np.float64))
    return {"seconds": seconds, "cold": cold, "extra_bytes": extra, **facts}


def main() -> None:
    package, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    modules = [importlib.import_module(name) for name in MODULES[package]]
    by_name, at = {job.name: job for job in jobs.JOBS}, None
    for line in sys.stdin:
        request = json.loads(line)
        job = by_name[request["job"]]
        if job.data != at:
            x, at = jobs.load(job.data, folder), job.data
        try:
            answer = run(job, modules, x, pathlib.Path(request["out"]))
        except Exception as problem:  # what cannot be done is reported, not hidden
            answer = {"error": f"{type(problem).__name__}: {problem}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
