"""One peer in one process: reads jobs as JSON lines, answers with times.

Run as: python peers.py NAME. Thread counts and BLAS kernels come from the environment that run.py sets, so no peer's
runtime can disturb another's.
"""
from __future__ import annotations

import json
import os
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


def covey_kmeans(x, centers, iterations, tol):
    from covey import KMeans

    model = KMeans(len(centers), init=centers, n_init=1, max_iter=iterations, tol=tol, n_threads=THREADS).fit(x)
    return model.cluster_centers_, model.n_iter_


def sklearn_lloyd(x, centers, iterations, tol):
    from sklearn.cluster import KMeans

    model = KMeans(len(centers), init=centers, n_init=1, max_iter=iterations, tol=tol).fit(x)
    return model.cluster_centers_, model.n_iter_


def sklearn_elkan(x, centers, iterations, tol):
    from sklearn.cluster import KMeans

    model = KMeans(len(centers), init=centers, n_init=1, max_iter=iterations, tol=tol, algorithm="elkan").fit(x)
    return model.cluster_centers_, model.n_iter_


def sklearnex(x, centers, iterations, tol):
    from sklearnex.cluster import KMeans

    model = KMeans(len(centers), init=centers, n_init=1, max_iter=iterations, tol=tol).fit(x)
    return model.cluster_centers_, model.n_iter_


def faiss(x, centers, iterations, tol):
    import faiss as library

    library.omp_set_num_threads(THREADS)
    x = np.ascontiguousarray(x, dtype=np.float32)
    model = library.Kmeans(x.shape[1], len(centers), niter=iterations, nredo=1, min_points_per_centroid=1,
                           max_points_per_centroid=len(x) + 1, verbose=False)
    model.train(x, init_centroids=np.ascontiguousarray(centers, dtype=np.float32))
    return model.centroids, iterations


def superkmeans(x, centers, iterations, tol):
    """Approximate, draws its own start: only its time at equal iterations is comparable."""
    from superkmeans import SuperKMeans

    x = np.ascontiguousarray(x, dtype=np.float32)
    model = SuperKMeans(len(centers), x.shape[1], hierarchical=False, iters=iterations, sampling_fraction=1.0,
                        max_points_per_cluster=len(x) + 1, n_threads=THREADS, early_termination=False)
    found = model.train(x)
    return np.asarray(found).reshape(len(centers), -1), iterations


def mlpack(x, centers, iterations, tol):
    """Lloyd with Hamerly's bounds, the fastest of its exact algorithms on most cells; float64."""
    from mlpack import kmeans

    found = kmeans(clusters=len(centers), input_=np.asarray(x, dtype=np.float64), max_iterations=iterations, algorithm="hamerly",
                   initial_centroids=np.ascontiguousarray(centers, dtype=np.float64), allow_empty_clusters=True)
    return found["centroid"], iterations


def covey_plusplus(x, centers, iterations, tol):
    from covey import kmeans_plusplus

    return kmeans_plusplus(x, len(centers), random_state=0)[0], 0


def sklearn_plusplus(x, centers, iterations, tol):
    from sklearn.cluster import kmeans_plusplus

    return kmeans_plusplus(x, len(centers), random_state=0)[0], 0


def _predict(cls, x, centers, **extra):
    """Time predict alone: the model is made by one iteration before the clock starts."""
    model = cls(len(centers), init=centers, n_init=1, max_iter=1, **extra).fit(x[: max(len(centers), 1000)])
    begin = time.perf_counter()
    model.predict(x)
    return model.cluster_centers_, 0, time.perf_counter() - begin


def covey_predict(x, centers, iterations, tol):
    from covey import KMeans

    return _predict(KMeans, x, centers, n_threads=THREADS)


def sklearn_predict(x, centers, iterations, tol):
    from sklearn.cluster import KMeans

    return _predict(KMeans, x, centers)


def _defaults(cls, x, centers, **extra):
    """End to end as users call it: seeding included, default tolerance."""
    model = cls(len(centers), random_state=0, **extra).fit(x)
    return model.cluster_centers_, model.n_iter_


def covey_minibatch(x, centers, iterations, tol):
    from covey import MiniBatchKMeans

    return _defaults(MiniBatchKMeans, x, centers, n_threads=THREADS)


def sklearn_minibatch(x, centers, iterations, tol):
    from sklearn.cluster import MiniBatchKMeans

    return _defaults(MiniBatchKMeans, x, centers)


def covey_defaults(x, centers, iterations, tol):
    from covey import KMeans

    return _defaults(KMeans, x, centers, n_threads=THREADS)


def sklearn_defaults(x, centers, iterations, tol):
    from sklearn.cluster import KMeans

    return _defaults(KMeans, x, centers)


PEERS = {f.__name__: f for f in (covey_predict, sklearn_predict, covey_minibatch, sklearn_minibatch, covey_defaults,
                                 sklearn_defaults, covey_kmeans, sklearn_lloyd, sklearn_elkan, sklearnex, faiss, superkmeans, mlpack,
                                 covey_plusplus, sklearn_plusplus)}


def warm_up(run) -> None:
    """Imports and thread pools are not what is measured."""
    x = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    try:
        run(x, x[:4].copy(), 2, 0.0)
    except Exception:  # the job itself will report it
        pass


def main() -> None:
    run = PEERS[sys.argv[1]]
    warm_up(run)
    loaded = ""
    for line in sys.stdin:
        job = json.loads(line)
        if job["data"] != loaded:
            x, loaded = np.load(job["data"]), job["data"]
        centers = np.load(job["start"])
        time.sleep(job.get("rest", 0))
        try:
            begin = time.perf_counter()
            found, n_iter, *own = run(x, centers, job["iterations"], job["tol"])
            seconds = own[0] if own else time.perf_counter() - begin
            np.save(job["out"], np.asarray(found, dtype=np.float64))
            answer = {"seconds": seconds, "n_iter": int(n_iter)}
        except Exception as problem:  # a peer that cannot do a cell is reported, not hidden
            answer = {"error": f"{type(problem).__name__}: {problem}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
