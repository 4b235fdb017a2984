"""What the three clusterers share: checks in scikit-learn's order and words, and the use of a fitted model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions, validate_params
from sklearn.utils.validation import (
    _assert_all_finite,
    _check_sample_weight,
    _is_arraylike_not_scalar,
    check_is_fitted,
    validate_data,
)

from covey import _engine as engine
from covey._callbacks import CallbackSupport, watching
from covey._covey import ffi, lib

_FLOATS = [np.float64, np.float32]
_LARGEST = float(np.finfo(np.float64).max)
# Names of ``init``; the last two are ours.
_SEEDS = {
    "k-means++": lib.COVEY_SEED_PLUSPLUS,
    "random": lib.COVEY_SEED_RANDOM,
    "k-means||": lib.COVEY_SEED_PARALLEL,
    "k-means++/d2": lib.COVEY_SEED_D2,
}
# Parameters of these types, once found valid, are not looked at again: a set of (class, values, types).
_PLAIN = {bool, int, float, str, type(None), type}
_VALID: set[tuple[Any, ...]] = set()
_Function = TypeVar("_Function", bound=Callable[..., Any])


def checked_fit(method: _Function) -> _Function:
    """scikit-learn's ``_fit_context``, but the method keeps its types."""
    return cast(_Function, _fit_context(prefer_skip_nested_validation=True)(method))


def checked_parameters(constraints: dict[str, Any], skip_nested: bool) -> Callable[[_Function], _Function]:
    """scikit-learn's ``validate_params``, but the function keeps its types."""

    def decorate(function: _Function) -> _Function:
        return cast(_Function, validate_params(constraints, prefer_skip_nested_validation=skip_nested)(function))

    return decorate


class DataTypeError(TypeError, ValueError):
    """The data holds something that is not a number. Both TypeError and ValueError, as scikit-learn raises either."""


class Problem(NamedTuple):
    """Checked input of a fit."""

    X: Any
    view: Any
    weights: np.ndarray | None
    generator: engine.Generator
    options: Any
    alive: list[Any]

    @property
    def work_dtype(self) -> Any:
        """What scikit-learn would convert X to; centers are published in it."""
        return np.float32 if self.X.dtype == np.float32 else np.float64


def _bad_column(X: Any, names: Any) -> str:
    """Where text or another thing that is no number stands, in words; empty if no such column is found."""
    if sp.issparse(X):
        return ""
    shape = np.shape(X)
    if len(shape) != 2:
        return ""
    for f in range(shape[1]):
        column = np.asarray(X.iloc[:, f] if hasattr(X, "iloc") else np.asarray(X)[:, f])
        try:
            number = column.dtype.kind not in "cmM" and column.astype(np.float64) is not None
        except (TypeError, ValueError):
            number = False
        if not number:
            label = f"{f}" if names is None else f"{names[f]!r}"
            return f"Column {label} holds values that are not real numbers (dtype {column.dtype})."
    return ""


def _column_names(X: Any) -> Any:
    names = getattr(X, "column_names", None)  # an Arrow table
    return getattr(X, "columns", None) if names is None else names


def _known_by(parameter: Any) -> Any:
    """What a parameter's validity hangs on: for initial centers, whose values are looked at later, that they are an array."""
    return np.ndarray if type(parameter) is np.ndarray and parameter.ndim > 0 else parameter


def _is_ready(array: Any, dtype: Any) -> bool:
    """Whether check_array, which takes longer than a small fit, would hand back these centers as they are."""
    return (type(array) is np.ndarray and array.dtype == dtype and array.ndim == 2 and array.flags.c_contiguous
            and 0 not in array.shape and bool(np.isfinite(array).all()))


class kept_on_failure:
    """Context: a fit that fails leaves what the estimator knew about its input as it was."""

    _NAMES = ("n_features_in_", "feature_names_in_")
    __slots__ = ("_known", "_before")

    def __init__(self, estimator: Any) -> None:
        self._known = estimator.__dict__

    def __enter__(self) -> None:
        self._before = {name: self._known[name] for name in self._NAMES if name in self._known}

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if kind is not None:
            for name in self._NAMES:
                self._known.pop(name, None)
            self._known.update(self._before)


class BaseKMeans(CallbackSupport, ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """Base class of the clusterers."""

    _parameter_constraints: dict[str, Any] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions(set(_SEEDS)), callable, "array-like"],
        "n_init": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
    }
    _default_n_init = 10
    _engine_algorithm: int
    _takes_frame = lib.COVEY_FRAME_CENTERED  # what a callable init sees and returns

    n_clusters: Any
    init: Any
    n_init: Any
    max_iter: Any
    tol: Any
    verbose: Any
    random_state: Any
    n_threads: Any
    cluster_centers_: np.ndarray
    labels_: np.ndarray
    inertia_: float

    def _validate_params(self) -> None:
        values = [_known_by(self.__dict__.get(name, self)) for name in self._parameter_constraints]
        plain = all(type(value) in _PLAIN for value in values)
        # Types count: True == 1, but one of them is no number of clusters.
        key = (type(self), *values, *map(type, values)) if plain else None
        if key in _VALID:
            return
        super()._validate_params()
        if isinstance(self.n_clusters, (bool, np.bool_)):
            raise InvalidParameterError(
                f"The 'n_clusters' parameter of {type(self).__name__} must be an int in the range [1, inf). "
                f"Got {self.n_clusters!r} instead."
            )
        if key is not None and len(_VALID) < 1024:
            _VALID.add(key)

    # ---- checks

    def _is_plain(self, X: Any, reset: bool) -> bool:
        """Whether X is an array that scikit-learn's checks, which take longer than a small fit, would hand back as it is."""
        if type(X) is not np.ndarray or X.ndim != 2 or 0 in X.shape or not engine.storable(X):
            return False
        known = self.__dict__
        return reset or (known.get("n_features_in_") == X.shape[1] and "feature_names_in_" not in known)

    def _check_data(self, X: Any, reset: bool) -> Any:
        """X as the engine reads it: an array of any layout and number type, or CSR. Finite or not: the engine looks."""
        if self._is_plain(X, reset):
            if reset:
                self.n_features_in_ = X.shape[1]
                self.__dict__.pop("feature_names_in_", None)
            return X
        try:
            if getattr(getattr(X, "dtype", None), "kind", "") in ("m", "M"):
                raise TypeError(f"X holds dates or durations (dtype {X.dtype}), which are not numbers.")
            X_checked = validate_data(
                self,
                X,
                reset=reset,
                accept_sparse="csr",
                dtype=None if engine.storable(X) else _FLOATS,
                ensure_all_finite=False,
                accept_large_sparse=True,
            )
        except (TypeError, ValueError) as error:
            where = _bad_column(X, _column_names(X)) if not isinstance(error, DataTypeError) else ""
            if where:
                raise DataTypeError(f"{error}\n{where}") from error
            raise
        if sp.issparse(X_checked) and X_checked.dtype not in _FLOATS:
            X_checked = X_checked.astype(np.float64)
        return X_checked

    def _refuse_nonfinite(self, X: Any) -> None:
        """Raise scikit-learn's error if X is not finite: called where a later check has failed before the engine ran."""
        values = X.data if sp.issparse(X) else X
        if values.dtype.kind == "f":
            _assert_all_finite(values.astype(values.dtype.newbyteorder("="), copy=False), input_name="X",
                               estimator_name=type(self).__name__)

    def _nonfinite(self, X: Any, error: engine.NonFiniteError) -> ValueError:
        """scikit-learn's sentence first, then where: row, column and how many rows."""
        first = str(error)
        try:
            self._refuse_nonfinite(X)
        except ValueError as theirs:
            if error.row < 0:
                return theirs
            names = getattr(self, "feature_names_in_", None)
            column = f"{error.column}" if names is None else f"{names[error.column]!r}"
            value = X[error.row, error.column] if error.column >= 0 else "value"
            where = f"row {error.row}, column {column}"
            rows = f" ({error.count} row{'s' if error.count != 1 else ''} affected)" if error.count > 0 else ""
            return ValueError(f"{theirs}\nFirst: {value} in {where}{rows}. Drop these rows or fill them in.")
        return ValueError(first)

    def _check_weights(self, sample_weight: Any, X: Any) -> np.ndarray | None:
        if sample_weight is None:
            return None
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if not weights.any():
            raise ValueError("Sample weights must contain at least one non-zero number.")
        negative = np.flatnonzero(weights < 0)
        if negative.size:
            i = negative[0]
            raise ValueError(f"Sample weights must not be negative: sample_weight[{i}] is {weights[i]}.")
        return np.ascontiguousarray(weights)

    def _check_n_clusters(self, X: Any) -> None:
        if X.shape[0] < self.n_clusters:
            raise ValueError(f"n_samples={X.shape[0]} should be >= n_clusters={self.n_clusters}.")

    def _resolve_n_init(self) -> None:
        given = not isinstance(self.init, str) and _is_arraylike_not_scalar(self.init)
        if isinstance(self.n_init, str):
            one = given or isinstance(self.init, str) and self.init != "random"
            self._n_init = 1 if one else self._default_n_init
        else:
            self._n_init = self.n_init
        if given and self._n_init != 1:
            warnings.warn(
                f"Explicit initial center position passed: performing only one init in {type(self).__name__} instead of "
                f"n_init={self._n_init}.",
                RuntimeWarning,
                stacklevel=4,
            )
            self._n_init = 1

    def _check_params_vs_input(self, X: Any) -> None:
        self._check_n_clusters(X)
        self._resolve_n_init()

    def _validate_center_shape(self, X: Any, centers: np.ndarray, n_centers: int | None = None) -> None:
        n_centers = self.n_clusters if n_centers is None else n_centers
        if centers.shape[0] != n_centers:
            raise ValueError(
                f"The shape of the initial centers {centers.shape} does not match the number of clusters {n_centers}."
            )
        if centers.shape[1] != X.shape[1]:
            raise ValueError(
                f"The shape of the initial centers {centers.shape} does not match the number of features of the data "
                f"{X.shape[1]}."
            )

    # ---- fit

    def _prepare(self, X: Any, sample_weight: Any, algorithm: int, random_state: Any = None) -> Problem:
        """Check what stands after X in scikit-learn's order and fill in the engine's options.

        random_state : what to draw from instead of the parameter of that name, or None
        """
        try:
            self._check_params_vs_input(X)
            generator = engine.Generator(self.random_state if random_state is None else random_state)
            weights = self._check_weights(sample_weight, X)
            view, alive = engine.matrix(X)
            options = ffi.new("covey_fit_options *")
            lib.covey_fit_options_init_sized(options, algorithm, ffi.sizeof("covey_fit_options"))
            problem = Problem(X, view, weights, generator, options, [alive])
            self._fill_options(problem)
        except ValueError:
            self._refuse_nonfinite(X)  # scikit-learn looks at X first
            raise
        return problem

    def _fill_options(self, problem: Problem) -> None:
        options = problem.options
        options.n_clusters = self.n_clusters
        options.n_init = min(self._n_init, engine.INT64_MAX)
        options.max_iter = min(self.max_iter, engine.INT64_MAX)
        options.tol = min(float(self.tol), _LARGEST)
        options.random = problem.generator.c
        options.center_dtype = engine.dtype_tag(problem.work_dtype)
        init = self.init
        if isinstance(init, str):
            options.init = _SEEDS[init]
        elif _is_arraylike_not_scalar(init):
            centers = init if _is_ready(init, problem.work_dtype) else check_array(init, dtype=problem.work_dtype, order="C")
            self._validate_center_shape(problem.X, centers)
            options.init = lib.COVEY_SEED_GIVEN
            view, kept = engine.matrix(centers)
            options.centers = view
            options.frame = lib.COVEY_FRAME_DATA
            problem.alive.extend((view, kept))
        else:
            handle = ffi.new_handle(self._seeder(problem))
            options.init = lib.COVEY_SEED_CALLBACK
            options.seed_fn = lib.covey_py_seed
            options.seed_user = handle
            options.frame = self._takes_frame
            problem.alive.append(handle)

    def _seeder(self, problem: Problem) -> Callable[..., None]:
        """``init`` as the engine calls it: the user's function sees what scikit-learn would show it."""
        shown: list[Any] = []  # made at the first call: centering needs a copy

        def seed(random: Any, run: int, rows: np.ndarray | None, k: int, out: np.ndarray) -> None:
            if not shown:
                shown.append(self._shown_to_init(problem))
            X = shown[0] if rows is None else shown[0][rows]
            with problem.generator.as_numpy() as random_state:
                centers = self.init(X, k, random_state=random_state)
            centers = check_array(centers, accept_sparse="csr", dtype=problem.work_dtype, order="C")
            self._validate_center_shape(X, centers, k)
            out[:] = centers.toarray() if sp.issparse(centers) else centers

        return seed

    def _shown_to_init(self, problem: Problem) -> Any:
        X = problem.X
        if not sp.issparse(X):
            X = np.array(X, dtype=problem.work_dtype, order="C")
            if self._takes_frame == lib.COVEY_FRAME_CENTERED:
                X -= X.mean(axis=0, dtype=np.float64)
        return X

    def _run_fit(self, problem: Problem, want_labels: bool = True) -> tuple[Any, np.ndarray | None, Any]:
        """Let the engine fit. Returns the model, labels (n,) int32 or None, and the report."""
        n = problem.X.shape[0]
        labels = np.empty(n, dtype=np.int32) if want_labels else None
        report = ffi.new("covey_report *")
        report.size = ffi.sizeof("covey_report")
        out = ffi.new("covey_model **")
        printer = self._printer(problem) if self.verbose else None
        with self._fit_task(self._max_subtasks(), problem.X) as context:
            with watching(self, context, printer) as (handle, verbosity):
                run, alive = engine.new_run(self.n_threads, handle, verbosity)
                try:
                    engine.call(lib.covey_model_fit, problem.view, engine.doubles(problem.weights), problem.options, run,
                                engine.labels_of(labels), report, out)
                except engine.NonFiniteError as error:
                    raise self._nonfinite(problem.X, error) from None
                model = ffi.gc(out[0], lib.covey_model_free)
                del alive
        problem.generator.store()
        return model, labels, report

    def _max_subtasks(self) -> int | None:
        return int(self._n_init)

    def _printer(self, problem: Problem) -> Callable[[Any], None]:
        raise NotImplementedError

    def _publish(self, problem: Problem, model: Any, labels: np.ndarray | None, report: Any) -> None:
        """Set the fitted attributes, all of one state."""
        shape = (self.n_clusters, problem.X.shape[1])
        self.cluster_centers_ = engine.copied(lib.covey_model_centers(model), shape).astype(problem.work_dtype, copy=False)
        self._mean = engine.copied(lib.covey_model_mean(model), (shape[1],))
        self._n_features_out = shape[0]
        self.inertia_ = float(report.inertia)
        self.converged_ = bool(report.converged)
        self.n_relocations_ = int(report.n_relocations)
        self.n_distinct_ = int(report.n_distinct)
        self.fit_report_ = report_of(report)
        if labels is not None:
            self.labels_ = labels
        else:
            self.__dict__.pop("labels_", None)

    def _warn_about(self, report: Any) -> None:
        """Warnings about facts that only the result shows."""
        if report.n_duplicate_centers > 0:
            warnings.warn(
                f"{report.n_duplicate_centers} of the initial centers repeat an earlier one.", RuntimeWarning, stacklevel=4
            )
        if report.stop_reason == lib.COVEY_STOP_TIME:
            warnings.warn(
                f"The time limit ended the fit after {report.n_iter} iterations; the result is the best state until then.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _warn_few_distinct(self) -> None:
        if self.n_distinct_ < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({self.n_distinct_}) found smaller than n_clusters ({self.n_clusters}). "
                "Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> BaseKMeans:
        raise NotImplementedError

    def fit_memory(self, X: Any, sample_weight: Any = None) -> int:
        """Memory that ``fit`` would take beside X, known before it starts.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        n_bytes : int
            Bytes of the engine, accelerators included (see :func:`covey.engine_options`); ``labels_`` comes on top, and a
            converted copy where X is no array of numbers.
        """
        stand_in = copy(self)  # checks set attributes
        stand_in._validate_params()
        problem = stand_in._prepare(stand_in._check_data(X, reset=True), sample_weight, self._engine_algorithm, random_state=0)
        run, alive = engine.new_run(self.n_threads)
        out = ffi.new("size_t *")
        try:
            engine.call(lib.covey_model_fit_bytes, problem.view, engine.doubles(problem.weights), problem.options, run, out)
        except engine.NonFiniteError as error:
            raise self._nonfinite(problem.X, error) from None
        del alive
        return int(out[0])

    # ---- use

    def _model(self) -> Any:
        """The fitted state as the engine's model. Built from the public attributes, so pickles and edits just work."""
        centers = np.asarray(self.cluster_centers_)
        if centers.dtype not in _FLOATS:
            centers = centers.astype(np.float64)
        view, alive = engine.matrix(centers)
        out = ffi.new("covey_model **")
        engine.call(lib.covey_model_from_centers, view, engine.doubles(getattr(self, "_mean", None)),
                    engine.dtype_tag(centers.dtype), out)
        del alive
        return ffi.gc(out[0], lib.covey_model_free)

    def _center_model(self) -> Any:
        """The same for what looks at centers only: transform and score."""
        return self._model()

    @contextmanager
    def _reading(self, X: Any) -> Iterator[tuple[Any, Any]]:
        """A view of X and a run for the engine; what the engine finds wrong with X comes out in our words."""
        view, alive = engine.matrix(X)
        run, alive_run = engine.new_run(self.n_threads)
        try:
            yield view, run
        except engine.NonFiniteError as error:
            raise self._nonfinite(X, error) from None
        del alive, alive_run

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Cluster X and return the label of every row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        labels : ndarray of shape (n_samples,), int32
        """
        return self.fit(X, sample_weight=sample_weight).labels_

    def predict(self, X: Any) -> np.ndarray:
        """Nearest center of every row; equal distances go to the lower label. For the fitted X it equals ``labels_``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Any number type, whatever the type of the data that was fitted.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int32
        """
        check_is_fitted(self)
        return self._predict(self._check_data(X, reset=False))

    def _predict(self, X: Any) -> np.ndarray:
        labels = np.empty(X.shape[0], dtype=np.int32)
        with self._reading(X) as (view, run):
            engine.call(lib.covey_model_predict, self._model(), view, run, engine.labels_of(labels), engine.NULL)
        return labels

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Cluster X and return the distances of its rows to the centers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        dist : ndarray of shape (n_samples, n_clusters)
        """
        self.fit(X, sample_weight=sample_weight)
        return self._transform(self._check_data(X, reset=False))

    def transform(self, X: Any) -> np.ndarray:
        """Distance of every row to every center.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        dist : ndarray of shape (n_samples, n_clusters)
            True (not squared) Euclidean distance; float32 where X and the centers are float32.
        """
        check_is_fitted(self)
        return self._transform(self._check_data(X, reset=False))

    def _transform(self, X: Any) -> np.ndarray:
        both = X.dtype == np.float32 and self.cluster_centers_.dtype == np.float32
        dtype = np.float32 if both else np.float64
        out = np.empty((X.shape[0], self.cluster_centers_.shape[0]), dtype=dtype)
        with self._reading(X) as (view, run):
            engine.call(lib.covey_model_transform, self._center_model(), view, run, engine.address(out),
                        engine.dtype_tag(dtype))
        return out

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the weighted sum of squared distances of the rows to their nearest centers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        check_is_fitted(self)
        X = self._check_data(X, reset=False)
        weights = self._check_weights(sample_weight, X)
        out = ffi.new("double *")
        with self._reading(X) as (view, run):
            engine.call(lib.covey_model_score, self._center_model(), view, engine.doubles(weights), run, out)
        return float(out[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


# What a report is told by: its fields, but for what the estimator publishes under its own name; texts apart.
_OWN_NAMES = {"size", "inertia", "converged", "n_iter", "n_steps", "n_relocations", "n_distinct", "seed", "stop_reason"}
_REPORT = [(name, field.type.kind == "array") for name, field in ffi.typeof("covey_report").fields if name not in _OWN_NAMES]
_STOPS = {
    lib.COVEY_STOP_STRICT: "strict",
    lib.COVEY_STOP_TOL: "tol",
    lib.COVEY_STOP_MAX_ITER: "max_iter",
    lib.COVEY_STOP_CANCELLED: "cancelled",
    lib.COVEY_STOP_TIME: "time",
    lib.COVEY_STOP_NO_IMPROVEMENT: "no_improvement",
}


def report_of(report: Any) -> dict[str, Any]:
    """A ``covey_report`` as a dictionary; what the estimator publishes under its own name is left out."""
    facts: dict[str, Any] = {"stop": _STOPS.get(report.stop_reason, "unknown")}
    for name, is_text in _REPORT:
        value = getattr(report, name)
        facts[name] = ffi.string(value).decode() if is_text else value
    return facts
