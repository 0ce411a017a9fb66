"""The department's own data, cards.csv, and what of it is new since it was last published."""

import csv
import os
import time
from datetime import datetime, timezone

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.timestamp_pb2 import Timestamp

from exchange import change
from dataexchange.types.v1 import types_pb2 as types

SCHEME = "library-card"

# Two values that the hub holds, and one that stays here.
ATTRIBUTES = {
    "branch": lambda row: types.Value(code=row["branch"]),
    "member-since": lambda row: types.Value(date=day(row["since"])),
    "loans": None,
}


def read(file):
    """Rows by card number."""
    with open(file, newline="", encoding="utf-8") as lines:
        return {row["card"]: row for row in csv.DictReader(lines)}


def changes_between(published, rows, locator_key):
    """The changes that make what was published into what is there now."""
    for card, row in rows.items():
        for attribute, value_of in ATTRIBUTES.items():
            stated = change.SetAttribute(subject=identifier(card), attribute=attribute)
            if value_of is None:
                stated.locator = seal(locator_key, card)
            else:
                stated.value.CopyFrom(value_of(row))
            made = change.Change(set=stated, as_of=moment(row["since"]))
            if published.get((card, attribute)) != fingerprint(made):
                yield made
    for card, attribute in list(published):
        if card not in rows:
            yield change.Change(withdraw=change.WithdrawAttribute(subject=identifier(card), attribute=attribute), as_of=Timestamp(seconds=int(time.time())))


def follow(published, made):
    """What is published after a change."""
    if made.HasField("set"):
        published[made.set.subject.value, made.set.attribute] = fingerprint(made)
    else:
        published.pop((made.withdraw.subject.value, made.withdraw.attribute), None)


def fingerprint(made):
    """A locator is sealed anew each time, so it does not count."""
    return made.as_of.seconds, made.set.value.SerializeToString(deterministic=True)


def seal(key, card):
    """What the hub keeps in place of a value: the card number, for nobody but this department to read."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, card.encode(), None)


def unseal(key, locator):
    """The card number, or None for a locator that this department has not made."""
    try:
        return AESGCM(key).decrypt(locator[:12], locator[12:], None).decode()
    except (InvalidTag, ValueError):
        return None


def identifier(card):
    return types.Identifier(scheme=SCHEME, value=card)


def moment(text):
    return Timestamp(seconds=int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()))


def day(text):
    year, month, day_of_month = map(int, text.split("-"))
    return types.Date(year=year, month=month, day=day_of_month)
