"""Piecewise constant callables: rounding, comparisons, queries about an array.

They compute with the tensors' data and return what NumPy returns, without a gradient.
"""

import numpy as np

from mygrad.engine.registry import piecewise_constant

# Rounding, signs and spacing
piecewise_constant(
    np.ceil,
    np.fix,
    np.floor,
    np.floor_divide,
    np.rint,
    np.signbit,
    np.spacing,
    np.trunc,
)

# Comparisons and logic
piecewise_constant(
    np.allclose,
    np.array_equal,
    np.array_equiv,
    np.equal,
    np.greater,
    np.greater_equal,
    np.isclose,
    np.isin,
    np.less,
    np.less_equal,
    np.logical_and,
    np.logical_not,
    np.logical_or,
    np.logical_xor,
    np.not_equal,
)

if hasattr(np, "in1d"):
    piecewise_constant(np.in1d)  # noqa: NPY201 - NumPy has it until version 2.4

# Kinds of numbers
piecewise_constant(
    np.iscomplex,
    np.iscomplexobj,
    np.isfinite,
    np.isinf,
    np.isnan,
    np.isneginf,
    np.isposinf,
    np.isreal,
    np.isrealobj,
)

# Types
piecewise_constant(
    np.can_cast,
    np.common_type,
    np.min_scalar_type,
    np.result_type,
)

# Integers
piecewise_constant(
    np.bitwise_and,
    np.bitwise_count,
    np.bitwise_or,
    np.bitwise_xor,
    np.gcd,
    np.invert,
    np.lcm,
    np.left_shift,
    np.packbits,
    np.right_shift,
    np.unpackbits,
)

# Memory
piecewise_constant(np.may_share_memory, np.shares_memory)

# Text and files
piecewise_constant(
    np.array2string,
    np.array_repr,
    np.array_str,
    np.save,
    np.savetxt,
    np.savez,
    np.savez_compressed,
)

# ------------------------------------------------------------------ searching, counting, truth

piecewise_constant(
    np.all,
    np.any,
    np.argmax,
    np.argmin,
    np.argpartition,
    np.argsort,
    np.count_nonzero,
    np.digitize,
    np.lexsort,
    np.nanargmax,
    np.nanargmin,
    np.searchsorted,
)

# ------------------------------------------------------------------ shapes and indices

piecewise_constant(
    np.argwhere,
    np.diag_indices_from,
    np.flatnonzero,
    np.ix_,
    np.ndim,
    np.nonzero,
    np.ravel_multi_index,
    np.shape,
    np.size,
    np.tril_indices_from,
    np.triu_indices_from,
    np.unravel_index,
)

# ------------------------------------------------------------------ products and linear algebra

piecewise_constant(np.einsum_path, np.linalg.matrix_rank)
