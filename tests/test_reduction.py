"""Large images: networks see them reduced, and they are changed at their own size."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.networks import MaskedGenerator, PatchDiscriminator
from skgan_aug.training import CycleGAN

LARGE = [(96, 128), (66, 65), (70, 126), (30, 196)]
QUICK = {"max_iter": 2, "batch_size": 2, "device": "cpu", "random_state": 0}


def spec_of(size):
    return ImageSpec.from_array(np.zeros((2, *size, 3)))


def images(size):
    rng = torch.Generator().manual_seed(0)
    return 0.2 * torch.rand(2, 3, *size, generator=rng) - 0.1


def checkerboard(size):
    """Pixels of 0.1 and -0.1 in turn."""
    rows, columns = (torch.arange(side) for side in size)
    return 0.1 * (-1.0) ** (rows[:, None] + columns)


@torch.no_grad()
def draw(generator, *, content, mask):
    """Have a masked generator draw the same everywhere, before tanh and sigmoid."""
    generator.content_and_mask.weight.zero_()
    generator.content_and_mask.bias[:-1] = content
    generator.content_and_mask.bias[-1] = mask


def resized_by_pillow(x, size):
    """Bilinear over all that a pixel covers."""
    channels = [
        np.asarray(Image.fromarray(channel).resize(size[::-1], Image.Resampling.BILINEAR))
        for channel in x.flatten(0, 1).numpy()
    ]
    return torch.from_numpy(np.stack(channels)).reshape(*x.shape[:2], *size)


def enlarge(x, size):
    return F.interpolate(x, size, mode="bicubic")


@pytest.mark.parametrize(
    ("size", "max_size", "seen"),
    [
        ((64, 48), 64, (64, 48)),
        ((65, 48), 64, (64, 47)),
        ((300, 2), 64, (64, 1)),
        ((128, 192), 64, (43, 64)),
        ((224, 200), 64, (64, 57)),
        ((224, 224), 224, (224, 224)),
        ((224, 224), None, (224, 224)),
    ],
)
def test_what_networks_see(size, max_size, seen):
    cyclegan = CycleGAN(spec_of(size), max_size=max_size)
    assert cyclegan.network_spec.image_shape == (*seen, 3)
    raw = cyclegan.spec.as_tensor(np.random.default_rng(0).random((2, *size, 3)))
    x, whole = cyclegan.encode(raw), cyclegan.spec.encode(raw)
    assert x.shape == (2, 3, *seen)
    torch.testing.assert_close(x, resized_by_pillow(whole, seen))


@pytest.mark.parametrize("size", LARGE, ids=str)
def test_a_change_is_enlarged_and_details_fade_with_it(size):
    cyclegan, x = CycleGAN(spec_of(size)), images(size) + checkerboard(size)
    draw(cyclegan.generator_st, content=0.5, mask=0.0)
    # Half of tanh(0.5), half of what the generator saw.
    seen = resized_by_pillow(x, cyclegan.network_spec.image_size)
    change = enlarge(0.5 * (np.tanh(0.5) - seen), size)
    details = x - enlarge(seen, size)
    torch.testing.assert_close(cyclegan.translate(x), x + change - change.abs() * details)


@pytest.mark.parametrize("size", LARGE, ids=str)
def test_nothing_is_left_of_what_has_gone(size):
    cyclegan, x = CycleGAN(spec_of(size)), 0.8 + checkerboard(size).expand(2, 3, *size)
    draw(cyclegan.generator_st, content=-10.0, mask=20.0)
    torch.testing.assert_close(cyclegan.translate(x), -torch.ones_like(x))


def test_where_nothing_is_changed_images_stay_to_the_bit():
    cyclegan, x = CycleGAN(spec_of((96, 70))), images((96, 70))
    draw(cyclegan.generator_st, content=0.5, mask=-200.0)
    assert torch.equal(cyclegan.translate(x), x)


@pytest.mark.parametrize("size", LARGE, ids=str)
def test_judges_see_images_reduced(size):
    cyclegan, x = CycleGAN(spec_of(size)), images(size)
    seen = cyclegan.network_spec.image_size
    of_small, small = CycleGAN(spec_of(seen)), resized_by_pillow(x, seen)
    for name in ("score_realness", "score_target"):
        scores = getattr(cyclegan, name)(x)
        torch.testing.assert_close(scores, getattr(of_small, name)(small))


# The over-sampler


X = np.random.default_rng(0).integers(0, 256, size=(12, 20, 24), dtype=np.uint8)
Y = np.repeat([0, 1], [8, 4])


def test_an_over_sampler_adds_images_of_their_own_size():
    sampler = CycleGANOverSampler(max_size=12, synthetic_fraction=1.0, **QUICK)
    X_resampled, _ = sampler.fit_resample(X, Y)
    assert X_resampled.shape == (16, 20, 24)
    assert sampler.cyclegans_[0, 1].network_spec.image_size == (10, 12)
    added, sources = X_resampled[12:], X[sampler.source_indices_[12:]]
    blocks = [np.asarray(rows, float).reshape(4, 10, 2, 12, 2) for rows in (added, sources)]
    fine_added, fine_sources = (
        (rows - rows.mean(axis=(2, 4), keepdims=True)).ravel() for rows in blocks
    )
    assert np.corrcoef(fine_added, fine_sources)[0, 1] > 0.8
    assert not np.array_equal(added, sources)


def test_factories_are_told_what_networks_see():
    told = []

    def generator(spec):
        told.append(spec.image_shape)
        return MaskedGenerator(spec.n_channels, n_filters=4, n_blocks=1)

    def discriminator(spec):
        told.append(spec.image_shape)
        return PatchDiscriminator(spec.n_channels, spec.image_size, n_filters=4)

    networks = {"generator": generator, "discriminator": discriminator}
    CycleGANOverSampler(max_size=12, **networks, **QUICK).fit_resample(X, Y)
    assert set(told) == {(10, 12)}
    told.clear()
    CycleGANOverSampler.paper(**{**QUICK, **networks}).fit_resample(X, Y)
    assert set(told) == {(20, 24)}


@pytest.mark.parametrize(("max_size", "n_trainings"), [(8, 2), (24, 1), (None, 1), (64, 1)])
def test_other_sizes_are_other_trainings(tmp_path, max_size, n_trainings):
    for own in (64, max_size):
        sampler = CycleGANOverSampler(max_size=own, memory=tmp_path, **QUICK)
        sampler.fit_resample(X, Y)
    assert len(list(tmp_path.glob("*.safetensors"))) == n_trainings


def test_training_goes_on_from_a_checkpoint(tmp_path):
    params = {"max_size": 12, **QUICK, "max_iter": 4}
    whole, _ = CycleGANOverSampler(**params).fit_resample(X, Y)
    for _ in range(2):
        rows, _ = CycleGANOverSampler(**params, checkpoint_dir=tmp_path).fit_resample(X, Y)
        np.testing.assert_array_equal(rows, whole)


@pytest.mark.parametrize("max_size", [7, 0, 64.5, "64"])
def test_sizes_that_cannot_be_are_refused(max_size):
    with pytest.raises(ValueError, match="max_size"):
        CycleGANOverSampler(max_size=max_size, **QUICK).fit_resample(X, Y)
