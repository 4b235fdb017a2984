"""Scores of a clustering.

The scores that look at distances run on the C engine, the silhouette in O(n) memory. Scores that compare two labelings
come from scikit-learn and are only passed on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    completeness_score,
    fowlkes_mallows_score,
    homogeneity_completeness_v_measure,
    homogeneity_score,
    mutual_info_score,
    normalized_mutual_info_score,
    rand_score,
    v_measure_score,
)
from sklearn.metrics import silhouette_samples as _sklearn_silhouette_samples
from sklearn.metrics.cluster import contingency_matrix, pair_confusion_matrix
from sklearn.utils import check_random_state, check_X_y

from covey import _engine as engine
from covey._covey import ffi, lib

__all__ = [
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "calinski_harabasz_score",
    "completeness_score",
    "contingency_matrix",
    "davies_bouldin_score",
    "fowlkes_mallows_score",
    "homogeneity_completeness_v_measure",
    "homogeneity_score",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "pair_confusion_matrix",
    "rand_score",
    "silhouette_samples",
    "silhouette_score",
    "v_measure_score",
]


def _checked(X: Any, labels: Any) -> tuple[Any, np.ndarray, int]:
    """X as the engine reads it, labels as 0..k-1, and k; scikit-learn's errors."""
    X, labels = check_X_y(X, labels, accept_sparse="csr", dtype=None if engine.storable(X) else [np.float64, np.float32])
    values, codes = np.unique(labels, return_inverse=True)
    n, k = X.shape[0], len(values)
    if not 1 < k < n:
        raise ValueError(f"Number of labels is {k}. Valid values are 2 to n_samples - 1 (inclusive)")
    return X, np.ascontiguousarray(codes.reshape(-1), dtype=np.int32), k


def _score(function: Any, X: Any, labels: Any, n_threads: int | None, out: Any) -> None:
    X, codes, k = _checked(X, labels)
    view, alive = engine.matrix(X)
    run, alive_run = engine.new_run(n_threads)
    engine.call(function, view, engine.labels_of(codes), k, run, out)
    del alive, alive_run


def _one_number(function: Any, X: Any, labels: Any, n_threads: int | None) -> float:
    out = ffi.new("double *")
    _score(function, X, labels, n_threads, out)
    return float(out[0])


def silhouette_samples(X: Any, labels: Any, *, metric: Any = "euclidean", n_threads: int | None = None,
                       **kwds: Any) -> np.ndarray:
    """Silhouette of every row: (b - a) / max(a, b).

    a is the mean distance to the other rows of its cluster, b the smallest mean distance to the rows of another.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Or distances between rows, for ``metric='precomputed'``.
    labels : array-like of shape (n_samples,)
    metric : str or callable, default='euclidean'
        Any other metric is computed by scikit-learn.
    n_threads : int, default=None
        See :class:`covey.KMeans`.
    **kwds : passed to the metric

    Returns
    -------
    silhouette : ndarray of shape (n_samples,), float64, in [-1, 1]; 0 for a cluster of one row

    Examples
    --------
    >>> from covey.metrics import silhouette_samples
    >>> silhouette_samples([[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1]).round(3)
    array([0.895, 0.882, 0.882, 0.895])
    """
    if metric != "euclidean" or kwds:
        result: np.ndarray = _sklearn_silhouette_samples(X, labels, metric=metric, **kwds)
        return result
    out = np.empty(np.shape(labels)[0], dtype=np.float64)
    _score(lib.covey_silhouette_samples, X, labels, n_threads, engine.doubles(out))
    return out


def silhouette_score(X: Any, labels: Any, *, metric: Any = "euclidean", sample_size: int | None = None,
                     random_state: Any = None, n_threads: int | None = None, **kwds: Any) -> float:
    """Mean silhouette of all rows, or of a random sample of them.

    Parameters
    ----------
    X, labels, metric, n_threads, **kwds
        See :func:`silhouette_samples`.
    sample_size : int, default=None
        Rows to use, drawn without replacement. None: all.
    random_state : int, RandomState instance or None, default=None
        What the sample is drawn from.

    Returns
    -------
    silhouette : float

    Examples
    --------
    >>> from covey.metrics import silhouette_score
    >>> round(silhouette_score([[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1]), 3)
    0.889
    """
    if sample_size is not None:
        X, labels = check_X_y(X, labels, accept_sparse=["csc", "csr"])
        chosen = check_random_state(random_state).permutation(X.shape[0])[:sample_size]
        labels = labels[chosen]
        X = X[chosen].T[chosen].T if metric == "precomputed" else X[chosen]
    if metric != "euclidean" or kwds:
        return float(np.mean(silhouette_samples(X, labels, metric=metric, **kwds)))
    return _one_number(lib.covey_silhouette_score, X, labels, n_threads)


def calinski_harabasz_score(X: Any, labels: Any, *, n_threads: int | None = None) -> float:
    """Variance ratio: spread between clusters over spread inside them. Higher is better.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    labels : array-like of shape (n_samples,)
    n_threads : int, default=None

    Returns
    -------
    score : float

    Examples
    --------
    >>> from covey.metrics import calinski_harabasz_score
    >>> calinski_harabasz_score([[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1])
    162.0
    """
    return _one_number(lib.covey_calinski_harabasz, X, labels, n_threads)


def davies_bouldin_score(X: Any, labels: Any, *, n_threads: int | None = None) -> float:
    """Mean over clusters of the worst ratio of spreads to the distance of centers. Lower is better, 0 the best.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    labels : array-like of shape (n_samples,)
    n_threads : int, default=None

    Returns
    -------
    score : float

    Examples
    --------
    >>> from covey.metrics import davies_bouldin_score
    >>> round(davies_bouldin_score([[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1]), 4)
    0.1111
    """
    return _one_number(lib.covey_davies_bouldin, X, labels, n_threads)
