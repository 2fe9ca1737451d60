"""
Why a provider that offered was not selected: the published rule, its own figures, and the criterion that decided.

Nothing of anybody else is read out of a record here but whether they were equal: no name, price, number or place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from calloff.documents.market_words import scoring_words
from calloff.documents.plain_words import Words, keys_words
from calloff.documents.purchasing_models import Document
from calloff.documents.wording import day_words, has_wording, hours_words, rate_words, say, sentence, spaced
from calloff.domain.calendar import local
from calloff.domain.history import Offered
from calloff.domain.purchasing_model import Key, Step
from calloff.domain.records import revive
from calloff.simulator.scene import Scene
from calloff.web.brokerage.models import CallOff, Decision, Invitation, Offer
from calloff.web.brokerage.services.records import recorded
from calloff.web.contracts.services.market import document_of, facts_of

COUNCILS_OWN = frozenset({"withdrawn", "package_ended", "need_changed", "handed_back"})
"""Endings by which nobody was chosen before anybody: whoever offered is told that it is closed, and no more."""
COPY_KEPT = timedelta(days=30)
"""So long whoever was not selected may still read what was asked (DOMAIN 10.3; assumed)."""
TELLS_OF_OTHERS = frozenset({"rotation", "score"})
"""Criteria whose figure would tell where others stand."""
UNKNOWN_METRES = 10_000_000
"""The distance of a home or an office that nobody has placed on the map."""


@dataclass(frozen=True)
class Explanation:
    """Why an offer was not selected. `priced` are the inputs that tell a price; texts are in the reader's words."""

    model: str
    version: int
    step: str
    rule: tuple[str, ...]
    offered: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    priced: tuple[tuple[str, str], ...]
    decided: str
    at: datetime


def standing_offer(offers: Iterable[Offer], deadline_at: datetime) -> Offer | None:
    """The answer that stands: the last that was received by the deadline."""
    in_time = [one for one in sorted(offers, key=lambda one: one.pk) if one.received_at <= deadline_at]
    return in_time[-1] if in_time else None


def not_selected(invitation: Invitation, standing: Offer | None) -> bool:
    """Whether a provider offered something that was not taken, by the rules or since somebody else was chosen."""
    if standing is None or standing.answer == "decline":
        return False
    if invitation.state == Invitation.ENDED:
        return invitation.reason not in COUNCILS_OWN
    return invitation.state in (Invitation.DECLINED, Invitation.EXPIRED)


def why_not_selected(invitation: Invitation) -> Explanation | None:
    """The explanation for an invitation; None for whoever declined, was silent, or was not turned down."""
    standing = standing_offer(invitation.offers.all(), invitation.deadline_at)
    if standing is None or not not_selected(invitation, standing):
        return None
    own, scene = _asked_by(invitation), None
    if own is not None:
        scene = recorded(invitation.package, own.number).scene
        document = scene.document
    else:
        version = invitation.package.model_version
        if version is None:
            return None
        document = document_of(version)
    step = next((one for one in document.model.steps if one.name == invitation.step), None)
    offered: Offered = revive(Offered, json.loads(standing.facts))
    inputs, priced = _inputs(invitation, scene, step, offered)
    return Explanation(
        model=document.model.title,
        version=document.model.version,
        step=spaced(invitation.step),
        rule=tuple(_rule(document, step)),
        offered=tuple(_offered(standing, offered)),
        inputs=tuple(inputs),
        priced=tuple(priced),
        decided=_decided(invitation, scene, step),
        at=invitation.settled_at or invitation.deadline_at,
    )


def _asked_by(invitation: Invitation) -> Decision | None:
    """The decision by which the invitation went out: there the order stands in which they were asked."""
    rows = Decision.objects.filter(package=invitation.package_id, kind="invite", at=invitation.sent_at)
    return rows.order_by("-number").first()


def _rule(document: Document, step: Step | None) -> list[str]:
    """The step's rule as the document says it, with how equals are told apart."""
    words, model = Words(document), document.model
    if step is None:
        return []
    lines = [sentence(f"{spaced(step.name)}: {words.whom(step)}"), *words.step(step)]
    if step.sealed and model.scoring:
        lines.append(scoring_words(model))
    if model.ties:
        lines.append(f"Providers that are equal are ordered by {keys_words(model.ties)}; then they draw.")
    return [line.strip() for line in lines if line.strip()]


def _offered(standing: Offer, offered: Offered) -> list[tuple[str, str]]:
    minutes = sum(visit.worker_minutes for visit in offered.visits)
    what = _("all of it") if not offered.visits else _("%(hours)s a week") % {"hours": hours_words(minutes)}
    told = [(_("You offered"), what)]
    if offered.start_on:
        told.append((_("To begin on"), day_words(offered.start_on)))
    return [*told, (_("Receipt"), standing.receipt)]


def _inputs(
    invitation: Invitation, scene: Scene | None, step: Step | None, offered: Offered
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The provider's own figures under the criteria of the step; those that tell a price apart."""
    plain: list[tuple[str, str]] = []
    priced: list[tuple[str, str]] = []
    if offered.centipence_per_hour:
        priced.append((_("Price offered"), _("%(rate)s an hour") % {"rate": rate_words(offered.centipence_per_hour)}))
    if scene is None or step is None:
        return plain, priced
    if step.sealed:
        enrolment = facts_of(invitation.enrolment)
        day: date = local(invitation.sent_at).date()
        plain.append((_("Your quality score"), str(enrolment.quality_on(day))))
        return plain, priced
    entry, differs = _entry(scene, invitation.enrolment.reference), _differs(invitation, scene, step)
    # Criteria that were not reached decided nothing.
    reached = max(len(step.rank_by), 0 if differs is None else differs + 1)
    for key, value in zip(scene.keys(step)[:reached], entry[1:] if entry else (), strict=False):
        if key.criterion in TELLS_OF_OTHERS:
            continue
        line = (sentence(say("criterion_names", key.criterion)).rstrip("."), _figure(scene, key, value))
        (priced if key.criterion in ("price", "price_band") else plain).append(line)
    return plain, priced


def _figure(scene: Scene, key: Key, value: int) -> str:
    if key.criterion == "quality" and value == 0:
        return _("no grades yet")
    if key.criterion == "distance" and value >= UNKNOWN_METRES:
        return say("figures", "distance_unknown")
    return scene.figure(key, value)


def _entry(scene: Scene, enrolment: str) -> Sequence[int] | None:
    row = scene.standing.row_of.get(enrolment)
    return next((entry for entry in scene.record.get("order", ()) if entry[0] == row), None)


def _decided(invitation: Invitation, scene: Scene | None, step: Step | None) -> str:
    """The criterion that decided, in a sentence that tells nothing of anybody else."""
    reason = invitation.reason
    if invitation.state == Invitation.EXPIRED:
        # It ran out although something was offered: the offer left out whom it had to name.
        reason = "no_subcontractor_named"
    if reason == "placed_elsewhere":
        return _by_order(invitation, scene, step)
    if reason == "lower_score":
        return _("The answers were scored by the published weights. Yours did not have the highest total.")
    if reason == "overridden":
        return _(
            "A named person of the council chose another provider, for a reason of the published list. "
            "A second person agreed."
        )
    who = {"provider": _("Your branch"), "provider_s": _("Your")}
    if has_wording("endings", reason):
        return say("endings", reason, **who)
    if has_wording("declines", reason):
        return say("declines", reason, most=scene.most_providers if scene else 1, **who)
    return _(
        "Your offer could not be taken: a requirement of the model was no longer met when it was to be called off."
    )


def _by_order(invitation: Invitation, scene: Scene | None, step: Step | None) -> str:
    """Which published criterion put another offer first: the first on which the two were not equal."""
    unknown = _("The visits were placed under the published rule before your offer came in its order.")
    if scene is None or step is None or invitation.settled_at is None:
        return unknown
    own, first = _entry(scene, invitation.enrolment.reference), _first_chosen(invitation, scene)
    if own is None or first is None:
        return unknown
    order = [entry[0] for entry in scene.record["order"]]
    if order.index(own[0]) < order.index(first[0]):
        return _("An offer for all the visits stands before an offer for a part of them.")
    differs = _differs(invitation, scene, step)
    if differs is None:
        return _("Offers were equal on every published criterion. The draw from the council's published seed decided.")
    criterion = scene.keys(step)[differs].criterion
    return _("%(criterion)s decided: the rule is %(rule)s.") % {
        "criterion": sentence(say("criterion_names", criterion)).rstrip("."),
        "rule": say("criteria", criterion),
    }


def _first_chosen(invitation: Invitation, scene: Scene) -> Sequence[int] | None:
    """The line in the order of whoever was called off when this invitation ended, the first of several."""
    if invitation.settled_at is None or "order" not in scene.record:
        return None
    chosen = CallOff.objects.filter(
        package=invitation.package_id, version=invitation.version, confirmed_at=invitation.settled_at
    ).exclude(enrolment=invitation.enrolment_id)
    rows = {scene.standing.row_of.get(reference) for reference in chosen.values_list("enrolment__reference", flat=True)}
    return next((entry for entry in scene.record["order"] if entry[0] in rows), None)


def _differs(invitation: Invitation, scene: Scene, step: Step) -> int | None:
    """The place of the first published criterion on which the two were not equal; None where a draw decided."""
    own, first = _entry(scene, invitation.enrolment.reference), _first_chosen(invitation, scene)
    if own is None or first is None:
        return None
    return next((place for place, _key in enumerate(scene.keys(step)) if own[place + 1] != first[place + 1]), None)
