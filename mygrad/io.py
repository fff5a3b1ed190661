"""Save and load a tensor and its gradient.

The file format is NumPy's ``.npz``, a zip archive of arrays. Loading never runs code from the file:
pickled objects, and everything else that :func:`save` does not write, are refused.
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

#: The entries that a file may have. The last is present, and true, for a floating-point constant.
ENTRIES = ("data", "grad", "constant")

#: The maximal length of an error message about a file.
_LONGEST = 250


def save(file: str | PathLike[str] | BinaryIO, tensor: Tensor) -> None:
    """Write a tensor and its gradient, if it has one, to a file in NumPy's ``.npz`` format.

    The graph of the tensor is not saved. The file can also be read by MyGrad 2 and ``numpy.load``.

    Parameters
    ----------
    file : str, path or binary file
        The ending ``.npz`` is added to a name without it.
    tensor : Tensor

    Raises
    ------
    TypeError
        ``tensor`` is not a tensor.

    See Also
    --------
    load : reads the file.
    numpy.savez : saves several arrays; pass it ``tensor.data``.

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
            f"mygrad.save takes a tensor, not {type(tensor).__name__}. For arrays, use numpy.savez"
            " or mygrad.save(file, mygrad.tensor(array))."
        )
    entries: dict[str, Array] = {"data": tensor._value()}
    if tensor.grad is not None:
        entries["grad"] = asarray(tensor.grad)
    if tensor.constant and tensor.dtype.kind in "fc":
        entries["constant"] = np.array(True)
    np.savez(file, **entries)  # type: ignore[arg-type]


def load(file: str | PathLike[str] | BinaryIO) -> Tensor:
    """Read a tensor that :func:`save`, of this package or of MyGrad 2, has written.

    No code in the file is run. A file is accepted only if it is what ``save`` writes: uncompressed
    numeric arrays, with the expected names and the sizes that their headers state. So the memory
    used is proportional to the size of the file.

    Parameters
    ----------
    file : str, path or binary file

    Returns
    -------
    Tensor
        A leaf with the saved values, dtype and gradient.

    Raises
    ------
    ValueError
        The file has another format, or is damaged.
    TypeError
        ``file`` is neither a path nor a file.
    OSError
        The file cannot be opened or read.

    Examples
    --------
    >>> import io, mygrad as mg
    >>> mg.load(io.BytesIO(b"something else"))
    Traceback (most recent call last):
    ...
    ValueError: mygrad.load: not a file written by mygrad.save: File is not a zip file
    """
    if isinstance(file, str | PathLike):
        with open(file, "rb") as stream:
            return _load(stream)
    if not hasattr(file, "read"):
        raise TypeError(f"mygrad.load takes a path or an open file, not {type(file).__name__}")
    return _load(file)


def _load(stream: BinaryIO) -> Tensor:
    try:
        return _tensor(_entries(stream))
    except OSError:
        raise
    except Exception as error:
        said = f"mygrad.load: not a file written by mygrad.save: {error}"
        if len(said) > _LONGEST:
            # NumPy quotes the whole header, whose length is up to whoever wrote the file.
            raise ValueError(f"{said[:_LONGEST]}…") from None
        raise ValueError(said) from error


def _entries(stream: BinaryIO) -> dict[str, Array]:
    with zipfile.ZipFile(stream) as archive:
        size = stream.seek(0, io.SEEK_END)
        members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name not in ENTRIES or member.filename == name or name in members:
                raise ValueError(f"unexpected entry {member.filename!r}")
            members[name] = member
        return {name: _read(archive, member, name, size) for name, member in members.items()}


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> Array:
    """The array of an entry; its header is checked before memory is allocated."""
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
        # The sizes in the archive may be forged, too; that of the file cannot be.
        said = member.compress_size
        if min(shape, default=0) < 0 or said > limit or size != said - stream.tell():
            raise ValueError(f"the size of entry {name!r} does not match its header")
    with archive.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def _tensor(entries: dict[str, Array]) -> Tensor:
    if "data" not in entries:
        raise ValueError("there is no entry 'data'")
    data, grad = entries["data"], entries.get("grad")
    constant = True if "constant" in entries and entries["constant"].all() else None
    tensor = Tensor(data, constant=constant, copy=False)
    if grad is not None:
        if tensor.constant or grad.shape != data.shape or grad.dtype != data.dtype:
            raise ValueError(
                f"the gradient has shape {grad.shape} and dtype {grad.dtype}, the data has"
                f" {data.shape} and {data.dtype}"
            )
        tensor.backward(grad)
    return tensor
