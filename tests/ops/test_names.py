"""Every op by PyTorch's names exists, as a function or as a method of Tensor."""

import pytest

import microgradnet as mg

NAMES = {
    "unary": """
        abs acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh deg2rad erf erfc erfinv exp
        exp2 expm1 floor frac isfinite isinf isnan lgamma log log10 log1p log2 logical_not logit nan_to_num neg
        positive rad2deg reciprocal round rsqrt sigmoid sign signbit sin sinc sinh sqrt square tan tanh trunc
    """,
    "binary": """
        add sub mul div true_divide floor_divide fmod remainder pow float_power rsub __radd__ __rmul__ __rsub__
        __rdiv__ __rpow__ __rmatmul__ maximum minimum fmax fmin atan2 hypot logaddexp logaddexp2 copysign xlogy
        lerp addcmul addcdiv eq ne lt le gt ge logical_and logical_or logical_xor isclose allclose equal where
    """,
    "reduction": """
        sum mean prod max min amax amin aminmax argmax argmin all any std var std_mean var_mean median nansum
        nanmean logsumexp norm dist cumsum cumprod cummax cummin logcumsumexp count_nonzero diff trace quantile
        softmax log_softmax linalg.norm linalg.vector_norm linalg.matrix_norm
    """,
    "matmul": """
        matmul mm bmm mv dot vdot inner outer addmm addmv addbmm baddbmm addr einsum tensordot kron
        linalg.multi_dot linalg.vecdot linalg.matrix_power linalg.inv linalg.det linalg.slogdet linalg.solve
        linalg.cholesky linalg.cross cross
    """,
    "shape": """
        reshape view view_as reshape_as flatten unflatten ravel squeeze unsqueeze transpose t T mT permute
        movedim expand expand_as broadcast_to broadcast_tensors repeat repeat_interleave tile cat stack hstack
        vstack dstack column_stack split split_with_sizes chunk tensor_split hsplit vsplit unbind flip fliplr
        flipud roll rot90 tril triu diag diagonal diag_embed diagflat meshgrid narrow atleast_1d atleast_2d
        atleast_3d clone contiguous constant_pad_nd block_diag cartesian_prod
    """,
    "index": """
        __getitem__ select gather scatter scatter_add scatter_reduce index_select index_add index_copy
        index_fill index_put masked_fill masked_select masked_scatter take take_along_dim nonzero argwhere topk
        sort argsort msort kthvalue unique searchsorted bucketize select_scatter slice_scatter diagonal_scatter
        bincount
    """,
    "creation": """
        arange eye full full_like linspace ones ones_like zeros zeros_like tril_indices triu_indices new_full
        new_ones new_zeros scalar_tensor fill
    """,
    "nn": """
        F.adaptive_avg_pool1d F.adaptive_avg_pool2d F.adaptive_avg_pool3d F.adaptive_max_pool1d
        F.adaptive_max_pool2d F.adaptive_max_pool3d F.avg_pool1d F.avg_pool2d F.avg_pool3d F.batch_norm
        F.bilinear F.binary_cross_entropy F.binary_cross_entropy_with_logits F.celu F.channel_shuffle F.conv1d
        F.conv2d F.conv3d F.conv_transpose1d F.conv_transpose2d F.conv_transpose3d F.cosine_embedding_loss
        F.cosine_similarity F.cross_entropy F.ctc_loss F.elu F.embedding F.embedding_bag F.gaussian_nll_loss
        F.gelu F.glu F.group_norm F.hardshrink F.hardsigmoid F.hardswish F.hardtanh F.hinge_embedding_loss
        F.huber_loss F.instance_norm F.interpolate F.kl_div F.l1_loss F.layer_norm F.leaky_relu F.linear
        F.local_response_norm F.logsigmoid F.margin_ranking_loss F.max_pool1d F.max_pool2d F.max_pool3d
        F.max_unpool1d F.max_unpool2d F.max_unpool3d F.mish F.mse_loss F.multi_margin_loss
        F.multilabel_margin_loss F.multilabel_soft_margin_loss F.nll_loss F.normalize F.one_hot F.pad
        F.pairwise_distance F.pdist F.pixel_shuffle F.pixel_unshuffle F.poisson_nll_loss F.prelu F.relu F.relu6
        F.rms_norm F.scaled_dot_product_attention F.selu F.silu F.smooth_l1_loss F.soft_margin_loss F.softmin
        F.softplus F.softshrink F.softsign F.tanhshrink F.threshold F.triplet_margin_loss
        F.triplet_margin_with_distance_loss F.unfold
    """,
}


def lookup(name: str):
    """The function (or method, or attribute of Tensor) of this name, or None."""
    place = mg.nn.functional if name.startswith("F.") else mg
    for part in name.removeprefix("F.").split("."):
        place = getattr(place, part, None)
    return place if place is not None else getattr(mg.Tensor, name, None)


@pytest.mark.parametrize("family", NAMES)
def test_every_name_exists(family):
    missing = [name for name in NAMES[family].split() if lookup(name) is None]
    assert not missing, f"missing: {', '.join(missing)}"
