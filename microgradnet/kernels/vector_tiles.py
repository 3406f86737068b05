"""The inner loops of matrix products, written in LLVM vectors: numba's own loops cannot keep a tile in registers.

A *tile* of the result stays in the processor's registers while the sum goes by, so that each value that is loaded meets
several others (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"). Only numba's compiled
modules import this file, through ``cpu.emitted``. Arrays are contiguous and places in them are counted in elements.
"""

from functools import partial

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INDEX = ir.IntType(64)
# How many of 64 bytes' accumulators the registers hold: 32 of 64 bytes, or 16 of 32.
ACCUMULATORS = 16 if binding.get_host_cpu_features().get("avx512f") else 4

# Winograd's F(2×2, 3×3): Bᵀ and Aᵀ of Lavin and Gray (``ops.convolution_winograd``), for tiles that are UNIT apart.
INPUT = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
OUTPUT = ((1, 1, 1, 0), (0, 1, -1, -1))
UNIT = len(OUTPUT)


class _Emitter:
    """Loads, stores and sums of vectors of 64 bytes in the function being built."""

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
        """The numbered lanes of a and b one after the other."""
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
        """``matrix`` (constants) times the column of ``vectors``; what is multiplied by 0 takes no time."""
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
        """The entries of ``matrix · d · matrixᵀ``, where ``d`` are those of a square matrix, line by line."""
        size = len(matrix[0])
        columns = [self.combined(matrix, d[j::size]) for j in range(size)]
        return [value for line in zip(*columns, strict=True) for value in self.combined(matrix, line)]

    def apart(self, vectors: list) -> list:
        """Of numbers that fill n vectors, n a power of two, every n-th from the first on, from the second on, …"""
        if len(vectors) == 1:
            return vectors
        pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
        halves = [self.apart([self.shuffle(a, b, range(odd, 2 * self.lanes, 2)) for a, b in pairs]) for odd in range(2)]
        return [vector for both in zip(*halves, strict=True) for vector in both]

    def together(self, vectors: list) -> list:
        """The reverse of ``apart``."""
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
        """``mask`` if the condition holds, else no lane."""
        return self.builder.select(condition, mask, ir.Constant(mask.type, [0] * self.lanes))

    def masked_load(self, pointer, mask):
        """A vector with 0 where the mask says no; nothing is read there."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        arguments = [pointer, ir.IntType(32)(self.bytes), mask, self._constant(0)]
        return self._masked("load", self.vector, self.vector, arguments)

    def masked_store(self, value, pointer, mask) -> None:
        """The lanes of a vector where the mask says yes."""
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
        """The sum of each vector's lanes, side by side in as many vectors as it takes: pairs of lanes are added.

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


def _product(rows: int):
    @intrinsic
    def product_tile(typing, a, a_at, a_step, b, b_at, starts, count, out, out_at, out_step):
        """``out[out_at + i·out_step + q] = Σ_k a[a_at + i·a_step + k]·b[b_at + starts[k] + q]``, k < count.

        i has ``rows`` values, q as many as fill 128 bytes.
        """

        def emit(context, builder, signature, args):
            e = _Emitter(context, builder, signature, args)
            a, a_at, a_step, b, b_at, starts, count, out, out_at, out_step = e.args
            together = min(rows, ACCUMULATORS // 2)
            a, b, out = e.at(a, a_at), e.at(b, b_at), e.at(out, out_at)
            for first in range(0, rows, together):
                numbers = range(first, first + together)
                lines = [e.at(a, builder.mul(a_step, INDEX(i))) for i in numbers]

                def terms(k, lines=lines):
                    stretch = e.at(b, builder.load(e.at(starts, k)))
                    parts = [e.load(e.at(stretch, j * e.lanes)) for j in range(2)]
                    weights = [e.everywhere(builder.load(e.at(line, k))) for line in lines]
                    return [(weight, part) for weight in weights for part in parts]

                sums = iter(e.accumulate(count, 1, 2 * together, terms))
                for i in numbers:
                    for j in range(2):
                        e.store(next(sums), e.at(out, builder.mul(out_step, INDEX(i)), j * e.lanes))
            return context.get_dummy_value()

        return types.void(a, a_at, a_step, b, b_at, starts, count, out, out_at, out_step), emit

    return product_tile


def _correlation(rows: int):
    @intrinsic
    def correlation_tile(typing, a, a_at, a_step, b, b_at, starts, starts_at, size, out, out_at, out_step):
        """``out[out_at + i·out_step + j] += Σ_q a[a_at + i·a_step + q]·b[b_at + starts[starts_at + j] + q]``, q < size.

        i has ``rows`` values, j four; ``size`` is a multiple of what fills 64 bytes.
        """

        def emit(context, builder, signature, args):
            e = _Emitter(context, builder, signature, args)
            a, a_at, a_step, b, b_at, starts, starts_at, size, out, out_at, out_step = e.args
            columns, together = min(4, ACCUMULATORS // 2), min(rows, max(ACCUMULATORS // 4, 2))
            a, b, starts, out = e.at(a, a_at), e.at(b, b_at), e.at(starts, starts_at), e.at(out, out_at)
            for first in range(0, rows, together):
                lines = [e.at(a, builder.mul(a_step, INDEX(i))) for i in range(first, first + together)]
                for column in range(0, 4, columns):
                    stretches = [e.at(b, builder.load(e.at(starts, column + j))) for j in range(columns)]

                    def terms(q, lines=lines, stretches=stretches):
                        right = [e.load(e.at(stretch, q)) for stretch in stretches]
                        left = [e.load(e.at(line, q)) for line in lines]
                        return [(x, y) for x in left for y in right]

                    done = e.sums(e.accumulate(size, e.lanes, together * columns, terms))
                    for i in range(together):
                        at, place = divmod(i * columns, e.lanes)
                        to = e.at(out, builder.mul(out_step, INDEX(first + i)), column)
                        part = e.shuffle(done[at], done[at], range(place, place + columns))
                        e.store(builder.fadd(e.load(to, columns), part), to)
            return context.get_dummy_value()

        return types.void(a, a_at, a_step, b, b_at, starts, starts_at, size, out, out_at, out_step), emit

    return correlation_tile


def _from_image(matrix):
    """``matrix · d · matrixᵀ`` of square tiles d of an image, as many side by side as fill 64 bytes."""

    @intrinsic
    def transform(typing, x, at, row, height, column, width, out, to, plane):
        """d begin at (row, column) of the image (height, width) at x[at] and after, UNIT apart; outside of it is 0.

        Entry number e of the products goes to ``out[to + e·plane]`` and after.
        """

        def emit(context, builder, signature, args):
            e = _Emitter(context, builder, signature, args)
            x, at, row, height, column, width, out, to, plane = e.args
            size, unit, out = len(matrix[0]), UNIT, e.at(out, to)
            starts = [range(c, c + unit * e.lanes, e.lanes) for c in range(0, size, unit)]
            masks = {j: e.inside(builder.add(column, INDEX(j)), width) for part in starts for j in part}
            d = []
            for r in range(size):
                line = builder.add(row, INDEX(r))
                inside = builder.icmp_unsigned("<", line, height)
                pointer = e.at(x, at, builder.mul(line, width), column)
                for part in starts:
                    d += e.apart([e.masked_load(e.at(pointer, j), e.where(inside, masks[j])) for j in part])
            for value in e.both_sides(matrix, d):
                e.store(value, out)
                out = e.at(out, plane)
            return context.get_dummy_value()

        return types.void(x, at, row, height, column, width, out, to, plane), emit

    return transform


def _to_image(matrix):
    """The way back: the products are the tiles of an image."""

    @intrinsic
    def transform(typing, source, at, plane, shift, out, to, row, height, column, width):
        """Entry number e of d is at ``source[at + e·plane]`` and after; the products plus ``shift`` are tiles.

        The image (height, width) is at out[to], the tiles begin at (row, column); what is outside of it is dropped.
        """

        def emit(context, builder, signature, args):
            e = _Emitter(context, builder, signature, args)
            source, at, plane, shift, out, to, row, height, column, width = e.args
            pointer, d, shift = e.at(source, at), [], e.everywhere(shift)
            for _ in range(len(matrix[0]) ** 2):
                d.append(e.load(pointer))
                pointer = e.at(pointer, plane)
            values = [builder.fadd(value, shift) for value in e.both_sides(matrix, d)]
            masks = [e.inside(builder.add(column, INDEX(j * e.lanes)), width) for j in range(UNIT)]
            for r in range(UNIT):
                line = builder.add(row, INDEX(r))
                inside = builder.icmp_unsigned("<", line, height)
                pointer = e.at(out, to, builder.mul(line, width), column)
                for j, part in enumerate(e.together(values[r * UNIT : (r + 1) * UNIT])):
                    e.masked_store(part, e.at(pointer, j * e.lanes), e.where(inside, masks[j]))
            return context.get_dummy_value()

        return types.void(source, at, plane, shift, out, to, row, height, column, width), emit

    return transform


@intrinsic
def largest_of_pairs(typing, x, at, width, line, values, indices, to, column, columns):
    """The largest of each window of 2 × 2 and its place, from ``column`` to ``columns`` of a row of windows or less.

    The image with lines of ``width`` is at x[at], its lines ``line`` and ``line + 1`` are those of the windows; the row's
    results go to values[to] and indices[to] and after. The first wins a tie, and NaN counts as largest.
    """

    def emit(context, builder, signature, args):
        e = _Emitter(context, builder, signature, args)
        x, at, width, line, values, indices, to, column, columns = e.args
        place = builder.add(builder.mul(line, width), builder.mul(column, INDEX(2)))
        first = builder.mul(column, INDEX(2))
        masks = [e.inside(builder.add(first, INDEX(j * e.lanes)), width) for j in range(2)]
        upper = e.at(x, at, place)
        (a, b), (c, d) = (
            e.apart([e.masked_load(e.at(row, j * e.lanes), mask) for j, mask in enumerate(masks)])
            for row in (upper, e.at(upper, width))
        )

        def larger(p, q):  # q > p, or only q is NaN
            return builder.and_(builder.fcmp_unordered(">", q, p), builder.fcmp_ordered("ord", p, p))

        right, right_below = larger(a, b), larger(c, d)
        top, bottom = builder.select(right, b, a), builder.select(right_below, d, c)
        below = larger(top, bottom)
        kind = ir.VectorType(INDEX, e.lanes)
        number = builder.add(e.everywhere(place), ir.Constant(kind, list(range(0, 2 * e.lanes, 2))))
        number = builder.add(number, builder.zext(builder.select(below, right_below, right), kind))
        number = builder.add(number, builder.select(below, e.everywhere(width), ir.Constant(kind, [0] * e.lanes)))
        mask = e.inside(column, columns)
        e.masked_store(builder.select(below, bottom, top), e.at(values, to, column), mask)
        e.masked_store(number, e.at(indices, to, column), mask)
        return context.get_dummy_value()

    return types.void(x, at, width, line, values, indices, to, column, columns), emit


product_tile_8, product_tile_4, product_tile_2, product_tile_1 = map(_product, (8, 4, 2, 1))
correlation_tile_4, correlation_tile_1 = map(_correlation, (4, 1))
winograd_input, winograd_cotangent = map(_from_image, (INPUT, tuple(zip(*OUTPUT, strict=True))))
winograd_output = _to_image(OUTPUT)
