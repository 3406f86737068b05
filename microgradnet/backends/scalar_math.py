"""Functions of one element: the maths that compiled loops are made of, in float32 and in float64.

``NAME_float32(x)`` and ``NAME_float64(x)`` compute what the public op ``NAME`` computes, for one element. The kernel
generator copies their source text into a module that has ``math`` and ``np``, so a function here uses nothing but
those two, Python's operators and other functions of this file, and spells its constants inside.

The float64 functions lean on libm. The float32 functions are written out without branches (an ``a if c else b`` with
cheap arms becomes a select), so that LLVM can turn a loop over them into SIMD code: range reduction after Cody and
Waite ("Software Manual for the Elementary Functions", 1980), a minimax polynomial on the reduced range, and the power
of two built from its bits. Where float32 has too few digits for an intermediate result (pow, erfc, tan, the reduction
of an angle) they compute in float64, still without branches. The last group computes in float64 by libm and rounds.
Constants are typed, since in numba ``float32 * 1.0`` is float64.

An error of n ulp means n units in the last place of the float32 nearest to the true value, the largest over a dense
sample of all bit patterns. Unless stated otherwise, NaN gives NaN, infinities and signed zeros follow IEEE 754 and
PyTorch, and subnormal inputs and results are not flushed.
"""

import math

import numpy as np

# Exponential


def _power_of_two_float32(n):
    """2ⁿ for an int32 n from −126 to 127, from its bits."""
    return np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)


def _round_exp_float32(x):
    """(n, r) with x = n·ln 2 + r and |r| ≤ ln(2)/2; n as the low bits of n + 1.5·2²³. For |x| < 10⁴."""
    t = x * np.float32(1.44269504) + np.float32(12582912.0)
    n = t - np.float32(12582912.0)
    return t, x - n * np.float32(0.693359375) - n * np.float32(-2.12194440e-4)


def _integer_float32(t):
    """The int32 n in t = n + 1.5·2²³."""
    return np.int32(np.float32(t).view(np.int32) - np.int32(0x4B400000))


def _expm1_reduced_float32(r):
    """eʳ − 1 for |r| ≤ ln(2)/2."""
    p = np.float32(1.3869958e-03)
    p = p * r + np.float32(8.366253e-03)
    p = p * r + np.float32(4.1667443e-02)
    p = p * r + np.float32(1.6666546e-01)
    p = p * r + np.float32(4.9999997e-01)
    return r + r * r * p


def _scaled_float32(p, n):
    """(1 + p)·2ⁿ for an int32 n, by two factors: 2ⁿ itself may be out of range where the result is not."""
    half = np.int32(n >> np.int32(1))
    scale = _power_of_two_float32(half)
    return (scale + scale * p) * _power_of_two_float32(np.int32(n - half))


def exp_float32(x):
    """eˣ; max 1.1 ulp."""
    x = np.float32(-104.0) if x < np.float32(-104.0) else x
    x = np.float32(89.0) if x > np.float32(89.0) else x
    t, r = _round_exp_float32(x)
    return _scaled_float32(_expm1_reduced_float32(r), _integer_float32(t))


def exp_float64(x):
    """eˣ, by libm."""
    return math.exp(x)


def exp2_float32(x):
    """2ˣ; max 1.1 ulp."""
    x = np.float32(-151.0) if x < np.float32(-151.0) else x
    x = np.float32(129.0) if x > np.float32(129.0) else x
    t = x + np.float32(12582912.0)
    r = x - (t - np.float32(12582912.0))
    p = np.float32(1.5328907e-04)
    p = p * r + np.float32(1.3390976e-03)
    p = p * r + np.float32(9.6185e-03)
    p = p * r + np.float32(5.5503596e-02)
    p = p * r + np.float32(2.4022648e-01)
    p = p * r + np.float32(6.931472e-01)
    return _scaled_float32(p * r, _integer_float32(t))


def exp2_float64(x):
    """2ˣ, by libm."""
    return np.exp2(x)


def expm1_float32(x):
    """eˣ − 1 without cancellation near 0; max 1.7 ulp."""
    c = np.float32(-20.0) if x < np.float32(-20.0) else x
    c = np.float32(89.0) if c > np.float32(89.0) else c
    t, r = _round_exp_float32(c)
    p = _expm1_reduced_float32(r)
    # Half of the result, then twice that: 2¹²⁸ is out of range where the result is not.
    scale = _power_of_two_float32(np.int32(_integer_float32(t) - np.int32(1)))
    y = (scale * p + (scale - np.float32(0.5))) * np.float32(2.0)
    y = p if t == np.float32(12582912.0) else y
    return x if x == np.float32(0.0) else y


def expm1_float64(x):
    """eˣ − 1 without cancellation near 0, by libm."""
    return math.expm1(x)


def sigmoid_float32(x):
    """1/(1 + e⁻ˣ), as 2⁻³²/(2⁻³² + 2⁻³²·e⁻ˣ) so that no step leaves the normal numbers; max 1.8 ulp."""
    c = -x
    c = np.float32(104.0) if c > np.float32(104.0) else c
    c = np.float32(-20.0) if c < np.float32(-20.0) else c
    t, r = _round_exp_float32(c)
    scale = _power_of_two_float32(np.int32(_integer_float32(t) - np.int32(32)))
    one = np.float32(2.3283064e-10)
    far = c > np.float32(16.0)  # there one + scale would not be exact: scale is added last
    d = (one if far else one + scale) + scale * _expm1_reduced_float32(r)
    return one / (d + scale if far else d)


def sigmoid_float64(x):
    """1/(1 + e⁻ˣ), from e^(−|x|) so that neither tail overflows."""
    e = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


def tanh_float32(x):
    """tanh x: a polynomial near 0, else 1 − 2/(e^(2|x|) + 1); max 1.3 ulp."""
    a = abs(x)
    z = a * a
    p = np.float32(-5.697346e-03)
    p = p * z + np.float32(2.0631723e-02)
    p = p * z + np.float32(-5.3737268e-02)
    p = p * z + np.float32(1.333141e-01)
    p = p * z + np.float32(-3.333328e-01)
    near = a + a * z * p
    c = np.float32(10.0) if a > np.float32(10.0) else a
    t, r = _round_exp_float32(c + c)
    scale = _power_of_two_float32(_integer_float32(t))
    far = np.float32(1.0) - np.float32(2.0) / ((np.float32(1.0) + scale) + scale * _expm1_reduced_float32(r))
    return math.copysign(near if a < np.float32(0.625) else far, x)


def tanh_float64(x):
    """tanh x, by libm."""
    return math.tanh(x)


def _half_exp_float32(a):
    """eᵃ/2 for a ≥ 0, finite wherever cosh is."""
    a = np.float32(90.0) if a > np.float32(90.0) else a
    t, r = _round_exp_float32(a)
    return _scaled_float32(_expm1_reduced_float32(r), np.int32(_integer_float32(t) - np.int32(1)))


def sinh_float32(x):
    """sinh x: a polynomial for |x| < 1, else (e^|x| − e^(−|x|))/2; max 1.7 ulp."""
    a = abs(x)
    z = a * a
    p = np.float32(2.7822132e-06)
    p = p * z + np.float32(1.9842896e-04)
    p = p * z + np.float32(8.3333105e-03)
    p = p * z + np.float32(1.6666667e-01)
    near = a + a * z * p
    h = _half_exp_float32(a)
    far = h - np.float32(0.25) / h
    return math.copysign(near if a < np.float32(1.0) else far, x)


def sinh_float64(x):
    """sinh x, by libm."""
    return math.sinh(x)


def cosh_float32(x):
    """cosh x = (e^|x| + e^(−|x|))/2; max 1.6 ulp."""
    h = _half_exp_float32(abs(x))
    return h + np.float32(0.25) / h


def cosh_float64(x):
    """cosh x, by libm."""
    return math.cosh(x)


# Logarithm


def _log_split_float32(x):
    """(f, n) with x = (1 + f)·2ⁿ and 1 + f from √½ to √2, for a positive normal x; n is an int32."""
    bits = np.float32(x).view(np.int32)
    n = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    return np.int32(bits - np.int32(n << np.int32(23))).view(np.float32) - np.float32(1.0), n


def _log_split_any_float32(x):
    """As _log_split_float32, for subnormal numbers too; n is a float32."""
    subnormal = x < np.float32(1.17549435e-38)
    f, n = _log_split_float32(x * np.float32(8388608.0) if subnormal else x)
    return f, np.float32(n) - (np.float32(23.0) if subnormal else np.float32(0.0))


def _log_tail_float32(f):
    """ln(1 + f) − f for 1 + f from √½ to √2."""
    p = np.float32(-7.6357506e-02)
    p = p * f + np.float32(1.2761861e-01)
    p = p * f + np.float32(-1.3159683e-01)
    p = p * f + np.float32(1.4201628e-01)
    p = p * f + np.float32(-1.6623408e-01)
    p = p * f + np.float32(2.000124e-01)
    p = p * f + np.float32(-2.500082e-01)
    p = p * f + np.float32(3.333333e-01)
    return (p * f - np.float32(0.5)) * (f * f)


def _log_join_float32(f, n):
    """ln((1 + f)·2ⁿ)."""
    return n * np.float32(0.693359375) + (f + (_log_tail_float32(f) + n * np.float32(-2.12194440e-4)))


def _log_special_float32(x, y):
    """y where x is positive and finite; what a logarithm gives elsewhere."""
    y = y if x < np.float32(np.inf) else x
    y = np.float32(-np.inf) if x == np.float32(0.0) else y
    return np.float32(np.nan) if x < np.float32(0.0) else y


def log_float32(x):
    """ln x; max 1.0 ulp."""
    f, n = _log_split_any_float32(x)
    return _log_special_float32(x, _log_join_float32(f, n))


def log_float64(x):
    """ln x, by libm."""
    return math.log(x)


def log2_float32(x):
    """log₂ x; max 1.6 ulp."""
    f, n = _log_split_any_float32(x)
    y = f + (f * np.float32(0.44269504) + _log_tail_float32(f) * np.float32(1.44269504))
    return _log_special_float32(x, n + y)


def log2_float64(x):
    """log₂ x, by libm."""
    return math.log2(x)


def log10_float32(x):
    """log₁₀ x; max 2.0 ulp."""
    f, n = _log_split_any_float32(x)
    low = f * np.float32(-1.0103050e-08) + _log_tail_float32(f) * np.float32(0.43429448)
    low = n * np.float32(4.605039e-06) + low
    return _log_special_float32(x, n * np.float32(0.301025390625) + (f * np.float32(0.43429449) + low))


def log10_float64(x):
    """log₁₀ x, by libm."""
    return math.log10(x)


def log1p_float32(x):
    """ln(1 + x) without loss near 0; max 1.6 ulp."""
    u = np.float32(1.0) + x
    b = u - np.float32(1.0)
    lost = (np.float32(1.0) - (u - b)) + (x - b)  # 1 + x = u + lost, exactly (Knuth's two-sum)
    f, n = _log_split_float32(u)
    f = f + lost * _power_of_two_float32(np.int32(np.int32(0) - (n if n < np.int32(99) else np.int32(99))))
    y = _log_special_float32(u, _log_join_float32(f, np.float32(n)))
    return x if x == np.float32(0.0) else y


def log1p_float64(x):
    """ln(1 + x) without loss near 0, by libm."""
    return math.log1p(x)


# Powers


def rsqrt_float32(x):
    """1/√x; inf at 0, −inf at −0; max 1.5 ulp."""
    return np.float32(1.0) / np.float32(math.sqrt(x))


def rsqrt_float64(x):
    """1/√x; inf at 0, −inf at −0."""
    return 1.0 / math.sqrt(x)


def _exp2_wide(x):
    """2ˣ in float64 with a relative error of 4e-11, for |x| ≤ 1000."""
    t = x + 6755399441055744.0
    r = x - (t - 6755399441055744.0)
    p = 1.5201916659321972e-05
    p = p * r + 1.546929110930635e-04
    p = p * r + 1.333392258464251e-03
    p = p * r + 9.618027253776801e-03
    p = p * r + 5.550410353421956e-02
    p = p * r + 2.4022651198156764e-01
    p = p * r + 6.931471807284557e-01
    p = p * r + 9.99999999961682e-01
    n = np.int64(np.float64(t).view(np.int64) - np.int64(0x4338000000000000))
    return p * np.int64((n + np.int64(1023)) << np.int64(52)).view(np.float64)


def _log2_wide(x):
    """log₂ x in float64 with an error of 3e-14 relative to |log₂ x|, for a positive normal float64 x."""
    bits = np.float64(x).view(np.int64)
    n = np.int64(np.int64(bits - np.int64(0x3FE6A09E667F3BCD)) >> np.int64(52))
    m = np.int64(bits - np.int64(n << np.int64(52))).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 2.829036584283968e-01
    p = p * z + 3.1990546231687494e-01
    p = p * z + 4.122092578625584e-01
    p = p * z + 5.770779423125431e-01
    p = p * z + 9.617966941135123e-01
    p = p * z + 2.88539008177785e00
    whole = np.int64(n + np.int64(0x4338000000000000)).view(np.float64) - 6755399441055744.0
    return whole + s * p


def pow_float32(x, y):
    """xʸ with the special cases of C's pow (x⁰ = 1ʸ = 1 even for NaN; x < 0 wants an integer y); max 0.6 ulp."""
    a = np.float64(abs(x))
    b = np.float64(y)
    c = 1e300 if b > 1e300 else b  # ±∞ made finite, so that ∞·log₂ 1 is 0
    c = -1e300 if c < -1e300 else c
    g = _log2_wide(a)
    g = g if a < np.inf else a
    g = -np.inf if a == 0.0 else g
    t = c * g
    t = 200.0 if t > 200.0 else t
    t = -200.0 if t < -200.0 else t
    r = np.float32(_exp2_wide(t))
    whole = np.floor(b) == b
    half = b * 0.5
    even = np.floor(half) == half
    signed = math.copysign(r, x)
    r = r if even else signed if whole else r
    outside = np.float32(np.nan) if x < np.float32(0.0) else r
    outside = outside if x > np.float32(-np.inf) else r
    r = r if whole else outside
    r = np.float32(1.0) if x == np.float32(1.0) else r
    return np.float32(1.0) if y == np.float32(0.0) else r


def pow_float64(x, y):
    """xʸ with the special cases of C's pow, by libm."""
    return math.pow(x, y)


# Error function


def erf_float32(x):
    """erf x = 2/√π ∫₀ˣ e^(−t²) dt: a polynomial near 0, else 1 − e^(−p(|x|)); max 1.2 ulp."""
    a = abs(x)
    z = a * a
    p = np.float32(7.992574e-05)
    p = p * z + np.float32(-8.049152e-04)
    p = p * z + np.float32(5.1923767e-03)
    p = p * z + np.float32(-2.6855728e-02)
    p = p * z + np.float32(1.1283626e-01)
    p = p * z + np.float32(-3.761263e-01)
    p = p * z + np.float32(1.2837917e-01)
    near = a + a * p
    c = np.float32(4.0) if a > np.float32(4.0) else a
    q = np.float32(-1.9593246e-04)
    q = q * c + np.float32(3.0431908e-03)
    q = q * c + np.float32(-2.2226868e-02)
    q = q * c + np.float32(1.0393156e-01)
    q = q * c + np.float32(6.3718224e-01)
    q = q * c + np.float32(1.1276757e00)
    q = q * c + np.float32(1.9566651e-04)
    t, r = _round_exp_float32(-q)
    scale = _power_of_two_float32(_integer_float32(t))
    far = (np.float32(1.0) - scale) - scale * _expm1_reduced_float32(r)
    return math.copysign(near if a < np.float32(0.92) else far, x)


def erf_float64(x):
    """erf x = 2/√π ∫₀ˣ e^(−t²) dt, by libm."""
    return math.erf(x)


def erfc_float32(x):
    """1 − erf x without cancellation, as e^(−x²)·p((|x| − 3)/(|x| + 3))/(1 + 2|x|) in float64; max 0.6 ulp."""
    a = abs(np.float64(x))
    a = 11.0 if a > 11.0 else a
    d = 1.0 / ((a + 3.0) * (1.0 + 2.0 * a))
    q = (a - 3.0) * (1.0 + 2.0 * a) * d
    p = -2.6851110737870844e-04
    p = p * q + -7.785823681685411e-04
    p = p * q + 2.0011815898362106e-03
    p = p * q + 2.5676989361055605e-03
    p = p * q + -2.3797123940645228e-02
    p = p * q + 6.829577740434696e-02
    p = p * q + -1.1927104683535274e-01
    p = p * q + 1.2964640653010817e-01
    p = p * q + -4.756239543022928e-02
    p = p * q + -1.3562113895704972e-01
    p = p * q + 1.2530080590856993e00
    y = _exp2_wide(a * a * -1.4426950408889634) * p * ((a + 3.0) * d)
    return np.float32(2.0 - y if x < np.float32(0.0) else y)


def erfc_float64(x):
    """1 − erf x without cancellation, by libm."""
    return math.erfc(x)


def erfinv_float32(x):
    """The inverse of erf, as x times a polynomial in −ln(1 − x²) or in its root, in float64; max 0.6 ulp.

    ±inf at ±1, NaN beyond. The split is Giles's ("Approximating the erfinv function", 2010).
    """
    a = np.float64(x)
    w = _log2_wide((1.0 - a) * (1.0 + a)) * -0.6931471805599453
    t = w - 2.5
    p = 3.3552723258414573e-10
    p = p * t + -8.772853197646292e-09
    p = p * t + 1.8037440674967415e-08
    p = p * t + 4.6589245939525503e-07
    p = p * t + -3.4346132354309246e-06
    p = p * t + -4.96191320258384e-06
    p = p * t + 2.1828263512266036e-04
    p = p * t + -1.2527446593912012e-03
    p = p * t + -4.177339407839012e-03
    p = p * t + 2.4664028763526108e-01
    p = p * t + 1.5014093535132529e00
    t = math.sqrt(w) - 3.14
    q = -2.8239412958715792e-05
    q = q * t + 1.2019492631646333e-04
    q = q * t + -1.0339482256841133e-04
    q = q * t + -3.2887645328312314e-04
    q = q * t + 1.2410050175131657e-03
    q = q * t + -2.4118085141109137e-03
    q = q * t + 3.606228558590582e-03
    q = q * t + -5.078368037544174e-03
    q = q * t + 6.8146589603397395e-03
    q = q * t + 1.0039265792844752e00
    q = q * t + 2.973377494864043e00
    y = np.float32(a * (p if w < 5.0 else q))
    y = y if abs(x) < np.float32(1.0) else np.float32(np.nan)
    return x * np.float32(np.inf) if abs(x) == np.float32(1.0) else y


def erfinv_float64(x):
    """The inverse of erf; ±inf at ±1, NaN beyond.

    Winitzki's approximation ("A handy approximation for the error function and its inverse", 2008), then three steps
    of Halley's method on erf, or on erfc where erf has lost the digits.
    """
    a = abs(x)
    if not a < 1.0:
        return x * np.inf if a == 1.0 else np.nan
    g = math.log1p(-a * a)
    b = 2.0 / (math.pi * 0.147) + 0.5 * g
    y = math.sqrt(-g / 0.147 / (math.sqrt(b * b - g / 0.147) + b))
    for _ in range(3):
        wrong = math.erf(y) - a if a < 0.5 else (1.0 - a) - math.erfc(y)
        step = wrong * 0.886226925452758 * math.exp(y * y)
        y -= step / (1.0 + y * step)
    return math.copysign(y, x)


# Trigonometry


def _quarter_turns(x):
    """(f, k) with x = (k + f)·π/2 modulo whole turns, f a float64 of |f| ≤ ½ and k an int64; for every float32 x.

    The bits of 2/π that matter for x's exponent, in four pieces short enough that each product with x is exact
    (Payne and Hanek, "Radian reduction for trigonometric functions", 1983). From 2⁵⁸ and from 2⁹³ on, x is a multiple
    of 2³⁵ and of 2⁷⁰: then they start that much further to the right, since whole turns change nothing.
    """
    a = np.float64(x)
    large = abs(a) >= 2.8823037615171174e17
    huge = abs(a) >= 9.903520314283042e27
    scale = 2.9103830456733704e-11 if large else 1.0
    turns = 0.6114527173340321 if large else 0.15915494225919247
    second = 9.243261642200018e-10 if large else 8.327028684640414e-10
    third = 7.787970736906965e-18 if large else 2.276010047810136e-18
    fourth = 1.947357778355765e-26 if large else 2.5268260333447567e-26
    a = a * (8.470329472543003e-22 if huge else scale)
    turns = a * (0.7596052344888449 if huge else turns)
    second = a * (1.7055791778908258e-09 if huge else second)
    third = a * (2.973222439856395e-18 if huge else third)
    fourth = a * (2.0384998563018898e-26 if huge else fourth)
    turns = 4.0 * (turns - np.rint(turns))
    second = 4.0 * (second - np.rint(second))
    t = (turns + second + third) + 6755399441055744.0
    f = ((turns - (t - 6755399441055744.0)) + second) + (third + fourth)
    return f, np.float64(t).view(np.int64)


def _sin_quadrant_float32(f, k):
    """sin((k + f)·π/2) for |f| ≤ 0.51."""
    r = np.float32(f * 1.5707963267948966)
    z = r * r
    s = np.float32(-1.9518286e-04)
    s = s * z + np.float32(8.332189e-03)
    s = s * z + np.float32(-1.6666655e-01)
    s = r + r * z * s
    c = np.float32(2.4432564e-05)
    c = c * z + np.float32(-1.3887311e-03)
    c = c * z + np.float32(4.1666646e-02)
    c = np.float32(1.0) + z * (z * c - np.float32(0.5))
    y = s if (k & np.int64(1)) == np.int64(0) else c
    return y if (k & np.int64(2)) == np.int64(0) else -y


def sin_float32(x):
    """sin x for x in radians, of any size; max 1.6 ulp."""
    f, k = _quarter_turns(x)
    y = _sin_quadrant_float32(f, k)
    return x if x == np.float32(0.0) else y


def sin_float64(x):
    """sin x for x in radians, by libm."""
    return math.sin(x)


def cos_float32(x):
    """cos x for x in radians, of any size; max 1.6 ulp."""
    f, k = _quarter_turns(x)
    return _sin_quadrant_float32(f, k + np.int64(1))


def cos_float64(x):
    """cos x for x in radians, by libm."""
    return math.cos(x)


def tan_float32(x):
    """tan x for x in radians, of any size, as sin/cos in float64; max 0.6 ulp."""
    f, k = _quarter_turns(x)
    r = f * 1.5707963267948966
    z = r * r
    s = 2.7171527383193e-06
    s = s * z + -1.9839178346509604e-04
    s = s * z + 8.333328690112924e-03
    s = s * z + -1.6666666630445598e-01
    s = s * z + 9.999999999954501e-01
    s = s * r
    c = 2.4372677184295204e-05
    c = c * z + -1.3886529126986068e-03
    c = c * z + 4.1666613232931096e-02
    c = c * z + -4.9999999571553977e-01
    c = c * z + 9.99999999943936e-01
    even = (k & np.int64(1)) == np.int64(0)
    y = np.float32((s if even else -c) / (c if even else s))
    return x if x == np.float32(0.0) else y


def tan_float64(x):
    """tan x for x in radians, by libm."""
    return math.tan(x)


# In float64 by libm, or by a series, then rounded


def asin_float32(x):
    """arcsin x in radians; NaN outside [−1, 1]; max 0.6 ulp."""
    return np.float32(math.asin(np.float64(x)))


def asin_float64(x):
    """arcsin x in radians; NaN outside [−1, 1], by libm."""
    return math.asin(x)


def acos_float32(x):
    """arccos x in radians; NaN outside [−1, 1]; max 0.6 ulp."""
    return np.float32(math.acos(np.float64(x)))


def acos_float64(x):
    """arccos x in radians; NaN outside [−1, 1], by libm."""
    return math.acos(x)


def atan_float32(x):
    """arctan x in radians; max 0.6 ulp."""
    return np.float32(math.atan(np.float64(x)))


def atan_float64(x):
    """arctan x in radians, by libm."""
    return math.atan(x)


def asinh_float32(x):
    """The inverse of sinh; max 0.6 ulp."""
    return np.float32(math.asinh(np.float64(x)))


def asinh_float64(x):
    """The inverse of sinh, by libm."""
    return math.asinh(x)


def acosh_float32(x):
    """The inverse of cosh; NaN below 1; max 0.6 ulp."""
    return np.float32(math.acosh(np.float64(x)))


def acosh_float64(x):
    """The inverse of cosh; NaN below 1, by libm."""
    return math.acosh(x)


def atan2_float32(y, x):
    """The angle of the point (x, y), by libm in float64; max 0.6 ulp."""
    return np.float32(math.atan2(np.float64(y), np.float64(x)))


def atan2_float64(y, x):
    """The angle of the point (x, y), by libm."""
    return math.atan2(y, x)


def fmod_float32(x, y):
    """x − y·trunc(x/y), exact whatever the quotient, by libm; max 0.5 ulp."""
    return np.fmod(x, y)


def fmod_float64(x, y):
    """x − y·trunc(x/y), exact whatever the quotient, by libm; max 0.5 ulp."""
    return np.fmod(x, y)


def hypot_float32(x, y):
    """√(x² + y²), in float64, where the squares are exact and do not overflow; max 0.6 ulp."""
    a, b = np.float64(x), np.float64(y)
    r = np.float32(math.sqrt(a * a + b * b))
    return np.float32(np.inf) if (abs(x) == np.float32(np.inf)) | (abs(y) == np.float32(np.inf)) else r


def hypot_float64(x, y):
    """√(x² + y²) without overflow, by libm."""
    return math.hypot(x, y)


def atanh_float32(x):
    """The inverse of tanh; ±inf at ±1, NaN beyond; max 0.6 ulp."""
    return np.float32(math.atanh(np.float64(x)))


def atanh_float64(x):
    """The inverse of tanh; ±inf at ±1, NaN beyond, by libm."""
    return math.atanh(x)


def lgamma_float32(x):
    """ln|Γ(x)|; inf at 0 and the negative integers; max 0.6 ulp."""
    return np.float32(math.lgamma(np.float64(x)))


def lgamma_float64(x):
    """ln|Γ(x)|; inf at 0 and the negative integers, by libm."""
    return math.lgamma(x)


def trunc_float64(x):
    """x without its fraction."""
    return np.trunc(x)


def digamma_float32(x):
    """Γ′(x)/Γ(x), computed in float64; max 0.6 ulp."""
    return np.float32(digamma_float64(np.float64(x)))


def digamma_float64(x):
    """Γ′(x)/Γ(x); ∓inf at ±0, NaN at the negative integers and −inf.

    ψ(x) = ψ(1 − x) − π/tan(πx) below 0, ψ(x) = ψ(x + 1) − 1/x up to 10, then the asymptotic series
    ln x − 1/(2x) − Σ B₂ₖ/(2k·x²ᵏ) (NIST DLMF 5.5.2, 5.5.4, 5.11.2).
    """
    if x == 0.0:
        return math.copysign(np.inf, -x)
    y = 0.0
    if x < 0.0:
        fraction = x - trunc_float64(x)
        if fraction == 0.0 or x == -np.inf:
            return np.nan
        y = -math.pi / math.tan(math.pi * fraction)
        x = 1.0 - x
    while x < 10.0:
        y -= 1.0 / x
        x += 1.0
    z = 1.0 / (x * x)
    p = 1.0 / 12.0
    p = p * z - 691.0 / 32760.0
    p = p * z + 1.0 / 132.0
    p = p * z - 1.0 / 240.0
    p = p * z + 1.0 / 252.0
    p = p * z - 1.0 / 120.0
    p = p * z + 1.0 / 12.0
    return y + (math.log(x) - 0.5 / x - z * p)
