"""Our threads under threadpoolctl: ``threadpool_limits`` and what builds on it (joblib, dask) reach the engine."""

from __future__ import annotations

from typing import Any

import threadpoolctl

from covey._covey import ffi, lib


class CoveyController(threadpoolctl.LibController):
    """The default width of the engine's thread pool. Counted as "openmp": limits meant for loops over rows apply."""

    user_api = "openmp"
    internal_api = "covey"
    filename_prefixes = ("_covey",)

    def get_num_threads(self) -> int:
        return int(lib.covey_threads_default())

    def set_num_threads(self, num_threads: int) -> None:
        lib.covey_threads_set_default(max(0, int(num_threads)))

    def get_version(self) -> str:
        version: str = ffi.string(lib.covey_version()).decode()
        return version

    def set_additional_attributes(self) -> Any:
        self.threading_layer = "pthreads"
        self.architecture = ffi.string(lib.covey_isa_name()).decode()


threadpoolctl.register(CoveyController)
