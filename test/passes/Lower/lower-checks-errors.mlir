// RUN: not blockattn-opt %s --blockattn-lower-checks --split-input-file 2>&1 | FileCheck %s

// The pass has no way to fail; what is no proper check does not get to it.

// CHECK: error: {{.*}}operand #0 must be 1-bit signless integer
"builtin.module"() ({
  func.func @condition(%c: i32) {
    "blockattn.check"(%c) {code = 1 : i32, message = "no"} : (i32) -> ()
    return
  }
}) : () -> ()

// -----

// CHECK: error: {{.*}}requires attribute 'message'
"builtin.module"() ({
  func.func @message(%c: i1) {
    "blockattn.check"(%c) {code = 1 : i32} : (i1) -> ()
    return
  }
}) : () -> ()
