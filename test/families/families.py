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
    few: bool = False  # in the commonest spellings only
    halves: bool = False  # in those of 16 bits as well


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
    "llama_64": Family("LlamaConfig", {"head_dim": 64}, few=True, halves=True),
    "llama_128": Family("LlamaConfig", {"head_dim": 128}, few=True, halves=True),
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
    "mistral_window": Family("MistralConfig", {"sliding_window": 7}, genai={
        "layer_types": ["sliding_attention"] * 2}),
    "qwen2": Family("Qwen2Config"),
    "qwen3": Family("Qwen3Config", {"head_dim": 16}, optimizer="qwen3"),
    "gemma": Family("GemmaConfig", {"head_dim": 16}),
    "gemma2": Family("Gemma2Config", {
        "head_dim": 16, "sliding_window": 7, "query_pre_attn_scalar": 16}),
    "gemma3": Family("Gemma3TextConfig", {
        "head_dim": 16, "sliding_window": 7, "query_pre_attn_scalar": 16,
        "layer_types": ["sliding_attention", "full_attention"]}),
    "phi2": Family("PhiConfig", {"partial_rotary_factor": 0.5},
                   optimizer="phi", genai={"hidden_size": 128,
                                           "layer_norm_eps": 1e-6}),
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



def more(config, options=None, **rest):
    return Family(config, options or {}, few=True, **rest)


def more_encoder(config, **options):
    family = encoder(config, **options)
    family.few, family.optimizer = True, None
    return family


ALL_HEADS = {"num_key_value_heads": None}
WINDOWED = {"sliding_window": 7,
            "layer_types": ["sliding_attention", "full_attention"]}
MIXTURE = {"moe_intermediate_size": 32, "num_experts": 4,
           "num_experts_per_tok": 2}
LOCAL_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
LATENT = {"num_key_value_heads": 4, "q_lora_rank": 16, "kv_lora_rank": 16,
          "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 12}
DEEPSEEK = {**LATENT, "n_routed_experts": 4, "n_shared_experts": 1,
            "num_experts_per_tok": 2, "moe_intermediate_size": 32,
            "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1}
# These do not know some of the options that are common to all others.
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
      "tie_word_embeddings": True}
XGLM = {"d_model": 32, "ffn_dim": 64, "num_layers": 2, "attention_heads": 4}
BART = {"d_model": 32, "decoder_ffn_dim": 64, "decoder_layers": 2,
        "decoder_attention_heads": 4, "encoder_layers": 2,
        "encoder_attention_heads": 4, "encoder_ffn_dim": 64, "is_decoder": True}
GPT_NEO = {"num_layers": 2, "num_heads": 4, "window_size": 7,
           "attention_types": [[["global", "local"], 1]]}
OTHER_NAMES = {**ALL_HEADS, "hidden_size": None, "num_hidden_layers": None,
               "num_attention_heads": None, "intermediate_size": None}

FAMILIES |= {
    # Mixtures of experts.
    "mixtral": more("MixtralConfig", {**LOCAL_EXPERTS, "sliding_window": None}),
    "qwen2_moe": more("Qwen2MoeConfig", {
        **MIXTURE, "shared_expert_intermediate_size": 32}),
    "qwen3_moe": more("Qwen3MoeConfig", {**MIXTURE, "head_dim": 16}),
    "olmoe": more("OlmoeConfig", {"num_experts": 4, "num_experts_per_tok": 2}),
    "granitemoe": more("GraniteMoeConfig", LOCAL_EXPERTS),
    "phimoe": more("PhimoeConfig", LOCAL_EXPERTS),
    # Keys and values from a latent vector, of different sizes.
    "deepseek_v2": more("DeepseekV2Config", {**DEEPSEEK, "n_group": 1}),
    "deepseek_v3": more("DeepseekV3Config", DEEPSEEK),
    "minicpm3": more("MiniCPM3Config", LATENT),
    # Decoders with something of their own, and others that are like Llama.
    "gemma3n": more("Gemma3nTextConfig", {
        **WINDOWED, "head_dim": 16, "num_kv_shared_layers": 0,
        "hidden_size_per_layer_input": 8, "altup_num_inputs": 2,
        "vocab_size_per_layer_input": VOCABULARY, "laurel_rank": 8,
        "intermediate_size": [64, 64],
        "activation_sparsity_pattern": [0.0, 0.0]}),
    "gemma4": more("Gemma4TextConfig", {
        **WINDOWED, "head_dim": 16, "global_head_dim": 16,
        "num_kv_shared_layers": 0, "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": VOCABULARY}),
    "vaultgemma": more("VaultGemmaConfig", {
        **WINDOWED, "head_dim": 16, "query_pre_attn_scalar": 16}),
    "phi4_mini": more("Phi3Config", {
        "original_max_position_embeddings": 64,
        **rope("longrope", partial_rotary_factor=0.75,
               long_factor=[1.0, 2.0, 3.0], short_factor=[1.0, 1.1, 1.2])}),
    "exaone4": more("Exaone4Config", {**WINDOWED, "head_dim": 8,
                                      "sliding_window_pattern": 2}),
    "internlm3": more("InternLM3Config", {"head_dim": 8}),
    "nemotron": more("NemotronConfig", {"head_dim": 8}),
    "starcoder2": more("Starcoder2Config", {"sliding_window": 7}),
    "codegen": more("CodeGenConfig", {"rotary_dim": 4, "n_inner": 64,
                                      **ALL_HEADS}),
    "gpt_bigcode": more("GPTBigCodeConfig", {"n_inner": 64, **ALL_HEADS}),
    "gpt_neo": more("GPTNeoConfig", {
        **OTHER_NAMES, **GPT_NEO, "hidden_size": 32, "intermediate_size": 64}),
    "persimmon": more("PersimmonConfig", ALL_HEADS),
    "olmo": more("OlmoConfig", {"clip_qkv": 2.0}),
    "glm4": more("Glm4Config", {"head_dim": 8}),
    "helium": more("HeliumConfig", {"head_dim": 8}),
    "arcee": more("ArceeConfig"),
    "ernie": more("Ernie4_5Config", {"head_dim": 8}),
    "hunyuan": more("HunYuanDenseV1Config", {"head_dim": 8}),
    "apertus": more("ApertusConfig", rope(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64)),
    "nanochat": more("NanoChatConfig"),
    "cwm": more("CwmConfig", {**WINDOWED, "head_dim": 8, **rope(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64)}),
    "bitnet": more("BitNetConfig"),
    "seed_oss": more("SeedOssConfig", {"head_dim": 8}),
    "biogpt": more("BioGptConfig", ALL_HEADS),
    "xglm": more("XGLMConfig", {**OTHER_NAMES, **XGLM}),
    "bart_decoder": more("BartConfig", {**OTHER_NAMES, **BART},
                         positions=False),
    "whisper_decoder": more("WhisperConfig", {
        **OTHER_NAMES, **BART, "max_target_positions": 64,
        "suppress_tokens": None, "begin_suppress_tokens": None},
                            model="WhisperForCausalLM", positions=False),
    "modernbert_decoder": more("ModernBertDecoderConfig", {
        "local_attention": 8, "global_attn_every_n_layers": 2, **ALL_HEADS}),
    # Attention of another form: a mask that is learned, a difference of two.
    "doge": more("DogeConfig", {"keep_window_size": 64}),
    "diffllama": more("DiffLlamaConfig"),
    # Encoders; of the last ones scores depend on distances between tokens.
    "xlm_roberta": more_encoder("XLMRobertaConfig"),
    "electra": more_encoder("ElectraConfig", embedding_size=16),
    "albert": more_encoder("AlbertConfig", embedding_size=16),
    "nomic": more_encoder("NomicBertConfig"),
    "esm": more_encoder("EsmConfig", position_embedding_type="rotary",
                        mask_token_id=31, token_dropout=False),
    "eurobert": more_encoder("EuroBertConfig"),
    "roformer": more_encoder("RoFormerConfig", embedding_size=32),
    "jina_v3": more_encoder("JinaEmbeddingsV3Config"),
    "mpnet": more_encoder("MPNetConfig"),
    "deberta": more_encoder("DebertaConfig", relative_attention=True,
                            pos_att_type=["c2p", "p2c"],
                            max_relative_positions=16,
                            position_biased_input=False),
    "deberta_v2": more_encoder("DebertaV2Config", relative_attention=True,
                               pos_att_type=["c2p", "p2c"], position_buckets=8,
                               norm_rel_ebd="layer_norm", share_att_key=True,
                               position_biased_input=False),
    "t5_encoder": more("T5Config", {**OTHER_NAMES, **T5},
                       model="T5EncoderModel", output="last_hidden_state",
                       positions=False),
}


# For models that are kept in the repository.
TINY = dict(vocab_size=32, intermediate_size=16)


# ONNX Runtime's GroupQueryAttention takes head sizes that are multiples of 16 (and
# rotary sizes, too), and tables of positions that have all of the tokens. Its
# model builder takes what has as many rows as there are words for the output.
GENAI = dict(hidden_size=64, vocab_size=96)


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
    # The other ways of computing experts have no form in ONNX.
    config._experts_implementation = "batched_mm"
    kind = getattr(transformers, family.model)
    if family.model.startswith("Auto"):
        model = kind.from_config(config, attn_implementation=attention)
    else:
        config._attn_implementation = attention
        model = kind(config)
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
