// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Each op that shares its constraints with others, and each of its constraints.
// What is special of an op is in elementwise-errors.mlir.

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Atan' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Atan(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Atan' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Atan(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Ceil' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Ceil(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Ceil' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Ceil(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cos' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Cos(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cos' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Cos(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cosh' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Cosh(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cosh' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Cosh(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Elu' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Elu(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Elu' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Elu(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Erf' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Erf(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Erf' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Erf(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Exp' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Exp' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Floor' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Floor(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Floor' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Floor(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.HardSigmoid' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.HardSigmoid(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.HardSigmoid' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.HardSigmoid(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.HardSwish' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.HardSwish(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.HardSwish' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.HardSwish(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.LeakyRelu' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.LeakyRelu(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.LeakyRelu' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.LeakyRelu(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Log' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Log(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Log' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Log(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Mish' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Mish(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Mish' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Mish(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Reciprocal' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Reciprocal(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Reciprocal' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Reciprocal(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Relu' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Relu' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Relu(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Round' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Round(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Round' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Round(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Selu' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Selu(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Selu' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Selu(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sigmoid' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sigmoid(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sigmoid' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Sigmoid(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sign' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sign(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sign' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Sign(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sin' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sin' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Sin(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sinh' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sinh(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sinh' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Sinh(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Softplus' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Softplus(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Softplus' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Softplus(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Softsign' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Softsign(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Softsign' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Softsign(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Swish' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Swish(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Swish' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Swish(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Tan' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Tan(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Tan' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Tan(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Tanh' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Tanh(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Tanh' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Tanh(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'onnx.Not' op (C2) the first operand and the result must have one shape, but are 'tensor<4xi1>' and 'tensor<5xi1>'}}
  %0 = onnx.Not(%x) : (tensor<4xi1>) -> tensor<5xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Div' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Div(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Div' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Div(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Mul' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Mul(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Mul' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Mul(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Sub' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sub(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Sub' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Sub(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Greater' op (C1) the operands must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Greater(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Greater' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Greater(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.GreaterOrEqual' op (C1) the operands must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.GreaterOrEqual(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.GreaterOrEqual' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.GreaterOrEqual(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.LessOrEqual' op (C1) the operands must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.LessOrEqual(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.LessOrEqual' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.LessOrEqual(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>, %y: tensor<3xi1>) {
  // expected-error @+1 {{'onnx.Or' op (C1) the operands' shapes do not broadcast: 'tensor<4xi1>', 'tensor<3xi1>'}}
  %0 = onnx.Or(%x, %y) : (tensor<4xi1>, tensor<3xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>, %y: tensor<3xi1>) {
  // expected-error @+1 {{'onnx.Xor' op (C1) the operands' shapes do not broadcast: 'tensor<4xi1>', 'tensor<3xi1>'}}
  %0 = onnx.Xor(%x, %y) : (tensor<4xi1>, tensor<3xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Gelu' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Gelu(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Gelu' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Gelu(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Neg' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Neg' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sqrt' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sqrt(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Sqrt' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Sqrt(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Equal' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Equal(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Less' op (C1) the operands must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Less(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Min' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Min(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Sum' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Sum(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Mean' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Mean(%x, %y) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Max' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Max(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Sum' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Sum(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Mean' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Mean(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}
