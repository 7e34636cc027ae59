// SPDX-License-Identifier: Apache-2.0
#include "audit/controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "audit/statistics.h"
#include "audit/wording.h"
#include "made_up.h"

namespace relevid::audit {

using run::Condition;

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::observation;
using testing::source_of;
using testing::uniform_profile;
using testing::Videos;
using testing::with_border;

constexpr int64_t kFrames = 8;

/// What the control shows of the real clip's profile.
using Shown = std::function<std::vector<double>(std::vector<double>, Random&)>;

/// Videos with a bump of relevance anywhere, and a raised border.
Controls controls(const Condition& control, int64_t count, const Shown& shown) {
  Random random(3);
  Videos videos;
  for (int64_t i = 0; i < count; ++i) {
    auto one = testing::video(i, 0, 2);
    std::vector<double> real = uniform_profile(kFrames);
    for (double& share : real) share *= 0.8;
    real[static_cast<size_t>(random.below(kFrames))] += 0.2;
    real = with_border(real, 1.2 + testing::skewed(random, 0.1));
    one.by_condition[0] = observation(real, 0, true);
    one.by_condition[1] = observation(shown(real, random), 0, true);
    videos.push_back(std::move(one));
  }
  StatisticsOptions options;
  options.replicates = 500;
  return analyse(source_of(videos), {{std::nullopt, 1, 0}, control}, options).controls;
}

BorderControl border(AuditControl kind, double factor, int64_t count = 60) {
  const Shown scaled = [&](std::vector<double> real, Random& random) {
    return with_border(std::move(real), factor + testing::skewed(random, 0.05));
  };
  return controls({kind, 1, 0}, count, scaled).border.at(0);
}

TEST(BorderControl, ComparesWithTheRealClips) {
  const BorderControl less = border(AuditControl::kRandomWeights, 0.6);
  EXPECT_EQ(less.change, BorderChange::kWeaker);
  EXPECT_NEAR(less.relative.value, 0.6, 0.03);
  EXPECT_THAT(less.sentence, HasSubstr("training put the rest there"));
  EXPECT_EQ(border(AuditControl::kFrozen, 1).change, BorderChange::kSame);
  EXPECT_EQ(border(AuditControl::kShuffled, 1.3).change, BorderChange::kStronger);
  EXPECT_EQ(border(AuditControl::kFrozen, 0.6, 5).change, BorderChange::kCantTell);
  EXPECT_THAT(border(AuditControl::kFrozen, 0.6, 5).sentence, HasSubstr("too few videos"));
}

TEST(BorderControl, SaysWhatItsIntervalSays) {
  EXPECT_EQ(change_of({0.78, 0.64, 0.97, 0.08, 60}, 0.05), BorderChange::kWeaker);
  EXPECT_EQ(change_of({0.99, 0.95, 1.05, 0.02, 60}, 0.05), BorderChange::kSame);
  EXPECT_EQ(change_of({0.97, 0.96, 0.99, 0.01, 60}, 0.05), BorderChange::kSame);
  EXPECT_EQ(change_of({1.03, 0.93, 1.08, 0.04, 60}, 0.05), BorderChange::kSame);
  EXPECT_EQ(change_of({1.2, 1.01, 1.4, 0.1, 60}, 0.05), BorderChange::kStronger);
  EXPECT_EQ(change_of({0.9, 0.6, 1.2, 0.15, 60}, 0.05), BorderChange::kCantTell);
  EXPECT_EQ(change_of({0.78, 0.64, 0.97, 0.08, 9}, 0.05), BorderChange::kCantTell);
  EXPECT_THAT(border(AuditControl::kRandomWeights, 0.6).sentence, HasSubstr("videos: lower; training"));
  EXPECT_THAT(border(AuditControl::kFrozen, 1).sentence, HasSubstr("videos: about the same; change"));
  EXPECT_THAT(border(AuditControl::kShuffled, 1.3).sentence, HasSubstr("videos: higher; disorder"));
}

TEST(BorderControl, SaysWhyThereIsNoVideoToCompare) {
  const auto sentence = [](int64_t observed, int64_t without, int64_t real_without) {
    BorderControl control;
    control.condition = {AuditControl::kFrozen, 1, 0};
    control.observed = observed;
    control.without_relevance = without;
    control.real_without_relevance = real_without;
    return sentence_of(control);
  };
  EXPECT_THAT(sentence(0, 0, 0), HasSubstr("no video has a clip of this control"));
  EXPECT_THAT(sentence(8, 8, 0), HasSubstr("in all of 8 videos its clips have no relevance"));
  EXPECT_THAT(sentence(8, 1, 8), HasSubstr("in all of 8 videos the real clips have no relevance"));
  EXPECT_THAT(sentence(8, 5, 3), HasSubstr("in each of 8 videos its clips or the real ones"));
  const BorderControl none =
      controls({AuditControl::kFrozen, 1, 0}, 12, [](std::vector<double> real, Random&) {
        real.assign(real.size(), 0);
        return real;
      }).border.at(0);
  EXPECT_EQ(none.observed, 12);
  EXPECT_THAT(none.sentence, HasSubstr("in all of 12 videos its clips have no relevance"));
}

TEST(FollowControl, TellsReversedRelevanceThatStaysFromThatWhichMirrors) {
  const Condition reversed{AuditControl::kReversed, 1, 0};
  const auto same = [](std::vector<double> real, Random&) { return real; };
  const auto mirrored = [](std::vector<double> real, Random&) {
    std::reverse(real.begin(), real.end());
    return real;
  };
  const FollowControl stays = controls(reversed, 40, same).follow.at(0);
  EXPECT_EQ(stays.follows, Follows::kPosition);
  EXPECT_NEAR(stays.from_position.value, 0, 1e-9);
  EXPECT_GT(stays.from_content.low, 0.05);
  EXPECT_THAT(stays.sentence, HasSubstr("follows the position"));
  const FollowControl mirrors = controls(reversed, 40, mirrored).follow.at(0);
  EXPECT_EQ(mirrors.follows, Follows::kContent);
  EXPECT_NEAR(mirrors.from_content.value, 0, 1e-9);
  EXPECT_EQ(controls(reversed, 5, mirrored).follow.at(0).follows, Follows::kCantTell);
}

TEST(FollowControl, OfNoiseCantTell) {
  const auto unrelated = [](const std::vector<double>&, Random& random) {
    std::vector<double> other = uniform_profile(kFrames);
    for (double& share : other) share *= 0.8;
    other[static_cast<size_t>(random.below(kFrames))] += 0.2;
    return other;
  };
  EXPECT_EQ(controls({AuditControl::kReversed, 1, 0}, 40, unrelated).follow.at(0).follows,
            Follows::kCantTell);
}

TEST(FollowControl, TellsAShiftedClipsFramesFromItsPositions) {
  const auto moved = [](std::vector<double> real, Random&) {
    std::rotate(real.begin(), real.begin() + 2, real.end());
    return real;
  };
  const FollowControl later = controls({AuditControl::kShifted, 1, 2}, 40, moved).follow.at(0);
  EXPECT_EQ(later.follows, Follows::kContent);
  EXPECT_NEAR(later.from_content.value, 0, 1e-9);
  const FollowControl wrong_way = controls({AuditControl::kShifted, 1, -2}, 40, moved).follow.at(0);
  EXPECT_GT(wrong_way.from_content.value, 0.1);
}

TEST(FollowControl, ComparesWithTheClipsItWasMadeFrom) {
  // The mean over all clips is flat; the one clip that was shifted is not.
  Videos videos;
  Random random(6);
  for (int64_t i = 0; i < 30; ++i) {
    auto one = testing::video(i, 0, 2);
    std::vector<double> clip = uniform_profile(kFrames);
    for (double& share : clip) share *= 0.5;
    clip[static_cast<size_t>(2 + random.below(kFrames - 2))] += 0.5;
    one.by_condition[0] = observation(uniform_profile(kFrames), 0, true);
    std::vector<double> moved = clip;
    std::rotate(moved.begin(), moved.begin() + 2, moved.end());
    one.by_condition[1] = observation(moved, 0, true);
    one.by_condition[1]->real_shares = clip;
    videos.push_back(std::move(one));
  }
  const Controls found =
      analyse(source_of(videos), {{std::nullopt, 1, 0}, {AuditControl::kShifted, 1, 2}}, {}).controls;
  EXPECT_EQ(found.follow.at(0).follows, Follows::kContent);
  EXPECT_NEAR(found.follow[0].from_content.value, 0, 1e-9);
}

TEST(FollowDistances, AreWorkedOutByHand) {
  const std::vector<double> real{0.4, 0.3, 0.2, 0.1}, control{0.3, 0.2, 0.1, 0.4};
  // Shared positions 0 to 2: control (3, 2, 1) / 6; position (4, 3, 2) / 9; content (3, 2, 1) / 6.
  const auto shifted = follow_distances({AuditControl::kShifted, 1, 1}, real, control);
  EXPECT_NEAR((*shifted)[0], (3.0 / 6 - 4.0 / 9 + 2.0 / 9 - 1.0 / 6) / 2, 1e-12);
  EXPECT_NEAR((*shifted)[1], 0, 1e-12);
  const auto half_as_far = follow_distances({AuditControl::kShifted, 2, 2}, real, control);
  EXPECT_EQ(half_as_far, shifted);
  const auto reversed = follow_distances({AuditControl::kReversed, 1, 0}, real, control);
  EXPECT_NEAR((*reversed)[0], (0.1 + 0.1 + 0.1 + 0.3) / 2, 1e-12);
  EXPECT_NEAR((*reversed)[1], (0.2 + 0 + 0.2 + 0) / 2, 1e-12);
}

TEST(FollowControl, SaysWhyAShiftCannotBeCompared) {
  FollowControl control;
  control.condition = {AuditControl::kShifted, 3, 4};
  EXPECT_THAT(sentence_of(control), HasSubstr("4 frames are no whole number of positions at interval 3"));
}

TEST(FollowDistances, NeedAShiftOfWholePositionsInsideTheClip) {
  const std::vector<double> profile = uniform_profile(4);
  EXPECT_FALSE(follow_distances({AuditControl::kShifted, 2, 3}, profile, profile));
  EXPECT_FALSE(follow_distances({AuditControl::kShifted, 1, 0}, profile, profile));
  EXPECT_FALSE(follow_distances({AuditControl::kShifted, 1, 3}, profile, profile));
  EXPECT_TRUE(follow_distances({AuditControl::kShifted, 1, -2}, profile, profile));
  const std::vector<double> empty_part{0, 0, 0, 1};
  EXPECT_FALSE(follow_distances({AuditControl::kShifted, 1, 1}, profile, empty_part));
}

}  // namespace
}  // namespace relevid::audit
