"""Runs every test and counts them: lit (twice: as it is, and in round-trip
mode), unit tests, formatting and generated files. The last line reads
"N passed, M failed"."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LLVM = "/usr/lib/llvm-22/bin"


def run_lit(build, name, tests, params):
    """The lit suite; its own report is the count."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [sys.executable, os.path.join(LLVM, "lit"), "-v", "-j2",
                   "--no-progress-bar", "--param", f"build={build}",
                   "--param", f"python={sys.executable}", "-o", report.name]
        for param in params:
            command += ["--param", param]
        print(f"-- {name}", flush=True)
        done = subprocess.run(command + tests, stdout=subprocess.PIPE, text=True)
        try:
            results = json.load(open(report.name))["tests"]
        except (OSError, ValueError):
            print(done.stdout)
            return 0, 1, 0
    passed = sum(t["code"] in ("PASS", "XFAIL", "FLAKYPASS") for t in results)
    skipped = sum(t["code"] in ("UNSUPPORTED", "EXCLUDED") for t in results)
    failed = len(results) - passed - skipped
    if failed or done.returncode:
        print(done.stdout)
    print(f"   {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    for test in results:
        if test["code"] in ("UNSUPPORTED", "EXCLUDED"):
            print(f"   skipped: {test['name']}", flush=True)
    # A suite that ran nothing, or broke, has failed.
    if not failed and (done.returncode or not results):
        failed = 1
    return passed, failed, skipped


def uses_of(tool):
    """The tests that run a tool, but for those of what an assembler makes of its
    output."""
    run = re.compile(r"RUN:.*\b" + re.escape(tool) + r"\b")
    found = []
    for folder, _, files in os.walk(os.path.join(ROOT, "test")):
        for name in files:
            path = os.path.join(folder, name)
            if name.endswith((".mlir", ".test", ".c")):
                with open(path, errors="replace") as file:
                    lines = file.read().split("\n")
                if "REQUIRES: ptxas" not in lines and any(map(run.search, lines)):
                    found.append(path)
    return sorted(found)


def run_unit(build):
    """Every program of build/bin/unit: GoogleTest counts for itself."""
    folder = os.path.join(build, "bin", "unit")
    passed = failed = skipped = 0
    for program in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            print(f"-- unit/{program}", flush=True)
            done = subprocess.run(
                [os.path.join(folder, program), f"--gtest_output=json:{report.name}"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            try:
                result = json.load(open(report.name))
                bad = result["failures"] + result.get("errors", 0)
                absent = [f'{suite["name"]}.{test["name"]}'
                          for suite in result["testsuites"]
                          for test in suite["testsuite"]
                          if test["result"] == "SKIPPED"]
                good = result["tests"] - bad - len(absent)
            except (OSError, ValueError, KeyError):
                good, bad, absent = 0, 1, []
        if done.returncode and not bad:
            bad = 1
        if bad:
            print(done.stdout)
        print(f"   {good} passed, {bad} failed, {len(absent)} skipped", flush=True)
        for name in absent:
            print(f"   skipped: {name}", flush=True)
        passed, failed, skipped = passed + good, failed + bad, skipped + len(absent)
    return passed, failed, skipped


def sources_of(suffix):
    """The files of the repository that end so."""
    found = []
    for top in ("cmake", "compiler", "dialects", "passes", "runtime", "test", "tools"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            found += [os.path.join(folder, name) for name in files
                      if name.endswith(suffix)]
    return sorted(found)


def run_check(name, command):
    print(f"-- {name}", flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    if done.returncode:
        print(done.stdout)
    return (0, 1, 0) if done.returncode else (1, 0, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("tests", nargs="*", help="lit tests (default: all of everything)")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    tests = args.tests or [os.path.join(ROOT, "test")]

    counts = [run_lit(build, "lit", tests, [])]
    if not args.tests:
        counts.append(run_lit(build, "lit, round trip", uses_of("blockattn-opt"),
                              ["round-trip=1"]))
        counts.append(run_unit(build))
        counts.append(run_check("generated documentation",
                                ["tools/generate-docs", "--check"]))
        sources = [path for kind in (".cpp", ".h", ".hpp", ".c")
                   for path in sources_of(kind)]
        counts.append(run_check("clang-format", [
            "clang-format-22", "--dry-run", "--Werror", *sources]))
    passed, failed, skipped = (sum(c) for c in zip(*counts))
    if skipped:
        print(f"{skipped} skipped, as what they need is not here (named above)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
