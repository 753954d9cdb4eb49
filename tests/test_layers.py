"""Layers that are computed in another way: the same functions."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from skgan_aug.networks import CompactCNN
from skgan_aug.networks._layers import (
    DrawingConv2d,
    InstanceNorm2d,
    MaxPool2d,
    ReflectingConv2d,
    reflect,
    shuffle_pixels,
)


def images(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def in_both_precisions(function, x, *weights):
    """Values and gradients in float32, and of the same numbers in bfloat16."""
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        own = x.bfloat16().to(dtype).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            y = function(own)
        assert y.dtype == dtype
        toward = images(*y.shape, seed=1).to(dtype)
        gradients = torch.autograd.grad(y, [own, *weights], toward)
        results.append([y.detach().float(), *(g.float() for g in gradients)])
    return zip(*results, strict=True)


def assert_alike(results):
    for plain, rearranged in results:
        assert plain.shape == rearranged.shape
        scale = plain.abs().max()
        torch.testing.assert_close(rearranged / scale, plain / scale, atol=0.02, rtol=0)


@pytest.mark.parametrize(("height", "width"), [(5, 7), (12, 12), (9, 70)])
@pytest.mark.parametrize("far", [1, 3])
def test_reflection_moves_numbers_and_rounds_none(height, width, far):
    x = images(2, 3, height, width).bfloat16().requires_grad_()
    expected = F.pad(x.float(), (far,) * 4, mode="reflect")
    reflected = reflect(x, far)
    assert reflected.dtype == torch.bfloat16
    assert torch.equal(reflected.float(), expected)

    toward = images(*reflected.shape, seed=1).bfloat16()
    (gradient,) = torch.autograd.grad(reflected, x, toward)
    (exact,) = torch.autograd.grad(expected, x, toward.float())
    torch.testing.assert_close(gradient, exact, atol=0.05, rtol=0.02)  # sums are rounded


@pytest.mark.parametrize("n_out", [1, 3, 4, 7])
@pytest.mark.parametrize("size", [(8, 12), (6, 10), (5, 8)], ids=str)
@pytest.mark.parametrize(
    "make",
    [
        lambda n_out: DrawingConv2d(6, n_out, 3, padding=1),
        lambda n_out: DrawingConv2d(6, n_out, 3),
        lambda n_out: ReflectingConv2d(6, n_out, 7),
    ],
    ids=["zeros", "valid", "reflecting"],
)
def test_drawing_by_blocks_is_a_convolution(make, size, n_out):
    layer = make(n_out)
    results = in_both_precisions(layer, images(2, 6, *size), layer.weight)
    assert_alike(results)


@pytest.mark.parametrize("n_in", [1, 3, 4, 6])
@pytest.mark.parametrize("size", [(8, 12), (6, 9), (10, 10), (5, 8)], ids=str)
def test_the_gradient_of_an_image_is_that_of_a_convolution(n_in, size):
    layer = ReflectingConv2d(n_in, 6, 7)
    results = in_both_precisions(layer, images(2, n_in, *size), layer.weight, layer.bias)
    assert_alike(results)


def test_a_block_fills_sixteen_filters_in_bfloat16_alone():
    x = images(1, 6, 8, 8)
    for n_out, side, block in [
        (1, 8, 4),
        (1, 6, 3),
        (1, 5, 1),
        (3, 8, 2),
        (4, 8, 2),
        (5, 8, 1),
    ]:
        layer = DrawingConv2d(6, n_out, 3, padding=1)
        assert layer._block(x[..., :side, :side].bfloat16()) == block
        assert layer._block(x) == 1


@pytest.mark.parametrize("is_last", [False, True])
def test_normalisation_of_each_channel_of_each_image(is_last):
    layout = torch.channels_last if is_last else torch.contiguous_format
    x = (3 + 2 * images(4, 6, 9, 8)).contiguous(memory_format=layout)
    for plain, rearranged in in_both_precisions(InstanceNorm2d(6), x):
        torch.testing.assert_close(rearranged, plain, atol=0.05, rtol=0.02)
    normalised = InstanceNorm2d(6)(x)
    torch.testing.assert_close(normalised.mean((2, 3)), torch.zeros(4, 6), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 8, 6), (2, 3, 5, 7), (1, 1, 2, 2), (2, 20, 4, 3)])
def test_pooling_is_torchs_to_the_bit(shape, dtype):
    # Rounded to whole numbers: of equal pixels the first gets the gradient.
    x = images(*shape).round().to(dtype).requires_grad_()
    expected = F.max_pool2d(x, 2)
    pooled = MaxPool2d()(x)
    assert torch.equal(pooled, expected)
    toward = images(*pooled.shape, seed=1).to(dtype)
    (gradient,) = torch.autograd.grad(pooled, x, toward)
    assert torch.equal(gradient, *torch.autograd.grad(expected, x, toward))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("shape", [(2, 12, 3, 4), (1, 4, 1, 1), (3, 64, 5, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_shuffling_pixels_is_torchs_to_the_bit(layout, shape, dtype):
    x = images(*shape).to(dtype).contiguous(memory_format=layout).requires_grad_()
    expected = F.pixel_shuffle(x, 2)
    shuffled = shuffle_pixels(x)
    assert torch.equal(shuffled, expected)
    toward = images(*shuffled.shape, seed=1).to(dtype).contiguous(memory_format=layout)
    (gradient,) = torch.autograd.grad(shuffled, x, toward)
    assert torch.equal(gradient, *torch.autograd.grad(expected, x, toward))


def test_gradients_of_shuffled_pixels_have_gradients():
    x = images(1, 8, 2, 3).double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: shuffle_pixels(x).pow(3), (x,))


def test_pooling_hands_on_what_is_no_number():
    x = images(1, 2, 4, 4)
    x[0, 1, 3, 3] = torch.nan
    torch.testing.assert_close(MaxPool2d()(x), F.max_pool2d(x, 2), equal_nan=True)


def test_gradients_of_pooling_have_gradients():
    x = images(1, 2, 4, 6).double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: MaxPool2d()(x).pow(3), (x,))


def test_a_stage_of_the_classifier_is_convolution_norm_relu_and_pooling():
    """Whatever the order in which it is computed."""
    torch.manual_seed(0)
    network = CompactCNN(3, (16, 16), 4).eval()
    x = images(5, 3, 16, 16)
    features = x
    for layer in network.features:
        if isinstance(layer, nn.GroupNorm):
            features = F.max_pool2d(layer(features).relu(), 2)
        elif isinstance(layer, nn.Conv2d):
            features = layer(features)
    features = F.adaptive_avg_pool2d(features, 2).flatten(1)
    assert torch.equal(network(x), network.logits(features))


@pytest.mark.slow
@pytest.mark.parametrize(
    "layer",
    [InstanceNorm2d(3), DrawingConv2d(3, 2, 3, padding=1), ReflectingConv2d(3, 6, 7)],
    ids=lambda layer: type(layer).__name__,
)
def test_compiled_layers_are_the_same_functions(layer):
    x, weights = images(2, 3, 9, 12), list(layer.parameters())
    expected, _ = zip(*in_both_precisions(layer, x, *weights), strict=True)
    _, compiled = zip(*in_both_precisions(torch.compile(layer), x, *weights), strict=True)
    assert_alike(zip(expected, compiled, strict=True))
