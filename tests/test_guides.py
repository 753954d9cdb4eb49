"""What the guides tell readers to type runs."""

import re
from pathlib import Path

import numpy as np
import pytest

GUIDES = Path(__file__).parents[1] / "docs"


@pytest.mark.filterwarnings("ignore::UserWarning:torch.nn.modules.lazy")
def test_the_guide_to_the_classifier():
    rng = np.random.RandomState(0)
    y = np.repeat(["cat", "dog"], [30, 12])
    X = rng.randint(128, size=(42, 12, 12, 3)) + 100 * (y == "cat").reshape(-1, 1, 1, 1)
    names = {"X": X.astype(np.uint8), "y": y}
    blocks = re.findall(r"```python\n(.*?)```", (GUIDES / "classifier.md").read_text(), re.S)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, names)
    assert names["scores"].shape == (2,)
    assert (names["scores"] > 0.5).all()
