"""scikit-learn's contract for estimators. What it does not expect of its own clusterers is not expected of ours."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from covey import BisectingKMeans, KMeans, MiniBatchKMeans

ESTIMATORS = [KMeans, MiniBatchKMeans, BisectingKMeans]

# A weight of 2 is not a repeated row for k-means++ and batches: other draws. The same two stand on scikit-learn's list.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "draws depend on the number of rows",
    "check_sample_weight_equivalence_on_sparse_data": "draws depend on the number of rows",
}


@parametrize_with_checks([E() for E in ESTIMATORS], expected_failed_checks=lambda estimator: EXPECTED)
def test_contract(estimator, check):
    check(estimator)


def test_contract_under_array_api_dispatch(run_python):
    """The checks that scikit-learn skips unless SciPy was imported with this switch on."""
    output = run_python("""
import covey
from sklearn.utils.estimator_checks import estimator_checks_generator
for Estimator in (covey.KMeans, covey.MiniBatchKMeans, covey.BisectingKMeans):
    for estimator, check in estimator_checks_generator(Estimator()):
        if "array_api" in check.func.__name__:
            check(estimator)
            print(check.func.__name__)
""", env={"SCIPY_ARRAY_API": "1"})
    assert output.split() == ["check_array_api_input"] * 3


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_parameters_are_scikit_learns_and_n_threads(Estimator):
    import sklearn.cluster

    theirs = getattr(sklearn.cluster, Estimator.__name__)().get_params()
    ours = Estimator().get_params()
    assert ours.pop("n_threads") is None
    assert ours == theirs
    assert set(Estimator._parameter_constraints) == set(Estimator().get_params())


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_parameters_are_validated_like_scikit_learns(Estimator):
    from sklearn.utils._param_validation import generate_invalid_param_val, make_constraint

    X = np.random.RandomState(0).normal(size=(30, 3))
    for name, constraints in Estimator._parameter_constraints.items():
        for constraint in constraints:
            try:
                bad = generate_invalid_param_val(make_constraint(constraint))
            except NotImplementedError:
                continue
            if any(make_constraint(other).is_satisfied_by(bad) for other in constraints):
                continue
            with pytest.raises(ValueError, match=rf"The '{name}' parameter of {Estimator.__name__} must be"):
                clone(Estimator()).set_params(**{name: bad}).fit(X)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_set_output(Estimator, frame):
    pytest.importorskip(frame)
    X = np.random.RandomState(0).normal(size=(30, 3))
    km = Estimator(n_clusters=3, random_state=0).set_output(transform=frame)
    out = km.fit_transform(X)
    prefix = Estimator.__name__.lower()
    assert type(out).__module__.startswith(frame)
    assert list(out.columns) == [f"{prefix}{j}" for j in range(3)]
    assert np.array_equal(np.asarray(out), np.asarray(km.transform(X)))


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_frames_go_in(Estimator):
    """pandas, polars and Arrow tables: the same result as the array, and column names are kept and compared."""
    pd, pl, pa = (pytest.importorskip(m) for m in ("pandas", "polars", "pyarrow"))
    X = np.random.RandomState(0).normal(size=(60, 3))
    names = ["age", "height", "size"]
    plain = Estimator(n_clusters=3, random_state=0).fit(X)
    for table in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names),
                  pa.table({name: X[:, f] for f, name in enumerate(names)})):
        km = Estimator(n_clusters=3, random_state=0).fit(table)
        assert np.array_equal(km.labels_, plain.labels_)
        assert np.array_equal(km.cluster_centers_, plain.cluster_centers_)
        if not (isinstance(table, pl.DataFrame) and parse_version(sklearn.__version__) < parse_version("1.9")):
            assert list(km.feature_names_in_) == names  # older scikit-learn cannot ask polars 2 for them
        assert np.array_equal(km.predict(table), km.labels_)
    assert list(km.feature_names_in_) == names
    with pytest.raises(ValueError, match="feature names should match"):
        km.predict(pd.DataFrame(X, columns=names[::-1]))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        km.predict(X)


def test_metadata_routing_and_grid_search():
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = np.random.RandomState(0).normal(size=(120, 3))
    w = np.random.RandomState(1).uniform(size=120)
    with sklearn.config_context(enable_metadata_routing=True):
        km = KMeans(n_init=1, random_state=0).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(km, {"n_clusters": [2, 3, 4]}, cv=3).fit(X, sample_weight=w)
    assert search.best_params_["n_clusters"] == 4
    pipe = make_pipeline(StandardScaler(), KMeans(3, random_state=0)).fit(X)
    assert pipe.predict(X).shape == (120,)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_pickles(Estimator, tmp_path):
    import pickle

    import joblib

    X = np.random.RandomState(0).normal(size=(500, 3))
    km = Estimator(n_clusters=4, random_state=0).fit(X)
    again = pickle.loads(pickle.dumps(km))
    assert np.array_equal(again.predict(X), km.labels_)
    joblib.dump(km, tmp_path / "km.joblib")
    mapped = joblib.load(tmp_path / "km.joblib", mmap_mode="r")
    assert np.array_equal(mapped.predict(X), km.labels_)
    assert np.array_equal(mapped.transform(X), km.transform(X))
