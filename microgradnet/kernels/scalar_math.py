"""Functions of one element: the maths that compiled loops are made of, in float32 and in float64.

``NAME_float32(x)`` and ``NAME_float64(x)`` compute what the public op ``NAME`` computes, for one element. The kernel
generator copies their source text into a module that has ``math`` and ``np``, so a function here uses nothing but
those two, Python's operators and other functions of this file, and spells its constants inside.

The float64 functions lean on libm. The float32 functions are written out without branches (an ``a if c else b`` with
cheap arms becomes a select), so that LLVM can turn a loop over them into SIMD code: range reduction after Cody and
Waite ("Software Manual for the Elementary Functions", 1980), a minimax polynomial on the reduced range, and the power
of two put together from its bits. Constants are typed, since in numba ``float32 * 1.0`` is float64.

An error of n ulp means n units in the last place of the float32 nearest to the true value, the largest that was met
over a dense sample of all bit patterns. Unless stated otherwise, NaN gives NaN, infinities and signed zeros give
what IEEE 754 and PyTorch give, and subnormal numbers are neither flushed on the way in nor on the way out.
"""

import math

import numpy as np

# Exponential


def _power_of_two_float32(n):
    """2ⁿ for an int32 n from −126 to 127, from its bits."""
    return np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)


def _expm1_reduced_float32(r):
    """eʳ − 1 for |r| ≤ ln(2)/2."""
    p = np.float32(1.3869958e-03)
    p = p * r + np.float32(8.366253e-03)
    p = p * r + np.float32(4.1667443e-02)
    p = p * r + np.float32(1.6666546e-01)
    p = p * r + np.float32(4.9999997e-01)
    return r + r * r * p


def _nearest_multiple_float32(x, reciprocal):
    """x·reciprocal + 1.5·2²³, whose low bits hold the nearest integer to x·reciprocal (below 2²² in size)."""
    return x * reciprocal + np.float32(12582912.0)


def _exp_in_range_float32(x):
    """eˣ where neither x nor the result leaves the normal numbers: |x| ≤ 87."""
    t = _nearest_multiple_float32(x, np.float32(1.44269504))
    n = t - np.float32(12582912.0)
    r = x - n * np.float32(0.693359375) - n * np.float32(-2.12194440e-4)
    scale = _power_of_two_float32(np.int32(np.float32(t).view(np.int32) - np.int32(0x4B400000)))
    return scale + scale * _expm1_reduced_float32(r)


def exp_float32(x):
    """eˣ; max 1.0 ulp."""
    x = np.float32(-104.0) if x < np.float32(-104.0) else x
    x = np.float32(89.0) if x > np.float32(89.0) else x
    t = _nearest_multiple_float32(x, np.float32(1.44269504))
    n = t - np.float32(12582912.0)
    r = x - n * np.float32(0.693359375) - n * np.float32(-2.12194440e-4)
    exponent = np.int32(np.float32(t).view(np.int32) - np.int32(0x4B400000))
    half = np.int32(exponent >> np.int32(1))  # two factors: 2ⁿ itself may be out of range where the result is not
    scale = _power_of_two_float32(half)
    return (scale + scale * _expm1_reduced_float32(r)) * _power_of_two_float32(np.int32(exponent - half))


def exp_float64(x):
    """eˣ, by libm."""
    return math.exp(x)


def expm1_float32(x):
    """eˣ − 1 without cancellation near 0; max 1.5 ulp."""
    c = np.float32(-20.0) if x < np.float32(-20.0) else x
    c = np.float32(89.0) if c > np.float32(89.0) else c
    t = _nearest_multiple_float32(c, np.float32(1.44269504))
    n = t - np.float32(12582912.0)
    r = c - n * np.float32(0.693359375) - n * np.float32(-2.12194440e-4)
    # Half of the result, then twice that: 2¹²⁸ is out of range where the result is not.
    scale = _power_of_two_float32(np.int32(np.float32(t).view(np.int32) - np.int32(0x4B400001)))
    y = (scale * _expm1_reduced_float32(r) + (scale - np.float32(0.5))) * np.float32(2.0)
    y = _expm1_reduced_float32(r) if n == np.float32(0.0) else y
    return x if x == np.float32(0.0) else y


def expm1_float64(x):
    """eˣ − 1 without cancellation near 0, by libm."""
    return math.expm1(x)


def sigmoid_float32(x):
    """1/(1 + e⁻ˣ), from e^(−|x|) so that neither tail overflows; max 1.7 ulp."""
    e = exp_float32(-abs(x))
    d = np.float32(1.0) + e
    lost = e - (d - np.float32(1.0))  # 1 + e = d + lost, exactly
    y = (np.float32(1.0) if x >= np.float32(0.0) else e) / d
    return y - y * lost * (y if x >= np.float32(0.0) else np.float32(1.0) - y)


def sigmoid_float64(x):
    """1/(1 + e⁻ˣ), from e^(−|x|) so that neither tail overflows."""
    e = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


def tanh_float32(x):
    """tanh x: a polynomial near 0, else 1 − 2/(e^(2|x|) + 1); max 1.5 ulp."""
    a = abs(x)
    z = a * a
    p = np.float32(-5.697346e-03)
    p = p * z + np.float32(2.0631723e-02)
    p = p * z + np.float32(-5.3737268e-02)
    p = p * z + np.float32(1.333141e-01)
    p = p * z + np.float32(-3.333328e-01)
    near = a + a * z * p
    a = np.float32(20.0) if a > np.float32(20.0) else a
    far = np.float32(1.0) - np.float32(2.0) / (_exp_in_range_float32(a + a) + np.float32(1.0))
    return math.copysign(near if a < np.float32(0.625) else far, x)


def tanh_float64(x):
    """tanh x, by libm."""
    return math.tanh(x)


# Logarithm


def _log_split_float32(x):
    """(f, n) with x = (1 + f)·2ⁿ and 1 + f from √½ to √2, for a positive normal x; n is an int32."""
    bits = np.float32(x).view(np.int32)
    n = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    return np.int32(bits - np.int32(n << np.int32(23))).view(np.float32) - np.float32(1.0), n


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


def _log_special_float32(x, y):
    """y where x is positive and finite; what a logarithm gives elsewhere."""
    y = y if x < np.float32(np.inf) else x
    y = np.float32(-np.inf) if x == np.float32(0.0) else y
    return np.float32(np.nan) if x < np.float32(0.0) else y


def log_float32(x):
    """ln x; max 0.9 ulp."""
    subnormal = x < np.float32(1.17549435e-38)
    f, n = _log_split_float32(x * np.float32(8388608.0) if subnormal else x)
    n = np.float32(n) - (np.float32(23.0) if subnormal else np.float32(0.0))
    y = n * np.float32(0.693359375) + (f + (_log_tail_float32(f) + n * np.float32(-2.12194440e-4)))
    return _log_special_float32(x, y)


def log_float64(x):
    """ln x, by libm."""
    return math.log(x)


def log1p_float32(x):
    """ln(1 + x) without loss near 0; max 1.0 ulp."""
    u = np.float32(1.0) + x
    b = u - np.float32(1.0)
    lost = (np.float32(1.0) - (u - b)) + (x - b)  # 1 + x = u + lost, exactly (Knuth's two-sum)
    f, n = _log_split_float32(u)
    f = f + lost * _power_of_two_float32(np.int32(np.int32(0) - (n if n < np.int32(99) else np.int32(99))))
    n = np.float32(n)
    y = n * np.float32(0.693359375) + (f + (_log_tail_float32(f) + n * np.float32(-2.12194440e-4)))
    y = _log_special_float32(u, y)
    return x if x == np.float32(0.0) else y


def log1p_float64(x):
    """ln(1 + x) without loss near 0, by libm."""
    return math.log1p(x)


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
    a = np.float32(4.0) if a > np.float32(4.0) else a
    q = np.float32(-1.9593246e-04)
    q = q * a + np.float32(3.0431908e-03)
    q = q * a + np.float32(-2.2226868e-02)
    q = q * a + np.float32(1.0393156e-01)
    q = q * a + np.float32(6.3718224e-01)
    q = q * a + np.float32(1.1276757e00)
    q = q * a + np.float32(1.9566651e-04)
    far = np.float32(1.0) - _exp_in_range_float32(-q)
    return math.copysign(near if a < np.float32(0.92) else far, x)


def erf_float64(x):
    """erf x = 2/√π ∫₀ˣ e^(−t²) dt, by libm."""
    return math.erf(x)


def sqrt_float32(x):
    """√x; correctly rounded."""
    return np.float32(math.sqrt(x))


def sqrt_float64(x):
    """√x; correctly rounded."""
    return math.sqrt(x)


def abs_float32(x):
    """|x|; exact."""
    return np.float32(math.fabs(x))


def abs_float64(x):
    """|x|; exact."""
    return math.fabs(x)
