"""
Who offers care to the four councils: the register of invented services, and what each is enrolled for at what price.

Every name is a compound that no service is known by. Hours, prices and grades are assumed; where the document of a
council fixes the price, no price stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from calloff.domain.contracts import Enrolment, Pool, PriceLine
from calloff.web.demonstration.councils import AIREFORD, EASTMOOR, RUTWELL, WIGHTSEA, Shape
from calloff.web.directory.models import Branch, Grading, Organisation
from calloff.web.directory.services import draw

DAY, EVENING = frozenset({"morning", "lunch"}), frozenset({"tea", "bed", "night"})
DAY_PERCENT = 58
"""Of a provider's hours, those before 14:00; the rest are later (assumed)."""
USUAL = frozenset({"double_handed", "medication", "moving_and_handling", "dementia", "gender_female", "nights"})
PENNIES = 100
GOOD, OUTSTANDING, MENDING = (3, 3, 3, 3), (4, 4, 4, 4), (2, 2, 2, 2)
ADEQUATE, VERY_GOOD, MIXED = (3, 4, 3, 3), (5, 5, 4, 5), (4, 4, 4, 3)


@dataclass(frozen=True)
class Service:
    """A registered service: whose it is, how it was graded, and where its office lies (a locality's code)."""

    reference: str
    name: str
    organisation: str
    office: str
    grades: tuple[int, int, int, int] = GOOD
    in_house: bool = False


@dataclass(frozen=True)
class Seat:
    """
    A service's place with a council: its tier, the hours a week it can take, its price in pence an hour.

    No localities means all of them. `ends_in_days` is the last day of a contract that ends before the others.
    """

    service: str
    tier: str
    role: str
    hours: int = 0
    pence: int = 0
    localities: tuple[str, ...] = ()
    block_hours: int = 0
    subcontractors: tuple[str, ...] = ()
    local: bool = False
    without: frozenset[str] = frozenset()
    ends_in_days: int = 0
    past_hours: tuple[int, int] = (0, 0)
    speaks: str = ""

    def reference(self, model: str) -> str:
        """What the enrolment is called in records: the model's first word, the tier and the service."""
        return f"{model.partition('_')[0]}-{self.tier}-{self.service}".lower()


def _services(first: int, council: str, rows: Sequence[tuple[str, str, tuple[int, int, int, int]]]) -> list[Service]:
    prefix = "CS2099" if council == EASTMOOR.code else "1-2099"
    return [
        Service(f"{prefix}{number:06d}", name, f"{name} Ltd", office, grades)
        for number, (name, office, grades) in enumerate(rows, first)
    ]


RUTWELL_SERVICES = _services(
    101,
    "rutwell",
    [
        ("Larkspinney Care", "RW1", GOOD),
        ("Thimblewood Home Support", "RW2", OUTSTANDING),
        ("Oakmantle Homecare", "RW1", GOOD),
        ("Copperkettle Care at Home", "RW3", GOOD),
        ("Marshlantern Homecare", "RW3", MENDING),
        ("Fernhurdle Care", "RW1", GOOD),
        ("Quincefold Homecare", "RW2", GOOD),
        ("Teaselgate Support", "RW2", GOOD),
        ("Winterbarrow Care at Home", "RW3", GOOD),
        ("Damsonlea Homecare", "RW1", OUTSTANDING),
        ("Bellhurdle Care", "RW3", GOOD),
        ("Sorrelstile Home Support", "RW1", GOOD),
        ("Pebblegate Care", "RW1", GOOD),
        ("Ravenstile Homecare", "RW2", GOOD),
        ("Hollowquill Care", "RW3", GOOD),
    ],
)
WIGHTSEA_SERVICES = _services(
    201,
    "wightsea",
    [
        ("Seaholly Care Partnership", "WS1", GOOD),
        ("Saltlantern Homecare", "WS2", OUTSTANDING),
        ("Downsthistle Care", "WS3", GOOD),
        ("Cockleshaw Care", "WS1", GOOD),
        ("Sandquill Support", "WS1", GOOD),
        ("Limpetfold Homecare", "WS2", GOOD),
        ("Gorsewhistle Care", "WS2", GOOD),
        ("Chalkwren Care", "WS3", GOOD),
        ("Driftstile Homecare", "WS2", GOOD),
        ("Oldquay Homecare", "WS1", GOOD),
    ],
)
EASTMOOR_SERVICES = _services(
    301,
    "eastmoor",
    [
        ("Acornwhistle Homecare", "EM1", MIXED),
        ("Beechlantern Care at Home", "EM2", VERY_GOOD),
        ("Cedarthimble Home Support", "EM1", MIXED),
        ("Damsonquill Homecare", "EM3", VERY_GOOD),
        ("Elderwhistle Care at Home", "EM2", ADEQUATE),
        ("Fernlantern Home Support", "EM1", MIXED),
        ("Gorsethimble Homecare", "EM2", MIXED),
        ("Hazelquill Care at Home", "EM1", (3, 3, 3, 2)),
        ("Ivywhistle Home Support", "EM2", MIXED),
        ("Juniperlantern Homecare", "EM1", VERY_GOOD),
        ("Kestrelthimble Care at Home", "EM3", MIXED),
        ("Larchquill Home Support", "EM2", MIXED),
        ("Maplewhistle Homecare", "EM3", ADEQUATE),
        ("Nettlelantern Care at Home", "EM1", MIXED),
        ("Olivethimble Home Support", "EM2", VERY_GOOD),
    ],
)
AIREFORD_SERVICES = _services(
    401,
    "aireford",
    [
        ("Bobbinquill Homecare", "AF1", GOOD),
        ("Carderstile Care", "AF1", GOOD),
        ("Fullerlantern Homecare", "AF2", GOOD),
        ("Heddlewren Care", "AF2", OUTSTANDING),
        ("Jennyfold Homecare", "AF1", GOOD),
        ("Loomlantern Care", "AF1", GOOD),
        ("Shuttlefern Homecare", "AF2", GOOD),
        ("Spindlewhin Care", "AF1", GOOD),
        ("Tenterquill Support", "AF2", GOOD),
        ("Treadlewren Homecare", "AF1", MENDING),
        ("Warpstile Care", "AF2", GOOD),
        ("Weftlantern Homecare", "AF1", GOOD),
        ("Woolbarrow Care", "AF2", GOOD),
        ("Dyehurdle Homecare", "AF1", GOOD),
        ("Madderstile Care", "AF2", GOOD),
    ],
)
AIREFORD_SMALL_SERVICES = _services(
    421,
    "aireford",
    [
        ("Bobbinstile Care", "AF1", GOOD),
        ("Carderfern Homecare", "AF2", GOOD),
        ("Clothwren Support", "AF1", GOOD),
        ("Combquill Care", "AF2", GOOD),
        ("Cropperlea Homecare", "AF1", GOOD),
        ("Dyerslantern Care", "AF2", GOOD),
        ("Fleecegate Homecare", "AF1", GOOD),
        ("Fullerstile Support", "AF2", OUTSTANDING),
        ("Heddlefold Care", "AF1", GOOD),
        ("Loomwren Homecare", "AF2", GOOD),
        ("Napperlea Care", "AF1", GOOD),
        ("Shearstile Homecare", "AF2", GOOD),
        ("Shuttlewhin Care", "AF1", MENDING),
        ("Slubberfern Support", "AF2", GOOD),
        ("Spinnergate Homecare", "AF1", GOOD),
        ("Tenterlea Care", "AF2", GOOD),
        ("Twisterfold Homecare", "AF1", GOOD),
        ("Warperwhin Care", "AF2", GOOD),
        ("Weaverstile Homecare", "AF1", GOOD),
    ],
)
"""With them 33 providers are on Aireford's framework."""
TEAMS = [
    Service("CS2099000399", "Eastmoor Council Home Care Team", "Eastmoor Council", "EM1", (4, 4, 4, 4), True),
    Service("1-2099000499", "Aireford Community Support Service", "Aireford City Council", "AF1", GOOD, True),
]
SECOND_BRANCH = Service("1-2099000450", "Winterbarrow Care at Home, Weirside", "Winterbarrow Care at Home Ltd", "AF1")
"""A second service of a body that serves another council already."""
NEWCOMERS = {
    "rutwell": Service("1-2099000151", "Tallowfern Care", "Tallowfern Care Ltd", "RW2"),
    "wightsea": Service("1-2099000251", "Marramquill Homecare", "Marramquill Homecare Ltd", "WS3"),
    "eastmoor": Service("CS2099000351", "Plumwhistle Homecare", "Plumwhistle Homecare Ltd", "EM2", VERY_GOOD),
    "aireford": Service("1-2099000451", "Raddlestile Support", "Raddlestile Support Ltd", "AF2"),
}
"""Services that are registered and wait to be enrolled, by the council that drafts it."""
REGISTER = [
    *RUTWELL_SERVICES,
    *WIGHTSEA_SERVICES,
    *EASTMOOR_SERVICES,
    *AIREFORD_SERVICES,
    *AIREFORD_SMALL_SERVICES,
    *TEAMS,
    SECOND_BRANCH,
    *NEWCOMERS.values(),
]
NO_NIGHTS = frozenset({"nights"})
POLISH = "language_polish"
"""What one service of each council can do, and has no hours left for."""
SINGLE_ONLY = frozenset({"double_handed", "moving_and_handling"})


def seats_of(shape: Shape) -> dict[str, list[Seat]]:
    """Who is enrolled with a council, by the id of the model."""
    return {"rutwell": _rutwell, "wightsea": _wightsea, "eastmoor": _eastmoor, "aireford": _aireford}[shape.code]()


def _names(services: Sequence[Service]) -> list[str]:
    return [one.reference for one in services]


def _rutwell() -> dict[str, list[Seat]]:
    names = _names(RUTWELL_SERVICES)
    framework = [
        Seat(name, "framework", "member", hours) for name, hours in zip(names, (330, 290, 240, 200, 150), strict=False)
    ]
    hours = (110, 95, 80, 70, 60, 50, 40)
    second = [Seat(name, "second_tier", "member", size) for name, size in zip(names[5:], hours, strict=False)]
    # Two of the second tier's contracts end together, and soon.
    second[2:4] = [
        Seat(names[7], "second_tier", "member", 80, without=SINGLE_ONLY, ends_in_days=41),
        Seat(names[8], "second_tier", "member", 70, ends_in_days=41),
    ]
    spot = [Seat(name, "spot", "spot", 45, pence) for name, pence in zip(names[12:], (1790, 1845, 1880), strict=False)]
    second[-1] = replace(second[-1], speaks=POLISH)
    return {"rutwell_two_tiers": [*framework, *second, *spot]}


def _wightsea() -> dict[str, list[Seat]]:
    seaholly, saltlantern, downsthistle, cockleshaw, sandquill, limpetfold, gorse, chalkwren, drift, oldquay = _names(
        WIGHTSEA_SERVICES
    )
    # The second prime has passed on less than the 30 % that its contract asks for.
    primes = [
        Seat(seaholly, "prime", "prime", 330, 0, ("WS1",), 0, (cockleshaw, sandquill), past_hours=(620, 205)),
        Seat(saltlantern, "prime", "prime", 330, 0, ("WS2",), 0, (limpetfold, gorse), past_hours=(580, 90)),
        Seat(downsthistle, "prime", "prime", 260, 0, ("WS3",), 0, (chalkwren, cockleshaw), past_hours=(410, 139)),
    ]
    below = [
        Seat(cockleshaw, "subcontractors", "subcontractor", 120, 0, ("WS1", "WS3"), local=True),
        Seat(sandquill, "subcontractors", "subcontractor", 80, 0, ("WS1",), local=True),
        Seat(limpetfold, "subcontractors", "subcontractor", 150, 0, ("WS2",), local=True),
        Seat(gorse, "subcontractors", "subcontractor", 90, 0, ("WS2",), local=True, without=SINGLE_ONLY),
        Seat(chalkwren, "subcontractors", "subcontractor", 110, 0, ("WS3",), local=True),
    ]
    beside = [
        Seat(seaholly, "adjoining_prime", "secondary", 30, 0, ("WS2", "WS3")),
        Seat(saltlantern, "adjoining_prime", "secondary", 30, 0, ("WS1", "WS3")),
        Seat(downsthistle, "adjoining_prime", "secondary", 25, 0, ("WS1", "WS2")),
    ]
    return {
        "wightsea_locality_prime": [
            *primes,
            *below,
            *beside,
            Seat(drift, "spot", "spot", 40, 2070, speaks=POLISH),
            Seat(oldquay, "legacy", "legacy", 60, 1860, ends_in_days=68),
        ]
    }


def _eastmoor() -> dict[str, list[Seat]]:
    names = _names(EASTMOOR_SERVICES)
    pence = (1520, 1552, 1552, 1560, 1541, 1575, 1580, 1499, 1588, 1590, 1565, 1571, 1533, 1595, 1583)
    hours = (95, 90, 85, 60, 80, 75, 60, 70, 50, 60, 40, 55, 45, 40, 45)
    members = [
        Seat(name, "framework", "member", size, price, without=NO_NIGHTS if place % 4 == 3 else frozenset())
        for place, (name, size, price) in enumerate(zip(names, hours, pence, strict=True))
    ]
    members[8] = replace(members[8], ends_in_days=55)
    members[13] = replace(members[13], speaks=POLISH)
    team = TEAMS[0].reference
    block = [
        Seat(names[10], "locality_block", "block", localities=("EM3",), block_hours=190),
        *(Seat(names[place], "framework", "member", 40, price) for place, price in ((3, 1890), (12, 1835), (1, 1960))),
        Seat(team, "council_team", "in_house", 26, 3340),
    ]
    return {
        "eastmoor_framework": [*members, Seat(team, "council_team", "in_house", 30, 3340)],
        "seatoun_block": block,
    }


def _aireford() -> dict[str, list[Seat]]:
    names = _names(AIREFORD_SERVICES)
    pence = (1145, 1180, 1165, 1210, 1095, 1240, 1275, 1190, 1310, 1084, 1225, 1330, 1350)
    book = [
        Seat(name, "capacity_book", "member", 118 - 4 * place, price, where, without=NO_NIGHTS)
        for place, (name, price) in enumerate(zip(names, pence, strict=False))
        for where in ((("AF1",), ("AF2",), ("AF1", "AF2"))[place % 3],)
    ]
    book.append(
        Seat(SECOND_BRANCH.reference, "capacity_book", "member", 45, 1262, ("AF1",), without=NO_NIGHTS, ends_in_days=83)
    )
    book[11] = replace(book[11], speaks=POLISH)
    book += [
        Seat(
            name,
            "capacity_book",
            "member",
            16 - place % 5,
            1_348 - 7 * place,
            (f"AF{1 + place % 2}",),
            without=NO_NIGHTS,
        )
        for place, name in enumerate(_names(AIREFORD_SMALL_SERVICES))
    ]
    spot = [Seat(names[13], "spot", "spot", 240, 1345), Seat(names[14], "spot", "spot", 200, 1350)]
    return {
        "aireford_capacity_book": [
            *book,
            *spot,
            Seat(TEAMS[1].reference, "community_support_service", "in_house", 30, 2835),
        ]
    }


def enrolment_of(seat: Seat, model: str, declared_at: datetime, today: date) -> Enrolment:
    """A seat as the kernel knows it; its hours stand in two pools, before 14:00 and after."""
    name = seat.reference(model)
    return Enrolment(
        reference=name,
        provider=seat.service,
        tier=seat.tier,
        role=seat.role,
        localities=frozenset(seat.localities),
        price_lines=(PriceLine(f"{name}#1", seat.pence * PENNIES),) if seat.pence else (),
        pools=_pools(seat, declared_at) if seat.hours else (),
        block_minutes=seat.block_hours * 60,
        capabilities=(USUAL - seat.without) | ({seat.speaks} if seat.speaks else frozenset()),
        local=seat.local,
        subcontractors=frozenset(seat.subcontractors),
        to_on=today + timedelta(days=seat.ends_in_days) if seat.ends_in_days else None,
        past_referred_minutes=seat.past_hours[0] * 60,
        past_subcontracted_minutes=seat.past_hours[1] * 60,
        model=model,
    )


def _pools(seat: Seat, declared_at: datetime) -> tuple[Pool, ...]:
    by_day = seat.hours * 60 * DAY_PERCENT // 100
    areas = frozenset(seat.localities)
    return (Pool(by_day, declared_at, areas, DAY), Pool(seat.hours * 60 - by_day, declared_at, areas, EVENING))


def register(shapes: Sequence[Shape], at: datetime) -> dict[str, Branch]:
    """Store the register of those who serve some councils, with their gradings; the branches by reference."""
    wanted = {seat.service for shape in shapes for seats in seats_of(shape).values() for seat in seats}
    wanted |= {NEWCOMERS[shape.code].reference for shape in shapes}
    centres = {one.code: one.centre for shape in (RUTWELL, WIGHTSEA, EASTMOOR, AIREFORD) for one in shape.localities}
    found: dict[str, Branch] = {}
    for service in (one for one in REGISTER if one.reference in wanted):
        scotland = service.reference.startswith("CS")
        body, _ = Organisation.objects.get_or_create(
            name=service.organisation, defaults={"reference": f"{'SP' if scotland else '9-'}{service.reference[2:]}"}
        )
        east, north = centres[service.office]
        found[service.reference] = Branch.objects.create(
            reference=service.reference,
            token=draw(),
            organisation=body,
            name=service.name,
            nation="scotland" if scotland else "england",
            service_types="care_at_home housing_support" if scotland else "care_at_home",
            in_house=service.in_house,
            registered_from=at.date() - timedelta(days=2_000),
            scale="care_inspectorate" if scotland else "cqc",
            postcode=f"ZZ{sum(map(ord, service.office)) % 9 + 1} 1{service.office[0]}Z",
            easting=east,
            northing=north,
        )
    Grading.objects.bulk_create(
        Grading(
            branch=found[one.reference],
            graded_on=at.date() - timedelta(days=200 + 13 * (int(one.reference[-3:]) % 40)),
            grades=" ".join(map(str, one.grades)),
            recorded_at=at,
        )
        for one in REGISTER
        if one.reference in found
    )
    return found
