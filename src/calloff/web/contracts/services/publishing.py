"""A purchasing model, enrolments or an import, drafted by one person and approved by another."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.utils import timezone

from calloff.documents.purchasing_models import Document, parse
from calloff.domain.calendar import local, to_utc
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.errors import CalloffError
from calloff.domain.records import canonical, plain, revive, sha256
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.contracts.models import Draft, Enrolment, ModelVersion, Pool
from calloff.web.contracts.services.market import market_changes
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw, spoken_reference, touch_standing
from calloff.web.jobs import services as jobs


class DraftError(CalloffError):
    """A draft that cannot be made or decided; nothing was changed."""


Carry = Callable[[Draft, User, datetime], None]
_carriers: dict[str, Carry] = {}


def carries(kind: str) -> Callable[[Carry], Carry]:
    """Name what is done when a draft of a kind is approved."""

    def named(carry: Carry) -> Carry:
        _carriers[kind] = carry
        return carry

    return named


def propose(
    *, council: Council, kind: str, title: str, content: str, starts_on: date | None, note: str, by: User, at: datetime
) -> Draft:
    """Put a draft before whoever may approve it."""
    if kind not in Draft.KINDS:
        raise DraftError(f"{kind!r} is no kind of draft.")
    with act(council=council.pk, by=by, at=at) as doing:
        draft = Draft.objects.create(
            council=council,
            reference=spoken_reference("D"),
            kind=kind,
            title=title,
            content=content,
            content_hash=sha256(content.encode()),
            note=note,
            starts_on=starts_on,
            drafted_by=by,
            drafted_identity=by.identity_id,
            drafted_at=doing.at,
        )
        permission = "approve_import" if kind in ("packages", "register") else f"approve_{kind.removesuffix('s')}"
        for user in holders(permission, council_id=council.pk, on=local(doing.at).date()):
            if user.identity_id != by.identity_id:
                jobs.tell(
                    user,
                    "approval_waits",
                    draft.reference,
                    council=council.pk,
                    key=f"draft-{draft.pk}",
                    at=doing.at,
                    link=f"/drafts/{draft.reference}",
                )
        data = {"kind": kind, "hash": draft.content_hash, "starts_on": str(starts_on or "")}
        doing.record("draft_proposed", draft.reference, data)
    return draft


def approve(*, draft: Draft, by: User, at: datetime) -> None:
    """Approve a draft and carry it out, all of it or nothing; never one's own."""
    with act(council=draft.council_id, by=by, at=at) as doing:
        again = _waiting(draft)
        if again.drafted_identity == by.identity_id:
            raise DraftError("Nobody approves their own draft: ask somebody else. Nothing was changed.")
        again.state, again.decided_by, again.decided_identity = Draft.APPROVED, by, by.identity_id
        again.decided_at = doing.at
        again.save()
        _carriers[again.kind](again, by, doing.at)
        _tell_drafter(again, doing.at)
        doing.record("draft_approved", again.reference, {"kind": again.kind, "hash": again.content_hash})


def refuse(*, draft: Draft, reason: str, by: User, at: datetime) -> None:
    """Say no to a draft, or take one's own back; nothing of it is carried out."""
    with act(council=draft.council_id, by=by, at=at) as doing:
        again = _waiting(draft)
        own = again.drafted_identity == by.identity_id
        if not reason.strip() and not own:
            raise DraftError("Write why. Nothing was changed.")
        again.state = Draft.WITHDRAWN if own else Draft.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        again.reason = reason
        again.save()
        _tell_drafter(again, doing.at)
        doing.record("draft_withdrawn" if own else "draft_refused", again.reference)


def _waiting(draft: Draft) -> Draft:
    again = Draft.objects.select_related("council").get(pk=draft.pk)
    if again.state != Draft.WAITING:
        raise DraftError(f"Draft {again.reference} was decided already: it is {again.state}.")
    return again


def _tell_drafter(draft: Draft, at: datetime) -> None:
    if draft.decided_identity != draft.drafted_identity:
        jobs.tell(
            draft.drafted_by,
            "draft_decided",
            draft.reference,
            council=draft.council_id,
            key=f"decided-{draft.pk}",
            at=at,
            link=f"/drafts/{draft.reference}",
        )


# Models


def texts_of(document: Document) -> str:
    """The texts of a document as a draft or a version holds them."""
    return json.dumps([list(pair) for pair in document.texts], ensure_ascii=False)


@carries("model")
def publish_model(draft: Draft, by: User, at: datetime) -> None:
    """Publish the version that a draft holds, from its first day on."""
    starts_on = draft.starts_on or local(at).date()
    if starts_on < local(at).date():
        raise DraftError("A version begins today or later: what was decided under another stays as it was.")
    publish(council=draft.council, texts=draft.content, starts_on=starts_on, at=at, draft=draft)


def publish(*, council: Council, texts: str, starts_on: date, at: datetime, draft: Draft | None = None) -> ModelVersion:
    """Store a version under the next number; raises DraftError when one begins on the same day already."""
    document = parse([(name, text) for name, text in json.loads(texts)])
    model = document.model
    earlier = ModelVersion.objects.filter(council=council, model=model.id)
    if earlier.filter(starts_on=starts_on).exists():
        raise DraftError(f"A version of {model.id} begins on {starts_on} already; choose another day.")
    touch_standing(council)
    return ModelVersion.objects.create(
        council=council,
        model=model.id,
        version=earlier.count() + 1,
        title=model.title,
        pattern=model.pattern,
        texts=texts,
        document_hash=model.document_hash,
        starts_on=starts_on,
        published_at=at,
        draft=draft,
    )


# Enrolments


@carries("enrolments")
def enrol_draft(draft: Draft, by: User, at: datetime) -> None:
    """Enrol those whom a draft names."""
    enrol(draft.council, [revive(KernelEnrolment, one) for one in json.loads(draft.content)], at)


def enrol(council: Council, enrolments: Sequence[KernelEnrolment], at: datetime | None = None) -> list[Enrolment]:
    """Store enrolments with their pools; raises DraftError naming every provider that the register does not hold."""
    branches = {
        branch.reference: branch for branch in Branch.objects.filter(reference__in={e.provider for e in enrolments})
    }
    missing = sorted({one.provider for one in enrolments} - set(branches))
    if missing:
        raise DraftError(f"Not in the register: {', '.join(missing)}. Import them first; nobody was enrolled.")
    made = Enrolment.objects.bulk_create(
        Enrolment(
            council=council,
            reference=one.reference,
            token=draw(),
            model=one.model,
            branch=branches[one.provider],
            tier=one.tier,
            role=one.role,
            facts=canonical(plain(one)).decode(),
            from_on=one.from_on,
            to_on=one.to_on,
            past_referred_minutes=one.past_referred_minutes,
            past_subcontracted_minutes=one.past_subcontracted_minutes,
        )
        for one in enrolments
    )
    Pool.objects.bulk_create(
        pool for row, one in zip(made, enrolments, strict=True) for pool in _pools_of(council, row, one)
    )
    touch_standing(council)
    for model, first_on in {(one.model, one.from_on) for one in enrolments}:
        now = at or timezone.now()
        market_changes(council, model, max(now, to_utc(first_on, 0)) if first_on else now)
    return made


def _pools_of(council: Council, row: Enrolment, one: KernelEnrolment) -> list[Pool]:
    pools = [
        Pool(
            council=council,
            enrolment=row,
            number=number,
            declared=pool.minutes,
            declared_at=pool.declared_at,
            raised_at=pool.declared_at,
        )
        for number, pool in enumerate(one.pools)
    ]
    if one.block_minutes:
        pools.append(Pool(council=council, enrolment=row, number=len(pools), declared=one.block_minutes))
    return pools
