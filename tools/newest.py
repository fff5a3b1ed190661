"""The differences between NumPy's versions, so that generated files depend on no version.

Each entry describes the newest NumPy and differs from the oldest supported one, as
tests/tools/test_newest.py checks.
"""

from __future__ import annotations

from mygrad.dispatch.coverage import Covered

#: The version that the tables below describe.
NEWEST = "2.5"

#: Functions that it no longer has, as users write them.
GONE = {"np.in1d"}

_QUANTILE = "a, q, axis=..., out=..., overwrite_input=..., method=..., keepdims=..., *, weights=..., constant=..."

#: The parameters of mygrad's functions, by name.
PARAMETERS = {
    "argsort": "a, axis=..., kind=..., order=..., *, stable=..., descending=...",
    "array": "object, dtype=..., *, copy=..., order=..., subok=..., ndmin=..., ndmax=..., like=..., constant=...",
    "array2string": "a, max_line_width=..., precision=..., suppress_small=..., separator=..., prefix=..., *,"
    " formatter=..., threshold=..., edgeitems=..., sign=..., floatmode=..., suffix=..., legacy=...",
    "corrcoef": "x, y=..., rowvar=..., *, dtype=..., constant=...",
    "frombuffer": "buffer, dtype=..., count=..., offset=..., *, like=..., constant=...",
    "fromfile": "file, dtype=..., count=..., sep=..., offset=..., *, like=..., constant=...",
    "fromiter": "iter, dtype, count=..., *, like=..., constant=...",
    "fromstring": "string, dtype=..., count=..., *, sep, like=..., constant=...",
    "nanpercentile": _QUANTILE,
    "nanquantile": _QUANTILE,
    "packbits": "a, /, axis=..., bitorder=...",
    "percentile": _QUANTILE,
    "quantile": _QUANTILE,
    "reshape": "a, /, shape, order=..., *, copy=..., constant=...",
    "sort": "a, axis=..., kind=..., order=..., *, stable=..., descending=..., constant=...",
    "take_along_axis": "arr, indices, axis=..., *, constant=...",
    "unique": "ar, return_index=..., return_inverse=..., return_counts=..., axis=..., *, equal_nan=...,"
    " sorted=..., constant=...",
    "unpackbits": "a, /, axis=..., count=..., bitorder=...",
}

_TEXT = (
    *("capitalize", "center", "decode", "encode", "expandtabs", "ljust", "lower", "mod"),
    *("multiply", "partition", "replace", "rjust", "rpartition", "swapcase", "title"),
    *("translate", "upper", "zfill"),
)

#: The functions that it dispatches but the oldest version does not.
LATER = [
    *(
        Covered(f"np.strings.{name}", "refused", "it works on text, and tensors hold numbers", "")
        for name in _TEXT
    ),
    *(
        Covered(f"np.polynomial.polynomial.{name}", "differentiable", "", "")
        for name in ("polygrid2d", "polyval2d", "polyvalnd")
    ),
]
