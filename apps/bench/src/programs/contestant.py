"""What the programs in Python share: their input, and an end with stdin."""

import json
import os
import sys
import threading
import time


def read_input():
    def end_with_stdin():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_stdin, daemon=True).start()
    return json.loads(sys.argv[-1])


class Stopwatch:
    """Follows what is read, from the first call to that which has the last record."""

    def __init__(self, records):
        self.records = records
        self.first = self.seen = self.bytes = 0

    def saw(self, count, length):
        if self.seen == 0:
            self.started = time.perf_counter()
            self.first = count
        self.seen += count
        self.bytes += length
        if self.seen < self.records:
            return
        ms = (time.perf_counter() - self.started) * 1000
        # What came with the first call had been under way before it: the time is that of all others.
        ms = ms * self.seen / max(1, self.seen - self.first)
        checksum = f'{self.seen} records, {self.bytes} bytes'
        print(json.dumps({'messages': self.seen, 'ms': ms, 'checksum': checksum}, separators=(',', ':')), flush=True)
