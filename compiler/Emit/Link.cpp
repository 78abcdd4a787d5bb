//===- Link.cpp - objects to shared objects -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace llvm;

/// One run of the linker; its messages become the error.
static Error runLinker(ArrayRef<const char *> options) {
  // The linker keeps global state.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  static bool usable = true;
  if (!usable)
    return createStringError("the linker failed before and cannot run again");
  std::string messages;
  raw_string_ostream stream(messages);
  std::vector<const char *> arguments{"ld.lld"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  lld::Result result = lld::lldMain(arguments, stream, stream, drivers);
  usable = result.canRunAgain;
  if (result.retCode != 0)
    return createStringError("cannot link the generated code: %s",
                             messages.c_str());
  return Error::success();
}

static Error writeFile(StringRef path, ArrayRef<char> bytes) {
  std::error_code ec;
  raw_fd_ostream file(path, ec, sys::fs::OF_None);
  if (!ec) {
    file.write(bytes.data(), bytes.size());
    file.close();
    ec = file.error();
    file.clear_error();
  }
  if (ec)
    return createStringError(ec, "cannot write the temporary file '%s': %s",
                             path.str().c_str(), ec.message().c_str());
  return Error::success();
}

Expected<std::vector<char>> blockattn::linkSharedObject(ArrayRef<char> object) {
  SmallString<128> folder;
  if (std::error_code ec = sys::fs::createUniqueDirectory("blockattn", folder))
    return createStringError(ec, "cannot make a temporary folder: %s",
                             ec.message().c_str());
  auto cleanup = make_scope_exit([&] { sys::fs::remove_directories(folder); });
  auto path = [&](StringRef name) {
    SmallString<128> result = folder;
    sys::path::append(result, name);
    return result;
  };
  SmallString<128> objectPath = path("code.o"), outputPath = path("code.so");
  if (Error error = writeFile(objectPath, object))
    return error;

  // Stand-ins for the libraries: the code names what it needs of them, and
  // which version of them runs is the deployment machine's business.
  SmallString<128> emptyPath = path("empty.ld");
  if (Error error = writeFile(emptyPath, {}))
    return error;
  std::vector<SmallString<128>> libraries;
  for (StringRef name : {"libm.so.6", "libc.so.6"}) {
    libraries.push_back(path(name));
    std::string soname = ("-soname=" + name).str();
    if (Error error =
            runLinker({"-shared", "-melf_x86_64", soname.c_str(), "-o",
                       libraries.back().c_str(), emptyPath.c_str()}))
      return error;
  }
  std::vector<const char *> options{
      "-shared",          "--hash-style=gnu",       "--build-id=none",
      "--gc-sections",    "--strip-debug",          "-znow",
      "--no-as-needed",   "--no-undefined-version", "-o",
      outputPath.c_str(), objectPath.c_str()};
  for (SmallString<128> &library : libraries)
    options.push_back(library.c_str());
  if (Error error = runLinker(options))
    return error;

  ErrorOr<std::unique_ptr<MemoryBuffer>> output =
      MemoryBuffer::getFile(outputPath, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!output)
    return createStringError(output.getError(),
                             "cannot read the linked code: %s",
                             output.getError().message().c_str());
  return std::vector<char>((*output)->getBufferStart(),
                           (*output)->getBufferEnd());
}
