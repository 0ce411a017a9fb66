"""python3 adapter.py SETTINGS.json

A department's adapter: publishes what changed in its file, and answers the hub.
"""

import sys
import threading
import time

import cards
import exchange
import publisher
import service
from stream import Stream

CHANGES_PER_BATCH = 100

settings = exchange.Settings(sys.argv[1])
stream = Stream(settings.state, settings.department)
published = {}
for made in stream.changes():
    cards.follow(published, made)


def read_file():
    """One reading of the file. The last batch of the first one, or the heartbeat after it, says that the load is complete."""
    read_at = int(time.time())
    changes = list(cards.changes_between(published, cards.read(settings.data), stream.locator_key))
    while changes:
        now, changes = changes[:CHANGES_PER_BATCH], changes[CHANGES_PER_BATCH:]
        stream.append(now, loading=stream.loading and bool(changes), read_at=read_at)
        for made in now:
            cards.follow(published, made)
    stream.complete(read_at)


def read_file_for_ever():
    while True:
        try:
            read_file()
        except Exception as error:
            # Named, not quoted: a text of the file could hold a card number.
            print(f"the data cannot be read: {type(error).__name__}", flush=True)
        time.sleep(1)


# The address comes first: it keeps a second adapter from writing to the same stream.
server = service.serve(settings, stream)
threading.Thread(target=read_file_for_ever, daemon=True).start()
publisher.publish(settings, stream)
