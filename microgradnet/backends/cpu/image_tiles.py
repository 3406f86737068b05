"""Vectorized work on neighbouring tiles of an image: Winograd's transforms, and 2 × 2 pooling."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .llvm_vectors import INDEX, Emitter

# Winograd's F(2×2, 3×3): Bᵀ and Aᵀ of Lavin and Gray (``ops/nn/convolution_winograd.py``), for tiles UNIT apart.
INPUT = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
OUTPUT = ((1, 1, 1, 0), (0, 1, -1, -1))
UNIT = len(OUTPUT)


def _from_image(matrix):
    """``matrix · d · matrixᵀ`` of square tiles d of an image, as many neighbours as fill 64 bytes."""

    @intrinsic
    def transform(typing, x, at, row, height, column, width, out, to, plane):
        """d begin at (row, column) of the image (height, width) at x[at] and after, UNIT apart; outside it is 0.

        Entry number e of the products goes to ``out[to + e·plane]`` and after.
        """

        def emit(context, builder, signature, args):
            e = Emitter(context, builder, signature, args)
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
    """The inverse direction: the products are tiles of an image."""

    @intrinsic
    def transform(typing, source, at, plane, shift, out, to, row, height, column, width):
        """Entry number e of d is at ``source[at + e·plane]`` and after; the products plus ``shift`` are tiles.

        The image (height, width) is at out[to], the tiles begin at (row, column); values outside it are dropped.
        """

        def emit(context, builder, signature, args):
            e = Emitter(context, builder, signature, args)
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


winograd_input, winograd_cotangent = map(_from_image, (INPUT, tuple(zip(*OUTPUT, strict=True))))
winograd_output = _to_image(OUTPUT)


@intrinsic
def largest_of_pairs(typing, x, at, width, line, values, indices, to, column, columns):
    """The largest of each window of 2 × 2 and its index, from ``column`` to at most ``columns`` of a row of windows.

    The image with lines of ``width`` is at x[at], the windows are in its lines ``line`` and ``line + 1``; the result of
    column 0 goes to values[to] and indices[to]. The first wins in a tie, and NaN counts as largest.
    """

    def emit(context, builder, signature, args):
        e = Emitter(context, builder, signature, args)
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
