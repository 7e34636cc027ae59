// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relevid/export.h"
#include "relevid/preprocessing.h"
#include "relevid/tensor.h"

namespace RELEVID_EXPORT relevid {

/// A declared input or output. Sizes that the file leaves open are -1.
struct ModelPort {
  std::string name;
  std::vector<int64_t> dims;
};

/// An input of a model of several pathways (SlowFast), and which frames of the clip it takes.
struct ModelPathway {
  std::string input;
  std::vector<int64_t> frames;
};

/// A video classifier read from an ONNX file. Immutable; may be used from several threads.
class Model {
 public:
  /// Errors: kIo, kCorruptInput (not ONNX, truncated, damaged), kUnsupportedModel (opset).
  explicit Model(const std::filesystem::path& path);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  /// The file, as it was given.
  const std::filesystem::path& path() const;
  /// Of the file, in hexadecimal digits.
  const std::string& sha256() const;
  /// The version of ONNX's own operators that the file asks for.
  int64_t opset() const;
  /// The program that wrote the file, as the file says; may be empty.
  const std::string& producer() const;
  /// Of a model of several pathways the longest alone, which is the clip; from it the others take frames.
  const std::vector<ModelPort>& inputs() const;
  /// Empty where the file has one input.
  std::vector<ModelPathway> pathways() const;
  /// How many clips the file's input has, [batch, clips, and a clip's four axes], over which the model
  /// averages inside; 0 where it has no such axis. inputs() is then of one clip, which stands for all of
  /// them.
  int64_t clips_inside() const;
  /// As the file declares them.
  const std::vector<ModelPort>& outputs() const;
  /// What is read or run otherwise than the file says (a quantised model), as sentences; mostly empty.
  std::vector<std::string> notes() const;
  /// The file's own key-value pairs.
  const std::map<std::string, std::string>& metadata() const;

  /// From MODEL.json beside the model, else from the key "relevid" of its metadata, else from the files of
  /// Hugging Face transformers in its folder (relevid/hugging_face.h); nothing where none is there. Throws
  /// Error(kCorruptInput) where one is there and is wrong, Error(kUnsupportedModel) where such a folder's
  /// processor is one that relevid does not know.
  std::optional<FoundSettings> find_settings() const;
  /// By class index, where nothing but a Hugging Face folder's config.json has them; may be empty. Errors as
  /// read_hugging_face_labels.
  std::vector<std::string> find_class_names() const;

  /// The shape of one clip: the declared input with a batch of 1, open sizes taken from the settings, and
  /// what those leave open from `otherwise` (five sizes in the model's order, -1 where unknown). Throws
  /// Error(kUnsupportedModel) where the model takes no video, Error(kInvalidArgument) where the settings do
  /// not fit or a size stays open.
  Shape clip_shape(const std::optional<ModelSettings>& settings,
                   const std::vector<int64_t>& otherwise = {}) const;

  /// Nodes that cannot be run or explained, as "Operator 'name'"; found without running anything.
  std::vector<std::string> unsupported_nodes() const;

  struct Implementation;
  /// For relevid itself.
  const Implementation& implementation() const { return *implementation_; }
  explicit Model(std::unique_ptr<Implementation> implementation);  ///< for relevid itself

 private:
  std::unique_ptr<Implementation> implementation_;
};

/// One node of the network as it is run.
struct LayerDescription {
  std::string name;
  std::string op;      ///< Convolution, Dense, MaxPool, ...
  std::string detail;  ///< "3x3x3, stride 1x2x2, 64 groups"
  Shape output;
  int64_t parameters = 0;
  int64_t multiply_adds = 0;
  std::string rule;  ///< how relevance passes it under the method
  /// What about that is a convention rather than a decomposition of the layer's function; mostly empty.
  std::string not_exact;
};

/// What a network with attention is made of, whatever its family.
struct TransformerDescription {
  std::array<int64_t, 3> tubelet{0, 0, 0};  ///< frames, rows and columns between neighbouring patches
  std::array<int64_t, 3> tokens{0, 0, 0};   ///< patches along time, rows and columns
  int64_t class_tokens = 0;                 ///< tokens that stand for no patch, at the first attention
  /// Attentions that differ in no number below, in the order in which they first come.
  struct Attention {
    int64_t layers = 0;             ///< how many there are
    int64_t heads = 0;              ///< 0 where they cannot be told from windows
    int64_t queries = 0, keys = 0;  ///< of each of which each head's weights go from one to the other
  };
  std::vector<Attention> attentions;
  bool operator==(const TransformerDescription&) const = default;
};
/// Nothing where the network has no attention, or no convolution that cuts the clip into patches. Errors as
/// ClipExplainer's.
std::optional<TransformerDescription> describe_transformer(const Model& model, const Shape& clip_shape);

/// The method whose rules are looked up.
struct DescribeOptions {
  std::string method = "auto";
  std::filesystem::path rules_file;  ///< a user's own rules, before the preset's; empty: none
  /// Whether the smallest and largest value of the input are known, on which deep_taylor's first layer
  /// depends.
  enum class InputBounds { kKnown, kUnknown } bounds = InputBounds::kUnknown;
};
/// The layers of a model for one clip shape, and the rule that each gets. Errors as ClipExplainer's.
std::vector<LayerDescription> describe_layers(const Model& model, const Shape& clip_shape,
                                              const DescribeOptions& options);

}  // namespace relevid
