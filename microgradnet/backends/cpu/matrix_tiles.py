"""The inner loops of matrix products.

A *tile* of the result stays in the processor's registers during the sum, so that each loaded value is multiplied by
several others (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication").
"""

from numba import types
from numba.extending import intrinsic

from .llvm_vectors import ACCUMULATORS, INDEX, Emitter


def _product(rows: int):
    @intrinsic
    def product_tile(typing, a, a_at, a_step, b, b_at, starts, count, out, out_at, out_step):
        """``out[out_at + i·out_step + q] = Σ_k a[a_at + i·a_step + k]·b[b_at + starts[k] + q]``, k < count.

        i has ``rows`` values, q as many as fill 128 bytes.
        """

        def emit(context, builder, signature, args):
            e = Emitter(context, builder, signature, args)
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
            e = Emitter(context, builder, signature, args)
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


product_tile_8, product_tile_4, product_tile_2, product_tile_1 = map(_product, (8, 4, 2, 1))
correlation_tile_4, correlation_tile_1 = map(_correlation, (4, 1))
