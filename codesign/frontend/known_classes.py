"""The names of Keras and QKeras that a model file may use; everything else is refused."""

from __future__ import annotations

from codesign.frontend.quantizer_text import SIGNATURES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODELS = _words(
    """
    Sequential Functional Model
    """
)
"""Models."""

KERAS_LAYERS = _words(
    """
    InputLayer Dense Activation BatchNormalization Flatten Reshape Permute RepeatVector Dropout SpatialDropout1D
    SpatialDropout2D GaussianNoise GaussianDropout ActivityRegularization Conv1D Conv2D DepthwiseConv1D
    DepthwiseConv2D SeparableConv1D SeparableConv2D Conv1DTranspose Conv2DTranspose MaxPooling1D MaxPooling2D
    AveragePooling1D AveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D
    GlobalAveragePooling2D ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D UpSampling1D UpSampling2D Add
    Subtract Multiply Average Maximum Minimum Concatenate Dot ReLU LeakyReLU PReLU ELU Softmax Embedding
    SimpleRNN SimpleRNNCell LSTM LSTMCell GRU GRUCell RNN Bidirectional TimeDistributed LayerNormalization
    MultiHeadAttention EinsumDense Rescaling Normalization Identity
    """
)
"""Layers of Keras."""

QKERAS_LAYERS = _words(
    """
    QDense QActivation QBatchNormalization QConv1D QConv2D QConv2DTranspose QSeparableConv1D QSeparableConv2D
    QDepthwiseConv2D QConv2DBatchnorm QDepthwiseConv2DBatchnorm QDenseBatchnorm QAveragePooling2D
    QGlobalAveragePooling2D QScaleShift QSimpleRNN QSimpleRNNCell QLSTM QLSTMCell QGRU QGRUCell QBidirectional
    """
)
"""Layers of QKeras."""

KERAS_PARTS = _words(
    """
    DTypePolicy Policy Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling Orthogonal
    IdentityInitializer GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform L1 L2 L1L2
    OrthogonalRegularizer MaxNorm NonNeg UnitNorm MinMaxNorm
    """
)
"""What layers of Keras are configured with."""

QKERAS_PARTS = _words(
    """
    Clip QInitializer
    """
)
"""What layers of QKeras are configured with, besides quantizers."""

MARKERS = _words(
    """
    __keras_tensor__ __tuple__ __ellipsis__ TensorShape
    """
)
"""Keras's notation for values that JSON lacks."""

UNSAFE = _words(
    """
    Lambda __lambda__ TFSMLayer TorchModuleWrapper FlaxLayer JaxLayer __typespec__
    """
)
"""What could run code or reach outside the file; each is named in the refusal."""

MODULES = _words(
    """
    keras keras.layers keras.models keras.initializers keras.regularizers keras.constraints keras.activations
    keras.dtype_policies keras.src.models.functional keras.src.models.sequential keras.src.models.model
    keras.src.engine.functional keras.src.engine.sequential keras.engine.functional keras.engine.sequential
    builtins
    """
)
"""Modules that a file may say its classes come from, besides those of qkeras."""

CLASSES = MODELS | KERAS_LAYERS | QKERAS_LAYERS | QKERAS_PARTS | KERAS_PARTS | frozenset(SIGNATURES)
"""Every class that a file may name."""
