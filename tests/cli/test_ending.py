"""Signals: the first is a wish, the second the end."""

import signal

from ttv.cli import ending


def test_the_second_signal_ends_at_once_unless_it_is_the_first_sent_twice(monkeypatch):
    ends, instants = [], iter((10.0, 10.1, 10.5, 10.5))
    monkeypatch.setattr(ending.os, "_exit", ends.append)
    with ending.signals(timer=lambda: next(instants)) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGTERM)
        assert stop()
        signal.raise_signal(signal.SIGTERM)
        assert ends == []
        signal.raise_signal(signal.SIGINT)
    assert ends == [130]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
