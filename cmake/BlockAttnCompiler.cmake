# What the compiler part of the tree needs: MLIR and LLVM as shared libraries,
# TableGen, and one way to declare a library.

# "MLIR 22.1": the API of MLIR changes from release to release.
find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
find_package(LLD REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/lld)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND ${LLVM_DEFINITIONS})
add_definitions(${LLVM_DEFINITIONS_LIST})
# libstdc++ 12 instantiates its own deprecated get_temporary_buffer.
add_compile_options(-Wno-deprecated-declarations)

# The headers that nearly every compiler source includes, compiled once.
add_library(BlockAttnPch STATIC ${CMAKE_SOURCE_DIR}/cmake/Pch.cpp)
target_precompile_headers(BlockAttnPch PRIVATE
  <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/BuiltinTypes.h>
  <mlir/IR/PatternMatch.h> <mlir/IR/OpImplementation.h> <mlir/Pass/Pass.h>
  <mlir/Pass/PassManager.h> <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Interfaces/SideEffectInterfaces.h> <llvm/ADT/StringSwitch.h>
  <llvm/ADT/TypeSwitch.h>)

# blockattn_add_library(NAME sources... DEPENDS tablegen-targets... LINK libs...)
# A static library of the compiler. MLIR and LLVM come from their shared
# libraries, which every program links once.
function(blockattn_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_precompile_headers(${name} REUSE_FROM BlockAttnPch)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# blockattn_add_tool(NAME sources... LINK libs...)
function(blockattn_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
  install(TARGETS ${name} COMPONENT compiler)
endfunction()
