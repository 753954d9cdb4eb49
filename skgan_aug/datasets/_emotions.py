"""What the sets of facial expressions share: seven classes, in one order."""

from dataclasses import replace

import numpy as np

from ._files import list_class_files

# In the order of FER2013's labels, so that a label means the same in every set.
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_OTHER_NAMES = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}


def list_emotion_files(root, *, boundary):
    """List class folders named after expressions.

    Parameters
    ----------
    root : Path
        Holds folders such as ``Happy`` or ``happiness``; in any case, some may lack.

    boundary : Path
        The folder that the user gave, which links must not lead out of.

    Returns
    -------
    listing : ClassFiles
        Of all seven classes, in the order of ``EMOTIONS``.
    """
    listing = list_class_files(root, boundary=boundary)
    labels = []
    for name in listing.names.tolist():
        emotion = _OTHER_NAMES.get(name.lower(), name.lower())
        if emotion not in EMOTIONS:
            raise ValueError(
                f"{root} holds the folder {name!r}, which is no expression. They are "
                f"{', '.join(EMOTIONS)}."
            )
        labels.append(EMOTIONS.index(emotion))
    target = np.array(labels)[listing.target]
    return replace(listing, target=target, names=np.array(EMOTIONS))
