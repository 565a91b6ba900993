"""The door: what came before the end is answered whole, and nobody waits for who says nothing."""

import socket
from contextlib import suppress
from threading import Event, Thread

import flask
import pytest
import requests

from tests.cli.processes import PATIENCE
from ttv.cli.listening import Door
from ttv.schedule import Stop


@pytest.fixture
def door():
    """A door whose application answers when a test lets it."""
    app = flask.Flask("slow")
    app.inside, app.released = Event(), Event()

    @app.get("/")
    def slow():
        app.inside.set()
        assert app.released.wait(PATIENCE)
        return "x" * 5_000_000

    door = Door(app, "127.0.0.1", 0)
    door.app = app
    yield door
    door.close()


def test_the_door_answers_what_came_before_the_end_whole_and_nothing_new(door):
    stop, answers = Stop(), []
    answering = Thread(target=door.answer, args=(stop,))
    asking = Thread(target=lambda: answers.append(requests.get(door.url, timeout=PATIENCE)))
    answering.start()
    asking.start()
    assert door.app.inside.wait(PATIENCE)
    stop.wish()
    while _is_open(door):
        pass
    assert answering.is_alive()
    door.app.released.set()
    asking.join(PATIENCE)
    answering.join(PATIENCE)
    assert not answering.is_alive()
    assert [len(answer.content) for answer in answers] == [5_000_000]


def test_the_door_does_not_wait_for_who_says_nothing(door):
    stop = Stop()
    answering = Thread(target=door.answer, args=(stop,))
    answering.start()
    with socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE) as silent:
        silent.sendall(b"GET / HT")
        stop.wish()
        answering.join(PATIENCE)
    assert not answering.is_alive()


def test_the_door_gives_up_on_an_answer_that_takes_too_long(door):
    stop, instants = Stop(), iter(range(0, 100_000, 20))
    answering = Thread(target=door.answer, args=(stop, lambda: next(instants)))
    asking = Thread(target=_ask_in_vain, args=(door,))
    answering.start()
    asking.start()
    assert door.app.inside.wait(PATIENCE)
    stop.wish()
    answering.join(PATIENCE)
    assert not answering.is_alive()
    door.app.released.set()
    door.close()
    asking.join(PATIENCE)
    assert not asking.is_alive()


def _is_open(door):
    try:
        socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        return True  # it was closed while we asked
    return True


def _ask_in_vain(door):
    with suppress(requests.RequestException):
        requests.get(door.url, timeout=PATIENCE)
