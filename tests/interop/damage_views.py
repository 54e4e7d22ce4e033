"""A view of what is left of a damaged store, as its difference from the undamaged store, and how two views compare:

    starts   whether it does; else `why`
    log      [min, max] of the commit log
    bounds   {queue: [min, max]} where they are not as undamaged
    lost     {queue: offsets} of messages that consumers no longer get as they were
    other    {queue: {offset: hash}} of what they get in another form, or get besides
    topics   topics that clients no longer know
    offsets  consumer offsets and delay offsets that changed
    segments numbers of the segment files that are left; not compared, since empty ones may stay for later
"""


def spans(offsets):
    """[1, 2, 3, 7] as "1-3,7"."""
    parts = []
    for offset in sorted(offsets):
        if parts and parts[-1][1] == offset - 1:
            parts[-1][1] = offset
        else:
            parts.append([offset, offset])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def compact(view, sound):
    """A raw view as its difference from the raw view of the undamaged store."""
    if not view["starts"]:
        return {"starts": False, "why": view["why"]}
    short = {"starts": True, "log": view["log"], "segments": view["segments"], "bounds": {}, "lost": {}, "other": {}}
    for name, (low, high, messages) in sorted(sound["queues"].items()):
        new_low, new_high, kept = view["queues"][name]
        before, now = dict(map(tuple, messages)), dict(map(tuple, kept))
        if [low, high] != [new_low, new_high]:
            short["bounds"][name] = [new_low, new_high]
        gone = [offset for offset, digest in before.items() if now.get(offset) != digest]
        if gone:
            short["lost"][name] = spans(gone)
        other = {str(offset): digest for offset, digest in now.items() if before.get(offset) != digest}
        if other:
            short["other"][name] = other
    short["topics"] = sorted(set(sound["topics"]) - set(view["topics"]))
    short["offsets"] = {name: view["offsets"].get(name) for name in sorted(sound["offsets"] | view["offsets"])
                        if view["offsets"].get(name) != sound["offsets"].get(name)}
    return short


def offsets(text):
    """The offsets of "1-3,7"."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def lost(view):
    return {(queue, offset) for queue, text in view["lost"].items() for offset in offsets(text)}


def verdict(ours, theirs):
    """same, more, less, refused (we change nothing where they go on), other (the same messages, something else is not the same)."""
    if not ours["starts"] or not theirs["starts"]:
        return "same" if ours["starts"] == theirs["starts"] else "more" if ours["starts"] else "refused"
    mine, other = lost(ours), lost(theirs)
    if mine != other:
        return "more" if mine < other else "less"
    alike = all(ours[name] == theirs[name] for name in ("log", "bounds", "other", "topics", "offsets"))
    return "same" if alike else "other"
