"""The pool of earlier translations that discriminators judge."""

import torch

from skgan_aug.training.image_pool import ImagePool


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=6):
    return torch.rand(n, 3, 16, 24, generator=rng()) * 2 - 1


def test_a_pool_of_none_passes_everything_through():
    pool, x = ImagePool(0, rng()), images()
    assert pool.exchange(x) is x


def test_a_pool_returns_what_it_keeps_while_it_fills():
    pool, x = ImagePool(8, rng()), images(8)
    assert torch.equal(pool.exchange(x[:5]), x[:5])
    assert torch.equal(pool.exchange(x[5:]), x[5:])
    assert torch.equal(pool.images, x)


def test_a_full_pool_swaps_half_and_loses_nothing():
    pool, n = ImagePool(200, rng()), 100
    seen = torch.arange(200.0).reshape(-1, 1, 1, 1)
    pool.exchange(seen)
    n_old = 0
    for turn in range(20):
        new = torch.arange(n).float().reshape(-1, 1, 1, 1) + 1000 * (turn + 1)
        before = pool.images.clone()
        out = pool.exchange(new)
        assert out.shape == new.shape
        assert len(pool.images) == 200
        came, went = (
            torch.cat([before, new]).flatten(),
            torch.cat([pool.images, out]).flatten(),
        )
        assert torch.equal(came.sort().values, went.sort().values)
        n_old += (out < 1000 * (turn + 1)).sum().item()
    assert 0.45 < n_old / (20 * n) < 0.55


def test_a_batch_larger_than_the_pool_comes_back_whole():
    pool, x = ImagePool(3, rng()), images(10)
    assert pool.exchange(x).shape == x.shape
    assert pool.exchange(x).shape == x.shape
    assert len(pool.images) == 3
