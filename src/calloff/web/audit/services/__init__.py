"""The chain of events, and what the database refuses for its sake."""

from calloff.web.audit.services.acts import (
    HOUSE,
    Act,
    NothingRecordedError,
    act,
    faults_in_chain,
    hash_of,
    history_of,
    in_turn,
    saw,
    saw_all,
    whole_second,
)

__all__ = [
    "HOUSE",
    "Act",
    "NothingRecordedError",
    "act",
    "faults_in_chain",
    "hash_of",
    "history_of",
    "in_turn",
    "saw",
    "saw_all",
    "whole_second",
]
