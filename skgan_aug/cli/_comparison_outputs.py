"""What ``skgan-aug compare`` writes to files: figures, a picture, a report."""

import json
import math
import os
import shlex
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

from .._files import make_folder, output_file
from .._text import counted, printable
from ..comparison import CELL_KEYS
from ..inspection import SamplerComparisonDisplay
from ..inspection._figure import wrapped
from ..reporting import check_requirements, write_report
from ._problem import refuse_inside
from ._samplers import choose_judged

_CONDITIONS = {
    "flips": "with flips",
    "shifts": "with shifts",
    "flips_shifts": "with flips and shifts",
}


def check_outputs(settings):
    """Refuse what could not be written before the work, not after it."""
    _check_different(settings)
    for name in ("json", "plot", "report"):
        option, path = f"--{name}", getattr(settings, name)
        if path is not None:
            _check_output(option, path)
    if settings.report is not None:
        _check_report(settings.report)
    if settings.plot is not None:
        _check_plot(settings.plot)
    if settings.memory is not None:
        if settings.data is not None and settings.data.is_dir():
            refuse_inside("--memory", settings.memory, settings.data)
        make_folder("--memory", settings.memory)


def _check_different(settings):
    """Refuse paths of which one would overwrite another."""
    options: dict[str, str] = {}
    for name in ("data", "json", "plot", "report"):
        path = getattr(settings, name)
        if path is None:
            continue
        other = options.setdefault(os.path.realpath(path), name)
        if other != name:
            raise ValueError(f"--{other} and --{name} are both {path}. Give each its own.")


def _check_output(option, path):
    if path.is_dir():
        raise ValueError(f"{option} {path} is a folder: name a file.")
    is_device = path.exists() and not path.is_file()  # such as /dev/stdout
    target = Path(os.path.realpath(path))  # a link is followed, as when it is written
    if target.is_symlink():
        raise ValueError(f"{option} {path} is a link in a circle: name a file.")
    folder = target.parent
    if not is_device and not folder.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {folder}.")
    if path.is_file() and _is_printed_to(path):
        raise ValueError(
            f"{option} {path} is the file that what is printed goes to: name another."
        )
    if not os.access(path if is_device else folder, os.W_OK):
        raise ValueError(f"{option} {path} cannot be written: name a file elsewhere.")


def _is_printed_to(path):
    """Whether standard output or error is redirected to a file, which would be replaced."""
    with suppress(OSError):  # closed
        return any(os.path.samefile(path, stream) for stream in (1, 2))
    return False


def _check_report(path):
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--report {path}: it is a page, whose name must end in .html.")
    check_requirements()


def _check_plot(path):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("--plot needs matplotlib: pip install 'skgan_aug[plot]'") from error
    suffix, known = path.suffix[1:], Figure().canvas.get_supported_filetypes()
    if suffix.lower() not in known:
        raise ValueError(f"--plot {path}: the name must end in one of {', '.join(known)}.")
    try:
        Figure().savefig(BytesIO(), format=suffix)
    except Exception as error:  # pgf needs a TeX that may be missing
        raise ValueError(
            f"--plot {path}: {suffix} cannot be written here: {error}."
        ) from error


def write_outputs(settings, problem, result, rows):
    """Write what was asked for, and say what could not be: it takes nothing else along."""
    failures = []
    for name, write in (
        ("json", lambda path: _write_json(settings, problem, result, rows, path)),
        ("plot", lambda path: _draw(result, problem, path)),
        ("report", lambda path: _write_report(settings, problem, result, path)),
    ):
        path = getattr(settings, name)
        try:
            if path is not None:
                write(path)
        except Exception as error:  # the other outputs can still be written
            reason = str(error).rstrip(".")
            failures.append(f"--{name} {path} could not be written: {reason}.")
    return failures


def _write_json(settings, problem, result, rows, path):
    text = json.dumps(_as_json(settings, problem, result, rows), indent=1, allow_nan=False)
    with output_file(path) as file:
        file.write(text.encode())


def _as_json(settings, problem, result, rows):
    columns = {key: result[key].tolist() for key in CELL_KEYS}
    return _plain(
        {
            "settings": asdict(settings),
            "problem": problem.describe(settings.folds),
            "comparison": result.settings,  # what the options, and their defaults, came to
            "test_train_ratio": result.test_train_ratio,
            "folds_recur": result.folds_recur,
            "found_in_memory": result.n_found,  # CycleGANs, whose training no seconds hold
            "versions": result.versions,
            "classes": result.classes.tolist(),
            "minority_classes": result.minority_classes.tolist(),
            "cells": [
                dict(zip(columns, cell, strict=True))
                for cell in zip(*columns.values(), strict=True)
            ],
            "summary": rows,
        }
    )


def _plain(value):
    """Replace what JSON does not know: NaN by null, paths by text."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _draw(result, problem, path):
    display = SamplerComparisonDisplay.from_comparison(result)
    title = wrapped(printable(problem.title), 48)
    display.figure_.suptitle(title, size="large", parse_math=False)
    with output_file(path) as file:
        display.figure_.savefig(file, format=path.suffix[1:], dpi=150)


def _write_report(settings, problem, result, path):
    about = problem.describe(settings.folds), describe_found(result)
    sampler, baselines = choose_judged(settings, result.sampler)
    write_report(
        {_CONDITIONS[settings.augmentation]: result} if settings.augmentation else result,
        path,
        title=problem.title,
        description=" ".join(filter(None, about)),
        sampler=sampler,
        baselines=baselines,
        command=_as_command(settings),
    )


def _as_command(settings):
    """Write the settings as the command that has them, for a shell."""
    words = ["skgan-aug", "compare"]
    for name, value in asdict(settings).items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def describe_found(result):
    """Say what seconds leave out: a CycleGAN that was found took none for its training."""
    if not result.n_found:
        return ""
    return (
        "Trained by an earlier run and found in --memory: "
        f"{counted(result.n_found, 'CycleGAN')}; seconds leave out the training."
    )
