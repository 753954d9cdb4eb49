"""Numbers at their ends: finite results of the right count and dtype, or a clear error."""

import warnings
from collections import Counter

import numpy as np
import pytest

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.training import CycleGANTrainer

pytestmark = [
    # Images that are all alike give translations that are all alike.
    pytest.mark.filterwarnings("ignore:Some of the .* translations are identical"),
    # Nothing may overflow, divide by zero or turn into NaN on the way.
    pytest.mark.filterwarnings("error::RuntimeWarning:skgan_aug"),
]

Y = np.repeat(["common", "rare"], [9, 4])
RNG = np.random.RandomState(0)
NOISE = RNG.rand(13, 4, 4)
SIGNS = np.where(RNG.rand(13, 4, 4) < 0.5, -1.0, 1.0)
TINY = np.nextafter(0, 1)


def sampler(**params):
    few = {"max_iter": 2, "batch_size": 2, "random_state": 0, "device": "cpu"}
    return CycleGANOverSampler(**few | params)


def classifier(**params):
    return TorchCNNClassifier(**{"max_epochs": 1, "random_state": 0, "device": "cpu"} | params)


def check_both(X, y=Y):
    """Both estimators work on X, as images and as vectors; translations stay in its range."""
    for rows in (X, X.reshape(len(X), -1)):
        over_sampler = sampler()
        X_new, y_new = over_sampler.fit_resample(rows, y)
        assert X_new.dtype == X.dtype
        assert X_new[: len(X)].tobytes() == np.ascontiguousarray(rows).tobytes()
        assert len(set(Counter(y_new.tolist()).values())) == 1
        assert np.isfinite(X_new.astype(np.longdouble)).all()
        added = X_new[len(X) :]
        if X.dtype != np.uint8:
            assert rows.min() <= added.min()
            assert added.max() <= rows.max()
        source, target = next(iter(over_sampler.cyclegans_))
        back = over_sampler.translate(rows, source=target, target=source)
        assert back.shape == rows.shape
        assert back.dtype == X.dtype
        probabilities = classifier().fit(rows, y).predict_proba(rows)
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)


INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)
EXTREMES = {
    "zeros": np.zeros((13, 4, 4)),
    "black bytes": np.zeros((13, 4, 4), np.uint8),
    "one constant": np.full((13, 4, 4), 7.25, np.float32),
    "a huge constant": np.full((13, 4, 4), 1e308),
    "constant images": np.broadcast_to(RNG.rand(13, 1, 1), (13, 4, 4)),
    "one class constant": np.where((Y == "rare")[:, None, None], 0.5, NOISE),
    "one pixel differs": np.where(np.arange(208).reshape(13, 4, 4) == 77, 1.0, 0.0),
    "large": NOISE * 1e308,
    "the whole range": SIGNS * np.finfo(np.float64).max,
    "the whole range of float32": (SIGNS * np.finfo(np.float32).max).astype(np.float32),
    "the whole range of float16": (SIGNS * np.finfo(np.float16).max).astype(np.float16),
    "denormal": NOISE.round() * TINY,
    "denormal float32": (NOISE.round() * 1e-45).astype(np.float32),
    "denormal float16": (NOISE.round() * 6e-8).astype(np.float16),
    "huge and denormal": np.where(SIGNS > 0, 1e308, TINY),
    "close to one another": 1.0 + NOISE.round() * np.finfo(np.float64).eps,
    "far from zero": 1e300 + NOISE * 1e290,
    "negative zeros": np.where(SIGNS > 0, 0.0, -0.0),
    "long doubles": NOISE.astype(np.longdouble),
    "half precision": NOISE.astype(np.float16),
    "bool": SIGNS > 0,
    "all true": np.ones((13, 4, 4), bool),
    "int8": (SIGNS * 127).astype(np.int8),
    "int64 extremes": np.where(SIGNS > 0, INT64.max, INT64.min),
    "uint64 extremes": np.where(SIGNS > 0, np.uint64(UINT64.max), np.uint64(0)),
    "int64 around 2**53": 2**53 + RNG.randint(3, size=(13, 4, 4)),
}


@pytest.mark.parametrize("X", EXTREMES.values(), ids=EXTREMES)
def test_extreme_values(X):
    check_both(np.ascontiguousarray(X))


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 1), (1, 1, 3), (1, 5), (2, 1, 2)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_images_of_a_pixel_or_a_line(shape, dtype):
    check_both(RNG.randint(256, size=(13, *shape)).astype(dtype))


def test_columns_of_every_magnitude():
    scales = np.array([TINY, 1e-300, 1.0, 1e300, 1.7e308, 0.0])
    X = (RNG.rand(13, 6) - 0.5) * 2 * scales
    X_new, _ = sampler().fit_resample(X, Y)
    assert (X_new.min(axis=0) >= X.min(axis=0)).all()
    assert (X_new.max(axis=0) <= X.max(axis=0)).all()
    assert np.isfinite(classifier().fit(X, Y).predict_proba(X)).all()


@pytest.mark.parametrize("value", [1e308, -1e308, 1e30, TINY])
def test_rows_far_out_of_the_range_that_was_fitted(value):
    over_sampler = sampler()
    over_sampler.fit_resample(NOISE, Y)
    far = np.full((3, 4, 4), value)
    source, target = next(iter(over_sampler.cyclegans_))
    translated = over_sampler.translate(far, source=source, target=target)
    assert ((NOISE.min() <= translated) & (translated <= NOISE.max())).all()
    probabilities = classifier().fit(NOISE, Y).predict_proba(far)
    assert np.isfinite(probabilities).all()


# Labels


@pytest.mark.parametrize(
    "labels",
    [
        [np.iinfo(np.int64).min, np.iinfo(np.int64).max],
        np.array([0, np.iinfo(np.uint64).max], np.uint64),
        [False, True],
        ["", "\U0001f431" * 50],
        ["ß", "日本\n語"],
        ["a", "a "],
        [-1.0, -0.0],
    ],
    ids=ascii,
)
def test_odd_labels(labels):
    labels = np.asarray(labels)
    y = labels[np.repeat([0, 1], [9, 4])]
    X_new, y_new = sampler().fit_resample(NOISE, y)
    assert y_new.dtype == y.dtype
    assert Counter(y_new.tolist()) == dict.fromkeys(labels.tolist(), 9)
    fitted = classifier().fit(NOISE, y)
    assert fitted.classes_.dtype == y.dtype
    assert set(fitted.predict(X_new).tolist()) <= set(labels.tolist())


def tuples():
    y = np.empty(13, dtype=object)
    y[:] = [("é", "日")] * 9 + [("\U0001f431", "")] * 4
    return y


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    "y",
    [
        tuples(),
        tuples().tolist(),
        np.where(Y == "rare", 5e-324, 0),
        np.where(Y == "rare", 1e308, 0),
    ],
    ids=["tuples", "list of tuples", "denormal", "huge"],
)
def test_labels_that_are_no_labels(y):
    for train in (sampler().fit_resample, classifier().fit):
        with pytest.raises((ValueError, TypeError), match=r"\by\b"):
            train(NOISE, y)


@pytest.mark.usefixtures("no_training")
def test_zero_and_negative_zero_are_one_class():
    y = np.where(Y == "rare", 0.0, -0.0)
    for train in (sampler().fit_resample, classifier().fit):
        with pytest.raises(ValueError, match="class"):
            train(NOISE, y)


# A thousand classes of three images


def thousand():
    y = np.repeat(np.arange(1000), 3)
    return RNG.randint(256, size=(3000, 4, 4)).astype(np.uint8), y


def test_a_thousand_balanced_classes():
    X, y = thousand()
    X_new, y_new = sampler().fit_resample(X, y)
    np.testing.assert_array_equal(X_new, X)
    np.testing.assert_array_equal(y_new, y)
    fitted = classifier(batch_size=512).fit(X, y)
    assert fitted.predict_proba(X[:5]).shape == (5, 1000)


def test_two_of_a_thousand_classes():
    X, y = thousand()
    X_new, y_new = sampler(sampling_strategy={3: 7, 999: 5}).fit_resample(X, y)
    assert len(X_new) == 3006
    counts = Counter(y_new.tolist())
    assert (counts[3], counts[999], counts[0]) == (7, 5, 3)


@pytest.mark.slow
def test_a_thousand_classes_that_all_gain():
    X, y = thousand()
    X = np.concatenate([X, X[:3]])
    y = np.concatenate([y, [0, 0, 0]])
    over_sampler = sampler(max_iter=1, n_snapshots=0)
    X_new, y_new = over_sampler.fit_resample(X, y)
    assert len(X_new) == 6000
    assert set(Counter(y_new.tolist()).values()) == {6}
    assert len(over_sampler.cyclegans_) == 999


# Training that diverges


@pytest.fixture
def seen(monkeypatch):
    """Get the number of each step, as it is made."""
    seen, step = [], CycleGANTrainer.train_step

    def watched(self, *args):
        seen.append(self.n_iter)
        return step(self, *args)

    monkeypatch.setattr(CycleGANTrainer, "train_step", watched)
    return seen


def test_divergence_goes_back_once_and_then_is_an_error_with_the_history(seen):
    diverging = sampler(learning_rate=1e30, max_iter=60)
    with (
        pytest.warns(UserWarning, match=r"diverged by step 50.*from step 0.*half the rate"),
        pytest.raises(FloatingPointError, match=r"half the rate too.*learning_rate") as caught,
    ):
        diverging.fit_resample(NOISE.reshape(13, -1), Y)
    assert seen == [*range(50), *range(50)]
    assert caught.value.history[-1]["n_iter"] == 50
    assert not hasattr(diverging, "cyclegans_")


@pytest.mark.parametrize("learning_rate", [1.0, 1e3, 1e6, 1e12, 1e20, 1e28])
@pytest.mark.parametrize("shape", [(16,), (4, 4)], ids=str)
def test_whatever_the_rate_nothing_but_finite_numbers_comes_out(learning_rate, shape):
    X = NOISE.reshape(13, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            X_new, _ = sampler(learning_rate=learning_rate).fit_resample(X, Y)
        except FloatingPointError:
            return
    assert np.isfinite(X_new).all()


@pytest.mark.parametrize("params", [{"learning_rate": 1e30}, {"weight_decay": 1e30}], ids=str)
def test_a_classifier_that_diverges_says_so_and_forgets(params):
    diverging = classifier(max_epochs=30, **params)
    with pytest.raises(FloatingPointError, match=r"diverged in .* epochs.*learning_rate"):
        diverging.fit(NOISE, Y)
    assert len(diverging.history_) == 30
    with pytest.raises(ValueError, match="not fitted"):
        diverging.predict(NOISE)
    diverging.set_params(learning_rate=1e-3, weight_decay=0.01).fit(NOISE, Y)
    assert np.isfinite(diverging.predict_proba(NOISE)).all()


@pytest.mark.parametrize("learning_rate", [1.0, 1e6, 1e12, 1e20, 1e28])
def test_whatever_the_rate_probabilities_are_finite_or_an_error(learning_rate):
    try:
        fitted = classifier(learning_rate=learning_rate).fit(NOISE, Y)
        probabilities = fitted.predict_proba(NOISE)
    except (FloatingPointError, ValueError) as error:  # ValueError: the weights are finite
        problem = str(error)
    else:
        assert np.isfinite(probabilities).all()
        return
    assert "diverged" in problem or "not finite" in problem


@pytest.mark.parametrize("weight", [1e-30, 1e-6, 1e3])
def test_sample_weights_of_any_size(weight):
    weights = np.where(Y == "rare", weight, 1.0)
    fitted = classifier().fit(NOISE, Y, sample_weight=weights)
    assert np.isfinite(fitted.predict_proba(NOISE)).all()


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("weight", "match"), [(1e-300, "one class"), (1e-40, "one class"), (1e30, "sample_weight")]
)
def test_sample_weights_beyond_all_bounds(weight, match):
    with pytest.raises(ValueError, match=match):
        classifier().fit(NOISE, Y, sample_weight=np.where(Y == "rare", weight, 1.0))
