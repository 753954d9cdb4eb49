"""A step recorded as CUDA graphs: when it may be, and that it trains as without."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from skgan_aug.images import ImageSpec
from skgan_aug.networks import MaskedGenerator, PaperDiscriminator, ResnetGenerator
from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig
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


def test_a_cpu_has_none():
    assert make_trainer(device="cpu").graphs is None


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
        expected = weights(without_graphs(make_trainer(config, shape)).fit())
        trainer = make_trainer(config, shape)
        trainer.fit(max_iter=8)
        assert any(graph is not None for graph in trainer.graphs._graphs.values())
        result = weights(trainer.fit())
        assert (result - expected).norm() < 0.05 * (expected - start).norm()

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
        expected = weights(make_trainer().fit())
        start = weights(make_trainer().cyclegan)
        make_trainer().fit(max_iter=7, checkpoint=tmp_path / "at")
        resumed = weights(make_trainer().fit(checkpoint=tmp_path / "at"))
        assert (resumed - expected).norm() < 0.05 * (expected - start).norm()

    def test_networks_of_the_user_train_step_by_step(self):
        trainer = make_trainer(generator=lambda spec: OwnGenerator(3, n_filters=4))
        assert trainer.graphs is None
        trainer.fit()

    def test_what_cannot_be_recorded_runs_as_it_is(self):
        x = torch.ones(3, device="cuda", requires_grad=True)
        optimizer = torch.optim.SGD([x], 1.0)

        def part(generator, y):
            loss = (x * y).sum() * float(y.sum())  # waits for the GPU
            optimizer.zero_grad()
            loss.backward()
            return {"loss": loss.detach()}, ()

        graphs = StepGraphs(torch.Generator())
        for n in (1, 2, 3):
            graphs.run(part, optimizer, (torch.full((3,), float(n), device="cuda"),))
        four = (torch.full((3,), 4.0, device="cuda"),)
        with pytest.warns(UserWarning, match=r"No CUDA graph could be recorded \("):
            losses, _ = graphs.run(part, optimizer, four)
        assert losses["loss"].item() == 144.0
        assert x.grad.tolist() == [48.0] * 3
        losses, _ = graphs.run(part, optimizer, four)
        assert losses["loss"].item() == 144.0
