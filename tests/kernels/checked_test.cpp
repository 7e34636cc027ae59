// SPDX-License-Identifier: Apache-2.0
// The library that checks another one: what agrees passes through it, what does not is named.
#include "kernels/libraries.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/random.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::Library;

/// What float32 rounds is already a difference to this one.
std::unique_ptr<Library> intolerant() {
  return kernels::make_checked_library(testing::library_under_test(1), testing::reference_library(), 1e-12);
}

std::string complaint(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    return error.what();
  }
  return "none";
}

TEST(CheckedLibrary, NamesOperationShapesAndTheLargestDifference) {
  const auto library = intolerant();
  const Shape shape{1, 3};
  const Buffer a = library->upload(Tensor::from(shape, std::vector<float>{1, 0.1F, 3}));
  const Buffer b = library->upload(Tensor::from(shape, std::vector<float>{1, 0.3F, 3}));
  EXPECT_EQ(complaint([&] { library->add(a, a, 1); }), "none");  // exact in float32
  const std::string text = complaint([&] { library->multiply(a, b); });
  const std::string who = std::string(testing::library_under_test(1)->name()) + " and reference";
  EXPECT_EQ(text.find(who + " disagree in multiply of [1, 3] and [1, 3]: "), 0U) << text;
  EXPECT_NE(text.find("at element 1, which differ by"), std::string::npos) << text;
}

TEST(CheckedLibrary, ChecksWhatIsWrittenInPlaceAndItsSums) {
  const auto library = intolerant();
  const Shape shape{1, 2};
  const Buffer third = library->upload(Tensor::from(shape, std::vector<float>{3, 3}));
  Buffer z = library->upload(Tensor::from(shape, std::vector<float>{1, 1}));
  const auto divide = [&] { library->quotient(z, third, 0.1); };
  EXPECT_NE(complaint(divide).find("quotient of [1, 2]"), std::string::npos);
  Buffer scaled = library->upload(Tensor::from(shape, std::vector<float>{0.1F, 0}));
  const Buffer factor = library->upload(Tensor::from(shape, std::vector<float>{0.1F, 0}));
  const auto scale = [&] { library->scale_by(scaled, factor); };
  EXPECT_NE(complaint(scale).find("scale_by of [1, 2]"), std::string::npos);
}

TEST(CheckedLibrary, ChecksLayers) {
  const auto library = intolerant();
  testing::Random random(1);
  const auto weight = std::make_shared<const Tensor>(random.signed_values(Shape{4, 8}));
  const auto layer = library->prepare(kernels::DenseSpec{weight, nullptr}, Shape{2, 8}, {});
  const Buffer x = library->upload(random.signed_values(Shape{2, 8}));
  EXPECT_NE(complaint([&] { layer->forward(x, {}); }).find("layer of [2, 8]"), std::string::npos);
  const Buffer s = library->upload(random.signed_values(Shape{2, 4}));
  EXPECT_NE(complaint([&] { layer->adjoint(s, {}); }).find("adjoint of [2, 4]"), std::string::npos);
}

TEST(CheckedLibrary, WhatIsLeftOutIsNotCompared) {
  const auto library = kernels::make_library("check", {.threads = 1});
  testing::Random random(2);
  const auto weight = std::make_shared<const Tensor>(random.signed_values(Shape{16, 16, 3, 3, 3}));
  kernels::ConvolutionSpec spec;
  spec.weight = weight;
  spec.kernel = {3, 3, 3};
  spec.pads_begin = spec.pads_end = {1, 1, 1};
  spec.channels_out = 16;
  const Shape shape{1, 16, 3, 6, 6};
  const auto layer = library->prepare(spec, shape, {});
  Tensor few(shape, DType::kF32);
  few.values<float>()[7] = 1;
  const Buffer x = library->upload(random.signed_values(shape)), r = library->upload(few);
  EXPECT_EQ(complaint([&] { layer->apply_where(x, r, {}, {}); }), "none");
}

TEST(Devices, AnUnknownNameListsThoseThatThereAre) {
  try {
    kernels::make_library("refrence");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_STREQ(error.what(),
                 "no device 'refrence' (did you mean 'reference'?); there are cpu, reference, check");
  }
  for (const std::string& name : device_names()) EXPECT_NO_THROW(kernels::make_library(name)) << name;
}

}  // namespace
}  // namespace relevid
