"""In which order the gallery shows the examples: what comes first is needed first."""

from pathlib import Path

ORDER = (
    "plot_pipeline",
    "plot_compare_smote",
    "plot_ratio_grid",
    "plot_inspection",
    "plot_translations",
    "plot_custom_network",
    "plot_custom_selection",
    "plot_saved_model",
    "plot_cluster",
    "reproduce_paper",
)


def reading_order(path):
    return ORDER.index(Path(path).stem)
