"""What a call takes beside its input: O(n + k d) and the accelerator budget, stated before it starts."""

import numpy as np
import pytest

import covey
from covey import KMeans

# Peaks are those of the process, told by Linux and set back before each measurement; data is made in blocks, so that making
# it leaves no memory behind in which a copy could hide.
PRELUDE = """
import resource
import numpy as np
import scipy.sparse as sp
import covey

def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024

def peak_of(call):
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    result = call()
    return result, status("VmHWM") - before

def limit_data(megabytes):
    now = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (now + megabytes * 2**20, -1))

def fill(x):
    rs = np.random.RandomState(0)
    for low in range(0, len(x), 10_000):
        x[low : low + 10_000] = rs.uniform(0, 200, size=x[low : low + 10_000].shape)
    return x

covey.KMeans(8, random_state=0).fit(np.eye(100))  # what any fit loads
"""
N, D = 300_000, 40
FLOOR = 128 * 2**20


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_peak(run_python, dtype):
    """An array is never copied, narrow ones neither; what is planned is what is taken, within 10 %."""
    output = run_python(PRELUDE + f"""
from contextlib import nullcontext
x = fill(np.empty(({N}, {D}), dtype="{dtype}"))
for k in (8, 64):
    for budget in (None, 0):
        with covey.engine_options(accelerator_budget=budget):
            km, peak = peak_of(lambda: covey.KMeans(k, random_state=0, max_iter=5).fit(x))
        report = km.fit_report_
        print(peak - km.labels_.nbytes, report["bytes_planned"], report["bytes_peak"])
        del km
""", env={"COVEY_NUM_THREADS": "2"})
    size = N * D * np.dtype(dtype).itemsize
    plans = {}
    for (k, budget), line in zip(((8, None), (8, 0), (64, None), (64, 0)), output.splitlines(), strict=True):
        peak, planned, taken = (int(v) for v in line.split())
        assert taken == planned
        assert peak < 1.1 * planned + 2**20, (k, budget)
        if budget is None and k == 64:  # smaller plans may be served from what Python had let go
            assert peak > 0.9 * planned - 2**20
        plans[k, budget] = planned
    for k in (8, 64):
        assert plans[k, 0] < 72 * N + 2**20
        assert plans[k, None] <= plans[k, 0] + max(FLOOR, size // 2 + 256 * N)
    assert plans[64, None] > plans[64, 0]  # so that the line above says something


@pytest.mark.parametrize("Estimator", [KMeans, covey.MiniBatchKMeans, covey.BisectingKMeans])
def test_memory_is_known_before(Estimator):
    x = np.random.RandomState(0).normal(size=(20_000, 16))
    w = np.ones(20_000)
    rs = np.random.RandomState(5)
    km = Estimator(60, random_state=rs)
    state, before = rs.get_state(), dict(vars(km))
    for weights, budget in ((None, None), (w, 0)):
        with covey.engine_options(accelerator_budget=budget):
            told = km.fit_memory(x, weights)
            assert vars(km) == before
            report = Estimator(60, random_state=0).fit(x, sample_weight=weights).fit_report_
        assert 0 < report["bytes_peak"] <= told <= 1.1 * report["bytes_peak"]
    assert np.array_equal(rs.get_state()[1], state[1])
    assert rs.get_state()[2] == state[2]
    with pytest.raises(ValueError, match="n_samples=9 should be >= n_clusters=60"):
        km.fit_memory(x[:9])


SHAPES = [(20_000, 2, 64, "f8"), (20_000, 3, 64, "u1"), (20_000, 16, 64, "f4"), (20_000, 40, 64, "f8"),
          (6_000, 200, 64, "f4"), (6_000, 200, 64, "f2")]


@pytest.mark.parametrize("n, d, k, dtype", SHAPES)
def test_budget_is_obeyed(n, d, k, dtype):
    """A fit with a budget takes at most that much more than one without, whatever accelerators its shape calls for; what has
    the size of the centers does not count."""
    x = (np.random.RandomState(0).uniform(0, 200, size=(n, d))).astype(dtype)
    results, planned = [], {}
    for budget in (0, 50_000, 500_000, 2_000_000, 8_000_000, None):
        with covey.engine_options(accelerator_budget=budget):
            km = KMeans(k, random_state=0, max_iter=6).fit(x)
        results.append(km.cluster_centers_.tobytes() + km.labels_.tobytes())
        planned[budget] = km.fit_report_["bytes_planned"]
        if budget is not None:
            assert planned[budget] <= planned[0] + budget + 64 * k * d
    assert len(set(results)) == 1
    assert planned[0] < planned[None] <= planned[0] + FLOOR


def test_memory_mapped_file_is_read_in_place(run_python):
    """A read-only map of 192 MB is fitted in 48 MB of memory of one's own, and so is one read column by column."""
    output = run_python(PRELUDE + """
x = np.lib.format.open_memmap("x.npy", mode="w+", dtype=np.float64, shape=(600_000, 40))
fill(x)
del x
x = np.load("x.npy", mmap_mode="r")
limit_data(72)
try:
    np.array(x)
    print("a copy would not be seen")
except MemoryError:
    pass
with covey.engine_options(accelerator_budget=0):
    km = covey.KMeans(8, random_state=0, max_iter=4).fit(x)
    print(np.array_equal(km.predict(x), km.labels_))
    print(covey.MiniBatchKMeans(8, random_state=0).fit(x).labels_.shape)
    print(covey.BisectingKMeans(3, random_state=0, max_iter=4).fit(x).labels_.shape)
    print(covey.kmeans_plusplus(x, 8, random_state=0)[1].shape)
""", env={"COVEY_NUM_THREADS": "2"})
    assert output.splitlines() == ["True", "(600000,)", "(600000,)", "(8,)"]


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_pandas_frames_are_read_in_place(run_python, dtype):
    pytest.importorskip("pandas")
    output = run_python(PRELUDE + f"""
import pandas as pd
x = fill(np.empty((500_000, 40), dtype="{dtype}"))
frames = [pd.DataFrame(x, copy=False), pd.DataFrame({{f"c{{f}}": x[:, f].copy() for f in range(40)}})]
frames[1].to_numpy()
with covey.engine_options(accelerator_budget=0):
    for frame in frames:
        km, peak = peak_of(lambda: covey.KMeans(8, random_state=0, max_iter=2).fit(frame))
        print(peak - km.labels_.nbytes, km.fit_report_["bytes_planned"])
""", env={"COVEY_NUM_THREADS": "2"})
    for line in output.splitlines():
        peak, planned = (int(v) for v in line.split())
        assert peak < planned + 12 * 2**20  # a copy has 20 MB or more


def test_partial_fit_from_a_file_larger_than_the_memory(run_python):
    """600 MB on disk under a limit of 100 MB of memory beyond what the interpreter and its libraries map."""
    output = run_python(PRELUDE + """
n, d = 1_500_000, 50
x = np.lib.format.open_memmap("big.npy", mode="w+", dtype=np.float64, shape=(n, d))
rs = np.random.RandomState(0)
for low in range(0, n, 100_000):
    x[low : low + 100_000] = rs.standard_normal((100_000, d)) + 5 * (rs.randint(0, 3, (100_000, 1)))
del x
limit_data(100)
x = np.load("big.npy", mmap_mode="r")
km = covey.MiniBatchKMeans(3, random_state=0, compute_labels=False)
for low in range(0, n, 50_000):
    km.partial_fit(x[low : low + 50_000])
print(*sorted(np.round(km.cluster_centers_.mean(axis=1), 1)))
""")
    assert [float(v) for v in output.split()] == pytest.approx([0, 5, 10], abs=0.2)


def test_sparse_rows_are_never_made_dense(run_python):
    """5,000 x 100,000 with 50 values a row: dense it has 4 GB."""
    output = run_python(PRELUDE + """
rs = np.random.RandomState(0)
n, d, stored = 5_000, 100_000, 50
indices = (np.arange(stored) * (d // stored) + rs.randint(0, d // stored, size=(n, stored))).astype(np.int32)
x = sp.csr_array((rs.uniform(size=n * stored), indices.ravel(), np.arange(n + 1, dtype=np.int32) * stored), shape=(n, d))
limit_data(700)
for Estimator in (covey.KMeans, covey.MiniBatchKMeans, covey.BisectingKMeans):
    km = Estimator(5, random_state=0, max_iter=3).fit(x)
    print(np.array_equal(km.predict(x), km.labels_), km.transform(x).shape)
""")
    assert output.splitlines() == ["True (5000, 5)"] * 3


def test_silhouette_takes_a_tenth_of_scikit_learns_memory(run_python):
    """20,000 x 64: each in a process of its own, peak beyond what it had before."""
    extra = {}
    for module in ("covey.metrics", "sklearn.metrics"):
        extra[module] = int(run_python(PRELUDE + f"""
from {module} import silhouette_score
x = fill(np.empty((20_000, 64)))
labels = np.arange(20_000) % 10
silhouette_score(x[:100], labels[:100])
print(peak_of(lambda: silhouette_score(x, labels))[1])
"""))
    assert extra["sklearn.metrics"] > 200 * 2**20
    assert extra["covey.metrics"] < extra["sklearn.metrics"] / 10
