"""The choices that scikit-learn does not have: the optimum of one feature, k-means|| and plain k-means++."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import make_blobs

import covey
from covey import KMeans, MiniBatchKMeans, k_means

SEEDS = ["k-means||", "k-means++/d2"]


def squares(x: np.ndarray, w: np.ndarray) -> float:
    return float((w * (x - np.average(x, weights=w)) ** 2).sum())


def least(x: np.ndarray, w: np.ndarray, k: int) -> float:
    """The least inertia over all ways to cut the sorted values into k parts."""
    order = np.argsort(x)
    x, w = x[order], w[order]
    best = np.inf
    for cuts in itertools.combinations(range(1, len(x)), k - 1):
        ends = [0, *cuts, len(x)]
        best = min(best, sum(squares(x[a:b], w[a:b]) for a, b in itertools.pairwise(ends)))
    return best


@pytest.mark.parametrize("seed", range(40))
def test_optimum_of_all_partitions(seed: int) -> None:
    rng = np.random.RandomState(seed)
    n = rng.randint(3, 10)
    k = rng.randint(1, n)
    x = rng.randint(0, 12, n) + (0.25 * rng.randn(n) if seed % 2 else 0.0)
    w = rng.randint(1, 5, n).astype(float)
    km = KMeans(k, algorithm="optimal").fit(x[:, None], sample_weight=w)
    assert km.inertia_ == pytest.approx(least(x, w, k), rel=1e-12, abs=1e-25)
    if len(np.unique(x)) >= k:
        assert (np.diff(km.cluster_centers_[:, 0]) >= 0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_optimum_is_never_worse(dtype: type) -> None:
    rng = np.random.RandomState(3)
    X = np.abs(rng.standard_gamma(2.0, (500, 1)) * 20).astype(dtype)
    best = KMeans(9, algorithm="optimal").fit(X)
    assert best.inertia_ <= KMeans(9, n_init=50, random_state=0).fit(X).inertia_ * (1 + 1e-6)
    assert (best.predict(X) == best.labels_).all()
    assert best.converged_ and best.n_iter_ == 1 and best.fit_report_["plan"] == "optimal"
    again = pickle.loads(pickle.dumps(best))
    assert (again.predict(X) == best.labels_).all()
    assert clone(best).get_params()["algorithm"] == "optimal"


def test_optimum_far_outliers() -> None:
    X = np.r_[np.linspace(0, 1e-3, 40), np.linspace(5, 5.001, 40), 1e9, 1e9][:, None]
    km = KMeans(3, algorithm="optimal").fit(X)
    assert np.bincount(km.labels_).tolist() == [40, 40, 2]


def test_optimum_needs_one_feature() -> None:
    with pytest.raises(ValueError, match="one feature"):
        KMeans(2, algorithm="optimal").fit(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="NaN"):
        KMeans(2, algorithm="optimal").fit(np.array([[0.0], [1.0], [np.nan]]))


def test_optimum_as_a_function() -> None:
    centers, labels, inertia = k_means([[1.0], [2.0], [4.0], [11.0], [12.0]], 2, algorithm="optimal", init="random")
    assert labels.tolist() == [0, 0, 0, 1, 1]
    assert inertia == pytest.approx(14 / 3 + 0.5)
    assert centers[1, 0] == 11.5


@pytest.mark.parametrize("init", SEEDS)
@pytest.mark.parametrize("estimator", [KMeans, MiniBatchKMeans])
def test_seeds(init: str, estimator: type) -> None:
    X, _ = make_blobs(3000, 6, centers=20, random_state=0)
    a = estimator(30, init=init, random_state=5).fit(X)
    b = estimator(30, init=init, random_state=5, n_threads=2).fit(X)
    assert (a.cluster_centers_ == b.cluster_centers_).all()
    assert a.inertia_ < 1.25 * estimator(30, random_state=5).fit(X).inertia_
    if estimator is KMeans:
        assert a.fit_report_["n_init"] == 1
    else:
        assert estimator(30, init=init, random_state=5).partial_fit(X).cluster_centers_.shape == (30, 6)


@pytest.mark.parametrize("init", SEEDS)
def test_seeds_advance_the_generator(init: str) -> None:
    X, _ = make_blobs(400, 3, centers=8, random_state=1)
    first, second = np.random.RandomState(0), np.random.RandomState(0)
    for state in (first, second):
        KMeans(8, init=init, random_state=state).fit(X)
    assert first.randint(1 << 30) == second.randint(1 << 30) != np.random.RandomState(0).randint(1 << 30)


@pytest.mark.parametrize("init", SEEDS)
def test_seeds_of_sparse_rows(init: str) -> None:
    X = sp.random(500, 30, density=0.2, format="csr", random_state=0)
    km = KMeans(10, init=init, random_state=0).fit(X)
    assert (km.predict(X) == km.labels_).all()
    assert km.inertia_ < 1.1 * KMeans(10, random_state=0).fit(X).inertia_


@pytest.mark.parametrize("parameters", [{"init": "k-means|"}, {"init": "d2"}, {"algorithm": "optimum"}])
def test_wrong_strings_are_refused_as_before(parameters: dict[str, str]) -> None:
    name = next(iter(parameters))
    with pytest.raises(ValueError, match=f"The '{name}' parameter of KMeans must be a str among"):
        KMeans(2, **parameters).fit(np.zeros((5, 1)))  # type: ignore[arg-type]


def test_sorted_rows() -> None:
    X = np.random.RandomState(0).rand(20000, 1)
    fast = KMeans(300, random_state=0, init="random", n_init=1).fit(X)
    assert fast.fit_report_["plan"] == "sorted"
    with covey.engine_options(plan="canonical"):
        plain = KMeans(300, random_state=0, init="random", n_init=1).fit(X)
    assert (fast.labels_ == plain.labels_).all() and (fast.cluster_centers_ == plain.cluster_centers_).all()
