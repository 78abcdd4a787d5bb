"""The runtime's C API for Python, as far as the tests on a GPU need it."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint64
from ctypes import c_double, c_void_p

import numpy as np

DTYPES = [np.float32, np.float16, None, np.float64, np.int64, np.int32, np.int16,
          np.int8, np.uint8, np.uint16, np.uint32, np.uint64, np.bool_]
BF16 = 2


class Tensor(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("dtype", c_int32), ("rank", c_int32),
                ("shape", c_int64 * 8)]


class ModelOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("threads", c_int32),
                ("cpu_level", c_char_p), ("device", c_char_p),
                ("tuning_file", c_char_p)]


class ValueInfo(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("role", c_char_p), ("dtype", c_int32),
                ("rank", c_int32), ("shape", c_int64 * 8)]


class Block(ctypes.Structure):
    _fields_ = [("start", c_int64), ("is_global", c_int32), ("segment", c_int64)]


class DeviceMemory(ctypes.Structure):
    _fields_ = [("current_bytes", c_uint64), ("peak_bytes", c_uint64)]


class StepTime(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("count", c_int64), ("seconds", c_double),
                ("operations", c_double), ("bytes", c_double)]


class Error(RuntimeError):
    pass


class Runtime:
    def __init__(self, path):
        self.library = library = ctypes.CDLL(path)
        library.ba_status_message.restype = c_char_p
        for name in ("ba_model_cpu_level", "ba_model_device", "ba_model_manifest"):
            getattr(library, name).restype = c_char_p
            getattr(library, name).argtypes = [c_void_p]
        library.ba_model_device_memory.restype = DeviceMemory
        library.ba_model_device_memory.argtypes = [c_void_p]
        for name in ("ba_model_input_count", "ba_model_output_count"):
            getattr(library, name).restype = c_size_t
            getattr(library, name).argtypes = [c_void_p, c_char_p]

    def check(self, name, *arguments):
        """Calls a function that returns a status."""
        function = getattr(self.library, name)
        function.restype = c_void_p
        status = function(*arguments)
        if status:
            message = self.library.ba_status_message(c_void_p(status)).decode()
            self.library.ba_status_free(c_void_p(status))
            raise Error(message)


def tensor_of(array):
    dtype = (BF16 if array.dtype.name == "bfloat16"
             else DTYPES.index(array.dtype.type))
    tensor = Tensor(array.ctypes.data, dtype, array.ndim)
    tensor.shape[:array.ndim] = array.shape
    return tensor


def array_of(tensor):
    """A copy; bf16 becomes f32."""
    shape = tuple(tensor.shape[:tensor.rank])
    dtype = np.uint16 if tensor.dtype == BF16 else DTYPES[tensor.dtype]
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    data = ctypes.string_at(tensor.data, size) if size else b""
    array = np.frombuffer(data, dtype).reshape(shape)
    if tensor.dtype == BF16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.copy()


class Model:
    def __init__(self, runtime, path, device=None, tuning_file=None):
        self.runtime = runtime
        self.handle = c_void_p()
        options = ModelOptions(ctypes.sizeof(ModelOptions), 0, None,
                               device.encode() if device else None,
                               None if tuning_file is None
                               else tuning_file.encode())
        runtime.check("ba_model_open", path.encode(), byref(options),
                      byref(self.handle))

    def __del__(self):
        if self.handle:
            self.runtime.library.ba_model_release(self.handle)

    def level(self):
        return self.runtime.library.ba_model_cpu_level(self.handle).decode()

    def peak_bytes(self):
        return self.runtime.library.ba_model_device_memory(self.handle).peak_bytes

    def has(self, program):
        return bool(self.runtime.library.ba_model_has_program(
            self.handle, program.encode()))

    def values(self, program, kind):
        """[(name, role, dtype)] of the "input"s or "output"s."""
        library = self.runtime.library
        count = getattr(library, f"ba_model_{kind}_count")(
            self.handle, program.encode())
        result = []
        for i in range(count):
            info = ValueInfo()
            self.runtime.check(f"ba_model_{kind}", self.handle, program.encode(),
                               c_size_t(i), byref(info))
            result.append((info.name.decode(), info.role.decode(),
                           DTYPES[info.dtype]))
        return result


class Session:
    def __init__(self, model):
        self.model, self.runtime = model, model.runtime
        self.handle = c_void_p()
        self.runtime.check("ba_session_create", model.handle, byref(self.handle))
        self.kept = []

    def __del__(self):
        if self.handle:
            self.runtime.library.ba_session_free(self.handle)

    def run(self, program, inputs, blocks=None):
        """`inputs`: arrays by name; `blocks`: [(start, is_global, segment)]."""
        self.runtime.library.ba_session_clear(self.handle)
        # Not ascontiguousarray, which makes vectors of scalars.
        self.kept = [np.asarray(array, order="C") for array in inputs.values()]
        for name, array in zip(inputs, self.kept):
            self.runtime.check("ba_session_set_input", self.handle, name.encode(),
                               byref(tensor_of(array)))
        if blocks is not None:
            layout = (Block * len(blocks))(*blocks)
            self.runtime.check("ba_session_set_layout", self.handle, layout,
                               c_size_t(len(blocks)))
        self.runtime.check("ba_session_run", self.handle, program.encode())

    def output(self, name):
        tensor = Tensor()
        self.runtime.check("ba_session_output", self.handle, name.encode(),
                           byref(tensor))
        return array_of(tensor)

    def encode(self, tokens, position):
        tokens = np.ascontiguousarray(tokens, np.int64)
        block = c_void_p()
        self.runtime.check("ba_encode_block", self.handle,
                           tokens.ctypes.data_as(POINTER(c_int64)),
                           c_int64(len(tokens)), c_int64(position), byref(block))
        return block

    def extend(self, prompt, tokens):
        tokens = np.ascontiguousarray(tokens, np.int64)
        self.runtime.check("ba_extend", self.handle, prompt.handle,
                           tokens.ctypes.data_as(POINTER(c_int64)),
                           c_int64(len(tokens)))

    def profile(self, enable):
        self.runtime.check("ba_session_profile", self.handle, c_int32(enable))

    def read_profile(self):
        steps, count = POINTER(StepTime)(), c_size_t()
        self.runtime.check("ba_session_read_profile", self.handle, byref(steps),
                           byref(count))
        return [(steps[i].name.decode(), steps[i].count, steps[i].seconds,
                 steps[i].operations) for i in range(count.value)]


class Prompt:
    def __init__(self, model):
        self.runtime, self.model = model.runtime, model
        self.handle = c_void_p()
        self.runtime.library.ba_prompt_length.restype = c_int64
        self.runtime.check("ba_prompt_create", model.handle, byref(self.handle))

    def __del__(self):
        if self.handle:
            self.runtime.library.ba_prompt_free(self.handle)

    def append(self, block):
        """Takes the block over."""
        self.runtime.check("ba_prompt_append", self.handle, block)
        self.runtime.library.ba_kv_block_release(block)

    def length(self):
        return self.runtime.library.ba_prompt_length(self.handle)
