"""Reading pages of the portal, and filling in their forms."""

from __future__ import annotations

import re


def text_of(answer):
    """What a page says, without its tags."""
    assert answer.status_code == 200, answer.status_code
    html = answer.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))
    for code, sign in (("&#x27;", "'"), ("&#39;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(code, sign)
    return plain


def ok(answer, where):
    """The form was taken: the answer leads there."""
    if answer.status_code == 200:
        raise AssertionError(text_of(answer))
    assert (answer.status_code, answer["Location"]) == (302, where)


def day(on, name):
    """A day in the three boxes of a form."""
    return {f"{name}_day": on.day, f"{name}_month": on.month, f"{name}_year": on.year}
