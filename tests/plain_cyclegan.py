"""The paper's CycleGAN written out plainly, to hold the engine against.

One image pass at a time, one loss at a time, float32, in the order of the paper's equations
and nothing shared with skgan_aug: networks, losses, pool and optimisation are transcribed anew
from Zhu, Park, Isola, Efros (2017), sections 3 and 4 and appendix 7, with the values of Zhu,
Liu, Qin, Li (2017). The benchmark of training speed runs it too.
"""

import torch
from torch import nn


class PlainResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x):
        return x + self.block(x)


def plain_generator(n_channels, n_filters=64, n_blocks=6):
    """c7s1-64, d128, d256, R256 x 6, u128, u64, c7s1-C: sides divisible by 4 only."""
    f = n_filters
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        nn.Conv2d(n_channels, f, 7),
        nn.InstanceNorm2d(f),
        nn.ReLU(),
        nn.Conv2d(f, 2 * f, 3, stride=2, padding=1),
        nn.InstanceNorm2d(2 * f),
        nn.ReLU(),
        nn.Conv2d(2 * f, 4 * f, 3, stride=2, padding=1),
        nn.InstanceNorm2d(4 * f),
        nn.ReLU(),
        *[PlainResidualBlock(4 * f) for _ in range(n_blocks)],
        nn.ConvTranspose2d(4 * f, 2 * f, 3, stride=2, padding=1, output_padding=1),
        nn.InstanceNorm2d(2 * f),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * f, f, 3, stride=2, padding=1, output_padding=1),
        nn.InstanceNorm2d(f),
        nn.ReLU(),
        nn.ReflectionPad2d(3),
        nn.Conv2d(f, n_channels, 7),
        nn.Tanh(),
    )


def plain_discriminator(n_channels, n_filters=64):
    """C64-C128-C256-C512, then one score per patch; no normalisation in the first layer."""
    f = n_filters
    layers = [nn.Conv2d(n_channels, f, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for n_in, n_out, stride in ((f, 2 * f, 2), (2 * f, 4 * f, 2), (4 * f, 8 * f, 1)):
        layers += [
            nn.Conv2d(n_in, n_out, 4, stride=stride, padding=1),
            nn.InstanceNorm2d(n_out),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * f, 1, 4, padding=1))


class PlainPool:
    """Fifty-fifty between the newest translation and an earlier one, image by image."""

    def __init__(self, size):
        self.size = size
        self.images = []

    def exchange(self, x, slots, is_swapped):
        """Swap image i for the one in slots[i] where is_swapped[i], once the pool is full."""
        if not self.size:
            return x
        out, decisions = [], iter(zip(slots, is_swapped, strict=True))
        for image in x:
            if len(self.images) < self.size:
                self.images.append(image)
                out.append(image)
                continue
            slot, swapped = next(decisions)
            if swapped:
                out.append(self.images[slot])
                self.images[slot] = image
            else:
                out.append(image)
        return torch.stack(out)


class PlainCycleGAN:
    """Networks, optimisers and one step of training."""

    def __init__(self, g_st, g_ts, d_s, d_t, *, pool_size=30, real_label=0.9):
        self.g_st, self.g_ts, self.d_s, self.d_t = g_st, g_ts, d_s, d_t
        self.real_label = real_label
        self.pool_s, self.pool_t = PlainPool(pool_size), PlainPool(pool_size)
        self.generators = torch.optim.Adam(
            [*g_st.parameters(), *g_ts.parameters()], 2e-4, (0.5, 0.999)
        )
        self.discriminators = torch.optim.Adam(
            [*d_s.parameters(), *d_t.parameters()], 2e-4, (0.5, 0.999)
        )

    def step(self, s, t, draws_s=((), ()), draws_t=((), ())):
        """One step on a batch of either class; draws decide what the pools exchange."""
        fake_t, fake_s = self.g_st(s), self.g_ts(t)
        losses = {
            "adversarial_st": ((self.d_t(fake_t) - self.real_label) ** 2).mean(),
            "adversarial_ts": ((self.d_s(fake_s) - self.real_label) ** 2).mean(),
            "cycle_s": 10 * (self.g_ts(fake_t) - s).abs().mean(),
            "cycle_t": 10 * (self.g_st(fake_s) - t).abs().mean(),
        }
        self.generators.zero_grad()
        sum(losses.values()).backward()
        self.generators.step()

        fake_s = self.pool_s.exchange(fake_s.detach(), *draws_s)
        fake_t = self.pool_t.exchange(fake_t.detach(), *draws_t)
        self.discriminators.zero_grad()
        for name, judge, real, fake in (
            ("discriminator_s", self.d_s, s, fake_s),
            ("discriminator_t", self.d_t, t, fake_t),
        ):
            real_loss = ((judge(real) - self.real_label) ** 2).mean()
            fake_loss = (judge(fake) ** 2).mean()
            losses[name] = 0.5 * (real_loss + fake_loss)
            losses[name].backward()
        self.discriminators.step()
        return {name: loss.detach() for name, loss in losses.items()}
