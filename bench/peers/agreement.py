# SPDX-License-Identifier: Apache-2.0
"""Whether all programs give the same answers, before anything is timed."""
import numpy
from workers import BF16

TOLERANCE = 1e-3  # largest difference over the largest magnitude
# A gradient jumps where the input of a ReLU is near 0 or two inputs of a maximum are nearly alike, and float32 programs
# differ there: PyTorch's own is 2 % of the largest off its float64 for C3D, 0.9 % in sum for X3D-M. So of gradients the
# sum of differences over the sum of magnitudes is taken.
GRADIENT_TOLERANCE = 0.03
LEAST_COSINE_OF_BF16 = 0.999  # of a map in bf16 with the one in float32


def difference(a, b):
    """Largest difference over the largest magnitude, and the cosine of the two."""
    a, b = (x.astype(numpy.float64).ravel() for x in (a, b))
    off = numpy.abs(a - b).max() / numpy.abs(a).max()
    return float(off), float(a @ b / (numpy.linalg.norm(a) * numpy.linalg.norm(b)))


def sum_of_differences(a, b):
    a, b = (x.astype(numpy.float64).ravel() for x in (a, b))
    return float(numpy.abs(a - b).sum() / numpy.abs(a).sum())


def entry(of, arrays, task):
    """How far `arrays` are from `of`, each with logits and, where a task has one, relevance."""
    result = {"logits": difference(of["logits"], arrays["logits"])[0],
              "same_class": bool((of["logits"].argmax(1) == arrays["logits"].argmax(1)).all())}
    if "relevance" in of and "relevance" in arrays:
        off, result["cosine"] = difference(of["relevance"], arrays["relevance"])
        if task == "gradient":
            result["gradient"] = sum_of_differences(of["relevance"], arrays["relevance"])
        else:
            result["relevance"] = off
    return result


def compare(results):
    """By 'peer task': what differs from relevid's logits, and from its relevance by the same method.

    `results`: arrays by (peer, task). Each entry has the largest difference and, where there is one, the cosine.
    """
    found = {}
    for (peer, task), arrays in results.items():
        of = {"logits": results["relevid", "forward"]["logits"]}
        other = task.removesuffix(BF16) if peer == "relevid" else task
        if (peer, task) != ("relevid", other):
            of = results["relevid", other] | of
        found[f"{peer} {task}"] = entry(of, arrays, task)
    return found


def wrong(found):
    """By name, the lines that say what disagrees; none where all is well."""
    lines = {name: disagreements(name, entry) for name, entry in found.items()}
    return {name: each for name, each in lines.items() if each}


def disagreements(name, entry):
    """The lines of one name."""
    lines = []
    if not entry["same_class"]:
        lines.append(f"{name}: another class comes first")
    if name.endswith(BF16):
        if not entry.get("cosine", 1) >= LEAST_COSINE_OF_BF16:
            lines.append(f"{name}: cosine {entry['cosine']:.6f}; {LEAST_COSINE_OF_BF16} is wanted")
        return lines
    for what in ("logits", "relevance", "gradient"):
        limit = GRADIENT_TOLERANCE if what == "gradient" else TOLERANCE
        if not entry.get(what, 0) <= limit:
            lines.append(f"{name}: {what} off by {entry[what]:.1e}; {limit:g} is taken")
    return lines


def describe(found):
    for name, entry in found.items():
        line = f"  {name:<26} logits off by {entry['logits']:.1e}"
        for what in ("relevance", "gradient"):
            if what in entry:
                line += f", {what} by {entry[what]:.1e}, cosine {entry['cosine']:.8f}"
        print(line)
