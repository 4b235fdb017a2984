"""Bad input and odd input: what a Python user gets (numbers are the rows of the table of bad inputs)."""

import hashlib
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from covey import BisectingKMeans, KMeans, MiniBatchKMeans, build_info, engine_options, k_means, kmeans_plusplus

ESTIMATORS = [KMeans, MiniBatchKMeans, BisectingKMeans]
every = pytest.mark.parametrize("Estimator", ESTIMATORS)


def normal(n=60, d=3, seed=0):
    return np.random.RandomState(seed).normal(size=(n, d))


@every
def test_row_1_nan(Estimator):
    X = normal()
    X[17, 1] = X[20, 0] = np.nan
    with pytest.raises(ValueError, match=rf"(?s)Input X contains NaN.*{Estimator.__name__}.*row 17, column 1") as info:
        Estimator(2).fit(X)
    assert "2 rows affected" in str(info.value)
    km = Estimator(2, random_state=0).fit(normal())
    for method in (km.predict, km.transform, km.score):
        with pytest.raises(ValueError, match=r"(?s)Input X contains NaN.*row 17, column 1"):
            method(X)


def test_row_1_nan_names_the_column():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(normal(), columns=["age", "height", "size"])
    frame.loc[4, "height"] = np.nan
    with pytest.raises(ValueError, match=r"row 4, column 'height' \(1 row affected\)"):
        KMeans(2).fit(frame)


@every
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_row_2_infinity(Estimator, value):
    X = normal()
    X[3, 2] = value
    with pytest.raises(ValueError, match=r"(?s)Input X contains infinity.*row 3, column 2"):
        Estimator(2).fit(X)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        Estimator(2).fit(sp.csr_array(X))


def test_row_2_x_is_looked_at_before_later_checks():
    X = normal()
    X[3, 2] = np.nan
    for wrong in (dict(n_clusters=61), dict(n_clusters=2, init=X[:3, :2], n_init=1)):
        with pytest.raises(ValueError, match="Input X contains NaN"):
            KMeans(**wrong).fit(X)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        KMeans(2).fit(X, sample_weight=np.zeros(60))


@every
def test_row_3_huge(Estimator):
    X = normal()
    X[5, 1] = 1e151
    with pytest.raises(ValueError, match="row 5"):
        Estimator(2).fit(X)
    km = KMeans(2, random_state=0, n_init=1).fit(normal() * 1e149)
    assert np.isfinite(km.inertia_)


@every
@pytest.mark.parametrize("X", [np.zeros((9, 2)), np.full((9, 2), 5e-324), np.full((9, 2), 7.5)])
def test_rows_4_and_7_one_point(Estimator, X):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        km = Estimator(3, random_state=0).fit(X)
    assert km.labels_.tolist() == [0] * 9
    assert km.inertia_ < 1e-25  # a mini-batch mean of equal rows is rounded
    assert km.n_distinct_ == 1
    if Estimator is not MiniBatchKMeans:
        assert [str(w.message) for w in caught if w.category is ConvergenceWarning] == [
            "Number of distinct clusters (1) found smaller than n_clusters (3). Possibly due to duplicate points in X."]


def test_row_4_constant_column():
    X = normal()
    X[:, 1] = 3
    km = KMeans(3, random_state=0).fit(X)
    assert np.allclose(km.cluster_centers_[:, 1], 3, rtol=1e-15)


def test_row_5_offset():
    X = (normal(2000, 4) + 1e6).astype(np.float32)
    single, double = KMeans(5, random_state=0).fit(X), KMeans(5, random_state=0).fit(X.astype(np.float64))
    assert single.n_iter_ == double.n_iter_
    assert np.array_equal(single.cluster_centers_, double.cluster_centers_.astype(np.float32))
    # Labels are those of the published centers, which are float32 here, 1/16 apart: few rows move, none far.
    moved = single.labels_ != double.labels_
    dist = double.transform(X[moved])
    there = np.take_along_axis(dist, single.labels_[moved][:, None], axis=1)[:, 0]
    assert (there - dist.min(axis=1)).max() < 0.1
    assert moved.mean() < 0.05


def test_row_8_fewer_distinct_points_than_clusters():
    X = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 5, axis=0)
    with pytest.warns(ConvergenceWarning, match=r"Number of distinct clusters \(3\) found smaller than n_clusters \(5\)"):
        km = KMeans(5, random_state=0).fit(X)
    assert km.n_distinct_ == 3
    assert km.inertia_ < 1e-25
    assert np.array_equal(km.predict(X), km.labels_)


@every
def test_row_9_more_clusters_than_rows(Estimator):
    with pytest.raises(ValueError, match=r"n_samples=4 should be >= n_clusters=10\."):
        Estimator(10).fit(normal(4))
    with pytest.raises(ValueError, match=r"n_samples=4 should be >= n_clusters=10\."):
        kmeans_plusplus(normal(4), 10)


@pytest.mark.parametrize("Estimator", [KMeans, BisectingKMeans])
def test_row_10_as_many_clusters_as_rows(Estimator):
    X = normal(12)
    km = Estimator(12, random_state=0).fit(X)
    assert sorted(km.labels_) == list(range(12))
    assert np.array_equal(km.cluster_centers_[km.labels_], X)
    assert km.inertia_ == 0


def test_row_11_one_cluster_one_row():
    X, w = normal(), np.random.RandomState(1).uniform(size=60)
    km = KMeans(1).fit(X, sample_weight=w)
    mean = np.average(X, axis=0, weights=w)
    assert np.allclose(km.cluster_centers_, [mean], rtol=1e-14)
    assert km.inertia_ == pytest.approx((w * ((X - mean) ** 2).sum(axis=1)).sum(), rel=1e-13)
    assert KMeans(1).fit([[3.0, 4.0]]).cluster_centers_.tolist() == [[3.0, 4.0]]


@every
def test_row_12_nothing(Estimator):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        Estimator(2).fit(np.empty((0, 3)))
    with pytest.raises(ValueError, match=r"0 feature\(s\) \(shape=\(12, 0\)\) while a minimum of 1 is required"):
        Estimator(2).fit(np.empty((12, 0)))


@every
@pytest.mark.parametrize("k", [0, -3, 2.5, "8", True, 10**18, None])
def test_row_13_number_of_clusters(Estimator, k):
    with pytest.raises((ValueError, TypeError), match="n_clusters"):
        Estimator(k).fit(normal())


def test_row_14_many_clusters():
    X = normal(20000, 4)
    km = KMeans(1000, random_state=0, max_iter=3, algorithm="auto").fit(X)
    assert km.fit_report_["bytes_peak"] < 4 * X.nbytes + 64 * X.shape[0]


@every
def test_row_16_one_dimension(Estimator):
    with pytest.raises(ValueError, match=r"(?s)Expected 2D array, got 1D array instead.*reshape\(-1, 1\)"):
        Estimator(2).fit(np.arange(9.0))


def test_row_17_given_centers():
    X = normal()
    with pytest.raises(ValueError, match=r"The shape of the initial centers \(2, 3\) does not match the number of clusters 3"):
        KMeans(3, init=X[:2], n_init=1).fit(X)
    with pytest.raises(ValueError, match=r"does not match the number of features of the data 3"):
        KMeans(3, init=X[:3, :2], n_init=1).fit(X)
    with pytest.raises(ValueError, match="NaN"):
        KMeans(2, init=[[0, 0, 0], [0, 0, np.nan]], n_init=1).fit(X)
    with pytest.warns(RuntimeWarning, match="1 of the initial centers repeat an earlier one"):
        KMeans(3, init=X[[0, 1, 1]], n_init=1).fit(X)
    with pytest.warns(RuntimeWarning, match="performing only one init in KMeans instead of n_init=7"):
        KMeans(3, init=X[:3], n_init=7).fit(X)


@pytest.mark.parametrize("Estimator", [KMeans, BisectingKMeans])
def test_row_18_weight_zero(Estimator):
    X, w = normal(), np.ones(60)
    w[::3] = 0
    if Estimator is KMeans:
        options = dict(n_clusters=3, init=X[1:4], n_init=1, tol=0)
    else:
        options = dict(n_clusters=3, init=lambda X, k, random_state: X[[1, 2] if len(X) == 60 else [0, 1]], tol=0)
    km = Estimator(**options).fit(X, sample_weight=w)
    if Estimator is KMeans:
        fewer = Estimator(**options).fit(X[w > 0])
        assert np.array_equal(fewer.labels_, km.labels_[w > 0])
        assert np.allclose(fewer.cluster_centers_, km.cluster_centers_, rtol=1e-12)
    assert np.isfinite(km.inertia_)
    picks = [kmeans_plusplus(X, 5, sample_weight=w, random_state=s)[1] for s in range(20)]
    assert (w[np.ravel(picks)] > 0).all()


@every
@pytest.mark.parametrize("bad, message", [
    (np.zeros(60), "weights must contain at least one non-zero number"),
    (np.r_[np.ones(59), -1], r"sample_weight\[59\]"),
    (np.r_[np.nan, np.ones(59)], "(?i)sample_weight.*NaN"),
    (np.r_[np.inf, np.ones(59)], "(?i)sample_weight.*inf"),
    (np.ones(59), r"sample_weight.shape == \(59,\), expected \(60,\)!"),
    (np.ones((60, 1)), "Sample weights must be 1D array or scalar"),
])
def test_row_19_weights(Estimator, bad, message):
    with pytest.raises(ValueError, match=message):
        Estimator(2).fit(normal(), sample_weight=bad)


def test_row_20_weights_are_repetitions():
    X = normal()
    w = np.random.RandomState(3).randint(1, 5, size=60)
    options = dict(n_clusters=4, init=X[:4], n_init=1, tol=0)
    weighted, repeated = KMeans(**options).fit(X, sample_weight=w), KMeans(**options).fit(np.repeat(X, w, axis=0))
    assert np.array_equal(np.repeat(weighted.labels_, w), repeated.labels_)
    assert np.allclose(weighted.cluster_centers_, repeated.cluster_centers_, rtol=0, atol=1e-12)


def test_row_21_weights_of_very_different_size():
    X = np.r_[normal(50, 2), normal(50, 2) + 100]
    w = np.r_[np.full(50, 1e8), np.full(50, 1e-8)]
    km = KMeans(2, init=[[0, 0], [100, 100]], n_init=1, tol=0).fit(X, sample_weight=w)
    assert np.allclose(km.cluster_centers_, [X[:50].mean(axis=0), X[50:].mean(axis=0)], rtol=1e-14)


def test_row_22_empty_cluster_is_refilled():
    X = np.array([[0.0], [1.0], [2.0], [10.0]])
    km = KMeans(2, init=[[1.0], [500.0]], n_init=1).fit(X)
    assert km.n_relocations_ == 1
    assert sorted(np.bincount(km.labels_)) == [1, 3]


def test_row_23_cluster_that_cannot_be_split():
    with pytest.warns(ConvergenceWarning, match=r"distinct clusters \(2\)"):
        km = BisectingKMeans(4, random_state=0).fit([[0.0], [0.0], [0.0], [5.0], [5.0]])
    assert km.cluster_centers_.shape == (4, 1)
    assert np.array_equal(km.predict([[0.0], [0.0], [0.0], [5.0], [5.0]]), km.labels_)


def test_row_24_max_iter():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        km = KMeans(5, random_state=0, max_iter=1).fit(normal(500))
    assert not km.converged_
    assert km.n_iter_ == 1
    assert km.fit_report_["stop"] == "max_iter"
    assert KMeans(5, random_state=0).fit(normal(500)).converged_


@every
def test_row_26_threads(Estimator, blobs):
    X = normal(5000, 7)
    hashes = set()
    for threads in (1, 2, 7, 64):
        km = Estimator(9, random_state=0, n_threads=threads).fit(X)
        hashes.add(hashlib.sha256(km.labels_.tobytes() + km.cluster_centers_.tobytes()
                                  + np.float64(km.inertia_).tobytes() + km.transform(X).tobytes()).hexdigest())
    assert len(hashes) == 1


@every
def test_row_27_instruction_sets(Estimator):
    levels = ["portable", "avx2", "avx2-vnni", "avx512", "avx512-vnni", "neon", "neon-dot"]
    X = np.r_[normal(3000, 70), np.random.RandomState(1).randint(0, 3, size=(2000, 70))].astype(np.float32)
    states = {}
    for isa in levels:
        try:
            with engine_options(isa=isa):
                km = Estimator(50, random_state=0).fit(X)
        except ValueError as error:
            assert isa in str(error)  # this machine lacks it
            continue
        assert km.fit_report_["isa"] == isa
        states[isa] = km.labels_.tobytes() + km.cluster_centers_.tobytes() + np.float64(km.inertia_).tobytes()
    assert "portable" in states
    assert len(states) > 1 or build_info()["isa"] == "portable"
    assert len(set(states.values())) == 1


@every
def test_row_30_predict_other_shape(Estimator):
    km = Estimator(2)
    with pytest.raises(NotFittedError, match=rf"This {Estimator.__name__} instance is not fitted yet"):
        km.predict(normal())
    km.fit(normal())
    with pytest.raises(ValueError, match=rf"X has 2 features, but {Estimator.__name__} is expecting 3 features as input"):
        km.predict(normal(d=2))


@every
def test_row_31_predict_in_batches(Estimator):
    X = normal(300, 5)
    km = Estimator(7, random_state=0).fit(X)
    for size in (1, 7, 300):
        assert np.array_equal(np.concatenate([km.predict(X[i : i + size]) for i in range(0, 300, size)]), km.labels_)


def tables():
    """Data on which the label of a row is easily in doubt."""
    rs = np.random.RandomState(0)
    grid = rs.randint(0, 6, size=(501, 3)).astype(float)
    return {
        "grid": grid,
        "binary": rs.randint(0, 2, size=(301, 12)).astype(float),
        "few distinct": rs.randint(0, 2, size=(120, 2)).astype(float),
        "far": (rs.normal(size=(700, 4)) + 1e6).astype(np.float32),
        "bytes": rs.randint(0, 256, size=(400, 5)).astype(np.uint8),
        "sparse": sp.csr_array(np.where(rs.uniform(size=(300, 20)) < 0.8, 0, grid[:300, [0]])),
        "blobs": np.r_[normal(3000, 8), normal(3000, 8, 1) + 3],
    }


@every
@pytest.mark.parametrize("name", tables())
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_are_what_predict_says(Estimator, name):
    """P4, also where the fit was cut short, row by row, and after another trip through pickle."""
    X = tables()[name]
    for seed, options in enumerate([{}, dict(max_iter=1), dict(max_iter=2, n_init=3), dict(init="random")]):
        km = Estimator(7, random_state=seed, **options).fit(X)
        assert np.array_equal(km.predict(X), km.labels_)
        assert np.array_equal(pickle.loads(pickle.dumps(km)).predict(X), km.labels_)
        assert np.concatenate([km.predict(X[[i]]) for i in range(0, X.shape[0], 37)]).tolist() == km.labels_[::37].tolist()
        dist = km.transform(X)
        assert km.inertia_ == pytest.approx((dist[np.arange(len(dist)), km.labels_].astype(float) ** 2).sum(), rel=1e-4)


@every
def test_report(Estimator):
    """fit_report_: seconds by phase that add up, and bytes."""
    report = Estimator(9, random_state=0).fit(normal(20_000, 6)).fit_report_
    phases = [report[f"seconds_{phase}"] for phase in ("check", "seed", "iterate", "finish")]
    assert all(seconds >= 0 for seconds in phases)
    assert sum(phases) == pytest.approx(report["seconds"], rel=0.05, abs=1e-3)
    assert 0 < report["bytes_peak"] <= report["bytes_planned"]
    assert report["plan"]
    assert report["note"]
    assert 0 < report["n_distances"]


def layouts(X, tmp_path):
    n, d = X.shape
    wide = np.zeros((n, 2 * d + 1))
    wide[:, 1::2] = X
    raw = np.zeros(X.nbytes + 1, dtype=np.uint8)
    unaligned = raw[1:].view(np.float64).reshape(X.shape)
    unaligned[:] = X
    np.save(tmp_path / "x.npy", X)
    read_only = X.copy()
    read_only.flags.writeable = False
    return {
        "strided": wide[:, 1::2],
        "fortran": np.asfortranarray(X),
        "negative": X[::-1, ::-1].copy()[::-1, ::-1],
        "unaligned": unaligned,
        "big endian": X.astype(">f8"),
        "memmap": np.load(tmp_path / "x.npy", mmap_mode="r"),
        "read only": read_only,
        "list": X.tolist(),
        "object": X.astype(object),
    }


@every
def test_row_32_layouts(Estimator, tmp_path):
    X = normal(400, 5)
    plain = Estimator(6, random_state=0).fit(X)
    for name, same in layouts(X, tmp_path).items():
        before = hashlib.sha256(np.asarray(same, dtype=np.float64).tobytes()).hexdigest()
        km = Estimator(6, random_state=0).fit(same)
        assert np.array_equal(km.labels_, plain.labels_), name
        assert np.array_equal(km.cluster_centers_, plain.cluster_centers_), name
        assert np.array_equal(km.predict(same), plain.labels_), name
        assert np.array_equal(km.transform(same), plain.transform(X)), name
        assert hashlib.sha256(np.asarray(same, dtype=np.float64).tobytes()).hexdigest() == before, name


@every
@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "?"])
def test_row_33_number_types(Estimator, dtype):
    X = np.random.RandomState(0).randint(0, 2 if dtype == "?" else 100, size=(300, 4)).astype(dtype)
    km, wide = Estimator(4, random_state=0).fit(X), Estimator(4, random_state=0).fit(X.astype(np.float64))
    assert np.array_equal(km.labels_, wide.labels_)
    assert km.cluster_centers_.dtype == (np.float32 if dtype == "f4" else np.float64)
    assert np.allclose(km.cluster_centers_, wide.cluster_centers_, rtol=1e-6 if dtype == "f4" else 0, atol=0)
    assert np.array_equal(wide.predict(X), wide.labels_)


@every
@pytest.mark.parametrize("column, kind", [
    (["a", "b"] * 30, "text"),
    (np.array(["2020-01-01", "2021-01-01"] * 30, dtype="M8[D]"), "date"),
    (np.array([1j, 2j] * 30), "complex"),
])
def test_row_33_no_numbers(Estimator, column, kind):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(normal(), columns=["a", "b", "c"])
    frame["b"] = column
    with pytest.raises(TypeError, match="Column 'b'"):
        Estimator(2).fit(frame)
    with pytest.raises(TypeError):
        Estimator(2).fit(np.column_stack([column, column]))


def csr(X):
    return sp.csr_array(X)


@every
def test_a_model_of_dense_data_takes_sparse_rows(Estimator):
    rs = np.random.RandomState(0)
    X = rs.uniform(size=(500, 20)) * (rs.uniform(size=(500, 20)) < 0.2)
    model = Estimator(5, random_state=0).fit(X)
    assert np.array_equal(model.predict(X), model.predict(csr(X)))
    assert np.array_equal(model.transform(X), model.transform(csr(X)))
    assert model.score(X) == model.score(csr(X))


def test_one_bisecting_cluster_of_sparse_rows_is_their_mean():
    X = normal(60, 4)
    model = BisectingKMeans(1).fit(csr(X))
    assert np.allclose(model.cluster_centers_, X.mean(axis=0), rtol=1e-12)
    assert np.isclose(model.inertia_, ((X - X.mean(axis=0)) ** 2).sum(), rtol=1e-12)


@every
def test_row_34_sparse(Estimator):
    X = normal(200, 6)
    X[np.random.RandomState(1).uniform(size=X.shape) < 0.7] = 0
    good = csr(X)
    plain = Estimator(4, random_state=0).fit(good)
    assert np.array_equal(plain.predict(good), plain.labels_)
    assert np.array_equal(plain.transform(good), plain.transform(X))

    order = np.concatenate([np.arange(a, b)[::-1] for a, b in zip(good.indptr[:-1], good.indptr[1:])])
    unsorted = sp.csr_array((good.data[order], good.indices[order], good.indptr), shape=good.shape)
    twice = sp.csr_array((np.repeat(good.data / 2, 2), np.repeat(good.indices, 2), good.indptr * 2), shape=good.shape)
    long = sp.csr_array((good.data, good.indices.astype(np.int64), good.indptr.astype(np.int64)), shape=good.shape)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    for same in (twice, long, good.tocoo(), good.tocsc(), good.astype(np.float32).astype(np.float64) * 0 + good):
        assert np.array_equal(Estimator(4, random_state=0).fit(same).labels_, plain.labels_)
    assert np.array_equal(plain.predict(unsorted), plain.labels_)


@every
@pytest.mark.parametrize("fault", ["column too large", "negative column", "indptr falls", "indptr too long"])
def test_row_34_sparse_faults(Estimator, fault):
    X = csr(np.eye(20, 5) + 1)
    if fault == "column too large":
        X.indices[7] = 5
    elif fault == "negative column":
        X.indices[7] = -1
    elif fault == "indptr falls":
        X.indptr[3] = X.indptr[2] - 1
    else:
        X.indptr[-1] += 1000
    with pytest.raises(ValueError):
        Estimator(2).fit(X)
    km = Estimator(2).fit(np.eye(20, 5) + 1)
    with pytest.raises(ValueError):
        km.predict(X)


@every
@pytest.mark.parametrize("param, value", [("tol", np.nan), ("tol", -1), ("random_state", 2**70), ("random_state", -1),
                                          ("max_iter", 0), ("n_init", 0), ("n_threads", 0), ("verbose", -1)])
def test_row_35_options(Estimator, param, value):
    with pytest.raises(ValueError, match=f"The '{param}' parameter of {Estimator.__name__} must be"):
        Estimator(2).set_params(**{param: value}).fit(normal())


def test_row_42_limits(big):
    with engine_options(memory_limit=1000), pytest.raises(MemoryError, match="memory_limit"):
        KMeans(3).fit(normal())
    with engine_options(time_limit=0.3), pytest.warns(ConvergenceWarning, match="time limit"):
        km = KMeans(200, random_state=0, init=big[:200], n_init=1, tol=0, max_iter=10**6).fit(big)
    assert not km.converged_
    assert np.array_equal(km.predict(big), km.labels_)


def test_budget_changes_no_bit():
    X = normal(3000, 16)
    plain = KMeans(60, random_state=0).fit(X)
    with engine_options(accelerator_budget=0):
        lean = KMeans(60, random_state=0).fit(X)
    assert np.array_equal(lean.labels_, plain.labels_)
    assert np.array_equal(lean.cluster_centers_, plain.cluster_centers_)
    with pytest.raises(ValueError, match="accelerator_budget"), engine_options(accelerator_budget=-1):
        pass


def test_failed_fit_leaves_the_estimator_alone():
    km = KMeans(3, random_state=0).fit(normal())
    before = {name: np.copy(value) for name, value in vars(km).items()}
    for bad in (np.full((9, 2), np.nan), normal(2, 7)):
        with pytest.raises(ValueError):
            km.fit(bad)
    assert {name: np.copy(value).tolist() for name, value in vars(km).items()} == {
        name: value.tolist() for name, value in before.items()}


def test_callable_init_sees_centered_rows_and_its_array_is_not_written():
    X = normal(80, 3)
    seen = []

    def init(data, k, random_state):
        seen.append(data)
        init.centers = data[random_state.permutation(len(data))[:k]]
        init.before = init.centers.copy()
        return init.centers

    rs = np.random.RandomState(3)
    km = KMeans(4, init=init, n_init=3, random_state=rs).fit(X)
    assert len(seen) == 3
    assert np.array_equal(seen[0], X - X.mean(axis=0))
    assert np.array_equal(init.centers, init.before)
    expected = np.random.RandomState(3)
    for _ in range(3):
        expected.permutation(80)
    assert rs.random_sample() == expected.random_sample()

    import sklearn.cluster

    theirs = sklearn.cluster.KMeans(4, init=init, n_init=3, random_state=3).fit(X)
    assert np.array_equal(theirs.labels_, km.labels_)


def test_random_state_none_draws_from_numpys_global():
    X = normal(100, 2)
    np.random.seed(11)
    a = KMeans(5, n_init=2).fit(X)
    after = np.random.random_sample()
    b = KMeans(5, n_init=2, random_state=11).fit(X)
    assert np.array_equal(a.labels_, b.labels_)
    rs = np.random.RandomState(11)
    KMeans(5, n_init=2, random_state=rs).fit(X)
    assert rs.random_sample() == after


def test_verbose_lines(capsys):
    import sklearn.cluster

    X = normal(300, 3)
    for algorithm in ("lloyd", "elkan"):
        texts = []
        for module in (sklearn.cluster.KMeans, KMeans):
            module(4, random_state=0, verbose=1, n_init=2, algorithm=algorithm).fit(X)
            texts.append(capsys.readouterr().out.splitlines())
        theirs, ours = texts
        assert [line.split("inertia")[0].split("shift")[0] for line in ours] == [
            line.split("inertia")[0].split("shift")[0] for line in theirs]
        for a, b in zip(theirs, ours, strict=True):
            if a.startswith("Iteration"):
                assert a.endswith(".") == b.endswith(".") or algorithm == "elkan"
                assert float(b.split()[3].rstrip(".")) == pytest.approx(float(a.split()[3].rstrip(".")), rel=1e-10)


def test_k_means_function():
    X = normal(100, 2)
    km = KMeans(3, random_state=0).fit(X)
    centers, labels, inertia, n_iter = k_means(X, 3, random_state=0, return_n_iter=True)
    assert np.array_equal(centers, km.cluster_centers_)
    assert (labels.tolist(), inertia, n_iter) == (km.labels_.tolist(), km.inertia_, km.n_iter_)
    with pytest.raises(ValueError, match="The 'n_clusters' parameter of k_means must be"):
        k_means(X, 0)


def test_other_float_type_in_predict():
    X = normal(200, 4)
    wide, narrow = KMeans(4, random_state=0).fit(X), KMeans(4, random_state=0).fit(X.astype(np.float32))
    assert np.array_equal(wide.predict(X.astype(np.float32)), wide.labels_)
    assert np.array_equal(narrow.predict(X), narrow.labels_)
    assert wide.score(X.astype(np.float32)) == pytest.approx(wide.score(X), rel=1e-5)
    assert narrow.transform(X.astype(np.float32)).dtype == np.float32
    assert narrow.transform(X).dtype == np.float64
