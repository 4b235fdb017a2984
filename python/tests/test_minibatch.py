"""MiniBatchKMeans beside scikit-learn's: partial_fit, fit then partial_fit, weights, sparse rows."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
import sklearn.cluster
from sklearn.utils.fixes import parse_version

from covey import MiniBatchKMeans

pytestmark = pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"),
                                reason="scikit-learn draws its batches in this way since 1.9")


def pair(**options):
    return sklearn.cluster.MiniBatchKMeans(**options), MiniBatchKMeans(**options)


def assert_same(theirs, ours, X):
    assert np.allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9, atol=1e-12)
    assert np.array_equal(ours.labels_, theirs.labels_)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9)
    assert ours.n_steps_ == theirs.n_steps_
    assert np.array_equal(ours.predict(X), ours.labels_)


@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_partial_fit(digits, init, weighted, container):
    theirs, ours = pair(n_clusters=12, random_state=3, init=init, batch_size=50, reassignment_ratio=0.1)
    X = digits + np.random.RandomState(0).uniform(0, 0.01, size=digits.shape)  # no ties
    w = np.random.RandomState(1).uniform(size=len(X)) if weighted else None
    for low in range(0, 1700, 100):
        batch = container(X[low : low + 100])
        weights = w[low : low + 100] if weighted else None
        theirs.partial_fit(batch, sample_weight=weights)
        ours.partial_fit(batch, sample_weight=weights)
        assert_same(theirs, ours, batch)
        assert np.allclose(ours._counts, theirs._counts, rtol=1e-12)
    assert theirs._random_state.random_sample() == ours._random_state.random_sample()


@pytest.mark.parametrize("weighted", [False, True])
def test_fit_then_partial_fit(digits, weighted):
    theirs, ours = pair(n_clusters=12, random_state=3, batch_size=64, tol=1e-3, max_no_improvement=None)
    X = digits + np.random.RandomState(0).uniform(0, 0.01, size=digits.shape)
    w = np.random.RandomState(1).uniform(size=len(X)) if weighted else None
    for km in (theirs, ours):
        km.fit(X, sample_weight=w)
    assert_same(theirs, ours, X)
    assert ours.n_iter_ == theirs.n_iter_
    for km in (theirs, ours):
        km.partial_fit(X[:200])
    assert_same(theirs, ours, X[:200])


def test_without_labels(digits):
    theirs, ours = pair(n_clusters=5, random_state=0, compute_labels=False, batch_size=100)
    for km in (theirs, ours):
        km.fit(digits)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9)
    assert not hasattr(ours, "labels_")
    assert np.array_equal(ours.predict(digits), theirs.predict(digits))


def test_one_step(digits):
    """A single step leaves no smoothed inertia: scikit-learn fails with a TypeError, covey gives the batch's own."""
    km = MiniBatchKMeans(5, random_state=0, compute_labels=False, max_iter=1, batch_size=5000).fit(digits)
    assert km.n_steps_ == 1
    assert np.isfinite(km.inertia_)


def test_callable_init_sees_the_sample(digits):
    seen = []

    def init(X, k, random_state):
        seen.append(X.copy())  # scikit-learn works in what is returned
        return X[:k].copy()

    theirs, ours = pair(n_clusters=5, random_state=0, init=init, init_size=100, n_init=2, batch_size=50)
    theirs.fit(digits)
    n = len(seen)
    ours.fit(digits)
    assert n == len(seen) - n == 2
    assert all(np.array_equal(a, b) for a, b in zip(seen[:n], seen[n:]))
    assert np.allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)


def test_verbose(digits, capsys):
    """The same lines as scikit-learn's; numbers agree to 9 digits."""
    texts = []
    for km in pair(n_clusters=12, random_state=3, batch_size=64, verbose=1, n_init=2, max_iter=3, reassignment_ratio=0.3):
        km.fit(digits)
        texts.append(capsys.readouterr().out.splitlines())
    theirs, ours = texts
    for a, b in zip(theirs, ours, strict=True):
        for x, y in zip(a.replace(",", " ").split(), b.replace(",", " ").split(), strict=True):
            assert x == y or float(y) == pytest.approx(float(x), rel=1e-9), (a, b)


def test_batches_of_another_float_type(digits):
    km = MiniBatchKMeans(5, random_state=0).partial_fit(digits[:500])
    km.partial_fit(digits[500:1000].astype(np.float32))
    assert km.cluster_centers_.dtype == np.float64
    assert np.array_equal(km.predict(digits[500:1000]), km.labels_)


def test_failed_step_leaves_everything(digits):
    km = MiniBatchKMeans(5, random_state=0).partial_fit(digits[:500])
    centers, counts, steps = km.cluster_centers_.copy(), km._counts.copy(), km.n_steps_
    bad = digits[500:600].copy()
    bad[7, 3] = np.nan
    with pytest.raises(ValueError, match="row 7, column 3"):
        km.partial_fit(bad)
    assert np.array_equal(km.cluster_centers_, centers)
    assert np.array_equal(km._counts, counts)
    assert km.n_steps_ == steps
