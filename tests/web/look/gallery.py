"""Pages that show every component with invented content, for people who write pages and for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import ClassVar

from django import forms
from django.template import engines
from django.test import RequestFactory
from django.urls import path

from calloff.domain.packages import Visit
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.config.look.ledger import Ledger, Point
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import TONES, Asked, Fact, Happening, Tab, Tile
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.config.look.week import Week

# The one address that a page looks up by name.
urlpatterns = [path("sign-out", lambda request: None, name="account_logout")]
NOW = datetime(2026, 11, 26, 9, 52, tzinfo=UTC)


class AnswerForm(forms.Form):
    """What a provider answers to an invitation."""

    answer = forms.ChoiceField(
        label="Your answer",
        widget=forms.RadioSelect(attrs={"legend_size": "m"}),
        choices=[
            ("all", "We can do all of it"),
            ("part", "Some of it, or at other times\nSay which below"),
            ("no", "No"),
        ],
        error_messages={"required": "Choose what you can do"},
    )
    visits = forms.MultipleChoiceField(
        label="Which visits can you do?",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("morning", "Mornings, two workers"), ("lunch", "Lunch"), ("bed", "Bedtimes, two workers")],
    )
    hours = forms.DecimalField(
        label="Hours a week",
        required=False,
        max_digits=5,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"suffix": "hours", "width": 4}),
    )
    reason = forms.ChoiceField(
        label="Why not?", required=False, choices=[("", "Choose a reason"), ("hours", "No spare hours at these times")]
    )
    starts_on = DayField(label="First visit on", help_text="For example, 27 11 2026")
    starts_at = ClockField(label="At", help_text="For example, 20:00")
    message = forms.CharField(
        label="Message to the council", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=500
    )
    reveals: ClassVar = {"answer": {"part": ["visits", "hours"], "no": ["reason"]}}


class EveryForm(forms.Form):
    """One field of each kind that the answer does not have."""

    name = forms.CharField(label="Name", help_text="As in your contract", widget=forms.TextInput(attrs={"width": 20}))
    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    workers = forms.IntegerField(label="Care workers", min_value=1)
    rate = forms.DecimalField(label="Rate for an hour", widget=forms.NumberInput(attrs={"prefix": "£", "width": 5}))
    locality = forms.ChoiceField(label="Locality", choices=[("", "Choose"), ("haugh", "Haugh"), ("links", "Links")])
    plan = forms.FileField(label="Support plan", required=False)
    sure = forms.BooleanField(label="I have read the support plan")
    where = forms.CharField(widget=forms.HiddenInput, initial="gallery")


def her_week() -> tuple[Visit, ...]:
    """Two workers in the morning and at bedtime, one at lunch and at tea; weekday mornings are time-critical."""
    return tuple(
        visit
        for day in range(7)
        for visit in (
            Visit(day, 7 * 60, 30, 2, critical=day < 5),
            Visit(day, 12 * 60, 15),
            Visit(day, 17 * 60, 15),
            Visit(day, 20 * 60, 30, 2),
        )
    )


def queue() -> Table:
    """The broker's queue."""
    columns = [
        Column("Next action"),
        Column("Package", names_row=True),
        Column("Where"),
        Column("Week", number=True, unit="hours"),
        Column("Start by"),
        Column("Waiting"),
        Column("Step"),
        Column("Owner"),
    ]
    rows = [
        Row(
            [
                Cell("overdue 12 min", strong=True),
                Cell("P-7K2M", "/package"),
                "Seatoun EM3",
                Cell("17.5", below="2 workers"),
                "today",
                "2 days 4 hours",
                Cell("invitation 2 of 5 is with Beech", below="due 10:30"),
                "A B",
            ],
            url="/package",
            marked=True,
        ),
        Row(
            [
                "10:30",
                Cell("P-7K9Q", "/package?2"),
                "Haugh EM1",
                "10.5",
                "tomorrow",
                "5 hours",
                "3 answers are in, choose",
                "A B",
            ],
            url="/package?2",
        ),
        Row(
            [
                Cell("11:00", tag="hospital", tone="purple"),
                Cell("P-7KA1", "/package?3"),
                "Links EM3",
                "14.0",
                "today",
                "1 hour",
                "ready to start",
                Cell(),
            ],
            url="/package?3",
        ),
    ]
    return Table("Packages that need you", columns, rows, quiet_caption=True)


def asked_in_order() -> Table:
    """Who is asked for one package, with what each would cost."""
    return Table(
        "Who is asked, in the order of Eastmoor Framework 2017, version 3",
        [
            Column("Place", number=True),
            Column("Provider", names_row=True),
            Column("Price", number=True, unit="a week"),
            Column("Spare", number=True, unit="hours"),
            Column("Where it stands"),
        ],
        [
            ["1", "Acorn", "£271.60", "26.0", Cell(tag="declined", tone="red", below="09:12, two workers not free")],
            ["2", "Beech", "£271.60", "24.0", Cell(tag="asked", tone="blue", below="09:52, same price, less time")],
            ["3", "Cedar", "£279.13", "40.0", Cell(tag="next")],
        ],
    )


STORY = [
    Happening(datetime(2026, 11, 26, 9, 10, tzinfo=UTC), "Approved: 17.5 hours, up to £279.13 a week", by="C Lead"),
    Happening(datetime(2026, 11, 26, 9, 11, tzinfo=UTC), "Acorn asked", why="First by price, £15.52 an hour"),
    Happening(datetime(2026, 11, 26, 9, 12, tzinfo=UTC), "Acorn declined", why="Two workers are not free together"),
    Happening(datetime(2026, 11, 26, 9, 52, tzinfo=UTC), "Beech asked", tone="now", url="#record"),
    Happening(None, "Cedar is asked if Beech declines or is silent", tone="next"),
]
ORDER = [
    Asked("The provider that cares for the person now", ["If it is enrolled and has the hours"], "when it declines"),
    Asked(
        "The framework, one after another",
        ["By price, then by spare hours"],
        "when all declined or did not answer",
        source="Members’ Library 88/18, paragraph 3.5.7",
        assumed="Each has 2 hours to answer; the paper gives no time.",
        here=True,
    ),
    Asked("Spot providers", ["All at once; the lowest price at or below £15.95 an hour"], "when nobody offers"),
    Asked("The senior broker", ["Decides what to do with the proof that no step is left"]),
]
HOURS = [450, 462, 471, 455, 480, 512, 506, 498, 470, 455, 441, 430]
LEDGER = Ledger(
    title="Unmet hours",
    unit="hours a week",
    points=[
        Point(f"{7 + 7 * place % 28} {month}", 60 * hours, f"{hours}.0")
        for place, (hours, month) in enumerate(
            zip(HOURS, ["Sep"] * 4 + ["Oct"] * 4 + ["Nov"] * 4, strict=True),
        )
    ],
    target=60 * 500,
    target_label="At most 500 hours",
    scale=60,
)
STEPS = Ledger(
    title="Hours called off",
    unit="hours a week",
    points=[Point(f"W{place + 1}", 10 * hours, f"{hours}.0") for place, hours in enumerate(HOURS[::-1])],
    target=3000,
    target_label="Guaranteed 300 hours",
    scale=10,
    shape="steps",
    target_is_limit=False,
)
FILTERS = [
    Filter("priority", "Priority", [Choice("p1", "Crisis"), Choice("p2", "Hospital discharge")]),
    Filter("locality", "Locality", [Choice("haugh", "Haugh"), Choice("links", "Links")]),
    Filter("step", "Step", [Choice("ready", "ready to start"), Choice("out", "invitations out")], "any step"),
]
STATE = FilterState(FILTERS, {"priority": "p2", "tab": "team"}, {"tab": ["mine", "team"]})
TILES = [
    Tile("412.5", "Unmet hours this week", "?tile=unmet", "of 500.0"),
    Tile("61", "People waiting", "?tile=waiting", "hospital 9, community 52"),
    Tile("23", "Invitations out", "?tile=out"),
    Tile("4", "Due within the hour", "?tile=due", "1 overdue", warn=True),
]
TABS = [
    Tab("Mine", "?tab=mine", count=14),
    Tab("Team", "?tab=team", active=True, count=96),
    Tab("Nobody’s", "?tab=nobody", count=7),
]
FACTS = [
    Fact("Person", "woman, 80s"),
    Fact("Where", "Seatoun, EM3"),
    Fact("Needs", "hoist, medication prompt", "#needs", "Change"),
    Fact("Start by", "today, from hospital"),
]

COMPONENTS = """
{% extends "base.html" %}{% load look %}
{% block title %}Components{% endblock %}
{% block before %}{% govuk "back-link" text="Back" href="/" %}{% endblock %}
{% block content %}
<h1 class="govuk-heading-l">Components</h1>
<p class="lead">What pages are made of, each with invented content.</p>
{% tiles tiles %}{% tabs tab_list %}{% filters state %}
<h2 class="govuk-heading-m">Tables and pages</h2>
{% data_table asked %}{% pages paging %}{% data_table nothing %}
<h2 class="govuk-heading-m">Drawings</h2>
<div class="beside beside--even"><div>{% week the_week %}</div><div>{% ledger hours_ledger %}</div></div>
{% ledger steps_ledger %}
<h2 class="govuk-heading-m">Who is asked in which order</h2>{% order steps %}
<h2 class="govuk-heading-m">A story</h2>{% story happenings now %}
<h2 class="govuk-heading-m">Small parts</h2>
{% facts fact_list %}
<p>{% for tone in tones %}{% status tone tone %} {% endfor %}</p>
<p>Due {% countdown deadline now %}, and {% countdown past now %}.</p>
{% empty "Nobody waits. A package comes here when its request is approved." "#all" "See all packages" %}
{% refusal "Beech could not be called off: its spare hours fell to 12.0 since this page was shown." "Nothing was changed and your note is kept." "Look at the new order, then confirm again." "#new" "See the new order" %}
{% govuk "inset-text" text="Under Eastmoor Framework 2017, version 3." %}
{% govuk "warning-text" text="There is no undo of a call-off." icon_fallback_text="Warning" %}
{% govuk "details" summary_text="12 not asked" text="5 no spare hours at 07:00, 4 not for older people, 2 above £15.95, 1 graded 2." %}
<div class="govuk-button-group">{% govuk "button" text="Confirm" %}{% govuk "button" text="Withdraw" classes="govuk-button--secondary" %}{% govuk "button" text="End the contract" classes="govuk-button--warning" %}{% print_link "#print" "Print this package" %}</div>
{% govuk "panel" title_text="You offered all 17.5 hours" text="Receipt K7-QM2X" heading_level=2 %}
{% endblock %}
"""  # noqa: E501 - as a template is written
FORM = """
{% extends "base.html" %}{% load look %}
{% block title %}{{ heading }}{% endblock %}
{% block content %}
<h1 class="govuk-heading-l">{{ heading }}</h1>
<form method="post" action="/thanks" novalidate{% if draft %} data-draft="/draft"{% endif %}>
{% govuk_form form %}
{% if draft %}<p class="draft-status" role="status" data-draft-status data-saved="Draft kept at" data-unsaved="The draft could not be kept"></p>{% endif %}
{% govuk "button" text="Send" %}
</form>
{% endblock %}
"""  # noqa: E501 - as a template is written
QUEUE = """
{% extends "base.html" %}{% load look %}
{% block title %}Queue{% endblock %}{% block page_class %}page--wide{% endblock %}
{% block content %}
<h1 class="govuk-heading-l">Your queue</h1>
{% tiles tiles %}{% tabs tab_list %}{% filters state %}{% data_table queue %}{% pages paging %}
{% endblock %}
"""
PACKAGE = """
{% extends "base.html" %}{% load look %}
{% block title %}P-7K2M{% endblock %}{% block page_class %}page--wide{% endblock %}
{% block before %}{% govuk "back-link" text="Queue" href="/queue" %}{% endblock %}
{% block content %}
<h1 class="govuk-heading-l govuk-!-margin-bottom-2">P-7K2M</h1>
<ul class="headline"><li>woman, 80s, Seatoun EM3</li><li>17.5 hours a week, 2 workers mornings and bedtimes</li><li>hoist, medication prompt</li><li><strong>start by today</strong> (hospital)</li></ul>
<div class="beside">
<section aria-labelledby="week"><h2 class="govuk-heading-m" id="week">Her week</h2>{% week the_week %}</section>
<div class="beside__first"><section class="next" aria-labelledby="next"><h2 class="govuk-heading-m" id="next">What next</h2>
<p>Invitation 2 of 5 is with <strong>Beech</strong> until 10:30 ({% countdown deadline now %}).</p>
<div class="govuk-button-group">{% govuk "button" text="Record an answer" href="#answer" %}{% govuk "button" text="Withdraw" classes="govuk-button--secondary" %}</div>
<p>If Beech declines or is silent, the model asks Cedar next.</p></section>
</div></div>
{% data_table asked %}
{% govuk "details" summary_text="12 not asked" text="5 no spare hours at 07:00, 4 not for older people, 2 above the ceiling £15.95, 1 graded 2 in Leadership." %}
<h2 class="govuk-heading-m">Story</h2>{% story happenings now %}
<p>{% print_link "#print" "Print this package" %}</p>
{% endblock %}
"""  # noqa: E501 - as a template is written
THANKS = """
{% extends "base.html" %}{% load look %}
{% block title %}Thank you{% endblock %}
{% block content %}
{% govuk "panel" title_text="Thank you" text="Receipt K7-QM2X" %}
<p>You offered all 17.5 hours from today, 20:00. We will tell you when the council has decided.</p>
<p>You can change your answer until 10:30.</p><p><a href="#next">Next invitation</a></p>
{% endblock %}
"""
BANNERS = [
    SimpleNamespace(level_tag="success", message="Called off to Beech, from today, 20:00."),
    SimpleNamespace(level_tag="error", message="Cedar could not be asked: it is suspended since 09:40."),
]
WRONG = {
    "answer": "",
    "starts_on_day": "31",
    "starts_on_month": "2",
    "starts_on_year": "2026",
    "starts_at": "half eight",
    "message": "From <b>today</b> & gladly",
}
NAV = [
    {"label": "Queue", "url": "/queue", "active": True},
    {"label": "Providers", "url": "#providers"},
    {"label": "Models", "url": "#models"},
    {"label": "Reports", "url": "#reports"},
]


def _contexts() -> dict[str, tuple[str, dict]]:
    shared = {"tiles": TILES, "tab_list": TABS, "state": STATE, "paging": Paging(2, 412, "?tab=team"), "now": NOW}
    whole = shared | {
        "asked": asked_in_order(),
        "queue": queue(),
        "nothing": Table("Handbacks", [Column("Package")], [], empty="No package was given back this month."),
        "the_week": Week(her_week(), "P-7K2M"),
        "hours_ledger": LEDGER,
        "steps_ledger": STEPS,
        "steps": ORDER,
        "happenings": STORY,
        "fact_list": FACTS,
        "tones": TONES,
        "deadline": datetime(2026, 11, 26, 10, 30, tzinfo=UTC),
        "past": datetime(2026, 11, 26, 9, 40, tzinfo=UTC),
    }
    answer = {"heading": "Answer the invitation", "nav": NAV[:1]}
    return {
        "components": (COMPONENTS, whole | {"messages": BANNERS, "demo": True}),
        "queue": (QUEUE, whole | {"search_url": "/search"}),
        "package": (PACKAGE, whole | {"search_url": "/search"}),
        "answer": (FORM, answer | {"form": AnswerForm(), "draft": True}),
        "wrong": (FORM, answer | {"form": AnswerForm(WRONG), "draft": True}),
        "every": (FORM, {"heading": "Every kind of question", "form": EveryForm()}),
        "every-wrong": (FORM, {"heading": "Every kind of question", "form": EveryForm({"email": "x", "rate": "dear"})}),
        "thanks": (THANKS, {"nav": NAV[:1]}),
    }


PAGES = (
    "components",
    "queue",
    "package",
    "answer",
    "wrong",
    "every",
    "every-wrong",
    "thanks",
    "404",
    "403",
    "429",
    "500",
)


def page(name: str) -> str:
    """One page of the gallery as HTML."""
    request = RequestFactory().get(f"/{name}")
    request.user = SimpleNamespace(is_authenticated=True)
    frame = {
        "council_name": "Eastmoor Council",
        "nav": NAV,
        "account_name": "A Broker",
        "account_links": [{"label": "Your details", "url": "#details"}],
        "footer_links": [{"label": "Accessibility", "url": "#accessibility"}, {"label": "Privacy", "url": "#privacy"}],
        "shortcuts": name == "queue",
        "request": request,
    }
    if name in ("404", "403", "429"):
        return engines["django"].get_template(f"{name}.html").render(frame)
    if name == "500":
        return engines["django"].get_template("500.html").render()
    text, context = _contexts()[name]
    return engines["django"].from_string(text.lstrip()).render(frame | context)
