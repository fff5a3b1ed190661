"""Write mygrad2_functions.json: values and gradients of MyGrad 2.5's own functions.

Run where MyGrad 2.5 is installed: python tests/data/make_mygrad2_functions.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ANY = [-2.5, -0.7, 0.3, 1.9]
OUTSIDE = [-3.0, -1.2, 1.1, 2.5]
A = [[1.0, -2.0, 0.5], [0.3, 1.5, -0.7]]
B = [[0.2, 1.0], [-0.4, 0.8], [2.0, -1.0]]
V = [0.5, -1.0]
WINDOWS: list[dict[str, Any]] = [
    {"window_shape": [2], "step": 1},
    {"window_shape": [2, 3], "step": [2, 1], "dilation": [2, 1]},
    {"window_shape": [2], "step": [2], "dilation": 2},
]
ARRAY = [[float(5 * row + column) for column in range(5)] for row in range(4)]


def main() -> None:
    """Write the file."""
    import numpy as np

    import mygrad as mg

    cases = []

    def note(name: str, *arrays: Any, listed: bool = False) -> None:
        tensors = [mg.tensor(array) for array in arrays]
        result = getattr(mg, name)(tensors) if listed else getattr(mg, name)(*tensors)
        (result * np.cos(np.arange(result.size)).reshape(result.shape)).sum().backward()
        cases.append(
            {
                "function": name,
                "arrays": arrays,
                "listed": listed,
                "value": result.data.tolist(),
                "gradients": [tensor.grad.tolist() for tensor in tensors],
            }
        )

    for name in ("sec", "csc", "cot", "sech", "csch", "coth", "arccot", "arccsch", "sinc"):
        note(name, ANY)
    for name in ("arcsec", "arccsc", "arccoth"):
        note(name, OUTSIDE)
    for name in ("add_sequence", "multiply_sequence"):
        note(name, A, [1.0, 0.0, -2.0], 3.0)
    note("multi_matmul", A, B, listed=True)
    note("multi_matmul", V, A, B, V, listed=True)
    windows = [
        {
            "keywords": keywords,
            "value": mg.sliding_window_view(np.array(ARRAY), **keywords).tolist(),
        }
        for keywords in WINDOWS
    ]
    data = {"cases": cases, "array": ARRAY, "windows": windows}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in data.items())
    path = Path(__file__).with_name("mygrad2_functions.json")
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
