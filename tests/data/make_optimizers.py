"""Write optimizers.json: the steps of PyTorch's optimizers and schedules.

Run with PyTorch installed: python tests/data/make_optimizers.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.2}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.2}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.2}),
    ("RMSprop", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "momentum": 0.5, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "centered": True, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "centered": True, "momentum": 0.9}),
    ("Adagrad", {"lr": 0.2}),
    ("Adagrad", {"lr": 0.2, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.2, "weight_decay": 0.1}),
]
START = {"w": [[0.5, -1.0, 0.3], [1.2, 0.4, -0.7]], "b": [0.1, 0.0, -0.2]}
X = [[1.0, 2.0], [-1.0, 0.5], [0.3, -1.5], [2.0, 0.1], [-0.7, -0.7]]
Y = [[0.5, 0.0, 0.2], [0.1, -0.3, 0.9], [0.0, 0.8, -0.5], [-0.6, 0.2, 0.1], [0.3, 0.3, 0.3]]
STEPS = 20
#: The steps after which the parameters are recorded.
NOTED = (1, 2, 10, 20)
LOSSES = [5.0, 4.0, 4.0, 4.1, 3.9, 3.9, 3.8999, 4.2, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]


def trajectory(torch: Any, name: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters after the recorded steps."""
    w, b = (torch.tensor(START[key], dtype=torch.float64, requires_grad=True) for key in "wb")
    x, y = (torch.tensor(each, dtype=torch.float64) for each in (X, Y))
    optimizer = getattr(torch.optim, name)([w, b], **settings)
    noted = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        torch.mean((torch.tanh(x @ w + b) - y) ** 2).backward()
        optimizer.step()
        if step in NOTED:
            noted.append({"w": w.tolist(), "b": b.tolist()})
    return noted


def minimum(torch: Any) -> dict[str, Any]:
    """The final parameters of L-BFGS."""
    w, b = (torch.tensor(START[key], dtype=torch.float64, requires_grad=True) for key in "wb")
    x, y = (torch.tensor(each, dtype=torch.float64) for each in (X, Y))
    optimizer = torch.optim.LBFGS(
        [w, b],
        max_iter=1000,
        tolerance_grad=1e-12,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Any:
        optimizer.zero_grad()
        loss = torch.mean((torch.tanh(x @ w + b) - y) ** 2) + 0.01 * (w**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return {"w": w.tolist(), "b": b.tolist(), "loss": closure().item()}


def rates(torch: Any, make: Any, steps: int) -> list[float]:
    """The learning rates of a schedule."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def plateau(torch: Any) -> list[float]:
    """The learning rate after each of the losses."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.1
    )
    found = []
    for loss in LOSSES:
        schedule.step(loss)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def main() -> None:
    """Write the file."""
    import torch

    schedules = torch.optim.lr_scheduler
    data = {
        "problem": {"start": START, "x": X, "y": Y, "steps": STEPS, "noted": NOTED},
        "trajectories": [
            {"optimizer": name, "settings": settings, "noted": trajectory(torch, name, settings)}
            for name, settings in CASES
        ],
        "minimum": minimum(torch),
        "schedules": {
            "step": rates(torch, lambda o: schedules.StepLR(o, 3, gamma=0.3), 10),
            "exponential": rates(torch, lambda o: schedules.ExponentialLR(o, 0.8), 10),
            "cosine": rates(
                torch, lambda o: schedules.CosineAnnealingLR(o, T_max=8, eta_min=0.1), 9
            ),
            "warm-up": rates(
                torch, lambda o: schedules.LinearLR(o, start_factor=0.2, total_iters=4), 8
            ),
        },
        "plateau": {"losses": LOSSES, "rates": plateau(torch)},
    }
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in data.items())
    Path(__file__).with_name("optimizers.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
