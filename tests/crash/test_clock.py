"""The clock of the day jumps, both ways, under `mqctl serve` (tests/standin shifts it for the server alone): what is sent is stored and comes
out in order, delayed messages come, retention keeps what is young, seeks by time stay within the queue."""

import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from append_support import check_closed, records, segments, verify_sound  # noqa: E402
from serve_support import wait_for  # noqa: E402
from standin import PlainMachine  # noqa: E402
from test_serve_flows import messages  # noqa: E402
from wire_client import Serve, send_ext  # noqa: E402

HOUR_MS = 3600 * 1000
CONF = "messageDelayLevel=1s 2s\ndeleteWhen=" + ";".join(f"{hour:02}" for hour in range(24)) + "\nfileReservedTime=48\n"


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "broker.conf").write_text(CONF)
    return PlainMachine(tmp_path)


def started(machine):
    return Serve(machine.store, "--segment-size", "64KiB", "-c", machine.directory / "broker.conf", env=machine.environment())


def late(client, body):
    assert client.ask(310, send_ext("late", i="DELAY\x011\x02"), body).code == 0


def came(client, count):
    """All that was delayed, waited for."""
    client.wait_for_max("late", 0, count)
    return [message["body"] for message in messages(client.pull("late").body)]


def seek(client, time_ms):
    return int(client.ask(29, {"topic": "T", "queueId": 0, "timestamp": int(time_ms)}).ext["offset"])


@pytest.mark.parametrize("hours", [3, -3, 24 * 400, -24 * 400])
def test_after_a_jump_all_goes_on(machine, hours):
    with started(machine) as serve, serve.client() as client:
        for i in range(50):
            client.put("T", b"%d" % i)
        late(client, b"before")
        machine.clock_jumps(hours=hours)
        for i in range(50, 100):
            client.put("T", b"%d" % i)
        late(client, b"after")
        assert sorted(came(client, 2)) == [b"after", b"before"]   # within seconds, not hours
        machine.clock_jumps(hours=0)
        late(client, b"back")
        assert sorted(came(client, 3)) == [b"after", b"back", b"before"]
        client.wait_for_max("T", 0, 100)
        now = time.time() * 1000
        for place in (0, now - 2 * HOUR_MS, now, now + 2 * HOUR_MS, now + hours * HOUR_MS, 2**62):
            assert 0 <= seek(client, place) <= 100
        assert seek(client, 0) == 0 and seek(client, 2**62) == 100
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    stored = [record["stored"] for record in records(machine.store) if record["topic"] == "T"]
    assert all(abs(b - a - (hours * HOUR_MS if i == 49 else 0)) < HOUR_MS for i, (a, b) in enumerate(zip(stored, stored[1:])))
    check_closed(machine.store)
    verify_sound(machine.store)


@pytest.mark.parametrize("hours", [5, -5])
def test_a_crash_while_the_clock_is_wrong_loses_nothing(machine, hours):
    count = 0
    for shift in (0, hours, 0, -hours):
        machine.clock_jumps(hours=shift)
        with started(machine) as serve, serve.client() as client:
            for _ in range(300):
                client.put("T", b"%d" % count + b"x" * 500)
                count += 1
            client.wait_for_max("T", 0, count)
            assert client.ask(33, {"topic": "T", "queueId": 0, "offset": 0, "msgId": "x"}) is not None
    with started(machine) as serve, serve.client() as client:   # each was killed
        client.wait_for_max("T", 0, count)
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    found = [record["body"].rstrip(b"x") for record in records(machine.store)]
    assert found == [b"%d" % i for i in range(count)]
    check_closed(machine.store)
    verify_sound(machine.store)


def test_retention_goes_by_the_clock_and_back_again(machine):
    """A jump back makes nothing old. One forward of more than fileReservedTime does, as it does with Apache; the last segment stays."""
    with started(machine) as serve, serve.client() as client:
        for i in range(300):
            client.put("T", b"%d" % i + b"x" * 1000)
        before = set(segments(machine.store))   # the next one may come yet: it is made ahead
        assert len(before) > 4
        machine.clock_jumps(hours=-100)
        assert client.ask(329).code == 0
        late(client, b"some time later")
        came(client, 1)
        assert before <= set(segments(machine.store))
        machine.clock_jumps(hours=100)
        wait_for(lambda: client.ask(329).code == 0 and len(segments(machine.store)) <= 2)
        wait_for(lambda: client.pull("T").code == 21)   # the queue's beginning follows the log's
        assert int(client.pull("T").ext["nextBeginOffset"]) > 0   # where to go on is said
        client.put("T", b"goes on")
