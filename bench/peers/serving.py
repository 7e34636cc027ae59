# SPDX-License-Identifier: Apache-2.0
"""What a worker and the driver say to each other, one line each way.

A worker prints `ready` once it is prepared. `run` does the work and prints the seconds it took, `save PATH` does it and
writes its arrays as .npz, `peak` prints the most memory that the process has had resident, in bytes. It ends where its
input does. bench/peer_worker.cpp speaks the same.
"""
import sys
import time

import numpy


def peak_bytes():
    """From the kernel's account of the address space: getrusage's is handed on from the process that forked."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no line VmHWM")


def answer(command, work):
    if command == "run":
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    if command == "peak":
        return peak_bytes()
    if command.startswith("save "):
        numpy.savez(command[5:], **work())
        return "saved"
    raise ValueError(f"unknown command {command!r}")


def serve(work):
    """`work()` does it once and returns its results as arrays by name."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(line.strip(), work), flush=True)
