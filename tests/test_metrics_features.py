"""Features are what the logits weigh, and taking them changes nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from skgan_aug import TorchCNNClassifier
from skgan_aug.metrics import (
    extract_features,
)


class WithoutLinear(nn.Module):
    def __init__(self, spec, n_classes):
        super().__init__()
        self.gate = nn.Linear(1, n_classes + 1)
        self.convolution = nn.Conv2d(1, n_classes, 3)

    def forward(self, x):
        return self.convolution(x).mean(dim=(2, 3)) + self.gate(x.mean(dim=(2, 3)))[:, 1:]


class Foreign(nn.Module):
    """Its last linear layer is defined first, and its ``features`` are not what it weighs."""

    def __init__(self, spec, n_classes):
        super().__init__()
        self.head = nn.Linear(9, n_classes)
        self.features = nn.Conv2d(1, 9, 3)
        self.norm = nn.BatchNorm2d(9)
        self.dropout = nn.Dropout(0.5)

    def penultimate(self, x):
        return self.dropout(self.norm(self.features(x)).relu().mean(dim=(2, 3)))

    def forward(self, x):
        return self.head(self.penultimate(x))


class TestExtractFeatures:
    @pytest.fixture
    def images(self):
        X = np.random.RandomState(0).randint(256, size=(300, 8, 8)).astype(np.uint8)
        return X, np.arange(300) % 3

    def fitted(self, images, **params):
        classifier = TorchCNNClassifier(max_epochs=1, random_state=0, **params)
        return classifier.fit(images[0][:60], images[1][:60])

    @pytest.mark.parametrize("module", ["compact", "resnet", "paper"])
    def test_are_what_the_logits_weigh(self, images, module):
        classifier = self.fitted(images, module=module)
        features = extract_features(classifier, images[0])
        network = classifier.net_.module_.network.eval()
        layers = (
            network.logits if isinstance(network.logits, nn.Sequential) else [network.logits]
        )
        logits = layers[-1](torch.from_numpy(features)).detach()
        assert features.dtype == np.float32
        assert_allclose(
            logits.double().softmax(dim=1), classifier.predict_proba(images[0]), atol=1e-5
        )

    def test_of_vectors(self):
        X = np.random.RandomState(0).normal(size=(40, 4))
        classifier = TorchCNNClassifier(max_epochs=1).fit(X, np.arange(40) % 2)
        assert extract_features(classifier, X).shape == (40, 64)

    def test_of_a_foreign_module(self, images):
        classifier = self.fitted(images, module=Foreign)
        features = extract_features(classifier, images[0])
        encoded = classifier.net_.module_
        encoded.eval()
        x = encoded.spec.encode(encoded.spec.as_tensor(images[0]))
        assert_allclose(features, encoded.network.penultimate(x).detach(), atol=1e-6)

    def test_leaves_the_classifier_as_it_was(self, images):
        classifier = self.fitted(images, module=Foreign)
        module = classifier.net_.module_
        module.train()
        module.network.norm.eval()
        weights = {name: value.clone() for name, value in module.state_dict().items()}
        attributes = set(vars(classifier))
        extract_features(classifier, images[0])
        assert module.training
        assert module.network.dropout.training
        assert not module.network.norm.training
        assert not module.network.head._forward_pre_hooks
        assert set(vars(classifier)) == attributes
        for name, value in module.state_dict().items():
            assert torch.equal(value, weights[name]), name

    def test_are_not_those_of_another_thread(self, images):
        classifier = self.fitted(images, module=Foreign)
        expected = extract_features(classifier, images[0])
        other = images[0][::-1]

        def predict_meanwhile(*args):
            hook.remove()  # once: the other thread comes by here too
            thread = threading.Thread(target=classifier.predict_proba, args=(other,))
            thread.start()
            thread.join()

        head = classifier.net_.module_.network.head
        hook = head.register_forward_hook(predict_meanwhile)
        assert_allclose(extract_features(classifier, images[0]), expected)

    def test_can_be_taken_in_many_threads(self, images):
        classifier = self.fitted(images, module=Foreign)
        parts = [images[0][:150], images[0][150:]] * 20
        expected = [extract_features(classifier, part) for part in parts[:2]] * 20
        with ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda part: extract_features(classifier, part), parts)
            assert_allclose(list(found), expected, atol=1e-5)

    def test_refuses_a_network_without_a_linear_layer_for_the_logits(self, images):
        classifier = self.fitted(images, module=WithoutLinear)
        with pytest.raises(ValueError, match="module=WithoutLinear has no"):
            extract_features(classifier, images[0])

    def test_refuses_other_and_unfitted_classifiers(self, images):
        with pytest.raises(TypeError, match="classifier is a KNeighborsClassifier"):
            extract_features(KNeighborsClassifier(), images[0])
        with pytest.raises(NotFittedError):
            extract_features(TorchCNNClassifier(), images[0])

    def test_refuses_images_of_another_size(self, images):
        classifier = self.fitted(images)
        with pytest.raises(ValueError, match="rows of shape"):
            extract_features(classifier, images[0][:, :4])
