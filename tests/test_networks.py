"""Networks: shapes at every size, and what each promises."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from skgan_aug._random import global_seed
from skgan_aug.images import ImageSpec
from skgan_aug.networks import (
    CompactCNN,
    MaskedGenerator,
    MLPClassifier,
    MLPDiscriminator,
    MLPGenerator,
    PaperCNN,
    PaperDiscriminator,
    PatchDiscriminator,
    ResnetGenerator,
    SmallResNet,
    make_classifier,
    make_discriminator,
    make_generator,
)
from skgan_aug.networks._padding import pad_to_multiple
from skgan_aug.networks.classifiers import _LocalResponseNorm
from skgan_aug.networks.generators import EnlargingConv2d
from skgan_aug.training import CycleGAN

SIZES = [(1, 1), (1, 9), (2, 3), (3, 2), (4, 4), (5, 7), (7, 8), (8, 8), (9, 13)]
SIZES += [(15, 4), (16, 33), (27, 28), (31, 32), (40, 39)]


def images(n_channels, size, n=2):
    return torch.rand(n, n_channels, *size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def widths(network, kind):
    """(channels in, channels out, kernel size, stride) of the layers of a kind."""
    return [
        (layer.in_channels, layer.out_channels, layer.kernel_size[0], layer.stride[0])
        for layer in network.modules()
        if isinstance(layer, kind)
    ]


# Gradients


@pytest.mark.parametrize(
    "make",
    [
        partial(MaskedGenerator, 2, n_filters=4, n_blocks=1),
        partial(ResnetGenerator, 2, n_filters=4, n_blocks=1),
        partial(PatchDiscriminator, 2, (24, 24), n_filters=4),
        partial(PaperDiscriminator, 2, (24, 24), n_filters=4),
        partial(CompactCNN, 2, (24, 24), 3, n_filters=8, dropout=0.0),
    ],
    ids=lambda make: make.func.__name__,
)
def test_gradients_are_those_of_finite_differences(make):
    with global_seed(0):  # of some weights, a difference would step over a kink
        network = make().double()
    names, weights = zip(*network.named_parameters(), strict=True)

    def outputs(x, *weights):
        return torch.func.functional_call(network, dict(zip(names, weights, strict=True)), x)

    x = images(2, (24, 24)).double().requires_grad_()
    assert torch.autograd.gradcheck(outputs, (x, *weights), fast_mode=True)


# Sizes


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("n_channels", [1, 5])
@pytest.mark.parametrize("network", [MaskedGenerator, ResnetGenerator])
def test_generators_keep_every_shape(network, n_channels, size):
    x = images(n_channels, size)
    translated = network(n_channels, n_filters=4, n_blocks=1)(x)
    assert translated.shape == x.shape
    assert translated.abs().max() <= 1


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_discriminators_score_patches_of_every_size(size):
    scores = PatchDiscriminator(3, size, n_filters=4)(images(3, size))
    assert scores.shape[:2] == (2, 1)
    assert min(scores.shape[2:]) >= 4


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_compact_cnn_takes_every_size(size):
    network = CompactCNN(2, size, 7, n_filters=8)
    assert network(images(2, size)).shape == (2, 7)


@pytest.mark.parametrize("size", [(4, 4), (9, 13), (48, 48)], ids=str)
def test_the_paper_cnn_takes_sizes_from_four(size):
    assert PaperCNN(1, size, 7)(images(1, size)).shape == (2, 7)


def test_networks_of_vectors():
    x = torch.rand(3, 5) * 2 - 1
    assert MLPGenerator(5)(x).shape == (3, 5)
    assert MLPGenerator(5)(x).abs().max() <= 1
    assert MLPDiscriminator(5)(x).shape == (3, 1)
    assert MLPClassifier(5, 4)(x).shape == (3, 4)


# Promises


@pytest.mark.parametrize("size", [(8, 8), (9, 13)], ids=str)
def test_the_masked_generator_edits_its_input(size):
    network, x = MaskedGenerator(3, n_filters=4, n_blocks=1), images(3, size)
    content, mask = network.content_mask(x)
    assert content.shape == x.shape
    assert content.abs().max() <= 1
    assert mask.shape == (2, 1, *size)
    assert mask.min() >= 0
    assert mask.max() <= 1
    torch.testing.assert_close(network(x), mask * content + (1 - mask) * x)


def test_where_the_mask_is_closed_the_input_stays_to_the_bit():
    network, x = MaskedGenerator(3, n_filters=4, n_blocks=1), images(3, (8, 8))
    with torch.no_grad():
        network.content_and_mask.weight[-1] = 0
        network.content_and_mask.bias[-1] = -200
    assert torch.equal(network(x), x)


def test_enlarging_before_or_after_the_convolution_is_the_same():
    layer = EnlargingConv2d(3, 5)
    x = torch.randn(2, 3, 4, 7)
    expected = F.conv2d(F.interpolate(x, scale_factor=2.0), layer.weight, padding=1)
    torch.testing.assert_close(layer(x), expected)


def test_padding_does_not_shift_the_image():
    """A generator that passes its input through does so at sizes that need padding."""
    network, x = MaskedGenerator(1, n_filters=4, n_blocks=1), images(1, (5, 6))
    with torch.no_grad():
        network.content_and_mask.weight[-1] = 0
        network.content_and_mask.bias[-1] = -200
    assert torch.equal(network(x), x)


def test_padding_is_by_reflection_where_the_image_is_large_enough():
    x = images(1, (9, 10))
    expected = F.pad(x, (0, 2, 0, 3), mode="reflect")
    assert torch.equal(pad_to_multiple(x, 4), expected)
    tiny = images(1, (9, 2))
    expected = F.pad(tiny, (0, 6, 0, 3), mode="replicate")
    assert torch.equal(pad_to_multiple(tiny, 4), expected)


def test_blocks_of_the_residual_classifier_add_to_their_input():
    network = SmallResNet(2, (16, 16), 3, n_filters=8, n_blocks=2)
    x = network.features[:3](images(2, (16, 16)))
    n_blocks = 0
    for layer in network.features[3:-2]:
        if isinstance(layer, nn.MaxPool2d):
            x = layer(x)
            continue
        nn.init.zeros_(layer.layers[-1].weight)  # of the last normalisation
        expected = layer.widen(x).relu()
        x = layer(x)
        assert torch.equal(x, expected)
        n_blocks += 1
    assert n_blocks == 4


@pytest.mark.parametrize(
    "network", [MLPGenerator(3), MLPDiscriminator(3), PatchDiscriminator(1, (8, 8))]
)
def test_leaks_are_of_a_fifth(network):
    slopes = [m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)]
    assert set(slopes) == {0.2}


def test_the_residual_generator_is_the_papers():
    """c7s1-64, d128, d256, 6 residual blocks, u128, u64, c7s1-C, tanh."""
    network = ResnetGenerator(1)
    convolutions = [(1, 64, 7, 1), (64, 128, 3, 2), (128, 256, 3, 2)]
    convolutions += 12 * [(256, 256, 3, 1)] + [(64, 1, 7, 1)]
    assert widths(network, nn.Conv2d) == convolutions
    assert widths(network, nn.ConvTranspose2d) == [(256, 128, 3, 2), (128, 64, 3, 2)]
    assert isinstance(network.layers[-1], nn.Tanh)


def test_the_paper_cnn_is_the_papers():
    network = PaperCNN(1, (48, 48), 7)
    assert widths(network, nn.Conv2d) == [(1, 64, 3, 1), (64, 128, 3, 1)]
    linear = [m for m in network.modules() if isinstance(m, nn.Linear)]
    assert [m.out_features for m in linear] == [256, 256, 7]
    assert linear[0].in_features == 128 * 12 * 12
    pool, norm = nn.MaxPool2d, nn.LocalResponseNorm
    kinds = [
        next((kind for kind in (nn.Conv2d, pool, norm) if isinstance(layer, kind)), None)
        for layer in network.features
    ]
    assert list(filter(None, kinds)) == [nn.Conv2d, pool, norm, nn.Conv2d, norm, pool]


@pytest.mark.parametrize("size", [1, 4, 5])
def test_response_normalisation_is_torchs(size):
    x = 100 * images(6, (4, 5))
    # Of other values than the paper's: with those the norm is hardly one.
    values = {"alpha": 0.1, "beta": 0.6, "k": 2.0}
    expected = nn.LocalResponseNorm(size, **values)(x)
    torch.testing.assert_close(_LocalResponseNorm(size, **values)(x), expected)


def test_the_discriminator_is_the_papers_where_asked():
    """C64-C128-C256 with stride 2, C512 with stride 1, one score per patch, no sigmoid."""
    layers = widths(PatchDiscriminator(3, (48, 48), n_filters=64, max_layers=3), nn.Conv2d)
    assert [n_out for _, n_out, _, _ in layers] == [64, 128, 256, 512, 1]
    assert [stride for *_, stride in layers] == [2, 2, 2, 1, 1]


def test_an_untrained_vector_generator_stays_close():
    torch.manual_seed(0)
    x = torch.rand(50, 5) - 0.5
    assert (MLPGenerator(5)(x) - x).abs().mean() < 0.25


@pytest.mark.parametrize(
    ("x", "change", "lowers", "raises"),
    [(0.9, 0.5, True, False), (-0.9, -0.5, False, True), (0.5, 0.2, True, True)],
)
def test_what_a_vector_generator_clips_can_come_back(x, change, lowers, raises):
    generator = MLPGenerator(1)
    last = generator.change[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.fill_(change)
    translated = generator(torch.tensor([[x]]))
    assert translated.item() == pytest.approx(max(-1, min(1, x + change)))
    for loss, is_learnt in ((translated, lowers), (-translated, raises)):
        (gradient,) = torch.autograd.grad(loss, last.bias, retain_graph=True)
        assert bool(gradient) == is_learnt


# By name and by factory

VECTORS = ImageSpec((5,), None, "float32", (0.0,) * 5, (1.0,) * 5)
IMAGES = ImageSpec((9, 8, 3), (9, 8, 3), "float32", (0.0,), (1.0,))


@pytest.mark.parametrize(
    ("make", "name", "spec", "expected"),
    [
        (make_generator, "auto", IMAGES, MaskedGenerator),
        (make_generator, "masked", IMAGES, MaskedGenerator),
        (make_generator, "resnet", IMAGES, ResnetGenerator),
        (make_generator, "auto", VECTORS, MLPGenerator),
        (make_discriminator, "auto", IMAGES, PatchDiscriminator),
        (make_discriminator, "mlp", VECTORS, MLPDiscriminator),
        (lambda name, spec: make_classifier(name, spec, 4), "auto", IMAGES, CompactCNN),
        (lambda name, spec: make_classifier(name, spec, 4), "paper", IMAGES, PaperCNN),
        (lambda name, spec: make_classifier(name, spec, 4), "auto", VECTORS, MLPClassifier),
    ],
)
def test_names(make, name, spec, expected):
    assert type(make(name, spec)) is expected


def test_a_factory_gets_the_spec():
    assert make_generator(lambda spec: nn.Linear(spec.n_features, 5), VECTORS).in_features == 5
    network = make_classifier(lambda spec, n: nn.Linear(spec.n_features, n), VECTORS, 4)
    assert (network.in_features, network.out_features) == (5, 4)


@pytest.mark.parametrize("make", [make_generator, make_discriminator])
def test_a_factory_of_something_else_is_refused(make):
    with pytest.raises(TypeError, match=r"factory returned dict, but must .*torch.nn.Module"):
        make(lambda spec: {}, IMAGES)


def test_networks_start_from_their_seed_alone():
    first, again, other = (CycleGAN(IMAGES, seed=seed).state_dict() for seed in (0, 0, 1))
    name = "generator_st.content_and_mask.weight"
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first[name], other[name])
    assert not torch.equal(first[name], first[name.replace("_st", "_ts")])


def test_networks_of_a_factory_start_as_it_made_them():
    def constant(spec):
        network = nn.Conv2d(spec.n_channels, spec.n_channels, 3, padding=1)
        for weight in network.parameters():
            nn.init.constant_(weight, 0.5)
        return network

    cyclegan = CycleGAN(IMAGES, generator=constant, discriminator=constant)
    for network in list(cyclegan.children())[:4]:
        assert all((weight == 0.5).all() for weight in network.parameters())


def test_a_factory_may_return_the_same_network_each_time():
    network = nn.Conv2d(IMAGES.n_channels, IMAGES.n_channels, 3, padding=1)
    cyclegan = CycleGAN(IMAGES, generator=lambda spec: network)
    assert cyclegan.generator_st is not cyclegan.generator_ts
    assert network not in (cyclegan.generator_st, cyclegan.generator_ts)


@pytest.mark.parametrize("name", ["generator_st", "discriminator_t", "classifier"])
def test_convolutions_start_from_a_narrow_normal(name):
    network = getattr(CycleGAN(IMAGES, generator="resnet"), name)
    kinds = nn.Conv2d, nn.ConvTranspose2d
    layers = [layer for layer in network.modules() if isinstance(layer, kinds)]
    for layer in layers:
        assert layer.weight.mean().item() == pytest.approx(0, abs=5e-3)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.2)
        assert not layer.bias.any()
