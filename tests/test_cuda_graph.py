"""A step recorded as CUDA graphs: when it may be, and that it trains as without."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from skgan_aug.images import ImageSpec
from skgan_aug.networks import MaskedGenerator, PaperDiscriminator, ResnetGenerator
from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig, cuda_graph
from skgan_aug.training.cuda_graph import StepGraphs

SMALL = TrainingConfig(
    max_iter=12,
    batch_size=4,
    learning_rate=1e-3,
    pool_size=6,
    augment=("color", "translation", "cutout"),
)


def make_rows(shape):
    return np.random.RandomState(0).randint(256, size=(20, *shape)).astype(np.uint8)


def make_trainer(config=SMALL, shape=(16, 16, 3), *, device="cuda", **networks):
    X = make_rows(shape)
    cyclegan = CycleGAN(ImageSpec.from_array(X), **networks)
    return CycleGANTrainer(cyclegan, config, X[:12], X[12:], seed=0, device=device)


def without_graphs(trainer):
    trainer.graphs = None
    return trainer


def weights(cyclegan):
    return nn.utils.parameters_to_vector(cyclegan.parameters()).detach().cpu().clone()


class OwnGenerator(MaskedGenerator):
    """What a user's class does, a recording cannot know."""


@pytest.mark.parametrize(
    "network",
    [MaskedGenerator(3), ResnetGenerator(1), PaperDiscriminator(3, (48, 48)), nn.Linear(2, 3)],
)
def test_layers_of_torch_and_of_this_package_are_recorded_on_a_gpu_alone(network):
    assert StepGraphs.can_record(torch.device("cuda"), network)
    assert not StepGraphs.can_record(torch.device("cpu"), network)


def test_networks_of_the_user_are_not_recorded():
    cuda = torch.device("cuda")
    assert not StepGraphs.can_record(cuda, nn.Sequential(MaskedGenerator(3), OwnGenerator(3)))
    hooked = MaskedGenerator(3)
    hooked.blocks.register_forward_hook(lambda module, args, output: output)
    assert not StepGraphs.can_record(cuda, MaskedGenerator(3), hooked)


def test_layers_that_do_more_than_their_class_says_are_not_recorded():
    hooked, patched, counting = (
        nn.Linear(2, 3),
        nn.Linear(2, 3),
        nn.BatchNorm2d(3, momentum=None),
    )
    hooked.register_full_backward_pre_hook(lambda module, gradients: None)
    patched.forward = lambda x: x
    for layer in (hooked, patched, counting):
        assert not StepGraphs.can_record(torch.device("cuda"), layer)
    assert StepGraphs.can_record(torch.device("cuda"), nn.BatchNorm2d(3))


def test_a_cpu_has_none():
    assert make_trainer(device="cpu").graphs is None


class Replay:
    """What a graph does, without a GPU: the part again, on tensors drawn ahead of it."""

    def __init__(self, part, optimizer, inputs, draws):
        self.part, self.draws = part, draws

    def replay(self, inputs):
        self.draws.fill()
        self.draws.n_read = 0
        return self.part(self.draws, *inputs)


@pytest.mark.parametrize("classifier_weight", [0.0, 1.0])
def test_a_graph_draws_what_the_step_would(monkeypatch, classifier_weight):
    recorded_parts = []

    def record(part, *args):
        recorded_parts.append(part.__name__)
        return Replay(part, *args)

    monkeypatch.setattr(cuda_graph, "_Graph", record)
    config = dataclasses.replace(SMALL, classifier_weight=classifier_weight)
    trainer = make_trainer(config, device="cpu")
    trainer.graphs = StepGraphs(trainer.rng)
    recorded = weights(trainer.fit())
    assert {"_generator_gradients", "_discriminator_gradients"} == set(recorded_parts)
    assert torch.equal(recorded, weights(make_trainer(config, device="cpu").fit()))


def test_what_cannot_be_recorded_is_an_error_with_a_way_out(monkeypatch):
    def fail(*args):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(cuda_graph, "_Graph", fail)
    trainer = make_trainer(device="cpu")
    trainer.graphs = StepGraphs(trainer.rng)
    with pytest.raises(RuntimeError, match=r"\(operation.*capturing\)\. Start.*compile=True"):
        trainer.fit()
    assert trainer.n_iter == 3


gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]


class TestOnAGPU:
    pytestmark = gpu

    @pytest.mark.parametrize("shape", [(16, 16, 3), (14, 10), (6,)], ids=str)
    @pytest.mark.parametrize(
        "changes",
        [{}, {"classifier_weight": 0.0}, {"identity_weight": 1.0, "pool_size": 0}],
        ids=str,
    )
    def test_trains_as_without(self, shape, changes):
        config = dataclasses.replace(SMALL, **changes)
        start = weights(make_trainer(config, shape).cyclegan)
        expected, again = (
            weights(without_graphs(make_trainer(config, shape)).fit()) for _ in range(2)
        )
        trainer = make_trainer(config, shape)
        trainer.fit(max_iter=8)
        assert trainer.graphs is not None
        result = weights(trainer.fit())
        # No two trainings on a GPU round alike, and Adam makes full steps of the difference.
        usual = (again - expected).norm() + 0.02 * (expected - start).norm()
        assert (result - expected).norm() < 1.5 * usual

    def test_no_step_waits_for_the_one_before(self):
        trainer = make_trainer()
        trainer.fit(max_iter=8)
        torch.cuda.set_sync_debug_mode("error")
        try:
            trainer.advance()
        finally:
            torch.cuda.set_sync_debug_mode("default")

    def test_losses_of_each_step_are_kept(self):
        trainer, plain = make_trainer(), without_graphs(make_trainer())
        for each in (trainer, plain):
            for _ in range(8):
                each.advance()
        for recorded, expected in zip(trainer.losses, plain.losses, strict=True):
            assert recorded.keys() == expected.keys()
            for name in expected:
                torch.testing.assert_close(
                    recorded[name], expected[name], rtol=0.02, atol=1e-3, msg=name
                )

    def test_the_precision_may_be_bfloat16(self):
        config = dataclasses.replace(SMALL, precision="bfloat16")
        cyclegan = make_trainer(config).fit()
        assert np.isfinite([list(each.values()) for each in cyclegan.history]).all()

    def test_running_out_of_memory_halves_the_batch(self, monkeypatch):
        trainer = make_trainer()
        step, sizes = trainer.train_step, []

        def train_step(real_s, real_t):
            sizes.append(len(real_s))
            if len(sizes) == 7:
                raise torch.OutOfMemoryError("no memory")
            return step(real_s, real_t)

        monkeypatch.setattr(trainer, "train_step", train_step)
        with pytest.warns(UserWarning, match=r"batch_size=4.*with 2"):
            trainer.fit()
        assert sizes == [4] * 7 + [2] * 12

    def test_goes_on_from_a_checkpoint(self, tmp_path):
        expected, again = (weights(make_trainer().fit()) for _ in range(2))
        make_trainer().fit(max_iter=7, checkpoint=tmp_path / "at")
        resumed = weights(make_trainer().fit(checkpoint=tmp_path / "at"))
        assert (resumed - expected).norm() < 1.5 * (again - expected).norm()

    def test_networks_of_the_user_train_step_by_step(self):
        trainer = make_trainer(generator=lambda spec: OwnGenerator(3, n_filters=4))
        assert trainer.graphs is None
        trainer.fit()
