"""The paper by name: its networks, its values, and one step against a plain transcription."""

import dataclasses

import numpy as np
import pytest
import torch
from plain_cyclegan import PlainCycleGAN, plain_discriminator, plain_generator
from scipy.ndimage import gaussian_filter
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.networks import PaperDiscriminator, ResnetGenerator
from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig

N_CHANNELS, N_FILTERS, POOL_SIZE = 1, 8, 3
NETWORKS = {
    "generator_st": "g_st",
    "generator_ts": "g_ts",
    "discriminator_s": "d_s",
    "discriminator_t": "d_t",
}


def make_rows(n=12, side=24):
    noise = np.random.RandomState(0).standard_normal((n, side, side))
    smooth = gaussian_filter(noise, (0, 2, 2))
    return np.clip(128 + 400 * smooth, 0, 255).astype(np.uint8)


def make_trainer(seed):
    """The engine with what ``CycleGANOverSampler.paper`` says, on narrower networks."""
    sampler = CycleGANOverSampler.paper(max_iter=100, precision="float32", augment=())
    names = TrainingConfig.__dataclass_fields__.keys() & sampler.get_params().keys()
    config = TrainingConfig(**{name: getattr(sampler, name) for name in names})
    X = make_rows()
    cyclegan = CycleGAN(
        ImageSpec.from_array(X),
        generator=lambda spec: ResnetGenerator(N_CHANNELS, n_filters=N_FILTERS),
        discriminator=lambda spec: PaperDiscriminator(
            N_CHANNELS, spec.image_size, n_filters=N_FILTERS
        ),
        seed=seed,
    )
    config = dataclasses.replace(config, pool_size=POOL_SIZE)
    return CycleGANTrainer(cyclegan, config, X[:8], X[8:], seed=seed)


def plain_twin(trainer):
    """The transcription with the weights that the engine starts from."""
    networks = {}
    for name, short in NETWORKS.items():
        make = plain_generator if name.startswith("generator") else plain_discriminator
        plain, ours = make(N_CHANNELS, N_FILTERS), getattr(trainer.cyclegan, name)
        with torch.no_grad():
            for weight, own in zip(plain.parameters(), ours.parameters(), strict=True):
                weight.copy_(own)
        networks[short] = plain
    return PlainCycleGAN(**networks, pool_size=POOL_SIZE)


def fill_pools(trainer, plain):
    past = torch.rand(2, POOL_SIZE, N_CHANNELS, 24, 24, generator=trainer.rng) * 2 - 1
    trainer.pool_s.images, trainer.pool_t.images = past.clone()
    plain.pool_s.images, plain.pool_t.images = map(list, past)


def pool_draws(trainer):
    """What the engine's full pools will draw for a batch of one image: slot, whether."""
    rng = torch.Generator()
    rng.set_state(trainer.rng.get_state())
    return [
        (
            torch.randperm(POOL_SIZE, generator=rng)[:1].tolist(),
            (torch.rand(1, generator=rng) < 0.5).tolist(),
        )
        for _ in range(2)
    ]


def gradients(network):
    return torch.cat([weight.grad.flatten() for weight in network.parameters()])


def vector(network):
    return nn.utils.parameters_to_vector(network.parameters())


@pytest.mark.parametrize(
    ("seed", "swapped"), [(0, (1, 1)), (1, (1, 0)), (3, (0, 1)), (4, (0, 0))]
)
def test_one_step_is_that_of_a_plain_transcription(seed, swapped):
    """Losses, gradients, updated weights and pools, float32, to 1e-5."""
    trainer = make_trainer(seed)
    plain = plain_twin(trainer)
    fill_pools(trainer, plain)
    s, t = trainer.draw_batches()
    draws = pool_draws(trainer)
    assert tuple(is_swapped for _, (is_swapped,) in draws) == swapped
    close = {"rtol": 0, "atol": 1e-5}

    expected = plain.step(s, t, *draws)
    losses = trainer.train_step(s, t)

    assert losses.keys() - {"classifier"} == expected.keys()
    for name, loss in expected.items():
        torch.testing.assert_close(losses[name], loss, **close)
    for name, short in NETWORKS.items():
        ours, theirs = getattr(trainer.cyclegan, name), getattr(plain, short)
        torch.testing.assert_close(gradients(ours), gradients(theirs), **close)
        torch.testing.assert_close(vector(ours), vector(theirs), **close)
    for ours, theirs in ((trainer.pool_s, plain.pool_s), (trainer.pool_t, plain.pool_t)):
        torch.testing.assert_close(ours.images, torch.stack(theirs.images), **close)


def test_the_paper_has_the_values_of_its_text():
    sampler = CycleGANOverSampler.paper()
    assert (sampler.batch_size, sampler.learning_rate) == (1, 2e-4)
    assert (sampler.cycle_weight, sampler.identity_weight) == (10, 0)
    assert (sampler.real_label, sampler.pool_size) == (0.9, 30)
    assert (sampler.synthetic_fraction, sampler.min_strength) == (1, 1)
    assert (sampler.classifier_weight, sampler.ema_decay, sampler.n_snapshots) == (0, 0, 0)
    assert sampler.augment is None
    assert CycleGANOverSampler.paper(batch_size=4, source=2).batch_size == 4


def test_the_paper_refuses_images_that_are_too_small():
    X, y = make_rows(side=16), np.repeat([0, 1], [8, 4])
    sampler = CycleGANOverSampler.paper(max_iter=1)
    with pytest.raises(ValueError, match=r"discriminator='paper'.*16x16"):
        sampler.fit_resample(X, y)


def test_the_paper_over_samples():
    X, y = make_rows(), np.repeat([0, 1], [8, 4])
    sampler = CycleGANOverSampler.paper(max_iter=2, random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert X_resampled.shape == (16, 24, 24)
    assert (y_resampled == 1).sum() == 8
    assert sampler.synthetic_mask_.sum() == 4
