"""Over-sampling of rare image classes with CycleGAN translations."""

__version__ = "0.1.0.dev0"
