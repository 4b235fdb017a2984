"""The package as such: wheel, import, types, examples in docstrings, memory."""

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import covey

PACKAGE = Path(covey.__file__).parent
MODULES = ["covey", "covey._base", "covey._bisecting", "covey._callbacks", "covey._engine", "covey._kmeans",
           "covey._minibatch", "covey._threads", "covey.metrics"]


def test_module_is_abi3():
    modules = [f.name for f in PACKAGE.iterdir() if f.suffix == ".so"]
    assert modules == ["_covey.abi3.so"]
    from importlib.metadata import distribution

    tags = [line for line in distribution("covey").read_text("WHEEL").splitlines() if line.startswith("Tag:")]
    assert all("cp311-abi3-" in tag for tag in tags)
    assert not (PACKAGE / "_build.py").exists()


def test_module_exports_only_its_entry_point():
    symbols = subprocess.run(["nm", "-D", "--defined-only", str(PACKAGE / "_covey.abi3.so")], capture_output=True,
                             text=True)
    if symbols.returncode != 0:
        pytest.skip("nm is not installed")
    assert not [line for line in symbols.stdout.splitlines() if " covey_" in line or " cvi_" in line]


def test_version_is_the_librarys():
    from importlib.metadata import version

    assert covey.__version__ == version("covey")


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module)
    assert results.failed == 0
    if name in ("covey._kmeans", "covey._minibatch", "covey._bisecting", "covey.metrics"):
        assert results.attempted > 4


def test_every_public_name_has_an_example():
    for name in covey.__all__:
        if name != "metrics":
            assert ">>>" in (getattr(covey, name).__doc__ or ""), name


def test_import_is_light(run_python):
    """Importing covey loads nothing heavy that scikit-learn's own import has not loaded."""
    code = """
import sys
from sklearn.cluster import KMeans
theirs = set(sys.modules)
import covey
print(sorted({"matplotlib", "pandas", "polars", "dask", "tqdm", "PIL", "sklearn.metrics"} & (set(sys.modules) - theirs)))
"""
    assert run_python(code).strip() == "[]"


def test_types(tmp_path):
    pytest.importorskip("mypy")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(root / "pyproject.toml"), "--cache-dir", str(tmp_path), "-p",
         "covey"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    user = tmp_path / "user.py"
    user.write_text("from covey import KMeans, metrics\nkm = KMeans(3).fit([[1.0]])\nreveal_type(km)\n"
                    "reveal_type(km.predict([[1.0]]))\nKMeans(n_cluster=3)\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(user)], capture_output=True,
                          text=True, cwd=tmp_path)
    assert "covey._kmeans.KMeans" in done.stdout
    assert "ndarray" in done.stdout
    assert 'Unexpected keyword argument "n_cluster"' in done.stdout
    assert "untyped" not in done.stdout


MEMORY = """
import resource, sys, numpy as np
import covey
kind, dtype, n, d, budget = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
X = np.random.RandomState(0).standard_normal((n, d)).astype(dtype) if kind == "array" else np.load("x.npy", mmap_mode="r")
if kind == "array":
    np.save("x.npy", X)
covey.KMeans(8, random_state=0).fit(X[:100])  # what any fit loads
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
import contextlib
limits = covey.engine_options(accelerator_budget=0) if budget == "0" else contextlib.nullcontext()
with limits:
    km = covey.KMeans(8, random_state=0, max_iter=5).fit(X)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(peak - before, km.fit_report_["bytes_planned"], km.fit_report_["bytes_peak"], X.nbytes)
"""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("budget", ["0", "default"])
def test_peak_memory(tmp_path, dtype, budget):
    """Beside the input: O(n + k d) and the budget, never a copy; what the engine says it plans is what it takes."""
    n, d = 400_000, 40
    for kind in ("array", "memmap"):
        out = subprocess.run([sys.executable, "-c", MEMORY, kind, dtype, str(n), str(d), budget], cwd=tmp_path,
                             capture_output=True, text=True, timeout=300, env={**os.environ, "COVEY_NUM_THREADS": "2"})
        assert out.returncode == 0, out.stderr
        extra, planned, peak, size = (int(v) for v in out.stdout.split())
        linear = 80 * n + 16 * 2**20
        assert peak <= planned
        assert planned <= linear + (0 if budget == "0" else size // 2)
        if kind == "array":  # the pages of a mapped file count as ours once they are read
            assert extra <= linear + (0 if budget == "0" else size // 2)


def test_partial_fit_from_a_file_larger_than_the_memory(tmp_path):
    """600 MB on disk under a limit of 400 MB of memory beyond what the interpreter and its libraries map."""
    code = """
import resource, numpy as np
import covey
n, d = 1_500_000, 50
x = np.lib.format.open_memmap("big.npy", mode="w+", dtype=np.float64, shape=(n, d))
rs = np.random.RandomState(0)
for low in range(0, n, 100_000):
    x[low : low + 100_000] = rs.standard_normal((100_000, d)) + 5 * (rs.randint(0, 3, (100_000, 1)))
del x
now = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (now + 400 * 2**20, -1))
x = np.load("big.npy", mmap_mode="r")
assert x.nbytes > 400 * 2**20
km = covey.MiniBatchKMeans(3, random_state=0, compute_labels=False)
for low in range(0, n, 50_000):
    km.partial_fit(x[low : low + 50_000])
print(*sorted(np.round(km.cluster_centers_.mean(axis=1), 1)))
"""
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert out.returncode == 0, out.stderr
    assert [float(v) for v in out.stdout.split()] == pytest.approx([0, 5, 10], abs=0.2)


def test_large_strides_are_not_multiplied_in_32_bits():
    """Row 15: a view of the same eight bytes with more than 2^31 of them in it."""
    tiny = np.lib.stride_tricks.as_strided(np.array([3.0]), shape=(3, 2**30), strides=(0, 0))
    assert tiny.size > 2**31
    from covey import _engine

    view, _ = _engine.matrix(tiny)
    assert (view.n, view.d) == (3, 2**30)
