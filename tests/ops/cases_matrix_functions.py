"""The matrix exponential and products of reflections."""

from tests.ops.case import A, Case

CASES = [
    Case("linalg.matrix_exp", [(A(3, 3),), (A(2, 3, 3),), (A(1, 1),), (A(0, 0),), (A(2, 2, low=-0.01, high=0.01),)]),
    Case("linalg.householder_product", [(A(4, 3), A(3)), (A(2, 3, 3), A(2, 3)), (A(5, 1), A(1))]),
]
