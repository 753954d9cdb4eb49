"""TorchCNNClassifier: it learns, repeats itself, and is a scikit-learn classifier."""

import pickle
import re
import signal
import warnings

import numpy as np
import pandas as pd
import pytest
import skorch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn import FunctionSampler
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, train_test_split
from skorch.callbacks import BatchScoring, Callback, EpochScoring
from torch import nn

from skgan_aug import TorchCNNClassifier
from skgan_aug._training_rows import hold_out


@pytest.fixture(scope="module")
def digits():
    """Train and test images, (n, 8, 8), and labels."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(
        X.reshape(-1, 8, 8), y, train_size=1000, stratify=y, random_state=0
    )


def make_images(counts=(20, 12), shape=(6, 5), seed=0):
    """Images whose brightness tells the class."""
    generator = np.random.RandomState(seed)
    y = np.repeat(["dark", "light", "white"][: len(counts)], counts)
    level = np.unique(y, return_inverse=True)[1].reshape(-1, *[1] * len(shape))
    return generator.uniform(0, 60, size=(len(y), *shape)) + 60 * level, y


def make_classifier(**parameters):
    defaults = {"max_epochs": 3, "batch_size": 8, "random_state": 0}
    return TorchCNNClassifier(**defaults | parameters)


# It learns


def test_digits_as_images(digits):
    X, X_test, y, y_test = digits
    classifier = make_classifier(max_epochs=20, batch_size=32, learning_rate=5e-3)
    assert classifier.fit(X, y).score(X_test, y_test) > 0.93


def test_the_score_is_the_share_of_right_labels():
    X, y = make_images()
    classifier = make_classifier().fit(X, y)
    right = classifier.predict(X) == y
    assert classifier.score(X, y) == right.mean()
    weights = np.arange(1, 33)
    assert_allclose(classifier.score(X, y, weights), np.average(right, weights=weights))


def test_labels_behind_a_mask_are_not_scored():
    X, y = make_images()
    classifier = make_classifier().fit(X, y)
    masked = np.ma.masked_array(y, mask=np.arange(32) == 5)
    with pytest.raises(ValueError, match=r"^y has masked values: fill them"):
        classifier.score(X, masked)


def test_missing_labels_are_not_scored():
    X, y = make_images()
    y = (y == "dark").astype(int)
    classifier = make_classifier().fit(X, y)
    labels = pd.Series(y, dtype="Int64").mask(np.arange(32) < 5)
    with pytest.raises(ValueError, match=r"^y has 5 missing labels .* leave their rows out"):
        classifier.score(X, labels)


def test_digits_as_vectors(digits):
    X, X_test, y, y_test = digits
    classifier = make_classifier(max_epochs=15, batch_size=32, learning_rate=5e-3)
    classifier.fit(X.reshape(len(X), -1), y)
    assert classifier.score(X_test.reshape(len(X_test), -1), y_test) > 0.9
    assert classifier.image_shape_ is None


def make_linear(spec, n_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(spec.row_shape)), n_classes))


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        ("compact", (9, 13)),
        ("resnet", (9, 13)),
        ("paper", (8, 8, 3)),
        ("mlp", (30,)),
        (make_linear, (6, 5)),
        (make_linear, (30,)),
    ],
    ids=str,
)
def test_every_module(module, shape):
    X, y = make_images(shape=shape)
    classifier = make_classifier(module=module, max_epochs=30, learning_rate=3e-3)
    assert classifier.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    "options",
    [
        {"augmentation": "shifts", "mixup": 0.2},
        {"max_epochs": 1.5, "class_weight": "balanced"},
    ],
    ids=["images", "epochs"],
)
def test_what_torch_makes_by_default_changes_nothing(options):
    X, y = make_images()
    classifier = make_classifier(device="cpu", **options)
    expected = classifier.fit(X, y).predict_proba(X)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")  # stands for a GPU
    try:
        probabilities = classifier.fit(X, y).predict_proba(X)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
    assert_array_equal(probabilities, expected)


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", torch.optim.RMSprop])
def test_every_optimizer(optimizer):
    X, y = make_images()
    classifier = make_classifier(optimizer=optimizer, max_epochs=25, learning_rate=1e-2)
    assert classifier.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.RMSprop])
def test_a_cycle_gives_no_momentum_to_an_optimizer_without(optimizer):
    momenta = []

    class Watch(Callback):
        def on_batch_end(self, net, **kwargs):
            momenta.append(net.optimizer_.param_groups[0]["momentum"])

    X, y = make_images()
    classifier = make_classifier(optimizer=optimizer, callbacks=[Watch()], warm_start=True)
    classifier.partial_fit(X, y).fit(X, y)
    assert set(momenta) == {0}


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (9, 13, 5), (1,)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_every_shape_and_dtype(shape, dtype):
    X, y = make_images(shape=shape)
    X = X.astype(dtype)
    probabilities = make_classifier().fit(X, y).predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1)


def test_masks_of_uint8_are_warned_of():
    X, y = make_images()
    mask = (X > 90).astype(np.uint8)
    message = r"uint8 images of values from 0 to 1, .*Pass X.astype\(np.float32\)"
    with pytest.warns(UserWarning, match=message) as warned:
        make_classifier().fit(mask, y)
    assert warned[0].filename == __file__


def test_images_of_torch_are_warned_of():
    X, y = make_images(shape=(12, 10, 3))
    with pytest.warns(UserWarning, match=r"channels.*X.transpose\(0, 2, 3, 1\)") as warned:
        make_classifier().fit(X.transpose(0, 3, 1, 2), y)
    assert warned[0].filename == __file__


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X.astype(np.uint8),
        lambda X: (X > 90).astype(np.float32),
        lambda X: X > 90,
        lambda X: np.zeros(X.shape, dtype=np.uint8),
        lambda X: (X > 90).astype(np.uint8).reshape(len(X), -1),
    ],
    ids=["full", "float", "bool", "constant", "vectors"],
)
def test_only_masks_of_uint8_are_warned_of(change):
    X, y = make_images()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_classifier(max_epochs=1).fit(change(X), y)


@pytest.mark.parametrize(
    ("fitted", "given", "message"),
    [
        (np.uint8, lambda X: X / 255, "float32 images of values up to 1, .* uint8 .* to 255"),
        (np.float32, lambda X: X / 255, "float32 images .* up to 1, .* float32 .* to 255"),
        (lambda X: X / 255, np.uint8, "uint8 images of values up to 255, .* float32 .* to 1:"),
    ],
)
def test_images_of_another_scale_are_warned_of(fitted, given, message):
    X, y = make_images()
    X = X.astype(np.float32)
    X[0, 0, 0] = 255
    classifier = make_classifier(max_epochs=1).fit(_prepare(X, fitted), y)
    with pytest.warns(UserWarning, match=message) as warned:
        classifier.predict_proba(_prepare(X, given))
    assert warned[0].filename == __file__


@pytest.mark.parametrize(
    ("fitted", "given"),
    [
        (np.uint8, np.float64),
        (np.float32, np.uint8),
        (np.uint8, lambda X: (X > 254).astype(np.uint8)),
        (np.uint8, lambda X: np.zeros_like(X)),
        (lambda X: X / 255, lambda X: X / 51),
    ],
    ids=["floats", "integers", "dark", "black", "bright"],
)
def test_only_images_of_another_scale_are_warned_of(fitted, given):
    X, y = make_images()
    X = X.astype(np.float32)
    X[0, 0, 0] = 255
    classifier = make_classifier(max_epochs=1).fit(_prepare(X, fitted), y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.predict_proba(_prepare(X, given))


def _prepare(X, change):
    return X.astype(change) if isinstance(change, type) else change(X)


def test_a_last_batch_of_one_row_trains():
    X, y = make_images((10, 7))
    assert make_classifier(batch_size=8).fit(X, y).net_.history


def test_class_weight_raises_recall_of_the_rare_class():
    generator = np.random.RandomState(0)
    y = np.repeat([0, 1], [190, 10])
    X = generator.normal(size=(200, 2)) + y[:, None]
    recalls = []
    for class_weight in (None, {0: 1, 1: 19}, "balanced"):
        classifier = make_classifier(
            class_weight=class_weight, max_epochs=20, batch_size=50, learning_rate=1e-2
        ).fit(X, y)
        recalls.append((classifier.predict(X)[y == 1] == 1).mean())
    assert recalls[0] < recalls[1]
    assert recalls[1] == recalls[2]  # balanced is 1 : 19 but for a constant


# Logit adjustment


@pytest.mark.parametrize(
    ("scale", "expected"),
    [(0, [0.9, 0.1]), (1, [0.5, 0.5]), (2, [0.1, 0.9]), (0.5, [0.75, 0.25])],
)
def test_logit_adjustment_takes_the_shares_of_the_classes_out_of_what_is_predicted(
    scale, expected
):
    """Of rows that are all the same, these shares are all that there is to learn."""
    X, y = np.zeros((60, 4, 4)), np.repeat([0, 1], [54, 6])
    assert_allclose(predict_same(X, y, logit_adjustment=scale)[0], expected, atol=0.03)


def test_weights_count_in_the_shares_that_logit_adjustment_takes_out():
    X, y = np.zeros((4, 4, 4)), np.array([0, 0, 0, 1])
    for weights, class_weight in (([1.5, 1.5, 0.5, 0.5], None), ([1] * 4, {0: 1, 1: 6})):
        probabilities = predict_same(
            X, y, sample_weight=weights, class_weight=class_weight, logit_adjustment=1
        )
        assert_allclose(probabilities[0], [0.5, 0.5], atol=0.03)


def test_the_shares_that_logit_adjustment_takes_out_are_of_smoothed_labels():
    X, y = np.zeros((60, 4, 4)), np.repeat([0, 1], [54, 6])
    probabilities = predict_same(X, y, logit_adjustment=1, label_smoothing=0.2)
    assert_allclose(probabilities[0], [0.5, 0.5], atol=0.03)


def test_shares_that_change_at_the_end_cannot_be_taken_out(no_training):
    X, y = make_images()
    classifier = make_classifier(logit_adjustment=1, real_last=0.5)
    with pytest.raises(ValueError, match=r"real_last=0\.5 ends on real rows"):
        classifier.fit(X, y, synthetic_mask=np.arange(len(X)) % 2 == 0)


def test_logit_adjustment_does_nothing_where_classes_are_equally_frequent():
    X, y = make_images((8, 8))
    plain, adjusted = (
        make_classifier(logit_adjustment=scale).fit(X, y).predict_proba(X) for scale in (0, 1)
    )
    assert_allclose(plain, adjusted, atol=1e-4)


def test_early_stopping_scores_the_adjusted_loss():
    X, y = np.arange(200).reshape(-1, 1, 1) + np.zeros((4, 4)), np.arange(200) % 10 == 0

    def make_undecided(spec, n_classes):
        network = make_linear(spec, n_classes)
        for weights in network.parameters():
            nn.init.zeros_(weights)
        return network

    classifier = make_classifier(
        logit_adjustment=1, early_stopping=True, module=make_undecided, learning_rate=1e-6
    ).fit(X, y)
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))  # of the shares
    assert classifier.history_[0]["valid_loss"] == pytest.approx(entropy, abs=1e-3)


def test_logit_adjustment_waits_for_classes_that_come_later():
    X, y = make_images((12, 4))
    classifier = make_classifier(logit_adjustment=1).partial_fit(X[:8], y[:8], np.unique(y))
    assert np.isfinite(classifier.predict_proba(X)).all()
    classifier.partial_fit(X, y)
    assert np.isfinite(classifier.predict_proba(X)).all()


def predict_same(X, y, sample_weight=None, **params):
    classifier = make_classifier(
        max_epochs=200, module=make_linear, weight_decay=0, learning_rate=5e-2, **params
    )
    return classifier.fit(X, y, sample_weight).predict_proba(X[:1])


# Predictions


@pytest.mark.parametrize(
    "labels", [["a", "b", "c"], [3, -1, 7], [1.0, 2.0, 5.0], [False, True]], ids=str
)
def test_predictions_are_labels(labels):
    X, y = make_images((12, 9, 6)[: len(labels)])
    y = np.asarray(labels)[np.unique(y, return_inverse=True)[1]]
    classifier = make_classifier().fit(X, y)
    assert_array_equal(classifier.classes_, np.unique(labels))
    predicted = classifier.predict(X)
    assert predicted.dtype == y.dtype
    best = classifier.predict_proba(X).argmax(axis=1)
    assert_array_equal(predicted, classifier.classes_[best])


def test_predictions_do_not_depend_on_the_batch():
    X, y = make_images()
    classifier = make_classifier().fit(X, y)
    one_by_one = np.concatenate([classifier.predict_proba(X[i : i + 1]) for i in range(5)])
    assert_allclose(classifier.predict_proba(X)[:5], one_by_one, atol=1e-6)


@pytest.mark.parametrize(("batch_size", "largest"), [(1, 2), (3, 3)])
def test_large_images_are_predicted_a_few_at_a_time(batch_size, largest):
    X, y = np.zeros((6, 1024, 1024), np.uint8), np.arange(6) % 2
    sizes = []

    class Network(nn.Sequential):
        def forward(self, x):
            sizes.append(len(x))
            return super().forward(x)

    def make_network(spec, n_classes):
        return Network(nn.MaxPool2d(1024), nn.Flatten(), nn.Linear(1, n_classes))

    classifier = make_classifier(module=make_network, batch_size=batch_size, max_epochs=0.1)
    classifier.fit(X, y)
    sizes.clear()
    classifier.predict(X)
    assert sizes == [largest] * (6 // largest)


def test_flattened_images_equal_images():
    X, y = make_images(shape=(6, 5, 3))
    expected = make_classifier().fit(X, y).predict_proba(X)
    flat = X.reshape(len(X), -1)
    classifier = make_classifier(image_shape=(6, 5, 3)).fit(flat, y)
    assert_array_equal(classifier.predict_proba(flat), expected)
    assert classifier.image_shape_ == (6, 5, 3)


@pytest.mark.parametrize("other", [(6, 4), (7, 5), (6, 5, 3), (30,)], ids=str)
def test_rows_of_another_shape_are_refused(other):
    X, y = make_images()
    classifier = make_classifier().fit(X, y)
    rows = make_images(shape=other)[0]
    for X_other in (rows, rows.tolist()):
        with pytest.raises(ValueError, match=rf"X has rows of shape {re.escape(str(other))}"):
            classifier.predict(X_other)


def test_prediction_before_training_is_refused():
    with pytest.raises(NotFittedError):
        make_classifier().predict(make_images()[0])


# One random_state


@pytest.mark.parametrize("module", ["compact", "paper"])
@pytest.mark.parametrize(
    "options",
    [{}, {"augmentation": "flips_shifts", "early_stopping": True}],
    ids=["plain", "all options"],
)
def test_an_integer_makes_refits_identical(module, options, global_rng_is_left_alone):
    X, y = make_images()
    classifier = make_classifier(module=module, **options)
    first = classifier.fit(X, y).predict_proba(X)
    assert_array_equal(classifier.fit(X, y).predict_proba(X), first)
    assert_array_equal(clone(classifier).fit(X, y).predict_proba(X), first)
    other = clone(classifier).set_params(random_state=1)
    assert not np.array_equal(other.fit(X, y).predict_proba(X), first)


def test_none_draws_anew():
    X, y = make_images()
    classifier = make_classifier(random_state=None)
    first = classifier.fit(X, y).predict_proba(X)
    assert not np.array_equal(classifier.fit(X, y).predict_proba(X), first)


def test_a_generator_gives_what_its_state_gives():
    X, y = make_images()
    first, again = (
        make_classifier(random_state=np.random.RandomState(5)).fit(X, y).predict_proba(X)
        for _ in range(2)
    )
    assert_array_equal(again, first)


@pytest.mark.parametrize("copy", [clone, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies(copy):
    X, y = make_images()
    classifier = make_classifier(augmentation="shifts", class_weight="balanced").fit(X, y)
    again = copy(classifier)
    if not hasattr(again, "net_"):
        again.fit(X, y)
    assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


# Augmentation


class Recorder(nn.Module):
    """An augmentation that keeps what it was given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(x.clone())
        return x


def test_an_augmentation_gets_training_batches_in_the_range_of_networks():
    X, y = make_images((20, 12), shape=(6, 5, 3))
    seen = []

    def augment(x):
        seen.append(x)
        return x

    classifier = make_classifier(augmentation=augment, max_epochs=2).fit(X, y)
    n_batches = len(seen)
    assert n_batches == 2 * 4  # epochs, batches of 8
    assert sum(map(len, seen)) == 2 * 32
    for x in seen:
        assert x.shape[1:] == (3, 6, 5)
        assert x.dtype == torch.float32
        assert x.abs().max() <= 1
    classifier.predict(X)
    assert len(seen) == n_batches  # predictions see what they are given


def test_a_module_may_augment():
    X, y = make_images()
    recorder = Recorder()
    make_classifier(augmentation=recorder, max_epochs=1).fit(X, y)
    assert recorder.seen


def test_a_module_that_augments_stays_as_it_was():
    X, y = make_images(shape=(4, 4))
    normalization = nn.BatchNorm2d(1)
    classifier = make_classifier(augmentation=normalization).fit(X, y)
    assert normalization.num_batches_tracked == 0
    assert_array_equal(normalization.weight.detach(), [1])
    expected = classifier.predict_proba(X)
    assert_array_equal(classifier.fit(X, y).predict_proba(X), expected)


def test_a_batch_that_an_augmentation_spoilt_is_described():
    classifier = make_classifier(augmentation=lambda x: x.double())
    with pytest.raises(ValueError, match=r"one of torch.float64 and shape \(8, 1, 6, 5\)"):
        classifier.fit(*make_images())


@pytest.mark.parametrize("preset", ["flips", "shifts", "flips_shifts"])
def test_presets_change_what_is_learnt(preset):
    generator = np.random.RandomState(0)
    X, y = generator.uniform(size=(20, 8, 8)), np.arange(20) % 2
    plain = make_classifier().fit(X, y).predict_proba(X)
    assert not np.array_equal(
        make_classifier(augmentation=preset).fit(X, y).predict_proba(X), plain
    )


def test_mixup_mixes_training_images_by_one_share_for_a_batch():
    X = np.repeat(np.array([0, 255], np.uint8), 16 * 4 * 4).reshape(32, 4, 4)
    rows = {True: [], False: []}
    classifier = make_classifier(module=record_batches(rows), mixup=1.0)
    classifier.fit(X, np.repeat([0, 1], 16))
    rows[False].clear()  # what the factory's network was tried on
    classifier.predict(X)
    is_mixed = []
    for batch in rows[True]:
        level = batch[:, 0, 0, 0]
        assert torch.equal(batch, level.reshape(-1, 1, 1, 1).expand_as(batch))
        inner = level[level.abs() < 1].abs().unique()
        assert len(inner) <= 1  # -1 and 1 in shares of a and 1 - a: at -b and b
        is_mixed.append(len(inner) == 1)
    assert any(is_mixed)
    assert all((batch.abs() == 1).all() for batch in rows[False])


def test_mixup_weighs_both_labels_by_their_shares():
    X, y = make_images()
    net = make_classifier(mixup=1.0, max_epochs=1).fit(X, y).net_
    logits, labels = torch.randn(3, 2), torch.tensor([0, 0, 1])
    partner = torch.tensor([1, 2, 0])
    net.module_.mixed = 0.25, partner
    both = [nn.functional.cross_entropy(logits, own) for own in (labels, labels[partner])]
    loss = net.get_loss(logits, (labels, None), training=True)
    assert loss.item() == pytest.approx((0.25 * both[0] + 0.75 * both[1]).item())
    assert net.get_loss(logits, labels).item() == pytest.approx(both[0].item())


def test_mixup_mixes_images_by_the_shares_of_their_labels():
    X, y = make_images()
    classifier = make_classifier(mixup=1.0, max_epochs=1).fit(X, y)
    encoded, spec, mixed = classifier.net_.module_.train(), classifier._spec, []
    encoded.network.register_forward_pre_hook(lambda _, args: mixed.append(args[0]))
    rows = spec.as_tensor(X).to(next(encoded.parameters()).device)
    encoded(rows)
    (share, partner), x = encoded.mixed, spec.encode(rows)
    assert_allclose(mixed[0].cpu(), (share * x + (1 - share) * x[partner]).cpu(), atol=1e-6)


def test_weights_go_with_the_labels_that_mixup_mixes():
    X, y = make_images()
    net = make_classifier(mixup=1.0, max_epochs=1, device="cpu").fit(X, y).net_
    logits, labels = torch.randn(3, 2), torch.tensor([0, 0, 1])
    weights, partner = torch.tensor([0.2, 0.5, 1.0]), torch.tensor([1, 2, 0])
    net.module_.mixed = 0.25, partner
    losses = [
        nn.functional.cross_entropy(logits, labels[rows], reduction="none") @ weights[rows]
        for rows in (torch.arange(3), partner)
    ]
    loss = net.get_loss(logits, (labels, weights), training=True)
    expected = (0.25 * losses[0] + 0.75 * losses[1]) / weights.sum()
    assert loss.item() == pytest.approx(expected.item())


def test_label_smoothing_bounds_confidence():
    X, y = make_images()
    sure, smooth = (
        make_classifier(max_epochs=40, label_smoothing=smoothing).fit(X, y).predict_proba(X)
        for smoothing in (0.0, 0.5)
    )
    assert sure.max(axis=1).mean() > 0.95
    assert smooth.max(axis=1).mean() == pytest.approx(0.75, abs=0.05)


def test_the_rate_may_be_constant():
    X, y = make_images()

    class Rates(skorch.callbacks.Callback):
        def __init__(self):
            self.seen = []

        def on_batch_end(self, net, training=False, **kwargs):
            if training:
                self.seen.append(net.optimizer_.param_groups[0]["lr"])

    rates = {name: Rates() for name in ("constant", "one_cycle")}
    for name, callback in rates.items():
        make_classifier(
            learning_rate_schedule=name, learning_rate=1e-3, callbacks=[callback]
        ).fit(X, y)
    assert set(rates["constant"].seen) == {1e-3}
    assert max(rates["one_cycle"].seen) == pytest.approx(1e-3, rel=0.1)
    assert rates["one_cycle"].seen[-1] < 1e-5


# Weights of rows


@settings(max_examples=15, deadline=None)
@given(
    weights=st.lists(st.integers(0, 3), min_size=8, max_size=8).filter(
        lambda w: any(w[:4]) and any(w[4:])
    ),
    options=st.sampled_from(
        [
            {},
            {"class_weight": "balanced"},
            {"logit_adjustment": 1.0},
            {"early_stopping": True},
            {"mixup": 0.3},
        ]
    ),
    seed=st.integers(0, 100),
)
def test_a_weight_is_a_number_of_copies(weights, options, seed):
    """To the bit, wherever the copies stand."""
    X, y = make_images((4, 4), shape=(4, 4), seed=seed)
    order = np.random.RandomState(seed).permutation(np.repeat(np.arange(8), weights))
    if "early_stopping" in options and len(np.unique(order)) < 4:
        options = {}
    classifier = make_classifier(batch_size=3, **options)
    weighted = classifier.fit(X, y, sample_weight=weights).predict_proba(X)
    repeated = clone(classifier).fit(X[order], y[order]).predict_proba(X)
    assert_array_equal(weighted, repeated)


def test_fractions_of_a_weight_show_in_the_loss():
    """Of two contradicting rows, predictions follow their weights."""
    X, y = np.zeros((2, 4, 4)), np.array([0, 1])
    X = np.concatenate([X, X + 1])
    y = np.concatenate([y, y])
    classifier = make_classifier(
        max_epochs=150, module=make_linear, weight_decay=0, learning_rate=2e-2
    )
    probabilities = classifier.fit(X, y, sample_weight=[0.2, 0.6, 1.5, 0.5]).predict_proba(X)
    assert_allclose(probabilities[:, 0], [0.25, 0.25, 0.75, 0.75], atol=0.02)


def test_a_loss_of_equal_fractions_is_the_loss_without():
    X, y = make_images()
    net = make_classifier(label_smoothing=0.2, max_epochs=1, device="cpu").fit(X, y).net_
    logits, labels = torch.randn(3, 2), torch.tensor([0, 0, 1])
    plain, weighted = (
        net.get_loss(logits, (labels, weights), training=True).item()
        for weights in (None, torch.full((3,), 0.5))
    )
    assert weighted == pytest.approx(plain)


@pytest.mark.parametrize("change", ["labels", "zeros"])
def test_the_order_of_rows_is_no_matter(change):
    """Not where equal rows have several labels, nor where some zeros are negative."""
    X, y = make_images((6, 6), shape=(4, 4))
    if change == "labels":
        X[:] = X[0]
    else:
        X *= np.random.RandomState(1).randint(2, size=X.shape)
    order = np.random.RandomState(0).permutation(12)
    again = X[order]
    again[::2][again[::2] == 0] = -0.0
    classifier = make_classifier(batch_size=3)
    expected = classifier.fit(X, y).predict_proba(X)
    assert_array_equal(classifier.fit(again, y[order]).predict_proba(X), expected)


def test_rows_of_no_weight_are_as_no_rows_to_the_mask():
    X, y = make_images((20, 12))
    mask = np.arange(32) % 3 == 0
    classifier = make_classifier(real_last=0.5, early_stopping=True)
    weighted = classifier.fit(X, y, np.arange(32) >= 4, synthetic_mask=mask).predict_proba(X)
    classifier.fit(X[4:], y[4:], synthetic_mask=mask[4:])
    assert_array_equal(classifier.predict_proba(X), weighted)


def test_weights_and_class_weights_multiply_as_in_scikit_learn():
    X, y = np.zeros((4, 4, 4)), np.array([0, 0, 0, 1])
    classifier = make_classifier(
        max_epochs=150, module=make_linear, class_weight={0: 1, 1: 6}, learning_rate=2e-2
    )
    probabilities = classifier.fit(X, y, sample_weight=[0.5, 1.5, 1, 1]).predict_proba(X)
    assert_allclose(probabilities[:, 1], 6 / 9, atol=0.02)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(32), "zero"),
        (np.full(32, 1e7), r"sample_weight sums to 3.2e\+08 for 32 rows.*sample_weight.mean"),
        (np.full(32, -1.0), "(?i)negative values in data passed to `sample_weight`"),
        (np.full(32, np.nan), "contains NaN"),
        (np.ones(31), "sample_weight.shape"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        make_classifier().fit(*make_images(), sample_weight=weights)


def test_weights_that_a_sampler_has_made_too_few():
    X, y = make_images()
    oversample = FunctionSampler(
        func=lambda X, y: (np.concatenate([X, X]), np.r_[y, y]), validate=False
    )
    pipe = make_pipeline(oversample, make_classifier())
    with pytest.raises(ValueError, match=r"In a pipeline, a sampler.*class_weight"):
        pipe.fit(X, y, torchcnnclassifier__sample_weight=np.ones(32))


def test_partial_fit_takes_weights():
    X, y = make_images()
    weights = np.arange(32) % 3
    parts = make_classifier().partial_fit(X, y, sample_weight=weights)
    rows = np.repeat(np.arange(32), weights)
    spread = parts._spec  # of the rows that count
    again = make_classifier().partial_fit(X[rows], y[rows])
    assert again._spec == spread
    assert_array_equal(parts.predict_proba(X), again.predict_proba(X))


# Real rows last


def test_the_last_epochs_train_on_real_rows():
    X, y = make_images((20, 12))
    mask = np.zeros(32, dtype=bool)
    mask[25:] = True
    rows = {True: [], False: []}
    classifier = make_classifier(
        module=record_batches(rows), real_last=0.5, max_epochs=4, batch_size=32
    ).fit(X, y, synthetic_mask=mask)
    assert [len(batch) for batch in rows[True]] == [32, 32, 25, 25]
    spec = classifier._spec
    real = unique_rows([spec.encode(spec.as_tensor(X[:25]))])
    assert unique_rows(rows[True][2:]) == real


def test_a_small_share_of_epochs_is_rounded():
    X, y = make_images((20, 12))
    rows = {True: [], False: []}
    make_classifier(
        module=record_batches(rows), real_last=0.25, max_epochs=3, batch_size=32
    ).fit(X, y, synthetic_mask=np.arange(32) >= 25)
    assert [len(batch) for batch in rows[True]] == [32, 32, 25]


def test_the_cycle_ends_with_the_last_epochs():
    rates = []

    class Watch(Callback):
        def on_train_end(self, net, **kwargs):
            rates.append(net.optimizer_.param_groups[0]["lr"])

    X, y = make_images((20, 12))
    classifier = make_classifier(real_last=0.5, max_epochs=4, callbacks=[Watch()])
    classifier.fit(X, y, synthetic_mask=np.arange(32) % 4 > 0)
    assert rates[0] < 1e-3 * classifier.learning_rate


@pytest.mark.parametrize("share", [0.9, 0.1])
def test_some_epochs_are_the_last_and_some_are_not(share):
    X, y = make_images((20, 12))
    rows = {True: [], False: []}
    module = record_batches(rows)
    classifier = make_classifier(module=module, real_last=share, max_epochs=2, batch_size=32)
    classifier.fit(X, y, synthetic_mask=np.arange(32) >= 25)
    assert [len(batch) for batch in rows[True]] == [32, 25]


def test_one_epoch_cannot_be_the_last_and_another():
    X, y = make_images()
    classifier = make_classifier(real_last=0.6, max_epochs=1)
    with pytest.raises(ValueError, match=r"real_last=0.6 needs .* max_epochs=2 or more"):
        classifier.fit(X, y, synthetic_mask=np.arange(len(X)) > 20)


@pytest.mark.parametrize("given", ["class_weight", "sample_weight", "mixup"])
def test_weights_and_mixup_need_batches_of_several_rows(given):
    X, y = make_images()
    params = {"class_weight": {"dark": 1, "light": 9}, "mixup": 0.2}
    classifier = make_classifier(batch_size=1)
    classifier.set_params(**{given: params[given]} if given in params else {})
    rows = np.linspace(0.1, 1, len(X)) if given == "sample_weight" else None
    with pytest.raises(ValueError, match=f"batch_size=1 leaves {given} without effect"):
        classifier.fit(X, y, sample_weight=rows)
    assert not hasattr(classifier, "net_")


@pytest.mark.parametrize("n", [3, 31])
def test_batches_of_two_leave_no_row_alone(n):
    X, y = make_images()
    chosen = np.r_[0, np.arange(len(X) - n + 1, len(X))]
    module = nn.Sequential(nn.Flatten(), nn.Linear(30, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    make_classifier(module=lambda spec, n: module, batch_size=2).fit(X[chosen], y[chosen])


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_training_learns_where_the_caller_switched_gradients_off(off):
    X, y = make_images()
    expected = make_classifier().fit(X, y).partial_fit(X, y).predict_proba(X)
    with off():
        classifier = make_classifier().fit(X, y).partial_fit(X, y)
    assert_array_equal(classifier.predict_proba(X), expected)


def test_labels_of_a_dtype_of_pandas_stay_what_they_are():
    X, y = make_images()
    codes = 2**60 + np.unique(y, return_inverse=True)[1]
    classifier = make_classifier().fit(X, pd.Series(codes, dtype="Int64"))
    assert_array_equal(classifier.classes_, [2**60, 2**60 + 1])
    assert classifier.classes_.dtype == np.int64
    wrong = 2**60 + (classifier.predict(X) == 2**60)
    assert classifier.score(X, pd.Series(wrong, dtype="Int64")) == 0


@pytest.mark.skipif(np.finfo(np.longdouble).nmant != 63, reason="they have no padding")
def test_padding_of_long_doubles_tells_no_rows_apart():
    X, y = make_images()
    wide = X.astype(np.longdouble)
    dirty = wide.copy()
    dirty.view(np.uint8).reshape(*X.shape, -1)[..., 10:] = 0xFF
    assert_array_equal(dirty, wide)
    options = {"early_stopping": True, "validation_fraction": 0.3}
    expected = make_classifier(**options).fit(X, y).history_[:, "valid_loss"]
    assert make_classifier(**options).fit(dirty, y).history_[:, "valid_loss"] == expected


def test_a_part_has_no_last_epochs():
    classifier = make_classifier(real_last=0.5).partial_fit(*make_images())
    assert len(classifier.history_) == 1


def test_a_pickle_holds_no_training_rows():
    few, many = make_images((20, 12)), make_images((2000, 1200))
    classifier = make_classifier(early_stopping=True, max_epochs=2)
    small, large = (len(pickle.dumps(classifier.fit(*rows))) for rows in (few, many))
    assert large < small + many[0].nbytes / 10  # more batches leave a longer history


def test_a_pickle_holds_no_weights_of_rows():
    X, y = make_images()
    classifier = make_classifier().fit(X, y, sample_weight=np.full(32, 0.3))
    assert np.full(32, 0.3, dtype=np.float32).tobytes() not in pickle.dumps(classifier)


def test_real_last_needs_to_know_which_rows_are_real():
    X, y = make_images()
    classifier = make_classifier(real_last=0.5)
    with pytest.raises(ValueError, match=r"synthetic_mask=sampler.synthetic_mask_"):
        classifier.fit(X, y)
    for mask in (np.zeros(31, dtype=bool), np.zeros(32)):
        with pytest.raises(ValueError, match=r"must be bool of shape \(32,\)"):
            classifier.fit(X, y, synthetic_mask=mask)
    with pytest.raises(ValueError, match="no row to finish on"):
        classifier.fit(X, y, synthetic_mask=np.ones(32, dtype=bool))


# Early stopping


def record_batches(rows):
    """A factory of networks that keep the batches they see, train and validation.

    But for that of noise which they are tried on in training.
    """

    class Network(nn.Sequential):
        is_tried = False

        def forward(self, x):
            if self.training and torch.is_grad_enabled() and not Network.is_tried:
                Network.is_tried = True
            else:
                rows[self.training].append(x.detach().clone())
            return super().forward(x)

    return lambda spec, n: Network(nn.Flatten(), nn.Linear(int(np.prod(spec.row_shape)), n))


def unique_rows(batches):
    return {row.numpy().tobytes() for batch in batches for row in batch}


def test_no_validation_row_has_a_copy_among_the_training_rows():
    X, y = make_images((30, 10))
    copies = np.random.RandomState(0).randint(30, 40, size=60)  # duplicates of the rare class
    X, y = np.concatenate([X, X[copies]]), np.concatenate([y, y[copies]])
    rows = {True: [], False: []}
    make_classifier(
        module=record_batches(rows), early_stopping=True, validation_fraction=0.2
    ).fit(X, y)
    tried, *validation_batches = rows[False]
    assert not tried.any()  # the blank batch that tells whether a factory's network fits
    trained, validated = unique_rows(rows[True]), unique_rows(validation_batches)
    assert trained.isdisjoint(validated)
    assert len(trained) + len(validated) == len(np.unique(X, axis=0))
    assert len(validated) == 0.2 * 30 + 0.2 * 10


def test_the_share_that_is_held_out_is_rounded():
    X, labels = np.arange(15.0)[:, None], np.zeros(15, dtype=int)
    assert len(hold_out(X, labels, 0.17, 0)[1]) == 3  # of 2.55


def test_a_second_fit_holds_out_what_the_first_did_not_learn():
    X, y = make_images((30, 30))
    rows = {True: [], False: []}
    classifier = make_classifier(
        module=record_batches(rows), early_stopping=True, warm_start=True
    ).fit(X, y)
    validated = unique_rows(rows[False][1:])
    order = np.random.RandomState(1).permutation(60)  # the order of rows is no matter
    classifier.fit(X[order], y[order])
    assert unique_rows(rows[False][1:]) == validated
    assert unique_rows(rows[True]).isdisjoint(validated)
    other = {True: [], False: []}
    make_classifier(module=record_batches(other), early_stopping=True, random_state=1).fit(
        X, y
    )
    assert unique_rows(other[False][1:]) != validated


def test_callbacks_score_what_is_held_back():
    X, y = make_images((30, 30))
    scoring = EpochScoring("accuracy", lower_is_better=False)
    classifier = make_classifier(early_stopping=True, callbacks=[scoring]).fit(X, y)
    scores = [epoch["accuracy"] for epoch in classifier.history_]
    assert len(scores) == 3
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("params", "change"),
    [
        ({}, lambda X, y: (X[:, :4], np.linspace(0, 1, len(y)))),
        ({}, lambda X, y: (X[:, :4], y[1:])),
        ({}, lambda X, y: (np.full(X.shape, np.nan), y)),
        ({"class_weight": {"dark": 0}}, lambda X, y: (X[:, :4], y)),
        ({"module": lambda spec, n: "no network"}, lambda X, y: (X[:, :4], y)),
        ({"callbacks": [("one", Callback()), ("one", Callback())]}, lambda X, y: (X, y)),
        ({"callbacks": [("print_log", Callback())]}, lambda X, y: (X, y)),
        ({"callbacks": [(1, Callback())]}, lambda X, y: (X, y)),
        ({"batch_size": 1, "mixup": 0.1}, lambda X, y: (X, y)),
    ],
    ids=[
        *("labels", "lengths", "numbers", "weights", "network"),
        *("two of a name", "a name of skorch", "no name", "batches"),
    ],
)
def test_a_call_that_is_refused_leaves_what_another_learnt(params, change, method):
    X, y = make_images()
    classifier = make_classifier().fit(X, y)
    expected, before = classifier.predict_proba(X), vars(classifier).copy()
    with pytest.raises((ValueError, TypeError)):
        getattr(classifier.set_params(**params), method)(*change(X, y))
    assert vars(classifier) == before | params
    assert_array_equal(classifier.predict_proba(X), expected)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_callbacks_score_probabilities(n_classes):
    X, y = make_images((30, 30, 30)[:n_classes])
    scoring = EpochScoring("roc_auc" if n_classes == 2 else "roc_auc_ovr", name="area")
    classifier = make_classifier(
        early_stopping=True, validation_fraction=0.5, max_epochs=20, callbacks=[scoring]
    ).fit(X, y)
    assert classifier.history_[-1]["area"] > 0.9


@pytest.mark.parametrize("kind", [EpochScoring, BatchScoring])
def test_scores_of_what_is_not_held_back_are_refused(kind):
    with pytest.raises(ValueError, match=rf"{kind.__name__}\('accuracy'\).*early_stopping"):
        make_classifier(callbacks=[kind("accuracy")]).fit(*make_images())


@pytest.mark.parametrize("kind", [EpochScoring, BatchScoring])
def test_scores_of_training_batches_are_refused(kind):
    scoring = kind("accuracy", on_train=True)
    with pytest.raises(ValueError, match=rf"{kind.__name__}\(on_train=True\).*Leave on_train"):
        make_classifier(callbacks=[scoring], early_stopping=True).fit(*make_images())


def test_a_part_holds_nothing_back_to_watch():
    X, y = make_images()
    watching = [skorch.callbacks.EarlyStopping(monitor="valid_loss")]
    classifier = make_classifier(early_stopping=True, callbacks=watching).fit(X, y)
    with pytest.raises(ValueError, match=r"EarlyStopping\(monitor='valid_loss'\).*call fit"):
        classifier.partial_fit(X, y)
    assert classifier.predict(X).shape == y.shape


@pytest.mark.parametrize("n", [60, 700])
def test_the_validation_loss_weighs_classes_in_however_many_batches(n):
    """Those held back come in the order of their classes, 128 at a time."""
    generator = np.random.RandomState(0)
    y = np.repeat([0, 1], [n - n // 6, n // 6])
    X = generator.normal(size=(n, 3)) + 0.5 * y[:, None]
    weights = np.array([1.0, 5.0])
    rows = {True: [], False: []}
    classifier = make_classifier(
        module=record_batches(rows),
        class_weight=dict(enumerate(weights)),
        early_stopping=True,
        validation_fraction=0.5,
        max_epochs=1,
        batch_size=64,
    ).fit(X, y)
    held_out = torch.cat(rows[False][1:])
    spec = classifier._spec
    seen = {row.numpy().tobytes(): i for i, row in enumerate(spec.encode(spec.as_tensor(X)))}
    held_out = [seen[row.numpy().tobytes()] for row in held_out]
    assert len(held_out) == n // 2
    losses = -np.log(classifier.predict_proba(X[held_out])[range(n // 2), y[held_out]])
    expected = np.average(losses, weights=weights[y[held_out]])
    assert classifier.history_[-1]["valid_loss"] == pytest.approx(expected, rel=1e-4)


def test_a_class_is_never_held_out_whole():
    """Not even where all of its rows have another label, too."""
    X = np.array([0, 1, 0, 1, 2, 3])[:, None] * np.ones(4)
    y = np.array([0, 0, 1, 1, 0, 0])
    for seed in range(6):
        rows = {True: [], False: []}
        classifier = make_classifier(
            module=record_batches(rows),
            early_stopping=True,
            validation_fraction=0.5,
            random_state=seed,
        ).fit(X, y)
        spec = classifier._spec
        rare = unique_rows([spec.encode(spec.as_tensor(X[y == 1]))])
        assert rare & unique_rows(rows[True])


def test_classes_that_share_their_only_rows_leave_nothing_to_hold_back():
    X, y = np.array([[0.0], [1.0], [0.0], [1.0]]), np.array([0, 0, 1, 2])
    with pytest.raises(ValueError, match="equal rows have several labels"):
        make_classifier(early_stopping=True).fit(X, y)


def test_a_mask_that_leaves_nothing_to_hold_back_is_named():
    X, y = make_images()
    with pytest.raises(ValueError, match=r"nothing to hold back.* synthetic_mask"):
        make_classifier(early_stopping=True).fit(X, y, synthetic_mask=np.ones(len(y), bool))


def test_balanced_weights_are_those_of_the_sums_of_fractions():
    X, y = make_images((20, 20))
    fractions = np.where(y == "dark", 1.01, 1)
    classifier = make_classifier(class_weight="balanced", max_epochs=1)
    classifier.fit(X, y, sample_weight=fractions)
    assert_allclose(classifier.net_.criterion_.weight, [40.2 / 40.4, 40.2 / 40], rtol=1e-6)


def test_balanced_weights_of_a_part_without_a_class():
    X, y = make_images((20, 12, 5))
    classifier = make_classifier(class_weight="balanced")
    classifier.partial_fit(X[:32], y[:32], classes=["dark", "light", "white"])
    weights = classifier.net_.criterion_.weight
    assert_allclose(weights, [32 / (2 * 20), 32 / (2 * 12), 1])


def test_given_weights_of_a_part_without_a_class():
    X, y = make_images((20, 12, 5))
    weights = {"dark": 1.0, "light": 2.0, "white": 3.0}
    classifier = make_classifier(class_weight=weights)
    classifier.partial_fit(X[:32], y[:32], classes=list(weights))
    assert classifier.net_.criterion_.weight.tolist() == [1, 2, 3]


@pytest.mark.parametrize("missing", [np.nan, None])
def test_a_class_that_is_missing_cannot_be_announced(missing):
    X, y = make_images()
    with pytest.raises(ValueError, match=r"classes has 1 missing labels \(None, NaN or NA\)"):
        make_classifier().partial_fit(X, y, classes=["dark", "light", missing])


@pytest.mark.parametrize("weight", [0, -1, np.inf])
def test_a_class_weight_that_is_none_is_refused(weight, no_training):
    classifier = make_classifier(class_weight={"dark": 1, "light": weight})
    with pytest.raises(ValueError, match="must hold positive numbers"):
        classifier.fit(*make_images())


def test_an_unsigned_batch_size_counts_epochs():
    X, y = make_images()
    classifier = make_classifier(batch_size=np.uint8(40), max_epochs="auto").fit(X, y)
    assert len(classifier.history_) == 200


def test_no_synthetic_row_is_a_validation_row():
    X, y = make_images((30, 30))
    mask = np.arange(60) % 3 == 0
    rows = {True: [], False: []}
    classifier = make_classifier(
        module=record_batches(rows), early_stopping=True, validation_fraction=0.5
    ).fit(X, y, synthetic_mask=mask)
    spec = classifier._spec
    synthetic = unique_rows([spec.encode(spec.as_tensor(X[mask]))])
    validated = unique_rows(rows[False][1:])
    assert len(validated) == 0.5 * 40
    assert validated.isdisjoint(synthetic)
    assert synthetic < unique_rows(rows[True])


def test_early_stopping_stops_and_keeps_the_best_weights():
    """Labels are noise: the validation loss soon rises."""
    generator = np.random.RandomState(0)
    X, y = generator.normal(size=(60, 20)), generator.randint(2, size=60)
    classifier = make_classifier(
        early_stopping=True, validation_fraction=0.5, max_epochs=100, learning_rate=3e-2
    ).fit(X, y)
    losses = [record["valid_loss"] for record in classifier.history_]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 5 < 100

    # Stopped right at the best epoch, the same training gives the same weights.
    class StopAt(skorch.callbacks.Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == best + 2:
                raise KeyboardInterrupt

    stopped = clone(classifier).set_params(callbacks=[StopAt()]).fit(X, y)
    assert len(stopped.history_) == best + 2  # the last of them begun and no more
    assert_array_equal(stopped.predict_proba(X), classifier.predict_proba(X))


def test_callbacks_see_the_epoch_that_is_stopped_after():
    generator = np.random.RandomState(0)
    X, y = generator.normal(size=(60, 20)), generator.randint(2, size=60)
    epochs = []

    class Count(Callback):
        def on_epoch_end(self, net, **kwargs):
            epochs.append(len(net.history))

    classifier = make_classifier(
        early_stopping=True,
        validation_fraction=0.5,
        max_epochs=100,
        learning_rate=3e-2,
        callbacks=[Count()],
    ).fit(X, y)
    assert epochs[-1] == len(classifier.history_) < 100


def test_every_epoch_shuffles_all_rows():
    X, y = make_images((20, 12))
    rows = {True: [], False: []}
    make_classifier(module=record_batches(rows), max_epochs=2).fit(X, y)
    first, second = rows[True][:4], rows[True][4:]
    assert unique_rows(first) == unique_rows(second)
    assert unique_rows(first[:1]) != unique_rows(second[:1])


@pytest.mark.parametrize("kind", ["copies marked", "labels contradict"])
def test_what_is_held_out_does_not_depend_on_the_order_of_rows(kind):
    X, y = make_images((12, 8))
    is_synthetic = np.repeat([False, True], 20) if kind == "copies marked" else None
    y_twice = np.r_[y, y if kind == "copies marked" else y[::-1]]
    twice = np.concatenate([X, X])
    classifier = make_classifier(early_stopping=True)
    expected = classifier.fit(twice, y_twice, synthetic_mask=is_synthetic).predict_proba(X)
    for order in (np.random.RandomState(0).permutation(40), np.arange(40)[::-1]):
        mask = None if is_synthetic is None else is_synthetic[order]
        classifier.fit(twice[order], y_twice[order], synthetic_mask=mask)
        assert_array_equal(classifier.predict_proba(X), expected)


def test_without_early_stopping_every_row_trains():
    X, y = make_images((20, 12))
    rows = {True: [], False: []}
    make_classifier(module=record_batches(rows), max_epochs=1).fit(X, y)
    assert len(unique_rows(rows[True])) == 32


# Training in parts


def test_partial_fit_learns_from_batches_that_lack_classes(digits):
    X, X_test, y, y_test = digits
    classifier = make_classifier(batch_size=16, learning_rate=3e-3)
    first = y < 5
    classifier.partial_fit(X[first], y[first], classes=np.arange(10))
    assert_array_equal(classifier.classes_, np.arange(10))
    for _ in range(3):
        classifier.partial_fit(X, y)
    assert len(classifier.history_) == 4
    assert classifier.score(X_test, y_test) > 0.85


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
def test_partial_fit_learns_at_the_full_rate_after_a_cycle_has_ended(optimizer):
    X, y = make_images()
    classifier = make_classifier(optimizer=optimizer)
    classifier.fit(X, y).partial_fit(X, y)
    (group,) = classifier.net_.optimizer_.param_groups
    assert group["lr"] == classifier.learning_rate
    assert group["momentum"] == 0.9 if optimizer == "sgd" else group["betas"] == (0.9, 0.999)


def test_partial_fit_refuses_classes_it_was_not_told_of():
    X, y = make_images((12, 9, 6))
    some = y != "white"
    classifier = make_classifier().partial_fit(X[some], y[some])
    with pytest.raises(ValueError, match=r"\['white'\].*classes="):
        classifier.partial_fit(X, y)
    with pytest.raises(ValueError, match="is not what the first call to partial_fit had"):
        classifier.partial_fit(X[some], y[some], classes=["dark", "light", "white"])


def test_warm_start_goes_on_and_fit_starts_again():
    X, y = make_images()
    fresh = make_classifier().fit(X, y)
    expected = fresh.predict_proba(X)
    assert_array_equal(fresh.fit(X, y).predict_proba(X), expected)
    warm = make_classifier(warm_start=True).fit(X, y)
    network = warm.net_.module_.network
    assert_array_equal(warm.predict_proba(X), expected)
    warm.fit(X, y)
    assert warm.net_.module_.network is network
    assert len(warm.history_) == 6
    assert not np.array_equal(warm.predict_proba(X), expected)


def test_each_way_of_going_on_says_how_new_classes_may_come():
    X, y = make_images((20, 12, 5))
    classifier = make_classifier(warm_start=True).fit(X[:32], y[:32])
    with pytest.raises(ValueError, match=r"\['white'\].*: set warm_start=False"):
        classifier.fit(X, y)
    with pytest.raises(ValueError, match=r"\['white'\].*: pass classes= in the first"):
        classifier.partial_fit(X, y)


def test_what_goes_on_does_so_with_the_parameters_of_the_day():
    X, y = make_images()
    seen = []

    def watch(x):
        seen.append(len(x))
        return x

    classifier = make_classifier(batch_size=8).fit(X, y)
    n_steps = [int(state["step"]) for state in classifier.net_.optimizer_.state.values()]
    classifier.set_params(
        warm_start=True,
        learning_rate=1e-4,
        weight_decay=0.5,
        batch_size=16,
        augmentation=watch,
    )
    classifier.fit(X, y)
    (group,) = classifier.net_.optimizer_.param_groups
    assert group["max_lr"] == 1e-4
    assert group["weight_decay"] == 0.5
    assert max(seen) > 8
    states = classifier.net_.optimizer_.state.values()
    assert min(int(state["step"]) for state in states) > max(n_steps)
    seen.clear()
    classifier.partial_fit(X, y)
    assert seen
    classifier.set_params(optimizer="sgd").fit(X, y)
    assert type(classifier.net_.optimizer_) is torch.optim.SGD
    with pytest.raises(TypeError, match="callbacks holds"):
        classifier.set_params(callbacks=[1]).fit(X, y)


# Inside scikit-learn's own tools, on flattened images


@pytest.fixture(scope="module")
def bright_corners():
    """Rows of 6x6 images; the class is the corner, of the upper two, that is bright."""
    generator = np.random.RandomState(0)
    X, y = generator.uniform(0, 100, size=(60, 6, 6)), np.arange(60) % 2
    X[y == 0, :2, :2] += 100
    X[y == 1, :2, -2:] += 100
    return X.reshape(60, 36), y


def flat_classifier(**parameters):
    return make_classifier(image_shape=(6, 6), max_epochs=12, learning_rate=1e-2, **parameters)


def test_grid_search(bright_corners):
    search = GridSearchCV(flat_classifier(), {"learning_rate": [1e-6, 1e-2]}, cv=2)
    assert search.fit(*bright_corners).best_params_ == {"learning_rate": 1e-2}
    assert search.best_score_ > 0.9


def test_calibration(bright_corners):
    X, y = bright_corners
    weights = np.where(y == 0, 1.0, 2.0)
    calibrated = CalibratedClassifierCV(flat_classifier(), cv=2)
    assert calibrated.fit(X, y, sample_weight=weights).score(X, y) > 0.9


def test_cross_val_predict(bright_corners):
    X, y = bright_corners
    probabilities = cross_val_predict(flat_classifier(), X, y, cv=2, method="predict_proba")
    assert_allclose(probabilities.sum(axis=1), 1)
    assert np.mean(probabilities.argmax(axis=1) == y) > 0.9


def test_permutation_importance_finds_the_corners(bright_corners):
    X, y = bright_corners
    classifier = flat_classifier().fit(X, y)
    importance = permutation_importance(
        classifier, X, y, scoring="neg_log_loss", n_repeats=3, random_state=0
    ).importances_mean.reshape(6, 6)
    corners = importance[:2, :2].mean(), importance[:2, -2:].mean()
    assert min(corners) > 3 * np.abs(importance[2:]).mean()


def test_stacking(bright_corners):
    X, y = bright_corners
    members = [
        ("cnn", flat_classifier()),
        ("trees", RandomForestClassifier(5, random_state=0)),
    ]
    stack = StackingClassifier(members, cv=2).fit(X, y)
    assert stack.score(X, y) > 0.9


# skorch


def test_the_net_and_its_history_are_those_of_skorch():
    X, y = make_images()
    classifier = make_classifier().fit(X, y)
    assert isinstance(classifier.net_, skorch.NeuralNet)
    assert [record["epoch"] for record in classifier.history_] == [1, 2, 3]
    assert np.isfinite([record["train_loss"] for record in classifier.history_]).all()


def test_callbacks_may_have_the_names_of_our_own():
    X, y = make_images((30, 30))
    stops = skorch.callbacks.EarlyStopping(patience=2)
    classifier = make_classifier(early_stopping=True, callbacks=[("EarlyStopping", stops)])
    assert classifier.fit(X, y).history_


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_scheduler_goes_on_where_it_was(method):
    X, y = make_images()

    def rates_of(classifier, n_calls):
        seen = []

        class Watch(Callback):
            def on_epoch_begin(self, net, **kwargs):
                seen.append(net.optimizer_.param_groups[0]["lr"])

        halves = skorch.callbacks.LRScheduler("LambdaLR", lr_lambda=lambda n: 0.5**n)
        classifier.set_params(callbacks=[halves, Watch()])
        for _ in range(n_calls):
            getattr(classifier, method)(X, y)
        return seen

    classifier = make_classifier(
        learning_rate_schedule="constant", learning_rate=0.01, warm_start=True, max_epochs=2
    )
    n_calls = 3 if method == "fit" else 6
    assert_allclose(rates_of(classifier, n_calls), 0.01 * 0.5 ** np.arange(6))
    classifier.set_params(learning_rate=0.1)
    assert rates_of(classifier, 1)[0] == pytest.approx(0.1 * 0.5**6)


def test_an_augmentation_is_not_trained():
    class Noise(nn.Module):
        def __init__(self):
            super().__init__()
            self.spread = nn.Parameter(torch.tensor(0.5))

        def forward(self, x):
            return x + self.spread * torch.randn_like(x)

    noise = Noise()
    classifier = make_classifier(augmentation=noise).fit(*make_images())
    assert classifier.net_.module_.augmentation.spread.item() == 0.5
    assert noise.spread.requires_grad


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("enabled", [True, False], ids=["on", "off"])
def test_autocast_of_the_caller_changes_nothing(precision, enabled):
    X, y = make_images()
    classifier = make_classifier(precision=precision, device="cpu")
    expected = classifier.fit(X, y).predict_proba(X)
    with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
        again = clone(classifier).fit(X, y).predict_proba(X)
    assert_array_equal(again, expected)


def test_callbacks_are_called():
    X, y = make_images()
    epochs = []

    class Count(skorch.callbacks.Callback):
        def on_epoch_end(self, net, **kwargs):
            epochs.append(len(net.history))

    callback = Count()
    make_classifier(callbacks=[callback]).fit(X, y)
    assert epochs == [1, 2, 3]


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("optimizer", int, "optimizer=int is no subclass of torch.optim.Optimizer"),
        ("callbacks", [3], "callbacks holds 3: give instances"),
        ("callbacks", [("name", skorch.callbacks.Callback)], "callbacks holds .*: give inst"),
    ],
)
def test_what_skorch_could_not_use_is_refused(parameter, value, message):
    with pytest.raises(TypeError, match=message):
        make_classifier(**{parameter: value}).fit(*make_images())


def test_ctrl_c_stops_a_fit_and_is_not_taken_for_its_end():
    class Impatient(skorch.callbacks.Callback):
        def on_batch_end(self, net, **kwargs):
            signal.raise_signal(signal.SIGINT)

    X, y = make_images()
    classifier = make_classifier(callbacks=[Impatient()])
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert len(classifier.history_) == 1
    assert classifier.predict(X).shape == y.shape
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interrupt_that_is_not_of_the_keyboard_is_not_swallowed(early_stopping):
    """Such as of a scheduler's SIGTERM, whose handler raises KeyboardInterrupt."""

    class Interrupted(nn.Flatten):
        n_batches = 0

        def forward(self, x):
            Interrupted.n_batches += self.training
            if Interrupted.n_batches == 6:
                raise KeyboardInterrupt
            return super().forward(x)

    classifier = make_classifier(
        module=lambda spec, n: nn.Sequential(Interrupted(), nn.LazyLinear(n)),
        early_stopping=early_stopping,
    )
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*make_images())


def test_a_callback_may_end_the_training_as_skorch_does():
    class Content(skorch.callbacks.Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    classifier = make_classifier(callbacks=[Content()]).fit(*make_images())
    assert len(classifier.history_) == 1


def test_max_epochs_auto_takes_more_for_few_rows():
    X, y = make_images((3, 3), shape=(2, 2))
    assert len(make_classifier(max_epochs="auto").fit(X, y).history_) > 50


@pytest.mark.parametrize(("weight", "n_epochs"), [(4, 63), (16, 20)])
def test_max_epochs_auto_makes_1000_steps_of_the_rows_that_train(weight, n_epochs):
    """Copies count: 128 rows are 16 batches, and step 1000 is in epoch 63 of 20 to 200."""
    planned = []

    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            planned.append(len(net.iterator_train__passes))
            raise KeyboardInterrupt

    X, y = make_images()
    classifier = make_classifier(max_epochs="auto", callbacks=[Stop()])
    classifier.fit(X, y, sample_weight=np.full(32, weight))
    assert planned == [n_epochs]


def test_bfloat16_trains_and_float32_predicts():
    seen = {True: set(), False: set()}

    class Network(nn.Sequential):
        def forward(self, x):
            if len(x) > 2:  # more than it is tried on
                seen[self.training].add(torch.is_autocast_enabled("cpu"))
            return super().forward(x)

    X, y = make_images()
    make_classifier(
        module=lambda spec, n: Network(make_linear(spec, n)),
        precision="bfloat16",
        device="cpu",
    ).fit(X, y).predict(X)
    assert seen == {True: {True}, False: {False}}


def fail(x):
    raise RuntimeError("no luck")


def test_a_failure_keeps_what_was_learnt_before_and_nothing_untrained():
    X, y = make_images()
    classifier = make_classifier(augmentation=fail, warm_start=True)
    with pytest.raises(ValueError, match="no luck"):
        classifier.fit(X, y)
    with pytest.raises(NotFittedError):
        classifier.predict(X)
    expected = classifier.set_params(augmentation=None).fit(X, y).predict_proba(X)
    with pytest.raises(ValueError, match="no luck"):
        classifier.set_params(augmentation=fail).fit(X, y)
    assert_array_equal(classifier.predict_proba(X), expected)


def test_what_a_further_fit_damaged_predicts_nothing():
    X, y = make_images()
    classifier = make_classifier(warm_start=True).fit(X, y)
    with pytest.raises(FloatingPointError, match="diverged in 6 epochs"):
        classifier.set_params(learning_rate=1e30).fit(X, y)
    with pytest.raises(NotFittedError):
        classifier.predict(X)


def test_verbose_prints_a_line_for_each_epoch(capsys):
    X, y = make_images()
    make_classifier().fit(X, y)
    assert capsys.readouterr().out == ""
    make_classifier(verbose=1).fit(X, y)
    assert len(capsys.readouterr().out.splitlines()) >= 3


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_what_a_gpu_trained_predicts_after_pickling():
    X, y = make_images()
    classifier = make_classifier(device="cuda").fit(X, y)
    again = pickle.loads(pickle.dumps(classifier))
    assert_allclose(again.predict_proba(X), classifier.predict_proba(X), atol=1e-5)
