"""The department's stream: what was published, as it was first made, numbered without a gap."""

import os
import sqlite3
import threading
from pathlib import Path

from exchange import change

# Of SQLite; the protos go further, and no stream will.
SEQUENCE_MAX = 2**63 - 1


class Stream:
    """One SQLite file. Safe for several threads."""

    def __init__(self, folder, department):
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._department = department
        # What one thread has written and not yet committed no other may see.
        self._lock = threading.RLock()
        self._database = sqlite3.connect(Path(folder) / "stream.db", check_same_thread=False)
        self._database.executescript("""
            PRAGMA synchronous = FULL;
            CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL);
            CREATE TABLE IF NOT EXISTS batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, loading INTEGER NOT NULL, payload BLOB NOT NULL);
            """)
        # Made once. A stream that begins anew needs a new epoch, which the hub's operator has to accept.
        self.epoch = self._once("epoch", os.urandom(16))
        self.locator_key = self._once("locator key", os.urandom(32))
        # Until the department's data has been read to its end once, nobody can tell what it does not hold.
        self.loading = self._ask("SELECT count(*) FROM batch WHERE NOT loading")[0][0] == 0
        # When the last reading that came to its end began: nothing newer is known. None until there was one.
        self._read_at = None

    @property
    def last(self):
        """The newest sequence; 0 before the first."""
        return self._ask("SELECT max(last) FROM batch")[0][0] or 0

    def changes(self):
        """Everything that was ever said, oldest first."""
        for (payload,) in self._ask("SELECT payload FROM batch ORDER BY first"):
            yield from change.ChangeBatch.FromString(payload).changes

    def since(self, sequence, to=SEQUENCE_MAX, most=-1):
        """First, last and bytes of the batches from the one that holds a sequence to the one that holds another."""
        sequence, to = min(sequence, SEQUENCE_MAX), min(to, SEQUENCE_MAX)
        return self._ask("SELECT first, last, payload FROM batch WHERE last >= ? AND first <= ? ORDER BY first LIMIT ?", sequence, to, most)

    def append(self, changes, loading, read_at):
        """On disk before anybody hears of it: a sequence that was sent must never get another content."""
        with self._lock, self._database:
            first = self.last + 1
            payload = self._pack(first, changes, loading, read_at)
            self._database.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", (first, first + len(changes) - 1, loading, payload))

    def complete(self, read_at):
        """All that a reading found is in the stream."""
        with self._lock:
            self.loading, self._read_at = False, read_at

    def heartbeat(self, sent):
        """A batch without changes: everything up to this sequence has been sent, and held when the data was last read. It is not kept.
        None where that cannot be said: there is more to send, or no reading has come to its end."""
        with self._lock:
            return self._pack(sent + 1, [], self.loading, self._read_at) if sent == self.last and self._read_at else None

    def _pack(self, first, changes, loading, read_at):
        batch = change.ChangeBatch(department=self._department, stream_epoch=self.epoch, first_sequence=first, changes=changes, loading=loading)
        batch.packed_at.FromSeconds(read_at)
        return batch.SerializeToString()

    def _once(self, name, value):
        with self._lock, self._database:
            self._database.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, value))
        return self._ask("SELECT value FROM secret WHERE name = ?", name)[0][0]

    def _ask(self, sql, *arguments):
        with self._lock:
            return self._database.execute(sql, arguments).fetchall()
