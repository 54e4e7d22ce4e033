"""Every scenario of every genuine client, against the genuine broker and against `mqctl serve`: both must pass. The matrix is printed,
and is that of docs/clients.md."""

import concurrent.futures
import pathlib
import sys

from clients import CLIENTS, GenuineBroker, conf_file, table
from harness import SOURCE
from test_serve_stores import Serve


def of_genuine(version, directory):
    """{client: outcomes} of all clients that this version is the judge for."""
    with GenuineBroker(version, directory / f"genuine-{version}") as broker:
        return {client.name: client.run(broker.namesrv, "g") for client in CLIENTS if client.broker == version}


def of_ours(directory):
    with Serve("5.5.0", directory / "ours", "-c", conf_file(directory), segment=64 << 20) as serve:
        return {client.name: client.run(serve.address, f"o{number}") for number, client in enumerate(CLIENTS)}


def outcomes_of_all(directory):
    for client in CLIENTS:
        client.prepare(directory)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        genuine = [pool.submit(of_genuine, version, directory) for version in sorted({client.broker for client in CLIENTS})]
        ours = pool.submit(of_ours, directory).result()
    theirs = {name: outcomes for part in genuine for name, outcomes in part.result().items()}
    return {client.name: (theirs[client.name], ours[client.name]) for client in CLIENTS}


def test_the_same_programs_pass_with_both_brokers(tmp_path):
    outcomes = outcomes_of_all(tmp_path)
    lines = table(outcomes)
    print("\n".join(lines))
    bad = [(name, side, scenario, verdict) for name, sides in outcomes.items() for side, found in zip(("genuine", "ours"), sides)
           for scenario, verdict in found.items() if verdict != "ok"]
    assert not bad, bad
    assert all(sides[0].keys() == sides[1].keys() for sides in outcomes.values())
    assert "\n".join(lines) in (SOURCE / "docs" / "clients.md").read_text(), "docs/clients.md has another matrix; ./bootstrap.sh matrix prints it"


if __name__ == "__main__":
    print("\n".join(table(outcomes_of_all(pathlib.Path(sys.argv[1])))))
