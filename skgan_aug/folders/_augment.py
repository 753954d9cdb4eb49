"""From a plan to a balanced folder."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import numpy as np
from sklearn.base import clone

from .. import __version__
from .._devices import deal_devices, resolve_device
from .._random import derive_pair_seed
from .._threads import taking_turns
from ._output import FileNames, OutputFolder, check_output

if TYPE_CHECKING:
    from ._plan import FolderPlan

# More sources than this are never trained on: they are drawn at random, and the steps are few.
_MAX_SOURCES = 20_000
# What can change between two runs without changing the files.
_FREE_PARAMETERS = frozenset(
    {"cache_size", "checkpoint_dir", "device", "memory", "n_jobs", "random_state"}
    | {"sampling_strategy", "source", "verbose"}
)


def augment_folder(
    plan: FolderPlan,
    out: str | os.PathLike[str],
    *,
    copy: bool = False,
    callback: Callable | None = None,
) -> None:
    """Write a balanced copy of a folder of class folders.

    Originals are linked (copied where the file system cannot) under their own names. Added
    files say what they are: ``a.duplicate-1.jpg`` is ``a.jpg`` of the same class again, and
    ``a.synthetic-from-dog-1.png`` was translated from ``a.jpg`` of class dog, in the size
    of the plan. ``manifest.csv`` lists all files with their class, kind (original, duplicate
    or synthetic), source file, and, if synthetic, score: the probability of their class that
    the auxiliary classifier of the training gives them. ``left_out.csv`` lists the files that
    could not be read, ``augment.json`` what was asked for.

    An interrupted call, made again, goes on where it stopped. One pair of classes at a time is
    held in memory (``sampler.n_jobs`` pairs), in the size of the plan.

    Parameters
    ----------
    plan : FolderPlan
        Of :func:`plan_folder`.

    out : str or path-like
        A new or empty folder, or one that a call with the same plan has begun to fill.

    copy : bool, default=False
        Copy the originals rather than link them, those that an earlier call linked too.

    callback : callable, default=None
        Called with the name of each class that gains images, once it has them.

    Raises
    ------
    ValueError
        When ``out`` holds anything else: nothing is overwritten.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.folders import augment_folder, plan_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pets, balanced = Path(folder, "pets"), Path(folder, "balanced")
    ...     for name, n in [("cat", 6), ("dog", 2)]:
    ...         (pets / name).mkdir(parents=True)
    ...         for i in range(n):
    ...             Image.effect_noise((8, 8), 50).save(pets / name / f"{i}.png")
    ...     plan = plan_folder(pets, CycleGANOverSampler(max_iter=2, random_state=0))
    ...     augment_folder(plan, balanced)
    ...     sorted(file.name for file in (balanced / "dog").glob("*.duplicate-*"))
    ['1.duplicate-1.png', '1.duplicate-2.png']
    """
    check_output(out, plan.root)
    output = OutputFolder(out)
    with output.begin(_settings(plan)):
        if copy:  # an earlier run may have linked
            for folder in {file.parent for file in plan.files}:
                output.part_links(folder)
        if output.is_finished:
            return
        for file in plan.files:
            output.place(plan.root / file, file, copy=copy)
        device = resolve_device(plan.sampler.device)
        devices = deal_devices(device, len(plan.n_to_add))
        filled = joblib.Parallel(n_jobs=plan.sampler.n_jobs, return_as="generator")(
            joblib.delayed(_fill_class)(plan, number, output, str(own_device), copy)
            for number, own_device in enumerate(devices)
        )
        parts = []
        for target, part in zip(plan.n_to_add, filled, strict=True):
            parts.append(part)
            if callback is not None:
                callback(target)
        for message in (message for part in parts for message in part["warnings"]):
            warnings.warn(message, stacklevel=2)
        originals = (
            (file.as_posix(), name, "original", file.as_posix(), "")
            for file, name in zip(plan.files, plan.y.tolist(), strict=True)
        )
        left_out = [(file.as_posix(), reason) for file, reason in plan.left_out]
        left_out += [(file.as_posix(), "no image by its name") for file in plan.others]
        output.finish([*originals, *(row for part in parts for row in part["rows"])], left_out)


def _fill_class(plan, number, output, device, copy):
    """Add what class ``number`` of those to be filled lacks; go on where that was begun.

    Images are made aside and listed before the first is moved, so that whatever an earlier run
    moved is in its list.
    """
    if output.is_finished:  # by a later run; nobody waits for this one any more
        return None
    with output.filling(number):
        part = output.read_part(number)
        if part is None:
            part = _make_part(plan, number, output, device)
            output.keep_part(number, part)
        for row, (name, _, kind, source, _) in enumerate(part["rows"]):
            if kind == "synthetic":
                output.publish(number, row, name)
            else:
                output.place(output.inside(source), name, copy=copy)
        return part


def _make_part(plan, number, output, device):
    """Translate images, and list them and the duplicates as rows of the manifest."""
    target = list(plan.n_to_add)[number]
    # Threads share what becomes of warnings: one that comes between would leave it changed.
    with taking_turns(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        if target in plan.sources:
            added = _over_sample(plan, target, output, device)
        else:
            added = _duplicate(plan, target)
    own = [plan.files[position] for position in np.flatnonzero(plan.y == target)]
    names, folder = FileNames(own), Path(own[0].parts[0])
    rows = []
    for position, image, score in added:
        file = plan.files[position]
        if image is None:
            name = names.new(file.parent, f"{file.stem}.duplicate", file.suffix)
            rows.append((name.as_posix(), target, "duplicate", file.as_posix(), ""))
        else:
            stem = "-".join((*file.parts[1:-1], file.stem))
            stem = f"{stem}.synthetic-from-{file.parts[0]}"
            name = names.new(folder, stem, ".png")
            output.stage(image, number, len(rows))
            rows.append(
                (name.as_posix(), target, "synthetic", file.as_posix(), f"{score:.4f}")
            )
    findings = [w.message for w in caught if issubclass(w.category, UserWarning)]
    return {
        "rows": rows,
        "warnings": [f"Class {target!r}: {finding}" for finding in findings],
    }


def _over_sample(plan, target, output, device):
    """(position of the source file, image or None, score) of each image to add."""
    source, seed = plan.source_positions(target), _seed_of_pair(plan, target)
    n_sources = max(_MAX_SOURCES, plan.n_to_add[target])
    if len(source) > n_sources:
        drawn = np.random.RandomState(seed).permutation(len(source))[:n_sources]
        source = source[np.sort(drawn)]
    positions = np.concatenate([source, np.flatnonzero(plan.y == target)])
    first = plan.read(positions[0])
    X = np.empty((len(positions), *first.shape), dtype=np.uint8)
    for row, position in enumerate(positions):
        X[row] = plan.read(position)

    name = plan.sources[target]  # "rest" becomes a class of this name
    y = np.repeat([name, target], [len(source), len(positions) - len(source)])
    sampler = clone(plan.sampler).set_params(
        sampling_strategy={target: int((y == target).sum()) + plan.n_to_add[target]},
        source=name,
        memory=plan.sampler.memory or output.work / "cyclegans",
        checkpoint_dir=plan.sampler.checkpoint_dir or output.work / "checkpoints",
        n_jobs=None,
        device=device,
        random_state=seed,
    )
    X_resampled, _ = sampler.fit_resample(X, y)
    is_synthetic = sampler.synthetic_mask_[len(X) :]
    origins = positions[sampler.source_indices_[len(X) :]]
    images = X_resampled[len(X) :]
    scores = {}
    if is_synthetic.any():
        cyclegan = sampler.cyclegans_[name, target]
        x = cyclegan.spec.encode(cyclegan.spec.as_tensor(images[is_synthetic]))
        probabilities = cyclegan.score_target(x, device=device).tolist()
        scores = dict(zip(np.flatnonzero(is_synthetic), probabilities, strict=True))
    return [
        (int(origin), images[row] if row in scores else None, scores.get(row))
        for row, origin in enumerate(origins)
    ]


def _duplicate(plan, target):
    """The same, of a class that gains nothing but its own images again."""
    own = np.flatnonzero(plan.y == target)
    random_state = np.random.RandomState(_seed_of_pair(plan, target))
    drawn = random_state.choice(own, plan.n_to_add[target])
    return [(int(position), None, None) for position in drawn]


def _seed_of_pair(plan, target):
    """A seed for a class and its source, if any, whichever others are filled.

    The sampler sees the two alone, so that it could not tell pairs apart by itself.
    """
    pair = plan.sources.get(target, target), target
    return derive_pair_seed(plan.seed, pair, np.unique(plan.y).tolist())


def _settings(plan):
    """What shapes the result, as JSON knows it."""
    digest = hashlib.sha256()
    for file in plan.files:
        found = (plan.root / file).stat()
        line = f"{file.as_posix()}\0{found.st_size}\0{found.st_mtime_ns}\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
    parameters = plan.sampler.get_params()
    return {
        "version": __version__,
        "size": plan.image_size,
        "resize": plan.resize,
        "mode": plan.mode,
        "seed": plan.seed,
        "classes": [asdict(entry) for entry in plan.classes],
        "sampler": {
            name: _as_json(value)
            for name, value in parameters.items()
            if name not in _FREE_PARAMETERS
        },
        "files": digest.hexdigest(),
    }


def _as_json(value):
    """A parameter; by its name where it is a function, and by its type where it is no data."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | str | tuple | list):
        return value
    return getattr(value, "__qualname__", str(type(value)))
