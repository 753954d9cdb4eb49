"""A hostile user: any parameters, any input, any method, in any order.

Whatever fails is a ValueError, a TypeError or a NotFittedError that names what was wrong, at
once, and before anything is trained; whatever is right works, whatever was tried before.
"""

import datetime
import re
import signal
import warnings
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug._classifier_net import ClassifierNet
from skgan_aug.persistence import load, save
from skgan_aug.training import CycleGANTrainer

SECONDS = 120  # for one call; the slowest takes less than one on an idle core
RNG = np.random.RandomState(0)
NAN, INF = float("nan"), float("inf")


def fails(*args, **kwargs):
    raise RuntimeError("it was made to fail")


def returns(value):
    return lambda *args: value


class Unprintable:
    """Neither a number nor an array, and proud of it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")


# Values of parameters: always right, right for some data, always wrong

REAL = ([0.5, 1, np.float32(0.25)], [], [None, "1", -1, NAN, INF, 1e300, 10**400, [1], 1j])
WHOLE = ([1, 2, np.int64(2)], [], [None, "2", 0, -3, 1.5, NAN, 10**30, [1], Unprintable()])
FLAG = ([False], [], [None, "yes", 2, NAN, []])
WRONG_SHAPES = ["4x4", 4, (), (0, 4), (-4, -4), (4.0, 4), (4, None), [[4]], Unprintable()]
SHAPE = ([None], [(4, 4), [2, 2, 4]], WRONG_SHAPES)
FACTORY = ["nonsense", None, 3, fails, returns(None), returns(torch.nn.Flatten(0, -1))]
CHOICE = [None, "nonsense", "", 3, b"auto", ["auto"], Unprintable()]
DEVICE = (["auto", "cpu"], [], [None, "", "toaster", "meta", "cuda:99", "cpu:x", 3, [], "\0"])
SEED = ([None, 0, 7, np.random.RandomState(1)], [], ["x", -1, 1.5, 2**40, [], NAN])
VERBOSE = ([0], [], [-1, "x", None, 1.5])
PRECISION = (["auto", "float32", "bfloat16"], [], [*CHOICE, "float16"])
PATH = ([None], [], [3, "\0", "\ud800", b"x", ["x"]])

OF_SAMPLER = {
    "sampling_strategy": (
        ["auto", "not majority", "all", 1.0],
        ["minority", 0.6, {"rare": 9}, {1: 9}],
        [
            *(-1, 2.0, NAN, INF, "most", None, 3, [1], {"absent": 9}),
            *({"rare": n, 1: n} for n in (NAN, "x", 9.5, 10**15, 10**30, None)),
            *(fails, returns(None), returns([1]), returns({"absent": 1}), Unprintable()),
        ],
    ),
    "source": (
        ["nearest", "majority", "rest"],
        ["common", 0, {"rare": "common"}, {}],
        [None, "absent", NAN, [1], np.arange(3), {"absent": 1}, {1: []}, Unprintable(), fails],
    ),
    "synthetic_fraction": (
        ["scale", 0.5, 1, 1.0],
        [0],
        [-0.1, 1.5, NAN, None, "half", [1], 1j],
    ),
    "min_strength": (
        ["scale", 0.5, 1, 0, np.float32(0.25)],
        [],
        [-0.1, 1.5, NAN, None, "half", [1], 1j],
    ),
    "copy_augmentation": (
        [None, torch.nn.Identity(), lambda x: x + 1e9],
        ["flips", "shifts", "flips_shifts"],
        [
            *("rotate", 3, fails, int, returns(None), returns(torch.tensor(1.0))),
            *(lambda x: x[:0], lambda x: x[..., :1], lambda x: x.double(), lambda x: x / 0),
            *(lambda x: x.numpy(), torch.nn.Linear(999, 1)),
        ],
    ),
    "selection": (
        [None, "discriminator", "classifier", lambda rows: rows.reshape(len(rows), -1).sum(1)],
        [],
        [
            *("best", 3, fails, returns(None), returns([1]), returns("ab"), returns({})),
            *(lambda rows: np.full(len(rows), np.nan), lambda rows: [fails] * len(rows)),
        ],
    ),
    "image_shape": SHAPE,
    "generator": (["auto"], ["masked", "mlp"], FACTORY),
    "discriminator": (["auto"], ["patch", "mlp", "paper"], FACTORY),
    "max_size": ([None, 8, np.int64(64)], [], [7, 0, -8, 8.5, NAN, "64", [64], True, 10**30]),
    "max_iter": ([1, np.int64(2)], [], WHOLE[2]),
    "batch_size": ([1, 2, True, np.int8(3)], [], WHOLE[2]),
    "learning_rate": ([1e-3, np.float32(1e-4)], [], [*REAL[2], 0]),
    "cycle_weight": REAL,
    "identity_weight": REAL,
    "classifier_weight": REAL,
    "real_label": ([0.9, True, 1], [], [*REAL[2], 0]),
    "pool_size": ([0, 1, np.int32(5)], [], [-1, *WHOLE[2][3:], None]),
    "ema_decay": ([0, 0.5, 0.999], [], [1, -0.1, NAN, None, "x"]),
    "n_snapshots": ([0, 1, np.int64(3)], [2**31 - 1], [-1, 1.5, NAN, None, 10**30]),
    "augment": (
        [None, (), ("color",), ["cutout", "color"], np.array(["color"])],
        [],
        ["color", ("colour",), [NAN], [["color"]], [None], 3, {"a": 1}.keys(), Unprintable()],
    ),
    "early_stopping": ([False, True, np.bool_(True)], [], FLAG[2]),
    "n_iter_no_change": WHOLE,
    "memory": (PATH[0], [], [*PATH[2], "/dev/null/folder", "x" * 5000]),
    "cache_size": ([None, 0, 10**9], [], [-1, NAN, "1MB", 1.5]),
    "checkpoint_dir": (PATH[0], [], [*PATH[2], "/dev/null/folder", "x" * 5000]),
    "n_jobs": ([None, 1], [], [0, 1.5, "two", NAN, 10**30, [1]]),
    "device": DEVICE,
    "precision": PRECISION,
    "compile": ([False, np.bool_(False)], [], FLAG[2]),
    "random_state": SEED,
    "verbose": VERBOSE,
}
OF_CLASSIFIER = {
    "module": (["auto"], ["compact", "resnet", "paper", "mlp"], FACTORY),
    "image_shape": SHAPE,
    "max_epochs": ([1, 0.5, np.int64(2)], [], [*REAL[2], 0, 10**7, "many"]),
    "batch_size": ([1, 5, np.int64(4), 2**31 - 1], [], WHOLE[2]),
    "learning_rate": ([1e-3, np.float32(1e-4)], [], [*REAL[2], 0]),
    "learning_rate_schedule": (["one_cycle", "constant"], [], CHOICE),
    "weight_decay": ([0, 0.1, np.float64(1e-3)], [], REAL[2]),
    "optimizer": (
        ["adamw", "adam", "sgd", torch.optim.RMSprop],
        [],
        [
            *CHOICE,
            int,
            torch.optim.LBFGS,
            torch.optim.SparseAdam,
            torch.optim.Optimizer,
            fails,
        ],
    ),
    "class_weight": (
        [None, "balanced"],
        [{"rare": 2}, {0: 1e-4}],
        [
            *("fair", 3, [1, 1], {"absent": 1}),
            *({"rare": w, 1: w} for w in (NAN, 0, "x", None, 1e300, [1], -1, 1e-300)),
        ],
    ),
    "logit_adjustment": ([0, 1], [0.5], [-1, 101, NAN, None, "x"]),
    "augmentation": (
        [None, torch.nn.Identity(), lambda x: x],
        ["flips", "shifts", "flips_shifts"],
        [
            *("rotate", 3, fails, int, returns(None), returns(torch.tensor(1.0))),
            *(lambda x: x[:0], lambda x: x.double(), lambda x: x.numpy()),
            torch.nn.Linear(999, 1),
        ],
    ),
    "mixup": ([0, 0.2, 1], [], REAL[2]),
    "label_smoothing": ([0, 0.1], [], [1, -1, NAN, None, "x"]),
    "real_last": ([0], [0.5], [1, -1, NAN, None, "x"]),
    "early_stopping": ([False, True], [], FLAG[2]),
    "validation_fraction": ([0.1, 0.5], [], [0, 1, NAN, None, "x"]),
    "callbacks": ([None, []], [], [3, "x", [3], [("a", 3)], [fails], ()]),
    "device": DEVICE,
    "precision": PRECISION,
    "warm_start": ([False, True], [], FLAG[2]),
    "random_state": SEED,
    "verbose": VERBOSE,
}


# Data, right and wrong

Y = np.repeat(["common", "rare"], [8, 4])
VECTORS, IMAGES = RNG.rand(12, 3), RNG.randint(256, size=(12, 4, 4)).astype(np.uint8)
GOOD = {
    "vectors": (VECTORS, Y),
    "images": (IMAGES, Y),
    "colour": (RNG.rand(12, 2, 2, 4).astype(np.float32), np.repeat([0, 1], [9, 3])),
    "frame": (pd.DataFrame(VECTORS, columns=list("abc")), pd.Series(Y)),
    "lists": (VECTORS.tolist(), np.repeat([0, 1, 2], [6, 4, 2]).tolist()),
    "bools": (VECTORS > 0.5, np.repeat([True, False], [9, 3])),
    "foreign bytes": (VECTORS.astype(">f8"), Y),
    "half": (VECTORS.astype(np.float16), Y),
    "huge": (VECTORS * 1e308 * np.array([-1, 1, 1]), Y),
    "constant": (np.ones((12, 3)), Y),
    "read-only": (np.broadcast_to(IMAGES[0], IMAGES.shape), Y),
    "tensors": (torch.tensor(VECTORS), Y),
    "objects": (VECTORS.astype(object), Y.astype(object)),
}


def spoilt(array, value, dtype=None):
    array = np.array(array, dtype=dtype)
    array.flat[5] = value
    return array


def ragged():
    rows = np.empty(12, dtype=object)
    rows[:] = [np.zeros((3 + number % 2, 4)) for number in range(12)]
    return rows


BAD_X = [
    *(None, 3, "abc", b"abc", [], {}, {1, 2}, range(12), np.array(3.0), Unprintable()),
    *(np.empty((0, 3)), np.empty((12, 0)), np.empty((12, 0, 4)), np.empty((0, 4, 4))),
    *(spoilt(VECTORS, NAN), spoilt(VECTORS, -INF), spoilt(IMAGES, NAN, float)),
    *(
        spoilt(VECTORS, value, object)
        for value in (None, NAN, "x", [1], datetime.date.max, 1j)
    ),
    *(VECTORS.astype(dtype) for dtype in (str, "S9", complex)),
    *((VECTORS * 1e9).astype(dtype) for dtype in ("M8[s]", "m8[s]")),
    *(np.zeros(12, [("a", "f4"), ("b", "i4")]), np.zeros((12, 3), [("a", "f4")])),
    *(np.zeros((12, 3), "V4"), VECTORS[:, 0], np.zeros((12, 2, 2, 2, 2))),
    *(VECTORS[:1], VECTORS[:7], IMAGES[:5], ragged(), [[1, 2], [3]] * 6, [[]] * 12),
    *(scipy.sparse.csr_matrix(VECTORS), scipy.sparse.coo_array(VECTORS), np.matrix(VECTORS)),
    *(pd.Series(VECTORS[:, 0]), pd.DataFrame({"a": list("abcdefghijkl")}), pd.DataFrame()),
    *(pd.DataFrame({"a": pd.date_range("2020", periods=12), "b": 1.0}),),
    *(pd.DataFrame({"a": pd.array([1, None] * 6, dtype="Int64")}),),
    *(np.ma.masked_array(VECTORS, mask=VECTORS > 0.5), torch.ones(12, 3, requires_grad=True)),
    (row for row in VECTORS),
]
BAD_Y = [
    *(None, 3, "commonrare__", [], {}, Y[:7], [*Y, *Y], ["a"] * 12, np.zeros(12), [NAN] * 12),
    *(
        np.linspace(0, 1, 12),
        np.full(12, 1j),
        np.array([b"a", b"b"] * 6),
        np.zeros((12, 1, 1)),
    ),
    *(spoilt(Y, value, object) for value in (None, NAN, 3, ("a",), [1])),
    *([("é", "b")] * 12, [{1}, {2}] * 6, [["a"], ["b", "c"]] * 6, np.ones((12, 2), int)),
    *(np.array([10**30, 1] * 6, dtype=object), [Unprintable()] * 12, Unprintable()),
    *(scipy.sparse.csr_matrix(np.tri(12)), pd.Series(pd.array([1, None] * 6, dtype="Int64"))),
    *(pd.Series(pd.array(["a", None] * 6, dtype="string")), np.array([0.0, -0.0] * 6)),
    np.ma.masked_array([0, 1] * 6, mask=[True] + [False] * 11),
]
data_sets = st.one_of(
    st.sampled_from(sorted(GOOD)).map(lambda name: (name, *GOOD[name])),
    st.sampled_from(BAD_X).map(lambda X: (None, X, Y)),
    st.sampled_from(BAD_Y).map(lambda y: (None, VECTORS, y)),
)
ANY_ROW_VALUE = [
    None,
    3,
    "x",
    [1] * 5,
    [NAN] * 12,
    np.zeros(12),
    [-1.0] * 12,
    [1e300] * 12,
    1j,
]
LABELS = ["common", "rare", 0, 1, True, None, NAN, [], ["rare"], np.arange(3), "absent", {}]


class HostileUser(RuleBasedStateMachine):
    """Calls of one estimator; :meth:`attempt` judges each."""

    steps: list  # one entry for each step of training
    n_made: list  # one entry for each example

    @initialize(is_sampler=st.booleans())
    def make(self, is_sampler):
        self.n_made.append(1)
        self.is_sampler = is_sampler
        self.values = OF_SAMPLER if is_sampler else OF_CLASSIFIER
        few = {"max_iter": 1, "batch_size": 2} if is_sampler else {"max_epochs": 1}
        kind = CycleGANOverSampler if is_sampler else TorchCNNClassifier
        self.estimator = kind(**few)
        self.kinds = {}  # of the parameters that were set: 0 right, 1 for some data, 2 wrong
        self.fitted_on = None  # name of the data, once a fit has worked

    def attempt(self, call, *more_names, may_train=False):
        """What a call returns, or None where it failed as it may."""
        n_steps, problem = len(self.steps), None
        with at_most(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = call()
            except (ValueError, TypeError) as error:  # NotFittedError is a ValueError
                problem = error
        n_trained = len(self.steps) - n_steps
        if problem is None:
            assert may_train or not n_trained
            return (result,)
        assert not n_trained, f"it trained, and then failed: {problem!r}"
        names = [*self.kinds, *more_names, "X", "y"]
        is_named = any(re.search(rf"\b{name}\b", str(problem)) for name in names)
        assert is_named or isinstance(problem, NotFittedError), f"of what? {problem!r}"
        return None

    @rule(data=st.data())
    def set_a_parameter(self, data):
        name = data.draw(st.sampled_from(sorted(self.values)))
        kind = data.draw(st.sampled_from([0, 0, 1, 2]))
        values = self.values[name][kind] or self.values[name][0]
        self.estimator.set_params(**{name: data.draw(st.sampled_from(values))})
        self.kinds[name] = kind if self.values[name][kind] else 0

    @rule()
    def set_all_parameters_right(self):
        rights = {name: values[0][0] for name, values in self.values.items()}
        few = {"max_iter": 1} if self.is_sampler else {"max_epochs": 1}
        self.estimator.set_params(**rights | few)
        self.kinds = dict.fromkeys(rights, 0)

    @rule(name=st.sampled_from(["nonsense", "fit", "net_", "_spec"]))
    def set_what_is_no_parameter(self, name):
        assert self.attempt(lambda: self.estimator.set_params(**{name: 1}), name) is None

    @rule(data_set=data_sets)
    def fit(self, data_set):
        name, X, y = data_set
        train = self.estimator.fit_resample if self.is_sampler else self.estimator.fit
        kinds = set(self.kinds.values())
        goes_on = hasattr(self.estimator, "net_") and self.estimator.warm_start is True
        # Rows that are all the same cannot be held back from one another.
        holds_back = not self.is_sampler and self.estimator.early_stopping is True
        done = self.attempt(lambda: train(X, y), may_train=True)
        if name is None or 2 in kinds or (holds_back and name == "constant"):
            assert done is None, "what cannot work was accepted"
        elif kinds <= {0} and (name == self.fitted_on or not goes_on):
            assert done is not None, "what is right was refused"
        self.fitted_on = name if done else None
        if done and self.is_sampler:
            check_resampled(self.estimator, X, y, *done[0])

    @rule(data_set=data_sets)
    def fit_of_the_sampler_checks_alone(self, data_set):
        if self.is_sampler:
            self.attempt(lambda: self.estimator.fit(*data_set[1:]))

    @rule(
        data_set=data_sets,
        weights=st.sampled_from(ANY_ROW_VALUE),
        mask=st.sampled_from([*ANY_ROW_VALUE, [True, False] * 6, [True] * 12]),
    )
    def fit_with_weights_and_mask(self, data_set, weights, mask):
        if self.is_sampler:
            return
        name, X, y = data_set
        done = self.attempt(
            lambda: self.estimator.fit(X, y, weights, synthetic_mask=mask),
            *(
                "sample_weight",
                "sample_weights",
                "Sample weights",
                "synthetic_mask",
                "real_last",
            ),
            may_train=True,
        )
        self.fitted_on = name if done else None

    @rule(
        data_set=data_sets, classes=st.sampled_from([None, LABELS, ["common", "rare"], 3, []])
    )
    def partial_fit(self, data_set, classes):
        if self.is_sampler:
            return
        name, X, y = data_set
        done = self.attempt(
            lambda: self.estimator.partial_fit(X, y, classes), "classes", may_train=True
        )
        if done is None:
            self.fitted_on = None
        elif self.fitted_on is None:
            self.fitted_on = name

    @rule(X=st.sampled_from(BAD_X) | st.sampled_from(sorted(GOOD)), proba=st.booleans())
    def predict(self, X, proba):
        if self.is_sampler:
            return
        same = isinstance(X, str) and self.fitted_on == X
        X = GOOD[X][0] if isinstance(X, str) and X in GOOD else X
        call = self.estimator.predict_proba if proba else self.estimator.predict
        done = self.attempt(lambda: call(X))
        assert not done or hasattr(self.estimator, "net_")
        if same:
            assert done is not None
        if done and proba:
            np.testing.assert_allclose(done[0].sum(axis=1), 1)

    @rule(data_set=data_sets)
    def score(self, data_set):
        if not self.is_sampler:
            # The metric is scikit-learn's, and so are these words.
            words = "array-like", "targets", "inconsistent", "unknown", "multilabel", "Mix"
            more = "NaN", "infinity", "labels", "compare", "supported", "Classification", "NA"
            with suppress(RuntimeError):  # which an array-like raises, and it passes on
                self.attempt(lambda: self.estimator.score(*data_set[1:]), *words, *more)

    @rule(
        X=st.sampled_from(BAD_X) | st.sampled_from(sorted(GOOD)),
        pair=st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)),
    )
    def translate(self, X, pair):
        if not self.is_sampler:
            return
        X = GOOD[X][0] if isinstance(X, str) and X in GOOD else X
        done = self.attempt(
            lambda: self.estimator.translate(X, source=pair[0], target=pair[1]), "source"
        )
        if done:
            assert done[0].shape == np.shape(X)
            assert np.isfinite(done[0].astype(float)).all()

    @rule()
    def look(self):
        self.attempt(lambda: (repr(self.estimator), self.estimator.get_params()))

    @rule()
    def copy(self):
        try:
            deepcopy(self.estimator.get_params())
        except TypeError:  # what Python cannot copy, scikit-learn cannot clone
            return
        done = self.attempt(lambda: clone(self.estimator))
        if done:
            self.estimator, self.fitted_on = done[0], None

    @rule()
    def save_and_load(self):
        def call():
            save(self.estimator, self.folder / "file")
            return load(self.folder / "file")

        done = self.attempt(call, "save", "loaded", "params")
        if done and self.fitted_on and not self.is_sampler:
            X = GOOD[self.fitted_on][0]
            proba = self.estimator.predict_proba(X)
            np.testing.assert_array_equal(done[0].predict_proba(X), proba)


def check_resampled(sampler, X, y, X_new, y_new):
    """Counts, container, originals first, nothing but finite numbers."""
    n_added = sum(sampler.sampling_strategy_.values())
    assert len(X_new) == len(y_new) == len(X) + n_added
    rows, rows_new = np.asarray(X), np.asarray(X_new)
    assert rows_new.shape[1:] == rows.shape[1:]
    np.testing.assert_array_equal(rows_new[: len(rows)], rows)
    np.testing.assert_array_equal(np.asarray(y_new)[: len(rows)], np.asarray(y))
    assert np.isfinite(rows_new.astype(np.float64)).all()


@contextmanager
def at_most(seconds):
    """Fail, where the system can, what goes on for longer."""

    def stop(number, frame):
        pytest.fail(f"a call hangs for {seconds} seconds")

    if not hasattr(signal, "setitimer"):
        yield
        return
    usual = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)


@pytest.mark.parametrize(
    ("n_examples", "n_trained"),  # of sixty, a few more or less are right by chance
    [(60, 1), pytest.param(5000, 500, marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_whatever_is_called_in_whatever_order(
    n_examples, n_trained, steps, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)  # relative paths among the parameters
    monkeypatch.setattr(HostileUser, "steps", steps, raising=False)
    monkeypatch.setattr(HostileUser, "n_made", [], raising=False)
    monkeypatch.setattr(HostileUser, "folder", tmp_path, raising=False)
    run_state_machine_as_test(
        HostileUser,
        settings=settings(
            max_examples=n_examples,
            stateful_step_count=8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(HostileUser.n_made) >= n_examples
    assert len(steps) > n_trained  # much was right


@pytest.fixture
def steps(monkeypatch):
    """Get an entry for each step of training, once it is done."""
    done = []
    for kind in (CycleGANTrainer, ClassifierNet):
        monkeypatch.setattr(kind, "train_step", counted(kind.train_step, done))
    return done


def counted(train_step, steps):
    def step(self, *args, **kwargs):
        result = train_step(self, *args, **kwargs)
        steps.append(type(self).__name__)
        return result

    return step


# Each wrong value and input alone, so that none hides behind another


def wrong_values():
    """Each with one of four data sets."""
    for of, values in (("sampler", OF_SAMPLER), ("classifier", OF_CLASSIFIER)):
        for name, (_, _, wrong) in values.items():
            for number, value in enumerate(wrong):
                data_set = ["vectors", "images", "colour", "lists"][number % 4]
                value = of_its_classes(value, GOOD[data_set][1])
                yield pytest.param(of, name, value, data_set, id=f"{of}-{name}-{number}")


def of_its_classes(value, y):
    """Leave out the keys of a dict that are no classes of y, unless none is."""
    if not isinstance(value, dict):
        return value
    classes = np.unique(y).tolist()
    return {label: own for label, own in value.items() if label in classes} or value


@pytest.mark.parametrize(("of", "parameter", "value", "data_set"), list(wrong_values()))
def test_a_wrong_value_alone(of, parameter, value, data_set, steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kind = CycleGANOverSampler if of == "sampler" else TorchCNNClassifier
    estimator = kind(**{parameter: value})
    train = estimator.fit_resample if of == "sampler" else estimator.fit
    with at_most(SECONDS), pytest.raises((ValueError, TypeError), match=parameter):
        train(*GOOD[data_set])
    assert steps == []
    assert not hasattr(estimator, "net_")


def test_the_lists_name_every_parameter():
    assert OF_SAMPLER.keys() == CycleGANOverSampler().get_params().keys()
    assert OF_CLASSIFIER.keys() == TorchCNNClassifier().get_params().keys()


def test_a_path_that_can_be_made_is_made(tmp_path):
    sampler = CycleGANOverSampler(max_iter=1, checkpoint_dir=Path(tmp_path, "a", "b"))
    sampler.fit_resample(*GOOD["vectors"])
    assert len(list((tmp_path / "a" / "b").iterdir())) == 1
