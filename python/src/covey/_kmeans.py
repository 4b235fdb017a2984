"""KMeans, and the functions kmeans_plusplus and k_means."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight

from covey import _engine as engine
from covey._base import BaseKMeans, Problem, checked_fit, checked_parameters, kept_on_failure
from covey._covey import ffi, lib


def print_iteration(progress: Any, full_stop: bool) -> None:
    """scikit-learn's lines about one iteration."""
    if not progress.detail or progress.phase != lib.COVEY_PHASE_ITERATE:
        return
    i = progress.iteration - 1
    print(f"Iteration {i}, inertia {progress.inertia}{'.' if full_stop else ''}")
    if progress.stop == 1:
        print(f"Converged at iteration {i}: strict convergence.")
    elif progress.stop == 2:
        print(f"Converged at iteration {i}: center shift {progress.shift_sq} within tolerance {progress.tol}.")


class KMeans(BaseKMeans):
    """K-means clustering: exact, reproducible, with scikit-learn's parameters, draws and results.

    The same data, parameters and seed give the same bits for any number of threads, memory layout, algorithm and
    processor. Label ties go to the lower label.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters, k.

    init : {'k-means++', 'random', 'k-means||', 'k-means++/d2'}, callable or array-like of shape \
(n_clusters, n_features), default='k-means++'
        How the first centers are chosen: by greedy k-means++; as k rows at random; by k-means|| (Bahmani et al. 2012),
        which is faster for many clusters and as good; by plain k-means++, one draw a center, which is fastest; by a
        function ``init(X, n_clusters, random_state=...)`` that sees X minus its mean (sparse X as it is) and returns
        centers in that frame; or as given.

    n_init : 'auto' or int, default='auto'
        Number of runs from different first centers; the one with the smallest inertia wins. 'auto': 10 for 'random'
        and a callable, else 1.

    max_iter : int, default=300
        Most iterations of one run.

    tol : float, default=1e-4
        A run stops when the centers' squared moves add up to this times the mean variance of the features, or less.

    verbose : int, default=0
        1 prints each iteration.

    random_state : int, RandomState instance or None, default=None
        What the first centers are drawn from. An instance is advanced as scikit-learn advances it.

    copy_x : bool, default=True
        Kept for compatibility. X is never written to and never copied as a whole, whatever it says.

    algorithm : {'lloyd', 'elkan', 'auto', 'optimal'}, default='lloyd'
        The first three are names of the same clustering: the engine picks its way by shape and speed, and every way
        gives the same bits. 'optimal' is for one feature: the clusters of the smallest inertia there is, by dynamic
        programming. ``init``, ``n_init``, ``max_iter``, ``tol`` and ``random_state`` mean nothing there; the centers
        rise with their label.

    n_threads : int, default=None
        Threads to use, as given. None: the smallest of the processors allowed, the quota of the container, and
        ``COVEY_NUM_THREADS`` or ``OMP_NUM_THREADS``. Results do not depend on it.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Centers; float32 if X was float32, else float64.
    labels_ : ndarray of shape (n_samples,), int32
        Label of every row; always equal to ``predict(X)``.
    inertia_ : float
        Sum of weight times squared distance of every row to its center, in squared units of X.
    n_iter_ : int
        Iterations of the chosen run.
    converged_ : bool
        False if the run ended by ``max_iter``, a limit or a callback.
    n_relocations_ : int
        Clusters that ran empty and were refilled, in the chosen run.
    n_distinct_ : int
        Number of different labels.
    fit_report_ : dict
        What the engine did: time per phase in seconds, threads, path, distances computed, memory in bytes.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if X had names that are all strings.

    See Also
    --------
    MiniBatchKMeans : faster on large data, slightly worse inertia.
    BisectingKMeans : splits clusters in two until there are enough.

    Examples
    --------
    >>> import numpy as np
    >>> from covey import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> km = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> km.labels_
    array([1, 1, 1, 0, 0, 0], dtype=int32)
    >>> km.predict([[0, 0], [12, 3]])
    array([1, 0], dtype=int32)
    >>> km.cluster_centers_
    array([[10.,  2.],
           [ 1.,  2.]])

    The best three classes of one column:

    >>> km = KMeans(n_clusters=3, algorithm="optimal").fit([[1], [2], [4], [11], [12], [30], [31]])
    >>> km.labels_
    array([0, 0, 0, 1, 1, 2, 2], dtype=int32)
    """

    _parameter_constraints: dict[str, Any] = {
        **BaseKMeans._parameter_constraints,
        "copy_x": ["boolean"],
        "algorithm": [StrOptions({"lloyd", "elkan", "auto", "optimal"})],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        n_threads: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.n_threads = n_threads

    @property
    def _engine_algorithm(self) -> int:  # type: ignore[override]
        return int(lib.COVEY_ALGORITHM_OPTIMAL if self.algorithm == "optimal" else lib.COVEY_ALGORITHM_KMEANS)

    def _resolve_n_init(self) -> None:
        if self.algorithm == "optimal":
            self._n_init = 1
        else:
            super()._resolve_n_init()

    def _fill_options(self, problem: Problem) -> None:
        if self.algorithm == "optimal" and problem.X.shape[1] != 1:
            raise ValueError(f"algorithm='optimal' is for one feature, but X has {problem.X.shape[1]} features.")
        super()._fill_options(problem)

    def _check_params_vs_input(self, X: Any) -> None:
        super()._check_params_vs_input(X)
        if self.algorithm == "elkan" and self.n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=4,
            )

    @checked_fit
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Cluster the rows of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            float64, float32 and narrower numbers are read in place in any memory layout, CSR too; the rest is converted.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of every row; None means 1.

        Returns
        -------
        self : KMeans
        """
        with kept_on_failure(self):
            problem = self._prepare(self._check_data(X, reset=True), sample_weight, self._engine_algorithm)
            model, labels, report = self._run_fit(problem)
        self._publish(problem, model, labels, report)
        self.n_iter_ = int(report.n_iter)
        self._warn_about(report)
        self._warn_few_distinct()
        return self

    def _printer(self, problem: Problem) -> Callable[[Any], None]:
        full_stop = self.algorithm != "elkan" or self.n_clusters == 1
        last_run = -1

        def printer(progress: Any) -> None:
            nonlocal last_run
            if progress.phase == lib.COVEY_PHASE_ITERATE and progress.run != last_run:
                last_run = progress.run
                print("Initialization complete")
            print_iteration(progress, full_stop)

        return printer

    def _init_centroids(
        self,
        X: Any,
        x_squared_norms: Any,
        init: Any,
        random_state: Any,
        sample_weight: Any,
        init_size: int | None = None,
        n_centroids: int | None = None,
    ) -> np.ndarray:
        """First centers of one run, from rows of X: scikit-learn's private helper, for code that calls it."""
        n, k = X.shape[0], self.n_clusters if n_centroids is None else n_centroids
        if init_size is not None and init_size < n:
            chosen = random_state.randint(0, n, init_size)
            X, sample_weight, n = X[chosen], sample_weight[chosen], init_size
        if isinstance(init, str) and init != "random":
            return kmeans_plusplus(X, k, sample_weight=sample_weight, random_state=random_state)[0]
        if isinstance(init, str):
            seeds = random_state.choice(n, size=k, replace=False, p=sample_weight / sample_weight.sum())
            centers = X[seeds]
        elif callable(init):
            centers = check_array(init(X, k, random_state=random_state), dtype=X.dtype, order="C")
            self._validate_center_shape(X, centers, k)
        else:
            centers = init
        return centers.toarray() if sp.issparse(centers) else centers


@checked_parameters(
    {
        "X": ["array-like", "sparse matrix"],
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "sample_weight": ["array-like", None],
        "x_squared_norms": ["array-like", None],
        "random_state": ["random_state"],
        "n_local_trials": [Interval(Integral, 1, None, closed="left"), None],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
    },
    skip_nested=True,
)
def kmeans_plusplus(
    X: Any,
    n_clusters: int,
    *,
    sample_weight: Any = None,
    x_squared_norms: Any = None,
    random_state: Any = None,
    n_local_trials: int | None = None,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose rows of X as first centers by greedy k-means++ (Arthur & Vassilvitskii 2007).

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    n_clusters : int
        Number of rows to choose.
    sample_weight : array-like of shape (n_samples,), default=None
    x_squared_norms : array-like of shape (n_samples,), default=None
        Kept for compatibility; its length is checked, its values are not needed.
    random_state : int, RandomState instance or None, default=None
    n_local_trials : int, default=None
        Candidates tried for each center after the first; None: 2 + floor(ln k).
    n_threads : int, default=None
        See :class:`KMeans`.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features), dtype of X
    indices : ndarray of shape (n_clusters,), int64
        ``centers[j]`` is row ``indices[j]`` of X.

    Examples
    --------
    >>> import numpy as np
    >>> from covey import kmeans_plusplus
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> centers, indices = kmeans_plusplus(X, n_clusters=2, random_state=0)
    >>> centers
    array([[10,  2],
           [ 1,  0]])
    >>> indices
    array([3, 2])
    """
    X_checked = check_array(X, accept_sparse="csr", dtype=None if engine.storable(X) else [np.float64, np.float32])
    if not hasattr(X, "dtype"):
        X = X_checked
    weights = None if sample_weight is None else _check_sample_weight(sample_weight, X_checked, dtype=np.float64)
    n = X_checked.shape[0]
    if n < n_clusters:
        raise ValueError(f"n_samples={n} should be >= n_clusters={n_clusters}.")
    if x_squared_norms is not None:
        norms = check_array(x_squared_norms, dtype=np.float64, ensure_2d=False)
        if norms.shape[0] != n:
            raise ValueError(
                f"The length of x_squared_norms {norms.shape[0]} should be equal to the length of n_samples {n}."
            )
    generator = engine.Generator(random_state)
    indices = np.empty(n_clusters, dtype=np.int64)
    view, alive = engine.matrix(X_checked)
    run, alive_run = engine.new_run(n_threads)
    engine.call(lib.covey_seed_plusplus, view, engine.doubles(weights), n_clusters, n_local_trials or 0, generator.c, run,
                ffi.cast("int64_t *", engine.address(indices)))
    del alive, alive_run
    generator.store()
    rows: Any = (X_checked if not isinstance(X, np.ndarray) else X)[indices]
    return (rows.toarray() if sp.issparse(rows) else np.ascontiguousarray(rows)), indices


@checked_parameters(
    {
        "X": ["array-like", "sparse matrix"],
        "sample_weight": ["array-like", None],
        "return_n_iter": [bool],
    },
    skip_nested=False,
)
def k_means(
    X: Any,
    n_clusters: int,
    *,
    sample_weight: Any = None,
    init: Any = "k-means++",
    n_init: Any = "auto",
    max_iter: int = 300,
    verbose: Any = False,
    tol: float = 1e-4,
    random_state: Any = None,
    copy_x: bool = True,
    algorithm: str = "lloyd",
    return_n_iter: bool = False,
    n_threads: int | None = None,
) -> tuple[Any, ...]:
    """Cluster the rows of X: :class:`KMeans` as a function.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    n_clusters : int
    sample_weight : array-like of shape (n_samples,), default=None
    init, n_init, max_iter, verbose, tol, random_state, copy_x, algorithm, n_threads
        See :class:`KMeans`.
    return_n_iter : bool, default=False
        Return the number of iterations too.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
    labels : ndarray of shape (n_samples,), int32
    inertia : float
    best_n_iter : int
        Only with ``return_n_iter``.

    Examples
    --------
    >>> from covey import k_means
    >>> centers, labels, inertia = k_means([[0.0], [1.0], [9.0]], 2, random_state=0)
    >>> labels, inertia
    (array([0, 0, 1], dtype=int32), 0.5)
    """
    km = KMeans(
        n_clusters=n_clusters,
        init=init,
        n_init=n_init,
        max_iter=max_iter,
        verbose=verbose,
        tol=tol,
        random_state=random_state,
        copy_x=copy_x,
        algorithm=algorithm,
        n_threads=n_threads,
    ).fit(X, sample_weight=sample_weight)
    result = (km.cluster_centers_, km.labels_, km.inertia_)
    return (*result, km.n_iter_) if return_n_iter else result
