// SPDX-License-Identifier: Apache-2.0
#include "audit/wording.h"

#include <fmt/format.h>

#include <string_view>

namespace relevid::audit {
using statistics::Estimate;
using statistics::Range;

std::string times(const Estimate& estimate) {
  if (!estimate.has_interval()) return fmt::format("{:.2f}", estimate.value);
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", estimate.value, estimate.low, estimate.high);
}

std::string points(const Estimate& gain) {
  if (!gain.has_interval()) return fmt::format("{:+.1f} points", 100 * gain.value);
  return fmt::format("{:+.1f} points ({:+.1f} to {:+.1f})", 100 * gain.value, 100 * gain.low,
                     100 * gain.high);
}

std::string border_of(const Verdict& verdict) {
  if (verdict.k == 1) return fmt::format("the first and the last of {} frames", verdict.frames);
  return fmt::format("the first {0} and the last {0} of {1} frames", verdict.k, verdict.frames);
}

namespace {

std::string probability(double p) {
  return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.3f}", p);
}

std::string videos(int64_t count) {
  return fmt::format("{} video{}", count, count == 1 ? "" : "s");
}

std::string undecided(const Verdict& verdict) {
  std::string none = fmt::format("Can't tell: no video at interval {}.", verdict.interval);
  if (verdict.ratio.videos == 0) return none;
  if (!verdict.excess) {
    return fmt::format(
        "Can't tell: without a null profile, what the border gets may be the architecture's doing;"
        " the border ratio is {}.",
        times(verdict.ratio));
  }
  const Estimate& excess = *verdict.excess;
  if (excess.videos == 0) return none;
  if (verdict.frames < 3) return "Can't tell: clips of two frames are all border.";
  const std::string seen =
      fmt::format("{} carry {} times the relevance that the architecture alone gives them",
                  border_of(verdict), times(excess));
  const std::string needed = verdict.videos_needed ? fmt::format("; about {} would be needed to decide",
                                                                 videos(*verdict.videos_needed))
                                                   : std::string();
  if (!excess.reliable()) {
    return fmt::format("Can't tell from {}, in which {}{}.", videos(excess.videos), seen, needed);
  }
  return fmt::format(
      "Can't tell: at interval {}, {}, which neither passes nor excludes the smallest excess of "
      "interest, {:.2f}, from {}{}.",
      verdict.interval, seen, 1 + verdict.smallest_excess, videos(excess.videos), needed);
}

std::string decided(const Verdict& verdict) {
  if (verdict.effect == BorderEffect::kCantTell) return undecided(verdict);
  const bool present = verdict.effect == BorderEffect::kPresent;
  const Estimate& excess = *verdict.excess;
  const std::string_view less = excess.high < 1 ? ", which would give them more" : "";
  return fmt::format(
      "{}: at interval {}, {} carry {} times the relevance that the architecture alone gives them{}, "
      "{} the smallest excess of interest, {:.2f}, from {}.",
      present ? "Border effect present" : "No border effect", verdict.interval, border_of(verdict),
      times(excess), less, present ? "above" : "below", 1 + verdict.smallest_excess, videos(excess.videos));
}

std::string not_counted(const Verdict& verdict) {
  if (verdict.without_relevance == 0) return "";
  return fmt::format(" {} of {} have no relevance and do not count.", verdict.without_relevance,
                     videos(verdict.observed));
}

std::string_view subject_of(AuditControl control) {
  switch (control) {
    case AuditControl::kRandomWeights:
      return "With random weights";
    case AuditControl::kFrozen:
      return "With one frame repeated";
    case AuditControl::kShuffled:
      return "With the frames shuffled";
    case AuditControl::kReversed:
      return "With the frames reversed";
    default:
      return "With shifted clips";
  }
}

std::string_view weaker(AuditControl control) {
  switch (control) {
    case AuditControl::kRandomWeights:
      return "training put the rest there";
    case AuditControl::kFrozen:
      return "the rest needs change between the frames";
    case AuditControl::kShuffled:
      return "the rest needs the frames in their order";
    default:
      return "the border loses";
  }
}

std::string_view same(AuditControl control) {
  switch (control) {
    case AuditControl::kRandomWeights:
      return "training makes no difference to it";
    case AuditControl::kFrozen:
      return "change between the frames makes no difference to it";
    case AuditControl::kShuffled:
      return "the frames' order makes no difference to it";
    default:
      return "that makes no difference to it";
  }
}

std::string_view stronger(AuditControl control) {
  switch (control) {
    case AuditControl::kRandomWeights:
      return "training took relevance away from the border";
    case AuditControl::kFrozen:
      return "change between the frames draws relevance away from the border";
    case AuditControl::kShuffled:
      return "disorder draws relevance to the border";
    default:
      return "the border gains";
  }
}

std::string meaning_of(const BorderControl& control) {
  switch (control.change) {
    case BorderChange::kWeaker:
      return fmt::format("lower; {}", weaker(control.condition.control.value()));
    case BorderChange::kSame:
      return fmt::format("about the same; {}", same(control.condition.control.value()));
    case BorderChange::kStronger:
      return fmt::format("higher; {}", stronger(control.condition.control.value()));
    case BorderChange::kCantTell:
      break;
  }
  return control.relative.reliable() ? "too wide an interval to tell" : "too few videos to tell";
}

/// Why a control has nothing to compare.
std::string missing(const BorderControl& control) {
  if (control.observed == 0) return "no video has a clip of this control";
  const std::string all = videos(control.observed);
  if (control.without_relevance == control.observed) {
    return fmt::format("no video to compare, as in all of {} its clips have no relevance", all);
  }
  if (control.real_without_relevance == control.observed) {
    return fmt::format("no video to compare, as in all of {} the real clips have no relevance", all);
  }
  return fmt::format("no video to compare, as in each of {} its clips or the real ones have no relevance",
                     all);
}

std::string rate_of(const std::optional<Range>& rate) {
  if (!rate) return "";
  if (rate->lowest == rate->highest) {
    return fmt::format(" The network then sees {:.3g} frames a second.", rate->lowest);
  }
  return fmt::format(" The network then sees {:.3g} to {:.3g} frames a second.", rate->lowest, rate->highest);
}

/// Why the base stays.
std::string reason_of(const Recommendation& r) {
  if (r.chosen == r.base) {
    return fmt::format("on the {} for choosing, no other was better by more than noise",
                       videos(r.choice_videos));
  }
  if (!r.gain || r.gain->videos == 0) return fmt::format("nothing was left to test interval {} on", r.chosen);
  return fmt::format(
      "interval {} did best on one half of the videos, but on the other half, {}, its gain is {} "
      "(McNemar {})",
      r.chosen, videos(r.report_videos), points(*r.gain), probability(r.mcnemar->p));
}

}  // namespace

std::string sentence_of(const Verdict& verdict) {
  if (verdict.withheld) {
    return fmt::format("No verdict: {}. {}", verdict.withheld->reason, verdict.withheld->remedy);
  }
  return decided(verdict) + not_counted(verdict);
}

std::string sentence_of(const BorderControl& control) {
  const std::string_view subject = subject_of(control.condition.control.value());
  if (control.relative.videos == 0) return fmt::format("{}: {}.", subject, missing(control));
  return fmt::format("{} the border gets {} times what it gets in the real clips, from {}: {}.", subject,
                     times(control.relative), videos(control.relative.videos), meaning_of(control));
}

std::string sentence_of(const FollowControl& control) {
  const std::string_view subject = subject_of(control.condition.control.value());
  if (control.difference.videos == 0) {
    const int64_t shift = control.condition.shift_frames, interval = control.condition.frame_interval;
    if (shift % interval == 0) return fmt::format("{}: nothing to compare.", subject);
    return fmt::format("{}: {} frames are no whole number of positions at interval {}.", subject, shift,
                       interval);
  }
  std::string_view meaning = "relevance follows neither the position in the clip nor the frames clearly";
  if (control.follows == Follows::kPosition) meaning = "relevance follows the position in the clip";
  if (control.follows == Follows::kContent) meaning = "relevance follows the frames";
  return fmt::format(
      "{} the profile is {} away from staying at its positions and {} from going with its frames, "
      "from {}: {}.",
      subject, times(control.from_position), times(control.from_content), videos(control.difference.videos),
      meaning);
}

std::string sentence_of(const Recommendation& r) {
  if (r.withheld) return fmt::format("No advice: {}.", r.withheld->reason);
  if (r.advice == Advice::kChange) {
    return fmt::format(
        "Use interval {} instead of {}: on {} that had no part in choosing it, the gain in "
        "accuracy is {} (McNemar {}).{}",
        r.chosen, r.base, videos(r.report_videos), points(*r.gain), probability(r.mcnemar->p),
        rate_of(r.advised_rate));
  }
  if (r.candidates.size() == 1) return fmt::format("Keep interval {}: no other was compared.", r.base);
  if (r.choice_videos + r.report_videos == 0) {
    return fmt::format("Keep interval {} for now: no labelled video fits all intervals.", r.base);
  }
  if (r.advice == Advice::kKeep) return fmt::format("Keep interval {}: {}.", r.base, reason_of(r));
  return fmt::format(
      "Keep interval {} for now: {}; to see a gain of {:.1f} points takes about {} labelled videos, "
      "and there were {}.",
      r.base, reason_of(r), 100 * r.gain_sought, *r.videos_needed, r.choice_videos + r.report_videos);
}

}  // namespace relevid::audit
