// RUN: blockattn-opt %s --blockattn-lower-checks | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @message_0("node 'a': index out of range\00")
// CHECK-DAG: llvm.mlir.global internal constant @message_1("node 'b': shapes differ\00")
// CHECK-DAG: func.func private @ba_rt_fail(!llvm.ptr, i32, !llvm.ptr)

// CHECK-LABEL: func.func @f
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec}, %[[OK:.*]]: i1)
// CHECK:         %[[BAD:.*]] = arith.xori %[[OK]], %true
// CHECK:         scf.if %[[BAD]] {
// CHECK:           %[[CODE:.*]] = arith.constant 1 : i32
// CHECK:           %[[TEXT:.*]] = llvm.mlir.addressof @message_0
// CHECK:           call @ba_rt_fail(%[[EXEC]], %[[CODE]], %[[TEXT]])
// Equal messages are stored once.
// CHECK:           llvm.mlir.addressof @message_0
// CHECK:           llvm.mlir.addressof @message_1
func.func @f(%ok: i1) {
  blockattn.check %ok, "node 'a': index out of range" code 1
  blockattn.check %ok, "node 'a': index out of range" code 1
  blockattn.check %ok, "node 'b': shapes differ" code 2
  return
}
