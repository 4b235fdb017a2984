"""The C engine as Python sees it: views of arrays, generators, runs and errors.

Everything here is bookkeeping at the border; no function computes with the data.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Integral
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state

from covey._covey import ffi, lib

NULL = ffi.NULL
INT64_MAX = 2**63 - 1

_DTYPES = {
    "f8": lib.COVEY_DTYPE_FLOAT64,
    "f4": lib.COVEY_DTYPE_FLOAT32,
    "f2": lib.COVEY_DTYPE_FLOAT16,
    "i1": lib.COVEY_DTYPE_INT8,
    "u1": lib.COVEY_DTYPE_UINT8,
    "i2": lib.COVEY_DTYPE_INT16,
    "u2": lib.COVEY_DTYPE_UINT16,
    "i4": lib.COVEY_DTYPE_INT32,
    "u4": lib.COVEY_DTYPE_UINT32,
    "i8": lib.COVEY_DTYPE_INT64,
    "u8": lib.COVEY_DTYPE_UINT64,
    "b1": lib.COVEY_DTYPE_BOOL,
}

_EXCEPTIONS: dict[int, type[Exception]] = {
    lib.COVEY_ERR_ARGUMENT: ValueError,
    lib.COVEY_ERR_UNSUPPORTED: ValueError,
    lib.COVEY_ERR_SHAPE: ValueError,
    lib.COVEY_ERR_NONFINITE: ValueError,
    lib.COVEY_ERR_FORMAT: ValueError,
    lib.COVEY_ERR_DTYPE: TypeError,
    lib.COVEY_ERR_IO: OSError,
    lib.COVEY_ERR_MEMORY: MemoryError,
    lib.COVEY_ERR_LIMIT: MemoryError,
    lib.COVEY_ERR_INTERNAL: RuntimeError,
}


class NonFiniteError(ValueError):
    """The engine met a value that it cannot square. ``row`` and ``column`` (from 0) are -1 where they do not apply."""

    def __init__(self, message: str, row: int, column: int, count: int) -> None:
        super().__init__(message)
        self.row, self.column, self.count = row, column, count


# ---- calls

_local = threading.local()


def _keep_exception(kind: type[BaseException], value: BaseException, traceback: object) -> None:
    """An exception left a callback: keep it for the thread that called the library (callbacks run on no other)."""
    _local.exception = value


def call(function: Callable[..., int], *args: Any) -> None:
    """Call a library function that takes ``covey_error *`` last; raise what it or one of its callbacks reports."""
    err = ffi.new("covey_error *")
    status = function(*args, err)
    pending = getattr(_local, "exception", None)
    if pending is not None:
        _local.exception = None
        raise pending
    if status == lib.COVEY_OK:
        return
    message = ffi.string(err.message).decode("utf-8", "replace")
    if status == lib.COVEY_ERR_NONFINITE:
        raise NonFiniteError(message, err.row, err.column, err.count)
    if status == lib.COVEY_ERR_CANCELLED:
        raise KeyboardInterrupt(message)
    raise _EXCEPTIONS.get(status, RuntimeError)(message)


@ffi.def_extern(name="covey_py_progress", error=2, onerror=_keep_exception)
def _progress(user: Any, progress: Any) -> int:
    # Entering Python is the point of a heartbeat: pending signals (Ctrl-C) are raised on the way in.
    return 0 if user == NULL else ffi.from_handle(user)(progress)


@ffi.def_extern(name="covey_py_seed", error=1, onerror=_keep_exception)
def _seed(user: Any, random: Any, run: int, rows: Any, n_rows: int, k: int, d: int, centers: Any) -> int:
    chosen = None if rows == NULL else np.frombuffer(ffi.buffer(rows, 8 * n_rows), dtype=np.int64)
    out = np.frombuffer(ffi.buffer(centers, 8 * k * d), dtype=np.float64).reshape(k, d)
    ffi.from_handle(user)(random, run, chosen, k, out)
    return 0


# ---- how to run

_options: ContextVar[dict[str, Any]] = ContextVar("covey_engine_options", default={})


@contextmanager
def engine_options(
    *,
    accelerator_budget: int | None = None,
    memory_limit: int | None = None,
    time_limit: float | None = None,
    isa: str | None = None,
    plan: str | None = None,
) -> Iterator[None]:
    """Set how the engine runs inside a ``with`` block. Results do not depend on it, only time and memory do.

    Parameters
    ----------
    accelerator_budget : int, default=None
        Bytes for bounds and copies that make a fit faster, beside the O(n + k d) of any fit; 0 is allowed. ``None``: half
        of the input and 256 bytes a row, at least 128 MiB.
    memory_limit : int, default=None
        Bytes that one call may allocate. A fit that needs more raises MemoryError before it starts.
    time_limit : float, default=None
        Seconds. A fit that reaches it returns the best complete state, with ``converged_`` False.
    isa : str, default=None
        The highest instruction set to use: 'portable', 'avx2', 'avx512', ...
    plan : str, default=None
        A path by name, for tests and benchmarks.

    Examples
    --------
    >>> import covey
    >>> with covey.engine_options(accelerator_budget=0, time_limit=60):
    ...     labels = covey.KMeans(2, random_state=0).fit_predict([[0.0], [1.0], [9.0]])
    >>> labels
    array([0, 0, 1], dtype=int32)
    """
    given: dict[str, Any] = dict(accelerator_budget=accelerator_budget, memory_limit=memory_limit,
                                 time_limit=time_limit, isa=isa, plan=plan)
    for name in ("accelerator_budget", "memory_limit", "time_limit"):
        value = given[name]
        if value is not None and not value >= 0:  # `not >=` refuses NaN too
            raise ValueError(f"{name} must be a number >= 0. Got {value!r} instead.")
    token = _options.set({**_options.get(), **{name: value for name, value in given.items() if value is not None}})
    try:
        yield
    finally:
        _options.reset(token)


def new_run(n_threads: int | None, handle: Any = NULL, verbosity: int = 0) -> tuple[Any, list[Any]]:
    """A ``covey_run`` and what has to stay alive with it. ``handle`` is NULL or wraps ``f(progress) -> int``."""
    run = ffi.new("covey_run *")
    lib.covey_run_init_sized(run, ffi.sizeof("covey_run"))
    run.threads = 0 if n_threads is None else min(int(n_threads), 2**31 - 1)
    run.verbosity = verbosity
    run.progress = lib.covey_py_progress
    run.user = handle
    alive = [run, handle]
    options = _options.get()
    for name in ("accelerator_budget", "memory_limit"):
        if name in options:
            setattr(run, name, min(int(options[name]), 2**63))
    if "time_limit" in options:
        run.time_limit = float(options["time_limit"])
    for name in ("isa", "plan"):
        if name in options:
            text = ffi.new("char[]", str(options[name]).encode())
            alive.append(text)
            setattr(run, name, text)
    return run, alive


# ---- data

def storable(X: Any) -> bool:
    """Whether the engine reads the elements as they are stored: an array, or a pandas frame of one NumPy type."""
    if type(X) in (np.ndarray, np.memmap):
        return X.dtype.str[1:] in _DTYPES
    if not (hasattr(X, "columns") and hasattr(X, "dtypes")):
        return False
    kinds = {getattr(dtype, "str", "")[1:] for dtype in X.dtypes}
    return len(kinds) == 1 and kinds <= _DTYPES.keys()


def address(array: np.ndarray) -> Any:
    """The address of an array's first element."""
    return ffi.cast("void *", array.__array_interface__["data"][0])


def matrix(X: Any) -> tuple[Any, Any]:
    """A ``covey_matrix`` on a 2-D array or CSR matrix, and what has to stay alive with it. Nothing is copied."""
    if sp.issparse(X):
        return _csr(X)
    view = ffi.new("covey_matrix *")
    view.layout = lib.COVEY_LAYOUT_DENSE
    view.dtype = _DTYPES[X.dtype.str[1:]]
    view.n, view.d = X.shape
    view.data = address(X)
    view.row_stride, view.col_stride = X.strides
    view.byte_swapped = not X.dtype.isnative
    return view, X


def _csr(X: Any) -> tuple[Any, Any]:
    index = np.int64 if np.int64 in (X.indices.dtype, X.indptr.dtype) else np.int32
    values = np.ascontiguousarray(X.data)
    indptr = np.ascontiguousarray(X.indptr, dtype=index)
    indices = np.ascontiguousarray(X.indices, dtype=index)
    n, d = X.shape
    if indptr.shape != (n + 1,) or n and indptr[-1] > min(len(values), len(indices)):
        # The library trusts array lengths, which it cannot see: they are checked here.
        raise ValueError(
            f"indptr of the sparse X has {len(indptr)} entries and ends at {indptr[-1] if len(indptr) else 0}, but X "
            f"has {n} rows, {len(indices)} column indices and {len(values)} values."
        )
    view = ffi.new("covey_matrix *")
    view[0] = lib.covey_matrix_csr(address(values), _DTYPES[values.dtype.str[1:]], address(indptr), address(indices),
                                   indptr.itemsize, n, d)
    return view, (values, indptr, indices)


def copied(pointer: Any, shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """A copy of a C array that the library owns."""
    out = np.empty(shape, dtype=dtype)
    ffi.memmove(out, pointer, out.nbytes)
    return out


def doubles(array: np.ndarray | None) -> Any:
    """``double *`` of a C-ordered float64 array, or NULL."""
    return NULL if array is None else ffi.cast("double *", address(array))


def labels_of(array: np.ndarray | None) -> Any:
    """``int32_t *`` of a C-ordered int32 array, or NULL."""
    return NULL if array is None else ffi.cast("int32_t *", address(array))


def dtype_tag(dtype: Any) -> int:
    """The engine's tag for float32 or float64."""
    return lib.COVEY_DTYPE_FLOAT32 if dtype == np.float32 else lib.COVEY_DTYPE_FLOAT64


# ---- random numbers

class Generator:
    """A ``covey_random`` that stands in for one of numpy's RandomState objects and hands its state back.

    Parameters
    ----------
    random_state : int, RandomState instance or None
    """

    def __init__(self, random_state: Any) -> None:
        self.c = ffi.new("covey_random *")
        self.numpy: np.random.RandomState | None = None
        self._seeded = True
        if isinstance(random_state, Integral):
            lib.covey_random_seed(self.c, int(random_state))
            return
        self.numpy = check_random_state(random_state)
        state = self.numpy.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            # Another stream behind the RandomState interface: one word of it seeds ours.
            lib.covey_random_seed(self.c, int(self.numpy.randint(0, 2**32, dtype=np.uint32)))
            return
        self._seeded = False
        self._load(state)

    def _load(self, state: Any) -> None:
        ffi.memmove(self.c.key, np.ascontiguousarray(state["state"]["key"], dtype=np.uint32), 4 * 624)
        self.c.pos = int(state["state"]["pos"])
        self.c.has_gauss = int(state["has_gauss"])
        self.c.gauss = float(state["gauss"])

    def _state(self) -> dict[str, Any]:
        key = np.frombuffer(ffi.buffer(self.c.key, 4 * 624), dtype=np.uint32).copy()
        return {"bit_generator": "MT19937", "state": {"key": key, "pos": int(self.c.pos)},
                "has_gauss": int(self.c.has_gauss), "gauss": float(self.c.gauss)}

    def store(self) -> None:
        """Advance the RandomState that was given to where the engine's draws ended."""
        if self.numpy is not None and not self._seeded:
            self.numpy.set_state(self._state())

    @contextmanager
    def as_numpy(self) -> Iterator[np.random.RandomState]:
        """A RandomState in the present state, for a user's function; its draws advance the engine's generator."""
        if self._seeded:
            self.numpy, self._seeded = np.random.RandomState(0), False
        assert self.numpy is not None
        self.numpy.set_state(self._state())
        yield self.numpy
        self._load(self.numpy.get_state(legacy=False))


# ---- process-wide

def _obey_environment() -> None:
    name = os.environ.get("COVEY_ISA")
    if name:
        call(lib.covey_isa_limit, name.encode())


def build_info() -> dict[str, Any]:
    """Version, instruction set in use and default thread count of the engine.

    Examples
    --------
    >>> import covey
    >>> sorted(covey.build_info())
    ['isa', 'threads', 'version']
    """
    return {
        "version": ffi.string(lib.covey_version()).decode(),
        "isa": ffi.string(lib.covey_isa_name()).decode(),
        "threads": int(lib.covey_threads_default()),
    }


_obey_environment()
