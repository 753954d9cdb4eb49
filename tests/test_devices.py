"""Devices that are not here: what is asked of them, and what they refuse."""

import os
import pickle
import stat
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image
from torch.overrides import TorchFunctionMode

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug._devices import deal_devices, nearest_device, resolve_device
from skgan_aug._random import global_seed
from skgan_aug.datasets import load_image_folder
from skgan_aug.images import ImageSpec
from skgan_aug.networks._layers import AdaptiveAvgPool2d, pool_by_products
from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig

CYCLEGAN = {"max_iter": 2, "batch_size": 4, "n_snapshots": 0, "random_state": 0}


class PretendedMPS(TorchFunctionMode):
    """A CPU that calls itself "mps", and takes no float64, as MPS does."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.device:
            return func(*args, **kwargs or {})
        given = [*args, *(kwargs or {}).values()]
        is_moved = any(str(value).startswith("mps") for value in given if is_device(value))
        args = [here(value) for value in args]
        kwargs = {name: here(value) for name, value in (kwargs or {}).items()}
        result = func(*args, **kwargs)
        if is_moved and torch.is_tensor(result) and result.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return result


def is_device(value):
    return isinstance(value, str | torch.device)


def here(value):
    is_mps = is_device(value) and str(value).startswith("mps")
    return torch.device("cpu") if is_mps else value


@pytest.fixture
def mps(monkeypatch):
    state = torch.tensor([7])
    monkeypatch.setattr(torch.mps, "get_rng_state", state.clone)
    monkeypatch.setattr(torch.mps, "manual_seed", lambda seed: state.fill_(seed))
    monkeypatch.setattr(torch.mps, "set_rng_state", state.copy_)
    with PretendedMPS():
        yield state


def make_images(dtype, n_channels=3):
    y = np.repeat([0, 1], [12, 6])
    noise = np.random.default_rng(0).integers(0, 200, (18, 9, 10, n_channels))
    return (noise + 20 * y[:, None, None, None]).astype(dtype), y


@pytest.mark.parametrize("dtype", ["float64", ">f8", "uint8", "float32", "uint16"])
def test_mps_trains_what_it_has_no_dtype_for(mps, dtype):
    X, y = make_images(dtype)
    sampler = CycleGANOverSampler(**CYCLEGAN, device="mps")
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert X_resampled.dtype == X.dtype
    assert_array_equal(np.bincount(y_resampled), [12, 12])
    classifier = TorchCNNClassifier(max_epochs=1, device="mps", random_state=0)
    assert classifier.fit(X_resampled, y_resampled).predict_proba(X).shape == (18, 2)


def test_mps_gives_what_a_cpu_gives(mps):
    X, y = make_images("float64", 1)
    on_mps, on_cpu = (
        CycleGANOverSampler(**CYCLEGAN, precision="float32", device=device).fit_resample(X, y)
        for device in ("mps", "cpu")
    )
    np.testing.assert_allclose(on_mps[0], on_cpu[0])


def test_mps_is_left_as_it_was(mps):
    with global_seed(1, "mps"):
        assert mps == 1
    assert mps == 7


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 4), (7, 7), (5, 6), (8, 2)], ids=str)
def test_products_pool_as_torch_does(size):
    x = torch.randn(3, 2, *size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(pool_by_products(x), AdaptiveAvgPool2d()(x))


def fail_once(trainer, message):
    """Have the second step of a trainer fail."""
    advance, steps = trainer.advance, []

    def failing():
        steps.append(len(steps))
        if steps[-1] == 1:
            raise RuntimeError(message)
        advance()

    trainer.advance = failing


@pytest.fixture
def trainer():
    X, y = make_images("uint8")
    config = TrainingConfig(max_iter=4, batch_size=4, n_snapshots=0)
    cyclegan = CycleGAN(ImageSpec.from_array(X))
    return CycleGANTrainer(cyclegan, config, X[y == 0], X[y == 1], seed=0)


def test_mps_without_memory_goes_on_with_half_the_batch(trainer):
    fail_once(trainer, "MPS backend out of memory (MPS allocated: 9.0 GiB)")
    with pytest.warns(UserWarning, match="no memory for batch_size=4"):
        trainer.fit()
    assert (trainer.n_iter, trainer.batch_size) == (4, 2)


def test_mps_without_memory_for_one_image_gives_up(trainer):
    trainer.batch_size = 1
    fail_once(trainer, "MPS backend out of memory (MPS allocated: 9.0 GiB)")
    with pytest.raises(RuntimeError, match="MPS backend"):
        trainer.fit()


@pytest.mark.parametrize(
    "words",
    ["DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory"],
)
def test_a_cpu_without_memory_names_what_to_lower(trainer, words):
    fail_once(trainer, f"{words}: you tried to allocate 9 bytes")
    with pytest.raises(MemoryError, match="batch_size=4"):
        trainer.fit()


def test_a_gpu_that_does_not_compute_is_passed_over(monkeypatch):
    def compute(device):
        if device.type != "cpu":
            raise RuntimeError("no kernel image is available for execution on the device\nat")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("skgan_aug._devices._compute_on", compute)
    with pytest.warns(UserWarning, match=r"cuda is there, but .*no kernel image.*device$"):
        assert resolve_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="'cuda' is not available here"):
        resolve_device("cuda")


def test_a_gpu_that_does_not_compute_is_dealt_no_training(monkeypatch):
    def compute(device):
        if device.index == 1:
            raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr("skgan_aug._devices._compute_on", compute)
    with pytest.warns(UserWarning, match="cuda:1 is there, but does not compute"):
        devices = deal_devices(torch.device("cuda"), 4)
    assert [device.index for device in devices] == [0, 2, 0, 2]


@pytest.mark.parametrize(("there", "taken"), [(["cuda", "cpu"], "cuda"), (["cpu"], "cpu")])
def test_the_device_of_another_machine_becomes_the_nearest_here(monkeypatch, there, taken):
    def compute(device):
        if str(device) not in there:
            raise RuntimeError("invalid device ordinal")

    monkeypatch.setattr("skgan_aug._devices._compute_on", compute)
    assert nearest_device("cuda:1") == taken


TILES = {"amx_bf16": True, "avx512_bf16": True, "avx512_fp16": True}


@pytest.mark.parametrize(
    ("processor", "precision"),
    [
        pytest.param(TILES, "bfloat16", id="tiles"),
        pytest.param(TILES | {"amx_bf16": False}, "float32", id="hidden tiles"),
        pytest.param({"avx512_bf16": True, "avx512_fp16": False}, "bfloat16", id="vectors"),
        pytest.param({"avx512_bf16": False, "avx512_fp16": False}, "float32", id="neither"),
        pytest.param({}, "float32", id="other"),
    ],
)
def test_a_cpu_trains_in_bfloat16_where_that_is_faster(monkeypatch, processor, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    assert_trains_in(precision)


@pytest.mark.parametrize(("has_tiles", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_an_older_torch_tells_of_tiles_alone(monkeypatch, has_tiles, precision):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has_tiles, raising=False)
    assert_trains_in(precision)


def test_a_torch_that_tells_nothing_of_processors_computes_in_float32(monkeypatch):
    for name in ("get_capabilities", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert_trains_in("float32")


def assert_trains_in(precision):
    """Both estimators, to the bit, and otherwise than in the other precision."""
    X, y = make_images("float32")
    results = {}
    for name in ("auto", "float32", "bfloat16"):
        given = {"precision": name, "device": "cpu"}
        classifier = TorchCNNClassifier(max_epochs=1, random_state=0, **given)
        sampler = CycleGANOverSampler(**CYCLEGAN, **given)
        X_resampled, _ = sampler.fit_resample(X, y)
        results[name] = classifier.fit(X, y).predict_proba(X), X_resampled
    other = ({"float32", "bfloat16"} - {precision}).pop()
    for auto, same, different in zip(
        *(results[name] for name in ("auto", precision, other)), strict=True
    ):
        assert_array_equal(auto, same)
        assert (auto != different).any()


def test_a_classifier_from_a_gpu_that_is_missing_is_unpickled():
    X, y = make_images("uint8")
    classifier = TorchCNNClassifier(max_epochs=1, random_state=0, device="cpu").fit(X, y)
    expected = classifier.predict_proba(X)
    classifier.net_.device = "xpu:1"
    with pytest.warns(UserWarning, match="was on xpu:1, which is not here: it is on cpu"):
        loaded = pickle.loads(pickle.dumps(classifier))
    assert loaded.net_.device == "cpu"
    assert_array_equal(loaded.predict_proba(X), expected)


def test_a_classifier_from_a_mac_is_unpickled_elsewhere():
    X, y = make_images("uint8")
    classifier = TorchCNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    expected = classifier.predict(X)
    classifier.net_.device = "mps"
    assert_array_equal(pickle.loads(pickle.dumps(classifier)).predict(X), expected)


def test_junctions_are_links(tmp_path, monkeypatch):
    for file in ("cat/a.png", "cat/junction/b.png", "dog/c.png"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(tmp_path / file)
    lstat = os.lstat

    def lstat_of_windows(path, **kwargs):
        found = lstat(path, **kwargs)
        if Path(path).name != "junction":
            return found
        return SimpleNamespace(st_mode=found.st_mode, st_reparse_tag=3)

    monkeypatch.setattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 3, raising=False)
    monkeypatch.setattr(os, "lstat", lstat_of_windows)
    with pytest.warns(UserWarning, match=r"cat/junction: a link to a folder"):
        images = load_image_folder(tmp_path, unreadable="list")
    assert [Path(name).name for name in images.filenames] == ["a.png", "c.png"]
