"""Answers requests: one JSON request a line comes in, one JSON answer a line goes out."""

import json
import sys


def answer_all(answer):
    """Answers each line of stdin with `{"ok": ...}`, or with `{"error": ...}` if `answer` raises."""
    for request in sys.stdin:
        try:
            print(json.dumps({"ok": answer(json.loads(request))}), flush=True)
        except Exception as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
