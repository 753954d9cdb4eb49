"""Differentiable augmentation: what is moved, jittered and hidden, and by how much."""

import pytest
import torch
from torch import nn

from skgan_aug.training.augmentation import (
    augment_batch,
    cut_out,
    draw_moves,
    draw_shifts,
    flip_image,
    jitter_color,
    shift_images,
    shift_randomly,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=6, n_channels=3, height=16, width=24):
    return torch.rand(n, n_channels, height, width, generator=rng()) * 2 - 1


@pytest.mark.parametrize("augment", [jitter_color, shift_randomly, cut_out, flip_image])
def test_augmentation_draws_from_the_given_generator_alone(augment, global_rng_is_left_alone):
    x = images()
    assert torch.equal(augment(x, rng(1)), augment(x, rng(1)))
    assert not torch.equal(augment(x, rng(1)), augment(x, rng(2)))


@pytest.mark.parametrize("augment", [jitter_color, shift_randomly, cut_out, flip_image])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2), (3, 7), (9, 8)], ids=str)
def test_augmentation_keeps_shapes_and_lets_gradients_through(augment, size):
    x = images(16, 3, *size).requires_grad_()
    augmented = augment(x, rng())
    assert augmented.shape == x.shape
    augmented.sum().backward()
    assert torch.isfinite(x.grad).all()
    if size != (1, 1):
        assert x.grad.abs().sum() > 0


def test_augmentation_of_nothing_is_the_identity():
    x = images()
    assert augment_batch(x, (), rng()) is x


def test_augmentations_apply_in_the_order_of_their_names():
    x, first, second = images(), rng(3), rng(3)
    expected = cut_out(jitter_color(x, second), second)
    assert torch.equal(augment_batch(x, ("color", "cutout"), first), expected)


def test_translation_shifts_each_image_by_up_to_an_eighth():
    x = images(64, 2, 16, 24)
    shifted, seen = shift_randomly(x, rng()), set()
    for before, after in zip(x, shifted, strict=True):
        padded = nn.functional.pad(before, (3, 3, 2, 2), mode="reflect")
        found = [
            (down, right)
            for down in range(5)
            for right in range(7)
            if torch.equal(after, padded[:, down : down + 16, right : right + 24])
        ]
        assert len(found) == 1
        seen.update(found)
    assert {down for down, _ in seen} == set(range(5))
    assert {right for _, right in seen} == set(range(7))


def test_sides_of_less_than_eight_shift_by_a_pixel():
    x = images(100, 1, 4, 5)
    is_shifted = (shift_randomly(x, rng()) != x).any(dim=3).any(dim=2)
    assert 0.75 < is_shifted.float().mean() < 1  # 8 of 9


def test_cutout_hides_one_square():
    x = torch.ones(64, 2, 16, 24)
    hidden = cut_out(x, rng()) == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    rows, columns = hidden[:, 0].any(dim=2).sum(dim=1), hidden[:, 0].any(dim=1).sum(dim=1)
    assert torch.equal(hidden[:, 0].sum(dim=(1, 2)), rows * columns)  # a rectangle
    assert rows.max() == 16 * 3 // 8
    assert columns.max() == 24 * 3 // 8
    assert (hidden[:, 0].sum(dim=(1, 2)) > 0).all()


def test_cutout_hides_every_row_and_column_about_as_often():
    hidden = cut_out(torch.ones(1000, 1, 16, 24), rng())[:, 0] == 0
    assert hidden.any(dim=2).float().mean(dim=0).min() > 0.15  # 3 of 16 positions
    assert hidden.any(dim=1).float().mean(dim=0).min() > 0.15  # 5 of 24


def test_color_keeps_edges_where_they_are():
    x = torch.zeros(8, 3, 4, 4)
    x[..., 2:] = 0.5
    jittered = jitter_color(x, rng())
    assert torch.allclose(jittered[..., :2], jittered[..., :1])
    assert torch.allclose(jittered[..., 2:], jittered[..., 2:3])
    contrast = (jittered[..., 2] - jittered[..., 1])[:, 0, 0] / 0.5
    assert (contrast >= 0.7).all()
    assert (contrast <= 1.3).all()
    assert (jittered.mean(dim=(1, 2, 3)) - 0.25).abs().max() <= 0.2 + 1e-6


def test_color_differs_from_image_to_image_in_all_three_ways():
    """Red and green, left and right, told apart after any jitter."""
    x = torch.linspace(-0.3, 0.3, 500).reshape(-1, 1, 1, 1).repeat(1, 2, 1, 2)
    x[:, 0] += 0.1
    x[..., 0] += 0.2
    jittered = jitter_color(x, rng())
    brightness = (jittered - x).mean(dim=(1, 2, 3))
    contrast = (jittered[..., 0] - jittered[..., 1]).mean(dim=(1, 2)) / 0.2
    saturation = (jittered[:, 0] - jittered[:, 1]).mean(dim=(1, 2)) / 0.1 / contrast
    for drawn, low, high in (
        (brightness, -0.2, 0.2),
        (contrast, 0.7, 1.3),
        (saturation, 0.7, 1.3),
    ):
        assert low - 1e-4 <= drawn.min() < low + 0.02
        assert high - 0.02 < drawn.max() <= high + 1e-4
    together = torch.corrcoef(torch.stack([brightness, contrast, saturation]))
    assert (together - torch.eye(3)).abs().max() < 0.2  # each is drawn by itself


def test_flips_mirror_about_half():
    x = images(400, 1, 2, 3)
    flipped = flip_image(x, rng())
    is_mirrored = (flipped == x.flip(-1)).all(dim=(1, 2, 3))
    assert ((flipped == x).all(dim=(1, 2, 3)) | is_mirrored).all()
    assert 0.4 < is_mirrored.float().mean() < 0.6


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 16, 24)], ids=str)
def test_repeats_of_images_become_different(shape):
    n_different, n_repeats = 4, 26
    x = torch.rand(n_different, *shape, generator=rng())
    shifts = draw_shifts(n_repeats, n_different, shape[1:], rng())
    varied = shift_images(x[torch.arange(n_repeats) % n_different], *shifts)
    assert len({row.numpy().tobytes() for row in [*x, *varied]}) == n_different + n_repeats
    for shift, again in zip(
        shifts, draw_shifts(n_repeats, n_different, shape[1:], rng()), strict=True
    ):
        assert torch.equal(shift, again)


def test_repeats_of_vectors_move_to_another_row():
    towards, share = draw_moves(26, 4, rng())
    assert (towards != torch.arange(26) % 4).all()
    assert set(towards.tolist()) == {0, 1, 2, 3}
    assert ((share >= 0) & (share <= 0.5)).all()
    assert len(share.unique()) == 26


def test_a_single_row_cannot_vary_towards_another():
    assert draw_moves(2, 1, rng())[0].tolist() == [0, 0]
