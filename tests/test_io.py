"""Saving and loading tensors, and loading files that `save` did not write."""

from __future__ import annotations

import io
import os
import pickle
import struct
import traceback
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mygrad as mg


def written(tensor: Any) -> io.BytesIO:
    file = io.BytesIO()
    mg.save(file, tensor)
    file.seek(0)
    return file


def with_gradient(values: Any, **options: Any) -> mg.Tensor:
    x = mg.tensor(values, **options)
    np.sum(np.abs(x) ** 2).backward()
    return x


@pytest.mark.parametrize(
    "tensor",
    [
        mg.tensor([[1.0, 2.0, 3.0]]),
        with_gradient([[1.0, -2.0]]),
        with_gradient(3.0, dtype=np.float32),
        with_gradient([1 + 2j, 1j]),
        mg.tensor([1.0, 2.0], constant=True),
        mg.tensor([1, 2], dtype=np.int8),
        mg.tensor([True, False]),
        mg.tensor(np.zeros((0, 3))),
        mg.tensor(np.arange(6.0).reshape(2, 3).T),
        mg.tensor([1.0], dtype=">f4"),
    ],
    ids=["plain", "gradient", "f4", "complex", "constant", "i1", "bool", "empty", "F", "swapped"],
)
def test_a_tensor_comes_back(tensor: Any) -> None:
    loaded = mg.load(written(tensor))
    assert loaded.dtype == tensor.dtype
    assert loaded.shape == tensor.shape
    assert loaded.constant == tensor.constant
    assert loaded.creator is None
    np.testing.assert_array_equal(loaded, tensor)
    if tensor.grad is None:
        assert loaded.grad is None
    else:
        assert loaded.grad.dtype == tensor.dtype
        np.testing.assert_array_equal(loaded.grad, tensor.grad)


def test_names_paths_and_files(tmp_path: Path) -> None:
    x = mg.tensor([1.0])
    mg.save(str(tmp_path / "name"), x)
    mg.save(tmp_path / "path.npz", x)
    with open(tmp_path / "file", "wb") as file:
        mg.save(file, x)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "name.npz", "path.npz"]
    assert mg.load(str(tmp_path / "name.npz")).item() == 1
    assert mg.load(tmp_path / "path.npz").item() == 1
    with open(tmp_path / "file", "rb") as file:
        assert mg.load(file).item() == 1
        assert not file.closed
    with np.load(tmp_path / "name.npz") as entries:
        assert list(entries) == ["data"]


def test_a_file_of_mygrad_2() -> None:
    x = mg.load(Path(__file__).parent / "data" / "mygrad2.npz")
    assert (x.tolist(), x.grad.tolist(), x.dtype) == ([1, 2], [2, 4], np.float32)


def test_a_loaded_tensor_starts_afresh() -> None:
    x = mg.load(written(with_gradient([1.0, 2.0])))
    assert x.grad.tolist() == [2, 4]
    np.sum(3 * x).backward()
    assert x.grad.tolist() == [3, 3]
    file = written(with_gradient(2.0))
    with mg.no_autodiff:
        assert mg.load(file).grad == 4


def test_the_history_is_not_written() -> None:
    x = mg.tensor([1.0, 2.0])
    y = x[:1] * 2
    assert mg.load(written(y)).creator is None
    assert not mg.load(written(y)).constant
    gradient = mg.tensor([1.0, 2.0])
    np.sum(gradient**2).backward(create_graph=True)
    with mg.strict:
        file = written(gradient)
    assert mg.load(file).grad.tolist() == [2, 4]


@pytest.mark.parametrize(
    "value", [np.ones(2), [1.0], 2.0, None], ids=["array", "list", "1", "None"]
)
def test_only_tensors_are_saved(value: Any) -> None:
    with pytest.raises(TypeError, match=r"mygrad\.save takes a tensor, not"):
        mg.save(io.BytesIO(), value)


# ------------------------------------------------------------------- hostile files


class Hostile:
    """An object whose unpickling would be noticed."""

    def __reduce__(self) -> Any:
        return os.putenv, ("MYGRAD_WAS_HERE", "1")


def archive(*, names: tuple[str, ...] = (), **entries: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **entries)
    with zipfile.ZipFile(file, "a") as more:
        for name in names:
            more.writestr(name, b"something")
    return file.getvalue()


def raw(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """An archive with a forged header."""
    file = io.BytesIO()
    text = header.encode().ljust(117) + b"\n"
    with zipfile.ZipFile(file, "w") as made:
        content = b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + body
        made.writestr("data.npy", content)
    return file.getvalue()


def described(shape: Any, descr: str = "'<f8'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


def lying(size: int) -> bytes:
    """An archive of a few bytes that claims to have ``size`` bytes, in all headers."""
    content = bytearray(raw(described((size,), "'|u1'")))
    directory = content.index(b"PK\x01\x02")
    held = struct.unpack_from("<I", content, directory + 20)[0]
    struct.pack_into("<II", content, directory + 20, size + held, size + held)
    return bytes(content)


def compressed() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, data=np.zeros(10**6))
    return file.getvalue()


def twice() -> bytes:
    file = io.BytesIO()
    content = zipfile.ZipFile(io.BytesIO(archive(data=np.ones(1)))).read("data.npy")
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("data.npy", content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("data.npy", content)
    return file.getvalue()


HOSTILE: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "not a zip file"),
    "text": (b"one, two, three", "not a zip file"),
    "pickle": (pickle.dumps(Hostile()), "not a zip file"),
    "objects": (archive(data=np.array([Hostile()])), "holds object, not numbers"),
    "objects in the gradient": (
        archive(data=np.ones(1), grad=np.array([Hostile()])),
        "holds object, not numbers",
    ),
    "text entries": (archive(data=np.array(["a"])), "holds <U1, not numbers"),
    "records": (archive(data=np.zeros(2, "f8,f8")), "not numbers"),
    "dates": (archive(data=np.zeros(2, "M8[s]")), "not numbers"),
    "another entry": (archive(data=np.ones(1), other=np.ones(1)), "unexpected entry 'other.npy'"),
    "a path": (
        archive(data=np.ones(1), names=("../../data.npy",)),
        r"unexpected entry '../../data.npy'",
    ),
    "no array": (archive(data=np.ones(1), names=("grad",)), "unexpected entry 'grad'"),
    "no header": (archive(names=("data.npy",)), "magic string"),
    "no data": (archive(grad=np.ones(1)), "no entry 'data'"),
    "twice": (twice, "unexpected entry 'data.npy'"),
    "compressed": (compressed, "'data' is compressed"),
    "huge": (raw(described((10**15,))), "does not match its header"),
    # Python 3.13 detects it, too.
    "huge and lying": (lying(4 * 10**9), "does not match its header|Overlapped entries"),
    "too small": (raw(described((1,)), b"1234"), "does not match its header"),
    "too large": (raw(described((1,)), b"1234" * 4), "does not match its header"),
    "negative": (raw(described((-1, -1)), b"12345678"), "does not match its header"),
    "code": (raw("__import__('os').putenv('MYGRAD_WAS_HERE', '1')"), "malformed"),
    "nesting": (raw("(" * 100), "mygrad.load: not"),
    "version": (raw(described((1,)), b"12345678", b"\x09\x00"), r"version \(9, 0\)"),
    "gradient of another shape": (archive(data=np.ones(2), grad=np.ones(3)), r"shape \(3,\)"),
    "gradient of integers": (archive(data=np.ones(2), grad=np.ones(2, int)), "dtype int64"),
    "gradient for integers": (archive(data=np.ones(2, int), grad=np.ones(2, int)), "gradient has"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = []
    monkeypatch.setattr(os, "putenv", lambda *_: run.append(name))
    content, match = HOSTILE[name]
    content = content if isinstance(content, bytes) else content()
    with pytest.raises(ValueError, match=match) as caught:
        mg.load(io.BytesIO(content))
    assert str(caught.value).startswith("mygrad.load: not a file written by mygrad.save: ")
    assert not run


def test_damaged_files() -> None:
    whole = written(with_gradient(np.arange(50.0))).getvalue()
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError, match=r"mygrad\.load: not"):
            mg.load(io.BytesIO(whole[:length]))
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= int(rng.integers(1, 256))
        try:
            mg.load(io.BytesIO(bytes(damaged)))  # fields such as dates may change without notice
        except ValueError as error:
            assert str(error).startswith("mygrad.load: not")  # noqa: PT017 - it need not raise


def test_errors_of_the_system_are_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "none.npz")
    with pytest.raises(TypeError):
        mg.load(None)


def test_a_long_header_is_not_quoted_whole() -> None:
    file = io.BytesIO()
    text = b"{'descr': '" + b"x" * 9000 + b"'"
    header = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.npy", header)
    file.seek(0)
    with pytest.raises(ValueError, match=r"mygrad\.load: .*: .+") as caught:
        mg.load(file)
    assert len("".join(traceback.format_exception(caught.value)).split("ValueError: ")[-1]) < 300
    assert caught.value.__suppress_context__
