"""Vectors of 64 bytes in LLVM IR, for what numba's loops cannot express: register blocking, and lanes.

LLVM splits them into the processor's vectors. Only numba's compiled modules import this file and those ending in
``_tiles``, through ``loops.emitted``. Arrays are contiguous, and offsets in them are in elements.
"""

from functools import partial

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

INDEX = ir.IntType(64)
# Accumulators of 64 bytes that the registers hold next to the loaded values: there are 32 of 64 bytes, or 16 of 32.
ACCUMULATORS = 16 if binding.get_host_cpu_features().get("avx512f") else 4


class Emitter:
    """Loads, stores and sums of vectors in the body of an intrinsic whose first argument is an array of this element
    type.
    """

    def __init__(self, context, builder, signature, args):
        self.builder, self.context = builder, context
        self.element = context.get_value_type(signature.args[0].dtype)
        self.bytes = context.get_abi_sizeof(self.element)
        self.lanes = 64 // self.bytes
        self.vector = ir.VectorType(self.element, self.lanes)
        self.args = [
            context.make_array(t)(context, builder, a).data if isinstance(t, types.Array) else a
            for t, a in zip(signature.args, args, strict=True)
        ]
        name = f"llvm.fmuladd.v{self.lanes}f{8 * self.bytes}"
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        self.multiply_add = partial(builder.call, cgutils.get_or_insert_function(builder.module, kind, name))

    def at(self, pointer, *offsets):
        """``pointer`` moved by each of ``offsets``, values or ints."""
        for offset in offsets:
            pointer = self.builder.gep(pointer, [INDEX(offset) if isinstance(offset, int) else offset])
        return pointer

    def load(self, pointer, lanes: int | None = None):
        """``lanes`` numbers from any address."""
        kind = ir.VectorType(self.element, lanes or self.lanes).as_pointer()
        value = self.builder.load(self.builder.bitcast(pointer, kind))
        value.align = self.bytes
        return value

    def store(self, value, pointer) -> None:
        """A vector to any address."""
        self.builder.store(value, self.builder.bitcast(pointer, value.type.as_pointer())).align = self.bytes

    def shuffle(self, a, b, lanes):
        """A vector of the numbered lanes of a and b."""
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes)))

    def everywhere(self, number):
        """``number`` in each lane."""
        undefined = ir.Constant(ir.VectorType(number.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.IntType(32)(0))
        return self.shuffle(first, undefined, [0] * self.lanes)

    def accumulate(self, stop, step: int, accumulators: int, terms):
        """The accumulators after ``for i in range(0, stop, step)``; ``terms(i)`` are the two factors of each."""
        builder, before = self.builder, self.builder.block
        head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        i = builder.phi(INDEX)
        i.add_incoming(INDEX(0), before)
        sums = [builder.phi(self.vector) for _ in range(accumulators)]
        builder.cbranch(builder.icmp_signed("<", i, stop), body, after)
        builder.position_at_end(body)
        for total, (a, b) in zip(sums, terms(i), strict=True):
            total.add_incoming(self._constant(0), before)
            total.add_incoming(self.multiply_add([a, b, total]), body)
        i.add_incoming(builder.add(i, INDEX(step)), body)
        builder.branch(head)
        builder.position_at_end(after)
        return sums

    def combined(self, matrix, vectors: list) -> list:
        """``matrix`` (constants) times the column of ``vectors``; products with 0 cost nothing."""
        out = []
        for row in matrix:
            total = None
            for factor, vector in zip(row, vectors, strict=True):
                if factor and total is None:
                    total = vector if factor == 1 else self.builder.fmul(self._constant(factor), vector)
                elif factor in (1, -1):
                    total = (self.builder.fadd if factor == 1 else self.builder.fsub)(total, vector)
                elif factor:
                    total = self.multiply_add([self._constant(factor), vector, total])
            out.append(total)
        return out

    def both_sides(self, matrix, d: list) -> list:
        """The entries of ``matrix · d · matrixᵀ``, where ``d`` are those of a square matrix, row by row."""
        size = len(matrix[0])
        columns = [self.combined(matrix, d[j::size]) for j in range(size)]
        return [value for line in zip(*columns, strict=True) for value in self.combined(matrix, line)]

    def apart(self, vectors: list) -> list:
        """Deinterleaves n vectors, n a power of two: every n-th number from the first on, from the second on, …"""
        if len(vectors) == 1:
            return vectors
        pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
        halves = [self.apart([self.shuffle(a, b, range(odd, 2 * self.lanes, 2)) for a, b in pairs]) for odd in range(2)]
        return [vector for both in zip(*halves, strict=True) for vector in both]

    def together(self, vectors: list) -> list:
        """The inverse of ``apart``."""
        if len(vectors) == 1:
            return vectors
        lanes = [lane + odd * self.lanes for lane in range(self.lanes) for odd in range(2)]
        pairs = zip(self.together(vectors[::2]), self.together(vectors[1::2]), strict=True)
        return [self.shuffle(a, b, half) for a, b in pairs for half in (lanes[: self.lanes], lanes[self.lanes :])]

    def inside(self, first, width):
        """Which lanes of a vector that begins at column ``first`` are columns of a line of ``width``."""
        kind = ir.VectorType(ir.IntType(32), self.lanes)
        first, width = (self.everywhere(self.builder.trunc(value, kind.element)) for value in (first, width))
        numbers = self.builder.add(first, ir.Constant(kind, list(range(self.lanes))))
        return self.builder.icmp_unsigned("<", numbers, width)

    def where(self, condition, mask):
        """``mask`` if the condition holds, else no lanes."""
        return self.builder.select(condition, mask, ir.Constant(mask.type, [0] * self.lanes))

    def masked_load(self, pointer, mask):
        """A vector with 0 in the lanes that the mask excludes; nothing is read there."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        arguments = [pointer, ir.IntType(32)(self.bytes), mask, self._constant(0)]
        return self._masked("load", self.vector, self.vector, arguments)

    def masked_store(self, value, pointer, mask) -> None:
        """Stores the lanes that the mask includes."""
        pointer = self.builder.bitcast(pointer, value.type.as_pointer())
        align = self.context.get_abi_sizeof(value.type.element)
        self._masked("store", value.type, ir.VoidType(), [value, pointer, ir.IntType(32)(align), mask])

    def _masked(self, what: str, vector, result, arguments: list):
        size, kind = 8 * self.context.get_abi_sizeof(vector.element), "i" if vector.element == INDEX else "f"
        signature = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.masked.{what}.v{self.lanes}{kind}{size}.p0"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, signature, name), arguments)

    def _constant(self, number: float):
        return ir.Constant(self.vector, [float(number)] * self.lanes)

    def sums(self, vectors: list) -> list:
        """The sum of each vector's lanes, packed into as many vectors as needed: pairs of lanes are added.

        After each step a vector holds the halves of two; the number of vectors is a power of two.
        """
        vectors = vectors + [self._constant(0)] * max(self.lanes - len(vectors), 0)
        for _ in range(self.lanes.bit_length() - 1):
            vectors = [
                self.builder.fadd(
                    self.shuffle(a, b, range(0, 2 * self.lanes, 2)), self.shuffle(a, b, range(1, 2 * self.lanes, 2))
                )
                for a, b in zip(vectors[::2], vectors[1::2], strict=True)
            ]
        return vectors
