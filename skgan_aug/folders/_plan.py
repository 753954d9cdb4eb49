"""What a folder of images holds and lacks: all is decided before anything is trained."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.base import clone
from tqdm.auto import tqdm

from .._sampling_strategy import check_rare_classes, resolve_sampling_strategy
from .._scale import count_synthetic, fractions_of_classes
from ..datasets._decode import UnreadableImageError, read_image, read_images
from ..datasets._files import (
    IN_NO_CLASS,
    check_classes_read,
    list_class_files,
    split_folders,
)
from ..datasets._folder import check_options, warn_of_darkness
from ..over_sampling import CycleGANOverSampler
from ..source_classes import check_sources, resolve_sources, source_rows

_THUMBNAIL_SIDE = 32  # enough to tell which classes look alike


@dataclass(frozen=True)
class ClassPlan:
    """What becomes of a class.

    Parameters
    ----------
    name : str
        Its folder.

    n_images : int
        Images that can be read.

    n_synthetic, n_duplicates : int
        What is added: translations, and images of its own again.

    source : str or None
        The class that is translated; None where nothing is.

    Examples
    --------
    >>> from skgan_aug.folders import ClassPlan
    >>> plan = ClassPlan("dog", n_images=2, n_synthetic=2, n_duplicates=2, source="cat")
    >>> plan.n_images + plan.n_synthetic + plan.n_duplicates
    6
    """

    name: str
    n_images: int
    n_synthetic: int
    n_duplicates: int
    source: str | None


@dataclass(frozen=True, eq=False)
class FolderPlan:
    """What :func:`augment_folder` is going to do.

    Parameters
    ----------
    root : Path
        The folder of class folders, absolute.

    sampler : CycleGANOverSampler
        A clone, not fitted.

    files : list of Path
        Images that can be read, relative to ``root``.

    y : str ndarray of shape (n,)
        The class of each.

    left_out : list of tuple (Path, str)
        Image files that cannot be read, are not opened or are in no class folder, relative
        to ``root``, and why.

    others : list of Path
        Files of other kinds, relative to ``root``, which are left out too.

    image_size : tuple (H, W)
        Of the translations.

    resize : str
        How images get to it.

    mode : {"L", "RGB"}
        Of the translations.

    n_to_add : dict
        ``{class: images to add}``.

    sources : dict
        ``{class: the class that is translated}``, or "rest" for all others, of the classes
        that gain translations.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.folders import plan_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, n in [("cat", 6), ("dog", 2)]:
    ...         Path(folder, name).mkdir()
    ...         for i in range(n):
    ...             Image.effect_noise((8, 8), 50).save(Path(folder, name, f"{i}.png"))
    ...     plan = plan_folder(folder, CycleGANOverSampler(random_state=0))
    >>> plan.image_size, len(plan.files), [one.name for one in plan.classes]
    ((8, 8), 8, ['cat', 'dog'])
    """

    root: Path
    sampler: CycleGANOverSampler
    files: list
    y: np.ndarray
    left_out: list
    others: list
    image_size: tuple
    resize: str
    mode: str
    n_to_add: dict
    sources: dict

    @property
    def seed(self) -> int:
        """What drives everything; 0 where ``random_state`` is no integer."""
        random_state = self.sampler.random_state
        return int(random_state) if isinstance(random_state, Integral) else 0

    @property
    def classes(self) -> list[ClassPlan]:
        """A ClassPlan for each class."""
        names, counts = np.unique(self.y, return_counts=True)
        n_synthetic = _n_synthetic(self.sampler, self.y, self.n_to_add)
        plans = []
        for name, n_images in zip(names.tolist(), counts.tolist(), strict=True):
            made, n = n_synthetic.get(name, 0), self.n_to_add.get(name, 0)
            plans.append(ClassPlan(name, n_images, made, n - made, self.sources.get(name)))
        return plans

    def source_positions(self, target: str) -> np.ndarray:
        """Find what may be translated into a class.

        Parameters
        ----------
        target : str
            A class of ``sources``.

        Returns
        -------
        positions : int ndarray
            In ``files``.
        """
        return source_rows(self.y, self.sources[target], target)

    def read(self, position: int, size: tuple[int, int] | None = None) -> np.ndarray:
        """Read an image.

        Parameters
        ----------
        position : int
            In ``files``.

        size : tuple (H, W), default=None
            What it is resized to; that of the translations by default.

        Returns
        -------
        image : uint8 ndarray of shape (H, W) or (H, W, 3)
            From 0 to 255.

        Raises
        ------
        ValueError
            Where the file can no longer be read.
        """
        file = self.root / self.files[position]
        size = self.image_size if size is None else size
        try:
            return read_image(file, size=size, resize=self.resize, mode=self.mode)
        except UnreadableImageError as error:
            raise ValueError(
                f"{file} could be read a while ago, but not now: {error}"
            ) from error


class _Thumbnails:
    """Images of a plan, small, read when they are indexed."""

    def __init__(self, plan):
        self.plan = plan
        self.size = tuple(min(side, _THUMBNAIL_SIDE) for side in plan.image_size)

    def __getitem__(self, rows):
        return np.stack([self.plan.read(row, self.size) for row in rows])


def plan_folder(
    root: str | os.PathLike[str],
    sampler: CycleGANOverSampler,
    *,
    size: int | tuple[int, int] | None = None,
    resize: Literal["stretch", "crop", "pad"] = "stretch",
    mode: Literal["L", "RGB"] | None = None,
) -> FolderPlan:
    """Look at every image of a folder of class folders and plan what to add.

    Every file is read once, one at a time, so that what is damaged is known before anything
    is trained. Nothing is written.

    Parameters
    ----------
    root : str or path-like
        Holds one folder of images per class.

    sampler : CycleGANOverSampler
        How to over-sample; labels are the names of the folders.

    size : int or tuple (height, width), default=None
        The size of the images in memory, which is that of the translations. Without one,
        all files must be of one size.

    resize : {"stretch", "crop", "pad"}, default="stretch"
        How images get to it, see :func:`~skgan_aug.datasets.resize_images`.

    mode : {"L", "RGB"}, default=None
        Grey or colour. By default grey if no file has colour, else RGB.

    Returns
    -------
    plan : FolderPlan
        Nothing is written or trained yet.

    Raises
    ------
    ValueError
        When the folder or the sampler's parameters cannot work.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.folders import plan_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, n in [("cat", 6), ("dog", 2)]:
    ...         Path(folder, name).mkdir()
    ...         for i in range(n):
    ...             Image.effect_noise((8, 8), 50).save(Path(folder, name, f"{i}.png"))
    ...     plan = plan_folder(folder, CycleGANOverSampler(random_state=0))
    >>> plan.n_to_add, plan.sources
    ({'dog': 4}, {'dog': 'cat'})
    """
    check_options(size, resize, mode)
    sampler._validate_params()
    if sampler.synthetic_fraction == "auto":
        raise ValueError(
            "synthetic_fraction='auto' trains classifiers on all images at once; those of a "
            "folder are read as they are needed. Give 'scale' or a number, such as 0.5."
        )
    if sampler.copy_augmentation is not None:
        raise ValueError(
            f"copy_augmentation={sampler.copy_augmentation!r:.60} changes copies, and those "
            "of a folder are its files. Give None, and flip and shift images where they are "
            "learnt from."
        )
    root = Path(root)
    splits = split_folders(root)
    if len(splits) > 1:
        raise ValueError(
            f"{root} holds splits, not classes. Over-sample the training images alone: "
            f"give {splits['train']}."
        )
    listing = list_class_files(root)
    _check_several_classes(listing)
    check_classes_read(listing, listing.target, listing.refused)
    labels = listing.names[listing.target]  # refused before the files are read
    check_sources(sampler.source, labels, list(_n_to_add(sampler, labels)))
    kept, damaged, found_size, found_mode = _look_at(listing, size, resize, sampler.verbose)
    target = listing.target[kept]
    check_classes_read(listing, target, damaged)
    y = listing.names[target]
    left_out = [*listing.refused, *damaged, *((file, IN_NO_CLASS) for file in listing.stray)]
    plan = FolderPlan(
        root=root.absolute(),
        sampler=clone(sampler).set_params(
            image_shape=None,
            memory=_absolute(sampler.memory),
            checkpoint_dir=_absolute(sampler.checkpoint_dir),
        ),
        files=[listing.files[position].relative_to(root) for position in kept],
        y=y,
        left_out=[(file.relative_to(root), why) for file, why in left_out],
        others=[file.relative_to(root) for file in listing.others],
        image_size=found_size,
        resize=resize,
        mode=mode or found_mode,
        n_to_add=_n_to_add(sampler, y),
        sources={},
    )
    targets = _translated(sampler, y, plan.n_to_add)
    sources = resolve_sources(sampler.source, _Thumbnails(plan), y, targets)
    plan = replace(plan, sources=sources)
    _try_sampler(plan)
    return plan


def _check_several_classes(listing):
    names = listing.names.tolist()
    if len(names) < 2:
        raise ValueError(
            f"{listing.root} holds one class folder, {names[0]!r}, and classes are balanced "
            "against one another. Give the folder that holds a folder for each class."
        )


def _absolute(folder):
    """A folder that is the same one in processes that were started in another folder."""
    return Path(folder).absolute() if isinstance(folder, str | Path) else folder


def _look_at(listing, size, resize, verbose):
    """Read every file: which can be read, the others and why, the size and mode of all."""
    kept, mode, first, brightest = [], "L", None, []
    damaged: list = []
    files = tqdm(listing.files, "reading", disable=not verbose, leave=False)
    for position, image in read_images(files, damaged, size=size, resize=resize):
        file = listing.files[position]
        kept.append(position)
        mode = "RGB" if image.ndim == 3 else mode
        brightest.append(image.max())
        first = first or (file, image.shape[:2])
        if image.shape[:2] != first[1]:
            raise ValueError(
                f"The images differ in size: {first[0]} is {first[1][0]} x {first[1][1]}, "
                f"{file} is {image.shape[0]} x {image.shape[1]}. "
                "Give the size to bring them to, such as size=32 (--size 32)."
            )
    if first is None:
        file, reason = damaged[0]
        raise ValueError(
            f"None of the image files in {listing.root} can be read ({file}: {reason})."
        )
    warn_of_darkness(listing.names[listing.target[kept]].tolist(), brightest)
    return kept, damaged, first[1], mode


def _n_to_add(sampler, y):
    n_to_add = resolve_sampling_strategy(sampler.sampling_strategy, y)
    n_to_add = {str(name): n for name, n in n_to_add.items() if n}
    check_rare_classes(y, _translated(sampler, y, n_to_add))
    return n_to_add


def _translated(sampler, y, n_to_add):
    """The classes that gain translations."""
    return [name for name, n in _n_synthetic(sampler, y, n_to_add).items() if n]


def _n_synthetic(sampler, y, n_to_add):
    fractions = fractions_of_classes(sampler.synthetic_fraction, y, n_to_add)
    return count_synthetic(fractions, n_to_add)


def _try_sampler(plan):
    """Let the sampler refuse what cannot work with these images now, on two of them."""
    if not plan.n_to_add:
        return
    X = np.stack([plan.read(0), plan.read(1)])[[0, 1, 0, 1, 0, 1]]
    sampler = clone(plan.sampler).set_params(source="nearest", sampling_strategy="auto")
    with warnings.catch_warnings():
        # The first images may be blank where others are not.
        warnings.filterwarnings("ignore", "X holds uint8 images of values from")
        sampler.fit(X, [0, 0, 0, 0, 1, 1])
