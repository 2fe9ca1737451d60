"""A purchasing model, enrolments or an import, drafted by one person and approved by another."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from calloff.documents.purchasing_models import Document, parse
from calloff.domain.calendar import local, to_utc
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.errors import CalloffError
from calloff.domain.records import canonical, plain, sha256
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import Act, act
from calloff.web.contracts.models import Draft, Enrolment, ModelVersion, Pool, Upload
from calloff.web.contracts.services.market import market_changes
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw, spoken_reference, touch_standing
from calloff.web.jobs import services as jobs


class DraftError(CalloffError):
    """A draft that cannot be made or decided; nothing was changed."""


Carry = Callable[[Draft, User, datetime], None]
_carriers: dict[str, Carry] = {}
DECIDED = ("state", "decided_by", "decided_identity", "decided_at", "reason")
"""What a decision writes of a draft; its content, which may be long, stays as it is."""


def carries(kind: str) -> Callable[[Carry], Carry]:
    """Name what is done when a draft of a kind is approved."""

    def named(carry: Carry) -> Carry:
        _carriers[kind] = carry
        return carry

    return named


@dataclass(frozen=True)
class FileRead:
    """The file that a draft was read from: its name, the hash of its bytes, what the check found, how many rows."""

    name: str
    hash: str
    summary: str = "{}"
    size: int = 0


def keep(
    *,
    council: Council,
    kind: str,
    title: str,
    content: str,
    by: User,
    at: datetime,
    file: FileRead | None = None,
    state: str = Draft.CHECKED,
) -> Draft:
    """Keep a draft that only its drafter sees, until it is put forward or thrown away."""
    with act(council=council.pk, by=by, at=at) as doing:
        draft = _store(doing, council, kind, title, content, state)
        if file is not None:
            Upload.objects.create(
                council=council,
                draft=draft,
                name=file.name[:120],
                hash=file.hash,
                summary=file.summary,
                size=file.size,
            )
        if state == Draft.READING:
            jobs.add("read_draft", draft.reference, council=council.pk, due_at=doing.at, data={"draft": draft.pk})
        doing.record("draft_kept", draft.reference, {"kind": kind, "hash": draft.content_hash})
    return draft


def put_forward(*, draft: Draft, starts_on: date | None, note: str, by: User, at: datetime) -> Draft:
    """Put a kept draft before whoever may approve it."""
    with act(council=draft.council_id, by=by, at=at) as doing:
        again = Draft.objects.select_related("council").get(pk=draft.pk)
        if again.drafted_identity != by.identity_id:
            raise DraftError("Only whoever drafted it puts a draft forward. Nothing was changed.")
        if again.state != Draft.CHECKED:
            raise DraftError(f"Draft {again.reference} cannot be put forward: it is {again.state}.")
        if again.kind == "model" and starts_on is not None and starts_on < local(doing.at).date():
            raise DraftError("A version begins today or later: what was decided under another stays as it was.")
        again.state, again.starts_on, again.note, again.drafted_at = Draft.WAITING, starts_on, note, doing.at
        again.save(update_fields=("state", "starts_on", "note", "drafted_at"))
        _propose(doing, again, by)
    return again


def propose(
    *, council: Council, kind: str, title: str, content: str, starts_on: date | None, note: str, by: User, at: datetime
) -> Draft:
    """Put a draft before whoever may approve it."""
    with act(council=council.pk, by=by, at=at) as doing:
        draft = _store(doing, council, kind, title, content, Draft.WAITING, note, starts_on)
        _propose(doing, draft, by)
    return draft


def _store(
    doing: Act,
    council: Council,
    kind: str,
    title: str,
    content: str,
    state: str,
    note: str = "",
    starts_on: date | None = None,
) -> Draft:
    if kind not in Draft.KINDS:
        raise DraftError(f"{kind!r} is no kind of draft.")
    if doing.by is None:
        raise DraftError("A draft is somebody's.")
    return Draft.objects.create(
        council=council,
        reference=spoken_reference("D"),
        kind=kind,
        title=title,
        content=content,
        content_hash=sha256(content.encode()),
        note=note,
        starts_on=starts_on,
        state=state,
        drafted_by=doing.by,
        drafted_identity=doing.by.identity_id,
        drafted_at=doing.at,
    )


def approving(kind: str) -> str:
    """The right that approves drafts of a kind."""
    return "approve_import" if kind in ("packages", "register") else f"approve_{kind.removesuffix('s')}"


def drafting(kind: str) -> str:
    """The right that makes drafts of a kind."""
    return approving(kind).replace("approve_", "draft_")


def _propose(doing: Act, draft: Draft, by: User) -> None:
    for user in holders(approving(draft.kind), council_id=draft.council_id, on=local(doing.at).date()):
        if user.identity_id != by.identity_id:
            jobs.tell(
                user,
                "approval_waits",
                draft.reference,
                council=draft.council_id,
                key=f"draft-{draft.pk}",
                at=doing.at,
                link=f"/drafts/{draft.reference}",
            )
    data = {"kind": draft.kind, "hash": draft.content_hash, "starts_on": str(draft.starts_on or "")}
    doing.record("draft_proposed", draft.reference, data)


def approve(*, draft: Draft, by: User, at: datetime) -> None:
    """Approve a draft and carry it out, all of it or nothing; never one's own."""
    with act(council=draft.council_id, by=by, at=at) as doing:
        again = _waiting(draft)
        if again.drafted_identity == by.identity_id:
            raise DraftError("Nobody approves their own draft: ask somebody else. Nothing was changed.")
        again.state, again.decided_by, again.decided_identity = Draft.APPROVED, by, by.identity_id
        again.decided_at = doing.at
        again.save(update_fields=DECIDED)
        _carriers[again.kind](again, by, doing.at)
        _tell_drafter(again, doing.at)
        doing.record("draft_approved", again.reference, {"kind": again.kind, "hash": again.content_hash})


def refuse(*, draft: Draft, reason: str, by: User, at: datetime) -> None:
    """Say no to a draft, or take one's own back; nothing of it is carried out."""
    with act(council=draft.council_id, by=by, at=at) as doing:
        again = _waiting(draft, *Draft.OWN)
        own = again.drafted_identity == by.identity_id
        if again.state in Draft.OWN and not own:
            raise DraftError("This draft was not put forward. Nothing was changed.")
        if not reason.strip() and not own:
            raise DraftError("Write why. Nothing was changed.")
        again.state = Draft.WITHDRAWN if own else Draft.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        again.reason = reason
        again.save(update_fields=DECIDED)
        _tell_drafter(again, doing.at)
        doing.record("draft_withdrawn" if own else "draft_refused", again.reference)


def _waiting(draft: Draft, *others: str) -> Draft:
    again = Draft.objects.select_related("council").get(pk=draft.pk)
    if again.state not in (Draft.WAITING, *others):
        raise DraftError(f"Draft {again.reference} cannot be decided now: it is {again.state}.")
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


def document_in(draft: Draft) -> Document:
    """The document that a draft of a model holds."""
    return parse([(name, text) for name, text in json.loads(draft.content)])


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
    lost = without_tier(council, document, starts_on)
    if lost:
        names = ", ".join(sorted({one.tier for one in lost}))
        raise DraftError(
            f"{len(lost)} enrolments are of a tier that this version does not have ({names}). Enrol them under another "
            "tier first, or keep the tier. Nothing was published."
        )
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


def without_tier(council: Council, document: Document, on: date) -> list[Enrolment]:
    """The enrolments that last beyond a day and whose tier a document does not have: nobody could ask them."""
    known = [tier.name for tier in document.model.tiers]
    rows = Enrolment.objects.filter(council=council, model=document.model.id).exclude(tier__in=known)
    return [row for row in rows if row.to_on is None or row.to_on >= on]


# Enrolments


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
