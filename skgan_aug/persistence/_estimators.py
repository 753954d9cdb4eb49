"""Estimators and pipelines of them as records: kind, parameters, what was learnt."""

import imblearn.pipeline
import sklearn.pipeline

from ..classification import TorchCNNClassifier
from ..over_sampling import CycleGANOverSampler
from ._fitted import (
    describe_classifier,
    describe_sampler,
    restore_classifier,
    restore_sampler,
)
from ._values import NotDataError, decode, encode, require

_ESTIMATORS = {
    "CycleGANOverSampler": (CycleGANOverSampler, describe_sampler, restore_sampler),
    "TorchCNNClassifier": (TorchCNNClassifier, describe_classifier, restore_classifier),
}
_PIPELINES = {
    "imblearn.pipeline.Pipeline": imblearn.pipeline.Pipeline,
    "sklearn.pipeline.Pipeline": sklearn.pipeline.Pipeline,
}
_NAMES = {kind: name for name, (kind, *_) in _ESTIMATORS.items()} | {
    kind: name for name, kind in _PIPELINES.items()
}
_IDLE_STEPS = (None, "passthrough")
_LEFT_OUT = "$left_out"


def describe_estimator(estimator, tensors, left_out, step=None):
    """Make a record of an estimator, or of a pipeline and its steps.

    Parameters
    ----------
    estimator : CycleGANOverSampler, TorchCNNClassifier or Pipeline

    tensors : dict of str to tensor
        Gets what goes beside the record.

    left_out : dict
        Gets, for each parameter that is no data, what it is.

    step : str, default=None
        Its name in a pipeline.

    Returns
    -------
    record : dict
        For ``json.dumps``.

    Raises
    ------
    ValueError
        For any other estimator, or one that cannot be saved; the message says why.
    """
    name = _NAMES.get(type(estimator))
    if name is None or (step is not None and name in _PIPELINES):
        raise ValueError(_refusal(estimator, step))
    estimator._validate_params()
    record = {"kind": name, "params": _describe_params(estimator, tensors, left_out, step)}
    if name in _PIPELINES:
        record["steps"] = _describe_steps(estimator, tensors, left_out)
    else:
        describe = _ESTIMATORS[name][1]
        record["fitted"] = describe(estimator, tensors, _prefix(step))
    return record


def restore_estimator(record, tensors, device, given, step=None):
    """Make the estimator or pipeline that a record describes.

    Parameters
    ----------
    record : object
        From ``json.loads``; may be anything.

    tensors : dict of str to tensor
        Loses those that it needs.

    device : str, torch.device or None
        Replaces the parameter of that name; None keeps it.

    given : dict
        Loses the parameters that are no data.

    step : str, default=None
        Its name in a pipeline.

    Returns
    -------
    estimator : CycleGANOverSampler, TorchCNNClassifier or Pipeline
    """
    require(isinstance(record, dict), "it describes no estimator")
    name = record.get("kind")
    is_known = isinstance(name, str) and (name in _ESTIMATORS or name in _PIPELINES)
    require(is_known, f"it holds {name!r:.80}, which is no estimator of skgan_aug")
    if name in _PIPELINES:
        require(step is None, f"its step {step!r:.80} is a pipeline")
        kind = _PIPELINES[name]
        more = {"steps": _restore_steps(record, tensors, device, given)}
    else:
        kind = _ESTIMATORS[name][0]
        more = {} if device is None else {"device": device}
    params = _restore_params(kind, record["params"], tensors, given, step)
    estimator = kind(**params | more)
    estimator._validate_params()
    if name in _ESTIMATORS and record["fitted"] is not None:
        require(isinstance(record["fitted"], dict), "what it learnt is no record")
        restore = _ESTIMATORS[name][2]
        restore(estimator, record["fitted"], tensors, _prefix(step))
    return estimator


def _describe_params(estimator, tensors, left_out, step):
    written: dict = {}
    for name, value in estimator.get_params(deep=False).items():
        if name == "steps":
            continue
        own = dict(tensors)  # what a value leaves there before it is refused goes with it
        try:
            if value is not None and _holds_pickles(type(estimator), name):
                raise NotDataError(value)
            written[name] = encode(value, own)
        except NotDataError as error:
            left_out[_full_name(name, step)] = str(error)
            written[name] = {_LEFT_OUT: str(error)}
        else:
            tensors |= own
    return written


def _restore_params(kind, written, tensors, given, step):
    require(isinstance(written, dict), "its parameters are no record")
    unknown = sorted(
        written.keys() - set(kind._get_param_names()) | written.keys() & {"steps"}
    )
    require(not unknown, f"{kind.__name__} has no parameters {unknown[:3]}")
    params = {}
    for name, value in written.items():
        if isinstance(value, dict) and value.keys() == {_LEFT_OUT}:
            full = _full_name(name, step)
            require(
                full in given,
                f"its {full} was {value[_LEFT_OUT]!r:.120}, which is not in the file: pass "
                f"load(path, params={{{full!r}: ...}})",
            )
            params[name] = given.pop(full)
        else:
            is_safe = value is None or not _holds_pickles(kind, name)
            require(is_safe, f"its {name} is a folder of pickles")
            params[name] = decode(value, tensors)
    return params


def _holds_pickles(kind, name):
    """Whether a parameter is a folder that joblib unpickles: no file may choose it."""
    return kind in _PIPELINES.values() and name == "memory"


def _describe_steps(pipeline, tensors, left_out):
    steps: list = []
    for name, part in pipeline.steps:
        if part not in _IDLE_STEPS:
            part = describe_estimator(part, tensors, left_out, name)
        steps.append([name, part])
    return steps


def _restore_steps(record, tensors, device, given):
    steps: list = []
    require(isinstance(record["steps"], list) and record["steps"], "its pipeline has no steps")
    for name, part in record["steps"]:
        require(isinstance(name, str) and "__" not in name, f"{name!r:.80} names no step")
        if part not in _IDLE_STEPS:
            part = restore_estimator(part, tensors, device, given, name)
        steps.append((name, part))
    return steps


def _refusal(estimator, step):
    what = f"step {step!r} is" if step is not None else "this is"
    kinds = "CycleGANOverSampler, TorchCNNClassifier and pipelines of them"
    if hasattr(estimator, "best_estimator_"):
        return f"Only {kinds} can be saved, but {what} a search: save its best_estimator_."
    return (
        f"Only {kinds} can be saved, but {what} {type(estimator).__name__}. Save what can be "
        "by itself, and make the rest anew after loading."
    )


def _full_name(name, step):
    return name if step is None else f"{step}__{name}"


def _prefix(step):
    return "" if step is None else f"{step}."
