# SPDX-License-Identifier: Apache-2.0
"""Trains what train_bench trains, with PyTorch, one update for each line that is read.

pytorch_peer.py ARCHITECTURE WIDTH SIZE CLASSES BATCH THREADS
"""
import resource
import sys

import torch
from torch import nn


def stage(into, channels, convolutions, pool):
    layers = []
    for _ in range(convolutions):
        layers += [nn.Conv3d(into, channels, 3, padding=1), nn.ReLU(inplace=True)]
        into = channels
    return layers + [nn.MaxPool3d(pool, pool, ceil_mode=True)]


def network(architecture, width, size, classes):
    def scaled(channels):
        return max(1, int(channels * width + 0.5))

    plans = {
        "c3d": [(64, 1), (128, 1), (256, 2), (512, 2), (512, 2)],
        "c3d_small": [(32, 1), (64, 1), (128, 1), (128, 1)],
    }
    layers, into = [], 3
    for i, (channels, convolutions) in enumerate(plans[architecture]):
        layers += stage(into, scaled(channels), convolutions, (1, 2, 2) if i == 0 else (2, 2, 2))
        into = scaled(channels)
    layers.append(nn.Flatten())
    with torch.no_grad():
        features = nn.Sequential(*layers)(torch.zeros(1, 3, 16, size, size)).shape[1]
    if architecture == "c3d":
        for _ in range(2):
            layers += [nn.Linear(features, scaled(4096)), nn.ReLU(inplace=True)]
            features = scaled(4096)
    return nn.Sequential(*layers, nn.Linear(features, classes))


def main():
    architecture, width, size, classes, batch, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    model = network(architecture, float(width), int(size), int(classes))
    optimiser = torch.optim.SGD(model.parameters(), 1e-6, momentum=0.9, nesterov=True, weight_decay=5e-4)
    clips = torch.rand(int(batch), 3, 16, int(size), int(size)) * 2 - 1
    labels = torch.arange(int(batch)) % int(classes)
    loss_of = nn.CrossEntropyLoss()
    for line in sys.stdin:
        if line.strip() == "peak":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
            continue
        optimiser.zero_grad(set_to_none=True)
        loss_of(model(clips), labels).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimiser.step()
        print(1, flush=True)


main()
