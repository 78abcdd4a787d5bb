// The C headers are C99, without warnings, by themselves and together.
// clang-format off
// RUN: clang -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -I%root/runtime/include -DONLY_ABI %s
// RUN: clang -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -I%root/runtime/include %s
// RUN: clang++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only -x c++ -I%root/runtime/include %s
// A status that nobody looks at is a warning.
// RUN: not clang -std=c99 -Werror -fsyntax-only -DIGNORE -I%root/runtime/include %s 2>&1 | FileCheck %s
// CHECK: ignoring return value of function declared with 'warn_unused_result'
// clang-format on
#include "blockattn/kernel_abi.h"
#ifndef ONLY_ABI
#include "blockattn/blockattn.h"
#ifdef __cplusplus
#include "blockattn/artifact_format.h"
#include "blockattn/blockattn.hpp"
#endif
void use(ba_session *session);
void use(ba_session *session) {
  ba_sampler_options options = BA_SAMPLER_OPTIONS_INIT;
  ba_model_options model = BA_MODEL_OPTIONS_INIT;
  (void)options;
  (void)model;
#ifdef IGNORE
  ba_session_run(session, "full");
#endif
  ba_session_free(session);
}
#endif
ba_plan_fn plan(void);
