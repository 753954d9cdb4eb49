"""M2m: rare images optimised out of common ones by a classifier's gradient, without a GAN.

After Kim, Jeong, Shin, "M2m: Imbalanced Classification via Major-to-minor Translation", CVPR
2020. Theirs translates anew at each step of the final classifier's training and keeps that
classifier from seeing the source class (weight lambda). Over-sampling ahead of training,
there is no such classifier yet, so lambda is 0; all else is theirs: the source class drawn
with probability 1 - beta^(surplus), ten steps of normalised gradient descent from a noisy
start, acceptance where the pre-trained classifier's loss is at most gamma, and a real row of
the rare class where it is not.
"""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.base import clone

from skgan_aug.comparison._samplers import set_training_steps
from skgan_aug.images import ImageSpec

from .image_sampler import ImageOverSampler

BETA, GAMMA, STEP_SIZE, N_STEPS, NOISE = 0.999, 0.9, 0.1, 10, 0.01
BATCH = 250


class M2mOverSampler(ImageOverSampler):
    """Over-sample images with M2m.

    Parameters
    ----------
    classifier : TorchCNNClassifier
        Trained on the imbalanced rows; its gradient translates.

    steps : int
        Steps that it is trained for.
    """

    def __init__(self, *, classifier, steps, image_shape=None, sampling_strategy="auto",
                 random_state=None):  # fmt: skip
        super().__init__(sampling_strategy=sampling_strategy)
        self.classifier = classifier
        self.steps = steps
        self.image_shape = image_shape
        self.random_state = random_state

    def _added_rows(self, X, y, rng):
        spec = ImageSpec.from_array(X, self.image_shape)
        classifier = clone(self.classifier).set_params(random_state=rng.randint(2**31))
        set_training_steps(classifier, len(y), self.steps)
        classifier.fit(X, y)
        network = classifier.net_.module_.network.eval().requires_grad_(False)
        classes, counts = np.unique(y, return_counts=True)
        for target, n in self.sampling_strategy_.items():
            position = int(np.searchsorted(classes, target))
            surplus = np.maximum(counts - counts[position], 0)
            share = 1 - BETA**surplus
            drawn = rng.choice(classes, n, p=share / share.sum())
            sources = np.array([rng.choice(np.flatnonzero(y == label)) for label in drawn])
            translated, loss = _translate(network, spec, X[sources], position, rng)
            is_kept = rng.random_sample(n) < share[np.searchsorted(classes, drawn)]
            is_kept &= loss <= GAMMA
            added = X[rng.choice(np.flatnonzero(y == target), n)]
            added[is_kept] = translated[is_kept]
            yield added


def _translate(network, spec, X, position, rng):
    """Rows optimised towards the class at ``position``, and the losses they end with."""
    device = next(network.parameters()).device
    rows, losses = [], []
    for batch in np.array_split(X, -(-len(X) // BATCH)):
        x = spec.encode(spec.as_tensor(batch))
        noise = NOISE * rng.standard_normal(x.shape)
        x = (x + torch.from_numpy(noise).float()).clamp(-1, 1).to(device)
        label = torch.full((len(x),), position, device=device)
        for _ in range(N_STEPS):
            x.requires_grad_()
            loss = F.cross_entropy(network(x), label, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, x)
            length = gradient.flatten(1).norm(dim=1).clamp_min(1e-12).reshape(-1, 1, 1, 1)
            x = (x.detach() - STEP_SIZE * gradient / length).clamp(-1, 1)
        with torch.no_grad():
            losses.append(F.cross_entropy(network(x), label, reduction="none").cpu().numpy())
        rows.append(spec.decode(x))
    return np.concatenate(rows), np.concatenate(losses)
