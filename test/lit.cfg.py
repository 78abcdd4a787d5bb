# Configuration of the test suite for lit. Run it through tools/check, or:
#   lit -sv --param build=build test
import os
import shutil
import subprocess

import lit.formats


config.name = "blockattn"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".c"]
config.excludes = ["Inputs", "CMakeLists.txt", "benchmarks", "unit", "corpus"]
config.test_source_root = os.path.dirname(__file__)
root = os.path.dirname(config.test_source_root)

build = os.path.abspath(lit_config.params.get("build", os.path.join(root, "build")))
config.test_exec_root = os.path.join(build, "test")
llvm_bin = lit_config.params.get("llvm_bin", "/usr/lib/llvm-22/bin")
path = [os.path.join(build, "bin"), llvm_bin, os.environ.get("PATH", "")]
config.environment["PATH"] = os.pathsep.join(path)
for name in ("HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

python = lit_config.params.get("python", os.path.join(build, "venv", "bin", "python"))
config.substitutions.append(("%python", python))
config.substitutions.append(("%models", os.path.join(root, "models")))
config.substitutions.append(("%root", root))
config.substitutions.append(("%build", build))

# Every pass over the suite can be made to print, reparse and compare each
# input: `--param round-trip=1`.
opt = os.path.join(build, "bin", "blockattn-opt")
if lit_config.params.get("round-trip"):
    opt += " --verify-roundtrip"
config.substitutions.append((r"\bblockattn-opt\b", opt))

# Data beside the checkout: more samples than the repository carries.
shared = lit_config.params.get("shared", os.path.join(root, "..", "shared"))
if os.path.isdir(shared):
    config.available_features.add("shared")
    config.substitutions.append(("%shared", os.path.abspath(shared)))

if os.path.exists("/dev/nvidiactl"):
    config.available_features.add("gpu")
    # Architectures as "sm_90", and what the tests of kernels alone need.
    try:
        shown = subprocess.run(
            ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"],
            stdout=subprocess.PIPE, text=True).stdout
    except OSError:
        shown = ""
    config.available_features.update(
        "sm_" + line.strip().replace(".", "") for line in shown.split("\n")
        if line.strip())
    if subprocess.run([python, "-c", "import cupy, torch"],
                      stderr=subprocess.DEVNULL).returncode == 0:
        config.available_features.add("cupy")
sanitizer = (shutil.which("compute-sanitizer")
             or shutil.which("/usr/local/cuda/bin/compute-sanitizer"))
if sanitizer:
    config.available_features.add("compute-sanitizer")
    config.substitutions.append(("%sanitizer", sanitizer))
if shutil.which("ptxas") or os.path.exists("/usr/local/cuda/bin/ptxas"):
    config.available_features.add("ptxas")

# Code for other machines is run on this one, too.
if all(os.path.exists(os.path.join(llvm_bin, tool)) for tool in ("clang", "mlir-translate")):
    config.available_features.add("clang")

# Fuzz targets are there where the compiler was Clang; `--param fuzz-seconds=N`
# says how long each may look for something.
config.substitutions.append(("%fuzz_seconds",
                             str(lit_config.params.get("fuzz-seconds", 60))))
fuzzers = os.path.join(build, "bin", "fuzz")
if os.path.isdir(fuzzers):
    config.available_features.update(os.listdir(fuzzers))
