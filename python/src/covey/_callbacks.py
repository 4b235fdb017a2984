"""What a fit tells while it runs: scikit-learn's verbose lines, its callback interface, a progress bar.

scikit-learn 1.9 brought an interface for callbacks (``set_callbacks``); before that, the small part of it that the
estimators here use is filled in below, so that one callback class serves every supported version.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from covey._covey import ffi, lib

try:
    from sklearn.callback import CallbackSupportMixin as _CallbackSupport

    _NATIVE = True
except ImportError:
    _NATIVE = False

    class _Context:
        """One task of a fit: the fit itself, a run of it, or an iteration."""

        def __init__(self, callbacks: list[Any], task_name: str, max_subtasks: int | None,
                     parent: _Context | None) -> None:
            self._callbacks = callbacks
            self.task_name = task_name
            self.max_subtasks = max_subtasks
            self.parent = parent
            self.task_id = 0
            self._children = 0

        def subcontext(self, task_name: str = "", max_subtasks: int | None = 0) -> _Context:
            child = _Context(self._callbacks, task_name, max_subtasks, self)
            child.task_id = self._children
            self._children += 1
            return child

        def _hooks(self, hook: str, estimator: Any, given: dict[str, Any]) -> bool:
            stop = False
            for callback in self._callbacks:
                method = getattr(callback, hook)
                wanted = [p.name for p in inspect.signature(method).parameters.values() if p.kind is p.KEYWORD_ONLY]
                stop |= bool(method(estimator, self, **{name: given.get(name) for name in wanted}))
            return stop

        def call_on_fit_task_begin(self, *, estimator: Any, **given: Any) -> _Context:
            self._hooks("on_fit_task_begin", estimator, given)
            return self

        def call_on_fit_task_end(self, *, estimator: Any, **given: Any) -> bool:
            return self._hooks("on_fit_task_end", estimator, given)

    class _CallbackSupport:  # type: ignore[no-redef]
        """Callbacks for scikit-learn before 1.9."""

        def set_callbacks(self, *callbacks: Any) -> Any:
            """Set the callbacks of the estimator; none removes them.

            Parameters
            ----------
            *callbacks : objects with setup, on_fit_task_begin, on_fit_task_end and teardown
            """
            hooks = ("setup", "on_fit_task_begin", "on_fit_task_end", "teardown")
            if not all(callable(getattr(c, h, None)) and not isinstance(c, type) for c in callbacks for h in hooks):
                raise TypeError("callbacks must be instances following the FitCallback protocol.")
            self.__dict__.pop("_skl_callbacks", None)
            if callbacks:
                self._skl_callbacks = list(callbacks)
            return self

        def __sklearn_clone__(self) -> Any:
            from sklearn.base import _clone_parametrized

            copy = _clone_parametrized(self)
            if hasattr(self, "_skl_callbacks"):
                copy._skl_callbacks = self._skl_callbacks
            return copy


class CallbackSupport(_CallbackSupport):
    """Mixin of all estimators: callbacks of scikit-learn's kind, whatever its version."""

    @contextmanager
    def _fit_task(self, max_subtasks: int | None, X: Any) -> Iterator[Any]:
        """The root task of a fit as a context, or None without callbacks."""
        if not hasattr(self, "_skl_callbacks"):
            yield None
        elif _NATIVE:  # scikit-learn tears callbacks down itself, in _fit_context
            context = self._init_callback_context(max_subtasks=max_subtasks)
            context.call_on_fit_task_begin(estimator=self, X=X)
            yield context
            context.call_on_fit_task_end(estimator=self, X=X)
        else:
            context = _Context(self._skl_callbacks, "fit", max_subtasks, None)
            started = []
            try:
                for callback in self._skl_callbacks:
                    started.append(callback)
                    callback.setup(self, context)
                context.call_on_fit_task_begin(estimator=self, X=X)
                yield context
                context.call_on_fit_task_end(estimator=self, X=X)
            finally:
                for callback in started:
                    callback.teardown(self, context)


class Watch:
    """Called by the engine between blocks of work; translates what it says for callbacks and for verbose output.

    Parameters
    ----------
    estimator : the estimator that is being fitted
    context : root task of the fit, or None without callbacks
    printer : f(progress) that prints, or None
    """

    def __init__(self, estimator: Any, context: Any, printer: Any) -> None:
        self._estimator = estimator
        self._context = context
        self._printer = printer
        self._run: Any = None
        self._run_number = -1
        self._iteration: Any = None

    def __call__(self, progress: Any) -> int:
        if self._printer is not None:
            self._printer(progress)
        if self._context is None or progress.phase != lib.COVEY_PHASE_ITERATE:
            return 0
        return self._tell(progress)

    def _tell(self, progress: Any) -> int:
        if progress.run != self._run_number:
            self.close()
            self._run_number = progress.run
            self._run = self._context.subcontext(task_name="run", max_subtasks=progress.max_iter)
            self._run.call_on_fit_task_begin(estimator=self._estimator)
        if self._iteration is None:
            self._iteration = self._run.subcontext(task_name="iteration")
            self._iteration.call_on_fit_task_begin(estimator=self._estimator)
        if not progress.detail:
            return 0
        facts = {
            "run": int(progress.run),
            "iteration": int(progress.iteration),
            "inertia": float(progress.inertia),
            "shift_sq": float(progress.shift_sq),
            "tol": float(progress.tol),
            "n_changed": int(progress.n_changed),
            "seconds": float(progress.seconds),
        }
        finished, self._iteration = self._iteration, None
        return int(bool(finished.call_on_fit_task_end(estimator=self._estimator, metadata=facts)))

    def close(self) -> None:
        """End what is open: an iteration that was begun by a heartbeat, and the run."""
        for task in (self._iteration, self._run):
            if task is not None:
                task.call_on_fit_task_end(estimator=self._estimator)
        self._iteration = self._run = None


@contextmanager
def watching(estimator: Any, context: Any, printer: Any) -> Iterator[tuple[Any, int]]:
    """Handle and verbosity for ``new_run``: NULL and 0 when nobody listens."""
    if context is None and printer is None:
        yield ffi.NULL, 0
        return
    watch = Watch(estimator, context, printer)
    yield ffi.new_handle(watch), 1
    watch.close()


class ProgressBar:
    """A tqdm progress bar for the iterations of a fit. Needs tqdm (``pip install covey[progress]``).

    Parameters
    ----------
    **options : passed to ``tqdm.auto.tqdm``

    Examples
    --------
    >>> from covey import KMeans, ProgressBar
    >>> km = KMeans(2, random_state=0).set_callbacks(ProgressBar(disable=True))
    >>> km.fit([[0.0], [1.0], [9.0]]).labels_
    array([0, 0, 1], dtype=int32)
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self._bars: list[Any] = []

    def setup(self, estimator: Any, context: Any) -> None:
        """A fit begins: show a bar."""
        from tqdm.auto import tqdm

        self._bars.append(tqdm(**{"desc": type(estimator).__name__, "unit": "it", **self.options}))

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """A task of the fit begins."""

    def on_fit_task_end(self, estimator: Any, context: Any, *, metadata: Any = None) -> bool:
        """A task of the fit has ended: advance at iterations."""
        if context.task_name == "iteration" and metadata:
            bar = self._bars[-1]
            bar.set_postfix(run=metadata["run"], inertia=f"{metadata['inertia']:.6g}", refresh=False)
            bar.update()
        return False

    def teardown(self, estimator: Any, context: Any) -> None:
        """The fit is over, also after an error."""
        self._bars.pop().close()

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self.options, "_bars": []}
