#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes folders as Hugging Face transformers saves them, and what its own processors make of frames:
hugging_face_test.cpp compares relevid's clips with that.

    python3 -m venv build/venv && build/venv/bin/pip install torch torchvision transformers
    build/venv/bin/python tests/clips/hugging_face.py tests/clips/hugging_face
    build/venv/bin/python tests/clips/hugging_face.py FOLDER large

Each folder has config.json, the processor's file, case.json (which frames it was given) and pixel_values.npy. Without
"large" pictures are a few pixels wide; with it they have the sizes of real videos and every processor's own defaults.
"""

import json
import pathlib
import sys

import numpy
import transformers

LANCZOS, BILINEAR, BICUBIC = 1, 2, 3
TINY = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=3)


def frames(width, height, count):
    """What source_frame() of frames.h makes: [T, H, W, 3]."""
    i = numpy.arange(width * height * 3, dtype=numpy.int64)
    one = i * 37 + (i * i * 13) % 251
    return numpy.stack([((one + t * 29) % 256).astype(numpy.uint8).reshape(height, width, 3) for t in range(count)])


def videomae(**settings):
    return transformers.VideoMAEConfig(**{"num_frames": 2, **TINY, **settings})


def timesformer(**settings):
    return transformers.TimesformerConfig(**{"num_frames": 2, **TINY, **settings})


def vivit(**settings):
    return transformers.VivitConfig(**{"num_frames": 2, **TINY, **settings})


def vjepa2(**settings):
    return transformers.VJEPA2Config(**{"frames_per_clip": 2, "num_labels": 3, **settings})


def square(side):
    return {"height": side, "width": side}


def edge(side):
    return {"shortest_edge": side}


def small_cases():
    t = transformers
    yield "videomae_image", videomae(image_size=10), t.VideoMAEImageProcessor(
        size=edge(12), crop_size=square(10), image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]), (17, 23)
    yield "videomae_enlarged", videomae(image_size=20), t.VideoMAEVideoProcessor(
        size=edge(21), crop_size=square(20), resample=BICUBIC), (19, 13)
    yield "videomae_not_rescaled", videomae(image_size=8), t.VideoMAEImageProcessor(
        size=edge(8), crop_size=square(8), do_rescale=False, image_mean=[123.0, 117.0, 104.0], image_std=[58.0, 57.0, 57.5]), (21, 14)
    yield "videomae_plain", videomae(image_size=9), t.VideoMAEVideoProcessor(
        do_resize=False, do_normalize=False, crop_size=square(9)), (14, 12)
    yield "timesformer_lanczos", timesformer(image_size=10), t.TimesformerVideoProcessor(
        size=edge(13), crop_size=square(10), resample=LANCZOS), (31, 22)
    yield "timesformer_uncropped", timesformer(image_size=12), t.TimesformerVideoProcessor(
        size={"height": 12, "width": 11}, do_center_crop=False), (16, 25)
    yield "timesformer_unscaled", timesformer(image_size=9), t.TimesformerVideoProcessor(
        size=edge(9), crop_size=square(9), do_rescale=False, do_normalize=False), (20, 16)
    yield "vivit_image", vivit(image_size=10), t.VivitImageProcessor(size=edge(12), crop_size=square(10)), (23, 18)
    yield "vivit_image_unnormalised", vivit(image_size=10), t.VivitImageProcessor(
        size=edge(11), crop_size=square(10), resample=BICUBIC, do_normalize=False), (18, 29)
    yield "vivit_image_no_offset", vivit(image_size=11), t.VivitImageProcessor(
        size={"height": 12, "width": 15}, crop_size=square(11), resample=LANCZOS, offset=False, rescale_factor=1 / 255), (27, 20)
    yield "vivit_image_tall", vivit(image_size=10), t.VivitImageProcessor(
        size={"height": 12, "width": 11}, crop_size=square(10)), (13, 31)
    yield "vivit_video", vivit(image_size=10), t.VivitVideoProcessor(size=edge(14), crop_size=square(10)), (33, 24)
    yield "vivit_video_unnormalised", vivit(image_size=10), t.VivitVideoProcessor(
        size=edge(11), crop_size=square(10), resample=BICUBIC, do_normalize=False), (18, 29)
    yield "vjepa2", vjepa2(crop_size=14), t.VJEPA2VideoProcessor(crop_size=14), (26, 19)
    yield "videomae_sampled", videomae(num_frames=4, image_size=8), t.VideoMAEVideoProcessor(
        size=edge(8), crop_size=square(8), do_sample_frames=True, num_frames=4), (12, 9)


def large_cases():
    t = transformers
    sizes = [(320, 240), (240, 426), (480, 271), (1280, 720)]
    for width, height in sizes:
        name = f"{width}x{height}"
        yield f"videomae_image_{name}", videomae(), t.VideoMAEImageProcessor(), (width, height)
        yield f"timesformer_{name}", timesformer(), t.TimesformerVideoProcessor(), (width, height)
        yield f"vivit_image_{name}", vivit(), t.VivitImageProcessor(), (width, height)
        yield f"vivit_video_{name}", vivit(), t.VivitVideoProcessor(), (width, height)
        yield f"vjepa2_{name}", vjepa2(crop_size=256), t.VJEPA2VideoProcessor(), (width, height)
    random = numpy.random.default_rng(1)
    for i in range(24):
        width, height = (int(n) for n in random.integers(40, 400, 2))
        side = int(random.integers(16, 300))
        settings = dict(size=edge(side), crop_size={"height": int(random.integers(8, side + 1)), "width": int(random.integers(8, side + 1))},
                        resample=(LANCZOS, BILINEAR, BICUBIC)[i % 3], do_normalize=bool(i % 4))
        processor = (t.VideoMAEVideoProcessor, t.VivitImageProcessor)[i // 3 % 2](**settings)
        yield f"random_{i}", (videomae, vivit)[i // 3 % 2](), processor, (width, height)


def loaded(folder, processor):
    """The processor that transformers itself finds in the folder."""
    images = "Image" in type(processor).__name__
    found = (transformers.AutoImageProcessor if images else transformers.AutoVideoProcessor).from_pretrained(folder)
    assert type(found) is type(processor), (folder, type(found))
    return found, images


def write_case(folder, config, processor, size):
    folder.mkdir(parents=True, exist_ok=True)
    config.id2label = {0: "walk", 1: "run, \"fast\"", 2: "b\u00f6se"}
    config.save_pretrained(folder)
    processor.save_pretrained(folder)
    found, images = loaded(folder, processor)
    sampled = bool(getattr(found, "do_sample_frames", False))
    video = frames(*size, 11 if sampled else 2)
    values = next(iter(found(list(video) if images else video, return_tensors="np").values()))
    numpy.save(folder / "pixel_values.npy", values[0].astype(numpy.float32))
    case = {"width": size[0], "height": size[1], "frames": len(video), "sampled": sampled}
    (folder / "case.json").write_text(json.dumps(case) + "\n")


def main(out, cases):
    for name, config, processor, size in cases():
        write_case(pathlib.Path(out) / name, config, processor, size)


if __name__ == "__main__":
    main(sys.argv[1], large_cases if "large" in sys.argv[2:] else small_cases)
