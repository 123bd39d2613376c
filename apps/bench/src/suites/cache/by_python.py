"""Writes entries to the Cache of the Python library snapstream, or reads them, and prints how many a second.

The last argument is how often it syncs what it wrote: after each of as many parts; 0: never.
"""

import sys
import time

from snapstream import Cache

what, folder = sys.argv[1], sys.argv[2]
entries, reads, syncs = (int(text) for text in sys.argv[3:])
STEP = 7919


def key_of(i):
    return f"order-{i:08d}"


def value_of(i):
    return {"id": i, "text": "x" * (83 - len(str(i)))}


cache = Cache(folder)
started = time.perf_counter()
for n in range(entries):
    i = n * STEP % entries
    cache(key_of(i), value_of(i))
    if syncs and (n + 1) % (entries // syncs) == 0:
        cache.flush_wal(True)
rate = entries / (time.perf_counter() - started)
if what == "read":
    started = time.perf_counter()
    for n in range(reads):
        i = n % entries * STEP % entries
        if cache[key_of(i)]["id"] != i:
            raise SystemExit(f"the entry {i} is not there")
    rate = reads / (time.perf_counter() - started)
cache.close()
print(rate)
