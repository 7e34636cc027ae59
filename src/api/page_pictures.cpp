// SPDX-License-Identifier: Apache-2.0
#include "api/page_pictures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "api/maps.h"
#include "report/page_data.h"

namespace relevid {
namespace {

constexpr int64_t kLargestFactor = 8;

int64_t shrunk(int64_t size, int64_t factor) {
  return (size + factor - 1) / factor;
}

/// Sums over blocks of factor x factor, cut at the edges: [..., H, W] to [..., H', W'].
Tensor block_sums(const Tensor& maps, int64_t factor) {
  const Shape& s = maps.shape();
  Shape shape = s;
  shape[2] = shrunk(s[2], factor);
  shape[3] = shrunk(s[3], factor);
  Tensor result(shape, DType::kF32);
  const auto from = maps.values<float>();
  const auto to = result.values<float>();
  for (int64_t plane = 0; plane < s[0] * s[1]; ++plane) {
    for (int64_t y = 0; y < s[2]; ++y) {
      const auto row = static_cast<size_t>((plane * shape[2] + y / factor) * shape[3]);
      for (int64_t x = 0; x < s[3]; ++x)
        to[row + static_cast<size_t>(x / factor)] += from[static_cast<size_t>((plane * s[2] + y) * s[3] + x)];
    }
  }
  return result;
}

/// Means over the same blocks.
Picture block_means(const Picture& picture, int64_t factor) {
  if (factor == 1) return picture;
  const int64_t width = shrunk(picture.width, factor), height = shrunk(picture.height, factor);
  std::vector<uint32_t> sums(static_cast<size_t>(width * height * 3)), counts(sums.size());
  for (int64_t i = 0; i < picture.width * picture.height; ++i) {
    const int64_t block = i / picture.width / factor * width + i % picture.width / factor;
    for (int64_t c = 0; c < 3; ++c) {
      sums[static_cast<size_t>(3 * block + c)] += picture.rgb[static_cast<size_t>(3 * i + c)];
      ++counts[static_cast<size_t>(3 * block + c)];
    }
  }
  Picture result{width, height, {}};
  for (size_t i = 0; i < sums.size(); ++i)
    result.rgb.push_back(static_cast<uint8_t>((sums[i] + counts[i] / 2) / counts[i]));
  return result;
}

double largest_size(const Tensor& values) {
  double largest = 0;
  for (const float value : values.values<float>())
    largest = std::fmax(largest, std::fabs(static_cast<double>(value)));
  return largest;
}

/// What a page's contrast can be set to: 90 to 100 in tenths, and the one that was asked for.
std::vector<double> offered_percentiles(double own) {
  std::vector<double> percentiles;
  for (int tenth = 900; tenth <= 1000; ++tenth) percentiles.push_back(tenth / 10.0);
  const auto place = std::ranges::lower_bound(percentiles, own);
  if (place == percentiles.end() || *place != own) percentiles.insert(place, own);
  return percentiles;
}

std::span<const float> clip_of(const Tensor& maps, size_t clip) {
  const auto size = static_cast<size_t>(maps.elements() / maps.shape()[0]);
  return maps.values<float>().subspan(clip * size, size);
}

}  // namespace

PagePictures::PagePictures(std::span<const Explanation> explanations, int64_t limit_bytes, Fit fit)
    : explanations_(explanations), pictures_(explanations.front()) {
  const Explanation& first = explanations.front();
  for (size_t clip = 0; clip < first.plans.size(); ++clip) {
    for (size_t t = 0; t < first.plans[clip].frame_indices.size(); ++t) place_of_[key(clip, t)] = 0;
  }
  for (int64_t place = 0; auto& [key, at] : place_of_) at = place++;
  for (const Explanation& e : explanations) {
    relevance_.push_back(e.relevance.elements() > 0 ? summed_over_channels(e.relevance) : Tensor());
    limits_.push_back(largest_size(relevance_.back()));
  }
  encoded_maps_.assign(explanations.size(), std::vector<std::string>(first.plans.size()));
  kept_.assign(first.plans.size(), 1);
  if (fit == Fit::kShrink)
    shrink(limit_bytes);
  else
    leave_out_clips(limit_bytes);
}

/// Of a video, the frame's index: the same frame is the same picture. Clips given as numbers share none.
int64_t PagePictures::key(size_t clip, size_t t) const {
  const Explanation& e = explanations_.front();
  const auto frames = static_cast<int64_t>(e.plans[clip].frame_indices.size());
  return e.video ? e.plans[clip].frame_indices[t]
                 : static_cast<int64_t>(clip) * frames + static_cast<int64_t>(t);
}

/// The first clip tells about how many fit; fewer are taken until they do.
void PagePictures::leave_out_clips(int64_t limit_bytes) {
  const size_t count = kept_.size();
  const int64_t one = std::max<int64_t>(1, encode({0}));
  // Clips that share frames take less each.
  const auto frames = static_cast<double>(explanations_.front().clips->shape()[2]);
  const double fresh = static_cast<double>(place_of_.size()) / (frames * static_cast<double>(count));
  const double fit = static_cast<double>(limit_bytes) / (static_cast<double>(one) * fresh);
  auto most = static_cast<size_t>(std::clamp(fit, 1.0, static_cast<double>(count)));
  for (;;) {
    const auto clips = evenly(count, most);
    const int64_t taken = encode(clips);
    if (taken <= limit_bytes || most == 1) return keep_only(clips);
    const double part = static_cast<double>(limit_bytes) / static_cast<double>(taken);
    most = std::clamp<size_t>(static_cast<size_t>(static_cast<double>(most) * part), 1, most - 1);
  }
}

void PagePictures::shrink(int64_t limit_bytes) {
  std::vector<size_t> all(kept_.size());
  std::iota(all.begin(), all.end(), size_t{0});
  while (encode(all) > limit_bytes && factor_ < kLargestFactor) {
    ++factor_;
    encoded_frames_.clear();
    for (size_t i = 0; i < explanations_.size(); ++i) {
      encoded_maps_[i].assign(kept_.size(), "");
      if (relevance_[i].elements() == 0) continue;
      relevance_[i] = block_sums(summed_over_channels(explanations_[i].relevance), factor_);
      limits_[i] = largest_size(relevance_[i]);
    }
  }
}

/// Encodes what these clips have and nothing has encoded before; returns what they take together.
int64_t PagePictures::encode(const std::vector<size_t>& clips) {
  int64_t bytes = 0;
  std::map<int64_t, char> counted;
  const auto frames = static_cast<size_t>(explanations_.front().clips->shape()[2]);
  for (const size_t clip : clips) {
    for (size_t t = 0; t < frames; ++t) {
      std::string& frame = encoded_frames_[key(clip, t)];
      if (frame.empty()) {
        const Picture picture = pictures_.at(static_cast<int64_t>(clip), static_cast<int64_t>(t));
        frame = report::encoded_picture(view(block_means(picture, factor_)));
      }
      if (counted.emplace(key(clip, t), 1).second) bytes += std::ssize(frame);
    }
    for (size_t i = 0; i < relevance_.size(); ++i) {
      std::string& map = encoded_maps_[i][clip];
      if (relevance_[i].elements() == 0) continue;
      if (map.empty()) map = report::encoded_map(clip_of(relevance_[i], clip), limits_[i]);
      bytes += std::ssize(map);
    }
  }
  return bytes;
}

void PagePictures::keep_only(const std::vector<size_t>& clips) {
  kept_.assign(kept_.size(), 0);
  std::map<int64_t, std::string> frames;
  for (const size_t clip : clips) {
    kept_[clip] = 1;
    for (size_t t = 0; t < explanations_.front().plans[clip].frame_indices.size(); ++t) {
      const auto found = encoded_frames_.find(key(clip, t));
      if (found != encoded_frames_.end()) frames.insert(encoded_frames_.extract(found));
    }
  }
  encoded_frames_ = std::move(frames);
  for (auto& maps : encoded_maps_) {
    for (size_t clip = 0; clip < maps.size(); ++clip) {
      if (!kept_[clip]) maps[clip].clear();
    }
  }
}

nlohmann::json PagePictures::frames() const {
  const Explanation& e = explanations_.front();
  const Shape& s = e.clips->shape();
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [key, place] : place_of_) {
    const auto found = encoded_frames_.find(key);
    const auto index = static_cast<size_t>(e.video ? key : key % s[2]);
    list.push_back(
        {{"index", index},
         {"seconds", e.video ? nlohmann::json(e.video->pts_seconds.at(index)) : nlohmann::json()},
         {"png", found == encoded_frames_.end() ? nlohmann::json() : nlohmann::json(found->second)}});
  }
  return {{"size", {shrunk(s[3], factor_), shrunk(s[4], factor_)}},
          {"aspect", pictures_.aspect()},
          {"list", std::move(list)}};
}

std::vector<int64_t> PagePictures::places(size_t clip) const {
  std::vector<int64_t> places;
  for (size_t t = 0; t < explanations_.front().plans[clip].frame_indices.size(); ++t)
    places.push_back(place_of_.at(key(clip, t)));
  return places;
}

nlohmann::json PagePictures::maps(size_t explanation) const {
  if (relevance_[explanation].elements() == 0) return nullptr;
  nlohmann::json clips = nlohmann::json::array();
  for (const std::string& map : encoded_maps_[explanation])
    clips.push_back(map.empty() ? nlohmann::json() : nlohmann::json(map));
  return {{"limit", limits_[explanation]}, {"encoding", report::kMapEncoding}, {"clips", std::move(clips)}};
}

nlohmann::json PagePictures::scale(size_t explanation, double percentile) const {
  if (relevance_[explanation].elements() == 0) return nullptr;
  const std::vector<double> percentiles = offered_percentiles(percentile);
  const auto limits = scale_limits(relevance_[explanation].values<float>(), percentiles);
  const auto own = std::ranges::find(percentiles, percentile) - percentiles.begin();
  return {{"percentile", percentile},
          {"limit", limits[static_cast<size_t>(own)]},
          {"percentiles", percentiles},
          {"limits", limits}};
}

}  // namespace relevid
