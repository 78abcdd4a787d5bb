#!/bin/sh
# What the tests on a GPU need on a machine without the compiler, in one file:
#
#     make_kit.sh BUILD KIT.tar.gz [FOLDER...]
#
# The runtime with the libraries that it is linked to, blockattn-run, the unit
# tests with their kernels, and folders that `prepare` made. On the other machine,
# in a checkout: mkdir kit && tar -C kit -xzf KIT.tar.gz, and README.md goes on.
set -e
[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 1; }
build=$1 kit=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lib" "$work/bin" "$work/unit"
cp -L "$build/lib/libblockattn.so.0" "$work/lib/"
# Everything but the C library, which the other machine has.
ldd "$build/lib/libblockattn.so.0" |
  sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' |
  grep -v '/lib\(c\|m\|dl\|rt\|pthread\|stdc++\|gcc_s\)\.so' |
  xargs -I{} cp -L {} "$work/lib/"
cp "$build/bin/blockattn-run" "$work/bin/"
cp "$build/bin/unit/runtime-tests" "$work/unit/"
cp "$build/test/unit/Runtime/runtime_test_kernels_cuda.so" \
   "$build/test/unit/Runtime/runtime_test_kernels.so" \
   "$(dirname "$0")/../unit/Runtime/TestKernels.ptx" "$work/unit/"
for folder; do
  cp -r "$folder" "$work/"
done
tar -C "$work" -czf "$kit" .
ls -l "$kit"
