/*===- blockattn.h - the runtime's C API -----------------------------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * Opens artifacts made by blockattn-compile and runs their programs.
 *
 * Trust. An artifact holds native code, which runs with the rights of the
 * process. Checksums find damage, not malice: open only artifacts that you
 * would also run as a program.
 *
 * Errors. A function that can fail returns a ba_status pointer: NULL means
 * that all of it was done; otherwise look at the code and the message, then
 * ba_status_free it. Out-parameters are set only on success. Nothing is ever
 * printed, and no function aborts or ends the process.
 *
 * Ownership. Whatever a *_create, *_open, *_read or ba_encode_block hands out
 * belongs to the caller, who frees or releases it with the function named
 * beside it; the free functions take NULL. Strings and views that a function
 * returns belong to the object they were asked of.
 *
 * Threads. A ba_model and a ba_kv_block are immutable and may be used from
 * any number of threads at once; their counts of references are atomic.
 * A ba_session, a ba_prompt and a ba_sampler belong to one thread at a time.
 * There is no global state.
 *
 *===----------------------------------------------------------------------===*/

#ifndef BLOCKATTN_BLOCKATTN_H
#define BLOCKATTN_BLOCKATTN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define BA_API __attribute__((visibility("default")))
#define BA_MUST_CHECK __attribute__((warn_unused_result))
#else
#define BA_API
#define BA_MUST_CHECK
#endif

#define BA_VERSION_STRING "0.1.0"

/* The version of the library that runs (BA_VERSION_STRING is the header's). */
BA_API const char *ba_version(void);

/*===----------------------------------------------------------------------===*
 * Status
 *===----------------------------------------------------------------------===*/

typedef struct ba_status ba_status;

typedef enum ba_status_code {
  BA_OK = 0,
  BA_INVALID_ARGUMENT = 1, /* the caller's input is wrong */
  BA_NOT_FOUND = 2,        /* no such file, program, input, ... */
  BA_IO_ERROR = 3,         /* the operating system refused */
  BA_CORRUPT = 4,          /* a damaged or malformed file */
  BA_VERSION_MISMATCH = 5, /* made by another version: compile again */
  BA_UNSUPPORTED = 6,      /* not in this artifact, build or machine */
  BA_OUT_OF_MEMORY = 7,
  BA_INTERNAL = 8 /* a defect of blockattn: please report it */
} ba_status_code;

/* BA_OK for NULL. */
BA_API ba_status_code ba_status_get_code(const ba_status *status);
/* One line for a person, without a newline; "" for NULL. */
BA_API const char *ba_status_message(const ba_status *status);
BA_API void ba_status_free(ba_status *status);

/*===----------------------------------------------------------------------===*
 * Tensors
 *===----------------------------------------------------------------------===*/

/* One of the constants below; an integer, as callers may pass anything. */
typedef int32_t ba_dtype;

enum {
  BA_F32 = 0,
  BA_F16 = 1,
  BA_BF16 = 2,
  BA_F64 = 3,
  BA_I64 = 4,
  BA_I32 = 5,
  BA_I16 = 6,
  BA_I8 = 7,
  BA_U8 = 8,
  BA_U16 = 9,
  BA_U32 = 10,
  BA_U64 = 11,
  BA_BOOL = 12 /* one byte, 0 or 1 */
};

#define BA_MAX_RANK 8

/* A view of row-major, contiguous memory that somebody else owns. `data` must
   be aligned to the element's size; it may be NULL if a dimension is 0. */
typedef struct ba_tensor {
  void *data;
  ba_dtype dtype;
  int32_t rank;
  int64_t shape[BA_MAX_RANK];
} ba_tensor;

/* "f32", "i64", ...; NULL for a number that is no ba_dtype. */
BA_API const char *ba_dtype_name(ba_dtype dtype);
/* Bytes of an element; 0 for a number that is no ba_dtype. */
BA_API size_t ba_dtype_size(ba_dtype dtype);

/* An owned tensor. */
typedef struct ba_array ba_array;

/* Reads a NumPy .npy file (versions 1 to 3; little-endian numbers and bool;
   Fortran order is converted). Free with ba_array_free. */
BA_API BA_MUST_CHECK ba_status *ba_npy_read(const char *path, ba_array **array);
/* Writes version 1 of the format, little-endian, C order. bf16 has no
   NumPy type and is refused. */
BA_API BA_MUST_CHECK ba_status *ba_npy_write(const char *path,
                                             const ba_tensor *tensor);
/* Valid until the array is freed. */
BA_API const ba_tensor *ba_array_tensor(const ba_array *array);
BA_API void ba_array_free(ba_array *array);

/*===----------------------------------------------------------------------===*
 * Artifacts: what is in a file, without loading its code
 *===----------------------------------------------------------------------===*/

typedef struct ba_artifact ba_artifact;

typedef struct ba_section {
  const char *name;
  uint64_t offset; /* bytes from the start of the file */
  uint64_t size;   /* bytes */
  uint64_t checksum;
} ba_section;

/* Checks magic, version, sizes and every checksum but that of the weights.
   Close with ba_artifact_close. */
BA_API BA_MUST_CHECK ba_status *ba_artifact_open(const char *path,
                                                 ba_artifact **artifact);
BA_API void ba_artifact_close(ba_artifact *artifact);
BA_API size_t ba_artifact_section_count(const ba_artifact *artifact);
/* NULL if `index` is not below the count. */
BA_API const ba_section *ba_artifact_section(const ba_artifact *artifact,
                                             size_t index);
/* JSON text. */
BA_API const char *ba_artifact_manifest(const ba_artifact *artifact);
/* Checks the weights as well; this reads all of them. Of weights in a file of
   their own only the presence and the size are checked. */
BA_API BA_MUST_CHECK ba_status *ba_artifact_verify(const ba_artifact *artifact);

/*===----------------------------------------------------------------------===*
 * Models: a loaded artifact
 *===----------------------------------------------------------------------===*/

typedef struct ba_model ba_model;

typedef struct ba_model_options {
  size_t struct_size; /* sizeof(ba_model_options) */
  int32_t threads;    /* how many work on one run at most; 0: all cores */
  /* Code for "x86-64", "x86-64-v3" or "x86-64-v4"; NULL: the best of the
     artifact that this machine can run. */
  const char *cpu_level;
  /* "cpu", "cuda" (the first GPU) or "cuda:N"; NULL: the first device of the
     kind that the artifact was compiled for. A GPU's model has its weights,
     KV blocks and working memory there; open it once for each GPU. The GPU's
     primary context is used, as CUDA's runtime library does. */
  const char *device;
  /* On a GPU: the file that keeps which algorithms were measured to be the
     fastest for matrix products, so that the next process need not measure
     them; NULL: the artifact's path with ".tuned" behind it; "": none. It is
     made and replaced as needed; a file that cannot be read or written is no
     error. Choices hold for one kind of GPU and one version of cuBLASLt. On the
     CPU there is nothing to keep, and a path is an error. */
  const char *tuning_file;
} ba_model_options;

#define BA_MODEL_OPTIONS_INIT {sizeof(ba_model_options), 0, NULL, NULL, NULL}

/* Opens an artifact (same checks as ba_artifact_open), maps its weights and
   loads its code. `options` may be NULL. The model starts with one reference;
   drop it with ba_model_release. Sessions, prompts and KV blocks hold
   references of their own. */
BA_API BA_MUST_CHECK ba_status *ba_model_open(const char *path,
                                              const ba_model_options *options,
                                              ba_model **model);
BA_API ba_model *ba_model_retain(ba_model *model);
BA_API void ba_model_release(ba_model *model);

/* JSON text. */
BA_API const char *ba_model_manifest(const ba_model *model);
/* The level of the loaded code, for example "x86-64-v3"; on a GPU "sm_90a", or
   "ptx" where its driver compiled the code; then, in parentheses, which better
   code of the artifact the driver rejected. */
BA_API const char *ba_model_cpu_level(const ba_model *model);
/* "cpu" or "cuda:N". */
BA_API const char *ba_model_device(const ba_model *model);

typedef struct ba_device_memory {
  uint64_t current_bytes; /* now: weights, KV blocks, all sessions' memory */
  uint64_t peak_bytes;    /* the most at any time */
} ba_device_memory;

/* What the model has taken of a GPU's memory; zeros on the CPU. */
BA_API ba_device_memory ba_model_device_memory(const ba_model *model);
/* The peak from here on, at first what is taken now. */
BA_API void ba_model_reset_peak_memory(ba_model *model);
BA_API int32_t ba_model_threads(const ba_model *model);
/* Token ids are below this; 0 when the model does not say. */
BA_API int64_t ba_model_vocab_size(const ba_model *model);

typedef struct ba_kv_info {
  int64_t layers; /* 0: the artifact has no programs for cached blocks */
  int64_t kv_heads;
  int64_t head_size;
  /* 1: a cached block serves at any place of any prompt. 0: it is tied to
     the position it was encoded for (why: the manifest's "attentions"). */
  int32_t position_independent;
} ba_kv_info;

BA_API ba_kv_info ba_model_kv_info(const ba_model *model);

BA_API size_t ba_model_program_count(const ba_model *model);
/* NULL if `index` is not below the count. */
BA_API const char *ba_model_program_name(const ba_model *model, size_t index);
/* 1 if there is such a program, else 0. */
BA_API int ba_model_has_program(const ba_model *model, const char *program);

typedef struct ba_value_info {
  const char *name;
  const char *role; /* "tokens", "positions", "output", ...; see design.md */
  ba_dtype dtype;
  int32_t rank;
  int64_t shape[BA_MAX_RANK]; /* -1: dynamic */
} ba_value_info;

/* 0 for an unknown program. */
BA_API size_t ba_model_input_count(const ba_model *model, const char *program);
BA_API size_t ba_model_output_count(const ba_model *model, const char *program);
BA_API BA_MUST_CHECK ba_status *ba_model_input(const ba_model *model,
                                               const char *program,
                                               size_t index,
                                               ba_value_info *info);
BA_API BA_MUST_CHECK ba_status *ba_model_output(const ba_model *model,
                                                const char *program,
                                                size_t index,
                                                ba_value_info *info);

/*===----------------------------------------------------------------------===*
 * Sessions: running programs
 *===----------------------------------------------------------------------===*/

typedef struct ba_session ba_session;

/* Cheap: memory is taken when a program first runs, and kept for the next
   run. Free with ba_session_free. */
BA_API BA_MUST_CHECK ba_status *ba_session_create(ba_model *model,
                                                  ba_session **session);
BA_API void ba_session_free(ba_session *session);

/* Binds an input by name, for all following runs until it is bound anew or
   ba_session_clear. The data is not copied and must live as long. Types and
   shapes are checked when a program runs. */
BA_API BA_MUST_CHECK ba_status *ba_session_set_input(ba_session *session,
                                                     const char *name,
                                                     const ba_tensor *tensor);
/* Has an output written to the caller's memory; its shape must turn out to be
   the tensor's. Outputs that are not bound are kept by the session. An output
   must not overlap an input or another output, which a run refuses: programs
   write outputs before they have read all inputs. (Memory of the host may be
   both for a model on a GPU, which copies it.) */
BA_API BA_MUST_CHECK ba_status *ba_session_set_output(ba_session *session,
                                                      const char *name,
                                                      const ba_tensor *tensor);

/* As ba_session_set_input, ba_session_set_output and ba_session_output, for
   memory of the model's device (on the CPU there is no difference). An address
   that the GPU does not know is refused here. One that is a multiple of 16 is
   used in place; others, which lie inside of a larger tensor say, cost a copy
   on the GPU in each run. Elements on a GPU are not checked before a run: what
   is wrong with them is found by the program itself. */
BA_API BA_MUST_CHECK ba_status *
ba_session_set_device_input(ba_session *session, const char *name,
                            const ba_tensor *tensor);
BA_API BA_MUST_CHECK ba_status *
ba_session_set_device_output(ba_session *session, const char *name,
                             const ba_tensor *tensor);
BA_API BA_MUST_CHECK ba_status *
ba_session_device_output(const ba_session *session, const char *name,
                         ba_tensor *tensor);
/* Has the session's work on a GPU be done in the order of a CUstream (which
   is a cudaStream_t) of the caller's, so that inputs need not be waited for;
   NULL: in a stream of its own again. For the default stream of other
   libraries give CU_STREAM_LEGACY. A run has ended when its call returns. */
BA_API BA_MUST_CHECK ba_status *ba_session_set_stream(ba_session *session,
                                                      void *stream);

typedef struct ba_block {
  int64_t start;     /* first token */
  int32_t is_global; /* 1: sees every earlier token of its segment */
  int64_t segment;   /* which prompt the block belongs to */
} ba_block;

/* The layout for program `block`. Starts increase strictly from 0 and lie
   within the tokens; the last block of each segment is global, as
   design.md says, whatever `is_global` is. The blocks are copied. */
BA_API BA_MUST_CHECK ba_status *ba_session_set_layout(ba_session *session,
                                                      const ba_block *blocks,
                                                      size_t count);
/* The same for one prompt of local blocks and a global last one. */
BA_API BA_MUST_CHECK ba_status *
ba_session_set_blocks(ba_session *session, const int64_t *starts, size_t count);
/* Forgets the bound inputs, outputs and the layout. */
BA_API void ba_session_clear(ba_session *session);

/* Runs `full` or `block` (which needs a layout) on the bound inputs. Inputs
   that the program can derive may be left out: positions (0, 1, 2, ... after
   the past, in every row, whatever the attention mask), an attention mask of
   ones, an empty past. */
BA_API BA_MUST_CHECK ba_status *ba_session_run(ba_session *session,
                                               const char *program);

/* A view of an output of the last run, valid until the next one. */
BA_API BA_MUST_CHECK ba_status *ba_session_output(const ba_session *session,
                                                  const char *name,
                                                  ba_tensor *tensor);

/* What a session has done so far. */
typedef struct ba_counters {
  int64_t runs;
  int64_t tokens; /* rows of the program's token input, summed over the runs */
} ba_counters;

/* Zeros for a program that has not run. */
BA_API ba_counters ba_session_counters(const ba_session *session,
                                       const char *program);

typedef struct ba_memory_use {
  uint64_t arena_bytes;     /* working memory, shared by all programs */
  uint64_t output_bytes;    /* outputs kept by the session */
  uint64_t kv_bytes_copied; /* keys and values moved after being written */
} ba_memory_use;

BA_API ba_memory_use ba_session_memory_use(const ba_session *session);

/* Starts (1) or stops (0) taking the times of the steps of runs on a GPU: each
   kernel, matrix product, copy. It slows runs down. Not on the CPU. */
BA_API BA_MUST_CHECK ba_status *ba_session_profile(ba_session *session,
                                                   int32_t enable);

typedef struct ba_step_time {
  const char *name; /* of a kernel, which names a node of the model; "gemm bf16
                       8192x4096x4096 (layers.0/q, ...)" with the first node
                       of those alike; "copy", ... */
  int64_t count;
  double seconds;    /* of all together */
  double operations; /* of all together; 0: not known */
  double bytes;      /* that have to be read and written, each once; 0: not
                        known */
} ba_step_time;

/* The times since the profile was started or last read, in the order of their
   first step. They are valid until the next call for this session. */
BA_API BA_MUST_CHECK ba_status *
ba_session_read_profile(ba_session *session, const ba_step_time **steps,
                        size_t *count);

/*===----------------------------------------------------------------------===*
 * Cached blocks and prompts
 *===----------------------------------------------------------------------===*/

/* The keys and values of one encoded block: written once, then only read,
   by any number of prompts and threads at once. */
typedef struct ba_kv_block ba_kv_block;

/* Encodes `count` tokens as a block of their own (program `encode`), with
   one reference; drop it with ba_kv_block_release. `position` is where the
   block will stand in its prompt (ba_prompt_length); it matters only where
   blocks are not position independent (ba_kv_info): the block is then tied to
   that place. A model with sinks needs their table bound to the session. */
BA_API BA_MUST_CHECK ba_status *ba_encode_block(ba_session *session,
                                                const int64_t *tokens,
                                                int64_t count, int64_t position,
                                                ba_kv_block **block);
BA_API ba_kv_block *ba_kv_block_retain(ba_kv_block *block);
BA_API void ba_kv_block_release(ba_kv_block *block);
/* In tokens; sink tokens before every block are counted, a prefix of sinks that
   blocks share is not. */
BA_API int64_t ba_kv_block_length(const ba_kv_block *block);
BA_API uint64_t ba_kv_block_bytes(const ba_kv_block *block);

/* A prompt: cached blocks in order, then a tail that ba_extend grows. */
typedef struct ba_prompt ba_prompt;

/* Free with ba_prompt_free. */
BA_API BA_MUST_CHECK ba_status *ba_prompt_create(ba_model *model,
                                                 ba_prompt **prompt);
BA_API void ba_prompt_free(ba_prompt *prompt);
/* The position of the first token of a prompt that is still empty; 0 if this is
   not called. */
BA_API BA_MUST_CHECK ba_status *ba_prompt_start(ba_prompt *prompt,
                                                int64_t position);
/* Puts a block at the end of the prompt, by reference: nothing is copied. */
BA_API BA_MUST_CHECK ba_status *ba_prompt_append(ba_prompt *prompt,
                                                 ba_kv_block *block);
/* The position of the next token: how many there are so far, sink tokens
   included, behind the prompt's start. */
BA_API int64_t ba_prompt_length(const ba_prompt *prompt);
/* Bytes of the tail's keys and values (those of blocks belong to the blocks).
 */
BA_API uint64_t ba_prompt_tail_bytes(const ba_prompt *prompt);

/* Runs program `extend`: the tokens see all of the prompt and one another, and
   become part of the prompt. One token is the decoding step. The outputs
   (logits: [1, count, vocabulary]) are read with ba_session_output. On failure
   the prompt is as it was. */
BA_API BA_MUST_CHECK ba_status *ba_extend(ba_session *session,
                                          ba_prompt *prompt,
                                          const int64_t *tokens, int64_t count);

/*===----------------------------------------------------------------------===*
 * Sampling
 *===----------------------------------------------------------------------===*/

typedef struct ba_sampler ba_sampler;

typedef struct ba_sampler_options {
  size_t struct_size; /* sizeof(ba_sampler_options) */
  float temperature;  /* 0: the most likely token */
  int32_t top_k;      /* among the k most likely; 0: among all */
  float top_p;        /* among the fewest that have probability p together */
  uint64_t seed;      /* equal seeds and logits give equal tokens */
} ba_sampler_options;

#define BA_SAMPLER_OPTIONS_INIT {sizeof(ba_sampler_options), 0.0f, 0, 1.0f, 0}

/* `options` may be NULL (greedy). Free with ba_sampler_free. */
BA_API BA_MUST_CHECK ba_status *
ba_sampler_create(const ba_sampler_options *options, ba_sampler **sampler);
BA_API void ba_sampler_free(ba_sampler *sampler);
/* Chooses from `count` logits. */
BA_API BA_MUST_CHECK ba_status *ba_sampler_sample(ba_sampler *sampler,
                                                  const float *logits,
                                                  int64_t count,
                                                  int64_t *token);

#ifdef __cplusplus
}
#endif

#endif /* BLOCKATTN_BLOCKATTN_H */
