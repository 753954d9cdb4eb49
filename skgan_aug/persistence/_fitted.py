"""What estimators learnt: attributes, networks, and where training stands."""

import math

import numpy as np
import torch
from sklearn.utils import check_random_state
from skorch.history import History

from ..networks import make_classifier
from ..training import CycleGAN
from ..training.history import check_history
from ._networks import (
    check_weights,
    compute_alike,
    decode_spec,
    encode_spec,
    fill,
    is_shape,
    make_blank,
    weights_of,
)
from ._optimizers import describe_optimizer, restore_optimizer
from ._values import NotDataError, decode, encode, require


def describe_sampler(sampler, tensors, prefix):
    """What a CycleGANOverSampler learnt; None before it was fitted."""
    fitted = _describe_attributes(sampler, _OF_SAMPLER, tensors)
    cyclegans = getattr(sampler, "cyclegans_", None)
    if cyclegans is None:
        return fitted or None
    fitted["cyclegans_"] = []
    for number, ((source, target), cyclegan) in enumerate(cyclegans.items()):
        n_snapshots = len(cyclegan.snapshots)
        blank = _blank_cyclegan(sampler, cyclegan.spec, n_snapshots)
        _check_made_by(sampler, cyclegan, blank)
        if blank.network_spec != cyclegan.network_spec:
            raise ValueError(
                f"max_size={sampler.max_size} of this {type(sampler).__name__} is not the one "
                "that its CycleGANs see images by. Give it the value it had when it was "
                "fitted."
            )
        for name in ("generator_st", "generator_ts", "discriminator_s", "discriminator_t"):
            networks = getattr(cyclegan, name), getattr(blank, name)
            _check_all_is_kept(
                sampler, name.partition("_")[0], *networks, cyclegan.network_spec
            )
        tensors |= weights_of(cyclegan, f"{prefix}cyclegans.{number}.")
        record = {
            "source": encode(source, tensors),
            "target": encode(target, tensors),
            "spec": encode_spec(cyclegan.spec, tensors),
            "n_snapshots": n_snapshots,
            "history": encode(cyclegan.history, tensors),
        }
        fitted["cyclegans_"].append(record)
    return fitted


def restore_sampler(sampler, fitted, tensors, prefix):
    """Give a CycleGANOverSampler what it had learnt."""
    cyclegans = fitted.pop("cyclegans_", None)
    _restore_attributes(sampler, _OF_SAMPLER, fitted, tensors)
    masks = (getattr(sampler, name, ()) for name in ("synthetic_mask_", "source_indices_"))
    require(len(set(map(len, masks))) == 1, "its synthetic_mask_ and source_indices_ differ")
    if cyclegans is None:
        return
    sampler.cyclegans_ = {}
    for number, record in enumerate(cyclegans):
        pair = decode(record["source"], tensors), decode(record["target"], tensors)
        spec, n_snapshots = decode_spec(record["spec"], tensors), record["n_snapshots"]
        is_count = type(n_snapshots) is int and 0 <= n_snapshots <= len(tensors)
        require(is_count, f"it has no {n_snapshots!r:.80} snapshots")
        cyclegan = _blank_cyclegan(sampler, spec, n_snapshots)
        fill(cyclegan, tensors, f"{prefix}cyclegans.{number}.")
        cyclegan.history = check_history(decode(record["history"], tensors))
        sampler.cyclegans_[pair] = cyclegan.eval()
        _check_spec(sampler, spec)
    sampler.history_ = {pair: gan.history for pair, gan in sampler.cyclegans_.items()}


def describe_classifier(classifier, tensors, prefix):
    """What a TorchCNNClassifier learnt; None before it was fitted."""
    if not hasattr(classifier, "net_"):
        return None
    spec, net = classifier._spec, classifier.net_
    network = net.module_.network
    blank = _blank_classifier(classifier, spec)
    _check_made_by(classifier, network, blank)
    _check_all_is_kept(classifier, "module", network, blank, spec)
    tensors |= weights_of(network, f"{prefix}network.")
    random_state = classifier._random_state
    is_shared = random_state is check_random_state(_shared_random_state(classifier))
    return _describe_attributes(classifier, _OF_CLASSIFIER, tensors) | {
        "spec": encode_spec(spec, tensors),
        "history": _encode_history(net.history, tensors),
        "random_state": None if is_shared else encode(random_state, tensors),
        "split_seed": classifier._split_seed,
        "learning_rate": float(net.lr),
        "optimizer": describe_optimizer(classifier.optimizer, net.optimizer_, tensors),
    }


def restore_classifier(classifier, fitted, tensors, prefix):
    """Give a TorchCNNClassifier what it had learnt, on its device."""
    spec = classifier._spec = decode_spec(fitted.pop("spec"), tensors)
    history = decode(fitted.pop("history"), tensors)
    is_history = isinstance(history, list) and all(isinstance(row, dict) for row in history)
    require(is_history, "its history is no list of records")
    history = History(history)
    random_state = decode(fitted.pop("random_state"), tensors)
    if random_state is None:
        random_state = check_random_state(_shared_random_state(classifier))
    is_one = isinstance(random_state, np.random.RandomState)
    require(is_one, "its random state is none")
    classifier._random_state = random_state
    split_seed = fitted.pop("split_seed", 0)  # which older files do not have
    require(type(split_seed) is int and split_seed >= 0, "its split_seed is none")
    classifier._split_seed = split_seed
    # Older files lack this one too: they were trained at the rate of the parameter.
    learning_rate = fitted.pop("learning_rate", float(classifier.learning_rate))
    is_rate = type(learning_rate) is float and 0 < learning_rate < math.inf
    require(is_rate, "its learning_rate is none")
    optimizer = fitted.pop("optimizer")
    _restore_attributes(classifier, _OF_CLASSIFIER, fitted, tensors)
    _check_spec(classifier, spec)
    network = _blank_classifier(classifier, spec)
    fill(network, tensors, f"{prefix}network.")
    net = classifier.net_ = classifier._make_net(network, spec)
    net.history = classifier.history_ = history
    restore_optimizer(classifier.optimizer, net.optimizer_, optimizer, tensors)
    net.lr = learning_rate  # what it was trained with, whatever the parameter says by now


def _shared_random_state(classifier):
    """The parameter where that is the generator itself; else None, which is NumPy's own."""
    random_state = classifier.random_state
    return random_state if isinstance(random_state, np.random.RandomState) else None


def _blank_cyclegan(sampler, spec, n_snapshots):
    networks = {"generator": sampler.generator, "discriminator": sampler.discriminator}

    def make():
        return CycleGAN(spec, **networks, max_size=sampler.max_size)

    cyclegan = make_blank(make, *networks.values())
    cyclegan.keep_snapshots(n_snapshots)
    return cyclegan


def _blank_classifier(classifier, spec):
    module, n_classes = classifier.module, len(classifier.classes_)
    return make_blank(lambda: make_classifier(module, spec, n_classes), module)


def _check_made_by(estimator, network, blank):
    for name, value in network.state_dict().items():
        if not torch.is_tensor(value):
            raise ValueError(
                f"{name} of the networks of this {type(estimator).__name__} is a "
                f"{type(value).__name__}, but only tensors are saved: register buffers."
            )
    try:
        check_weights(blank, network.state_dict())
    except ValueError as error:
        raise ValueError(
            f"The networks of this {type(estimator).__name__} are not what its parameters "
            f"make ({error}). Give the parameters the values they had when it was fitted."
        ) from error


def _check_all_is_kept(estimator, parameter, network, blank, spec):
    """Refuse a network of somebody's own that computes with more than its weights."""
    if callable(getattr(estimator, parameter)) and not compute_alike(network, blank, spec):
        raise ValueError(
            f"A network of {parameter}={getattr(estimator, parameter)!r:.80} holds values "
            "outside its state_dict, which would be others after loading: register them as "
            "persistent buffers, and fit again."
        )


def _describe_attributes(estimator, checks, tensors):
    written = {}
    for name in checks:
        if hasattr(estimator, name):
            try:
                written[name] = encode(getattr(estimator, name), tensors)
            except NotDataError as error:
                raise ValueError(
                    f"{name} of this {type(estimator).__name__} holds {error}, which cannot "
                    "be saved. Labels may be integers, floats, bools and strings."
                ) from error
    return written


def _restore_attributes(estimator, checks, fitted, tensors):
    unknown = sorted(fitted.keys() - checks.keys())
    require(not unknown, f"{type(estimator).__name__} has no attributes {unknown[:3]}")
    for name, written in fitted.items():
        value = decode(written, tensors)
        require(checks[name](value), f"its {name} cannot be {value!r:.80}")
        setattr(estimator, name, value)


def _check_spec(estimator, spec):
    agrees = estimator.image_shape_ == spec.image_shape
    n_features = getattr(estimator, "n_features_in_", spec.row_shape[0])
    names = getattr(estimator, "feature_names_in_", range(n_features))
    agrees = agrees and spec.row_shape[0] == n_features == len(names)
    require(agrees, f"its attributes disagree with rows of shape {spec.row_shape}")


def _encode_history(history, tensors):
    for name, value in (item for row in history for item in row.items()):
        try:
            encode(value, {})
        except NotDataError as error:
            raise ValueError(
                f"history_ of this classifier holds {error} as {name!r}, which cannot be "
                "saved. Have the callback record numbers, strings or arrays, or delete it "
                "from each epoch."
            ) from error
    return encode(list(history), tensors)


def _is_plan(value):
    return isinstance(value, dict) and all(type(n) is int for n in value.values())


def _are_shares(value):
    return isinstance(value, dict) and all(
        type(share) is float and 0 <= share <= 1 for share in value.values()
    )


def _is_image_shape(value):
    return value is None or is_shape(value, (2, 3))


def _is_count(value):
    return type(value) is int and value > 0


def _is_vector(value, kinds):
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in kinds


def _are_names(value):
    return _is_vector(value, "O") and all(isinstance(name, str) for name in value)


def _are_classes(value):
    return _is_vector(value, "biufUO") and np.array_equal(np.unique(value), value)


_OF_BOTH = {
    "image_shape_": _is_image_shape,
    "n_features_in_": _is_count,
    "feature_names_in_": _are_names,
}
_OF_SAMPLER = _OF_BOTH | {
    "sampling_strategy_": _is_plan,
    "synthetic_fraction_": _are_shares,
    "synthetic_mask_": lambda value: _is_vector(value, "b"),
    "source_indices_": lambda value: _is_vector(value, "i"),
}
_OF_CLASSIFIER = _OF_BOTH | {"classes_": _are_classes}
