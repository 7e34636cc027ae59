# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of training.py: the demo's network, clips of videos, and training by PyTorch's own optimisers."""
import csv
import subprocess
from dataclasses import dataclass

import numpy
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

CLIP_LEN = 16
MEAN, STD = 0.45, 0.225  # what relevid gives a new network
LUMA = torch.tensor([0.2989, 0.587, 0.114])


@dataclass
class Videos:
    frames: torch.Tensor  # [N, T, H, W, 3], 8 bits
    labels: torch.Tensor
    names: list


def rgb_frames(path, size):
    words = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", str(path), "-f", "rawvideo", "-pix_fmt",
             "rgb24", "-"]
    raw = subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout
    return numpy.frombuffer(raw, numpy.uint8).reshape(-1, size, size, 3)


def read_videos(listed, size):
    """The videos of a list with the columns path and label, in its order; classes sorted by name, as in relevid."""
    with open(listed, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    classes = sorted({row["label"] for row in rows})
    frames = numpy.stack([rgb_frames(listed.parent / row["path"], size) for row in rows])
    labels = torch.tensor([classes.index(row["label"]) for row in rows])
    return Videos(torch.from_numpy(frames), labels, classes)


def clips_of(videos, requests, size):
    """Pixels of the requested clips: (video, first frame, top, left) each. [B, T, size, size, 3], 8 bits"""
    return torch.stack([videos.frames[video, first:first + CLIP_LEN, top:top + size, left:left + size]
                        for video, first, top, left in requests])


def jittered(pixels, contrast, brightness):
    """torchvision's ColorJitter with one factor for all frames of a clip; contrast first."""
    def factors(reach):
        return torch.empty(len(pixels), 1, 1, 1, 1).uniform_(max(0, 1 - reach), 1 + reach)

    values = pixels.float()
    middle = (values @ LUMA).mean((1, 2, 3)).reshape(-1, 1, 1, 1, 1)
    values = (middle + factors(contrast) * (values - middle)).clamp_(0, 255)
    return (factors(brightness) * values).clamp_(max=255).add_(0.5).floor_()


def normalised(values):
    """What the network takes, each pixel's mean over the frames subtracted. [B, 3, T, H, W]"""
    values = (values / 255 - MEAN) / STD
    return (values - values.mean(1, keepdim=True)).permute(0, 4, 1, 2, 3)


def network(widths, size, classes, dropout):
    """relevid's c3d_small, with weights drawn from the same distribution (He et al. 2015) by PyTorch."""
    layers, into, extent = [], 3, [CLIP_LEN, size, size]
    for i, width in enumerate(widths):
        pool = (1, 2, 2) if i == 0 else (2, 2, 2)
        layers += [nn.Conv3d(into, width, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool3d(pool, ceil_mode=True)]
        into, extent = width, [-(-length // step) for length, step in zip(extent, pool)]
    features = into * int(numpy.prod(extent))
    model = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(features, classes))
    for layer in layers_of(model):
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return model.to(memory_format=torch.channels_last_3d)  # the faster one


def layers_of(model):
    return [layer for layer in model if isinstance(layer, (nn.Conv3d, nn.Linear))]


def weights_of(path):
    """Weights and biases of an ONNX file of that network, layer by layer."""
    stored = {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
    names = [f"conv{i}" for i in range(1, 5)] + ["fc5"]
    return [torch.tensor(stored[f"{name}.{kind}"]) for name in names for kind in ("weight", "bias")]


def from_onnx(path, size):
    weights = weights_of(path)
    model = network([len(w) for w in weights[:-2:2]], size, len(weights[-2]), 0)
    with torch.no_grad():
        for parameter, value in zip(parameters_of(model), weights):
            parameter.copy_(value)
    return model


def parameters_of(model):
    return [parameter for layer in layers_of(model) for parameter in (layer.weight, layer.bias)]


def optimiser_of(model, options):
    """PyTorch's, with relevid's rule that biases do not decay."""
    groups = [{"params": [layer.weight for layer in layers_of(model)], "weight_decay": float(options["weight-decay"])},
              {"params": [layer.bias for layer in layers_of(model)], "weight_decay": 0}]
    rate = float(options["lr"])
    if options["optimiser"] == "adamw":
        return torch.optim.AdamW(groups, rate)
    momentum = float(options["momentum"])
    return torch.optim.SGD(groups, rate, momentum=momentum, nesterov=momentum > 0 and "no-nesterov" not in options)


def schedule_of(optimiser, warmup, updates):
    """PyTorch's: a linear rise over `warmup` updates (2 or more), then a cosine to 0."""
    rise = torch.optim.lr_scheduler.LinearLR(optimiser, 1 / warmup, total_iters=warmup - 1)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates - warmup)
    return torch.optim.lr_scheduler.SequentialLR(optimiser, [rise, fall], [warmup])


class Training:
    """One update a call, of the network given."""

    def __init__(self, model, options, updates_per_epoch):
        self.model, self.clip_norm = model, float(options["clip-norm"])
        self.optimiser = optimiser_of(model, options)
        epochs, warmup = int(options["epochs"]), int(options["warmup"])
        self.schedule = schedule_of(self.optimiser, warmup * updates_per_epoch, epochs * updates_per_epoch)

    def update(self, clips, labels):
        """Loss before the update, norm of the gradients before clipping, and the learning rate."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.model(clips), labels)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        rate = self.schedule.get_last_lr()[0]
        self.optimiser.step()
        self.schedule.step()
        return loss.item(), norm.item(), rate


def videos_right(model, videos, size, count):
    """By the mean probability of `count` clips (2 or more) from first to last, cropped at the centre."""
    frames, extent = videos.frames.shape[1:3]
    margin = (extent - size) // 2
    starts = [round(i * (frames - CLIP_LEN) / (count - 1)) for i in range(count)]
    model.eval()
    right = 0
    with torch.no_grad():
        for video in range(len(videos.labels)):
            clips = clips_of(videos, [(video, start, margin, margin) for start in starts], size)
            share = model(normalised(clips.float())).softmax(1).mean(0)
            right += int(share.argmax() == videos.labels[video])
    model.train()
    return right


def random_requests(videos, size, clips_per_video):
    """All clips of an epoch, shuffled: first frames and crops uniform over all that fit."""
    count, frames, extent = videos.frames.shape[:3]
    each = torch.arange(count).repeat(clips_per_video)[torch.randperm(count * clips_per_video)]
    first = torch.randint(frames - CLIP_LEN + 1, (len(each),))
    top, left = torch.randint(extent - size + 1, (2, len(each)))
    return torch.stack([each, first, top, left], 1).tolist()


def train_by_recipe(training, options, widths, seed):
    """A network that PyTorch begins, as `options` say, which are relevid's."""
    torch.manual_seed(seed)
    size, batch = int(options["size"]), int(options["batch"])
    clips_per_video = int(options["clips-per-video"])
    contrast, brightness = float(options["contrast"]), float(options["brightness"])
    model = network(widths, size, len(training.names), float(options["dropout"]))
    updates = len(training.labels) * clips_per_video // batch
    run = Training(model, options, updates)
    for _ in range(int(options["epochs"])):
        requests = random_requests(training, size, clips_per_video)
        for i in range(updates):
            chosen = requests[i * batch:(i + 1) * batch]
            values = jittered(clips_of(training, chosen, size), contrast, brightness)
            run.update(normalised(values), training.labels[[video for video, *_ in chosen]])
    return model
