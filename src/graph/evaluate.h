// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "graph/model.h"

namespace relevid::graph {

/// The values of a node whose inputs are all constants, one for each output that it defines, by ONNX's
/// definition: what exporters leave after reshapes and pads (Shape, Gather, Slice, Split, Cast, ...) and
/// arithmetic on weights (weight standardisation). What changed between opsets is seen from the node itself.
/// `inputs` follow the node's, null where absent. Empty where the operator, or this form of it, is not one
/// that is evaluated. Throws Error(kCorruptInput) for operands that ONNX does not allow,
/// Error(kResourceLimit) where the result would be absurdly large.
std::vector<Tensor> evaluate(const ModelNode& node, std::span<const TensorRef> inputs);

/// The value of a Shape or Size node over anything of `shape`, constant or computed; nothing for other nodes.
std::optional<Tensor> evaluate_shape(const ModelNode& node, const Shape& shape);

/// Axis in [0, rank), from one that may count from the end. Throws Error(kCorruptInput) naming the node.
int64_t resolve_axis(const ModelNode& node, int64_t axis, int64_t rank);

/// What an ONNX Slice takes along each axis of `shape`, from its (starts, ends, axes, steps).
struct SliceRange {
  std::vector<int64_t> begin, step, count;
};
SliceRange resolve_slice(const ModelNode& node, const Shape& shape, std::span<const int64_t> starts,
                         std::span<const int64_t> ends, std::span<const int64_t> axes,
                         std::span<const int64_t> steps);

/// The parts of a Split along its axis, one for each output; `sizes` is its second input, null where absent.
std::vector<SliceRange> resolve_split(const ModelNode& node, const Shape& shape, const TensorRef& sizes);

/// What an ONNX Pad in mode constant does: takes `crop` (its negative pads), then puts a border around.
struct Padding {
  SliceRange crop;
  std::vector<int64_t> begin, end;
  double value = 0;
  Shape padded;
};
Padding resolve_padding(const ModelNode& node, const Shape& shape, const TensorRef& pads,
                        const TensorRef& value, const TensorRef& axes);

/// Where an ONNX reduction goes.
struct Reduction {
  std::vector<int64_t> axes;  ///< ascending; none for the identity
  Shape kept;                 ///< with size 1 along the axes
  Shape result;               ///< as keepdims asks for
};
Reduction resolve_reduction(const ModelNode& node, const Shape& shape, const TensorRef& axes);

/// The shape that an ONNX Reshape asks for: 0 copies (unless its allowzero is set), -1 is worked out.
Shape resolve_reshape(const ModelNode& node, const Shape& from, std::span<const int64_t> wanted);

/// Axes of Squeeze, Unsqueeze and reductions: the second input where the opset has one, otherwise an
/// attribute.
std::vector<int64_t> axes_of(const ModelNode& node, const TensorRef& axes_input);
Shape squeezed(const ModelNode& node, const Shape& from, std::vector<int64_t> axes);
Shape unsqueezed(const ModelNode& node, const Shape& from, std::vector<int64_t> axes);
Shape flattened(const ModelNode& node, const Shape& from);

/// For each index of a GatherND or ScatterND the row that it names: rows are what is left of a tensor of
/// `shape` after its first `batch` axes and as many more as an index has numbers. `indices`: [batch axes...,
/// ..., numbers].
struct RowSelection {
  std::vector<int64_t> rows;
  int64_t count = 1;  ///< of all rows there are
  Shape selected;     ///< axes of the selection, without the row's own
  Shape row;
};
RowSelection resolve_rows(const ModelNode& node, const Shape& shape, const Tensor& indices, int64_t batch);

/// For each index of a GatherElements or ScatterElements along `axis` the element of a tensor of `shape` that
/// it names.
std::vector<int64_t> resolve_elements(const ModelNode& node, const Shape& shape, const Tensor& indices,
                                      int64_t axis);

/// How often Tile repeats each axis of `shape`.
std::vector<int64_t> resolve_repeats(const ModelNode& node, const Shape& shape, const Tensor& repeats);

/// Starts, ends, axes and steps of a Slice, from attributes (opset 9) or constant inputs.
struct SliceArguments {
  std::vector<int64_t> starts, ends, axes, steps;
};
SliceArguments slice_arguments(const ModelNode& node, std::span<const TensorRef> inputs);

}  // namespace relevid::graph
