"""``python -m skgan_aug.cli``."""

from . import main

main()
