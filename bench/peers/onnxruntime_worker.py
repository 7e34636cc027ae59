# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime, as serving.py describes: onnxruntime_worker.py MODEL CLIP THREADS"""
import sys

import numpy
import onnxruntime
from serving import serve


def main():
    model, clip, threads = sys.argv[1:]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = int(threads)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {"clip": numpy.load(clip)}
    serve(lambda: {"logits": session.run(["logits"], inputs)[0]})


main()
