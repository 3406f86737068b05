"""Every op, by shelf and file. Each is declared once, in its file; ``methods`` gives Tensor those that are methods too.

Ops declared but not listed here are parts of others (a backward rule, a fused loop), or named only by
``nn.functional``.
"""

from ..arguments import explain_all as _explain_all
from ..choice import exact_where, where
from ..primitive import broadcast_to
from . import methods  # noqa: F401 (gives Tensor its methods and operators)
from .arrays.creation import (
    arange,
    eye,
    fill,
    full,
    full_like,
    linspace,
    new_full,
    new_ones,
    new_zeros,
    ones,
    ones_like,
    scalar_tensor,
    size_of,
    tril_indices,
    triu_indices,
    zeros,
    zeros_like,
)
from .arrays.diagonals import diag, diag_embed, diagflat, diagonal, diagonal_scatter
from .arrays.indexing import (
    argwhere,
    getitem,
    index_add,
    index_copy,
    index_fill,
    index_put,
    index_select,
    narrow,
    nonzero,
    select,
    select_scatter,
    setitem,
    slice_scatter,
    stages,
    take,
)
from .arrays.joining import block_diag, cartesian_prod, cat, column_stack, dstack, hstack, meshgrid, stack, vstack
from .arrays.padding import pad
from .arrays.rearranging import (
    constant_pad_nd,
    flip,
    fliplr,
    flipud,
    repeat,
    repeat_interleave,
    roll,
    rot90,
    tile,
    tril,
    triu,
)
from .arrays.sampling import bernoulli, multinomial, normal, rand, rand_like, randint, randn, randn_like, randperm
from .arrays.scatter import (
    gather,
    masked_fill,
    masked_scatter,
    masked_select,
    put_along_dim,
    scatter,
    scatter_add,
    scatter_reduce,
    take_along_dim,
)
from .arrays.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_tensors,
    clone,
    contiguous,
    expand,
    expand_as,
    flatten,
    movedim,
    permute,
    ravel,
    reshape,
    reshape_as,
    squeeze,
    t,
    transpose,
    unflatten,
    unsqueeze,
    view,
    view_as,
)
from .arrays.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle
from .arrays.sorting import argsort, bucketize, kthvalue, median, msort, searchsorted, sort, topk, unique
from .arrays.splitting import chunk, hsplit, split, split_with_sizes, tensor_split, unbind, vsplit
from .arrays.unfolding import fold, unfold
from .elementwise.activation import (
    celu,
    elu,
    gelu,
    gelu_sigmoid,
    gelu_tanh,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softshrink,
    softsign,
    tanh,
    tanhshrink,
    threshold,
)
from .elementwise.arithmetic import (
    add,
    addcdiv,
    addcmul,
    div,
    float_power,
    floor_divide,
    fmax,
    fmin,
    fmod,
    lerp,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    power,
    reciprocal,
    remainder,
    rsub,
    square,
    sub,
    true_divide,
)
from .elementwise.comparison import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
)
from .elementwise.exponential import erf, exp, exp2, expm1, log, log1p, log2, log10, logaddexp, logaddexp2, rsqrt, sqrt
from .elementwise.rounding import (
    abs,
    ceil,
    clamp,
    clamp_max,
    clamp_min,
    copysign,
    floor,
    frac,
    nan_to_num,
    positive,
    round,
    sign,
    signbit,
    trunc,
)
from .elementwise.special import digamma, erfc, erfinv, lgamma, logit, sinc, trigamma, xlogy
from .elementwise.trigonometric import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    deg2rad,
    hypot,
    rad2deg,
    sin,
    sinh,
    tan,
)
from .linalg.bilinear import bilinear
from .linalg.decompositions import cholesky, det, inv, inverse, matrix_power, slogdet, solve
from .linalg.distance import cdist, cosine_similarity, normalize, pairwise_distance, pdist
from .linalg.einsum import einsum, parse
from .linalg.matmul import bmm, dot, inner, linear, matmul, mm, mv, one_dtype, outer, rows_of, vdot
from .linalg.products import addbmm, addmm, addmv, addr, baddbmm, cross, kron, multi_dot, tensordot, vecdot
from .linalg.svd import svdvals
from .nn.attention import scaled_dot_product_attention
from .nn.convolution import (
    as_batch,
    at_least,
    check_weight,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    convolution,
    convolution_input_gradient,
    convolution_weight_gradient,
    output_size,
    per_dimension,
)
from .nn.embedding import embedding, embedding_bag, one_hot
from .nn.interpolation import interpolate, resample
from .nn.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
)
from .nn.losses.classification import cross_entropy, multi_margin_loss, nll_loss
from .nn.losses.ctc import ctc_loss
from .nn.losses.margin import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from .nn.losses.regression import (
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)
from .nn.normalization import (
    batch_norm,
    channels_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    move_towards,
    per_channel,
    rms_norm,
    rows_norm,
)
from .nn.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from .reduce.cumulative import cummax, cummin, cumprod, cumsum, diff, logcumsumexp
from .reduce.norms import dist, linalg_norm, matrix_norm, norm, vector_norm
from .reduce.reduction import (
    all,
    amax,
    amin,
    aminmax,
    any,
    argmax,
    argmin,
    count_nonzero,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    nanmean,
    nansum,
    prod,
    softmax,
    sum,
    trace,
)
from .reduce.statistics import bincount, quantile, std, std_mean, var, var_mean

# fmt: off
__all__ = [
    "abs", "acos", "acosh", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "add", "addbmm", "addcdiv", "addcmul",
    "addmm", "addmv", "addr", "all", "allclose", "amax", "amin", "aminmax", "any", "arange", "argmax", "argmin",
    "argsort", "argwhere", "as_batch", "asin", "asinh", "at_least", "atan", "atan2", "atanh", "atleast_1d",
    "atleast_2d", "atleast_3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "baddbmm", "batch_norm", "bernoulli",
    "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "bincount", "bitwise_and", "bitwise_not",
    "bitwise_or", "bitwise_xor", "block_diag", "bmm", "broadcast_tensors", "broadcast_to", "bucketize",
    "cartesian_prod", "cat", "cdist", "ceil", "celu", "channel_shuffle", "channels_norm", "check_weight", "cholesky",
    "chunk", "clamp", "clamp_max", "clamp_min", "clone", "column_stack", "constant_pad_nd", "contiguous", "conv1d",
    "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution",
    "convolution_input_gradient", "convolution_weight_gradient", "copysign", "cos", "cosh", "cosine_embedding_loss",
    "cosine_similarity", "count_nonzero", "cross", "cross_entropy", "ctc_loss", "cummax", "cummin", "cumprod",
    "cumsum", "deg2rad", "det", "diag", "diag_embed", "diagflat", "diagonal", "diagonal_scatter", "diff", "digamma",
    "dist", "div", "dot", "dstack", "einsum", "elu", "embedding", "embedding_bag", "eq", "equal", "erf", "erfc",
    "erfinv", "exact_where", "exp", "exp2", "expand", "expand_as", "expm1", "eye", "fill", "flatten", "flip",
    "fliplr", "flipud", "float_power", "floor", "floor_divide", "fmax", "fmin", "fmod", "fold", "frac", "full",
    "full_like", "gather", "gaussian_nll_loss", "ge", "gelu", "gelu_sigmoid", "gelu_tanh", "getitem", "glu",
    "group_norm", "gt", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss", "hsplit",
    "hstack", "huber_loss", "hypot", "index_add", "index_copy", "index_fill", "index_put", "index_select", "inner",
    "instance_norm", "interpolate", "inv", "inverse", "isclose", "isfinite", "isinf", "isnan", "kl_div", "kron",
    "kthvalue", "l1_loss", "layer_norm", "le", "leaky_relu", "lerp", "lgamma", "linalg_norm", "linear", "linspace",
    "local_response_norm", "log", "log1p", "log2", "log10", "log_softmax", "logaddexp", "logaddexp2", "logcumsumexp",
    "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logsigmoid", "logsumexp", "lp_pool1d",
    "lp_pool2d", "lp_pool3d", "lt", "margin_ranking_loss", "masked_fill", "masked_scatter", "masked_select", "matmul",
    "matrix_norm", "matrix_power", "max", "max_pool", "max_pool1d", "max_pool2d", "max_pool3d", "max_unpool1d",
    "max_unpool2d", "max_unpool3d", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mish", "mm",
    "move_towards", "movedim", "mse_loss", "msort", "mul", "multi_dot", "multi_margin_loss", "multilabel_margin_loss",
    "multilabel_soft_margin_loss", "multinomial", "mv", "nan_to_num", "nanmean", "nansum", "narrow", "ne", "neg",
    "new_full", "new_ones", "new_zeros", "nll_loss", "nonzero", "norm", "normal", "normalize", "one_dtype", "one_hot",
    "ones", "ones_like", "outer", "output_size", "pad", "pairwise_distance", "parse", "pdist", "per_channel",
    "per_dimension", "permute", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "positive", "pow", "power",
    "prelu", "prod", "put_along_dim", "quantile", "rad2deg", "rand", "rand_like", "randint", "randn", "randn_like",
    "randperm", "ravel", "reciprocal", "relu", "relu6", "remainder", "repeat", "repeat_interleave", "resample",
    "reshape", "reshape_as", "rms_norm", "roll", "rot90", "round", "rows_norm", "rows_of", "rsqrt", "rsub",
    "scalar_tensor", "scaled_dot_product_attention", "scatter", "scatter_add", "scatter_reduce", "searchsorted",
    "select", "select_scatter", "selu", "setitem", "sigmoid", "sign", "signbit", "silu", "sin", "sinc", "sinh",
    "size_of", "slice_scatter", "slogdet", "smooth_l1_loss", "soft_margin_loss", "softmax", "softplus", "softshrink",
    "softsign", "solve", "sort", "split", "split_with_sizes", "sqrt", "square", "squeeze", "stack", "stages", "std",
    "std_mean", "sub", "sum", "svdvals", "t", "take", "take_along_dim", "tan", "tanh", "tanhshrink", "tensor_split",
    "tensordot", "threshold", "tile", "topk", "trace", "transpose", "trigamma", "tril", "tril_indices",
    "triplet_margin_loss", "triplet_margin_with_distance_loss", "triu", "triu_indices", "true_divide", "trunc",
    "unbind", "unflatten", "unfold", "unique", "unsqueeze", "var", "var_mean", "vdot", "vecdot", "vector_norm",
    "view", "view_as", "vsplit", "vstack", "where", "xlogy", "zeros", "zeros_like",
]
# fmt: on

_explain_all(globals(), "microgradnet")
