"""Names from elsewhere and numbers, made fit for pages and terminals."""

import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_KEPT = "\n\t"
_HIDDEN_CATEGORIES = ("Cc", "Cs")  # control characters; bytes of a name that are no UTF-8
_NONCHARACTERS = "\ufffe\uffff"  # XML has no place for them


def printable(text):
    """Replace what cannot be written: names of files may be any bytes.

    Parameters
    ----------
    text : object
        What is to be shown.

    Returns
    -------
    text : str
        Of as many characters; control characters, which a terminal would obey and an SVG
        image must not hold, and bytes that are no UTF-8 have become U+FFFD.
    """
    return "".join(_REPLACEMENT if _is_hidden(each) else each for each in str(text))


def counted(n, noun):
    """Write a number of things, as "1 run" or "3 runs"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _is_hidden(character):
    if character in _KEPT:
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _NONCHARACTERS
