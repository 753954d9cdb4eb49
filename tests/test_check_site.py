"""The check of the built site finds what is wrong with one."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).parents[1] / ".ci" / "check_site.py"
GOOD = """<a href="#here">here</a> <h1 id="here">Here</h1> <a href="other.html#there">there</a>
<a href="https://example.org">elsewhere</a> <img src="a%20b.png"> <img src="data:,">"""


def check(folder, page):
    (folder / "index.html").write_text(page)
    (folder / "other.html").write_text('<p id="there"></p>')
    (folder / "a b.png").touch()
    done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_good_site_passes(tmp_path):
    assert check(tmp_path, GOOD) == (0, "0 problems\n")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('<a href="none.html">', "links to none.html, which is not there"),
        ('<a href="#none">', "links to #none, whose place is not there"),
        ('<a href="other.html#none">', "links to other.html#none, whose place"),
        ('<img src="none.png">', "links to none.png, which is not there"),
        ('<script src="https://example.org/x.js">', "loads https://example.org/x.js"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "loads //example.org/x.css"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, wrong, message):
    status, printed = check(tmp_path, GOOD + wrong)
    assert status == 1
    assert f"index.html {message}" in printed
    assert printed.endswith("1 problems\n")


def test_a_folder_without_pages_is_no_site(tmp_path):
    done = subprocess.run([sys.executable, CHECK, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1
