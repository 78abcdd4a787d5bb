// RUN: blockattn-opt %s --blockattn-plan-memory --split-input-file | FileCheck %s

// Each allocation is a view of an argument; the plan computes sizes in bytes
// and the dimensions of outputs from those of inputs.
// CHECK-LABEL: func.func @full(
// CHECK-SAME: %[[B0:[a-z0-9]*]]: memref<?xi8> {blockattn.buffer = 0 : i64}
// CHECK-SAME: %[[B1:[a-z0-9]*]]: memref<?xi8> {blockattn.buffer = 1 : i64}
// CHECK-SAME: blockattn.buffers = [{first = [[F0:.*]] : i64, last = [[L0:.*]] : i64}, {first = {{.*}} : i64, last = {{.*}} : i64}]
// CHECK: memref.view %[[B0]][%{{.*}}][%{{.*}}] : memref<?xi8> to memref<?x4xf32>
// CHECK: memref.view %[[B1]][%{{.*}}][%{{.*}}] : memref<?xi8> to memref<?xi64>
// CHECK-NOT: blockattn.output_dims

// CHECK-LABEL: func.func @plan_full(
// CHECK-SAME: %[[X:.*]]: memref<?x4xf32>) -> (index, index, index, index)
// CHECK-SAME: blockattn.plan = "full"
// CHECK-DAG: %[[N:.*]] = memref.dim %[[X]]
// CHECK-DAG: %[[S:.*]] = arith.constant 16 : index
// CHECK-DAG: %[[E:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[FOUR:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[BYTES0:.*]] = arith.muli %[[S]], %[[N]]
// CHECK-DAG: %[[BYTES1:.*]] = arith.muli %[[E]], %[[N]]
// CHECK: return %[[BYTES0]], %[[BYTES1]], %[[N]], %[[FOUR]]
func.func @full(%x: memref<?x4xf32>, %w: memref<4xf32> {blockattn.weight = 0 : i64}, %out: memref<?x4xf32> {blockattn.output = 0 : i64}) attributes {blockattn.program = "full"} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  %a = memref.alloc(%n) : memref<?x4xf32>
  memref.copy %x, %a : memref<?x4xf32> to memref<?x4xf32>
  %s = memref.collapse_shape %a [[0, 1]] : memref<?x4xf32> into memref<?xf32>
  %i = memref.alloc(%n) : memref<?xi64>
  %v = memref.load %i[%c0] : memref<?xi64>
  memref.store %v, %i[%c0] : memref<?xi64>
  %z = memref.load %s[%c0] : memref<?xf32>
  memref.store %z, %out[%c0, %c0] : memref<?x4xf32>
  blockattn.output_dims 0(%n, %c4)
  return
}

// -----

// A check on dimensions runs with the plan; one on data stays.
// CHECK-LABEL: func.func @checks(
// CHECK-NOT: "sizes differ"
// CHECK: blockattn.check %{{.*}}, "value is wrong" code 3
// CHECK-LABEL: func.func @plan_checks(
// CHECK: %[[OK:.*]] = arith.cmpi eq
// CHECK: blockattn.check %[[OK]], "sizes differ" code 2
func.func @checks(%x: memref<?xi1>, %y: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xi1>
  %m = memref.dim %y, %c0 : memref<?xf32>
  %ok = arith.cmpi eq, %n, %m : index
  blockattn.check %ok, "sizes differ" code 2
  %v = memref.load %x[%c0] : memref<?xi1>
  blockattn.check %v, "value is wrong" code 3
  return
}

// -----

// What depends on data is allocated while the program runs, and its dimensions
// are not in the plan.
// CHECK-LABEL: func.func @data(
// CHECK-SAME: blockattn.buffers = []
// CHECK: %[[MEMORY:.*]] = blockattn.alloc %{{.*}} : memref<?xi8>
// CHECK: %[[VIEW:.*]] = memref.view %[[MEMORY]]
// CHECK: return %[[VIEW]]
// CHECK-LABEL: func.func @plan_data(
// CHECK: %[[UNKNOWN:.*]] = arith.constant -1 : index
// CHECK: return %[[UNKNOWN]]
func.func @data(%x: memref<index>) -> (memref<?xf32> {blockattn.output = 0 : i64}) {
  %n = memref.load %x[] : memref<index>
  %a = memref.alloc(%n) : memref<?xf32>
  blockattn.output_dims 0(%n)
  return %a : memref<?xf32>
}

// -----

// An output that is returned is taken after the run, though its shape is known.
// CHECK-LABEL: func.func @returned(
// CHECK: blockattn.alloc
// CHECK-LABEL: func.func @plan_returned(
// CHECK: %[[OPEN:.*]] = arith.constant -1 : index
// CHECK: return %[[OPEN]] : index
func.func @returned(%x: memref<?xf32>) -> (memref<?xf32> {blockattn.output = 0 : i64}) attributes {blockattn.program = "returned"} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %a = memref.alloc(%n) : memref<?xf32>
  memref.copy %x, %a : memref<?xf32> to memref<?xf32>
  blockattn.output_dims 0(%n)
  return %a : memref<?xf32>
}

// -----

// A size may be a quotient, by what may be zero, of what the program divides
// anyway; not of what it would divide in some cases.
// CHECK-LABEL: func.func @quotient(
// CHECK-SAME: blockattn.buffers = [{{{[^}]*}}}]
// CHECK: blockattn.alloc
// CHECK-LABEL: func.func @plan_quotient(
// CHECK: arith.divui
// CHECK-NOT: arith.divui
func.func @quotient(%x: memref<?x?xf32>, %some: i1) attributes {blockattn.program = "quotient"} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x?xf32>
  %m = memref.dim %x, %c1 : memref<?x?xf32>
  %q = arith.divui %n, %m : index
  %a = memref.alloc(%q) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<?xf32>)
  scf.if %some {
    %r = arith.divui %m, %n : index
    %b = memref.alloc(%r) : memref<?xf32>
    linalg.fill ins(%zero : f32) outs(%b : memref<?xf32>)
  }
  return
}
