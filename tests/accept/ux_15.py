"""
UX-15: printed packages, reports and letters are tagged and readable in grey.

Every address of a filled council that answers with a PDF is opened as each kind of paper is: it is tagged, says that
it is PDF/UA, has a title, is in British English and on A4 throughout. Each page is drawn in grey, and of every letter
the darkest ink is held against the paper. Colour tells nothing: within a size all words have one colour. What the
screen says, sums above all, stands on the paper in words; and what people type, Typst's own marks among it, is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 4, 2: 40}
"""So many of the things that a page is about; above the smallest size on PostgreSQL, too."""
KINDS = {
    "package_pdf": "a package",
    "package_report": "the report of a call-off",
    "package_call_off_letter": "a call-off",
    "package_loss_letter": "an offer that was not selected",
    "pay_run_remittance_letter": "a remittance",
    "pay_statement_letter": "a person's week",
    "portal_call_off_letter": "a call-off, as its provider opens it",
    "portal_loss_letter": "an offer that was not selected, as its provider opens it",
    "portal_remittance_letter": "a remittance, as its provider opens it",
}
"""What is printed, by the name of its address; any other PDF that turns up is a fault until it stands here."""
TYPED = '#import "x": * $a^2$ *b* _c_ = <d> `e` \\ @f [g] {h} // #panic()'
"""What Typst would take for marks, were it not data."""
A4_POINTS = (595.28, 841.89)
SCALE = 4
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of any size."""
POUNDS = re.compile(r"-?£[\d,]+\.\d\d")


def check(size: int) -> Result:
    """Every PDF on each engine."""
    tally = Tally()
    on_each_engine(tally, "ux_15", "papers", size, SIZES[0])
    return tally.result


def papers(tally: Tally, size: int) -> None:
    from accept.typed import type_everywhere
    from web.filled_world import filled_world

    filled = filled_world()
    lost = not_selected(filled)
    seen: dict[str, int] = {}
    for name, address, content in [*printed(filled, size), *letters_of_loss(filled, lost)]:
        tally.n += 1
        seen[name] = seen.get(name, 0) + 1
        tally.expect(name in KINDS, f"{name} is a PDF of which this check knows nothing")
        inspect(tally, address, content)
    for name, what in KINDS.items():
        tally.expect(name in seen, f"{what} was never printed")
    sums_of_remittance(tally, filled)
    sums_of_week(tally, filled)
    words_of_screen(tally, filled)
    type_everywhere(lambda number: TYPED)
    marks = 0
    for _name, address, content in [*printed(filled, 1), *letters_of_loss(filled, lost)]:
        tally.n += 1
        inspect(tally, address, content)
        marks += text_of(content).count("#import")
    tally.expect(marks > len(KINDS), f"what was typed stands on paper {marks} times only")
    tally.notes.append(
        f"{sum(seen.values())} papers of {len(seen)} kinds; typed marks stood there as text {marks} times"
    )


def printed(filled: Any, most: int) -> Iterator[tuple[str, str, bytes]]:
    """
    Every PDF: the name of its address, the address and its bytes, of each kind at most so many.

    Beyond the smallest size every other page is opened too, so that a new kind of paper is seen.
    """
    from web.doors import listed
    from web.routes import holders_of

    clients: dict[str, Any] = {}
    for route, one in listed():
        known = route.name in KINDS
        if "GET" not in one.methods or route.name.startswith("api_") or (most == SIZES[0] and not known):
            continue
        found = 0
        for role in sorted(holders_of(one.permission)):
            if role not in clients:
                clients[role] = filled.client(role)
            for values in filled.values_of(route):
                address = route.address(values)
                # What is no PDF by its name is asked for once: another kind would show up here.
                if not known and (found < 0 or values is not filled.values_of(route)[0]):
                    break
                answer = clients[role].get(address)
                content = answer.getvalue()
                found += 1 if answer.get("Content-Type") == "application/pdf" else 0
                if answer.get("Content-Type") == "application/pdf":
                    yield route.name, address, content
                if found >= most:
                    break
            if not known or found:
                break


def not_selected(filled: Any) -> Any:
    """An invitation whose offer lost to one with more hours to spare, under a model that asks all at once."""
    from world import another_version, publish

    world = filled.world
    texts = json.loads(another_version())
    told = [[name, text.replace("ask: in_turn", "ask: all_then_rank")] for name, text in texts]
    publish(council=world.council, texts=json.dumps(told), starts_on=world.at.date(), at=world.at)
    package = world.started()
    world.answer(package, "acorn")
    world.answer(package, "beech")
    world.confirm(package)
    return world.invitation(package, "acorn")


def letters_of_loss(filled: Any, lost: Any) -> Iterator[tuple[str, str, bytes]]:
    """The letter about it, as the council and as its provider opens it."""
    provider, council = filled.client("provider_manager"), filled.client("senior_broker")
    for name, client, address in (
        ("portal_loss_letter", provider, f"/provider/invitations/{lost.token}/letter"),
        ("package_loss_letter", council, f"/packages/{lost.package.token}/letters/not-selected/{lost.token}"),
    ):
        answer = client.get(address)
        if answer.get("Content-Type") == "application/pdf":
            yield name, address, answer.content


# One paper


def inspect(tally: Tally, address: str, content: bytes) -> None:
    """Its tags, title, tongue and sheets, and its ink."""
    import pypdfium2

    tally.expect(b"<pdfuaid:part>1</pdfuaid:part>" in content, f"{address} does not say that it is PDF/UA")
    tally.expect(b"/Marked true" in content, f"{address} is not tagged")
    tally.expect(re.search(rb"/Lang ?\(en-GB\)", content) is not None, f"{address} is not in British English")
    tally.expect(b"/DisplayDocTitle true" in content, f"{address} shows its file's name for a title")
    with pypdfium2.PdfDocument(content) as paper:
        title = paper.get_metadata_value("Title")
        tally.expect(len(title) > 5, f"{address} has the title {title!r}")
        tally.expect(title in text_of(content).replace("\n", " "), f"{address}: {title!r} does not stand on it")
        for number in range(len(paper)):
            page, where = paper[number], f"{address}, page {number + 1}"
            near = all(abs(one - due) < 1 for one, due in zip(page.get_size(), A4_POINTS, strict=True))
            tally.expect(near, f"{where} is {page.get_size()} points, not A4")
            has_tags(tally, where, page)
            in_grey(tally, where, page)
            one_colour_a_size(tally, where, page)


def has_tags(tally: Tally, where: str, page: Any) -> None:
    """The tree of tags reaches this page, and begins with what a screen reader announces."""
    from pypdfium2 import raw

    tree = raw.FPDF_StructTree_GetForPage(page.raw)
    tally.expect(raw.FPDF_StructTree_CountChildren(tree) > 0, f"{where} has no tags")
    raw.FPDF_StructTree_Close(tree)


def in_grey(tally: Tally, where: str, page: Any) -> None:
    """Of each letter, the darkest ink against the lightest paper around it, both as luminance."""
    import numpy

    drawn = page.render(scale=SCALE, grayscale=True).to_numpy().squeeze()
    light = numpy.where(drawn <= 10, drawn / 255 / 12.92, ((drawn / 255 + 0.055) / 1.055) ** 2.4)
    height, text = page.get_height(), page.get_textpage()
    worst, letter = 99.0, ""
    for number in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(number)
        rows = slice(int((height - top) * SCALE) - 2, int((height - bottom) * SCALE) + 3)
        patch = light[rows, max(0, int(left * SCALE) - 2) : int(right * SCALE) + 3]
        sign = text.get_text_range(number, 1)
        if patch.size and sign.strip() and right - left > 0.3:
            contrast = (float(patch.max()) + 0.05) / (float(patch.min()) + 0.05)
            worst, letter = min((worst, letter), (contrast, sign))
    tally.expect(worst >= LEAST_CONTRAST, f"{where}: {letter!r} has a contrast of {worst:.1f} in grey")
    tally.expect(worst < 99, f"{where} holds no letter")


def one_colour_a_size(tally: Tally, where: str, page: Any) -> None:
    """Words of a size have one colour and no ground of another, so that none is told by colour alone."""
    from ctypes import c_float, c_uint

    from pypdfium2 import raw

    colours: dict[float, set[tuple[int, ...]]] = {}
    for one in page.get_objects():
        channels = [c_uint() for _ in range(4)]
        raw.FPDFPageObj_GetFillColor(one.raw, *channels)
        colour = tuple(channel.value for channel in channels[:3])
        if one.type == raw.FPDF_PAGEOBJ_TEXT:
            size = c_float()
            raw.FPDFTextObj_GetFontSize(one.raw, size)
            colours.setdefault(round(size.value, 1), set()).add(colour)
        tally.expect(one.type != raw.FPDF_PAGEOBJ_IMAGE, f"{where} holds a picture")
    for size, found in colours.items():
        tally.expect(len(found) == 1, f"{where}: words of {size} points have {len(found)} colours")


def text_of(content: bytes) -> str:
    """All words of a paper as they can be copied from it."""
    import pypdfium2

    with pypdfium2.PdfDocument(content) as paper:
        return "\n".join(paper[number].get_textpage().get_text_range() for number in range(len(paper)))


# What the screen says


def sums_of_remittance(tally: Tally, filled: Any) -> None:
    """A remittance has, in its letters to both sides, the amounts of the run's page and of its CSV file."""
    from calloff.web.config.look.words import money
    from calloff.web.payments.models import PayRun
    from calloff.web.payments.services.runs import total

    branch = filled.world.branch("acorn")
    for run in PayRun.objects.filter(state=PayRun.RELEASED):
        due = money(total(run))
        screen = filled.client("finance_payer").get(f"/pay/{run.token}").content.decode()
        tally.expect(due in screen, f"the page of PAY-{run.number} does not say {due}")
        for role, address in (
            ("finance_payer", f"/pay/{run.token}/remittance/{branch.token}/letter"),
            ("provider_manager", f"/provider/pay/{run.token}/{branch.token}/letter"),
        ):
            tally.n += 1
            said = POUNDS.findall(text_of(filled.client(role).get(address).content))
            tally.expect(due in said, f"{address} says {said} where the screen says {due}")


def sums_of_week(tally: Tally, filled: Any) -> None:
    """A person's letter has each amount that the screen of their week has."""
    week = filled.world.at.date().isoformat()
    address = f"/pay/statements/{filled.packages['begun'].person.reference}/{week}"
    screen = POUNDS.findall(filled.client("finance_payer").get(address).content.decode())
    letter = POUNDS.findall(text_of(filled.client(_who_sees_people()).get(f"{address}/letter").content))
    tally.n += 1
    tally.expect(len(screen) > 2, f"the screen of a person's week says {screen}")
    tally.expect(set(screen) <= set(letter), f"the person's letter says {letter}, the screen {screen}")


def _who_sees_people() -> str:
    from web.routes import holders_of

    return sorted(holders_of("see_person"))[0]


def words_of_screen(tally: Tally, filled: Any) -> None:
    """The report of a call-off has every sentence of the explanation's page; a package's paper its visits' minutes."""
    from html import unescape

    client = filled.client("senior_broker")
    for name in ("called off", "begun", "ended"):
        package = filled.packages[name]
        tally.n += 1
        page = client.get(f"/packages/{package.token}/explanation").content.decode()
        lines = [unescape(one) for one in re.findall(r"<li[^>]*>([^<]{12,})</li>", page.partition("telling")[2])]
        said = _plain(text_of(client.get(f"/packages/{package.token}/explanation.pdf").content))
        missing = [one for one in lines if _plain(one) not in said]
        tally.expect(len(lines) > 5 and not missing, f"the report of {name} lacks {missing[:2]} of {len(lines)} lines")
        sheet = _plain(text_of(client.get(f"/packages/{package.token}/sheet.pdf").content))
        rest = client.get(f"/packages/{package.token}/sheet").content.decode()
        for amount in POUNDS.findall(rest):
            tally.expect(amount in sheet, f"the paper of {name} lacks {amount}")
        tally.expect(package.reference in sheet, f"the paper of {name} lacks its reference")


def _plain(text: str) -> str:
    """Without blanks and soft line ends, which lie elsewhere on paper."""
    return re.sub(r"[\s\ufffe\x02]+", "", text)
