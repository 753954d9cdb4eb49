"""
Bring your own generator
========================

``generator``, ``discriminator`` and the classifier's ``module`` take a function that makes a
``torch.nn.Module``. Here a generator that bends the image instead of drawing on it: a 9
becomes a 7 by moving its strokes.
"""

# %%
# Small shifts for each pixel, from a few convolutions, and where the image is after them. The
# last layer starts at zero, so that the first translations are the images themselves.
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F

from skgan_aug import CycleGANOverSampler
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.inspection import TranslationsDisplay


class BendingGenerator(nn.Module):
    """Move each pixel by at most a quarter of the image."""

    def __init__(self, n_channels, n_filters=32):
        super().__init__()
        self.shifts = nn.Sequential(
            nn.Conv2d(n_channels, n_filters, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(n_filters, n_filters, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(n_filters, 2, 5, padding=2),
        )
        nn.init.zeros_(self.shifts[-1].weight)
        nn.init.zeros_(self.shifts[-1].bias)

    def forward(self, x):
        """Bend ``x`` of shape (n, C, H, W) in [-1, 1]."""
        still = torch.eye(2, 3, device=x.device).expand(len(x), 2, 3)
        grid = F.affine_grid(still, list(x.shape), align_corners=False)
        shifts = 0.5 * torch.tanh(self.shifts(x).float())
        grid = grid + shifts.permute(0, 2, 3, 1)
        return F.grid_sample(x.float(), grid, padding_mode="border", align_corners=False)


def make_generator(spec):
    """``spec`` knows the size, the channels and the range of the images."""
    return BendingGenerator(spec.n_channels)


# %%
# Digits, of which 7 keeps 30 images; it is made of 9s. The factory is tried on a blank batch
# before training: a module whose output does not fit is refused by name.
X, y = load_digits_images(return_X_y=True)
X, y = make_imbalanced_images(X, y, rare=7, rare_count=30, random_state=0)
is_either = (y == 7) | (y == 9)
sampler = CycleGANOverSampler(source=9, generator=make_generator, max_iter=300, random_state=0)
sampler.fit_resample(X[is_either], y[is_either])
print("target-class score:", round(sampler.history_[9, 7][-1]["target_score"], 2))

# %%
# Nines above, what became of them below, and the real sevens that these resemble most.
TranslationsDisplay.from_estimator(sampler, X, y, n_examples=10)
plt.show()
