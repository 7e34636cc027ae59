// SPDX-License-Identifier: Apache-2.0
#include "train/clip_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "relevid/error.h"

namespace relevid::train {
namespace {

ClipLoaderOptions checked(const ClipLoaderOptions& options) {
  const auto require_one = [](std::string_view what, int64_t value) {
    if (value >= 1) return;
    throw Error(ErrorKind::kInvalidArgument, fmt::format("{} is {}; 1 or more are possible", what, value));
  };
  require_one("the batch size", options.batch_size);
  require_one("the number of threads that cut clips", options.threads);
  require_one("the number of batches cut ahead", options.batches_ahead);
  return options;
}

int64_t count_batches(int64_t clips, const ClipLoaderOptions& options) {
  const bool keep = options.last_batch == ClipLoaderOptions::LastBatch::kKeep;
  return clips / options.batch_size + (keep && clips % options.batch_size != 0);
}

}  // namespace

ClipLoader::ClipLoader(std::vector<TrainingVideo> videos, std::vector<ClipRequest> requests,
                       const Preprocessing& preprocessing, const Augmentation& augmentation,
                       const ClipLoaderOptions& options)
    : videos_(std::move(videos)),
      requests_(std::move(requests)),
      options_(checked(options)),
      cutter_(preprocessing, augmentation),
      batch_count_(count_batches(static_cast<int64_t>(requests_.size()), options_)),
      clip_shape_(common_clip_shape()) {
  const int64_t threads = std::min({options_.threads, options_.batches_ahead, batch_count_});
  for (int64_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

ClipLoader::~ClipLoader() {
  for (std::jthread& thread : threads_) thread.request_stop();  // all at once; each is joined by its own end
}

Shape ClipLoader::common_clip_shape() const {
  std::optional<Shape> common;
  const ClipRequest* first = nullptr;
  for (const ClipRequest& request : requests_) {
    if (request.video < 0 || request.video >= static_cast<int64_t>(videos_.size())) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("a clip of video {}, where there are {}", request.video, videos_.size()));
    }
    const CachedVideo& video = *videos_[static_cast<size_t>(request.video)].frames;
    Shape shape = cutter_.clip_shape(static_cast<int64_t>(request.frame_indices.size()), video.size());
    if (!common) {
      common = std::move(shape);
      first = &request;
    } else if (*common != shape) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format(
              "a clip of {} has the shape {}, one of {} has {}: they make no batch; clips need one length, "
              "and videos of different sizes one crop",
              videos_[static_cast<size_t>(first->video)].frames->video().string(), common->to_string(),
              video.video().string(), shape.to_string()));
    }
  }
  return common.value_or(Shape{});
}

std::optional<Batch> ClipLoader::next() {
  std::unique_lock lock(mutex_);
  if (handed_over_ == batch_count_) return std::nullopt;
  ready_.wait(lock, [this] { return outcomes_.contains(handed_over_); });
  Outcome& outcome = outcomes_.at(handed_over_);
  if (const auto* failure = std::get_if<std::exception_ptr>(&outcome)) std::rethrow_exception(*failure);
  Batch batch = std::get<Batch>(std::move(outcome));
  outcomes_.erase(handed_over_);
  ++handed_over_;
  lock.unlock();
  room_.notify_one();
  return batch;
}

void ClipLoader::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto may_begin = [this] {
    return begun_ == batch_count_ || begun_ < handed_over_ + options_.batches_ahead;
  };
  while (room_.wait(lock, stop, may_begin) && !stop.stop_requested() && begun_ < batch_count_) {
    const int64_t batch = begun_++;
    lock.unlock();
    Outcome outcome = cut_batch(batch, stop);
    lock.lock();
    outcomes_.emplace(batch, std::move(outcome));
    ready_.notify_one();
  }
}

std::span<const ClipRequest> ClipLoader::requests_of(int64_t batch) const {
  const auto begin = static_cast<size_t>(batch * options_.batch_size);
  const size_t count = std::min(requests_.size() - begin, static_cast<size_t>(options_.batch_size));
  return std::span(requests_).subspan(begin, count);
}

ClipLoader::Outcome ClipLoader::cut_batch(int64_t number, const std::stop_token& stop) const try {
  const auto requests = requests_of(number);
  Shape shape = clip_shape_;
  const auto clip_elements = static_cast<size_t>(shape.elements());
  shape[0] = static_cast<int64_t>(requests.size());
  Batch batch{Tensor(shape, DType::kF32), {}, {}};
  const auto values = batch.clips.values<float>();
  for (size_t i = 0; i < requests.size() && !stop.stop_requested(); ++i) {
    const ClipRequest& request = requests[i];
    const CachedVideo& video = *videos_[static_cast<size_t>(request.video)].frames;
    cutter_.cut(video, request.frame_indices, request.seed, values.subspan(i * clip_elements, clip_elements));
    batch.labels.push_back(request.label);
    batch.videos.push_back(request.video);
  }
  return batch;
} catch (...) {
  return std::current_exception();
}

}  // namespace relevid::train
