"""The losses of a CycleGAN, each for a whole batch."""

from torch.nn import functional as F


def adversarial_loss(scores, label):
    """Least-squares adversarial loss: mean of (D(x) - label)^2.

    Parameters
    ----------
    scores : float tensor of any shape
        What a discriminator said, unbounded.

    label : float
        What it should have said: 1 (or the smoothed real label) for real, 0 for fake.

    References
    ----------
    .. [1] Mao, Li, Xie, Lau, Wang, Smolley, "Least Squares Generative Adversarial
       Networks", ICCV 2017, equation 2.
    """
    return (scores.float() - label).square().mean()


def reconstruction_loss(reconstructed, original):
    """L1 distance; of a cycle, or of a translation that should have been the identity.

    Parameters
    ----------
    reconstructed, original : float tensors of shape (n, C, H, W), in [-1, 1]

    References
    ----------
    .. [1] Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using
       Cycle-Consistent Adversarial Networks", ICCV 2017, equation 2 and section 5.2.
    """
    return F.l1_loss(reconstructed.float(), original)


def classification_loss(logits, labels):
    """Cross-entropy of the auxiliary classifier: 0 is the source class, 1 the target.

    Parameters
    ----------
    logits : float tensor of shape (n, 2)

    labels : int64 tensor of shape (n,)

    References
    ----------
    .. [1] Choi, Choi, Kim, Ha, Kim, Choo, "StarGAN", CVPR 2018, equations 2 and 3.
    """
    return F.cross_entropy(logits.float(), labels)
