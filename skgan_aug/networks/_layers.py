"""Layers that a CPU computes in another way: the same functions, faster.

All but pooling and shuffling pixels, which round nothing, do so in bfloat16 alone. In
float32 they are what torch has, operation for operation: that is where a training step is
held against a plain transcription of the paper, to the last digits.
"""

from functools import lru_cache

import torch
from torch import nn
from torch.nn import functional as F

_WIDEST_PRODUCT = 64  # columns; beyond it, reflecting by a product costs more than it saves


def _is_rearranged(x):
    return x.is_cpu and x.dtype == torch.bfloat16


def _is_slow_in_torch(x):
    return x.is_cpu and not torch.compiler.is_compiling()


class InstanceNorm2d(nn.InstanceNorm2d):
    """``torch.nn.InstanceNorm2d`` without weights; by groups of one channel in bfloat16."""

    def forward(self, x):
        """Normalise each channel of each image of ``x`` (n, C, H, W)."""
        if not _is_rearranged(x):
            return super().forward(x)
        if torch.compiler.is_compiling():  # fused, and convolutions prefer channels last
            return self._normalize(x.contiguous(memory_format=torch.channels_last))
        # With channels last it would take ten times as long.
        return F.group_norm(x.contiguous(), x.shape[1], eps=self.eps)

    def _normalize(self, x):
        wide = x.float()
        variance, mean = torch.var_mean(wide, (2, 3), correction=0, keepdim=True)
        return ((wide - mean) * torch.rsqrt(variance + self.eps)).to(x.dtype)


class MaxPool2d(nn.MaxPool2d):
    """``torch.nn.MaxPool2d(2)``, to the bit; on a CPU in a third of the time."""

    def __init__(self):
        super().__init__(2)

    def forward(self, x):
        """Map (n, C, h, w) to (n, C, h // 2, w // 2)."""
        return _MaxPooling.apply(x) if _is_slow_in_torch(x) else super().forward(x)


class AdaptiveAvgPool2d(nn.AdaptiveAvgPool2d):
    """``torch.nn.AdaptiveAvgPool2d(2)``; on MPS, which pools even sides alone, by products."""

    def __init__(self):
        super().__init__(2)

    def forward(self, x):
        """Map (n, C, h, w) to (n, C, 2, 2)."""
        return pool_by_products(x) if x.device.type == "mps" else super().forward(x)


def pool_by_products(x):
    """Means of the quarters of each image, (n, C, 2, 2); odd middles belong to two."""
    rows, columns = (_means_of_halves(side).to(x) for side in x.shape[-2:])
    return rows @ x @ columns.T


def _means_of_halves(side):
    means = torch.zeros(2, side)
    means[0, : (side + 1) // 2] = means[1, side // 2 :] = 1.0 / ((side + 1) // 2)
    return means


class _MaxPooling(torch.autograd.Function):
    """Forward with channels last, where torch uses vector units, and backward without.

    Torch's gradient takes longer with channels last than the other way round.
    """

    @staticmethod
    def forward(ctx, x):
        pooled, indices = F.max_pool2d(
            x.contiguous(memory_format=torch.channels_last), 2, return_indices=True
        )
        ctx.save_for_backward(x, indices.contiguous())
        return pooled.contiguous()

    @staticmethod
    def backward(ctx, gradient):
        x, indices = ctx.saved_tensors
        two, one, zero = [2, 2], [1, 1], [0, 0]  # kernel and stride; dilation; padding
        return torch.ops.aten.max_pool2d_with_indices_backward(
            gradient.contiguous(), x, two, two, zero, one, False, indices
        )


def shuffle_pixels(x):
    """``torch.nn.functional.pixel_shuffle(x, 2)``, to the bit.

    Of many channels on a CPU in half to three quarters of the time.
    """
    return _PixelShuffle.apply(x) if _is_slow_in_torch(x) else F.pixel_shuffle(x, 2)


class _PixelShuffle(torch.autograd.Function):
    """A copy for each of the four pixels of a block, in place of a permutation."""

    @staticmethod
    def forward(ctx, x):
        n, n_filters, h, w = x.shape
        shuffled = x.new_empty(n, n_filters // 4, 2 * h, 2 * w)
        filters = x.unflatten(1, (-1, 4)).unbind(2)
        for pixels, of_block in zip(_pixels_of_blocks(shuffled), filters, strict=True):
            pixels.copy_(of_block)
        return shuffled

    @staticmethod
    def backward(ctx, gradient):
        return torch.stack(_pixels_of_blocks(gradient), dim=2).flatten(1, 2)


def _pixels_of_blocks(x):
    """The four pixels of each block of 2x2 of ``x``, views of (n, C, h, w) each."""
    return [x[:, :, row::2, column::2] for row in range(2) for column in range(2)]


class DrawingConv2d(nn.Conv2d):
    """A convolution of stride 1 to the few channels of an image, by blocks of pixels.

    Vector units compute 16 filters at once, and an image has one or three. The pixels of a
    block, as many as fill 16 filters, are filters of a wider kernel that moves by whole
    blocks.
    """

    def __init__(self, n_in, n_out, kernel_size, *, padding=0):
        super().__init__(n_in, n_out, kernel_size, padding=padding)
        self.shrinkage = kernel_size - 1 - 2 * padding

    def forward(self, x):
        """Map (n, n_in, h, w) to (n, n_out, h', w'), as ``torch.nn.Conv2d`` does."""
        block = self._block(x)
        if block == 1:
            return super().forward(x)
        bias = None if self.bias is None else self.bias.repeat_interleave(block**2)
        return _draw(x, self.weight, bias, block, self.padding[0])

    def _block(self, x):
        if not _is_rearranged(x):
            return 1
        drawn = [side - self.shrinkage for side in x.shape[-2:]]
        return _largest_block(self.out_channels, drawn)


class ReflectingConv2d(DrawingConv2d):
    """A convolution of stride 1 that keeps the size, its borders padded by reflection."""

    def forward(self, x):
        """Map (n, n_in, h, w) to (n, n_out, h, w)."""
        padded = reflect(x, self.kernel_size[0] // 2)
        block = _largest_block(self.in_channels, padded.shape[-2:])
        if block > 1 and _is_rearranged(x) and x.requires_grad:
            return _ReadingConv.apply(padded, self.weight.to(x.dtype), self.bias, block)
        return super().forward(padded)


class _ReadingConv(torch.autograd.Function):
    """A convolution of an image, whose gradient towards the image is drawn by blocks."""

    @staticmethod
    def forward(ctx, x, weight, bias, block):
        ctx.save_for_backward(x, weight)
        ctx.block = block
        return F.conv2d(x, weight, bias.to(x.dtype))

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        n_filters, _, size, _ = weight.shape
        zero, one, towards = [0, 0], [1, 1], [False, True, True]
        _, for_weight, for_bias = torch.ops.aten.convolution_backward(
            gradient, x, weight, [n_filters], one, zero, one, False, zero, 1, towards
        )
        mirrored = weight.flip(2, 3).transpose(0, 1)
        for_x = _draw(gradient, mirrored, None, ctx.block, size - 1)
        return for_x, for_weight, for_bias.float(), None


def _draw(x, weight, bias, block, padding):
    """Convolve; each filter as ``block**2`` wider ones, a pixel of a block each."""
    last = block - 1
    kernels = torch.stack(
        [
            F.pad(weight, (right, last - right, down, last - down))
            for down in range(block)
            for right in range(block)
        ],
        dim=1,
    ).flatten(0, 1)
    blocks = F.conv2d(x, kernels, bias, stride=block, padding=padding)
    return F.pixel_shuffle(blocks, block)


def _largest_block(n_channels, sides):
    """Side of the largest block that fills at most 16 filters and divides the image."""
    filling = (block for block in (4, 3, 2) if block**2 * n_channels <= 16)
    return next((b for b in filling if all(side % b == 0 for side in sides)), 1)


def reflect(x, width):
    """Extend ``x`` (n, C, H, W) by reflection, ``width`` pixels on every side."""
    if not _is_rearranged(x):
        return F.pad(x, (width,) * 4, mode="reflect")
    if torch.compiler.is_compiling():  # what only moves pixels is fused with its neighbours
        return _extend(_extend(x, width, dim=3), width, dim=2)
    return _Reflection.apply(x, width)


class _Reflection(torch.autograd.Function):
    """Rows are moved; columns, which are scattered in memory, come by a product.

    Nothing is rounded by it, and nothing widened to float32, as autocast would.
    """

    @staticmethod
    def forward(ctx, x, width):
        ctx.width = width
        columns = x.shape[3]
        if columns <= _WIDEST_PRODUCT:
            x = x @ _mirror_matrix(columns, width)
        else:
            x = _extend(x, width, dim=3)
        return _extend(x, width, dim=2)

    @staticmethod
    def backward(ctx, gradient):
        """Add to each pixel the gradients of its mirror images."""
        gradient = _fold(gradient, ctx.width, dim=2)
        columns = gradient.shape[3] - 2 * ctx.width
        if columns <= _WIDEST_PRODUCT:
            return gradient @ _mirror_matrix(columns, ctx.width).T, None
        return _fold(gradient, ctx.width, dim=3), None


def _extend(x, width, dim):
    before = x.narrow(dim, 1, width).flip(dim)
    after = x.narrow(dim, x.shape[dim] - 1 - width, width).flip(dim)
    return torch.cat([before, x, after], dim)


def _fold(gradient, width, dim):
    size = gradient.shape[dim] - 2 * width
    before, inside, after = gradient.split([width, size, width], dim)
    inside = inside.clone()
    inside.narrow(dim, 1, width).add_(before.flip(dim))
    inside.narrow(dim, size - 1 - width, width).add_(after.flip(dim))
    return inside


@lru_cache(maxsize=32)
def _mirror_matrix(size, width):
    """Zeros and ones, (size, size + 2 width), that extend a row by its mirror images."""
    position = torch.arange(-width, size + width).abs()
    position = torch.minimum(position, 2 * (size - 1) - position)
    return F.one_hot(position, size).T.bfloat16()
