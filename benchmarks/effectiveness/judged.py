"""Candidates chosen by a classifier of all classes, as users would train one before.

It learns from copies of the rare rows, flipped and shifted. Four candidates are translated for
each that is kept, as with the selections of the library, which ask the CycleGAN's own judges.
"""

import copy
from functools import partial

import numpy as np
from scipy.stats import rankdata
from sklearn.neighbors import NearestNeighbors

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.metrics import extract_features


class JudgedOverSampler(CycleGANOverSampler):
    """An over-sampler that keeps what is nearest to real rows of the class.

    Nearest in the last hidden layer of the judge; with ``by_confidence``, by the mean of two
    ranks, that of nearness and that of the judge's probability of the class.
    """

    by_confidence = False

    def _train(self, X, y, seeds, spec, config, device):
        self.judge_ = fit_judge(X, y, self.sampling_strategy_, next(iter(seeds.values())))
        return super()._train(X, y, seeds, spec, config, device)

    def _translations(self, X, y, pair, *args):
        nearest = partial(self._score, X[y == pair[1]], pair[1])
        selecting = copy.copy(self).set_params(selection=nearest)
        return CycleGANOverSampler._translations(selecting, X, y, pair, *args)

    def _score(self, real, target, candidates):
        neighbors = NearestNeighbors(n_neighbors=1).fit(extract_features(self.judge_, real))
        features = extract_features(self.judge_, candidates)
        nearness = rankdata(-neighbors.kneighbors(features)[0][:, 0])
        if not self.by_confidence:
            return nearness
        of_target = np.searchsorted(self.judge_.classes_, target)
        confidence = self.judge_.predict_proba(candidates)[:, of_target]
        return nearness + rankdata(confidence)


class ConfidentlyJudgedOverSampler(JudgedOverSampler):
    """Likewise, by nearness and confidence together."""

    by_confidence = True


def fit_judge(X, y, n_to_add, seed):
    """Train a classifier of all classes on X and ``n_to_add`` (a dict) copies of rare rows."""
    rng = np.random.RandomState(seed % 2**32)
    copies = [rng.choice(np.flatnonzero(y == target), n) for target, n in n_to_add.items()]
    rows = np.concatenate([np.arange(len(X)), *copies])
    judge = TorchCNNClassifier(augmentation="flips_shifts", random_state=rng)
    return judge.fit(X[rows], y[rows])
