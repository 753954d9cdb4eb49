"""Bad input is refused before any training; the message names the parameter and the remedy."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from skorch.callbacks import EarlyStopping, EpochScoring, LRScheduler
from torch import nn

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier

pytestmark = pytest.mark.usefixtures("no_training")

SAMPLER = CycleGANOverSampler(max_iter=2, random_state=0)
CLASSIFIER = TorchCNNClassifier(max_epochs=2, random_state=0)
BOTH = pytest.mark.parametrize(
    "estimator", [SAMPLER, CLASSIFIER], ids=["sampler", "classifier"]
)


def make_images(shape=(6, 5)):
    y = np.repeat(["common", "rare", "uncommon"], [8, 3, 5])
    return np.random.RandomState(0).uniform(size=(len(y), *shape)), y


def assert_refused(estimator, X, y, match, error=ValueError):
    estimator = clone(estimator)
    train = estimator.fit_resample if hasattr(estimator, "fit_resample") else estimator.fit
    with pytest.raises(error, match=match):
        train(X, y)


def test_training_would_be_noticed():
    X, y = make_images()
    for train in clone(SAMPLER).fit_resample, clone(CLASSIFIER).fit:
        with pytest.raises(pytest.fail.Exception, match="training began"):
            train(X, y)


# X and y


@BOTH
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (6,)], ids=str)
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_missing_and_infinite_values(estimator, shape, value, word):
    X, y = make_images(shape)
    X.flat[3] = value
    assert_refused(estimator, X, y, f"Input X contains {word}")


@BOTH
@pytest.mark.parametrize("container", [np.asarray, pd.Series], ids=["array", "series"])
def test_a_single_class(estimator, container):
    X, _ = make_images()
    assert_refused(
        estimator, X, container(["a"] * len(X)), "more than 1 class|at least 2 classes"
    )


def test_a_rare_class_of_one_image():
    X, y = make_images()
    y[y == "rare"] = ["rare", "common", "common"]
    assert_refused(SAMPLER, X, y, r"'rare' has a single row.*sampling_strategy")


@BOTH
@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_missing_label_is_said_of_y(estimator, dtype, first):
    X, y = make_images()
    y = pd.Series(y, dtype=object)
    y.iloc[0 if first else -1] = None
    assert_refused(estimator, X, y.astype(dtype), "y has 1 missing label")


def test_frames_that_cannot_be_given_back():
    class DataFrame:  # as polars has it
        __module__ = "polars.dataframe.frame"

        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return self.values

    X, y = make_images((6,))
    assert_refused(SAMPLER, DataFrame(X), y, "^X .*of polars.*to_pandas", error=TypeError)
    assert_refused(SAMPLER, X, DataFrame(y), "^y .*of polars.*to_pandas", error=TypeError)


@BOTH
@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_sparse_matrices(estimator, make):
    X, y = make_images((6,))
    assert_refused(estimator, make(X), y, "[Ss]parse.*dense", error=TypeError)


@BOTH
def test_ragged_images(estimator):
    X, y = make_images()
    ragged = np.empty(len(X), dtype=object)
    ragged[:] = [image[: 3 + i % 2] for i, image in enumerate(X)]
    assert_refused(estimator, ragged, y, "dtype object.*share one size.*stacked")


@BOTH
def test_a_list_of_ragged_images(estimator):
    X, y = make_images()
    ragged = [image[: 3 + i % 2].tolist() for i, image in enumerate(X)]
    assert_refused(estimator, ragged, y, "inhomogeneous|share one size")


@BOTH
@pytest.mark.parametrize("container", [list, tuple])
def test_how_images_of_several_sizes_come_to_one(estimator, container):
    X, y = make_images()
    ragged = container(image[: 3 + i % 2] for i, image in enumerate(X))
    match = f"X has type {container.__name__}.*share one size.*load_image_folder"
    assert_refused(estimator, ragged, y, match)


@BOTH
def test_strings_that_are_no_numbers(estimator):
    X, y = make_images((6,))
    words = X.astype(object)
    words[2, 1] = "blue"
    assert_refused(estimator, words, y, "dtype object.*'blue'")


@BOTH
@pytest.mark.parametrize("shape", [(), (2, 3, 4, 5)], ids=str)
def test_too_few_or_too_many_dimensions(estimator, shape):
    X, y = make_images(shape)
    assert_refused(
        estimator, X, y, r"2D array|must be \(n, d\), \(n, H, W\) or \(n, H, W, C\)"
    )


@BOTH
def test_lengths_that_differ(estimator):
    X, y = make_images()
    assert_refused(estimator, X, y[:-1], "inconsistent numbers of samples")


@BOTH
def test_labels_that_are_no_classes(estimator):
    X, y = make_images()
    assert_refused(estimator, X, np.linspace(0, 1, len(y)), "Unknown label type: continuous")


@BOTH
@pytest.mark.parametrize("labels", [[3, 1, 2], [True, False, True]], ids=["int", "bool"])
def test_labels_that_are_objects(estimator, labels):
    X, _ = make_images()
    y = np.repeat(np.array(labels, dtype=object), [8, 3, 5])
    assert_refused(estimator, X, y, r"y has dtype object.*y\.astype\(int\)")


@BOTH
def test_images_for_labels(estimator):
    X, _ = make_images()
    assert_refused(estimator, X, X, r"y has .*shape \(16, 6, 5\).*in shape \(n,\)")


@BOTH
def test_missing_labels(estimator):
    X, y = make_images()
    assert_refused(estimator, X, np.where(y == "rare", np.nan, 1.0), "NaN")


@BOTH
def test_empty_images(estimator):
    X, y = make_images((6, 0))
    assert_refused(estimator, X, y, "images are empty")


def test_early_stopping_without_rows_to_hold_back():
    X, _ = make_images()
    classifier = clone(CLASSIFIER).set_params(early_stopping=True)
    assert_refused(classifier, X[:2], [0, 1], "early_stopping=True has nothing to hold back")


# image_shape


@BOTH
@pytest.mark.parametrize(
    ("shape", "image_shape", "match"),
    [
        ((30,), (6, 6), "has 36 values, but each row of X has 30"),
        ((30,), (6, 5, 3), "has 90 values, but each row of X has 30"),
        ((30,), (30,), r"must be \(H, W\) or \(H, W, C\)"),
        ((30,), (1, 2, 3, 5), r"must be \(H, W\) or \(H, W, C\)"),
        ((30,), (-6, -5), "positive integers"),
        ((30,), (0, 30), "positive integers"),
        ((30,), (), r"must be \(H, W\) or \(H, W, C\)"),
        ((30,), (6.5, 5), "positive integers"),
        ((30,), ("a", "b"), "positive integers"),
        ((6, 5), (5, 6), r"the images in X are \(6, 5\). Leave image_shape out"),
        ((6, 5, 1), (6, 5), r"the images in X are \(6, 5, 1\). Leave image_shape out"),
    ],
    ids=str,
)
def test_wrong_image_shape(estimator, shape, image_shape, match):
    X, y = make_images(shape)
    estimator = clone(estimator).set_params(image_shape=image_shape)
    assert_refused(estimator, X, y, f"image_shape=.*{match}")


@BOTH
@pytest.mark.parametrize("image_shape", [6, "6x5"])
def test_image_shape_that_is_no_tuple(estimator, image_shape):
    X, y = make_images((30,))
    estimator = clone(estimator).set_params(image_shape=image_shape)
    assert_refused(estimator, X, y, "'image_shape' parameter")


# Plans


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("absent", "source='absent' is no class of y. Use 'nearest'.*common"),
        (7, "source=7 is no class of y"),
        ({"rare": "absent"}, "source='absent' is no class of y"),
        ({"absent": "common"}, "source has a key 'absent', which is no class of y.*common"),
        ("rare", "'rare' is itself to be over-sampled.*dict"),
        ({"rare": "rare"}, "'rare' is itself to be over-sampled"),
        (["common"], "source="),
        (np.array(["common", "rare"]), "source="),
    ],
    ids=str,
)
def test_unknown_source(source, match):
    X, y = make_images()
    assert_refused(clone(SAMPLER).set_params(source=source), X, y, match)


@pytest.mark.parametrize(
    ("sampling_strategy", "match"),
    [
        ({"rare": 2}, "asks for 2 rows of class 'rare', which has 3.*never removes"),
        ({"absent": 20}, "asks for rows of class 'absent', which is not in y.*common"),
        ({"rare": 6.5}, r"asks for 6\.5 rows of class 'rare': give a whole number"),
        ({"rare": 10**18}, "sampling_strategy asks .* memory cannot hold. Ask for fewer"),
        ({"rare": 10**30}, "sampling_strategy asks .* memory cannot hold. Ask for fewer"),
        ({"rare": 1e300}, "sampling_strategy asks .* memory cannot hold. Ask for fewer"),
        ("majority", "sampling_strategy"),
        (-0.5, "sampling_strategy"),
        (1.5, "sampling_strategy"),
        ("most", "sampling_strategy"),
    ],
    ids=str,
)
def test_wrong_sampling_strategy(sampling_strategy, match):
    X, y = make_images()
    sampler = clone(SAMPLER).set_params(sampling_strategy=sampling_strategy)
    assert_refused(sampler, X, y, match)


def test_a_ratio_that_two_classes_exceed_is_named():
    X, y = make_images()
    kept = y != "uncommon"
    sampler = clone(SAMPLER).set_params(sampling_strategy=0.1)
    assert_refused(sampler, X[kept], y[kept], r"sampling_strategy=0\.1: The specified ratio")


# Everything else


@BOTH
@pytest.mark.parametrize(
    "device",
    [
        "cuda:99",
        "toaster",
        "cpu:x",
        torch.device("cuda:99"),
        pytest.param(
            "cuda", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
        ),
    ],
    ids=repr,
)
def test_an_unavailable_device(estimator, device):
    X, y = make_images()
    estimator = clone(estimator).set_params(device=device)
    assert_refused(estimator, X, y, "device=.* is not available here. Use 'auto' or .*cpu")


def test_nothing_to_compile_with(monkeypatch):
    def fail(function):
        raise RuntimeError("No working C++ compiler found\nand much more")

    monkeypatch.setattr(torch, "compile", fail)
    X, y = make_images()
    sampler = clone(SAMPLER).set_params(compile=True)
    assert_refused(sampler, X, y, r"compile=True .* on cpu: No .* found\. Install .*=False")


@pytest.mark.parametrize(
    ("estimator", "parameters", "shape", "match"),
    [
        (SAMPLER, {"generator": "masked"}, (6,), "generator='masked'.*vectors.*'mlp'"),
        (SAMPLER, {"generator": "resnet"}, (6,), "generator='resnet'.*image_shape"),
        (SAMPLER, {"generator": "mlp"}, (6, 5), "generator='mlp'.*images.*'masked'"),
        (SAMPLER, {"discriminator": "patch"}, (6,), "discriminator='patch'.*vectors.*'mlp'"),
        (SAMPLER, {"discriminator": "mlp"}, (6, 5), "discriminator='mlp'.*images.*'patch'"),
        (CLASSIFIER, {"module": "compact"}, (6,), "module='compact'.*vectors.*'mlp'"),
        (CLASSIFIER, {"module": "mlp"}, (6, 5), "module='mlp'.*images.*'compact'"),
        (CLASSIFIER, {"module": "paper"}, (3, 9), "module='paper'.*3x9.*at least 4x4"),
        (CLASSIFIER, {"augmentation": "flips"}, (6,), "augmentation='flips'.*image_shape"),
        (SAMPLER, {"augment": ("colour",)}, (6, 5), "augment=.*made of.*color"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_does_not_suit_the_data(estimator, parameters, shape, match):
    X, y = make_images(shape)
    assert_refused(clone(estimator).set_params(**parameters), X, y, match)


@pytest.mark.parametrize(
    ("estimator", "parameter"),
    [(SAMPLER, "generator"), (SAMPLER, "discriminator"), (CLASSIFIER, "module")],
    ids=["generator", "discriminator", "module"],
)
def test_a_factory_of_something_else(estimator, parameter):
    X, y = make_images()
    estimator = clone(estimator).set_params(**{parameter: lambda *args: "a network"})
    match = f"{parameter} factory returned str.*torch.nn.Module"
    assert_refused(estimator, X, y, match, error=TypeError)


@pytest.mark.parametrize(
    ("estimator", "parameter", "layers", "match"),
    [
        (SAMPLER, "generator", [nn.Upsample(scale_factor=2)], r"be \(2, 1, 6, 5\)"),
        (SAMPLER, "generator", [nn.Unflatten(3, (5, 1))], r"be \(2, 1, 6, 5\)"),
        (SAMPLER, "discriminator", [nn.Flatten(0)], r"begin with \(2,\)"),
        (CLASSIFIER, "module", [nn.Flatten()], r"be \(2, 3\)"),
        (CLASSIFIER, "module", [nn.Conv2d(1, 3, (6, 5))], r"be \(2, 3\)"),
        (CLASSIFIER, "module", [nn.MaxPool2d(2, return_indices=True)], "tuple, but"),
        (
            CLASSIFIER,
            "module",
            [nn.Flatten(), nn.Linear(30, 3), nn.Softmax(dim=1)],
            "probabilities, .* logits: leave out its softmax",
        ),
    ],
)
def test_a_factory_of_networks_whose_output_does_not_fit(estimator, parameter, layers, match):
    X, y = make_images()
    network = nn.Sequential(*layers)
    estimator = clone(estimator).set_params(**{parameter: lambda *args: network})
    match = f"{parameter} factory returned a module that maps a batch of shape .* to .*{match}"
    assert_refused(estimator, X, y, match)


@pytest.mark.parametrize(
    ("estimator", "parameter", "network"),
    [
        (SAMPLER, "generator", nn.Identity()),
        (SAMPLER, "discriminator", nn.Flatten()),
        (CLASSIFIER, "module", nn.Sequential(nn.Flatten(), nn.AdaptiveAvgPool1d(3))),
    ],
    ids=["generator", "discriminator", "module"],
)
def test_a_factory_of_networks_without_weights(estimator, parameter, network):
    X, y = make_images()
    estimator = clone(estimator).set_params(**{parameter: lambda *args: network})
    match = f"{parameter} factory returned {type(network).__name__} without a weight"
    assert_refused(estimator, X, y, match)


@pytest.mark.parametrize(
    ("estimator", "parameter"), [(SAMPLER, "generator"), (CLASSIFIER, "module")]
)
def test_a_factory_of_networks_that_are_frozen(estimator, parameter):
    X, y = make_images()

    def frozen(spec, n_classes=None):
        layers = [nn.Conv2d(1, n_classes or 1, 1)]
        if n_classes:
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return nn.Sequential(*layers).requires_grad_(False)

    estimator = clone(estimator).set_params(**{parameter: frozen})
    assert_refused(estimator, X, y, f"{parameter} factory returned .* all are frozen")


@pytest.mark.parametrize("parameter", ["generator", "discriminator"])
@pytest.mark.parametrize(
    ("layers", "match"),
    [
        (lambda: [nn.ReLU(inplace=True), nn.Conv2d(1, 1, 1)], "changes its input.*inplace"),
        (
            lambda: [nn.utils.spectral_norm(nn.Conv2d(1, 1, 1))],
            "cannot be copied once it was trained.*nn.utils.parametrizations",
        ),
    ],
    ids=["in place", "hooks"],
)
def test_a_factory_of_networks_that_cannot_be_trained_here(parameter, layers, match):
    X, y = make_images()
    sampler = clone(SAMPLER).set_params(**{parameter: lambda spec: nn.Sequential(*layers())})
    assert_refused(sampler, X, y, f"{parameter} factory returned a module that {match}")


class DoInTraining(nn.Module):
    """Layers, of whose output something else is made in training alone."""

    def __init__(self, layers, do):
        super().__init__()
        self.layers, self.do = layers, do

    def forward(self, x):
        x = self.layers(x)
        return self.do(x) if self.training else x


def change_in_place(x):
    x = x.exp()
    x += 1
    return x


def fail(x):
    raise OSError("no luck")


@pytest.mark.parametrize(
    ("estimator", "parameter"),
    [(SAMPLER, "generator"), (SAMPLER, "discriminator"), (CLASSIFIER, "module")],
)
@pytest.mark.parametrize(
    ("do", "match"),
    [
        (lambda x: (x, x), "while it is trained, maps .* to tuple"),
        (lambda x: x[:1], r"while it is trained, maps .* to \(1, "),
        (lambda x: x.detach(), r"without gradients.*torch\.no_grad\(\) or detach\(\)"),
        (lambda x: x.long(), "without gradients"),
        (change_in_place, r"fails on a batch of \d+ while it is trained with RuntimeError"),
        (fail, r"fails on a batch of \d+ while it is trained with OSError: no luck"),
    ],
    ids=["tuple", "shape", "detached", "integers", "in place", "failure"],
)
def test_a_factory_of_networks_that_fail_in_training(estimator, parameter, do, match):
    X, y = make_images()

    def make(spec, n_classes=None):
        logits = [nn.Flatten(), nn.Linear(30, n_classes)] if n_classes else []
        return DoInTraining(nn.Sequential(nn.Conv2d(1, 1, 1), *logits), do)

    estimator = clone(estimator).set_params(**{parameter: make})
    assert_refused(estimator, X, y, f"{parameter} factory returned a module that.*{match}")


def test_networks_may_need_more_rows_than_two():
    class Ghost(nn.BatchNorm1d):
        """Normalises halves of a batch apart."""

        def forward(self, x):
            parts = x.chunk(2) if self.training else [x]
            return torch.cat([super(Ghost, self).forward(part) for part in parts])

    X, y = make_images()
    module = nn.Sequential(nn.Flatten(), nn.Linear(30, 3), Ghost(3))
    classifier = clone(CLASSIFIER).set_params(module=lambda spec, n: module)
    with pytest.raises(pytest.fail.Exception, match="training began"):
        classifier.fit(X, y)
    classifier.set_params(batch_size=2)
    assert_refused(classifier, X, y, "module factory .* batch of 2 while it is trained")


@pytest.mark.parametrize("parameter", ["generator", "discriminator"])
def test_a_factory_of_networks_that_need_more_rows_than_a_batch_has(parameter):
    X, y = make_images()
    layers = nn.Flatten(), nn.LazyLinear(30), nn.BatchNorm1d(30), nn.Unflatten(1, (1, 6, 5))
    sampler = clone(SAMPLER).set_params(
        batch_size=1, **{parameter: lambda spec: nn.Sequential(*layers)}
    )
    match = f"{parameter} factory .* batch of 1 while it is trained .*more than 1 value"
    assert_refused(sampler, X, y, match)


def test_a_factory_of_generators_that_return_other_floats():
    class Into(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).double()

    X, y = make_images()
    sampler = clone(SAMPLER).set_params(generator=lambda spec: Into(1, 1, 1))
    assert_refused(sampler, X, y, r"generator factory .*torch\.float64.*precision")


def test_what_the_networks_see_is_too_small():
    X, y = make_images((30, 100))
    sampler = clone(SAMPLER).set_params(discriminator="paper", max_size=64)
    assert_refused(sampler, X, y, "networks see 19x64.*max_size leaves 24x24")


@pytest.mark.parametrize("parameter", ["generator", "discriminator"])
def test_networks_that_no_process_could_send_back(parameter):
    X, y = make_images()
    sampler = clone(SAMPLER).set_params(**{parameter: make_normalised}, n_jobs=2)
    assert_refused(sampler, X, y, rf"{parameter} factory .*parametrized.*n_jobs=1")


def make_normalised(spec):
    return nn.utils.parametrizations.spectral_norm(nn.Conv2d(1, 1, 1))


def test_a_memory_that_does_not_say_where():
    class Memory:
        def cache(self, function):
            return function

    X, y = make_images()
    sampler = clone(SAMPLER).set_params(memory=Memory())
    assert_refused(sampler, X, y, r"memory=.*Memory.*pass a folder or a joblib\.Memory")


@pytest.mark.parametrize(
    ("callback", "match"),
    [
        (EarlyStopping(), r"EarlyStopping\(monitor='valid_loss'\).*early_stopping=True"),
        (LRScheduler("StepLR", step_size=1), "LRScheduler.*learning_rate_schedule='constant'"),
        (EpochScoring("accuracy", on_train=True), r"on_train=True\).*Leave on_train out"),
    ],
    ids=["nothing to watch", "overwritten", "training batches"],
)
def test_callbacks_that_would_come_to_nothing(callback, match):
    X, y = make_images()
    assert_refused(clone(CLASSIFIER).set_params(callbacks=[callback]), X, y, match)


@pytest.mark.parametrize(
    ("estimator", "parameter", "value"),
    [
        (SAMPLER, "synthetic_fraction", 1.5),
        (SAMPLER, "selection", "best"),
        (SAMPLER, "generator", "unet"),
        (SAMPLER, "max_iter", 0),
        (SAMPLER, "batch_size", 0),
        (SAMPLER, "learning_rate", 0),
        (SAMPLER, "cycle_weight", -1),
        (SAMPLER, "ema_decay", 1.0),
        (SAMPLER, "memory", 3),
        (SAMPLER, "precision", "float16"),
        (CLASSIFIER, "module", "unet"),
        (CLASSIFIER, "max_epochs", 0),
        (CLASSIFIER, "optimizer", "rprop"),
        (CLASSIFIER, "class_weight", "fair"),
        (CLASSIFIER, "augmentation", "rotations"),
        (CLASSIFIER, "validation_fraction", 1.0),
    ],
    ids=str,
)
def test_parameters_out_of_range(estimator, parameter, value):
    X, y = make_images()
    estimator = clone(estimator).set_params(**{parameter: value})
    assert_refused(estimator, X, y, f"'{parameter}' parameter")
