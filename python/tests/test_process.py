"""Processes, threads, signals and callbacks (numbers are the rows of the table of bad inputs)."""

import multiprocessing
import os
import signal
import threading
import time

import numpy as np
import pytest

import covey
from covey import BisectingKMeans, KMeans, MiniBatchKMeans, ProgressBar


def normal(n=5000, d=8, seed=0):
    return np.random.RandomState(seed).normal(size=(n, d))


def test_row_36_fork_after_fit(run_python):
    """20 forks, each fits with two threads; a parent's pool does not survive a fork and must be built anew."""
    output = run_python("""
import os, numpy as np
from covey import KMeans
X = np.random.RandomState(0).normal(size=(20000, 8))
expected = KMeans(8, random_state=0, n_threads=2).fit(X).labels_
for i in range(20):
    pid = os.fork()
    if pid == 0:
        km = KMeans(8, random_state=0, n_threads=2).fit(X)
        good = np.array_equal(km.labels_, expected) and np.array_equal(km.predict(X), expected)
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0, i
    assert np.array_equal(KMeans(8, random_state=0, n_threads=2).fit(X).labels_, expected)
print("good")
""", timeout=120)
    assert output.strip() == "good"


def _fit(seed):
    km = KMeans(6, random_state=seed, n_threads=2).fit(normal())
    return km.inertia_


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_row_37_eight_processes(method):
    with multiprocessing.get_context(method).Pool(8) as pool:
        results = pool.map_async(_fit, range(16)).get(timeout=180)
    assert results == [_fit(seed) for seed in range(16)]


def test_row_37_limits_of_joblib_are_obeyed(run_python):
    output = run_python("""
import joblib, numpy as np

def threads(_):
    import covey
    return covey.build_info()["threads"]

if __name__ == "__main__":
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        print(joblib.Parallel(n_jobs=2)(joblib.delayed(threads)(i) for i in range(4)))
""")
    assert output.strip() == "[1, 1, 1, 1]"


def test_row_37_environment(run_python):
    code = "import covey; km = covey.KMeans(2).fit([[0.0], [1.0], [5.0]]); print(covey.build_info()['threads'])"
    assert run_python(code, env={"COVEY_NUM_THREADS": "1"}).strip() == "1"
    assert run_python(code, env={"OMP_NUM_THREADS": "1", "COVEY_NUM_THREADS": ""}).strip() == "1"
    bad = run_python(code, env={"COVEY_NUM_THREADS": "abc"}, check=False)
    assert bad.returncode != 0
    assert "ValueError" in bad.stderr
    assert "COVEY_NUM_THREADS" in bad.stderr
    assert "abc" in bad.stderr


def test_threadpoolctl():
    import threadpoolctl

    mine = [m for m in threadpoolctl.threadpool_info() if m["internal_api"] == "covey"]
    assert len(mine) == 1
    assert mine[0]["version"] == covey.__version__
    before = covey.build_info()["threads"]
    with threadpoolctl.threadpool_limits(1):
        assert covey.build_info()["threads"] == 1
        assert KMeans(8).fit(normal()).fit_report_["threads"] == 1
    assert covey.build_info()["threads"] == before


def test_thread_count_is_obeyed():
    X = normal(40000, 16)
    assert KMeans(16, random_state=0, n_threads=1).fit(X).fit_report_["threads"] == 1
    assert KMeans(16, random_state=0, n_threads=2).fit(X).fit_report_["threads"] == 2
    assert KMeans(16, random_state=0, n_threads=3).fit(X).fit_report_["threads"] == 3


def test_row_38_two_fits_at_once():
    data = [normal(seed=s) for s in range(2)]
    expected = [KMeans(8, random_state=0, n_threads=2).fit(X) for X in data]
    found = [[], []]

    def work(which):
        for _ in range(10):
            found[which].append(KMeans(8, random_state=0, n_threads=2).fit(data[which]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(timeout=120)
        assert not t.is_alive()
    for which in range(2):
        assert len(found[which]) == 10
        for km in found[which]:
            assert np.array_equal(km.labels_, expected[which].labels_)
            assert np.array_equal(km.cluster_centers_, expected[which].cluster_centers_)


def test_predict_of_one_model_from_many_threads():
    X = normal()
    km = KMeans(8, random_state=0).fit(X)
    wrong = []

    def work():
        for _ in range(20):
            if not np.array_equal(km.predict(X), km.labels_):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(timeout=120)
    assert not wrong


LONG_FITS = {
    "KMeans": lambda big: KMeans(150, init=big[:150], n_init=1, tol=0, max_iter=10**6, random_state=0),
    "seeding": lambda big: KMeans(3000, random_state=0),
    "restarts": lambda big: KMeans(40, n_init=10**6, random_state=0, max_iter=3),
    "BisectingKMeans": lambda big: BisectingKMeans(2000, random_state=0, n_init=50, tol=0),
    "MiniBatchKMeans": lambda big: MiniBatchKMeans(50, random_state=0, max_no_improvement=None, max_iter=10**5),
}


@pytest.mark.parametrize("which", LONG_FITS)
def test_row_40_ctrl_c(which, big):
    """KeyboardInterrupt within 0.2 s, and the estimator is as before. A busy machine may take longer four times of five."""
    km = LONG_FITS[which](big)
    before = dict(vars(km))
    waits = []
    while not waits or (waits[-1] >= 0.2 and len(waits) < 5):
        waits.append(interrupted(km, big, 0.5 + 0.13 * len(waits)))
    after = dict(vars(km))
    for name in ("_n_init", "_batch_size", "_init_size"):  # resolved parameters, no results
        after.pop(name, None)
    assert after == before
    assert waits[-1] < 0.2, waits


def interrupted(km, X, seconds):
    """Fit, press Ctrl-C after so many seconds, and return how long the fit went on."""
    sent = []

    def interrupt():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    # A job in the background of a shell starts with the signal ignored; the fit would then run for ever.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer = threading.Timer(seconds, interrupt)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            km.fit(X)
        waited = time.perf_counter() - sent[0]
        timer.join()
    finally:
        signal.signal(signal.SIGINT, handler)
    return waited


class Recorder:
    """A callback of scikit-learn's kind that stops or fails at a given iteration."""

    def __init__(self, stop_at=None, fail_at=None):
        self.stop_at, self.fail_at = stop_at, fail_at
        self.events, self.facts = [], []

    def setup(self, estimator, context):
        self.events.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        self.events.append(f"end {context.task_name}")
        if metadata:
            self.facts.append(metadata)
            if len(self.facts) == self.fail_at:
                raise ZeroDivisionError("from the callback")
            return len(self.facts) == self.stop_at
        return None

    def teardown(self, estimator, context):
        self.events.append("teardown")


def test_callbacks_see_every_iteration():
    X = normal(2000)
    seen = Recorder()
    km = KMeans(6, n_init=3, random_state=0).set_callbacks(seen).fit(X)
    plain = KMeans(6, n_init=3, random_state=0).fit(X)
    assert np.array_equal(km.labels_, plain.labels_)
    assert seen.events[0] == "setup"
    assert seen.events[-1] == "teardown"
    assert seen.events.count("begin run") == seen.events.count("end run") == 3
    assert seen.events.count("begin iteration") == seen.events.count("end iteration") == len(seen.facts)
    runs = [f["run"] for f in seen.facts]
    assert runs == sorted(runs)
    best = km.fit_report_["best_run"]
    assert runs.count(best) == km.n_iter_
    for run in range(3):
        inertia = [f["inertia"] for f in seen.facts if f["run"] == run]
        assert all(b <= a * (1 + 1e-12) for a, b in zip(inertia, inertia[1:]))  # P5


def test_callback_stops_the_fit():
    X = normal(2000)
    km = KMeans(6, random_state=0, tol=0).set_callbacks(Recorder(stop_at=4)).fit(X)
    assert km.n_iter_ == 4
    assert not km.converged_
    assert km.fit_report_["stop"] == "cancelled"
    assert np.array_equal(km.predict(X), km.labels_)
    same = KMeans(6, random_state=0, tol=0, max_iter=4).fit(X)
    assert np.array_equal(same.labels_, km.labels_)


@pytest.mark.parametrize("Estimator", [KMeans, MiniBatchKMeans, BisectingKMeans])
def test_row_41_exception_in_a_callback(Estimator):
    X = normal(20000)
    seen = Recorder(fail_at=2)
    km = Estimator(6, random_state=0).set_callbacks(seen)
    with pytest.raises(ZeroDivisionError, match="from the callback"):
        km.fit(X)
    assert seen.events[-1] == "teardown"
    assert not hasattr(km, "cluster_centers_")
    assert not hasattr(km, "n_features_in_")
    km.set_callbacks().fit(X)
    assert km.labels_.shape == (20000,)


@pytest.mark.parametrize("Estimator", [KMeans, MiniBatchKMeans, BisectingKMeans])
def test_row_41_exception_in_init(Estimator):
    def init(X, k, random_state):
        raise ZeroDivisionError("from init")

    with pytest.raises(ZeroDivisionError, match="from init"):
        Estimator(3, init=init).fit(normal())


def test_nested_fit_inside_init():
    """A callback may use the library: the inner fit's state stays apart."""
    X = normal(500)
    inner = KMeans(4, random_state=1).fit(X - X.mean(axis=0)).cluster_centers_
    km = KMeans(4, n_init=1, init=lambda data, k, random_state: KMeans(4, random_state=1).fit(data).cluster_centers_).fit(X)
    same = KMeans(4, n_init=1, init=inner + X.mean(axis=0)).fit(X)
    assert km.inertia_ == pytest.approx(same.inertia_, rel=1e-12)


def test_callbacks_survive_clone_and_progress_bar_counts():
    pytest.importorskip("tqdm")
    import io

    from sklearn.base import clone

    text = io.StringIO()
    bar = ProgressBar(file=text, mininterval=0)
    km = clone(KMeans(6, random_state=0).set_callbacks(bar)).fit(normal(2000))
    assert f"{km.n_iter_}it" in text.getvalue()
    assert "KMeans" in text.getvalue()


def test_progress_bar_of_scikit_learn():
    callback = pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")
    pytest.importorskip("rich")
    km = KMeans(6, random_state=0).set_callbacks(callback.ProgressBar()).fit(normal(2000))
    assert km.n_iter_ > 1


def test_callbacks_must_follow_the_protocol():
    with pytest.raises(TypeError, match="FitCallback"):
        KMeans().set_callbacks(print)


def test_grid_search_uses_no_more_threads_than_allowed(run_python):
    """Two jobs share the processors, one has them all; the scores are the same."""
    output = run_python("""
import joblib, numpy as np
from sklearn.model_selection import GridSearchCV
from covey import KMeans, build_info

def scores(km, X, y=None):
    return {"score": km.score(X), "threads": km.fit_report_["threads"]}

X = np.random.RandomState(0).normal(size=(20000, 8))
if __name__ == "__main__":
    one, two = (GridSearchCV(KMeans(random_state=0), {"n_clusters": [12, 16]}, cv=3, n_jobs=jobs, scoring=scores,
                             refit="score").fit(X).cv_results_ for jobs in (1, 2))
    print(np.array_equal(one["mean_test_score"], two["mean_test_score"]))
    print(one["mean_test_threads"].max() == build_info()["threads"])
    print(2 * two["mean_test_threads"].max() <= max(2, joblib.cpu_count()))
""")
    assert output.split() == ["True"] * 3
