"""
The template tags of our pages; docs/reference/components.md lists them with what each takes.

Every tag takes values that Python has worked out (see `calloff.web.config.look`); none asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from calloff.web.config.look import forms, govuk, words
from calloff.web.config.look.ledger import Ledger
from calloff.web.config.look.lists import FilterState, Paging
from calloff.web.config.look.parts import Asked, Fact, Happening, Tab, Tile, tone_of
from calloff.web.config.look.tables import Table
from calloff.web.config.look.week import Week

register = template.Library()


# GOV.UK's own components, and forms


@register.simple_tag(name="govuk")
def govuk_component(component: str, **options: Any) -> SafeString:
    """A component of GOV.UK Frontend: {% govuk "button" text=_("Save") attributes__data_row="1" %}."""
    return govuk.render(component, govuk.nested(options))


@register.simple_tag
def govuk_form(form: BaseForm) -> SafeString:
    """Every field of a form; the form element, its token and its buttons are the page's."""
    return forms.form_fields(form)


@register.simple_tag
def field(bound: BoundField, **options: Any) -> SafeString:
    """One field of a form: {% field form.name %}; options are laid over its component's."""
    return forms.field(bound, **govuk.nested(options))


@register.simple_tag(takes_context=True)
def page_errors(context: Context) -> SafeString:
    """The summary of what must be put right in the page's `form` and `forms`."""
    return forms.error_summary(_forms_of(context))


@register.simple_tag
def error_summary(*all_forms: BaseForm) -> SafeString:
    """The summary for the forms that are named, where a page has others."""
    return forms.error_summary(all_forms)


@register.simple_tag(takes_context=True)
def error_prefix(context: Context) -> str:
    """ "Error: " before the title of a page whose form must be put right, else nothing."""
    wrong = any(form.is_bound and form.errors for form in _forms_of(context))
    return _("Error: ") if wrong else ""


@register.simple_tag
def service_navigation(nav: Sequence[Mapping[str, Any]]) -> SafeString:
    """The service's own navigation; each of `nav` has a label, a url and whether it is active."""
    items = [{"text": one["label"], "href": one["url"], "active": one.get("active", False)} for one in nav]
    return govuk.render("service-navigation", {"navigation": items, "menuButtonText": _("Menu")})


@register.simple_tag(takes_context=True)
def banners(context: Context) -> SafeString:
    """What was done or refused just now (Django's messages), each as a banner."""
    shown = [_banner(number, message) for number, message in enumerate(context.get("messages") or ())]
    return format_html_join("\n", "{}", ((one,) for one in shown))


def _banner(number: int, message: Message) -> SafeString:
    options = {"titleId": f"banner-{number}", "text": message.message, "titleText": _("Important")}
    if message.level_tag == "success":
        options |= {"type": "success", "titleText": _("Done")}
    if message.level_tag == "error":
        options |= {"titleText": _("Not done"), "role": "alert", "classes": "banner--error"}
    return govuk.render("notification-banner", options)


def _forms_of(context: Context) -> list[BaseForm]:
    found = [context.get("form"), *(context.get("forms") or ())]
    return [form for form in found if isinstance(form, BaseForm)]


# Parts of a page


@register.inclusion_tag("look/table.html")
def data_table(table: Table) -> dict[str, Any]:
    """A table; on a narrow screen each row is a card."""
    return {"table": table, "foot": table.pairs(table.foot) if table.foot else ()}


@register.inclusion_tag("look/pages.html")
def pages(paging: Paging) -> dict[str, Any]:
    """How many rows there are, and the way to the others."""
    return {"paging": paging, "links": govuk.render("pagination", paging.options()) if paging.pages > 1 else ""}


@register.inclusion_tag("look/filters.html")
def filters(state: FilterState) -> dict[str, Any]:
    """The form that narrows a list, what is in force, and "Clear"."""
    return {"state": state, "asked": [(one, state.code(one.name)) for one in state.filters]}


@register.inclusion_tag("look/tiles.html")
def tiles(tiles: Sequence[Tile], label: str = "") -> dict[str, Any]:
    """Numbers, each a link to the rows behind it."""
    return {"tiles": tiles, "label": label or _("At a glance")}


@register.inclusion_tag("look/tabs.html")
def tabs(tabs: Sequence[Tab], label: str = "") -> dict[str, Any]:
    """Lists beside each other as links."""
    return {"tabs": tabs, "label": label or _("Lists")}


@register.inclusion_tag("look/story.html")
def story(happenings: Sequence[Happening], now: datetime | None = None) -> dict[str, Any]:
    """What happened, in order; with `now`, days are worded from it."""
    told = [(one, words.moment(one.at, now) if one.at else "") for one in happenings]
    return {"told": told}


@register.simple_tag
def status(text: str, tone: str = "grey") -> SafeString:
    """A tag: {% status _("declined") "red" %}."""
    return format_html('<strong class="govuk-tag {}">{}</strong>', tone_of(tone), text)


@register.inclusion_tag("look/week.html")
def week(week: Week, folded: bool = True) -> dict[str, Any]:
    """A person's week drawn, with the same as a table below, folded away unless told otherwise."""
    return {"week": week, "folded": folded}


@register.inclusion_tag("look/ledger.html")
def ledger(ledger: Ledger, folded: bool = True) -> dict[str, Any]:
    """Weekly figures drawn, with the same as a table."""
    return {"ledger": ledger, "folded": folded}


@register.inclusion_tag("look/order.html")
def order(steps: Sequence[Asked], label: str = "") -> dict[str, Any]:
    """Who is asked in which order: boxes with arrows between them."""
    return {"steps": steps, "label": label or _("Who is asked, in this order")}


@register.inclusion_tag("look/facts.html")
def facts(facts: Sequence[Fact]) -> dict[str, Any]:
    """Names and values below each other."""
    return {"facts": facts}


@register.inclusion_tag("look/empty.html")
def empty(text: str, url: str = "", act: str = "") -> dict[str, Any]:
    """What a list says that has nothing: what would fill it, and perhaps the way there."""
    return {"text": text, "url": url, "act": act}


@register.inclusion_tag("look/refusal.html")
def refusal(happened: str, kept: str = "", todo: str = "", url: str = "", act: str = "") -> dict[str, Any]:
    """A refusal: what happened, what was kept, what to do."""
    return {"happened": happened, "kept": kept, "todo": todo, "url": url, "act": act}


@register.simple_tag
def print_link(url: str, text: str = "") -> SafeString:
    """The way to the page that is meant for paper."""
    shown = text or _("Print this")
    return format_html('<a class="govuk-link govuk-link--no-visited-state print-link" href="{}">{}</a>', url, shown)


@register.simple_tag
def countdown(deadline: datetime, now: datetime) -> SafeString:
    """How far off a deadline is, kept up to date where scripts run; the words of the server stand without them."""
    return format_html(
        '<time class="countdown{}" datetime="{}" data-countdown="{}">{}</time>',
        " countdown--late" if deadline <= now else "",
        deadline.isoformat(),
        now.isoformat(),
        words.due(deadline, now),
    )


# Words for numbers and moments


@register.filter
def hours(minutes: int) -> str:
    """Minutes as hours with one decimal."""
    return words.hours(minutes)


@register.filter
def money(pence: int) -> str:
    """Pence as pounds and pence."""
    return words.money(pence)


@register.filter
def rate(centipence: int) -> str:
    """Centipence as pounds and pence, halves up."""
    return words.rate(centipence)


@register.filter
def day(on: date, today: date | None = None) -> str:
    """A day in words."""
    return words.day(on, today)


@register.filter
def moment(at: datetime, now: datetime | None = None) -> str:
    """A moment in words, in Europe/London."""
    return words.moment(at, now)


@register.filter
def clock(at: datetime) -> str:
    """The time of day in Europe/London."""
    return words.clock(at)


@register.filter
def duration(minutes: int, how: str = "") -> str:
    """A length of time: {{ minutes|duration }} or {{ minutes|duration:"brief" }}."""
    return words.duration(minutes, brief=how == "brief")


@register.filter
def due(deadline: datetime, now: datetime) -> str:
    """How far off a deadline is, at the moment given."""
    return words.due(deadline, now)
