"""Why mqctl keeps something else of a damaged store than the genuine broker does, and why verify may say nothing of it.

A key names cases by regular expressions over "BASE: CASE"; every difference must have one reason, every reason a difference.
"""

import re

DIFFERENCES = {
    "stale copy": ("A record that says it stands elsewhere, and that no queue names, is a stale copy. Apache takes it for a message, moves its "
                   "log's end behind it, and gives it to nobody. Here it is zeroed.",
                   [r".*: a copy of the last record behind the end"]),
    "not cut at rest": ("After a clean stop mqctl checks the last record that a queue names; Apache walks through the whole last segments, ends "
                        "the log at the first damage, and with it go all sound messages behind it, of every queue. One message is damaged: one "
                        "message is served damaged, as Apache itself serves it where damage lies further back, and verify names it.",
                        [r"clean: (size|magic|body|properties' length) flipped, middle of the last segment"]),
    "asks first": ("Sound messages lie behind the damage. Apache cuts them off and says so in a log; mqctl changes nothing, says how many there "
                   "are and where, and ends with status 4. `--force` does what Apache does; `dump` reads all that is sound.",
                   [r"crashed: (size|magic|body|properties' length) flipped, middle of the last segment"]),
    "asks first, blank": ("As above. 4.9.4 and 5.3.3 read the segment before the last one as well and lose the 161 messages of the last; 5.5.0 "
                          "believes a younger time of its checkpoint, begins behind the damage, and is lucky.",
                          [r"crashed: blank zeroed, last full segment"]),
    "place put right": ("Only the record's physical offset is damaged, and its queue names its place. Apache serves it with a message id that "
                        "leads elsewhere; mqctl puts the field right, and every message is as it was.",
                        [r"clean: physical offset flipped, last record", r"crashed: physical offset flipped, (last record|middle of the last segment)"]),
    "hole in the log": ("A segment is gone. Apache starts over the hole: consumers get nothing there, and whatever reads by log offset, a "
                        "replica or a recovery, stops at it; where spare segments follow, the log's end moves over bytes never written. What was "
                        "in the segment is lost to both; a backup may still have it. mqctl does not write into such a log. `dump` reads all "
                        "that is there, and `dump -o json | append` makes a whole store of it.",
                        [r".*: (a middle|the last full) segment missing", r"crashed: the last segment missing"]),
    "stray files": ("Apache starts over no file that does not belong; nothing of the store is damaged. mqctl passes over it and says so.",
                    [r"clean: a stray file .*"]),
    "queues without a log": ("Apache deletes every queue, and so every queue offset: consumers would skip or repeat. mqctl refuses, with status "
                             "4; the log is more likely not mounted than gone. `--force` does what Apache does.",
                             [r"clean: no commitlog folder"]),
    "as far back as needed": ("Queues that are gone are made again from the log's beginning. 5.5.0 goes back ten segments, after a crash all "
                              "releases go to where the checkpoint says, and older messages are out of reach of consumers for ever.",
                              [r".*: no consumequeue folder"]),
    "units put again": ("Apache ends a queue at the first unit that is none; the units behind it are lost, and their queue offsets given to the next "
                        "messages. mqctl sees that units stand behind, and puts them again from the log.",
                        [r".*: a unit zeroed, middle of a queue", r"clean: the last unit torn",
                         r"queues: a unit zeroed in a queue's first file"]),
    "queue with a hole": ("Apache serves the queue around the hole, and a consumer passes over the messages in it without a word. They are in "
                          "the log. mqctl refuses and names the file; nothing is lost.",
                          [r"queues: a queue's middle file missing"]),
    "torn configuration": ("Apache deletes a table that it cannot read and, without a backup of it, starts with an empty one: no topic, or no "
                           "consumer's offset, and all is consumed again from the end or the beginning. mqctl refuses and names the file.",
                           [r"clean: (topics|consumerOffset).json torn, without .bak"]),
}

SILENT = {
    "a tail": ("What a crash may leave behind the last whole record is no damage but the reason for recovery; `--tail strict` names it.",
               [r"crashed: last record torn in its (size|magic|header|body)", r"crashed: garbage behind the end",
                r"crashed: a copy of the last record behind the end", r"crashed: a size without a record behind the end",
                r"crashed: (size|magic|physical offset|body|properties' length) flipped, last record"]),
    "no checksum": ("No checksum covers the field. A changed time, or a changed property that is no key, is as good as any; only brokers that "
                    "write `__CRC32#` can prove it.",
                    [r".*: store time flipped, .*", r"crashed: properties flipped, .*"]),
    "expired": ("The oldest segments of every store go some day; what they held is no damage.", [r"clean: the first segment missing"]),
    "made again": ("What is missing or wrong is made again at a start, or asked by nobody; no message is out of reach for it.",
                   [r".*: no checkpoint", r".*: checkpoint .*", r"clean: abort put beside a clean store", r"crashed: abort taken .*",
                    r"clean: no lock file", r".*: no index folder", r"queues: a queue file of zeros behind the last"]),
    "passed over": ("Said as a note: 5.x brokers pass over it.",
                    [r"clean: a folder among the segments", r"clean: a foreign folder among the queues", r"clean: a foreign file in the index folder"]),
    "filters only": ("The extension files hold bits for filters; a message whose unit cannot be read is delivered unfiltered.",
                     [r"queues: no consumequeue_ext folder", r"queues: an extension unit flipped"]),
    "configuration": ("verify reads the log, the queues and the index; the tables of `config/` are read at a start, which names the file.",
                      [r"clean: .*json.*"]),
    "nothing": ("Nothing was done.", [r".*: nothing"]),
}


def reason_for(table, case):
    """The one key whose patterns match; an error where it is not one."""
    found = [key for key, (_, patterns) in table.items() if any(re.fullmatch(pattern, case) for pattern in patterns)]
    assert len(found) == 1, f"{case}: reasons {found}"
    return found[0]


def unused(table, cases):
    """Patterns that fit no case."""
    return [pattern for _, patterns in table.values() for pattern in patterns
            if not any(re.fullmatch(pattern, case) for case in cases)]
