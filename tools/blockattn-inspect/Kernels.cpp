//===- Kernels.cpp - the kernels in a code section ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-inspect/Kernels.h"

#include <cstring>
#include <elf.h>
#include <optional>

using namespace blockattn::tools;

namespace {

/// Reads a struct that may lie anywhere; nothing if it leaves the object.
template <typename T>
std::optional<T> readAt(std::string_view object, uint64_t offset) {
  if (offset > object.size() || object.size() - offset < sizeof(T))
    return std::nullopt;
  T value;
  std::memcpy(&value, object.data() + offset, sizeof value);
  return value;
}

/// kernel_12_generic_body0 is part of kernel_12_generic.
std::string kernelName(std::string_view symbol) {
  if (symbol.substr(0, 7) != "kernel_")
    return {};
  size_t body = symbol.rfind("_body");
  if (body != std::string_view::npos &&
      symbol.find_first_not_of("0123456789", body + 5) ==
          std::string_view::npos)
    symbol = symbol.substr(0, body);
  return std::string(symbol);
}

} // namespace

std::map<std::string, uint64_t>
blockattn::tools::kernelsOf(std::string_view object) {
  std::map<std::string, uint64_t> kernels;
  auto header = readAt<Elf64_Ehdr>(object, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_shentsize != sizeof(Elf64_Shdr))
    return kernels;
  constexpr Elf64_Half cuda = 190;
  bool isGpu = header->e_machine == cuda;
  auto section = [&](uint64_t index) {
    return index < header->e_shnum
               ? readAt<Elf64_Shdr>(object, header->e_shoff +
                                                index * sizeof(Elf64_Shdr))
               : std::nullopt;
  };
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    auto table = section(i);
    if (!table || table->sh_type != SHT_SYMTAB)
      continue;
    auto strings = section(table->sh_link);
    if (!strings || strings->sh_offset > object.size() ||
        strings->sh_size > object.size() - strings->sh_offset)
      continue;
    std::string_view names =
        object.substr(strings->sh_offset, strings->sh_size);
    for (uint64_t k = 0; k < table->sh_size / sizeof(Elf64_Sym); ++k) {
      auto symbol =
          readAt<Elf64_Sym>(object, table->sh_offset + k * sizeof(Elf64_Sym));
      if (!symbol)
        break;
      if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC ||
          symbol->st_name >= names.size())
        continue;
      std::string_view name = names.substr(symbol->st_name);
      name = name.substr(0, name.find('\0'));
      bool isExported = ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL;
      std::string kernel = !isGpu       ? kernelName(name)
                           : isExported ? std::string(name)
                                        : std::string();
      if (!kernel.empty())
        kernels[kernel] += symbol->st_size;
    }
  }
  return kernels;
}
