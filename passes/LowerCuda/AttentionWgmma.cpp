//===- AttentionWgmma.cpp - attention on Hopper's tensor cores ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionWgmma.h"
#include "passes/LowerCuda/Wgmma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace blockattn;

/// Registers of a thread of a team and of the producer, of 64K in all.
static std::pair<int64_t, int64_t> registersFor(int64_t teams) {
  if (teams == 4)
    return {112, 32};
  return teams == 2 ? std::pair(232, 40) : std::pair(160, 32);
}

std::optional<std::string> blockattn::whyNotWgmma(AttentionKernelOp op) {
  if (std::optional<std::string> why = whyNotMma(op))
    return why;
  for (Value operand : {op.getKey(), op.getValue()}) {
    int64_t size = cast<MemRefType>(operand.getType()).getDimSize(3);
    if (size % 16 || size > 128)
      return "head size " + std::to_string(size) +
             " is not a multiple of 16 up to 128";
  }
  if (op.getKeyMask() || op.getKeyPositions())
    return "masks and positions of keys have to be read";
  return std::nullopt;
}

/// Three teams keep all units busy while each waits for its own results, where
/// their registers are enough. Over cached keys there are few queries, of which
/// four teams have twice as many as two: the keys are brought in once, not
/// twice, and shared out among more thread blocks.
static int64_t teamsFor(AttentionKernelOp op, int64_t headSize,
                        int64_t valueSize) {
  if (std::max(headSize, valueSize) > 64)
    return 2;
  return op.getCache() ? 4 : 3;
}

int64_t blockattn::wgmmaTileRows(AttentionKernelOp op) {
  auto sizeOf = [](Value operand) {
    return cast<MemRefType>(operand.getType()).getDimSize(3);
  };
  return WgmmaAttention::kTeamRows *
         teamsFor(op, sizeOf(op.getKey()), sizeOf(op.getValue()));
}

std::unique_ptr<AttentionEmitter>
blockattn::makeWgmmaAttention(AttentionKernelOp op, gpu::GPUFuncOp kernel) {
  return std::make_unique<WgmmaAttention>(op, kernel);
}

WgmmaAttention::WgmmaAttention(AttentionKernelOp op, gpu::GPUFuncOp kernel)
    : FragmentAttention(op, kernel) {
  teams = teamsFor(op, headSize, valueSize);
  keyTile = 128;
  // Small tiles leave registers for four teams, and are more in number: enough
  // bytes are on their way when a team turns its queries for the next block.
  if (teams == 4) {
    keyTile = 64;
    stages = 8;
    announcesLate = true;
  }
  // First keys of the own ones are results of a kernel, and all threads look
  // at them.
  startsEarly = op.getCache() && !op.getFirstKey();
  canShareTiles = teams == 4;
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// Cosines and sines, which each team has of its own.
int64_t WgmmaAttention::turnsBytes() const {
  RotaryAttr rope = AttentionKernelOp(op).getQueryRotaryAttr();
  return rope ? 8 * llvm::alignTo(rope.getInvFreq().getNumElements(), 16) : 0;
}

AttentionEmitter::Geometry WgmmaAttention::geometry() const {
  int64_t small = scratchBytes() + teams * turnsBytes() + barrierBytes() + 128;
  return {kTeamThreads * (teams + 1), kTeamRows * teams, keyTile,
          small + kPanelAlignment + teams * queryBytes() +
              stages * (tileBytes(kKeys) + tileBytes(kValues)),
          /*residents=*/1};
}

void WgmmaAttention::prepare() {
  Value own = b.offset(sharedMemory(), scratchBytes());
  turnsMemory = own;
  barriers = b.offset(own, teams * turnsBytes());
  bounds = b.offset(barriers, barrierBytes());
  Type i64 = b.getI64Type();
  Value address = LLVM::PtrToIntOp::create(b, i64, b.offset(bounds, 128));
  address = b.bitAnd(b.add(address, kPanelAlignment - 1), -kPanelAlignment);
  queries = LLVM::IntToPtrOp::create(b, b.pointer(kSharedMemory), address);
  tiles[kKeys] = b.offset(queries, teams * queryBytes());
  tiles[kValues] = b.offset(tiles[kKeys], stages * tileBytes(kKeys));

  Value rows = b.sub(numRows, tileFirstRow);
  activeTeams = b.min(b.ceilDiv(rows, kTeamRows), b.i32(teams));
  if (canShareTiles)
    sharesTiles = b.equal(activeTeams, b.i32(1));
  // The warps that give a place back: those of all teams with rows, or of the
  // one whose tile it is.
  Value givers = b.mul(activeTeams, kTeamThreads / 32);
  b.when(b.equal(thread, b.i32(0)), [&] {
    for (int64_t i = 0; i < 4 * stages; ++i) {
      bool empty = i / stages % 2;
      NVVM::MBarrierInitOp::create(b, b.offset(barriers, 8 * i),
                                   empty ? givers : b.i32(kTeamThreads),
                                   Value());
    }
  });
  b.barrier();
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// Counted within the tile, or, after `becomeTeam`, within the team: teams that
/// share tiles have the same rows.
Value WgmmaAttention::laneRow(unsigned i) {
  Value all = warp;
  if (canShareTiles)
    warp = b.select(sharesTiles, b.rem(warp, kTeamThreads / 32), warp);
  Value row = FragmentAttention::laneRow(i);
  warp = all;
  return row;
}

/// From here on rows, warps and threads are counted within the team.
void WgmmaAttention::becomeTeam(Value number) {
  team = number;
  Value place = canShareTiles ? b.select(sharesTiles, b.i32(0), team) : team;
  firstRow = b.add(tileFirstRow, b.mul(place, kTeamRows));
  thread = b.rem(thread, kTeamThreads);
  warp = b.rem(warp, kTeamThreads / 32);
  queries = b.offset(queries, b.mul(team, queryBytes()));
  turnsMemory = b.offset(turnsMemory, b.mul(team, turnsBytes()));
  bounds = b.offset(bounds, b.mul(team, 32));
}

void WgmmaAttention::emitBody() {
  beginBody();
  prepare();
  KeySegment own = ownKeys();
  Value number = b.div(warp, kTeamThreads / 32);
  Value produces = b.equal(number, b.i32(teams));
  // One after the other with what belongs to all threads as it was.
  auto roles = [&](function_ref<void()> producer, function_ref<void()> member) {
    Value all[] = {thread, warp, firstRow, queries, turnsMemory, bounds};
    auto op = scf::IfOp::create(b, TypeRange(), produces, /*withElse=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.thenBlock());
    role = kProducer;
    thread = b.rem(thread, kTeamThreads);
    producer();
    thread = all[0];
    b.setInsertionPointToStart(op.elseBlock());
    role = kTeam;
    becomeTeam(number);
    member();
    thread = all[0], warp = all[1], firstRow = all[2], queries = all[3];
    turnsMemory = all[4], bounds = all[5];
  };

  // What is known to be needed is on its way before the bounds are.
  if (!op.getQueryRotaryAttr())
    roles(
        [&] {
          if (op.getCache())
            return;
          fetch(kKeys, own, b.i32(0), b.i32(0));
          prefetched = true;
        },
        [&] {
          awaitKernelsBefore();
          loadQueries(Value());
        });
  fillOwnRange(own);
  auto attendAll = [&](ValueRange state) {
    return op.getCache() ? attendCache(own, state) : attend(own, state);
  };
  auto [teamRegisters, producerRegisters] = registersFor(teams);
  roles(
      [&, registers = producerRegisters] {
        NVVM::SetMaxRegisterOp::create(b, registers,
                                       NVVM::SetMaxRegisterAction::decrease);
        announceRest(attendAll(b.i32(0)).back());
      },
      [&, registers = teamRegisters] {
        NVVM::SetMaxRegisterOp::create(b, registers,
                                       NVVM::SetMaxRegisterAction::increase);
        if (op.getQueryRotaryAttr())
          awaitKernelsBefore();
        b.when(b.less(firstRow, numRows), [&] {
          if (!op.getQueryRotaryAttr())
            settleQueries();
          queryDescriptor = wgmmaDescriptor(b, queries, 16);
          tileDescriptors[kKeys] = wgmmaDescriptor(b, tiles[kKeys], 16);
          tileDescriptors[kValues] =
              wgmmaDescriptor(b, tiles[kValues], panelBytes());
          // The first team begins.
          Value last = b.sub(activeTeams, b.i32(1));
          b.when(b.equal(team, last), [&] { takeTurn(/*begin=*/false); });
          Values state = initialState();
          state.push_back(b.i32(0));
          state = attendAll(state);
          if (!canShareTiles)
            return finish(state);
          state = addTeams(state);
          Value hasAll = b.equal(team, b.i32(0));
          b.when(b.either(hasAll, b.less(b.i32(1), activeTeams)),
                 [&] { finish(state); });
        });
      });
}

/// Nothing of what those write was looked at so far.
void WgmmaAttention::awaitKernelsBefore() {
  if (startsEarly)
    NVVM::GriddepcontrolOp::create(b, NVVM::GridDepActionKind::wait);
}

/// The producer has to wait for keys of this program alone.
void WgmmaAttention::beforeKeys(Value areOwn) {
  if (role == kProducer)
    b.when(areOwn, [&] { awaitKernelsBefore(); });
}

/// The first key of a tile: tiles go from the last key backwards, and the last
/// of them may begin before the first key.
Value WgmmaAttention::firstKeyOf(const KeySegment &segment, Value tile) {
  return b.sub(segment.end, b.mul(b.add(tile, 1), keyTile));
}

AttentionEmitter::Values WgmmaAttention::attend(const KeySegment &segment,
                                                ValueRange state) {
  Value count = b.max(b.i32(0), b.sub(segment.end, segment.begin));
  Value tiles = b.ceilDiv(count, keyTile);
  if (role == kProducer)
    return produce(segment, tiles, state.back());
  return b.branch(
      b.less(firstOwnTile(state.back()), tiles), state.getTypes(),
      [&] { return consume(segment, tiles, state); },
      [&] {
        Values none(state);
        none.back() = b.add(none.back(), tiles);
        return none;
      });
}

//===----------------------------------------------------------------------===//
// A team's work
//===----------------------------------------------------------------------===//

/// The first key that all rows of the team see, and the last.
std::pair<Value, Value> WgmmaAttention::teamBounds(const KeySegment &segment) {
  Value most = segment.first[0], least = segment.last[0];
  for (unsigned i = 1; i < rowsOfLane(); ++i) {
    most = b.max(most, segment.first[i]);
    least = b.min(least, segment.last[i]);
  }
  most = b.warpMax(most);
  least = b.warpMin(least);
  // All are done with the bounds of the segment before.
  queryBarrier();
  b.when(b.equal(lane, b.i32(0)), [&] {
    Value place = b.offset(bounds, b.mul(warp, 8));
    b.store(most, place);
    b.store(least, b.offset(place, 4));
  });
  queryBarrier();
  for (int64_t i = 0; i < kTeamThreads / 32; ++i) {
    auto read = [&](int64_t at) {
      return b.load(b.getI32Type(), b.offset(bounds, at));
    };
    most = b.max(most, read(8 * i));
    least = b.min(least, read(8 * i + 4));
  }
  return {most, least};
}

/// Turns the scores of a tile into weights, and gives the rows' factors.
AttentionEmitter::Values WgmmaAttention::weigh(const KeySegment &segment,
                                               Value tile, bool masked,
                                               ValueRange scores, Values &state,
                                               Fragments &weights) {
  weights.resize(keyTile / 8);
  for (size_t i = 0; i < scores.size(); ++i)
    weights[i / 4][i % 4] = scores[i];
  Value firstKey = firstKeyOf(segment, tile);
  adjust(segment, firstKey, weights);
  if (masked)
    mask(segment, firstKey, weights);
  return softmax(weights, state);
}

/// Weights as operands of a product.
AttentionEmitter::Values WgmmaAttention::packAll(const Fragments &weights) {
  Values packed;
  for (size_t k = 0; k < weights.size(); k += 2)
    llvm::append_range(packed, packWeights(&weights[k]));
  return packed;
}

/// Scores of a tile while the weights of the one before meet their values.
/// `carried`: outputs, maxima, sums, weights.
AttentionEmitter::Values WgmmaAttention::step(const KeySegment &segment,
                                              Value tile, Value done,
                                              bool masked, ValueRange carried) {
  size_t outputs = outputCount(), rows = rowsOfLane();
  size_t plain = outputs + 2 * rows;
  Values state(carried.begin(), carried.begin() + plain);
  ValueRange weights = carried.drop_front(plain);
  Value number = b.add(done, tile), before = b.sub(number, tileStep());

  takeTurn(/*begin=*/true);
  awaitTile(kKeys, number);
  Values products = scores(number);
  awaitTile(kValues, before);
  Values sums =
      addProduct(weights, before, ArrayRef<Value>(state).take_front(outputs));
  takeTurn(/*begin=*/false);
  products = awaitWgmma(b, 1, products);
  release(kKeys, number);
  Fragments next;
  Values factors = weigh(segment, tile, masked, products, state, next);
  sums = awaitWgmma(b, 0, sums, weights);
  release(kValues, before);
  llvm::copy(sums, state.begin());
  scaleOutputs(state, factors);
  llvm::append_range(state, packAll(next));
  return state;
}

AttentionEmitter::Values WgmmaAttention::consume(const KeySegment &segment,
                                                 Value tiles,
                                                 ValueRange carried) {
  size_t outputs = outputCount(), rows = rowsOfLane();
  Value zero = b.i32(0), one = b.i32(1), done = carried.back();
  Value own = firstOwnTile(done), stride = tileStep();
  auto ownFrom = [&](Value tile) {
    Value beyond = b.add(b.sub(tile, own), b.sub(stride, one));
    return b.add(own, wholeTurns(beyond));
  };
  Value second = b.add(own, stride);
  // Tiles [from, to) are seen whole by all rows.
  auto [most, least] = teamBounds(segment);
  Value beyond = b.max(zero, b.sub(b.sub(segment.end, one), least));
  Value from = b.ceilDiv(beyond, keyTile);
  Value to = b.div(b.max(zero, b.sub(segment.end, most)), keyTile);
  from = b.min(tiles, b.max(from, second));
  to = b.min(tiles, b.max(to, from));

  // The first tile has nothing to run beside.
  Value first = b.add(done, own);
  awaitTile(kKeys, first);
  Values products = awaitWgmma(b, 0, scores(first));
  release(kKeys, first);
  Values state(carried.drop_back());
  Fragments weights;
  scaleOutputs(state,
               weigh(segment, own, /*masked=*/true, products, state, weights));
  llvm::append_range(state, packAll(weights));

  auto run = [&](Value begin, Value end, bool masked) {
    state = b.loop(begin, end, stride, state,
                   [&](Value tile, ValueRange values) -> Values {
                     return step(segment, tile, done, masked, values);
                   });
  };
  run(second, from, /*masked=*/true);
  run(ownFrom(from), to, /*masked=*/false);
  run(ownFrom(to), tiles, /*masked=*/true);

  Value all = b.add(done, tiles);
  Value last = b.add(first, wholeTurns(b.sub(b.sub(tiles, one), own)));
  size_t plain = outputs + 2 * rows;
  awaitTile(kValues, last);
  ArrayRef<Value> values(state);
  Values sums = awaitWgmma(
      b, 0,
      addProduct(values.drop_front(plain), last, values.take_front(outputs)));
  release(kValues, last);
  llvm::copy(sums, state.begin());
  state.resize(plain);
  state.push_back(all);
  return state;
}
