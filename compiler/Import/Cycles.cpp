//===- Cycles.cpp - nodes that need one another ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Cycles.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

namespace blockattn {

void forEachUse(const ::onnx::NodeProto &node,
                llvm::function_ref<void(llvm::StringRef)> use) {
  for (const std::string &input : node.input())
    if (!input.empty())
      use(input);
  auto visitGraph = [&](const ::onnx::GraphProto &graph) {
    llvm::StringSet<> own;
    for (const ::onnx::ValueInfoProto &input : graph.input())
      own.insert(input.name());
    for (const ::onnx::TensorProto &tensor : graph.initializer())
      own.insert(tensor.name());
    for (const ::onnx::NodeProto &inner : graph.node())
      for (const std::string &output : inner.output())
        own.insert(output);
    auto useOuter = [&](llvm::StringRef name) {
      if (!own.contains(name))
        use(name);
    };
    for (const ::onnx::NodeProto &inner : graph.node())
      forEachUse(inner, useOuter);
    for (const ::onnx::ValueInfoProto &output : graph.output())
      useOuter(output.name());
  };
  for (const ::onnx::AttributeProto &attr : node.attribute()) {
    if (attr.has_g())
      visitGraph(attr.g());
    llvm::for_each(attr.graphs(), visitGraph);
  }
}

/// The nodes whose outputs each node uses.
static std::vector<std::vector<int>>
findNeeds(const NodeList &nodes, const llvm::StringMap<int> &producers) {
  std::vector<std::vector<int>> needs(nodes.size());
  for (auto [index, node] : llvm::enumerate(nodes))
    forEachUse(node, [&, &own = needs[index]](llvm::StringRef name) {
      if (auto it = producers.find(name); it != producers.end())
        own.push_back(it->second);
    });
  return needs;
}

std::vector<int> findOrder(const NodeList &nodes,
                           const llvm::StringMap<int> &producers) {
  std::vector<std::vector<int>> needs = findNeeds(nodes, producers);
  std::vector<int> order;
  std::vector<bool> seen(needs.size(), false);
  // Nodes with the number of their needs that were visited. What is seen and
  // not yet in the order is on the stack: a cycle, which is passed by.
  std::vector<std::pair<int, size_t>> stack;
  auto visit = [&](int node) {
    if (seen[node])
      return;
    seen[node] = true;
    stack.push_back({node, 0});
  };
  for (int root = 0, count = nodes.size(); root < count; ++root) {
    visit(root);
    while (!stack.empty()) {
      auto &[node, next] = stack.back();
      if (next < needs[node].size()) {
        visit(needs[node][next++]);
        continue;
      }
      order.push_back(node);
      stack.pop_back();
    }
  }
  return order;
}

std::vector<bool> findCycle(const NodeList &nodes,
                            const llvm::StringMap<int> &producers,
                            std::vector<int> &cycle) {
  size_t count = nodes.size();
  std::vector<std::vector<int>> needs = findNeeds(nodes, producers),
                                users(count);
  for (size_t node = 0; node < count; ++node)
    for (int other : needs[node])
      users[other].push_back(static_cast<int>(node));

  // Take away what can run, then what nobody waits for: cycles remain, and
  // what lies between them.
  std::vector<bool> stuck(count, true);
  auto peel = [&](const std::vector<std::vector<int>> &before,
                  const std::vector<std::vector<int>> &after) {
    std::vector<size_t> open(count, 0);
    std::vector<int> ready;
    for (size_t node = 0; node < count; ++node) {
      open[node] =
          llvm::count_if(before[node], [&](int other) { return stuck[other]; });
      if (stuck[node] && open[node] == 0)
        ready.push_back(static_cast<int>(node));
    }
    while (!ready.empty()) {
      int node = ready.back();
      ready.pop_back();
      stuck[node] = false;
      for (int other : after[node])
        if (stuck[other] && --open[other] == 0)
          ready.push_back(other);
    }
  };
  peel(needs, users);
  peel(users, needs);

  cycle.clear();
  auto first = llvm::find(stuck, true);
  if (first == stuck.end())
    return stuck;
  // Every node that remains needs another one that does: walking on must come
  // back to a node that was met before.
  std::vector<int> position(count, -1);
  int node = static_cast<int>(first - stuck.begin());
  while (position[node] < 0) {
    position[node] = static_cast<int>(cycle.size());
    cycle.push_back(node);
    auto next =
        llvm::find_if(needs[node], [&](int other) { return stuck[other]; });
    if (next == needs[node].end())
      break;
    node = *next;
  }
  cycle.erase(cycle.begin(), cycle.begin() + position[node]);
  // From the one that is needed to the one that needs it.
  std::reverse(cycle.begin(), cycle.end());
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()),
              cycle.end());
  return stuck;
}

} // namespace blockattn
