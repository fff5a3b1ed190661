import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

MAKERS = [normal, complex_normal]
VECTOR_ORDERS = [1, 2, 3, 0.5, -1, -2, 0, np.inf, -np.inf]
MATRIX_ORDERS = ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]

SAMPLES = [
    *(Sample(np.linalg.norm, make(4), ord) for make in MAKERS for ord in VECTOR_ORDERS),
    *(Sample(np.linalg.norm, make(2, 3), ord, 0) for make in MAKERS for ord in VECTOR_ORDERS),
    *(Sample(np.linalg.norm, make(3, 2), ord) for make in MAKERS for ord in MATRIX_ORDERS),
    *(Sample(np.linalg.norm, make(2, 1, 3), ord, (0, 2)) for make in MAKERS for ord in MATRIX_ORDERS),
    *(
        Sample(np.linalg.norm, make(2, 1, 3), ord, (-1, 0), True)
        for make in MAKERS
        for ord in MATRIX_ORDERS
    ),
    *(
        Sample(np.linalg.norm, make(*shape), **options)
        for make in MAKERS
        for shape, options in [
            ((), {}),
            ((3,), {}),
            ((2, 3), {}),
            ((2, 3), {"keepdims": True}),
            ((2, 1, 2), {}),
            ((2, 3), {"axis": 1}),
            ((2, 3), {"axis": -1, "keepdims": True}),
            ((2, 3), {"axis": (0, 1)}),
            ((2, 2, 2), {"axis": (2, 0), "keepdims": True}),
        ]
    ),
    Sample(np.linalg.norm, normal(0)),
    Sample(np.linalg.norm, normal(0, 2), axis=1),
    *(Sample(np.linalg.vector_norm, make(2, 3), ord=p) for make in MAKERS for p in VECTOR_ORDERS),
    *(
        Sample(np.linalg.vector_norm, make(2, 2, 2), axis=(0, -1), keepdims=True, ord=ord)
        for make in MAKERS
        for ord in VECTOR_ORDERS
    ),
    Sample(np.linalg.vector_norm, normal()),
    Sample(np.linalg.vector_norm, normal(2, 3)),
    Sample(np.linalg.vector_norm, normal(2, 3), axis=1),
    *(Sample(np.linalg.matrix_norm, make(2, 3, 2), ord=p) for make in MAKERS for p in MATRIX_ORDERS),
    Sample(np.linalg.matrix_norm, normal(3, 2)),
    Sample(np.linalg.matrix_norm, normal(3, 2), keepdims=True, ord="nuc"),
    *(Sample(np.linalg.cond, make(2, 2), ord) for make in MAKERS for ord in [None, *MATRIX_ORDERS]),
    *(Sample(np.linalg.cond, normal(2, 2, 2), ord) for ord in [None, *MATRIX_ORDERS]),
    *(Sample(np.linalg.cond, make(3, 2)) for make in MAKERS),
    Sample(np.linalg.cond, normal(2, 3), -2),
    Sample(np.linalg.cond, normal(1, 1)),
]
TestSamples = generic_checks(SAMPLES)
