"""`dump -o json | append -i json` into a new store keeps what the record promises, for every golden set; a second dump shows it."""

import subprocess

import pytest

from append_support import check_closed, verify_sound
from support import GOLDEN_SETS, MQCTL, body_of, dump, expected, unpack

KEPT = "topic queue flag tags keys uniq born born_host reconsume prepared_offset crc".split()
STORE_HOST_V6 = 0x20   # says how long the store host is, which is assigned anew


@pytest.mark.parametrize("flags", [[], ["--no-decompress"]], ids=["plain", "as-stored"])
@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_everything_promised_is_kept(tmp_path, name, flags):
    source, copy = unpack(name, tmp_path), tmp_path / "copy"
    reader = subprocess.Popen([MQCTL, "dump", source, "-o", "json", *flags], stdout=subprocess.PIPE)
    writer = subprocess.run([MQCTL, "append", copy, "-i", "json", "--segment-size", "512KiB"], stdin=reader.stdout, capture_output=True)
    reader.stdout.close()
    assert (reader.wait(), writer.returncode) == (0, 0), writer.stderr
    before, after = dump(source), dump(copy)
    assert len(before) == len(after) == len(expected(name)[0])
    for old, new in zip(before, after):
        assert {field: new.get(field) for field in KEPT} == {field: old.get(field) for field in KEPT}, old["pos"]
        assert {k: v for k, v in new["props"].items() if k != "__CRC32#"} == {
            k: v for k, v in old["props"].items() if k != "__CRC32#"}, old["pos"]
        assert new["sysflag"] & ~STORE_HOST_V6 == old["sysflag"] & ~STORE_HOST_V6, old["pos"]
        assert body_of(new) == body_of(old), old["pos"]
    check_closed(copy)
    verify_sound(copy)


def test_a_copy_of_a_copy_is_the_copy(tmp_path):
    source = unpack("apache-5.5.0-mixed", tmp_path)
    stores = [source, tmp_path / "a", tmp_path / "b"]
    for old, new in zip(stores, stores[1:]):
        text = subprocess.run([MQCTL, "dump", old, "-o", "json"], capture_output=True, check=True).stdout
        subprocess.run([MQCTL, "append", new, "-i", "json", "-q", "--segment-size", "512KiB"], input=text, check=True)
    anew = ("stored", )
    strip = lambda records: [{k: v for k, v in r.items() if k not in anew} for r in records]
    assert strip(dump(stores[1])) == strip(dump(stores[2]))
