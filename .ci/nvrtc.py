#!/usr/bin/env python3
"""Compiles CUDA sources with NVRTC to sm_90 cubins (no GPU needed) and prints what each kernel uses.

  nvrtc.py LIBNVRTC FILE.cu...      with --keep DIR the cubins stay there, with --ptx the PTX instead
"""
import ctypes, glob, os, re, sys

args = sys.argv[1:]
keep = None
if "--keep" in args:
    at = args.index("--keep")
    keep = args[at + 1]
    del args[at:at + 2]
ptx = "--ptx" in args
args = [a for a in args if a != "--ptx"]
# NVRTC finds its builtins by name: loading them first makes the name known.
for builtins in glob.glob(os.path.join(os.path.dirname(args[0]), "libnvrtc-builtins.so.*")):
    ctypes.CDLL(builtins, mode=ctypes.RTLD_GLOBAL)
lib = ctypes.CDLL(args[0], mode=ctypes.RTLD_GLOBAL)
major, minor = ctypes.c_int(), ctypes.c_int()
lib.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
print(f"NVRTC {major.value}.{minor.value}")

arch = b"--gpu-architecture=compute_90" if ptx else b"--gpu-architecture=sm_90"
options = [arch, b"--std=c++17", b"--ptxas-options=-v", b"--diag-suppress=177"]
failed = spilled = 0
for path in args[1:]:
    source = open(path, "rb").read()
    program = ctypes.c_void_p()
    assert lib.nvrtcCreateProgram(ctypes.byref(program), source, os.path.basename(path).encode(), 0, None, None) == 0
    code = lib.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    lib.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    lib.nvrtcGetProgramLog(program, log)
    log = log.value.decode(errors="replace")
    if code != 0:
        failed += 1
        print(f"{os.path.basename(path)}: FAILED\n{log}")
        continue
    get = "PTX" if ptx else "CUBIN"
    getattr(lib, f"nvrtcGet{get}Size")(program, ctypes.byref(size))
    out = ctypes.create_string_buffer(size.value)
    getattr(lib, f"nvrtcGet{get}")(program, out)
    if keep:
        os.makedirs(keep, exist_ok=True)
        name = os.path.splitext(os.path.basename(path))[0] + (".ptx" if ptx else ".cubin")
        open(os.path.join(keep, name), "wb").write(out.raw)
    registers = re.findall(r"Used (\d+) registers", log)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", log)
    stack = re.findall(r"(\d+) bytes stack frame", log)
    shared = re.findall(r"(\d+) bytes smem", log)
    spilled += any(int(a) + int(b) for a, b in spills)
    used = f"{max(map(int, registers))} registers" if registers else "registers unknown"
    more = f", {max(map(int, stack))} bytes of stack" if stack and max(map(int, stack)) else ""
    more += f", spills {spills}" if any(int(a) + int(b) for a, b in spills) else ""
    more += f", {shared[0]} bytes of shared memory" if shared else ""
    print(f"{os.path.basename(path):<40} {size.value:>7} bytes, {used}{more}")
    warnings = [line for line in log.splitlines() if "warning" in line]
    for line in warnings:
        print("   ", line)
count = len(args) - 1
print(f"{count - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
