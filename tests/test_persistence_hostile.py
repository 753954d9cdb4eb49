"""Files that are damaged, changed or made up: a ValueError, and nothing else happens."""

import builtins
import json
import os
import pickle
import sys
from contextlib import suppress
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imblearn.pipeline import Pipeline
from safetensors.torch import save as save_tensors

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.persistence import load, save
from skgan_aug.persistence._file import read_file, write_file

RNG = np.random.RandomState(0)
X = RNG.rand(30, 2)
IMAGES = RNG.rand(30, 4, 4)
Y = np.repeat(["cat", "owl"], [20, 10])


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Files of a classifier, a sampler of images, and a pipeline of such."""
    folder = tmp_path_factory.mktemp("originals")
    classifier = TorchCNNClassifier(max_epochs=1, device="cpu", random_state=0).fit(X, Y)
    sampler = CycleGANOverSampler(max_iter=1, batch_size=2, device="cpu", random_state=0)
    sampler.fit_resample(IMAGES, Y)
    save(classifier, folder / "classifier")
    save(sampler, folder / "sampler")
    save(Pipeline([("gan", sampler), ("cnn", classifier)]), folder / "pipeline")
    return folder


@pytest.fixture(autouse=True)
def little_memory():
    """Let nothing large be allocated, where the system can see to it."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(autouse=True)
def nothing_is_unpickled(monkeypatch):
    def refuse(*args, **kwargs):
        pytest.fail("something was unpickled")

    for module, name in ((pickle, "load"), (pickle, "loads"), (torch, "load")):
        monkeypatch.setattr(module, name, refuse)


def refused(path, match):
    with pytest.raises(ValueError, match=match) as caught:
        load(path)
    assert type(caught.value) is ValueError
    assert str(path) in str(caught.value)
    assert not str(caught.value).endswith("..")


def forge(original, path, change):
    """Write a changed file whose checksum is right."""
    record, tensors = read_file(original)
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    change(record, tensors)
    write_file(path, record, tensors)


# Whole files


class Evil:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Evil()),
        b"",
        b"{}",
        b"\xff" * 1000,
        (1 << 43).to_bytes(8, "little") + b"{}",
        (99_999_999).to_bytes(8, "little") + b"{}",
        save_tensors({"weights": torch.zeros(3)}),
        save_tensors({"weights": torch.zeros(3)}, {"format": "pt"}),
    ],
)
def test_files_of_other_kinds(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "file"
    path.write_bytes(content)
    refused(path, "cannot be loaded")
    assert list(tmp_path.iterdir()) == [path]


def test_a_torch_file(tmp_path):
    torch.save({"estimator": Evil()}, tmp_path / "file")
    refused(tmp_path / "file", "cannot be loaded: it was not written by skgan_aug")


def test_a_file_that_was_cut_off(originals, tmp_path):
    raw = (originals / "classifier").read_bytes()
    (tmp_path / "file").write_bytes(raw[:-10])
    refused(tmp_path / "file", "cannot be loaded: .* is not whole")


def test_a_header_that_claims_terabytes(tmp_path):
    about = {"format": "skgan_aug", "protocol": "1", "sha256": "0" * 64}
    huge = {"dtype": "U8", "shape": [1 << 43], "data_offsets": [0, 1 << 43]}
    header = json.dumps({"__metadata__": about, "record": huge}).encode()
    (tmp_path / "file").write_bytes(len(header).to_bytes(8, "little") + header + b"{}")
    refused(tmp_path / "file", "cannot be loaded")


def test_folders_and_devices(tmp_path):
    refused(tmp_path, "folder or device")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "folder or device")


@pytest.mark.parametrize("protocol", ["0", "2", "1.0", "", "99999999999999999999"])
def test_another_protocol(originals, tmp_path, protocol):
    record, tensors = read_file(originals / "classifier")
    with mock.patch("skgan_aug.persistence._file.PROTOCOL", protocol):
        write_file(tmp_path / "file", record, tensors)
    refused(tmp_path / "file", f"protocol is '{protocol}', but .* reads protocol 1")


# Single bytes


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_flipped_byte_goes_unnoticed(originals, tmp_path, data):
    raw = bytearray((originals / "classifier").read_bytes())
    n_head = 8 + int.from_bytes(raw[:8], "little")
    region = data.draw(st.sampled_from([8, n_head, len(raw)]))
    position = data.draw(st.integers(0, region - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    (tmp_path / "file").write_bytes(raw)
    refused(tmp_path / "file", "cannot be loaded")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_lost_or_added_byte_goes_unnoticed(originals, tmp_path, data):
    raw = (originals / "classifier").read_bytes()
    added = data.draw(st.binary(max_size=20))
    end = data.draw(st.integers(0, len(raw) - 1 + bool(added)))
    (tmp_path / "file").write_bytes(raw[:end] + added)
    if raw[:end] + added != raw:
        refused(tmp_path / "file", "cannot be loaded")


# Changed on purpose, with a checksum that is right


def in_params(**changes):
    return lambda record, tensors: record["estimator"]["params"].update(changes)


def in_fitted(**changes):
    return lambda record, tensors: record["estimator"]["fitted"].update(changes)


def in_spec(**changes):
    return lambda record, tensors: record["estimator"]["fitted"]["spec"].update(changes)


def in_estimator(**changes):
    return lambda record, tensors: record["estimator"].update(changes)


def in_tensors(name, make):
    def change(record, tensors):
        tensors[name] = make(tensors.pop(name))

    return change


def renamed(name, new):
    return lambda record, tensors: tensors.update({new: tensors.pop(name)})


def in_classes(**changes):
    return lambda record, tensors: record["estimator"]["fitted"]["classes_"]["$array"].update(
        changes
    )


def in_moments(record, tensors):
    state = record["estimator"]["fitted"]["optimizer"]["moments"]["$dict"][0][1]
    name = state["exp_avg"]["$tensor"]
    tensors[name] = tensors[name].half()


WEIGHTS = "network.features.0.weight"
OF_CLASSIFIER = {
    "another estimator": (in_estimator(kind="sklearn.svm.SVC"), "no estimator of skgan_aug"),
    "a path for a kind": (in_estimator(kind="../../evil"), "no estimator of skgan_aug"),
    "a kind that is none": (in_estimator(kind=["x"]), "no estimator of skgan_aug"),
    "no parameter": (in_params(nonsense=1), "no parameters .'nonsense'"),
    "a method": (in_params(fit=1, __class__=2), "no parameters"),
    "parameters in a list": (in_estimator(params=[1]), "parameters are no record"),
    "a wrong type": (in_params(max_epochs="many"), "max_epochs"),
    "a wrong range": (in_params(batch_size=-5), "batch_size"),
    "an unknown tag": (in_params(module={"$import": "os.system"}), "no type '.import'"),
    "two tags": (in_params(module={"$path": "a", "$float": "nan"}), "no type"),
    "code": (in_params(module={"$left_out": "f"}), "not in the file"),
    "a float": (in_params(learning_rate={"$float": "1e5"}), "is no float"),
    "a dtype": (in_params(learning_rate={"$scalar": ["|O", 1]}), "is no dtype"),
    "an overflow": (in_params(batch_size={"$scalar": ["|i1", 999]}), "999"),
    "a device": (in_params(device={"$device": "toaster"}), "toaster"),
    "an unhashable key": (in_params(class_weight={"$dict": [[[], 1]]}), "unhashable"),
    "what it learnt in a list": (in_estimator(fitted=[1]), "no record"),
    "an attribute": (in_fitted(predict="x"), "no attributes"),
    "a private attribute": (in_fitted(__class__="x"), "no attributes"),
    "classes in a list": (in_fitted(classes_=["cat", "owl"]), "classes_ cannot be"),
    "a class too many": (in_fitted(classes_={"$objects": ["a", "b", "c"]}), "should have"),
    "many classes": (in_classes(shape=[10**6]), "does not have"),
    "huge strings": (in_classes(dtype="<U99999999"), "does not have"),
    "classes of objects": (in_classes(dtype="|O"), "is no dtype"),
    "a shape of -1": (in_classes(shape=[-1]), "is no shape"),
    "a tensor of weights": (in_classes(tensor=WEIGHTS), "not made of bytes"),
    "a tensor elsewhere": (in_classes(tensor="../x"), "no tensor '../x'"),
    "no history": (in_fitted(history=[1, 2]), "history"),
    "no random state": (in_fitted(random_state=5), "random state"),
    "wide rows": (in_spec(row_shape={"$tuple": [10**12]}), "cannot hold|range"),
    "negative rows": (in_spec(row_shape={"$tuple": [-2]}), "shape"),
    "rows of text": (in_spec(dtype="<U9"), "dtype"),
    "rows of objects": (in_spec(dtype="|O"), "dtype"),
    "rows of a script": (in_spec(dtype="import os"), "dtype|understood"),
    "no range": (in_spec(low={"$tuple": [{"$float": "nan"}] * 2}), "range"),
    "lacking weights": (lambda record, tensors: tensors.pop(WEIGHTS), "no weights"),
    "weights elsewhere": (renamed(WEIGHTS, "../../weights"), "no weights"),
    "weights too many": (
        lambda record, tensors: tensors.update({"/etc/passwd": torch.zeros(2)}),
        "that nothing needs",
    ),
    "weights in another shape": (
        in_tensors(WEIGHTS, lambda weights: weights.t().contiguous()),
        "has the shape",
    ),
    "weights in another dtype": (in_tensors(WEIGHTS, torch.Tensor.double), "float64"),
    "an optimiser's moments": (in_moments, "moments"),
    "an optimiser": (in_fitted(optimizer={"moments": [], "rates": []}), "items"),
}


@pytest.mark.parametrize(("change", "match"), OF_CLASSIFIER.values(), ids=OF_CLASSIFIER)
def test_a_changed_classifier(originals, tmp_path, change, match):
    forge(originals / "classifier", tmp_path / "file", change)
    refused(tmp_path / "file", match)


def in_cyclegan(**changes):
    return lambda record, tensors: record["estimator"]["fitted"]["cyclegans_"][0].update(
        changes
    )


def huge_images(record, tensors):
    side = {"$tuple": [1 << 13, 1 << 14]}
    record["estimator"]["params"]["discriminator"] = "paper"
    record["estimator"]["fitted"]["image_shape_"] = side
    spec = record["estimator"]["fitted"]["cyclegans_"][0]["spec"]
    spec.update(row_shape=side, image_shape=side)


OF_SAMPLER = {
    "a billion snapshots": (in_cyclegan(n_snapshots=10**9), "snapshots"),
    "a fraction of a snapshot": (in_cyclegan(n_snapshots=0.5), "snapshots"),
    "one snapshot more": (in_cyclegan(n_snapshots=1), "no weights snapshots.0"),
    "a list for a class": (in_cyclegan(source=[1]), "unhashable"),
    "huge images": (huge_images, "no weights|should have|disagree"),
    "no CycleGANs": (in_fitted(cyclegans_=7), "not iterable"),
    "another generator": (in_params(generator="resnet"), "no weights"),
    "other rows": (in_fitted(n_features_in_=3), "disagree"),
    "a shorter mask": (
        in_fitted(synthetic_mask_={"$objects": [True]}),
        "synthetic_mask_ cannot be",
    ),
    "no mask": (
        lambda record, tensors: record["estimator"]["fitted"].pop("synthetic_mask_"),
        "differ",
    ),
    "a plan of strings": (in_fitted(sampling_strategy_={"owl": "x"}), "sampling_strategy_"),
}


@pytest.mark.parametrize(("change", "match"), OF_SAMPLER.values(), ids=OF_SAMPLER)
def test_a_changed_sampler(originals, tmp_path, change, match):
    forge(originals / "sampler", tmp_path / "file", change)
    refused(tmp_path / "file", match)


def in_steps(*steps):
    return in_estimator(steps=list(steps))


OF_PIPELINE = {
    "a folder of pickles": (in_params(memory="/tmp/evil"), "folder of pickles"),
    "no steps": (in_steps(), "no steps"),
    "a step without a name": (in_steps([None, "passthrough"]), "names no step"),
    "steps of text": (in_estimator(steps="ab"), "no steps"),
    "steps of one part": (in_steps(["a"]), "unpack"),
    "a foreign step": (in_steps(["a", {"kind": "os.system"}]), "no estimator of skgan_aug"),
    "a pipeline in it": (
        in_steps(["a", {"kind": "imblearn.pipeline.Pipeline", "params": {}, "steps": []}]),
        "is a pipeline",
    ),
    "steps twice": (in_params(steps=[]), "no parameters .'steps'"),
}


@pytest.mark.parametrize(("change", "match"), OF_PIPELINE.values(), ids=OF_PIPELINE)
def test_a_changed_pipeline(originals, tmp_path, change, match):
    forge(originals / "pipeline", tmp_path / "file", change)
    refused(tmp_path / "file", match)


def test_a_random_state_that_numpy_would_read_beyond(originals, tmp_path):
    def change(record, tensors):
        record["estimator"]["fitted"]["random_state"]["$random_state"][1] = 10**9

    forge(originals / "classifier", tmp_path / "file", change)
    refused(tmp_path / "file", "random state")


@pytest.mark.parametrize("text", ["[" * 10**6, "", "null", "{", "\udcff", '{"estimator": 1}'])
def test_records_that_are_none(tmp_path, text):
    with mock.patch("skgan_aug.persistence._file.json.dumps", return_value=Text(text)):
        write_file(tmp_path / "file", None, {})
    refused(tmp_path / "file", "cannot be loaded")


class Text(str):
    def encode(self):
        return super().encode(errors="surrogateescape") or b" "


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**40, 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["resnet", "paper", "mlp", "cuda", "value.0", "<f8", WEIGHTS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
        | st.builds(
            lambda tag, content: {tag: content},
            st.sampled_from(
                ["$tuple", "$dict", "$scalar", "$array", "$objects", "$tensor", "$path"]
            ),
            inner,
        )
    ),
    max_leaves=5,
)


def places(value, place=()):
    """Keys that lead to any part of a record."""
    yield place
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*place, key))


@pytest.mark.parametrize("kind", ["classifier", "sampler", "pipeline"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_other_record_loads_or_is_refused(originals, tmp_path, kind, data):
    def change(record, tensors):
        where = list(places(record))[1:]
        *parents, key = data.draw(st.sampled_from(where))
        for parent in parents:
            record = record[parent]
        record[key] = data.draw(JSON)

    forge(originals / kind, tmp_path / "file", change)
    opened = []
    real_open = builtins.open

    def watched(path, *args, **kwargs):
        opened.append(str(path))
        return real_open(path, *args, **kwargs)

    with mock.patch.object(builtins, "open", watched), suppress(ValueError):
        loaded = load(tmp_path / "file")
        with suppress(Exception):
            loaded.predict_proba(X)
    assert set(opened) <= {str(tmp_path / "file")}
