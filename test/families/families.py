"""The families, each as a configuration of a tiny model."""

from dataclasses import dataclass, field

import torch

VOCABULARY = 128

SMALL = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64,
             num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=256, pad_token_id=0, bos_token_id=1,
             eos_token_id=2, tie_word_embeddings=False)


@dataclass
class Family:
    config: str
    options: dict = field(default_factory=dict)
    model: str = "AutoModelForCausalLM"
    output: str = "logits"
    positions: bool = True  # position_ids is an input
    optimizer: str | None = None  # what ONNX Runtime's optimiser calls it
    genai: dict = field(default_factory=dict)  # options for onnxruntime-genai


def rope(kind, **options):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0,
                                **options}}


def encoder(config, **options):
    return Family(config, {"num_key_value_heads": None, **options},
                  model="AutoModel", output="last_hidden_state",
                  positions=False, optimizer="bert")


LONG = dict(long_factor=[1.0, 1.5, 2.0, 3.0], short_factor=[1.0, 1.1, 1.2, 1.3],
            original_max_position_embeddings=64)
LONGER = {**LONG, "long_factor": [1.0, 1.2, 1.5, 1.7, 2.0, 2.3, 2.6, 3.0],
          "short_factor": [1.0, 1.0, 1.1, 1.1, 1.2, 1.2, 1.3, 1.3]}

FAMILIES = {
    "llama": Family("LlamaConfig"),
    "llama_linear": Family("LlamaConfig", rope("linear", factor=2.0)),
    "llama_dynamic": Family("LlamaConfig", {
        **rope("dynamic", factor=2.0), "max_position_embeddings": 16},
                            genai={"max_position_embeddings": 64}),
    "llama_llama3": Family("LlamaConfig", rope(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64)),
    "llama_yarn": Family("LlamaConfig", rope(
        "yarn", factor=4.0, original_max_position_embeddings=64)),
    "llama_longrope": Family("LlamaConfig", rope("longrope", **LONG),
                             genai=rope("longrope", **LONGER)),
    "mistral_window": Family("MistralConfig", {"sliding_window": 7}),
    "qwen2": Family("Qwen2Config"),
    "qwen3": Family("Qwen3Config", {"head_dim": 16}, optimizer="qwen3"),
    "gemma": Family("GemmaConfig", {"head_dim": 16}),
    "gemma2": Family("Gemma2Config", {
        "head_dim": 16, "sliding_window": 7, "query_pre_attn_scalar": 16}),
    "gemma3": Family("Gemma3TextConfig", {
        "head_dim": 16, "sliding_window": 7, "query_pre_attn_scalar": 16,
        "layer_types": ["sliding_attention", "full_attention"]}),
    "phi2": Family("PhiConfig", {"partial_rotary_factor": 0.5},
                   optimizer="phi", genai={"hidden_size": 128}),
    "phi3": Family("Phi3Config", genai={
        "original_max_position_embeddings": 256}),
    "olmo2": Family("Olmo2Config"),
    "olmo3": Family("Olmo3Config", {
        "sliding_window": 7,
        "layer_types": ["sliding_attention", "full_attention"]}),
    "smollm3": Family("SmolLM3Config", {"no_rope_layers": [1, 0]},
                      genai={"no_rope_layers": [1, 1]}),
    "gpt_neox": Family("GPTNeoXConfig", {"num_key_value_heads": None},
                       optimizer="gpt_neox"),
    "gpt2": Family("GPT2Config", {"n_inner": 64,
                                  "num_key_value_heads": None},
                   optimizer="gpt2"),
    "gptj": Family("GPTJConfig", {"rotary_dim": 4, "n_inner": 64,
                                  "num_key_value_heads": None}),
    "opt": Family("OPTConfig", {"ffn_dim": 64, "word_embed_proj_dim": 32,
                                "num_key_value_heads": None}),
    "bloom": Family("BloomConfig", {"num_key_value_heads": None},
                    positions=False),
    "mpt": Family("MptConfig", {"num_key_value_heads": None},
                  positions=False),
    "falcon": Family("FalconConfig", {"num_key_value_heads": None,
                                      "alibi": False}),
    "falcon_alibi": Family("FalconConfig", {
        "num_key_value_heads": None, "alibi": True, "multi_query": False,
        "parallel_attn": False, "bias": True}, positions=False),
    "stablelm": Family("StableLmConfig", {"partial_rotary_factor": 0.5}),
    "cohere": Family("CohereConfig"),
    "cohere2": Family("Cohere2Config", {
        "sliding_window": 7,
        "layer_types": ["sliding_attention", "full_attention"]}),
    "granite": Family("GraniteConfig"),
    "glm": Family("GlmConfig", {"head_dim": 8}),
    "llama4": Family("Llama4TextConfig", {
        "head_dim": 8, "attention_chunk_size": 8, "intermediate_size_mlp": 64,
        "num_local_experts": 1, "moe_layers": [], "interleave_moe_layer_step": 0,
        "attn_temperature_tuning": False, "no_rope_layers": [1, 0],
        "layer_types": ["chunked_attention", "full_attention"]}),
    "gpt_oss": Family("GptOssConfig", {
        "head_dim": 16, "sliding_window": 7, "num_local_experts": 2,
        "num_experts_per_tok": 1,
        "layer_types": ["sliding_attention", "full_attention"]}),
    "bert": encoder("BertConfig"),
    "roberta": encoder("RobertaConfig"),
    "distilbert": encoder("DistilBertConfig", dim=32, hidden_dim=64, n_heads=4,
                          n_layers=2),
    "modernbert": encoder("ModernBertConfig", local_attention=8,
                          global_attn_every_n_layers=2, reference_compile=False),
}


# For models that are kept in the repository.
TINY = dict(vocab_size=32, intermediate_size=16)


# ONNX Runtime's GroupQueryAttention takes head sizes that are multiples of 16 (and
# rotary sizes, too), and tables of positions that have all of the tokens.
GENAI = dict(hidden_size=64)


def build(name, attention, tiny=False, genai=False):
    """The family's model with random weights, and its configuration."""
    import transformers
    family = FAMILIES[name]
    options = {**SMALL, **(TINY if tiny else {}), **family.options}
    if genai:
        options |= {**GENAI, **family.genai}
    if tiny and "layer_types" not in options and \
            "no_rope_layers" not in options:
        options["num_hidden_layers"] = 1
    options = {k: v for k, v in options.items() if v is not None}
    config = getattr(transformers, family.config)(**options)
    model = getattr(transformers, family.model).from_config(
        config, attn_implementation=attention)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            # Initial weights are small and norms 1: too tame to show errors.
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise * 0.15)
            else:
                parameter.add_(noise * 0.1)
    return model.eval(), config
