"""The last answers that carry an ETag; bounded in number and bytes, the longest unused goes first."""

import threading
from collections import OrderedDict

from connectors._answer import Answer

_ANSWERS = 512
_BYTES = 32 * 1024 * 1024


class Kept:
    """Answers by their address; several threads may ask at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0

    def get(self, address: str) -> Answer | None:
        """Find the answer of an address."""
        with self._lock:
            if address in self._answers:
                self._answers.move_to_end(address)
            return self._answers.get(address)

    def put(self, answer: Answer) -> None:
        """Keep an answer in the place of the one before, or forget that if this one has no ETag."""
        with self._lock:
            old = self._answers.pop(answer.address, None)
            self._size -= len(old.body) if old else 0
            if "ETag" not in answer.headers:
                return
            self._answers[answer.address] = answer
            self._size += len(answer.body)
            while len(self._answers) > _ANSWERS or self._size > _BYTES:
                self._size -= len(self._answers.popitem(last=False)[1].body)
