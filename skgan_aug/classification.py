"""TorchCNNClassifier: a convolutional network as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ._augmentation import AUGMENTATIONS, check_augmentation, own_augmentation
from ._batches import count_auto_epochs, plan_passes
from ._classifier_checks import (
    check_callbacks,
    check_labels,
    check_optimizer,
    resolve_class_weights,
)
from ._classifier_net import EncodedNetwork, make_net
from ._devices import resolve_device, resolve_precision
from ._missing import check_unmasked
from ._random import derive_seed, draw_seed, global_seed
from ._training_rows import (
    check_sample_weight,
    hold_out,
    log_class_prior,
    real_rows,
    training_order,
)
from ._validation import (
    as_it_was_if_refused,
    check_images,
    check_labels_are_classes,
    named,
    plain_labels,
    real_number,
    warn_of_unlikely_images,
    whole_number,
)
from .images import ImageSpec
from .networks import make_classifier
from .networks._factories import check_classifier_network

if TYPE_CHECKING:
    from typing_extensions import Self

_MADE = ("history_", "net_")  # attributes that training makes


class TorchCNNClassifier(ClassifierMixin, BaseEstimator):
    """A convolutional network for images, a perceptron for vectors.

    Parameters
    ----------
    module : {"auto", "compact", "resnet", "paper", "mlp"} or callable, default="auto"
        "compact" is a small modern CNN, "resnet" a deeper one, "paper" that of Zhu et al.
        (2017), "mlp" a perceptron for vectors; "auto" is "compact" for images and "mlp" for
        vectors. A callable takes the :class:`~skgan_aug.images.ImageSpec` and the number of
        classes and returns a ``torch.nn.Module`` that maps (n, C, H, W) in [-1, 1] to
        logits.

    image_shape : tuple of int, default=None
        (H, W) or (H, W, C) of the images that the rows of a 2-dimensional X hold. X of
        three or four dimensions carries its own. Without one, rows are vectors.

    max_epochs : int, float or "auto", default="auto"
        Passes over the training rows, the last of 1.5 over half of them. "auto" takes 20, and
        up to 200 where the rows are few, to reach 1000 steps.

    batch_size : int, default=64
        Rows per optimisation step, at most; three in one of an odd number where it is 2.

    learning_rate : float, default=5e-3
        The highest of a one-cycle schedule, or the constant one. The paper trains its CNN
        with 1e-3.

    learning_rate_schedule : {"one_cycle", "constant"}, default="one_cycle"
        "one_cycle" raises and lowers the rate once over the training [1]_;
        ``partial_fit``, which knows no end, keeps it constant.

    weight_decay : float, default=1e-2
        Of the optimiser.

    optimizer : {"adamw", "adam", "sgd"} or subclass of torch.optim.Optimizer, \
            default="adamw"
        What updates the weights. "sgd" has a momentum of 0.9.

    class_weight : None, "balanced" or dict, default=None
        Weights of the classes in the loss. "balanced" and dicts are as everywhere in
        scikit-learn, but rows are weighed against those of their own batch: where few batches
        have a row of a rare class, it counts for less. Copies of rows are exact.

    logit_adjustment : float, default=0
        What the logarithm of each class's share of the rows is multiplied by and added to its
        logit in the loss, and there alone [3]_. 1 is usual: classes are then predicted as if
        all were equally frequent, which the rare ones gain by; 0 is off. Weights of rows and
        classes count in the shares, and ``partial_fit`` takes those of its own rows. Epochs
        that ``real_last`` leaves to real rows would have others: together they are refused.

    augmentation : None, {"flips", "shifts", "flips_shifts"}, callable, default=None
        Applied to each training batch, (n, C, H, W) in [-1, 1]: mirroring left to right,
        shifts of up to an eighth of either side, or any function or module of your own. Of a
        module with parameters or buffers each training takes a copy, and trains none of them.

    mixup : float, default=0
        Parameter of the Beta distribution that mixes each training image, and its label,
        with another of the batch [2]_; 0 is off, 0.2 usual.

    label_smoothing : float in [0, 1), default=0
        Share of each label that is spread over all classes.

    real_last : float in [0, 1), default=0
        Share of the epochs, the last ones, that leave out the rows which ``fit`` is told
        are synthetic: what is odd about them is unlearnt on real rows. A training that
        ``early_stopping`` ends before them never comes to these epochs.

    early_stopping : bool, default=False
        Hold rows back, stop after five epochs without progress on them, and keep the
        best weights. Copies of a row, as over-sampling makes them, stay on one side.

    validation_fraction : float in (0, 1), default=0.1
        Share of the different rows of each class held back for ``early_stopping``.

    callbacks : list of skorch.callbacks.Callback or tuple, default=None
        Further callbacks, or tuples (name, callback).

    device : str or torch.device, default="auto"
        "auto" takes cuda, then mps, then cpu.

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Of matrix products while training; "auto" takes bfloat16 for images where the
        hardware multiplies it faster. Predictions are made in float32.

    warm_start : bool, default=False
        Go on from the weights of the last ``fit``, with the parameters as they are by then;
        ``module``, ``image_shape`` and ``random_state`` stay what they were.

    random_state : int, RandomState or None, default=None
        Decides initial weights, batches and augmentation.

    verbose : int, default=0
        1 prints a line per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.

    history_ : list of dict
        skorch's history: a record per epoch.

    net_ : skorch.NeuralNet
        The fitted net.

    image_shape_ : tuple of int or None
        (H, W) or (H, W, C); None for vectors.

    n_features_in_ : int
        Number of columns of a 2-dimensional X; of images, ``X.shape[1]``.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where X has them and all are strings.

    See Also
    --------
    CycleGANOverSampler : Over-samples rare classes before.

    References
    ----------
    .. [1] Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using
       Large Learning Rates", 2018.
    .. [2] Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization",
       ICLR 2018.
    .. [3] Menon et al., "Long-tail learning via logit adjustment", ICLR 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgan_aug import TorchCNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = TorchCNNClassifier(image_shape=(8, 8), max_epochs=5, random_state=0)
    >>> classifier.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.9
    True
    """

    _parameter_constraints: dict = {
        "module": [StrOptions({"auto", "compact", "resnet", "paper", "mlp"}), callable],
        "image_shape": [list, tuple, np.ndarray, None],
        "max_epochs": [StrOptions({"auto"}), Interval(Real, 0, 10**6, closed="right")],
        "batch_size": [whole_number(1)],
        "learning_rate": [real_number("right")],
        "learning_rate_schedule": [StrOptions({"one_cycle", "constant"})],
        "weight_decay": [real_number()],
        "optimizer": [StrOptions({"adamw", "adam", "sgd"}), type],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "logit_adjustment": [Interval(Real, 0, 100, closed="both")],
        "augmentation": [StrOptions(set(AUGMENTATIONS)), callable, None],
        "mixup": [real_number()],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "real_last": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "callbacks": [list, None],
        "device": [str, torch.device],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        module: Literal["auto", "compact", "resnet", "paper", "mlp"]
        | Callable[..., nn.Module] = "auto",
        image_shape: tuple[int, ...] | None = None,
        max_epochs: float | Literal["auto"] = "auto",
        batch_size: int = 64,
        learning_rate: float = 5e-3,
        learning_rate_schedule: Literal["one_cycle", "constant"] = "one_cycle",
        weight_decay: float = 1e-2,
        optimizer: Literal["adamw", "adam", "sgd"] | type[torch.optim.Optimizer] = "adamw",
        class_weight: Literal["balanced"] | dict | None = None,
        logit_adjustment: float = 0.0,
        augmentation: Literal["flips", "shifts", "flips_shifts"] | Callable | None = None,
        mixup: float = 0.0,
        label_smoothing: float = 0.0,
        real_last: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        callbacks: list | None = None,
        device: str | torch.device = "auto",
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.module = module
        self.image_shape = image_shape
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.class_weight = class_weight
        self.logit_adjustment = logit_adjustment
        self.augmentation = augmentation
        self.mixup = mixup
        self.label_smoothing = label_smoothing
        self.real_last = real_last
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.callbacks = callbacks
        self.device = device
        self.precision = precision
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        synthetic_mask: ArrayLike | None = None,
    ) -> Self:
        """Train on X and y.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            Vectors, flattened images or images, of any numeric dtype and range, finite.

        y : array-like of shape (n,)
            Labels, of at least two classes.

        sample_weight : array-like of shape (n,), default=None
            How often each row trains: a weight of 3 is the same as the row three times, one
            of 0 as no row; a fraction shows in the loss of its batch.

        synthetic_mask : array-like of bool of shape (n,), default=None
            Rows that ``early_stopping`` does not hold back and ``real_last`` leaves out at
            the end, such as a sampler's ``synthetic_mask_``.

        Returns
        -------
        self : TorchCNNClassifier
            Fitted.

        Raises
        ------
        ValueError
            Before training, for X, y, weights or parameters that cannot work.

        FloatingPointError
            When training diverged; ``history_`` tells how far it came.

        Warns
        -----
        UserWarning
            For uint8 images that use less than an eighth of 0 to 255, and for images whose
            channels seem to come first.
        """
        self._validate_params()
        if self.real_last and synthetic_mask is None:
            raise ValueError(
                f"real_last={self.real_last} needs to know which rows are real: pass "
                "synthetic_mask=sampler.synthetic_mask_ to fit, or real_last=0."
            )
        starts = not (self.warm_start and hasattr(self, "net_"))
        # What is made in inference mode can never be trained.
        with as_it_was_if_refused(self, _MADE), torch.inference_mode(False):
            X, y, weights, is_real = self._check_rows(
                X, y, sample_weight, synthetic_mask, reset=starts
            )
            if not starts:
                remedy = "set warm_start=False to start anew with these classes"
                self._refuse_new_classes(y, remedy)
            self._check_callbacks(validates=self.early_stopping)
            net = self._start(X, np.unique(y)) if starts else self._go_on()
            self._train(net, X, y, weights, is_real, starts=starts)
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one pass over X and y, going on from the present weights.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            As in :meth:`fit`. The range of the first call's X is kept.

        y : array-like of shape (n,)
            Labels.

        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call where y lacks some.

        sample_weight : array-like of shape (n,), default=None
            As in :meth:`fit`.

        Returns
        -------
        self : TorchCNNClassifier
            One pass further.

        Raises
        ------
        ValueError
            For X, y, weights or parameters that cannot work, or a label that the first call
            did not announce.

        FloatingPointError
            When training diverged.
        """
        self._validate_params()
        starts = not hasattr(self, "net_")
        with as_it_was_if_refused(self, _MADE), torch.inference_mode(False):
            X, y, weights, _ = self._check_rows(X, y, sample_weight, None, reset=starts)
            labels = self._check_announced(classes, y, starts=starts)
            self._check_callbacks(validates=False)
            net = self._start(X, labels) if starts else self._go_on()
            self._train(net, X, y, weights, None, starts=starts, is_partial=True)
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            Rows like those of :meth:`fit`.

        Returns
        -------
        probabilities : float64 ndarray of shape (n, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        NotFittedError
            Before ``fit``.

        ValueError
            For rows unlike those of ``fit``, or so far out of their range that probabilities
            are not finite.
        """
        check_is_fitted(self, "net_")
        rows = check_images(self, X, reset=False, spec=self._spec)
        probabilities = np.empty((len(rows), len(self.classes_)))
        # Filled batch by batch: small results kept among large temporaries would keep the
        # memory of those from being used again.
        end = 0
        for logits in self.net_.forward_iter(self._spec.as_tensor(rows)):
            start, end = end, end + len(logits)
            probabilities[start:end] = logits.double().softmax(dim=1)
        if not np.isfinite(probabilities).all():
            raise ValueError(
                "X gives probabilities that are not finite: its values are far out of the "
                "range of what was fitted, or so are the weights."
            )
        return probabilities

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            Rows like those of :meth:`fit`.

        Returns
        -------
        y : ndarray of shape (n,)
            Labels, of the dtype of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy of the predictions.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            Rows like those of :meth:`fit`.

        y : array-like of shape (n,)
            True labels.

        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        accuracy : float
            In [0, 1].

        Raises
        ------
        NotFittedError
            Before ``fit``.

        ValueError
            For rows unlike those of ``fit``, or labels that are masked or missing.
        """
        check_unmasked(X=X, y=y)
        return super().score(X, plain_labels(y), sample_weight)

    def _check_X_y(self, X, y, *, reset):
        with named("y"):
            y = plain_labels(y)
            check_labels_are_classes(y)
            labels = y if hasattr(y, "ndim") else np.asarray(y)
            if labels.ndim > 1 and labels.shape[1] > 1:
                raise ValueError(
                    "Multilabel and multioutput targets are not supported. "
                    "y must be of shape (n,)."
                )
        return check_images(self, X, y, reset=reset, spec=None if reset else self._spec)

    def _check_announced(self, classes, y, *, starts):
        """All labels that will come, by the first call of partial_fit."""
        if not starts:
            self._refuse_new_classes(y, "pass classes= in the first call of partial_fit")
        if classes is None:
            return np.unique(y)
        classes = check_labels(classes, y)
        if not starts and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes={classes!r} is not what the first call to partial_fit had: "
                f"{self.classes_}."
            )
        return classes

    def _refuse_new_classes(self, y, remedy):
        with named("y"):
            unknown = np.setdiff1d(y, self.classes_).tolist()
        if unknown:
            raise ValueError(
                f"y has the classes {unknown}, which the first call did not have: {remedy}."
            )

    def _check_rows(self, X, y, sample_weight, synthetic_mask, *, reset):
        """X, y, weights and which rows are real; without rows of weight 0."""
        X, y = self._check_X_y(X, y, reset=reset)
        weights = check_sample_weight(sample_weight, X)
        is_real = real_rows(synthetic_mask, X)
        if weights is None or weights.all():
            return X, y, weights, is_real
        counts = weights > 0
        is_real = None if is_real is None else is_real[counts]
        return X[counts], y[counts], weights[counts], is_real

    def _start(self, X, classes):
        """Settle everything that the data decide, and make an untrained net."""
        if len(classes) < 2:
            raise ValueError(
                f"y has one class, {classes.tolist()}: a classifier needs at least 2 classes."
            )
        spec = ImageSpec.from_array(X, self.image_shape)
        warn_of_unlikely_images(X, spec.image_shape)
        self._check_parameters(spec)
        self._random_state = check_random_state(self.random_state)
        seed = draw_seed(self._random_state)
        self._split_seed = derive_seed(seed, 1)
        with global_seed(seed):
            network = make_classifier(self.module, spec, len(classes))
        if callable(self.module):
            n_rows = min(int(self.batch_size), max(2, len(X)))  # a row may weigh several
            check_classifier_network(network, spec, len(classes), batch_size=n_rows)
        self.classes_, self._spec, self.image_shape_ = classes, spec, spec.image_shape
        return self._make_net(network, spec)

    def _go_on(self):
        """The net as the parameters say by now, with what it has learnt."""
        self._check_parameters(self._spec)
        old = self.net_
        net = self._make_net(old.module_.network, self._spec)
        net.go_on_from(old)
        return net

    def _check_parameters(self, spec):
        check_augmentation("augmentation", self.augmentation, spec)
        check_optimizer(self.optimizer)

    def _check_callbacks(self, *, validates):
        check_callbacks(
            self.callbacks,
            validates=validates,
            one_cycle=self.learning_rate_schedule == "one_cycle",
        )

    def _make_net(self, network, spec):
        """Wrap a network as the parameters say."""
        device, augmentation = resolve_device(self.device), own_augmentation(self.augmentation)
        precision = resolve_precision(self.precision, device, is_image=spec.is_image)
        return make_net(
            EncodedNetwork(
                network, spec, augmentation=augmentation, mixup=self.mixup, precision=precision
            ),
            n_classes=len(self.classes_),
            optimizer=self.optimizer,
            batch_size=int(self.batch_size),
            callbacks=self.callbacks,
            criterion__label_smoothing=self.label_smoothing,
            optimizer__weight_decay=float(self.weight_decay),
            lr=float(self.learning_rate),
            device=str(device),
            verbose=self.verbose,
        )

    def _train(self, net, X, y, weights, is_real, *, starts, is_partial=False):
        """Train ``net``, and keep it; for one pass at a constant rate if it is only a part."""
        labels = np.searchsorted(self.classes_, y)
        order, loss_weights = training_order(X, labels, weights)
        class_weights = None
        if self.class_weight is not None:
            class_weights = resolve_class_weights(
                self.class_weight, self.classes_, labels, weights
            )
        self._check_batch_size(loss_weights, class_weights)
        held_out = None
        if self.early_stopping and not is_partial:
            order, held_out = self._hold_out(X, labels, order, is_real)
        log_prior = None
        if self.logit_adjustment:
            self._check_shares_stay(is_real)
            log_prior = float(self.logit_adjustment) * log_class_prior(
                labels,
                len(self.classes_),
                order,
                loss_weights,
                class_weights,
                label_smoothing=self.label_smoothing,
            )
        seed = draw_seed(self._random_state)
        rng = torch.Generator().manual_seed(seed)
        passes = self._passes(order, is_real, rng, is_partial=is_partial)
        self.net_ = net  # of a training that Ctrl-C stops, too
        try:
            with global_seed(seed, net.device):  # for dropout
                net.train_on(
                    self._spec.as_tensor(X),
                    torch.from_numpy(labels),
                    passes=passes,
                    rng=rng,
                    one_cycle=self.learning_rate_schedule == "one_cycle" and not is_partial,
                    loss_weights=loss_weights,
                    class_weights=class_weights,
                    log_prior=log_prior,
                    held_out=held_out,
                )
            self._refuse_divergence()
        except Exception as error:
            if starts or isinstance(error, FloatingPointError):
                del self.net_  # nothing may predict with what is untrained or damaged
            raise
        finally:
            self.history_ = net.history

    def _passes(self, order, is_real, rng, *, is_partial):
        """For each epoch the rows that it goes over."""
        batch_size, max_epochs = int(self.batch_size), 1 if is_partial else self.max_epochs
        if max_epochs == "auto":
            max_epochs = count_auto_epochs(len(order), batch_size)
        return plan_passes(
            order,
            is_real,
            max_epochs,
            real_last=self.real_last,
            batch_size=batch_size,
            rng=rng,
        )

    def _check_shares_stay(self, is_real):
        """Refuse epochs in which the classes have other shares than were adjusted for."""
        if self.real_last and is_real is not None:
            raise ValueError(
                f"real_last={self.real_last} ends on real rows, among which classes have "
                f"other shares than logit_adjustment={self.logit_adjustment} takes out: set "
                "one of them to 0."
            )

    def _check_batch_size(self, loss_weights, class_weights):
        """Refuse batches of one row, that nothing is weighed against or mixed with."""
        if self.batch_size > 1:
            return
        given = {
            "mixup": self.mixup > 0,
            "sample_weight": loss_weights is not None,
            "class_weight": class_weights is not None,
        }
        for name, is_given in given.items():
            if is_given:
                raise ValueError(
                    f"batch_size=1 leaves {name} without effect, since rows of a batch are "
                    "weighed against each other, or mixed: pass batch_size=2 or more."
                )

    def _hold_out(self, X, labels, order, is_real):
        """``order`` without the rows held out and their copies; those rows and labels."""
        trains, rows = hold_out(
            X, labels, self.validation_fraction, self._split_seed, is_real=is_real
        )
        if not len(rows):
            raise ValueError(
                "early_stopping=True has nothing to hold back: no class has two different "
                "rows in X that synthetic_mask leaves real, or equal rows have several "
                "labels. Pass early_stopping=False, or more rows."
            )
        held_out = self._spec.as_tensor(X[rows]), torch.from_numpy(labels[rows])
        return order[trains[order]], held_out

    def _refuse_divergence(self):
        """Fail where weights are no numbers any more."""
        if not all(weight.isfinite().all() for weight in self.net_.module_.parameters()):
            raise FloatingPointError(
                f"Training diverged in {len(self.net_.history)} epochs: weights are not "
                f"finite. Lower learning_rate (now {self.learning_rate}) or weight_decay (now "
                f"{self.weight_decay})."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
