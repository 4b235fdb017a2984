"""The golden table of reference results: scikit-learn 1.9.1, one thread (row numbers in the test ids)."""

import zlib

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, make_blobs, make_moons

from covey import BisectingKMeans, KMeans, MiniBatchKMeans, kmeans_plusplus

WEIGHTS = np.random.RandomState(1).uniform(size=2000)


def data(name):
    if name == "digits":
        return load_digits().data
    if name == "iris":
        return load_iris().data
    if name == "blobs16":
        return make_blobs(10000, n_features=16, centers=8, random_state=42)[0]
    if name == "moons":
        return make_moons(200, noise=0.05, random_state=0)[0]
    if name == "G":
        return np.random.RandomState(5).normal(size=(1000, 7))
    return make_blobs(300, centers=4, cluster_std=0.6, random_state=0)[0]


def crc(labels):
    return f"{zlib.crc32(labels.astype('<i4').tobytes()):08x}"


# row: (data, dtype, estimator, weighted, n_iter_, inertia_, crc of the labels)
ROWS = {
    1: ("blobs", "f8", KMeans(4, random_state=0), False, 3, 212.00599621083475, "fc51e902"),
    2: ("blobs", "f8", KMeans(4, random_state=0, algorithm="elkan"), False, 3, 212.00599621083475, "fc51e902"),
    3: ("blobs", "f4", KMeans(4, random_state=0), False, 3, 212.00608825683594, "fc51e902"),
    4: ("blobs", "f8", KMeans(4, random_state=0), True, 3, 107.75339939876895, "d5a2bf25"),
    5: ("blobs", "f8", KMeans(4, init="random", random_state=0), False, 6, 212.00599621083475, "b93e0445"),
    6: ("blobs", "f8", KMeans(20, random_state=1), False, 7, 57.241306627253245, "4a4148c4"),
    7: ("iris", "f8", KMeans(3, random_state=42), False, 11, 78.855665825977269, "07d6bcfa"),
    8: ("digits", "f8", KMeans(10, random_state=0), False, 19, 1171289.2204911541, "3ba925c4"),
    9: ("digits", "f8", KMeans(10, random_state=0, n_init=10), False, 17, 1165188.890449231, "4862c8ee"),
    10: ("digits", "f8", KMeans(10, random_state=42), False, 13, 1187766.229251585, "5e65eccf"),
    11: ("moons", "f8", KMeans(2, random_state=0), False, 6, 79.662343164778861, "cb2f24b0"),
    12: ("G", "f8", KMeans(8, random_state=42), False, 34, 4441.9854102629752, "77896928"),
    13: ("G", "f8", KMeans(8, random_state=42, tol=0), False, 34, 4441.9854102629752, "77896928"),
    14: ("blobs16", "f8", KMeans(8, random_state=0), False, 2, 159742.55251857848, "c94b55fd"),
    15: ("blobs16", "f4", KMeans(8, random_state=0), False, 2, 159742.9375, "c94b55fd"),
    16: ("digits", "f8", MiniBatchKMeans(10, random_state=0), False, 27, 1174667.1419661962, "4bce359f"),
    17: ("digits", "f8", MiniBatchKMeans(10, random_state=0, batch_size=100, n_init=3), False, 3, 1217280.0610453053,
         "e8325426"),
    # 18 hangs on the order in which an unstable sort leaves ties: not portable, not even for scikit-learn
    "18b": ("blobs", "f8", MiniBatchKMeans(8, random_state=0, batch_size=50, reassignment_ratio=0.3, max_iter=5), False, 4,
            157.35803590785872, "9ef7bf06"),
    19: ("blobs", "f8", BisectingKMeans(4, random_state=0), False, None, 226.51437986743036, "672d1449"),
    20: ("digits", "f8", BisectingKMeans(10, random_state=0), False, None, 1238976.8049799618, "ff26102a"),
    21: ("digits", "f8", BisectingKMeans(10, init="k-means++", n_init=3, random_state=42,
                                         bisecting_strategy="largest_cluster"), False, None, 1232213.3692599267, "d2e8ec6e"),
}
STEPS = {16: 46, 17: 40, "18b": 22}


@pytest.mark.parametrize("row", ROWS)
def test_row(row):
    name, dtype, estimator, weighted, n_iter, inertia, labels_crc = ROWS[row]
    X = data(name).astype(dtype)
    km = estimator.fit(X, sample_weight=WEIGHTS[: len(X)] if weighted else None)
    assert crc(km.labels_) == labels_crc
    assert getattr(km, "n_iter_", None) == n_iter
    assert km.inertia_ == pytest.approx(inertia, rel=1e-5 if row in (3, 15) else 1e-12)
    assert np.array_equal(km.predict(X), km.labels_)
    if row in STEPS:
        assert km.n_steps_ == STEPS[row]


@pytest.mark.parametrize("algorithm", ["elkan", "auto"])
@pytest.mark.parametrize("row", [1, 5, 6, 8, 12])
def test_algorithms_are_names_of_one_clustering(row, algorithm):
    name, _, estimator, *_ = ROWS[row]
    X = data(name)
    plain = estimator.fit(X)
    other = KMeans(**{**estimator.get_params(), "algorithm": algorithm}).fit(X)
    assert np.array_equal(other.labels_, plain.labels_)
    assert np.array_equal(other.cluster_centers_, plain.cluster_centers_)
    assert (other.inertia_, other.n_iter_) == (plain.inertia_, plain.n_iter_)


def test_row_22_refilled_cluster():
    X = np.array([[0, 0], [0.5, 0], [0.5, 1], [1, 1]])
    km = KMeans(2, init=[[0.5, 0.5], [3, 3]], n_init=1).fit(X)
    assert km.inertia_ == 0.25
    assert km.n_iter_ == 3
    assert km.n_relocations_ == 1
    assert km.labels_.tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])


def test_random_state_goes_on_where_scikit_learn_goes_on():
    rs = np.random.RandomState(0)
    KMeans(10, random_state=rs, n_init=10).fit(load_digits().data)
    assert rs.random_sample() == 0.6996220542505167


SEEDS = {
    1: ("blobs", 4, 0, "164 176 116 255"),
    6: ("blobs", 20, 1, "125 75 55 204 198 35 106 268 267 223 1 233 97 210 81 174 124 209 36 46"),
    7: ("iris", 3, 42, "56 37 59"),
    8: ("digits", 10, 0, "986 748 768 1431 137 1507 817 230 465 1097"),
    10: ("digits", 10, 42, "673 281 99 1492 320 935 649 346 296 1698"),
    11: ("moons", 2, 0, "109 117"),
    12: ("G", 8, 42, "374 152 589 21 193 297 464 775"),
    14: ("blobs16", 8, 0, "5488 4239 9637 3812 887 8337 8000 6452"),
}


@pytest.mark.parametrize("row", SEEDS)
def test_kmeans_plusplus_picks(row):
    name, k, seed, expected = SEEDS[row]
    X = data(name)
    centers, indices = kmeans_plusplus(X, k, random_state=seed)
    assert indices.dtype == np.int64
    assert indices.tolist() == [int(i) for i in expected.split()]
    assert np.array_equal(centers, X[indices])


def test_kmeans_plusplus_trials_and_state():
    X = data("blobs")
    assert kmeans_plusplus(X, 4, n_local_trials=1, random_state=0)[1].tolist() == [164, 220, 183, 172]
    rs = np.random.RandomState(0)
    kmeans_plusplus(X, 4, random_state=rs)  # 1 + 3 * 3 doubles
    again = np.random.RandomState(0)
    again.random_sample(10)
    assert rs.random_sample() == again.random_sample()


def test_runs_of_row_9():
    """Each of the ten restarts: n_iter_ and inertia, one fit at a time from one generator."""
    runs = [(19, 1171289.2204911541), (11, 1169586.5570967908), (19, 1169069.5230511127), (24, 1169464.3425675835),
            (17, 1165188.890449231), (13, 1169518.2743443984), (16, 1169551.5192015194), (18, 1170077.9768141236),
            (24, 1214557.4026873927), (12, 1165228.0007319495)]
    rs = np.random.RandomState(0)
    for n_iter, inertia in runs:
        km = KMeans(10, random_state=rs).fit(data("digits"))
        assert km.n_iter_ == n_iter
        assert km.inertia_ == pytest.approx(inertia, rel=1e-12)


def test_scaled_tolerance():
    assert KMeans(10, random_state=0).fit(data("digits")).fit_report_["tol"] == pytest.approx(0.001877310527129089,
                                                                                               rel=1e-12)
