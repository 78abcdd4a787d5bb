//===- CudaTest.cpp - programs on a GPU -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without a GPU these tests look at the errors and skip the rest.
//
//===----------------------------------------------------------------------===//

#include "Cuda/Driver.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>

using namespace blockattn;
using namespace blockattn::test;
using Json = nlohmann::json;

namespace {

Json tensor(const char *name, Json shape, const char *role) {
  return {{"name", name},
          {"dtype", "f32"},
          {"shape", std::move(shape)},
          {"role", role}};
}

Json program(const char *name, Json input, Json outputs, int buffers,
             Json weights = Json::array()) {
  Json lifetimes = Json::array();
  for (int i = 0; i < buffers; ++i)
    lifetimes.push_back({{"first", 0}, {"last", 9}});
  return {{"name", name},
          {"inputs", Json::array({std::move(input)})},
          {"outputs", std::move(outputs)},
          {"weights", std::move(weights)},
          {"buffers", std::move(lifetimes)}};
}

/// Of the programs in TestKernelsCuda.c.
Json cudaManifest() {
  Json manifest = testManifest();
  Json x = tensor("x", {"n"}, "input");
  manifest["target"] = "cuda";
  manifest["kernels"] = Json::array();
  for (const char *name : {"scale", "below", "count", "pick"})
    manifest["kernels"].push_back({{"name", name}});
  manifest["weights"] = Json::array({{{"name", "w0"},
                                      {"dtype", "f32"},
                                      {"shape", {16, 8}},
                                      {"offset", 4},
                                      {"bytes", 512}},
                                     {{"name", "w1"},
                                      {"dtype", "f32"},
                                      {"shape", {8}},
                                      {"offset", 516},
                                      {"bytes", 32}}});
  manifest["programs"] = Json::array(
      {program("affine", x, Json::array({tensor("y", {"n"}, "output")}), 2),
       program("product", tensor("a", {"m", 16}, "input"),
               Json::array({tensor("c", {"m", 8}, "output"),
                            tensor("d", {"m", "m"}, "output"),
                            tensor("e", {"m", 8}, "output")}),
               0, Json::array({0, 1})),
       program("positive", x, Json::array({tensor("y", {"?"}, "output")}), 1),
       program("wrong", x, Json::array({tensor("y", {1}, "output")}), 0)});
  manifest.erase("kv");
  return manifest;
}

/// A file of the build, or, on a machine without it, where the variable of the
/// environment says.
std::string contentsOf(const char *path, const char *variable) {
  const char *elsewhere = std::getenv(variable);
  std::ifstream file(elsewhere ? elsewhere : path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)),
                     std::istreambuf_iterator<char>());
}

Sections cudaSections() {
  // w0[k, n] = k + n, w1[n] = -100 * (n % 2), after 4 bytes of nobody's.
  std::string weights(4, '\xee');
  auto push = [&](float value) {
    weights.append(reinterpret_cast<const char *>(&value), sizeof value);
  };
  for (int k = 0; k < 16; ++k)
    for (int n = 0; n < 8; ++n)
      push(static_cast<float>(k + n));
  for (int n = 0; n < 8; ++n)
    push(n % 2 ? -100.0f : 0.0f);
  return {{"manifest", cudaManifest().dump()},
          {"host.x86-64", contentsOf(BLOCKATTN_TEST_KERNELS_CUDA,
                                     "BLOCKATTN_TEST_KERNELS_CUDA")},
          {"ptx", contentsOf(BLOCKATTN_TEST_PTX, "BLOCKATTN_TEST_PTX")},
          {"weights", weights}};
}

std::string openError(const Sections &sections, const char *device) {
  TemporaryFile file(makeArtifact(sections));
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.device = device;
  options.tuning_file = "";
  return errorOf([&] { Model model(file.path(), options); });
}

bool hasGpu() { return static_cast<bool>(rt::cuda::Driver::get()); }

ba_tensor row(std::vector<float> &values) {
  return view(values.data(), {static_cast<int64_t>(values.size())});
}

std::vector<float> floats(const ba_tensor &tensor) {
  auto *data = static_cast<const float *>(tensor.data);
  return std::vector<float>(data, data + elements(tensor));
}

class Cuda : public testing::Test {
protected:
  void SetUp() override {
    if (!hasGpu())
      GTEST_SKIP() << "no GPU";
    TemporaryFile file(makeArtifact(cudaSections()));
    ba_model_options options = BA_MODEL_OPTIONS_INIT;
    options.tuning_file = "";
    model = std::make_unique<Model>(file.path(), options);
    session = std::make_unique<Session>(*model);
  }

  std::unique_ptr<Model> model;
  std::unique_ptr<Session> session;
};

TEST(CudaErrors, Devices) {
  Sections cuda = cudaSections(), cpu = testSections();
  EXPECT_NE(openError(cpu, "cuda")
                .find("was compiled for target cpu, and "
                      "cannot run on device 'cuda'; compile "
                      "the model with --target=cuda"),
            std::string::npos);
  EXPECT_NE(openError(cuda, "cpu").find("compile the model with --target=cpu"),
            std::string::npos);
  for (const char *name : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", ""})
    EXPECT_NE(openError(cuda, name)
                  .find("unknown device '" + std::string(name) + "'"),
              std::string::npos)
        << name;
  EXPECT_EQ(openError(cpu, "cpu"), "");
}

TEST(CudaErrors, TuningFileOnTheCpu) {
  TemporaryFile file(makeArtifact(testSections()));
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.tuning_file = "m.tuned";
  EXPECT_NE(errorOf([&] {
              Model model(file.path(), options);
            }).find("a tuning file, 'm.tuned', was given"),
            std::string::npos);
}

TEST(CudaErrors, TuningFileOfAnotherKind) {
  TemporaryFile file(makeArtifact(cudaSections()));
  const std::string before = file.read();
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  // The artifact itself, by mistake.
  options.tuning_file = file.path().c_str();
  EXPECT_NE(errorOf([&] {
              Model model(file.path(), options);
            }).find("is no file of measured matrix products"),
            std::string::npos);
  EXPECT_EQ(file.read(), before);
}

TEST(CudaErrors, NoDriver) {
  if (hasGpu())
    GTEST_SKIP() << "there is one";
  std::string message = openError(cudaSections(), nullptr);
  EXPECT_TRUE(
      message.find("no NVIDIA driver on this machine") != std::string::npos ||
      message.find("the NVIDIA driver cannot be used") != std::string::npos)
      << message;
}

TEST(CudaErrors, SessionOnTheCpu) {
  TestModel test;
  Session session(test.model);
  EXPECT_EQ(test.model.device(), "cpu");
  EXPECT_NE(errorOf([&] { session.setStream(nullptr); }).find("no stream"),
            std::string::npos);
  EXPECT_NE(errorOf([&] { session.profile(true); }).find("CPU"),
            std::string::npos);
}

TEST_F(Cuda, Errors) {
  EXPECT_NE(openError(cudaSections(), "cuda:4711")
                .find("there is no device cuda:4711"),
            std::string::npos);
  Sections sections = cudaSections();
  sections[2].second = ".version 7.0\nnonsense\n";
  EXPECT_NE(openError(sections, nullptr).find("cannot be compiled for cuda:0"),
            std::string::npos);
  sections.erase(sections.begin() + 2);
  EXPECT_NE(openError(sections, nullptr).find("has no kernels for cuda:0"),
            std::string::npos);
  Json manifest = cudaManifest();
  manifest["kernels"].push_back({{"name", "absent"}});
  sections = cudaSections();
  sections[0].second = manifest.dump();
  EXPECT_NE(openError(sections, nullptr).find("kernel 'absent' is not in"),
            std::string::npos);
}

TEST_F(Cuda, Runs) {
  EXPECT_EQ(model->device(), "cuda:0");
  EXPECT_EQ(model->cpuLevel(), "ptx");
  std::vector<float> x(1000);
  // From the third time on as a graph, which must see new values, and whose
  // checks must be looked at.
  for (int i = 0; i < 6; ++i) {
    for (size_t j = 0; j < x.size(); ++j)
      x[j] = static_cast<float>(j % 50) + i;
    session->setInput("x", row(x));
    session->run("affine");
    std::vector<float> y = floats(session->output("y"));
    ASSERT_EQ(y.size(), x.size());
    for (size_t j = 0; j < x.size(); ++j)
      ASSERT_EQ(y[j], 2 * x[j] + 1) << i << " " << j;
  }
  x[999] = 100;
  for (int i = 0; i < 2; ++i)
    EXPECT_NE(errorOf([&] {
                session->run("affine");
              }).find("program affine: node 'limit': a value of 100 or more"),
              std::string::npos);
  x[999] = 1;
  session->run("affine");
  EXPECT_GT(model->deviceMemory().peak_bytes, 8000u);
}

TEST_F(Cuda, BoundOutputs) {
  std::vector<float> x = {1, 2, 3}, y(3);
  session->setInput("x", row(x));
  session->setOutput("y", row(y));
  for (int i = 0; i < 4; ++i) {
    x[0] = static_cast<float>(i);
    session->run("affine");
    EXPECT_EQ(y, (std::vector<float>{2.0f * i + 1, 5, 7}));
  }
  EXPECT_EQ(session->output("y").data, y.data());
  // What one run left on the GPU is the next one's input.
  ba_tensor there = session->deviceOutput("y");
  Session other(*model);
  other.setDeviceInput("x", there);
  other.run("affine");
  EXPECT_EQ(floats(other.output("y")), (std::vector<float>{15, 11, 15}));
  // Addresses in the middle of something, which kernels don't take.
  auto partOf = [](ba_tensor tensor) {
    tensor.data = static_cast<float *>(tensor.data) + 1;
    tensor.shape[0] = 2;
    return tensor;
  };
  ba_tensor part = partOf(there), elsewhere = partOf(other.deviceOutput("y"));
  Session third(*model);
  third.setDeviceInput("x", part);
  third.setDeviceOutput("y", elsewhere);
  third.run("affine");
  EXPECT_EQ(third.deviceOutput("y").data, elsewhere.data);
  EXPECT_EQ(floats(third.output("y")), (std::vector<float>{11, 15}));
  // No address may be an input's and an output's, be it copied or not.
  for (const ba_tensor &both : {part, there}) {
    third.setDeviceInput("x", both);
    third.setDeviceOutput("y", both);
    EXPECT_NE(errorOf([&] {
                third.run("affine");
              }).find("output 'y' would be written to memory of input 'x'"),
              std::string::npos);
  }
  // On the host it may: that is copied.
  third.clear();
  third.setInput("x", row(x));
  third.setOutput("y", row(x));
  x = {1, 2, 3};
  third.run("affine");
  EXPECT_EQ(x, (std::vector<float>{3, 5, 7}));
}

TEST_F(Cuda, AddressesThatAreNotTheGpus) {
  std::vector<float> x = {1, 2, 3};
  EXPECT_NE(errorOf([&] {
              session->setDeviceInput("x", row(x));
            }).find("input 'x' is given as memory of cuda:0"),
            std::string::npos);
  EXPECT_NE(errorOf([&] {
              session->setDeviceOutput("y", row(x));
            }).find("output 'y' is given as memory of cuda:0"),
            std::string::npos);
  // The session goes on without them.
  session->setInput("x", row(x));
  session->run("affine");
  EXPECT_EQ(floats(session->output("y")), (std::vector<float>{3, 5, 7}));
}

TEST_F(Cuda, ChoicesForProductsAreKept) {
  TemporaryFile file(makeArtifact(cudaSections())), tuned("", ".tuned");
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.tuning_file = tuned.path().c_str();
  std::vector<float> a(5 * 16, 1.0f);
  auto runs = [&](int count) {
    Model other(file.path(), options);
    Session fresh(other);
    fresh.setInput("a", view(a.data(), {5, 16}));
    for (int i = 0; i < count; ++i)
      fresh.run("product");
    return floats(fresh.output("c"));
  };
  // The first run asks the library, the second one measures.
  std::vector<float> expected = runs(1);
  EXPECT_EQ(tuned.read(), "");
  EXPECT_EQ(runs(2), expected);
  std::string choices = tuned.read();
  EXPECT_NE(choices.find("for NVIDIA"), std::string::npos) << choices;
  // What is known is used, and not measured and written again.
  EXPECT_EQ(runs(4), expected);
  EXPECT_EQ(tuned.read(), choices);
}

TEST_F(Cuda, Products) {
  constexpr int64_t m = 5;
  std::vector<float> a(m * 16);
  std::iota(a.begin(), a.end(), -20.0f);
  ba_tensor input = view(a.data(), {m, 16});
  for (int run = 0; run < 4; ++run) {
    session->setInput("a", input);
    session->run("product");
    std::vector<float> c = floats(session->output("c"));
    std::vector<float> d = floats(session->output("d"));
    std::vector<float> e = floats(session->output("e"));
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t n = 0; n < 8; ++n) {
        float sum = n % 2 ? -100.0f : 0.0f;
        for (int64_t k = 0; k < 16; ++k)
          sum += a[i * 16 + k] * static_cast<float>(k + n);
        ASSERT_EQ(c[i * 8 + n], std::max(sum, 0.0f)) << run << i << n;
        ASSERT_EQ(e[i * 8 + n], sum + 1) << run << i << n;
      }
      for (int64_t j = 0; j < m; ++j) {
        float sum = 1;
        for (int64_t k = 0; k < 16; ++k)
          sum += a[i * 16 + k] * a[j * 16 + k];
        ASSERT_EQ(d[i * m + j], sum) << run << i << j;
      }
    }
  }
}

TEST_F(Cuda, ShapesThatDataTell) {
  for (int i = 0; i < 4; ++i) {
    std::vector<float> x = {1, -2, 3, 0, static_cast<float>(i)};
    session->setInput("x", row(x));
    session->run("positive");
    std::vector<float> expected = {1, 3};
    if (i > 0)
      expected.push_back(static_cast<float>(i));
    EXPECT_EQ(floats(session->output("y")), expected);
  }
}

TEST_F(Cuda, WrongCode) {
  const char *expected[] = {"shared memory", "a kernel that the artifact does",
                            ("a buffer whose size depends on data needs "
                             "1024 TiB on cuda:0")};
  for (size_t n = 1; n <= 3; ++n) {
    std::vector<float> x(n);
    session->setInput("x", row(x));
    std::string message = errorOf([&] { session->run("wrong"); });
    EXPECT_NE(message.find(expected[n - 1]), std::string::npos) << message;
  }
}

TEST_F(Cuda, Profile) {
  std::vector<float> x(64);
  session->setInput("x", row(x));
  session->profile(true);
  session->run("affine");
  session->run("affine");
  std::vector<ba_step_time> steps = session->readProfile();
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_STREQ(steps[0].name, "below");
  EXPECT_EQ(steps[0].count, 2);
  EXPECT_GT(steps[0].seconds, 0);
  for (const ba_step_time &step : steps)
    if (std::string(step.name) == "copy")
      EXPECT_EQ(step.bytes, 2 * 2 * 64 * 4);
  session->profile(false);
  session->run("affine");
  EXPECT_TRUE(session->readProfile().empty());
}

} // namespace
