"""Every module, initializer, optimizer and schedule on the list exists under its name, and some test checks it."""

import importlib
import pkgutil

import pytest

import microgradnet as mg
import tests.nn
import tests.optim
from tests.covered import COVERED

NAMES = {
    "activations": """
        nn.Threshold nn.ReLU nn.RReLU nn.Hardtanh nn.ReLU6 nn.Sigmoid nn.Hardsigmoid nn.Tanh nn.SiLU nn.Mish
        nn.Hardswish nn.ELU nn.CELU nn.SELU nn.GLU nn.GELU nn.Hardshrink nn.LeakyReLU nn.LogSigmoid nn.Softplus
        nn.Softshrink nn.PReLU nn.Softsign nn.Tanhshrink nn.Softmin nn.Softmax nn.Softmax2d nn.LogSoftmax
        nn.MultiheadAttention
        nn.Maxout nn.Maxout2d nn.Swish nn.Step nn.BentIdentity nn.Squareplus nn.Snake nn.Softexponential
        nn.ReLUSquared nn.CReLU nn.SwiGLU nn.GeGLU nn.ReGLU nn.Sparsemax nn.Entmax15 nn.SReLU nn.APL nn.PAU
        nn.StochasticGELU nn.LiSHT nn.Gaussian nn.Sinusoid nn.ArcTan nn.Exponential nn.HardMish nn.SparsePlus
        nn.SparseSigmoid nn.ISRU nn.ISRLU nn.TLU
    """,
    "initializers": """
        init.uniform_ init.normal_ init.constant_ init.ones_ init.zeros_ init.eye_ init.dirac_ init.xavier_uniform_
        init.xavier_normal_ init.kaiming_uniform_ init.kaiming_normal_ init.trunc_normal_ init.orthogonal_
        init.sparse_ init.calculate_gain init.lecun_uniform_ init.lecun_normal_ init.glorot_uniform_
        init.glorot_normal_ init.he_uniform_ init.he_normal_ init.variance_scaling_ init.small_random_
        init.large_random_ init.identity_ init.irnn_ init.delta_orthogonal_ init.lsuv_ init.fixup_
        init.zero_init_residual_ init.scaled_bias_ init.pretrain_layerwise
    """,
    "normalizations": """
        nn.BatchNorm1d nn.BatchNorm2d nn.BatchNorm3d nn.SyncBatchNorm nn.LayerNorm nn.GroupNorm nn.InstanceNorm1d
        nn.InstanceNorm2d nn.InstanceNorm3d nn.LocalResponseNorm nn.CrossMapLRN2d nn.RMSNorm
        nn.LazyBatchNorm1d nn.LazyBatchNorm2d nn.LazyBatchNorm3d nn.LazyInstanceNorm1d nn.LazyInstanceNorm2d
        nn.LazyInstanceNorm3d utils.parametrizations.weight_norm utils.parametrizations.spectral_norm
        utils.parametrizations.orthogonal
        nn.PowerNorm nn.BatchRenorm nn.WeightStandardization nn.ScaleNorm nn.FilterResponseNorm
        nn.GlobalResponseNorm nn.SwitchableNorm nn.PixelNorm nn.DynamicTanh nn.UnitNorm nn.EvoNormB0 nn.EvoNormS0
        nn.LayerScale
    """,
    "dropout": """
        nn.Dropout nn.Dropout1d nn.Dropout2d nn.Dropout3d nn.AlphaDropout nn.FeatureAlphaDropout nn.VanillaDropout
        nn.DropConnect nn.DropPath nn.StochasticDepth nn.DropBlock2d nn.GaussianDropout nn.GaussianNoise nn.Standout
        nn.Zoneout nn.VariationalDropout nn.ConcreteDropout nn.ShakeShake nn.MCDropout nn.ShakeDrop
    """,
    "layers": """
        nn.Linear nn.Bilinear nn.Identity nn.Conv1d nn.Conv2d nn.Conv3d nn.ConvTranspose1d nn.ConvTranspose2d
        nn.ConvTranspose3d nn.Fold nn.Unfold nn.MaxPool1d nn.MaxPool2d nn.MaxPool3d nn.AvgPool1d nn.AvgPool2d
        nn.AvgPool3d nn.AdaptiveAvgPool1d nn.AdaptiveAvgPool2d nn.AdaptiveAvgPool3d nn.AdaptiveMaxPool1d
        nn.AdaptiveMaxPool2d nn.AdaptiveMaxPool3d nn.LPPool1d nn.LPPool2d nn.LPPool3d nn.FractionalMaxPool2d
        nn.FractionalMaxPool3d nn.MaxUnpool1d nn.MaxUnpool2d nn.MaxUnpool3d nn.ZeroPad1d nn.ZeroPad2d nn.ZeroPad3d
        nn.ConstantPad1d nn.ConstantPad2d nn.ConstantPad3d nn.ReflectionPad1d nn.ReflectionPad2d nn.ReflectionPad3d
        nn.ReplicationPad1d nn.ReplicationPad2d nn.ReplicationPad3d nn.CircularPad1d nn.CircularPad2d
        nn.CircularPad3d nn.Embedding nn.EmbeddingBag nn.Flatten nn.Unflatten nn.Upsample nn.UpsamplingNearest2d
        nn.UpsamplingBilinear2d nn.PixelShuffle nn.PixelUnshuffle nn.ChannelShuffle nn.CosineSimilarity
        nn.PairwiseDistance nn.RNN nn.LSTM nn.GRU nn.RNNCell nn.LSTMCell nn.GRUCell nn.Transformer
        nn.TransformerEncoder nn.TransformerDecoder nn.TransformerEncoderLayer nn.TransformerDecoderLayer
        nn.LazyLinear nn.LazyConv1d nn.LazyConv2d nn.LazyConv3d nn.LazyConvTranspose1d nn.LazyConvTranspose2d
        nn.LazyConvTranspose3d nn.Sequential nn.ModuleList nn.ModuleDict nn.ParameterList nn.ParameterDict
    """,
    "losses": """
        nn.L1Loss nn.NLLLoss nn.PoissonNLLLoss nn.GaussianNLLLoss nn.KLDivLoss nn.MSELoss nn.BCELoss
        nn.BCEWithLogitsLoss nn.HingeEmbeddingLoss nn.MultiLabelMarginLoss nn.SmoothL1Loss nn.HuberLoss
        nn.SoftMarginLoss nn.CrossEntropyLoss nn.MultiLabelSoftMarginLoss nn.CosineEmbeddingLoss
        nn.MarginRankingLoss nn.MultiMarginLoss nn.TripletMarginLoss nn.TripletMarginWithDistanceLoss nn.CTCLoss
        nn.AdaptiveLogSoftmaxWithLoss
    """,
    "optimizers": """
        optim.SGD optim.ASGD optim.Adadelta optim.Adafactor optim.Adagrad optim.Adam optim.AdamW optim.Adamax
        optim.LBFGS optim.Muon optim.NAdam optim.RAdam optim.RMSprop optim.Rprop optim.SparseAdam optim.Lion
        optim.LAMB optim.LARS optim.Yogi optim.AdaBelief optim.NovoGrad optim.Adan optim.SM3 optim.SophiaG
        optim.ScheduleFreeSGD optim.ScheduleFreeAdamW optim.Lookahead optim.SAM optim.ASAM optim.SignSGD
        optim.Signum optim.NoisySGD optim.PolyakSGD optim.FTRL optim.ADOPT optim.AdaBound optim.QHAdam optim.MADGRAD
        optim.DAdaptAdam optim.Prodigy optim.SOAP optim.Shampoo optim.AdEMAMix optim.SGLD optim.AggMo optim.AccSGD
    """,
    "schedules": """
        lr_scheduler.LambdaLR lr_scheduler.MultiplicativeLR lr_scheduler.StepLR lr_scheduler.MultiStepLR
        lr_scheduler.ConstantLR lr_scheduler.LinearLR lr_scheduler.ExponentialLR lr_scheduler.SequentialLR
        lr_scheduler.CosineAnnealingLR lr_scheduler.ChainedScheduler lr_scheduler.ReduceLROnPlateau
        lr_scheduler.CyclicLR lr_scheduler.CosineAnnealingWarmRestarts lr_scheduler.OneCycleLR
        lr_scheduler.PolynomialLR lr_scheduler.InverseSqrt lr_scheduler.InverseTimeDecay lr_scheduler.WarmupCosine
        lr_scheduler.WarmupStableDecay lr_scheduler.REX
    """,
    "averaging and utilities": """
        swa_utils.AveragedModel swa_utils.SWALR swa_utils.update_bn swa_utils.get_ema_avg_fn
        swa_utils.get_ema_multi_avg_fn swa_utils.get_swa_avg_fn swa_utils.get_swa_multi_avg_fn utils.clip_grad_norm_
        utils.clip_grads_with_norm_ utils.clip_grad_value_ utils.get_total_norm utils.parameters_to_vector
        utils.vector_to_parameters utils.fuse_conv_bn_eval utils.fuse_conv_bn_weights utils.fuse_linear_bn_eval
        utils.fuse_linear_bn_weights utils.skip_init utils.weight_norm utils.spectral_norm utils.remove_weight_norm
        utils.remove_spectral_norm
    """,
}
PLACES = {"lr_scheduler": "optim.lr_scheduler", "swa_utils": "optim.swa_utils", "init": "nn.init", "utils": "nn.utils"}


def lookup(name: str):
    """What stands under a public name, or None."""
    first, _, rest = name.partition(".")
    place = mg
    for part in f"{PLACES.get(first, first)}.{rest}".split("."):
        place = getattr(place, part, None)
    return place


@pytest.fixture(scope="module")
def covered() -> set[str]:
    """The names that the test modules say they check."""
    for package in (tests.nn, tests.optim):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return COVERED


@pytest.mark.parametrize("family", NAMES)
def test_every_name_exists_and_is_checked(family, covered):
    names = NAMES[family].split()
    missing = [name for name in names if lookup(name) is None]
    assert not missing, f"missing: {', '.join(missing)}"
    unchecked = [name for name in names if name not in covered]
    assert not unchecked, f"without a check: {', '.join(unchecked)}"
