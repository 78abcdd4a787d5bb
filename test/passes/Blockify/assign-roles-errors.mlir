// RUN: blockattn-opt %s --blockattn-assign-roles --verify-diagnostics

// expected-error@+1 {{there is no function @main to make programs of}}
module {
  func.func @other() {
    return
  }
}
