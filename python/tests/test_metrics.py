"""covey.metrics against scikit-learn's own."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.metrics

from covey import KMeans, metrics

OURS = ("silhouette_score", "calinski_harabasz_score", "davies_bouldin_score")


@pytest.fixture(scope="module")
def case(digits):
    return digits, KMeans(10, random_state=0).fit(digits).labels_


def test_golden(blobs):
    labels = KMeans(4, random_state=0).fit(blobs).labels_
    assert metrics.silhouette_score(blobs, labels) == pytest.approx(0.68199386906434778, rel=1e-12)
    assert metrics.silhouette_score(blobs, labels, sample_size=100, random_state=5) == pytest.approx(0.66832360007441127,
                                                                                                    rel=1e-12)
    assert metrics.calinski_harabasz_score(blobs, labels) == pytest.approx(1210.0899142587816, rel=1e-12)
    assert metrics.davies_bouldin_score(blobs, labels) == pytest.approx(0.43756400782378385, rel=1e-12)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("dtype", ["f8", "f4", "u1"])
def test_scores(case, name, dtype):
    X, labels = case
    expected = getattr(sklearn.metrics, name)(X, labels)
    assert getattr(metrics, name)(X.astype(dtype), labels) == pytest.approx(expected, rel=1e-9)
    assert getattr(metrics, name)(np.asfortranarray(X), labels) == pytest.approx(expected, rel=1e-9)
    names = np.array(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])[labels]
    assert getattr(metrics, name)(X, names) == pytest.approx(expected, rel=1e-9)


def test_samples(case):
    X, labels = case
    expected = sklearn.metrics.silhouette_samples(X, labels)
    assert np.allclose(metrics.silhouette_samples(X, labels), expected, rtol=0, atol=1e-12)
    assert np.allclose(metrics.silhouette_samples(sp.csr_array(X), labels), expected, rtol=0, atol=1e-12)
    single = labels.copy()
    single[0] = 10
    assert metrics.silhouette_samples(X, single)[0] == 0


def test_same_bits_for_any_number_of_threads(case):
    X, labels = case
    one, two, many = (metrics.silhouette_samples(X, labels, n_threads=t) for t in (1, 2, 5))
    assert np.array_equal(one, two)
    assert np.array_equal(one, many)
    assert len({metrics.davies_bouldin_score(X, labels, n_threads=t) for t in (1, 2, 5)}) == 1


@pytest.mark.parametrize("name", (*OURS, "silhouette_samples"))
def test_errors(name):
    X = np.random.RandomState(0).normal(size=(10, 2))
    score = getattr(metrics, name)
    for labels, count in ((np.zeros(10, dtype=int), 1), (np.arange(10), 10)):
        with pytest.raises(ValueError, match=rf"Number of labels is {count}. Valid values are 2 to n_samples - 1"):
            score(X, labels)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        score(X, np.arange(9) % 2)
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        score(X, np.arange(10) % 2)


@pytest.mark.parametrize("name", OURS)
def test_degenerate(name):
    X = np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0)
    for labels in (np.repeat([0, 1], 5), np.arange(10) % 2, np.arange(10) % 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = getattr(sklearn.metrics, name)(X, labels)
        assert getattr(metrics, name)(X, labels) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_other_metrics_are_scikit_learns(case):
    X, labels = case[0][:300], case[1][:300]
    expected = sklearn.metrics.silhouette_score(X, labels, metric="manhattan")
    assert metrics.silhouette_score(X, labels, metric="manhattan") == pytest.approx(expected, rel=1e-12)
    dist = sklearn.metrics.pairwise_distances(X)
    expected = sklearn.metrics.silhouette_score(dist, labels, metric="precomputed", sample_size=50, random_state=1)
    assert metrics.silhouette_score(dist, labels, metric="precomputed", sample_size=50, random_state=1) == expected


def test_agreement_scores_are_scikit_learns():
    for name in metrics.__all__:
        if not name.startswith(("silhouette", "calinski", "davies")):
            theirs = getattr(sklearn.metrics, name, None) or getattr(sklearn.metrics.cluster, name)
            assert getattr(metrics, name) is theirs


def test_agreement_of_digits(digits):
    from sklearn.datasets import load_digits

    labels = KMeans(10, random_state=0, n_init=10).fit(digits).labels_
    classes = load_digits().target
    assert metrics.adjusted_rand_score(classes, labels) == pytest.approx(0.66572843439950358, rel=1e-12)
    assert metrics.normalized_mutual_info_score(classes, labels) == pytest.approx(0.74246535113981127, rel=1e-12)
