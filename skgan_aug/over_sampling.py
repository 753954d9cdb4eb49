"""CycleGANOverSampler: over-sample rare classes with translations of another class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import joblib
import numpy as np
import torch
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from imblearn.utils._validation import ArraysTransformer
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ._augmentation import AUGMENTATIONS, augment_rows, check_augmentation
from ._devices import check_compiler, deal_devices, resolve_device, resolve_precision
from ._files import check_path, make_folder
from ._frames import check_categories, check_frame, round_columns
from ._missing import check_unmasked
from ._random import derive_pair_seed, derive_seed, draw_seed, global_seed
from ._sampling_strategy import check_rare_classes, check_room, resolve_sampling_strategy
from ._scale import SCALE, count_synthetic, fractions_of_classes, min_strength_of_class
from ._validation import (
    as_it_was_if_refused,
    check_images,
    check_labels_are_classes,
    check_one_hot,
    named,
    plain_labels,
    real_number,
    warn_of_unlikely_images,
    whole_number,
)
from .images import ImageSpec, check_image_shape
from .networks import make_discriminator, make_generator
from .networks._factories import check_cyclegan_network
from .selection import SELECTIONS, score_rows
from .source_classes import check_sources, evenly, resolve_sources, source_rows
from .synthesis import translate_rows
from .synthetic_fraction import choose_synthetic_fraction
from .training import CycleGANCache, TrainingConfig, diagnose, train_cyclegan
from .training.reduction import reduced_spec

if TYPE_CHECKING:
    from typing_extensions import Self

NO_CYCLEGANS = (  # of an over-sampler that fit alone has seen, too
    "This %(name)s holds no CycleGANs: call fit_resample first, which trains them."
)
_MADE = (  # attributes of fit_resample that fit does not set
    "synthetic_fraction_",
    "cyclegans_",
    "history_",
    "synthetic_mask_",
    "source_indices_",
)
_N_DIAGNOSED = 128  # rows of either class that warnings of a failed training rest on
_N_TRIED = 128  # rows of X that a function of the user's is tried on


class CycleGANOverSampler(BaseOverSampler):
    """Over-sample rare classes with images translated from another class.

    For each class to be over-sampled, a CycleGAN is trained between a *source* class and
    it; source images are translated and join the training set, together with real rows
    of the rare class drawn again. Works on images and, without an image shape, on plain
    vectors.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many rows each class gains, in any form of imbalanced-learn. A float works
        for several classes too: each class below ``ratio * n_majority`` is raised to it,
        the others are left alone; with two classes the rare one must be below
        it, and what it gains is rounded down, as in imbalanced-learn.

    source : {"nearest", "majority", "rest"}, label or dict, default="nearest"
        The class that is translated:

        - "nearest": the one that looks most alike, among those with as many rows as the
          target and one for each translation that it takes to make it as large as the
          largest class, by the share of "scale";
        - "majority": the largest one;
        - "rest": all other classes together;
        - a label, or a dict {target: any of these} (targets it leaves out: "nearest").

    synthetic_fraction : float in [0, 1], "scale" or "auto", default="scale"
        Share of the added rows that are translations. The others are real rows of the
        class drawn with replacement: filling the whole deficit with translations can do
        worse than duplicating.

        - "scale": half where a class has at most 15 rows, and ``15 / (15 + n)`` where it
          has n: the more of them, the less translations add. None where that comes to
          fewer than one for a hundred rows, which are not worth a CycleGAN;
        - "auto": "scale", but 0 where that costs classifiers accuracy on a third of the
          rows, held back, beyond what chance explains; CycleGANs are trained twice for it.

    selection : None, {"discriminator", "classifier"} or callable, default=None
        How candidate translations are ranked, four for each that is kept where there are
        source rows enough. What is ranked has gone all of the way, whatever
        ``min_strength``. None: no ranking; "classifier": by an auxiliary classifier's
        probability of the target class; "discriminator": by how real the target's
        discriminator finds them; a callable: takes candidates as rows of X, (n, ...), and
        returns their scores, (n,), higher being better. It is tried on rows of X before
        anything is trained.

    min_strength : float in [0, 1] or "scale", default="scale"
        Each added translation goes a part of the way from its source, drawn between
        this and 1, all of the way. A classifier that learns from images between two
        classes puts their boundary there and not around the few rare images.

        - "scale": 0.3 where a class has at most 15 rows, 1 from 60 on, and between them
          in proportion: the more of them, the better they tell where their class ends;
        - 1: all go all of the way.

    copy_augmentation : None, {"flips", "shifts", "flips_shifts"} or callable, default=None
        What is done, once, to each of the real rows drawn again: mirroring left to right
        where a coin says so, a shift of up to an eighth of either side, both, or a function
        from a batch (n, C, H, W) in [-1, 1], or (n, d) of vectors, to one of its shape.
        None: they equal the rows they were drawn from. For classifiers without batches to
        augment, such as forests and support vectors; rows of X and translations stay as they
        are.

    image_shape : tuple of int, default=None
        (H, W) or (H, W, C) of the images that the rows of a 2-dimensional X hold. X of
        three or four dimensions carries its own. Without one, rows are vectors.

    generator : {"auto", "masked", "resnet", "mlp"} or callable, default="auto"
        "masked" edits the input where a mask says so, "resnet" is the paper's, "mlp" is
        for vectors; "auto" is "masked" for images and "mlp" for vectors. A callable takes
        the :class:`~skgan_aug.images.ImageSpec` and returns a ``torch.nn.Module``.

    discriminator : {"auto", "patch", "paper", "mlp"} or callable, default="auto"
        Likewise; "auto" is "patch" for images, which judges small patches, and "mlp" for
        vectors. "paper" judges patches of 70x70, in images of 24x24 or more.

    max_size : int or None, default=64
        Pixels of the longer side of images as the networks see them, 8 or more. Larger
        images are reduced for them, and what a generator changes is enlarged; finer details
        of an image stay where nothing changes. None: any size.

    max_iter : int, default=1300
        Optimisation steps for each pair of classes.

    batch_size : int, default=16
        Images drawn of either class per step.

    learning_rate : float, default=5e-4
        Of Adam; constant for the first half of the steps, then falling linearly to 0.

    cycle_weight : float, default=2
        Weight of the cycle-consistency loss beside the adversarial loss. The higher, the less
        an image changes: with the paper's 10, the masked generator learns to leave it alone.

    identity_weight : float, default=0
        Weight of the identity loss (a generator should leave its own class alone), not
        relative to ``cycle_weight``; 0 is off, as in the paper, and saves a quarter of the
        operations.

    classifier_weight : float, default=1
        Weight of the auxiliary classifier's loss, which makes translations cross into
        the target class: without it digits and faces (FER2013) stay what they were, for
        kinds of blood cells it makes little difference. 0 is off, as in the paper.

    real_label : float, default=1
        What discriminators should say to real images, and generators have them say to
        translations; the paper smooths it to 0.9.

    pool_size : int, default=64
        Past translations that discriminators are shown again; 0 is off.

    ema_decay : float in [0, 1), default=0.995
        Decay of the moving average of the generators' weights, which :meth:`translate`
        uses.

    n_snapshots : int, default=10
        Moments of training, spread over its last 70% but none among its first 300 steps,
        whose generators take turns in making the added translations: their errors differ,
        so that a classifier cannot know the class by them. Without any, the moving average
        makes them all.

    augment : None or tuple of {"color", "translation", "cutout"}, \
            default=("color", "translation", "cutout")
        Differentiable augmentation of the images that discriminators see.

    early_stopping : bool, default=False
        Stop training a pair where its target-class score (``history_``) has stopped
        rising, and keep the best weights, also in place of snapshots from after them.

    n_iter_no_change : int, default=300
        Steps without a score that is better by 0.01, which is taken every 50, after which
        ``early_stopping`` stops.

    memory : None, str, path or joblib.Memory, default=None
        Folder where trained CycleGANs are kept. They are found again by the pixels of the
        two classes and every parameter that shapes training, so a search over
        ``sampling_strategy``, ``synthetic_fraction`` or ``selection`` trains each once
        per fold, with seed 0 where ``random_state`` is no integer. Any number of processes
        may share the folder; nothing in it is executed.

    cache_size : int, default=None
        Bytes that ``memory`` may hold; the least recently used CycleGANs make room. None:
        no limit.

    checkpoint_dir : None, str or path, default=None
        Folder of checkpoints. An interrupted ``fit_resample``, called again with the same
        data and parameters, goes on where it stopped; seeds as for ``memory``. Checkpoints
        stay there, also of what was finished: empty it when all is done.

    n_jobs : int, default=None
        CycleGANs trained at the same time, through joblib; -1 uses all cores. On a CPU
        each trains on one thread, so that results do not depend on it.

    device : str or torch.device, default="auto"
        "auto" takes cuda, then mps, then cpu.

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Of matrix products while training; "auto" takes bfloat16 for images where the
        hardware multiplies it faster.

    compile : bool, default=False
        Compile the networks with ``torch.compile`` before training, which takes a minute or
        two and needs a compiler (g++). A step of the paper's networks is then faster on a
        CPU; one of the default networks is not.

    random_state : int, RandomState or None, default=None
        Drives everything. With an integer, refits on a CPU with as many threads agree
        exactly.

    verbose : int, default=0
        1 shows a progress bar for each pair, 2 the losses in it too.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows added}.

    synthetic_fraction_ : dict
        {label: share of translations in the rows added}, of classes that gain rows.

    cyclegans_ : dict
        {(source, target): :class:`~skgan_aug.training.CycleGAN`}.

    history_ : dict
        {(source, target): list of dict}, for every 50 steps: ``n_iter``, the mean of each
        loss, and ``target_score``, the mean probability of the target class that the
        auxiliary classifier gives to translations.

    image_shape_ : tuple of int or None
        (H, W) or (H, W, C); None for vectors.

    synthetic_mask_ : bool ndarray of shape (n_samples_new,)
        Which rows of the result are translations.

    source_indices_ : int64 ndarray of shape (n_samples_new,)
        The row of X that each row of the result is, or was made from.

    n_features_in_ : int
        Number of columns of a 2-dimensional X; of images, ``X.shape[1]``.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where X has them and all are strings.

    See Also
    --------
    TorchCNNClassifier : The classifier to train on the result.
    skgan_aug.comparison.compare_samplers : Whether it helps on your images.

    Notes
    -----
    A CycleGAN has no noise input: each moment of training makes as many different
    translations as there are source rows. Where more are wanted, images are shifted by up
    to an eighth of their side, and vectors moved towards another row of their class, before
    they are translated again.

    References
    ----------
    .. [1] Zhu, Liu, Qin, Li, "Data Augmentation in Emotion Classification Using
       Generative Adversarial Networks", arXiv 1711.00648, 2017.
    .. [2] Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using
       Cycle-Consistent Adversarial Networks", ICCV 2017.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import load_digits
    >>> from skgan_aug import CycleGANOverSampler
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> X, y = X[(y != 1) | (y.cumsum() < 60)], y[(y != 1) | (y.cumsum() < 60)]
    >>> sampler = CycleGANOverSampler(image_shape=(8, 8), max_iter=5, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> sorted(Counter(y_resampled.tolist()).items())
    [(0, 178), (1, 178), (2, 178)]
    """

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "source": "no_validation",  # any label may be one: checked against y
        "synthetic_fraction": [
            Interval(Real, 0, 1, closed="both"),
            StrOptions({SCALE, "auto"}),
        ],
        "selection": [StrOptions(set(SELECTIONS)), callable, None],
        "min_strength": [Interval(Real, 0, 1, closed="both"), StrOptions({SCALE})],
        "copy_augmentation": [StrOptions(set(AUGMENTATIONS)), callable, None],
        "image_shape": [list, tuple, np.ndarray, None],
        "generator": [StrOptions({"auto", "masked", "resnet", "mlp"}), callable],
        "discriminator": [StrOptions({"auto", "patch", "paper", "mlp"}), callable],
        "max_size": [whole_number(8), None],
        "max_iter": [whole_number(1)],
        "batch_size": [whole_number(1)],
        "learning_rate": [real_number("right")],
        "cycle_weight": [real_number()],
        "identity_weight": [real_number()],
        "classifier_weight": [real_number()],
        "real_label": [real_number("right")],
        "pool_size": [whole_number(0)],
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
        "n_snapshots": [whole_number(0)],
        "augment": [list, tuple, np.ndarray, None],
        "early_stopping": ["boolean"],
        "n_iter_no_change": [whole_number(1)],
        "memory": [str, Path, HasMethods("cache"), None],
        "cache_size": [Interval(Integral, 0, None, closed="left"), None],
        "checkpoint_dir": [str, Path, None],
        "n_jobs": [whole_number(-(2**31), -1), whole_number(1), None],
        "device": [str, torch.device],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "compile": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: float | str | dict | Callable = "auto",
        source: Hashable | dict = "nearest",
        synthetic_fraction: float | Literal["scale", "auto"] = "scale",
        selection: Literal["discriminator", "classifier"] | Callable | None = None,
        min_strength: float | Literal["scale"] = "scale",
        copy_augmentation: Literal["flips", "shifts", "flips_shifts"] | Callable | None = None,
        image_shape: tuple[int, ...] | None = None,
        generator: Literal["auto", "masked", "resnet", "mlp"]
        | Callable[..., nn.Module] = "auto",
        discriminator: Literal["auto", "patch", "paper", "mlp"]
        | Callable[..., nn.Module] = "auto",
        max_size: int | None = 64,
        max_iter: int = 1300,
        batch_size: int = 16,
        learning_rate: float = 5e-4,
        cycle_weight: float = 2.0,
        identity_weight: float = 0.0,
        classifier_weight: float = 1.0,
        real_label: float = 1.0,
        pool_size: int = 64,
        ema_decay: float = 0.995,
        n_snapshots: int = 10,
        augment: Sequence[str] | None = ("color", "translation", "cutout"),
        early_stopping: bool = False,
        n_iter_no_change: int = 300,
        memory: str | Path | joblib.Memory | None = None,
        cache_size: int | None = None,
        checkpoint_dir: str | Path | None = None,
        n_jobs: int | None = None,
        device: str | torch.device = "auto",
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
        compile: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.source = source
        self.synthetic_fraction = synthetic_fraction
        self.selection = selection
        self.min_strength = min_strength
        self.copy_augmentation = copy_augmentation
        self.image_shape = image_shape
        self.generator = generator
        self.discriminator = discriminator
        self.max_size = max_size
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.classifier_weight = classifier_weight
        self.real_label = real_label
        self.pool_size = pool_size
        self.ema_decay = ema_decay
        self.n_snapshots = n_snapshots
        self.augment = augment
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.memory = memory
        self.cache_size = cache_size
        self.checkpoint_dir = checkpoint_dir
        self.n_jobs = n_jobs
        self.device = device
        self.precision = precision
        self.compile = compile
        self.random_state = random_state
        self.verbose = verbose

    @classmethod
    def paper(cls, **params: Any) -> Self:
        """Make a sampler with the networks and values of Zhu et al. (2017).

        The residual generator of 64 filters and 6 blocks and the 70x70 discriminator;
        real label 0.9, cycle weight 10, no identity loss, pool of 30, batches of one image,
        Adam with a rate of 2e-4 that falls to 0 over the second half; no moving average, no
        augmentation; the whole deficit filled with translations.

        Parameters
        ----------
        **params
            Further parameters, or other values for these.

        Returns
        -------
        sampler : CycleGANOverSampler
            For images of at least 24x24. The paper's source is the neutral expression:
            pass it as ``source``, and in ``sampling_strategy`` what is to be made of it.

        Examples
        --------
        >>> from skgan_aug import CycleGANOverSampler
        >>> CycleGANOverSampler.paper(source="neutral", max_iter=20_000).pool_size
        30
        """
        of_paper = {
            "generator": "resnet",
            "discriminator": "paper",
            "max_size": None,
            "synthetic_fraction": 1.0,
            "min_strength": 1.0,
            "batch_size": 1,
            "learning_rate": 2e-4,
            "cycle_weight": 10.0,
            "identity_weight": 0.0,
            "classifier_weight": 0.0,
            "real_label": 0.9,
            "pool_size": 30,
            "ema_decay": 0.0,
            "n_snapshots": 0,
            "augment": None,
        }
        return cls(**of_paper | params)

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Check X, y and the parameters; trains nothing.

        Use :meth:`fit_resample` in all cases.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            Vectors, flattened images or images.

        y : array-like of shape (n,)
            Labels.

        Returns
        -------
        self : CycleGANOverSampler
            Nothing was trained: it cannot translate yet.
        """
        self._validate_params()
        with as_it_was_if_refused(self, _MADE), torch.inference_mode(False):
            self._prepare(*self._check_X_y(X, y)[:2])
        self._forget()
        return self

    def fit_resample(self, X: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
        """Train a CycleGAN for each rare class and over-sample with it.

        Parameters
        ----------
        X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
            Vectors, flattened images or images, of any numeric dtype and range, finite.

        y : array-like of shape (n,) or one-hot of shape (n, n_classes)
            Labels.

        Returns
        -------
        X_resampled : array-like of shape (n_new, ...)
            The rows of X, unchanged and first, then the added rows; container, dtype and
            shape as in X. A list of pictures comes back as a list of arrays.

        y_resampled : array-like of shape (n_new,) or (n_new, n_classes)
            Their labels.

        Raises
        ------
        ValueError
            Before any training, for X, y or parameters that cannot work; the message
            names what and the remedy.

        FloatingPointError
            When training diverged, at half the learning rate too.

        Warns
        -----
        ConvergenceWarning
            When a CycleGAN trained for 200 steps or more returns its input, translations
            without variety or of the source class, or let a discriminator win.

        UserWarning
            For uint8 images that use less than an eighth of 0 to 255, and for images whose
            channels seem to come first.
        """
        self._validate_params()
        given_X, given_y = X, y
        # What is made in inference mode can never be trained.
        with as_it_was_if_refused(self, _MADE), torch.inference_mode(False):
            X, y, is_one_hot = self._check_X_y(X, y)
            # Numbers of Python take many times the memory of images, and know no uint8.
            holds_arrays = isinstance(given_X, list) and not isinstance(
                given_X[0], list | tuple
            )
            arrays = ArraysTransformer(X if holds_arrays else given_X, given_y)
            X_resampled, y_resampled = self._fit_resample(X, y)
        self._warn_of_failures(X, y)
        if is_one_hot:  # scikit-learn's label_binarize would make one column of two
            n_columns = np.shape(given_y)[1]
            y_resampled = np.eye(n_columns, dtype=np.int64)[y_resampled]
        round_columns(X_resampled, getattr(given_X, "dtypes", ()))
        X_resampled, y_resampled = arrays.transform(X_resampled, y_resampled)
        return list(X_resampled) if holds_arrays else X_resampled, y_resampled

    def translate(self, X: ArrayLike, *, source: Hashable, target: Hashable) -> np.ndarray:
        """Translate images of one class into another with a trained CycleGAN.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Rows like those of ``fit_resample``.

        source, target : label
            A pair of ``cyclegans_``, or its reverse: a CycleGAN translates both ways.

        Returns
        -------
        X_translated : ndarray of the shape of X
            In the dtype and range of what was fitted, whatever the dtype of X.

        Raises
        ------
        NotFittedError
            Before ``fit_resample``.

        ValueError
            When no CycleGAN was trained between the two.
        """
        check_is_fitted(self, "cyclegans_", msg=NO_CYCLEGANS)
        try:
            reverse = (source, target) not in self.cyclegans_
            pair = (target, source) if reverse else (source, target)
            cyclegan = self.cyclegans_.get(pair)
        except TypeError:  # what cannot be hashed is no label
            cyclegan = None
        if cyclegan is None:
            raise ValueError(
                f"No CycleGAN was trained between source={source!r} and target={target!r}. "
                f"There are {list(self.cyclegans_)}."
            )
        originals = check_images(self, X, reset=False, spec=cyclegan.spec)
        device = resolve_device(self.device)
        # Many at a time, but never all: as floats they take many times the memory of X.
        rows, n = np.empty(originals.shape, dtype=cyclegan.spec.dtype), cyclegan.turn_size
        for part in (slice(start, start + n) for start in range(0, len(originals), n)):
            translations = cyclegan.translate(originals[part], reverse=reverse, device=device)
            rows[part] = cyclegan.spec.decode(translations)
        return rows

    def _forget(self):
        """Drop what an earlier call made: it must not stand beside what this one finds."""
        for name in _MADE:
            if hasattr(self, name):
                delattr(self, name)

    def _check_X_y(self, X, y):
        with named("X"):
            check_frame(X)
            check_categories(X)
        with named("y"):
            if hasattr(y, "toarray"):  # of a sparse matrix, argmax makes a matrix again
                y = y.toarray()
            check_frame(y)
            check_unmasked(y=y)
            y = plain_labels(y)
            check_labels_are_classes(y)
            given = np.asarray(y) if np.ndim(y) > 1 else y
            y, is_one_hot = check_target_type(given, indicate_one_vs_all=True)
            if is_one_hot:
                check_one_hot(given)
            if np.asarray(y).dtype.kind in "mM":  # tolist() makes other labels of them
                raise ValueError("y holds dates: pass strings, such as y.astype(str).")
        X, y = check_images(self, X, y, reset=True)
        warn_of_unlikely_images(X, check_image_shape(X.shape, self.image_shape))
        return X, y, is_one_hot

    def _prepare(self, X, y):
        """Resolve every parameter against X and y, and refuse what cannot work."""
        self.sampling_strategy_ = resolve_sampling_strategy(self.sampling_strategy, y)
        spec = ImageSpec.from_array(X, self.image_shape)
        self.image_shape_ = spec.image_shape
        n_to_add = {label: n for label, n in self.sampling_strategy_.items() if n}
        may_be = SCALE if self.synthetic_fraction == "auto" else self.synthetic_fraction
        n_synthetic = count_synthetic(fractions_of_classes(may_be, y, n_to_add), n_to_add)
        targets = [target for target, n in n_synthetic.items() if n]
        check_rare_classes(y, targets)
        check_room(X, n_to_add)
        check_sources(self.source, y, list(n_to_add))
        sources = resolve_sources(self.source, X, y, targets, are_images=spec.is_image)
        device = resolve_device(self.device)
        if self.compile:
            check_compiler(device)
        self._check_networks(reduced_spec(spec, self.max_size))
        check_augmentation("copy_augmentation", self.copy_augmentation, spec)
        if callable(self.copy_augmentation):
            self._augmented_copies(X[:_N_TRIED], spec, seed=0)
        if callable(self.selection):
            score_rows(self.selection, X[:_N_TRIED])
        for parameter in ("memory", "checkpoint_dir"):
            check_path(parameter, getattr(self, parameter))
        if hasattr(self.memory, "cache") and not hasattr(self.memory, "location"):
            raise ValueError(
                f"memory={self.memory!r} does not say where it keeps things: pass a folder "
                "or a joblib.Memory."
            )
        return spec, n_to_add, sources, device, self._config(spec, device)

    def _check_networks(self, spec):
        """Refuse names and factories that do not suit what the networks see."""
        makers = {"generator": make_generator, "discriminator": make_discriminator}
        for parameter, make in makers.items():
            given = getattr(self, parameter)
            with global_seed(0):
                network = make(given, spec)
            if callable(given):
                check_cyclegan_network(
                    parameter,
                    network,
                    spec,
                    batch_size=int(self.batch_size),
                    is_sent=joblib.effective_n_jobs(self.n_jobs) > 1,
                )

    def _config(self, spec, device):
        # Plain numbers: torch and JSON refuse some of NumPy's, and True for 1.
        return TrainingConfig(
            max_iter=int(self.max_iter),
            batch_size=int(self.batch_size),
            learning_rate=float(self.learning_rate),
            cycle_weight=float(self.cycle_weight),
            identity_weight=float(self.identity_weight),
            classifier_weight=float(self.classifier_weight),
            real_label=float(self.real_label),
            pool_size=int(self.pool_size),
            ema_decay=float(self.ema_decay),
            n_snapshots=int(self.n_snapshots),
            augment=() if self.augment is None else tuple(self.augment),
            early_stopping=bool(self.early_stopping),
            n_iter_no_change=int(self.n_iter_no_change),
            precision=resolve_precision(self.precision, device, is_image=spec.is_image),
            compile=bool(self.compile),
        )

    def _fit_resample(self, X, y):
        spec, n_to_add, sources, device, config = self._prepare(X, y)
        self._make_folders()
        self._forget()
        seed = draw_seed(check_random_state(self.random_state))
        training_seed = self._training_seed(seed)
        classes = np.unique(y).tolist()
        fraction = self.synthetic_fraction
        if fraction == "auto":
            # Where no class is to be translated, there is nothing to try.
            fraction = self._choose_fraction(X, y, n_to_add, training_seed) if sources else 0
        self.synthetic_fraction_ = fractions_of_classes(fraction, y, n_to_add)
        n_synthetic = count_synthetic(self.synthetic_fraction_, n_to_add)
        pairs = [(sources[target], target) for target, n in n_synthetic.items() if n]
        # A seed for each pair, whichever others there are: the cache lives by it.
        seeds = {pair: derive_pair_seed(training_seed, pair, classes) for pair in pairs}
        self.cyclegans_ = self._train(X, y, seeds, spec, config, device)
        self.history_ = {pair: gan.history for pair, gan in self.cyclegans_.items()}

        added = []  # (label, rows, source indices, whether they are translations)
        for target, n in n_to_add.items():
            rng = np.random.RandomState(derive_seed(seed, 0, classes.index(target)))
            if n_synthetic[target]:
                pair = sources[target], target
                made = self._translations(X, y, pair, n_synthetic[target], rng, device)
                added.append((target, *made, True))
            origins = rng.choice(np.flatnonzero(y == target), n - n_synthetic[target])
            copies = self._augmented_copies(X[origins], spec, seed=draw_seed(rng))
            added.append((target, copies, origins, False))
        return self._assemble(X, y, added)

    def _training_seed(self, seed):
        """The seed of all that is trained, and of the rows that "auto" holds back."""
        is_kept = self._cache() is not None or self.checkpoint_dir is not None
        if is_kept and not isinstance(self.random_state, Integral):
            return 0  # any will do, but what is kept is found again by its seed
        return seed

    def _translations(self, X, y, pair, n, rng, device):
        """Rows for the target class, and the rows they were translated from."""
        n_real = int(np.count_nonzero(y == pair[1]))
        return translate_rows(
            self.cyclegans_[pair],
            X,
            source_rows(y, *pair),
            n,
            selection=self.selection,
            min_strength=min_strength_of_class(self.min_strength, n_real),
            random_state=rng,
            device=device,
        )

    def _augmented_copies(self, copies, spec, *, seed):
        return augment_rows(
            self.copy_augmentation, copies, spec, seed=seed, parameter="copy_augmentation"
        )

    def _choose_fraction(self, X, y, n_to_add, seed):
        rng = np.random.RandomState(derive_seed(seed, 0))
        return choose_synthetic_fraction(self, X, y, n_to_add, random_state=rng)

    def _make_folders(self):
        """Make the folders to write to, or refuse them, before anything is trained."""
        cache = self._cache()
        if cache is not None:
            make_folder("memory", cache.folder)
        if self.checkpoint_dir is not None:
            make_folder("checkpoint_dir", Path(self.checkpoint_dir).absolute())

    def _train(self, X, y, seeds, spec, config, device):
        """Train a CycleGAN for each pair, or find it in ``memory``."""
        cache, devices = self._cache(), deal_devices(device, len(seeds))
        checkpoint_dir = self.checkpoint_dir
        if checkpoint_dir is not None:
            checkpoint_dir = Path(checkpoint_dir).absolute()
        # joblib starts as many processes as it is told, needed or not.
        n_jobs = min(joblib.effective_n_jobs(self.n_jobs), max(1, len(seeds)))
        cyclegans = joblib.Parallel(n_jobs=n_jobs)(
            joblib.delayed(train_cyclegan)(
                spec,
                config,
                X[source_rows(y, source, target)],
                X[y == target],
                generator=self.generator,
                discriminator=self.discriminator,
                max_size=self.max_size,
                seed=seed,
                device=str(own_device),
                title=f"CycleGAN {source} -> {target}",
                verbose=self.verbose,
                checkpoint_dir=checkpoint_dir,
                cache=cache,
            )
            for ((source, target), seed), own_device in zip(
                seeds.items(), devices, strict=True
            )
        )
        return dict(zip(seeds, cyclegans, strict=True))

    def _cache(self):
        """Where trained CycleGANs are kept, if anywhere.

        By its absolute path: joblib's processes may have been started in another folder.
        """
        folder: Any = self.memory
        if hasattr(folder, "cache"):  # a joblib.Memory, which keeps nothing without location
            folder = folder.location and Path(folder.location) / "cyclegans"
        if folder is None:
            return None
        return CycleGANCache(Path(folder).absolute(), self.cache_size)

    def _warn_of_failures(self, X, y):
        device = resolve_device(self.device)
        for (source, target), cyclegan in self.cyclegans_.items():
            own = source_rows(y, source, target), np.flatnonzero(y == target)
            some = (evenly(rows, _N_DIAGNOSED) for rows in own)
            for finding in diagnose(cyclegan, *(X[rows] for rows in some), device=device):
                warnings.warn(
                    f"CycleGAN {source} -> {target}: {finding}.",
                    ConvergenceWarning,
                    stacklevel=3,
                )

    def _assemble(self, X, y, added):
        """Rows of X first, then what was added, class by class."""
        labels, rows, origins, are_synthetic = zip(
            (None, X, np.arange(len(X)), False), *added, strict=True
        )
        counts = [len(part) for part in rows]
        self.synthetic_mask_ = np.repeat(are_synthetic, counts)
        self.source_indices_ = np.concatenate(origins).astype(np.int64)
        y_added = np.repeat(np.array(labels[1:], dtype=y.dtype), counts[1:])
        # Concatenating alone would give up a foreign byte order.
        X_resampled = np.concatenate(rows, dtype=X.dtype)
        return X_resampled, np.concatenate([y, y_added])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.three_d_array = True
        return tags
