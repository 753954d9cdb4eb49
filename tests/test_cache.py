"""Trained CycleGANs are kept, shared, checked, bounded, and found again."""

import dataclasses
import json
import multiprocessing
import os
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import skgan_aug.training.cache
from skgan_aug.images import ImageSpec
from skgan_aug.training import CycleGAN, CycleGANCache, TrainingConfig, train_cyclegan
from skgan_aug.training.key import training_key

X = np.random.RandomState(0).randint(256, size=(20, 8, 8)).astype(np.uint8)
SOURCE, TARGET = X[:12], X[12:]
SPEC = ImageSpec.from_array(X)
CONFIG = TrainingConfig(max_iter=2, batch_size=2)
NETWORKS = {
    "generator": "auto",
    "discriminator": "auto",
    "max_size": 64,
    "seed": 0,
    "device": "cpu",
}


def train(cache, seed=0, **networks):
    return train_cyclegan(
        SPEC, CONFIG, SOURCE, TARGET, seed=seed, title="a -> b", cache=cache, **networks
    )


def same(first, second):
    first_state, second_state = first.state_dict(), second.state_dict()
    return first.history == second.history and all(
        torch.equal(first_state[name], second_state[name]) for name in first_state
    )


@pytest.fixture
def cache(tmp_path):
    return CycleGANCache(tmp_path / "cache")


@pytest.fixture
def trainings(monkeypatch):
    """Count the trainings of this process."""
    from skgan_aug.training import CycleGANTrainer

    started = []
    fit = CycleGANTrainer.fit

    def counting(self, **options):
        started.append(self.seed)
        return fit(self, **options)

    monkeypatch.setattr(CycleGANTrainer, "fit", counting)
    return started


def files(cache, suffix):
    return sorted(cache.folder.glob(f"*{suffix}"))


# Found again


def test_a_hit_equals_a_training(cache, trainings):
    trained, kept = train(cache), train(cache)
    assert trainings == [0]
    assert same(trained, kept)
    assert same(kept, train(None))
    assert not kept.training


def test_the_key_holds_what_shapes_training_and_nothing_else():
    keys = {training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS)}
    others = [
        training_key(SPEC, dataclasses.replace(CONFIG, **change), SOURCE, TARGET, **NETWORKS)
        for change in (
            {"max_iter": 3},
            {"augment": ("color",)},
            {"precision": "bfloat16"},
            {"compile": True},
            {"early_stopping": True},
        )
    ]
    others += [
        training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS | change)
        for change in (
            {"seed": 1},
            {"device": "cuda"},
            {"max_size": 6},
            {"generator": "resnet"},
            {"generator": make_generator},
        )
    ]
    pixel = SOURCE.copy()
    pixel[3, 2, 1] ^= 1
    others += [
        training_key(SPEC, CONFIG, pixel, TARGET, **NETWORKS),
        training_key(SPEC, CONFIG, TARGET, SOURCE, **NETWORKS),
        training_key(SPEC, CONFIG, SOURCE, TARGET.astype(np.int16), **NETWORKS),
        training_key(
            dataclasses.replace(SPEC, high=(200.0,)), CONFIG, SOURCE, TARGET, **NETWORKS
        ),
    ]
    assert len(keys | set(others)) == 1 + len(others)


def make_generator(spec):
    return torch.nn.Conv2d(spec.n_channels, spec.n_channels, 1)


@pytest.mark.parametrize("shape", [(8, 8), (4, 4, 4)], ids=str)
def test_rows_of_pixels_find_what_their_images_trained(cache, trainings, shape):
    images = X.reshape(20, *shape)
    rows = images.reshape(20, -1)
    found = [
        train_cyclegan(spec, CONFIG, x[:12], x[12:], cache=cache)
        for spec, x in (
            (ImageSpec.from_array(images), images),
            (ImageSpec.from_array(rows, shape), rows),
        )
    ]
    assert same(*found)
    assert len(trainings) == len(cache.entries()) == 1
    assert [cyclegan.spec.row_shape for cyclegan in found] == [shape, (64,)]


def test_the_key_is_of_the_version(monkeypatch):
    before = training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS)
    monkeypatch.setattr("skgan_aug.training.key.__version__", "another")
    assert training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS) != before


def test_the_key_follows_the_code_of_a_factory():
    def make(activation):  # under one name
        return lambda spec: torch.nn.Sequential(make_generator(spec), activation)

    class Twice(torch.nn.Tanh):  # looks like Tanh, computes something else
        __qualname__ = __name__ = "Tanh"

        def forward(self, x):
            return super().forward(2 * x)

        def _get_name(self):
            return "Tanh"

    def key(parameter, factory):
        networks = NETWORKS | {parameter: factory}
        return training_key(SPEC, CONFIG, SOURCE, TARGET, **networks)

    for parameter in ("generator", "discriminator"):
        activations = torch.nn.Tanh(), torch.nn.Hardtanh(), Twice()
        keys = [key(parameter, make(activation)) for activation in activations]
        assert len(set(keys)) == 3
        assert key(parameter, make(torch.nn.Tanh())) == keys[0]


def test_the_key_sees_behind_weights_that_start_at_zero():
    def key(activation):
        def make(spec):
            network = make_generator(spec)
            for weight in network.parameters():
                torch.nn.init.zeros_(weight)
            return torch.nn.Sequential(network, activation)

        networks = NETWORKS | {"generator": make}
        return training_key(SPEC, CONFIG, SOURCE, TARGET, **networks)

    class Tanh(torch.nn.Tanh):
        def forward(self, x):
            return super().forward(2 * x)

    assert key(torch.nn.Tanh()) != key(Tanh())


def test_the_key_sees_initial_weights_before_a_layer_that_starts_at_zero():
    def key(scale):
        def make(spec):
            first, last = make_generator(spec), make_generator(spec)
            torch.nn.init.normal_(first.weight, std=scale)
            torch.nn.init.zeros_(last.weight)
            return torch.nn.Sequential(first, last)

        return training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS | {"generator": make})

    assert key(0.02) == key(0.02) != key(1.0)


class Laterally(torch.nn.Module):
    """Flips images, in evaluation alone if so told: means and spreads stay the same."""

    def __init__(self, in_training=True):
        super().__init__()
        self.in_training = in_training

    def forward(self, x):
        return x.flip(-1) if self.in_training or not self.training else x


def test_the_key_sees_what_is_frozen_and_what_moves_pixels():
    def key(*layers, frozen=False):
        def make(spec):
            network = torch.nn.Sequential(make_generator(spec), *layers)
            return network.requires_grad_(not frozen)

        return training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS | {"generator": make})

    class Same(Laterally):
        __name__ = __qualname__ = "Laterally"

        def _get_name(self):
            return "Laterally"

        def forward(self, x):
            return x

    keys = [key(Same()), key(Laterally()), key(Laterally(False)), key(Same(), frozen=True)]
    assert len(set(keys)) == 4


def test_the_key_sees_what_learns():
    class Detached(torch.nn.Module):
        def __init__(self, detach):
            super().__init__()
            self.first, self.last = (torch.nn.Conv2d(1, 1, 3, padding=1) for _ in range(2))
            self.detach = detach

        def forward(self, x):
            x = self.first(x)
            return self.last(x.detach() if self.detach else x)

    def key(detach):
        networks = NETWORKS | {"generator": lambda spec: Detached(detach)}
        return training_key(SPEC, CONFIG, SOURCE, TARGET, **networks)

    assert key(False) == key(False) != key(True)


def test_the_key_sees_small_gradients():
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * ctx.factor, None

    class Scaled(torch.nn.Sequential):
        factor = 1.0

        def forward(self, x):
            return self[1](Scale.apply(self[0](x), self.factor))

    def make(factor):
        network = Scaled(*(torch.nn.Conv2d(1, 1, 3, padding=1) for _ in range(2)))
        network.factor = factor
        return network

    keys = {
        training_key(
            SPEC, CONFIG, SOURCE, TARGET, **NETWORKS | {"generator": lambda spec, f=f: make(f)}
        )
        for f in (1.0, 1e-2, 1e-3, 0.0)
    }
    assert len(keys) == 4


def test_the_key_does_not_depend_on_the_number_of_threads():
    """A bias before a normalisation has no gradient but what rounding leaves."""

    def make(spec):
        torch.manual_seed(0)
        return torch.nn.Sequential(
            torch.nn.Conv2d(1, 16, 3, padding=1),
            torch.nn.BatchNorm2d(16),
            torch.nn.ReLU(),
            torch.nn.Conv2d(16, 16, 3, padding=1),
            torch.nn.InstanceNorm2d(16),
            torch.nn.Conv2d(16, 1, 3, padding=1),
        )

    keys, n_threads = set(), torch.get_num_threads()
    for n in (1, 2, 3):
        torch.set_num_threads(n)
        try:
            networks = NETWORKS | {"generator": make}
            keys.add(training_key(SPEC, CONFIG, SOURCE, TARGET, **networks))
        finally:
            torch.set_num_threads(n_threads)
    assert len(keys) == 1


def test_networks_that_only_train_with_gradients_have_a_key():
    class InPlace(torch.nn.Sigmoid):
        def forward(self, x):
            x = super().forward(x)
            return x if self.training else x.mul_(2).sub_(1)

    networks = NETWORKS | {
        "generator": lambda spec: torch.nn.Sequential(make_generator(spec), InPlace())
    }
    assert len(training_key(SPEC, CONFIG, SOURCE, TARGET, **networks)) == 64


def test_the_key_of_large_values_does_not_depend_on_their_last_bits():
    def key(factor):
        def make(spec):
            return torch.nn.Sequential(make_generator(spec), Times(factor))

        return training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS | {"discriminator": make})

    assert key(1e4) == key(1e4 * (1 + 1e-7)) != key(1.1e4)


class Times(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


class Into(torch.nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, x):
        return x.to(self.dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_networks_that_return_other_floats_have_a_key(dtype):
    def make(spec):
        return torch.nn.Sequential(make_generator(spec), Into(dtype))

    networks = NETWORKS | {"generator": make}
    assert len(training_key(SPEC, CONFIG, SOURCE, TARGET, **networks)) == 64


def test_numbers_of_numpy_are_numbers(cache, trainings):
    config = dataclasses.replace(CONFIG, max_iter=np.int64(2), learning_rate=np.float32(0.5))
    train_cyclegan(SPEC, config, SOURCE, TARGET, cache=cache)
    config = dataclasses.replace(CONFIG, learning_rate=0.5)
    train_cyclegan(SPEC, config, SOURCE, TARGET, cache=cache)
    assert len(trainings) == 1


def test_the_key_is_of_the_kind_of_device():
    first, second = (
        training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS | {"device": device})
        for device in ("cuda:0", "cuda:1")
    )
    assert first == second


def test_weights_without_an_entry_make_room(cache, trainings):
    """A process was killed between the two files."""
    train(cache)
    for entry in cache.folder.glob("*.json"):
        entry.unlink()
    foreign = {"foreign", "ab" * 32}  # of somebody else, though one is named like ours
    for name in foreign:
        (cache.folder / f"{name}.safetensors").write_bytes(b"stays")
    assert len(list(cache.folder.glob("*.safetensors"))) == 3
    bounded = CycleGANCache(cache.folder, max_bytes=10**9)
    train(bounded, seed=1)
    weights = {path.stem for path in cache.folder.glob("*.safetensors")}
    assert weights == foreign | {path.stem for path in cache.folder.glob("*.json")}
    for entry in cache.folder.glob("*.json"):
        entry.unlink()
    assert cache.clear() == 0
    assert {path.stem for path in cache.folder.glob("*.safetensors")} == foreign


def test_weights_that_somebody_writes_this_moment_stay(cache):
    train(cache)
    (entry,) = cache.folder.glob("*.json")
    raw = entry.read_bytes()
    with cache._lock(entry.stem):
        entry.unlink()
        CycleGANCache(cache.folder, max_bytes=10**9).clear()
        entry.write_bytes(raw)
    assert len(cache.entries()) == 1
    assert entry.with_suffix(".safetensors").is_file()


@pytest.mark.skipif(os.name != "posix", reason="no such permissions here")
def test_a_lock_is_for_all_who_may_write_to_the_folder(cache):
    cache.folder.mkdir()
    cache.folder.chmod(0o777)
    train(cache)
    (lock,) = cache.folder.glob("*.lock")
    assert lock.stat().st_mode & 0o777 == 0o666


def test_what_was_trained_is_not_lost_where_the_folder_fails_afterwards(cache, monkeypatch):
    def fail(*args):
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr("skgan_aug.training.cache.FileLock.release", fail)
    monkeypatch.setattr("skgan_aug.training.cache.Path.glob", fail)
    with pytest.warns(UserWarning, match="cannot be written .*Stale file handle"):
        assert train(CycleGANCache(cache.folder, max_bytes=1)).history


# Damage


def flip_a_byte(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def replace_with_foreign(path):
    path.write_bytes(b"\x80\x04not ours")


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
@pytest.mark.parametrize("damage", [flip_a_byte, truncate, replace_with_foreign, os.remove])
def test_damage_is_noticed_and_mended(cache, trainings, damage, suffix):
    whole = train(cache)
    (path,) = files(cache, suffix)
    damage(path)
    if (damage, suffix) == (os.remove, ".json"):  # no entry: nothing to warn of
        assert same(train(cache), whole)
    else:
        with pytest.warns(UserWarning, match="trained anew"):
            assert same(train(cache), whole)
    assert trainings == [0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(train(cache), whole)


def test_what_is_removed_while_it_is_read_is_no_entry(cache, trainings, monkeypatch):
    whole = train(cache)

    def read_late(path, most_bytes):
        if path.suffix == ".safetensors":
            cache.clear()
        return read(path, most_bytes)

    read = skgan_aug.training.cache._read
    with monkeypatch.context() as patch, warnings.catch_warnings():
        patch.setattr(skgan_aug.training.cache, "_read", read_late)
        warnings.simplefilter("error")
        assert same(train(cache), whole)
    assert trainings == [0, 0]


def test_a_folder_that_cannot_be_written_costs_no_training(tmp_path, trainings):
    (tmp_path / "file").write_text("in the way")
    cache = CycleGANCache(tmp_path / "file")
    with pytest.warns(UserWarning, match=r"memory='.*file' cannot be written"):
        assert same(train(cache), train(None))


def test_a_full_disk_costs_no_training(cache, trainings, monkeypatch):
    def full(path, raw):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skgan_aug.training.cache.write_whole", full)
    with pytest.warns(UserWarning, match=r"cannot be written .*No space left"):
        trained = train(cache)
    assert trainings == [0]
    assert same(trained, train(None))
    assert cache.entries() == []


def test_a_disk_that_fills_up_keeps_no_weights_without_an_entry(cache, monkeypatch):
    def full(path, raw):
        if path.suffix == ".json":
            raise OSError(28, "No space left on device")
        write(path, raw)

    write = skgan_aug.training.cache.write_whole
    monkeypatch.setattr(skgan_aug.training.cache, "write_whole", full)
    with pytest.warns(UserWarning, match=r"cannot be written .*No space left"):
        train(cache)
    assert files(cache, ".safetensors") == []


def test_losses_that_were_changed_are_noticed(cache, trainings):
    train(cache)
    (path,) = files(cache, ".json")
    record = json.loads(path.read_text())
    record["history"][-1]["discriminator_t"] += 0.1
    path.write_text(json.dumps(record))
    with pytest.warns(UserWarning, match=r"checksum.*trained anew"):
        train(cache)
    assert trainings == [0, 0]


def test_another_protocol_is_trained_anew(cache, trainings):
    train(cache)
    (path,) = files(cache, ".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"protocol": 2}))
    with pytest.warns(UserWarning, match="protocol"):
        train(cache)
    assert trainings == [0, 0]


def test_foreign_files_are_left_alone(cache):
    train(cache)
    foreign = cache.folder / "notes.json"
    foreign.write_text("[1, 2]")
    assert len(cache.entries()) == 1
    assert cache.clear() == 1
    assert foreign.exists()
    assert files(cache, ".safetensors") == []


# Bounds


def test_the_least_recently_used_make_room(cache, trainings):
    train(cache, seed=0)
    n_bytes = cache.entries()[0].n_bytes
    small = CycleGANCache(cache.folder, max_bytes=int(2.5 * n_bytes))
    train(small, seed=1)
    for age, entry in enumerate(cache.entries()):
        os.utime(cache.folder / f"{entry.key}.json", (age, age))
    train(small, seed=0)  # used again: the other is now the older one
    train(small, seed=2)
    assert trainings == [0, 1, 2]
    train(small, seed=0)
    assert trainings == [0, 1, 2]
    train(small, seed=1)
    assert trainings == [0, 1, 2, 1]
    assert sum(entry.n_bytes for entry in small.entries()) <= small.max_bytes


def test_what_just_fits_stays(cache):
    train(cache, seed=0)
    train(cache, seed=1)
    n_bytes = sum(entry.n_bytes for entry in cache.entries())
    cache._remove(cache.entries()[-1].key)
    train(CycleGANCache(cache.folder, max_bytes=n_bytes), seed=1)
    assert len(cache.entries()) == 2


def test_what_alone_is_too_large_is_still_returned(cache, trainings):
    tight = CycleGANCache(cache.folder, max_bytes=0)
    assert same(train(tight), train(tight))
    assert len(tight.entries()) == 1


def test_entries_say_what_they_are(cache):
    assert cache.entries() == []
    train(cache)
    (entry,) = cache.entries()
    assert entry.title == "a -> b"
    assert entry.n_bytes > 1000
    assert cache.clear() == 1
    assert cache.entries() == []
    assert cache.clear() == 0


def test_tied_weights_are_kept(cache, trainings):
    class Tied(nn.Module):
        def __init__(self, spec):
            super().__init__()
            self.first = nn.Conv2d(spec.n_channels, spec.n_channels, 3, padding=1)
            self.second = self.first

        def forward(self, x):
            return torch.tanh(self.second(self.first(x)))

    first, second = (train(cache, generator=Tied) for _ in range(2))
    assert trainings == [0]
    assert same(first, second)


def test_a_state_that_is_no_tensor_costs_no_training(cache, trainings):
    class Noted(nn.Conv2d):
        def __init__(self, spec):
            super().__init__(spec.n_channels, spec.n_channels, 1)

        def get_extra_state(self):
            return {"note": 1}

        def set_extra_state(self, state):
            pass

    with pytest.warns(UserWarning, match=r"memory=.* only tensors are kept: register buffers"):
        trained = train(cache, generator=Noted)
    assert trainings == [0]
    assert trained.history
    assert cache.entries() == []


def test_what_a_factory_draws_beside_weights_is_drawn_again(cache, trainings):
    class Shifted(nn.Module):
        def __init__(self, spec):
            super().__init__()
            self.layer = nn.Conv2d(spec.n_channels, spec.n_channels, 3, padding=1)
            self.register_buffer("shift", torch.randn(1), persistent=False)

        def forward(self, x):
            return torch.tanh(self.layer(x) + self.shift)

    first, second = (train(cache, seed=5, generator=Shifted) for _ in range(2))
    assert trainings == [5]
    assert torch.equal(first.translate(SOURCE), second.translate(SOURCE))


def test_no_networks_are_made_to_look_for_what_is_not_kept(cache):
    def make(spec):  # it may read weights from elsewhere
        made.append(nn.Conv2d(spec.n_channels, spec.n_channels, 3, padding=1))
        return made[-1]

    made: list = []
    train(cache, generator=make)
    assert len(made) == 3  # one for the key, two to train


# Many processes


def train_in_process(folder, seed, log):
    torch.set_num_threads(1)
    from skgan_aug.training import CycleGANTrainer

    fit = CycleGANTrainer.fit

    def logged(self, **options):
        with open(log, "a") as file:
            file.write(f"{self.seed}\n")
        return fit(self, **options)

    CycleGANTrainer.fit = logged
    for each in (seed, 1 - seed):
        train(CycleGANCache(folder), seed=each)


def test_eight_processes_train_each_pair_once(cache, tmp_path):
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=train_in_process, args=(cache.folder, number % 2, log))
        for number in range(8)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8
    assert sorted(log.read_text().split()) == ["0", "1"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(train(cache, seed=1), train(None, seed=1))
    assert list(cache.folder.glob("*.tmp")) == []


def test_a_process_killed_while_training_does_not_lock_out_others(cache):
    def die():
        os.kill(os.getpid(), 9)

    key = training_key(SPEC, CONFIG, SOURCE, TARGET, **NETWORKS)
    process = multiprocessing.get_context("fork").Process(
        target=cache.get, args=(key, die, lambda: CycleGAN(SPEC)), kwargs={"n_snapshots": 0}
    )
    process.start()
    process.join()
    assert process.exitcode == -9
    assert same(train(cache), train(None))
