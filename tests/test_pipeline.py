"""Both estimators work together wherever scikit-learn puts them."""

import io
import pickle

import cloudpickle
import joblib
import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier

FOLDS = StratifiedKFold(2)


def make_problem(kind):
    """X, y and the parameters that X needs: 3 digits, one of them rare."""
    X, y = load_digits(n_class=3, return_X_y=True)
    kept = np.concatenate([np.flatnonzero(y == k)[:n] for k, n in enumerate([40, 40, 12])])
    X, y = X[kept], np.array(["nought", "one", "two"])[y[kept]]
    if kind == "images":
        return X.reshape(-1, 8, 8, 1), y, {}
    return X, y, {"image_shape": (8, 8)}


@pytest.fixture(params=["images", "flattened images"])
def problem(request):
    return make_problem(request.param)


def make(parameters, **sampler):
    sampler = {"max_iter": 2, "batch_size": 4, "random_state": 0} | parameters | sampler
    classifier = {"max_epochs": 20, "batch_size": 16, "learning_rate": 5e-3, "random_state": 0}
    return make_pipeline(
        CycleGANOverSampler(**sampler), TorchCNNClassifier(**classifier, **parameters)
    )


def test_cross_val_score(problem):
    X, y, parameters = problem
    scores = cross_val_score(
        make(parameters), X, y, cv=FOLDS, scoring="balanced_accuracy", error_score="raise"
    )
    assert scores.min() > 0.8


def test_grid_search_over_ratios_in_parallel(problem, tmp_path):
    X, y, parameters = problem
    grid = {"cycleganoversampler__sampling_strategy": [0.5, 0.75, 1.0]}
    search = GridSearchCV(
        make(parameters, memory=str(tmp_path)), grid, cv=FOLDS, n_jobs=2, error_score="raise"
    )
    search.fit(X, y)
    assert search.best_score_ > 0.8
    ratio = search.best_params_["cycleganoversampler__sampling_strategy"]
    sampler = search.best_estimator_[0]
    assert sampler.sampling_strategy_ == {"two": round(ratio * 40) - 12}
    assert_array_equal(search.predict(X), search.best_estimator_.predict(X))


def test_a_clone_learns_the_same(problem):
    X, y, parameters = problem
    pipeline = make(parameters).fit(X, y)
    assert_array_equal(clone(pipeline).fit(X, y).predict_proba(X), pipeline.predict_proba(X))


def through_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "copy",
    [
        lambda estimator: pickle.loads(pickle.dumps(estimator)),
        lambda estimator: cloudpickle.loads(cloudpickle.dumps(estimator)),
        through_joblib,
    ],
    ids=["pickle", "cloudpickle", "joblib"],
)
def test_a_pickled_pipeline_predicts_translates_and_refits(problem, copy):
    X, y, parameters = problem
    pipeline = make(parameters, source="nought").fit(X, y)
    again = copy(pipeline)
    assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))
    pair = {"source": "nought", "target": "two"}
    assert_array_equal(again[0].translate(X, **pair), pipeline[0].translate(X, **pair))
    assert_array_equal(again.fit(X, y).predict(X), pipeline.predict(X))


def test_output_as_frames_changes_nothing(problem):
    X, y, parameters = problem
    expected = make(parameters).fit(X, y).predict_proba(X)
    with config_context(transform_output="pandas"):
        pipeline = make(parameters).fit(X, y)
        assert_array_equal(pipeline.predict_proba(X), expected)
        score = cross_val_score(make(parameters), X, y, cv=FOLDS, error_score="raise")
    assert score.min() > 0.8


def test_frames_from_a_transformer_before():
    X, y, parameters = make_problem("flattened images")
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, *make(parameters)).fit(X, y)
    assert pipeline.score(X, y) > 0.8
    for step in pipeline[1:]:
        assert_array_equal(step.feature_names_in_, scaler.get_feature_names_out())


def test_a_transformer_of_images_before(problem):
    X, y, parameters = problem
    pipeline = make_pipeline(FunctionTransformer(np.negative), *make(parameters))
    assert pipeline.fit(X, y).score(X, y) > 0.8
