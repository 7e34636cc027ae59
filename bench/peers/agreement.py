# SPDX-License-Identifier: Apache-2.0
"""Whether all programs give the same answers, before anything is timed."""
import numpy

TOLERANCE = 1e-3  # largest difference over the largest magnitude


def difference(a, b):
    """Largest difference over the largest magnitude, and the cosine of the two."""
    a, b = (x.astype(numpy.float64).ravel() for x in (a, b))
    off = numpy.abs(a - b).max() / numpy.abs(a).max()
    return float(off), float(a @ b / (numpy.linalg.norm(a) * numpy.linalg.norm(b)))


def compare(results):
    """By 'peer task': what differs from relevid's logits, and from its relevance by the same method.

    `results`: arrays by (peer, task). Each entry has the largest difference and, where there is one, the cosine.
    """
    logits = results["relevid", "forward"]["logits"]
    found = {}
    for (peer, task), arrays in results.items():
        entry = {"logits": difference(logits, arrays["logits"])[0],
                 "same_class": bool((logits.argmax(1) == arrays["logits"].argmax(1)).all())}
        if peer != "relevid" and "relevance" in arrays:
            entry["relevance"], entry["cosine"] = difference(results["relevid", task]["relevance"],
                                                             arrays["relevance"])
        found[f"{peer} {task}"] = entry
    return found


def wrong(found):
    """The lines that say what disagrees; none where all is well."""
    lines = []
    for name, entry in found.items():
        if not entry["same_class"]:
            lines.append(f"{name}: another class comes first")
        for what in ("logits", "relevance"):
            if not entry.get(what, 0) <= TOLERANCE:
                lines.append(f"{name}: {what} off by {entry[what]:.1e} of the largest; {TOLERANCE:.0e} is taken")
    return lines


def describe(found):
    for name, entry in found.items():
        line = f"  {name:<26} logits off by {entry['logits']:.1e}"
        if "relevance" in entry:
            line += f", relevance by {entry['relevance']:.1e}, cosine {entry['cosine']:.8f}"
        print(line)
