"""
UX-05: every error of every form is summed up, linked, worded the same beside its field, and keeps what was typed.

Each form that any role can open is sent empty, with what cannot be (the thirty-first of February, a choice that is not
offered, words for a number), and with too much of everything. Whatever comes back must have "Error: " before its
title, a summary that names each error once, a link from it to a field that is there, the same words beside the field,
and every text as it was typed. In Chromium the summary has the focus, and its first link leads to the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from accept.browsing import Site, in_chromium, site
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 30}
"""So many sets of arguments for each address with a form; at the smallest size every third address."""
IN_BROWSER = ("/accounts/add/", "/enrolments/new", "/requests")
TYPED = ("text", "email", "search", "number", "tel", "textarea")
TOO_MUCH = "A sentence that goes on. " * 3_000
FEWEST_FORMS, FEWEST_FIELDS = 8, 20


def check(size: int) -> Result:
    """Each form in each wrong way."""
    return in_chromium("ux_05", "forms", size)


@dataclass
class Field:
    """One thing of a form that is sent under a name."""

    kind: str
    name: str
    value: str = ""
    chosen: bool = False


@dataclass
class Form:
    """A form that is posted: where to, and its fields."""

    action: str
    fields: list[Field] = field(default_factory=list)


class Page(HTMLParser):
    """A page: title, posted forms, the error summary and the messages beside fields, by the ids of both."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.title, self.forms, self.ids = "", list[Form](), set[str]()
        self.summary = list[tuple[str, str]]()
        self.messages = list[str]()
        self._open = list[tuple[str, str]]()
        self._text: list[str] | None = None
        self._select = ""
        self._href = ""
        self._area: Field | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.ids |= {said["id"]} if "id" in said else set()
        if tag == "form":
            self.forms.append(Form(said.get("action", ""))) if said.get("method") == "post" else None
        elif self.forms:
            self._field(tag, said)
        classes = said.get("class", "")
        if tag == "title":
            self._begin("title")
        elif "govuk-error-summary__list" in classes:
            self._open.append(("summary", ""))
        elif tag == "li" and self._open and self._open[-1][0] == "summary":
            self._href = ""
            self._begin("entry")
        elif tag == "a" and self._open and self._open[-1][0] == "entry":
            self._href = said.get("href", "")
        elif "govuk-error-message" in classes or "visit__error" in classes:
            self._begin("message")

    def _field(self, tag: str, said: Mapping[str, str]) -> None:
        fields, name = self.forms[-1].fields, said.get("name", "")
        if tag == "option" and self._select:
            fields.append(Field("option", self._select, said.get("value", ""), "selected" in said))
        elif tag == "select":
            self._select = name
        elif tag == "textarea" and name:
            self._area = Field("textarea", name)
            fields.append(self._area)
            self._begin("area")
        elif tag == "input" and name:
            fields.append(Field(said.get("type", "text"), name, said.get("value", ""), "checked" in said))

    def _begin(self, what: str) -> None:
        self._open.append((what, ""))
        self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        ends = {"title": "title", "entry": "li", "message": "p", "summary": "ul", "area": "textarea"}
        if tag == "select":
            self._select = ""
        if not self._open or ends[self._open[-1][0]] != tag:
            return
        what, _ = self._open.pop()
        raw = "".join(self._text or [])
        said = " ".join(raw.split())
        if what == "title":
            # A drawing has a title of its own.
            self.title = self.title or said
        elif what == "entry":
            self.summary.append((self._href, said))
        elif what == "message":
            self.messages.append(said.removeprefix("Error: ").removeprefix("Error:").strip())
        elif what == "area" and self._area is not None:
            self._area.value = raw.removeprefix("\n")
        self._text = None


def empty(one: Field) -> str | None:
    """Nothing, wherever something can be typed or chosen."""
    return "" if one.kind in TYPED or one.kind == "password" else one.value if one.kind == "hidden" else None


def impossible(one: Field) -> str | None:
    """What cannot be."""
    if one.kind == "hidden":
        return one.value
    if one.kind in TYPED or one.kind == "password":
        part = one.name.rpartition("_")[2]
        return {"day": "31", "month": "2", "year": "2026"}.get(part, "no such thing")
    return "nowhere" if one.kind in ("radio", "checkbox", "option") else None


def too_much(one: Field) -> str | None:
    """More than anything takes."""
    if one.kind in TYPED and one.name.rpartition("_")[2] not in ("day", "month", "year"):
        return TOO_MUCH
    return empty(one)


WAYS = {"empty": empty, "impossible": impossible, "too much": too_much}


def forms(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    filled = filled_world()
    seen: dict[str, set[str]] = {}
    fields: dict[str, set[str]] = {}
    for what, client, address, page in pages_with_forms(filled, size):
        for form in page.forms:
            names = {one.name for one in form.fields if one.kind in (*TYPED, "radio", "checkbox", "option", "password")}
            if not names or form.action not in ("", address):
                continue
            fields.setdefault(address, set()).update(names)
            for way, typed in WAYS.items():
                sent = {one.name: value for one in form.fields if (value := typed(one)) is not None}
                answer = client.post(address, sent)
                if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                    back = Page(answer.content.decode())
                    if back.summary or back.messages:
                        tally.n += len(back.summary)
                        seen.setdefault(address, set()).update(href for href, _said in back.summary)
                        for fault in faults(back, address, sent):
                            tally.fault(f"{what} {address}, {way}: {fault}")
    wrong = sum(len(one) for one in seen.values())
    tally.expect(len(seen) >= FEWEST_FORMS, f"only {len(seen)} forms came back with errors")
    tally.expect(wrong >= FEWEST_FIELDS, f"only {wrong} fields came back with errors")
    tally.notes.append(f"{len(fields)} forms; {len(seen)} of them can be wrong, in {wrong} fields")
    with site() as here:
        for address in [one for one in seen if one in IN_BROWSER or size > SIZES[0]] or sorted(seen)[:2]:
            focus(tally, here, filled, address)


def pages_with_forms(filled: Any, size: int) -> Iterator[tuple[str, Any, str, Page]]:
    """Each page whose form somebody may send."""
    from web.doors import listed
    from web.routes import PUBLIC, holders_of

    clients: dict[str, Any] = {}
    open_to_send = [
        (route, one) for route, one in listed() if one.permission != PUBLIC and {"GET", "POST"} <= {*one.methods}
    ]
    for route, one in open_to_send[:: 3 if size == SIZES[0] else 1]:
        role = sorted(holders_of(one.permission))[0]
        if role not in clients:
            clients[role] = filled.client(role, raise_request_exception=False)
        for values in filled.values_of(route)[:size]:
            address = route.address(values)
            answer = clients[role].get(address)
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                html = answer.content.decode()
                # The search in the head of every page is no form of this one.
                yield role, clients[role], address, Page(html.partition("<header")[0] + html.partition("</header>")[2])


def faults(page: Page, address: str, sent: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a form that came back."""
    if not page.title.startswith("Error: "):
        yield f"the title is {page.title!r}"
    if not page.summary:
        yield "no summary"
    told = [said for _href, said in page.summary]
    for said in page.messages:
        if said not in told:
            yield f"{said!r} stands beside a field and not in the summary"
    for href, said in page.summary:
        if href and href.removeprefix("#") not in page.ids:
            yield f"{said!r} leads to {href}, which is not there"
        if href and said not in page.messages:
            yield f"{said!r} does not stand beside its field"
    kept = {one.name: one.value for form in page.forms for one in form.fields if one.kind in TYPED}
    for name, value in sent.items():
        if name in kept and kept[name].strip() != value.strip().replace("\r\n", "\n"):
            yield f"{name} was typed as {value[:30]!r} and came back as {kept[name][:30]!r}"


def focus(tally: Tally, here: Site, filled: Any, address: str) -> None:
    """In the browser: the summary of a form that was sent empty has the focus, and its first link the field."""
    from web.doors import listed
    from web.routes import holders_of

    for route, one in listed():
        if all(route.address(values) != address for values in filled.values_of(route)[:1]):
            continue
        context = here.context(filled.users[sorted(holders_of(one.permission))[0]])
        page = context.new_page()
        page.goto(address)
        form = page.locator("main form[method=post]").last
        form.locator("button").last.click()
        page.wait_for_load_state()
        page.wait_for_timeout(300)
        if page.title().startswith("Error: "):
            tally.n += 1
            has = "document.activeElement.classList.contains('govuk-error-summary')"
            tally.expect(page.evaluate(has), f"{address}: the summary has not the focus")
            link = page.locator(".govuk-error-summary a").first
            if link.count():
                to = (link.get_attribute("href") or "").removeprefix("#")
                link.click()
                there = page.evaluate("document.activeElement.id")
                tally.expect(there == to, f"{address}: the link to {to} gives the focus to {there!r}")
        context.close()
        return
