"""
UX-02: the core journeys work by keyboard alone.

The journeys of journeys.yaml in Chromium, without a pointer: Tab, the arrows within a question, Space and Enter. After
each press that moves the focus it must be seen (an outline, a shadow or another ground, within the window), and from
the first page of each journey Tab must lead through everything and back, so that nobody is held anywhere.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from accept.browsing import PHONE, Site, arrives, in_chromium, site
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 4, 1: 24, 2: 24}
"""So many journeys; from thirteen on all of them, and some again on a small screen."""
FAR = 140
JOURNEYS = Path(__file__).with_name("journeys.yaml")
PASSWORD = "three words and a lamp"
FOCUS = """(words) => { const e = document.activeElement;
  if (!e || e === document.body) return { name: "", seen: true, turn: false };
  const label = e.labels && e.labels.length ? e.labels[0] : null;
  const said = label ? label.textContent : e.getAttribute("aria-label") || e.textContent || "";
  const shown = [[e, null]];
  if (label && /^(radio|checkbox)$/.test(e.type)) shown.push([label, "::before"], [label, null]);
  const marked = shown.some(([one, part]) => { const s = getComputedStyle(one, part);
    return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && !/^rgba.*, 0\\)$/.test(s.outlineColor))
      || s.boxShadow !== "none" || s.backgroundColor === "rgb(255, 221, 0)"; });
  const place = e.getBoundingClientRect();
  const others = e.type === "radio" ? [...document.getElementsByName(e.name)] : [];
  const turn = others.some((one) => one.labels[0].textContent.trim().startsWith(words));
  const seen = marked && place.bottom > 0 && place.top < innerHeight && place.width > 0;
  return { name: said.trim().replace(/\\s+/g, " "), seen, turn }; }"""
"""What has the focus, whether that is seen, and whether the arrows lead from there to these words."""


@cache
def journeys() -> list[dict[str, Any]]:
    """The journeys as data."""
    stored: list[dict[str, Any]] = yaml.safe_load(JOURNEYS.read_text(encoding="utf-8"))
    return stored


def check(size: int) -> Result:
    """So many journeys."""
    return in_chromium("ux_02", "by_keyboard", size)


def by_keyboard(tally: Tally, size: int) -> None:
    from web.filled_world import filled_world

    tally.expect(len(journeys()) == 12, f"{len(journeys())} core journeys")
    whole = 0
    with site() as here:
        filled = filled_world()
        with_password(filled)
        for journey in journeys()[:size]:
            whole += one_journey(tally, here, filled, journey, {})
        if size > len(journeys()):
            # Another council of the same kind would bear the same name; what is left to do here is done again.
            for journey in (one for one in journeys() if one["name"] in AGAIN):
                one_journey(tally, here, filled, journey, {"width": PHONE})
    tally.notes.append(f"{whole} of {len(journeys())} journeys by keyboard alone")


AGAIN = ("find a package by its reference", "write a contact note", "sign in with name, password and code")
"""Journeys that can be made twice, the second time at 320 px."""


def with_password(filled: Any) -> None:
    """A broker who can sign in as people do, with a password and a code; and a limit for approvers."""
    from django.contrib.auth.hashers import make_password

    from calloff.web.accounts.models import RoleHeld
    from calloff.web.accounts.services.demo import add_demo_user, give_demo_authenticator

    at = filled.world.at
    told = {"identity_name": "Keyboard User", "email": "keyboard.user@example.org", "at": at}
    user = add_demo_user(name="keyboard.user", hashed=make_password(PASSWORD), **told)
    give_demo_authenticator(user=user, by=None, at=at)
    council = filled.world.council.pk
    type(filled.world.council).objects.update(limits='{"approver": {"pence_per_week": 100000}}')
    RoleHeld.objects.create(user=user, role="broker", council_id=council, from_on=at.date(), granted_at=at)


def known_in(filled: Any) -> dict[str, str]:
    """What a journey may name, as it is now."""
    from calloff.web.brokerage.models import Invitation, Request
    from calloff.web.contracts.models import Enrolment

    packages = {name: package.token for name, package in filled.packages.items()}
    asked = filled.packages["asked"]
    by_provider = Invitation.objects.filter(branch__reference="acorn", state=Invitation.OPEN)
    told = {
        **packages,
        "begun later": filled.packages["called off"].token,
        "invitation": asked.invitations.order_by("pk").first().token,
        "enrolment": Enrolment.objects.get(reference="beech").token,
    }
    left = by_provider.exclude(package=asked).first()
    waiting = Request.objects.filter(state=Request.WAITING).order_by("-pk").first()
    # Journeys before may have answered the last one, or decided it.
    told |= {"provider invitation": left.token} if left is not None else {}
    return told | ({"request": waiting.reference} if waiting is not None else {})


def one_journey(tally: Tally, here: Site, filled: Any, journey: dict[str, Any], options: dict[str, Any]) -> bool:
    """Do one journey; whether it came to its end."""
    tally.n += 1
    before = tally.violations
    known = known_in(filled)
    context = here.context(
        filled.users[journey["role"]] if "role" in journey else None, reduced_motion="reduce", **options
    )
    page = context.new_page()
    page.goto(filled_in(journey["start"], known))
    through_and_back(tally, page, journey["name"])
    hands = Hands(tally, page, journey["name"], known, filled)
    for step in journey["steps"]:
        if not hands.do(step):
            break
    tally.expect(filled_in(journey["ends"], known) in page.url, f"{journey['name']}: it ended at {page.url}")
    text = page.locator("main").inner_text()
    tally.expect(journey.get("says", "") in text, f"{journey['name']}: the page does not say {journey.get('says')!r}")
    context.close()
    return tally.violations == before


def filled_in(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\{([a-z ]+)\}", lambda one: known[one[1]], text)


def through_and_back(tally: Tally, page: Any, name: str) -> None:
    """Tab through the whole page until the first thing has the focus again."""
    page.keyboard.press("Tab")
    first = page.evaluate(FOCUS, "")["name"]
    tally.expect(first.startswith("Skip to main content"), f"{name}: the first thing is {first!r}")
    for _press in range(FAR):
        page.keyboard.press("Tab")
        last = page.evaluate(FOCUS, "")["name"]
        if last in ("", first):
            return
    tally.fault(f"{name}: Tab does not come back after {FAR} presses, but to {last!r}")


class Hands:
    """Two hands on a keyboard."""

    def __init__(self, tally: Tally, page: Any, name: str, known: dict[str, str], filled: Any) -> None:
        self.tally, self.page, self.name, self.known, self.filled = tally, page, name, known, filled

    def do(self, step: dict[str, Any]) -> bool:
        """One step; False when there is no going on."""
        if "to" in step and not self.to(self.words(step["to"])):
            return False
        if step.get("check") and not self.page.evaluate("document.activeElement.checked"):
            self.page.keyboard.press("Space")
        if "type" in step:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(self.words(step["type"]))
        if "pick" in step:
            self.page.keyboard.type(step["pick"])
            chosen = self.page.evaluate("document.activeElement.selectedOptions[0].textContent.trim()")
            self.tally.expect(chosen.startswith(step["pick"]), f"{self.name}: {chosen!r} was picked")
        if "press" in step:
            self.page.keyboard.press(step["press"])
        if "wait" in step:
            there = filled_in(step["wait"], self.known)
            if not arrives(self.page, lambda url: re.search(there, url) is not None):
                said = self.page.locator("main").inner_text()[:200]
                self.tally.fault(f"{self.name}: after {step} it is still {self.page.url}: {said!r}")
                return False
        return True

    def to(self, words: str) -> bool:
        """Move the focus to what begins with these words, and see it on the way."""
        for _press in range(FAR):
            focus = self.page.evaluate(FOCUS, words)
            self.tally.expect(focus["seen"], f"{self.name}: the focus on {focus['name'][:60]!r} is not seen")
            if focus["name"].startswith(words):
                return True
            self.page.keyboard.press("ArrowDown" if focus["turn"] else "Tab")
        self.tally.fault(f"{self.name}: {words!r} is out of reach")
        return False

    def words(self, text: str) -> str:
        """What is typed: itself, or what only this council knows."""
        from django.utils import timezone

        from calloff.web.accounts.services.demo import demo_code

        day = (timezone.now() + timedelta(days=2)).date()
        known = {
            "PASSWORD": lambda: PASSWORD,
            "CODE": lambda: demo_code("keyboard.user", timezone.now()),
            "REFERENCE": lambda: self.filled.packages["asked"].reference,
            "DAY": lambda: str(day.day),
            "MONTH": lambda: str(day.month),
            "YEAR": lambda: str(day.year),
        }
        return known[text]() if text in known else text
