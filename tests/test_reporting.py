"""The page of a comparison: complete, honest, harmless, and on its own."""

import base64
import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Bunch

from skgan_aug import CycleGANOverSampler
from skgan_aug.comparison import compare_samplers
from skgan_aug.reporting import write_report

EVIL = "<script>alert('1')</script>"
EVIL_NAMES = {0: EVIL, 1: '$\\frac$ & "quoted"', 2: "'><img src=x onerror=alert(1)>"}
VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Elements of a page, and the text of each; fails where tags do not match."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.comments = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "text": "", **dict(attrs)})

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def handle_comment(self, data):
        self.comments.append(data)

    def all(self, tag, **attributes):
        return [
            element
            for element in self.elements
            if element["tag"] == tag
            and all(element.get(name) == value for name, value in attributes.items())
        ]

    @property
    def answers(self):
        (box,) = [element for element in self.all("div") if element.get("class") == "answer"]
        return [line.strip() for line in box["text"].strip().splitlines() if line.strip()]

    @property
    def pictures(self):
        prefix = "data:image/svg+xml;base64,"
        sources = [image["src"] for image in self.all("img")]
        assert all(source.startswith(prefix) for source in sources)
        return [base64.b64decode(source[len(prefix) :]).decode() for source in sources]


@pytest.fixture(scope="module")
def compared():
    """Return a comparison of images, with translations and several ratios."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [24, 10, 8])
    X = (rng.integers(0, 60, (42, 8, 8, 3)) + 60 * y.reshape(-1, 1, 1, 1)).astype(np.uint8)
    return compare_samplers(
        X,
        y,
        samplers={
            "none": None,
            "cyclegan": CycleGANOverSampler(max_iter=1),
            EVIL: CycleGANOverSampler(max_iter=1, selection="sideways"),
        },
        classifier=DummyClassifier(strategy="stratified"),
        ratios=[0.6, 1.0],
        cv=2,
        n_seeds=2,
    )


@pytest.fixture(scope="module")
def page(compared, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    command = "skgan-aug compare --data '" + EVIL + "'"
    options = {"title": EVIL, "description": EVIL, "class_names": EVIL_NAMES}
    assert write_report(compared, path, command=command, **options) == path
    return Page(path.read_text(encoding="utf-8"))


def test_page_needs_nothing_from_elsewhere(page):
    allowed = re.compile(r"#|data:")
    for element in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert name not in element or allowed.match(element[name])
        assert not any(name.startswith("on") for name in element)
    tags = {element["tag"] for element in page.elements}
    assert tags.isdisjoint({"script", "iframe", "object", "embed", "form", "base"})
    (style,) = page.all("style")
    assert "@import" not in style["text"]
    assert "url(" not in style["text"]
    assert "prefers-color-scheme: dark" in style["text"]
    assert "default-src 'none'" in page.all("meta")[-1]["content"]
    assert page.all("meta", name="viewport")
    assert page.comments == []


def test_pictures_have_words_and_load_nothing(page):
    assert len(page.pictures) == 4  # scores, ratios, recall, translations
    assert all(len(image["alt"]) > 40 for image in page.all("img"))
    for svg in page.pictures:
        assert "prefers-color-scheme:dark" in svg
        tree = Page(svg)
        assert not tree.all("script")
        for element in tree.elements:
            for name in ("href", "xlink:href", "src"):
                assert re.match(r"#|data:image/png", element.get(name, "#"))
            assert not any(name.startswith("on") for name in element)


def test_names_are_text(page):
    texts = [element["text"] for element in page.all("h1") + page.all("code")]
    assert texts == [EVIL, f"skgan-aug compare --data '{EVIL}'"]
    (recall,) = [image for image in page.all("img") if "Recall" in image["alt"]]
    assert all(name in recall["alt"] for name in EVIL_NAMES.values())


def test_tables_are_accessible(page):
    assert len(page.all("table")) == len(page.all("caption")) == 3
    assert all(element.get("scope") in ("col", "row") for element in page.all("th"))
    assert page.all("html", lang="en")
    assert len(page.all("h1")) == len(page.all("main")) == 1


def test_page_says_how_it_was_measured(page, compared):
    settings = page.all("table")[-1]["text"]
    for seed in compared.settings["seeds"]:
        assert str(seed) in settings
    assert f"torch {compared.versions['torch']}" in settings
    assert "CycleGANOverSampler(max_iter=1)" in settings
    assert "2 seeds × 2 folds" in settings
    assert "{device}, {precision}".format(**compared.settings) in settings


def test_failures_are_shown(page):
    assert "could not run: InvalidParameterError" in page.all("table")[0]["text"]


def test_several_ratios_are_judged_at_the_largest(page):
    assert page.answers[0].startswith("At ratio 1, CycleGAN over-sampling ")
    assert page.all("caption")[1]["text"].startswith("CycleGAN at ratio 1 minus each of these")
    (recall,) = [image for image in page.all("img") if "Recall" in image["alt"]]
    assert "with CycleGAN at ratio 1, in points" in recall["alt"]
    assert any("Recall at ratio 1." in caption["text"] for caption in page.all("figcaption"))


def test_names_that_cannot_be_written_are_shown_as_far_as_they_can(compared, tmp_path):
    names = {0: "caf\udce9", 1: "a\x1b[31mred\ufffe", 2: "two\nlines"}
    options = {"title": "caf\udce9", "description": "first line\nsecond", "command": "x\x07"}
    path = write_report(compared, tmp_path / "page.html", class_names=names, **options)
    page = Page(path.read_text(encoding="utf-8"))
    assert page.all("h1")[0]["text"] == "caf\ufffd"
    assert "first line\nsecond" in [line["text"] for line in page.all("p")]
    for svg in page.pictures:
        ElementTree.fromstring(svg)  # what is no XML is no picture
    (recall,) = [image for image in page.all("img") if "Recall" in image["alt"]]
    assert "caf\ufffd" in recall["alt"]
    assert "a\ufffd[31mred\ufffd" in recall["alt"]


def make_result(**scores):
    """Return a comparison of vectors, its scores replaced: one per seed and sampler."""
    X = np.random.default_rng(0).normal(size=(36, 3))
    y = np.repeat([0, 1], [24, 12])
    n_seeds = len(next(iter(scores.values())))
    result = compare_samplers(
        X,
        y,
        samplers=dict.fromkeys(scores),
        classifier=DecisionTreeClassifier(),
        test=(X, y),
        n_seeds=n_seeds,
    )
    values = np.concatenate(list(scores.values()))
    failed = np.isnan(values)
    result.recall[failed] = np.nan
    changed = dict.fromkeys(("balanced_accuracy", "macro_f1", "minority_recall"), values)
    ratio = np.where(result.sampler == "none", np.nan, 1.0)
    error = np.where(failed, "ValueError: no luck", None)
    return Bunch(**{**result, **changed, "ratio": ratio, "error": error})


def answers(result, tmp_path, **options):
    path = write_report(result, tmp_path / "page.html", **options)
    return Page(path.read_text(encoding="utf-8")).answers


BASE = np.array([0.70, 0.72, 0.71, 0.74])
GAIN = np.array([0.04, 0.05, 0.06, 0.05])
MIXED = np.array([-0.03, 0.05, 0.0, 0.02])


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        # Means and half-widths by hand: t = 3.182 for 4 runs, times sd / 2.
        (GAIN, "raised balanced accuracy by 5.0 ± 1.3 points over SMOTE"),
        (
            -GAIN,
            "lowered balanced accuracy by 5.0 ± 1.3 points against SMOTE",
        ),
        (
            MIXED,
            "shows no evidence of a difference in balanced accuracy from SMOTE "
            "(+1.0 ± 5.4 points)",
        ),
        (
            [0.0, 0.0, 0.0, 0.0],
            "shows no evidence of a difference in balanced accuracy from SMOTE "
            "(+0.0 ± 0.0 points)",
        ),
        (
            [0.03, 0.03, 0.03, 0.03],
            "has too few different runs for a verdict on balanced accuracy against SMOTE "
            "(+3.0 points in each of 4 runs)",
        ),
        (
            [np.nan, np.nan, 0.03, 0.05],
            "has too few runs for a verdict on balanced accuracy against SMOTE "
            "(+4.0 points in 2 runs)",
        ),
        ([np.nan] * 4, "could not run"),
    ],
)
def test_the_sentence_is_no_surer_than_the_interval(gain, expected, tmp_path):
    result = make_result(smote=BASE, cyclegan=BASE + gain)
    assert answers(result, tmp_path) == [f"CycleGAN over-sampling {expected}."]


def test_what_could_not_run_is_not_compared_with(tmp_path):
    nothing = np.full(4, np.nan)
    result = make_result(smote=nothing, random=BASE, cyclegan=BASE + GAIN)
    assert answers(result, tmp_path) == [
        "CycleGAN over-sampling raised balanced accuracy by 5.0 ± 1.3 points over random "
        "over-sampling. SMOTE could not run."
    ]
    result = make_result(mine=nothing, random=BASE, cyclegan=BASE + GAIN)
    (sentence,) = answers(result, tmp_path, baselines=["mine", "random"])
    assert sentence.endswith("random over-sampling. mine could not run.")
    result = make_result(smote=nothing, none=nothing, cyclegan=BASE)
    assert answers(result, tmp_path) == [
        "CycleGAN over-sampling ran alone: SMOTE and no resampling could not run."
    ]
    half = np.r_[BASE[:2], nothing[2:]]
    result = make_result(smote=half, cyclegan=np.r_[nothing[:2], BASE[2:]])
    assert answers(result, tmp_path) == [
        "CycleGAN over-sampling never ran on the same images as SMOTE."
    ]


def test_a_sentence_tells_wins_losses_and_draws_apart(tmp_path):
    result = make_result(
        none=BASE - GAIN - 0.05,
        random=BASE - MIXED,
        smote=BASE - GAIN,
        cyclegan=BASE,
    )
    (sentence,) = answers(result, tmp_path)
    assert sentence == (
        "CycleGAN over-sampling raised balanced accuracy by 5.0 ± 1.3 points over SMOTE and "
        "by 10.0 ± 1.3 points over no resampling; it shows no evidence of a difference in "
        "balanced accuracy from random over-sampling (+1.0 ± 5.4 points)."
    )


def test_other_samplers_and_scores_can_be_judged(tmp_path):
    result = make_result(smote=BASE, mine=BASE + GAIN, other=BASE)
    options = {"sampler": "mine", "baselines": ["other"], "score": "macro_f1"}
    assert answers(result, tmp_path, **options) == [
        "mine raised macro F1 by 5.0 ± 1.3 points over other."
    ]
    with pytest.raises(ValueError, match="'yours' was not compared"):
        write_report(result, tmp_path / "page.html", sampler="yours")
    with pytest.raises(ValueError, match="'yours' was not compared"):
        write_report(result, tmp_path / "page.html", baselines=["yours"])
    with pytest.raises(ValueError, match="score='accuracy' is unknown"):
        write_report(result, tmp_path / "page.html", score="accuracy")


def test_no_sampler_is_compared_with_itself(tmp_path):
    result = make_result(smote=BASE, mine=BASE + GAIN)
    for baselines in (["mine", "smote"], "smote"):
        assert answers(result, tmp_path, sampler="mine", baselines=baselines) == [
            "mine raised balanced accuracy by 5.0 ± 1.3 points over SMOTE."
        ]


def test_the_last_sampler_is_judged_where_there_is_no_cyclegan(tmp_path):
    result = make_result(smote=BASE, other=BASE, mine=BASE + GAIN)
    (sentence,) = answers(result, tmp_path)
    assert sentence == "mine raised balanced accuracy by 5.0 ± 1.3 points over SMOTE."


def test_a_tiny_loss_has_no_sign(tmp_path):
    result = make_result(smote=BASE, cyclegan=BASE + np.array([10, -10, 5, -7]) / 1e4)
    assert "(+0.0 ± " in answers(result, tmp_path)[0]


def test_tables_are_those_of_the_scores(tmp_path):
    """Half-widths by hand: t = 3.182 for 4 runs times sd / 2, and 4.303 / sqrt(3) for 3."""
    base = BASE + 1e-4  # not between two roundings
    scores = {"none": base - 0.03, "smote": base + GAIN, "cyclegan": base}
    scores["other"] = np.r_[np.nan, base[1:]]
    result = make_result(**scores)
    result.sampler_seconds[:], result.classifier_seconds[:] = 2.0, np.repeat([1, 2, 8, 9], 4)
    path = write_report(result, tmp_path / "page.html", baselines=["none", "smote", "other"])
    page = Page(path.read_text(encoding="utf-8"))
    cells = [cell["text"] for cell in page.all("td")]
    of_scores = ["68.8 ± 2.7"] * 3, ["76.8 ± 3.3"] * 3, ["71.8 ± 2.7"] * 3, ["72.3 ± 3.8"] * 3
    rows = zip(of_scores, ["3.0", "4.0", "10", "11"], strict=True)
    failed = "other: 1 of 4 runs failed: ValueError: no luck"
    assert cells[:17] == [*(cell for row in rows for cell in (*row[0], row[1])), failed]
    assert cells[17:26] == ["+3.0"] * 3 + ["−5.0 ± 1.3"] * 3 + ["+0.0 ± 0.0"] * 3
    assert [cell["text"] for cell in page.all("strong")] == cells[20:23]
    (judged,) = page.all("tr", **{"class": "judged"})
    assert judged["text"].startswith("CycleGAN")
    titles = [head["text"] for head in page.all("th", scope="row")]
    assert titles[4:7] == ["no resampling (4 runs)", "SMOTE (4 runs)", "other (3 runs)"]
    assert "other, ratio 1 72.3" in page.all("img")[0]["alt"]


def test_a_score_of_fewer_runs_says_so(tmp_path):
    result = make_result(smote=BASE, cyclegan=BASE + GAIN)
    result.minority_recall = np.r_[np.nan, BASE[1:], BASE + GAIN]
    path = write_report(result, tmp_path / "page.html")
    cells = [cell["text"] for cell in Page(path.read_text(encoding="utf-8")).all("td")]
    # By hand: t = 4.303 for 3 runs, times sd / sqrt(3).
    assert cells[8:11] == ["+5.0 ± 1.3", "+5.0 ± 1.3", "+5.3 ± 1.4 (3 runs)"]


def test_recalls_are_drawn_from_no_resampling_to_the_one_that_is_judged(tmp_path):
    result = make_result(smote=BASE, none=BASE, cyclegan=BASE)
    result.recall[:] = np.repeat([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], 4, axis=0)
    path = write_report(result, tmp_path / "page.html")
    (recall,) = [
        image["alt"]
        for image in Page(path.read_text(encoding="utf-8")).all("img")
        if "Recall" in image["alt"]
    ]
    assert "with no resampling and with CycleGAN, in points: 0 30.0 to 50.0, 1 40.0" in recall


def test_captions_say_which_runs_are_drawn(tmp_path):
    def captions(**failed):
        scores = dict.fromkeys(("none", "smote", "cyclegan"), BASE)
        path = write_report(make_result(**scores | failed), tmp_path / "page.html")
        page = Page(path.read_text(encoding="utf-8"))
        return [caption["text"] for caption in page.all("figcaption")]

    dots, recalls = captions()
    assert dots.startswith("Dots are means over all runs. ")
    assert recalls.startswith("Recall. ")
    once = np.r_[np.nan, BASE[1:]]
    dots, recalls = captions(cyclegan=once)
    assert dots.startswith("Dots are means over all runs that succeeded. ")
    assert recalls.startswith("Recall over the runs in which both succeeded. ")
    dots, recalls = captions(smote=once)
    assert dots.startswith("Dots are means over all runs that succeeded. ")
    assert recalls.startswith("Recall. ")


@pytest.mark.parametrize("n_runs", [2, 3])
def test_whiskers_are_explained_where_there_are_any(tmp_path, n_runs):
    result = make_result(none=BASE[:n_runs], smote=BASE[:n_runs])
    page = Page(write_report(result, tmp_path / "page.html").read_text(encoding="utf-8"))
    assert ("Whiskers are" in page.all("figcaption")[0]["text"]) == (n_runs > 2)


def test_a_score_that_cannot_be_measured_is_said_to_be_that(tmp_path):
    result = make_result(none=BASE, random=BASE, smote=BASE)
    result.minority_recall = np.full(len(result.sampler), np.nan)
    path = write_report(result, tmp_path / "page.html", score="minority_recall")
    page = path.read_text(encoding="utf-8")
    assert Page(page).answers == [
        "Minority recall could not be measured: no test image is of a class that gains rows."
    ]
    assert "resampling nan" not in page


def test_what_adds_no_rows_is_not_judged(tmp_path):
    result = make_result(random=BASE, none=BASE)
    assert answers(result, tmp_path)[0].startswith("Random over-sampling shows no evidence")


def test_too_few_folds_are_not_called_runs(tmp_path):
    result = Bunch(**make_result(none=BASE, smote=BASE) | {"folds_recur": True})
    assert "SMOTE has too few folds for a verdict" in answers(result, tmp_path)[0]


def test_one_sampler_alone_is_compared_with_nothing(tmp_path):
    assert answers(make_result(none=BASE), tmp_path) == [
        "No resampling was compared with nothing else."
    ]


def test_conditions_are_answered_one_by_one(tmp_path):
    results = {
        "without augmentation": make_result(smote=BASE, cyclegan=BASE + GAIN),
        "with flips and shifts": make_result(smote=BASE, cyclegan=BASE + GAIN - 0.05),
    }
    first, second = answers(results, tmp_path)
    assert first.startswith("Without augmentation, CycleGAN over-sampling raised")
    assert second.startswith("With flips and shifts, CycleGAN over-sampling shows no evidence")


def test_conditions_may_be_numbers(tmp_path):
    results = dict.fromkeys((16, 0.5), make_result(smote=BASE, cyclegan=BASE + GAIN))
    first, second = answers(results, tmp_path)
    assert first.startswith("16, CycleGAN over-sampling raised")
    assert second.startswith("0.5, CycleGAN over-sampling raised")


def test_the_same_comparison_gives_the_same_page(compared, tmp_path):
    paths = [write_report(compared, tmp_path / name) for name in ("a.html", "b.html")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_style_of_the_user_is_not_that_of_the_page(compared, tmp_path):
    plain = write_report(compared, tmp_path / "plain.html")
    poster = {"font.size": 24, "axes.labelsize": 28, "savefig.bbox": "tight"}
    with mpl.rc_context(poster):
        styled = write_report(compared, tmp_path / "styled.html")
        assert mpl.rcParams["font.size"] == 24
    assert styled.read_bytes() == plain.read_bytes()


def test_many_samplers_leave_room_for_their_lines(tmp_path):
    result = make_result(**{f"sampler {k}": BASE for k in range(30)}, 中=BASE)
    ratio = np.tile([0.5, 0.5, 1.0, 1.0], 31)
    path = write_report(Bunch(**{**result, "ratio": ratio}), tmp_path / "page.html")
    heights = [
        float(ElementTree.fromstring(svg).get("height").removesuffix("pt")) / 72
        for svg in Page(path.read_text(encoding="utf-8")).pictures
    ]
    assert heights[1] > 5


def test_a_class_without_test_images_has_no_recall_in_words(tmp_path):
    result = make_result(none=BASE, cyclegan=BASE)
    result.recall[:, 0] = np.nan
    page = Page(write_report(result, tmp_path / "page.html").read_text(encoding="utf-8"))
    (recall,) = [image["alt"] for image in page.all("img") if "Recall" in image["alt"]]
    assert "nan" not in recall


def test_images_of_other_channels_leave_the_translations_out(compared, tmp_path):
    strange = {
        pair: [images[..., :2]] * 3
        for pair, [*_, images] in compared.translations["cyclegan"].items()
    }
    result = Bunch(**{**compared, "translations": {"cyclegan": strange}})
    path = write_report(result, tmp_path / "page.html")
    assert len(Page(path.read_text(encoding="utf-8")).pictures) == 3


def test_the_translations_of_the_judged_sampler_are_shown(compared, tmp_path):
    first = compared.translations
    both = {**first, EVIL: first["cyclegan"]}
    for translations, whose in ((first, "CycleGAN"), (both, EVIL)):
        result = Bunch(**{**compared, "translations": translations})
        path = write_report(result, tmp_path / "page.html", sampler=EVIL)
        (*_, shown) = Page(path.read_text(encoding="utf-8")).all("img")
        assert f"their translations by {whose}" in shown["alt"]


def test_images_of_booleans_are_drawn(compared, tmp_path):
    masks = {
        pair: [images > 100 for images in triples]
        for pair, triples in compared.translations["cyclegan"].items()
    }
    result = Bunch(**{**compared, "translations": {"cyclegan": masks}})
    path = write_report(result, tmp_path / "page.html")
    assert len(Page(path.read_text(encoding="utf-8")).pictures) == 4


def test_long_names_of_classes_leave_room_for_pictures(compared, tmp_path):
    name = "Actinic keratoses and intraepithelial carcinoma / Bowen's disease"
    path = write_report(compared, tmp_path / "page.html", class_names=[name] * 3)
    *_, recalls, _ = Page(path.read_text(encoding="utf-8")).pictures
    assert "intraepithelial" in recalls
    assert "and intraepithelial carcinoma" not in recalls  # broken into lines


def test_a_comparison_in_which_nothing_ran_has_a_page(tmp_path):
    nothing = np.full(4, np.nan)
    result = make_result(none=nothing, smote=nothing, cyclegan=nothing)
    assert answers(result, tmp_path) == ["CycleGAN over-sampling could not run."]


def test_what_could_not_run_at_the_largest_ratio_is_said_to(tmp_path):
    half = np.r_[BASE[:2], [np.nan] * 2]
    result = make_result(random=BASE, smote=half, cyclegan=BASE)
    at_two = Bunch(**{**result, "ratio": np.tile([0.5, 0.5, 1.0, 1.0], 3)})
    (sentence,) = answers(at_two, tmp_path)
    assert sentence.startswith("At ratio 1, CycleGAN over-sampling has too few runs")
    assert sentence.endswith("SMOTE could not run.")
    assert answers(at_two, tmp_path, sampler="smote") == ["At ratio 1, SMOTE could not run."]


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_without_the_extra(compared, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"needs {package}: .*skgan_aug\[report\]"):
        write_report(compared, tmp_path / "page.html")
