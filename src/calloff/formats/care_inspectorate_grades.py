"""
The grades in a register of the Care Inspectorate, under either of its two schemes.

Until 2018 an inspection graded quality themes; from July 2018 key questions took their place, one type of service
after the other and care at home among the last, so the registers of those years hold both. A service is judged by
one scheme, the newer in which it has a grade, and never by a mixture. Grades are in the order of RELEVANT_AREAS.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.domain.providers import RELEVANT_AREAS, SCALES
from calloff.formats.tables import Row

KEY_QUESTIONS = (
    "KQ_Support_Wellbeing",
    "KQ_Care_and_Support_Planning",
    "KQ_Staff_Team",
    "KQ_Leadership",
)
THEMES = (
    "Quality_of_Care_and_Support",
    "Quality_of_Care_and_Support",
    "Quality_of_Staffing",
    "Quality_of_Mgmt_and_Lship",
)
"""
Care and support stands for wellbeing and for care planning, as the register itself pairs them in the columns
Comb_Eval_CareSupport_Wellbeing and Comb_Eval_CareSupport_Planning of 2019/20.
"""
GRADE_COLUMNS = tuple(dict.fromkeys((*KEY_QUESTIONS, *THEMES)))
NOTHING = ("", "NA", ".")
"""How the register, and what has handled it, write that there is no value."""
LOW = 2
"""The highest grade that is told of as low: weak, and below it unsatisfactory."""
_WORDS = {grade: word for word, grade in SCALES["care_inspectorate"].items()}


def refuse_other_shapes(path: Path | str, columns: Collection[str]) -> None:
    """
    BadInputError unless each scheme's columns are all there or all absent, and one scheme is there.

    A column renamed once more would otherwise pass for a register in which nobody has that grade.
    """
    found = False
    for scheme, names in (("key questions", KEY_QUESTIONS), ("older quality themes", THEMES)):
        missing = [name for name in dict.fromkeys(names) if name not in columns]
        if not missing:
            found = True
        elif len(missing) < len(set(names)):
            raise BadInputError(f"{path}: of the {scheme} it lacks the columns {', '.join(missing)}: an unknown shape")
    if not found:
        known = f"{', '.join(KEY_QUESTIONS)} nor {', '.join(dict.fromkeys(THEMES))}"
        raise BadInputError(f"{path}: it holds no grades under a name known here: neither {known}")


def read_grade(text: str) -> int:
    """A grade from 1 to 6, also written 4.0; 0 where none was given."""
    if text in NOTHING:
        return 0
    if not re.fullmatch(r"[1-6](\.0+)?", text):
        raise ValueError("a grade from 1 to 6, or blank")
    return int(text[0])


def read_grades(row: Row) -> None:
    """Read whatever columns of grades the file has into the row's values."""
    for column in sorted(GRADE_COLUMNS):
        if column in row.texts:
            row.read(column, read_grade)


def grades_of(row: Row) -> tuple[int, ...]:
    """By key questions where any was answered, since those are the newer; else by the older themes."""
    answered = _under(row, KEY_QUESTIONS)
    return answered if any(answered) else _under(row, THEMES)


def _under(row: Row, scheme: Sequence[str]) -> tuple[int, ...]:
    return tuple(row[column] or 0 for column in scheme)


def grade_lines(rows: Sequence[Row]) -> list[str]:
    """Who has no grade, or lacks some, or has a low one; and who is graded by the older themes."""
    ungraded = [row for row in rows if not any(grades_of(row))]
    partly = [row for row in rows if any(grades_of(row)) and not all(grades_of(row))]
    low = [row for row in rows if any(0 < grade <= LOW for grade in grades_of(row))]
    themed = [row for row in rows if not any(_under(row, KEY_QUESTIONS)) and any(_under(row, THEMES))]
    both = [row for row in rows if any(_under(row, KEY_QUESTIONS)) and any(_under(row, THEMES))]
    lines = [f"{len(ungraded)} have no grade yet{_which(ungraded)}; the setting (environment) is never read"]
    if partly:
        lines.append(f"{len(partly)} lack a grade in some areas: {_named(partly, 0, 0)}")
    if low:
        lines.append(f"{len(low)} have a grade of {LOW} ({_WORDS[LOW]}) or lower: {_named(low, 1, LOW)}")
    if themed:
        lines.append(
            f"{len(themed)} are graded by the older themes{_which(themed)}: wellbeing and care planning both from "
            "care and support, staff from staffing, leadership from management and leadership"
        )
    if both:
        lines.append(f"{len(both)} are graded under both schemes{_which(both)}: the key questions stand, unmixed")
    return lines


def _which(rows: Sequence[Row]) -> str:
    """Their numbers in brackets: a register of one council holds few enough to name."""
    return f" ({', '.join(sorted(row.texts['CSNumber'] for row in rows))})" if rows else ""


def _named(rows: Sequence[Row], least: int, most: int) -> str:
    """Each service with its areas whose grades lie between two bounds."""
    parts = []
    for row in sorted(rows, key=lambda row: row.texts["CSNumber"]):
        pairs = zip(RELEVANT_AREAS, grades_of(row), strict=True)
        areas = [area_words(area, grade) for area, grade in pairs if least <= grade <= most]
        parts.append(f"{row.texts['CSNumber']} ({', '.join(areas)})")
    return "; ".join(parts)


def area_words(area: str, grade: int) -> str:
    """An area and its grade, such as `care planning 2`; the area alone where there is no grade."""
    name = area.replace("_", " ")
    return f"{name} {grade}" if grade else name


def difference(row: Row, partner: Row) -> str:
    """Empty, or what to say where a pair that works as one was graded apart."""
    if grades_of(row) == grades_of(partner):
        return ""
    own, other = (
        ", ".join(f"{area} {grade or 'none'}" for area, grade in zip(RELEVANT_AREAS, grades_of(one), strict=True))
        for one in (row, partner)
    )
    return (
        f"{row.texts['CSNumber']} ({own}) and its partner {partner.texts['CSNumber']} ({other}) "
        "differ in grades; those of the care-at-home service stand"
    )
