// SPDX-License-Identifier: Apache-2.0
// What is to be known of every operator, one row each. An operator without a row does not compile.
#pragma once

#include <string_view>
#include <variant>

#include "graph/operators.h"

namespace relevid::graph {

/// What an output's elements are: computed; the inputs' own with constants among them at most; or those
/// moved, scaled, shifted or interpolated by constants.
enum class Values { kComputed, kMoved, kScaled };
/// Whether an output can be negative: as the inputs' values are, if they are, or never.
enum class OutputSign { kAny, kAsInputs, kNotNegative, kByAttributes };
/// Which values of the forward pass a backward pass through the operator reads.
enum class Reads { kNothing, kInputs, kOutput, kInputsAndOutput, kByAttributes };

enum Property : unsigned {
  kNone = 0,
  kElementwise = 1,  ///< each element of y follows from the one of each input at its place
  kWeights = 2,      ///< a layer: y = Wx + b with W of the model's
  kTrained = 4,      ///< training changes its parameters; their gradient reads the inputs
  kMayCancel = 8,    ///< adds up or multiplies computed values, so that the inputs' errors may grow
};

/// kByAttributes: it depends on the operator's attributes, which the functions below ask.
struct OperatorTraits {
  std::string_view name;  ///< for tables and messages, and in files of rules
  Values values;
  OutputSign sign;
  Reads gradient_reads;   ///< a gradient by the inputs
  Reads relevance_reads;  ///< relevance by any rule
  unsigned properties;    ///< Property, or several
  constexpr bool has(Property property) const { return (properties & property) != 0; }
};

/// The table: name, values, sign, what a gradient reads, what relevance reads, properties.
template <class Op>
inline constexpr OperatorTraits kTraits = Op::has_no_row_in_operator_traits;

// clang-format off
template <> inline constexpr OperatorTraits kTraits<Convolution> = {
    "Convolution", Values::kComputed, OutputSign::kAny, Reads::kNothing, Reads::kInputs, kWeights | kTrained};
template <> inline constexpr OperatorTraits kTraits<Dense> = {
    "Dense", Values::kComputed, OutputSign::kAny, Reads::kNothing, Reads::kInputs, kWeights | kTrained};
template <> inline constexpr OperatorTraits kTraits<TransposedConvolution> = {
    "TransposedConvolution", Values::kComputed, OutputSign::kAny, Reads::kNothing, Reads::kInputs, kWeights};
template <> inline constexpr OperatorTraits kTraits<MaxPool> = {
    "MaxPool", Values::kComputed, OutputSign::kAsInputs, Reads::kNothing, Reads::kNothing, kNone};
template <> inline constexpr OperatorTraits kTraits<AveragePool> = {
    "AveragePool", Values::kComputed, OutputSign::kAsInputs, Reads::kNothing, Reads::kInputs, kNone};
template <> inline constexpr OperatorTraits kTraits<Reduce> = {
    "Reduce", Values::kComputed, OutputSign::kAsInputs, Reads::kNothing, Reads::kByAttributes, kNone};
template <> inline constexpr OperatorTraits kTraits<Resample> = {
    "Resample", Values::kScaled, OutputSign::kAsInputs, Reads::kNothing, Reads::kInputs, kNone};
template <> inline constexpr OperatorTraits kTraits<Activation> = {
    "Activation", Values::kComputed, OutputSign::kByAttributes, Reads::kByAttributes, Reads::kNothing, kElementwise};
template <> inline constexpr OperatorTraits kTraits<PRelu> = {
    "PRelu", Values::kComputed, OutputSign::kAsInputs, Reads::kInputs, Reads::kNothing, kElementwise};
template <> inline constexpr OperatorTraits kTraits<Affine> = {
    "Affine", Values::kScaled, OutputSign::kByAttributes, Reads::kNothing, Reads::kNothing, kElementwise | kTrained};
template <> inline constexpr OperatorTraits kTraits<Add> = {
    "Add", Values::kComputed, OutputSign::kByAttributes, Reads::kNothing, Reads::kInputs, kElementwise | kMayCancel};
template <> inline constexpr OperatorTraits kTraits<Multiply> = {
    "Multiply", Values::kComputed, OutputSign::kAsInputs, Reads::kInputs, Reads::kNothing, kElementwise | kMayCancel};
template <> inline constexpr OperatorTraits kTraits<MatMul> = {
    "MatMul", Values::kComputed, OutputSign::kAsInputs, Reads::kInputs, Reads::kInputs, kMayCancel};
template <> inline constexpr OperatorTraits kTraits<Attention> = {
    "Attention", Values::kComputed, OutputSign::kAny, Reads::kInputs, Reads::kInputsAndOutput, kMayCancel};
template <> inline constexpr OperatorTraits kTraits<Softmax> = {
    "Softmax", Values::kComputed, OutputSign::kNotNegative, Reads::kOutput, Reads::kInputsAndOutput, kMayCancel};
template <> inline constexpr OperatorTraits kTraits<Standardise> = {
    "Standardise", Values::kComputed, OutputSign::kAny, Reads::kInputs, Reads::kInputsAndOutput, kMayCancel};
template <> inline constexpr OperatorTraits kTraits<BatchNorm> = {
    "BatchNorm", Values::kComputed, OutputSign::kAny, Reads::kInputs, Reads::kNothing, kTrained};
template <> inline constexpr OperatorTraits kTraits<Dropout> = {
    "Dropout", Values::kComputed, OutputSign::kAsInputs, Reads::kNothing, Reads::kNothing, kNone};
template <> inline constexpr OperatorTraits kTraits<Concat> = {
    "Concat", Values::kMoved, OutputSign::kAsInputs, Reads::kNothing, Reads::kNothing, kNone};
template <> inline constexpr OperatorTraits kTraits<Slice> = {
    "Slice", Values::kMoved, OutputSign::kAsInputs, Reads::kNothing, Reads::kNothing, kNone};
template <> inline constexpr OperatorTraits kTraits<Pad> = {
    "Pad", Values::kMoved, OutputSign::kByAttributes, Reads::kNothing, Reads::kNothing, kNone};
template <> inline constexpr OperatorTraits kTraits<Reshape> = {
    "Reshape", Values::kMoved, OutputSign::kAsInputs, Reads::kNothing, Reads::kNothing, kNone};
template <> inline constexpr OperatorTraits kTraits<Transpose> = {
    "Transpose", Values::kMoved, OutputSign::kAsInputs, Reads::kNothing, Reads::kNothing, kNone};
// clang-format on

const OperatorTraits& traits(const Operator& op);
/// "Convolution", "Dense", ... for tables and messages.
inline std::string_view name(const Operator& op) {
  return traits(op).name;
}

/// With what is asked of the attributes: never kByAttributes.
Reads gradient_reads(const Operator& op);
Reads relevance_reads(const Operator& op);
/// Whether training changes its parameters: as kTrained has it, but of Affines those that learn.
bool is_trained(const Operator& op);
/// Whether the output can be shown never to be negative. `inputs_are`: whether the inputs are.
bool output_never_negative(const Operator& op, bool inputs_are);

}  // namespace relevid::graph
