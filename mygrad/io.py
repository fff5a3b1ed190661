"""A tensor in a file, with its gradient.

The file is NumPy's ``.npz``: a zip archive of arrays. Reading one runs no code, whatever is in it: objects,
which would have to be unpickled, are refused, and so is all else that :func:`save` does not write.
"""

from __future__ import annotations

import io
import math
import zipfile
from os import PathLike
from typing import Any, BinaryIO

import numpy as np

from mygrad.tensors.tensor import Tensor, asarray

Array = np.ndarray[Any, Any]

#: The entries that a file may have. The last is there, and true, for a constant of floats.
ENTRIES = ("data", "grad", "constant")

#: How many characters of what is wrong with a file are told.
_LONGEST = 250


def save(file: str | PathLike[str] | BinaryIO, tensor: Tensor) -> None:
    """Write a tensor and its gradient, if it has one, to a file in NumPy's ``.npz`` format.

    The history of the tensor is not written. MyGrad 2 can read the file, and ``numpy.load`` as well.

    Parameters
    ----------
    file : str, path or binary file
        A name without the ending ``.npz`` is given it.
    tensor : Tensor

    Raises
    ------
    TypeError
        ``tensor`` is no tensor.

    See Also
    --------
    load : reads it.
    numpy.savez : writes several arrays; pass it ``tensor.data``.

    Examples
    --------
    >>> import io, mygrad as mg
    >>> x = mg.tensor([1.0, 2.0])
    >>> (x**2).sum().backward()
    >>> file = io.BytesIO()
    >>> mg.save(file, x)
    >>> _ = file.seek(0)
    >>> y = mg.load(file)
    >>> y, y.grad
    (Tensor([1., 2.]), array([2., 4.]))
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(
            f"mygrad.save writes a tensor, not {type(tensor).__name__}. For arrays there is numpy.savez,"
            " or mygrad.save(file, mygrad.tensor(array))."
        )
    entries: dict[str, Array] = {"data": tensor._value()}
    if tensor.grad is not None:
        entries["grad"] = asarray(tensor.grad)
    if tensor.constant and tensor.dtype.kind in "fc":
        entries["constant"] = np.array(True)
    np.savez(file, **entries)  # type: ignore[arg-type]


def load(file: str | PathLike[str] | BinaryIO) -> Tensor:
    """Read a tensor that :func:`save`, here or in MyGrad 2, has written.

    Nothing in the file is run. It is read only if it is what ``save`` writes: numbers, not objects, in
    entries of the known names, not compressed, each as large as it says. So memory is used in
    proportion to the size of the file, and no more.

    Parameters
    ----------
    file : str, path or binary file

    Returns
    -------
    Tensor
        A leaf with the values, the dtype and the gradient that were saved.

    Raises
    ------
    ValueError
        The file is something else, or damaged.
    TypeError
        It is neither a name nor a file.
    OSError
        It cannot be opened or read.

    Examples
    --------
    >>> import io, mygrad as mg
    >>> mg.load(io.BytesIO(b"something else"))
    Traceback (most recent call last):
    ...
    ValueError: mygrad.load reads what mygrad.save has written: File is not a zip file
    """
    if isinstance(file, str | PathLike):
        with open(file, "rb") as stream:
            return _load(stream)
    if not hasattr(file, "read"):
        raise TypeError(
            f"mygrad.load reads a file, given by name or open, not {type(file).__name__}"
        )
    return _load(file)


def _load(stream: BinaryIO) -> Tensor:
    try:
        return _tensor(_entries(stream))
    except OSError:
        raise
    except Exception as error:
        said = f"mygrad.load reads what mygrad.save has written: {error}"
        if len(said) > _LONGEST:
            # NumPy quotes a header whole, which is as long as whoever wrote the file likes.
            raise ValueError(f"{said[:_LONGEST]}…") from None
        raise ValueError(said) from error


def _entries(stream: BinaryIO) -> dict[str, Array]:
    with zipfile.ZipFile(stream) as archive:
        size = stream.seek(0, io.SEEK_END)
        members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name not in ENTRIES or member.filename == name or name in members:
                raise ValueError(f"there is an entry {member.filename!r} too many in the file")
            members[name] = member
        return {name: _read(archive, member, name, size) for name, member in members.items()}


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> Array:
    """The array of an entry; its header is looked at before memory is taken."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"the entry {name!r} is compressed")
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"the entry {name!r} has a format of version {version}")
        shape, _, dtype = _HEADERS[version](stream)
        if dtype.kind not in "biufc":
            raise ValueError(f"the entry {name!r} holds {dtype}, not numbers")
        size = math.prod(shape) * dtype.itemsize
        # What the archive says of sizes may be a lie, too; that of the file is none.
        said = member.compress_size
        if min(shape, default=0) < 0 or said > limit or size != said - stream.tell():
            raise ValueError(f"the entry {name!r} is not as large as it says")
    with archive.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def _tensor(entries: dict[str, Array]) -> Tensor:
    if "data" not in entries:
        raise ValueError("there is no entry 'data' in the file")
    data, grad = entries["data"], entries.get("grad")
    constant = True if "constant" in entries and entries["constant"].all() else None
    tensor = Tensor(data, constant=constant, copy=False)
    if grad is not None:
        if tensor.constant or grad.shape != data.shape or grad.dtype != data.dtype:
            raise ValueError(
                f"the gradient has shape {grad.shape} and dtype {grad.dtype}, the data have"
                f" {data.shape} and {data.dtype}"
            )
        tensor.backward(grad)
    return tensor
