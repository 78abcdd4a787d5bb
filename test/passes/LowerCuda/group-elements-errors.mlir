// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-group-elements --split-input-file | FileCheck %s

// The pass cannot fail: what has to do with one another stays as it is.

#id = affine_map<(i) -> (i)>

// One reads what the other one writes.
// CHECK-LABEL: func.func @reads
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @reads(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// One writes what the other one reads.
// CHECK-LABEL: func.func @overwrites
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @overwrites(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  %t = memref.alloc(%n) : memref<?xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%t : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%t : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Both write the same memory.
// CHECK-LABEL: func.func @both_write
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @both_write(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// They look at one allocation through views, and nobody knows where these are.
// CHECK-LABEL: func.func @views
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @views(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %n: index, %i: index, %j: index) {
  %t = memref.alloc(%n) : memref<?xf32>
  %u = memref.subview %t[%i] [%n] [1] : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>
  %v = memref.subview %t[%j] [%n] [1] : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%u : memref<?xf32, strided<[1], offset: ?>>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : memref<?xf32, strided<[1], offset: ?>>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Arguments may be the same memory.
// CHECK-LABEL: func.func @arguments
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @arguments(%x: memref<?xf32>, %y: memref<?xf32>, %z: memref<?xf32>, %w: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%z : memref<?xf32>) outs(%w : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// One of two buffers is written, the other one read.
// CHECK-LABEL: func.func @chosen
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @chosen(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index, %c: i1) {
  %t = memref.alloc(%n) : memref<?xf32>
  %u = arith.select %c, %t, %y : memref<?xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%u : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%t : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// The body of one reads what the other one writes.
// CHECK-LABEL: func.func @gathers
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @gathers(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = memref.load %y[%n] : memref<?xf32>
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// A sum in between reads what one writes, and is no work of a thread for each element.
// CHECK-LABEL: func.func @between
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @between(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  %s = memref.alloc() : memref<f32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%y : memref<?xf32>) outs(%s : memref<f32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// What one writes is copied before the other one comes.
// CHECK-LABEL: func.func @copied
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @copied(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  %t = memref.alloc(%n) : memref<?xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  memref.copy %y, %t : memref<?xf32> to memref<?xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Something else is done in between.
// CHECK-LABEL: func.func @effects
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @effects(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  "test.make"() : () -> ()
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// The host waits in between.
// CHECK-LABEL: func.func @waits
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @waits(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0] : memref<?xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  "test.use"(%v) : (f32) -> ()
  return
}

// -----

#id = affine_map<(i) -> (i)>

// The runtime fills and copies.
// CHECK-LABEL: func.func @fills
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @fills(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<?xf32>)
  linalg.copy ins(%x : memref<?xf32>) outs(%z : memref<?xf32>)
  return
}

// -----

#id = affine_map<(i) -> (i)>

// A function like the sine takes the registers of others.
// CHECK-LABEL: func.func @functions
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @functions(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = math.sin %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// What the library does along with a product is no part of a launch.
// CHECK-LABEL: func.func @epilogue
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @epilogue(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// A ninth operation in between would keep inputs for too long.
// CHECK-LABEL: func.func @far
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @far(%x: memref<?xf32>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}, %n: index) {
  %s = memref.alloc() : memref<f32>
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// There is no memory yet.
// CHECK-LABEL: func.func @tensors
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @tensors(%x: tensor<?xf32>) {
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%x : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%x : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  "test.use"(%r0, %r1) : (tensor<?xf32>, tensor<?xf32>) -> ()
  return
}

// -----

#id = affine_map<(i) -> (i)>

// What is checked is written by the first one.
// CHECK-LABEL: func.func @checked
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @checked(%x: memref<?xi1>, %y: memref<?xi1> {blockattn.output = 0 : i64}, %z: memref<?xi1> {blockattn.output = 1 : i64}) {
  %c0 = arith.constant 0 : index
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xi1>) outs(%y : memref<?xi1>) {
  ^bb0(%a: i1, %o: i1):
    linalg.yield %a : i1
  }
  %c = memref.load %y[%c0] : memref<?xi1>
  blockattn.check %c, "index out of range" code 1
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xi1>) outs(%z : memref<?xi1>) {
  ^bb0(%a: i1, %o: i1):
    linalg.yield %a : i1
  }
  return
}
