"""MiniBatchKMeans."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from covey import _engine as engine
from covey._base import BaseKMeans, Problem, checked_fit, kept_on_failure
from covey._covey import ffi, lib


class MiniBatchKMeans(BaseKMeans):
    """K-means on small random batches (Sculley 2010): faster on large data, slightly worse inertia.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters, k.

    init : {'k-means++', 'random', 'k-means||', 'k-means++/d2'}, callable or array-like of shape \
(n_clusters, n_features), default='k-means++'
        How the first centers are chosen from the initial sample; see :class:`KMeans`. A callable sees rows as they are.

    max_iter : int, default=100
        Most passes over the data.

    batch_size : int, default=1024
        Rows of one step.

    verbose : int, default=0
        1 prints each step.

    compute_labels : bool, default=True
        Whether to label X and compute the exact inertia after the fit.

    random_state : int, RandomState instance or None, default=None
        What batches and first centers are drawn from.

    tol : float, default=0.0
        Stop when the centers' squared moves add up to this times the mean variance of the features, or less. 0: never.

    max_no_improvement : int, default=10
        Stop after this many steps without a better smoothed inertia. None: never.

    init_size : int, default=None
        Rows of the initial sample. None: three times the batch, and at least three times ``n_clusters``.

    n_init : 'auto' or int, default='auto'
        First centers tried; the best on the validation rows is used. 'auto': 3 for 'random' and a callable, else 1.

    reassignment_ratio : float, default=0.01
        Centers with less than this share of the largest count are moved to random rows now and then.

    n_threads : int, default=None
        See :class:`KMeans`.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
    labels_ : ndarray of shape (n_samples,), int32
        Only with ``compute_labels``; always equal to ``predict(X)``.
    inertia_ : float
        Sum of weight times squared distance; without ``compute_labels`` an estimate from the batches.
    n_iter_ : int
        Passes over the data that were begun.
    n_steps_ : int
        Batches used.
    converged_ : bool
    n_relocations_ : int
        Centers that were moved to random rows, see ``reassignment_ratio``.
    n_distinct_ : int
    fit_report_ : dict
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    See Also
    --------
    KMeans : the exact clustering.

    Examples
    --------
    >>> import numpy as np
    >>> from covey import MiniBatchKMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [4, 2], [4, 0], [4, 4],
    ...               [4, 5], [0, 1], [2, 2], [3, 2], [5, 5], [1, -1]])
    >>> km = MiniBatchKMeans(n_clusters=2, random_state=0, batch_size=6)
    >>> km = km.partial_fit(X[0:6]).partial_fit(X[6:12])
    >>> km.cluster_centers_
    array([[3.375, 3.   ],
           [0.75 , 0.5  ]])
    >>> km.predict([[0, 0], [4, 4]])
    array([1, 0], dtype=int32)
    """

    _parameter_constraints: dict[str, Any] = {
        **BaseKMeans._parameter_constraints,
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "compute_labels": ["boolean"],
        "max_no_improvement": [Interval(Integral, 0, None, closed="left"), None],
        "init_size": [Interval(Integral, 1, None, closed="left"), None],
        "reassignment_ratio": [Interval(Real, 0, None, closed="left")],
    }
    _default_n_init = 3
    _takes_frame = lib.COVEY_FRAME_DATA
    _engine_algorithm = lib.COVEY_ALGORITHM_MINIBATCH

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        max_iter: int = 100,
        batch_size: int = 1024,
        verbose: int = 0,
        compute_labels: bool = True,
        random_state: Any = None,
        tol: float = 0.0,
        max_no_improvement: int | None = 10,
        init_size: int | None = None,
        n_init: Any = "auto",
        reassignment_ratio: float = 0.01,
        n_threads: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.verbose = verbose
        self.compute_labels = compute_labels
        self.random_state = random_state
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.init_size = init_size
        self.n_init = n_init
        self.reassignment_ratio = reassignment_ratio
        self.n_threads = n_threads

    def _check_params_vs_input(self, X: Any) -> None:
        super()._check_params_vs_input(X)
        n, k = X.shape[0], self.n_clusters
        self._batch_size = min(self.batch_size, n)
        size = self.init_size
        if size is None:
            size = 3 * self._batch_size
            if size < k:
                size = 3 * k
        elif size < k:
            warnings.warn(
                f"init_size={size} should be larger than n_clusters={k}. Setting it to min(3*n_clusters, n_samples)",
                RuntimeWarning,
                stacklevel=4,
            )
            size = 3 * k
        self._init_size = min(size, n)

    def _fill_options(self, problem: Problem) -> None:
        super()._fill_options(problem)
        self._fill_batch_options(problem.options)

    def _fill_batch_options(self, options: Any) -> None:
        options.batch_size = self._batch_size
        options.init_size = self._init_size
        patience = self.max_no_improvement
        options.max_no_improvement = -1 if patience is None else min(patience, engine.INT64_MAX)
        options.reassignment_ratio = min(float(self.reassignment_ratio), np.finfo(np.float64).max)
        options.compute_labels = bool(self.compute_labels)

    @checked_fit
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MiniBatchKMeans:
        """Cluster the rows of X by random batches.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of every row: rows enter batches in proportion to it.

        Returns
        -------
        self : MiniBatchKMeans
        """
        with kept_on_failure(self):
            problem = self._prepare(self._check_data(X, reset=True), sample_weight, self._engine_algorithm)
            model, labels, report = self._run_fit(problem, want_labels=self.compute_labels)
        self._publish(problem, model, labels, report)
        self.n_iter_ = int(report.n_iter)
        self.n_steps_ = int(report.n_steps)
        counts, since = ffi.new("const double **"), ffi.new("int64_t *")
        if lib.covey_model_counts(model, counts, since):
            self._counts = engine.copied(counts[0], (self.n_clusters,))
            self._n_since_last_reassign = int(since[0])
        self._warn_about(report)
        return self

    @checked_fit
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MiniBatchKMeans:
        """Learn from one batch: one step on all of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : MiniBatchKMeans
        """
        first = not hasattr(self, "cluster_centers_")
        with kept_on_failure(self):
            X = self._check_data(X, reset=first)
            random_state = getattr(self, "_random_state", None)
            if random_state is None:
                random_state = check_random_state(self.random_state)
            if first:
                problem = self._prepare(X, sample_weight, self._engine_algorithm, random_state)
                problem.options.n_init = 1
            else:
                problem = self._resumed(X, sample_weight, random_state)
            self._step(problem, first)
        self._random_state = random_state
        self.n_steps_ = getattr(self, "n_steps_", 0) + 1
        self._n_features_out = self.cluster_centers_.shape[0]
        return self

    def _resumed(self, X: Any, sample_weight: Any, random_state: Any) -> Problem:
        """Input of a step after the first: nothing is drawn or resolved again."""
        weights = self._check_weights(sample_weight, X)
        generator = engine.Generator(random_state)
        view, alive = engine.matrix(X)
        options = ffi.new("covey_fit_options *")
        lib.covey_fit_options_init_sized(options, self._engine_algorithm, ffi.sizeof("covey_fit_options"))
        options.n_clusters = self.cluster_centers_.shape[0]
        options.random = generator.c
        options.center_dtype = engine.dtype_tag(self.cluster_centers_.dtype)
        self._fill_batch_options(options)
        return Problem(X, view, weights, generator, options, [alive])

    def _step(self, problem: Problem, first: bool) -> None:
        weights = engine.doubles(problem.weights)
        run, alive = engine.new_run(self.n_threads)
        out = ffi.new("covey_stream **")
        labels = np.empty(problem.X.shape[0], dtype=np.int32) if self.compute_labels else None
        inertia = ffi.new("double *")
        try:
            if first:
                engine.call(lib.covey_stream_create, problem.view, weights, problem.options, run, out)
            else:
                centers, kept = engine.matrix(np.ascontiguousarray(self.cluster_centers_))
                counts = np.ascontiguousarray(self._counts, dtype=np.float64)
                engine.call(lib.covey_stream_resume, centers, engine.doubles(counts), self._n_since_last_reassign,
                            problem.options, out)
                del kept
            stream = ffi.gc(out[0], lib.covey_stream_free)
            engine.call(lib.covey_stream_step, stream, problem.view, weights, problem.generator.c, run,
                        engine.labels_of(labels), inertia if self.compute_labels else engine.NULL)
        except engine.NonFiniteError as error:
            raise self._nonfinite(problem.X, error) from None
        del alive
        problem.generator.store()
        k, d = problem.options.n_clusters, problem.X.shape[1]
        dtype = problem.work_dtype if first else self.cluster_centers_.dtype
        self.cluster_centers_ = engine.copied(lib.covey_stream_centers(stream), (k, d)).astype(dtype, copy=False)
        self._counts = engine.copied(lib.covey_stream_counts(stream), (k,))
        self._n_since_last_reassign = int(lib.covey_stream_since(stream))
        self._mean = np.zeros(d)  # batches have no common mean: scores are formed about the origin
        if labels is not None:
            self.labels_ = labels
            self.inertia_ = float(inertia[0])

    def _printer(self, problem: Problem) -> Callable[[Any], None]:
        endings = {2: "small centers change", 4: "lack of improvement in inertia"}

        def printer(progress: Any) -> None:
            if not progress.detail:
                return
            if progress.phase == lib.COVEY_PHASE_SEED:
                start = f"{progress.run + 1}/{self._n_init}"
                print(f"Init {start} with method {self.init}")
                print(f"Inertia for init {start}: {progress.inertia}")
            elif progress.phase == lib.COVEY_PHASE_ITERATE:
                if progress.n_reassigned > 0:
                    print(f"[MiniBatchKMeans] Reassigning {progress.n_reassigned} cluster centers.")
                step = f"{progress.iteration}/{progress.max_iter}"
                smoothed = f", ewa inertia: {progress.smoothed}" if progress.iteration > 1 else ""
                print(f"Minibatch step {step}: mean batch inertia: {progress.inertia}{smoothed}")
                if progress.stop in endings:
                    print(f"Converged ({endings[progress.stop]}) at step {step}")

        return printer

    def _max_subtasks(self) -> int | None:
        return 1
