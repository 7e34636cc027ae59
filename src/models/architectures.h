// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/model.h"
#include "models/models.h"

namespace relevid::models {

/// What stands between a convolution and its ReLU.
enum class Normalisation { kNone, kBatch };

/// Tran et al. 2015 (ICCV), "Learning Spatiotemporal Features with 3D Convolutional Networks": the network
/// that was published with it, 487 classes of Sports-1M.
graph::Model create_c3d(Normalisation normalisation, const CreateOptions& options);
/// Its small sister of four convolutions (32, 64, 128, 128 channels) and one fully connected layer, for
/// frames of a few dozen pixels. Of our own.
graph::Model create_c3d_small(Normalisation normalisation, const CreateOptions& options);

/// Tran et al. 2018 (CVPR), "A Closer Look at Spatiotemporal Convolutions for Action Recognition", 18 layers
/// in the geometry of torchvision, whose weights fit by name; 400 classes of Kinetics.
enum class ResidualKind { kR3d, kR2Plus1d };
graph::Model create_resnet_18(ResidualKind kind, const CreateOptions& options);

/// The encoder that classifies in Tong et al. 2022 (NeurIPS), "VideoMAE: Masked Autoencoders are
/// Data-Efficient Learners for Self-Supervised Video Pre-Training", ViT-B with 400 classes of Kinetics, but
/// with learnt positions; and a small sister of our own, of 4 blocks, 128 channels and tubelets of 2 x 8 x 8.
enum class TransformerSize { kBase, kSmall };
graph::Model create_video_transformer(TransformerSize size, const CreateOptions& options);

}  // namespace relevid::models
