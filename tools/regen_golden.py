#!/usr/bin/env python3
"""Rewrite the golden files and the shipped data sets from scikit-learn 1.9.1 and numpy 2.4.6.

Run by `make golden`, which prepares an environment of its own.  The reference is scikit-learn on x86-64 with fused
multiply-add, one thread, OpenBLAS's Haswell kernels; the script sets both variables before numpy is loaded.  With
--check nothing is written, and the exit status says whether the files are as the reference gives them.

Every line of a golden file is `key=value` words, so that the C tests read it with a dozen lines of code.
"""
import os
import sys

if os.environ.get("OPENBLAS_CORETYPE") != "Haswell" or os.environ.get("OMP_NUM_THREADS") != "1":
    os.environ.update(OPENBLAS_CORETYPE="Haswell", OMP_NUM_THREADS="1")
    os.execv(sys.executable, [sys.executable, *sys.argv])

import pathlib
import warnings
import zlib

import numpy as np
import sklearn
from numpy.random import RandomState
from sklearn import cluster, datasets
from sklearn.exceptions import ConvergenceWarning

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
REFERENCE = ("1.9.1", "2.4.6")


def crc(array, dtype):
    return f"{zlib.crc32(np.ascontiguousarray(array, dtype=dtype).tobytes()):08x}"


def joined(values):
    return ",".join(repr(v.item()) if hasattr(v, "item") else str(v) for v in values)


# --- data sets by name; tests/support/golden.h makes the same ones in C --------------------------------------------
def data(name):
    """X and classes (or None) of a data set; name:number:number... are generated ones."""
    kind, *words = name.split(":")
    numbers = [int(word) for word in words]
    if kind == "blobs":
        return datasets.make_blobs(300, centers=4, cluster_std=0.6, random_state=0)
    if kind == "blobs16":
        return datasets.make_blobs(10000, n_features=16, centers=8, random_state=42)
    if kind == "moons":
        return datasets.make_moons(200, noise=0.05, random_state=0)
    if kind == "circles":
        return datasets.make_circles(200, noise=0.05, factor=0.5, random_state=0)
    if kind == "gauss":
        return RandomState(5).normal(size=(1000, 7)), None
    if kind == "grid":  # grid:n:d:m:seed, integers below m
        n, d, m, seed = numbers
        return RandomState(seed).randint(0, m, (n, d)).astype(np.float64), None
    if kind == "decimal":  # the same with one decimal
        n, d, m, seed = numbers
        return RandomState(seed).randint(0, m, (n, d)) / 10.0, None
    if kind == "normal":  # normal:n:d:offset:seed
        n, d, offset, seed = numbers
        return RandomState(seed).standard_normal((n, d)) + offset, None
    return getattr(datasets, {"cancer": "load_breast_cancer"}.get(kind, f"load_{kind}"))(return_X_y=True)


def row_weights(kind, n):
    if kind == "uniform":
        return RandomState(1).uniform(size=2000)[:n]
    if kind == "counts":  # 0..3, so some rows weigh nothing
        return RandomState(2).randint(0, 4, n).astype(np.float64)
    return None


# --- fits ----------------------------------------------------------------------------------------------------------
def fit_line(row, name, k, seed, init="k-means++", n_init="auto", weights="none", dtype="float64", tol=1e-4,
             max_iter=300, algorithm="lloyd", rtol=1e-12):
    x = data(name)[0].astype(dtype)
    w = row_weights(weights, len(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = cluster.KMeans(k, init=init, n_init=n_init, random_state=seed, tol=tol, max_iter=max_iter,
                               algorithm=algorithm).fit(x, sample_weight=w)
    seeds = "-"
    if init == "k-means++" and dtype == "float64":
        seeds = joined(cluster.kmeans_plusplus(x - x.mean(axis=0), k, sample_weight=w, random_state=seed)[1])
    n_runs = {"auto": 0}.get(n_init, n_init)
    return (f"row={row} data={name} k={k} seed={seed} init={init} n_init={n_runs} weights={weights} dtype={dtype} "
            f"tol={tol!r} max_iter={max_iter} rtol={rtol!r} seeds={seeds} n_iter={model.n_iter_} "
            f"inertia={float(model.inertia_)!r} crc={crc(model.labels_, '<i4')}")


def table_rows():
    """Rows 1-12, 14 and 15 of the table of facts; 13 does not exist, 2 is Elkan's variant of row 1."""
    yield fit_line("1", "blobs", 4, 0)
    yield fit_line("2", "blobs", 4, 0, algorithm="elkan")
    yield fit_line("3", "blobs", 4, 0, dtype="float32", rtol=1e-5)
    yield fit_line("4", "blobs", 4, 0, weights="uniform")
    yield fit_line("5", "blobs", 4, 0, init="random")
    yield fit_line("6", "blobs", 20, 1)
    yield fit_line("7", "iris", 3, 42)
    yield fit_line("8", "digits", 10, 0)
    yield fit_line("9", "digits", 10, 0, n_init=10)
    yield fit_line("10", "digits", 10, 42)
    yield fit_line("11", "moons", 2, 0)
    yield fit_line("12", "gauss", 8, 42)
    yield fit_line("12b", "gauss", 8, 42, tol=0.0)
    yield fit_line("14", "blobs16", 8, 0)
    yield fit_line("15", "blobs16", 8, 0, dtype="float32", rtol=1e-5)


def more_fits():
    """Sixty further fits: real tables, integer and one-decimal grids (full of ties), weights, offsets, restarts."""
    number = 0

    def row(*args, **kwargs):
        nonlocal number
        number += 1
        return fit_line(f"m{number}", *args, **kwargs)

    for name in ("iris", "wine", "cancer"):
        for k, seed in ((2, 0), (3, 1), (5, 2), (8, 3), (13, 4), (21, 5)):
            yield row(name, k, seed)
        yield row(name, 4, 6, init="random")
        yield row(name, 5, 7, weights="uniform")
        yield row(name, 6, 8, weights="counts")
        yield row(name, 7, 9, n_init=5)
        yield row(name, 4, 10, tol=0.0)
    for seed, name in enumerate(("grid:200:2:8:1", "grid:500:3:5:2", "grid:300:5:4:3", "grid:1000:8:3:4",
                                 "grid:400:16:2:5", "grid:600:33:2:6", "grid:250:1:60:7", "decimal:300:2:50:8",
                                 "decimal:500:4:30:9", "decimal:700:9:12:10")):
        yield row(name, 4, seed)
        yield row(name, 9, seed + 100)
    yield row("grid:500:3:5:2", 6, 11, weights="counts")
    yield row("normal:800:20:0:11", 12, 1)
    yield row("normal:800:20:1000000:11", 12, 1)
    yield row("normal:300:300:0:12", 5, 2)
    yield row("normal:200:700:3:13", 4, 3)
    yield row("normal:2000:1:0:14", 7, 4)
    yield row("normal:500:257:0:15", 6, 5, max_iter=3)


def digits_ties():
    for k in (5, 10, 20, 40):
        for seed in range(40):
            yield fit_line(f"t{k}.{seed}", "digits", k, seed, n_init=1)


# --- random numbers ------------------------------------------------------------------------------------------------
P6 = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1]


def random_lines():
    """One generator a seed; each line draws from where the line before it stopped."""
    for seed in (0, 1, 42, 20077, 2**32 - 1):
        r = RandomState(seed)
        skew = np.arange(1, 51, dtype=np.float64) ** 3
        skew /= skew.sum()

        def line(call, values, dtype, show=8, **words):
            values = np.atleast_1d(values)
            told = "".join(f" {key}={value}" for key, value in words.items())
            return f"call={call}{told} count={len(values)} first={joined(values[:show])} crc={crc(values, dtype)}"

        yield f"call=seed value={seed}"
        yield line("double", r.random_sample(2), "<f8")
        yield line("int", r.randint(0, 1000, 5), "<i8", low=0, high=1000)
        yield line("permutation", r.permutation(8), "<i8")
        yield line("normal", r.standard_normal(3), "<f8")
        yield line("choice", r.choice(6, 3, p=P6), "<i8", n=6, replace=1, p=joined(P6))
        yield line("choice", r.choice(6, 4, replace=False, p=P6), "<i8", n=6, replace=0, p=joined(P6))
        yield line("choice", r.choice(9, 4, replace=False), "<i8", n=9, replace=0, p="-")
        yield line("multinomial", r.multinomial(20, [0.1, 0.2, 0.3, 0.4]), "<i8", n=20, p="0.1,0.2,0.3,0.4")
        yield line("uniform", r.uniform(-10, 10, 1), "<f8", low=-10, high=10)
        yield line("word", r.randint(0, 2**32, 700, dtype=np.uint32), "<u4")
        yield line("double", r.random_sample(2000), "<f8")
        yield line("normal", r.standard_normal(1001), "<f8")
        yield line("int", r.randint(0, 7, 500), "<i8", low=0, high=7)
        yield line("int", r.randint(-5, 1, 100), "<i8", low=-5, high=1)
        yield line("int", r.randint(4, 5, 20), "<i8", low=4, high=5)
        yield line("int", r.randint(0, 2**32, 100), "<i8", low=0, high=2**32)
        yield line("int", r.randint(-2**40, 2**40, 100), "<i8", low=-2**40, high=2**40)
        yield line("normal", r.standard_normal(1), "<f8")
        yield line("permutation", r.permutation(1797), "<i8")
        items = np.arange(1000, dtype=np.int64) * 3
        r.shuffle(items)
        yield line("shuffle", items, "<i8")
        yield line("choice", r.choice(50, 400, p=skew), "<i8", n=50, replace=1, p="cubes")
        yield line("choice", r.choice(50, 45, replace=False, p=skew), "<i8", n=50, replace=0, p="cubes")
        yield line("choice", r.choice(50, 300), "<i8", n=50, replace=1, p="-")
        yield line("choice", r.choice(1000, 10, replace=False), "<i8", n=1000, replace=0, p="-")
        yield line("multinomial", r.multinomial(100000, [0.6, 0.01, 0.3, 0.05, 0.04]), "<i8", n=100000,
                   p="0.6,0.01,0.3,0.05,0.04")
        yield line("multinomial", r.multinomial(1000, [0.001, 0.998, 0.001]), "<i8", n=1000, p="0.001,0.998,0.001")
        yield line("multinomial", r.multinomial(0, [0.5, 0.5]), "<i8", n=0, p="0.5,0.5")
        yield line("uniform", r.uniform(0.5, 0.75, 300), "<f8", low=0.5, high=0.75)
        yield line("double", r.random_sample(5), "<f8")


def made_lines():
    """make_blobs, make_moons, make_circles with every argument in use."""
    def line(call, made, **words):
        x, y = made
        told = "".join(f" {key}={value}" for key, value in words.items())
        return f"call={call}{told} first={joined(x.ravel()[:4])} crc={crc(x, '<f8')} labels={crc(y, '<i8')}"

    for n, d, k, seed in ((300, 2, 4, 0), (10000, 16, 8, 42), (7, 3, 5, 1), (1, 1, 1, 2), (1000, 50, 3, 3)):
        yield line("blobs", datasets.make_blobs(n, n_features=d, centers=k, random_state=seed), n=n, d=d, k=k,
                   seed=seed, stds="-", box="-", shuffle=1, centers="-")
    yield line("blobs", datasets.make_blobs(101, n_features=2, centers=3, cluster_std=[0.5, 2.0, 0.0],
                                            center_box=(-3.5, 4.25), shuffle=False, random_state=9),
               n=101, d=2, k=3, seed=9, stds="0.5,2.0,0.0", box="-3.5,4.25", shuffle=0, centers="-")
    corners = np.array([[0.0, 0.0, 1.0], [5.0, -5.0, 2.0]])
    yield line("blobs", datasets.make_blobs(64, centers=corners, cluster_std=[1.5, 0.25], random_state=10),
               n=64, d=3, k=2, seed=10, stds="1.5,0.25", box="-", shuffle=1, centers=joined(corners.ravel()))
    for n, noise, seed, shuffle in ((200, 0.05, 0, 1), (201, None, 1, 1), (50, 0.3, 2, 0), (3, 0.0, 3, 1)):
        words = dict(n=n, seed=seed, noise=-1 if noise is None else noise, shuffle=shuffle)
        options = dict(noise=noise, shuffle=bool(shuffle), random_state=seed)
        yield line("moons", datasets.make_moons(n, **options), **words)
        yield line("circles", datasets.make_circles(n, factor=0.5, **options), factor=0.5, **words)
    yield line("circles", datasets.make_circles(77, factor=0.8, random_state=5), n=77, seed=5, noise=-1, shuffle=1,
               factor=0.8)


def dataset_lines():
    for name in ("blobs", "blobs16", "moons", "circles", "gauss", "digits", "iris", "wine", "cancer",
                 "grid:200:2:8:1", "decimal:300:2:50:8", "normal:800:20:1000000:11"):
        x, classes = data(name)
        told = "-" if classes is None else crc(classes, "<i8")
        yield f"data={name} n={x.shape[0]} d={x.shape[1]} crc={crc(x, '<f8')} classes={told}"


def plusplus_lines():
    """kmeans_plusplus alone, with its own number of trials and with weights."""
    for name, k, seed, trials, weights in (
            ("blobs", 4, 0, 0, "none"), ("blobs", 4, 0, 1, "none"), ("blobs", 30, 3, 0, "uniform"),
            ("blobs", 12, 4, 3, "counts"), ("digits", 40, 5, 0, "none"), ("iris", 9, 6, 2, "uniform"),
            ("wine", 20, 7, 0, "none"), ("gauss", 60, 8, 0, "counts"), ("normal:2000:1:0:14", 50, 9, 0, "none"),
            ("blobs16", 100, 10, 0, "none")):
        x, _ = data(name)
        _, rows = cluster.kmeans_plusplus(x, k, sample_weight=row_weights(weights, len(x)), random_state=seed,
                                          n_local_trials=trials or None)
        yield f"data={name} k={k} seed={seed} trials={trials} weights={weights} rows={joined(rows)}"


# --- the shipped tables --------------------------------------------------------------------------------------------
def number(value):
    return str(int(value)) if value == int(value) else repr(float(value))


def table(x, names=None, words=None):
    lines = [",".join(names)] if names else []
    for i, row in enumerate(x):
        lines.append(",".join([*(number(v) for v in row), *([words[i]] if words is not None else [])]))
    return lines


def shipped():
    digits, classes = datasets.load_digits(return_X_y=True)
    yield ROOT / "data" / "digits.csv", table(digits)
    yield ROOT / "data" / "digits_classes.csv", ["class", *(str(c) for c in classes)]
    iris = datasets.load_iris()
    yield ROOT / "data" / "iris.csv", table(
        iris.data, ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"],
        iris.target_names[iris.target])
    for name in ("wine", "cancer"):
        yield GOLDEN / "data" / f"{name}.csv", table(data(name)[0])


def main():
    if (sklearn.__version__, np.__version__) != REFERENCE:
        sys.exit(f"the reference is scikit-learn {REFERENCE[0]} with numpy {REFERENCE[1]}; "
                 f"found {sklearn.__version__} with {np.__version__}")
    check = "--check" in sys.argv[1:]
    head = f"# Written by tools/regen_golden.py from scikit-learn {REFERENCE[0]} and numpy {REFERENCE[1]}; do not edit."
    files = [*shipped()]
    for name, lines in (("fits.txt", [*table_rows()]), ("more_fits.txt", [*more_fits()]),
                        ("digits_ties.txt", [*digits_ties()]), ("random.txt", [*random_lines()]),
                        ("made.txt", [*made_lines()]), ("datasets.txt", [*dataset_lines()]),
                        ("plusplus.txt", [*plusplus_lines()])):
        files.append((GOLDEN / name, [head, *lines]))
    changed = 0
    for path, lines in files:
        text = "\n".join(lines) + "\n"
        if path.exists() and path.read_text() == text:
            continue
        changed += 1
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    print(f"{len(files)} files, {changed} {'different' if check else 'rewritten'}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
