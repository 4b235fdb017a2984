"""BisectingKMeans."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from covey import _engine as engine
from covey._base import BaseKMeans, Problem, checked_fit, kept_on_failure
from covey._covey import ffi, lib
from covey._kmeans import print_iteration


class BisectingKMeans(BaseKMeans):
    """K-means by splitting: the worst cluster is split in two until there are enough.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters, k.

    init : {'k-means++', 'random'} or callable, default='random'
        How the two first centers of each split are chosen; see :class:`KMeans`. A callable is always asked for 2.

    n_init : int, default=1
        Runs per split; the best is used.

    random_state : int, RandomState instance or None, default=None
        What first centers are drawn from.

    max_iter : int, default=300
        Most iterations of one run.

    verbose : int, default=0
        1 prints each iteration and split.

    tol : float, default=1e-4
        A run stops when the centers' squared moves add up to this or less (not scaled by the variance).

    copy_x : bool, default=True
        Kept for compatibility. X is never written to.

    algorithm : {'lloyd', 'elkan', 'auto'}, default='lloyd'
        Names of the same clustering; see :class:`KMeans`.

    bisecting_strategy : {'biggest_inertia', 'largest_cluster'}, default='biggest_inertia'
        Which cluster is split next: the one with the largest sum of squared distances or with the most rows.

    n_threads : int, default=None
        See :class:`KMeans`.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
    labels_ : ndarray of shape (n_samples,), int32
        Always equal to ``predict(X)``.
    inertia_ : float
    converged_ : bool
    n_relocations_ : int
    n_distinct_ : int
    fit_report_ : dict
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    See Also
    --------
    KMeans : all clusters at once.

    Examples
    --------
    >>> import numpy as np
    >>> from covey import BisectingKMeans
    >>> X = np.array([[1, 1], [10, 1], [3, 1], [10, 0], [2, 1], [10, 2], [10, 8], [10, 9], [10, 10]])
    >>> km = BisectingKMeans(n_clusters=3, random_state=0).fit(X)
    >>> km.labels_
    array([0, 2, 0, 2, 0, 2, 1, 1, 1], dtype=int32)
    >>> km.predict([[0, 0], [12, 3]])
    array([0, 2], dtype=int32)
    >>> km.cluster_centers_
    array([[ 2.,  1.],
           [10.,  9.],
           [10.,  1.]])
    """

    _parameter_constraints: dict[str, Any] = {
        **BaseKMeans._parameter_constraints,
        "init": [StrOptions({"k-means++", "random"}), callable],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "copy_x": ["boolean"],
        "algorithm": [StrOptions({"lloyd", "elkan", "auto"})],
        "bisecting_strategy": [StrOptions({"biggest_inertia", "largest_cluster"})],
    }
    _engine_algorithm = lib.COVEY_ALGORITHM_BISECTING

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "random",
        n_init: int = 1,
        random_state: Any = None,
        max_iter: int = 300,
        verbose: int = 0,
        tol: float = 1e-4,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        bisecting_strategy: str = "biggest_inertia",
        n_threads: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.random_state = random_state
        self.max_iter = max_iter
        self.verbose = verbose
        self.tol = tol
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.bisecting_strategy = bisecting_strategy
        self.n_threads = n_threads

    def _fill_options(self, problem: Problem) -> None:
        super()._fill_options(problem)
        largest = self.bisecting_strategy == "largest_cluster"
        problem.options.bisect = lib.COVEY_BISECT_LARGEST if largest else lib.COVEY_BISECT_INERTIA

    @checked_fit
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> BisectingKMeans:
        """Cluster the rows of X by repeated splitting.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : BisectingKMeans
        """
        with kept_on_failure(self):
            problem = self._prepare(self._check_data(X, reset=True), sample_weight, self._engine_algorithm)
            model, labels, report = self._run_fit(problem)
        self._publish(problem, model, labels, report)
        nodes, children = ffi.new("const double **"), ffi.new("const int32_t **")
        n_nodes = lib.covey_model_tree(model, nodes, children)
        self._tree_centers = engine.copied(nodes[0], (n_nodes, problem.X.shape[1]))
        self._tree_children = engine.copied(children[0], (n_nodes, 2), np.int32)
        if self.verbose:
            self._print_splits()
        self._warn_about(report)
        self._warn_few_distinct()
        return self

    def _print_splits(self) -> None:
        for left, right in self._tree_children:
            if left >= 0:
                print(f"New centroids from bisection: {self._tree_centers[[left, right]] - self._mean}")

    def _printer(self, problem: Problem) -> Callable[[Any], None]:
        full_stop = self.algorithm != "elkan" or self.n_clusters == 1

        def printer(progress: Any) -> None:
            print_iteration(progress, full_stop)

        return printer

    def _max_subtasks(self) -> int | None:
        return int((self.n_clusters - 1) * self.n_init)

    def _model(self) -> Any:
        """The tree: prediction walks down from the root."""
        centers, alive = engine.matrix(np.ascontiguousarray(self.cluster_centers_))
        children = np.ascontiguousarray(self._tree_children, dtype=np.int32)
        nodes = np.ascontiguousarray(self._tree_centers, dtype=np.float64)
        out = ffi.new("covey_model **")
        engine.call(lib.covey_model_from_tree, centers, engine.doubles(self._mean),
                    engine.dtype_tag(self.cluster_centers_.dtype), len(nodes), engine.doubles(nodes),
                    engine.labels_of(children), out)
        del alive
        return ffi.gc(out[0], lib.covey_model_free)

    def _center_model(self) -> Any:
        return super()._model()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
